import { shapeText } from '../arrays';
import type { Examples } from '../engine/measures';
import { tf } from '../tensorflow';

export type { Examples };

/** Examples that do not lie in memory: they come batch by batch. */
export interface ExampleBatches {
  /** Examples in all batches. */
  readonly size: number;
  readonly batchSize: number;
  /**
   * All examples once, in an order of its own for each epoch. Whoever takes a batch disposes it.
   *
   * @param epoch counted from 0: the same one, the same order; without it each call is the next epoch
   */
  epoch(epoch?: number): AsyncIterable<Examples>;
  /**
   * All examples once, always in the same order. Whoever takes a batch disposes it.
   *
   * @param epoch of a training without shuffling, counted from 0: pictures may vary from epoch to epoch all the same
   */
  inOrder(epoch?: number): AsyncIterable<Examples>;
}

/** The whole numbers from `from` to below `to`. */
export const counting = (from: number, to: number): Int32Array =>
  Int32Array.from({ length: to - from }, (_, i) => from + i);

/** Examples that are answered or measured at once: enough to keep all cores busy, few enough for a small memory. */
const AT_ONCE = 500;

/** Some hundred of the indices after the other. */
export function* parts(indices: Int32Array): Generator<Int32Array, void> {
  for (let start = 0; start < indices.length; start += AT_ONCE) yield indices.slice(start, start + AT_ONCE);
}

/** Whether examples come batch by batch. */
export const areBatches = (data: object): data is ExampleBatches => 'epoch' in data;

/** How many examples there are. */
export const sizeOf = (data: Examples | ExampleBatches): number =>
  areBatches(data) ? data.size : data.x.shape[0];

/**
 * Batches, each checked as arrays in memory are.
 *
 * @param caller the function that the learner has called
 * @throws Error (and disposes the batch) if one is no examples for this model
 */
export async function* checkedBatches(
  caller: string,
  model: tf.LayersModel,
  name: string,
  batches: AsyncIterable<Examples>,
): AsyncGenerator<Examples, void> {
  for await (const batch of batches) {
    try {
      checkExamples(caller, model, `${name}: x`, `${name}: y`, batch);
    } catch (error) {
      tf.dispose([batch.x, batch.y]);
      throw error;
    }
    yield batch;
  }
}

/**
 * @param caller the function that the learner has called
 * @throws Error if `x` is no input for this model
 */
export function checkInputs(caller: string, model: tf.LayersModel, name: string, x: tf.Tensor): void {
  checkTensor(caller, name, x);
  if (model.inputs.length !== 1 || model.outputs.length !== 1) {
    throw new Error(
      `${caller}: the model has ${model.inputs.length} inputs and ${model.outputs.length} outputs; expected one of ` +
        `each. TensorFlow.js's own model.fit, evaluate and predict take lists of tensors.`,
    );
  }
  if (x.shape[0] === 0) throw new Error(`${caller}: ${name} has no examples.`);
  const [input] = model.inputs;
  if (!fits(x.shape, input.shape)) {
    throw new Error(
      `${caller}: ${name} has the shape ${shapeText(x.shape)}, but the model takes ${shapeText(input.shape.map((size) => size ?? 'any'))}. ` +
        `Change the data (flatten, reshape) or the inputShape of the first layer.`,
    );
  }
}

function checkTensor(caller: string, name: string, tensor: tf.Tensor): void {
  if (!(tensor instanceof tf.Tensor)) {
    throw new Error(`${caller}: ${name} is ${tensor === null ? 'null' : typeof tensor}; expected a tensor. toTensor(array) makes one.`);
  }
  if (tensor.isDisposed) throw new Error(`${caller}: ${name} has been disposed. Make the tensor again.`);
}

/**
 * @param caller the function that the learner has called
 * @throws Error if `x` and `y` are no examples for this model
 */
export function checkExamples(caller: string, model: tf.LayersModel, xName: string, yName: string, examples: Examples): void {
  const { x, y } = examples;
  checkTensor(caller, xName, x);
  checkTensor(caller, yName, y);
  if (x.shape[0] !== y.shape[0]) {
    throw new Error(`${caller}: ${xName} has ${x.shape[0]} examples and ${yName} has ${y.shape[0]}; expected one target for each input.`);
  }
  checkInputs(caller, model, xName, x);
  const [output] = model.outputs;
  const needsRows = model.loss === 'categoricalCrossentropy';
  if (needsRows && !fits(y.shape, output.shape)) {
    throw new Error(
      `${caller}: ${yName} has the shape ${shapeText(y.shape)}, but the model puts out ${shapeText(output.shape.map((size) => size ?? 'any'))}. ` +
        `Labels become such rows with oneHot(labels, ${output.shape.at(-1)}).`,
    );
  }
}

const fits = (shape: number[], expected: (number | null)[]): boolean =>
  shape.length === expected.length && shape.every((size, i) => expected[i] === null || expected[i] === size);
