// @ts-check

// Puts what runs in the sandbox into one file, dist/guest/guest.bundle.js: a process that reads one file begins in half of the
// time of one that reads a hundred, and each submission begins one.

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const COURSE = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
/** Where the course lies in the sandbox. */
const WITHIN = '/course';
const guest = path.join(COURSE, 'grader', 'dist', 'guest');

await build({
  entryPoints: [path.join(guest, 'guest.js')],
  outfile: path.join(guest, 'guest.bundle.js'),
  bundle: true,
  platform: 'node',
  format: 'cjs',
  logLevel: 'warning',
  plugins: [{
    // TensorFlow.js, and what belongs to it, is loaded only where an answer needs it.
    name: 'leave TensorFlow.js outside',
    setup({ onResolve }) {
      onResolve({ filter: /^\.{1,2}\// }, ({ path: name, resolveDir }) => {
        const file = path.relative(COURSE, path.resolve(resolveDir, name));
        return /^lib\/dist\/(tensorflow|training|model)\b/.test(file) ? { path: `${WITHIN}/${file}`, external: true } : undefined;
      });
    },
  }],
});
