import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRefusals } from '../src/check/refusals.ts';
import { keepFailedStarts } from '../src/failed-starts.ts';
import { readFailedStarts } from '../src/install/failed-starts.ts';
import { appendToJournal, UNDO_REASONS } from '../src/install/journal.ts';
import { SHA256, WatchedInstall } from './support/watched-install.ts';

const AT = '2026-11-24T12:00:00.000Z';
const NOW = new Date('2026-11-25T12:00:00.000Z');

describe('what was taken back', () => {
  it.for(UNDO_REASONS.map((reason) => [reason] as const))(
    'is held back, or not: %s',
    async ([reason], context) => {
      const install = await WatchedInstall.make(context);
      expect(await readFailedStarts(install.layout)).toEqual([]);
      appendToJournal(install.paths, { step: 'undone', at: AT, reason });
      const isHeldBack = reason === 'failed-starts' || reason === 'requested';
      expect(await readFailedStarts(install.layout)).toEqual(isHeldBack ? [{ sha256: SHA256, at: AT }] : []);
    },
  );

  it('is copied into the state folder with its date, once', async (context) => {
    const install = await WatchedInstall.make(context);
    appendToJournal(install.paths, { step: 'undone', at: AT, reason: 'failed-starts' });
    const kept = [{ sha256: SHA256, kind: 'failed-start', rememberedAt: AT }];
    await keepFailedStarts(install.layout, install.stateFolder, NOW);
    expect((await readRefusals(install.stateFolder)).refusals).toEqual(kept);
    const text = readFileSync(join(install.stateFolder, 'refusals.json'), 'utf8');
    // Neither later nor with the clock set back does it begin anew.
    for (const now of ['2026-11-28T00:00:00Z', '2020-01-01T00:00:00Z']) {
      await keepFailedStarts(install.layout, install.stateFolder, new Date(now));
      expect(readFileSync(join(install.stateFolder, 'refusals.json'), 'utf8')).toBe(text);
    }
  });
});
