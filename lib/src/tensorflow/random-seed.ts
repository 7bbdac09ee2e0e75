import { Random } from '../random';

/**
 * Makes all random numbers of this process begin anew from a seed, so that the same cells give the same results: the initial weights of
 * layers, the order in which `fit` takes the examples, and what dropout drops. It replaces `Math.random`, which is where TensorFlow.js
 * gets them from. Call it before the model is built.
 *
 * A training is repeated to the digit on the same machine with the same versions and cells; another machine adds in another order, and its last digits
 * differ.
 *
 * @param seed any whole number
 * @throws RangeError for anything else
 * Taught in 01_mnist_mlp.
 */
export function setRandomSeed(seed: number): void {
  if (!Number.isSafeInteger(seed)) {
    throw new RangeError(`setRandomSeed: got ${String(seed)}, expected a whole number, such as 1.`);
  }
  const random = new Random(seed);
  Math.random = () => random.fraction();
}
