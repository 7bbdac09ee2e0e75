import type { NdArray } from 'ndarray';
import { arrayOf, packedValues, type Numbers } from '../arrays';

/**
 * A picture with sides of at most `side` pixels: the picture itself (a view) if it is small enough, else a smaller
 * one in which each pixel is the mean of a square of pixels (a copy). What is left over at the right and at the
 * bottom is cut off.
 *
 * @param image `[height, width]` or `[height, width, channels]`
 */
export function thumbnail<D extends Numbers>(image: NdArray<D>, side: number): NdArray<D> {
  const [height, width, channels = 1] = image.shape;
  const factor = Math.ceil(Math.max(height, width) / side);
  if (factor <= 1) return image;
  const [rows, columns] = [height, width].map((length) => Math.max(1, Math.floor(length / factor)));
  const [tall, wide] = [Math.min(factor, height), Math.min(factor, width)];
  const from = packedValues(image);
  const small = new (from.constructor as new (length: number) => D)(rows * columns * channels);
  // The mean of whole numbers is rounded where the array holds such.
  const round = from instanceof Float32Array || from instanceof Float64Array ? (value: number) => value : Math.round;
  for (let row = 0, to = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let y = row * factor; y < row * factor + tall; y++) {
          const start = (y * width + column * factor) * channels + channel;
          for (let x = 0; x < wide; x++) sum += from[start + x * channels];
        }
        small[to++] = round(sum / (tall * wide));
      }
    }
  }
  return arrayOf(small, [rows, columns, ...image.shape.slice(2)]);
}
