import type { Channel } from '../../config.ts';
import type { ClientSpec } from '../scenario/scenario.ts';
import type { ProofPlace } from './proof-place.ts';
import { type ClientRun, runClient } from './run-client.ts';

interface Kept {
  readonly run: ClientRun;
  /** What was served at all that it asked for. */
  readonly answers: string;
}

/**
 * Runs clients in one place, and remembers: nothing in a client's run is left to chance, so that one whose every
 * question would be answered as it was does what it did. Of a plan's steps most change what few clients see.
 */
export class ClientMemory {
  readonly #place: ProofPlace;
  readonly #kept = new Map<string, Kept>();

  constructor(place: ProofPlace) {
    this.#place = place;
  }

  async run(client: ClientSpec, channel: Channel): Promise<ClientRun> {
    const key = JSON.stringify([client.name, channel]);
    const kept = this.#kept.get(key);
    if (kept !== undefined && (await this.#place.describe(kept.run.asked)) === kept.answers) return kept.run;
    const run = await runClient(this.#place, client, channel);
    this.#kept.set(key, { run, answers: await this.#place.describe(run.asked) });
    return run;
  }
}
