import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
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
