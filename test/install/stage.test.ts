import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { readBundle } from '../../src/bundle/bundle.ts';
import { identityAt } from '../../src/install/exchange.ts';
import { readJournal } from '../../src/install/journal.ts';
import { layoutOf } from '../../src/install/layout.ts';
import { type StageOptions, stageApp } from '../../src/install/stage.ts';
import { Tools } from '../../src/install/tools.ts';
import { verifyPayload } from '../../src/install/verify-payload.ts';
import { parseVersion } from '../../src/version.ts';
import { openDescriptorsOf } from '../support/open-descriptors.ts';
import { callsOf, writeScriptedTool } from '../support/scripted-tool.ts';
import { CAN_MOUNT, mountSmallVolume, NEEDS_MOUNT } from '../support/small-volume.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const AT = '2026-11-23T12:00:00.000Z';

/** ditto in one line; its real double is used in exchange.test.ts and everywhere in test/e2e. */
const COPY = { does: 'cp -R -P "$1" "$2"' };

let tools: string;
let applications: string;
let target: string;
let payload: string;
let warnings: string[];
let closed: number;

beforeEach(async () => {
  const folder = await temporaryFolder();
  [tools, applications, payload] = [
    join(folder, 'tools'),
    join(folder, 'Applications'),
    join(folder, 'image', 'Nexy.app'),
  ];
  target = join(applications, 'Nexy.app');
  warnings = [];
  closed = 0;
  mkdirSync(tools);
  putApp(target, '1.0');
  putApp(payload, '2.0');
  writeScriptedTool(tools, 'ditto', [COPY]);
  writeScriptedTool(tools, 'xattr', [{}]);
  writeScriptedTool(tools, 'sync', [{}]);
  writeScriptedTool(tools, 'codesign', [{ stdout: 'designated => anchor apple\n' }, {}]);
  writeScriptedTool(tools, 'spctl', [{}]);
});

function putApp(app: string, version: string): void {
  mkdirSync(join(app, 'Contents', 'MacOS'), { recursive: true });
  writeFileSync(
    join(app, 'Contents', 'Info.plist'),
    `<plist version="1.0"><dict><key>CFBundleShortVersionString</key><string>${version}</string><key>CFBundleExecutable</key><string>Nexy</string></dict></plist>`,
  );
  writeFileSync(join(app, 'Contents', 'MacOS', 'Nexy'), '#!/bin/sh\n', { mode: 0o755 });
  symlinkSync('Nexy', join(app, 'Contents', 'MacOS', 'link'));
}

async function stage(more: Partial<StageOptions> = {}) {
  const machine = { systemVersion: null, architecture: null, hasRosetta: null };
  const [offered, current] = [parseVersion('2.0'), parseVersion('1.0')];
  const verified = await verifyPayload(await readBundle(payload), {
    offered,
    current,
    allowDowngrade: false,
    machine,
  });
  return stageApp(verified, {
    tools: new Tools(tools),
    layout: await layoutOf(target),
    from: '1.0',
    sha256: 'a'.repeat(64),
    bundleId: 'com.nexy.assistant',
    verifiesSignature: true,
    warn: (text) => void warnings.push(text),
    now: () => new Date(AT),
    closeImage: async () => {
      closed += 1;
    },
    ...more,
  });
}

const beside = (): readonly string[] => readdirSync(applications).filter((name) => name !== 'Nexy.app');

describe('staging', () => {
  it('copies, marks, verifies and writes down, in this order', async () => {
    const app = await stage();
    expect(callsOf(tools, 'ditto')).toEqual([[payload, app.paths.newApp]]);
    expect(callsOf(tools, 'xattr')).toEqual([['-d', '-r', '-s', 'com.apple.quarantine', app.paths.newApp]]);
    expect(callsOf(tools, 'codesign').map((call) => call.at(-1))).toEqual([target, app.paths.newApp]);
    expect(callsOf(tools, 'spctl').map((call) => call.at(-1))).toEqual([target, app.paths.newApp]);
    expect(callsOf(tools, 'sync')).toEqual([[]]);
    expect(app).toMatchObject({
      from: '1.0',
      to: '2.0',
      newApp: identityAt(app.paths.newApp),
      oldApp: identityAt(target),
      layout: { target },
    });
    const lines = readFileSync(app.paths.journal, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        step: 'begin',
        at: AT,
        target,
        bundleId: 'com.nexy.assistant',
        from: '1.0',
        to: '2.0',
        sha256: 'a'.repeat(64),
      },
      { step: 'staged', at: AT, newApp: app.newApp, oldApp: app.oldApp },
    ]);
    expect(await readJournal(app.paths)).toMatchObject({ lastStep: 'staged' });
    expect([warnings, closed]).toEqual([[], 1]);
    expect(await openDescriptorsOf(app.paths.journal)).toEqual([]);
    expect(statSync(app.paths.folder).mode & 0o777).toBe(0o700);
  });

  it('leaves nothing when it is discarded', async () => {
    const app = await stage();
    await app.discard();
    expect(beside()).toEqual([]);
    // As after a clean-up that was cut off behind the journal.
    await app.discard();
  });

  it('verifies no signature where that is not wanted', async () => {
    await stage({ verifiesSignature: false });
    expect([callsOf(tools, 'codesign'), callsOf(tools, 'spctl')]).toEqual([[], []]);
  });

  it('gives the copy the mode and time of the installed app', async () => {
    chmodSync(target, 0o2751);
    utimesSync(target, 1000, 2000);
    const { paths } = await stage();
    const made = statSync(paths.newApp);
    expect([made.mode & 0o7777, made.atimeMs, made.mtimeMs]).toEqual([0o2751, 1_000_000, 2_000_000]);
  });

  it.skipIf(process.getuid?.() !== 0)(
    'gives all of the copy to the owner of the installed app, as root',
    async () => {
      for (const [uid, gid] of [
        [12_345, 0],
        [0, 54_321],
      ] as const) {
        chownSync(target, uid, gid);
        const { paths, discard } = await stage({ verifiesSignature: false });
        for (const name of [
          '.',
          'Contents',
          'Contents/Info.plist',
          'Contents/MacOS/Nexy',
          'Contents/MacOS/link',
        ]) {
          const { uid: owner, gid: group } = lstatSync(join(paths.newApp, name));
          expect([name, owner, group]).toEqual([name, uid, gid]);
        }
        await discard();
      }
    },
  );
});

describe('staging is refused, and nothing is left', () => {
  const FAILED = { stderr: 'ditto: words\nmore\n', status: 1 };

  it.each([
    [
      'ditto: /x: No space left on device\n',
      'disk-full',
      'There is not enough free space on the volume of TARGET to install the update. Nothing was changed. Free some space and try again.',
    ],
    [
      'ditto: /x: Operation not permitted\nmore\n',
      'not-writable',
      'The new version could not be copied beside TARGET (ditto: /x: Operation not permitted). Nothing was changed.',
    ],
    [
      'ditto: /x: Permission denied\n',
      'not-writable',
      'The new version could not be copied beside TARGET (ditto: /x: Permission denied). Nothing was changed.',
    ],
    [
      'ditto: /x: Input/output error\n',
      'image-unreadable',
      'The new version could not be copied beside TARGET (ditto: /x: Input/output error). Nothing was changed.',
    ],
  ])('when ditto says %j', async (stderr, code, message) => {
    writeScriptedTool(tools, 'ditto', [{ stderr, status: 1 }]);
    await expect(stage()).rejects.toMatchObject({
      code,
      message: message.replace('TARGET', target),
      details: { output: stderr.trim() },
    });
    expect([beside(), closed]).toEqual([[], 0]);
  });

  it('when it is cancelled while it copies', async () => {
    await expect(stage({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
    expect([beside(), callsOf(tools, 'ditto')]).toEqual([[], []]);
  });

  it('when the quarantine mark stays', async () => {
    writeScriptedTool(tools, 'xattr', [
      { stderr: 'xattr: [Errno 13] Permission denied\nmore\n', status: 1 },
      { stdout: 'x: com.apple.quarantine: 0081\n' },
    ]);
    await expect(stage()).rejects.toMatchObject({
      code: 'not-writable',
      message:
        'The quarantine mark could not be taken off the new version (xattr: [Errno 13] Permission denied). Nothing was changed.',
      details: { output: 'xattr: [Errno 13] Permission denied\nmore' },
    });
    expect(callsOf(tools, 'xattr')[1]?.slice(0, 3)).toEqual(['-l', '-r', '-s']);
    expect(beside()).toEqual([]);
  });

  it('when nobody can tell whether the mark stayed', async () => {
    writeScriptedTool(tools, 'xattr', [{ status: 1 }, { status: 1 }]);
    await expect(stage()).rejects.toMatchObject({ code: 'not-writable' });
  });

  it('but not for a file that refuses, where no mark is left', async () => {
    writeScriptedTool(tools, 'xattr', [{ status: 1 }, { stdout: 'x: com.apple.provenance:\n' }]);
    await stage();
  });

  it('when the copy is not what the image showed', async () => {
    writeScriptedTool(tools, 'ditto', [
      { does: `${COPY.does}; sed -i.bak s/2.0/3.0/ "$2/Contents/Info.plist"` },
    ]);
    await expect(stage()).rejects.toMatchObject({
      code: 'image-unreadable',
      message: 'The copy of the new version is not what the disk image showed. Nothing was changed.',
      details: { copied: { shortVersion: '3.0' }, judged: { shortVersion: '2.0' } },
    });
    expect(beside()).toEqual([]);
  });

  it.each([
    ['signature-invalid', 1],
    ['requirement-mismatch', 3],
  ])('when codesign finds %s', async (code, status) => {
    writeScriptedTool(tools, 'codesign', [{ stdout: 'designated => anchor apple\n' }, { status }]);
    await expect(stage()).rejects.toMatchObject({ code });
    expect(beside()).toEqual([]);
  });

  it('when Gatekeeper refuses', async () => {
    writeScriptedTool(tools, 'spctl', [{}, { status: 3 }]);
    await expect(stage()).rejects.toMatchObject({ code: 'gatekeeper-rejected' });
    expect(beside()).toEqual([]);
  });

  it('when the image cannot be closed', async () => {
    const closeImage = () => Promise.reject(new Error('busy'));
    await expect(stage({ closeImage })).rejects.toThrow('busy');
    expect(beside()).toEqual([]);
  });

  it('and what cannot be cleared away does not hide why', async () => {
    const app = basename((await stage()).paths.folder);
    writeScriptedTool(tools, 'ditto', [FAILED]);
    const closeImage = async (): Promise<void> => undefined;
    // The journal's place taken by a folder cannot be removed as a file.
    const tangle = { does: 'rm "$(dirname "$2").journal" && mkdir "$(dirname "$2").journal"', ...FAILED };
    writeScriptedTool(tools, 'ditto', [tangle]);
    await expect(stage({ closeImage })).rejects.toMatchObject({ code: 'image-unreadable' });
    const left = beside().find((name) => name.endsWith('.journal') && !name.startsWith(app));
    const folder = join(applications, (left ?? '').replace('.journal', ''));
    expect(warnings).toEqual([expect.stringMatching(`^${folder} stays behind: `)]);
  });
});

describe('the space that staging needs', () => {
  async function moveToSmallVolume(): Promise<boolean> {
    const volume = await mountSmallVolume({ size: '1m', inodes: 40 });
    if (volume === null) return false;
    [applications, target] = [volume, join(volume, 'Nexy.app')];
    putApp(target, '1.0');
    return true;
  }

  it.skipIf(!CAN_MOUNT)(`is looked at first${NEEDS_MOUNT}`, async (context) => {
    if (!(await moveToSmallVolume())) context.skip('mount is not allowed here');
    writeFileSync(join(payload, 'large'), Buffer.alloc(1024 * 1024));
    const entries = readdirSync(payload, { recursive: true }).map((name) => join(payload, String(name)));
    // Every entry takes a block, and a further one for each that it fills.
    const blocks = [payload, ...entries]
      .map((path) => Math.floor(lstatSync(path).size / 4096) + 1)
      .reduce((sum, count) => sum + count);
    await expect(stage()).rejects.toMatchObject({
      code: 'disk-full',
      details: { needed: blocks * 4096, free: expect.any(Number) },
    });
    expect([beside(), callsOf(tools, 'ditto')]).toEqual([[], []]);
  });

  it.skipIf(!CAN_MOUNT)(`may run out while it is used up${NEEDS_MOUNT}`, async (context) => {
    if (!(await moveToSmallVolume())) context.skip('mount is not allowed here');
    // Room for one more entry, which the journal takes; none for the folder.
    const fillers = fillEntries();
    unlinkSync(join(applications, fillers.at(-1) ?? ''));
    await expect(stage()).rejects.toMatchObject({
      code: 'disk-full',
      cause: { code: 'ENOSPC' },
      message: expect.stringContaining(`on the volume of ${target}`),
    });
    expect(beside()).toHaveLength(fillers.length - 1);
    fillEntries();
    await expect(stage()).rejects.toMatchObject({ code: 'disk-full', cause: { code: 'ENOSPC' } });
  });

  function fillEntries(): readonly string[] {
    for (let index = 0; ; index += 1) {
      try {
        writeFileSync(join(applications, `filler-${index}`), '');
      } catch {
        return beside();
      }
    }
  }
});
