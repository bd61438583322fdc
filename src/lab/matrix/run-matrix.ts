import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UpdateError } from '../../errors.ts';
import { fastTemporaryFolder } from '../run/lab-room.ts';
import type { Cell, CellFailure } from '../run/outcome.ts';
import type { ClientSpec, Scenario } from '../scenario/scenario.ts';
import type { MatrixAnswer, MatrixTask } from './matrix-messages.ts';
import { ScenarioQueue } from './scenario-queue.ts';

export interface MatrixOptions {
  readonly scenarios: readonly Scenario[];
  readonly clients: readonly ClientSpec[];
  /** How many processes share the work; as many as there are cores unless given. */
  readonly processes?: number;
  readonly signal?: AbortSignal;
  /** In which a folder is made, and removed at the end; on a memory disk where there is one unless given. */
  readonly folder?: string;
  /** Called with the number of cells that are done, failed ones too. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface MatrixResult {
  /** In the order of scenarios, and of clients in each. */
  readonly cells: readonly Cell[];
  readonly failures: readonly CellFailure[];
}

/** MiB. Images that are sent, received and forgotten are not copied about then: a fifth less work, measured. */
const YOUNG_MEMORY = 64;
/** Files on a memory disk are there at once: more threads get in each other's way. */
const FILE_THREADS = '2';
/** How long a child may take to clean up, in milliseconds, before it is ended. */
const LONGEST_FAREWELL = 10_000;

/**
 * Runs every scenario with every client, in processes of its own, each with a release host of its own.
 *
 * @throws UpdateError `cancelled` when the signal fires; an Error when a process ends before its work is done
 */
export async function runMatrix(options: MatrixOptions): Promise<MatrixResult> {
  const { scenarios, clients, signal, onProgress } = options;
  throwIfStopped(signal);
  const folder = await mkdtemp(join(options.folder ?? (await fastTemporaryFolder()), 'nexy-lab-'));
  const answers = new Map<Scenario, MatrixAnswer>();
  const queue = new ScenarioQueue(scenarios);
  const total = scenarios.length * clients.length;
  const processes = Math.min(options.processes ?? availableParallelism(), scenarios.length);
  const workers = Array.from({ length: processes }, () => new MatrixWorker(folder));
  const stop = (): void => {
    for (const worker of workers) worker.dismiss();
  };
  signal?.addEventListener('abort', stop, { once: true });
  try {
    await Promise.all(
      workers.map(async (worker) => {
        for (let scenario = queue.take(null); scenario !== null; scenario = queue.take(scenario.offer)) {
          answers.set(scenario, await worker.run({ scenario, clients }));
          onProgress?.(answers.size * clients.length, total);
        }
        worker.dismiss();
      }),
    );
  } catch (error) {
    throwIfStopped(signal);
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
    await Promise.all(workers.map((worker) => worker.ended()));
    await rm(folder, { recursive: true, force: true });
  }
  throwIfStopped(signal);
  const inOrder = scenarios.flatMap((scenario) => answers.get(scenario) ?? []);
  return {
    cells: inOrder.flatMap(({ cells }) => cells),
    failures: inOrder.flatMap(({ failures }) => failures),
  };
}

function throwIfStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new UpdateError('cancelled', 'The lab was stopped before everything was run.');
}

/** A child process, and the task that it has at the moment. */
class MatrixWorker {
  readonly #child: ChildProcess;
  readonly #ending: Promise<string>;
  readonly #words: Buffer[] = [];

  constructor(folder: string) {
    this.#child = fork(scriptPath(), [folder], {
      // What this process was started with (a debugger's port, say) is not for that one.
      execArgv: [`--max-semi-space-size=${YOUNG_MEMORY}`],
      env: { ...process.env, UV_THREADPOOL_SIZE: FILE_THREADS },
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => this.#words.push(chunk));
    // Not "close": that is never told once this process has let go of the channel.
    this.#ending = new Promise((fulfil) => {
      this.#child.once('error', (error) => fulfil(error.message));
      this.#child.once('exit', (status, killer) => fulfil(killer ?? `status ${status}`));
    });
  }

  run(task: MatrixTask): Promise<MatrixAnswer> {
    const answer = new Promise<MatrixAnswer>((fulfil, reject) => {
      this.#child.once('message', (message) => fulfil(message as MatrixAnswer));
      this.#child.send(task, (error) => (error === null ? undefined : reject(error)));
    });
    const failure = this.#ending.then((ending): never => {
      const words = Buffer.concat(this.#words).toString('utf8').trim();
      throw new Error(`The process that ran ${task.scenario.name} ended with ${ending}. ${words}`.trim());
    });
    return Promise.race([answer, failure]);
  }

  /** It ends what it does, cleans up and goes. */
  dismiss(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  async ended(): Promise<void> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), LONGEST_FAREWELL);
    await this.#ending;
    clearTimeout(timer);
  }
}

/** The build has JavaScript beside this file. */
function scriptPath(): string {
  const path = fileURLToPath(new URL('./matrix-child.ts', import.meta.url));
  return import.meta.url.endsWith('.ts') ? path : path.replace(/\.ts$/, '.js');
}
