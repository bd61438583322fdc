import { mkdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { writeDurablyNow } from '../durable.ts';
import type { UpdateError } from '../errors.ts';
import { gatherEvidence } from './installation.ts';
import { type Journal, readJournals, type UndoReason } from './journal.ts';
import type { Layout } from './layout.ts';
import type { StagedApp } from './stage.ts';

/** What became of the last update, for a person who starts the app afterwards. */
export type LastInstall = {
  readonly from: string;
  readonly to: string;
  /** ISO 8601. */
  readonly at: string;
  /** What happened, what it means, what to do. */
  readonly message: string;
} & (
  | { readonly outcome: 'installed' }
  | { readonly outcome: 'rolled-back'; readonly reason: UndoReason }
  | { readonly outcome: 'failed'; readonly code: string }
);

/**
 * The outcome of the last exchange: of the newest journal that got that far, or of one that failed while the app quit,
 * whichever came later.
 *
 * @returns null when no update was ever installed here, or nothing is known of it any more
 */
export async function readLastInstall(layout: Layout, stateFolder: string): Promise<LastInstall | null> {
  const [journals, failed] = await Promise.all([
    readJournals(layout),
    readFailedInstall(layout, stateFolder),
  ]);
  const known = journals.flatMap((journal) => {
    const outcome = outcomeOf(layout, journal);
    return outcome === null ? [] : [{ id: journal.paths.id, outcome }];
  });
  const [newest] = known;
  if (newest === undefined || (failed !== null && failed.id >= newest.id)) return failed?.outcome ?? null;
  return newest.outcome;
}

/**
 * Keeps why an exchange failed while the app was quitting, with nobody left to tell. Synchronous, and never throws.
 * Forgotten at the next exchange that succeeds.
 */
export function recordFailedInstall(
  stateFolder: string,
  { layout, paths, from, to }: Pick<StagedApp, 'layout' | 'paths' | 'from' | 'to'>,
  { code, message }: UpdateError,
  at: Date,
): void {
  const record = { id: paths.id, target: layout.target, from, to, at: at.toISOString(), code, message };
  try {
    mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
    writeDurablyNow(recordPath(stateFolder), `${JSON.stringify(record, null, 2)}\n`);
  } catch {
    // The app is quitting: there is nothing better to be done.
  }
}

/** An exchange succeeded, so what failed before it is old news. Synchronous, and never throws. */
export function forgetFailedInstall(stateFolder: string): void {
  try {
    rmSync(recordPath(stateFolder), { force: true });
  } catch {
    // Then the ids decide.
  }
}

function recordPath(stateFolder: string): string {
  return join(stateFolder, 'last-install.json');
}

async function readFailedInstall(
  layout: Layout,
  stateFolder: string,
): Promise<{ readonly id: string; readonly outcome: LastInstall } | null> {
  const text = await readFile(recordPath(stateFolder), 'utf8').catch(() => '{}');
  const { id, target, from, to, at, code, message } = parseTexts(text);
  if (id === undefined || from === undefined || to === undefined || at === undefined) return null;
  if (code === undefined || message === undefined || target !== layout.target) return null;
  return { id, outcome: { outcome: 'failed', from, to, at, code, message } };
}

function parseTexts(text: string): Partial<Readonly<Record<string, string>>> {
  try {
    const value: unknown = JSON.parse(text);
    const members = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    return Object.fromEntries(members.filter(([, member]) => typeof member === 'string'));
  } catch {
    return {};
  }
}

function outcomeOf(layout: Layout, journal: Journal): LastInstall | null {
  const { begin, undone, failed, lastStep, exchangedAt, lastAt } = journal;
  if (begin === null) return null;
  const { from, to } = begin;
  const app = basename(layout.target, '.app');
  if (undone !== null) return undoneOutcome(app, { from, to, at: undone.at }, undone.reason ?? 'interrupted');
  if (failed !== null) {
    const message = `${app} was not updated to ${to} (${failed.code}). ${from} is as it was. Check for updates to try again.`;
    return { outcome: 'failed', from, to, at: failed.at, code: failed.code, message };
  }
  const isInstalled = lastStep === 'confirmed' || gatherEvidence(layout, journal).isNewAtTarget;
  if (!isInstalled) return null;
  const message = `${app} was updated from ${from} to ${to}.`;
  return { outcome: 'installed', from, to, at: exchangedAt ?? lastAt ?? begin.at, message };
}

function undoneOutcome(
  app: string,
  install: { readonly from: string; readonly to: string; readonly at: string },
  reason: UndoReason,
): LastInstall {
  const { from, to } = install;
  switch (reason) {
    case 'failed-starts':
      return {
        ...install,
        outcome: 'rolled-back',
        reason,
        message: `${app} ${to} ended unexpectedly twice, so ${from} was put back. ${to} is not installed by itself for a week; check for updates to try it again now.`,
      };
    case 'requested':
      return {
        ...install,
        outcome: 'rolled-back',
        reason,
        message: `${app} went back from ${to} to ${from}, as you asked. ${to} is not installed by itself for a week; check for updates to install it now.`,
      };
    case 'package-failed':
      return {
        ...install,
        outcome: 'failed',
        code: 'pkg-install-failed',
        message: `The package with ${app} ${to} could not be installed, so ${from} was put back. Check for updates to try again.`,
      };
    case 'interrupted':
      return {
        ...install,
        outcome: 'failed',
        code: 'swap-failed',
        message: `The update of ${app} to ${to} was interrupted, so ${from} was put back. Check for updates to try again.`,
      };
  }
}
