import { readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second towards programs (`getconf CLK_TCK`), whatever the kernel's own clock is. */
const TICKS_PER_SECOND = 100;

export interface ProcessCost {
  /** User and system time. */
  readonly cpuSeconds: number;
  /** Resident memory in bytes: what is shared between two of the processes counts in both. */
  readonly memory: number;
}

/** What a process and its children, grandchildren and so on have used until now; Linux only. */
export function readProcessCost(pid: number): ProcessCost {
  return familyOf(pid)
    .map(readOne)
    .reduce((sum, each) => ({
      cpuSeconds: sum.cpuSeconds + each.cpuSeconds,
      memory: sum.memory + each.memory,
    }));
}

function familyOf(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return [pid, ...children.flatMap((child) => familyOf(Number(child)))];
}

function readOne(pid: number): ProcessCost {
  // proc(5): after the name, which may hold anything, the fields from the 3rd on; utime and stime are 14 and 15.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    memory: kilobytes * 1024,
  };
}
