import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { fetchManifest } from '../../src/check/fetch-manifest.ts';
import { rememberRefusal } from '../../src/check/refusals.ts';
import { readInstallationStatus } from '../../src/install/installation.ts';
import { readJournals } from '../../src/install/journal.ts';
import { layoutOf } from '../../src/install/layout.ts';
import { startPolling } from '../../src/polling.ts';
import { NexyUpdater } from '../../src/updater.ts';
import { makeCertificate } from '../support/certificate.ts';
import { canMakeImages } from '../support/make-image.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { makeUpdatePair, type UpdatePair } from '../support/update-pair.ts';
import { BUNDLE_ID, makeDmg, makeNexy, OWNER, UpdateWorld } from '../support/update-world.ts';

const skipped = canMakeImages() ? '' : ' (skipped: xorriso, which makes disk images, is not installed)';
const DAY = 24 * 60 * 60 * 1000;
const NOW = Date.parse('2026-11-24T12:00:00Z');
const SHA256 = 'a'.repeat(64);

afterEach(() => {
  vi.useRealTimers();
});

describe('a clock that is set back or forward', () => {
  let world: UpdateWorld;
  let now: number;

  beforeEach(async () => {
    now = NOW;
    world = await UpdateWorld.open();
    onTestFinished(() => world.close());
  });

  function makeUpdater(): NexyUpdater {
    const { app, folder, tools, host } = world;
    const updater = new NexyUpdater({
      ...{ app, bundleId: BUNDLE_ID, manifestUrl: `${host.origin}/manifest.json`, channel: null },
      policy: { owner: OWNER, downloadBase: host.origin, allowedHosts: [], allowLoopback: true },
      http: { allowLoopback: true },
      cacheFolder: join(folder, 'cache'),
      stateFolder: join(folder, 'state'),
      toolsFolder: tools,
      verifiesSignature: false,
      now: () => new Date(now),
    });
    updater.autoDownload = false;
    return updater;
  }

  async function offerRefusedBytes(kind: 'failed-start' | 'payload-version-mismatch'): Promise<NexyUpdater> {
    await makeNexy(dirname(world.app), '2.0.0.45', { sign: false });
    const url = world.host.publish('v2.0.0.46', 'Nexy.dmg', Buffer.from('bytes'), OWNER);
    world.offer({ version: '2.0.0.46', url, bytes: Buffer.from('bytes'), artifact: { sha256: SHA256 } });
    const rememberedAt = new Date(now).toISOString();
    const refusal =
      kind === 'failed-start'
        ? { kind, sha256: SHA256, rememberedAt }
        : { kind, sha256: SHA256, rememberedAt, contains: ['1.0'] };
    await rememberRefusal(join(world.folder, 'state'), refusal, new Date(now));
    return makeUpdater();
  }

  it.each([
    ['6 days on', 6 * DAY, true],
    ['8 days on', 8 * DAY, false],
    ['6 days back', -6 * DAY, true],
    ['8 days back: the wrong date may have been the one that was written down', -8 * DAY, false],
    ['decades on', 30_000 * DAY, false],
    ['back in 1970', -NOW, false],
  ])('holds back a version that did not start for no longer than a week: %s', async (_, step, isHeld) => {
    const updater = await offerRefusedBytes('failed-start');
    now += step;
    const { decision } = await updater.check();
    expect(decision.reason).toBe(isHeld ? 'artifact-refused-before' : 'newer');
  });

  it.each([30_000 * DAY, -NOW])('never forgets bytes of another version: %i ms later', async (step) => {
    const updater = await offerRefusedBytes('payload-version-mismatch');
    now += step;
    const { decision } = await updater.check({ isManual: true });
    expect(decision.reason).toBe('artifact-refused-before');
  });

  it.each(['1970-01-01T00:00:00Z', '2099-12-31T00:00:00Z'])(
    'does not matter for a release of %s: versions are compared, not dates',
    async (date) => {
      const updater = await offerRefusedBytes('failed-start');
      world.offer({
        version: '2.0.0.46',
        url: `${world.host.origin}/${OWNER}/releases/download/v2.0.0.46/Nexy.dmg`,
        bytes: Buffer.from('bytes'),
        top: { release_date: date },
      });
      expect((await updater.check()).decision.reason).toBe('newer');
    },
  );

  it('does not matter for what is known of a manifest: 304 keeps its meaning', async () => {
    world.offer({ version: '2.0.0.46', url: '', bytes: Buffer.from('bytes') });
    const stateFolder = await temporaryFolder();
    const url = `${world.host.origin}/manifest.json`;
    const answers: boolean[] = [];
    for (const step of [0, 30_000 * DAY, -NOW]) {
      vi.useFakeTimers({ toFake: ['Date'], now: NOW + step });
      const { notModified } = await fetchManifest({ url, stateFolder, http: { allowLoopback: true } });
      answers.push(notModified);
      vi.useRealTimers();
    }
    expect(answers).toEqual([false, true, true]);
  });

  it('does not matter for the polling, which counts awake time', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'], now: NOW });
    const check = vi.fn(async () => undefined);
    const polling = startPolling(check, undefined, () => 0.5);
    onTestFinished(() => polling.stop());
    await vi.advanceTimersByTimeAsync(60_000);
    const counts: number[] = [];
    for (const time of [0, NOW + 30_000 * DAY, NOW]) {
      counts.push(check.mock.calls.length);
      vi.setSystemTime(time);
      await vi.advanceTimersByTimeAsync(3_600_000);
    }
    expect([...counts, check.mock.calls.length]).toEqual([1, 2, 3, 4]);
  });

  it('does not matter for the lock: one without a living owner is free, whatever its time', async () => {
    await offerRefusedBytes('failed-start');
    writeFileSync(
      join(dirname(world.app), '.Nexy-update.lock'),
      `${JSON.stringify({ pid: process.pid, startedAt: '2099-01-01T00:00:00Z' })}\n`,
    );
    expect(await makeUpdater().recover()).toBe('none');
    expect(world.beside()).toEqual([]);
  });

  it.each([
    ['set back since the certificate was made', 300, 600],
    ['far ahead of it', -600, -300],
  ])('is named where the server cannot be trusted for it: %s', async (_, from, until) => {
    const days = (count: number): Date => new Date(Date.now() + count * DAY);
    const { key, cert } = await makeCertificate({ from: days(from), until: days(until) });
    const server = createServer({ key, cert }, (_request, response) => response.end('{}'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/manifest.json`;
    const request = fetchManifest({
      url,
      stateFolder: null,
      http: { allowLoopback: true, certificateAuthority: cert },
    });
    await expect(request).rejects.toMatchObject({
      code: 'manifest-unreachable',
      message: expect.stringContaining('not valid at the date and time of this Mac. Check the clock'),
    });
  });
});

describe.skipIf(!canMakeImages())(`an update while the clock is wrong${skipped}`, () => {
  let pair: UpdatePair;
  let nextImage: string;

  beforeAll(async () => {
    pair = await makeUpdatePair({ sign: false });
    const folder = join(dirname(dirname(pair.newApp)), 'next');
    mkdirSync(folder);
    await makeNexy(folder, '2.0.0.47', { sign: false });
    nextImage = await makeDmg(folder, `${folder}.dmg`);
  });

  it('is told apart from the one before it, which was made in the future', async () => {
    const world = await UpdateWorld.open();
    onTestFinished(() => world.close());
    world.install(pair.oldApp);
    let now = new Date('2099-01-01T00:00:00Z');
    const updater = new NexyUpdater({
      ...{
        app: world.app,
        bundleId: BUNDLE_ID,
        manifestUrl: `${world.host.origin}/manifest.json`,
        channel: null,
      },
      policy: { owner: OWNER, downloadBase: world.host.origin, allowedHosts: [], allowLoopback: true },
      http: { allowLoopback: true },
      cacheFolder: join(world.folder, 'cache'),
      stateFolder: join(world.folder, 'state'),
      toolsFolder: world.tools,
      ...{ verifiesSignature: false, now: () => now },
    });
    updater.autoDownload = false;
    const steps = [
      ['2.0.0.46', pair.image],
      ['2.0.0.47', nextImage],
    ] as const;
    for (const [version, image] of steps) {
      world.publish(version, image);
      await updater.check();
      await updater.downloadUpdate();
      expect(await updater.installUpdate()).toMatchObject({ to: version });
      now = new Date('1984-01-24T00:00:00Z');
      expect(await updater.recover()).toBe('none');
    }
    const layout = await layoutOf(world.app);
    expect((await readJournals(layout)).map(({ begin }) => begin?.to)).toEqual(['2.0.0.47', '2.0.0.46']);
    expect(await readInstallationStatus(layout)).toMatchObject({
      state: 'swapped',
      journal: { begin: { from: '2.0.0.46', to: '2.0.0.47' } },
    });
    expect(await updater.confirmUpdate()).toMatchObject({ from: '2.0.0.46', to: '2.0.0.47' });
    expect(await updater.recover()).toBe('none');
    expect(world.beside()).toHaveLength(1);
  });
});
