import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeApp } from '../../support/make-app.ts';
import { makeAuthority, makeIdentity } from '../../support/make-identity.ts';
import { flipBit } from '../../support/make-image.ts';
import { makePackage, type PackagePlan } from '../../support/make-package.ts';
import { type ContractRow, readRecording, recorded, type Scene } from '../contract.ts';

const MAN_PAGE = 'pkgutil(1)';
const ID = 'com.nexy.pkg';
const pkg = (scene: Scene) => join(scene.folder, 'Nexy.pkg');

const make =
  (more: Partial<PackagePlan> = {}) =>
  async (scene: Scene): Promise<void> => {
    const app = await makeApp({
      folder: scene.folder,
      bundleId: 'com.nexy.assistant',
      shortVersion: '2.0.0.46',
      executable: { kind: 'script', text: '#!/bin/sh\n' },
      sign: false,
      tools: '',
    });
    const installLocation = join(scene.temporary, 'Applications');
    await makePackage({ app, output: pkg(scene), installLocation, identifier: ID, ...more });
  };

/** Signed by somebody whom nobody here knows. */
const makeSigned = (scene: Scene) =>
  make({ identity: makeIdentity({ kind: 'installer', team: 'TXAEAV5RN4', authority: makeAuthority() }) })(
    scene,
  );

async function install(scene: Scene): Promise<void> {
  await make({ version: '2.0.0.46' })(scene);
  const { status, stdout } = await scene.run('installer', ['-pkg', pkg(scene), '-target', '/']);
  if (status !== 0) throw new Error(stdout);
}

function row(name: string, rest: Omit<ContractRow, 'tool' | 'name'>): ContractRow {
  return { tool: 'pkgutil', name, ...rest };
}

export const rows: readonly ContractRow[] = [
  row('a package that is not signed', {
    prepare: make(),
    arguments: (scene) => ['--check-signature', pkg(scene)],
    status: 1,
    stdout: recorded('pkgutil__check-signature-none.txt', () => [['azooKey-release.pkg', 'Nexy.pkg']]),
    source: 'fixtures/macos-outputs/pkgutil__check-signature-none.txt',
    runsOn: 'both',
  }),
  row('a package whose table of contents was changed after it had been signed', {
    prepare: async (scene) => {
      await makeSigned(scene);
      // The checksum lies right behind the table, whose length the header tells.
      const length = Number((await readFile(pkg(scene))).readBigUInt64BE(8));
      flipBit(pkg(scene), 28 + length);
    },
    arguments: (scene) => ['--check-signature', pkg(scene)],
    status: 1,
    stdout: recorded('pkgutil__check-signature-invalid.txt', () => [
      ['container-1.0.0-installer-signed.pkg', 'Nexy.pkg'],
    ]),
    source: 'fixtures/macos-outputs/pkgutil__check-signature-invalid.txt; its exit status is not recorded',
    runsOn: 'both',
  }),
  row('a package whose signature was changed', {
    prepare: async (scene) => {
      await makeSigned(scene);
      const length = Number((await readFile(pkg(scene))).readBigUInt64BE(8));
      flipBit(pkg(scene), 28 + length + 20 + 100);
    },
    arguments: (scene) => ['--check-signature', pkg(scene)],
    status: 1,
    stdout: 'Package "Nexy.pkg":\n   Status: invalid signature\n',
    source: 'form of pkgutil__check-signature-invalid.txt',
    runsOn: 'both',
  }),
  row('a package signed by somebody unknown', {
    prepare: makeSigned,
    arguments: (scene) => ['--check-signature', pkg(scene)],
    status: 1,
    stdout: (text) => {
      const [, status = '', heading = ''] = readRecording(
        'pkgutil__check-signature-untrusted-bundle.txt',
      ).split('\n');
      return text.startsWith(
        `Package "Nexy.pkg":\n${status}\n${heading}\n    1. Developer ID Installer: Nexy Ltd (TXAEAV5RN4)\n`,
      );
    },
    source: 'form of pkgutil__check-signature-untrusted-bundle.txt; unverified: the exit status',
    needs: ['fixtures'],
    runsOn: 'both',
  }),
  row('what is no package', {
    prepare: (scene) => writeFile(pkg(scene), 'PK'),
    arguments: (scene) => ['--check-signature', pkg(scene)],
    status: 1,
    stderr: /Could not open package/,
    source: 'unverified: no recording; words as in pkgutil__expand-cannot-open.txt',
    runsOn: 'double',
  }),
  row('no receipt', {
    arguments: () => ['--pkg-info=com.apple.pkg.CLTools_Executables'],
    status: 1,
    stderr: recorded('pkgutil__no-receipt.txt'),
    source: 'fixtures/macos-outputs/pkgutil__no-receipt.txt',
    runsOn: 'double',
  }),
  row('a receipt', {
    needs: ['root'],
    prepare: install,
    arguments: () => ['--pkg-info', ID],
    status: 0,
    stdout: (text, scene) =>
      new RegExp(
        `^package-id: ${ID}\nversion: 2\\.0\\.0\\.46\nvolume: /\nlocation: ${scene.temporary.slice(1)}/Applications\ninstall-time: \\d+\n$`,
      ).test(text),
    source: `${MAN_PAGE}; unverified: no recording of the plain form`,
    runsOn: 'double',
  }),
  row('a receipt as a property list', {
    needs: ['fixtures', 'root'],
    prepare: install,
    arguments: () => ['--pkg-info-plist', ID],
    status: 0,
    stdout: (text) => {
      const keys = (list: string) =>
        [...list.matchAll(/<key>([^<]*)<\/key>\s*<(\w+)>/g)].map(([, ...key]) => key);
      const [here, there] = [keys(text), keys(readRecording('pkgutil__pkg-info-plist.plist'))];
      // A whole number as a real one: the library that writes it knows no difference.
      const plain = JSON.stringify(there).replace('"real"', '"integer"');
      return JSON.stringify(here) === plain || `${JSON.stringify(here)} differs from ${plain}`;
    },
    source: 'fixtures/macos-outputs/pkgutil__pkg-info-plist.plist',
    runsOn: 'double',
  }),
  row('all receipts', {
    needs: ['root'],
    prepare: install,
    arguments: () => ['--pkgs'],
    status: 0,
    stdout: `${ID}\n`,
    source: MAN_PAGE,
    runsOn: 'double',
  }),
  row('a receipt can be forgotten', {
    needs: ['root'],
    prepare: install,
    arguments: () => ['--forget', ID],
    status: 0,
    stdout: `Forgot package '${ID}' on '/'.\n`,
    after: async (scene) => {
      const { status } = await scene.run('pkgutil', ['--pkg-info', ID]);
      if (status !== 1) throw new Error('the receipt is still there');
    },
    source: `${MAN_PAGE}; unverified: the words`,
    runsOn: 'double',
  }),
  row('an option that it does not know', {
    arguments: () => ['--check-everything'],
    status: 1,
    stderr: /unrecognized option/,
    source: 'getopt_long(3); unverified: the status',
    runsOn: 'double',
  }),
];
