import type { UpdaterLogger } from '../updater.ts';

const LONGEST = 300;

/** Keeps the last lines of the updater's log for reports, and passes them on. */
export class ClientLog implements UpdaterLogger {
  readonly #next: UpdaterLogger | undefined;
  readonly #lines: string[] = [];

  constructor(next: UpdaterLogger | undefined) {
    this.#next = next;
  }

  /** Oldest first. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  info(message: unknown): void {
    this.#keep('info', message);
    this.#next?.info(message);
  }

  warn(message: unknown): void {
    this.#keep('warning', message);
    this.#next?.warn(message);
  }

  error(message: unknown): void {
    this.#keep('error', message);
    this.#next?.error(message);
  }

  #keep(level: string, message: unknown): void {
    this.#lines.push(`${new Date().toISOString()} ${level}: ${String(message)}`);
    if (this.#lines.length > LONGEST) this.#lines.shift();
  }
}
