import { attribute, type Attribute } from '../tensorflow/graph';
import { sizeOfOne, type Shape, type Value } from './values';
import type { Path, Tape } from './tape';

/**
 * What layers are made of: operations that know their own derivative. Each writes its forward operation, and records
 * for each input the rule that takes the gradient of the output back to it. Pictures are `[batch, height, width,
 * channels]`.
 *
 * Gradients use what the forward operation gave rather than what it was given wherever they can: TensorFlow may then
 * fuse a convolution with its bias and its ReLU, and need not keep what lies between.
 */

const float = { T: attribute.type('float32') };

/**
 * From this many columns on, the transposed kernel is taken by the product for batches, which reads it as it lies:
 * with 512 columns in half of the time. Below, the plain one is faster, which costs less to begin.
 */
const MANY_UNITS = 300;

/** Rows times columns: `[batch, n]` by `[n, units]`. */
export function matMul(t: Tape, x: Value, kernel: Value): Value {
  const product = (a: Value, b: Value, shape: Shape, transposed?: 'a' | 'b'): Value =>
    t.operation('MatMul', [a, b], { shape }, {
      ...float,
      transpose_a: attribute.bool(transposed === 'a'),
      transpose_b: attribute.bool(transposed === 'b'),
    });
  const byKernel = (gradient: Value): Value => {
    if (kernel.shape[1] < MANY_UNITS) return product(gradient, kernel, x.shape, 'b');
    const attributes = { ...float, adj_x: attribute.bool(false), adj_y: attribute.bool(true) };
    return t.operation('BatchMatMulV2', [gradient, kernel], x, attributes);
  };
  return t.record(product(x, kernel, [x.shape[0], kernel.shape[1]]), [
    [x, byKernel],
    [kernel, (gradient) => product(x, gradient, kernel.shape, 'a')],
  ]);
}

/**
 * A number for each channel (the last axis), added to all of it.
 *
 * The gradient of a picture is summed up as rows of channels. As a picture, TensorFlow would fuse the sum with the
 * gradient of the convolution's kernel into one operation, which takes half as long again as that gradient alone.
 */
export function addBias(t: Tape, x: Value, bias: Value): Value {
  const attributes = { ...float, data_format: attribute.string('NHWC') };
  const rows = (gradient: Value): Value => (x.shape.length === 2 ? gradient : t.reshape(gradient, [-1, bias.shape[0]]));
  return t.record(t.operation('BiasAdd', [x, bias], x, attributes), [
    [x, (gradient) => gradient],
    [bias, (gradient) => t.operation('BiasAddGrad', [rows(gradient)], bias, attributes)],
  ]);
}

export interface Window {
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly padding: 'valid' | 'same';
}

/** How many places a window has along an axis. */
const places = (size: number, window: number, stride: number, padding: Window['padding']): number =>
  Math.ceil((padding === 'same' ? size : size - window + 1) / stride);

function windowed([batch, height, width]: Shape, { size, strides, padding }: Window, channels: number): Shape {
  return [batch, places(height, size[0], strides[0], padding), places(width, size[1], strides[1], padding), channels];
}

const sliding = ({ strides, padding }: Window): Record<string, Attribute> => ({
  ...float,
  strides: attribute.ints([1, ...strides, 1]),
  padding: attribute.string(padding.toUpperCase()),
  data_format: attribute.string('NHWC'),
});

/** @param kernel `[height, width, channels, filters]` */
export function convolve(t: Tape, x: Value, kernel: Value, window: Window): Value {
  const attributes = sliding(window);
  return t.record(t.operation('Conv2D', [x, kernel], { shape: windowed(x.shape, window, kernel.shape[3]) }, attributes), [
    [x, (gradient) => t.operation('Conv2DBackpropInput', [t.shapeOf(x), kernel, gradient], x, attributes)],
    [
      kernel,
      (gradient) => t.operation('Conv2DBackpropFilter', [x, t.integers(...kernel.shape), gradient], kernel, attributes),
    ],
  ]);
}

/** A convolution of each channel by itself. @param kernel `[height, width, channels, multiplier]` */
export function convolveDepthwise(t: Tape, x: Value, kernel: Value, window: Window): Value {
  const attributes = sliding(window);
  const shape = windowed(x.shape, window, kernel.shape[2] * kernel.shape[3]);
  return t.record(t.operation('DepthwiseConv2dNative', [x, kernel], { shape }, attributes), [
    [x, (gradient) => t.operation('DepthwiseConv2dNativeBackpropInput', [t.shapeOf(x), kernel, gradient], x, attributes)],
    [
      kernel,
      (gradient) =>
        t.operation('DepthwiseConv2dNativeBackpropFilter', [x, t.integers(...kernel.shape), gradient], kernel, attributes),
    ],
  ]);
}

/**
 * The largest number of each window.
 *
 * Behind a ReLU the gradient passes where the largest number is above 0, which the pooled picture shows as well as the
 * whole one, and is a part of its size.
 */
export function maxPool(t: Tape, x: Value, window: Window): Value {
  const attributes = { ...sliding(window), ksize: attribute.ints([1, ...window.size, 1]) };
  const pooled = t.operation('MaxPool', [x], { shape: windowed(x.shape, window, x.shape[3]) }, attributes);
  const back = (gradient: Value): Value => t.operation('MaxPoolGrad', [x, pooled, gradient], x, attributes);
  const { rectified } = x;
  if (!rectified) return t.record(pooled, [[x, back]]);
  return t.record(pooled, [[rectified, (gradient) => back(t.operation('ReluGrad', [gradient, pooled], pooled, float))]]);
}

export function averagePool(t: Tape, x: Value, window: Window): Value {
  const attributes = { ...sliding(window), ksize: attribute.ints([1, ...window.size, 1]) };
  const pooled = t.operation('AvgPool', [x], { shape: windowed(x.shape, window, x.shape[3]) }, attributes);
  return t.record(pooled, [[x, (gradient) => t.operation('AvgPoolGrad', [t.shapeOf(x), gradient], x, attributes)]]);
}

/** The mean of each channel over the whole picture: `[batch, channels]`. */
export function globalMean(t: Tape, x: Value): Value {
  const [batch, height, width, channels] = x.shape;
  return t.record(t.mean(x, [1, 2]), [
    [
      x,
      (gradient) => {
        const share = t.multiply(t.reshape(gradient, [batch, 1, 1, channels]), t.number(1 / (height * width)));
        return t.broadcastLike(share, x);
      },
    ],
  ]);
}

/** The largest number of each channel: `[batch, channels]`. Where several are largest, each gets the gradient. */
export function globalMax(t: Tape, x: Value): Value {
  const [batch, , , channels] = x.shape;
  const largest = t.max(x, [1, 2], true);
  return t.record(t.reshape(largest, [batch, channels]), [
    [
      x,
      (gradient) => t.multiply(t.indicator(t.equal(x, largest)), t.reshape(gradient, [batch, 1, 1, channels])),
    ],
  ]);
}

export function reshape(t: Tape, x: Value, shape: Shape): Value {
  return t.record(t.reshape(x, shape), [[x, (gradient) => t.reshape(gradient, x.shape)]]);
}

export function add(t: Tape, inputs: readonly Value[]): Value {
  if (inputs.length === 1) return inputs[0];
  return t.record(t.sumOf(inputs), inputs.map((input): Path => [input, (gradient) => gradient]));
}

/** Behind each other along an axis. */
export function concatenate(t: Tape, inputs: readonly Value[], axis: number): Value {
  const shape = [...inputs[0].shape];
  shape[axis] = inputs.reduce((sum, { shape }) => sum + shape[axis], 0);
  const joined = t.operation('ConcatV2', [...inputs, t.integer(axis)], { shape }, {
    ...float,
    N: attribute.int(inputs.length),
    Tidx: attribute.type('int32'),
  });
  let start = 0;
  return t.record(
    joined,
    inputs.map((input): Path => {
      const begin = shape.map((_, i) => (i === axis ? start : 0));
      const size = input.shape.map((size, i) => (i === axis ? size : -1));
      start += input.shape[axis];
      return [input, (gradient) => t.slice(gradient, t.integers(...begin), t.integers(...size), input.shape)];
    }),
  );
}

/** Zeros around a picture: rows above and below, columns left and right. */
export function pad(t: Tape, x: Value, [[top, bottom], [left, right]]: readonly (readonly [number, number])[]): Value {
  const [batch, height, width, channels] = x.shape;
  const paddings = t.reshape(t.integers(0, 0, top, bottom, left, right, 0, 0), [4, 2]);
  const padded = t.operation('Pad', [x, paddings], { shape: [batch, height + top + bottom, width + left + right, channels] }, {
    ...float,
    Tpaddings: attribute.type('int32'),
  });
  return t.record(padded, [
    [x, (gradient) => t.slice(gradient, t.integers(0, top, left, 0), t.integers(-1, height, width, -1), x.shape)],
  ]);
}

/** `x * scale + offset`, with two plain numbers. */
export function rescale(t: Tape, x: Value, scale: number, offset: number): Value {
  const factor = t.number(scale);
  const scaled = t.multiply(x, factor);
  return t.record(offset === 0 ? scaled : t.add(scaled, t.number(offset)), [
    [x, (gradient) => t.multiply(gradient, factor)],
  ]);
}

/**
 * Drops a part of the numbers and makes the others larger for it, so that their mean stays.
 *
 * Random bits are what costs here, and 16 of them decide well enough: two numbers share one random integer.
 *
 * @param seed two integers: other ones, other numbers are dropped
 */
export function drop(t: Tape, x: Value, rate: number, seed: Value): Value {
  const each = sizeOfOne(x.shape);
  const integers = Math.ceil(each / 2);
  const batch = t.slice(t.shapeOf(x), t.integers(0), t.integers(1), [1]);
  const sizes = t.operation('ConcatV2', [batch, t.integers(integers), t.integer(0)], { shape: [2], type: 'int32' }, {
    T: attribute.type('int32'),
    N: attribute.int(2),
    Tidx: attribute.type('int32'),
  });
  const random = t.operation('StatelessRandomUniformFullInt', [sizes, seed], { shape: [-1, integers], type: 'int32' }, {
    dtype: attribute.type('int32'),
    T: attribute.type('int32'),
    Tseed: attribute.type('int32'),
  });
  const halves = t.reshape(
    t.operation('Bitcast', [random], { shape: [-1, integers, 2], type: 'uint16' }, {
      T: attribute.type('int32'),
      type: attribute.type('uint16'),
    }),
    [-1, 2 * integers],
  );
  const needed = each % 2 === 0 ? halves : t.slice(halves, t.integers(0, 0), t.integers(-1, each), [-1, each]);
  const limit = t.cast(t.integer(Math.min(0xffff, Math.round(rate * 0x1_0000))), 'uint16');
  const kept = t.multiply(t.indicator(t.atLeast(t.reshape(needed, x.shape), limit)), t.number(1 / (1 - rate)));
  return t.record(t.multiply(x, kept), [[x, (gradient) => t.multiply(gradient, kept)]]);
}

export interface Moments {
  readonly mean: Value;
  readonly variance: Value;
}

/**
 * Batch normalisation: each channel gets mean 0 and deviation 1, then `scale` and `offset`. (Ioffe and Szegedy 2015,
 * https://arxiv.org/abs/1502.03167)
 *
 * @param moments what to normalise by; without them that of the batch itself, as while training
 * @returns the result, and the moments that were used; the variance divides by the count, not by one less
 */
export function normalise(
  t: Tape,
  x: Value,
  { scale, offset, epsilon }: { scale: Value; offset: Value; epsilon: number },
  moments?: Moments,
): { output: Value; moments: Moments } {
  const attributes = {
    ...float,
    U: attribute.type('float32'),
    epsilon: attribute.float(epsilon),
    data_format: attribute.string('NHWC'),
    is_training: attribute.bool(!moments),
  };
  const channels = scale.shape;
  const asPictures = (value: Value): Value =>
    value.shape.length === 4 ? value : t.reshape(value, [-1, 1, 1, channels[0]]);
  const pictures = asPictures(x);
  const { mean, variance } = moments ?? { mean: t.vector(0, 0), variance: t.vector(0, 0) };
  const normalised = t.operation(
    'FusedBatchNormV3',
    [pictures, scale, offset, mean, variance],
    pictures,
    { ...attributes, exponential_avg_factor: attribute.float(1) },
  );
  const saved = [3, 4, 5].map((index) => t.output(normalised, index, channels));
  let derivative: Value | undefined;
  const gradientOf = (gradient: Value): Value =>
    (derivative ??= t.operation('FusedBatchNormGradV3', [asPictures(gradient), pictures, scale, ...saved], pictures, attributes));
  const restored = pictures === x ? normalised : t.reshape(normalised, x.shape);
  const output = t.record(restored, [
    [x, (gradient) => (pictures === x ? gradientOf(gradient) : t.reshape(gradientOf(gradient), x.shape))],
    [scale, (gradient) => t.output(gradientOf(gradient), 1, channels)],
    [offset, (gradient) => t.output(gradientOf(gradient), 2, channels)],
  ]);
  if (moments) return { output, moments };
  // The operation divides the squares by one less than their count.
  const count = t.divide(t.cast(t.countOf(x), 'float32'), t.number(channels[0]));
  const correction = t.divide(t.subtract(count, t.number(1)), count);
  return {
    output,
    moments: {
      mean: t.output(normalised, 1, channels),
      variance: t.multiply(t.output(normalised, 2, channels), correction),
    },
  };
}

/** The mean over all examples (and places) of a batch: one number. */
export function meanOfAll(t: Tape, x: Value): Value {
  const axes = x.shape.map((_, axis) => axis);
  return t.record(t.mean(x, axes), [
    [x, (gradient) => t.broadcastLike(t.divide(gradient, t.cast(t.countOf(x), 'float32')), x)],
  ]);
}

/** Each number times a factor that is not learned. */
export function weigh(t: Tape, x: Value, factors: Value): Value {
  return t.record(t.multiply(x, factors), [[x, (gradient) => t.multiply(gradient, factors)]]);
}

/** What weights cost by themselves: `l1` times the sum of their sizes, plus `l2` times the sum of their squares. */
export function penalty(t: Tape, weight: Value, { l1, l2 }: { l1: number; l2: number }): Value {
  const axes = weight.shape.map((_, axis) => axis);
  const sizes = t.multiply(t.sum(t.map('Abs', weight), axes), t.number(l1));
  const squares = t.multiply(t.sum(t.map('Square', weight), axes), t.number(l2));
  return t.record(t.add(sizes, squares), [
    [
      weight,
      (gradient) => {
        // tfjs takes the slope of |w| at 0 as -1, and biases begin there.
        const sign = t.subtract(t.multiply(t.indicator(t.greater(weight, t.number(0))), t.number(2)), t.number(1));
        const slope = t.add(t.multiply(sign, t.number(l1)), t.multiply(weight, t.number(2 * l2)));
        return t.multiply(slope, gradient);
      },
    ],
  ]);
}
