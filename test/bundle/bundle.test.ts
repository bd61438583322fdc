import { mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBundle } from '../../src/bundle/bundle.ts';
import { versionOfBundle } from '../../src/bundle/bundle-version.ts';
import { MACOS_TOOLS } from '../support/fixtures.ts';
import { makeApp } from '../support/make-app.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function makePlainApp(): Promise<string> {
  return makeApp({
    folder: await temporaryFolder(),
    bundleId: 'com.nexy.assistant',
    shortVersion: '2.0.0',
    bundleVersion: '2.0.0.46',
    executable: { kind: 'script', text: '#!/bin/sh\n' },
    sign: false,
    tools: MACOS_TOOLS,
  });
}

describe('the version that a bundle goes by', () => {
  it.each([
    ['2.0.0.46', '2.0.0.46', '2.0.0.46'],
    ['2.0.0', '2.0.0.46', '2.0.0.46'],
    ['2.0', '4567', '2.0'],
    ['2.0', '2.0.x', '2.0'],
    ['2.0', '2.01', '2.0'],
    ['2.0', null, '2.0'],
    [null, '1.5', '1.5'],
    [null, null, null],
  ])('is, of %j and %j, %j', (shortVersion, bundleVersion, expected) => {
    const nothing = { path: '/a.app', bundleId: null, executable: null, minimumSystemVersion: null };
    expect(versionOfBundle({ ...nothing, shortVersion, bundleVersion })).toBe(expected);
  });
});

describe('a bundle', () => {
  it('is read from its own Info.plist', async () => {
    expect(await readBundle(await makePlainApp())).toMatchObject({
      shortVersion: '2.0.0',
      executable: 'Nexy',
    });
  });

  it('may itself be reached through a link', async () => {
    const app = await makePlainApp();
    symlinkSync(app, `${app}-link`);
    expect(await readBundle(`${app}-link`)).toMatchObject({ bundleId: 'com.nexy.assistant' });
  });

  it.each(['Contents', 'Contents/Info.plist'])(
    'is none when its %s is a link to another one',
    async (path) => {
      const app = await makePlainApp();
      renameSync(join(app, path), `${app}-elsewhere`);
      symlinkSync(`${app}-elsewhere`, join(app, path));
      await expect(readBundle(app)).rejects.toMatchObject({ code: 'payload-incompatible' });
    },
  );

  it('is none when there is nothing of the kind', async () => {
    const folder = await temporaryFolder();
    mkdirSync(join(folder, 'Empty.app'));
    for (const name of ['Empty.app', 'None.app']) {
      await expect(readBundle(join(folder, name))).rejects.toMatchObject({ code: 'app-not-found' });
    }
  });
});
