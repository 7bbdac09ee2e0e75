// @ts-check

// Makes what runs in the sandbox quick to start, for each submission starts it anew: the guest as one file, dist/guest/guest.bundle.js;
// the compiler of TypeScript as another, with what V8 makes of it beside it (guest/compile.ts loads them).

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { build } from 'esbuild';
import { writeWhole } from '../lib/dist/disk.js';

const COURSE = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const guest = path.join(COURSE, 'grader', 'dist', 'guest');

/** @type {import('esbuild').BuildOptions} */
const common = { bundle: true, write: false, platform: 'node', format: 'cjs', logLevel: 'warning' };

const { outputFiles: [{ text: bundle }] } = await build({
  ...common,
  entryPoints: [path.join(guest, 'guest.js')],
  supported: { 'dynamic-import': false },
  plugins: [{
    // TensorFlow.js is loaded only where an answer needs it.
    name: 'leave TensorFlow.js outside',
    setup({ onResolve }) {
      onResolve({ filter: /^\.{1,2}\// }, ({ path: name, resolveDir }) => {
        const file = path.resolve(resolveDir, name);
        return path.relative(COURSE, file).startsWith('lib/dist/tensorflow') ? { path: path.relative(guest, file), external: true } : undefined;
      });
    },
  }],
});

const { outputFiles: [{ text: compiler }] } = await build({
  ...common,
  stdin: { contents: "module.exports = require('sucrase').transform;", resolveDir: path.join(COURSE, 'grader') },
  banner: { js: '(function (module) {' },
  footer: { js: '})' },
  minify: true,
  charset: 'ascii',
});

// What it needs for an answer of the usual kind is compiled now; the rest by the one who needs it.
const answer = `
  interface Size { readonly height: number }
  type Sizes = readonly Size[];
  /** An answer. */
  function answer(picture: number[][], sizes: Sizes = [], name?: string): number[][] {
    const made: number[][] = [];
    for (const [i, row] of picture.entries()) made.push(row.map((value): number => (value as number) * (i + 1)));
    if (sizes.length > 3 && !name) throw new Error(\`\${name}: no\`);
    return made;
  }`;
const script = new Script(compiler, { filename: 'sucrase.bundle.js' });
const module = { exports: /** @type {typeof import('sucrase').transform} */ (/** @type {unknown} */ (undefined)) };
script.runInThisContext()(module);
module.exports(answer, { transforms: ['typescript'], disableESTransforms: true });

// Whole or not at all: sandboxes may be beginning meanwhile.
writeWhole(path.join(guest, 'guest.bundle.js'), bundle);
writeWhole(path.join(guest, 'sucrase.bundle.js'), compiler);
writeWhole(path.join(guest, 'sucrase.compiled'), script.createCachedData());
