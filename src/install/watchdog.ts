import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, realpath, rm, stat } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { writeDurably } from '../durable.ts';
import { UpdateError } from '../errors.ts';
import type { DirectoryIdentity } from './journal.ts';
import type { Layout, StagingPaths } from './layout.ts';
import { notesFolder } from './notes.ts';
import { readStartTime } from './processes.ts';
import { type Tools, userName } from './tools.ts';

/** How long the watchdog waits for what, in ticks. */
export interface WatchdogLimits {
  /** For the old process to end. */
  readonly oldProcess: number;
  /** For a process to show itself after the app was opened. */
  readonly appearance: number;
  /** Between the end of the new version and counting it as a death. */
  readonly grace: number;
  /** For the new version to confirm. */
  readonly watch: number;
  /** For the displaced app's program to take its place again. */
  readonly undo: number;
}

export interface WatchdogOptions {
  readonly layout: Layout;
  readonly paths: StagingPaths;
  /** The staged app, and the one that it displaces. */
  readonly newApp: DirectoryIdentity;
  readonly oldApp: DirectoryIdentity;
  /** Name of the displaced app's program, where that calls `runUpdaterArguments`; null where nobody knows that. */
  readonly exchanger: string | null;
  /** Whether the app is opened afterwards; otherwise it is only watched when somebody starts it. */
  readonly relaunches: boolean;
  /** The process that does the exchange. */
  readonly oldProcess: number;
  /** Seconds between two looks at it, where it may run for days yet. Without it, it is about to end. */
  readonly pace?: number;
  readonly stateFolder: string;
  readonly tools: Tools;
  /** Seconds; 1 when left out. */
  readonly tick?: number;
  readonly limits?: Partial<WatchdogLimits>;
  /** The shell and its arguments; `/bin/sh` when left out. */
  readonly shell?: readonly [string, ...string[]];
}

/** A process of its own that outlives this one. */
export interface Watchdog {
  readonly pid: number;
  /** Ends it; nothing is opened or taken back then. The signal is sent before this returns. */
  stop(): Promise<void>;
}

const RESOURCES = fileURLToPath(new URL('../../resources', import.meta.url));
const START_TIMEOUT = 10_000;
const LEFTOVER_AGE = 30 * 24 * 60 * 60_000;

/**
 * Starts the watchdog (DESIGN.md section 6, step 6) before the exchange. It runs from a private copy outside the
 * bundle; when this resolves, it has looked at what runs from the target and waits for the old process.
 *
 * @throws UpdateError `swap-failed`, `disk-full`; nothing was changed then.
 */
export async function startWatchdog(options: WatchdogOptions): Promise<Watchdog> {
  const oldStart = await readStartTime(options.oldProcess, options.tools);
  const target = await realpath(options.layout.target);
  const folder = notesFolder(options.stateFolder);
  const script = join(folder, `${options.paths.id}.sh`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
    await removeLeftovers(folder);
    await writeDurably(script, await readScript());
    return await start(
      script,
      { ...environmentOf(options, script), OLD_START: oldStart, TARGET: target },
      options,
    );
  } catch (cause) {
    await rm(script, { force: true });
    throw new UpdateError(
      'swap-failed',
      'The watchdog, which looks after the new version when it starts, could not be started. Nothing was changed. Try again.',
      { cause },
    );
  }
}

/** The functions and what the watchdog does with them, as one script. */
async function readScript(): Promise<string> {
  const parts = ['install-functions.sh', 'watchdog.sh'].map((name) =>
    readFile(join(RESOURCES, name), 'utf8'),
  );
  return (await Promise.all(parts)).join('\n');
}

function environmentOf(options: WatchdogOptions, script: string): Readonly<Record<string, string>> {
  const { paths, limits = {} } = options;
  const ticks = {
    OLD_TICKS: limits.oldProcess,
    APPEAR_TICKS: limits.appearance,
    GRACE_TICKS: limits.grace,
    WATCH_TICKS: limits.watch,
    EXCHANGE_TICKS: limits.undo,
  };
  return {
    LC_ALL: 'C',
    PATH: '/usr/bin:/bin:/usr/sbin:/sbin',
    HOME: homedir(),
    TMPDIR: tmpdir(),
    USER: userName(),
    TOOLS: options.tools.folder ?? '',
    TICK: String(options.tick ?? 1),
    JOURNAL: paths.journal,
    NOTES: notesFolder(options.stateFolder),
    ID: paths.id,
    RUN_AS: '',
    RELAUNCHES: options.relaunches ? '1' : '0',
    NEW_INODE: options.newApp.inode,
    OLD_INODE: options.oldApp.inode,
    OLD_PID: String(options.oldProcess),
    OLD_PACE: options.pace === undefined ? '' : String(options.pace),
    EXCHANGER: options.exchanger ?? '',
    SELF: script,
    ...Object.fromEntries(
      Object.entries(ticks).flatMap(([name, count]) => (count === undefined ? [] : [[name, String(count)]])),
    ),
  };
}

async function start(
  script: string,
  env: Readonly<Record<string, string>>,
  { shell = ['/bin/sh'] }: WatchdogOptions,
): Promise<Watchdog> {
  const [program, ...words] = shell;
  // A session of its own: whoever ends this process' group does not end it.
  const child = spawn(program, [...words, script], {
    detached: true,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'ignore'],
    env,
  });
  const signal = AbortSignal.timeout(START_TIMEOUT);
  try {
    await Promise.race([once(child.stdout, 'data', { signal }), failOnEnd(child, signal)]);
  } catch (error) {
    killGroup(child, 'SIGKILL');
    throw error;
  }
  child.stdout.destroy();
  child.unref();
  return { pid: child.pid ?? 0, stop: () => stop(child) };
}

async function failOnEnd(child: ChildProcess, signal: AbortSignal): Promise<never> {
  const [status] = await once(child, 'exit', { signal });
  throw new Error(`The watchdog ended with ${status} before it had begun.`);
}

async function stop(child: ChildProcess): Promise<void> {
  killGroup(child, 'SIGTERM');
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;
  for (let round = 0; round < 100 && !isOver(); round += 1) await wait(20);
  if (!isOver()) killGroup(child, 'SIGKILL');
}

/** With whatever it is waiting for, so that it ends at once. */
function killGroup({ pid, exitCode, signalCode }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has just ended by itself.
  }
}

/** Copies and notes of watchdogs that were killed. A watch never takes this long. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const status = await stat(path).catch(() => null);
    if (status !== null && Date.now() - status.mtimeMs > LEFTOVER_AGE) await rm(path, { force: true });
  }
}
