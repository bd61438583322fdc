import { env } from 'node:process';
import { defineConfig } from 'vitest/config';

/**
 * The tests that Stryker runs against each mutant. Only those that run the code in their own process: a mutant is not
 * seen by a command line started as a child. Without the property tests of any bytes: their inputs are random, and a
 * score must not depend on luck. `MUTATION_TESTS` narrows them, e.g. to `test/manifest/*.test.ts`.
 */
export default defineConfig({
  test: {
    include: [env['MUTATION_TESTS'] ?? 'test/{manifest,check,install}/**/*.test.ts'],
    exclude: ['test/manifest/fuzz.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
