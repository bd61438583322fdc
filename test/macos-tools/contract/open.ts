import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type ContractRow, recorded, type Scene } from '../contract.ts';

function row(name: string, rest: Omit<ContractRow, 'tool' | 'name'>): ContractRow {
  return { tool: 'open', name, ...rest };
}

const application = (scene: Scene) => join(scene.folder, 'Small.app');
const sign = (scene: Scene) => join(scene.folder, 'started');

const makeApplication = (program: string | Uint8Array | null) => async (scene: Scene) => {
  const folder = join(application(scene), 'Contents', 'MacOS');
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(application(scene), 'Contents', 'Info.plist'),
    '<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict><key>CFBundleExecutable</key><string>small</string></dict></plist>\n',
  );
  if (program === null) return;
  const text = typeof program === 'string' ? program.replaceAll('SIGN', sign(scene)) : program;
  await writeFile(join(folder, 'small'), text);
  await chmod(join(folder, 'small'), 0o755);
};

/** The program is started, not waited for. */
async function startedWith(scene: Scene): Promise<string> {
  for (let count = 0; count < 500 && !existsSync(`${sign(scene)}.done`); count += 1) await wait(20);
  return readFile(sign(scene), 'utf8');
}

const SCRIPT = '#!/bin/sh\n{ pwd; echo "$NOTE"; echo "$@"; } > "SIGN"\n: > "SIGN.done"\n';

export const rows: readonly ContractRow[] = [
  row('starts the program of a bundle', {
    prepare: makeApplication(SCRIPT),
    arguments: (scene) => ['-n', application(scene), '--env', 'NOTE=a note', '--args', 'one', 'two three'],
    status: 0,
    after: async (scene) => {
      const text = await startedWith(scene);
      if (text !== '/\na note\none two three\n') throw new Error(text);
    },
    source: 'open(1)',
    // A script in an unsigned bundle made a moment ago does not start everywhere.
    runsOn: 'double',
  }),
  row('waits for it with -W', {
    prepare: makeApplication(SCRIPT),
    arguments: (scene) => ['-W', application(scene)],
    status: 0,
    after: async (scene) => {
      if (!existsSync(`${sign(scene)}.done`)) throw new Error('it did not wait');
    },
    source: 'open(1), "-W"',
    runsOn: 'double',
  }),
  row('no program in the bundle', {
    needs: ['fixtures'],
    prepare: makeApplication(null),
    arguments: (scene) => ['-n', application(scene)],
    status: 1,
    stderr: recorded('open__no-executable.txt'),
    source: 'fixtures/macos-outputs/open__no-executable.txt',
    runsOn: 'both',
  }),
  row('a program for another machine', {
    prepare: makeApplication(Buffer.from('cffaedfe0c000001', 'hex')),
    arguments: (scene) => [application(scene)],
    status: 1,
    stderr: (text, scene) =>
      text.startsWith(
        `The application ${application(scene)} cannot be opened for an unexpected reason, error=Error Domain=NSPOSIXErrorDomain Code=8 "Exec format error"`,
      ),
    source: "form of fixtures/macos-outputs/open__proc-not-found.txt; the case is Linux's",
    runsOn: 'double',
  }),
  row('no such application', {
    needs: ['fixtures'],
    arguments: () => ['-a', 'Nonexistent', 'chrome://settings'],
    status: 1,
    stderr: recorded('open__unable-to-find-application.txt'),
    source: 'fixtures/macos-outputs/open__unable-to-find-application.txt',
    runsOn: 'both',
  }),
  row('no such file', {
    arguments: (scene) => [application(scene)],
    status: 1,
    stderr: (text, scene) => text === `The file ${application(scene)} does not exist.\n`,
    source: 'unverified: known from doubles alone (README of the recordings, "Not found")',
    runsOn: 'double',
  }),
  row('an option that it does not know', {
    arguments: () => ['--bogus'],
    status: 1,
    stderr: /--bogus'\nUsage: open/,
    source: 'open(1)',
    runsOn: 'double',
  }),
];
