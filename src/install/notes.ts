import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurablyNow } from '../durable.ts';
import { parseJournal } from './journal.ts';
import { type Layout, stagingIdOf, stagingPaths } from './layout.ts';

/** Where an app leaves notes for the watchdog, and where the watchdog's own copy lies. */
export function notesFolder(stateFolder: string): string {
  return join(stateFolder, 'watch');
}

/**
 * Says that this process is quitting because it was asked to, so that its end is no reason to take an update back.
 * To be called in the quit handler. Synchronous, and never throws: nothing may stop a quit.
 */
export function noteQuit(layout: Layout, stateFolder: string): void {
  for (const id of watchedIds(layout)) leaveNote(stateFolder, `${id}.${process.pid}.quit`);
}

/**
 * Says that an update works where the journal belongs to root, whose watchdog reads this and writes it down.
 *
 * @returns false where it has been said already
 */
export function noteConfirmed(stateFolder: string, id: string): boolean {
  const name = `${id}.confirmed`;
  if (existsSync(join(notesFolder(stateFolder), name))) return false;
  leaveNote(stateFolder, name);
  return true;
}

function leaveNote(stateFolder: string, name: string): void {
  try {
    mkdirSync(notesFolder(stateFolder), { recursive: true, mode: 0o700 });
    writeDurablyNow(join(notesFolder(stateFolder), name), '');
  } catch {
    // A full disk, say. At worst a good version is taken back.
  }
}

/** Installs whose new version has not settled yet. */
function watchedIds(layout: Layout): readonly string[] {
  try {
    return readdirSync(layout.parent)
      .filter((name) => name.endsWith('.journal'))
      .flatMap((name) => stagingIdOf(layout, name) ?? [])
      .filter((id) => isUnsettled(stagingPaths(layout, id).journal));
  } catch {
    return [];
  }
}

function isUnsettled(journal: string): boolean {
  const steps = parseJournal(readFileSync(journal, 'utf8')).map(({ step }) => step);
  const isBegun = steps.some((step) => step === 'exchanging' || step === 'installing');
  return isBegun && !steps.some((step) => step === 'confirmed' || step === 'undone' || step === 'failed');
}
