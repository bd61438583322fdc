/** What one version of the packaged test app is told, in its own resources: `open` hands on no environment. */
export interface TestPlan {
  readonly version: string;
  /** What the test has beside the app: the list of starts, cache, state, log. */
  readonly folder: string;
  /** Of the release host on loopback. */
  readonly origin: string;
  /** Ends a moment after each start, unasked, like a version that cannot come up. */
  readonly dies: boolean;
}

/** In Contents/Resources. */
export const PLAN_FILE = 'nexy-test-plan.json';
