import type { Polling } from '../polling.ts';
import type { ElectronClient } from './electron-client.ts';

/** How often it is looked whether the network is back: Electron's main process is not told of that. */
const LOOK_AGAIN = 15_000;

/** No check is begun while the Mac sleeps or has no network. */
export class PollingConditions {
  readonly #net: ElectronClient['net'];
  readonly #lookAgain: number;
  #polling: Polling | null = null;
  #isAsleep = false;
  #looking: NodeJS.Timeout | null = null;

  /** @param lookAgain milliseconds, for tests */
  constructor({ net, powerMonitor }: Pick<ElectronClient, 'net' | 'powerMonitor'>, lookAgain = LOOK_AGAIN) {
    this.#net = net;
    this.#lookAgain = lookAgain;
    powerMonitor.on('suspend', () => {
      this.#isAsleep = true;
      this.#apply();
    });
    powerMonitor.on('resume', () => {
      this.#isAsleep = false;
      this.#apply();
    });
  }

  /** From now on this polling is paused and resumed. */
  govern(polling: Polling): void {
    this.#polling = polling;
    this.#apply();
  }

  /** Whether a check makes sense now. Where there is no network, polling rests until there is. */
  mayCheck(): boolean {
    if (this.#isAsleep) return false;
    if (this.#net.isOnline()) return true;
    this.#apply();
    return false;
  }

  stop(): void {
    this.#polling?.stop();
    this.#polling = null;
    this.#apply();
  }

  #apply(): void {
    const isOnline = this.#net.isOnline();
    if (this.#isAsleep || !isOnline) this.#polling?.pause();
    else this.#polling?.resume();
    if (this.#looking !== null) clearTimeout(this.#looking);
    this.#looking = null;
    if (this.#polling === null || this.#isAsleep || isOnline) return;
    this.#looking = setTimeout(() => this.#apply(), this.#lookAgain);
    this.#looking.unref();
  }
}
