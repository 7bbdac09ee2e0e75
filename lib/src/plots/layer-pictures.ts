import type { NdArray } from 'ndarray';
import { arrayOf, packedValues, shapeText, type Numbers } from '../arrays';
import { extent } from '../bins';
import { rounded } from './figure';
import { encodePng } from './png';
import { numberText } from './svg-scales';

/** A number with three digits, as short as it can be said. */
export const shortNumber = (value: number): string => numberText(rounded(value, 3));

/** A picture `[height, width]` or `[height, width, 1 or 3]` as a PNG in a `data:` address. */
export const pngUrl = (image: NdArray<Numbers>): string =>
  `data:image/png;base64,${encodePng(image).toString('base64')}`;

/**
 * The numbers that are shown black and white: 0 and 255 for whole numbers, 0 and 1 for fractions; of others (with a
 * mean of 0, say) the smallest and the largest.
 */
export function blackAndWhite(values: Numbers): readonly [black: number, white: number] {
  if (values instanceof Uint8Array || values instanceof Uint8ClampedArray) return [0, 255];
  const [low, high] = extent(values) ?? [0, 0];
  if (low >= 0 && high <= 1) return [0, 1];
  return low >= 0 && high <= 255 && values.every(Number.isInteger) ? [0, 255] : [low, high];
}

/**
 * What a model takes as something to look at: `[height, width]` or `[height, width, 3]`, of a picture that may have a
 * leading 1 or a single channel; bytes stay bytes, others become 0..1 as {@link blackAndWhite} says.
 */
export function visiblePicture(picture: NdArray<Numbers>): NdArray<Numbers> {
  const shape = picture.dimension > 2 && picture.shape[0] === 1 ? picture.shape.slice(1) : [...picture.shape];
  const channels = shape[2] ?? 1;
  if (shape.length < 2 || shape.length > 3 || (channels !== 1 && channels !== 3)) {
    throw new Error(
      `Got a picture of shape ${shapeText(picture.shape)}; expected one picture, [height, width] or [height, width, ` +
        '1 or 3].',
    );
  }
  const side = channels === 1 ? shape.slice(0, 2) : shape;
  const values = packedValues(picture);
  if (values instanceof Uint8Array || values instanceof Uint8ClampedArray) return arrayOf(values, side);
  const [black, white] = blackAndWhite(values);
  return arrayOf(Float32Array.from(values, (value) => (value - black) / (white - black)), side);
}

/** Numbers from the smallest, 0, to the largest, 1; NaN and infinite ones become 0. All 0 where they are equal. */
export function stretchedValues(values: ArrayLike<number>): Float32Array {
  const [low, high] = extent(values) ?? [0, 0];
  return Float32Array.from(values, (value) =>
    (high > low && Number.isFinite(value) ? (value - low) / (high - low) : 0));
}
