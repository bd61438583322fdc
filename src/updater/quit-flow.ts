import { asUpdateError, UpdateError } from '../errors.ts';
import type { Layout } from '../install/layout.ts';
import { states } from '../state.ts';
import type { Application } from './application.ts';
import type { LifeOf, Ready } from './life.ts';
import type { UpdaterParts } from './parts.ts';
import { makeReady, overtakeCheck } from './ready-update.ts';

/**
 * Installs while the application quits, asked or by itself. Everything is prepared while there is time; what is left
 * for the last moments is one exchange and the end of the process.
 */
export class QuitFlow {
  readonly #parts: UpdaterParts;
  readonly #application: Application;
  #noteQuit: (() => void) | null = null;

  constructor(parts: UpdaterParts, application: Application) {
    this.#parts = parts;
    this.#application = application;
    application.onQuit(() => {
      this.#noteQuit?.();
      this.#installNow();
    });
    application.onQuitRefused(() => this.#goBack());
  }

  /** A version that has not confirmed yet is watched; a quit that was asked for must not look like its death. */
  async prepareNote(openLayout: () => Promise<Layout>): Promise<void> {
    const [{ noteQuit }, layout] = await Promise.all([import('../install/notes.ts'), openLayout()]);
    const { stateFolder } = this.#parts.options;
    this.#noteQuit = () => noteQuit(layout, stateFolder);
  }

  /** Where an update may be installed on quit by itself, gets it ready for that. */
  async prepare({ prepared, lastMoments }: Ready): Promise<void> {
    if (prepared.needsAuthorization) return;
    try {
      await lastMoments.prepare({ relaunches: false });
    } catch (error) {
      this.#parts.warn(`The update will not be installed on quit: ${asUpdateError(error).message}`);
    }
  }

  /** Asks for authorization where it is needed, then quits. What fails is reported, and the update stays ready. */
  async quitAndInstall(): Promise<void> {
    const { line, settings, report } = this.#parts;
    const life = overtakeCheck(line);
    if (life.kind === 'quitting') {
      if (life.lastMoments.isPrepared) this.#application.quit();
      return;
    }
    if (life.kind !== 'ready') {
      report(new UpdateError('usage', 'There is no update to install. Download an update first.'));
      return;
    }
    const wish = { relaunches: settings.autoRunAppAfterInstall };
    const quitting = makeQuitting(life, wish.relaunches);
    let last: LifeOf<'authorizing' | 'quitting'> = life.prepared.needsAuthorization
      ? line.become(life, makeAuthorizing(life))
      : line.become(life, quitting);
    try {
      await life.lastMoments.prepare(wish);
      if (last.kind === 'authorizing') last = line.become(last, quitting);
    } catch (error) {
      line.become(last, life);
      await this.prepare(life);
      report(asUpdateError(error));
      return;
    }
    this.#application.quit();
  }

  /** The last moments. Synchronous to its end; after the exchange nothing is loaded, told or logged any more. */
  #installNow(): void {
    const { line, settings, report } = this.#parts;
    const life = overtakeCheck(line);
    const isWanted =
      life.kind === 'quitting' ||
      (life.kind === 'ready' && settings.autoInstallOnAppQuit && !life.prepared.needsAuthorization);
    const exchange = isWanted ? life.lastMoments.take() : null;
    if (!isWanted || exchange === null) return;
    const { offer } = life;
    const { version } = life.state;
    const installing = line.become(life, {
      kind: 'installing',
      state: states.installing({ version }),
      offer,
    });
    try {
      exchange.exchangeNow();
    } catch (cause) {
      const error = asUpdateError(cause);
      line.become(installing, { kind: 'failed', state: states.failed({ error }), offer });
      report(error);
      return;
    }
    // Where an administrator was asked, the exchange comes only after this process.
    if (!life.prepared.needsAuthorization) {
      const state = states.installed({ from: offer.currentVersion.text, to: version });
      line.step(installing, { kind: 'installed', state });
    }
    this.#application.exit(0);
  }

  #goBack(): void {
    const { line, warn } = this.#parts;
    const life = line.now();
    // A quit that somebody else began while ours is still being prepared.
    if (life.kind !== 'quitting' || !life.lastMoments.isPrepared) return;
    const ready = line.become(life, makeReady(life));
    ready.lastMoments
      .abandon()
      // Somebody may have wished for something else meanwhile.
      .then(() => (line.now() === ready ? this.prepare(ready) : undefined))
      .catch((error: unknown) => warn(asUpdateError(error).message));
  }
}

function makeAuthorizing(ready: LifeOf<'ready'>): LifeOf<'authorizing'> {
  return { ...ready, kind: 'authorizing', state: states.authorizing({ version: ready.state.version }) };
}

function makeQuitting(ready: LifeOf<'ready'>, relaunches: boolean): LifeOf<'quitting'> {
  const { version } = ready.state;
  return { ...ready, kind: 'quitting', state: states.quitting({ version, relaunches }) };
}
