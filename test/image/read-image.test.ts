import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { UpdateError } from '../../src/errors.ts';
import { readPackage } from '../../src/image/package-contents.ts';
import { extractImage, listImage } from '../../src/image/read-image.ts';
import { FIXTURES, HAS_FIXTURES, MACOS_TOOLS, NEEDS_FIXTURES } from '../support/fixtures.ts';
import { makeCpio, makePbzx } from '../support/make-cpio.ts';
import {
  canMakeImages,
  flipBit,
  type ImageOptions,
  makeEncryptedLookingImage,
  makeImage,
  truncateFile,
} from '../support/make-image.ts';
import { writeXar } from '../support/make-xar.ts';
import { makeHardLinkInVolume, renameInApfs, renameInVolume } from '../support/patch-volume.ts';
import { describeTree } from '../support/tree.ts';

const IMAGES = join(FIXTURES, 'disk-images');
const HFS = join(IMAGES, 'SparkleTestCodeSignApp.dmg');
const APFS = join(IMAGES, 'SparkleTestCodeSign_pkg.dmg');
const MAKES_IMAGES = canMakeImages();
const NEEDS_XORRISO = MAKES_IMAGES ? '' : ' (skipped: xorriso is not installed)';
const HAS_ORACLE = spawnSync('7zz', ['i'], { stdio: 'ignore' }).status === 0;
const NEEDS_ORACLE = HAS_ORACLE ? '' : ' (skipped: 7zz is not installed)';

const root = mkdtempSync(join(tmpdir(), 'nexy-seven-zip-'));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(root, 'test-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function newFolder(name: string): string {
  const path = join(folder, name);
  mkdirSync(path, { mode: 0o700 });
  return path;
}

function image(
  source: string,
  format: NonNullable<ImageOptions['format']> = 'UDZO',
  volumeName = 'Volume',
): string {
  return makeImage({
    sourceFolder: source,
    volumeName,
    output: join(folder, `image-${format}.dmg`),
    format,
    tools: MACOS_TOOLS,
  });
}

/** Everything below a folder; links are not followed. */
function pathsIn(top: string, below = ''): string[] {
  return readdirSync(join(top, below), { withFileTypes: true })
    .flatMap((entry) => {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      return entry.isDirectory() ? [path, ...pathsIn(top, path)] : [path];
    })
    .sort();
}

async function codeOf(action: Promise<unknown>): Promise<string> {
  try {
    await action;
    return 'no error';
  } catch (error) {
    expect(error).toBeInstanceOf(UpdateError);
    return error instanceof UpdateError ? error.code : '';
  }
}

/** Path and bits of everything that is no link, from `7zz l -slt`. */
function oracleModes(path: string, prefix: string): Map<string, string> {
  const text = execFileSync('7zz', ['l', '-slt', path], { encoding: 'utf8', maxBuffer: 1e8 });
  const modes = new Map<string, string>();
  for (const block of text.slice(text.indexOf('----------')).split('\n\n')) {
    const name = /^Path = (.*)$/m.exec(block)?.[1];
    const mode = /^Mode = (.*)$/m.exec(block)?.[1];
    if (name?.startsWith(prefix) && mode !== undefined && !block.includes('Alternate Stream = +'))
      modes.set(name.slice(prefix.length), mode);
  }
  return modes;
}

function modeText(path: string): string {
  const { mode } = lstatSync(path);
  const kind = (mode & 0o170000) === 0o40000 ? 'd' : (mode & 0o170000) === 0o120000 ? 'l' : '-';
  const letters = [...'rwxrwxrwx'].map((letter, index) => ((mode >> (8 - index)) & 1 ? letter : '-'));
  if (mode & 0o1000) letters[8] = letters[8] === 'x' ? 't' : 'T';
  return kind + letters.join('');
}

describe.skipIf(!HAS_FIXTURES)(`real images${NEEDS_FIXTURES}`, () => {
  it('lists HFS+ with the links and without what a mounted volume hides', async () => {
    const listing = await listImage(HFS);
    expect(listing).toMatchObject({ volumeName: 'Sparkle Test App', fileSystem: 'hfs' });
    const paths = listing.entries.map((entry) => entry.path);
    expect(paths).toContain('SparkleTestCodeSignApp.app/Contents/Info.plist');
    expect(listing.entries.find((entry) => entry.path === 'Applications')).toMatchObject({
      kind: 'link',
      size: 13,
    });
    expect(paths.filter((path) => /HFS\+ Private|\.journal/.test(path))).toEqual([]);
  });

  it('lists APFS without alternate streams', async () => {
    const listing = await listImage(APFS);
    expect(listing).toMatchObject({ volumeName: 'SparkleTest', fileSystem: 'apfs' });
    expect(listing.entries.map((entry) => entry.path).sort()).toEqual([
      '.DS_Store',
      '.VolumeIcon.icns',
      '.background',
      '.background/dmgcanvas_bg.tiff',
      '.fseventsd',
      '.fseventsd/00000000071ac06e',
      '.fseventsd/00000000071ac06f',
      '.fseventsd/fseventsd-uuid',
      'SparkleTestCodeSignApp.pkg',
    ]);
  });

  for (const [path, prefix] of [
    [HFS, 'Sparkle Test App/'],
    [APFS, ''],
  ] as const)
    it.skipIf(!HAS_ORACLE)(
      `extracts what 7zz sees, byte for byte: ${path.slice(IMAGES.length)}${NEEDS_ORACLE}`,
      async () => {
        const ours = newFolder('ours');
        await extractImage(path, ours);
        const theirs = join(folder, 'theirs');
        spawnSync('7zz', ['x', '-y', `-o${theirs}`, path]);
        const compared: string[] = [];
        for (const [name, mode] of oracleModes(path, prefix)) {
          if (/^(?:\[HFS\+ Private Data\]|\.HFS\+ Private Directory Data)/.test(name)) continue;
          const here = join(ours, name);
          const there = join(theirs, prefix, name);
          if (mode.startsWith('l')) expect(lstatSync(here).isSymbolicLink(), name).toBe(true);
          else expect(modeText(here), name).toBe(mode);
          if (mode.startsWith('-')) {
            expect(readFileSync(here).equals(readFileSync(there)), name).toBe(true);
            expect(Math.floor(lstatSync(here).mtimeMs / 1000), name).toBe(
              Math.floor(lstatSync(there).mtimeMs / 1000),
            );
          }
          compared.push(name);
        }
        expect(pathsIn(ours)).toEqual(compared.sort());
      },
    );

  it('keeps links as they are, also those that lead out of the volume', async () => {
    const ours = newFolder('ours');
    await extractImage(HFS, ours);
    expect(readlinkSync(join(ours, 'Applications'))).toBe('/Applications');
    const framework = join(ours, 'SparkleTestCodeSignApp.app/Contents/Frameworks/Sparkle.framework');
    expect(readlinkSync(join(framework, 'Versions/Current'))).toBe('A');
    expect(readlinkSync(join(framework, 'Sparkle'))).toBe('Versions/Current/Sparkle');
    expect(statSync(join(framework, 'Sparkle')).size).toBe(516_968);
  });

  it.skipIf(!HAS_ORACLE)(`keeps odd names of APFS${NEEDS_ORACLE}`, async () => {
    spawnSync('7zz', ['x', '-y', '-tdmg', `-o${folder}`, APFS, '4.apfs']);
    const volume = join(folder, '4.apfs');
    renameInApfs(volume, 'dmgcanvas_bg.tiff', 'dmg\ncanvas:b\\tiff');
    renameInApfs(volume, '.background', '-back\u00e9\tun ');
    const out = newFolder('out');
    expect(await extractImage(volume, out)).toMatchObject({ fileSystem: 'apfs', volumeName: 'SparkleTest' });
    expect(pathsIn(join(out, '-back\u00e9\tun '))).toEqual(['dmg\ncanvas:b\\tiff']);
  });

  it.each([HFS, APFS])('refuses one flipped bit anywhere in the data: %s', async (path) => {
    const copy = join(folder, 'copy.dmg');
    const dataLength = path === HFS ? 1_120_483 : 252_400;
    await fc.assert(
      fc.asyncProperty(fc.nat(dataLength - 1), fc.nat(7), async (offset, bit) => {
        copyFileSync(path, copy);
        flipBit(copy, offset, bit);
        expect(await codeOf(listImage(copy))).toBe('image-unreadable');
      }),
      { numRuns: 10 },
    );
  });

  it.each([1, 511, 512, 4096, 200_000])('refuses an image without its last %i bytes', async (count) => {
    const copy = join(folder, 'copy.dmg');
    copyFileSync(APFS, copy);
    truncateFile(copy, -count);
    expect(await codeOf(extractImage(copy, newFolder('out')))).toBe('image-unreadable');
  });
});

describe('what is no readable image', () => {
  it.each([1, 2] as const)('is encrypted, version %i', async (version) => {
    const path = makeEncryptedLookingImage(join(folder, 'secret.dmg'), version);
    expect(await codeOf(listImage(path))).toBe('image-encrypted');
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('<html>404</html>')],
    ['zeros', Buffer.alloc(1 << 20)],
    ['a trailer alone', Buffer.concat([Buffer.from('koly'), Buffer.alloc(508)])],
    [
      'HFS+ by its mark alone',
      Buffer.concat([Buffer.alloc(1024), Buffer.from('H+\0\x04'), Buffer.alloc(4096)]),
    ],
    ['APFS by its mark alone', Buffer.concat([Buffer.alloc(32), Buffer.from('NXSB'), Buffer.alloc(8192)])],
    ['an archive of another kind', Buffer.from('PK\x05\x06'.padEnd(22, '\0'), 'latin1')],
  ])('is %s', async (_name, bytes) => {
    const path = join(folder, 'bad.dmg');
    writeFileSync(path, bytes);
    expect(await codeOf(listImage(path))).toBe('image-unreadable');
    expect(await codeOf(readPackage(path))).toBe('image-unreadable');
  });

  it('is not there', async () => {
    expect(await codeOf(listImage(join(folder, 'none.dmg')))).toBe('image-unreadable');
    expect(await codeOf(readPackage(join(folder, 'none.pkg')))).toBe('image-unreadable');
  });
});

/** Names that one of the programs on the way is known to change. */
const ODD_NAMES = [
  'plain',
  'a:b',
  'a_b',
  'back\\slash',
  'new\nline',
  'x\nPath = forged\nMode = -rwsrwsrwt',
  '\u{1F600} emoji',
  'e\u0301 decomposed',
  '-dash',
  '--',
  '@list',
  '!bang',
  'CON',
  'nul.txt',
  'dot.',
  'dots...',
  'space ',
  ' lead',
  'tab\tx',
  'quote"q\'',
  'star*?',
  '[brackets]',
  'control\x01',
  '\x7fdelete',
  '$(id)',
  '.hidden',
  '..two',
  '\u2028 separator',
  '\u202e reversed',
  'name:com.apple.macl',
  '_CodeSignature',
  'a%2fb',
  '~',
];

function makeOddTree(): string {
  const source = newFolder('source');
  for (const name of ODD_NAMES) writeFileSync(join(source, name), `contents of ${JSON.stringify(name)}`);
  const inner = join(source, 'folder:with\nodd name.');
  mkdirSync(join(inner, 'empty'), { recursive: true });
  for (const name of ODD_NAMES) writeFileSync(join(inner, name), '');
  writeFileSync(join(inner, 'program'), '#!/bin/sh\n');
  chmodSync(join(inner, 'program'), 0o755);
  writeFileSync(join(inner, 'private'), 'x');
  chmodSync(join(inner, 'private'), 0o600);
  for (const [name, target] of [
    ['Applications', '/Applications'],
    ['up', '../../../etc/passwd'],
    ['root', '/'],
    ['loop', 'loop'],
    ['dangling', 'no:where'],
    ['doubled', '//etc/../etc//passwd/'],
    ['to a folder', 'empty'],
    ['control\x02', 'target\x03_'],
  ] as const)
    symlinkSync(target, join(inner, name));
  utimesSync(join(inner, 'private'), 1_234_567_890, 1_234_567_890);
  return source;
}

describe.skipIf(!MAKES_IMAGES)(`images made here${NEEDS_XORRISO}`, () => {
  it.each(['UDZO', 'UDBZ', 'ULFO', 'ULMO', 'UDRO', 'UDRW'] as const)(
    'keeps odd names, links and modes: %s',
    async (format) => {
      const source = makeOddTree();
      const out = newFolder('out');
      const path = image(source, format);
      const { entries, volumeName } = await extractImage(path, out);
      expect(volumeName).toBe('Volume');
      expect(describeTree(out)).toEqual(describeTree(source));
      expect(entries.map((entry) => entry.path).sort()).toEqual(pathsIn(source));
      expect(statSync(join(out, 'folder:with\nodd name.', 'private')).mtimeMs).toBe(1_234_567_890_000);
      if (HAS_ORACLE) expect(spawnSync('7zz', ['t', path]).status).toBe(0);
    },
  );

  it('keeps any tree', async () => {
    const name = fc
      .string({ unit: fc.constantFrom(...'aBcd_:\\\n-. @!*é\u{1F600}漢字'), minLength: 1, maxLength: 20 })
      .filter((text) => text !== '.' && text !== '..')
      .map((text) => text.normalize('NFD'));
    const tree = fc.uniqueArray(
      fc.tuple(name, fc.constantFrom('file', 'folder', 'link'), fc.string({ maxLength: 30 })),
      {
        selector: ([text]) => text.toLowerCase(),
        maxLength: 8,
      },
    );
    await fc.assert(
      fc.asyncProperty(tree, async (entries) => {
        const source = mkdtempSync(join(folder, 'source-'));
        const out = mkdtempSync(join(folder, 'out-'));
        let at = source;
        for (const [text, kind, contents] of entries) {
          const path = join(at, text);
          if (kind === 'folder') {
            mkdirSync(path);
            at = path;
          } else if (kind === 'link') symlinkSync(contents.replaceAll('\0', '') || 'x', path);
          else writeFileSync(path, contents);
        }
        const output = join(folder, 'any.dmg');
        await extractImage(
          makeImage({ sourceFolder: source, volumeName: 'Any', output, tools: MACOS_TOOLS }),
          out,
        );
        expect(describeTree(out)).toEqual(describeTree(source));
      }),
      { numRuns: 15 },
    );
  }, 120_000);

  it('keeps a volume name with blanks, and an empty volume', async () => {
    const path = image(newFolder('source'), 'UDZO', 'Two Words 2.0');
    expect(await extractImage(path, newFolder('out'))).toEqual({
      volumeName: 'Two Words 2.0',
      fileSystem: 'hfs',
      entries: [],
    });
  });

  it('gives hard links of HFS+ their contents, which 7-Zip does not', async () => {
    const source = newFolder('source');
    mkdirSync(join(source, 'ZZZZHFS+ Private Data'));
    writeFileSync(join(source, 'ZZZZHFS+ Private Data', 'iNode77'), 'one file, two names');
    mkdirSync(join(source, 'below'));
    writeFileSync(join(source, 'first-name'), 'replaced');
    writeFileSync(join(source, 'below', 'other-name'), 'replaced');
    const path = image(source, 'UDRW');
    renameInVolume(path, 'ZZZZHFS+ Private Data', '\0\0\0\0HFS+ Private Data');
    makeHardLinkInVolume(path, 'first-name', 77);
    makeHardLinkInVolume(path, 'other-name', 77);
    const out = newFolder('out');
    const { entries } = await extractImage(path, out);
    expect(entries.map((entry) => entry.path).sort()).toEqual(['below', 'below/other-name', 'first-name']);
    expect(readFileSync(join(out, 'below', 'other-name'), 'utf8')).toBe('one file, two names');
    expect(statSync(join(out, 'first-name')).ino).toBe(statSync(join(out, 'below', 'other-name')).ino);
    expect(readdirSync(out).sort()).toEqual(['below', 'first-name']);
  });

  it('refuses a hard link that leads nowhere', async () => {
    const source = newFolder('source');
    writeFileSync(join(source, 'first-name'), 'text');
    const path = image(source, 'UDRW');
    makeHardLinkInVolume(path, 'first-name', 5);
    expect(await codeOf(extractImage(path, newFolder('out')))).toBe('image-unreadable');
  });

  it('never writes through a link of the image', async () => {
    const outside = newFolder('outside');
    const source = newFolder('source');
    symlinkSync(outside, join(source, 'door'));
    mkdirSync(join(source, 'room'));
    writeFileSync(join(source, 'room', 'victim'), 'written by the image');
    const path = image(source, 'UDRW');
    // Now a link and a folder have one name, and the folder's file lies "below" the link.
    renameInVolume(path, 'room', 'door');
    expect(await codeOf(extractImage(path, newFolder('out')))).toBe('image-unreadable');
    expect(readdirSync(outside)).toEqual([]);
  });

  it.each(['..', '.\0', '\0\0'])('refuses a file with the name %j', async (name) => {
    const source = newFolder('source');
    mkdirSync(join(source, 'deep'));
    writeFileSync(join(source, 'deep', 'xy'), 'text');
    const path = image(source, 'UDRW');
    renameInVolume(path, 'xy', name);
    const out = join(newFolder('around'), 'out');
    mkdirSync(out);
    expect(await codeOf(extractImage(path, out))).toBe('image-unreadable');
    expect(readdirSync(join(folder, 'around'))).toEqual(['out']);
  });

  it('takes the folder from a function that sees the listing first', async () => {
    const source = newFolder('source');
    writeFileSync(join(source, 'file'), 'text');
    const out = newFolder('out');
    await extractImage(image(source), ({ volumeName, entries }) => {
      expect([volumeName, entries.length]).toEqual(['Volume', 1]);
      return out;
    });
    expect(readFileSync(join(out, 'file'), 'utf8')).toBe('text');
  });

  it.skipIf(process.getuid?.() !== 0 || !existsSync('/proc/mounts'))(
    'says that the disk is full (as root)',
    async (context) => {
      const source = newFolder('source');
      writeFileSync(join(source, 'large'), Buffer.alloc(3 << 20, 'x'));
      const path = image(source);
      const out = newFolder('out');
      const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', out]);
      context.skip(mounted.status !== 0, 'no tmpfs can be mounted here');
      try {
        expect(await codeOf(extractImage(path, out))).toBe('disk-full');
      } finally {
        spawnSync('umount', [out]);
      }
    },
  );
});

describe('packages', () => {
  it.skipIf(!HAS_FIXTURES)(`reads the real ones, alone and in an image${NEEDS_FIXTURES}`, async () => {
    const out = newFolder('out');
    await extractImage(APFS, out);
    const contents = [
      { path: 'sparklepkgtest.app', kind: 'folder', mode: 0o755, size: 0, linkTarget: null },
      { path: 'sparklepkgtest.app/Contents', kind: 'folder', mode: 0o755, size: 0, linkTarget: null },
      {
        path: 'sparklepkgtest.app/Contents/Info.plist',
        kind: 'file',
        mode: 0o644,
        size: 265,
        linkTarget: null,
      },
      { path: 'sparklepkgtest.app/Contents/PkgInfo', kind: 'file', mode: 0o644, size: 8, linkTarget: null },
    ];
    const member = (path: string, size: number, encoding: string) => ({ path, kind: 'file', size, encoding });
    const expected = {
      title: null,
      distribution: null,
      table: {
        checksum: { style: 'sha1', offset: 0, size: 20 },
        members: [
          member('Payload', 389, 'application/octet-stream'),
          member('PackageInfo', 702, 'application/x-bzip2'),
          member('Bom', 35774, 'application/x-bzip2'),
        ],
        signatures: [],
      },
      components: [
        {
          member: '',
          identifier: 'org.sparkle-project.testpkg',
          version: '0',
          installLocation: '/tmp',
          isRelocatable: true,
          relocates: ['org.sparkle-project.testapp'],
          versionChecked: [],
          bundles: [
            {
              id: 'org.sparkle-project.testapp',
              path: 'sparklepkgtest.app',
              shortVersion: null,
              bundleVersion: null,
            },
          ],
          postinstallAction: 'none',
          scripts: [],
          scriptFiles: [],
          hasScripts: false,
          payload: contents,
          bom: contents,
        },
      ],
    };
    expect(await readPackage(join(IMAGES, 'test.pkg'))).toMatchObject(expected);
    expect(await readPackage(join(out, 'SparkleTestCodeSignApp.pkg'))).toMatchObject(expected);
  });

  const cpio = makeCpio([
    { path: '.', text: null },
    { path: './Nexy.app', text: null },
    { path: './Nexy.app/Contents/Info.plist', text: 'x'.repeat(5000) },
  ]);
  const information = Buffer.from(
    `<pkg-info identifier="com.nexy.pkg" version="2.0.0.46" install-location="/Applications"><bundle id="com.nexy.assistant" path="./Nexy.app" CFBundleShortVersionString="2.0.0.46" CFBundleVersion="46"/><scripts><postinstall file="./postinstall"/></scripts></pkg-info>`,
  );

  const HAS_XZ = spawnSync('xz', ['--version'], { stdio: 'ignore' }).status === 0;
  const NEEDS_XZ = HAS_XZ ? '' : ' (skipped: xz is not installed)';
  it.skipIf(!HAS_XZ)(`reads a product archive with a payload in pieces${NEEDS_XZ}`, async () => {
    const half = cpio.subarray(0, 3000);
    writeFileSync(join(folder, 'rest'), cpio.subarray(3000));
    const packed = spawnSync('xz', ['-c', join(folder, 'rest')], { maxBuffer: 1e7 });
    const payload = makePbzx([
      { unpackedSize: half.length, bytes: half },
      { unpackedSize: cpio.length - half.length, bytes: packed.stdout },
    ]);
    const path = writeXar(join(folder, 'product.pkg'), [
      [
        'Distribution',
        Buffer.from('<installer-gui-script minSpecVersion="2"><title>Nexy</title></installer-gui-script>'),
      ],
      ['Nexy.pkg/PackageInfo', information],
      ['Nexy.pkg/Payload', payload],
    ]);
    expect(await readPackage(path)).toMatchObject({
      title: 'Nexy',
      components: [
        {
          member: 'Nexy.pkg',
          identifier: 'com.nexy.pkg',
          version: '2.0.0.46',
          installLocation: '/Applications',
          isRelocatable: false,
          bundles: [
            { id: 'com.nexy.assistant', path: 'Nexy.app', shortVersion: '2.0.0.46', bundleVersion: '46' },
          ],
          hasScripts: true,
          scripts: ['postinstall'],
          payload: [
            { path: 'Nexy.app', kind: 'folder', size: 0 },
            { path: 'Nexy.app/Contents/Info.plist', kind: 'file', size: 5000 },
          ],
          bom: null,
        },
      ],
    });
  });

  it.each([
    ['a document type', '<!DOCTYPE x [<!ENTITY a "b">]><pkg-info identifier="&a;"/>'],
    ['no XML', 'identifier: com.nexy'],
    ['another element', '<html/>'],
  ])('refuses a description with %s', async (_name, text) => {
    const path = writeXar(join(folder, 'bad.pkg'), [['PackageInfo', Buffer.from(text)]]);
    expect(await codeOf(readPackage(path))).toBe('image-unreadable');
  });

  it('refuses a package whose payload was changed or cut', async () => {
    const path = writeXar(join(folder, 'bad.pkg'), [
      ['PackageInfo', information],
      ['Payload', cpio],
    ]);
    expect((await readPackage(path)).components[0]?.payload).toHaveLength(2);
    flipBit(path, -100);
    expect(await codeOf(readPackage(path))).toBe('image-unreadable');
    flipBit(path, -100);
    truncateFile(path, -1000);
    expect(await codeOf(readPackage(path))).toBe('image-unreadable');
  });
});
