import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { systemErrorCode } from '../../errors.ts';
import type { RunIdentity } from './marker.ts';

/** Who this run is. `GITHUB_RUN_ID` and `GITHUB_RUN_ATTEMPT` are set by GitHub Actions. */
export function readRunIdentity(environment: NodeJS.ProcessEnv = process.env): RunIdentity {
  const { GITHUB_RUN_ID: run, GITHUB_RUN_ATTEMPT: attempt } = environment;
  const number = Number(attempt);
  return {
    runId: randomUUID(),
    host: hostname(),
    system: readSystem(),
    pid: process.pid,
    processStart: readProcessStart(process.pid),
    ci: run && Number.isSafeInteger(number) && number > 0 ? { run, attempt: number } : null,
  };
}

/**
 * Whether a process of this system runs that started then. Where the system does not tell when (macOS, without
 * running a program), any process of that number counts: a draft is rather left than taken from a living run.
 */
export function isProcessRunning(pid: number, start: string | null): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, as somebody else.
    if (systemErrorCode(error) !== 'EPERM') return false;
  }
  if (process.platform !== 'linux') return true;
  const now = readProcessStart(pid);
  return now !== null && (start === null || now === start);
}

/** Containers may share a host's name, and a name outlives a restart. */
function readSystem(): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return null;
  }
}

/** In clock ticks since the boot, proc(5); null for one that has ended and only waits to be fetched, or is not there. */
function readProcessStart(pid: number): string | null {
  try {
    // The name in parentheses may hold anything, parentheses too.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    const [state, start] = [fields[0], fields[19]];
    return state === 'Z' || state === 'X' ? null : (start ?? null);
  } catch {
    return null;
  }
}
