/** Takes an install back, and is killed at a moment: node undo-child.ts <journal> <moment> */
import { renameSync } from 'node:fs';
import { undoInstall } from '../../src/install/undo.ts';
import { loadNativeCalls } from '../../src/native-calls.ts';

export const MOMENTS = ['before the exchange', 'after the exchange', 'between two renames'] as const;
export type Moment = (typeof MOMENTS)[number];

const [journal = '', moment] = process.argv.slice(2);

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

if (process.argv[1] === import.meta.filename) {
  await undoInstall(journal, 'failed-starts', {
    now: () => new Date(),
    load: async () => {
      const calls = await loadNativeCalls();
      return {
        ...calls,
        exchange: (target, aside) => {
          if (moment === 'before the exchange') die();
          if (moment === 'between two renames') {
            renameSync(target, aside.replace(/old$/, 'new'));
            die();
          }
          const outcome = calls.exchange(target, aside);
          die();
          return outcome;
        },
      };
    },
  });
}
