import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { UpdateError } from '../../src/errors.ts';
import { layoutOf } from '../../src/install/layout.ts';
import { Tools } from '../../src/install/tools.ts';
import {
  type VerifiedPackage,
  type VerifyPackageOptions,
  verifyPackage,
} from '../../src/install/verify-package.ts';
import { parseVersion } from '../../src/version.ts';
import { makeBillOfMaterials } from '../support/make-bill-of-materials.ts';
import { makeCpio, makePbzx, type PackedFile } from '../support/make-cpio.ts';
import { makeAuthority, makeIdentity } from '../support/make-identity.ts';
import { flipBit } from '../support/make-image.ts';
import { makeMac } from '../support/make-mac.ts';
import { makePackage, type PackageChanges, type PackagePlan } from '../support/make-package.ts';
import { writeXar } from '../support/make-xar.ts';
import { PackageWorld, TEAM } from '../support/package-world.ts';
import { BUNDLE_ID } from '../support/update-world.ts';

let world: PackageWorld;
let oldApp: string;
let newApp: string;
let warnings: string[];

beforeAll(async () => {
  world = new PackageWorld(realpathSync(mkdtempSync(join(tmpdir(), 'nexy-verify-package-'))));
  oldApp = await world.makeApp('2.0.0.45');
  newApp = await world.makeApp('2.0.0.46');
});
afterAll(() => rmSync(world.folder, { recursive: true, force: true }));
beforeEach(() => {
  warnings = [];
  world.install(oldApp);
});

async function verify(path: string, more: Partial<VerifyPackageOptions> = {}): Promise<VerifiedPackage> {
  return verifyPackage(path, {
    tools: new Tools(world.tools),
    layout: await layoutOf(world.target),
    bundleId: BUNDLE_ID,
    offered: parseVersion('2.0.0.46'),
    current: parseVersion('2.0.0.45'),
    allowDowngrade: false,
    machine: { systemVersion: '15.7.7', architecture: 'arm64', hasRosetta: true },
    verifiesSignature: true,
    warn: (text) => void warnings.push(text),
    ...more,
  });
}

/** The Info.plist of 2.0.0.46, with these keys. */
function infoOf(keys: Readonly<Record<string, string>>): string {
  const pairs = Object.entries({ CFBundleShortVersionString: '2.0.0.46', ...keys });
  const elements = pairs.map(([key, value]) => `<key>${key}</key><string>${value}</string>`);
  return `<plist version="1.0"><dict>${elements.join('')}</dict></plist>`;
}

/** Without asking who signed it. */
const judge = (path: string, more: Partial<VerifyPackageOptions> = {}) =>
  verify(path, { verifiesSignature: false, ...more });

async function makeChanged(changes: PackageChanges, more: Partial<PackagePlan> = {}): Promise<string> {
  return world.makeUnsignedPackage(newApp, { changes, ...more });
}

describe('a package of the team of the installed app', () => {
  it('is verified, and tells what has to be there afterwards', async () => {
    const path = await world.makePackage(newApp, { identifier: 'com.nexy.pkg', version: '2.0.46' });
    expect(await verify(path)).toMatchObject({
      path,
      version: { text: '2.0.0.46' },
      bundle: {
        path: world.target,
        bundleId: BUNDLE_ID,
        shortVersion: '2.0.0.46',
        bundleVersion: '2.0.0.46',
      },
      receipts: [{ identifier: 'com.nexy.pkg', version: '2.0.46' }],
      runsScripts: false,
      signer: { team: TEAM, name: `Developer ID Installer: Nexy Ltd (${TEAM})`, isNotarized: true },
      isGatekeeperMandatory: true,
    });
    expect(warnings).toEqual([]);
  });

  it('may run scripts as root: they are as good as the app that it brings', async () => {
    const path = await world.makePackage(newApp, { scripts: { postinstall: '#!/bin/sh\n' } });
    expect(await verify(path)).toMatchObject({ runsScripts: true });
    expect(warnings).toEqual([]);
  });

  it('leaves nothing behind in the temporary folder, verified or refused', async () => {
    const path = await world.makePackage(newApp);
    const before = process.env['TMPDIR'];
    const own = join(world.folder, 'temporary');
    mkdirSync(own);
    process.env['TMPDIR'] = own;
    try {
      await judge(path);
      await expect(judge(path, { offered: parseVersion('2.0.0.47') })).rejects.toThrow();
      expect(readdirSync(own)).toEqual([]);
    } finally {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    }
  });
});

describe('a package is refused when its signature', () => {
  it('is missing', async () => {
    const path = await world.makeUnsignedPackage(newApp);
    await expect(verify(path)).rejects.toMatchObject({
      code: 'signature-invalid',
      message: expect.stringContaining('no signature'),
    });
  });

  it('is that of another team', async () => {
    const identity = makeIdentity({ kind: 'installer', team: 'OTHERTEAM1', authority: world.authority });
    const path = await world.makePackage(newApp, { identity });
    await expect(verify(path)).rejects.toMatchObject({
      code: 'requirement-mismatch',
      details: { team: TEAM, signer: 'Developer ID Installer: Nexy Ltd (OTHERTEAM1)' },
    });
  });

  it('bears the right names, by somebody who is not Apple', async () => {
    const identity = makeIdentity({ kind: 'installer', team: TEAM, authority: makeAuthority() });
    const path = await world.makePackage(newApp, { identity });
    await expect(verify(path)).rejects.toMatchObject({ code: 'signature-invalid' });
  });

  it('bears the right names, by a root that somebody put on this Mac, although pkgutil and installer trust that', async () => {
    const authority = makeAuthority();
    const appleRoots = [world.authority.fingerprint];
    const tools = makeMac(join(world.folder, 'company'), {
      appleRoots,
      trustedRoots: [authority.fingerprint],
    });
    const identity = makeIdentity({ kind: 'installer', team: TEAM, authority });
    const path = await world.makePackage(newApp, { identity });
    expect(spawnSync(join(tools, 'pkgutil'), ['--check-signature', path]).status).toBe(0);
    await expect(verify(path, { tools: new Tools(tools) })).rejects.toMatchObject({
      code: 'signature-invalid',
    });
  });

  it('is made with the certificate for apps', async () => {
    const identity = makeIdentity({ kind: 'application', team: TEAM, authority: world.authority });
    const path = await world.makePackage(newApp, { identity });
    await expect(verify(path)).rejects.toMatchObject({ code: 'signature-invalid' });
  });

  it('is by a certificate that has run out', async () => {
    const notAfter = new Date('2025-01-01');
    const identity = makeIdentity({ kind: 'installer', team: TEAM, authority: world.authority, notAfter });
    const path = await world.makePackage(newApp, { identity });
    await expect(verify(path)).rejects.toMatchObject({ code: 'signature-invalid' });
  });

  it('is torn', async () => {
    const path = await world.makePackage(newApp);
    // In the table of contents, which begins behind 28 bytes.
    flipBit(path, 200);
    await expect(verify(path)).rejects.toMatchObject({ code: expect.stringMatching(/signature-invalid/) });
  });

  it('is good, and its contents were changed', async () => {
    const path = await world.makePackage(newApp);
    flipBit(path, -3000);
    await expect(verify(path)).rejects.toMatchObject({ code: 'image-unreadable' });
  });

  it('is good, and Gatekeeper, which lets the installed app pass, refuses the package', async () => {
    const path = await world.makePackage(newApp, { isNotarized: false });
    await expect(verify(path)).rejects.toMatchObject({ code: 'gatekeeper-rejected' });
  });

  it('is good, and nobody knows whose the installed app is', async () => {
    world.install(await world.makeApp('2.0.0.45', { sign: {} }));
    await expect(verify(await world.makePackage(newApp))).rejects.toMatchObject({
      code: 'signature-invalid',
      message: expect.stringContaining('installed app'),
    });
  });

  it('is good, and the installed app only claims to be of that team', async () => {
    const app = await world.makeApp('2.0.0.45');
    // The program was changed after it had been signed: codesign goes on showing the team.
    flipBit(join(app, 'Contents', 'MacOS', 'Nexy'), 0x4000 + 100);
    world.install(app);
    const shown = spawnSync(join(world.tools, 'codesign'), ['-d', '--verbose=2', app], { encoding: 'utf8' });
    expect(shown.stderr).toContain(`TeamIdentifier=${TEAM}`);
    await expect(verify(await world.makePackage(newApp))).rejects.toMatchObject({
      code: 'signature-invalid',
      message: expect.stringContaining('does not hold'),
    });
  });
});

describe('a package that Gatekeeper refuses', () => {
  it('may be installed over an app that it refuses as well, with a warning', async () => {
    world.install(await world.makeApp('2.0.0.45', { isNotarized: false }));
    const path = await world.makePackage(newApp, { isNotarized: false });
    expect(await verify(path)).toMatchObject({
      isGatekeeperMandatory: false,
      signer: { isNotarized: false },
    });
    expect(warnings.join(' ')).toContain('Gatekeeper does not accept');
  });
});

describe('without signature checks', () => {
  it('a package is installed with a warning, and with another where it runs programs', async () => {
    expect(await judge(await world.makeUnsignedPackage(newApp))).toMatchObject({
      signer: null,
      isGatekeeperMandatory: false,
    });
    expect(warnings).toEqual([expect.stringContaining('signature of the package was not checked')]);
    warnings = [];
    await judge(await world.makeUnsignedPackage(newApp, { scripts: { preinstall: '#!/bin/sh\n' } }));
    expect(warnings).toEqual([expect.anything(), expect.stringContaining('programs of its own as root')]);
  });
});

describe('a package may say', () => {
  it('nothing about the app that it brings', async () => {
    const packageInfo = (text: string) => text.replace(/<bundle path=[^>]*\/>/, '');
    expect(await judge(await makeChanged({ packageInfo }))).toMatchObject({ version: { text: '2.0.0.46' } });
  });

  it('that the Mac is to be restarted, which is told', async () => {
    const packageInfo = (text: string) =>
      text.replace('postinstall-action="none"', 'postinstall-action="restart"');
    await judge(await makeChanged({ packageInfo }));
    expect(warnings).toContain('The package asks for a restart once it is installed.');
  });

  it('that what is newer is left as it is, which is told where going back was allowed', async () => {
    const path = await world.makeUnsignedPackage(newApp, { isVersionChecked: true });
    const told = expect.stringContaining('may leave parts of the app as they are');
    await judge(path);
    expect(warnings).not.toContainEqual(told);
    await judge(path, { allowDowngrade: true });
    expect(warnings).toContainEqual(told);
  });

  it('not what it is: then its receipt could not be looked for', async () => {
    const packageInfo = (text: string) => text.replace(/ identifier="[^"]*"/, '');
    await expect(judge(await makeChanged({ packageInfo }))).rejects.toMatchObject({
      code: 'image-unreadable',
      message:
        'The package was not installed: it does not say what it is. Nothing was changed. The release team has to publish it again.',
    });
  });
});

describe('a package is read whatever way it is packed:', () => {
  it.each([
    ['odc and gzip', {}],
    ['newc and gzip', { payload: { format: 'newc' } }],
    ['not packed', { payload: { packing: 'none' } }],
    ['without a Distribution', { isProduct: false }],
  ] as const)('%s', async (_name, more) => {
    expect(await judge(await world.makeUnsignedPackage(newApp, more))).toMatchObject({
      path: expect.any(String),
    });
  });

  it('from the root of the volume, with the folders on the way', async () => {
    const parts = world.applications.slice(1).split('/');
    const above = parts.map(
      (_, index): PackedFile => ({ path: `./${parts.slice(0, index + 1).join('/')}`, text: null }),
    );
    const path = await makeChanged(
      {
        payload: ([top, ...files]) => [
          ...(top === undefined ? [] : [top]),
          ...above,
          ...files.map((file) => ({ ...file, path: `.${world.applications}${file.path.slice(1)}` })),
        ],
        packageInfo: (text) => text.replace('path="./Nexy.app"', `path=".${world.applications}/Nexy.app"`),
      },
      { installLocation: '/' },
    );
    expect((await judge(path)).bundle.path).toBe(world.target);
  });

  const HAS_XZ = spawnSync('xz', ['--version'], { stdio: 'ignore' }).status === 0;
  it.skipIf(!HAS_XZ)(`pbzx${HAS_XZ ? '' : ' (skipped: xz is not installed)'}`, async () => {
    const path = await repacked((cpio) => {
      const half = cpio.subarray(0, 10_000);
      const rest = join(world.folder, 'rest');
      writeFileSync(rest, cpio.subarray(10_000));
      const packed = spawnSync('xz', ['-c', rest], { maxBuffer: 1e8 }).stdout;
      return makePbzx([
        { unpackedSize: half.length, bytes: half },
        { unpackedSize: cpio.length - half.length, bytes: packed },
      ]);
    });
    expect((await judge(path)).bundle.shortVersion).toBe('2.0.0.46');
  });

  it('but not as an archive of a kind that is not known', async () => {
    const path = await repacked(() => Buffer.from('AA01 an archive of another kind'));
    await expect(judge(path)).rejects.toMatchObject({ code: 'image-unreadable' });
  });

  it('nor without a bill of materials', async () => {
    const path = await repacked((cpio) => gzipSync(cpio), false);
    await expect(judge(path)).rejects.toMatchObject({
      code: 'image-unreadable',
      message: expect.stringContaining('no bill of materials'),
    });
  });

  /** A component package whose payload is packed by `pack`. */
  async function repacked(pack: (cpio: Buffer) => Buffer, hasBom = true): Promise<string> {
    let bom = Buffer.alloc(0);
    let info = '';
    let cpio = Buffer.alloc(0);
    await makeChanged({
      packageInfo: (text) => (info = text),
      payload: (files) => {
        cpio = Buffer.from(makeCpio(files));
        bom = Buffer.from(makeBillOfMaterials(files));
        return files;
      },
    });
    const path = join(world.folder, 'repacked.pkg');
    return writeXar(path, [
      ['PackageInfo', Buffer.from(info)],
      ['Payload', pack(cpio)],
      ...(hasBom ? [['Bom', bom] as const] : []),
    ]);
  }
});

const link = (path: string, linkTarget: string): PackedFile => ({ path, text: null, linkTarget });
const file = (path: string): PackedFile => ({ path, text: 'x' });
const folder = (path: string): PackedFile => ({ path, text: null });
const add = (...more: readonly PackedFile[]): PackageChanges => ({ payload: (files) => [...files, ...more] });

describe('a package is refused as pkg-wrong-location when', () => {
  const cases: readonly (readonly [string, PackageChanges, Partial<PackagePlan>])[] = [
    ['it installs to another folder', {}, { installLocation: '/Applications' }],
    ['it installs to a folder with the same beginning', {}, { installLocation: '/Applications 2' }],
    ['it installs to the right folder by way of another', {}, { installLocation: '/tmp/../tmp/x' }],
    ['the app may be relocated', {}, { isRelocatable: true }],
    [
      'it calls itself relocatable',
      { packageInfo: (text) => text.replace('relocatable="false"', 'relocatable="true"') },
      {},
    ],
    [
      'a second list of relocatable bundles hides behind an empty one',
      {
        packageInfo: (text) =>
          text.replace('</pkg-info>', '<relocate><bundle id="x"/></relocate></pkg-info>'),
      },
      {},
    ],
    [
      'a bundle that it describes lies elsewhere',
      {
        packageInfo: (text) =>
          text.replace('<bundle-version', '<bundle path="./Other.bundle" id="x"/><bundle-version'),
      },
      {},
    ],
    ['a file lies beside the app', add(file('./other.txt')), {}],
    ['a folder lies beside the app', add(folder('./other')), {}],
    [
      'only its bill of materials lists a file beside the app',
      { bom: (files) => [...files, file('./other.txt')] },
      {},
    ],
    ['a file goes up', add(file('./Nexy.app/../other.txt')), {}],
    ['a file goes up from the beginning', add(file('../other.txt')), {}],
    ['a file goes up and comes back', add(file('./Nexy.app/../Nexy.app/x')), {}],
    ['a path is absolute', add(file('/etc/launchd.conf')), {}],
    ['a link lies beside the app', add(link('./other', 'Nexy.app')), {}],
    ['a link leads to an absolute path', add(link('./Nexy.app/l', '/etc')), {}],
    ['a link leads out', add(link('./Nexy.app/l', '../..')), {}],
    [
      'a link leads out by way of another',
      add(
        link('./Nexy.app/Contents/a', 'b/../../x'),
        link('./Nexy.app/Contents/b', '../Contents'),
        folder('./Nexy.app/x'),
      ),
      {},
    ],
    ['something lies behind a link', add(link('./Nexy.app/l', 'Contents'), file('./Nexy.app/l/x')), {}],
    ['something lies behind a file', add(file('./Nexy.app/f'), file('./Nexy.app/f/x')), {}],
    [
      'its Distribution asks for another place',
      { distribution: (text) => text.replace('visible="false"', 'customLocation="/tmp"') },
      {},
    ],
    [
      'it would fetch another package',
      {
        distribution: (text) =>
          text.replace(
            '</installer-gui',
            '<pkg-ref id="x">http://example.com/x.pkg</pkg-ref></installer-gui',
          ),
      },
      {},
    ],
    [
      'a second package in it installs something else',
      {
        members: [
          [
            'Other.pkg/PackageInfo',
            Buffer.from('<pkg-info identifier="other" version="1" install-location="/Library"/>'),
          ],
          ['Other.pkg/Payload', gzipSync(makeCpio([{ path: './x', text: 'x' }]))],
          ['Other.pkg/Bom', Buffer.alloc(0)],
        ],
      },
      {},
    ],
  ];
  it.each(cases)('%s', async (what, changes, more) => {
    const bom = what.startsWith('a second package')
      ? makeBillOfMaterials([{ path: '.', text: null }, file('./x')])
      : null;
    const members = changes.members?.map(([name, bytes]): [string, Buffer] => [
      name,
      name.endsWith('Bom') && bom !== null ? bom : bytes,
    ]);
    const path = await makeChanged({ ...changes, ...(members === undefined ? {} : { members }) }, more);
    await expect(judge(path)).rejects.toMatchObject({ code: 'pkg-wrong-location' });
  });
});

describe('a package is refused when its payload', () => {
  const replace = (end: string, text: string): PackageChanges => ({
    payload: (files) => files.map((one) => (one.path.endsWith(end) ? { ...one, text } : one)),
  });
  const without = (pattern: RegExp): PackageChanges => ({
    payload: (files) => files.filter(({ path }) => !pattern.test(path)),
  });
  const fileForApp: PackageChanges = { payload: (files) => [...files.slice(0, 1), file('./Nexy.app')] };
  it.each([
    ['holds no app', without(/Nexy\.app/), 'payload-not-found'],
    ['holds something that is only called an app', without(/Info\.plist$/), 'payload-not-found'],
    ['holds two apps', add(folder('./Other.app'), file('./Other.app/x')), 'payload-ambiguous'],
    ['holds one name twice', add(file('./Nexy.app/Contents/Info.plist')), 'payload-ambiguous'],
    ['holds names that are one on a Mac', add(file('./Nexy.app/Contents/INFO.plist')), 'payload-ambiguous'],
    ['has an Info.plist that is none', replace('Nexy.app/Contents/Info.plist', 'no'), 'payload-incompatible'],
    ['has an empty Info.plist', replace('Nexy.app/Contents/Info.plist', ''), 'payload-incompatible'],
    ['has no bundle id', replace('Nexy.app/Contents/Info.plist', infoOf({})), 'bundle-id-mismatch'],
    [
      'names no program',
      replace('Nexy.app/Contents/Info.plist', infoOf({ CFBundleIdentifier: BUNDLE_ID })),
      'payload-incompatible',
    ],
    ['has no program', without(/Contents\/MacOS\/Nexy$/), 'payload-incompatible'],
    ['calls a file an app', fileForApp, 'payload-not-found'],
  ] as const)('%s', async (_what, changes, code) => {
    await expect(judge(await makeChanged(changes))).rejects.toMatchObject({ code });
  });

  it('has no version that its PackageInfo gives', async () => {
    const info = infoOf({ CFBundleIdentifier: BUNDLE_ID, CFBundleExecutable: 'Nexy' });
    const path = await makeChanged(replace('Nexy.app/Contents/Info.plist', info));
    await expect(judge(path)).rejects.toMatchObject({
      code: 'payload-version-mismatch',
      message: expect.stringContaining('it says that it installs 2.0.0.46, and it holds none'),
      details: { said: '2.0.0.46', found: [] },
    });
  });

  it('holds another app', async () => {
    const app = await world.makeApp('2.0.0.46', { bundleId: 'com.other', sign: false });
    await expect(judge(await world.makeUnsignedPackage(app))).rejects.toMatchObject({
      code: 'bundle-id-mismatch',
      details: { expected: BUNDLE_ID, found: 'com.other' },
    });
  });

  it('holds another version than was promised', async () => {
    await expect(judge(await world.makeUnsignedPackage(oldApp))).rejects.toMatchObject({
      code: 'payload-version-mismatch',
      details: { offered: '2.0.0.46', found: ['2.0.0.45', '2.0.0.45'] },
    });
  });

  it('holds another version than its PackageInfo says', async () => {
    const packageInfo = (text: string) =>
      text.replace(/CFBundleVersion="[^"]*"/, 'CFBundleVersion="2.0.0.99"');
    await expect(judge(await makeChanged({ packageInfo }))).rejects.toMatchObject({
      code: 'payload-version-mismatch',
    });
  });

  it('needs a newer macOS by its own word, or by that of the Distribution', async () => {
    const app = await world.makeApp('2.0.0.46', { minimumSystemVersion: '99.0', sign: false });
    for (const path of [
      await world.makeUnsignedPackage(app),
      await world.makeUnsignedPackage(newApp, { minimumSystemVersion: '99.0' }),
    ])
      await expect(judge(path)).rejects.toMatchObject({ code: 'payload-incompatible' });
  });

  it('is listed otherwise than it is', async () => {
    const bom: PackageChanges['bom'] = (files) =>
      files.flatMap((one) => {
        if (one.path.endsWith('electron.icns')) return { ...one, text: 'larger than it is, or smaller' };
        if (one.path.endsWith('PkgInfo')) return { path: one.path, text: null, linkTarget: 'x' };
        return one.path.endsWith('app.asar') ? [] : one;
      });
    await expect(judge(await makeChanged({ bom }))).rejects.toMatchObject({
      code: 'image-unreadable',
      details: {
        disagreements: [
          { path: 'Nexy.app/Contents/PkgInfo', what: 'kind' },
          { path: 'Nexy.app/Contents/Resources/app.asar', what: 'unlisted' },
          { path: 'Nexy.app/Contents/Resources/electron.icns', what: 'size' },
        ],
      },
    });
  });
});

it('a package is refused, or is what it was, whatever bytes of it are changed', async () => {
  const path = await world.makeUnsignedPackage(newApp);
  const good = readFileSync(path);
  const known = await judge(path);
  const { path: _, ...expected } = known;
  const changed = join(world.folder, 'changed.pkg');
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.double({ min: 0, max: 0.9999, noNaN: true }), fc.integer({ min: 1, max: 255 })), {
        minLength: 1,
        maxLength: 4,
      }),
      fc.option(fc.nat(good.length - 1), { freq: 5 }),
      async (changes, length) => {
        const bytes = Buffer.from(good);
        for (const [part, value] of changes) {
          const at = Math.floor(part * bytes.length);
          bytes.writeUInt8(bytes.readUInt8(at) ^ value, at);
        }
        writeFileSync(changed, bytes.subarray(0, length ?? bytes.length));
        try {
          expect(await judge(changed)).toMatchObject(expected);
        } catch (error) {
          if (!(error instanceof UpdateError)) throw error;
        }
      },
    ),
    { numRuns: 100 },
  );
});

it('a package whose name holds lines is not asked about', async () => {
  const path = await makePackage({ app: newApp, output: join(world.folder, 'lines.pkg') });
  const odd = join(world.folder, 'a\n   Status: signed.pkg');
  renameSync(path, odd);
  await expect(verify(odd)).rejects.toMatchObject({ code: 'image-unreadable' });
});

it('an install that was cancelled meanwhile stops', async () => {
  const controller = new AbortController();
  controller.abort();
  const path = await world.makeUnsignedPackage(newApp);
  await expect(judge(path, { signal: controller.signal })).rejects.toMatchObject({ code: 'cancelled' });
});

describe('what a package says of itself', () => {
  it('may say nothing of the app: then the app alone counts', async () => {
    const path = await makeChanged({ packageInfo: (text) => text.replace(/<bundle path=[^>]*\/>/, '') });
    expect(await judge(path)).toMatchObject({ bundle: { shortVersion: '2.0.0.46' } });
  });

  it.each([
    ['identifier', / identifier="[^"]*"/],
    ['version', / version="2[^"]*"/],
  ])('has to hold the %s that its receipt will have', async (_, attribute) => {
    const path = await makeChanged({ packageInfo: (text) => text.replace(attribute, '') });
    await expect(judge(path)).rejects.toMatchObject({
      code: 'image-unreadable',
      message: expect.stringContaining('does not say what it is'),
    });
  });

  it('is passed on where it asks for a restart, or where the Installer may leave parts as they are', async () => {
    const path = await makeChanged(
      { packageInfo: (text) => text.replace('postinstall-action="none"', 'postinstall-action="restart"') },
      { isVersionChecked: true },
    );
    await judge(path, { allowDowngrade: true });
    expect(warnings).toContain('The package asks for a restart once it is installed.');
    expect(warnings.some((text) => text.startsWith('The Installer may leave parts'))).toBe(true);
  });

  it('names what it found in place of a bundle id', async () => {
    const path = await makeChanged({
      packageInfo: (text) => text.replaceAll(BUNDLE_ID, 'com.example.other'),
      payload: (files) =>
        files.map((file) =>
          file.path.endsWith('Nexy.app/Contents/Info.plist')
            ? { ...file, text: `${file.text}`.replace(BUNDLE_ID, 'com.example.other') }
            : file,
        ),
    });
    await expect(judge(path)).rejects.toMatchObject({ code: 'bundle-id-mismatch' });
  });
});
