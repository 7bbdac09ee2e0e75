import type { NdArray } from 'ndarray';
import { arrayOf, packedValues, shapeText, type Numbers } from '../arrays';

/** How a kernel slides over a picture. */
export interface ConvolutionOptions {
  /** How many pixels further the next window begins: one number, or `[down, across]`. Default 1. */
  strides?: number | readonly [down: number, across: number];
  /**
   * `valid`: the window stays within the picture; `same`: zeros are put around, so that with strides of 1 the feature
   * map is as large as the picture. Default `valid`.
   */
  padding?: 'valid' | 'same';
  /** Added to each sum. Default 0. */
  bias?: number;
}

/** How one number of a feature map comes about. */
export interface ConvolutionStep {
  /** Where in the feature map, `[row, column]`. */
  readonly at: readonly [row: number, column: number];
  /** The `[top, left]` pixel of the window; below 0 where it begins in the padding. */
  readonly from: readonly [top: number, left: number];
  /** The pixels in the window, of the kernel's shape; zeros stand in the padding. */
  readonly window: NdArray<Float32Array>;
  readonly kernel: NdArray<Float32Array>;
  /** Each pixel times the weight on it. */
  readonly products: NdArray<Float32Array>;
  /** Of all products. */
  readonly sum: number;
  readonly bias: number;
  /** The number of the feature map: sum + bias. */
  readonly result: number;
  /** The `[height, width]` of the feature map. */
  readonly mapShape: readonly [height: number, width: number];
}

/** A picture and a kernel with channels, and where the windows lie. */
interface Sliding {
  readonly pixels: Numbers;
  readonly weights: Numbers;
  readonly picture: readonly [height: number, width: number, channels: number];
  readonly kernel: readonly [height: number, width: number];
  readonly strides: readonly [down: number, across: number];
  /** Zeros above and to the left of the picture. */
  readonly padding: readonly [top: number, left: number];
  readonly mapShape: readonly [height: number, width: number];
  readonly bias: number;
}

/**
 * Computes one number of a feature map by hand: the window, the products, the sum.
 *
 * (Strictly this is a cross-correlation: the kernel is not turned round. It is what all libraries call convolution.)
 *
 * @param picture `[height, width]`, or `[height, width, channels]`; real pixels or the output of a layer
 * @param kernel one filter, `[height, width]` or `[height, width, channels]`
 * @param at row and column in the feature map
 * @returns plain numbers, in new memory; nothing to dispose
 * @throws Error if picture and kernel do not fit together, or the place is not in the feature map
 *
 * ```ts
 * const picture = ndarray(Float32Array.of(1, 2, 3, 4), [2, 2]);
 * convolutionStep(picture, ndarray(Float32Array.of(1, 0, 0, -1), [2, 2]), [0, 0]).result   // 1 × 1 − 4 × 1 = −3
 * ```
 * Taught in 03_fashion_mnist_cnn.
 */
export function convolutionStep(
  picture: NdArray<Numbers>,
  kernel: NdArray<Numbers>,
  at: readonly [row: number, column: number],
  options: ConvolutionOptions = {},
): ConvolutionStep {
  const sliding = slidingOf('convolutionStep', picture, kernel, options);
  const { pixels, weights, strides, padding, mapShape, bias } = sliding;
  if (!at.every((place, axis) => Number.isInteger(place) && place >= 0 && place < mapShape[axis])) {
    throw new RangeError(
      `convolutionStep: got the place ${shapeText(at)}; expected row and column in the feature map of ` +
        `${mapShape.join(' × ')}, counted from 0.`,
    );
  }
  const window = new Float32Array(weights.length);
  const products = new Float32Array(weights.length);
  let sum = 0;
  const from = [at[0] * strides[0] - padding[0], at[1] * strides[1] - padding[1]] as const;
  forEachWeight(sliding, from, (weight, pixel) => {
    window[weight] = pixels[pixel];
    products[weight] = pixels[pixel] * weights[weight];
    sum += pixels[pixel] * weights[weight];
  });
  const shape = [...kernel.shape];
  return {
    at, from, window: arrayOf(window, shape), kernel: arrayOf(Float32Array.from(weights), shape),
    products: arrayOf(products, shape), sum, bias, result: sum + bias, mapShape,
  };
}

/**
 * Convolves a picture with one kernel by plain loops: at each place the window times the kernel, added up.
 *
 * What each number is made of, {@link convolutionStep} says. A layer has several kernels and an activation function
 * after the sum.
 *
 * @param picture `[height, width]`, or `[height, width, channels]`
 * @param kernel one filter, `[height, width]` or `[height, width, channels]`; of a layer's kernel, filter 5 is
 *   `kernel.pick(null, null, null, 5)`
 * @returns the feature map `[height, width]`, new memory
 * @throws Error if picture and kernel do not fit together
 *
 * ```ts
 * const edges = convolve(picture, ndarray(Float32Array.of(-1, 0, 1, -1, 0, 1, -1, 0, 1), [3, 3]));
 * edges.shape   // [26, 26] of [28, 28]
 * ```
 * Taught in 03_fashion_mnist_cnn.
 */
export function convolve(
  picture: NdArray<Numbers>, kernel: NdArray<Numbers>, options: ConvolutionOptions = {},
): NdArray<Float32Array> {
  const sliding = slidingOf('convolve', picture, kernel, options);
  const { pixels, weights, strides, padding, mapShape: [height, width], bias } = sliding;
  const map = new Float32Array(height * width);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      let sum = 0;
      forEachWeight(sliding, [row * strides[0] - padding[0], column * strides[1] - padding[1]],
        (weight, pixel) => (sum += pixels[pixel] * weights[weight]));
      map[row * width + column] = sum + bias;
    }
  }
  return arrayOf(map, [height, width]);
}

/** Each place of the kernel with the pixel below it; what lies in the padding is left out. */
function forEachWeight(
  { picture: [height, width, channels], kernel }: Sliding,
  [top, left]: readonly [number, number],
  work: (weight: number, pixel: number) => void,
): void {
  for (let i = 0; i < kernel[0]; i++) {
    for (let j = 0; j < kernel[1]; j++) {
      const [y, x] = [top + i, left + j];
      if (y < 0 || y >= height || x < 0 || x >= width) continue;
      for (let channel = 0; channel < channels; channel++) {
        work((i * kernel[1] + j) * channels + channel, (y * width + x) * channels + channel);
      }
    }
  }
}

function slidingOf(
  caller: string,
  picture: NdArray<Numbers>,
  kernel: NdArray<Numbers>,
  { strides = 1, padding = 'valid', bias = 0 }: ConvolutionOptions,
): Sliding {
  const shapes = `a picture of shape ${shapeText(picture.shape)} and a kernel of shape ${shapeText(kernel.shape)}`;
  const [height, width, channels = 1] = picture.shape;
  const [kernelHeight, kernelWidth, kernelChannels = 1] = kernel.shape;
  if ([picture, kernel].some(({ dimension }) => dimension < 2 || dimension > 3) || channels !== kernelChannels) {
    throw new RangeError(
      `${caller}: got ${shapes}; expected [height, width] or [height, width, channels] for both, with as many ` +
        'channels. Of [height, width, channels, filters], filter 0 is kernel.pick(null, null, null, 0).',
    );
  }
  const steps = typeof strides === 'number' ? [strides, strides] as const : strides;
  if (!steps.every((step) => Number.isInteger(step) && step >= 1)) {
    throw new RangeError(`${caller}: strides are ${shapeText(steps)}; expected whole numbers of at least 1.`);
  }
  if (padding !== 'valid' && padding !== 'same') {
    throw new RangeError(`${caller}: padding is ${JSON.stringify(padding)}; expected 'valid' or 'same'.`);
  }
  const sides = ([[height, kernelHeight, steps[0]], [width, kernelWidth, steps[1]]] as const)
    .map(([side, length, step]) => {
      if (padding === 'valid') return { places: Math.floor((side - length) / step) + 1, before: 0 };
      // As TensorFlow does it: where the number of zeros is odd, one more behind than in front.
      const places = Math.ceil(side / step);
      return { places, before: Math.floor(Math.max(0, (places - 1) * step + length - side) / 2) };
    });
  if (sides.some(({ places }) => places < 1)) {
    throw new RangeError(`${caller}: got ${shapes}; the kernel is larger than the picture. Try padding: 'same'.`);
  }
  return {
    pixels: packedValues(picture), weights: packedValues(kernel), picture: [height, width, channels],
    kernel: [kernelHeight, kernelWidth], strides: steps, padding: [sides[0].before, sides[1].before],
    mapShape: [sides[0].places, sides[1].places], bias,
  };
}
