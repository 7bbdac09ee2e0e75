import ndarray from 'ndarray';
import type { NdArray } from 'ndarray';

/** The typed arrays that the course's arrays are made of. */
export type Numbers =
  Uint8Array | Uint8ClampedArray | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** `[60000, 28, 28]`, as the messages of the library write a shape. */
export const shapeText = (shape: readonly (number | string)[]): string => `[${shape.join(', ')}]`;

/** `47,040,016`: the same on every machine, whatever its language. */
export const countText = (count: number): string => count.toLocaleString('en-US');

/**
 * Whether the values lie in memory in row-major order without gaps, so that a stretch of the typed array holds just
 * them.
 */
function isPacked(array: NdArray<Numbers>): boolean {
  let expected = 1;
  for (let axis = array.dimension - 1; axis >= 0; axis--) {
    if (array.shape[axis] !== 1 && array.stride[axis] !== expected) return false;
    expected *= array.shape[axis];
  }
  return true;
}

/**
 * The values of an array, row by row, in one typed array. An array without gaps hands over its own memory (a view, no
 * copy); a strided view (a transposed one, every second column) is copied once.
 */
export function packedValues<D extends Numbers>(array: NdArray<D>): D {
  const { data, offset, shape, stride, size } = array;
  if (isPacked(array)) {
    return offset === 0 && size === data.length ? data : (data.subarray(offset, offset + size) as D);
  }
  const packed = new (data.constructor as new (length: number) => D)(size);
  const lastAxis = shape.length - 1;
  const [width, step] = [shape[lastAxis], stride[lastAxis]];
  const index = new Array<number>(shape.length).fill(0);
  let from = offset;
  for (let to = 0; to < size;) {
    for (let column = 0; column < width; column++) packed[to++] = data[from + column * step];
    for (let axis = lastAxis - 1; axis >= 0; axis--) {
      from += stride[axis];
      if (++index[axis] < shape[axis]) break;
      from -= shape[axis] * stride[axis];
      index[axis] = 0;
    }
  }
  return packed;
}

/**
 * An array of the given shape over values that lie row by row; shares their memory.
 *
 * ```ts
 * const kernel = arrayOf(Float32Array.of(1, 1, 1, 0, 0, 0, -1, -1, -1), [3, 3]);
 * kernel.get(2, 0)   // -1
 * ```
 * Taught in 03_fashion_mnist_cnn.
 */
export function arrayOf<D extends Numbers>(values: D, shape: number[]): NdArray<D> {
  return ndarray(values, shape);
}
