import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FIXTURES, HAS_FIXTURES, MACOS_TOOLS, NEEDS_FIXTURES } from '../support/fixtures.ts';
import { canMakeImages, flipBit, makeImage } from '../support/make-image.ts';
import { describeTree } from '../support/tree.ts';
import { readRecording, recorded, runTool, type ToolResult } from './contract.ts';
import { BadImage, readUdif, verifyUdif } from './lib/disk-images/udif.ts';

const MAKES_IMAGES = canMakeImages();
const NEEDS_XORRISO = MAKES_IMAGES ? '' : ' (skipped: xorriso is not installed)';
const APFS = join(FIXTURES, 'disk-images', 'SparkleTestCodeSign_pkg.dmg');

let folder: string;
let mounts: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'nexy doubles ')));
  mounts = join(folder, 'mounts');
  mkdirSync(mounts);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a double on a machine of this test's own: what is attached is remembered in its TMPDIR. */
function run(tool: string, ...toolArguments: readonly string[]): Promise<ToolResult> {
  return runTool(join(MACOS_TOOLS, tool), toolArguments, 'Y\n', { TMPDIR: folder });
}

async function attachedCount(): Promise<number> {
  const { stdout } = await run('hdiutil', 'info', '-plist');
  return stdout.split('<key>image-path</key>').length - 1;
}

/** Images and records that a dead process may leave; nothing else belongs into these folders. */
function leftovers(): readonly string[] {
  const state = readdirSync(folder).find((name) => name.startsWith('macos-tools-'));
  const records =
    state === undefined ? [] : readdirSync(join(folder, state)).filter((name) => name !== 'last');
  return [...readdirSync(mounts), ...records];
}

function makeSource(): string {
  const source = join(folder, 'source');
  mkdirSync(join(source, 'App.app', 'Contents'), { recursive: true });
  for (let index = 0; index < 200; index += 1)
    writeFileSync(join(source, 'App.app', 'Contents', `file ${index}`), `contents ${index}\n`.repeat(300));
  symlinkSync('/Applications', join(source, 'Applications'));
  return source;
}

function makeSmallImage(format: 'UDZO' | 'UDRO' = 'UDZO'): string {
  return makeImage({
    sourceFolder: makeSource(),
    volumeName: 'Small',
    output: join(folder, 'small image.dmg'),
    format,
    tools: MACOS_TOOLS,
  });
}

describe.skipIf(!MAKES_IMAGES)(`hdiutil${NEEDS_XORRISO}`, () => {
  it('shows the tree of the image, and takes it away again', async () => {
    const image = makeSmallImage();
    const attached = await run('hdiutil', 'attach', '-plist', '-readonly', '-mountrandom', mounts, image);
    expect(attached).toMatchObject({ status: 0, stderr: '' });
    const [name = ''] = readdirSync(mounts);
    expect(describeTree(join(mounts, name))).toEqual(describeTree(join(folder, 'source')));
    expect(await attachedCount()).toBe(1);
    expect(await run('hdiutil', 'detach', join(mounts, name))).toMatchObject({
      status: 0,
      stdout: '"disk4" ejected.\n',
    });
    expect(await attachedCount()).toBe(0);
    expect(leftovers()).toEqual([]);
  });

  it('can be killed at any moment, and the next call clears up', async () => {
    const image = makeSmallImage();
    let [showed, undone] = [0, 0];
    for (let round = 0; round < 25; round += 1) {
      const child = spawn(join(MACOS_TOOLS, 'hdiutil'), ['attach', '-plist', '-mountrandom', mounts, image], {
        env: { ...process.env, TMPDIR: folder },
        stdio: 'ignore',
      });
      const ended = once(child, 'exit');
      await wait(round * 16);
      child.kill('SIGKILL');
      await ended;
      const count = await attachedCount();
      const names = readdirSync(mounts);
      expect(names.length).toBe(count);
      for (const name of names) {
        showed += 1;
        expect(describeTree(join(mounts, name))).toEqual(describeTree(join(folder, 'source')));
        expect((await run('hdiutil', 'detach', join(mounts, name))).status).toBe(0);
      }
      if (count === 0) undone += 1;
      expect(leftovers()).toEqual([]);
    }
    // Both kinds must have been there, or the moments were badly chosen.
    expect(undone).toBeGreaterThan(0);
    expect(showed + undone).toBe(25);
  });

  it('finishes a detach that was killed', async () => {
    const image = makeSmallImage();
    for (let round = 0; round < 12; round += 1) {
      await run('hdiutil', 'attach', '-quiet', '-mountrandom', mounts, image);
      const [name = ''] = readdirSync(mounts);
      const child = spawn(join(MACOS_TOOLS, 'hdiutil'), ['detach', join(mounts, name)], {
        env: { ...process.env, TMPDIR: folder },
        stdio: 'ignore',
      });
      const ended = once(child, 'exit');
      await wait(30 + round * 4);
      child.kill('SIGKILL');
      await ended;
      const count = await attachedCount();
      expect(readdirSync(mounts).length).toBe(count);
      if (count === 1) await run('hdiutil', 'detach', join(mounts, name));
      expect(leftovers()).toEqual([]);
    }
  });

  it('gives each of many images at once a device of its own', async () => {
    const image = makeSmallImage();
    const copies = Array.from({ length: 6 }, (_, index) => {
      const copy = join(folder, `copy ${index}.dmg`);
      copyFileSync(image, copy);
      return copy;
    });
    const results = await Promise.all(
      copies.map((copy) => run('hdiutil', 'attach', '-plist', '-mountrandom', mounts, copy)),
    );
    expect(results.map(({ status, stderr }) => [status, stderr])).toEqual(copies.map(() => [0, '']));
    const devices = results.map(({ stdout }) => /\/dev\/disk(\d+)</.exec(stdout)?.[1]);
    expect(new Set(devices).size).toBe(6);
    expect(await attachedCount()).toBe(6);
    const detached = await Promise.all(
      readdirSync(mounts).map((name) => run('hdiutil', 'detach', join(mounts, name))),
    );
    expect(detached.map(({ status }) => status)).toEqual(copies.map(() => 0));
    expect(leftovers()).toEqual([]);
  });

  it('attaches one image once, whoever asks at the same time', async () => {
    const image = makeSmallImage();
    const results = await Promise.all(
      Array.from({ length: 4 }, () => run('hdiutil', 'attach', '-plist', '-mountrandom', mounts, image)),
    );
    expect(results.some(({ status }) => status === 0)).toBe(true);
    for (const { status, stderr } of results)
      if (status !== 0) expect(stderr).toBe('hdiutil: attach failed - Resource temporarily unavailable\n');
    expect(await attachedCount()).toBe(1);
    expect(readdirSync(mounts)).toHaveLength(1);
  });

  it('forgets an image whose mounted folder was removed', async () => {
    await run('hdiutil', 'attach', '-quiet', '-mountrandom', mounts, makeSmallImage());
    rmSync(mounts, { recursive: true });
    mkdirSync(mounts);
    expect(await attachedCount()).toBe(0);
    expect(leftovers()).toEqual([]);
  });

  it('leaves nothing when the disk is full', async (context) => {
    const image = makeSmallImage();
    const mounted = await runTool('/bin/mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', mounts]);
    context.skip(mounted.status !== 0, 'no tmpfs can be mounted here');
    try {
      expect(await run('hdiutil', 'attach', '-plist', '-mountrandom', mounts, image)).toEqual({
        status: 1,
        stdout: '',
        stderr: 'hdiutil: attach failed - No space left on device\n',
      });
      expect(leftovers()).toEqual([]);
      const full = await run('ditto', join(folder, 'source'), join(mounts, 'copy'));
      expect(full.status).toBe(1);
      expect(full.stderr).toMatch(/^ditto: .*: No space left on device\n$/);
    } finally {
      await runTool('/bin/umount', [mounts]);
    }
  });

  it.each(['UDZO', 'UDRO'] as const)('finds one flipped bit anywhere in the data: %s', async (format) => {
    const image = makeSmallImage(format);
    const sound = await readUdif(image);
    if (sound === null) throw new Error('no trailer');
    await verifyUdif(sound, async () => true);
    await fc.assert(
      fc.asyncProperty(fc.nat(sound.dataLength - 1), fc.nat(7), async (offset, bit) => {
        flipBit(image, offset, bit);
        await expect(verifyUdif(sound, async () => true)).rejects.toThrow(BadImage);
        flipBit(image, offset, bit);
      }),
      { numRuns: 50 },
    );
  });

  it('never takes a flipped bit of the tables for sound data', async () => {
    const image = makeSmallImage();
    const bytes = readFileSync(image);
    const begin = bytes.indexOf('<?xml');
    const wanted = describeTree(join(folder, 'source'));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: begin, max: bytes.length - 1 }), fc.nat(7), async (offset, bit) => {
        flipBit(image, offset, bit);
        const { status } = await run('hdiutil', 'attach', '-quiet', '-mountrandom', mounts, image);
        // Some bits are of no account (names, padding, reserved fields); then all is as it should be.
        for (const name of readdirSync(mounts)) {
          expect(status).toBe(0);
          expect(describeTree(join(mounts, name))).toEqual(wanted);
          await run('hdiutil', 'detach', join(mounts, name));
        }
        flipBit(image, offset, bit);
      }),
      { numRuns: 25 },
    );
  });
});

describe('the pretended Mac', () => {
  function pretend(machine: object): string {
    const tools = join(folder, 'tools');
    mkdirSync(tools);
    for (const tool of ['sw_vers', 'sysctl', 'hdiutil'])
      symlinkSync(join(MACOS_TOOLS, tool), join(tools, tool));
    writeFileSync(join(tools, 'machine.json'), JSON.stringify(machine));
    return tools;
  }

  const machine = {
    productName: 'macOS',
    productVersion: '27.0',
    buildVersion: '26A428',
    architecture: 'x86_64',
  };

  it("is another one with links and a machine.json in a folder of one's own", async () => {
    const tools = pretend(machine);
    expect((await runTool(join(tools, 'sw_vers'), ['-productVersion'])).stdout).toBe('27.0\n');
    expect(await runTool(join(tools, 'sysctl'), ['-n', 'hw.optional.arm64'])).toMatchObject({
      status: 1,
      stdout: '',
    });
  });

  it.skipIf(!HAS_FIXTURES)(`warns as macOS 27 does${NEEDS_FIXTURES}`, async () => {
    const tools = pretend(machine);
    const { stderr } = await runTool(join(tools, 'hdiutil'), [
      'attach',
      '-nobrowse',
      '-readonly',
      join(folder, 'none.dmg'),
    ]);
    const [warning] = readRecording(
      recorded('hdiutil__attach-no-such-file-macos27-french.txt').recording,
    ).split('\n');
    expect(stderr).toBe(`${warning}\nhdiutil: attach failed - No such file or directory\n`);
  });

  it.skipIf(!HAS_FIXTURES)(
    `works for a user without rights in the repository${NEEDS_FIXTURES}`,
    async (context) => {
      context.skip(process.getuid?.() !== 0, 'only root can become another user');
      const own = join(folder, 'own');
      mkdirSync(own);
      chmodSync(folder, 0o755);
      chmodSync(own, 0o777);
      const image = join(own, 'image.dmg');
      cpSync(APFS, image);
      const script = `'${MACOS_TOOLS}/hdiutil' attach -quiet -mountrandom '${own}' '${image}' && ls -a '${own}'/dmg.* && '${MACOS_TOOLS}/hdiutil' detach '${own}'/dmg.*`;
      const result = await runTool('/bin/su', ['-s', '/bin/sh', 'nobody', '-c', script], '', { TMPDIR: own });
      expect(result.stderr).toBe('');
      expect(result.stdout).toMatch(/SparkleTestCodeSignApp\.pkg\n"disk4" ejected\.\n$/);
      expect(statSync(own).isDirectory()).toBe(true);
    },
  );
});
