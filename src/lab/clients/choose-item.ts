import type { Channel } from '../../config.ts';
import { compareSparkleVersions } from './compare-sparkle-versions.ts';
import type { AppcastItem } from './read-appcast.ts';

/** What Sparkle knows of the app that it is in and of the Mac. */
export interface SparkleFacts {
  /** CFBundleVersion of the installed app. */
  readonly version: string;
  readonly macos: string;
  readonly architecture: 'arm64' | 'x86_64';
  /** Items of the default channel are meant for every app; those of `beta` for who asks for it. */
  readonly channel: Channel;
  /** 0 to 6: a seventh of all installations each, of which the first is let in at once. */
  readonly group: number;
  readonly now: Date;
}

/** What a scheduled check comes to. */
export type Choice =
  | { readonly kind: 'update'; readonly item: AppcastItem }
  | {
      readonly kind: 'none' | 'held';
      readonly reason: string;
      /** A sentence. */
      readonly message: string;
    };

/**
 * The item that a scheduled check of Sparkle 2 installs by itself (SUAppcastDriver.m, SPUAppcastItemStateResolver.m):
 * the highest of those that this Mac and this installation are offered, if it is newer than what is installed. One
 * that may be installed unasked goes before a higher one that may not. Pure.
 */
export function chooseItem(items: readonly AppcastItem[], facts: SparkleFacts): Choice {
  const meant = items.filter(({ channel }) => channel === null || channel === facts.channel);
  const offered = meant.filter((item) => findObstacle(item, facts) === null);
  const unasked = findBest(offered.filter((item) => !needsAsking(item, facts)));
  if (isNewer(unasked, facts)) return { kind: 'update', item: unasked };
  const best = findBest(offered);
  if (isNewer(best, facts)) return announce(best);
  return explain(findBest(meant), facts);
}

function announce({ url, shortVersion }: AppcastItem): Choice {
  return url === null
    ? {
        kind: 'held',
        reason: 'informational',
        message: `${shortVersion} is announced, and there is nothing to download.`,
      }
    : {
        kind: 'held',
        reason: 'announced',
        message: `${shortVersion} is announced; it may not be installed unasked on what is installed here (minimumAutoupdateVersion).`,
      };
}

/** Why none of them is installed, by the highest that there is. */
function explain(best: AppcastItem | null, facts: SparkleFacts): Choice {
  if (best === null) {
    return { kind: 'none', reason: 'nothing-offered', message: 'The appcast has no item for this app.' };
  }
  const order = compareSparkleVersions(best.version, facts.version);
  if (order > 0) return { kind: 'held', ...(findObstacle(best, facts) ?? UNEXPLAINED) };
  const message = `${best.shortVersion} (${best.version}) is not above the installed ${facts.version}.`;
  return { kind: 'none', reason: order === 0 ? 'up-to-date' : 'older', message };
}

const UNEXPLAINED = { reason: 'rollout', message: 'A newer version is there, and not for this app yet.' };

function findObstacle(
  item: AppcastItem,
  facts: SparkleFacts,
): { readonly reason: string; readonly message: string } | null {
  const { shortVersion, minimumSystemVersion, maximumSystemVersion, hardwareRequirements } = item;
  const { macos } = facts;
  if (minimumSystemVersion !== null && compareSparkleVersions(minimumSystemVersion, macos) > 0) {
    const message = `${shortVersion} needs macOS ${minimumSystemVersion}; this Mac has ${macos}.`;
    return { reason: 'os-too-old', message };
  }
  if (maximumSystemVersion !== null && compareSparkleVersions(maximumSystemVersion, macos) < 0) {
    const message = `${shortVersion} is for macOS up to ${maximumSystemVersion}; this Mac has ${macos}.`;
    return { reason: 'os-too-new', message };
  }
  if (hardwareRequirements?.includes('arm64') === true && facts.architecture !== 'arm64') {
    return { reason: 'arch-unsupported', message: `${shortVersion} is for Apple silicon alone.` };
  }
  if (isLetIn(item, facts)) return null;
  const message = `${shortVersion} is let out to one of seven groups after the other; this installation is in number ${facts.group + 1}.`;
  return { reason: 'rollout', message };
}

/** Critical items, and those without a date, are for all groups at once. */
function isLetIn({ isCritical, rolloutInterval, date }: AppcastItem, { group, now }: SparkleFacts): boolean {
  if (isCritical || rolloutInterval === null || date === null) return true;
  return now.getTime() - date >= rolloutInterval * 1000 * group;
}

function needsAsking({ minimumAutoupdateVersion, url }: AppcastItem, { version }: SparkleFacts): boolean {
  if (url === null) return true;
  return minimumAutoupdateVersion !== null && compareSparkleVersions(version, minimumAutoupdateVersion) < 0;
}

/** The first of the highest ones. */
function findBest(items: readonly AppcastItem[]): AppcastItem | null {
  let best: AppcastItem | null = null;
  for (const item of items) {
    if (best === null || compareSparkleVersions(best.version, item.version) < 0) best = item;
  }
  return best;
}

function isNewer(item: AppcastItem | null, { version }: SparkleFacts): item is AppcastItem {
  return item !== null && compareSparkleVersions(version, item.version) < 0;
}
