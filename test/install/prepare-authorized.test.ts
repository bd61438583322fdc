import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { verifyFile } from '../../src/download/verify-file.ts';
import { layoutOf } from '../../src/install/layout.ts';
import { notesFolder } from '../../src/install/notes.ts';
import { prepareInstall } from '../../src/install/prepare.ts';
import { prepareAuthorized } from '../../src/install/prepare-authorized.ts';
import type { PrepareOptions } from '../../src/install/prepared-install.ts';
import { Tools } from '../../src/install/tools.ts';
import { parseVersion } from '../../src/version.ts';
import { PackageWorld } from '../support/package-world.ts';
import { callsOf, writeScriptedTool } from '../support/scripted-tool.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { BUNDLE_ID } from '../support/update-world.ts';

/**
 * What the root script is told, and when. What it does with that is tried with the script itself, as root, in
 * test/authorization.
 */
const STARTED = 'Tue Nov 24 08:45:52 2026';

let folder: string;
let tools: string;
let options: PrepareOptions;
let image: string;
let steps: string[];

beforeEach(async () => {
  folder = await temporaryFolder();
  [tools, image, steps] = [join(folder, 'tools'), join(folder, 'Nexy.dmg'), []];
  mkdirSync(tools);
  mkdirSync(join(folder, 'Applications', 'Nexy.app'), { recursive: true });
  writeFileSync(image, 'not looked into: hdiutil is scripted');
  const app = '"$7/volume/Nexy Beta.app/Contents/MacOS"';
  const info =
    '<plist version="1.0"><dict><key>CFBundleIdentifier</key><string>b</string><key>CFBundleShortVersionString</key><string>2.0</string><key>CFBundleExecutable</key><string>Nexy</string></dict></plist>';
  const list = '<?xml version="1.0"?><plist version="1.0"><dict/></plist>';
  const fill = `mkdir -p ${app} && echo '${info}' > ${app}/../Info.plist && echo '#!/bin/sh' > ${app}/Nexy && chmod 755 ${app}/Nexy`;
  writeScriptedTool(tools, 'hdiutil', [{ does: `[ "$1" != attach ] || { ${fill}; }`, stdout: list }]);
  writeScriptedTool(tools, 'ps', [{ does: `case "$*" in *lstart=*) echo '${STARTED}';; esac` }]);
  writeScriptedTool(tools, 'codesign', [{ stdout: 'designated => anchor apple\n' }]);
  writeScriptedTool(tools, 'spctl', [{}]);
  writeScriptedTool(tools, 'sh', [{ stdout: 'words\nexchanged\n' }]);
  options = {
    tools: new Tools(tools),
    layout: await layoutOf(join(folder, 'Applications', 'Nexy.app')),
    cacheFolder: join(folder, 'cache'),
    stateFolder: join(folder, 'state'),
    type: 'dmg',
    bundleId: 'b',
    offered: parseVersion('2.0'),
    current: parseVersion('1.0'),
    from: '1.0',
    allowDowngrade: false,
    machine: { systemVersion: null, architecture: null, hasRosetta: null },
    verifiesSignature: true,
    refusesRunningTarget: true,
    warn: () => undefined,
    now: () => new Date('2026-11-24T12:00:00Z'),
    onStep: (step) => void steps.push(step),
  };
});

async function prepare(more: Partial<PrepareOptions> = {}) {
  const bytes = readFileSync(image);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const file = await verifyFile(image, { size: bytes.length, sha256 });
  return { sha256, prepared: await prepareAuthorized(file, { ...options, ...more }) };
}

function actAs(user: number): void {
  const spy = vi.spyOn(process, 'geteuid').mockReturnValue(user);
  onTestFinished(() => spy.mockRestore());
}

/** What the script was told, without its own text. */
function told(tool: 'sh' | 'osascript', skipped: number): Readonly<Record<string, string>> {
  const words = (callsOf(tools, tool)[0] ?? []).slice(skipped);
  return Object.fromEntries(words.map((word) => word.split(/=(.*)/s).slice(0, 2)));
}

describe('an install that needs authorization', () => {
  it('is verified at once, and asks nobody before somebody asks for it', async () => {
    const { prepared } = await prepare();
    expect(prepared.needsAuthorization).toBe(true);
    expect([callsOf(tools, 'sh'), steps]).toEqual([[], ['opening', 'verifying']]);
    expect(callsOf(tools, 'codesign').map((call) => call[0])).toEqual(['-d', '--verify']);
    expect(readdirSync(join(options.cacheFolder, 'mounts'))).toEqual([]);
    await prepared.discard();
  });

  it('tells root everything that it has to look for in its own copy', async () => {
    actAs(0);
    const { prepared, sha256 } = await prepare();
    expect(await prepared.install({ relaunches: false })).toEqual({ from: '1.0', to: '2.0' });
    const { begin, id, ...rest } = told('sh', 3);
    expect(callsOf(tools, 'sh')[0]?.[2]).toBe('nexy-updater-install');
    expect(id).toMatch(/^[0-9a-z]{17}$/);
    expect(rest).toEqual({
      kind: 'dmg',
      user: String(process.getuid?.()),
      file: image,
      size: String(readFileSync(image).length),
      sha256,
      target: options.layout.target,
      prefix: '.Nexy-update-',
      staging: `.Nexy-update-${id}`,
      journal: `.Nexy-update-${id}.journal`,
      lock: '.Nexy-update.lock',
      notes: notesFolder(options.stateFolder),
      tools,
      tick: '1',
      'app-name': 'Nexy Beta.app',
      requirement: 'anchor apple',
      gatekeeper: '1',
      relaunches: '0',
    });
    expect(JSON.parse(begin ?? '')).toEqual({
      step: 'begin',
      at: '2026-11-24T12:00:00.000Z',
      target: options.layout.target,
      bundleId: 'b',
      from: '1.0',
      to: '2.0',
      sha256,
    });
  });

  it('says whether Gatekeeper would have had the last word, and what is not asked for', async () => {
    actAs(0);
    writeScriptedTool(tools, 'spctl', [{ status: 3 }]);
    await (await prepare({ tick: 0.1 })).prepared.install({ relaunches: true });
    expect(told('sh', 3)).toMatchObject({ gatekeeper: '0', relaunches: '1', tick: '0.1' });
  });

  it('verifies no signature where that is not wanted', async () => {
    actAs(0);
    await (await prepare({ verifiesSignature: false })).prepared.install({ relaunches: false });
    expect(Object.keys(told('sh', 3))).not.toContain('requirement');
    expect(callsOf(tools, 'codesign')).toEqual([]);
  });

  it('names the user who is behind sudo', async () => {
    actAs(0);
    vi.stubEnv('SUDO_UID', '501');
    onTestFinished(() => void vi.unstubAllEnvs());
    await (await prepare()).prepared.install({ relaunches: false });
    expect(told('sh', 3)).toMatchObject({ user: '501' });
  });

  it('asks anybody else for a password, with a sentence that names version and place', async () => {
    actAs(501);
    writeScriptedTool(tools, 'osascript', [{ stdout: 'exchanged\n' }]);
    await (await prepare()).prepared.install({ relaunches: false });
    const [, script = '', text = '', prompt] = callsOf(tools, 'osascript')[0] ?? [];
    expect(prompt).toBe(`Nexy 2.0 is ready to be installed in ${join(folder, 'Applications')}.`);
    expect(script).toContain('quoted form of item n of argv');
    expect(text).toContain('nexy-updater');
    expect(told('osascript', 4)).toMatchObject({ kind: 'dmg' });
  });

  it('waits for this process to end, and is told where that is not going to happen', async () => {
    actAs(0);
    writeScriptedTool(tools, 'sh', [{ stdout: 'waiting\n' }]);
    const quit = await (await prepare()).prepared.prepareForQuit({ relaunches: true });
    const { id, ...rest } = told('sh', 3);
    expect(rest).toMatchObject({
      'old-pid': String(process.pid),
      'old-start': STARTED,
      relaunches: '1',
    });
    quit.exchangeNow();
    await quit.abandon();
    expect(readdirSync(notesFolder(options.stateFolder))).toEqual([`${id}.abandoned`]);
    await (await prepare()).prepared.prepareForQuit({ relaunches: false });
    expect(callsOf(tools, 'sh')[1]).toContain('relaunches=0');
  });

  it('is refused where the answer is none, or the script refused', async () => {
    actAs(0);
    writeScriptedTool(tools, 'sh', [
      { stdout: 'done\n' },
      { stderr: 'nexy-updater: disk-full: There is no space left.\n', status: 10 },
    ]);
    const { prepared } = await prepare();
    await expect(prepared.install({ relaunches: false })).rejects.toMatchObject({
      code: 'swap-failed',
      message: 'What was done as an administrator did not end as it should.',
      details: { output: 'done' },
    });
    await expect(prepared.install({ relaunches: false })).rejects.toMatchObject({
      code: 'disk-full',
      message: 'There is no space left. Nothing was changed. Free some space and try again.',
    });
  });

  it('is refused while the target runs, before and when it is asked for; to the app itself that is nothing', async () => {
    actAs(0);
    const { prepared } = await prepare();
    const running = `1 0 ${options.layout.target}/Contents/MacOS/Nexy`;
    writeScriptedTool(tools, 'ps', [{ stdout: `${running}\n` }]);
    await expect(prepared.install({ relaunches: false })).rejects.toMatchObject({ code: 'target-in-use' });
    await expect(prepare()).rejects.toMatchObject({ code: 'target-in-use' });
    const own = await prepare({ refusesRunningTarget: false });
    await own.prepared.install({ relaunches: false });
  });

  it('is refused where the file was changed since it was verified', async () => {
    actAs(0);
    const { prepared } = await prepare();
    writeFileSync(image, 'something else, and of another length');
    await expect(prepared.install({ relaunches: false })).rejects.toMatchObject({ code: 'sha256-mismatch' });
    expect(callsOf(tools, 'sh')).toEqual([]);
  });

  it('is refused where the image holds another version, and nothing stays mounted', async () => {
    await expect(prepare({ offered: parseVersion('3.0') })).rejects.toMatchObject({
      code: 'payload-version-mismatch',
    });
    expect(readdirSync(join(options.cacheFolder, 'mounts'))).toEqual([]);
  });

  it('is refused where what is called a package is none', async () => {
    const unsigned = { verifiesSignature: false };
    await expect(prepare({ ...unsigned, type: 'pkg' })).rejects.toMatchObject({ code: 'image-unreadable' });
    expect(steps).toEqual(['verifying']);
    writeScriptedTool(tools, 'hdiutil', [
      {
        does: '[ "$1" != attach ] || { mkdir "$7/volume" && echo x > "$7/volume/Nexy.pkg"; }',
        stdout: '<?xml version="1.0"?><plist version="1.0"><dict/></plist>',
      },
    ]);
    await expect(prepare(unsigned)).rejects.toMatchObject({ code: 'image-unreadable' });
  });
});

describe('a package', () => {
  let world: PackageWorld;
  let app: string;
  beforeEach(async () => {
    world = new PackageWorld(await temporaryFolder());
    app = await world.makeApp('2.0');
    world.install(await world.makeApp('1.0'));
    writeScriptedTool(world.tools, 'osascript', [{ stdout: 'exchanged\n' }]);
    actAs(501);
    options = {
      ...options,
      tools: new Tools(world.tools),
      layout: await layoutOf(world.target),
      bundleId: BUNDLE_ID,
    };
    tools = world.tools;
  });

  it('is installed by root, who is told what has to be there afterwards', async () => {
    image = await world.makePackage(app, { identifier: 'com.nexy.pkg', version: '2' });
    const { prepared } = await prepare({ type: 'pkg' });
    expect(prepared.needsAuthorization).toBe(true);
    await prepared.install({ relaunches: false });
    expect(told('osascript', 4)).toMatchObject({
      kind: 'pkg',
      requirement: expect.stringContaining('anchor apple generic'),
      'short-version': '2.0',
      'bundle-version': '2.0',
      receipt: 'com.nexy.pkg 2',
    });
  });

  it("is installed unsigned, where that is asked for, and is root's work from the start", async () => {
    image = await world.makeUnsignedPackage(app);
    const bytes = readFileSync(image);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const file = await verifyFile(image, { size: bytes.length, sha256 });
    const prepared = await prepareInstall(file, { ...options, type: 'pkg', verifiesSignature: false });
    expect(prepared.needsAuthorization).toBe(true);
    await prepared.install({ relaunches: false });
    expect(Object.keys(told('osascript', 4))).not.toContain('requirement');
  });

  it('may lie in an image in place of an app, which shows only when that is opened', async () => {
    const path = await world.makeUnsignedPackage(app);
    const list = '<?xml version="1.0"?><plist version="1.0"><dict/></plist>';
    const fill = `mkdir "$7/volume" && cp '${path}' "$7/volume/Nexy 2.pkg"`;
    writeScriptedTool(tools, 'hdiutil', [{ does: `[ "$1" != attach ] || { ${fill}; }`, stdout: list }]);
    writeScriptedTool(tools, 'sh', [{ stdout: 'exchanged\n' }]);
    actAs(0);
    const bytes = readFileSync(image);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const file = await verifyFile(image, { size: bytes.length, sha256 });
    const prepared = await prepareInstall(file, { ...options, verifiesSignature: false });
    expect(prepared.needsAuthorization).toBe(true);
    await prepared.install({ relaunches: false });
    expect(told('sh', 3)).toMatchObject({
      kind: 'dmg',
      'package-name': 'Nexy 2.pkg',
      'short-version': '2.0',
    });
    // The lock was given back, so that root can have it.
    expect(readdirSync(options.layout.parent)).toEqual(['Nexy.app']);
  });
});
