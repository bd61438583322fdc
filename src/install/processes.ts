import { open, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { UpdateError } from '../errors.ts';
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
  const all = await listProcesses('comm', bundle, tools);
  const programs = await Promise.all(
    all.map(async (found) => ((await isInside(found.executable, bundle)) ? found : null)),
  );
  const found = [...programs.filter((each) => each !== null), ...(await findScripts(bundle, tools))];
  return found.filter(({ pid }, index) => found.findIndex((other) => other.pid === pid) === index);
}

/** The name of a process's user, or null where ps does not tell. */
export async function readUserName(pid: number, tools: Tools): Promise<string | null> {
  const { stdout } = await tools.run('ps', ['-o', 'user=', '-p', String(pid)], { timeout: 30_000 });
  return stdout.trim() || null;
}

/** The last column may hold line breaks: what does not begin like a process goes on with the one before. */
export function parseProcesses(output: string): readonly RunningProcess[] {
  const found: { pid: number; uid: number; executable: string }[] = [];
  for (const line of output.replace(/\n$/, '').split('\n')) {
    const match = /^\s*(\d+)\s+(-?\d+)\s(.*)$/s.exec(line);
    const last = found.at(-1);
    if (match?.[3] !== undefined) {
      found.push({ pid: Number(match[1]), uid: Number(match[2]), executable: match[3] });
    } else if (last !== undefined) last.executable += `\n${line}`;
  }
  return found.map((each) => ({ ...each, executable: each.executable.trim() }));
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
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** A path may hold a line that looks like another process; that of the bundle is made one line for the reading. */
async function listProcesses(
  column: 'comm' | 'args',
  bundle: string,
  tools: Tools,
): Promise<readonly RunningProcess[]> {
  const { stdout } = await tools.run('ps', ['-axww', '-o', `pid=,uid=,${column}=`], { timeout: 30_000 });
  const lines = stdout.replaceAll(bundle, () => bundle.replaceAll('\n', '\0'));
  return parseProcesses(lines).map((found) => ({
    ...found,
    executable: found.executable.replaceAll('\0', '\n'),
  }));
}

/** ps shows the path that a program was started by, which may lead through a link, or be spelled otherwise. */
async function isInside(executable: string, bundle: string): Promise<boolean> {
  if (startsWithin(executable, bundle) || executable.startsWith(`${asPsPrints(bundle)}/`)) return true;
  if (!/^\/.*\/Contents\//s.test(executable)) return false;
  return startsWithin(await realpath(executable).catch(() => executable), bundle);
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
  return (await listProcesses('args', bundle, tools)).flatMap(({ pid, uid, executable: command }) => {
    const rest = command.replace(/^\S+ (?:-\S* )?/, '');
    const script = scripts.find((path) =>
      [path, asPsPrints(path)].some((shown) => rest === shown || rest.startsWith(`${shown} `)),
    );
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
