import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeApp } from '../../support/make-app.ts';
import { unzip } from '../../support/unzip.ts';
import { type ContractRow, recorded, type Scene } from '../contract.ts';

const MAN_PAGE = 'spctl(8), exit statuses';
const app = (scene: Scene) => join(scene.folder, 'DevSignedApp.app');
const nexy = (scene: Scene) => join(scene.folder, 'Nexy.app');
const unpack = (scene: Scene) => unzip(scene.fixture('disk-images/DevSignedApp.zip'), scene.folder);

async function make(scene: Scene): Promise<void> {
  await makeApp({
    folder: scene.folder,
    bundleId: 'com.nexy.assistant',
    executable: { kind: 'mach-o', architectures: ['arm64'] },
    sign: false,
    tools: '',
  });
}

async function signAdHoc(scene: Scene): Promise<void> {
  await make(scene);
  await scene.run('codesign', ['-f', '-s', '-', nexy(scene)]);
}

export const rows: readonly ContractRow[] = [
  {
    tool: 'spctl',
    name: 'status',
    arguments: () => ['--status'],
    status: 0,
    stdout: recorded('spctl__status-enabled.txt'),
    needs: ['fixtures'],
    source: 'spctl__status-enabled.txt',
    runsOn: 'both',
  },
  {
    tool: 'spctl',
    name: 'Developer ID without a ticket',
    needs: ['fixtures'],
    prepare: unpack,
    arguments: (scene) => ['--assess', '--verbose', app(scene)],
    status: 3,
    stderr: recorded('spctl__execute-rejected-unnotarized-exit3.txt', (scene) => [
      ['/Applications/VSCodium.app', app(scene)],
    ]),
    source: 'spctl__execute-rejected-unnotarized-exit3.txt',
    // A real Mac asks Apple, and may be told more.
    runsOn: 'double',
  },
  {
    tool: 'spctl',
    name: 'Developer ID with a ticket, origin from the second -v on',
    needs: ['fixtures'],
    prepare: async (scene) => {
      await unpack(scene);
      await writeFile(join(app(scene), 'Contents/CodeResources'), 'ticket');
    },
    arguments: (scene) => ['-a', '-vv', app(scene)],
    status: 0,
    stderr: recorded('spctl__execute-accepted-notarized.txt', (scene) => [
      ['FrankenCodeBrowser.app', app(scene)],
      ['A Person (ABCDE12345)', 'Mayur Pawashe (ZCK58M894E)'],
    ]),
    source: 'spctl__execute-accepted-notarized.txt',
    runsOn: 'double',
  },
  {
    tool: 'spctl',
    name: 'accepted without -v: no word',
    needs: ['fixtures'],
    prepare: async (scene) => {
      await unpack(scene);
      await writeFile(join(app(scene), 'Contents/CodeResources'), 'ticket');
    },
    arguments: (scene) => ['--assess', '--type', 'install', app(scene)],
    status: 0,
    source: 'spctl__install-accepted-quiet.txt',
    runsOn: 'double',
  },
  {
    tool: 'spctl',
    name: 'a torn seal: the words of code signing, no verdict',
    needs: ['fixtures'],
    prepare: async (scene) => {
      await unpack(scene);
      const path = join(app(scene), 'Contents/Resources/Base.lproj/MainMenu.nib');
      const bytes = await readFile(path);
      bytes[7] = (bytes[7] ?? 0) ^ 1;
      await writeFile(path, bytes);
    },
    arguments: (scene) => ['-a', '-vvv', '-t', 'exec', app(scene)],
    status: 3,
    stderr: recorded('spctl__execute-sealed-resource.txt', (scene) => [['/tmp/Conductor.app', app(scene)]]),
    source: 'spctl__execute-sealed-resource.txt; its exit status is not recorded',
    runsOn: 'double',
  },
  {
    tool: 'spctl',
    name: 'ad hoc: neither source nor origin',
    needs: ['fixtures'],
    prepare: signAdHoc,
    arguments: (scene) => ['--assess', '--type', 'execute', '-vv', nexy(scene)],
    status: 3,
    stderr: recorded('spctl__execute-rejected-adhoc.txt', (scene) => [['build/KlipKlik.app', nexy(scene)]]),
    source: 'spctl__execute-rejected-adhoc.txt',
    runsOn: 'both',
  },
  {
    tool: 'spctl',
    name: 'not signed',
    prepare: make,
    arguments: (scene) => ['-a', '-vv', nexy(scene)],
    status: 3,
    stderr: (text, scene) => text === `${nexy(scene)}: rejected\nsource=no usable signature\n`,
    source: 'spctl__open-rejected-no-usable-signature-dmg.txt (form)',
    runsOn: 'both',
  },
  {
    tool: 'spctl',
    name: 'an image without a context',
    needs: ['fixtures'],
    prepare: (scene) => writeFile(join(scene.folder, 'a.dmg'), 'koly'),
    arguments: (scene) => ['-a', '-v', '-t', 'open', join(scene.folder, 'a.dmg')],
    status: 3,
    stderr: recorded('spctl__open-rejected-insufficient-context.txt', (scene) => [
      ['CIG Combinador PDF.dmg', join(scene.folder, 'a.dmg')],
    ]),
    source: 'spctl__open-rejected-insufficient-context.txt',
    runsOn: 'both',
  },
  {
    tool: 'spctl',
    name: 'an image that is not signed',
    needs: ['fixtures'],
    prepare: (scene) => writeFile(join(scene.folder, 'a.dmg'), 'koly'),
    arguments: (scene) => [
      '-a',
      '-vv',
      '-t',
      'open',
      '--context',
      'context:primary-signature',
      join(scene.folder, 'a.dmg'),
    ],
    status: 3,
    stderr: recorded('spctl__open-rejected-no-usable-signature-dmg.txt', (scene) => [
      ['FrankenCodeBrowser-macos-arm64.dmg', join(scene.folder, 'a.dmg')],
    ]),
    source: 'spctl__open-rejected-no-usable-signature-dmg.txt',
    runsOn: 'both',
  },
  {
    tool: 'spctl',
    name: 'raw: a property list on standard output',
    needs: ['fixtures'],
    prepare: unpack,
    arguments: (scene) => ['-a', '--raw', app(scene)],
    status: 3,
    stdout:
      /<key>assessment:authority:source<\/key>\s*<string>Unnotarized Developer ID<\/string>[\s\S]*<key>assessment:verdict<\/key>\s*<false\s*\/>/,
    stderr: (text, scene) => text === `${app(scene)}: rejected\n`,
    source: 'spctl__raw-unnotarized.plist',
    runsOn: 'double',
  },
  {
    tool: 'spctl',
    name: 'usage',
    arguments: () => ['--assess'],
    status: 2,
    stderr:
      /^System Policy Basic Usage:\n {7}spctl --assess \[--type type\] \[-v\] path \.\.\. # assessment\n/,
    source: `${MAN_PAGE}; usage text of macOS 15`,
    runsOn: 'both',
  },
  {
    tool: 'spctl',
    name: 'usage: an option that Apple does not know',
    arguments: (scene) => ['--assess', '--careful', scene.folder],
    status: 2,
    stderr: /^spctl: unrecognized option `--careful'\n/,
    source: `${MAN_PAGE}; text of getopt_long(3)`,
    runsOn: 'both',
  },
];
