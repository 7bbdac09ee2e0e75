import * as fs from 'node:fs';
import * as path from 'node:path';
import { Script } from 'node:vm';
import type { transform as Transform } from 'sucrase';

type Cell = (tf: unknown, question: unknown) => Promise<unknown>;
const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (...namesAndBody: string[]) => Cell;

/**
 * The cell of an answer as a function that runs it alone and gives what `name` then stands for.
 *
 * Types are taken away, not checked: what the learner's notebook refuses for its types may well be right.
 *
 * @throws SyntaxError where it cannot be compiled
 */
export function compiled(source: string, name: string): Cell {
  const known = cells.get(`${name} ${source}`);
  if (known) return known;
  const { code } = transform(source, { transforms: ['typescript'], disableESTransforms: true, keepUnusedImports: false });
  const cell = new AsyncFunction('tf', 'question', `'use strict';\n${code}\n;return ${name};`);
  cells.set(`${name} ${source}`, cell);
  return cell;
}

/** Each is asked for twice: for what `check` shows too, and for hidden cases. */
const cells = new Map<string, Cell>();

const transform = sucrase();

/** The compiler as V8 has compiled it when it was built (`grader/bundle.mjs`): by another version of V8 it is compiled anew. */
function sucrase(): typeof Transform {
  const file = path.join(__dirname, 'sucrase.bundle.js');
  const script = new Script(fs.readFileSync(file, 'latin1'), { filename: path.basename(file), cachedData: fs.readFileSync(path.join(__dirname, 'sucrase.compiled')) });
  const module = {} as { exports: typeof Transform };
  (script.runInThisContext() as (into: typeof module) => void)(module);
  return module.exports;
}
