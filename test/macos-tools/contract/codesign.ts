import { mkdir, readFile, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeApp } from '../../support/make-app.ts';
import { unzip } from '../../support/unzip.ts';
import { type ContractRow, recorded, type Scene } from '../contract.ts';

const PROBES =
  'comparisons with the native tool (deploymenttheory/go-macos-codesign, acceptance tests, macOS 26)';
const MAN_PAGE = 'codesign(1), exit statuses';
const TABLE = "text of Security.framework's message table, not recorded";

/** The app that is tampered with: signed by a real team, arm64, one sealed resource. */
const app = (scene: Scene) => join(scene.folder, 'DevSignedApp.app');
const at = (scene: Scene, path: string) => join(app(scene), 'Contents', path);
const EXECUTABLE = 'MacOS/SignedApp';
const NIB = 'Resources/Base.lproj/MainMenu.nib';

const unpack = (scene: Scene) => unzip(scene.fixture('disk-images/DevSignedApp.zip'), scene.folder);

const changeByte = (path: string, offset: number) => async (scene: Scene) => {
  await unpack(scene);
  const bytes = await readFile(at(scene, path));
  bytes[offset] = (bytes[offset] ?? 0) ^ 0x10;
  await writeFile(at(scene, path), bytes);
};

/** An app made here, not signed. */
const nexy = (scene: Scene) => join(scene.folder, 'Nexy.app');
const nested = (scene: Scene) => join(nexy(scene), 'Contents/Frameworks/Electron Framework.framework');
async function make(scene: Scene): Promise<void> {
  await makeApp({
    folder: scene.folder,
    bundleId: 'com.nexy.assistant',
    shortVersion: '2.0.0.46',
    executable: { kind: 'mach-o', architectures: ['arm64', 'x86_64'] },
    hasFramework: true,
    links: { 'Contents/Resources/link': 'electron.icns' },
    sign: false,
    tools: '',
  });
}

/** Makes the app and signs it with the tool under test, nested code first. */
const sign =
  (...requirement: readonly string[]) =>
  async (scene: Scene) => {
    await make(scene);
    const helper = join(nexy(scene), 'Contents/Frameworks/Nexy Helper.app');
    for (const path of [nested(scene), helper]) await scene.run('codesign', ['-f', '-s', '-', path]);
    await scene.run('codesign', ['-f', '-s', '-', ...requirement, nexy(scene)]);
  };
const DESIGNATED = '-r=designated => identifier "com.nexy.assistant"';

interface Broken {
  readonly name: string;
  readonly prepare: (scene: Scene) => Promise<void>;
  readonly stderr: string;
  readonly stdout?: (scene: Scene) => string;
  readonly source: string;
}

/** One change each, and what is said about it with one -v: text behind the path, then what else. */
const broken: readonly Broken[] = [
  {
    name: 'a byte of a sealed resource changed',
    prepare: changeByte(NIB, 100),
    stderr: 'a sealed resource is missing or invalid\n',
    stdout: (scene) => `file modified: ${at(scene, NIB)}\n`,
    source: 'codesign__verify-modified-file-with-prepared-lines.txt',
  },
  {
    name: 'a file added',
    prepare: async (scene) => {
      await unpack(scene);
      await writeFile(at(scene, 'Resources/extra.txt'), 'x');
    },
    stderr: 'a sealed resource is missing or invalid\n',
    stdout: (scene) => `file added: ${at(scene, 'Resources/extra.txt')}\n`,
    source: 'codesign__verify-files-added.txt',
  },
  {
    name: 'a file removed',
    prepare: async (scene) => {
      await unpack(scene);
      await rm(at(scene, NIB));
    },
    stderr: 'a sealed resource is missing or invalid\n',
    stdout: (scene) => `file missing: ${at(scene, NIB)}\n`,
    source: 'codesign__verify-file-missing.txt',
  },
  {
    name: 'a file replaced by a link to a copy of it',
    prepare: async (scene) => {
      await unpack(scene);
      await writeFile(join(scene.folder, 'copy'), await readFile(at(scene, NIB)));
      await rm(at(scene, NIB));
      await symlink(join(scene.folder, 'copy'), at(scene, NIB));
    },
    stderr: 'a sealed resource is missing or invalid\n',
    stdout: (scene) => `file modified: ${at(scene, NIB)}\n`,
    source: PROBES,
  },
  {
    name: 'a byte of the executable changed',
    prepare: changeByte(EXECUTABLE, 14_000),
    stderr: 'invalid signature (code or signature have been modified)\nIn architecture: arm64\n',
    source: 'codesign__verify-invalid-signature.txt',
  },
  {
    name: 'a byte of the CMS signature changed',
    prepare: changeByte(EXECUTABLE, 50_016 + 1454 + 4300),
    stderr: 'invalid signature (code or signature have been modified)\nIn architecture: arm64\n',
    source: PROBES,
  },
  {
    name: 'a byte of Info.plist changed',
    prepare: changeByte('Info.plist', 1000),
    stderr: 'invalid Info.plist (plist or signature have been modified)\nIn architecture: arm64\n',
    source: TABLE,
  },
  {
    name: 'a byte of CodeResources changed',
    prepare: changeByte('_CodeSignature/CodeResources', 600),
    stderr: 'invalid resource directory (directory or signature have been modified)\n',
    source: 'codesign__verify-invalid-resource-directory.txt',
  },
  {
    name: 'bytes behind the signature',
    prepare: async (scene) => {
      await unpack(scene);
      const bytes = await readFile(at(scene, EXECUTABLE));
      await writeFile(at(scene, EXECUTABLE), Buffer.concat([bytes, Buffer.from('tail')]));
    },
    stderr: 'main executable failed strict validation\n',
    source: TABLE,
  },
  {
    name: 'a file in the root of the bundle',
    prepare: async (scene) => {
      await unpack(scene);
      await writeFile(join(app(scene), 'extra.txt'), 'x');
    },
    stderr: 'unsealed contents present in the bundle root\n',
    source: TABLE,
  },
];

export const rows: readonly ContractRow[] = [
  ...broken.map(
    ({ name, prepare, stderr, stdout, source }): ContractRow => ({
      tool: 'codesign',
      name: `verify: ${name}`,
      needs: ['fixtures'],
      prepare,
      arguments: (scene) => ['--verify', '--deep', '--verbose=1', app(scene)],
      status: 1,
      stderr: (text, scene) => text === `${app(scene)}: ${stderr}`,
      ...(stdout === undefined ? {} : { stdout: (text: string, scene: Scene) => text === stdout(scene) }),
      source,
      runsOn: 'both',
    }),
  ),
  {
    tool: 'codesign',
    name: 'verify: a good app, in words',
    needs: ['fixtures'],
    prepare: unpack,
    arguments: (scene) => ['--verify', '--deep', '--strict', '--verbose=2', app(scene)],
    status: 0,
    stderr: recorded('codesign__verify-deep-ok.txt', (scene) => [['FrankenCodeBrowser.app', app(scene)]]),
    source: 'codesign__verify-deep-ok.txt',
    runsOn: 'both',
  },
  {
    tool: 'codesign',
    name: 'verify: nothing is printed for a good app unless asked for',
    needs: ['fixtures'],
    prepare: unpack,
    arguments: (scene) => ['--verify', '--strict', app(scene)],
    status: 0,
    source: 'codesign__verify-sealed-resource-no-verbose.txt',
    runsOn: 'both',
  },
  {
    tool: 'codesign',
    name: 'verify: no file is named unless asked for',
    needs: ['fixtures'],
    prepare: changeByte(NIB, 100),
    arguments: (scene) => ['--verify', '--strict', app(scene)],
    status: 1,
    stderr: recorded('codesign__verify-sealed-resource-no-verbose.txt', (scene) => [
      ['/tmp/Conductor.app', app(scene)],
    ]),
    source: 'codesign__verify-sealed-resource-no-verbose.txt',
    runsOn: 'both',
  },
  {
    tool: 'codesign',
    name: 'verify: resources left out',
    needs: ['fixtures'],
    prepare: changeByte(NIB, 100),
    arguments: (scene) => ['--verify', '--verbose', '--ignore-resources', app(scene)],
    status: 0,
    stderr: recorded('codesign__verify-not-all-contents.txt', (scene) => [['<app>', app(scene)]]),
    source: 'codesign__verify-not-all-contents.txt',
    runsOn: 'both',
  },
  {
    tool: 'codesign',
    name: 'verify: an explicit requirement that holds',
    needs: ['fixtures'],
    prepare: unpack,
    arguments: (scene) => [
      '--verify',
      '-R=anchor apple generic and certificate leaf[subject.OU] = "ZCK58M894E"',
      '--verbose=2',
      app(scene),
    ],
    status: 0,
    stderr: recorded('codesign__verify-explicit-requirement-ok.txt', (scene) => [
      ['/Applications/GhostMeet.app', app(scene)],
    ]),
    source: 'codesign__verify-explicit-requirement-ok.txt',
    runsOn: 'both',
  },
  {
    tool: 'codesign',
    name: 'verify: a requirement of another team',
    needs: ['fixtures'],
    prepare: unpack,
    arguments: (scene) => [
      '--test-requirement==certificate leaf[subject.OU] = ABCDE12345',
      '--verify',
      '--verbose',
      app(scene),
    ],
    status: 3,
    stderr: recorded('codesign__test-requirement-failed.txt', (scene) => [
      ['Buckets-0.55.3.dmg', app(scene)],
    ]),
    source: 'codesign__test-requirement-failed.txt',
    runsOn: 'both',
  },
  {
    tool: 'codesign',
    name: 'verify: a requirement that fails is told without -v too',
    needs: ['fixtures'],
    prepare: unpack,
    arguments: (scene) => ['--verify', '-R', '=identifier other', app(scene)],
    status: 3,
    stderr: 'test-requirement: code failed to satisfy specified code requirement(s)\n',
    source: PROBES,
    runsOn: 'both',
  },
  {
    tool: 'codesign',
    name: 'verify: a requirement that is none',
    needs: ['fixtures'],
    prepare: unpack,
    arguments: (scene) => ['--verify', '-R=identifier', app(scene)],
    status: 1,
    stderr: /^error: invalid or corrupted code requirement\(s\)\nRequirement syntax error\(s\):\nline 1:/,
    source: 'unverified: the form is from the published source, the parser has words of its own',
    runsOn: 'double',
  },
  {
    tool: 'codesign',
    name: 'verify: a Mach-O file without a signature',
    prepare: make,
    arguments: (scene) => ['--verify', '-vvvv', '-a', 'arm64', nexy(scene)],
    status: 1,
    stderr: recorded('codesign__verify-not-signed-architecture.txt', (scene) => [['./cross1', nexy(scene)]]),
    source: 'codesign__verify-not-signed-architecture.txt',
    runsOn: 'double',
  },
  {
    tool: 'codesign',
    name: 'verify: a file that is no code',
    prepare: (scene) => writeFile(join(scene.folder, 'Nexy.dmg'), 'koly'),
    arguments: (scene) => [
      '--test-requirement==notarized',
      '--verify',
      '--verbose',
      join(scene.folder, 'Nexy.dmg'),
    ],
    status: 1,
    stderr: (text, scene) => text === `${join(scene.folder, 'Nexy.dmg')}: code object is not signed at all\n`,
    source: 'codesign__verify-not-signed-dmg.txt',
    runsOn: 'both',
  },
  {
    tool: 'codesign',
    name: 'verify: a bundle that is not there',
    arguments: (scene) => ['--verify', join(scene.folder, 'absent.app')],
    status: 1,
    stderr: (text, scene) => text === `${join(scene.folder, 'absent.app')}: No such file or directory\n`,
    source: `${MAN_PAGE}; text of perror(3)`,
    runsOn: 'both',
  },
  {
    tool: 'codesign',
    name: 'verify: nested code, deep: the part is named',
    prepare: async (scene) => {
      await sign()(scene);
      await writeFile(join(nested(scene), 'Versions/A/Resources/en.lproj/locale.pak'), 'changed');
    },
    arguments: (scene) => ['--verify', '--deep', '--strict', '--verbose=1', nexy(scene)],
    status: 1,
    stderr: (text, scene) =>
      text === `${nexy(scene)}: a sealed resource is missing or invalid\nIn subcomponent: ${nested(scene)}\n`,
    stdout: /^file modified: .*\/Versions\/Current\/Resources\/en\.lproj\/locale\.pak\n$/,
    source: 'codesign__verify-nested-code-subcomponent.txt (form)',
    runsOn: 'double',
  },
  {
    tool: 'codesign',
    name: 'verify: nested code is looked at superficially unless deep',
    prepare: async (scene) => {
      await sign()(scene);
      await writeFile(join(nested(scene), 'Versions/A/Resources/en.lproj/locale.pak'), 'changed');
    },
    arguments: (scene) => ['--verify', nexy(scene)],
    status: 0,
    source: PROBES,
    runsOn: 'both',
  },
  {
    tool: 'codesign',
    name: 'verify: nested code signed by somebody else',
    prepare: async (scene) => {
      await sign()(scene);
      await scene.run('codesign', ['-f', '-s', '-', '-i', 'com.example.other', nested(scene)]);
    },
    arguments: (scene) => ['--verify', '--deep', '--strict', '--verbose', nexy(scene)],
    status: 1,
    stderr: recorded(
      'codesign__verify-nested-code-with-files.txt',
      (scene) => [['Compose Booster.app', nexy(scene)]],
      [1, 1],
    ),
    stdout: (text, scene) => text === `file modified: ${nested(scene)}\n`,
    source: 'codesign__verify-nested-code-with-files.txt',
    runsOn: 'both',
  },
  {
    tool: 'codesign',
    name: 'verify: a link that leads elsewhere',
    prepare: async (scene) => {
      await sign()(scene);
      await unlink(join(nexy(scene), 'Contents/Resources/link'));
      await symlink('../Info.plist', join(nexy(scene), 'Contents/Resources/link'));
    },
    arguments: (scene) => ['--verify', '-v', nexy(scene)],
    status: 1,
    stderr: (text, scene) => text === `${nexy(scene)}: a sealed resource is missing or invalid\n`,
    stdout: (text, scene) => text === `file modified: ${join(nexy(scene), 'Contents/Resources/link')}\n`,
    source: PROBES,
    runsOn: 'both',
  },
  {
    tool: 'codesign',
    name: 'verify: a link out of the bundle is refused by --strict only',
    prepare: async (scene) => {
      await make(scene);
      await writeFile(join(scene.folder, 'outside'), 'x');
      await symlink('../../../outside', join(nexy(scene), 'Contents/Resources/out'));
      await scene.run('codesign', ['-f', '-s', '-', '--deep', nexy(scene)]);
      const loose = await scene.run('codesign', ['--verify', '--deep', nexy(scene)]);
      if (loose.status !== 0) throw new Error(`Without --strict: ${loose.stderr}`);
    },
    arguments: (scene) => ['--verify', '--deep', '--strict', nexy(scene)],
    status: 1,
    stderr: (text, scene) => text === `${nexy(scene)}: invalid destination for symbolic link in bundle\n`,
    source: TABLE,
    runsOn: 'both',
  },
  {
    tool: 'codesign',
    name: 'verify: Finder information on the bundle',
    needs: ['xattr'],
    prepare: async (scene) => {
      await sign()(scene);
      await scene.run('xattr', ['-wx', 'com.apple.FinderInfo', '00'.repeat(32), nexy(scene)]);
    },
    arguments: (scene) => ['--verify', '--deep', '--strict', '--verbose=2', nexy(scene)],
    status: 1,
    stderr: (text, scene) =>
      text.endsWith(`${nexy(scene)}: resource fork, Finder information, or similar detritus not allowed\n`),
    stdout: (text, scene) =>
      text ===
      `file with invalid attached data: Disallowed xattr com.apple.FinderInfo found on ${nexy(scene)}\n`,
    source: 'codesign__verify-detritus.txt',
    runsOn: 'double',
  },
  {
    tool: 'codesign',
    name: 'display: the stored requirement goes to standard output, the executable to standard error',
    needs: ['fixtures'],
    prepare: unpack,
    arguments: (scene) => ['-d', '-r-', app(scene)],
    status: 0,
    stdout:
      'designated => anchor apple generic and identifier "com.zoo.SignedApp" and (certificate ' +
      'leaf[field.1.2.840.113635.100.6.1.9] /* exists */ or certificate 1[field.1.2.840.113635.100.6.2.6] ' +
      '/* exists */ and certificate leaf[field.1.2.840.113635.100.6.1.13] /* exists */ and certificate ' +
      'leaf[subject.OU] = ZCK58M894E)\n',
    stderr: (text, scene) => text === `Executable=${at(scene, EXECUTABLE)}\n`,
    source: 'codesign__display-r-developer-id-2015.txt (form)',
    runsOn: 'both',
  },
  {
    tool: 'codesign',
    name: 'display: the requirement of ad-hoc code is implied',
    prepare: sign(),
    arguments: (scene) => ['-d', '-r-', nexy(scene)],
    status: 0,
    stdout: /^# designated => cdhash H"[0-9a-f]{40}" or cdhash H"[0-9a-f]{40}"\n$/,
    stderr: (text, scene) => text === `Executable=${join(nexy(scene), 'Contents/MacOS/Nexy')}\n`,
    source: 'codesign__display-r-adhoc.txt',
    runsOn: 'both',
  },
  {
    tool: 'codesign',
    name: 'display: a requirement given at signing is stored',
    prepare: sign(DESIGNATED),
    arguments: (scene) => ['-d', '-r-', nexy(scene)],
    status: 0,
    stdout: 'designated => identifier "com.nexy.assistant"\n',
    stderr: /^Executable=.*\n$/,
    source: 'codesign__display-r-apple.txt (form)',
    runsOn: 'both',
  },
  {
    tool: 'codesign',
    name: 'display: lines of an ad-hoc bundle in their order',
    prepare: sign(),
    arguments: (scene) => ['--display', '--verbose=2', nexy(scene)],
    status: 0,
    stderr: (text) => {
      const wanted =
        /^Executable=.*\nIdentifier=com\.nexy\.assistant\nFormat=app bundle with Mach-O universal \(arm64 x86_64\)\nCodeDirectory v=20400 size=\d+ flags=0x2\(adhoc\) hashes=5\+\d location=embedded\nSignature=adhoc\nInfo\.plist entries=7\nTeamIdentifier=not set\nSealed Resources version=2 rules=13 files=4\nInternal requirements count=0 size=12\n$/;
      return wanted.test(text) ? true : `not in the recorded form:\n${text}`;
    },
    source: 'codesign__display-adhoc-bundle.txt (form)',
    runsOn: 'double',
  },
  {
    tool: 'codesign',
    name: 'display: lines of a Developer ID app in their order',
    needs: ['fixtures'],
    prepare: unpack,
    arguments: (scene) => ['-dvvv', app(scene)],
    status: 0,
    stderr: (text) => {
      const wanted =
        /^Executable=.*\nIdentifier=com\.zoo\.SignedApp\nFormat=app bundle with Mach-O thin \(arm64\)\nCodeDirectory v=20400 size=757 flags=0x0\(none\) hashes=13\+7 location=embedded\nHash type=sha256 size=32\nCandidateCDHash sha256=8c00085163d7e75e8bc40d931038e91a76192ef5\nCandidateCDHashFull sha256=[0-9a-f]{64}\nHash choices=sha256\nCMSDigest=[0-9a-f]{64}\nCMSDigestType=2\nCDHash=8c00085163d7e75e8bc40d931038e91a76192ef5\nSignature size=8977\nAuthority=Developer ID Application: .* \(ZCK58M894E\)\nAuthority=Developer ID Certification Authority\nAuthority=Apple Root CA\nTimestamp=.*\nInfo\.plist entries=21\nTeamIdentifier=ZCK58M894E\nSealed Resources version=2 rules=13 files=1\nInternal requirements count=1 size=212\n$/;
      return wanted.test(text) ? true : `not in the recorded form:\n${text}`;
    },
    source: 'codesign__display-developer-id-stapled.txt (form)',
    runsOn: 'both',
  },
  {
    tool: 'codesign',
    name: 'display: code without a signature',
    prepare: (scene) => writeFile(join(scene.folder, 'Nexy.dmg'), 'koly'),
    arguments: (scene) => ['-dv', '--verbose=4', join(scene.folder, 'Nexy.dmg')],
    status: 1,
    stderr: recorded('codesign__display-not-signed.txt', (scene) => [
      ['FrankenCodeBrowser-macos-arm64.dmg', join(scene.folder, 'Nexy.dmg')],
    ]),
    source: 'codesign__display-not-signed.txt',
    runsOn: 'both',
  },
  {
    tool: 'codesign',
    name: 'sign: not twice without -f',
    prepare: sign(),
    arguments: (scene) => ['-s', '-', nexy(scene)],
    status: 1,
    stderr: recorded('codesign__sign-already-signed.txt', (scene) => [['./cross1', nexy(scene)]]),
    source: 'codesign__sign-already-signed.txt',
    runsOn: 'both',
  },
  {
    tool: 'codesign',
    name: 'sign: again with -f, and the result is good',
    prepare: sign(),
    arguments: (scene) => ['-f', '-s', '-', DESIGNATED, nexy(scene)],
    status: 0,
    stderr: recorded(
      'codesign__sign-detritus.txt',
      (scene) => [['/Applications/Xcode.app', nexy(scene)]],
      [1, 1],
    ),
    after: async (scene) => {
      const { status, stderr } = await scene.run('codesign', [
        '--verify',
        '--deep',
        '--strict',
        '-v',
        nexy(scene),
      ]);
      if (status !== 0) throw new Error(stderr);
    },
    source: 'codesign__sign-detritus.txt',
    runsOn: 'both',
  },
  {
    tool: 'codesign',
    name: 'sign: nested code has to be signed first',
    prepare: make,
    arguments: (scene) => ['-s', '-', nexy(scene)],
    status: 1,
    stderr: (text, scene) =>
      text === `${nexy(scene)}: code object is not signed at all\nIn subcomponent: ${nested(scene)}\n`,
    source: 'https://github.com/forketyfork/architect/pull/294 (form)',
    runsOn: 'double',
  },
  {
    tool: 'codesign',
    name: 'sign: a folder that is no bundle',
    prepare: async (scene) => {
      await mkdir(join(scene.folder, 'Empty.app'));
    },
    arguments: (scene) => ['-s', '-', join(scene.folder, 'Empty.app')],
    status: 1,
    stderr: (text, scene) =>
      text === `${join(scene.folder, 'Empty.app')}: bundle format unrecognized, invalid, or unsuitable\n`,
    source: TABLE,
    runsOn: 'both',
  },
  {
    tool: 'codesign',
    name: 'usage: nothing to do',
    arguments: () => [],
    status: 2,
    stderr:
      /^Usage: codesign -s identity \[-fv\*\] \[-o flags\] \[-r reqs\] \[-i ident\] path \.\.\. # sign\n/,
    source: `${MAN_PAGE}; usage text in codesign's published source`,
    runsOn: 'both',
  },
  {
    tool: 'codesign',
    name: 'usage: an option that Apple does not know',
    arguments: (scene) => ['--verify', '--careful', scene.folder],
    status: 2,
    stderr: /^codesign: unrecognized option `--careful'\nUsage: codesign /,
    source: `${MAN_PAGE}; text of getopt_long(3)`,
    runsOn: 'both',
  },
];
