import { defineConfig } from 'vitest/config';

/**
 * The branches of the code that replaces apps. Only the tests that run it in their own process: a command line that is
 * started as a child is not counted, so what it does there does not hide that a branch has no test of its own.
 */
export default defineConfig({
  test: {
    include: ['test/*.test.ts', 'test/{install,updater,trouble}/**/*.test.ts'],
    exclude: ['test/trouble/{names,other-users,signals}.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    coverage: {
      provider: 'v8',
      include: ['src/install/**'],
      reporter: ['text', 'json-summary', 'json'],
      reportOnFailure: true,
      thresholds: { branches: 95 },
    },
  },
});
