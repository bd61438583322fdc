import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ContractRow, recorded, type Scene } from '../contract.ts';

const QUARANTINE = 'com.apple.quarantine';

function row(name: string, rest: Omit<ContractRow, 'tool' | 'name'>): ContractRow {
  return { tool: 'xattr', name, ...rest };
}

const file = (scene: Scene) => join(scene.folder, 'file');

const quarantined = (value: string) => async (scene: Scene) => {
  await writeFile(file(scene), 'text');
  await scene.run('xattr', ['-w', QUARANTINE, value, file(scene)]);
};

async function makeTree(scene: Scene): Promise<void> {
  const app = join(scene.folder, 'App.app');
  await mkdir(join(app, 'Contents'), { recursive: true });
  await writeFile(join(app, 'Contents', 'a'), '');
  await writeFile(join(app, 'Contents', 'b'), '');
  await symlink('nowhere', join(app, 'Contents', 'dangling'));
  for (const path of [app, join(app, 'Contents', 'a')])
    await scene.run('xattr', ['-w', QUARANTINE, '0081;607842eb;Brave;', path]);
}

async function expectNames(scene: Scene, path: string, wanted: string): Promise<void> {
  const { stdout } = await scene.run('xattr', [join(scene.folder, path)]);
  // com.apple.provenance comes by itself on a Mac, and stays.
  const names = stdout.split('\n').filter((name) => name !== '' && name !== 'com.apple.provenance');
  if (names.join() !== wanted) throw new Error(`${path} has ${names.join()}`);
}

export const rows: readonly ContractRow[] = [
  row('list with values', {
    needs: ['fixtures'],
    prepare: quarantined('0081;607842eb;Brave;F643CD5F-6071-46AB-83AB-390BA944DEC5'),
    arguments: (scene) => ['-l', file(scene)],
    status: 0,
    stdout: recorded('xattr__list-quarantine-uuid.txt'),
    source: 'fixtures/macos-outputs/xattr__list-quarantine-uuid.txt',
    runsOn: 'double',
  }),
  row('list of names', {
    prepare: quarantined('0081;607842eb;Brave;'),
    arguments: (scene) => [file(scene)],
    status: 0,
    stdout: /^com\.apple\.quarantine$/m,
    source: 'xattr(1)',
    runsOn: 'both',
  }),
  row('print one value', {
    prepare: quarantined('0081;607842eb;Brave;'),
    arguments: (scene) => ['-p', QUARANTINE, file(scene)],
    status: 0,
    stdout: '0081;607842eb;Brave;\n',
    source: 'xattr(1)',
    runsOn: 'both',
  }),
  row('write', {
    prepare: (scene) => writeFile(file(scene), ''),
    arguments: (scene) => ['-w', 'org.example.note', 'a value', file(scene)],
    status: 0,
    after: (scene) => expectNames(scene, 'file', 'org.example.note'),
    source: 'xattr(1)',
    runsOn: 'both',
  }),
  row('delete', {
    prepare: quarantined('0081;607842eb;Brave;'),
    arguments: (scene) => ['-d', QUARANTINE, file(scene)],
    status: 0,
    after: (scene) => expectNames(scene, 'file', ''),
    source: 'xattr(1)',
    runsOn: 'both',
  }),
  row('delete what is not there', {
    needs: ['fixtures'],
    prepare: (scene) => writeFile(file(scene), ''),
    arguments: (scene) => ['-d', QUARANTINE, file(scene)],
    status: 1,
    stderr: recorded('xattr__delete-no-such-xattr.txt', (scene) => [['<file>', file(scene)]]),
    source: 'fixtures/macos-outputs/xattr__delete-no-such-xattr.txt',
    runsOn: 'both',
  }),
  row('delete in a whole tree, on links themselves', {
    prepare: makeTree,
    arguments: (scene) => ['-d', '-r', '-s', QUARANTINE, join(scene.folder, 'App.app')],
    status: 0,
    after: async (scene) => {
      await expectNames(scene, 'App.app', '');
      await expectNames(scene, 'App.app/Contents/a', '');
    },
    source: 'xattr(1): with -r a file without the attribute is no failure',
    runsOn: 'both',
  }),
  row('letters in one argument', {
    prepare: makeTree,
    arguments: (scene) => ['-drs', QUARANTINE, join(scene.folder, 'App.app')],
    status: 0,
    after: (scene) => expectNames(scene, 'App.app/Contents/a', ''),
    source: 'xattr(1)',
    runsOn: 'both',
  }),
  row('clear', {
    prepare: quarantined('0081;607842eb;Brave;'),
    arguments: (scene) => ['-c', file(scene)],
    status: 0,
    after: (scene) => expectNames(scene, 'file', ''),
    source: 'xattr(1)',
    runsOn: 'both',
  }),
  row('provenance cannot be removed', {
    prepare: async (scene) => {
      await writeFile(file(scene), '');
      await scene.run('xattr', ['-wx', 'com.apple.provenance', '01 02 00', file(scene)]);
    },
    arguments: (scene) => ['-c', file(scene)],
    status: 0,
    after: async (scene) => {
      const { stdout } = await scene.run('xattr', [file(scene)]);
      if (stdout !== 'com.apple.provenance\n') throw new Error(stdout);
    },
    source: 'fixtures/macos-outputs/xattr__provenance-cannot-be-removed.txt',
    runsOn: 'double',
  }),
  row('no such file', {
    arguments: (scene) => ['-l', file(scene)],
    status: 1,
    stderr: (text, scene) => text === `xattr: No such file: ${file(scene)}\n`,
    source: "unverified: as in Apple's Python source of xattr up to macOS 12",
    runsOn: 'double',
  }),
  row('an option that it does not know', {
    arguments: (scene) => ['-q', file(scene)],
    status: 64,
    stderr: /usage: xattr/,
    source: 'xattr(1); status unverified',
    runsOn: 'double',
  }),
];
