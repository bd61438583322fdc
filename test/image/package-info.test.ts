import { describe, expect, it } from 'vitest';
import { readPackageInfo } from '../../src/image/package-info.ts';

const read = (text: string) => readPackageInfo('a.pkg', 'PackageInfo', text);

describe('a PackageInfo', () => {
  it('is read as pkgbuild writes it, with bundles inside of bundles', async () => {
    expect(
      await read(`<?xml version="1.0" encoding="utf-8"?>
<pkg-info overwrite-permissions="true" relocatable="false" identifier="com.nexy.pkg" postinstall-action="restart" version="2.0.0.46" format-version="2" install-location="/Applications" auth="root">
  <payload numberOfFiles="14" installKBytes="171"/>
  <bundle path="./Nexy.app" id="com.nexy.assistant" CFBundleShortVersionString="2.0.0.46" CFBundleVersion="46">
    <bundle path="./Nexy.app/Contents/Frameworks/Nexy Helper.app" id="com.nexy.assistant.helper"/>
  </bundle>
  <bundle-version><bundle id="com.nexy.assistant"/></bundle-version>
  <relocate><bundle id="com.nexy.assistant"/><bundle id="com.nexy.assistant.helper"/></relocate>
  <scripts><preinstall file="./preinstall"/><postinstall file="./postinstall" component-id="x"/></scripts>
</pkg-info>`),
    ).toEqual({
      identifier: 'com.nexy.pkg',
      version: '2.0.0.46',
      installLocation: '/Applications',
      isRelocatable: true,
      relocates: ['com.nexy.assistant', 'com.nexy.assistant.helper'],
      versionChecked: ['com.nexy.assistant'],
      bundles: [
        { id: 'com.nexy.assistant', path: 'Nexy.app', shortVersion: '2.0.0.46', bundleVersion: '46' },
        {
          id: 'com.nexy.assistant.helper',
          path: 'Nexy.app/Contents/Frameworks/Nexy Helper.app',
          shortVersion: null,
          bundleVersion: null,
        },
      ],
      postinstallAction: 'restart',
      scripts: ['preinstall', 'postinstall'],
    });
  });

  it('may say next to nothing', async () => {
    expect(await read('<pkg-info/>')).toEqual({
      identifier: null,
      version: null,
      installLocation: '/',
      isRelocatable: false,
      relocates: [],
      versionChecked: [],
      bundles: [],
      postinstallAction: null,
      scripts: [],
    });
  });

  it.each([
    ['its attribute', '<pkg-info relocatable="true"/>'],
    ['its list', '<pkg-info relocatable="false"><relocate><bundle id="x"/></relocate></pkg-info>'],
    ['the second of its lists', '<pkg-info><relocate/><relocate><bundle path="./x"/></relocate></pkg-info>'],
  ])('is relocatable by %s', async (_how, text) => {
    expect((await read(text)).isRelocatable).toBe(true);
  });

  it.each(['<html/>', '<pkg-info/><pkg-info/>', '', '<pkg-info>'])('is refused as %j', async (text) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'image-unreadable' });
  });
});
