import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { DownloadSeams } from '../../src/download/seams.ts';
import type { StartUpdatesOptions } from '../../src/electron/settings.ts';
import type { Texts } from '../../src/texts/english.ts';
import type { FailureTopic } from '../../src/texts/failure-topic.ts';
import { ONE_CHECK } from '../electron/client-world.ts';
import { startAuthorizationAgent } from '../macos-tools/lib/osascript/authorization-agent.ts';
import { makeAuthority, makeIdentity, writeKeychain } from '../support/make-identity.ts';
import { makeMac } from '../support/make-mac.ts';
import { ALICE, CAN_BE_OTHERS, NEEDS_OTHERS } from '../support/other-user.ts';
import { addRunningProgram, endStarted, startsOf } from '../support/running-app.ts';
import { CAN_MOUNT, makeReadOnly, mountSmallVolume, NEEDS_MOUNT } from '../support/small-volume.ts';
import { describeTree } from '../support/tree.ts';
import { makeUpdatePair, NEW_VERSION, OLD_VERSION, type UpdatePair } from '../support/update-pair.ts';
import { makeDmg, makeNexy } from '../support/update-world.ts';
import { eventually } from './eventually.ts';
import { CAN_RUN, type LiveClient, SKIPPED, useLiveClients } from './live-client.ts';
import { runClient } from './run-client.ts';

// A download that fails for good has been tried for minutes. Here nobody waits between two attempts.
vi.mock('../../src/download/seams.ts', async (load) => {
  const { REAL_SEAMS } = await load<{ REAL_SEAMS: DownloadSeams }>();
  return { REAL_SEAMS: { ...REAL_SEAMS, stallTimeout: 500, sleep: async () => undefined } };
});

const UPDATE = { app: 'Nexy', version: NEW_VERSION };
/** What a request header of the app's own may hold, and no report may. */
const SECRET = 'Bearer key-of-this-mac';

interface Told {
  readonly title: string;
  readonly paragraphs: readonly string[];
}

describe.skipIf(!CAN_RUN)(`what goes wrong${SKIPPED}`, () => {
  const clients = useLiveClients();
  const made = mkdtempSync(join(tmpdir(), 'nexy-wrong-'));
  let pair: UpdatePair;
  beforeAll(async () => {
    pair = await makeUpdatePair({ hasFramework: false });
  });
  afterAll(() => rmSync(made, { recursive: true, force: true }));

  const open = (name: string, app = pair.oldApp) => clients.open(app, { name: `failure ${name}` });

  /** A start that asks with the app's own header. */
  const start = (live: LiveClient, more: Partial<StartUpdatesOptions> = {}): Promise<void> =>
    live.start({
      ...more,
      overrides: {
        http: { allowLoopback: true, requestHeaders: { authorization: SECRET } },
        ...more.overrides,
      },
    });

  const failure =
    (topic: FailureTopic) =>
    (texts: Texts): Told => {
      const { title, meaning, advice } = texts.failures[topic](UPDATE);
      return { title, paragraphs: [meaning, advice] };
    };

  /** In both languages: what happened, what it means, what to do; axe finds nothing. */
  async function expectTold(live: LiveClient, name: string, tell: (texts: Texts) => Told): Promise<void> {
    for (const [language, scheme] of [
      ['en', 'light'],
      ['ru', 'dark'],
    ] as const) {
      if (language !== 'en') await live.speak(language);
      const { title, paragraphs } = tell(live.texts);
      await live.shows(title);
      expect(await live.paragraphs()).toEqual(paragraphs);
      await live.inspect(name, [scheme]);
    }
  }

  /** Everything for whoever helps, and nothing that is nobody's business. */
  async function expectReport(live: LiveClient, code: string): Promise<void> {
    expect(await live.page.locator('details').textContent()).toContain(live.texts.details.code({ code }));
    await live.press(live.texts.buttons.copyReportName);
    await live.page.getByText(live.texts.trouble.copied).first().waitFor();
    const report = live.client.electron.copied.at(-1) ?? '';
    expect(report).toContain(`"code": "${code}"`);
    expect(report).toContain(`Nexy ${OLD_VERSION} (com.nexy.assistant)`);
    expect(report).not.toContain('key-of-this-mac');
    // Addresses that are good for a download by whoever has them.
    expect(report).not.toMatch(/\?[^…\s]/);
  }

  async function imageOf(name: string, fill: (folder: string) => Promise<unknown>): Promise<string> {
    const folder = join(made, name);
    mkdirSync(folder, { recursive: true });
    await fill(folder);
    return makeDmg(folder, join(made, `${name}.dmg`));
  }

  describe('with a check or a download', () => {
    interface Failure {
      readonly code: string;
      readonly topic: FailureTopic;
      readonly arrange: (live: LiveClient) => unknown;
    }
    const offer = (artifact: object) => (live: LiveClient) => {
      const { host } = live.client.world;
      const bytes = readFileSync(pair.image);
      const url = host.publish(`v${NEW_VERSION}`, 'Nexy.dmg', bytes);
      live.client.world.offer({ version: NEW_VERSION, url, bytes, artifact: { ...artifact } });
    };
    const publishWith =
      (...faults: Parameters<LiveClient['client']['world']['host']['fault']>[0][]) =>
      (live: LiveClient) => {
        for (const fault of faults) live.client.world.host.fault({ file: 'Nexy.dmg', ...fault });
        live.client.publish(NEW_VERSION, pair.image);
      };
    const FAILURES: readonly Failure[] = [
      { code: 'manifest-unreachable', topic: 'unreachable', arrange: () => undefined },
      {
        code: 'manifest-rejected',
        topic: 'bad-offer',
        arrange: (live) => live.client.world.host.setManifest('/manifest.json', '{"version":"2.0.0.46"}'),
      },
      { code: 'sha256-mismatch', topic: 'damaged', arrange: offer({ sha256: 'ab'.repeat(32) }) },
      { code: 'size-mismatch', topic: 'damaged', arrange: offer({ size: 5000 }) },
      {
        code: 'download-failed',
        topic: 'download-failed',
        arrange: publishWith(
          { times: 1, fault: { kind: 'cut', after: 3000 } },
          { skip: 1, fault: { kind: 'cut', after: 0 } },
        ),
      },
      {
        code: 'download-stalled',
        topic: 'download-stalled',
        arrange: publishWith({ fault: { kind: 'stall', after: 500 } }),
      },
      {
        code: 'not-published',
        topic: 'not-published',
        arrange: (live) => {
          offer({})(live);
          live.client.world.host.withdraw(`v${NEW_VERSION}`, 'Nexy.dmg');
        },
      },
    ];
    it.each(FAILURES)('$code', { timeout: 240_000 }, async ({ code, topic, arrange }) => {
      const live = await open(code);
      arrange(live);
      await start(live);
      await live.check();
      await expectTold(live, code, failure(topic));
      await expectReport(live, code);
      live.expectUntouched();

      // And once it is put right, what the window offers to do helps.
      live.client.world.host.clearFaults();
      live.client.publish(NEW_VERSION, pair.image);
      if (topic === 'bad-offer' || topic === 'not-published') {
        await live.press(live.texts.buttons.closeName);
        await live.check();
      } else await live.press(live.texts.buttons.tryAgain);
      await live.shows(live.texts.ready.title(UPDATE));
    });
  });

  describe('with what was downloaded', () => {
    const older = () => imageOf('older', (folder) => makeNexy(folder, '2.0.0.31', { hasFramework: false }));
    const changed = () =>
      imageOf('changed', async (folder) => {
        const app = await makeNexy(folder, NEW_VERSION, { hasFramework: false });
        writeFileSync(join(app, 'Contents', 'Resources', 'app.asar'), 'other code');
      });

    it('payload-version-mismatch, and then the same bytes are held back', { timeout: 240_000 }, async () => {
      const live = await open('payload-version-mismatch');
      live.client.publish(NEW_VERSION, await older());
      await start(live);
      await live.check();
      await expectTold(live, 'failed', failure('wrong-contents'));
      await expectReport(live, 'payload-version-mismatch');
      live.expectUntouched();
      await live.speak('en');
      await live.press(live.texts.buttons.closeName);
      await live.check();
      await expectTold(live, 'held', ({ held }) => {
        const { title, meaning, advice } = held['artifact-refused-before'];
        return { title: title(UPDATE), paragraphs: [meaning, advice] };
      });
      const downloads = live.client.world.host.log.filter(
        ({ on, path }) => on === 'release' && path.endsWith('/Nexy.dmg'),
      );
      expect(downloads).toHaveLength(1);
      live.expectUntouched();
    });

    it('signature-invalid', { timeout: 240_000 }, async () => {
      const live = await open('signature-invalid');
      live.client.publish(NEW_VERSION, await changed());
      await start(live);
      await live.check();
      await expectTold(live, 'failed', failure('untrusted'));
      await expectReport(live, 'signature-invalid');
      live.expectUntouched();
    });

    it('requirement-mismatch, for an app of another team', { timeout: 240_000 }, async () => {
      const authority = makeAuthority();
      const [ours, theirs] = ['NEXYTEAM01', 'OTHERTEAM2'].map((team) =>
        makeIdentity({ kind: 'application', team, authority }),
      );
      if (ours === undefined || theirs === undefined) throw new Error('There are two teams.');
      const keychain = writeKeychain(join(made, 'keychain'), [ours, theirs]);
      const tools = makeMac(join(made, 'mac'), { appleRoots: [authority.fingerprint] });
      const signedBy = ({ name }: { readonly name: string }) => ({
        hasFramework: false,
        isNotarized: true,
        sign: { identity: { name, keychain } },
      });
      const app = await makeNexy(join(made, 'ours'), OLD_VERSION, signedBy(ours));
      const image = await imageOf('theirs', (folder) => makeNexy(folder, NEW_VERSION, signedBy(theirs)));
      const live = await open('requirement-mismatch', app);
      live.client.publish(NEW_VERSION, image);
      await start(live, { overrides: { toolsFolder: tools } });
      await live.check();
      await expectTold(live, 'failed', failure('untrusted'));
      await expectReport(live, 'requirement-mismatch');
      live.expectUntouched();
    });
  });

  describe('with the place', () => {
    it.skipIf(!CAN_MOUNT)(`disk-full${NEEDS_MOUNT}`, { timeout: 240_000 }, async ({ skip }) => {
      const live = await open('disk-full');
      const { world } = live.client;
      const applications = dirname(world.app);
      if ((await mountSmallVolume({ size: '2m', at: applications })) === null)
        skip('mount is not allowed here');
      world.install(pair.oldApp);
      const filler = join(applications, 'filler');
      const { bavail, bsize } = statfsSync(applications);
      writeFileSync(filler, Buffer.alloc((bavail - 2) * bsize));
      live.remember();
      live.client.publish(NEW_VERSION, pair.image);
      await start(live);
      await live.check();
      await expectTold(live, 'failed', failure('disk-full'));
      await expectReport(live, 'disk-full');
      live.expectUntouched();
      rmSync(filler);
      await live.press(live.texts.buttons.tryAgain);
      await live.shows(live.texts.ready.title(UPDATE));
    });

    it.skipIf(!CAN_MOUNT)(`read-only-volume${NEEDS_MOUNT}`, { timeout: 240_000 }, async ({ skip }) => {
      const live = await open('read-only-volume');
      const { world, electron } = live.client;
      const applications = dirname(world.app);
      if ((await mountSmallVolume({ size: '2m', at: applications })) === null)
        skip('mount is not allowed here');
      world.install(pair.oldApp);
      makeReadOnly(applications);
      live.client.publish(NEW_VERSION, pair.image);
      await start(live);
      await live.check();
      await expectTold(live, 'held', failure('read-only-volume'));
      live.expectUntouched();
      await live.press(live.texts.buttons.moveName(UPDATE));
      await eventually(() => expect(electron.moves).toEqual(['moved']));
    });

    it('app-management-denied', { timeout: 240_000 }, async ({ skip }) => {
      const live = await open('app-management-denied');
      const { client } = live;
      const { app } = client.world;
      client.publish(NEW_VERSION, pair.image);
      await start(live);
      await live.check();
      await live.shows(live.texts.ready.title(UPDATE));
      // rename(2) answers EPERM for a locked folder, as it does on macOS for an app that it protects.
      if (spawnSync('chattr', ['+i', app]).status !== 0) skip('nothing can be locked here');
      onTestFinished(() => void spawnSync('chattr', ['-i', app]));
      await live.press(live.texts.buttons.restartName(UPDATE));
      await eventually(() => expect(client.electron.openWindows).toEqual([]));
      expect(client.world.installedTree()).toEqual(pair.oldTree);

      await live.restart();
      await live.show();
      await expectTold(live, 'failed', failure('app-management-denied'));
      await expectReport(live, 'app-management-denied');
      // What was staged goes with the process that staged it, which is this one.
      expect(client.world.installedTree()).toEqual(pair.oldTree);
      await live.press(live.texts.buttons.openSettingsName);
      await eventually(() => expect(client.electron.opened).toHaveLength(1));
      expect(client.electron.opened[0]).toMatch(/^x-apple\.systempreferences:/);
    });

    it.skipIf(!CAN_BE_OTHERS)(`authorization-denied${NEEDS_OTHERS}`, { timeout: 240_000 }, async () => {
      const live = await open('authorization-denied');
      const { client } = live;
      const { folder } = client.world;
      const agent = await startAuthorizationAgent(join(folder, 'agent'));
      onTestFinished(() => agent.close());
      const tools = beAlice(folder, agent.path);
      client.publish(NEW_VERSION, pair.image);
      await start(live, { overrides: { toolsFolder: tools } });
      await live.check();
      await live.shows(live.texts.ready.title(UPDATE));
      expect(await live.paragraphs()).toEqual([live.texts.ready.password(UPDATE)]);
      await live.inspect('ready');
      agent.answer = 'cancelled';
      await live.press(live.texts.buttons.authorizeName(UPDATE));
      await expectTold(live, 'failed', failure('authorization-denied'));
      expect(agent.requests).toHaveLength(1);
      await expectReport(live, 'authorization-denied');
      live.expectUntouched();
      await live.press(live.texts.buttons.tryAgain);
      await live.shows(live.texts.ready.title(UPDATE));
      expect(client.electron.exits).toEqual([]);
    });
  });

  it('rolled-back, after two starts that came to nothing', { timeout: 240_000 }, async () => {
    const running = { hasFramework: false, sign: false } as const;
    const app = await makeNexy(join(made, 'stays'), OLD_VERSION, running);
    addRunningProgram(app, OLD_VERSION, 'stay');
    const image = await imageOf('dies', async (folder) => {
      addRunningProgram(await makeNexy(folder, NEW_VERSION, running), NEW_VERSION, 'die');
    });
    const live = await open('rolled-back', app);
    const { client } = live;
    onTestFinished(() => endStarted(client.world.folder));
    client.publish(NEW_VERSION, image);
    const unsigned = { overrides: { verifiesSignature: false } };
    await runClient(client, { polling: ONE_CHECK, ...unsigned }, '--restart-when-ready');
    const starts = () => startsOf(client.world.folder).map(({ version }) => version);
    await eventually(() => expect(starts().at(-1)).toBe(OLD_VERSION), 200_000);
    expect(starts()).toEqual([NEW_VERSION, NEW_VERSION, OLD_VERSION]);
    expect(client.world.installedTree()).toEqual(describeTree(app));

    await start(live, unsigned);
    // It comes by itself, behind what the person works with.
    await live.show();
    expect(client.window.shown).toEqual(['inactive']);
    await expectTold(live, 'rolled-back', ({ rolledBack }) => {
      const change = { app: 'Nexy', from: OLD_VERSION, to: NEW_VERSION };
      const paragraphs = [rolledBack.reasons['failed-starts'](change), rolledBack.advice(change)];
      return { title: rolledBack.title(change), paragraphs };
    });
    await live.press(live.texts.buttons.copyReportName);
    await eventually(() => expect(client.electron.copied.at(-1)).toContain('failed-starts'));
    // Not tried again by itself, but when somebody asks.
    await live.press(live.texts.buttons.check);
    await live.shows(live.texts.ready.title(UPDATE));
  });

  describe('with nothing, but an update is held', () => {
    const heldFor =
      (reason: 'rollout' | 'skipped-by-user') =>
      ({ held }: Texts) => {
        const { title, meaning, advice } = held[reason];
        return { title: title(UPDATE), paragraphs: [meaning, advice] };
      };
    /** What a check of the app's own comes to, in the window that somebody opens later. */
    async function openLater(live: LiveClient): Promise<void> {
      await start(live, { polling: ONE_CHECK });
      await eventually(() => expect(['held', 'available']).toContain(live.client.updates?.model.view.kind));
      live.client.updates?.open();
      await live.show();
    }

    it('rollout, until somebody asks', { timeout: 240_000 }, async () => {
      const live = await open('rollout');
      live.client.publish(NEW_VERSION, pair.image, { rollout: { percentage: 0, salt: 'x' } });
      await openLater(live);
      await expectTold(live, 'held', heldFor('rollout'));
      live.expectUntouched();
      await live.press(live.texts.buttons.checkNow);
      await live.shows(live.texts.ready.title(UPDATE));
    });

    it('os-too-old', { timeout: 240_000 }, async () => {
      const live = await open('os-too-old');
      const bytes = readFileSync(pair.image);
      const url = live.client.world.host.publish(`v${NEW_VERSION}`, 'Nexy.dmg', bytes);
      live.client.world.offer({ version: NEW_VERSION, url, bytes, artifact: { min_os: '99.0' } });
      await start(live);
      await live.check();
      await expectTold(live, 'held', ({ held }) => {
        const { title, meaning, advice } = held['os-too-old'];
        return { title: title(UPDATE), paragraphs: [meaning({ minimumOs: '99.0' }), advice] };
      });
      live.expectUntouched();
    });

    it('skipped-by-user, until somebody asks', { timeout: 240_000 }, async () => {
      const live = await open('skipped-by-user');
      live.client.publish(NEW_VERSION, pair.image, { auto_install: false });
      await openLater(live);
      await live.shows(live.texts.available.title(UPDATE));
      await live.press(live.texts.buttons.skipName(UPDATE));
      await expectTold(live, 'held', heldFor('skipped-by-user'));
      live.expectUntouched();
      await live.press(live.texts.buttons.checkAgain);
      await live.shows(live.texts.ready.title(UPDATE));
    });

    it('managed', { timeout: 240_000 }, async () => {
      const live = await open('managed');
      live.client.publish(NEW_VERSION, pair.image);
      live.client.electron.preferences.set('NexyUpdatesDisabled', true);
      await start(live);
      await live.check();
      await expectTold(live, 'managed', ({ managed: { title, text, advice } }) => ({
        title,
        paragraphs: [text(UPDATE), advice],
      }));
      live.expectUntouched();
      expect(live.client.world.host.log).toEqual([]);
    });
  });
});

/**
 * The app's process is Alice's as far as it looks at that, and who asks for a password is Alice for real.
 *
 * @param agent who answers
 * @returns folder of the tools
 */
function beAlice(folder: string, agent: string): string {
  chmodSync(folder, 0o755);
  vi.spyOn(process, 'geteuid').mockReturnValue(ALICE.uid);
  onTestFinished(() => void vi.restoreAllMocks());
  const machine = { authorizationAgent: agent };
  const ofAlice = makeMac(join(folder, 'mac of Alice'), machine);
  const tools = makeMac(join(folder, 'mac'), machine);
  const become = `setpriv --reuid=${ALICE.uid} --regid=${ALICE.gid} --clear-groups`;
  rmSync(join(tools, 'osascript'));
  const script = `#!/bin/sh\nexec ${become} '${join(ofAlice, 'osascript')}' "$@"\n`;
  writeFileSync(join(tools, 'osascript'), script, { mode: 0o755 });
  return tools;
}
