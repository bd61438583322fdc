import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FIXTURES, HAS_FIXTURES, MACOS_TOOLS, NEEDS_FIXTURES } from '../support/fixtures.ts';
import { makeApp } from '../support/make-app.ts';
import { unzip } from '../support/unzip.ts';
import { runTool } from './contract.ts';
import { openCode } from './lib/code-signing/code.ts';
import { CodeSigningError } from './lib/code-signing/code-signing-error.ts';
import { KEYWORDS, type Match, type Requirement } from './lib/code-signing/requirement.ts';
import { decodeRequirement, encodeRequirement } from './lib/code-signing/requirement-binary.ts';
import { parseRequirement } from './lib/code-signing/requirement-parser.ts';
import { printRequirement } from './lib/code-signing/requirement-text.ts';
import { type VerifyOptions, verifyCode } from './lib/code-signing/verify.ts';

let folder = '';
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'code signing ')));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const codesign = (...args: readonly string[]) => runTool(join(MACOS_TOOLS, 'codesign'), args);

const STRICT: VerifyOptions = {
  strict: true,
  links: true,
  sideband: false,
  deep: true,
  resources: true,
  pages: true,
  architecture: null,
  onNested: () => undefined,
};

/** Whether an app is found good; everything that is no failure of code signing is thrown. */
function isGood(app: string): boolean {
  try {
    verifyCode(openCode(app), STRICT);
    return true;
  } catch (error) {
    if (error instanceof CodeSigningError) return false;
    throw error;
  }
}

/** A bit of a sealed file that may be turned over without anybody noticing, as with Apple's own tool. */
function isUnprotected(path: string, bytes: Buffer, offset: number): boolean {
  const signature = path.includes('/MacOS/') ? bytes.indexOf(Buffer.from('fade0cc0', 'hex')) : -1;
  if (signature < 0) return false;
  const length = bytes.readUInt32BE(signature + 4);
  // The SuperBlob's own length (anything up to the padding's end will do), and the zeros behind it.
  return (offset >= signature + 4 && offset < signature + 8) || offset >= signature + length;
}

describe.skipIf(!HAS_FIXTURES)(`apps made elsewhere${NEEDS_FIXTURES}`, () => {
  for (const name of ['DevSignedApp', 'DevSignedAppVersion2']) {
    it(`${name}: any one bit of a sealed file turned over is found`, async () => {
      const home = join(folder, name);
      await unzip(join(FIXTURES, 'disk-images', `${name}.zip`), home);
      const app = join(home, `${name}.app`);
      expect(isGood(app)).toBe(true);
      const paths = [
        'Contents/Info.plist',
        'Contents/_CodeSignature/CodeResources',
        'Contents/Resources/Base.lproj/MainMenu.nib',
        'Contents/MacOS/SignedApp',
      ].map((path) => join(app, path));
      const originals = new Map(paths.map((path) => [path, readFileSync(path)]));
      fc.assert(
        fc.property(
          fc.constantFrom(...paths),
          fc.double({ min: 0, max: 0.999999, noNaN: true }),
          fc.nat(7),
          (path, part, bit) => {
            const original = originals.get(path) ?? Buffer.alloc(0);
            const offset = Math.floor(part * original.length);
            fc.pre(!isUnprotected(path, original, offset));
            const changed = Buffer.from(original);
            changed[offset] = (changed[offset] ?? 0) ^ (1 << bit);
            writeFileSync(path, changed);
            try {
              return !isGood(app);
            } finally {
              writeFileSync(path, original);
            }
          },
        ),
        { numRuns: 400 },
      );
      expect(isGood(app)).toBe(true);
    });
  }

  it('version 2 satisfies the requirement of version 1', async () => {
    for (const name of ['DevSignedApp', 'DevSignedAppVersion2'])
      await unzip(join(FIXTURES, 'disk-images', `${name}.zip`), join(folder, 'both'));
    const old = await codesign('-d', '-r-', join(folder, 'both', 'DevSignedApp.app'));
    const requirement = old.stdout.replace(/^designated => /, '').trim();
    const next = join(folder, 'both', 'DevSignedAppVersion2.app');
    expect(await codesign('--verify', '--deep', '--strict', `-R=${requirement}`, next)).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
  });

  it('an app without a signature says so for its architecture', async () => {
    const mountPoint = join(folder, 'sparkle');
    mkdirSync(mountPoint);
    const image = join(FIXTURES, 'disk-images', 'SparkleTestCodeSignApp.dmg');
    const hdiutil = join(MACOS_TOOLS, 'hdiutil');
    const attached = await runTool(hdiutil, ['attach', '-nobrowse', '-mountpoint', mountPoint, image], 'Y\n');
    expect(attached.status, attached.stderr).toBe(0);
    const app = join(folder, 'SparkleTestCodeSignApp.app');
    try {
      cpSync(join(mountPoint, 'SparkleTestCodeSignApp.app'), app, {
        recursive: true,
        verbatimSymlinks: true,
      });
    } finally {
      await runTool(hdiutil, ['detach', mountPoint]);
    }
    expect(await codesign('--verify', '--deep', '--strict', app)).toEqual({
      status: 1,
      stdout: '',
      stderr: `${app}: code object is not signed at all\nIn architecture: x86_64\n`,
    });
  });
});

describe('apps signed here', () => {
  const kinds = [
    ['a script', { kind: 'script', text: '#!/bin/sh\nexit 0\n' }],
    ['one architecture', { kind: 'mach-o', architectures: ['arm64'] }],
    ['two architectures', { kind: 'mach-o', architectures: ['x86_64', 'arm64'] }],
  ] as const;
  for (const [name, executable] of kinds)
    it(`${name}: good, and no bit of a sealed file can be turned over`, async () => {
      const home = join(folder, name);
      mkdirSync(home);
      const app = await makeApp({
        folder: home,
        bundleId: 'com.nexy.assistant',
        shortVersion: '2.0.0.46',
        executable,
        hasFramework: true,
        extraFiles: { 'Contents/Resources/an ödd name [1].txt': 'x'.repeat(5000) },
        links: { 'Contents/Resources/link': 'electron.icns' },
        sign: { requirement: 'identifier "com.nexy.assistant"' },
        tools: MACOS_TOOLS,
      });
      expect((await codesign('--verify', '--deep', '--strict', '-v', app)).stderr).toBe(
        `${app}: valid on disk\n${app}: satisfies its Designated Requirement\n`,
      );
      const sealed = [
        'Contents/Info.plist',
        'Contents/MacOS/Nexy',
        'Contents/Resources/electron.icns',
        'Contents/Resources/an ödd name [1].txt',
        'Contents/_CodeSignature/CodeResources',
        'Contents/Frameworks/Electron Framework.framework/Versions/A/Resources/en.lproj/locale.pak',
        'Contents/Frameworks/Nexy Helper.app/Contents/Info.plist',
      ];
      fc.assert(
        fc.property(
          fc.constantFrom(...sealed),
          fc.double({ min: 0, max: 0.999999, noNaN: true }),
          fc.nat(7),
          (file, part, bit) => {
            const path = join(app, file);
            const original = readFileSync(path);
            // The signature of ad-hoc code is protected by nobody: whoever changes it makes another signature.
            const end = file.endsWith('/Nexy') && executable.kind === 'mach-o' ? 0x4000 : original.length;
            const changed = Buffer.from(original);
            const offset = Math.floor(part * end);
            changed[offset] = (changed[offset] ?? 0) ^ (1 << bit);
            writeFileSync(path, changed);
            try {
              return !isGood(app);
            } finally {
              writeFileSync(path, original);
            }
          },
        ),
        { numRuns: 150 },
      );
      expect(isGood(app)).toBe(true);
    });

  it('another copy of an ad-hoc app is not the same code, but satisfies a requirement by identifier', async () => {
    const plan = {
      bundleId: 'com.nexy.assistant',
      executable: { kind: 'script', text: '#!/bin/sh\n' },
      tools: MACOS_TOOLS,
    } as const;
    mkdirSync(join(folder, 'copies'));
    const one = await makeApp({ ...plan, folder: join(folder, 'copies'), bundleName: 'One.app', sign: {} });
    const two = await makeApp({ ...plan, folder: join(folder, 'copies'), bundleName: 'Two.app', sign: {} });
    const { stdout } = await codesign('-d', '-r-', one);
    const requirement = stdout.replace(/^# designated => /, '').trim();
    expect((await codesign('--verify', `-R=${requirement}`, one)).status).toBe(0);
    expect((await codesign('--verify', `-R=${requirement}`, two)).status).toBe(3);
    expect((await codesign('--verify', '-R=identifier "com.nexy.assistant"', two)).status).toBe(0);
  });
});

describe('requirements', () => {
  const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,8}$/);
  const value = fc.oneof(
    word,
    fc.constantFrom(...KEYWORDS),
    fc.string({ minLength: 1 }),
    fc.constant('9M2P8L4D89'),
  );
  const bytes = value.map((text) => Buffer.from(text, 'utf8'));
  const hash = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((array) => Buffer.from(array));
  const slot = fc.integer({ min: -3, max: 3 });
  const oid = fc
    .array(fc.nat(200_000), { minLength: 1, maxLength: 6 })
    .map((rest) => ['1', '2', ...rest].join('.'));
  const match: fc.Arbitrary<Match> = fc.oneof(
    fc.constant<Match>({ kind: 'exists' }),
    fc.record({
      kind: fc.constantFrom('equal', 'contains', 'begins-with', 'ends-with', 'less', 'greater-or-equal'),
      value: bytes,
    }),
  );
  const { requirement } = fc.letrec<{ requirement: Requirement }>((tie) => ({
    requirement: fc.oneof(
      { maxDepth: 5 },
      fc.record({ kind: fc.constantFrom('true', 'false', 'apple', 'apple-generic', 'notarized', 'trusted') }),
      fc.record({ kind: fc.constant('identifier'), value: bytes }),
      fc.record({ kind: fc.constant('cdhash'), hash }),
      fc.record({ kind: fc.constant('certificate-hash'), slot, hash }),
      fc.record({ kind: fc.constantFrom('info', 'entitlement'), key: word, match }),
      fc.record({ kind: fc.constant('certificate-extension'), slot, oid, match }),
      fc.record({
        kind: fc.constant('certificate-field'),
        slot,
        key: fc.constantFrom('subject.CN', 'subject.OU', 'subject.O'),
        match,
      }),
      fc.record({ kind: fc.constant('not'), operand: tie('requirement') }),
      fc.record({
        kind: fc.constantFrom('and', 'or'),
        left: tie('requirement'),
        right: tie('requirement'),
      }),
    ) as fc.Arbitrary<Requirement>,
  }));

  it('come back from their binary form as they were', () => {
    fc.assert(
      fc.property(requirement, (one) => {
        expect(decodeRequirement(encodeRequirement(one))).toEqual(one);
      }),
    );
  });

  it('come back from their text with the same text', () => {
    fc.assert(
      fc.property(requirement, (one) => {
        const text = printRequirement(one);
        expect(printRequirement(parseRequirement(text))).toBe(text);
      }),
    );
  });

  it('quote values as Apple does', () => {
    const print = (text: string) => printRequirement(parseRequirement(text));
    expect(print('certificate leaf[subject.OU] = "ZCK58M894E"')).toBe(
      'certificate leaf[subject.OU] = ZCK58M894E',
    );
    expect(print('certificate leaf[subject.OU]="9M2P8L4D89"')).toBe(
      'certificate leaf[subject.OU] = "9M2P8L4D89"',
    );
    expect(print('identifier com.apple.bash and anchor apple')).toBe(
      'identifier "com.apple.bash" and anchor apple',
    );
    expect(print('anchor = H"00112233445566778899aabbccddeeff00112233"')).toBe(
      'certificate root = H"00112233445566778899aabbccddeeff00112233"',
    );
    expect(print('! (always or never) and info[CFBundleVersion] exists')).toBe(
      '! (always or never) and info[CFBundleVersion] /* exists */',
    );
  });
});

it('the tools run from a folder that is reached through a link with a blank in its name', async () => {
  const link = join(folder, 'my tools');
  symlinkSync(MACOS_TOOLS, link);
  for (const tool of ['codesign', 'spctl', 'gktool']) {
    const { status, stdout, stderr } = await runTool(join(link, tool), ['--no-such-option']);
    expect({ tool, status, says: /usage/i.test(stdout + stderr) }).toEqual({ tool, status: 2, says: true });
  }
});

it('assessments can be switched off for a pretended machine', async () => {
  const tools = join(folder, 'tools of another machine');
  mkdirSync(tools);
  for (const tool of ['codesign', 'spctl']) symlinkSync(join(MACOS_TOOLS, tool), join(tools, tool));
  const settings: unknown = JSON.parse(readFileSync(join(MACOS_TOOLS, 'machine.json'), 'utf8'));
  writeFileSync(
    join(tools, 'machine.json'),
    JSON.stringify({ ...Object(settings), assessments: 'disabled' }),
  );
  const home = join(folder, 'unsigned');
  mkdirSync(home);
  const app = await makeApp({
    folder: home,
    bundleId: 'com.nexy.assistant',
    executable: { kind: 'mach-o', architectures: ['arm64'] },
    sign: false,
    tools: MACOS_TOOLS,
  });
  expect(await runTool(join(tools, 'spctl'), ['--status'])).toMatchObject({
    stdout: 'assessments disabled\n',
  });
  expect(await runTool(join(tools, 'spctl'), ['--assess', '-v', app])).toEqual({
    status: 0,
    stdout: '',
    stderr: `${app}: accepted\nsource=no usable signature\noverride=security disabled\n`,
  });
});
