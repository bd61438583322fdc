import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parsePropertyList } from '../../../src/bundle/property-list.ts';
import { readMachine } from '../../../src/install/machine.ts';
import { openImage } from '../../../src/install/open-image.ts';
import { findProcessesRunningFrom } from '../../../src/install/processes.ts';
import {
  readDesignatedRequirement,
  verifyGatekeeper,
  verifySignature,
} from '../../../src/install/signature.ts';
import { Tools } from '../../../src/install/tools.ts';
import { type BuildPlan, buildPlan } from '../../../src/lab/builds/build-plan.ts';
import { makeBuild } from '../../../src/lab/builds/make-build.ts';
import type { LabMac } from '../../../src/lab/mac/lab-mac.ts';
import { type MacOptions, openMac } from '../../../src/lab/mac/open-mac.ts';
import { HAS_FIXTURES, NEEDS_FIXTURES, recordedOutput } from '../../support/fixtures.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { describeTree } from '../../support/tree.ts';

const FAILS: (message: string) => never = (message) => {
  throw new Error(message);
};

async function open(more: Partial<MacOptions> = {}): Promise<{
  readonly mac: LabMac;
  readonly tools: Tools;
  readonly folder: string;
  readonly said: string[];
}> {
  const folder = join(await temporaryFolder(), 'mac');
  const said: string[] = [];
  const mac = await openMac({
    folder,
    macos: '15.5',
    architecture: 'arm64',
    installed: makeBuild(buildPlan('2.0.0.31')),
    trace: ({ kind, text }) => said.push(`${kind}: ${text}`),
    ...more,
  });
  return { mac, tools: new Tools(null, mac), folder, said };
}

const parsed = (text: string) => parsePropertyList(Buffer.from(text.trim()), 'it');

async function imageOf(folder: string, plan: BuildPlan): Promise<string> {
  const image = join(folder, 'Nexy.dmg');
  await writeFile(image, makeBuild(plan).bytes);
  return image;
}

describe('the installed app', () => {
  it('is the build that the Mac was set up with, and tells its plan', async () => {
    const plan = buildPlan('1.0.1', { bundleVersion: '20600', minimumOs: '12.0', label: 'first' });
    const { mac, folder } = await open({ installed: makeBuild(plan) });
    expect(await mac.installed()).toEqual(plan);
    expect(mac.app).toBe(join(folder, 'Applications', 'Nexy.app'));
  });

  it('is replaced by hand with all that is in it', async () => {
    const { mac } = await open();
    await writeFile(join(mac.app, 'Contents', 'left-behind'), '');
    const next = buildPlan('2.0.0.46', { updater: 'ours' });
    await mac.install(makeBuild(next));
    expect(await mac.installed()).toEqual(next);
    expect(existsSync(join(mac.app, 'Contents', 'left-behind'))).toBe(false);
  });

  it('cannot be a text file', async () => {
    const text = makeBuild(buildPlan('2.0.0.46', { kind: 'text' }));
    await expect(open({ installed: text })).rejects.toMatchObject({ code: 'image-unreadable' });
  });

  it('is read from the disk: another Info.plist is another app', async () => {
    const { mac } = await open();
    const info = join(mac.app, 'Contents', 'Info.plist');
    await writeFile(info, (await readFile(info, 'utf8')).replaceAll('2.0.0.31', '2.0.0.99'));
    expect(await mac.installed()).toMatchObject({ version: '2.0.0.99' });
  });

  it('is of two Macs each its own', async () => {
    const [one, other] = [await open(), await open()];
    await one.mac.install(makeBuild(buildPlan('2.0.0.46')));
    expect(await other.mac.installed()).toMatchObject({ version: '2.0.0.31' });
  });

  it.each([
    ['11.7', '11.0', true],
    ['11.7', '12.0', false],
    ['26.5.2', '13', true],
    ['12', '12.0.1', false],
    ['12.6', 'none', true],
  ])('on macOS %s, needing %s: starts %s', async (macos, minimum, starts) => {
    const { mac } = await open({ macos });
    expect(mac.starts(minimum)).toBe(starts);
  });

  it('goes with the Mac', async () => {
    const { mac, folder } = await open();
    await mac.close();
    expect(existsSync(folder)).toBe(false);
  });
});

describe('what the updater asks the Mac', () => {
  it.each([
    ['arm64', { systemVersion: '12.7.6', architecture: 'arm64', hasRosetta: true }],
    ['x86_64', { systemVersion: '12.7.6', architecture: 'x86_64', hasRosetta: true }],
  ] as const)('is told of a Mac with %s', async (architecture, machine) => {
    const { tools } = await open({ macos: '12.7.6', architecture });
    expect(await readMachine(tools)).toEqual(machine);
  });

  it('has no gktool, and nothing for packages and passwords', async () => {
    const { tools } = await open();
    expect(await tools.exists('gktool')).toBe(false);
    for (const name of ['installer', 'osascript', 'pkgutil', 'sh'] as const)
      await expect(tools.run(name, [])).rejects.toMatchObject({ code: 'usage' });
  });

  it('runs nothing', async () => {
    const { mac, tools } = await open();
    expect(await findProcessesRunningFrom(mac.app, tools)).toEqual([]);
  });

  it.each([
    ['codesign', ['--sign', '-', 'x']],
    ['spctl', ['--status']],
    ['hdiutil', ['create', 'x']],
    ['hdiutil', ['attach', '-shadow', 'x']],
    ['ditto', ['-xk', 'a', 'b']],
    ['sw_vers', []],
    ['sysctl', ['-a']],
  ] as const)('is told where it asks %s for what is not there', async (name, args) => {
    const { tools } = await open();
    expect(await tools.run(name, args)).toMatchObject({
      status: 64,
      stderr: expect.stringContaining('does not understand'),
    });
  });

  it('is shown in the trace, with paths as on a Mac', async () => {
    const { mac, tools, said } = await open();
    await tools.run('spctl', ['--assess', '--type', 'execute', '--verbose=2', mac.app]);
    await tools.run('hdiutil', ['detach', '/dev/disk4']);
    expect(said).toEqual([
      'tool: spctl --assess --type execute --verbose=2 /Applications/Nexy.app',
      'tool: hdiutil detach /dev/disk4 → status 1: hdiutil: detach failed - No such file or directory',
    ]);
  });

  it('is cut off by a signal', async () => {
    const { tools } = await open();
    const signal = AbortSignal.abort();
    await expect(tools.run('sync', [], { signal })).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('signatures', () => {
  it('are good, accepted, and of one team', async () => {
    const { mac, tools } = await open();
    const options = { tools, warn: FAILS };
    const requirement = await readDesignatedRequirement(mac.app, options);
    expect(requirement).toContain('identifier "com.nexy.assistant"');
    await verifySignature(mac.app, requirement, options);
    expect(await verifyGatekeeper(mac.app, mac.app, options)).toBe(true);
  });

  it('of another team satisfy nobody', async () => {
    const [installed, other] = [await open(), await open()];
    await writeFile(join(other.mac.app, 'Contents', '_CodeSignature', 'team'), 'SOMEBODY01\n');
    const requirement = await readDesignatedRequirement(installed.mac.app, {
      tools: installed.tools,
      warn: FAILS,
    });
    await expect(
      verifySignature(other.mac.app, requirement, { tools: installed.tools, warn: FAILS }),
    ).rejects.toMatchObject({ code: 'requirement-mismatch' });
  });

  it('may be missing', async () => {
    const { mac, tools } = await open();
    await rm(join(mac.app, 'Contents', '_CodeSignature'), { recursive: true });
    await expect(readDesignatedRequirement(mac.app, { tools, warn: FAILS })).rejects.toMatchObject({
      code: 'signature-invalid',
    });
    expect(await tools.run('codesign', ['--verify', '--deep', '--strict', mac.app])).toMatchObject({
      status: 1,
    });
    expect(await tools.run('spctl', ['--assess', '--type', 'execute', mac.app])).toMatchObject({ status: 3 });
  });
});

describe('disk images', () => {
  it('are attached below a private folder, and detached again', async () => {
    const { mac, tools, folder } = await open();
    const plan = buildPlan('2.0.0.46');
    const cacheFolder = join(folder, 'cache');
    const image = await openImage(await imageOf(folder, plan), { tools, cacheFolder, warn: FAILS });
    const [mountPoint = ''] = image.mountPoints;
    expect(image.mountPoints).toHaveLength(1);
    const listing = await tools.run('hdiutil', ['info', '-plist']);
    expect(listing.stdout).toContain(`<string>${mountPoint}</string>`);
    const copied = join(folder, 'Copy.app');
    expect(await tools.run('ditto', [join(mountPoint, 'Nexy.app'), copied])).toMatchObject({ status: 0 });
    await image.close();
    expect(existsSync(mountPoint)).toBe(false);
    expect((await tools.run('hdiutil', ['info', '-plist'])).stdout).not.toContain('mount-point');
    await mac.install(makeBuild(plan));
    expect(describeTree(copied)).toEqual(describeTree(mac.app));
  });

  it('may be mounted in a named folder, or among the volumes', async () => {
    const { tools, folder } = await open();
    const image = await imageOf(folder, buildPlan('2.0.0.46'));
    const place = join(folder, 'place');
    await tools.run('hdiutil', ['attach', '-nobrowse', image]);
    await tools.run('hdiutil', ['attach', '-nobrowse', '-mountpoint', place, image]);
    expect(readdirSync(join(folder, 'Volumes', 'Nexy'))).toEqual(['Nexy.app']);
    expect(readdirSync(place)).toEqual(['Nexy.app']);
    expect(await tools.run('hdiutil', ['detach', '-force', place])).toEqual({
      status: 0,
      stdout: '"disk5" ejected.\n',
      stderr: '',
    });
  });

  it.each([
    ['a text file', Buffer.from(makeBuild(buildPlan('2.0.0.46', { kind: 'text' })).bytes)],
    ['zeroes', Buffer.alloc(100_000)],
    ['nothing', Buffer.alloc(0)],
  ])('are not recognized in %s, and no mount folder stays', async (_, bytes) => {
    const { tools, folder } = await open();
    const path = join(folder, 'Nexy.dmg');
    await writeFile(path, bytes);
    const cacheFolder = join(folder, 'cache');
    await expect(openImage(path, { tools, cacheFolder, warn: FAILS })).rejects.toMatchObject({
      code: 'image-unreadable',
    });
    expect(readdirSync(join(cacheFolder, 'mounts'))).toEqual([]);
  });

  it('that are not there, and places that are taken, are refused', async () => {
    const { tools, folder } = await open();
    expect(await tools.run('hdiutil', ['attach', '-plist', join(folder, 'none.dmg')])).toMatchObject({
      status: 1,
      stderr: 'hdiutil: attach failed - No such file or directory\n',
    });
    await mkdir(join(folder, 'taken'));
    const args = ['attach', '-mountpoint', join(folder, 'taken')];
    const image = await imageOf(folder, buildPlan('2.0.0.46'));
    expect(await tools.run('hdiutil', [...args, image])).toMatchObject({ status: 1 });
  });
});

describe.skipIf(!HAS_FIXTURES)(
  `words are those that were recorded from Apple's tools${NEEDS_FIXTURES}`,
  () => {
    it('hdiutil', async () => {
      const { tools, folder } = await open();
      await writeFile(join(folder, 'text.dmg'), 'text');
      const failed = await tools.run('hdiutil', ['attach', join(folder, 'text.dmg')]);
      expect(failed.stderr).toBe(recordedOutput('hdiutil__attach-image-not-recognized.txt'));
      const none = await tools.run('hdiutil', ['info', '-plist']);
      expect(parsed(none.stdout)).toEqual(
        parsed(recordedOutput('hdiutil__info-plist-nothing-attached.plist')),
      );
      const image = await imageOf(folder, buildPlan('2.0.0.46'));
      const { stdout } = await tools.run('hdiutil', ['attach', '-plist', image]);
      const shown = stdout.replace(/<string>[^<]*\/Volumes\/Nexy</, '<string>/Volumes/Eclipse<');
      expect(parsed(shown)).toEqual(parsed(recordedOutput('hdiutil__attach-plist-hfs-gpt.plist')));
      const ejected = await tools.run('hdiutil', ['detach', '/dev/disk4']);
      expect(ejected.stdout).toBe(recordedOutput('hdiutil__detach-ok.txt'));
    });

    it('codesign and spctl', async () => {
      const { mac, tools } = await open();
      const shown = await tools.run('codesign', ['-d', '-r-', mac.app]);
      const line = recordedOutput('codesign__display-r-developer-id-2015.txt').trim().split('\n').at(-1);
      expect(shown.stdout.trim()).toBe(
        line
          ?.replace('com.blackpixel.kaleidoscope', 'com.nexy.assistant')
          .replace('432ZXYXDNY', 'NEXYLAB001'),
      );
      const accepted = await tools.run('spctl', ['--assess', '--type', 'execute', '--verbose=2', mac.app]);
      const recorded = recordedOutput('spctl__execute-accepted-notarized.txt');
      expect(accepted.stderr.replace(mac.app, 'FrankenCodeBrowser.app')).toBe(
        recorded.replace('A Person (ABCDE12345)', 'Nexy (NEXYLAB001)'),
      );
      const verified = await tools.run('codesign', [
        '--verify',
        '--deep',
        '--strict',
        '--verbose=2',
        mac.app,
      ]);
      expect(verified.stderr.replaceAll(mac.app, 'FrankenCodeBrowser.app')).toBe(
        recordedOutput('codesign__verify-deep-ok.txt'),
      );
    });
  },
);
