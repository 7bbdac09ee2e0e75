import { Random } from '../random';
import { tf } from '../tensorflow';
import { counting, type ExampleBatches, type Examples } from './examples';

export interface ExampleBatchesOptions {
  /** Examples in a batch. Default 32, as in Keras and tfjs. */
  readonly batchSize?: number;
  /** Decides the order of each epoch, and what `map` does. Default 1. */
  readonly seed?: number;
  /**
   * Done with the inputs of each batch, for example `augment({ flip: true })`: takes `[batch, ...]` and returns what
   * the network takes. Tensors that are made on the way are disposed. In training, `seed` is another whole number for
   * each batch of each epoch, and the same one when the training is repeated or goes on after an interruption.
   */
  readonly map?: (x: tf.Tensor, seed?: number) => tf.Tensor;
}

/**
 * Examples in memory as batches for `fit`, so that each batch can be changed before the network learns from it.
 *
 * `examples` stays as it is: the caller keeps (and disposes) its tensors, and they must be there as long as the batches
 * are used. Each batch is new memory; `fit` disposes it.
 *
 * @param examples `x` of shape `[n, ...]`, `y` of shape `[n]` or `[n, classes]`
 * @throws Error when x and y differ in length; RangeError for a batchSize or seed that is no such number
 *
 * ```ts
 * const varied = exampleBatches(trainData, { batchSize: 128, map: augment({ flip: true, shift: 0.1 }) });
 * await fit(model, varied, { epochs: 20, validationData });
 * ```
 * Taught in 03_fashion_mnist_cnn.
 */
export function exampleBatches(examples: Examples, options: ExampleBatchesOptions = {}): ExampleBatches {
  const { batchSize = 32, seed = 1, map = (x) => x } = options;
  const { x, y } = examples;
  const size = x.shape[0];
  if (y.shape[0] !== size) {
    throw new Error(
      `exampleBatches: x has ${size} examples and y has ${y.shape[0]}; expected one target for each input.`,
    );
  }
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new RangeError(`exampleBatches: got batchSize = ${batchSize}; expected a whole number of at least 1.`);
  }
  if (!Number.isSafeInteger(seed)) {
    throw new RangeError(`exampleBatches: got seed = ${seed}; expected a whole number, such as 1.`);
  }
  let next = 0;

  async function* batches(order: Int32Array, seeds: Random | undefined): AsyncGenerator<Examples, void> {
    for (let start = 0; start < size; start += batchSize) {
      const seedOfBatch = seeds?.below(2 ** 31);
      yield tf.tidy(() => {
        const rows = tf.tensor1d(order.slice(start, start + batchSize), 'int32');
        return { x: map(tf.gather(x, rows), seedOfBatch), y: tf.gather(y, rows) };
      });
    }
  }

  return {
    size,
    batchSize,
    epoch: (epoch = next) => {
      next = epoch + 1;
      return batches(new Random(seed + epoch).permutation(size), new Random(~(seed + epoch)));
    },
    inOrder: (epoch) => batches(counting(0, size), epoch === undefined ? undefined : new Random(~(seed + epoch))),
  };
}
