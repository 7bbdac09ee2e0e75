import { tf } from '@course/lib';
import { Random } from '../../../lib/src/random';

const { layers } = tf;

/** A small network around a layer, for the tests that each layer of the table has to pass. */
export interface LayerCase {
  /** Sizes of one input. */
  readonly inputShape: readonly number[];
  /** The layer, behind another one that learns: its gradient has to pass through. */
  readonly body: (input: tf.SymbolicTensor) => tf.SymbolicTensor;
  /** Whether it is another function in each step, as dropout is: there is nothing to compare with `model.fit` then. */
  readonly isRandom?: boolean;
}

type Make = () => tf.layers.Layer;

export const apply = (layer: tf.layers.Layer, x: tf.SymbolicTensor): tf.SymbolicTensor => layer.apply(x) as tf.SymbolicTensor;

/** Layers behind each other. */
export const chain =
  (...parts: readonly Make[]): LayerCase['body'] =>
  (x) =>
    parts.reduce((value, make) => apply(make(), value), x);

const dense: Make = () => layers.dense({ units: 5, activation: 'tanh' });
const conv: Make = () => layers.conv2d({ filters: 3, kernelSize: 2, activation: 'tanh' });

/** Behind a dense layer. */
export const ofRows = (...parts: Make[]): LayerCase => ({ inputShape: [4], body: chain(dense, ...parts) });
/** Behind a convolution, which gives pictures of 5 by 6 with 3 channels. */
export const ofPictures = (...parts: Make[]): LayerCase => ({ inputShape: [6, 7, 2], body: chain(conv, ...parts) });
/** Takes the results of two layers. */
export const ofTwo = (join: (two: tf.SymbolicTensor[]) => tf.SymbolicTensor): LayerCase => ({
  inputShape: [4],
  body: (x) => {
    const a = apply(dense(), x);
    return join([a, apply(dense(), a)]);
  },
});

function frozen<L extends tf.layers.Layer>(layer: L): L {
  layer.trainable = false;
  return layer;
}

/**
 * At least one network for each layer of the table in lib/src/engine/layers.ts, by the name of its class. Gradients and
 * numbers of each are checked without a further line.
 */
export const layerCases: Readonly<Record<string, Readonly<Record<string, LayerCase>>>> = {
  Dense: {
    'with a bias': ofRows(() => layers.dense({ units: 4, activation: 'sigmoid' })),
    'without a bias': ofRows(() => layers.dense({ units: 4, useBias: false })),
    'on several rows': { inputShape: [3, 4], body: chain(dense, () => layers.dense({ units: 3 })) },
  },
  Conv2D: {
    valid: ofPictures(() => layers.conv2d({ filters: 2, kernelSize: [3, 2] })),
    'same, strides that differ': ofPictures(() => layers.conv2d({ filters: 2, kernelSize: 3, strides: [2, 1], padding: 'same' })),
  },
  DepthwiseConv2D: {
    valid: ofPictures(() => layers.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2 })),
    'same, strides 2': ofPictures(() => layers.depthwiseConv2d({ kernelSize: 3, strides: 2, padding: 'same' })),
  },
  SeparableConv2D: {
    valid: ofPictures(() => layers.separableConv2d({ filters: 2, kernelSize: 2, activation: 'tanh' })),
    'same, strides 2': ofPictures(() => layers.separableConv2d({ filters: 2, kernelSize: 3, strides: 2, padding: 'same', depthMultiplier: 2 })),
  },
  MaxPooling2D: {
    valid: ofPictures(() => layers.maxPooling2d({ poolSize: 3, strides: 2 })),
    same: ofPictures(() => layers.maxPooling2d({ poolSize: [2, 3], padding: 'same' })),
  },
  AveragePooling2D: {
    'valid, windows that overlap': ofPictures(() => layers.averagePooling2d({ poolSize: 3, strides: 1 })),
    same: ofPictures(() => layers.averagePooling2d({ poolSize: [2, 3], padding: 'same' })),
  },
  GlobalAveragePooling2D: { 'of pictures': ofPictures(() => layers.globalAveragePooling2d({})) },
  GlobalMaxPooling2D: { 'of pictures': ofPictures(() => layers.globalMaxPooling2d({})) },
  BatchNormalization: {
    'of rows': ofRows(() => layers.batchNormalization({ epsilon: 0.01 })),
    'of pictures': ofPictures(() => layers.batchNormalization({ momentum: 0.8 })),
    'that is frozen': ofPictures(() =>
      frozen(
        layers.batchNormalization({
          movingMeanInitializer: tf.initializers.constant({ value: 0.3 }),
          movingVarianceInitializer: tf.initializers.constant({ value: 0.5 }),
          gammaInitializer: tf.initializers.constant({ value: 1.5 }),
        }),
      ),
    ),
  },
  Dropout: {
    'that drops nothing': ofRows(() => layers.dropout({ rate: 0 })),
    'that drops a third': { ...ofRows(() => layers.dropout({ rate: 1 / 3 })), isRandom: true },
  },
  Flatten: { 'of pictures': ofPictures(() => layers.flatten(), dense) },
  Reshape: { 'of pictures': ofPictures(() => layers.reshape({ targetShape: [6, 5, 3] }), conv) },
  ZeroPadding2D: {
    'more on one side': ofPictures(() => layers.zeroPadding2d({ padding: [[1, 2], [0, 1]] }), conv),
  },
  Rescaling: {
    'by a factor': ofRows(() => layers.rescaling({ scale: 0.5 }), dense),
    'by a factor and an offset': ofRows(() => layers.rescaling({ scale: -2, offset: 0.3 }), dense),
  },
  Activation: { 'by its name': ofRows(() => layers.activation({ activation: 'sigmoid' })) },
  Softmax: { 'along the last axis': ofRows(() => layers.softmax()) },
  ReLU: { 'without end': ofRows(() => layers.reLU()), 'up to 6': ofRows(() => layers.rescaling({ scale: 12 }), () => layers.reLU({ maxValue: 6 })) },
  LeakyReLU: { 'with a slope of its own': ofRows(() => layers.leakyReLU({ alpha: 0.2 })) },
  ELU: { 'with alpha 1': ofRows(() => layers.elu()) },
  Add: {
    'of two': ofTwo((two) => layers.add().apply(two) as tf.SymbolicTensor),
    'of the same twice': ofTwo(([a, b]) => layers.add().apply([b, a, b]) as tf.SymbolicTensor),
  },
  Concatenate: {
    'along the last axis': ofTwo(([a, b]) => layers.concatenate().apply([b, a, b]) as tf.SymbolicTensor),
    'along the rows of pictures': {
      inputShape: [6, 7, 2],
      body: (x) => layers.concatenate({ axis: 1 }).apply([apply(conv(), x), apply(conv(), x)]) as tf.SymbolicTensor,
    },
  },
};

/** Normally distributed numbers; the same ones from the same seed. */
export function normal(random: Random, shape: readonly number[]): tf.Tensor {
  const size = shape.reduce((product, each) => product * each, 1);
  return tf.tensor(Float32Array.from({ length: size }, () => random.normal()), [...shape]);
}

/** The network of a case, with two linear outputs behind it, and examples for it. */
export function makeCase({ inputShape, body }: LayerCase, examples = 6): { model: tf.LayersModel; data: { x: tf.Tensor; y: tf.Tensor } } {
  const input = tf.input({ shape: [...inputShape] });
  let output = body(input);
  if (output.shape.length > 2) output = apply(layers.flatten(), output);
  const model = tf.model({ inputs: input, outputs: apply(layers.dense({ units: 2 }), output) });
  const random = new Random(examples);
  setRandomWeights(model, random);
  return { model, data: { x: normal(random, [examples, ...inputShape]), y: normal(random, [examples, 2]) } };
}

/** Weights of a usual size, biases too; those that are not learned stay. */
export function setRandomWeights(model: tf.LayersModel, random: Random): void {
  for (const weight of model.trainableWeights) {
    tf.tidy(() => void weight.write(tf.mul(normal(random, weight.shape as number[]), 0.5)));
  }
}
