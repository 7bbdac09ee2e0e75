import type { NdArray } from 'ndarray';
import { arrayOf } from '../arrays';
import { tf } from '../tensorflow';
import type { Pictures } from '../tensorflow/values';
import { networkOf, pictureTensor, valueOf, type LayerStep } from './network';
import { statisticsOf, type Statistics } from './statistics';

/** What one layer makes of one picture. */
export interface LayerActivation {
  /** The layer's name; where a layer is used again, with the number of its use. */
  readonly name: string;
  /** The kind of layer, such as `Conv2D`. */
  readonly type: string;
  /** Without the batch: `[height, width, channels]`, or `[units]`. */
  readonly shape: readonly number[];
  /** The numbers that the layer puts out, after its activation function. */
  readonly values: NdArray<Float32Array>;
  /** What it has learned, such as `kernel` and `bias`; none for layers without weights. */
  readonly weights: readonly { readonly name: string; readonly values: NdArray<Float32Array> }[];
  /** Those of `values`. */
  readonly statistics: Statistics;
}

/**
 * Computes what each layer makes of a picture, in one run through the network as it answers (nothing drops). Layers of
 * models within the model are listed one by one; a layer that is used twice has two entries.
 *
 * Memory: the arrays are new; the picture is kept, and the model stays as it is.
 *
 * @param picture one picture as the model takes it (normalised), with or without a leading 1; array or tensor
 * @returns one entry a layer, in the order of the computation, without the input; the last holds the probabilities
 * @throws Error if the picture does not fit the model, or the model has several inputs or outputs
 *
 * ```ts
 * const layers = layerActivations(model, xTest.slice([0], [1]));
 * layers[0].values.pick(null, null, 5)   // feature map 5 of the first convolution, [26, 26]
 * ```
 * Taught in 03_fashion_mnist_cnn and 05_digits_from_folders.
 */
export function layerActivations(model: tf.LayersModel, picture: Pictures): LayerActivation[] {
  const network = networkOf('layerActivations', model);
  const x = pictureTensor('layerActivations', network, picture);
  try {
    const weights = new Map(network.steps.map(({ layer }) => [layer, weightsOf(layer)]));
    const outputs: { step: LayerStep; shape: number[]; values: Float32Array }[] = [];
    tf.tidy(() => {
      const known = new Map([[network.input, x]]);
      valueOf(network.output, known);
      for (const step of network.steps) {
        const value = known.get(step)!;
        outputs.push({ step, shape: value.shape.slice(1), values: Float32Array.from(value.dataSync()) });
      }
    });
    return outputs.map(({ step: { name, layer }, shape, values }) => ({
      name, type: layer.getClassName(), shape, values: arrayOf(values, shape), weights: weights.get(layer)!,
      statistics: statisticsOf(values),
    }));
  } finally {
    x.dispose();
  }
}

/** The weights of a layer by the names that TensorFlow.js gives them; copies. */
function weightsOf(layer: tf.layers.Layer): LayerActivation['weights'] {
  return layer.weights.map((weight) => {
    const tensor = weight.read();
    return {
      name: weight.originalName.split('/').at(-1)!,
      values: arrayOf(Float32Array.from(tensor.dataSync()), [...tensor.shape]),
    };
  });
}
