import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { MACOS_TOOLS, REPOSITORY } from './fixtures.ts';

export interface RootScriptOptions {
  readonly kind: 'dmg' | 'pkg';
  readonly user: number;
  readonly file: string;
  readonly size: number;
  readonly sha256: string;
  readonly target: string;
  readonly id: string;
  readonly notes: string;
  readonly tools: string;
  readonly tick: number;
  /** The process that has to end first, and when it started. */
  readonly old?: { readonly pid: number; readonly start: string };
  readonly relaunches?: boolean;
  /** How long the old process may take; ten minutes when left out. */
  readonly oldTicks?: number;
  /** First line of the journal. */
  readonly begin?: string;
  readonly shell?: readonly string[];
}

export interface RootScript {
  /** Of a process group of its own. */
  readonly pid: number;
  /** Everything that it said, once it has answered. Something of it may go on in the background. */
  readonly ended: Promise<{ readonly status: number | null; readonly answer: string }>;
}

/** Starts resources/authorized-install.sh as the authorization service would. */
export function startRootScript(options: RootScriptOptions): RootScript {
  const { target, id, old, shell = ['/bin/sh'] } = options;
  const [program = '/bin/sh', ...words] = shell;
  const text = ['install-functions.sh', 'authorized-install.sh']
    .map((name) => readFileSync(join(REPOSITORY, 'resources', name), 'utf8'))
    .join('\n');
  const prefix = `.${basename(target, '.app')}-update-`;
  const child = spawn(
    program,
    [
      ...[...words, '-c', text, 'nexy-updater-install', `kind=${options.kind}`, `user=${options.user}`],
      ...[`file=${options.file}`, `size=${options.size}`, `sha256=${options.sha256}`, `target=${target}`],
      ...[`id=${id}`, `prefix=${prefix}`, `staging=${prefix}${id}`, `journal=${prefix}${id}.journal`],
      ...[`lock=${prefix.slice(0, -1)}.lock`, 'app-name=Nexy.app', `notes=${options.notes}`],
      ...[`begin=${options.begin ?? '{"step":"begin"}'}`, `tools=${options.tools}`, `tick=${options.tick}`],
      ...(old === undefined ? [] : [`old-pid=${old.pid}`, `old-start=${old.start}`]),
      ...(options.oldTicks === undefined ? [] : [`old-ticks=${options.oldTicks}`]),
      `relaunches=${options.relaunches === true ? 1 : 0}`,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], detached: true, cwd: '/' },
  );
  let answer = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (more: string) => {
      answer += more;
    });
  }
  const ended = new Promise<{ status: number | null; answer: string }>((resolve) =>
    child.on('close', (status) => resolve({ status, answer })),
  );
  return { pid: child.pid ?? 0, ended };
}

/**
 * Tools that are quick, where what they do matters and not how they speak: a disk image is a tar archive with an app, and
 * so is a package, which the Installer unpacks file by file into the folder of the app.
 */
export function quickTools(applications: string): Readonly<Record<string, string>> {
  const double = (name: string): string => `exec ${join(MACOS_TOOLS, name)} "$@"`;
  return {
    hdiutil: `if [ "$1" = detach ]; then exec rm -rf "$2"; fi
for last; do :; done
while [ "$1" != -mountrandom ]; do shift; done
mkdir "$2/volume" && tar -xf "$last" -C "$2/volume"`,
    ditto: 'exec cp -a "$1" "$2"',
    xattr: 'exit 0',
    sync: 'exit 0',
    installer: `exec tar -xf "$2" -C '${applications}'`,
    ps: double('ps'),
    stat: double('stat'),
    openssl: double('openssl'),
    osascript: double('osascript'),
    launchctl: double('launchctl'),
    sudo: double('sudo'),
    open: double('open'),
  };
}
