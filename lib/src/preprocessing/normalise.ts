import type { NdArray } from 'ndarray';
import { arrayOf, packedValues, shapeText, type Numbers } from '../arrays';

/** How bright the pixels of each channel are and how much they vary, in the units of the pixels: 0..255. */
export interface ChannelStatistics {
  /** One number a channel: one for grey, three for colour. */
  readonly mean: readonly number[];
  /** The standard deviation of each channel: the root of the mean squared distance from the mean. */
  readonly deviation: readonly number[];
}

/** The pixels are scaled to a range, or each channel to mean 0 and deviation 1. */
export type NormaliseOptions = { readonly range: readonly [low: number, high: number] } | ChannelStatistics;

/**
 * Scales pixels to small numbers of one size, because a network learns best from those. Three ways are common:
 *
 * - `normalise(images)`: to 0..1;
 * - `normalise(images, { range: [-1, 1] })`: to any other range;
 * - `normalise(images, statistics)`: each channel to mean 0 and standard deviation 1, (pixel - mean) / deviation. The
 *   {@link channelStatistics} of the **training** images are used for validation and test images as well: those stand
 *   for pictures that nobody has seen yet.
 *
 * `images`: uint8, any shape; with statistics of more than one channel `[n, height, width, channels]`. Returns a new
 * float32 array of the same shape (four times the memory); `images` stays as it is.
 *
 * Refuses any other type: pixels that are float already have most likely been normalised before.
 *
 * ```ts
 * normalise(mnist.train.images).get(0, 14, 14)   // 0.9450..., where the image has 241
 *
 * const statistics = channelStatistics(train.images);
 * const xTrain = normalise(train.images, statistics);
 * const xTest = normalise(test.images, statistics);
 * ```
 *
 * Taught in 01_mnist_mlp, the statistics in 04_cats_and_dogs.
 */
export function normalise(
  images: NdArray<Uint8Array> | NdArray<Uint8ClampedArray>, options: NormaliseOptions = { range: [0, 1] },
): NdArray<Float32Array> {
  const pixels = bytesOf('normalise', images);
  const tables = 'range' in options ? [rangeTable(options.range)] : statisticsTables(options, images.shape);
  const scaled = new Float32Array(pixels.length);
  if (tables.length === 1) lookUp(tables[0], pixels, scaled);
  else {
    tables.forEach((table, channel) => {
      for (let i = channel; i < pixels.length; i += tables.length) scaled[i] = table[pixels[i]];
    });
  }
  return arrayOf(scaled, [...images.shape]);
}

/**
 * Mean and standard deviation of each channel over all pixels of all images, for {@link normalise}.
 *
 * `images`: uint8, `[n, height, width, channels]`, or any other shape as one channel (grey). Exact: the pixels are
 * counted by value.
 *
 * (PyTorch states these numbers for pixels in 0..1, MNIST's as 0.1307 and 0.3081: divide by 255.)
 *
 * ```ts
 * channelStatistics(mnist.train.images)   // { mean: [33.3184...], deviation: [78.5674...] }
 * ```
 *
 * Taught in 04_cats_and_dogs.
 */
export function channelStatistics(images: NdArray<Uint8Array> | NdArray<Uint8ClampedArray>): ChannelStatistics {
  const pixels = bytesOf('channelStatistics', images);
  if (pixels.length === 0) {
    throw new RangeError(
      `channelStatistics: got no pixels, shape ${shapeText(images.shape)}; expected at least one image.`,
    );
  }
  const channels = images.dimension === 4 ? images.shape[3] : 1;
  const counts = Array.from({ length: channels }, (_, channel) => {
    const count = new Uint32Array(256);
    for (let i = channel; i < pixels.length; i += channels) count[pixels[i]]++;
    return Array.from(count);
  });
  const perChannel = pixels.length / channels;
  const mean = counts.map((count) => count.reduce((sum, times, value) => sum + times * value, 0) / perChannel);
  const variance = counts.map((count, channel) =>
    count.reduce((sum, times, value) => sum + times * (value - mean[channel]) ** 2, 0) / perChannel);
  return { mean, deviation: variance.map(Math.sqrt) };
}

function bytesOf(
  name: string, images: NdArray<Uint8Array> | NdArray<Uint8ClampedArray>,
): Uint8Array | Uint8ClampedArray {
  if (images.dtype !== 'uint8' && images.dtype !== 'uint8_clamped') {
    const { dtype } = images as NdArray;
    throw new TypeError(
      `${name}: got pixels of type ${dtype}, expected uint8 (0..255). Have they been normalised before?`,
    );
  }
  return packedValues(images as NdArray<Numbers>) as Uint8Array | Uint8ClampedArray;
}

/**
 * Writes the table's value for each pixel. Four pixels are read at once, which halves the time for MNIST's 47 million;
 * and where all four are black and stay 0, nothing is written: that is so in new memory.
 */
function lookUp(table: Float32Array, pixels: Uint8Array | Uint8ClampedArray, scaled: Float32Array): void {
  const fours = pixels.byteOffset % 4 === 0 ? pixels.length >> 2 : 0;
  const words = new Uint32Array(pixels.buffer, fours === 0 ? 0 : pixels.byteOffset, fours);
  const blackStays = table[0] === 0;
  for (let i = 0, to = 0; i < fours; i++, to += 4) {
    const word = words[i];
    if (word === 0 && blackStays) continue;
    // The first pixel is the lowest byte: all processors that TensorFlow.js runs on are little-endian.
    scaled[to] = table[word & 255];
    scaled[to + 1] = table[(word >>> 8) & 255];
    scaled[to + 2] = table[(word >>> 16) & 255];
    scaled[to + 3] = table[word >>> 24];
  }
  for (let i = fours << 2; i < pixels.length; i++) scaled[i] = table[pixels[i]];
}

/** What each of the 256 values of a byte becomes: a table is faster than 47 million divisions. */
const table = (scale: (value: number) => number): Float32Array =>
  Float32Array.from({ length: 256 }, (_, value) => scale(value));

function rangeTable([low, high]: readonly [number, number]): Float32Array {
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high)) {
    throw new RangeError(
      `normalise: got range [${low}, ${high}], expected two numbers, the lower one first, such as [-1, 1].`,
    );
  }
  return table((value) => low + (value / 255) * (high - low));
}

function statisticsTables({ mean, deviation }: ChannelStatistics, shape: readonly number[]): Float32Array[] {
  const channels = shape.length === 4 ? shape[3] : 1;
  if (mean.length !== deviation.length || (mean.length !== 1 && mean.length !== channels)) {
    throw new RangeError(
      `normalise: got ${mean.length} means and ${deviation.length} deviations for images of shape ` +
        `${shapeText(shape)}, expected one of each ` +
        `for each channel of [n, height, width, channels]. Normalise before you flatten.`,
    );
  }
  return mean.map((center, channel) => {
    if (!(Number.isFinite(center) && Number.isFinite(deviation[channel]) && deviation[channel] > 0)) {
      throw new RangeError(
        `normalise: got mean ${center} and deviation ${deviation[channel]} for channel ${channel}, expected ` +
          `numbers, the deviation above 0. ` +
          `(It is 0 where all pixels are equal: such a channel has nothing to learn from.)`,
      );
    }
    return table((value) => (value - center) / deviation[channel]);
  });
}
