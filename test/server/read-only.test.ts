import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ask } from '../support/ask.ts';
import { ALICE, CAN_BE_OTHERS, NEEDS_OTHERS } from '../support/other-user.ts';
import { offerText, ServerWorld, until } from '../support/server-world.ts';
import { CAN_MOUNT, makeReadOnly, mountSmallVolume, NEEDS_MOUNT } from '../support/small-volume.ts';
import { describeTree } from '../support/tree.ts';

const PATHS = [
  '/',
  '/manifest.json',
  '/manifest_beta.json',
  '/manifests/manifest_1.0.json',
  '/appcast.xml',
  '/appcast-beta.xml',
  '/downloads/Nexy.dmg',
  '/downloads/drifted.dmg',
  '/health',
  '/api/versions',
  '/api/manifests',
  '/api/artifacts',
  '/nothing',
].flatMap((path) => [path, `/updates${path}`]);

function fill(world: ServerWorld): void {
  world.put('manifest.json', offerText('1.0'));
  world.put('manifest_1.0.json', offerText('1.0'));
  // Rejected, and in disagreement with the downloads: nothing is repaired.
  world.put('manifest_beta.json', offerText('2.0', { url: 'https://evil.example/Nexy.dmg' }));
  world.put(
    'manifest_0.9.json',
    offerText('0.9', {
      url: 'https://github.com/Seregawpn/Nexy_production/releases/download/v0.9/drifted.dmg',
    }),
  );
  world.putDownload('Nexy.dmg', 'bytes of 1.0');
  world.putDownload('drifted.dmg', 'other bytes');
}

async function hammer(origin: string): Promise<void> {
  await until(async () => (await ask(origin, '/downloads/drifted.dmg')).status === 200);
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    for (const path of PATHS) {
      const body = ['POST', 'PUT', 'PATCH'].includes(method) ? { body: 'x' } : {};
      await ask(origin, path, {
        method,
        headers: { range: 'bytes=0-3', 'accept-encoding': 'gzip' },
        ...body,
      });
    }
  }
}

describe('reads only', () => {
  it('leaves every byte, name and permission of its folders as it was', async () => {
    const world = await ServerWorld.open();
    fill(world);
    const before = describeTree(world.folder);
    const { origin, stop } = await world.start();
    await hammer(origin);
    expect(describeTree(world.folder)).toEqual(before);
    expect((await stop()).status).toBe(0);
    expect(describeTree(world.folder)).toEqual(before);
  });

  it('tells of bytes that are not those promised, and repairs nothing', async () => {
    const world = await ServerWorld.open();
    fill(world);
    const { origin, stop } = await world.start();
    await until(async () => {
      const health = JSON.parse((await ask(origin, '/health')).body.toString());
      return health.drift.length === 1;
    });
    expect(JSON.parse((await ask(origin, '/health')).body.toString())).toMatchObject({
      status: 'degraded',
      drift: [
        {
          file: 'drifted.dmg',
          manifest: 'manifest_0.9.json',
          version: '0.9',
          promised: { size: 'bytes of 0.9'.length },
          found: { size: 'other bytes'.length },
        },
      ],
    });
    expect((await stop()).stderr).toContain('drifted.dmg in downloads has 11 bytes');
    expect(readFileSync(join(world.downloads, 'drifted.dmg'), 'utf8')).toBe('other bytes');
  });

  it.skipIf(!CAN_BE_OTHERS)(`works as a user who may write nothing${NEEDS_OTHERS}`, async () => {
    const world = await ServerWorld.open();
    fill(world);
    chmodSync(world.folder, 0o555);
    const { origin, stop } = await world.start([], {
      user: ALICE,
      environment: { HOME: undefined, TMPDIR: '/nowhere' },
    });
    await hammer(origin);
    expect((await ask(origin, '/manifest.json')).body.toString()).toBe(offerText('1.0'));
    expect((await stop()).status).toBe(0);
    chmodSync(world.folder, 0o755);
  });

  it.skipIf(!CAN_MOUNT)(`works on a file system that is read-only${NEEDS_MOUNT}`, async (context) => {
    const world = await ServerWorld.open();
    const volume = await mountSmallVolume({ size: '1m', at: world.manifests });
    if (volume === null) return context.skip();
    fill(world);
    makeReadOnly(volume);
    const { origin, stop } = await world.start();
    await hammer(origin);
    expect((await ask(origin, '/manifest.json')).body.toString()).toBe(offerText('1.0'));
    expect((await stop()).status).toBe(0);
  });
});
