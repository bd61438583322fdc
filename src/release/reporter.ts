/** Whom the steps of a command tell what is going on; `Terminal` is one. */
export interface ReleaseReporter {
  step(name: string, text: string): void;
  warn(text: string): void;
  progress(progress: {
    readonly transferred: number;
    readonly total: number;
    readonly bytesPerSecond: number;
    readonly secondsLeft: number | null;
  }): void;
}
