import type { NdArray } from 'ndarray';
import { arrayOf, countText, packedValues, shapeText, type Numbers } from '../arrays';
import { Random } from '../random';

/** One entry an example: an array whose first dimension counts the examples, or a list (of file names). */
export type Column = NdArray<Numbers> | readonly unknown[];

/**
 * Examples as they lie side by side, all columns equally long: `{ images, labels }`, and what else belongs to each
 * example.
 */
export type Columns<E> = { readonly [K in keyof E]: Column };

/**
 * The chosen entries of an array along its first dimension, in the order of `indices`: `[n, ...]` to
 * `[indices.length, ...]`. An index may come twice.
 *
 * Keeps the type. Returns new memory, whatever the indices.
 *
 * @throws RangeError for an index that is not a whole number in 0..n - 1
 *
 * ```ts
 * take(mnist.train.images, [0, 0, 5]).shape   // [3, 28, 28]
 * ```
 * Taught in 03_fashion_mnist_cnn.
 */
export function take<D extends Numbers>(array: NdArray<D>, indices: ArrayLike<number>): NdArray<D> {
  if (array.dimension < 1) {
    throw new RangeError(
      `take: got an array of shape ${shapeText(array.shape)}; expected [n, ...].`,
    );
  }
  const [count, ...rest] = array.shape;
  const values = packedValues(array);
  const size = rest.reduce((product, length) => product * length, 1);
  const taken = new (values.constructor as new (length: number) => D)(indices.length * size);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i];
    if (!(Number.isInteger(index) && index >= 0 && index < count)) {
      throw new RangeError(
        `take: indices[${i}] is ${index}; expected a whole number in 0..${count - 1} (the array has shape ` +
          `${shapeText(array.shape)}).`,
      );
    }
    if (size === 1) taken[i] = values[index];
    else taken.set(values.subarray(index * size, (index + 1) * size), i * size);
  }
  return arrayOf(taken, [indices.length, ...rest]);
}

/** The chosen examples, from each column. New memory. */
export function takeExamples<E extends Columns<E>>(examples: E, indices: ArrayLike<number>): E {
  countOf('takeExamples', examples);
  return mapColumns(examples, (array) => take(array, indices), (list) => Array.from(indices, (index) => list[index]));
}

/**
 * The same examples in a random order, each still beside its label.
 *
 * @param examples `{ images, labels }`, or any columns with one entry an example
 * @param seed a whole number; another seed gives another order, the same seed the same one on every machine
 * @returns new memory; `examples` stays as it is
 * @throws Error when the columns differ in length
 *
 * ```ts
 * const { images, labels } = shuffled(mnist.train, { seed: 1 });
 * ```
 * Taught in 03_fashion_mnist_cnn.
 */
export function shuffled<E extends Columns<E>>(examples: E, { seed = 1 }: { seed?: number } = {}): E {
  const order = Int32Array.from({ length: countOf('shuffled', examples) }, (_, i) => i);
  shuffleInPlace(order, seededRandom('shuffled', seed));
  return takeExamples(examples, order);
}

/**
 * The examples in batches, in their order; the last batch holds what is left.
 *
 * Memory: arrays of a batch are **views** of the examples (a strided array is packed once), so nothing is copied.
 *
 * @param examples `{ images, labels }`, or any columns with one entry an example
 * @param batchSize examples in a batch
 * @throws RangeError for another batchSize than a whole number of at least 1; Error when the columns differ in length
 *
 * ```ts
 * for (const { images, labels } of batched(shuffled(mnist.train), 128)) {   // 469 batches, the last one of 96
 *   ...
 * }
 * ```
 * Taught in 03_fashion_mnist_cnn.
 */
export function batched<E extends Columns<E>>(examples: E, batchSize: number): Iterable<E> {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new RangeError(`batched: got batchSize = ${batchSize}; expected a whole number of at least 1.`);
  }
  const count = countOf('batched', examples);
  const packed = mapColumns(examples, (array) => arrayOf(packedValues(array), [...array.shape]), (list) => list);
  return {
    * [Symbol.iterator]() {
      for (let start = 0; start < count; start += batchSize) {
        const end = Math.min(count, start + batchSize);
        yield mapColumns(packed, (array) => rows(array, start, end), (list) => list.slice(start, end));
      }
    },
  };
}

/** Entries `start` to `end - 1` of an array without gaps; shares its memory. */
function rows(array: NdArray<Numbers>, start: number, end: number): NdArray<Numbers> {
  const [count, ...rest] = array.shape;
  const size = array.size / count;
  return arrayOf(packedValues(array).subarray(start * size, end * size), [end - start, ...rest]);
}

function mapColumns<E extends Columns<E>>(
  examples: E,
  ofArray: (array: NdArray<Numbers>) => NdArray<Numbers>,
  ofList: (list: readonly unknown[]) => readonly unknown[],
): E {
  const isList = (column: Column): column is readonly unknown[] => Array.isArray(column);
  const map = (column: Column): Column => (isList(column) ? ofList(column) : ofArray(column));
  return Object.fromEntries(Object.entries<Column>(examples).map(([name, column]) => [name, map(column)])) as E;
}

/** How many examples: all columns must agree. */
function countOf<E extends Columns<E>>(name: string, examples: E): number {
  const lengthOf = (column: Column): number => ('shape' in column ? column.shape[0] : column.length);
  const lengths = Object.entries<Column>(examples).map(([key, column]) => [key, lengthOf(column)] as const);
  const [first, ...others] = lengths;
  if (first === undefined || others.some(([, length]) => length !== first[1])) {
    const got = lengths.map(([key, length]) => `${key}: ${countText(length)}`).join(', ') || 'nothing';
    throw new Error(
      `${name}: got ${got}; expected columns with one entry for each example, such as { images, labels }.`,
    );
  }
  return first[1];
}

/** Every order is equally likely. Source: R. Durstenfeld, "Algorithm 235: random permutation", 1964. */
export function shuffleInPlace(values: number[] | Int32Array, random: Random): void {
  for (let last = values.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    [values[last], values[other]] = [values[other], values[last]];
  }
}

export function seededRandom(name: string, seed: number): Random {
  if (!Number.isSafeInteger(seed)) {
    throw new RangeError(
      `${name}: got seed = ${String(seed)}; expected a whole number, such as 1.`,
    );
  }
  return new Random(seed);
}
