/** Something that happened in a run, for `--scenario --client` to show. */
export interface TraceEvent {
  readonly kind: 'host' | 'check' | 'network' | 'tool' | 'step' | 'decision' | 'outcome';
  /** For people: one line. Loopback addresses stand in it as the addresses that they play. */
  readonly text: string;
}

export type Trace = (event: TraceEvent) => void;
