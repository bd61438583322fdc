import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { findPayload } from '../../src/install/find-app.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let volume: string;
beforeEach(async () => {
  volume = await temporaryFolder();
});

function putApp(name: string, bundleId = 'com.nexy.assistant', folder = volume): void {
  mkdirSync(join(folder, name, 'Contents'), { recursive: true });
  writeFileSync(
    join(folder, name, 'Contents', 'Info.plist'),
    `<?xml version="1.0"?><plist version="1.0"><dict><key>CFBundleIdentifier</key><string>${bundleId}</string></dict></plist>`,
  );
}

function find() {
  return findPayload([volume], 'com.nexy.assistant');
}

describe('what a volume contains', () => {
  it('is its one app, whatever it is called, beside pictures, links and hidden files', async () => {
    putApp('Nexy Beta.app');
    putApp('.Hidden.app');
    mkdirSync(join(volume, '.background'));
    writeFileSync(join(volume, 'Read me.txt'), '');
    symlinkSync('/Applications', join(volume, 'Applications'));
    symlinkSync('Nexy Beta.app', join(volume, 'Alias.app'));
    expect(await find()).toMatchObject({ kind: 'app', bundle: { path: join(volume, 'Nexy Beta.app') } });
  });

  it.each([
    ['nothing', () => undefined],
    ['a link called Nexy.app', () => symlinkSync('/Applications', join(volume, 'Nexy.app'))],
    ['a file called Nexy.app', () => writeFileSync(join(volume, 'Nexy.app'), '')],
    ['an app in a folder', () => putApp('Nexy.app', undefined, join(volume, 'folder'))],
    ['a folder called Nexy.app without an Info.plist', () => mkdirSync(join(volume, 'Nexy.app'))],
    [
      'an app whose Info.plist is a link',
      () => {
        mkdirSync(join(volume, 'Nexy.app', 'Contents'), { recursive: true });
        symlinkSync('/etc/passwd', join(volume, 'Nexy.app', 'Contents', 'Info.plist'));
      },
    ],
  ])('is not an app when it is %s', async (_, put) => {
    put();
    await expect(find()).rejects.toMatchObject({ code: 'payload-not-found' });
  });

  it('is refused when there are two apps, also of different kinds', async () => {
    putApp('Nexy.app');
    putApp('Uninstaller.app', 'com.nexy.uninstaller');
    await expect(find()).rejects.toMatchObject({ code: 'payload-ambiguous' });
  });

  it('is refused when the app is another', async () => {
    putApp('Nexy.app', 'com.example.other');
    await expect(find()).rejects.toMatchObject({
      code: 'bundle-id-mismatch',
      details: { expected: 'com.nexy.assistant', found: 'com.example.other' },
    });
  });

  it('is a package where there is no app', async () => {
    writeFileSync(join(volume, 'Nexy.pkg'), '');
    expect(await find()).toEqual({ kind: 'package', path: join(volume, 'Nexy.pkg') });
    writeFileSync(join(volume, 'Other.pkg'), '');
    await expect(find()).rejects.toMatchObject({ code: 'payload-ambiguous' });
  });
});
