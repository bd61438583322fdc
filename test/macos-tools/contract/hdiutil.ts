import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { flipBit, makeEncryptedLookingImage, makeImage, truncateFile } from '../../support/make-image.ts';
import { type ContractRow, readRecording, recorded, type Scene } from '../contract.ts';

const HFS = 'disk-images/SparkleTestCodeSignApp.dmg';
const APFS = 'disk-images/SparkleTestCodeSign_pkg.dmg';
const MOUNT = ['-nobrowse', '-readonly', '-mountrandom'];

/** Tool, source and the set that most rows share. */
function row(name: string, rest: Omit<ContractRow, 'tool' | 'name'>): ContractRow {
  return { tool: 'hdiutil', name, ...rest };
}

async function makeSmallImage(scene: Scene, name = 'small.dmg'): Promise<string> {
  const source = join(scene.folder, 'source');
  await mkdir(source, { recursive: true });
  await writeFile(join(source, 'readme.txt'), 'hello\n');
  return makeImage({
    sourceFolder: source,
    volumeName: 'Small',
    output: join(scene.folder, name),
    tools: scene.tools,
  });
}

/** Attaches the small image at `<folder>/mnt`. In a scene of its own it is the first: disk4. */
async function attachSmall(scene: Scene): Promise<void> {
  const image = await makeSmallImage(scene);
  await mkdir(join(scene.folder, 'mnt'));
  await scene.run('hdiutil', [
    'attach',
    '-quiet',
    '-nobrowse',
    '-mountpoint',
    join(scene.folder, 'mnt'),
    image,
  ]);
}

const busy = new Map<string, ChildProcess>();

/** A process that has its working directory in the mounted volume. */
async function keepBusy(scene: Scene): Promise<void> {
  const child = spawn('/bin/sleep', ['600'], { cwd: join(scene.folder, 'mnt'), stdio: 'ignore' });
  await once(child, 'spawn');
  busy.set(scene.folder, child);
}

async function endBusy(scene: Scene): Promise<void> {
  busy.get(scene.folder)?.kill('SIGKILL');
  busy.delete(scene.folder);
}

const randomMount = (folder: string, text: string) =>
  new RegExp(`${folder}/dmg\\.[A-Za-z0-9]{6}`).exec(text)?.[0] ?? 'no mount point';

/** Compares a plist with a recorded one in which device numbers and mount point are replaced. */
function plistLike(
  recording: string,
  devices: readonly (readonly [string, string])[],
  recordedMount: string,
) {
  return (text: string, scene: Scene) => {
    const plist = text.slice(text.indexOf('<?xml'));
    const expectation = recorded(recording, () => [
      ...devices,
      [recordedMount, randomMount(scene.folder, text)],
    ]);
    return (
      recordedText(expectation.recording, expectation.replace(scene)) === plist || `other plist: ${plist}`
    );
  };
}

function recordedText(recording: string, replace: readonly (readonly [string, string])[]): string {
  let text = readRecording(recording);
  for (const [there, here] of replace) text = text.replaceAll(there, here);
  return `${text.trimEnd()}\n`;
}

export const rows: readonly ContractRow[] = [
  row('attach: no such file', {
    needs: ['fixtures'],
    arguments: (scene) => ['attach', join(scene.folder, 'none.dmg')],
    status: 1,
    stderr: recorded('hdiutil__attach-no-such-file.txt'),
    source: 'fixtures/macos-outputs/hdiutil__attach-no-such-file.txt',
    runsOn: 'both',
  }),
  row('attach: a file that is no image', {
    needs: ['fixtures'],
    prepare: (scene) => writeFile(join(scene.folder, 'junk.dmg'), 'this is not a disk image'),
    arguments: (scene) => ['attach', '-plist', join(scene.folder, 'junk.dmg')],
    status: 1,
    stderr: recorded('hdiutil__attach-image-not-recognized.txt'),
    source: 'fixtures/macos-outputs/hdiutil__attach-image-not-recognized.txt',
    runsOn: 'both',
  }),
  row('attach: sectors without a file system, and an obsolete option', {
    needs: ['fixtures'],
    prepare: (scene) => writeFile(join(scene.folder, 'empty.cdr'), Buffer.alloc(1024 * 1024)),
    arguments: (scene) => [
      'attach',
      '-plist',
      ...MOUNT.slice(0, 2),
      '-noidme',
      '-mountrandom',
      scene.folder,
      join(scene.folder, 'empty.cdr'),
    ],
    status: 1,
    stderr: recorded('hdiutil__attach-plist-no-mountable-file-systems.txt'),
    source: 'fixtures/macos-outputs/hdiutil__attach-plist-no-mountable-file-systems.txt',
    runsOn: 'both',
  }),
  row('attach: cut off at its end', {
    needs: ['images'],
    prepare: async (scene) => truncateFile(await makeSmallImage(scene), -700),
    arguments: (scene) => ['attach', '-plist', ...MOUNT, scene.folder, join(scene.folder, 'small.dmg')],
    status: 1,
    stderr: /^hdiutil: attach failed - (?:image not recognized|no mountable file systems)\n$/,
    source: 'unverified: which of the two recorded reasons a file without trailer gets',
    runsOn: 'double',
  }),
  row('attach: tables that do not parse', {
    needs: ['fixtures'],
    prepare: async (scene) => {
      await copyFile(scene.fixture(APFS), join(scene.folder, 'bad.dmg'));
      // In the property list: `<` of its beginning.
      flipBit(join(scene.folder, 'bad.dmg'), 252_400, 5);
    },
    arguments: (scene) => ['attach', '-plist', ...MOUNT, scene.folder, join(scene.folder, 'bad.dmg')],
    status: 1,
    stderr: recorded('hdiutil__attach-error-3840.txt'),
    source: 'fixtures/macos-outputs/hdiutil__attach-error-3840.txt',
    runsOn: 'double',
  }),
  row('attach: one flipped bit', {
    needs: ['fixtures'],
    prepare: async (scene) => {
      await copyFile(scene.fixture(APFS), join(scene.folder, 'bad.dmg'));
      flipBit(join(scene.folder, 'bad.dmg'), 100_000);
    },
    arguments: (scene) => ['attach', '-plist', ...MOUNT, scene.folder, join(scene.folder, 'bad.dmg')],
    status: 1,
    stderr: 'hdiutil: attach failed - corrupt image\n',
    after: async (scene) => expectEntries(scene, ['bad.dmg']),
    source: 'unverified: the reason for a wrong checksum was not found (README of the recordings)',
    runsOn: 'double',
  }),
  row('attach: encrypted, wrong passphrase', {
    needs: ['fixtures'],
    prepare: async (scene) => {
      makeEncryptedLookingImage(join(scene.folder, 'secret.dmg'));
    },
    arguments: (scene) => ['attach', '-stdinpass', join(scene.folder, 'secret.dmg')],
    input: 'guess',
    status: 1,
    stderr: recorded('hdiutil__attach-authentication-error.txt'),
    source: 'fixtures/macos-outputs/hdiutil__attach-authentication-error.txt',
    // A real passphrase check needs a real encrypted image.
    runsOn: 'double',
  }),
  row('attach: licence without an answer', {
    needs: ['fixtures'],
    arguments: (scene) => ['attach', '-plist', ...MOUNT, scene.folder, scene.fixture(HFS)],
    status: 1,
    stdout: /^Blah blah blah blah blah blah, ok\.\. Agree\./,
    stderr: recorded('hdiutil__attach-canceled.txt'),
    after: async (scene) => expectEntries(scene, []),
    source: 'fixtures/macos-outputs/hdiutil__attach-canceled.txt, hdiutil__attach-plist-eula-refused.txt',
    runsOn: 'both',
  }),
  row('attach: licence accepted, HFS+ on an Apple partition map', {
    needs: ['fixtures'],
    arguments: (scene) => ['attach', '-plist', ...MOUNT, scene.folder, scene.fixture(HFS)],
    input: 'Y\n',
    status: 0,
    stdout: plistLike(
      'hdiutil__attach-plist-hfs-apple-partition-map.plist',
      [['disk3', 'disk4']],
      '/private/tmp/dmg.BhfS2g',
    ),
    source: 'fixtures/macos-outputs/hdiutil__attach-plist-hfs-apple-partition-map.plist',
    // Device numbers are the machine's.
    runsOn: 'double',
  }),
  row('attach: HFS+ on a GUID partition map', {
    needs: ['fixtures', 'images'],
    prepare: async (scene) => void (await makeSmallImage(scene)),
    arguments: (scene) => ['attach', '-plist', ...MOUNT, scene.folder, join(scene.folder, 'small.dmg')],
    status: 0,
    stdout: plistLike('hdiutil__attach-plist-hfs-gpt.plist', [], '/Volumes/Eclipse'),
    source: 'fixtures/macos-outputs/hdiutil__attach-plist-hfs-gpt.plist',
    runsOn: 'double',
  }),
  row('attach: APFS', {
    needs: ['fixtures'],
    arguments: (scene) => ['attach', '-plist', ...MOUNT, scene.folder, scene.fixture(APFS)],
    status: 0,
    stdout: plistLike(
      'hdiutil__attach-plist-apfs.plist',
      [
        ['disk6', 'disk4'],
        ['disk9', 'disk5'],
      ],
      '/private/tmp/brcart.5kKPp5/mnt',
    ),
    source: 'fixtures/macos-outputs/hdiutil__attach-plist-apfs.plist',
    runsOn: 'double',
  }),
  row('attach: plain, with checksum lines and columns', {
    needs: ['fixtures'],
    arguments: (scene) => [
      'attach',
      '-nobrowse',
      '-mountpoint',
      join(scene.folder, 'calibre'),
      scene.fixture(APFS),
    ],
    status: 0,
    stdout: (text, scene) => {
      const devices = text.slice(text.indexOf('/dev/'));
      const wanted = recordedText('hdiutil__attach-plain-apfs-synthesized.txt', [
        ['...\n', ''],
        ['/dev/disk6', '/dev/disk4'],
        ['/dev/disk7', '/dev/disk5'],
        ['/Volumes/calibre-5.11.0', join(scene.folder, 'calibre')],
      ]);
      const trimmed = (lines: string) => lines.replaceAll(/[\t ]+$/gm, '');
      const isAligned = text.includes('\nGPT Partition Data (Primary GPT Tabl: verified   CRC32 $E2809628\n');
      return isAligned && trimmed(devices) === trimmed(wanted);
    },
    source:
      'fixtures/macos-outputs/hdiutil__attach-plain-apfs-synthesized.txt, hdiutil__attach-plain-hfs-gpt.txt',
    runsOn: 'double',
  }),
  row('attach: an image that is attached already', {
    needs: ['images'],
    prepare: attachSmall,
    arguments: (scene) => ['attach', '-plist', ...MOUNT, scene.folder, join(scene.folder, 'small.dmg')],
    status: 0,
    stdout: (text, scene) => text.includes(`<string>${join(scene.folder, 'mnt')}</string>`),
    after: async (scene) => expectEntries(scene, ['mnt', 'small.dmg', 'source']),
    source:
      'unverified: as people see it; the recorded refusal is of an image attached read-write or at that moment',
    runsOn: 'double',
  }),
  row('attach: option that it does not know', {
    arguments: () => ['attach', '-bogus', 'image.dmg'],
    status: 1,
    stderr: /-bogus[\s\S]*Usage:\thdiutil attach/,
    source: 'hdiutil(1)',
    runsOn: 'double',
  }),
  row('detach: by mount point', {
    needs: ['fixtures', 'images'],
    prepare: attachSmall,
    arguments: (scene) => ['detach', join(scene.folder, 'mnt')],
    status: 0,
    stdout: recorded('hdiutil__detach-ok.txt'),
    after: async (scene) => expectDetached(scene),
    source: 'fixtures/macos-outputs/hdiutil__detach-ok.txt',
    runsOn: 'double',
  }),
  row('detach: by device, quietly', {
    needs: ['images'],
    prepare: attachSmall,
    arguments: () => ['detach', '-quiet', '/dev/disk4s1'],
    status: 0,
    after: async (scene) => expectDetached(scene),
    source: 'hdiutil(1)',
    runsOn: 'double',
  }),
  row('detach: in use', {
    needs: ['fixtures', 'images'],
    prepare: async (scene) => {
      await attachSmall(scene);
      await keepBusy(scene);
    },
    arguments: (scene) => ['detach', join(scene.folder, 'mnt')],
    status: 16,
    stderr: recorded('hdiutil__detach-busy-unmount.txt', () => [['disk5', 'disk4']]),
    after: async (scene) => {
      await endBusy(scene);
      if ((await readdir(join(scene.folder, 'mnt'))).length === 0)
        throw new Error('it is gone although it was in use');
    },
    source: 'fixtures/macos-outputs/hdiutil__detach-busy-unmount.txt',
    runsOn: 'double',
  }),
  row('detach: in use, by force', {
    needs: ['images'],
    prepare: async (scene) => {
      await attachSmall(scene);
      await keepBusy(scene);
    },
    arguments: (scene) => ['detach', '-force', join(scene.folder, 'mnt')],
    status: 0,
    stdout: '"disk4" ejected.\n',
    after: async (scene) => {
      await endBusy(scene);
      await expectDetached(scene);
    },
    source: 'hdiutil(1), "detach"',
    runsOn: 'double',
  }),
  row('detach: several devices', {
    needs: ['fixtures'],
    arguments: () => ['detach', '/dev/disk1', '/dev/disk2'],
    status: 1,
    stderr: recorded('hdiutil__detach-several-devices.txt'),
    source: 'fixtures/macos-outputs/hdiutil__detach-several-devices.txt (status not recorded)',
    runsOn: 'both',
  }),
  row('detach: nothing there', {
    arguments: (scene) => ['detach', join(scene.folder, 'none')],
    status: 1,
    stderr: 'hdiutil: detach failed - No such file or directory\n',
    source: 'unverified: no recording; the form is that of the other failures',
    runsOn: 'double',
  }),
  row('info: nothing attached', {
    needs: ['fixtures'],
    arguments: () => ['info'],
    status: 0,
    stdout: recorded('hdiutil__info-nothing-attached.txt'),
    source: 'fixtures/macos-outputs/hdiutil__info-nothing-attached.txt',
    runsOn: 'double',
  }),
  row('info -plist: nothing attached', {
    needs: ['fixtures'],
    arguments: () => ['info', '-plist'],
    status: 0,
    stdout: recorded('hdiutil__info-plist-nothing-attached.plist', () => [['683.100.3', '671.140.2']]),
    source: 'fixtures/macos-outputs/hdiutil__info-plist-nothing-attached.plist',
    runsOn: 'double',
  }),
  row('info -plist: one image', {
    needs: ['fixtures'],
    prepare: async (scene) =>
      void (await scene.run('hdiutil', [
        'attach',
        '-mountpoint',
        join(scene.folder, 'mnt'),
        scene.fixture(APFS),
      ])),
    arguments: () => ['info', '-plist'],
    status: 0,
    stdout: (text, scene) => {
      // The second of the recorded images is an APFS one, like this.
      const [, , image = ''] = readRecording('hdiutil__info-plist-three-images.plist').split(
        '\t\t<dict>\n\t\t\t<key>auto',
      );
      const wanted = [
        ['20546', '12288'],
        ['18610', /hdid-pid<\/key>\n\t*<integer>(\d+)/.exec(text)?.[1] ?? ''],
        ['/private/tmp/brdetect/demo.dmg', scene.fixture(APFS)],
        ['(zlib)', '(lzma)'],
        ['501', String(process.getuid?.() ?? 0)],
        ['disk6', 'disk4'],
        ['disk9', 'disk5'],
        ['/Volumes/bladerunner-demo', join(scene.folder, 'mnt')],
      ].reduce((all, [there = '', here = '']) => all.replaceAll(there, here), image);
      return text.includes(wanted) || `${wanted} is not in ${text}`;
    },
    source: 'fixtures/macos-outputs/hdiutil__info-plist-three-images.plist',
    runsOn: 'double',
  }),
  row('verify: sound', {
    needs: ['fixtures'],
    arguments: (scene) => ['verify', scene.fixture(APFS)],
    status: 0,
    stdout: recorded('hdiutil__verify-valid.txt', (scene) => [
      ['FrankenCodeBrowser-macos-arm64.dmg', scene.fixture(APFS)],
    ]),
    source: 'fixtures/macos-outputs/hdiutil__verify-valid.txt (stream not told)',
    runsOn: 'double',
  }),
  row('verify: one flipped bit', {
    needs: ['fixtures'],
    prepare: async (scene) => {
      await copyFile(scene.fixture(HFS), join(scene.folder, 'bad.dmg'));
      flipBit(join(scene.folder, 'bad.dmg'), 600_000, 3);
    },
    arguments: (scene) => ['verify', join(scene.folder, 'bad.dmg')],
    status: 1,
    stderr: 'hdiutil: verify failed - corrupt image\n',
    source: 'unverified: not found (README of the recordings)',
    runsOn: 'double',
  }),
  row('imageinfo: no image', {
    needs: ['fixtures'],
    prepare: (scene) => writeFile(join(scene.folder, 'junk.dmg'), 'this is not a disk image'),
    arguments: (scene) => ['imageinfo', join(scene.folder, 'junk.dmg')],
    status: 1,
    stderr: recorded('hdiutil__imageinfo-not-recognized.txt'),
    source: 'fixtures/macos-outputs/hdiutil__imageinfo-not-recognized.txt',
    runsOn: 'both',
  }),
  row('imageinfo: text', {
    needs: ['fixtures'],
    arguments: (scene) => ['imageinfo', scene.fixture(APFS)],
    status: 0,
    stdout: (text) =>
      [
        'Format Description: UDIF read-only compressed (lzma)\n',
        'Class Name: CUDIFDiskImage\n',
        'Checksum Value: $1B214AFA\n',
        '    Sector Count: 12288\n',
        '        Name:  (Apple_Free : 3)\n        Partition Number: 3\n        Checksum Type: CRC32\n        Checksum Value: $00000000\n',
      ].every((part) => text.includes(part)),
    source: 'fixtures/macos-outputs/hdiutil__imageinfo-text.txt (order differs by run)',
    runsOn: 'double',
  }),
  row('isencrypted: no', {
    needs: ['fixtures'],
    arguments: (scene) => ['isencrypted', scene.fixture(APFS)],
    status: 0,
    stdout: /encrypted: NO\n$/,
    source: 'README of the recordings, "Not found": last line',
    runsOn: 'both',
  }),
  row('isencrypted: yes', {
    prepare: async (scene) => void makeEncryptedLookingImage(join(scene.folder, 'secret.dmg'), 1),
    arguments: (scene) => ['isencrypted', join(scene.folder, 'secret.dmg')],
    status: 0,
    stdout: /encrypted: YES\n$/,
    source: 'README of the recordings, "Not found": last line',
    runsOn: 'double',
  }),
  row('create: from a folder', {
    needs: ['images'],
    prepare: async (scene) => {
      await mkdir(join(scene.folder, 'source'));
    },
    arguments: (scene) => [
      'create',
      '-srcfolder',
      join(scene.folder, 'source'),
      '-volname',
      'X',
      '-fs',
      'HFS+',
      '-quiet',
      join(scene.folder, 'x'),
    ],
    status: 0,
    after: async (scene) => expectEntries(scene, ['source', 'x.dmg']),
    source: 'hdiutil(1), "create": the extension is added',
    runsOn: 'both',
  }),
  row('create: over a file that is there', {
    prepare: async (scene) => {
      await mkdir(join(scene.folder, 'source'));
      await writeFile(join(scene.folder, 'x.dmg'), '');
    },
    arguments: (scene) => ['create', '-srcfolder', join(scene.folder, 'source'), join(scene.folder, 'x.dmg')],
    status: 1,
    stderr: 'hdiutil: create failed - File exists\n',
    source: 'hdiutil(1), "-ov"; text in the recorded form of hdiutil__create-resource-busy.txt',
    runsOn: 'both',
  }),
  row('create: APFS is beyond the double', {
    prepare: async (scene) => {
      await mkdir(join(scene.folder, 'source'));
    },
    arguments: (scene) => [
      'create',
      '-srcfolder',
      join(scene.folder, 'source'),
      '-fs',
      'APFS',
      join(scene.folder, 'x.dmg'),
    ],
    status: 1,
    stderr: /not possible with this double: it does not make APFS volumes/,
    source: 'the double says what it cannot do',
    runsOn: 'double',
  }),
];

async function expectEntries(scene: Scene, wanted: readonly string[]): Promise<void> {
  const found = (await readdir(scene.folder)).sort();
  if (found.join() !== [...wanted].sort().join()) throw new Error(`left behind: ${found.join(', ')}`);
}

async function expectDetached(scene: Scene): Promise<void> {
  await expectEntries(scene, ['mnt', 'small.dmg', 'source']);
  if ((await readdir(join(scene.folder, 'mnt'))).length > 0) throw new Error('the volume is still there');
  const { stdout } = await scene.run('hdiutil', ['info', '-plist']);
  if (stdout.includes('<key>images</key>')) throw new Error('it is still listed as attached');
}
