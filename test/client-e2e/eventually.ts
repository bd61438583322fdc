import { vi } from 'vitest';

/** Milliseconds. Long, since the computer may be busy; what holds is seen at once all the same. */
const PATIENCE = 90_000;

/** Waits until what the window or the client comes to is there. */
export function eventually<Result>(
  check: () => Result | Promise<Result>,
  timeout = PATIENCE,
): Promise<Result> {
  return vi.waitFor(check, { timeout, interval: 50 });
}
