import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeApp } from '../../support/make-app.ts';
import { makeAuthority, makeIdentity } from '../../support/make-identity.ts';
import { makePackage, type PackagePlan } from '../../support/make-package.ts';
import { describeTree } from '../../support/tree.ts';
import { type ContractRow, readRecording, recorded, type Scene } from '../contract.ts';

const MAN_PAGE = 'installer(8)';
const pkg = (scene: Scene) => join(scene.folder, 'Nexy.pkg');
const source = (scene: Scene) => join(scene.folder, 'Nexy.app');
const applications = (scene: Scene) => join(scene.temporary, 'Applications');
const installed = (scene: Scene) => join(applications(scene), 'Nexy.app');
const installArguments = (scene: Scene) => ['-pkg', pkg(scene), '-target', '/'];

const make =
  (more: Partial<PackagePlan> = {}) =>
  async (scene: Scene): Promise<void> => {
    const app = await makeApp({
      folder: scene.folder,
      bundleId: 'com.nexy.assistant',
      shortVersion: '2.0.0.46',
      executable: { kind: 'script', text: '#!/bin/sh\n' },
      links: { 'Contents/Resources/link': 'electron.icns' },
      sign: false,
      tools: '',
    });
    await makePackage({ app, output: pkg(scene), installLocation: applications(scene), ...more });
  };

async function expectInstalled(scene: Scene): Promise<void> {
  const [wanted, found] = [describeTree(source(scene)), describeTree(installed(scene))];
  if (JSON.stringify(wanted) !== JSON.stringify(found)) throw new Error('another tree was installed');
}

function row(name: string, rest: Omit<ContractRow, 'tool' | 'name'>): ContractRow {
  return { tool: 'installer', name, ...rest };
}

/** What is said with -verboseR, without percentages and with phases said twice in a row said once. */
function phases(text: string): readonly string[] {
  const lines = text
    .trimEnd()
    .split('\n')
    .filter((line) => !line.startsWith('installer:%'));
  return lines.filter((line, index) => line !== lines[index - 1]);
}

export const rows: readonly ContractRow[] = [
  row('a package that is not there', {
    needs: ['root'],
    arguments: () => ['-pkg', '/tmp/FalconSensorMacOS.pkg', '-target', '/'],
    status: 1,
    stdout: recorded('installer__package-path-invalid.txt'),
    source: 'fixtures/macos-outputs/installer__package-path-invalid.txt',
    runsOn: 'double',
  }),
  row('installs what is in the payload, and leaves a receipt', {
    needs: ['root'],
    prepare: make(),
    arguments: installArguments,
    status: 0,
    stdout:
      'installer: Package name is Nexy\ninstaller: Installing at base path /\ninstaller: The install was successful.\n',
    after: async (scene) => {
      await expectInstalled(scene);
      const { stdout } = await scene.run('pkgutil', ['--pkgs']);
      if (stdout !== 'com.nexy.assistant\n') throw new Error('there is no receipt');
    },
    source: 'installer__plain-upgrade-successful.txt, note on first installs',
    runsOn: 'double',
  }),
  row('calls it an upgrade where there is a receipt', {
    needs: ['root'],
    prepare: async (scene) => {
      await make({ title: 'Node.js' })(scene);
      await scene.run('installer', installArguments(scene));
    },
    arguments: installArguments,
    status: 0,
    stdout: recorded('installer__plain-upgrade-successful.txt'),
    after: expectInstalled,
    source: 'fixtures/macos-outputs/installer__plain-upgrade-successful.txt',
    runsOn: 'double',
  }),
  row('tells phases and percentages', {
    needs: ['root'],
    prepare: make({ title: 'Microsoft-Visual Studio Code-1.66.2' }),
    arguments: (scene) => [...installArguments(scene), '-verboseR'],
    status: 0,
    stdout: (text) => {
      const [here, there] = [
        phases(text),
        phases(readRecording('installer__verboseR-install-successful.txt')),
      ];
      return JSON.stringify(here) === JSON.stringify(there) || `${JSON.stringify(here)} differs`;
    },
    source: 'fixtures/macos-outputs/installer__verboseR-install-successful.txt',
    runsOn: 'double',
  }),
  row('refuses a package signed by somebody who is not trusted', {
    needs: ['root'],
    prepare: (scene) =>
      make({
        title: 'Adobe Photoshop Lightroom 5.7',
        identity: makeIdentity({ kind: 'installer', team: 'NEXYTEAM01', authority: makeAuthority() }),
      })(scene),
    arguments: (scene) => ['-verboseR', ...installArguments(scene)],
    status: 1,
    stdout: recorded('installer__untrusted-certificate.txt'),
    after: async (scene) => {
      if (existsSync(applications(scene))) throw new Error('something was installed');
    },
    source: 'fixtures/macos-outputs/installer__untrusted-certificate.txt',
    runsOn: 'double',
  }),
  row('refuses a Mac that the package is not for', {
    needs: ['root', 'fixtures'],
    prepare: make({ minimumSystemVersion: '99.0' }),
    arguments: installArguments,
    status: 1,
    stdout: (text) => {
      const [sentence = ''] = readRecording('installer__disabled-volume.txt').split('\n');
      return text.startsWith(`installer: Package name is Nexy\n${sentence}\ninstaller: `);
    },
    source: 'fixtures/macos-outputs/installer__disabled-volume.txt',
    runsOn: 'double',
  }),
  row('a script that fails', {
    needs: ['root', 'fixtures'],
    prepare: make({ scripts: { postinstall: '#!/bin/sh\nexit 3\n' }, isProduct: false }),
    arguments: installArguments,
    status: 1,
    stdout: (text) =>
      text.endsWith(
        `\n${readRecording('installer__failed-script.txt').trimEnd().replace('InstallAssistant.pkg', 'Nexy.pkg')}\n`,
      ),
    after: async (scene) => {
      const { stdout } = await scene.run('pkgutil', ['--pkgs']);
      if (stdout !== '') throw new Error('there is a receipt');
    },
    source: 'fixtures/macos-outputs/installer__failed-script.txt',
    runsOn: 'double',
  }),
  row('scripts run before and after, from their own folder, and are told the place', {
    needs: ['root'],
    prepare: (scene) => {
      const log = join(scene.folder, 'log');
      const say = (name: string) =>
        `#!/bin/sh\necho "${name} $2 $3 $4 $(cat ./text) $(ls -d "$2/Nexy.app" 2>/dev/null)" >> '${log}'\n`;
      return make({ scripts: { preinstall: say('before'), postinstall: say('after'), text: 'own' } })(scene);
    },
    arguments: installArguments,
    status: 0,
    stdout: /successful/,
    after: async (scene) => {
      const place = applications(scene);
      const lines = [`before ${place} / / own `, `after ${place} / / own ${place}/Nexy.app`, ''];
      const found = await readFile(join(scene.folder, 'log'), 'utf8');
      if (found !== lines.join('\n')) throw new Error(found);
      if (((await stat(installed(scene))).mode & 0o777) !== 0o755) throw new Error('modes were not kept');
    },
    source: 'unverified: Apple documents arguments and environment in notes that are no longer online',
    runsOn: 'double',
  }),
  row('without a package', {
    arguments: () => ['-target', '/'],
    status: 1,
    stderr: /^Usage: installer /,
    source: `${MAN_PAGE}; unverified: stream and status`,
    runsOn: 'double',
  }),
];
