import { describe, expect, test } from 'vitest';
import { buildPlan } from '../../../src/lab/builds/build-plan.ts';
import { makeBuild } from '../../../src/lab/builds/make-build.ts';
import { openClient } from '../../../src/lab/clients/open-client.ts';
import { manifestText } from '../../../src/lab/manifest-text.ts';
import type { ClientSpec } from '../../../src/lab/scenario/scenario.ts';
import { openLabWorld } from '../../support/lab-world.ts';

const COMMON = {
  name: 'client',
  title: 'A client',
  description: '',
  macos: '15.5',
  architecture: 'arm64',
  installed: { version: '2.0.0.31' },
} as const;

describe('each model is a client of its own, and gets an honest update', () => {
  test.each<[string, ClientSpec, string]>([
    ['ours', { ...COMMON, model: 'ours' }, '/manifest.json 200'],
    [
      'that of the manifest',
      {
        ...COMMON,
        model: 'manifest',
        compares: 'version',
        downloads: 'artifact-url',
        verifies: ['size', 'sha256'],
        hasKey: false,
      },
      '/manifest.json 200',
    ],
    ['that of the appcast', { ...COMMON, model: 'appcast' }, '/appcast.xml 200'],
  ])('%s', async (_, spec, feed) => {
    const world = await openLabWorld();
    const { bytes } = makeBuild(buildPlan('2.0.0.46'));
    const url = world.host.publish('v2.0.0.46', 'Nexy.dmg', bytes);
    world.offer(manifestText({ version: '2.0.0.46', url, bytes }));
    const client = openClient(spec, world);
    const now = new Date('2026-03-13T09:00:00Z');
    expect(await client.check(now)).toMatchObject({ action: 'installed', reason: 'newer' });
    expect(await world.mac.installed()).toEqual(buildPlan('2.0.0.46'));
    expect(await client.check(now)).toMatchObject({ action: 'none', reason: 'up-to-date' });
    expect(world.requests()[0]).toBe(feed);
    expect(world.requests()).toHaveLength(4);
  });
});
