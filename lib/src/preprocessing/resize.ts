import type { NdArray } from 'ndarray';
import { arrayOf, packedValues, shapeText } from '../arrays';
import { tf } from '../tensorflow';
import { nativeOp } from '../tensorflow/native-ops';
import { computeValues } from '../tensorflow/values';

/** Pixels that are widened to float32 at once, so that a large list takes little memory besides itself. */
const PIXELS_AT_ONCE = 4e6;

/**
 * Brings pictures to another size, all of them alike: their proportions change if those of the size differ.
 *
 * Where a side shrinks, each new pixel is the mean of the area that it covers; where it grows, pixels are interpolated
 * between their neighbours (bilinear).
 *
 * @param images `[n, height, width]` or `[n, height, width, channels]`, uint8
 * @param size the new `[height, width]`
 * @returns uint8, new memory (also where the size stays the same)
 * @throws RangeError for another shape, or a size that is no two whole numbers of at least 1; TypeError for another
 *   type
 *
 * ```ts
 * resize(mnist.train.images, [32, 32]).shape   // [60000, 32, 32]
 * ```
 * Taught in 04_cats_and_dogs.
 */
export function resize(
  images: NdArray<Uint8Array>, [newHeight, newWidth]: readonly [height: number, width: number],
): NdArray<Uint8Array> {
  const { shape } = images;
  const [count, height, width, channels = 1] = shape;
  if (shape.length < 3 || shape.length > 4 || height * width * channels === 0) {
    throw new RangeError(
      `resize: got images of shape ${shapeText(shape)}; expected [n, height, width] or [n, height, width, ` +
        `channels].`,
    );
  }
  if (images.dtype !== 'uint8') {
    throw new TypeError(
      `resize: got pixels of type ${images.dtype}; expected uint8. Resize before you normalise.`,
    );
  }
  if (![newHeight, newWidth].every((side) => Number.isInteger(side) && side >= 1)) {
    throw new RangeError(
      `resize: got size [${newHeight}, ${newWidth}]; expected [height, width] in whole pixels, such as [32, ` +
        `32].`,
    );
  }
  const pixels = packedValues(images);
  const [oldSize, newSize] = [height * width * channels, newHeight * newWidth * channels];
  const resized = new Uint8ClampedArray(count * newSize);
  const atOnce = Math.max(1, Math.floor(PIXELS_AT_ONCE / Math.max(oldSize, newSize)));
  for (let start = 0; start < count; start += atOnce) {
    const part = Float32Array.from(pixels.subarray(start * oldSize, (start + atOnce) * oldSize));
    const partShape: [number, number, number, number] = [part.length / oldSize, height, width, channels];
    const values = computeValues(() => resizeTensor(tf.tensor4d(part, partShape), newHeight, newWidth));
    // The clamped type rounds to the nearest.
    resized.set(values, start * newSize);
  }
  return arrayOf(new Uint8Array(resized.buffer), [count, newHeight, newWidth, ...shape.slice(3)]);
}

function resizeTensor(images: tf.Tensor4D, newHeight: number, newWidth: number): tf.Tensor4D {
  const [, height, width] = images.shape;
  const [areaHeight, areaWidth] = [Math.min(height, newHeight), Math.min(width, newWidth)];
  const area = tf.tensor1d([areaHeight, areaWidth], 'int32');
  const shrunk = areaHeight === height && areaWidth === width
    ? images
    : nativeOp('ResizeArea', { T: { type: 'float32' }, align_corners: false }, [images, area]) as tf.Tensor4D;
  // Pixels are squares whose middles lie at half numbers, as in every common image library.
  const isDone = areaHeight === newHeight && areaWidth === newWidth;
  return isDone ? shrunk : tf.image.resizeBilinear(shrunk, [newHeight, newWidth], false, true);
}
