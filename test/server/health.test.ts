import { describe, expect, it } from 'vitest';
import { makeHealth } from '../../src/server/health.ts';
import type { Shelf } from '../../src/server/shelf.ts';
import { offerText, releaseUrl } from '../support/server-world.ts';
import { download, shelfOf } from './make-shelf.ts';

const OPTIONS = { isBetaOffered: true, publicUrl: null };

describe('health', () => {
  it('is ok where all is well, and tells what is offered', () => {
    const health = makeHealth(
      shelfOf({ 'manifest.json': offerText('2.0', { top: { rollout: { percentage: 5, salt: 's' } } }) }),
      OPTIONS,
    );
    expect(health).toMatchObject({
      status: 'ok',
      problems: [],
      channels: {
        stable: {
          version: '2.0',
          verdict: 'ok',
          generation: 'version-tag',
          rollout: 5,
          isLastGood: false,
          manifest: { path: 'manifest.json', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
          artifact: { type: 'dmg', url: releaseUrl('2.0') },
        },
        beta: null,
      },
      findings: [{ file: 'manifest.json', code: 'unsigned', severity: 'info' }],
    });
    expect(Object.keys(health)).toEqual([
      'status',
      'problems',
      'channels',
      'findings',
      'refused',
      'drift',
      'history',
      'pendingDownloads',
    ]);
  });

  it('is degraded for a refused file, for drift, and for a folder that cannot be read; each with its sentence', () => {
    const good = { 'manifest.json': offerText('2.0') };
    const status = (shelf: Shelf) => {
      const { status: found, problems } = makeHealth(shelf, OPTIONS);
      for (const problem of problems) expect(problem).toMatch(/\.$/);
      return [found, problems.length];
    };
    expect(status(shelfOf({ ...good, 'manifest_1.0.json': '{' }))).toEqual(['degraded', 1]);
    expect(status(shelfOf(good, [download('Nexy.dmg', 'x')]))).toEqual(['degraded', 1]);
    expect(status({ ...shelfOf(good), folderProblems: ['It is gone.'] })).toEqual(['degraded', 1]);
    expect(status(shelfOf({}))).toEqual(['unavailable', 1]);
  });

  it('does not know beta where it is off', () => {
    expect(
      makeHealth(shelfOf({ 'manifest.json': offerText('2.0') }), { ...OPTIONS, isBetaOffered: false })
        .channels,
    ).not.toHaveProperty('beta');
  });

  it('shows what is wrong across the whole series', () => {
    const bytes = Buffer.from('the same');
    const shelf = shelfOf({
      'manifest.json': offerText('2.0', { bytes }),
      'manifest_1.0.json': offerText('1.0', { bytes }),
    });
    expect(makeHealth(shelf, OPTIONS)).toMatchObject({ status: 'ok', history: [{ code: 'bytes-reused' }] });
  });
});
