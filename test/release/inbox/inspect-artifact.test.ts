import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inspectArtifact } from '../../../src/release/inbox/inspect-artifact.ts';
import { makeBillOfMaterials } from '../../support/make-bill-of-materials.ts';
import { canMakeImages, makeImage } from '../../support/make-image.ts';
import { makePackage } from '../../support/make-package.ts';
import { writeXar } from '../../support/make-xar.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { makeNexy } from '../../support/update-world.ts';

const PAYLOAD = {
  bundleId: 'com.nexy.assistant',
  shortVersion: '2.0.0.46',
  bundleVersion: '2.0.0.46',
  minimumSystemVersion: '11.0',
  architectures: ['arm64', 'x86_64'],
};

describe(`an image${canMakeImages() ? '' : ' (skipped: xorriso is not installed)'}`, {
  skip: !canMakeImages(),
}, () => {
  it.each(['UDZO', 'UDBZ', 'ULFO', 'ULMO', 'UDRO', 'UDRW'] as const)(
    'of format %s is looked into',
    async (format) => {
      const folder = await temporaryFolder();
      const source = join(folder, 'source');
      await makeNexy(source, '2.0.0.46', { sign: false, plistFormat: 'binary' });
      const output = makeImage({
        sourceFolder: source,
        volumeName: 'Nexy',
        output: join(folder, 'x.dmg'),
        format,
      });
      expect(await inspectArtifact('Nexy.dmg', output)).toEqual({
        isReadable: true,
        payload: PAYLOAD,
        warnings: [],
      });
    },
  );

  it('is judged by its app, whatever lies hidden or beside it', async () => {
    const folder = await temporaryFolder();
    const source = join(folder, 'source');
    await makeNexy(source, '2.0.0.46', { sign: false });
    await makeNexy(join(source, '.hidden'), '9.9', { sign: false, bundleName: 'Old.app' });
    await makeNexy(join(source, 'Extras'), '9.9', { sign: false, bundleName: 'Other.app' });
    writeFileSync(join(source, 'More.pkg'), 'beside an app a package does not count');
    const output = makeImage({ sourceFolder: source, volumeName: 'Nexy', output: join(folder, 'x.dmg') });
    expect(await inspectArtifact('Nexy.dmg', output)).toMatchObject({ payload: PAYLOAD });
  });

  it('that was cut off cannot be read', async () => {
    const folder = await temporaryFolder();
    const source = join(folder, 'source');
    await makeNexy(source, '2.0.0.46', { sign: false });
    const output = makeImage({ sourceFolder: source, volumeName: 'Nexy', output: join(folder, 'x.dmg') });
    truncateSync(output, 4000);
    expect(await inspectArtifact('Nexy.dmg', output)).toMatchObject({ isReadable: false });
  });

  it.each([
    ['no Info.plist', { 'Contents/Info.plist': null }, 'payload-not-found'],
    ['an Info.plist that is none', { 'Contents/Info.plist': 'broken' }, 'payload-incompatible'],
  ] as const)('with an app that has %s is refused', async (_what, changes, code) => {
    const folder = await temporaryFolder();
    const source = join(folder, 'source');
    const app = await makeNexy(source, '2.0.0.46', { sign: false });
    for (const [path, text] of Object.entries<string | null>(changes))
      if (text === null) rmSync(join(app, path));
      else writeFileSync(join(app, path), text);
    const output = makeImage({ sourceFolder: source, volumeName: 'Nexy', output: join(folder, 'x.dmg') });
    await expect(inspectArtifact('Nexy.dmg', output)).rejects.toMatchObject({ code });
  });
});

describe('a package', () => {
  it.each([true, false])('is looked into (product archive: %s)', async (isProduct) => {
    const folder = await temporaryFolder();
    const app = await makeNexy(folder, '2.0.0.46', { sign: false });
    const output = await makePackage({ app, output: join(folder, 'x.pkg'), isProduct });
    expect(await inspectArtifact('Nexy.pkg', output)).toEqual({
      isReadable: true,
      payload: PAYLOAD,
      warnings: [],
    });
  });

  it('that describes its app with another version, or lists other files, is warned of', async () => {
    const folder = await temporaryFolder();
    const app = await makeNexy(folder, '2.0.0.46', { sign: false });
    const output = await makePackage({
      app,
      output: join(folder, 'x.pkg'),
      changes: {
        packageInfo: (text) => text.replace('CFBundleVersion="2.0.0.46"', 'CFBundleVersion="2.0.0.31"'),
        bom: (files) => files.slice(0, -1),
      },
    });
    expect(await inspectArtifact('Nexy.pkg', output)).toMatchObject({
      warnings: [expect.stringContaining('another version'), expect.stringContaining('bill of materials')],
    });
  });

  /** A payload of a kind that nobody can unpack here, as an Apple Archive is. */
  async function packOtherwise(bundles: string): Promise<string> {
    const info = `<pkg-info identifier="com.nexy.assistant" version="2.0.0.46" install-location="/Applications">${bundles}</pkg-info>`;
    return writeXar(join(await temporaryFolder(), 'x.pkg'), [
      ['Bom', makeBillOfMaterials([{ path: '.', text: null }])],
      ['Payload', Buffer.from('AA01 and what follows')],
      ['PackageInfo', Buffer.from(info)],
    ]);
  }

  it('whose payload cannot be unpacked is judged by what it says of its app', async () => {
    const app = '<bundle path="./Nexy.app" id="com.nexy.assistant" CFBundleShortVersionString="2.0.0.31"/>';
    expect(await inspectArtifact('Nexy.pkg', await packOtherwise(app))).toEqual({
      isReadable: true,
      payload: {
        bundleId: 'com.nexy.assistant',
        shortVersion: '2.0.0.31',
        bundleVersion: null,
        minimumSystemVersion: null,
        architectures: null,
      },
      warnings: [expect.stringContaining('cannot be read here')],
    });
    expect(await inspectArtifact('Nexy.pkg', await packOtherwise(''))).toMatchObject({ isReadable: false });
  });

  it('whose app has no program is warned of', async () => {
    const folder = await temporaryFolder();
    const app = await makeNexy(folder, '2.0.0.46', { sign: false });
    rmSync(join(app, 'Contents/MacOS/Nexy'));
    const output = await makePackage({ app, output: join(folder, 'x.pkg') });
    expect(await inspectArtifact('Nexy.pkg', output)).toMatchObject({
      payload: { ...PAYLOAD, architectures: null },
      warnings: [expect.stringContaining('no program')],
    });
  });

  it('that installs no app is refused', async () => {
    const folder = await temporaryFolder();
    const app = await makeNexy(folder, '2.0.0.46', { sign: false });
    const output = await makePackage({
      app,
      output: join(folder, 'x.pkg'),
      changes: { payload: (files) => files.slice(0, 1), bom: (files) => files.slice(0, 1) },
    });
    await expect(inspectArtifact('Nexy.pkg', output)).rejects.toMatchObject({ code: 'payload-not-found' });
  });
});
