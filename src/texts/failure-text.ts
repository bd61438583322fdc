import type { FailureTopic } from './failure-topic.ts';

/** A failure, as a person reads it. */
export interface FailureText {
  /** What happened, as a heading. */
  readonly title: string;
  /** What it means. */
  readonly meaning: string;
  /** What to do. */
  readonly advice: string;
}

export type FailureTexts = Readonly<Record<FailureTopic, (names: { readonly app: string }) => FailureText>>;
