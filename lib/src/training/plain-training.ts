import { Random } from '../random';
import { tf } from '../tensorflow';
import { frozenLayers } from '../engine/network';
import type { Examples } from './examples';

/** What the `fit` of tfjs's models is made of. */
interface FitParts {
  /** Noted by tfjs too, so that its own `fit` and ours keep out of each other's way. */
  isTraining: boolean;
  makeTrainFunction(): (data: tf.Tensor[]) => tf.Scalar[];
}

/** A sequential model leaves them to the model that it is made of. */
export function fitParts(model: tf.LayersModel): FitParts {
  const parts = model as unknown as FitParts & { readonly model?: FitParts };
  return parts.model ?? parts;
}

/**
 * A training by TensorFlow.js's own steps, those of `model.fit`: each operation by itself. It takes what the compiled
 * one does not know.
 */
export class PlainTraining {
  readonly measures: readonly string[];
  private readonly trainFunction: (data: tf.Tensor[]) => tf.Scalar[];
  private readonly classWeights: tf.Tensor1D | undefined;
  private readonly frozen: tf.layers.Layer[];

  /** @param classWeights how much an example of each class counts */
  constructor(private readonly model: tf.LayersModel, classWeights?: readonly number[]) {
    this.measures = model.metricsNames;
    this.trainFunction = fitParts(model).makeTrainFunction();
    this.classWeights = classWeights && tf.tensor1d([...classWeights]);
    // tfjs would go on to move the means of a frozen batch normalisation.
    this.frozen = frozenLayers(model).filter((layer) => layer.getClassName() === 'BatchNormalization');
    for (const layer of this.frozen) {
      const { call } = Object.getPrototypeOf(layer) as tf.layers.Layer;
      layer.call = (inputs, options) => call.call(layer, inputs, { ...options, training: false });
    }
  }

  /**
   * Some steps of training.
   *
   * @param batches which of the examples are the batch of each step
   * @param seed decides, with the number of the step, what dropout drops
   * @returns for each step the loss and the metrics over its batch, before it
   */
  learn(examples: Examples, batches: readonly Int32Array[], seed: number): number[][] {
    return batches.map((batch) => this.step(examples, batch, seed));
  }

  private step(examples: Examples, indices: Int32Array, seed: number): number[] {
    const [x, y] = gathered(examples, indices);
    let results: tf.Scalar[] = [];
    const weights = tf.tidy(() => this.classWeights && tf.gather(this.classWeights, classesOf(y)));
    // Where tfjs's layers get their random numbers from.
    const { random } = Math;
    const ofStep = new Random(Math.imul(seed, STEP_STRIDE) + this.model.optimizer.iterations);
    Math.random = () => ofStep.fraction();
    try {
      results = this.trainFunction(weights ? [x, y, weights] : [x, y]);
      return results.map((value) => value.dataSync()[0]);
    } finally {
      Math.random = random;
      tf.dispose([x, y, ...(weights ? [weights] : []), ...results]);
    }
  }

  /** @returns the loss and the metrics over some of the examples, which are not learned from */
  measure(examples: Examples, indices: Int32Array): number[] {
    return plainMeasures(this.model, examples, indices);
  }

  end(): void {
    this.classWeights?.dispose();
    for (const layer of this.frozen) delete (layer as Partial<tf.layers.Layer>).call;
  }
}

/** A large odd number: no step of one seed has the numbers of a step of another. */
const STEP_STRIDE = 0x9e3779b1;

/** The loss and the metrics of a model over some of the examples, by TensorFlow.js's own `evaluate`. */
export function plainMeasures(model: tf.LayersModel, examples: Examples, indices: Int32Array): number[] {
  return tf.tidy(() => {
    const [x, y] = gathered(examples, indices);
    const results = model.evaluate(x, y, { batchSize: indices.length });
    return (Array.isArray(results) ? results : [results]).map((value) => value.dataSync()[0]);
  });
}

/** Some of the examples; the targets have two axes at least, as tfjs wants them. The caller disposes them. */
function gathered({ x, y }: Examples, indices: Int32Array): [tf.Tensor, tf.Tensor] {
  return tf.tidy(() => {
    const rows = tf.tensor1d(indices, 'int32');
    const targets = tf.gather(y, rows);
    return [tf.gather(x, rows), targets.rank === 1 ? tf.expandDims(targets, 1) : targets] as [tf.Tensor, tf.Tensor];
  });
}

/** The class of each target: of a row the largest, else the number itself. */
const classesOf = (y: tf.Tensor): tf.Tensor1D => {
  const last = y.shape[y.shape.length - 1];
  return (last > 1 ? tf.argMax(y, -1) : tf.cast(tf.reshape(y, [-1]), 'int32')) as tf.Tensor1D;
};
