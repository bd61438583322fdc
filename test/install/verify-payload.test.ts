import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBundle } from '../../src/bundle/bundle.ts';
import type { Machine } from '../../src/install/machine.ts';
import { verifyPayload } from '../../src/install/verify-payload.ts';
import { parseVersion } from '../../src/version.ts';
import { MACOS_TOOLS } from '../support/fixtures.ts';
import { type AppPlan, makeApp } from '../support/make-app.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const MAC: Machine = { systemVersion: '15.7.7', architecture: 'arm64', hasRosetta: true };

interface Case {
  readonly app?: Partial<AppPlan>;
  readonly offered?: string;
  readonly current?: string | null;
  readonly allowDowngrade?: boolean;
  readonly machine?: Partial<Machine>;
  readonly change?: (app: string) => void;
}

async function verify({
  app,
  offered = '2.0.0.46',
  current = '2.0.0.45',
  allowDowngrade = false,
  machine,
  change,
}: Case) {
  const folder = await temporaryFolder();
  const path = await makeApp({
    folder,
    bundleId: 'com.nexy.assistant',
    shortVersion: '2.0.0.46',
    executable: { kind: 'mach-o', architectures: ['arm64', 'x86_64'] },
    sign: false,
    tools: MACOS_TOOLS,
    ...app,
  });
  change?.(path);
  return verifyPayload(await readBundle(path), {
    offered: parseVersion(offered),
    current: current === null ? null : parseVersion(current),
    allowDowngrade,
    machine: { ...MAC, ...machine },
  });
}

const INTEL: Partial<AppPlan> = { executable: { kind: 'mach-o', architectures: ['x86_64'] } };
const SILICON: Partial<AppPlan> = { executable: { kind: 'mach-o', architectures: ['arm64'] } };
/** A universal binary of arm64e and PowerPC slices (<mach-o/fat.h>, <mach/machine.h>). */
const FOREIGN = Buffer.alloc(4096);
[0xcafebabe, 2, 0x0100000c, 2, 0, 0, 0, 18, 0, 0, 0, 0].forEach((word, index) => {
  FOREIGN.writeUInt32BE(word, index * 4);
});

/** A thin binary of x86_64h (<mach/machine.h>: CPU_SUBTYPE_X86_64_H). */
const NEWER_INTEL = Buffer.alloc(4096);
[0xfeedfacf, 0x01000007, 8].forEach((word, index) => {
  NEWER_INTEL.writeUInt32LE(word, index * 4);
});

function rewriteInfo(app: string, change: (text: string) => string): void {
  const path = join(app, 'Contents', 'Info.plist');
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}

function shortenVersion(app: string): void {
  rewriteInfo(app, (text) => text.replace('<string>2.0</string>', '<string>1.9</string>'));
}

const SCRIPT: Partial<AppPlan> = { executable: { kind: 'script', text: '#!/bin/sh\n' } };

describe('a payload is accepted', () => {
  it.each<[string, Case]>([
    ['when it holds what was promised', {}],
    [
      'when only its bundle version is the promised one',
      { app: { shortVersion: '2.0', bundleVersion: '2.0.0.46' } },
    ],
    ['when its Info.plist is binary', { app: { plistFormat: 'binary' } }],
    ['when the version is written shorter', { app: { shortVersion: '2.1' }, offered: '2.1.0.0' }],
    ['when nothing is known of the installed version', { current: null }],
    ['when going back was allowed', { current: '3.0', allowDowngrade: true }],
    ['when macOS is just new enough', { app: { minimumSystemVersion: '15.7.7' } }],
    [
      'when nothing is known of this Mac',
      {
        app: { minimumSystemVersion: '99', ...INTEL },
        machine: { systemVersion: null, architecture: null, hasRosetta: null },
      },
    ],
    ['when it is for Intel and there is Rosetta', { app: INTEL }],
    ['when it is for Intel and nobody knows of Rosetta', { app: INTEL, machine: { hasRosetta: null } }],
    ['when it is a script', { app: SCRIPT, machine: { hasRosetta: false } }],
  ])('%s', async (_, given) => {
    expect(await verify(given)).toMatchObject({ version: { parts: expect.any(Array) } });
  });
});

describe('a payload is accepted, on the edge', () => {
  it.each<[string, Case]>([
    ['when both of its versions are promised', { app: { bundleVersion: '2.0.0.46' } }],
    ['when it was built for both', { machine: { architecture: 'x86_64' } }],
    [
      'when it is for Intel, on Intel',
      { app: INTEL, machine: { architecture: 'x86_64', hasRosetta: false } },
    ],
    ['when it is for Apple silicon, on Apple silicon', { app: SILICON, machine: { hasRosetta: false } }],
    ['when it needs a macOS that is none', { app: { minimumSystemVersion: 'Big Sur' } }],
    ['when this macOS is none', { machine: { systemVersion: 'unknown' } }],
    [
      'when nothing is known of this hardware',
      { app: SILICON, machine: { architecture: null, hasRosetta: null } },
    ],
    [
      'when it is for newer Intel processors only',
      {
        machine: { architecture: 'x86_64' },
        change: (app) => writeFileSync(join(app, 'Contents', 'MacOS', 'Nexy'), NEWER_INTEL),
      },
    ],
    // Read again after the exchange it counts as newer, so the same offer does not come again.
    [
      'when its own version is beyond the promised one',
      { app: { shortVersion: '2.0.1', bundleVersion: '2.0.0.46' } },
    ],
  ])('%s', async (_, given) => {
    const payload = await verify(given);
    expect(payload).toMatchObject({
      version: parseVersion('2.0.0.46'),
      bundle: { bundleId: 'com.nexy.assistant' },
    });
  });
});

describe('what a person reads of a payload that is refused', () => {
  it.each<[string, Case, string, Readonly<Record<string, unknown>>]>([
    [
      'another version',
      { app: { shortVersion: '2.0.0.31', bundleVersion: '31' } },
      '2.0.0.46 was not installed: the download contains 2.0.0.31. Nothing was changed. The release team has to publish it again.',
      { offered: '2.0.0.46', found: ['2.0.0.31', '31'] },
    ],
    [
      'a later version',
      { app: { shortVersion: '2.0.0.47', bundleVersion: '47' } },
      '2.0.0.46 was not installed: the download contains 2.0.0.47. Nothing was changed. The release team has to publish it again.',
      { offered: '2.0.0.46', found: ['2.0.0.47', '47'] },
    ],
    [
      'no version',
      {
        change: (app) =>
          writeFileSync(join(app, 'Contents', 'Info.plist'), '<plist version="1.0"><dict/></plist>'),
      },
      '2.0.0.46 was not installed: the download contains an app without a version. Nothing was changed. The release team has to publish it again.',
      { offered: '2.0.0.46', found: [] },
    ],
    [
      'a version that would be offered again and again',
      {
        app: { shortVersion: '2.0', bundleVersion: '2.0.0.46' },
        offered: '2.0.0.46',
        change: shortenVersion,
      },
      '2.0.0.46 was not installed: the download contains 1.9. Nothing was changed. The release team has to publish it again.',
      { offered: '2.0.0.46', found: ['1.9', '2.0.0.46'] },
    ],
    [
      'the installed version',
      { current: '2.0.0.46' },
      '2.0.0.46 was not installed: it is not newer than the installed 2.0.0.46. Nothing was changed.',
      { offered: '2.0.0.46', found: ['2.0.0.46'] },
    ],
    [
      'a macOS that is too old',
      { app: { minimumSystemVersion: '15.8' } },
      'This version needs macOS 15.8, and this Mac runs 15.7.7. Nothing was changed.',
      { minimum: '15.8', system: '15.7.7' },
    ],
    [
      'another architecture',
      { machine: { architecture: 'x86_64' }, app: SILICON },
      'This version was built for arm64, and this Mac has x86_64. Nothing was changed.',
      { architectures: ['arm64'], machine: 'x86_64' },
    ],
    [
      'several other architectures',
      { change: (app) => writeFileSync(join(app, 'Contents', 'MacOS', 'Nexy'), FOREIGN) },
      'This version was built for arm64e and ppc, and this Mac has arm64. Nothing was changed.',
      { architectures: ['arm64e', 'ppc'], machine: 'arm64' },
    ],
    [
      'no program',
      { change: (app) => rmSync(join(app, 'Contents', 'MacOS', 'Nexy')) },
      'The app in the download has no program that could be started. Nothing was changed.',
      { executable: 'Nexy' },
    ],
    [
      'a program that it does not name',
      { change: (app) => rewriteInfo(app, (text) => text.replace('CFBundleExecutable', 'Other')) },
      'The app in the download has no program that could be started. Nothing was changed.',
      { executable: null },
    ],
    [
      'a program in a folder that leads out of it',
      {
        change: (app) => {
          const folder = join(app, 'Contents', 'MacOS');
          renameSync(folder, `${app}-outside`);
          symlinkSync(`${app}-outside`, folder);
        },
      },
      'The app in the download has no program that could be started. Nothing was changed.',
      { executable: 'Nexy' },
    ],
  ])('%s', async (_, given, message, details) => {
    await expect(verify(given)).rejects.toMatchObject({ message, details });
  });
});

describe('a payload is refused', () => {
  it.each<[string, Case, string]>([
    [
      'when both versions are others',
      { app: { shortVersion: '2.0.0.31', bundleVersion: '2.0.0.31' } },
      'payload-version-mismatch',
    ],
    ['when it has no version', { app: { shortVersion: '' } }, 'payload-version-mismatch'],
    ['when its version is none', { app: { shortVersion: '2.0.0.46-beta' } }, 'payload-version-mismatch'],
    ['when it is not newer', { current: '2.0.0.46' }, 'payload-version-mismatch'],
    ['when it is older', { current: '2.0.0.47' }, 'payload-version-mismatch'],
    ['when it needs a newer macOS', { app: { minimumSystemVersion: '15.8' } }, 'payload-incompatible'],
    [
      'when it is for Apple silicon on Intel',
      { app: SILICON, machine: { architecture: 'x86_64' } },
      'payload-incompatible',
    ],
    [
      'when it is for Intel and Rosetta is gone',
      { app: INTEL, machine: { hasRosetta: false } },
      'payload-incompatible',
    ],
    [
      'when its program is not there',
      { change: (app) => rmSync(join(app, 'Contents', 'MacOS', 'Nexy')) },
      'payload-incompatible',
    ],
    [
      'when its program cannot be started',
      { change: (app) => chmodSync(join(app, 'Contents', 'MacOS', 'Nexy'), 0o644) },
      'payload-incompatible',
    ],
    [
      'when its program is a link',
      {
        change: (app) => {
          const program = join(app, 'Contents', 'MacOS', 'Nexy');
          rmSync(program);
          symlinkSync('/bin/sh', program);
        },
      },
      'payload-incompatible',
    ],
    [
      'when its program is a folder',
      {
        change: (app) => {
          rmSync(join(app, 'Contents', 'MacOS', 'Nexy'));
          mkdirSync(join(app, 'Contents', 'MacOS', 'Nexy'));
        },
      },
      'payload-incompatible',
    ],
  ])('%s', async (_, given, code) => {
    await expect(verify(given)).rejects.toMatchObject({
      code,
      message: expect.stringContaining('Nothing was changed'),
    });
  });

  it('and tells which versions it holds, so that the bytes are not fetched again', async () => {
    await expect(verify({ app: { shortVersion: '2.0.0.31', bundleVersion: '31' } })).rejects.toMatchObject({
      details: { offered: '2.0.0.46', found: ['2.0.0.31', '31'] },
    });
  });
});
