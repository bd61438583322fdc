import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { readInstallationId } from '../../src/check/installation-id.ts';
import { skipVersion } from '../../src/check/skips.ts';
import type { QaModel, QaRequest } from '../../src/electron/window-contract.ts';
import { parseVersion } from '../../src/version.ts';
import { makeNexy } from '../support/update-world.ts';
import { ClientWorld } from './client-world.ts';

const PLAIN: QaRequest = {
  passesOver: { rollout: false, skip: false },
  channel: 'stable',
  manifestUrl: null,
  currentVersion: null,
  osVersion: null,
  bucket: null,
};
const NOBODY = { rollout: { percentage: 0, salt: 'x' } };

describe("QA's panel", () => {
  const made = mkdtempSync(join(tmpdir(), 'nexy-qa-'));
  let client: ClientWorld;

  beforeAll(() => makeNexy(join(made, 'old'), '2.0.0.45', { sign: false }));
  afterAll(() => rmSync(made, { recursive: true, force: true }));
  beforeEach(async () => {
    client = await ClientWorld.open(join(made, 'old', 'Nexy.app'));
  });
  afterEach(() => client.close());

  const offer = (version: string, top: Readonly<Record<string, unknown>> = {}, name = 'manifest.json') => {
    const bytes = Buffer.from('an image');
    const url = client.world.host.publish(`v${version}`, 'Nexy.dmg', bytes);
    client.world.offer({ version, url, bytes, top });
    return name;
  };
  async function openPanel(): Promise<void> {
    client.updates?.openQa();
    await vi.waitFor(() => expect(client.shown.qa).not.toBeNull());
  }
  async function check(request: Partial<QaRequest> = {}): Promise<QaModel> {
    await client.request({ kind: 'qa-check', request: { ...PLAIN, ...request } });
    const { qa } = client.shown;
    if (qa === null) throw new Error('The panel is closed.');
    return qa;
  }
  const factOf = (qa: QaModel, name: string) => qa.facts.find((fact) => fact.name === name);
  /** Everything that is remembered, byte for byte. */
  const remembered = (): object => {
    if (!existsSync(client.stateFolder)) return {};
    const names = readdirSync(client.stateFolder, { recursive: true, withFileTypes: true });
    const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    return Object.fromEntries(files.map((path) => [path, readFileSync(path, 'utf8')]));
  };

  it('is there for who opens it, and gone when the window closes', async () => {
    offer('2.0.0.46');
    await client.start();
    client.updates?.open();
    await expect(client.request({ kind: 'qa-check', request: PLAIN })).rejects.toThrow('QA panel');
    await openPanel();
    client.window.close();
    expect(client.updates?.model.qa).toBeNull();
  });

  it('is opened by --qa', async () => {
    await client.start({ argv: ['Nexy', '--qa'] });
    await vi.waitFor(() => expect(client.shown.qa).not.toBeNull());
  });

  it('shows the decision with every fact, finding, candidate, and what went over the network', async () => {
    offer('2.0.0.46');
    await client.start();
    await openPanel();
    const qa = await check();
    expect(qa.decision).toMatchObject({ action: 'update', reason: 'newer' });
    expect(qa.facts.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'currentVersion',
        'macosVersion',
        'architecture',
        'rolloutBucket',
        'isTranslocated',
      ]),
    );
    expect(qa.facts.filter(({ pretended }) => pretended)).toEqual([]);
    expect(qa.findings).toMatchObject([{ code: 'unsigned', severity: 'info' }]);
    expect(qa.candidates).toMatchObject([{ kind: 'version-tag' }]);
    expect(qa.network).toMatchObject([{ method: 'GET', status: 200, error: null }]);
    expect(qa.manifestUrl).toBe(`${client.world.host.origin}/manifest.json`);
  });

  it.each<[string, Partial<QaRequest>, string, object]>([
    ['an older macOS', { osVersion: '10.15' }, 'os-too-old', { name: 'macosVersion', value: '10.15' }],
    [
      'a newer app',
      { currentVersion: '2.0.0.46' },
      'up-to-date',
      { name: 'currentVersion', value: '2.0.0.46' },
    ],
    ['a bucket', { bucket: 9999 }, 'rollout', { name: 'rolloutBucket', value: '9999' }],
    ['a bucket that is served', { bucket: 0 }, 'newer', { name: 'rolloutBucket', value: '0' }],
  ])('pretends %s', async (_name, request, reason, fact) => {
    offer('2.0.0.46', { rollout: { percentage: request.bucket == null ? 100 : 50, salt: 'x' } });
    await client.start();
    await openPanel();
    const qa = await check(request);
    expect(qa.decision?.reason).toBe(reason);
    expect(qa.facts).toContainEqual({ ...fact, pretended: true });
  });

  it('passes over the rollout, and over a skipped version, each by itself', async () => {
    offer('2.0.0.46', NOBODY);
    await skipVersion(client.stateFolder, parseVersion('2.0.0.46'));
    await client.start();
    await openPanel();
    expect((await check()).decision?.reason).toBe('skipped-by-user');
    expect((await check({ passesOver: { rollout: false, skip: true } })).decision?.reason).toBe('rollout');
    expect((await check({ passesOver: { rollout: true, skip: false } })).decision?.reason).toBe(
      'skipped-by-user',
    );
    const qa = await check({ passesOver: { rollout: true, skip: true } });
    expect(qa.decision?.reason).toBe('newer');
    expect(factOf(qa, 'skippedVersion')).toMatchObject({ pretended: true });
  });

  it('asks for any manifest that the app trusts, and for no other', async () => {
    offer('2.0.0.46');
    const { host } = client.world;
    host.setManifest('/manifest_2.0.0.44.json', '{"version":"2.0.0.44"}');
    await client.start();
    await openPanel();
    const url = `${host.origin}/manifest_2.0.0.44.json`;
    expect(await check({ manifestUrl: url })).toMatchObject({
      manifestUrl: url,
      decision: { reason: 'manifest-rejected' },
    });
    const asked = host.log.length;
    for (const foreign of ['https://evil.example/manifest.json', 'http://evil.example/manifest.json']) {
      const qa = await check({ manifestUrl: foreign });
      expect(qa.decision).toMatchObject({
        action: 'failed',
        message: expect.stringContaining('Nothing was fetched'),
      });
      expect(qa.network).toEqual([]);
    }
    expect(host.log).toHaveLength(asked);
  });

  it('tells why a check failed', async () => {
    await client.start();
    await openPanel();
    const qa = await check();
    expect(qa.decision).toMatchObject({ action: 'failed', message: expect.stringContaining('404') });
    expect(qa.network).toMatchObject([{ status: 404 }]);
  });

  it('changes nothing: not what is remembered, not what a person sees, not what the updater does', async () => {
    offer('2.0.0.46', { rollout: { percentage: 100, salt: 'x' } });
    await client.start();
    const before = { ...client.updates?.model, qa: null };
    const kept = remembered();
    await openPanel();
    for (const request of [
      {},
      { osVersion: '10.15' },
      { currentVersion: '1.0' },
      { channel: 'beta' as const },
      { passesOver: { rollout: true, skip: true } },
      { bucket: 7 },
    ]) {
      await check(request);
    }
    expect({ ...client.updates?.model, qa: null }).toEqual(before);
    expect(remembered()).toEqual(kept);
    expect(client.world.host.log.some(({ path }) => path.includes('Nexy.dmg'))).toBe(false);
    expect(client.electron.notifications).toEqual([]);
  });

  it("decides with this installation's own bucket where there is one", async () => {
    offer('2.0.0.46', NOBODY);
    const id = await readInstallationId(client.stateFolder);
    await client.start();
    await openPanel();
    const { findRolloutBucket } = await import('../../src/check/rollout-bucket.ts');
    expect(factOf(await check(), 'rolloutBucket')).toEqual({
      name: 'rolloutBucket',
      value: String(findRolloutBucket('x', id)),
      pretended: false,
    });
  });

  it('is part of the report', async () => {
    offer('2.0.0.46');
    await client.start();
    await openPanel();
    await check({ osVersion: '10.15' });
    await client.request({ kind: 'copy-report' });
    expect(client.electron.copied[0]).toContain('macosVersion: 10.15 (pretended)');
  });
});
