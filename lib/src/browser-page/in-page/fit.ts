import type { NdArray } from 'ndarray';
import { arrayOf, packedValues } from '../../arrays';
import { placementOf } from '../../data/folder/geometry';
import type { PictureOptions } from '../../data/folder/options';

const { fround } = Math;

/** What a row or column of the result is made of: those of the picture from `start` on, each with its weight. */
interface Span {
  readonly start: number;
  readonly weights: readonly number[];
}

/**
 * Brings a picture to its size as `loadImageFolder` does with a decoded one: by a triangle as wide as the reduction, to
 * the same last bit as TensorFlow's kernel ScaleAndTranslate, which rounds each sum and product to float32.
 *
 * @param picture `[height, width]` or `[height, width, 3]`
 */
export function fit(
  picture: NdArray<Uint8Array>, { size: [newHeight, newWidth], resize }: Pick<PictureOptions, 'size' | 'resize'>,
): NdArray<Uint8Array> {
  const [height, width, channels = 1] = picture.shape;
  const placed = placementOf([width, height], [newWidth, newHeight], resize);
  const rows = spans(newHeight, height, placed.height, placed.top);
  const columns = spans(newWidth, width, placed.width, placed.left);
  const pixels = packedValues(picture);
  const row = new Float32Array(width * channels);
  const result = new Uint8Array(newHeight * newWidth * channels);
  let to = 0;
  for (const vertical of rows) {
    row.fill(0);
    vertical.weights.forEach((weight, i) => {
      const from = (vertical.start + i) * row.length;
      for (let x = 0; x < row.length; x++) row[x] += fround(weight * pixels[from + x]);
    });
    for (const { start, weights } of columns) {
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        weights.forEach((weight, i) => {
          sum = fround(sum + fround(weight * row[(start + i) * channels + channel]));
        });
        result[to++] = Math.floor(fround(sum + 0.5));
      }
    }
  }
  return arrayOf(result, [newHeight, newWidth, ...picture.shape.slice(2)]);
}

/**
 * @param scaled how long `length` becomes
 * @param offset where it begins in the result
 */
function spans(newLength: number, length: number, scaled: number, offset: number): Span[] {
  const step = fround(1 / fround(1 / (length / scaled)));
  const first = fround(-step * offset);
  const reach = Math.max(step, 1);
  const perReach = fround(1 / reach);
  const within = (place: number): number => Math.max(0, Math.min(length - 1, place));
  return Array.from({ length: newLength }, (_, i) => {
    const middle = fround(fround((i + 0.5) * step) + first);
    // Beside the picture it is black.
    if (middle < 0 || middle > length) return { start: 0, weights: [] };
    const start = within(Math.ceil(fround(fround(middle - reach) - 0.5)));
    const end = within(Math.floor(fround(fround(middle + reach) - 0.5)));
    const heights = Array.from({ length: end - start + 1 }, (_, j) => {
      const distance = Math.abs(fround(fround(start + j + 0.5 - middle) * perReach));
      return distance < 1 ? fround(1 - distance) : 0;
    });
    const one = fround(1 / heights.reduce((sum, height) => fround(sum + height), 0));
    return { start, weights: Number.isFinite(one) ? heights.map((height) => fround(height * one)) : [] };
  });
}
