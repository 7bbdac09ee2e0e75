import type { NdArray } from 'ndarray';
import { arrayOf, packedValues, shapeText, type Numbers } from '../arrays';

/**
 * Lays the rows of every image one after the other, so that each image becomes one row of numbers: `[n, height, width]`
 * to `[n, height * width]`. A dense network has one input for each of them and knows nothing of their neighbourhood.
 *
 * Works for any `[n, ...]` and keeps the type. Memory is **shared** with `images` (a view), unless `images` is a
 * strided view, which is copied once.
 *
 * ```ts
 * flatten(mnist.train.images).shape   // [60000, 784]
 * ```
 *
 * Taught in 01_mnist_mlp.
 */
export function flatten<D extends Numbers>(images: NdArray<D>): NdArray<D> {
  if (images.dimension < 1) {
    throw new RangeError(
      `flatten: got shape ${shapeText(images.shape)}, expected [n, ...] with one entry for each image.`,
    );
  }
  const [count, ...rest] = images.shape;
  return arrayOf(packedValues(images), [count, rest.reduce((product, size) => product * size, 1)]);
}
