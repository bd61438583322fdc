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

  it('is said to be nothing, with what was seen, where there is no app', async () => {
    writeFileSync(join(volume, 'Read me.txt'), '');
    writeFileSync(join(volume, '.hidden'), '');
    // Neither counts: what is called a package must be a file, and what is called an app a folder.
    mkdirSync(join(volume, 'Nexy.pkg'));
    writeFileSync(join(volume, 'Nexy.application'), '');
    await expect(find()).rejects.toMatchObject({
      code: 'payload-not-found',
      message:
        'The disk image contains no app, so it cannot be installed. Nothing was changed. The release team has to publish it again.',
      details: { found: expect.arrayContaining(['Read me.txt', 'Nexy.pkg', 'Nexy.application']) },
    });
  });

  it('is said to be no app where its Info.plist is missing', async () => {
    mkdirSync(join(volume, 'Nexy.app'));
    await expect(find()).rejects.toMatchObject({
      message: 'What is called an app in the disk image is none. Nothing was changed.',
      cause: { code: 'app-not-found' },
    });
  });

  it('may be spread over several volumes', async () => {
    const other = await temporaryFolder();
    writeFileSync(join(other, 'Read me.txt'), '');
    putApp('Nexy.app');
    expect(await findPayload([other, volume], 'com.nexy.assistant')).toMatchObject({ kind: 'app' });
    putApp('Nexy.app', undefined, other);
    await expect(findPayload([other, volume], 'com.nexy.assistant')).rejects.toMatchObject({
      code: 'payload-ambiguous',
    });
  });

  it('is the app where there is a package beside it, and packages are not counted then', async () => {
    putApp('Nexy.app');
    for (const name of ['A.pkg', 'B.pkg']) writeFileSync(join(volume, name), '');
    expect(await find()).toMatchObject({ kind: 'app' });
  });

  it('is refused when there are two apps, also of different kinds', async () => {
    putApp('Nexy.app');
    putApp('Uninstaller.app', 'com.nexy.uninstaller');
    const error: unknown = await find().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'payload-ambiguous',
      message: expect.stringMatching(
        /^The disk image contains more than one app \((Nexy\.app, Uninstaller\.app|Uninstaller\.app, Nexy\.app)\), so it is not clear which to install\. Nothing was changed\.$/,
      ),
      details: { found: expect.arrayContaining(['Nexy.app', 'Uninstaller.app']) },
    });
  });

  it('is refused when the app is another', async () => {
    putApp('Nexy.app', 'com.example.other');
    await expect(find()).rejects.toMatchObject({
      code: 'bundle-id-mismatch',
      message:
        'The disk image contains another app (com.example.other) than the installed one (com.nexy.assistant). Nothing was changed.',
      details: { expected: 'com.nexy.assistant', found: 'com.example.other' },
    });
  });

  it('is refused when the app has no bundle id', async () => {
    mkdirSync(join(volume, 'Nexy.app', 'Contents'), { recursive: true });
    writeFileSync(join(volume, 'Nexy.app', 'Contents', 'Info.plist'), '<plist version="1.0"><dict/></plist>');
    await expect(find()).rejects.toMatchObject({
      code: 'bundle-id-mismatch',
      message: expect.stringContaining('another app (without a bundle id)'),
      details: { found: null },
    });
  });

  it('is a package where there is no app', async () => {
    writeFileSync(join(volume, 'Nexy.pkg'), '');
    expect(await find()).toEqual({ kind: 'package', path: join(volume, 'Nexy.pkg') });
    writeFileSync(join(volume, 'Other.pkg'), '');
    await expect(find()).rejects.toMatchObject({ code: 'payload-ambiguous' });
  });
});
