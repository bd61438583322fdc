import { IS_MAC } from './where.ts';

/** Of vitest: before all tests. */
export function setup(): void {
  if (!IS_MAC) process.stdout.write('test:mac needs macOS: everything is skipped here.\n');
}
