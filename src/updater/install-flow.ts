import { asUpdateError, UpdateError } from '../errors.ts';
import type { InstallOutcome } from '../install/exchange.ts';
import { states } from '../state.ts';
import type { Ready } from './life.ts';
import type { UpdaterParts } from './parts.ts';
import { discard, overtakeCheck } from './ready-update.ts';

/** The exchange by a process that is not the application. */
export class InstallFlow {
  readonly #parts: UpdaterParts;
  readonly #prepareForQuit: (ready: Ready) => Promise<void>;

  constructor(parts: UpdaterParts, prepareForQuit: (ready: Ready) => Promise<void>) {
    this.#parts = parts;
    this.#prepareForQuit = prepareForQuit;
  }

  async install(options: { readonly relaunches: boolean }): Promise<InstallOutcome> {
    const { line, report } = this.#parts;
    const ready = overtakeCheck(line);
    if (ready.kind !== 'ready') {
      const error = new UpdateError('usage', 'There is no update to install. Download an update first.');
      report(error);
      throw error;
    }
    const { offer, prepared, lastMoments } = ready;
    const state = states.installing({ version: ready.state.version });
    const installing = line.become(ready, { kind: 'installing', state, offer });
    try {
      await lastMoments.abandon();
      const outcome = await prepared.install(options);
      line.become(installing, { kind: 'installed', state: states.installed(outcome) });
      return outcome;
    } catch (cause) {
      const error = asUpdateError(cause);
      if (error.code === 'authorization-denied') {
        line.become(installing, ready);
        await this.#prepareForQuit(ready);
      } else {
        line.become(installing, { kind: 'failed', state: states.failed({ error }), offer });
      }
      report(error);
      throw error;
    }
  }

  async discard(): Promise<void> {
    const { line } = this.#parts;
    const ready = overtakeCheck(line);
    if (ready.kind === 'ready') await discard(line, ready);
  }
}
