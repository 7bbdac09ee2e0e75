import type { NdArray } from 'ndarray';
import { arrayOf, packedValues, shapeText, type Numbers } from '../arrays';

/**
 * Writes each label as a row with a 1 in the label's column and 0 elsewhere: `[n]` to `[n, numClasses]`, float32.
 * That is the form of what a softmax layer answers, one probability for each class, so the two can be compared.
 *
 * `labels`: whole numbers in 0..numClasses - 1. Refuses any other label and says where it is. Returns new memory.
 *
 * ```ts
 * oneHot(ndarray(Uint8Array.of(5, 0)), 10)   // [[0, 0, 0, 0, 0, 1, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]]
 * ```
 *
 * The way back is {@link argMax}. Taught in 01_mnist_mlp.
 */
export function oneHot(labels: NdArray<Numbers>, numClasses: number): NdArray<Float32Array> {
  if (!Number.isInteger(numClasses) || numClasses < 1) {
    throw new RangeError(`oneHot: got numClasses = ${numClasses}, expected a whole number of at least 1.`);
  }
  if (labels.dimension !== 1) {
    throw new RangeError(
      `oneHot: got labels of shape ${shapeText(labels.shape)}, expected [n]. Are they one-hot already?`,
    );
  }
  const values = packedValues(labels);
  const rows = new Float32Array(values.length * numClasses);
  for (let i = 0; i < values.length; i++) {
    const label = values[i];
    if (!(Number.isInteger(label) && label >= 0 && label < numClasses)) {
      throw new RangeError(
        `oneHot: labels[${i}] is ${label}, expected a whole number in 0..${numClasses - 1} ` +
          `(numClasses is ${numClasses}).`,
      );
    }
    rows[i * numClasses + label] = 1;
  }
  return arrayOf(rows, [values.length, numClasses]);
}

/**
 * The column of the largest value in each row: `[n, numClasses]` to `[n]`, int32. It undoes {@link oneHot}, and it
 * turns the probabilities of a prediction into the predicted class. Of equal values the first one counts.
 *
 * Refuses a row that contains NaN, because it has no largest value. Returns new memory.
 *
 * ```ts
 * argMax(oneHot(mnist.train.labels, 10)).get(0)   // mnist.train.labels.get(0)
 * ```
 *
 * Taught in 01_mnist_mlp.
 */
export function argMax(rows: NdArray<Numbers>): NdArray<Int32Array> {
  if (rows.dimension !== 2 || rows.shape[1] < 1) {
    throw new RangeError(`argMax: got shape ${shapeText(rows.shape)}, expected [n, numClasses].`);
  }
  const [count, numClasses] = rows.shape;
  const values = packedValues(rows);
  const columns = new Int32Array(count);
  for (let row = 0; row < count; row++) {
    const start = row * numClasses;
    let best = 0;
    for (let column = 0; column < numClasses; column++) {
      const value = values[start + column];
      if (Number.isNaN(value))
        throw new RangeError(`argMax: row ${row} has NaN in column ${column}, expected numbers only.`);
      if (value > values[start + best]) best = column;
    }
    columns[row] = best;
  }
  return arrayOf(columns, [count]);
}
