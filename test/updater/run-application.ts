import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { UpdaterOptions } from '../../src/updater.ts';
import { REPOSITORY } from '../support/fixtures.ts';
import { type OtherUser, scriptAs } from '../support/other-user.ts';
import type { Call, Told } from './application-main.ts';

/** An application in a process of its own, whose end releases what a process holds. */
export class RunningApplication {
  readonly #child: ChildProcess;
  readonly #told: Told[] = [];
  #calls = 0;

  /** @param user who runs it; root only. As whoever runs the test where that is null */
  constructor(options: UpdaterOptions & { readonly isApplication: boolean }, user: OtherUser | null = null) {
    const script = join(REPOSITORY, 'test', 'updater', 'application-main.ts');
    this.#child = spawn(process.execPath, scriptAs(user, script, [JSON.stringify(options)]), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child.on('message', (message) => this.#told.push(message as Told));
  }

  /** Kinds of all states, in order. */
  get states(): readonly string[] {
    return this.#told.flatMap((told) => (told.kind === 'state' ? [told.state] : []));
  }

  get errors(): readonly string[] {
    return this.#told.flatMap((told) => (told.kind === 'error' ? [told.code] : []));
  }

  /** @throws Error with the code of the failure */
  async call(name: Call['name']): Promise<unknown> {
    this.#calls += 1;
    const id = this.#calls;
    this.#child.send({ id, name } satisfies Call);
    const answer = await this.#await((told) => told.kind === 'answer' && told.id === id);
    if (answer.kind === 'answer' && answer.code !== null) throw new Error(answer.code);
    return answer.kind === 'answer' ? answer.value : null;
  }

  /** Waits until it was asked to quit so many times. */
  async quitAsked(times: number): Promise<void> {
    await this.#await(() => this.#told.filter(({ kind }) => kind === 'quit').length >= times);
  }

  /** The quit comes to its end. @returns the exit status */
  async finishQuit(): Promise<number | null> {
    this.#child.send({ id: 0, name: 'finishQuit' } satisfies Call);
    return this.#ended();
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await this.#ended();
  }

  async #ended(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
    return this.#child.exitCode;
  }

  async #await(isIt: (told: Told) => boolean): Promise<Told> {
    for (;;) {
      // Several may have come at once.
      const told = this.#told.find(isIt);
      if (told !== undefined) return told;
      await once(this.#child, 'message');
    }
  }
}
