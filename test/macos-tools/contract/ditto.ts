import { chmod, link, lstat, mkdir, readFile, readlink, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ContractRow, recorded, type Scene } from '../contract.ts';

function row(name: string, rest: Omit<ContractRow, 'tool' | 'name'>): ContractRow {
  return { tool: 'ditto', name, ...rest };
}

async function makeTree(scene: Scene): Promise<void> {
  const app = join(scene.folder, 'App.app');
  await mkdir(join(app, 'Contents', 'MacOS'), { recursive: true });
  await writeFile(join(app, 'Contents', 'MacOS', 'app'), '#!/bin/sh\n');
  await chmod(join(app, 'Contents', 'MacOS', 'app'), 0o755);
  await writeFile(join(app, 'Contents', 'one'), 'one');
  await link(join(app, 'Contents', 'one'), join(app, 'Contents', 'two'));
  await symlink('/etc', join(app, 'Contents', 'outside'));
  await symlink('nowhere', join(app, 'Contents', 'dangling'));
  await utimes(join(app, 'Contents', 'one'), 1_000_000_000, 1_000_000_000);
  await utimes(join(app, 'Contents'), 1_100_000_000, 1_100_000_000);
}

async function expectTree(folder: string): Promise<void> {
  const contents = join(folder, 'Contents');
  const [program, one, two, own] = await Promise.all(
    ['MacOS/app', 'one', 'two', '.'].map((name) => lstat(join(contents, name))),
  );
  if ((program?.mode ?? 0) % 0o10000 !== 0o755) throw new Error('mode was not kept');
  if (one?.mtimeMs !== 1e12 || own?.mtimeMs !== 1.1e12) throw new Error('times were not kept');
  if (one.ino !== two?.ino) throw new Error('hard link was not kept');
  if ((await readlink(join(contents, 'outside'))) !== '/etc') throw new Error('link was not kept');
  if ((await readlink(join(contents, 'dangling'))) !== 'nowhere') throw new Error('link was not kept');
}

export const rows: readonly ContractRow[] = [
  row('a missing source', {
    needs: ['fixtures'],
    arguments: (scene) => ['--noextattr', '--norsrc', './objects/none.dictionary', join(scene.folder, 'x')],
    status: 1,
    stderr: recorded('ditto__no-real-path.txt', () => [
      ['oe_bosworthtoller_utf8.dictionary', 'none.dictionary'],
    ]),
    source: 'fixtures/macos-outputs/ditto__no-real-path.txt',
    runsOn: 'both',
  }),
  row('the contents of a folder go into a new one, parents too', {
    prepare: makeTree,
    arguments: (scene) => [join(scene.folder, 'App.app'), join(scene.folder, 'a', 'b', 'new')],
    status: 0,
    after: (scene) => expectTree(join(scene.folder, 'a', 'b', 'new')),
    source: 'ditto(1), "DESCRIPTION"',
    runsOn: 'both',
  }),
  row('merges, and replaces what is there', {
    prepare: async (scene) => {
      await makeTree(scene);
      await mkdir(join(scene.folder, 'to', 'Contents'), { recursive: true });
      await writeFile(join(scene.folder, 'to', 'Contents', 'one'), 'old');
      await writeFile(join(scene.folder, 'to', 'Contents', 'kept'), 'kept');
    },
    arguments: (scene) => [join(scene.folder, 'App.app'), join(scene.folder, 'to')],
    status: 0,
    after: async (scene) => {
      await expectTree(join(scene.folder, 'to'));
      if ((await readFile(join(scene.folder, 'to', 'Contents', 'kept'), 'utf8')) !== 'kept')
        throw new Error('not merged');
      if ((await readFile(join(scene.folder, 'to', 'Contents', 'one'), 'utf8')) !== 'one')
        throw new Error('not replaced');
    },
    source: 'ditto(1), "DESCRIPTION"',
    runsOn: 'both',
  }),
  row('a file into a folder', {
    prepare: async (scene) => {
      await writeFile(join(scene.folder, 'file'), 'text');
      await mkdir(join(scene.folder, 'to'));
    },
    arguments: (scene) => [join(scene.folder, 'file'), join(scene.folder, 'to')],
    status: 0,
    after: async (scene) => {
      if ((await readFile(join(scene.folder, 'to', 'file'), 'utf8')) !== 'text')
        throw new Error('not copied');
    },
    source: 'ditto(1), "DESCRIPTION"',
    runsOn: 'both',
  }),
  row('extended attributes, without quarantine', {
    prepare: async (scene) => {
      await writeFile(join(scene.folder, 'file'), 'text');
      await scene.run('xattr', [
        '-w',
        'com.apple.quarantine',
        '0081;607842eb;Brave;',
        join(scene.folder, 'file'),
      ]);
      await scene.run('xattr', ['-w', 'org.example.note', 'kept', join(scene.folder, 'file')]);
    },
    arguments: (scene) => ['--noqtn', join(scene.folder, 'file'), join(scene.folder, 'copy')],
    status: 0,
    after: async (scene) => {
      const { stdout } = await scene.run('xattr', ['-l', join(scene.folder, 'copy')]);
      if (!stdout.includes('org.example.note: kept') || stdout.includes('quarantine'))
        throw new Error(stdout);
    },
    source: 'ditto(1), "--noqtn"',
    runsOn: 'both',
  }),
  row('no operands', {
    arguments: () => [],
    status: 1,
    stderr: /^Usage: ditto/i,
    source: 'ditto(1), "EXIT STATUS"',
    runsOn: 'double',
  }),
  row('an option that it does not know', {
    arguments: (scene) => ['--bogus', scene.folder, join(scene.folder, 'x')],
    status: 1,
    stderr: /--bogus[\s\S]*Usage: ditto/,
    source: 'ditto(1)',
    runsOn: 'double',
  }),
];
