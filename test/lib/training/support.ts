import { tf } from '@course/lib';
import { Random } from '../../../lib/src/random';
import type { Examples } from '../../../lib/src/training/examples';
import { train, type TrainOptions } from '../../../lib/src/training/train';

/** Points of three kinds that a small network can tell apart, the same each time. The caller disposes them. */
export function points(count = 50, seed = 7): Examples {
  const random = new Random(seed);
  const labels = Int32Array.from({ length: count }, () => random.below(3));
  const values = Float32Array.from({ length: count * 4 }, (_, i) => labels[i >> 2] * ((i % 4) - 1) + random.normal());
  return tf.tidy(() => ({
    x: tf.tensor2d(values, [count, 4]),
    y: tf.oneHot(tf.tensor1d(labels, 'int32'), 3).toFloat(),
  }));
}

export interface ModelOptions {
  optimizer?: tf.Optimizer;
  /** The part that dropout drops; 0 leaves the layer out. */
  dropout?: number;
  units?: number;
  activation?: 'relu' | 'tanh';
  more?: tf.layers.Layer[];
}

/** A small compiled network, with the same initial weights each time. */
export function network(options: ModelOptions = {}): tf.Sequential {
  const { optimizer = tf.train.adam(0.01), dropout = 0, units = 8, activation = 'tanh', more = [] } = options;
  const kernelInitializer = (seed: number) => tf.initializers.glorotUniform({ seed });
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units, activation, inputShape: [4], kernelInitializer: kernelInitializer(1) }),
      ...(dropout > 0 ? [tf.layers.dropout({ rate: dropout })] : []),
      ...more,
      tf.layers.dense({ units: 3, activation: 'softmax', kernelInitializer: kernelInitializer(2) }),
    ],
  });
  model.compile({ optimizer, loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}

class Unchanged extends tf.layers.Layer {
  static className = 'Unchanged';

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.clone(Array.isArray(inputs) ? inputs[0] : inputs);
  }
}

/** A layer that has no compiled step. */
export const unknownLayer = (): tf.layers.Layer => new Unchanged({ name: 'mine' });

/** All weights, one after the other. */
export const weightsOf = (model: tf.LayersModel): number[] =>
  model.getWeights().flatMap((weight) => [...weight.dataSync()]);

/** The optimizer is ours, because we have made it: a model disposes only one that it was given by name. */
export function dispose(model: tf.LayersModel): void {
  model.dispose();
  model.optimizer.dispose();
  // tfjs's momentum forgets its learning rate.
  (model.optimizer as unknown as { c?: tf.Tensor }).c?.dispose();
}

/** Trains a new network. @returns its weights at the end, and its history */
export async function trained(data: Examples, options: TrainOptions, given?: ModelOptions) {
  const model = network(given);
  try {
    const { epoch, history } = await train(model, data, options);
    return { weights: weightsOf(model), epoch, history };
  } finally {
    dispose(model);
  }
}
