import type { NdArray } from 'ndarray';
import { arrayOf, countText } from '../arrays';
import { Interrupted, interruptible } from '../interrupt';
import { CannotCompile } from '../engine/cannot-compile';
import { compiledAnswers, compiledMeasures } from '../engine/compiled-answers';
import { tf } from '../tensorflow';
import { unbreakable } from '../tensorflow/unbreakable';
import { areBatches, checkedBatches, checkExamples, checkInputs, counting, parts, type ExampleBatches, type Examples } from './examples';
import { plainMeasures } from './plain-training';

/**
 * Asks the model for its answer to each input.
 *
 * Of batches, each is disposed as soon as it is answered; the answers are in the order of the files (whatever order
 * training takes them in), so that row i belongs to `files[i]` and `labels[i]`.
 *
 * @param x inputs, shape `[n, ...]`; the caller keeps (and disposes) them. Or batches, as `openImageFolder` has them
 * @returns the output of the last layer, shape `[n, ...]`, float32: for a softmax layer one row of probabilities for
 *   each input. Plain numbers: there is nothing to dispose. For batches a promise of it
 * @throws Error if the model has several outputs, or a batch does not fit the model
 * @throws Interrupted (batches) after an interrupt
 *
 * ```ts
 * const probabilities = predict(model, xTest);   // [10000, 10]
 * const predictions = argMax(probabilities);     // [10000]
 * const ofFolder = await predict(model, photos.validation!.batches());
 * ```
 * Taught in 01_mnist_mlp.
 */
export function predict(model: tf.LayersModel, x: tf.Tensor): NdArray<Float32Array>;
export function predict(model: tf.LayersModel, x: ExampleBatches): Promise<NdArray<Float32Array>>;
export function predict(
  model: tf.LayersModel,
  x: tf.Tensor | ExampleBatches,
): NdArray<Float32Array> | Promise<NdArray<Float32Array>> {
  return areBatches(x) ? batchAnswers(model, x) : answers(model, x);
}

function answers(model: tf.LayersModel, x: tf.Tensor): NdArray<Float32Array> {
  if (model.outputs.length !== 1) throw new Error(`predict: the model has ${model.outputs.length} outputs; expected one.`);
  checkInputs('predict', model, 'x', x);
  return unbreakable(() => {
    let values = new Float32Array(0);
    let shape: number[] = [];
    for (const indices of parts(counting(0, x.shape[0]))) {
      const output = compiledOr(
        () => compiledAnswers(model, x, indices),
        () =>
          tf.tidy(() => {
            const rows = tf.gather(x, tf.tensor1d(indices, 'int32'));
            return model.predict(rows, { batchSize: indices.length }) as tf.Tensor;
          }),
      );
      const part = output.dataSync<'float32'>();
      if (indices[0] === 0) {
        shape = [x.shape[0], ...output.shape.slice(1)];
        values = new Float32Array((part.length / indices.length) * x.shape[0]);
      }
      values.set(part, (part.length / indices.length) * indices[0]);
      output.dispose();
    }
    return arrayOf(values, shape);
  });
}

/** What the compiled graph knows goes through it, all else through tfjs. */
function compiledOr<T>(compiled: () => T, plain: () => T): T {
  try {
    return compiled();
  } catch (error) {
    if (error instanceof CannotCompile) return plain();
    throw error;
  }
}

async function batchAnswers(model: tf.LayersModel, batches: ExampleBatches): Promise<NdArray<Float32Array>> {
  let values = new Float32Array(0);
  let rowShape: number[] = [];
  await forEachBatch('predict', model, batches, ({ x }, done) => {
    const { data, shape } = answers(model, x);
    const [count, ...rest] = shape;
    if (done === 0) [values, rowShape] = [new Float32Array((data.length / count) * batches.size), rest];
    values.set(data, (data.length / count) * done);
  });
  return arrayOf(values, [batches.size, ...rowShape]);
}

/**
 * Measures a compiled model on examples that it does not learn from. Of batches, each is disposed as soon as it is
 * measured.
 *
 * @returns the loss and each metric by name, for example `{ loss: 0.08, acc: 0.98 }`; for batches a promise of it
 * @throws Error if the model is not compiled or the shapes of the data do not fit it
 * @throws Interrupted (batches) after an interrupt
 *
 * ```ts
 * const { loss, acc } = evaluate(model, { x: xTest, y: yTest });
 * const ofFolder = await evaluate(model, photos.validation!.batches());
 * ```
 * Taught in 01_mnist_mlp.
 */
export function evaluate(model: tf.LayersModel, data: Examples): Record<string, number>;
export function evaluate(model: tf.LayersModel, data: ExampleBatches): Promise<Record<string, number>>;
export function evaluate(
  model: tf.LayersModel,
  data: Examples | ExampleBatches,
): Record<string, number> | Promise<Record<string, number>> {
  if (!model.loss) {
    throw new Error(
      'evaluate: the model is not compiled, so there is no loss to measure. Call model.compile first.',
    );
  }
  if (areBatches(data)) return batchMeasures(model, data);
  checkExamples('evaluate', model, 'x', 'y', data);
  return measures(model, data);
}

function measures(model: tf.LayersModel, examples: Examples): Record<string, number> {
  const { x } = examples;
  const means = model.metricsNames.map(() => 0);
  unbreakable(() => {
    for (const indices of parts(counting(0, x.shape[0]))) {
      const part = compiledOr(
        () => compiledMeasures(model, examples, indices),
        () => plainMeasures(model, examples, indices),
      );
      part.forEach((mean, i) => (means[i] += (mean * indices.length) / x.shape[0]));
    }
  });
  return Object.fromEntries(model.metricsNames.map((name, i) => [name, means[i]]));
}

/** The means over all examples, of those over the examples of each batch. */
async function batchMeasures(model: tf.LayersModel, batches: ExampleBatches): Promise<Record<string, number>> {
  const means: Record<string, number> = {};
  await forEachBatch('evaluate', model, batches, (batch) => {
    for (const [name, mean] of Object.entries(measures(model, batch))) {
      means[name] = (means[name] ?? 0) + (mean * batch.x.shape[0]) / batches.size;
    }
  });
  return means;
}

/** @param done how many examples came before the batch */
async function forEachBatch(
  caller: string,
  model: tf.LayersModel,
  batches: ExampleBatches,
  work: (batch: Examples, done: number) => void,
): Promise<void> {
  if (batches.size === 0) throw new Error(`${caller}: the batches have no examples.`);
  await interruptible(async (isInterrupted) => {
    let done = 0;
    for await (const batch of checkedBatches(caller, model, 'batches', batches.inOrder())) {
      const count = batch.x.shape[0];
      try {
        work(batch, done);
      } finally {
        tf.dispose([batch.x, batch.y]);
      }
      done += count;
      if (isInterrupted() && done < batches.size) {
        throw new Interrupted(
          `${caller} was interrupted after ${countText(done)} of ${countText(batches.size)} examples; ` +
            `it has no result.`,
        );
      }
    }
  });
}
