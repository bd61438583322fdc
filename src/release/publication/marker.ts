import * as v from 'valibot';
import type { AssetFacts } from '../asset.ts';

/** Who publishes: one run of the command. */
export interface RunIdentity {
  /** A random UUID. */
  readonly runId: string;
  readonly host: string;
  /** Which of the systems of that name it is (boot and process-id space); null where the system does not tell. */
  readonly system: string | null;
  readonly pid: number;
  /** When that process started, as its system counts; null where the system does not tell. */
  readonly processStart: string | null;
  /** The run and attempt of GitHub Actions; null elsewhere. */
  readonly ci: { readonly run: string; readonly attempt: number } | null;
}

/** What a draft says of who made it. */
export interface DraftMarker extends RunIdentity {
  /** GitHub's clock when it was made, milliseconds since the epoch. */
  readonly startedAt: number;
  /** What it is to hold. Names of any kind: another version of this program may publish other files. */
  readonly assets: readonly (Omit<AssetFacts, 'name'> & { readonly name: string })[];
}

/**
 * How a draft stands to this run: `ours`, of a run that is `dead` or may be `alive`, or made `by-hand`, without a
 * marker.
 */
export type DraftStanding = 'ours' | 'dead' | 'alive' | 'by-hand';

/** What is looked at of a draft. */
export interface ObservedDraft {
  readonly body: string;
  /** Milliseconds since the epoch, by GitHub's clock. */
  readonly createdAt: number;
  readonly assets: readonly { readonly updatedAt: number }[];
}

export interface Observer {
  readonly identity: RunIdentity;
  /** GitHub's clock, milliseconds since the epoch. */
  readonly now: number;
  /** Whether a process of this system runs, and is the one that started then. */
  readonly isRunning: (pid: number, start: string | null) => boolean;
}

/** Milliseconds without a sign of life after which a run on another machine counts as dead. */
export const LIFELESS_AFTER = 6 * 60 * 60 * 1000;

const PATTERN = /^<!-- nexy-release (\{.*\}) -->$/m;

const schema = v.object({
  runId: v.pipe(v.string(), v.uuid()),
  host: v.pipe(v.string(), v.maxLength(255)),
  system: v.nullable(v.string()),
  pid: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  processStart: v.nullable(v.string()),
  ci: v.nullable(v.object({ run: v.string(), attempt: v.pipe(v.number(), v.safeInteger()) })),
  startedAt: v.pipe(v.number(), v.finite()),
  assets: v.array(
    v.object({
      name: v.string(),
      size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
      sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
    }),
  ),
});

/** The text of a draft: a sentence for people, and who made it for other runs. */
export function draftBody(tag: string, marker: DraftMarker): string {
  // So that nothing in it ends the comment.
  const json = JSON.stringify(marker).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e');
  return (
    `nexy-release is publishing ${tag}. This draft becomes the release once all of its files are there; ` +
    'it is removed when that fails, at the latest by the next run. Please leave it alone.\n\n' +
    `<!-- nexy-release ${json} -->\n`
  );
}

/** Null for a text without a marker, or with one that is damaged: people may edit it. */
export function readMarker(body: string): DraftMarker | null {
  const text = PATTERN.exec(body)?.[1];
  if (text === undefined) return null;
  try {
    const result = v.safeParse(schema, JSON.parse(text));
    return result.success ? result.output : null;
  } catch {
    return null;
  }
}

/**
 * Whether a draft's run is dead: its process is gone, or it is an earlier attempt of the same CI run (which ends
 * before the next begins), or it gave no sign of life for six hours. A wrong verdict does no harm to what is
 * published: a run whose draft vanishes begins anew.
 */
export function judgeDraft(draft: ObservedDraft, observer: Observer): DraftStanding {
  const marker = readMarker(draft.body);
  if (marker === null) return 'by-hand';
  if (marker.runId === observer.identity.runId) return 'ours';
  const isDead =
    isProcessGone(marker, observer) ||
    isEarlierAttempt(marker, observer.identity) ||
    observer.now - lastSignOfLife(draft, observer.now) > LIFELESS_AFTER;
  return isDead ? 'dead' : 'alive';
}

/**
 * When a draft's run was last seen to do something, milliseconds since the epoch by GitHub's clock. Its own time
 * counts too: GitHub's `created_at` may be that of the commit. What lies in the future is no sign.
 */
export function lastSignOfLife(draft: ObservedDraft, now: number): number {
  const startedAt = readMarker(draft.body)?.startedAt ?? 0;
  const signs = [startedAt, draft.createdAt, ...draft.assets.map(({ updatedAt }) => updatedAt)];
  return Math.max(0, ...signs.filter((time) => time <= now));
}

/** Process numbers mean something only on the very system that gave them. */
function isProcessGone(marker: DraftMarker, { identity, isRunning }: Observer): boolean {
  const isHere = marker.host === identity.host && marker.system === identity.system;
  return isHere && !isRunning(marker.pid, marker.processStart);
}

function isEarlierAttempt({ ci }: DraftMarker, identity: RunIdentity): boolean {
  return (
    ci !== null && identity.ci !== null && ci.run === identity.ci.run && ci.attempt < identity.ci.attempt
  );
}
