import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HAS_FIXTURES, MACOS_TOOLS, NEEDS_FIXTURES, REPOSITORY } from '../support/fixtures.ts';
import { makeAuthority, makeIdentity } from '../support/make-identity.ts';
import { flipBit } from '../support/make-image.ts';
import { makeMac } from '../support/make-mac.ts';
import { PackageWorld, TEAM } from '../support/package-world.ts';
import { describeTree } from '../support/tree.ts';
import { readRecording, runTool, type ToolResult } from './contract.ts';
import { verifySignature } from './lib/code-signing/cms.ts';
import { makeCmsSignature } from './lib/code-signing/cms-writer.ts';
import { parseCodeDirectory } from './lib/code-signing/code-directory.ts';
import type { Machine } from './lib/tool.ts';

const IS_ROOT = process.getuid?.() === 0;
const NEEDS_ROOT = IS_ROOT ? '' : ' (skipped: installing needs root)';

let world: PackageWorld;
let oldApp: string;
let newApp: string;
let made = 0;

beforeAll(async () => {
  world = new PackageWorld(realpathSync(mkdtempSync(join(tmpdir(), 'nexy packages '))));
  oldApp = await world.makeApp('2.0.0.45');
  newApp = await world.makeApp('2.0.0.46');
});
afterAll(() => rmSync(world.folder, { recursive: true, force: true }));
beforeEach(() => world.install(oldApp));

const run = (tool: string, ...args: readonly string[]): Promise<ToolResult> =>
  runTool(join(world.tools, tool), args);

/** Installs on a Mac that differs in these things. */
function installOn(machine: Partial<Machine>, path: string): Promise<ToolResult> {
  made += 1;
  const appleRoots = [world.authority.fingerprint];
  const tools = makeMac(join(world.folder, `mac ${made}`), { appleRoots, ...machine });
  return runTool(join(tools, 'installer'), ['-pkg', path, '-target', '/']);
}

describe.skipIf(!HAS_FIXTURES)(`pkgutil says of a good signature what was recorded${NEEDS_FIXTURES}`, () => {
  /** Without what is each certificate's own, and without the time stamp, which packages made here have not. */
  function form(text: string): string {
    return (
      text
        .replace(/^ +Signed with a trusted timestamp on: .*\n/m, '')
        .replace(/Package ".*"/, 'Package "x"')
        .replace(/Expires: .*/g, 'Expires: x')
        .replace(/Developer ID Installer: .*/, 'Developer ID Installer: x')
        .replace(/\b[0-9A-F]{2}\b/g, 'XX')
        // Blanks at the ends of lines were lost in one of the two recordings.
        .replace(/ +$/gm, '')
    );
  }

  it('of a notarized package, to the line where the recording ends', async () => {
    const { stdout, status } = await run('pkgutil', '--check-signature', await world.makePackage(newApp));
    expect(status).toBe(0);
    for (const name of ['notarized', 'notarized-2']) {
      const known = form(readRecording(`pkgutil__check-signature-${name}.txt`)).trimEnd();
      // Both are cut somewhere in a fingerprint's last line.
      const lines = known.split('\n').slice(0, -1);
      expect(form(stdout).split('\n').slice(0, lines.length)).toEqual(lines);
    }
  });

  it('of one that is not notarized: no line about it', async () => {
    const { stdout, status } = await run(
      'pkgutil',
      '--check-signature',
      await world.makePackage(newApp, { isNotarized: false }),
    );
    expect(status).toBe(0);
    const known = readRecording('pkgutil__check-signature-signed-not-notarized.txt').split('\n');
    expect(stdout).toContain(`   ${known[0]}\n   Certificate Chain:\n    1. `);
    expect(stdout).not.toContain('Notarization');
  });

  it('of one whose certificate has run out', async () => {
    const plan = { kind: 'installer', team: TEAM, authority: world.authority } as const;
    const identity = makeIdentity({ ...plan, notAfter: new Date('2024-01-01') });
    const { stdout, status } = await run(
      'pkgutil',
      '--check-signature',
      await world.makePackage(newApp, { identity }),
    );
    const [, sentence] = readRecording('pkgutil__check-signature-expired.txt').split('\n');
    expect(stdout.split('\n')[1]).toBe(sentence);
    expect(status).not.toBe(0);
  });
});

describe('spctl judges packages', () => {
  const assess = (path: string) => run('spctl', '-a', '-vv', '-t', 'install', path);

  it('by notarization', async () => {
    const origin = `origin=Developer ID Installer: Nexy Ltd (${TEAM})\n`;
    const good = await world.makePackage(newApp);
    expect(await assess(good)).toEqual({
      status: 0,
      stdout: '',
      stderr: `${good}: accepted\nsource=Notarized Developer ID\n${origin}`,
    });
    const bad = await world.makePackage(newApp, { isNotarized: false });
    expect(await assess(bad)).toEqual({
      status: 3,
      stdout: '',
      stderr: `${bad}: rejected\nsource=Unnotarized Developer ID\n${origin}`,
    });
  });

  it('by whether there is a signature at all', async () => {
    const path = await world.makeUnsignedPackage(newApp);
    expect(await assess(path)).toMatchObject({
      status: 3,
      stderr: `${path}: rejected\nsource=no usable signature\n`,
    });
  });

  it.skipIf(!HAS_FIXTURES)(`not at all when the signature is torn${NEEDS_FIXTURES}`, async () => {
    const path = await world.makePackage(newApp);
    const length = Number(readFileSync(path).readBigUInt64BE(8));
    flipBit(path, 28 + length);
    const known = readRecording('spctl__install-internal-error-pkg.txt').trimEnd();
    expect((await assess(path)).stderr).toBe(`${path}${known.slice(known.indexOf(': '))}\n`);
  });
});

describe('codesign signs for a team', () => {
  it('whose certificate lies in the keychain that it is given', async () => {
    expect(await run('codesign', '--verify', '--deep', '--strict', '--verbose=1', newApp)).toMatchObject({
      status: 0,
    });
    const { stderr } = await run('codesign', '-d', '--verbose=2', newApp);
    expect(stderr).toContain(`TeamIdentifier=${TEAM}\n`);
    expect(stderr).toContain(`Authority=Developer ID Application: Nexy Ltd (${TEAM})\n`);
    expect(await run('codesign', '--verify', '-R=anchor apple generic', newApp)).toMatchObject({ status: 0 });
  });

  it('which means nothing on a Mac that does not know the root', async () => {
    const tool = join(MACOS_TOOLS, 'codesign');
    const verify = (...more: readonly string[]) =>
      runTool(tool, ['--verify', '--ignore-resources', ...more, newApp]);
    expect(await verify()).toMatchObject({ status: 0 });
    expect(await verify('-R=anchor apple generic')).toMatchObject({ status: 3 });
    // The seal of the nested code asks for Apple's root as well.
    expect(await runTool(tool, ['--verify', newApp])).toMatchObject({ status: 1 });
  });

  it('and says where there is no such identity', async () => {
    for (const more of [[], ['--keychain', join(world.folder, 'team.pem')]])
      expect(
        await run('codesign', '-f', '-s', 'Developer ID Application: Nobody', ...more, newApp),
      ).toMatchObject({
        status: 1,
        stderr: 'Developer ID Application: Nobody: no identity found\n',
      });
  });

  it('so that another CodeDirectory is not covered by the signature', () => {
    const identity = makeIdentity({ kind: 'application', team: TEAM, authority: makeAuthority() });
    const signature = makeCmsSignature(Buffer.from('one'), identity, new Date('2026-01-02T03:04:05Z'));
    const verified = verifySignature(signature, Buffer.from('one'));
    expect(verified).toMatchObject({ signingTime: new Date('2026-01-02T03:04:05Z'), timestamp: null });
    expect(verified.chain).toHaveLength(3);
    expect(() => verifySignature(signature, Buffer.from('two'))).toThrow();
    expect(() => parseCodeDirectory(Buffer.from('one'))).toThrow();
  });
});

describe.skipIf(!IS_ROOT)(`installer is as bad as it may be${NEEDS_ROOT}`, () => {
  it('killed, it leaves half an app, and no receipt', async () => {
    const path = await world.makePackage(newApp);
    const { status } = await installOn({ installer: { diesAfterFiles: 5 } }, path);
    expect(status).toBeNull();
    const tree = describeTree(world.target);
    expect(tree).not.toEqual(describeTree(newApp));
    expect(tree).not.toEqual(describeTree(oldApp));
    expect(tree.filter((line) => / [0-7]+ [0-9a-f]{64}$| -> /.test(line))).toHaveLength(5);
    expect(existsSync(join(world.folder, `mac ${made}`, 'receipts'))).toBe(false);
  });

  it('failing, it says so as recorded, and puts nothing back', async () => {
    const path = await world.makePackage(newApp);
    const { status, stdout } = await installOn({ installer: { failsAfterFiles: 3 } }, path);
    expect(status).toBe(1);
    if (HAS_FIXTURES) {
      const known = readRecording('installer__failed-moving-files.txt').trimEnd();
      expect(stdout).toContain(`\ninstaller: ${known}\n`);
    }
    expect(describeTree(world.target)).not.toEqual(describeTree(oldApp));
  });

  it('leaves nothing of an old bundle that the new one does not have', async () => {
    writeFileSync(join(world.target, 'Contents', 'old.txt'), 'old');
    expect((await installOn({}, await world.makePackage(newApp))).status).toBe(0);
    expect(describeTree(world.target)).toEqual(describeTree(newApp));
  });

  it('puts a relocatable app where an older copy is known, and leaves the usual place alone', async () => {
    const elsewhere = join(world.folder, 'Desktop', 'Nexy.app');
    cpSync(oldApp, elsewhere, { recursive: true, verbatimSymlinks: true });
    const path = await world.makePackage(newApp, { isRelocatable: true });
    expect((await installOn({ knownBundles: [elsewhere] }, path)).status).toBe(0);
    expect(describeTree(elsewhere)).toEqual(describeTree(newApp));
    expect(describeTree(world.target)).toEqual(describeTree(oldApp));
  });

  it('leaves a newer app alone, where versions are checked, and calls it a success', async () => {
    world.install(newApp);
    const path = await world.makePackage(oldApp, { isVersionChecked: true });
    expect(await installOn({}, path)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('successful'),
    });
    expect(describeTree(world.target)).toEqual(describeTree(newApp));
  });

  it('can be killed by somebody else at some moment', async () => {
    made += 1;
    const settings = { appleRoots: [world.authority.fingerprint], installer: { delay: 50 } };
    const tools = makeMac(join(world.folder, `mac ${made}`), settings);
    const path = await world.makePackage(newApp);
    const child = spawn(join(tools, 'installer'), ['-pkg', path, '-target', '/'], { stdio: 'ignore' });
    while (existsSync(join(world.target, 'Contents', 'Info.plist'))) await wait(5);
    child.kill('SIGKILL');
    const [, signal] = await once(child, 'exit');
    expect(signal).toBe('SIGKILL');
    expect(describeTree(world.target)).not.toEqual(describeTree(newApp));
  });

  it('says as recorded that only root may', async () => {
    const path = await world.makePackage(newApp);
    chmodSync(world.folder, 0o755);
    const child = spawn(join(world.tools, 'installer'), ['-pkg', path, '-target', '/'], {
      uid: 65_534,
      gid: 65_534,
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    const [status] = await once(child, 'close');
    expect({ status, text }).toEqual({
      status: 1,
      text: 'installer: Must be run as root to install this package.\n',
    });
    if (HAS_FIXTURES) expect(text).toBe(`${readRecording('installer__must-be-root.txt').trimEnd()}\n`);
  });
});

describe.skipIf(!IS_ROOT)(`installer writes nowhere but below the temporary folder${NEEDS_ROOT}`, () => {
  // A temporary folder of its own, so that there is an outside wherever this repository lies.
  const temporary = (): string => join(world.folder, 'temporary');
  const outside = (): string => join(world.folder, 'outside');

  function installConfined(path: string): Promise<ToolResult> {
    mkdirSync(temporary(), { recursive: true });
    mkdirSync(outside(), { recursive: true });
    return runTool(join(world.tools, 'installer'), ['-pkg', path, '-target', '/'], '', {
      TMPDIR: temporary(),
    });
  }

  it.each<[string, () => string]>([
    ['its place is elsewhere', () => join(outside(), 'new')],
    ['its place goes up', () => `${temporary()}/../outside/new`],
    ['its place is the folder around', () => world.folder],
  ])('although %s', async (_what, installLocation) => {
    const mark = join(world.folder, 'mark');
    const path = await world.makePackage(newApp, {
      installLocation: installLocation(),
      scripts: { preinstall: `#!/bin/sh\ntouch '${mark}'\n` },
    });
    const { status, stderr } = await installConfined(path);
    expect({ status, outside: readdirSync(outside()) }).toEqual({ status: 70, outside: [] });
    expect(stderr).toContain('this double writes only below');
    // It is told before any script of the package runs.
    expect(existsSync(mark)).toBe(false);
  });

  it('although a link leads there', async () => {
    const inside = join(temporary(), 'link to outside');
    mkdirSync(temporary(), { recursive: true });
    symlinkSync(outside(), inside);
    const path = await world.makePackage(newApp, { installLocation: inside });
    expect(await installConfined(path)).toMatchObject({ status: 70 });
    expect(readdirSync(outside())).toEqual([]);
  });

  it('although a link in the payload leads there', async () => {
    const path = await world.makePackage(newApp, {
      installLocation: join(temporary(), 'Applications'),
      changes: {
        payload: (files) => [
          ...files,
          { path: './out', text: null, linkTarget: outside() },
          { path: './out/written', text: 'x' },
        ],
      },
    });
    expect(await installConfined(path)).toMatchObject({ status: 70 });
    expect(readdirSync(outside())).toEqual([]);
  });
});

describe('scripts/make-package.ts', () => {
  const script = (...args: readonly string[]) =>
    execFileSync(process.execPath, [join(REPOSITORY, 'scripts', 'make-package.ts'), ...args], {
      encoding: 'utf8',
      stdio: 'pipe',
    });

  it('makes a package that is good on a Mac that knows the root it prints', async () => {
    const output = join(world.folder, 'made.pkg');
    const scripts = join(world.folder, 'scripts');
    mkdirSync(scripts);
    writeFileSync(join(scripts, 'postinstall'), '#!/bin/sh\n');
    const printed = script(
      ...['--app', newApp, '--output', output, '--team', TEAM, '--notarized', '--scripts', scripts],
      ...['--install-location', world.applications, '--min-os', '11.0', '--cpio', 'newc'],
    );
    const [path, root = ''] = printed.split('\n');
    expect(path).toBe(output);
    const tools = makeMac(join(world.folder, 'mac of the script'), { appleRoots: [root] });
    const { status, stdout } = await runTool(join(tools, 'pkgutil'), ['--check-signature', output]);
    expect(status).toBe(0);
    expect(stdout).toContain(`1. Developer ID Installer: Nexy Ltd (${TEAM})`);
    if (!IS_ROOT) return;
    expect((await runTool(join(tools, 'installer'), ['-pkg', output, '-target', '/'])).status).toBe(0);
    expect(describeTree(world.target)).toEqual(describeTree(newApp));
  });

  it('tells how it is used', () => {
    expect(script('--help')).toContain('--install-location');
    expect(() => script('--app', newApp)).toThrow(expect.objectContaining({ status: 2 }));
  });
});
