import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The tests run the library's source; notebooks and the kernel run what is built from it.
    alias: {
      '@course/lib/exercises': fileURLToPath(new URL('lib/src/exercises/index.ts', import.meta.url)),
      '@course/lib/tensorflow': fileURLToPath(new URL('lib/src/tensorflow/index.ts', import.meta.url)),
      '@course/lib': fileURLToPath(new URL('lib/src/index.ts', import.meta.url)),
    },
    // TensorFlow's native library is loaded once a process and uses all cores itself.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
