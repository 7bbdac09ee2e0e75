import type { NdArray } from 'ndarray';
import { countText, packedValues, type Numbers } from '../arrays';
import { seededRandom, shuffleInPlace, takeExamples, type Columns } from './examples';

/**
 * Divides examples in two parts with the same mixture of classes, at random: which go to training, which to validation.
 *
 * Of each class the nearest whole number to `validationPart` goes to validation, but at least one example to either
 * side; a class with a single example stays in training. Labels, part and seed alone decide, on every machine.
 *
 * @param labels the class of each example: whole numbers
 * @param validationPart how much of each class goes to validation: more than 0, less than 1
 * @param seed a whole number; another seed gives another division
 * @returns indices into `labels`, both lists ascending; together each index once
 * @throws RangeError for a part or label out of range, or when no class has two examples
 *
 * ```ts
 * const { train, validation } = stratifiedSplit([0, 0, 0, 1, 1, 1], 1 / 3, 1);   // 4 and 2 indices
 * ```
 * Taught in 05_digits_from_folders.
 */
export function stratifiedSplit(
  labels: ArrayLike<number>, validationPart: number, seed: number,
): { train: Int32Array; validation: Int32Array } {
  if (!(validationPart > 0 && validationPart < 1)) {
    throw new RangeError(
      `stratifiedSplit: got ${validationPart} as the part for validation; expected more than 0 and less ` +
        `than 1, such as 0.2.`,
    );
  }
  const random = seededRandom('stratifiedSplit', seed);
  const isValidation = new Uint8Array(labels.length);
  let validationCount = 0;
  for (const indices of indicesByClass(labels)) {
    if (indices.length < 2) continue;
    const count = Math.max(1, Math.min(indices.length - 1, Math.round(indices.length * validationPart)));
    shuffleInPlace(indices, random);
    for (const index of indices.slice(0, count)) isValidation[index] = 1;
    validationCount += count;
  }
  if (validationCount === 0) {
    throw new RangeError(
      `stratifiedSplit: got ${countText(labels.length)} labels, of no class more than one; expected a class ` +
        `with two examples or more, one for each part.`,
    );
  }
  const train = new Int32Array(labels.length - validationCount);
  const validation = new Int32Array(validationCount);
  for (let i = 0, toTrain = 0, toValidation = 0; i < labels.length; i++) {
    if (isValidation[i]) validation[toValidation++] = i;
    else train[toTrain++] = i;
  }
  return { train, validation };
}

/**
 * The indices of each class, ascending; the classes in the order of their numbers, so that the order of the examples
 * does not matter.
 */
function indicesByClass(labels: ArrayLike<number>): number[][] {
  const classes = new Map<number, number[]>();
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    if (!Number.isInteger(label)) {
      throw new RangeError(
        `stratifiedSplit: label ${i} is ${label}; expected a whole number.`,
      );
    }
    const indices = classes.get(label);
    if (indices) indices.push(i);
    else classes.set(label, [i]);
  }
  return [...classes].sort(([a], [b]) => a - b).map(([, indices]) => indices);
}

export interface SplitOptions {
  /** How much of each class goes to validation: more than 0, less than 1. Default 0.2. */
  validationSplit?: number;
  /** A whole number; another seed gives another division. Default 1. */
  seed?: number;
}

/**
 * Divides examples into a training and a validation part with the same mixture of classes, at random by a seed.
 *
 * @param examples `images` (or anything else) with one entry an example, and the class of each in `labels`, shape `[n]`
 * @returns both parts with the same properties as `examples`. New memory: nothing is shared, the order of the examples
 *   is kept.
 * @throws RangeError for a part or label out of range, or when no class has two examples; Error when numbers of
 *   examples differ
 *
 * ```ts
 * const { train, validation } = splitExamples(mnist.train, { validationSplit: 0.2, seed: 1 });
 * train.images.shape        // [48000, 28, 28], the other 12,000 are in validation
 * ```
 * Taught in 03_fashion_mnist_cnn.
 */
export function splitExamples<E extends Columns<E> & { readonly labels: NdArray<Numbers> }>(
  examples: E, { validationSplit = 0.2, seed = 1 }: SplitOptions = {},
): { train: E; validation: E } {
  const { train, validation } = stratifiedSplit(packedValues(examples.labels), validationSplit, seed);
  return { train: takeExamples(examples, train), validation: takeExamples(examples, validation) };
}
