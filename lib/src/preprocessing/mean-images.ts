import type { NdArray } from 'ndarray';
import { arrayOf, packedValues, shapeText, type Numbers } from '../arrays';

/**
 * The mean picture of each class: what its pictures have in common. Where all agree it is sharp, where they differ it
 * is blurred.
 *
 * @param images `[n, height, width]` or `[n, height, width, channels]`, uint8 (0..255)
 * @param labels `[n]`, whole numbers in 0..numClasses - 1
 * @returns `[numClasses, height, width]` or with channels, float32 fractions in 0..1, as `showImages` takes them; a
 *   class without pictures is black. New memory.
 * @throws RangeError when shapes, types or labels do not fit
 *
 * ```ts
 * showImages(meanImages(mnist.train.images, mnist.train.labels, 10));
 * ```
 * Taught in 05_digits_from_folders.
 */
export function meanImages(
  images: NdArray<Uint8Array>, labels: NdArray<Numbers>, numClasses: number,
): NdArray<Float32Array> {
  const [count, ...shape] = images.shape;
  const areImages = images.dtype === 'uint8' && (shape.length === 2 || shape.length === 3);
  if (!areImages || labels.dimension !== 1 || labels.shape[0] !== count) {
    throw new RangeError(
      `meanImages: got images of shape ${shapeText(images.shape)}, ${images.dtype}, and labels of shape ` +
        `${shapeText(labels.shape)}; ` +
        `expected [n, height, width] or [n, height, width, channels], uint8, and [n].`,
    );
  }
  const [pixels, classes] = [packedValues(images), packedValues(labels)];
  const size = shape.reduce((product, length) => product * length, 1);
  // Whole numbers, exact up to sixteen million pictures a class.
  const sums = Array.from({ length: numClasses }, () => new Uint32Array(size));
  const counts = new Array<number>(numClasses).fill(0);
  for (let i = 0, start = 0; i < count; i++, start += size) {
    const sum = sums[classes[i]];
    if (sum === undefined) {
      throw new RangeError(
        `meanImages: labels[${i}] is ${classes[i]}; expected a whole number in 0..${numClasses - 1}.`,
      );
    }
    counts[classes[i]]++;
    for (let pixel = 0; pixel < size; pixel++) sum[pixel] += pixels[start + pixel];
  }
  const means = new Float32Array(numClasses * size);
  sums.forEach((sum, label) => {
    if (counts[label] === 0) return;
    for (let pixel = 0; pixel < size; pixel++) means[label * size + pixel] = sum[pixel] / (255 * counts[label]);
  });
  return arrayOf(means, [numClasses, ...shape]);
}
