import type { NdArray } from 'ndarray';
import { arrayOf } from '../arrays';
import { tf } from '../tensorflow';
import { unbreakable } from '../tensorflow/unbreakable';
import { checkExamples, type Examples } from './train';

/** Examples that go through the network at once: enough to keep all cores busy, few enough for a small memory. */
const BATCH_SIZE = 500;

/**
 * Asks the model for its answer to each input.
 *
 * @param x inputs, shape `[n, ...]`; the caller keeps (and disposes) them
 * @returns the output of the last layer, shape `[n, ...]`, float32: for a softmax layer one row of probabilities for each input.
 *   Plain numbers: there is nothing to dispose.
 *
 * ```ts
 * const probabilities = predict(model, xTest);   // [10000, 10]
 * const predictions = argMax(probabilities);     // [10000]
 * ```
 * Taught in 01_mnist_mlp.
 */
export function predict(model: tf.LayersModel, x: tf.Tensor): NdArray<Float32Array> {
  return unbreakable(() => {
    const output = model.predict(x, { batchSize: BATCH_SIZE });
    if (Array.isArray(output)) {
      tf.dispose(output);
      throw new Error(`predict: the model has ${output.length} outputs; expected one.`);
    }
    const array = arrayOf(output.dataSync() as Float32Array, [...output.shape]);
    output.dispose();
    return array;
  });
}

/**
 * Measures a compiled model on examples that it does not learn from.
 *
 * @returns the loss and each metric by name, for example `{ loss: 0.08, acc: 0.98 }`
 * @throws Error if the model is not compiled or the shapes of the data do not fit it
 * Taught in 01_mnist_mlp.
 */
export function evaluate(model: tf.LayersModel, data: Examples): Record<string, number> {
  if (!model.loss) throw new Error('evaluate: the model is not compiled, so there is no loss to measure. Call model.compile first.');
  checkExamples('evaluate', model, 'x', 'y', data);
  return unbreakable(() => tf.tidy(() => {
    const results = model.evaluate(data.x, data.y, { batchSize: BATCH_SIZE });
    const scalars = Array.isArray(results) ? results : [results];
    return Object.fromEntries(model.metricsNames.map((name, i) => [name, scalars[i].dataSync()[0]]));
  }));
}
