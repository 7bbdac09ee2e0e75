import { transform } from 'sucrase';

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
  const { code } = transform(source, { transforms: ['typescript'], disableESTransforms: true, keepUnusedImports: false });
  return new AsyncFunction('tf', 'question', `'use strict';\n${code}\n;return ${name};`);
}
