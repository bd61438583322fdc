import { closeSync, constants, fchmodSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolderNow } from '../durable.ts';
import { type Layout, type StagingPaths, stagingIdOf, stagingPaths } from './layout.ts';

/**
 * Which directory is which. An exchange or a rename keeps a directory's inode, so that after any crash it can be
 * told what lies where.
 */
export interface DirectoryIdentity {
  readonly device: string;
  readonly inode: string;
}

/** Why an install was taken back. */
export const UNDO_REASONS = ['failed-starts', 'requested', 'package-failed', 'interrupted'] as const;
export type UndoReason = (typeof UNDO_REASONS)[number];

/**
 * One line of the journal. Lines are only ever added, by the updater, by the root script and by the watchdog.
 *
 * An exchange goes begin, staged, exchanging, exchanged. A package goes begin, aside (a whole copy of the target lies
 * at `old`), installing, exchanged (its installed app was verified). Both end with confirmed, undone or failed.
 */
export type JournalEntry =
  | {
      readonly step: 'begin';
      readonly at: string;
      readonly target: string;
      readonly bundleId: string;
      readonly from: string;
      readonly to: string;
      readonly sha256: string;
    }
  | {
      readonly step: 'staged';
      readonly at: string;
      readonly newApp: DirectoryIdentity;
      readonly oldApp: DirectoryIdentity;
    }
  /** Of a package: `oldApp` is the copy that was made of the target. */
  | { readonly step: 'aside'; readonly at: string; readonly oldApp: DirectoryIdentity }
  | { readonly step: 'exchanging' | 'installing' | 'exchanged' | 'confirmed'; readonly at: string }
  /** The new version ended unasked; says nothing about how far the install got. */
  | { readonly step: 'died'; readonly at: string }
  | { readonly step: 'undone'; readonly at: string; readonly reason?: UndoReason }
  /** Given up after the app had quit, with the target as it was. */
  | { readonly step: 'failed'; readonly at: string; readonly code: string };

/** How far an install got. */
export type JournalStep = Exclude<JournalEntry['step'], 'died'>;

/** What a journal says, line by line. */
export interface Journal {
  readonly paths: StagingPaths;
  readonly begin: Extract<JournalEntry, { step: 'begin' }> | null;
  readonly staged: Extract<JournalEntry, { step: 'staged' }> | null;
  readonly aside: Extract<JournalEntry, { step: 'aside' }> | null;
  readonly undone: Extract<JournalEntry, { step: 'undone' }> | null;
  readonly failed: Extract<JournalEntry, { step: 'failed' }> | null;
  /** When the new version was seen at the target first; null where nobody wrote it down. */
  readonly exchangedAt: string | null;
  /** How often the new version ended unasked. */
  readonly deaths: number;
  readonly lastStep: JournalStep | null;
  /** When the last line was written, ISO 8601; null for an empty journal. */
  readonly lastAt: string | null;
}

/** An open journal. Every line is on the disk when `append` returns. */
export class JournalWriter {
  readonly #descriptor: number;
  readonly path: string;
  /** The last line stands there without its end. */
  #isTorn = false;

  private constructor(path: string, descriptor: number) {
    this.path = path;
    this.#descriptor = descriptor;
  }

  /** Makes a new journal, readable by all users of the Mac. Throws when there is one already. */
  static create(paths: StagingPaths): JournalWriter {
    const writer = new JournalWriter(paths.journal, openSync(paths.journal, 'ax', 0o644));
    // Whatever the umask: the next user of this Mac has to be able to read it.
    fchmodSync(writer.#descriptor, 0o644);
    syncFolderNow(dirname(paths.journal));
    return writer;
  }

  /** Opens a journal that another process began, perhaps one that died in the middle of a line. */
  static reopen(paths: StagingPaths): JournalWriter {
    const text = readFileSync(paths.journal, 'utf8');
    const writer = new JournalWriter(
      paths.journal,
      openSync(paths.journal, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW),
    );
    writer.#isTorn = text !== '' && !text.endsWith('\n');
    return writer;
  }

  /** Synchronous, since the last lines are written while the app quits. */
  append(entry: JournalEntry): void {
    // A line that failed must not become a valid one by the next one's making its end.
    const line = Buffer.from(`${this.#isTorn ? '~\n' : ''}${JSON.stringify(entry)}\n`);
    this.#isTorn = true;
    // On a disk that is about to be full a part may be written, without an error.
    for (let written = 0; written < line.length; ) {
      written += writeSync(this.#descriptor, line, written);
    }
    this.#isTorn = false;
    fsyncSync(this.#descriptor);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** Adds one line to a journal that an earlier process began. */
export function appendToJournal(paths: StagingPaths, entry: JournalEntry): void {
  const writer = JournalWriter.reopen(paths);
  try {
    writer.append(entry);
  } finally {
    writer.close();
  }
}

/** All journals beside a target, newest first. */
export async function readJournals(layout: Layout): Promise<readonly Journal[]> {
  return Promise.all((await findJournals(layout)).map(readJournal));
}

/** The lines of all journals beside a target as they stand there, newest install first: for whoever looks for a fault. */
export async function readJournalLines(layout: Layout): Promise<readonly string[]> {
  const found = await findJournals(layout);
  const texts = await Promise.all(found.map(({ journal }) => readFile(journal, 'utf8').catch(() => '')));
  return texts.flatMap((text) => text.split('\n').filter((line) => line !== ''));
}

async function findJournals(layout: Layout): Promise<readonly StagingPaths[]> {
  const names = await readdir(layout.parent).catch(() => []);
  const ids = names
    .filter((name) => name.endsWith('.journal'))
    .flatMap((name) => stagingIdOf(layout, name) ?? [])
    .sort()
    .reverse();
  return ids.map((id) => stagingPaths(layout, id));
}

export async function readJournal(paths: StagingPaths): Promise<Journal> {
  const text = await readFile(paths.journal, 'utf8').catch(() => '');
  const entries = parseJournal(text);
  const first = <Step extends JournalEntry['step']>(
    step: Step,
  ): Extract<JournalEntry, { step: Step }> | null =>
    entries.find((entry): entry is Extract<JournalEntry, { step: Step }> => entry.step === step) ?? null;
  const steps = entries.map(({ step }) => step).filter((step) => step !== 'died');
  return {
    paths,
    begin: first('begin'),
    staged: first('staged'),
    aside: first('aside'),
    undone: first('undone'),
    failed: first('failed'),
    exchangedAt: entries.find(({ step }) => step === 'exchanged')?.at ?? null,
    deaths: entries.length - steps.length,
    lastStep: steps.at(-1) ?? null,
    lastAt: entries.at(-1)?.at ?? null,
  };
}

/** Reads what was written whole; a line that a crash cut short counts for nothing. */
export function parseJournal(text: string): readonly JournalEntry[] {
  return text
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => parseEntry(line) ?? []);
}

function parseEntry(line: string): JournalEntry | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  return isEntry(value) ? value : null;
}

function isEntry(value: unknown): value is JournalEntry {
  if (!hasTexts(value, ['step', 'at'])) return false;
  switch (value['step']) {
    case 'begin':
      return hasTexts(value, ['target', 'bundleId', 'from', 'to', 'sha256']);
    case 'staged':
      return [value['newApp'], value['oldApp']].every((found) => hasTexts(found, ['device', 'inode']));
    case 'aside':
      return hasTexts(value['oldApp'], ['device', 'inode']);
    case 'undone':
      return value['reason'] === undefined || UNDO_REASONS.some((reason) => reason === value['reason']);
    case 'failed':
      return hasTexts(value, ['code']);
    case 'exchanging':
    case 'installing':
    case 'exchanged':
    case 'confirmed':
    case 'died':
      return true;
    default:
      return false;
  }
}

function hasTexts(value: unknown, keys: readonly string[]): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    keys.every((key) => typeof (value as Record<string, unknown>)[key] === 'string')
  );
}
