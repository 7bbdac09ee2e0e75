import type { NdArray } from 'ndarray';
import { countText, shapeText, type Numbers } from '../arrays';
import type { Parts } from './counts';
import { colors, legendAbove, markerSymbols, palette, rounded, type Figure, type ScatterTrace } from './figure';

/** Smallest and largest marker, in pixels. */
const MARKER = { one: 6, most: 30 };

/**
 * The sizes of images before they are brought to one size: a marker for each width and height, the larger the more
 * images have them.
 *
 * @param sizes `[n, 2]`: width and height of each image, in pixels; or those of several parts by name, such as
 *   `{ cats, dogs }`
 * @param target the `[height, width]` that they will be brought to, drawn as a rectangle
 * @throws RangeError for another shape, or no image
 * Taught in 04_cats_and_dogs.
 */
export function imageSizesFigure(
  sizes: Parts<NdArray<Numbers>>, target?: readonly [height: number, width: number],
): Figure {
  const parts = isArray(sizes) ? [['images', sizes] as const] : Object.entries(sizes);
  const groups = parts.map(([name, part]) => ({ name, points: countSizes(part) }));
  const all = groups.flatMap(({ points }) => points);
  if (all.length === 0) throw new RangeError('imageSizesFigure: got no sizes; expected those of at least one image.');
  const most = all.reduce((a, { count }) => Math.max(a, count), 0);
  // From zero to a little more than the largest.
  const range = (side: 'width' | 'height', other = 0): [number, number] =>
    [0, rounded(all.reduce((largest, size) => Math.max(largest, size[side]), other) * 1.08)];
  const data = groups.map(({ name, points }, i): ScatterTrace => ({
    type: 'scatter', mode: 'markers', name,
    x: points.map(({ width }) => width), y: points.map(({ height }) => height),
    marker: {
      color: palette[i % palette.length], symbol: markerSymbols[i % markerSymbols.length],
      // The area of a marker grows with the number of images.
      size: points.map(({ count }) => Math.max(MARKER.one, Math.round(MARKER.most * Math.sqrt(count / most)))),
    },
    opacity: 0.5, cliponaxis: false,
    text: points.map(({ width, height, count }) => `${width} × ${height}: ${imagesText(count)}`),
    hovertemplate: `%{text}${parts.length > 1 ? ', %{fullData.name}' : ''}<extra></extra>`,
  }));
  if (target) {
    const [height, width] = target;
    data.push({
      type: 'scatter', mode: 'lines', name: `brought to ${width} × ${height}`,
      x: [0, width, width], y: [height, height, 0],
      line: { color: colors.neutral, width: 2, dash: 'dot' },
    });
  }
  return {
    data,
    layout: {
      height: 420,
      margin: { l: 70, r: 20, t: 50, b: 52 },
      showlegend: data.length > 1,
      legend: legendAbove,
      xaxis: { title: { text: 'width in pixels' }, range: range('width', target?.[1]) },
      yaxis: { title: { text: 'height in pixels' }, range: range('height', target?.[0]) },
      meta: { alt: describe(all, target) },
    },
  };
}

const imagesText = (count: number): string => `${countText(count)} ${count === 1 ? 'image' : 'images'}`;

const isArray = (sizes: Parts<NdArray<Numbers>>): sizes is NdArray<Numbers> => Array.isArray(sizes.shape);

interface CountedSize {
  width: number;
  height: number;
  count: number;
}

function countSizes(sizes: NdArray<Numbers>): CountedSize[] {
  if (sizes.dimension !== 2 || sizes.shape[1] !== 2) {
    throw new RangeError(
      `imageSizesFigure: got sizes of shape ${shapeText(sizes.shape)}; expected [n, 2], width and height of ` +
        `each image.`,
    );
  }
  const counted = new Map<string, CountedSize>();
  for (let i = 0; i < sizes.shape[0]; i++) {
    const [width, height] = [sizes.get(i, 0), sizes.get(i, 1)];
    const key = `${width} ${height}`;
    const known = counted.get(key);
    if (known) known.count++;
    else counted.set(key, { width, height, count: 1 });
  }
  return [...counted.values()];
}

function describe(sizes: readonly CountedSize[], target: readonly [number, number] | undefined): string {
  const images = sizes.reduce((sum, { count }) => sum + count, 0);
  const span = (side: 'width' | 'height'): string => {
    const values = sizes.map((size) => size[side]);
    const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
    return low === high ? String(low) : `${low} to ${high}`;
  };
  const targetText = target ? ` They will be brought to ${target[1]} × ${target[0]}.` : '';
  return `Sizes of ${imagesText(images)}: width ${span('width')}, height ${span('height')} pixels.${targetText}`;
}
