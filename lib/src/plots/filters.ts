import type { NdArray } from 'ndarray';
import { arrayOf, countText, packedValues, shapeText, type Numbers } from '../arrays';
import { extent } from '../bins';
import { diverging } from './figure';
import { pngUrl, shortNumber } from './layer-pictures';
import { colorAt, escapeXml } from './svg-elements';

/** Filters, and channels of each, that are shown. */
const MOST_FILTERS = 64;
const MOST_CHANNELS = 32;
/** Pixels between two channels. */
const GAP = 2;

/**
 * The filters of a convolution as HTML that needs no script and no other file: blue weights are below 0, white ones 0,
 * orange ones above, on one scale for all. A filter that sees one channel is a square, one that sees several is a row
 * of squares, a square for each channel; where the channels are red, green and blue, each filter is shown in colour as
 * well.
 *
 * @param kernel `[height, width, channels, filters]`
 * @throws Error for another shape, or without a finite number
 *
 * ```ts
 * filtersHtml(layerActivations(model, picture)[0].weights[0].values)
 * ```
 * Taught in 03_fashion_mnist_cnn and 04_cats_and_dogs.
 */
export function filtersHtml(kernel: NdArray<Numbers>, title = 'Filters'): string {
  const { shape } = kernel;
  if (shape.length !== 4) {
    throw new Error(
      `filtersHtml: got weights of shape ${shapeText(shape)}; expected [height, width, channels, filters], the ` +
        'kernel of a convolution. showWeights shows those of a dense layer.',
    );
  }
  const [height, width, channels, filters] = shape;
  const span = extent(packedValues(kernel));
  if (!span) {
    throw new Error(
      'filtersHtml: got no finite number. Weights become NaN when the learning rate is too large.',
    );
  }
  const most = Math.max(-span[0], span[1]) || 1;
  const [shownFilters, shownChannels] = [Math.min(filters, MOST_FILTERS), Math.min(channels, MOST_CHANNELS)];
  const scale = Math.max(3, Math.round((channels > 3 ? 18 : 40) / Math.max(height, width)));
  const cells = Array.from({ length: shownFilters }, (_, filter) => {
    const weights = kernel.pick(null, null, null, filter);
    const row = image(rowOf(weights, shownChannels, most, scale));
    const colour = channels === 3 ? ` ${image(colourOf(weights, most), scale)}` : '';
    const [low, high] = (extent(packedValues(weights)) ?? [NaN, NaN]).map(shortNumber);
    return `<span style="display: inline-block; margin: 3px 6px; text-align: center" ` +
      `title="filter ${filter}: ${low} to ${high}">${row}${colour}<br><small>${filter}</small></span>`;
  });
  const left = [
    ...(filters > shownFilters ? [`${countText(filters - shownFilters)} more filters`] : []),
    ...(channels > shownChannels ? [`${countText(channels - shownChannels)} more channels of each filter`] : []),
  ];
  const rest = left.length > 0 ? ` Left out: ${left.join(', ')}.` : '';
  const how = channels === 1 ? '' : channels === 3
    ? ' A square for red, green and blue, then the three in one: there, grey is 0.' : ' A square for each channel.';
  const what = `${countText(filters)} filters of ${height} × ${width} × ${channels}`;
  return `<div><strong>${escapeXml(title)}</strong> · ${what}</div>` +
    `<div role="img" aria-label="${escapeXml(title)}: ${what}, ` +
    `from ${shortNumber(span[0])} to ${shortNumber(span[1])}" style="line-height: 1.1">${cells.join('')}</div>` +
    `<div><small>${legend(most)}${how}${rest}</small></div>`;
}

/** The channels of one filter side by side, with a grey line between; each weight takes `scale` × `scale` pixels. */
function rowOf(weights: NdArray<Numbers>, channels: number, most: number, scale: number): NdArray<Uint8Array> {
  const [height, width] = [weights.shape[0] * scale, weights.shape[1] * scale];
  const columns = channels * (width + GAP) - GAP;
  const pixels = new Uint8Array(height * columns * 3).fill(127);
  for (let y = 0; y < height; y++) {
    for (let channel = 0; channel < channels; channel++) {
      for (let x = 0; x < width; x++) {
        const value = weights.get(Math.floor(y / scale), Math.floor(x / scale), channel) / most;
        if (!Number.isFinite(value)) continue;
        pixels.set(colorAt(diverging, (value + 1) / 2), (y * columns + channel * (width + GAP) + x) * 3);
      }
    }
  }
  return arrayOf(pixels, [height, columns, 3]);
}

/** Red, green and blue of one filter as a colour: 0 is in the middle. */
function colourOf(weights: NdArray<Numbers>, most: number): NdArray<Uint8ClampedArray> {
  return arrayOf(Uint8ClampedArray.from(packedValues(weights), (value) => ((value / most + 1) / 2) * 255),
    [...weights.shape]);
}

const image = (pixels: NdArray<Numbers>, scale = 1): string =>
  `<img src="${pngUrl(pixels)}" alt="" width="${pixels.shape[1] * scale}" height="${pixels.shape[0] * scale}" ` +
  'style="image-rendering: pixelated; outline: 1px solid #7F7F7F">';

function legend(most: number): string {
  const steps = 9;
  const places = Array.from({ length: steps }, (_, i) => i / (steps - 1));
  const colours = Uint8Array.from(places.flatMap((place) => [...colorAt(diverging, place)]));
  const bar = image(arrayOf(colours, [1, steps, 3]), 10);
  return `−${shortNumber(most)} ${bar} ${shortNumber(most)}: blue is below 0, white is 0, orange above.`;
}
