import type { Application } from '../../src/updater/application.ts';

/** An application whose quit a test carries out step by step. */
export class TestApplication implements Application {
  readonly name = 'Nexy';
  isPackaged = true;
  /** What was asked of it, in order. */
  readonly calls: string[] = [];
  readonly notifications: { readonly title: string; readonly body: string }[] = [];
  readonly #onQuit: (() => void)[] = [];
  readonly #onRefused: (() => void)[] = [];
  #wasAsked = Promise.withResolvers<void>();

  onQuit(listener: () => void): void {
    this.#onQuit.push(listener);
  }

  onQuitRefused(listener: () => void): void {
    this.#onRefused.push(listener);
  }

  quit(): void {
    this.calls.push('quit');
    this.#wasAsked.resolve();
  }

  exit(status: number): void {
    this.calls.push(`exit ${status}`);
  }

  notify(notification: { readonly title: string; readonly body: string }): void {
    this.notifications.push(notification);
  }

  /** Waits until the updater asks for a quit. */
  async quitAsked(): Promise<void> {
    await this.#wasAsked.promise;
    this.#wasAsked = Promise.withResolvers<void>();
  }

  /** The quit comes to its end. */
  finishQuit(): void {
    for (const listener of this.#onQuit) listener();
  }

  refuseQuit(): void {
    for (const listener of this.#onRefused) listener();
  }
}
