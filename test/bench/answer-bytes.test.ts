import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ANSWER_BYTES } from '../../bench/polling/arithmetic.ts';
import { startRelay } from '../../bench/relay.ts';
import { SAMPLE_MANIFEST } from '../../bench/sample-manifest.ts';
import { fetchManifest } from '../../src/check/fetch-manifest.ts';
import { ServerWorld } from '../support/server-world.ts';

it('docs/SCALING.md counts with about as many bytes for a check as the server sends', async () => {
  const world = await ServerWorld.open();
  world.put('manifest.json', SAMPLE_MANIFEST.toString());
  const { origin } = await world.serve();
  const relay = await startRelay(origin);
  const stateFolder = join(world.folder, 'state');
  const check = async (): Promise<number> => {
    const before = relay.count.received;
    await fetchManifest({ url: `${relay.origin}/manifest.json`, stateFolder, http: { allowLoopback: true } });
    return relay.count.received - before;
  };
  try {
    // In case they moved: ANSWER_BYTES in bench/polling/arithmetic.ts, then node bench/polling-simulation.ts
    expect((await check()) / ANSWER_BYTES.modified).toBeCloseTo(1, 1);
    expect((await check()) / ANSWER_BYTES.notModified).toBeCloseTo(1, 1);
  } finally {
    relay.close();
  }
});
