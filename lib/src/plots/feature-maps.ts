import type { NdArray } from 'ndarray';
import { arrayOf, countText, packedValues, type Numbers } from '../arrays';
import { extent } from '../bins';
import type { LayerActivation } from '../inspection/activations';
import { warningsOf } from '../inspection/statistics';
import { colors } from './figure';
import { pngUrl, shortNumber, stretchedValues, visiblePicture } from './layer-pictures';
import { escapeXml } from './svg-elements';
import { thumbnail } from './thumbnail';

export interface FeatureMapsOptions {
  /** The names of the classes, for the last layer's probabilities. */
  classNames?: readonly string[];
}

/** Channels that are shown of a layer, if the network is small. */
const MOST_CHANNELS = 64;
/** Bytes of all maps of a network, about: a notebook has many outputs. */
const MOST_BYTES = 190_000;
/** Pixels of a stored map's longer side. */
const STORED_SIDE = 32;
/** Pixels on the screen, and room for 16 in a row. */
const SIDE = 48;
const ROW = 16 * (SIDE + 4);
/** Lists of at most so many numbers become bars; longer ones a strip of cells. */
const MOST_BARS = 20;
const STRIP = { columns: 64, cells: 1024, size: 10 };

/**
 * What each layer of a network makes of a picture, from the picture to the probabilities, as HTML that needs no script
 * and no other file: for each layer its name, shape and statistics, its feature maps as grey pictures, lists of numbers
 * as a strip of cells, and the probabilities as bars. What is NaN, or 0 everywhere, is said in words.
 *
 * @param picture as the model took it
 * @param layers as `layerActivations` returns them
 *
 * ```ts
 * featureMapsHtml(picture, layerActivations(model, picture), { classNames })
 * ```
 * Taught in 03_fashion_mnist_cnn.
 */
export function featureMapsHtml(
  picture: NdArray<Numbers>, layers: readonly LayerActivation[], { classNames }: FeatureMapsOptions = {},
): string {
  const channels = channelsThatFit(layers);
  const shown = layers.map((layer, i) =>
    layerHtml(layer, { channels, ...(i === layers.length - 1 && { classNames }) }));
  return `<div role="group" aria-label="${layers.length} layers, from the picture to the answer">` +
    `${inputHtml(picture)}${shown.join('')}</div>`;
}

/**
 * One layer of it: name, shape, statistics and what it puts out, as pictures.
 *
 * @param options `channels`: how many are shown at most, 64 if not given; `classNames` for a layer of probabilities
 */
export function layerHtml(
  layer: LayerActivation, options: FeatureMapsOptions & { channels?: number } = {},
): string {
  const { name, type, shape, statistics } = layer;
  const { mean, standardDeviation, min, max, zeros } = statistics;
  const head = `<strong>${escapeXml(name)}</strong> (${escapeXml(type)}) · ${shape.map(countText).join(' × ')}`;
  const numbers = Number.isNaN(mean) ? 'no finite number'
    : `mean ${shortNumber(mean)}, standard deviation ${shortNumber(standardDeviation)}, ` +
      `${shortNumber(min)} to ${shortNumber(max)}, ${Math.round(zeros * 100)} % zeros`;
  const border = `border: 2px solid ${colors.validation}; padding: 0 4px`;
  const warnings = warningsOf(statistics).map((warning) =>
    `<div><strong style="${border}">⚠ ${escapeXml(warning)}</strong></div>`);
  return `<section style="margin: 0 0 14px"><div>${head}</div><div><small>${numbers}</small></div>` +
    `${warnings.join('')}${contentOf(layer, options)}</section>`;
}

function inputHtml(picture: NdArray<Numbers>): string {
  const isMap = picture.dimension > 2 || (picture.dimension === 2 && picture.shape[0] > 1);
  if (!isMap) return '';
  const visible = visiblePicture(picture);
  const [height, width] = visible.shape;
  const size = sidesOf(height, width, 2 * SIDE);
  const small = thumbnail(visible, 4 * SIDE);
  return `<section style="margin: 0 0 14px"><div><strong>The picture</strong> · ${visible.shape.join(' × ')}</div>` +
    `<img src="${pngUrl(small)}" alt="the picture, as the model gets it" ${size}></section>`;
}

const sidesOf = (height: number, width: number, side: number): string => {
  const scale = side / Math.max(height, width);
  const [shownWidth, shownHeight] = [width, height].map((length) => Math.max(1, Math.round(length * scale)));
  return `width="${shownWidth}" height="${shownHeight}" style="image-rendering: pixelated; outline: 1px solid #7F7F7F"`;
};

/** How many channels of each layer fit into the notebook, if all layers show as many. */
export function channelsThatFit(layers: readonly LayerActivation[]): number {
  const bytes = (most: number): number => layers.reduce((sum, { type, shape }) => {
    if (shape.length !== 3 || isPassedOn(type)) return sum;
    const [height, width, channels] = shape;
    const factor = Math.ceil(Math.max(height, width) / STORED_SIDE);
    // A compressed map takes about 0.8 bytes a pixel, in base64 a third more; the text around it some hundred.
    return sum + Math.min(most, channels) * ((height * width) / factor ** 2 * 1.1 + 300);
  }, 0);
  return [MOST_CHANNELS, 32, 16, 8].find((most) => bytes(most) <= MOST_BYTES) ?? 4;
}

/** Layers that hand on the numbers that they get when the network answers. */
export const isPassedOn = (type: string): boolean =>
  /^(Flatten|Reshape|(Spatial|Gaussian|Alpha)?Dropout.*|GaussianNoise)$/.test(type);

function contentOf(layer: LayerActivation, { classNames, channels = MOST_CHANNELS }:
FeatureMapsOptions & { channels?: number }): string {
  const { type, shape, values, statistics } = layer;
  // What there is to say of it is said already.
  if (Number.isNaN(statistics.mean)) return '';
  if (isPassedOn(type)) {
    const what = /^(Flatten|Reshape)$/.test(type) ? 'The same numbers as before, in another shape.'
      : 'The same numbers as before: it works while the network learns, not when it answers.';
    return `<div><small>${what}</small></div>`;
  }
  if (shape.length === 3) return mapsHtml(values, channels);
  const list = packedValues(values);
  return list.length <= MOST_BARS ? barsHtml(list, classNames) : stripHtml(list);
}

function mapsHtml(values: NdArray<Float32Array>, most: number): string {
  const [height, width, count] = values.shape;
  const shown = Math.min(count, most);
  const sides = sidesOf(height, width, SIDE);
  const maps = Array.from({ length: shown }, (_, channel) => {
    const map = values.pick(null, null, channel);
    const numbers = packedValues(map);
    const [low, high] = extent(numbers) ?? [NaN, NaN];
    const broken = numbers.reduce((sum, value) => sum + Number(!Number.isFinite(value)), 0);
    const mark = broken > 0 ? ' NaN' : low === 0 && high === 0 ? ' all 0' : '';
    const small = thumbnail(arrayOf(Uint8Array.from(stretchedValues(numbers), (value) => Math.round(value * 255)),
      [height, width]), STORED_SIDE);
    const title = `channel ${channel}: ${shortNumber(low)} to ${shortNumber(high)}${mark}`;
    return `<span style="display: inline-block; margin: 2px; text-align: center" title="${title}">` +
      `<img src="${pngUrl(small)}" alt="" ${sides}><br>` +
      `<small>${channel}${mark && `<strong>${mark}</strong>`}</small></span>`;
  });
  const rest = count > shown ? ` The other ${countText(count - shown)} of ${countText(count)} are left out.` : '';
  const what = `${countText(shown)} feature ${shown === 1 ? 'map' : 'maps'} of ${height} × ${width}`;
  return `<div role="img" aria-label="${what}" style="line-height: 1.1; max-width: ${ROW}px">${maps.join('')}</div>` +
    `<div><small>${what}, each stretched: its smallest number black, its largest white.${rest}</small></div>`;
}

/** A row for each number: which it is, a bar, and the number itself. */
function barsHtml(values: Float32Array, classNames: readonly string[] | undefined): string {
  const most = values.reduce((largest, value) => Math.max(largest, Math.abs(value) || 0), 0) || 1;
  const written = (value: number): string => (most <= 1 ? value.toFixed(3).replace('-', '−') : shortNumber(value));
  const best = values.indexOf(values.reduce((largest, value) => (value > largest ? value : largest), -Infinity));
  const rows = Array.from(values, (value, i) => {
    const color = value < 0 ? colors.training : colors.validation;
    const width = Math.round((Math.abs(value) / most) * 240) || 0;
    const bar = `<div style="width: ${width}px; height: 10px; background: ${color}"></div>`;
    const label = escapeXml(classNames?.[i] ?? String(i));
    const cell = 'style="text-align: left; padding: 0 6px"';
    return `<tr><th scope="row" ${cell}>${label}${i === best ? ' ◀' : ''}</th><td ${cell}>${bar}</td>` +
      `<td ${cell}>${written(value)}</td></tr>`;
  });
  return `<table aria-label="${values.length} numbers">${rows.join('')}</table>` +
    `<div><small>◀ the largest</small></div>`;
}

/** Cells, 64 in a row. */
function stripHtml(values: Float32Array): string {
  const shown = Math.min(values.length, STRIP.cells);
  const columns = Math.min(STRIP.columns, shown);
  const rows = Math.ceil(shown / columns);
  const cells = new Float32Array(rows * columns);
  cells.set(stretchedValues(values.subarray(0, shown)));
  const image = arrayOf(Uint8Array.from(cells, (value) => Math.round(value * 255)), [rows, columns]);
  const rest = values.length > shown ? ` The other ${countText(values.length - shown)} are left out.` : '';
  const what = `${countText(shown)} numbers${rows > 1 ? `, ${columns} in a row` : ''}`;
  const sides = `width="${columns * STRIP.size}" height="${rows * STRIP.size}"`;
  return `<img src="${pngUrl(image)}" alt="${what}" ${sides} ` +
    `style="image-rendering: pixelated; outline: 1px solid #7F7F7F">` +
    `<div><small>${what}: the smallest black, the largest white.${rest}</small></div>`;
}
