import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/chaos/**', 'test/mac/**'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Many wait for processes most of the time.
    maxWorkers: 2,
  },
});
