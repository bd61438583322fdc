import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type FactRequest, type FactSources, gatherFacts } from '../../src/check/facts.ts';
import { readInstallationId } from '../../src/check/installation-id.ts';
import { type Refusal, rememberRefusal } from '../../src/check/refusals.ts';
import { findRolloutBucket } from '../../src/check/rollout-bucket.ts';
import { skipVersion } from '../../src/check/skips.ts';
import { assessManifest } from '../../src/manifest/assess.ts';
import { parseVersion } from '../../src/version.ts';
import { POLICY, SHA256, sampleManifest, toBytes } from '../manifest/sample.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SOURCES: FactSources = {
  readCurrentVersion: async () => parseVersion('2.0.0.45'),
  readMacosVersion: async () => '26.5.2',
  readHardware: async () => ({ architecture: 'arm64', hasRosetta: true }),
  readPlace: async () => ({ isReadOnlyVolume: true, isTranslocated: false }),
};

const fail = async (): Promise<never> => {
  throw new Error('no such tool');
};

function manifestWith(keys: Readonly<Record<string, unknown>>) {
  return assessManifest(toBytes(sampleManifest(keys)), POLICY, { channel: null }).manifest;
}

async function request(more: Partial<FactRequest> = {}): Promise<FactRequest> {
  const stateFolder = await temporaryFolder();
  const now = () => new Date('2026-11-24T12:00:00Z');
  return { manifest: manifestWith({}), stateFolder, isManual: false, allowDowngrade: false, now, ...more };
}

describe('gatherFacts', () => {
  it('takes each fact from its source', async () => {
    const asked = await request({ isManual: true, allowDowngrade: true });
    const refusal: Refusal = { sha256: SHA256, kind: 'failed-start', rememberedAt: new Date().toISOString() };
    await rememberRefusal(asked.stateFolder, refusal);
    await skipVersion(asked.stateFolder, parseVersion('2.0.0.46'));
    const { facts, warnings } = await gatherFacts(SOURCES, asked);
    expect(facts).toEqual({
      currentVersion: parseVersion('2.0.0.45'),
      allowDowngrade: true,
      macosVersion: '26.5.2',
      architecture: 'arm64',
      hasRosetta: true,
      refusals: [refusal],
      isReadOnlyVolume: true,
      isTranslocated: false,
      skippedVersion: parseVersion('2.0.0.46'),
      rolloutBucket: 0,
      now: asked.now(),
      isManual: true,
    });
    expect(warnings).toEqual([]);
  });

  it('counts what journals tell as refusals, before anybody has written them down', async () => {
    const told: Refusal = { sha256: SHA256, kind: 'failed-start', rememberedAt: '2026-11-24T12:00:00Z' };
    const asked = await request({ failedStarts: [told] });
    expect((await gatherFacts(SOURCES, asked)).facts.refusals).toEqual([told]);
    expect(await readdir(asked.stateFolder)).toEqual([]);
  });

  it('makes an installation id only for a rollout', async () => {
    const without = await request();
    await gatherFacts(SOURCES, without);
    expect(await readdir(without.stateFolder)).toEqual([]);
    const rollout = { percentage: 10, salt: 'salt' };
    const asked = await request({ manifest: manifestWith({ rollout }) });
    const { facts } = await gatherFacts(SOURCES, asked);
    expect(facts.rolloutBucket).toBe(findRolloutBucket('salt', await readInstallationId(asked.stateFolder)));
  });

  it('needs no bucket where there is no manifest', async () => {
    const { facts, warnings } = await gatherFacts(SOURCES, await request({ manifest: null }));
    expect([facts.rolloutBucket, warnings]).toEqual([0, []]);
  });

  it('lets every fact be pretended that a what-if question may ask for', async () => {
    const now = new Date('2030-01-01T00:00:00Z');
    const pretended = { macosVersion: '11.0', architecture: 'x86_64', rolloutBucket: 42, now } as const;
    const asked = await request({
      manifest: manifestWith({ rollout: { percentage: 1, salt: '' } }),
      pretended,
    });
    const { facts } = await gatherFacts(SOURCES, asked);
    expect(facts).toMatchObject(pretended);
    expect(await readdir(asked.stateFolder)).toEqual([]);
  });

  it('takes what cannot be read for unknown, with a warning', async () => {
    const sources = { ...SOURCES, readMacosVersion: fail, readHardware: fail, readPlace: fail };
    const { facts, warnings } = await gatherFacts(sources, await request());
    expect(facts).toMatchObject({
      macosVersion: null,
      architecture: null,
      hasRosetta: false,
      isReadOnlyVolume: false,
      isTranslocated: false,
    });
    const rest = 'could not be read, and does not hold back an update: no such tool';
    expect([...warnings].sort()).toEqual([
      `The macOS version ${rest}`,
      `The place of the app ${rest}`,
      `This Mac's architecture ${rest}`,
    ]);
  });

  it('passes on warnings about damaged state', async () => {
    const asked = await request();
    await writeFile(join(asked.stateFolder, 'refusals.json'), '[');
    const { facts, warnings } = await gatherFacts(SOURCES, asked);
    expect([facts.refusals, warnings]).toEqual([[], [expect.stringContaining('refusals.json')]]);
  });

  it('waits with those who come last where no installation id can be kept', async () => {
    const stateFolder = join(await temporaryFolder(), 'file');
    await writeFile(stateFolder, '');
    const manifest = manifestWith({ rollout: { percentage: 99.99, salt: '' } });
    const { facts, warnings } = await gatherFacts(SOURCES, await request({ manifest, stateFolder }));
    expect(facts.rolloutBucket).toBe(9999);
    expect(warnings.join()).toContain('installation id');
  });

  it('has nothing to decide where the installed version cannot be read', async () => {
    await expect(gatherFacts({ ...SOURCES, readCurrentVersion: fail }, await request())).rejects.toThrow(
      'no such tool',
    );
  });
});
