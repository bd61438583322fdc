import { join } from 'node:path';
import type { Tools } from '../../../src/install/tools.ts';
import { startsOf } from '../../support/running-app.ts';

/** Versions in the order of their starts. @param folder that of the `started` list */
export function startedVersions(folder: string): readonly string[] {
  return startsOf(folder).map(({ version }) => version);
}

/** Ends what was started from below a folder and still runs; a number that was given out again is not one of ours. */
export async function endStarted(folder: string, tools: Tools): Promise<void> {
  for (const { pid } of startsOf(folder)) {
    const { stdout } = await tools.run('ps', ['-p', String(pid), '-o', 'comm=']);
    if (!stdout.trim().startsWith(join(folder, 'Applications'))) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}
