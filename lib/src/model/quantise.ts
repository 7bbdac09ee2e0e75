import type { NdArray } from 'ndarray';
import { arrayOf, shapeText } from '../arrays';
import { tf } from '../tensorflow';
import { FLOAT32 } from './summary';

/** One weight of a model as small whole numbers, or as it is. */
export interface QuantisedWeight {
  readonly name: string;
  readonly shape: readonly number[];
  /** int8 from -127 to 127, or float32 for what is not quantised (biases, and the numbers of batch normalisation). */
  readonly values: NdArray<Int8Array> | NdArray<Float32Array>;
  /** One for each channel (the last axis): a weight is about `values * scale`. Undefined for float32. */
  readonly scales: Float32Array | undefined;
}

/** All weights of a model, in the order of `model.getWeights()`. */
export interface QuantisedWeights {
  readonly weights: readonly QuantisedWeight[];
  /** Bytes of values and scales together. */
  readonly bytes: number;
  /** Bytes of the same weights as float32. */
  readonly float32Bytes: number;
}

/** The largest whole number: symmetric around 0, so that 0 stays 0 and -128 is not used. */
const MOST = 127;

/**
 * The weights of a model as int8, a quarter of the memory. Each kernel is divided, channel by channel (its last axis),
 * into 127 equal steps on either side of zero: `scale = max |weight| / 127`, `value = round(weight / scale)`. No weight
 * moves by more than half a step. Vectors (biases, batch normalisation) are few and stay float32.
 *
 * The model stays as it is; nothing is shared with it. `restoreWeights` makes float32 of them again.
 *
 * Source: R. Krishnamoorthi, "Quantizing deep convolutional networks for efficient inference", 2018, section 2
 * (https://arxiv.org/abs/1806.08342).
 *
 * @throws Error if a weight is no finite number
 *
 * ```ts
 * const small = quantiseWeights(model);
 * console.log(small.float32Bytes, small.bytes);
 * restoreWeights(model, small);   // the model computes with the rounded weights now
 * ```
 * Taught in 03_fashion_mnist_cnn.
 */
export function quantiseWeights(model: tf.LayersModel): QuantisedWeights {
  const weights = model.weights.map((variable): QuantisedWeight => {
    const { name, shape } = variable;
    const sizes = shape as number[];
    const values = Float32Array.from(variable.read().dataSync<'float32'>());
    if (!values.every(Number.isFinite)) {
      throw new Error(
        `quantiseWeights: the weight ${name} of shape ${shapeText(sizes)} has numbers that are not finite. The ` +
          'training went astray: try a smaller learning rate.',
      );
    }
    if (sizes.length < 2) return { name, shape: sizes, values: arrayOf(values, sizes), scales: undefined };
    const channels = sizes[sizes.length - 1];
    const largest = new Float32Array(channels);
    values.forEach((value, i) => (largest[i % channels] = Math.max(largest[i % channels], Math.abs(value))));
    // A channel of zeros keeps them with any scale.
    const scales = largest.map((value) => value / MOST || 1);
    const steps = Int8Array.from(values, (value, i) => Math.round(value / scales[i % channels]));
    return { name, shape: sizes, values: arrayOf(steps, sizes), scales };
  });
  const sum = (of: (weight: QuantisedWeight) => number): number => weights.reduce((total, each) => total + of(each), 0);
  return {
    weights,
    bytes: sum(({ values, scales }) => values.data.byteLength + (scales?.byteLength ?? 0)),
    float32Bytes: sum(({ values }) => values.size * FLOAT32),
  };
}

/**
 * Gives a model the weights that `quantiseWeights` has made, as float32: what it computes then is what it would compute
 * from the small file.
 *
 * @param model of the same layers as the one that was quantised; its weights are replaced
 * @throws Error if the weights are of another model
 *
 * ```ts
 * restoreWeights(model, quantised);
 * console.log(evaluate(model, testData).acc);
 * ```
 * Taught in 03_fashion_mnist_cnn.
 */
export function restoreWeights(model: tf.LayersModel, { weights }: QuantisedWeights): void {
  const shapes = (list: readonly { shape: readonly (number | null)[] }[]): string =>
    list.map(({ shape }) => shapeText(shape.map((size) => size ?? 'any'))).join(', ');
  if (shapes(weights) !== shapes(model.weights)) {
    throw new Error(
      `restoreWeights: got weights of the shapes ${shapes(weights)}, but the model has ${shapes(model.weights)}. ` +
        'Give it the weights of a model of the same layers.',
    );
  }
  tf.tidy(() => model.setWeights(weights.map(({ values, scales, shape }) => {
    const { data } = values;
    const numbers = scales ? Float32Array.from(data, (value, i) => value * scales[i % scales.length])
      : Float32Array.from(data);
    return tf.tensor(numbers, [...shape]);
  })));
}
