import { execFileSync } from 'node:child_process';

/**
 * Ends the watchdogs that wait for the end of this process: in a test the application that quits is the test itself.
 *
 * @param folder of a world, which their own copies lie in
 */
export function endWatchdogs(folder: string): void {
  const processes = execFileSync('ps', ['-axww', '-o', 'pid=,args='], { encoding: 'utf8' });
  for (const line of processes.split('\n')) {
    const [, pid, command = ''] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    if (pid === undefined || !command.includes(`${folder}/`) || !command.includes('/state/watch/')) continue;
    try {
      // Its group, which it leads.
      process.kill(-Number(pid), 'SIGKILL');
    } catch {
      // Gone by itself.
    }
  }
}
