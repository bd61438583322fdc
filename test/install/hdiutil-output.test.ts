import { describe, expect, it } from 'vitest';
import {
  attachFailureCode,
  isTemporaryAttachFailure,
  parseAttached,
  parseInfo,
} from '../../src/install/hdiutil-output.ts';
import { HAS_FIXTURES, NEEDS_FIXTURES, recordedOutput } from '../support/fixtures.ts';

const APFS = 'EF57347C-0000-11AA-AA11-00306543ECAC';

type Entity = Readonly<Record<string, string>>;

function attached(...entities: readonly Entity[]): string {
  const dictionaries = entities.map((entity) => {
    const pairs = Object.entries(entity).map(([key, text]) => `<key>${key}</key><string>${text}</string>`);
    return `<dict>${pairs.join('')}</dict>`;
  });
  return `<?xml version="1.0"?><plist version="1.0"><dict><key>system-entities</key><array>${dictionaries.join('')}</array></dict></plist>`;
}

describe('what is attached', () => {
  it.each<[string, readonly Entity[], string | null]>([
    ['nothing', [], null],
    [
      'a disk with a partition, in either order',
      [{ 'dev-entry': '/dev/disk4s1' }, { 'dev-entry': '/dev/disk4' }],
      '/dev/disk4',
    ],
    [
      'an image and the container made from it, in either order',
      [
        { 'dev-entry': '/dev/disk5', 'content-hint': APFS },
        { 'dev-entry': '/dev/disk4', 'content-hint': 'GUID_partition_scheme' },
      ],
      '/dev/disk4',
    ],
    [
      'a container alone',
      [{ 'dev-entry': '/dev/disk5s1' }, { 'dev-entry': '/dev/disk5', 'content-hint': APFS }],
      '/dev/disk5',
    ],
    ['a volume alone', [{ 'dev-entry': '/dev/disk5s1' }], '/dev/disk5s1'],
    [
      'a disk of many digits',
      [{ 'dev-entry': '/dev/disk12s1' }, { 'dev-entry': '/dev/disk12' }],
      '/dev/disk12',
    ],
    [
      'what only ends like a disk',
      [{ 'dev-entry': '/x/dev/disk3' }, { 'dev-entry': '/dev/disk4' }],
      '/dev/disk4',
    ],
    ['what has no device', [{ 'mount-point': '/Volumes/Nexy' }], null],
  ])('is detached by its own device: %s', async (_name, entities, device) => {
    expect((await parseAttached(attached(...entities))).device).toBe(device);
  });

  it('lies at every mount point, in order', async () => {
    const entities = [{ 'mount-point': '/a' }, { 'dev-entry': '/dev/disk4' }, { 'mount-point': '/b' }];
    expect((await parseAttached(attached(...entities))).mountPoints).toEqual(['/a', '/b']);
  });

  it('passes over entries of other kinds', async () => {
    const odd = attached({ 'dev-entry': '/dev/disk4' }).replace('<array>', '<array><string>x</string>');
    expect(await parseAttached(odd)).toEqual({ device: '/dev/disk4', mountPoints: [] });
    const none =
      '<?xml version="1.0"?><plist version="1.0"><dict><key>system-entities</key><string>x</string></dict></plist>';
    expect(await parseAttached(none)).toEqual({ device: null, mountPoints: [] });
  });
});

describe('an answer that cannot be used', () => {
  const NO_LIST = 'hdiutil gave no property list, so its answer cannot be used.';

  it.each([
    ['nothing', '', NO_LIST],
    ['a beginning', '<?xml version="1.0"?><plist>', NO_LIST],
    ['an end', '</plist>', NO_LIST],
    ['an end before the beginning', '</plist> <?xml version="1.0"?>', NO_LIST],
    ['a list that is none', '<?xml version="1.0"?><plist>&&&</plist>', "hdiutil's answer could not be read."],
    [
      'a list of something else',
      '<?xml version="1.0"?><plist version="1.0"><array/></plist>',
      "hdiutil's answer could not be read.",
    ],
  ])('is %s', async (_name, output, message) => {
    for (const parse of [parseAttached, parseInfo]) {
      await expect(parse(output)).rejects.toMatchObject({ code: 'image-unreadable', message });
    }
  });

  it('says of what it is', async () => {
    await expect(
      parseInfo('<?xml version="1.0"?><plist version="1.0"><array/></plist>'),
    ).rejects.toMatchObject({
      cause: { message: 'The answer of hdiutil is a property list without a dictionary.' },
    });
  });
});

describe('the list of attached images', () => {
  it('may begin and end with other words', async () => {
    const listing = attached()
      .replace('system-entities', 'images')
      .replace('<array>', '<array><string>x</string><dict/>');
    expect(await parseInfo(`WARNING\n${listing}\nmore`)).toEqual([{ device: null, mountPoints: [] }]);
    expect(await parseInfo(listing.replace(/<array>.*<\/array>/, '<string>x</string>'))).toEqual([]);
  });
});

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
