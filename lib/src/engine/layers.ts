import type { tf } from '../tensorflow';
import { activations, leakyRelu } from './activations';
import { CannotCompile } from './cannot-compile';
import {
  add, addBias, averagePool, concatenate, convolve, convolveDepthwise, drop, globalMax, globalMean, matMul, maxPool,
  normalise, pad, rescale, reshape, type Window,
} from './operations';
import type { Tape } from './tape';
import { sizeOfOne, type Value } from './values';

/** A layer's own settings, as `layer.getConfig()` has them. */
export type LayerConfig = Readonly<Record<string, unknown>>;

/** One way of pictures through a network, for training or for answers. Layers write their operations into it. */
export interface Pass {
  readonly tape: Tape;
  /** Dropout drops, and batch normalisation goes by the batch. */
  readonly isTraining: boolean;
  /** A weight of a layer by its name, such as `kernel`; undefined if the layer has none of this name. */
  weight(layer: tf.layers.Layer, name: string): Value | undefined;
  /** Whether a layer was frozen: then batch normalisation also keeps its means, and goes by them, as in Keras. */
  isFrozen(layer: tf.layers.Layer): boolean;
  /** Two integers that are others in each step and for each call. */
  seed(): Value;
  /** After the step a weight that is not learned moves to `target` by a part of the way. */
  move(layer: tf.layers.Layer, name: string, target: Value, part: number): void;
}

/** The weight of a layer by its name: `dense_1/kernel` is the `kernel`. */
export const weightNamed = (layer: tf.layers.Layer, name: string): tf.LayerVariable | undefined =>
  layer.weights.find(({ originalName }) => originalName.split('/').at(-1) === name);

interface LayerInPass {
  readonly layer: tf.layers.Layer;
  readonly config: LayerConfig;
  readonly inputs: readonly Value[];
  readonly pass: Pass;
  /** The pass's tape, which all operations are written to. */
  readonly t: Tape;
}

/** Writes what a layer does with its inputs. */
export type LayerRule = (layer: LayerInPass) => Value;

export const REQUIRED = (layer: tf.layers.Layer, setting: string): CannotCompile =>
  new CannotCompile(`the ${setting} of the layer ${layer.name} (${layer.getClassName()})`);

function weightOf({ layer, pass }: LayerInPass, name: string): Value {
  const weight = pass.weight(layer, name);
  if (!weight) throw REQUIRED(layer, `missing weight ${name}`);
  return weight;
}

function withBias(at: LayerInPass, x: Value): Value {
  const bias = at.pass.weight(at.layer, 'bias');
  return bias ? addBias(at.t, x, bias) : x;
}

function activated({ layer, t }: LayerInPass, x: Value, name: unknown = 'linear'): Value {
  const known = typeof name === 'string' && Object.hasOwn(activations, name);
  if (!known) throw REQUIRED(layer, `activation ${String(name)}`);
  return activations[name](t, x);
}

/** @throws CannotCompile for pictures as `[channels, height, width]`, which TensorFlow's operations do not take on a CPU */
function wantChannelsLast({ layer, config }: LayerInPass): void {
  if (config.dataFormat === 'channelsFirst') throw REQUIRED(layer, "dataFormat 'channelsFirst'");
}

/** A window that slides over pictures, with settings that TensorFlow's operations have on a CPU. */
function windowOf(at: LayerInPass, sizes: 'kernelSize' | 'poolSize'): Window {
  const { layer, config } = at;
  const pair = (value: unknown): [number, number] => (Array.isArray(value) ? [value[0], value[1]] : [Number(value), Number(value)]);
  wantChannelsLast(at);
  if (config.dilationRate !== undefined && pair(config.dilationRate).some((rate) => rate !== 1)) {
    throw REQUIRED(layer, 'dilationRate');
  }
  const [size, strides] = [pair(config[sizes]), pair(config.strides)];
  if (config.padding !== 'same' && config.padding !== 'valid') throw REQUIRED(layer, `padding '${String(config.padding)}'`);
  return { size, strides, padding: config.padding };
}

const ONE_BY_ONE: Window = { size: [1, 1], strides: [1, 1], padding: 'valid' };

/**
 * The layers that are compiled, by the names of tfjs's classes. To add one, write here what it does with its inputs by
 * the operations of `operations.ts`; gradients follow from them.
 */
export const layers: Readonly<Record<string, LayerRule>> = {
  Dense: (at) => {
    const { t, inputs: [x], config } = at;
    const kernel = weightOf(at, 'kernel');
    // More than one axis before the last: each row of it is an example to the product.
    const rows = x.shape.length === 2 ? x : reshape(t, x, [-1, kernel.shape[0]]);
    const y = withBias(at, matMul(t, rows, kernel));
    return activated(at, rows === x ? y : reshape(t, y, [...x.shape.slice(0, -1), kernel.shape[1]]), config.activation);
  },

  Conv2D: (at) => {
    const y = convolve(at.t, at.inputs[0], weightOf(at, 'kernel'), windowOf(at, 'kernelSize'));
    return activated(at, withBias(at, y), at.config.activation);
  },

  DepthwiseConv2D: (at) => {
    const window = windowOf(at, 'kernelSize');
    if (window.strides[0] !== window.strides[1]) throw REQUIRED(at.layer, 'strides that differ');
    const y = convolveDepthwise(at.t, at.inputs[0], weightOf(at, 'depthwise_kernel'), window);
    return activated(at, withBias(at, y), at.config.activation);
  },

  /** Each channel by itself, then all channels of each place. */
  SeparableConv2D: (at) => {
    const window = windowOf(at, 'kernelSize');
    if (window.strides[0] !== window.strides[1]) throw REQUIRED(at.layer, 'strides that differ');
    const y = convolveDepthwise(at.t, at.inputs[0], weightOf(at, 'depthwise_kernel'), window);
    const mixed = convolve(at.t, y, weightOf(at, 'pointwise_kernel'), ONE_BY_ONE);
    return activated(at, withBias(at, mixed), at.config.activation);
  },

  MaxPooling2D: (at) => maxPool(at.t, at.inputs[0], windowOf(at, 'poolSize')),
  AveragePooling2D: (at) => averagePool(at.t, at.inputs[0], windowOf(at, 'poolSize')),
  GlobalAveragePooling2D: (at) => {
    wantChannelsLast(at);
    return globalMean(at.t, at.inputs[0]);
  },
  GlobalMaxPooling2D: (at) => {
    wantChannelsLast(at);
    return globalMax(at.t, at.inputs[0]);
  },

  BatchNormalization: (at) => {
    const { t, inputs: [x], layer, config, pass } = at;
    const axis = Number(config.axis);
    const isLast = axis === -1 || axis === x.shape.length - 1;
    if (!isLast || (x.shape.length !== 2 && x.shape.length !== 4)) throw REQUIRED(layer, `axis ${axis} of ${x.shape.length}`);
    const channels = x.shape[x.shape.length - 1];
    const scale = pass.weight(layer, 'gamma') ?? t.vector(channels, 1);
    const offset = pass.weight(layer, 'beta') ?? t.vector(channels, 0);
    const settings = { scale, offset, epsilon: Number(config.epsilon) };
    if (!pass.isTraining || pass.isFrozen(layer)) {
      const moments = { mean: weightOf(at, 'moving_mean'), variance: weightOf(at, 'moving_variance') };
      return normalise(t, x, settings, moments).output;
    }
    const { output, moments } = normalise(t, x, settings);
    const part = 1 - Number(config.momentum);
    pass.move(layer, 'moving_mean', moments.mean, part);
    pass.move(layer, 'moving_variance', moments.variance, part);
    return output;
  },

  Dropout: ({ t, inputs: [x], layer, config, pass }) => {
    if (config.noiseShape) throw REQUIRED(layer, 'noiseShape');
    const rate = Number(config.rate);
    // As tfjs does, which lets everything through at the rate 1.
    return pass.isTraining && rate > 0 && rate < 1 ? drop(t, x, rate, pass.seed()) : x;
  },

  Flatten: (at) => {
    wantChannelsLast(at);
    return reshape(at.t, at.inputs[0], [-1, sizeOfOne(at.inputs[0].shape)]);
  },
  Reshape: ({ t, inputs: [x], layer }) => reshape(t, x, (layer.outputShape as (number | null)[]).map((size) => size ?? -1)),
  ZeroPadding2D: (at) => {
    wantChannelsLast(at);
    return pad(at.t, at.inputs[0], at.config.padding as [number, number][]);
  },

  Rescaling: ({ t, inputs: [x], config }) => rescale(t, x, Number(config.scale), Number(config.offset)),
  Activation: (at) => activated(at, at.inputs[0], at.config.activation),
  Softmax: (at) => {
    const axis = Number(at.config.axis ?? -1);
    if (axis !== -1 && axis !== at.inputs[0].shape.length - 1) throw REQUIRED(at.layer, `axis ${axis}`);
    return activated(at, at.inputs[0], 'softmax');
  },
  ReLU: (at) => {
    const { maxValue } = at.config;
    if (maxValue !== undefined && maxValue !== null && maxValue !== 6) throw REQUIRED(at.layer, `maxValue ${String(maxValue)}`);
    return activated(at, at.inputs[0], maxValue === 6 ? 'relu6' : 'relu');
  },
  LeakyReLU: ({ t, inputs: [x], config }) => leakyRelu(t, x, Number(config.alpha)),
  // tfjs has no other alpha than 1.
  ELU: (at) => activated(at, at.inputs[0], 'elu'),

  Add: ({ t, inputs, layer }) => {
    if (inputs.some(({ shape }) => `${shape}` !== `${inputs[0].shape}`)) throw REQUIRED(layer, 'inputs of several shapes');
    return add(t, inputs);
  },
  Concatenate: ({ t, inputs, config }) => {
    const axis = Number(config.axis ?? -1);
    return concatenate(t, inputs, axis < 0 ? axis + inputs[0].shape.length : axis);
  },
};
