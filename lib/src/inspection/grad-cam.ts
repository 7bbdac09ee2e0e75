import type { NdArray } from 'ndarray';
import { arrayOf, shapeText } from '../arrays';
import { tf } from '../tensorflow';
import type { Pictures } from '../tensorflow/values';
import { networkOf, pictureTensor, stepNamed, valueOf, type LayerStep, type Network } from './network';

export interface SaliencyOptions {
  /** The class that is asked for, counted from 0. Default: the one that the model takes the picture for. */
  classIndex?: number;
}

export interface GradCamOptions extends SaliencyOptions {
  /** The name of the layer whose feature maps are weighed. Default: the last convolution. */
  layer?: string;
}

/** Which pixels matter for a class. */
export interface Saliency {
  /** `[height, width]` of the picture, from 0 to 1, where 1 is the strongest; all 0 where nothing matters. */
  readonly map: NdArray<Float32Array>;
  readonly classIndex: number;
  /** What the model says for this class. */
  readonly probability: number;
}

export interface GradCam extends Saliency {
  /** The layer whose feature maps were weighed. */
  readonly layer: string;
}

/**
 * Shows where in a picture the model has found what speaks for a class (Grad-CAM): the feature maps of the last
 * convolution are added up, each weighed by how much the score of the class grows with it; what speaks against the
 * class is left out, and the map is brought to the size of the picture (bilinear).
 *
 * The score is the number before the softmax or sigmoid. A probability would not do: it also grows where another class
 * loses, and where it is close to 1 its gradient is close to 0, whatever the picture holds.
 *
 * Each feature map is weighed as a whole. A network that goes on with Flatten weighs each place by itself: there the map
 * is rougher, and it is 0 everywhere where no feature map speaks for the class as a whole. With global average pooling
 * it is exact.
 *
 * Source: R. Selvaraju and others, "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
 * Localization", 2017, equations 1 and 2, https://arxiv.org/abs/1610.02391.
 *
 * Memory: plain numbers, nothing to dispose; picture and model stay as they are.
 *
 * @param picture one picture as the model takes it (normalised), with or without a leading 1; array or tensor
 * @throws Error if the picture does not fit the model, there is no such class or layer, the layer has no feature maps,
 *   or the gradient is not finite
 *
 * ```ts
 * const { map, classIndex } = gradCam(model, picture);
 * gradCam(model, picture, { classIndex: 1 }).map   // where is what looks like a dog?
 * ```
 * Taught in 04_cats_and_dogs.
 */
export function gradCam(model: tf.LayersModel, picture: Pictures, options: GradCamOptions = {}): GradCam {
  const network = networkOf('gradCam', model);
  const target = options.layer === undefined ? lastConvolution(network) : stepNamed('gradCam', network, options.layer);
  if (target.shape.length !== 3) {
    throw new Error(
      `gradCam: the layer ${target.name} puts out ${shapeText(target.shape.map((size) => size ?? 'any'))}; ` +
        'expected a layer with feature maps, [height, width, channels], before Flatten or global pooling.',
    );
  }
  const found = weighed('gradCam', network, picture, options, target, (maps, gradient) => {
    const weights = gradient.mean([1, 2], true);
    return maps.mul(weights).sum(3, true).relu();
  });
  return { ...found, layer: target.name };
}

/**
 * Shows which pixels the score of a class hangs on: how much it would change with a small change of each pixel, up or
 * down; of a pixel with several channels, the largest counts.
 *
 * The score is the number before the softmax or sigmoid, as for {@link gradCam}. The map is finer than that of
 * Grad-CAM, and noisier.
 *
 * Source: K. Simonyan, A. Vedaldi, A. Zisserman, "Deep Inside Convolutional Networks", 2013, section 3.1,
 * https://arxiv.org/abs/1312.6034.
 *
 * Memory: plain numbers, nothing to dispose; picture and model stay as they are.
 *
 * @param picture one picture `[height, width, channels]` as the model takes it (normalised), with or without a leading
 *   1; array or tensor
 * @throws Error if the picture does not fit the model, there is no such class, or the gradient is not finite
 *
 * ```ts
 * const { map } = saliency(model, picture);   // [32, 32]
 * ```
 * Taught in 04_cats_and_dogs.
 */
export function saliency(model: tf.LayersModel, picture: Pictures, options: SaliencyOptions = {}): Saliency {
  const network = networkOf('saliency', model);
  if (network.input.shape.length !== 3) {
    throw new Error(
      `saliency: the model takes ${shapeText(network.input.shape.map((size) => size ?? 'any'))}; expected pictures, ` +
        '[height, width, channels].',
    );
  }
  return weighed('saliency', network, picture, options, network.input, (_, gradient) => gradient.abs().max(3, true));
}

/**
 * @param target the layer whose output the score is differentiated by
 * @param weigh makes one map `[1, height, width, 1]`, nowhere below 0, of the output and the gradient
 */
function weighed(
  caller: string,
  network: Network,
  picture: Pictures,
  { classIndex: asked }: SaliencyOptions,
  target: LayerStep,
  weigh: (output: tf.Tensor, gradient: tf.Tensor) => tf.Tensor,
): Saliency {
  const x = pictureTensor(caller, network, picture);
  try {
    let [classIndex, probability, shape] = [0, 0, [0, 0]];
    const map = tf.tidy(() => {
      const known = new Map([[network.input, x]]);
      const answers = [...valueOf(network.output, known).dataSync()];
      const output = known.get(target)!;
      // A single answer is the probability of class 1 of two.
      const isSingle = answers.length === 1;
      const probabilities = isSingle ? [1 - answers[0], answers[0]] : answers;
      classIndex = asked ?? probabilities.indexOf(Math.max(...probabilities));
      if (!(classIndex in probabilities)) {
        const why = asked === undefined ? 'no probability is a number: the training has diverged'
          : `classIndex is ${asked}; expected a whole number from 0 to ${probabilities.length - 1}`;
        throw new RangeError(`${caller}: ${why}.`);
      }
      probability = probabilities[classIndex];
      const score = (value: tf.Tensor): tf.Scalar => {
        const scores = scoresOf(network.output, new Map([[network.input, x], [target, value]])).flatten();
        if (isSingle) return scores.mul(classIndex === 1 ? 1 : -1).asScalar();
        return scores.slice([classIndex], [1]).asScalar();
      };
      const weights = weigh(output, tf.grad(score)(output)) as tf.Tensor4D;
      const [, height, width] = x.shape;
      shape = [height!, width!];
      const isSameSize = weights.shape[1] === height && weights.shape[2] === width;
      return isSameSize ? weights : tf.image.resizeBilinear(weights, [height!, width!], false, true);
    });
    const values = Float32Array.from(map.dataSync());
    map.dispose();
    return { map: arrayOf(toUnit(caller, values), shape), classIndex, probability };
  } finally {
    x.dispose();
  }
}

/** 1 is the largest. */
function toUnit(caller: string, values: Float32Array): Float32Array {
  const most = values.reduce((largest, value) => (value > largest || Number.isNaN(value) ? value : largest), 0);
  if (!Number.isFinite(most)) {
    throw new Error(`${caller}: the gradient is not finite. layerStatistics(model, x) says in which layer it begins.`);
  }
  return most > 0 ? values.map((value) => value / most) : values;
}

/** What the last layer computes before its softmax or sigmoid. */
function scoresOf(output: LayerStep, known: Map<LayerStep, tf.Tensor>): tf.Tensor {
  const { layer, from } = output;
  const type = layer.getClassName();
  const { activation } = layer as { activation?: { getClassName(): string } };
  const isSquashed = ['softmax', 'sigmoid'].includes(activation?.getClassName() ?? '');
  if (type === 'Softmax' || (type === 'Activation' && isSquashed)) return valueOf(from[0], known);
  if (!isSquashed) return valueOf(output, known);
  // The same layer with the same weights, but for its activation function; the layer itself stays as it is.
  const linear = Object.create(layer, { activation: { value: LINEAR } }) as tf.layers.Layer;
  return linear.call(valueOf(from[0], known), {}) as tf.Tensor;
}

/** What TensorFlow.js calls the activation function that changes nothing. */
const LINEAR = { getClassName: () => 'linear', apply: (x: tf.Tensor): tf.Tensor => x };

function lastConvolution({ steps }: Network): LayerStep {
  const last = [...steps].reverse().find(({ layer, shape }) => /Conv/.test(layer.getClassName()) && shape.length === 3);
  if (last) return last;
  throw new Error('gradCam: the model has no convolution; expected one with feature maps, such as tf.layers.conv2d.');
}
