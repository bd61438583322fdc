import type { PreparedInstall, QuitExchange } from '../install/prepared-install.ts';

/** How an update is installed in the last moments: with or without the new version being opened afterwards. */
export interface QuitWish {
  readonly relaunches: boolean;
}

/**
 * Keeps what the last moments of the process need, loaded and open: `will-quit` leaves no time for it. There is at
 * most one at a time, since each holds the journal; what is asked of it while it is busy comes afterwards.
 */
export class LastMoments {
  readonly #prepared: PreparedInstall;
  #exchange: QuitExchange | null = null;
  #wish: QuitWish | null = null;
  #work: Promise<void> = Promise.resolve();

  constructor(prepared: PreparedInstall) {
    this.#prepared = prepared;
  }

  /**
   * Gets ready; what was prepared for another wish is given back first. Where authorization is needed, this asks.
   *
   * @throws UpdateError `authorization-denied`, `swap-failed`; nothing is prepared then.
   */
  prepare(wish: QuitWish): Promise<void> {
    return this.#afterwards(async () => {
      if (this.#exchange !== null && this.#wish?.relaunches === wish.relaunches) return;
      await this.#giveBack();
      this.#exchange = await this.#prepared.prepareForQuit(wish);
      this.#wish = wish;
    });
  }

  /** Gives back what was prepared. Nothing can be taken from the moment of the call. */
  abandon(): Promise<void> {
    const given = this.#exchange;
    this.#exchange = null;
    return this.#afterwards(async () => {
      await given?.abandon();
      await this.#giveBack();
    });
  }

  get isPrepared(): boolean {
    return this.#exchange !== null;
  }

  /** What is prepared, if anything. It can be taken once. */
  take(): QuitExchange | null {
    const exchange = this.#exchange;
    this.#exchange = null;
    return exchange;
  }

  async #giveBack(): Promise<void> {
    await this.take()?.abandon();
  }

  #afterwards(act: () => Promise<void>): Promise<void> {
    const done = this.#work.then(act);
    this.#work = done.catch(() => undefined);
    return done;
  }
}
