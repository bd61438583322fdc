import { existsSync, lstatSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readArchitectures } from '../../src/bundle/architectures.ts';
import { readBundle } from '../../src/bundle/bundle.ts';
import { MACOS_TOOLS } from './fixtures.ts';
import { makeApp } from './make-app.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'make app '));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

for (const plistFormat of ['xml', 'binary'] as const)
  it(`makes a bundle with a ${plistFormat} property list that the client can read`, async () => {
    const app = await makeApp({
      folder,
      bundleName: 'Näxy 2.app',
      bundleId: 'com.nexy.assistant',
      shortVersion: '2.0.0.46',
      bundleVersion: '46',
      minimumSystemVersion: '11.0',
      executable: { kind: 'mach-o', architectures: ['x86_64', 'arm64'] },
      plistFormat,
      extraFiles: { 'Contents/Resources/deep/er/file': 'content' },
      links: { 'Contents/Resources/link': 'deep/er/file' },
      sign: false,
      tools: MACOS_TOOLS,
    });
    expect(await readBundle(app)).toMatchObject({
      bundleId: 'com.nexy.assistant',
      shortVersion: '2.0.0.46',
      bundleVersion: '46',
      executable: 'Näxy 2',
      minimumSystemVersion: '11.0',
    });
    const executable = join(app, 'Contents/MacOS/Näxy 2');
    expect(await readArchitectures(executable)).toEqual(['x86_64', 'arm64']);
    expect(lstatSync(executable).mode & 0o777).toBe(0o755);
    expect(readFileSync(join(app, 'Contents/Resources/link'), 'utf8')).toBe('content');
    expect(existsSync(join(app, 'Contents/_CodeSignature'))).toBe(false);
  });

it('signs unless told not to, and gives a framework its links', async () => {
  const app = await makeApp({
    folder,
    bundleId: 'com.nexy.assistant',
    executable: { kind: 'script', text: '#!/bin/sh\n' },
    hasFramework: true,
    tools: MACOS_TOOLS,
  });
  expect(existsSync(join(app, 'Contents/_CodeSignature/CodeResources'))).toBe(true);
  const framework = join(app, 'Contents/Frameworks/Electron Framework.framework');
  expect(readlinkSync(join(framework, 'Versions/Current'))).toBe('A');
  expect(readFileSync(join(framework, 'Electron Framework'), 'utf8')).toBe('#!/bin/sh\n');
});
