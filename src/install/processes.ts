import { realpath } from 'node:fs/promises';
import { UpdateError } from '../errors.ts';
import type { Tools } from './tools.ts';

export interface RunningProcess {
  readonly pid: number;
  readonly uid: number;
  /** Full path of the executable, as ps(1) of macOS prints it for `comm`. */
  readonly executable: string;
}

/**
 * Processes of any user whose executable lies inside a bundle.
 *
 * @param bundlePath the bundle; links in it are resolved first, since ps prints real paths
 */
export async function findProcessesRunningFrom(
  bundlePath: string,
  tools: Tools,
): Promise<readonly RunningProcess[]> {
  const inside = asPsPrints(`${await realpath(bundlePath).catch(() => bundlePath)}/`);
  const { stdout } = await tools.run('ps', ['-axww', '-o', 'pid=,uid=,comm='], { timeout: 30_000 });
  return parseProcesses(stdout).filter((found) => found.executable.startsWith(inside));
}

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
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
