import type { NdArray } from 'ndarray';
import { arrayOf, packedValues, shapeText, type Numbers } from '../arrays';
import { pngUrl, visiblePicture } from './layer-pictures';
import { colorAt, escapeXml } from './svg-elements';
import { thumbnail } from './thumbnail';

/** Pixels of each picture on the screen, about. */
const SIDE = 224;
/** From where on the map is of colour, and where it is strongest. */
const heat = [[0, '#D55E00'], [1, '#F0E442']] as const;
/** How much of the picture the strongest colour hides. */
const OPACITY = 0.75;

/** Pictures for a page, and the same in words. */
export interface DescribedHtml {
  readonly html: string;
  readonly alt: string;
}

/**
 * A map of what matters in a picture, three times side by side: the picture; the map over the picture in grey, with a
 * line around all that has at least half of the largest value; the map alone. HTML that needs no script and no other
 * file.
 *
 * @param picture `[height, width]` or `[height, width, 1 or 3]`, as the model takes it
 * @param map `[height, width]`, from 0 to 1
 * @param title what the map shows, such as `What speaks for cat (0.93)`
 * @throws Error if picture and map differ in size
 * Taught in 04_cats_and_dogs.
 */
export function overlayHtml(picture: NdArray<Numbers>, map: NdArray<Float32Array>, title: string): DescribedHtml {
  const full = visiblePicture(picture);
  const [height, width] = full.shape;
  if (map.shape[0] !== height || map.shape[1] !== width) {
    throw new Error(
      `overlayHtml: got a map of shape ${shapeText(map.shape)} for a picture of ${shapeText(full.shape)}; expected ` +
        'the same height and width.',
    );
  }
  const where = describeMap(map);
  const seen = thumbnail(full, SIDE);
  const small = thumbnail(map, SIDE);
  const parts = [
    ['the picture', 'The picture, as the model gets it', seen],
    ['the map over it; the line is at half of the largest value', `${title}. ${where}`, blended(seen, small)],
    ['the map alone: black is 0, white the largest', 'The map alone', small],
  ] as const;
  const scale = SIDE / Math.max(height, width);
  const figures = parts.map(([caption, alt, pixels]) =>
    `<figure style="display: inline-block; vertical-align: top; width: ${SIDE}px; margin: 4px 8px">` +
      `<img src="${pngUrl(pixels)}" alt="${escapeXml(alt)}" width="${Math.round(width * scale)}" ` +
      `height="${Math.round(height * scale)}" style="image-rendering: pixelated; outline: 1px solid #7F7F7F">` +
      `<figcaption><small>${escapeXml(caption)}</small></figcaption></figure>`);
  const html = `<div role="group" aria-label="${escapeXml(title)}"><div><strong>${escapeXml(title)}</strong></div>` +
    `${figures.join('')}<div><small>${escapeXml(where)}</small></div></div>`;
  return { html, alt: `${title}. ${where}` };
}

/** Where a map is strongest, in words. */
function describeMap(map: NdArray<Float32Array>): string {
  const values = packedValues(map);
  const [height, width] = map.shape;
  const most = values.reduce((largest, value) => Math.max(largest, value), 0);
  if (most === 0) return 'The map is 0 everywhere: nothing was found that speaks for this class.';
  const peak = values.indexOf(most);
  const [row, column] = [Math.floor(peak / width), peak % width];
  const third = (place: number, length: number, names: readonly string[]): string =>
    names[Math.min(2, Math.floor((3 * (place + 0.5)) / length))];
  const down = third(row, height, ['top', 'middle', 'bottom']);
  const across = third(column, width, ['left', 'centre', 'right']);
  const region = down === 'middle' && across === 'centre' ? 'in the middle'
    : `${down === 'middle' ? 'half way down' : `at the ${down}`}, ${across === 'centre' ? 'in the middle' : across}`;
  const share = values.reduce((sum, value) => sum + Number(value >= most / 2), 0) / values.length;
  return `Strongest ${region} (row ${row}, column ${column}); at least half as strong on ` +
    `${Math.max(1, Math.round(share * 100))} % of the picture.`;
}

/** The map in colour over the picture in grey, enlarged, so that the line around the strong part is thin. */
function blended(picture: NdArray<Numbers>, map: NdArray<Float32Array>): NdArray<Uint8Array> {
  const [rows, columns, channels = 1] = picture.shape;
  const factor = Math.max(1, Math.floor(SIDE / Math.max(rows, columns)));
  const [height, width] = [rows * factor, columns * factor];
  const pixels = packedValues(picture);
  const most = pixels instanceof Uint8Array || pixels instanceof Uint8ClampedArray ? 255 : 1;
  const strength = enlarged(map, factor);
  const isStrong = (y: number, x: number): boolean => strength[y * width + x] >= 0.5;
  const image = new Uint8Array(height * width * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = strength[y * width + x];
      const at = (Math.floor(y / factor) * columns + Math.floor(x / factor)) * channels;
      // How bright the eye sees red, green and blue.
      const luma = channels === 1 ? pixels[at] : 0.299 * pixels[at] + 0.587 * pixels[at + 1] + 0.114 * pixels[at + 2];
      const grey = (luma / most) * 255;
      const alpha = OPACITY * value;
      const colour = colorAt(heat, value);
      const isEdge = [[-1, 0], [1, 0], [0, -1], [0, 1]].some(([dy, dx]) => {
        const [ny, nx] = [y + dy, x + dx];
        return ny >= 0 && ny < height && nx >= 0 && nx < width && isStrong(ny, nx) !== isStrong(y, x);
      });
      // White on the inner side and black on the outer one: seen on every ground.
      const line = isStrong(y, x) ? 255 : 0;
      for (let i = 0; i < 3; i++) {
        image[(y * width + x) * 3 + i] = isEdge ? line : grey * (1 - alpha) + colour[i] * alpha;
      }
    }
  }
  return arrayOf(image, [height, width, 3]);
}

/** Each value becomes `factor` × `factor`, interpolated between the middles of its neighbours (bilinear). */
function enlarged(map: NdArray<Float32Array>, factor: number): Float32Array {
  const [rows, columns] = map.shape;
  const values = packedValues(map);
  const result = new Float32Array(rows * factor * columns * factor);
  const places = (length: number): { low: number; high: number; part: number }[] =>
    Array.from({ length: length * factor }, (_, i) => {
      const at = Math.min(length - 1, Math.max(0, (i + 0.5) / factor - 0.5));
      const low = Math.floor(at);
      return { low, high: Math.min(length - 1, low + 1), part: at - low };
    });
  const across = places(columns);
  places(rows).forEach(({ low, high, part }, y) => across.forEach((x, to) => {
    const line = (row: number): number =>
      values[row * columns + x.low] * (1 - x.part) + values[row * columns + x.high] * x.part;
    result[y * across.length + to] = line(low) * (1 - part) + line(high) * part;
  }));
  return result;
}
