import { asUpdateError, UpdateError } from '../errors.ts';
import type { InstallOutcome } from '../install/exchange.ts';
import type { Layout } from '../install/layout.ts';
import type { Tools } from '../install/tools.ts';
import { states } from '../state.ts';
import type { Application } from './application.ts';
import type { Life, LifeOf } from './life.ts';
import type { UpdaterParts } from './parts.ts';
import { discard, overtakeCheck } from './ready-update.ts';

export interface RollbackTarget {
  readonly layout: Layout;
  readonly tools: Tools;
}

/** Back to the version before: at once, or in the last moments of the application. */
export class RollbackFlow {
  readonly #parts: UpdaterParts;
  readonly #application: Application | null;
  readonly #openTarget: () => Promise<RollbackTarget>;
  #givingBack: Promise<void> = Promise.resolve();

  constructor(
    parts: UpdaterParts,
    application: Application | null,
    openTarget: () => Promise<RollbackTarget>,
  ) {
    this.#parts = parts;
    this.#application = application;
    this.#openTarget = openTarget;
    application?.onQuit(() => this.#rollBackNow(application));
    application?.onQuitRefused(() => this.#goBack());
  }

  /** @returns null when there is nothing to go back to */
  async rollBack(): Promise<InstallOutcome | null> {
    const { line, report } = this.#parts;
    const begun = await this.#begin();
    try {
      if (this.#application !== null) return await this.#quitAndRollBack(begun, this.#application);
      const [{ rollBack }, { layout, tools }] = await Promise.all([
        import('../install/rollback.ts'),
        this.#openTarget(),
      ]);
      const outcome = await rollBack(layout, { tools, now: this.#parts.now });
      this.#end(begun, outcome);
      return outcome;
    } catch (cause) {
      const error = asUpdateError(cause);
      line.become(begun, { kind: 'failed', state: states.failed({ error }), offer: null });
      report(error);
      throw error;
    }
  }

  async #begin(): Promise<LifeOf<'rolling-back'>> {
    const { line, report } = this.#parts;
    const first = overtakeCheck(line);
    if (first.kind === 'ready') await discard(line, first);
    const life = line.now();
    if (!canRollBack(life)) {
      const message = `The version before cannot be put back while an update is in "${life.kind}". Try again when that is over.`;
      const error = new UpdateError('usage', message);
      report(error);
      throw error;
    }
    return line.become(life, {
      kind: 'rolling-back',
      state: states['rolling-back'](),
      lastMoments: { prepared: null },
    });
  }

  async #quitAndRollBack(
    begun: LifeOf<'rolling-back'>,
    application: Application,
  ): Promise<InstallOutcome | null> {
    const { options, now } = this.#parts;
    const [{ prepareRollBack }, { layout, tools }] = await Promise.all([
      import('../install/rollback.ts'),
      this.#openTarget(),
    ]);
    const { stateFolder } = options;
    await this.#givingBack;
    const prepared = await prepareRollBack(layout, { tools, now, stateFolder });
    if (prepared === null) this.#end(begun, null);
    else {
      begun.lastMoments.prepared = prepared;
      application.quit();
    }
    return prepared?.outcome ?? null;
  }

  #end(begun: LifeOf<'rolling-back'>, outcome: InstallOutcome | null): void {
    const { line } = this.#parts;
    if (outcome === null) line.become(begun, { kind: 'idle', state: states.idle() });
    else line.become(begun, { kind: 'rolled-back', state: states['rolled-back'](outcome) });
  }

  /** Synchronous; after the exchange nothing is loaded, told or logged any more. */
  #rollBackNow(application: Application): void {
    const { line, report } = this.#parts;
    const life = line.now();
    const prepared = life.kind === 'rolling-back' ? life.lastMoments.prepared : null;
    if (life.kind !== 'rolling-back' || prepared === null) return;
    try {
      prepared.exchangeNow();
    } catch (cause) {
      const error = asUpdateError(cause);
      line.become(life, { kind: 'failed', state: states.failed({ error }), offer: null });
      report(error);
      return;
    }
    line.step(life, { kind: 'rolled-back', state: states['rolled-back'](prepared.outcome) });
    application.exit(0);
  }

  #goBack(): void {
    const { line, warn } = this.#parts;
    const life = line.now();
    const prepared = life.kind === 'rolling-back' ? life.lastMoments.prepared : null;
    if (life.kind !== 'rolling-back' || prepared === null) return;
    line.become(life, { kind: 'idle', state: states.idle() });
    this.#givingBack = prepared.abandon().catch((error: unknown) => warn(asUpdateError(error).message));
  }
}

type BeforeRollback = LifeOf<'idle' | 'not-available' | 'available' | 'installed' | 'failed'>;

function canRollBack(life: Life): life is BeforeRollback {
  return ['idle', 'not-available', 'available', 'installed', 'failed'].includes(life.kind);
}
