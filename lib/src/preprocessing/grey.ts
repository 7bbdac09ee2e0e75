import type { NdArray } from 'ndarray';
import { arrayOf, packedValues, shapeText } from '../arrays';

/**
 * Turns colour into grey by how bright the eye sees it: 0.299 red + 0.587 green + 0.114 blue (luma), rounded to the
 * nearest.
 *
 * Source: Recommendation ITU-R BT.601-7, 2011, section 2.5.1.
 *
 * @param images `[..., 3]`, uint8: one picture or many, the last dimension holds red, green and blue
 * @returns `[...]`, uint8, new memory
 * @throws RangeError for another last dimension; TypeError for another type
 *
 * ```ts
 * grey(pets.train.images).shape   // [2000, 32, 32] of [2000, 32, 32, 3]
 * ```
 * Taught in 05_digits_from_folders.
 */
export function grey(images: NdArray<Uint8Array>): NdArray<Uint8Array> {
  const { shape } = images;
  if (shape.at(-1) !== 3) {
    throw new RangeError(
      `grey: got images of shape ${shapeText(shape)}; expected [..., 3] with red, green and blue. Are they ` +
        `grey already?`,
    );
  }
  if (images.dtype !== 'uint8') {
    throw new TypeError(
      `grey: got pixels of type ${images.dtype}; expected uint8. Convert to grey before you normalise.`,
    );
  }
  const colors = packedValues(images);
  const greys = new Uint8Array(colors.length / 3);
  for (let i = 0, c = 0; i < greys.length; i++, c += 3) {
    // In thousandths, so that the result is the same everywhere and equal channels keep their value.
    greys[i] = (299 * colors[c] + 587 * colors[c + 1] + 114 * colors[c + 2] + 500) / 1000;
  }
  return arrayOf(greys, shape.slice(0, -1));
}
