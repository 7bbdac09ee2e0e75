import type { NdArray } from 'ndarray';
import { arrayOf, packedValues, type Numbers } from '../arrays';
import { encodePng } from './png';
import { escapeXml } from './svg-elements';

export interface ImageGridOptions {
  /** Written under each image. */
  captions?: readonly string[];
  /** Images in a row. Default 10. */
  columns?: number;
  /** Pixels on the screen for the longer side of an image; it keeps its shape. Default 56. */
  size?: number;
  /**
   * For numbers that are no pixels, such as weights: the smallest number of each image is shown black, its largest
   * white.
   */
  stretch?: boolean;
}

/**
 * Pictures side by side, as HTML that needs no script and no other file: each picture is a PNG inside.
 *
 * @param images `[n, height, width]` grey, or `[n, height, width, 3]` colour; uint8 0..255 or float 0..1
 * @throws Error for another shape, or a number of captions that differs from n
 * Taught in 01_mnist_mlp.
 */
export function imageGridHtml(images: NdArray<Numbers>, options: ImageGridOptions = {}): string {
  const { captions, columns = 10, size = 56, stretch = false } = options;
  const [count, height, width] = images.shape;
  if (captions && captions.length !== count) {
    throw new Error(`imageGridHtml: got ${captions.length} captions for ${count} images; expected one for each image.`);
  }
  // One width for all, so that rows stand below each other: a letter takes about 8 pixels.
  const cellWidth = Math.max(size, ...(captions ?? []).map((caption) => caption.length * 8));
  const scale = size / Math.max(height, width);
  const sides = `width="${Math.round(width * scale)}" height="${Math.round(height * scale)}"`;
  const cells = Array.from({ length: count }, (_, i) => {
    const caption = captions?.[i];
    const alt = caption === undefined ? `image ${i}` : `image ${i}: ${caption}`;
    const pixels = stretch ? stretched(images.pick(i)) : images.pick(i);
    const attributes = `alt="${escapeXml(alt)}" ${sides} style="image-rendering: pixelated"`;
    const picture = `<img src="${pngDataUrl(pixels)}" ${attributes}>`;
    const text = caption === undefined ? '' : `<figcaption>${escapeXml(caption)}</figcaption>`;
    const lineBreak = (i + 1) % columns === 0 ? '<br>' : '';
    const style = `display: inline-block; width: ${cellWidth}px; margin: 3px 4px; text-align: center`;
    return `<figure style="${style}">${picture}${text}</figure>${lineBreak}`;
  });
  return `<div role="group" aria-label="${count} ${count === 1 ? 'image' : 'images'}">${cells.join('')}</div>`;
}

/** One picture `[height, width]` or `[height, width, 1 or 3]` as a PNG in a `data:` address. */
function pngDataUrl(image: NdArray<Numbers>): string {
  return `data:image/png;base64,${encodePng(image).toString('base64')}`;
}

/** A copy whose smallest number is 0 and whose largest is 1; all 0 where they are equal. */
function stretched(image: NdArray<Numbers>): NdArray<Float32Array> {
  const values = Float32Array.from(packedValues(image));
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  return arrayOf(values.map((value) => (high > low ? (value - low) / (high - low) : 0)), [...image.shape]);
}
