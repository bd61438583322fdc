import { defineConfig } from 'vitest/config';

/** What only a Mac can show: Apple's own tools, and Electron as it is shipped. One test after the other. */
export default defineConfig({
  test: {
    include: ['test/mac/**/*.test.ts'],
    globalSetup: ['test/mac/support/say-where.ts'],
    testTimeout: 1_200_000,
    // Packaging Electron downloads it first.
    hookTimeout: 1_800_000,
    fileParallelism: false,
  },
});
