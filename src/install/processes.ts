import { open, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode, UpdateError } from '../errors.ts';
import type { Tools } from './tools.ts';

export interface RunningProcess {
  readonly pid: number;
  readonly uid: number;
  /** Full path of the executable: what ps(1) of macOS prints as `comm`. Of a script, the script's. */
  readonly executable: string;
}

/**
 * Processes of any user whose executable lies inside a bundle, helpers included; also those that interpret a script
 * which is a program of it. A script that was started by a relative path is not seen.
 *
 * @param bundlePath the bundle; links in it are resolved first, since ps prints real paths
 */
export async function findProcessesRunningFrom(
  bundlePath: string,
  tools: Tools,
): Promise<readonly RunningProcess[]> {
  const bundle = await realpath(bundlePath).catch(() => bundlePath);
  const all = await listProcesses('comm', tools);
  const programs = await Promise.all(
    all.map(async (each) => {
      const executable = await pathInside(each.executable, bundle);
      return executable === null ? null : { ...each, executable };
    }),
  );
  const found = [...programs.filter((each) => each !== null), ...(await findScripts(bundle, tools))];
  return found.filter(({ pid }, index) => found.findIndex((other) => other.pid === pid) === index);
}

/** The name of a process's user, or null where ps does not tell. */
export async function readUserName(pid: number, tools: Tools): Promise<string | null> {
  const { stdout } = await tools.run('ps', ['-o', 'user=', '-p', String(pid)], { timeout: 30_000 });
  return stdout.trim() || null;
}

/** One line for each: ps prints no line break of a path as such. */
export function parseProcesses(output: string): readonly RunningProcess[] {
  return output.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(-?\d+)\s(.*)$/.exec(line);
    if (match?.[3] === undefined) return [];
    return [{ pid: Number(match[1]), uid: Number(match[2]), executable: match[3].trim() }];
  });
}

/**
 * A path as ps(1) of macOS prints it in the C locale: strvis(3) with VIS_TAB, VIS_NL and VIS_NOSLASH (adv_cmds,
 * ps/print.c). The same as `in_ps_notation` of resources/install-functions.sh.
 */
export function asPsPrints(text: string): string {
  const printed = [...Buffer.from(text)].map((byte) => {
    if (byte === 0x09 || byte === 0x0a || byte === 0xa0) return `\\${byte.toString(8).padStart(3, '0')}`;
    const low = byte & 0x7f;
    const isControl = low < 0x20 || low === 0x7f;
    const shown = String.fromCharCode(isControl ? low ^ 0x40 : low);
    return `${byte < 0x80 ? '' : isControl ? 'M' : 'M-'}${isControl ? '^' : ''}${shown}`;
  });
  return printed.join('');
}

/**
 * When a process started, as ps prints it in UTC. With its number it names the process for good, since numbers are
 * given out again.
 *
 * @throws UpdateError `swap-failed` when ps does not know the process
 */
export async function readStartTime(pid: number, tools: Tools): Promise<string> {
  const { stdout } = await tools.run('ps', ['-p', String(pid), '-o', 'lstart='], {
    environment: { TZ: 'UTC' },
    timeout: 30_000,
  });
  const text = stdout.trim().replace(/\s+/g, ' ');
  if (text !== '') return text;
  throw new UpdateError(
    'swap-failed',
    `Process ${pid}, which is to be waited for, was not found. Nothing was changed.`,
    { details: { pid } },
  );
}

/** Whether any process has this number now. */
export function isNumberInUse(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as somebody else.
    return systemErrorCode(error) === 'EPERM';
  }
}

async function listProcesses(column: 'comm' | 'args', tools: Tools): Promise<readonly RunningProcess[]> {
  const { stdout } = await tools.run('ps', ['-axww', '-o', `pid=,uid=,${column}=`], { timeout: 30_000 });
  return parseProcesses(stdout);
}

/**
 * The path of a program inside the bundle, from what ps prints; null for another one. ps shows the path that it was
 * started by, which may lead through a link, or be spelled otherwise.
 */
async function pathInside(printed: string, bundle: string): Promise<string | null> {
  const inside = `${asPsPrints(bundle)}/`;
  if (printed.startsWith(inside)) return join(bundle, fromPsPrints(printed.slice(inside.length)));
  // The notation is not one-to-one: `M-x` may be a byte, or part of a name.
  for (const path of new Set([printed, fromPsPrints(printed)])) {
    if (startsWithin(path, bundle)) return path;
    if (!/^\/.*\/Contents\//s.test(path)) continue;
    const real = await realpath(path).catch(() => null);
    if (real !== null && startsWithin(real, bundle)) return path;
  }
  return null;
}

/** The text behind what ps prints, as far as that can be told. */
function fromPsPrints(printed: string): string {
  const bytes = printed.replace(
    /\\(011|012|240)|M-([!-~])|(M?)\^([?-_])/g,
    (_, octal?: string, high?: string, meta?: string, control = '') => {
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
      if (high !== undefined) return String.fromCharCode(high.charCodeAt(0) | 0x80);
      return String.fromCharCode((control.charCodeAt(0) ^ 0x40) | (meta === 'M' ? 0x80 : 0));
    },
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function startsWithin(path: string, bundle: string): boolean {
  return fold(path).startsWith(`${fold(bundle)}/`);
}

/** Volumes of macOS take several spellings for one; holding back once too often is the lesser evil. */
function fold(path: string): string {
  return path.normalize('NFC').toLowerCase();
}

/**
 * Of a script, `comm` is the interpreter (execve(2)); its arguments begin with the interpreter, at most one option
 * and the script's path. A process may claim any arguments, and so hold back an update, as it could by running it.
 */
async function findScripts(bundle: string, tools: Tools): Promise<readonly RunningProcess[]> {
  const scripts = await listScripts(join(bundle, 'Contents', 'MacOS'));
  if (scripts.length === 0) return [];
  return (await listProcesses('args', tools)).flatMap(({ pid, uid, executable: command }) => {
    const rest = command.replace(/^\S+ (?:-\S* )?/, '');
    const script = scripts.find((path) => `${rest} `.startsWith(`${asPsPrints(path)} `));
    return script === undefined ? [] : [{ pid, uid, executable: script }];
  });
}

async function listScripts(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => join(folder, name));
  const found = await Promise.all(files.map(async (path) => ((await isScript(path)) ? path : null)));
  return found.filter((path) => path !== null);
}

async function isScript(path: string): Promise<boolean> {
  // One that this user may not read is taken for a script: its path is looked for as well, at no cost.
  const file = await open(path, 'r').catch(() => null);
  if (file === null) return true;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return buffer.toString('latin1', 0, bytesRead) === '#!';
  } finally {
    await file.close();
  }
}
