import { realpath } from 'node:fs/promises';
import type { Tools } from './tools.ts';

export interface RunningProcess {
  readonly pid: number;
  readonly uid: number;
  /** Full path of the executable: what ps(1) of macOS prints as `comm`. */
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
  const inside = `${await realpath(bundlePath).catch(() => bundlePath)}/`;
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
 * When a process was started, as ps(1) prints it. Together with its number it tells one process from another: numbers
 * are given out again.
 *
 * @returns an empty text when there is no such process
 */
export async function readStartOf(pid: number, tools: Tools): Promise<string> {
  const { stdout } = await tools.run('ps', ['-o', 'lstart=', '-p', String(pid)], { timeout: 30_000 });
  return stdout.split('\n')[0]?.trimEnd() ?? '';
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
