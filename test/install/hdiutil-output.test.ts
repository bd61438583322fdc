import { describe, expect, it } from 'vitest';
import {
  attachFailureCode,
  isTemporaryAttachFailure,
  parseAttached,
  parseInfo,
} from '../../src/install/hdiutil-output.ts';
import { HAS_FIXTURES, NEEDS_FIXTURES, recordedOutput } from '../support/fixtures.ts';

describe.skipIf(!HAS_FIXTURES)(`recorded outputs of hdiutil${NEEDS_FIXTURES}`, () => {
  it.each([
    ['hdiutil__attach-plist-apfs.plist', '/dev/disk6', ['/private/tmp/brcart.5kKPp5/mnt']],
    ['hdiutil__attach-plist-hfs-apple-partition-map.plist', '/dev/disk3', ['/private/tmp/dmg.BhfS2g']],
    ['hdiutil__attach-plist-hfs-gpt.plist', '/dev/disk4', ['/Volumes/Eclipse']],
  ])('tells the image from its volumes in %s', async (name, device, mountPoints) => {
    expect(await parseAttached(recordedOutput(name))).toEqual({ device, mountPoints });
  });

  it('finds the property list behind the text of a licence', async () => {
    const licence = recordedOutput('hdiutil__attach-plist-eula-refused.txt');
    const attached = `${licence}\nAgree Y/N? ${recordedOutput('hdiutil__attach-plist-hfs-gpt.plist')}`;
    expect((await parseAttached(attached)).mountPoints).toEqual(['/Volumes/Eclipse']);
  });

  it('takes an answer without a property list for a failure', async () => {
    const licence = recordedOutput('hdiutil__attach-plist-eula-refused.txt');
    await expect(parseAttached(licence)).rejects.toMatchObject({ code: 'image-unreadable' });
  });

  it('reads the list of attached images, also when there is none', async () => {
    expect(await parseInfo(recordedOutput('hdiutil__info-plist-nothing-attached.plist'))).toEqual([]);
    const images = await parseInfo(recordedOutput('hdiutil__info-plist-three-images.plist'));
    expect(images).toHaveLength(3);
    expect(images[0]).toEqual({ device: '/dev/disk4', mountPoints: ['/Volumes/dmg.mrluVn'] });
  });

  it.each([
    ['hdiutil__attach-authentication-error.txt', 'image-encrypted'],
    ['hdiutil__attach-image-not-recognized.txt', 'image-unreadable'],
    ['hdiutil__attach-no-such-file-macos27-french.txt', 'image-unreadable'],
    ['hdiutil__attach-plist-no-mountable-file-systems.txt', 'image-unreadable'],
    ['hdiutil__attach-canceled.txt', 'image-unreadable'],
    ['hdiutil__create-no-space.txt', 'disk-full'],
  ])('gives %s the code %s', (name, code) => {
    expect(attachFailureCode(recordedOutput(name))).toBe(code);
  });

  it.each([
    ['hdiutil__attach-resource-busy.txt', true],
    ['hdiutil__attach-resource-temporarily-unavailable.txt', true],
    ['hdiutil__attach-no-child-processes.txt', true],
    ['hdiutil__attach-image-not-recognized.txt', false],
  ])('tells whether %s may pass by itself', (name, isTemporary) => {
    expect(isTemporaryAttachFailure(recordedOutput(name))).toBe(isTemporary);
  });
});
