export const CONTENDERS = ['ours', 'electron-updater', 'got.stream', 'curl + openssl', 'idle'] as const;
export type Contender = (typeof CONTENDERS)[number];

export interface Measurement {
  readonly seconds: number;
  /** User and system time of the process, or of the two programs for curl. */
  readonly cpuSeconds: number;
  /** Bytes; null where it could not be read. */
  readonly peakMemory: number | null;
}
