import type { tf } from '../tensorflow';
import type { Examples } from './examples';
import { train, type TrainOptions } from './train';

/**
 * Trains a new model with each learning rate for a short while, and says what loss each has come to.
 *
 * @param makeModel a new, compiled model with the given learning rate; it is disposed after its training
 * @param data the caller keeps (and disposes) it
 * @param rates each above 0; steps of equal factor, such as `[1e-4, 1e-3, 1e-2]`, show most
 * @param options as those of `fit`; one epoch if not said
 * @returns for each rate the mean loss over the last epoch, NaN where the training went astray
 * @throws Error if a model is not compiled or does not suit the data
 *
 * ```ts
 * const sweep = await learningRateSweep((rate) => makeModel(tf.train.adam(rate)), { x, y }, [1e-4, 1e-3, 1e-2]);
 * showLearningRates(sweep);
 * ```
 * Taught in 03_fashion_mnist_cnn.
 */
export async function learningRateSweep(
  makeModel: (learningRate: number) => tf.LayersModel,
  data: Examples,
  rates: readonly number[],
  options: TrainOptions = {},
): Promise<{ rates: number[]; losses: number[] }> {
  const losses: number[] = [];
  for (const rate of rates) {
    const model = makeModel(rate);
    try {
      const { history } = await train(model, data, options);
      losses.push(history.loss.at(-1) ?? NaN);
    } finally {
      // An optimizer that was given to the model, not made by it, keeps what it remembers of each weight.
      model.optimizer?.dispose();
      model.dispose();
    }
  }
  return { rates: [...rates], losses };
}
