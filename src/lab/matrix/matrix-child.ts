import { mkdir, rmdir } from 'node:fs/promises';
import { UpdateError } from '../../errors.ts';
import { type LabRoom, openLabRoom } from '../run/lab-room.ts';
import type { Cell, CellFailure } from '../run/outcome.ts';
import { runScenario } from '../run/run-scenario.ts';
import type { MatrixAnswer, MatrixTask } from './matrix-messages.ts';

// A process of the matrix: runs scenarios, one after the other, for the process that forked it, and ends with it.

// Ctrl-C reaches every process of the terminal. This one ends when the other one lets go of it, and cleans up then.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);

const controller = new AbortController();
const folder = process.argv[2] ?? '';
const room = openRoom();
let work: Promise<void> = Promise.resolve();

process.on('message', (task: MatrixTask) => {
  work = work.then(() => answer(task));
});
process.on('disconnect', () => void leave());
// The other process may be gone before this one listens.
if (!process.connected) await leave();

async function leave(): Promise<void> {
  controller.abort();
  await work;
  await (await room).close();
  // Where the other process was killed, the last of these tidies up for it.
  await rmdir(folder).catch(() => undefined);
}

async function openRoom(): Promise<LabRoom> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return openLabRoom(folder);
}

async function answer({ scenario, clients }: MatrixTask): Promise<void> {
  const cells: Cell[] = [];
  const failures: CellFailure[] = [];
  for (const client of clients) {
    try {
      cells.push(await runScenario(scenario, client, await room, { signal: controller.signal }));
    } catch (error) {
      if (controller.signal.aborted) return;
      failures.push({ scenario: scenario.name, client: client.name, message: describe(error) });
    }
  }
  const found: MatrixAnswer = { cells, failures };
  if (process.connected) process.send?.(found);
}

/** An error that nobody foresaw is told with the place where it was thrown. */
function describe(error: unknown): string {
  if (error instanceof UpdateError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
