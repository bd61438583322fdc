import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from './fixtures.ts';

/** What an app does once it runs: stays, or ends at once or after a moment as if it had crashed. */
export type Behaviour = 'stay' | 'die' | 'die later';

export interface Started {
  readonly version: string;
  readonly pid: number;
}

/**
 * A program that `open` starts and that ps sees in its bundle: a script that goes on in a copy of the shell inside.
 * Four folders above, outside of what holds the app, it writes down that it was started. As an app's main does, it
 * looks at the updater's arguments first.
 */
const PROGRAM = `#!/bin/sh
here=\${0%/*}
case \${1:-} in
  --updater-exchange) exec '${process.execPath}' '${join(REPOSITORY, 'test/support/updater-arguments-child.ts')}' "$@" ;;
  running) ;;
  *) exec "$here/Nexy-sh" "$0" running ;;
esac
behaviour=$(cat "$here/../Resources/behaviour")
echo "$(cat "$here/../Resources/version") $$" >> "$here/../../../../started"
case $behaviour in
  die) exit 1 ;;
  'die later') sleep 0.8; exit 1 ;;
esac
while :; do sleep 0.1; done
`;

/** Puts the program into a bundle, in place of one that cannot run here. */
export function addRunningProgram(app: string, version: string, behaviour: Behaviour): void {
  const programs = join(app, 'Contents', 'MacOS');
  const resources = join(app, 'Contents', 'Resources');
  mkdirSync(resources, { recursive: true });
  writeFileSync(join(resources, 'version'), version);
  writeFileSync(join(resources, 'behaviour'), behaviour);
  copyFileSync('/bin/sh', join(programs, 'Nexy-sh'));
  chmodSync(join(programs, 'Nexy-sh'), 0o755);
  writeFileSync(join(programs, 'Nexy'), PROGRAM, { mode: 0o755 });
}

/** @param folder the one that holds the folder with the app */
export function startsOf(folder: string): readonly Started[] {
  const log = join(folder, 'started');
  if (!existsSync(log)) return [];
  const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => {
    const [version = '', pid] = line.split(' ');
    return { version, pid: Number(pid) };
  });
}

/** Ends what was started and still runs. A number that was given out again is not one of ours. */
export function endStarted(folder: string): void {
  for (const { pid } of startsOf(folder)) if (runsNexy(pid)) process.kill(pid, 'SIGKILL');
}

export function versionAt(app: string): string | null {
  const path = join(app, 'Contents', 'Resources', 'version');
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

export function isAlive(pid: number): boolean {
  try {
    return !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

function runsNexy(pid: number): boolean {
  try {
    return isAlive(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('Nexy');
  } catch {
    return false;
  }
}
