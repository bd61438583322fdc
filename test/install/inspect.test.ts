import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { digestFile, inspectApp, unknownKind, withImageContents } from '../../src/install/inspect.ts';
import { Tools } from '../../src/install/tools.ts';
import { HAS_FIXTURES, MACOS_TOOLS, NEEDS_FIXTURES, recordedOutput } from '../support/fixtures.ts';
import { canMakeImages, makeImage } from '../support/make-image.ts';
import { makeMachO } from '../support/make-mach-o.ts';
import { callsOf, writeScriptedTool } from '../support/scripted-tool.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let folder: string;
let app: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  app = join(folder, 'Nexy.app');
  putApp('<key>CFBundleExecutable</key><string>Nexy</string>');
  writeFileSync(join(app, 'Contents', 'MacOS', 'Nexy'), makeMachO(['arm64', 'x86_64']));
});

function putApp(more: string): void {
  mkdirSync(join(app, 'Contents', 'MacOS'), { recursive: true });
  const version = '<key>CFBundleShortVersionString</key><string>2.0</string>';
  writeFileSync(
    join(app, 'Contents', 'Info.plist'),
    `<plist version="1.0"><dict><key>CFBundleIdentifier</key><string>b</string>${version}${more}</dict></plist>`,
  );
}

const inspect = (checksSignature = true) => inspectApp(app, { tools: new Tools(folder), checksSignature });

describe('an app that is looked at', () => {
  it('tells what it says of itself, and what codesign says', async () => {
    writeScriptedTool(folder, 'codesign', [{ stdout: '# designated => anchor apple \n' }, {}]);
    expect(await inspect()).toEqual({
      name: 'Nexy.app',
      bundleId: 'b',
      version: '2.0',
      shortVersion: '2.0',
      bundleVersion: null,
      minOs: null,
      archs: ['arm64', 'x86_64'],
      signature: { state: 'valid', requirement: 'anchor apple', message: null },
    });
    expect(callsOf(folder, 'codesign')).toEqual([
      ['-d', '-r-', app],
      ['--verify', '--deep', '--strict', '--verbose=2', app],
    ]);
  });

  it.each<[string, () => void]>([
    ['names no program', () => putApp('')],
    ['names a path', () => putApp('<key>CFBundleExecutable</key><string>../Nexy</string>')],
    [
      'names a program that is not there',
      () => putApp('<key>CFBundleExecutable</key><string>Other</string>'),
    ],
    [
      'has a folder in its place',
      () => {
        putApp('<key>CFBundleExecutable</key><string>Folder</string>');
        mkdirSync(join(app, 'Contents', 'MacOS', 'Folder'));
      },
    ],
    ['has a script for it', () => writeFileSync(join(app, 'Contents', 'MacOS', 'Nexy'), '#!/bin/sh\n')],
  ])('has no architectures where it %s', async (_name, change) => {
    change();
    expect((await inspect()).archs).toBeNull();
  });

  it('is not checked where that is not wanted, or codesign is not there', async () => {
    const unchecked = { state: 'not-checked', requirement: null, message: null };
    expect((await inspect()).signature).toEqual(unchecked);
    writeScriptedTool(folder, 'codesign', [{}]);
    expect((await inspect(false)).signature).toEqual(unchecked);
    expect(callsOf(folder, 'codesign')).toEqual([]);
  });

  it.skipIf(!HAS_FIXTURES)(`is unsigned or invalid in codesign's own words${NEEDS_FIXTURES}`, async () => {
    const unsigned = recordedOutput('codesign__display-not-signed.txt').replace(/^[^:]*/, app);
    writeScriptedTool(folder, 'codesign', [{ status: 1 }, { stderr: unsigned, status: 1 }]);
    expect((await inspect()).signature).toEqual({
      state: 'unsigned',
      requirement: null,
      message: 'Nexy.app: code object is not signed at all',
    });
    const broken = recordedOutput('codesign__verify-invalid-signature.txt');
    const designated = { stdout: 'designated => cdhash H"00"\n' };
    writeScriptedTool(folder, 'codesign', [{}, {}, designated, { stderr: broken, status: 1 }]);
    expect((await inspect()).signature).toEqual({
      state: 'invalid',
      requirement: 'cdhash H"00"',
      message: expect.stringContaining('invalid signature'),
    });
  });
});

describe('a file that is looked at', () => {
  it.each([0, 1, 3 * 1024 * 1024])('is counted and hashed, %i bytes long', async (size) => {
    const bytes = Buffer.alloc(size, 'nexy');
    writeFileSync(join(folder, 'file'), bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(await digestFile(join(folder, 'file'))).toEqual({ size, sha256 });
  });

  it('of another kind is named', () => {
    expect(unknownKind('/x.zip')).toMatchObject({
      code: 'usage',
      message: '/x.zip is neither a disk image (.dmg), a package (.pkg) nor an app (.app).',
    });
  });
});

describe.skipIf(!canMakeImages())('an image that is looked at (needs xorriso)', () => {
  it('shows what a person would see of it, and nothing of it stays', async () => {
    const source = join(folder, 'source');
    mkdirSync(join(source, '.background'), { recursive: true });
    mkdirSync(join(source, 'Nexy.app'));
    writeFileSync(join(source, 'Read me.txt'), '');
    symlinkSync('/Applications', join(source, 'Applications'));
    chmodSync(join(source, 'Nexy.app'), 0o555);
    const output = join(folder, 'Nexy.dmg');
    await makeImage({ sourceFolder: source, volumeName: 'Nexy', output, tools: MACOS_TOOLS });
    let extracted = '';
    const names = await withImageContents(output, async (contents, topLevel) => {
      extracted = contents;
      return topLevel;
    });
    expect([...names].sort()).toEqual(['Nexy.app', 'Read me.txt']);
    await expect(digestFile(join(extracted, 'Read me.txt'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
