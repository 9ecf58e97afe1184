import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** `*.slow.test.ts` runs only with RUVECTOR_SLOW=1 (`npm run test:slow`). */
const slow = process.env.RUVECTOR_SLOW === '1';

export default defineConfig({
  test: {
    include: [
      'packages/*/test/**/*.test.ts',
      'conformance/**/*.test.ts',
      'examples/*/test/**/*.test.ts',
      'tools/test/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', '**/dist/**', ...(slow ? [] : ['**/*.slow.test.ts'])],
    pool: 'forks',
    // One less than there are processors is one of two, and most tests wait for other processes.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: slow ? 1_800_000 : 60_000,
    hookTimeout: 120_000,
  },
});
