import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DownloadProgress } from '../../../src/progress.ts';
import { type Inbox, type InboxOptions, readInbox } from '../../../src/release/inbox/inbox.ts';
import { parseVersion } from '../../../src/version.ts';
import type { AppPlan } from '../../support/make-app.ts';
import { canMakeImages, makeEncryptedLookingImage, makeImage } from '../../support/make-image.ts';
import { makePackage, type PackagePlan } from '../../support/make-package.ts';
import { openDescriptorsOf } from '../../support/open-descriptors.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { BUNDLE_ID, makeNexy } from '../../support/update-world.ts';

const WITHOUT_IMAGES = canMakeImages() ? '' : ' (skipped: xorriso is not installed)';

interface World {
  readonly inbox: string;
  put(name: string, content?: string | Uint8Array): void;
  dmg(version?: string, more?: Partial<AppPlan>): Promise<void>;
  pkg(version?: string, more?: Partial<AppPlan>, plan?: Partial<PackagePlan>): Promise<void>;
  read(more?: Partial<InboxOptions>): Promise<Inbox>;
  /** What readInbox fails with. */
  fail(more?: Partial<InboxOptions>): Promise<unknown>;
}

async function openWorld(): Promise<World> {
  const folder = await temporaryFolder();
  const inbox = join(folder, 'inbox');
  mkdirSync(inbox);
  let made = 0;
  const makeApp = (version: string, more: Partial<AppPlan>): Promise<string> => {
    made += 1;
    return makeNexy(join(folder, `build-${made}`), version, { sign: false, ...more });
  };
  const read = async (more: Partial<InboxOptions> = {}): Promise<Inbox> => {
    const options = { version: parseVersion('2.0.0.46'), minimumOs: null, bundleId: BUNDLE_ID, ...more };
    const result = await readInbox(inbox, options);
    onTestFinished(() => result.close());
    return result;
  };
  return {
    inbox,
    put: (name, content = 'some bytes') => writeFileSync(join(inbox, name), content),
    dmg: async (version = '2.0.0.46', more = {}) => {
      await makeApp(version, more);
      const output = join(inbox, 'Nexy.dmg');
      makeImage({ sourceFolder: join(folder, `build-${made}`), volumeName: 'Nexy', output });
    },
    pkg: async (version = '2.0.0.46', more = {}, plan = {}) => {
      const app = await makeApp(version, more);
      await makePackage({ app, output: join(inbox, 'Nexy.pkg'), ...plan });
    },
    read,
    fail: (more) =>
      read(more).then(
        () => 'no failure',
        (error: unknown) => error,
      ),
  };
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe(`readInbox of a whole build${WITHOUT_IMAGES}`, { skip: !canMakeImages() }, () => {
  it('hashes what is there and tells what is inside', async () => {
    const world = await openWorld();
    await world.dmg();
    await world.pkg();
    world.put('LATEST_CHANGES.md', '# 2.0.0.46\n\nWörks.\n');
    world.put('other.txt');
    const inbox = await world.read();
    expect(inbox).toMatchObject({
      notes: '# 2.0.0.46\n\nWörks.\n',
      minimumOs: '11.0',
      architecture: 'universal2',
      warnings: [],
    });
    expect(inbox.assets.map(({ name }) => name)).toEqual(['Nexy.dmg', 'Nexy.pkg', 'LATEST_CHANGES.md']);
    for (const asset of inbox.assets) {
      const bytes = await collect(asset.openStream());
      expect(asset).toMatchObject({ size: bytes.length, sha256: sha256(bytes) });
      expect(await collect(asset.openStream())).toEqual(bytes);
    }
  });

  it.each([
    ['2.0.0', '46', false],
    ['2.0.0', '2.0.0.46', true],
    ['2.0.0.46', '46', true],
    ['2.0.0.31', '2.0.0.31', false],
    // Installed, it would go by 2.0.0.45, and be offered 2.0.0.46 for ever.
    ['2.0.0.45', '2.0.0.46', false],
  ])(
    'judges a short version %s and a bundle version %s as clients will',
    async (shortVersion, bundleVersion, isFit) => {
      const world = await openWorld();
      await world.dmg('2.0.0.46', { shortVersion, bundleVersion });
      world.put('LATEST_CHANGES.md');
      if (isFit) return void (await world.read());
      expect(await world.fail()).toMatchObject({
        code: 'bundle-version-mismatch',
        message: expect.stringContaining('Nexy.dmg'),
        details: { asset: 'Nexy.dmg', expected: '2.0.0.46', found: [shortVersion, bundleVersion] },
      });
    },
  );

  it('looks into a package that lies in the image', async () => {
    const world = await openWorld();
    await world.pkg('2.0.0.31');
    renameSync(join(world.inbox, 'Nexy.pkg'), join(world.inbox, 'Install Nexy.pkg'));
    makeImage({ sourceFolder: world.inbox, volumeName: 'Nexy', output: join(world.inbox, 'Nexy.dmg') });
    world.put('LATEST_CHANGES.md');
    expect(await world.fail()).toMatchObject({ code: 'bundle-version-mismatch' });
    await world.read({ version: parseVersion('2.0.0.31') });
  });

  it('refuses an image and a package that ask for different systems', async () => {
    const world = await openWorld();
    await world.dmg();
    await world.pkg('2.0.0.46', { minimumSystemVersion: '12.0' });
    world.put('LATEST_CHANGES.md');
    expect(await world.fail()).toMatchObject({
      code: 'bundle-minimum-mismatch',
      details: { 'Nexy.dmg': '11.0', 'Nexy.pkg': '12.0' },
    });
  });

  it.each([
    ['11', null],
    ['11.0', null],
    ['12.0', 'bundle-minimum-mismatch'],
    ['Big Sur', 'usage'],
  ])('compares --min-os %s with the payload', async (minimumOs, code) => {
    const world = await openWorld();
    await world.dmg();
    world.put('LATEST_CHANGES.md');
    if (code === null) expect((await world.read({ minimumOs })).minimumOs).toBe('11.0');
    else expect(await world.fail({ minimumOs })).toMatchObject({ code });
  });

  it('tells what runs from both files, and warns where they differ', async () => {
    const world = await openWorld();
    await world.dmg('2.0.0.46', { executable: { kind: 'mach-o', architectures: ['arm64'] } });
    await world.pkg();
    world.put('LATEST_CHANGES.md');
    expect(await world.read()).toMatchObject({
      architecture: 'arm64',
      warnings: [expect.stringContaining('different processors')],
    });
    await world.pkg('2.0.0.46', { executable: { kind: 'mach-o', architectures: ['x86_64'] } });
    expect(await world.fail()).toMatchObject({ code: 'payload-incompatible' });
  });

  it('takes the build number of the image, and refuses a package with another', async () => {
    const world = await openWorld();
    world.put('LATEST_CHANGES.md');
    await world.dmg('2.0.0.46', { shortVersion: '2.0.0.46', bundleVersion: '20646' });
    await world.pkg('2.0.0.46', { shortVersion: '2.0.0.46', bundleVersion: '20646' });
    expect(await world.read()).toMatchObject({ buildNumber: 20_646, warnings: [] });
    await world.pkg('2.0.0.46', { shortVersion: '2.0.0.46', bundleVersion: '20647' });
    expect(await world.fail()).toMatchObject({
      code: 'bundle-version-mismatch',
      message: expect.stringMatching(/20646.*20647/),
      details: { 'Nexy.dmg': 20_646, 'Nexy.pkg': 20_647 },
    });
    await world.pkg();
    expect(await world.read()).toMatchObject({
      buildNumber: 20_646,
      warnings: [expect.stringMatching(/"20646" in Nexy\.dmg and "2\.0\.0\.46" in Nexy\.pkg/)],
    });
    // What clients install has no number, so the manifest may have none either.
    await world.dmg();
    await world.pkg('2.0.0.46', { shortVersion: '2.0.0.46', bundleVersion: '20646' });
    expect(await world.read()).toMatchObject({ buildNumber: null, warnings: [expect.anything()] });
  });

  it('refuses an image of another app, of two apps, of none', async () => {
    const world = await openWorld();
    world.put('LATEST_CHANGES.md');
    await world.dmg('2.0.0.46', { bundleId: 'com.other' });
    expect(await world.fail()).toMatchObject({ code: 'bundle-id-mismatch' });
    // Where both are wrong the version is told, which is the likelier mistake.
    expect(await world.fail({ version: parseVersion('2.0.0.47') })).toMatchObject({
      code: 'bundle-version-mismatch',
    });
    const folder = await temporaryFolder();
    writeFileSync(join(folder, 'README'), 'no app');
    const output = join(world.inbox, 'Nexy.dmg');
    makeImage({ sourceFolder: folder, volumeName: 'Nexy', output });
    expect(await world.fail()).toMatchObject({ code: 'payload-not-found' });
    await makeNexy(folder, '2.0.0.46', { sign: false });
    await makeNexy(folder, '2.0.0.46', { sign: false, bundleName: 'Other.app' });
    makeImage({ sourceFolder: folder, volumeName: 'Nexy', output });
    expect(await world.fail()).toMatchObject({ code: 'payload-ambiguous' });
  });
});

describe('readInbox', () => {
  it('takes a package alone, with a warning, and knows its payload', async () => {
    const world = await openWorld();
    await world.pkg('2.0.0.46', { minimumSystemVersion: '12.3' });
    world.put('LATEST_CHANGES.md');
    expect(await world.read()).toMatchObject({
      minimumOs: '12.3',
      architecture: 'universal2',
      warnings: [expect.stringContaining('no Nexy.dmg')],
    });
    await world.pkg('2.0.0.31');
    expect(await world.fail()).toMatchObject({ code: 'bundle-version-mismatch' });
  });

  it('warns of a package that clients will refuse, or that leaves another receipt', async () => {
    const world = await openWorld();
    world.put('LATEST_CHANGES.md');
    await world.pkg(
      '2.0.0.46',
      {},
      {
        isRelocatable: true,
        installLocation: '/Library',
        version: '7',
      },
    );
    expect((await world.read()).warnings).toEqual([
      expect.stringContaining('no Nexy.dmg'),
      expect.stringContaining('relocatable'),
      expect.stringContaining('/Library/Nexy.app'),
      expect.stringContaining('receipt for "7"'),
    ]);
  });

  it.each([
    ['20646', 20_646],
    ['0', 0],
    ['9007199254740991', 9_007_199_254_740_991],
    // Not exact as a JSON number.
    ['9007199254740992', null],
    ['020646', null],
    ['2.0.0.46', null],
    ['20646b1', null],
  ])('reads CFBundleVersion %s as the build number %s', async (bundleVersion, buildNumber) => {
    const world = await openWorld();
    await world.pkg('2.0.0.46', { shortVersion: '2.0.0.46', bundleVersion });
    world.put('LATEST_CHANGES.md');
    expect(await world.read()).toMatchObject({
      buildNumber,
      warnings: [expect.stringContaining('no Nexy.dmg')],
    });
  });

  it('goes on, with a loud warning, where a file is neither image nor package', async () => {
    const world = await openWorld();
    for (const name of ['Nexy.dmg', 'Nexy.pkg', 'LATEST_CHANGES.md']) world.put(name);
    expect(await world.read({ minimumOs: '11.0' })).toMatchObject({
      minimumOs: '11.0',
      architecture: null,
      warnings: [
        expect.stringMatching(/^NOBODY KNOWS WHAT IS IN Nexy\.dmg: .*not a disk image/),
        expect.stringMatching(/^NOBODY KNOWS WHAT IS IN Nexy\.pkg: .*not a flat package/),
      ],
    });
  });

  it('refuses an encrypted image, which no client opens', async () => {
    const world = await openWorld();
    makeEncryptedLookingImage(join(world.inbox, 'Nexy.dmg'));
    world.put('LATEST_CHANGES.md');
    expect(await world.fail()).toMatchObject({
      code: 'image-encrypted',
      message: expect.not.stringContaining('/dev/fd'),
    });
  });

  it.each([
    [[], 'Nexy.dmg, Nexy.pkg, LATEST_CHANGES.md'],
    [['LATEST_CHANGES.md'], 'Nexy.dmg, Nexy.pkg'],
    [['Nexy.dmg', 'Nexy.pkg'], 'LATEST_CHANGES.md'],
    [['Nexy.pkg'], 'LATEST_CHANGES.md'],
  ])('names what is missing beside %j', async (names, missing) => {
    const world = await openWorld();
    for (const name of names) world.put(name);
    expect(await world.fail()).toMatchObject({
      code: 'inbox-incomplete',
      message: expect.stringContaining(`lacks ${missing}.`),
    });
  });

  it('says that there is no such folder', async () => {
    const options = { version: parseVersion('1'), minimumOs: null, bundleId: BUNDLE_ID };
    await expect(readInbox('/nowhere', options)).rejects.toMatchObject({ code: 'inbox-incomplete' });
  });

  it('refuses what is no regular file, without following links or waiting for a pipe', async () => {
    const makers: readonly ((path: string) => void)[] = [
      (path) => mkdirSync(path),
      (path) => symlinkSync('/etc/hostname', path),
      (path) => void execFileSync('mkfifo', [path]),
    ];
    for (const make of makers) {
      const world = await openWorld();
      make(join(world.inbox, 'Nexy.dmg'));
      world.put('LATEST_CHANGES.md');
      expect(await world.fail()).toMatchObject({
        code: 'inbox-incomplete',
        message: expect.stringContaining('Put the file itself there'),
      });
    }
  });

  it('refuses empty files and those of 2 GiB', async () => {
    const world = await openWorld();
    world.put('Nexy.dmg', '');
    world.put('LATEST_CHANGES.md');
    expect(await world.fail()).toMatchObject({ code: 'inbox-incomplete', details: { asset: 'Nexy.dmg' } });
    truncateSync(join(world.inbox, 'Nexy.dmg'), 2 * 1024 ** 3);
    expect(await world.fail()).toMatchObject({
      code: 'inbox-incomplete',
      message: expect.stringContaining('less than 2 GiB'),
    });
  });

  it.each([
    ['not UTF-8', Buffer.from([0x66, 0xff])],
    ['holds no text', '  \n'],
    ['holds no text', 'a\0b'],
    ['too long', 'x'.repeat(125_001)],
    ['too long', 'x'.repeat(600_000)],
  ])('refuses notes: %s', async (sentence, content) => {
    const world = await openWorld();
    world.put('Nexy.dmg');
    world.put('LATEST_CHANGES.md', content);
    expect(await world.fail()).toMatchObject({
      code: 'inbox-incomplete',
      message: expect.stringContaining(sentence),
    });
  });

  it('takes notes of as many characters as GitHub does', async () => {
    const world = await openWorld();
    world.put('Nexy.dmg');
    world.put('LATEST_CHANGES.md', '漢'.repeat(125_000));
    expect((await world.read()).notes).toHaveLength(125_000);
  });

  it('never publishes a file that takes the name of one that was hashed', async () => {
    const world = await openWorld();
    world.put('Nexy.dmg', 'the build');
    world.put('LATEST_CHANGES.md');
    world.put('next.dmg', 'the next build');
    const [asset] = (await world.read()).assets;
    if (asset === undefined) throw new Error('no asset');
    renameSync(join(world.inbox, 'next.dmg'), join(world.inbox, 'Nexy.dmg'));
    // Its link count, and so its time of change, went with its name.
    await expect(collect(asset.openStream())).rejects.toMatchObject({ code: 'asset-conflict' });
  });

  it.each([
    ['grows', (path: string) => appendFileSync(path, 'x')],
    ['shrinks', (path: string) => truncateSync(path, 3)],
    [
      'is written over and given its old times',
      (path: string) => {
        writeFileSync(path, 'SOME BYTES');
        utimesSync(path, 1, 1);
      },
    ],
  ])('fails before the last piece when the file %s', async (_how, change) => {
    const world = await openWorld();
    world.put('Nexy.dmg');
    world.put('LATEST_CHANGES.md');
    utimesSync(join(world.inbox, 'Nexy.dmg'), 1, 1);
    const [asset] = (await world.read()).assets;
    if (asset === undefined) throw new Error('no asset');
    change(join(world.inbox, 'Nexy.dmg'));
    await expect(collect(asset.openStream())).rejects.toMatchObject({ code: 'asset-conflict' });
  });

  it('tells its progress over all files, and can be cancelled', async () => {
    const world = await openWorld();
    world.put('Nexy.dmg', Buffer.alloc(3_000_000, 'x'));
    world.put('LATEST_CHANGES.md', 'notes');
    const reports: DownloadProgress[] = [];
    await world.read({ onProgress: (progress) => reports.push(progress) });
    expect(reports.at(-1)).toMatchObject({ transferred: 3_000_005, total: 3_000_005 });
    expect(await world.fail({ signal: AbortSignal.abort() })).toMatchObject({ code: 'cancelled' });
  });

  it('leaves no file open, neither when it fails nor when it is closed', async () => {
    const world = await openWorld();
    world.put('Nexy.dmg');
    const path = join(world.inbox, 'Nexy.dmg');
    await world.fail();
    expect(await openDescriptorsOf(path)).toEqual([]);
    world.put('LATEST_CHANGES.md');
    const inbox = await world.read();
    expect(await openDescriptorsOf(path)).toHaveLength(process.platform === 'linux' ? 1 : 0);
    await inbox.close();
    expect(await openDescriptorsOf(path)).toEqual([]);
  });
});
