import type { NdArray } from 'ndarray';
import { arrayOf, packedValues } from '../../arrays';

/**
 * What `preprocessing/resize` does, for one grey picture and without TensorFlow's native operations, to the same last
 * bit: each sum and product is rounded to float32, in the order of the kernels ResizeArea and ResizeBilinear.
 */

const { fround } = Math;

/** What a pixel of the result is made of: pixels from `start` on, each with its weight. */
interface Span {
  readonly start: number;
  readonly weights: readonly number[];
}

/** One channel of float32 numbers. */
interface Plane {
  readonly values: Float32Array;
  readonly height: number;
  readonly width: number;
}

/** @param images `[1, height, width]`, uint8 */
export function resize(
  images: NdArray<Uint8Array>, [newHeight, newWidth]: readonly [height: number, width: number],
): NdArray<Uint8Array> {
  const [, height, width] = images.shape;
  const picture = { values: Float32Array.from(packedValues(images)), height, width };
  const small = shrunk(picture, Math.min(height, newHeight), Math.min(width, newWidth));
  const { values } = grown(small, newHeight, newWidth);
  return arrayOf(new Uint8Array(Uint8ClampedArray.from(values).buffer), [1, newHeight, newWidth]);
}

/** Each new pixel is the mean of the area that it covers. */
function shrunk(picture: Plane, height: number, width: number): Plane {
  if (height === picture.height && width === picture.width) return picture;
  const rows = areaSpans(picture.height, height);
  const columns = areaSpans(picture.width, width);
  const area = fround(1 / fround(fround(picture.height / height) * fround(picture.width / width)));
  const values = new Float32Array(height * width);
  let to = 0;
  for (const row of rows) {
    for (const column of columns) {
      let sum = 0;
      row.weights.forEach((ofRow, y) => {
        const from = Math.min(row.start + y, picture.height - 1) * picture.width;
        let sumOfRow = 0;
        column.weights.forEach((weight, x) => {
          const at = from + Math.min(column.start + x, picture.width - 1);
          sumOfRow = fround(sumOfRow + fround(picture.values[at] * weight));
        });
        sum = fround(sum + fround(sumOfRow * ofRow));
      });
      values[to++] = fround(sum * area);
    }
  }
  return { values, height, width };
}

function areaSpans(length: number, newLength: number): Span[] {
  const scale = fround(length / newLength);
  return Array.from({ length: newLength }, (_, i) => {
    const [begin, end] = [fround(i * scale), fround((i + 1) * scale)];
    const start = Math.floor(begin);
    const weights = Array.from({ length: Math.ceil(end) - start }, (_, j) => {
      const at = start + j;
      if (at < begin) return at + 1 > end ? scale : fround(at + 1 - begin);
      return at + 1 > end ? fround(end - at) : 1;
    });
    return { start, weights };
  });
}

/** Pixels are squares whose middles lie at half numbers; between the middles the values blend. */
function grown(picture: Plane, height: number, width: number): Plane {
  if (height === picture.height && width === picture.width) return picture;
  const rows = neighbours(picture.height, height);
  const columns = neighbours(picture.width, width);
  const values = new Float32Array(height * width);
  let to = 0;
  for (const [above, below, down] of rows) {
    for (const [left, right, along] of columns) {
      const blend = (row: number): number => {
        const from = row * picture.width;
        const [first, second] = [picture.values[from + left], picture.values[from + right]];
        return fround(first + fround(fround(second - first) * along));
      };
      const [top, bottom] = [blend(above), blend(below)];
      values[to++] = fround(top + fround(fround(bottom - top) * down));
    }
  }
  return { values, height, width };
}

/** For each new place the two pixels that it lies between, and how far it is from the first to the second. */
function neighbours(length: number, newLength: number): (readonly [number, number, number])[] {
  const scale = fround(length / newLength);
  return Array.from({ length: newLength }, (_, i) => {
    const at = fround(fround((i + 0.5) * scale) - 0.5);
    const lower = Math.floor(at);
    return [Math.max(lower, 0), Math.min(Math.ceil(at), length - 1), fround(at - lower)];
  });
}
