import type { NdArray } from 'ndarray';
import { PNG } from 'pngjs';
import { packedValues, shapeText, type Numbers } from '../arrays';

/**
 * One picture `[height, width]` or `[height, width, 1 or 3]`, uint8 0..255 or float 0..1, as the bytes of a PNG file.
 */
export function encodePng(image: NdArray<Numbers>): Buffer {
  const [height, width, channels = 1] = image.shape;
  if (image.dimension < 2 || image.dimension > 3 || (channels !== 1 && channels !== 3)) {
    throw new Error(
      `Got an image of shape ${shapeText(image.shape)}; expected [height, width] for grey or ` +
        `[height, width, 3] for colour. ` +
        `One image of many is images.pick(index).`,
    );
  }
  const colorType = channels === 1 ? 0 : 2;
  const png = { width, height, data: Buffer.from(asBytes(packedValues(image))) } as PNG;
  return PNG.sync.write(png, { colorType, inputColorType: colorType, inputHasAlpha: false, bitDepth: 8 });
}

/** Pixels row by row, each of red, green, blue and opacity, as the bytes of a PNG file. */
export function encodePixels(pixels: Uint8Array, width: number, height: number): Buffer {
  return PNG.sync.write({ width, height, data: Buffer.from(pixels.buffer) } as PNG, { bitDepth: 8 });
}

/** Fractions 0..1 become 0..255; what lies outside is cut off. */
function asBytes(values: Numbers): Uint8Array | Uint8ClampedArray {
  if (values instanceof Uint8Array || values instanceof Uint8ClampedArray) return values;
  const isFloat = values instanceof Float32Array || values instanceof Float64Array;
  return Uint8ClampedArray.from(values as Float32Array, isFloat ? (value) => value * 255 : (value) => value);
}
