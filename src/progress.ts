export interface DownloadProgress {
  /** Bytes of the file that are here, those of earlier attempts included. */
  readonly transferred: number;
  readonly total: number;
  /** Over the last seconds. */
  readonly bytesPerSecond: number;
  /** Null as long as nothing arrives. */
  readonly secondsLeft: number | null;
}

const INTERVAL = 100;
/** Milliseconds in which an old speed has lost about two thirds of its weight. */
const MEMORY = 3_000;

/** Thins progress out to ten reports a second and smooths the speed. */
export class ProgressMeter {
  readonly #total: number;
  readonly #ticks: () => number;
  readonly #onProgress: (progress: DownloadProgress) => void;
  #lastTime: number;
  #lastPosition: number;
  #bytesPerSecond: number | null = null;

  constructor(
    total: number,
    position: number,
    ticks: () => number,
    onProgress: (progress: DownloadProgress) => void,
  ) {
    this.#total = total;
    this.#ticks = ticks;
    this.#onProgress = onProgress;
    this.#lastTime = ticks();
    this.#lastPosition = position;
  }

  /** The position in the file has changed; going back (a fresh start) is no speed. */
  move(position: number): void {
    const elapsed = this.#ticks() - this.#lastTime;
    if (elapsed < INTERVAL) return;
    this.#measure(position, elapsed);
    this.#report(position);
  }

  /** The last report, whenever the one before was. */
  finish(): void {
    const elapsed = this.#ticks() - this.#lastTime;
    if (elapsed > 0) this.#measure(this.#total, elapsed);
    this.#report(this.#total);
  }

  #measure(position: number, elapsed: number): void {
    const speed = (Math.max(0, position - this.#lastPosition) / elapsed) * 1000;
    const weight = 1 - Math.exp(-elapsed / MEMORY);
    const known = this.#bytesPerSecond;
    this.#bytesPerSecond = known === null ? speed : known + (speed - known) * weight;
    this.#lastTime += elapsed;
    this.#lastPosition = position;
  }

  #report(transferred: number): void {
    const bytesPerSecond = Math.round(this.#bytesPerSecond ?? 0);
    const left = this.#total - transferred;
    const secondsLeft = left === 0 ? 0 : bytesPerSecond > 0 ? left / bytesPerSecond : null;
    this.#onProgress({ transferred, total: this.#total, bytesPerSecond, secondsLeft });
  }
}
