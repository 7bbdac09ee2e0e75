import type { NdArray } from 'ndarray';
import { arrayOf, countText, packedValues, type Numbers } from '../arrays';
import { countInBins, extent } from '../bins';
import type { LayerActivation } from '../inspection/activations';
import type { Classification, ClassProbability } from '../inspection/classify';
import { statisticsOf, warningsOf } from '../inspection/statistics';
import { colors, diverging } from './figure';
import { channelsThatFit, isPassedOn, layerHtml } from './feature-maps';
import { filtersHtml } from './filters';
import { pngUrl, shortNumber, visiblePicture } from './layer-pictures';
import { probabilityText } from './ranked';
import { colorAt, escapeXml, rgbOf } from './svg-elements';
import { thumbnail } from './thumbnail';

/** Pixels of a picture on the screen. */
const SIDE = 168;
/** Filters of a convolution, and channels of each. */
const MOST_FILTERS = 16;
const MOST_CHANNELS = 8;
/** The picture of a dense layer's weights. */
const MATRIX_SIDE = 128;
const BINS = 40;
const BIN = { width: 4, height: 48 };

/**
 * What a model says of a picture, as HTML that needs no script and no other file: the picture as it was and as the
 * model gets it, the most probable classes as bars, then each layer: what it puts out and its weights, as pictures with
 * shape, mean, standard deviation and histogram.
 *
 * @param classification as `classifyOne` returns it
 * Taught in 05_digits_from_folders.
 */
export function classificationHtml({ top, classNames, original, picture, layers }: Classification): string {
  const seen = visiblePicture(picture);
  const [height, width] = seen.shape;
  const pictures = [
    ...(original ? [pictureHtml(original, 'The picture')] : []),
    pictureHtml(seen, `What the model gets: ${width} × ${height}, ${seen.dimension > 2 ? 'colour' : 'grey'}`),
  ];
  const channels = channelsThatFit(layers);
  const sections = layers.map((layer, i) => {
    // A single sigmoid has one number for two classes.
    const isAnswer = i === layers.length - 1 && layer.values.size === classNames.length;
    return `<section style="border-top: 1px solid ${colors.neutral}; padding-top: 8px">` +
      `${layerHtml(layer, { channels, ...(isAnswer && { classNames }) })}` +
      `${isPassedOn(layer.type) ? '' : activationsHtml(layer)}${weightsHtml(layer)}</section>`;
  });
  return `<div role="group" aria-label="${escapeXml(classificationText(top))}">` +
    `<div>${pictures.join('')}<div style="${BLOCK}">${topHtml(top)}</div></div>` +
    `<div style="clear: both">${sections.join('')}</div></div>`;
}

/** In words: `7 (0.998), 1 (0.001)`. */
export const classificationText = (top: readonly ClassProbability[]): string =>
  (top.length === 0 ? NO_PREDICTION
    : top.map(({ className, probability }) => `${className} (${probabilityText(probability)})`).join(', '));

const NO_PREDICTION = 'No prediction: the model’s answer has NaN. Its layers show where NaN begins.';

const BLOCK = 'display: inline-block; vertical-align: top; margin: 4px 12px 8px 0';

function pictureHtml(picture: NdArray<Numbers>, caption: string): string {
  const stored = thumbnail(picture, 2 * SIDE);
  const [height, width] = stored.shape;
  const scale = SIDE / Math.max(height, width);
  const sides = [width, height].map((side) => Math.max(1, Math.round(side * scale)));
  const style = `${scale > 1 ? 'image-rendering: pixelated; ' : ''}outline: 1px solid ${colors.neutral}`;
  return `<figure style="${BLOCK}"><img src="${pngUrl(stored)}" alt="${escapeXml(caption)}" width="${sides[0]}" ` +
    `height="${sides[1]}" style="${style}"><figcaption><small>${escapeXml(caption)}</small></figcaption></figure>`;
}

/** A row for each class, with a bar and its probability in digits. */
function topHtml(top: readonly ClassProbability[]): string {
  if (top.length === 0) return `<strong>${NO_PREDICTION}</strong>`;
  const rows = top.map(({ className, probability }) => {
    const bar = `<div style="width: ${Math.round(Math.min(1, Math.max(0, probability)) * 200)}px; height: 12px; ` +
      `background: ${colors.training}"></div>`;
    const cell = 'style="text-align: left; padding: 2px 8px"';
    return `<tr><th scope="row" ${cell}>${escapeXml(className)}</th><td ${cell}>${probabilityText(probability)}</td>` +
      `<td ${cell}><div style="width: 200px; outline: 1px solid ${colors.neutral}">${bar}</div></td></tr>`;
  });
  return `<table aria-label="Most probable classes">${rows.join('')}</table>`;
}

/** Behind a ReLU, the many that are 0 would leave nothing to see of the others; their share is said above. */
function activationsHtml({ values }: LayerActivation): string {
  const list = packedValues(values);
  const others = list.filter((value) => value !== 0);
  return numbersHtml(`what the layer puts out${others.length < list.length ? ', without zeros' : ''}`, others);
}

/** The weights of a layer, each with a picture where it has two dimensions or more; nothing where there are none. */
function weightsHtml({ name, weights }: LayerActivation): string {
  if (weights.length === 0) return '';
  const parts = weights.map(({ name: weight, values }) => {
    const statistics = statisticsOf(values);
    const { mean, standardDeviation, min, max } = statistics;
    const head = `<div><strong>${escapeXml(weight)}</strong> · ${values.shape.map(countText).join(' × ')}</div>` +
      `<div><small>mean ${shortNumber(mean)}, standard deviation ${shortNumber(standardDeviation)}, ` +
      `${shortNumber(min)} to ${shortNumber(max)}</small></div>`;
    const warnings = warningsOf(statistics).map((warning) => `<div><strong>⚠ ${escapeXml(warning)}</strong></div>`);
    const numbers = packedValues(values);
    const shown = extent(numbers) ? weightPicture(weight, values) : '';
    // Lists have no picture: several fit beside each other.
    const place = values.dimension < 2 ? 'display: inline-block; vertical-align: top; margin: 6px 24px 6px 0'
      : 'margin: 6px 0';
    return `<div style="${place}">${head}${warnings.join('')}${shown}${numbersHtml(weight, numbers)}</div>`;
  });
  return `<div style="margin-left: 16px"><div>Weights of ${escapeXml(name)}</div>${parts.join('')}</div>`;
}

function weightPicture(name: string, values: NdArray<Float32Array>): string {
  const { shape } = values;
  if (shape.length === 4) {
    const [, , channels, filters] = shape;
    const few = values.hi(shape[0], shape[1], Math.min(channels, MOST_CHANNELS), Math.min(filters, MOST_FILTERS));
    const parts = [
      ...(filters > MOST_FILTERS ? [`the first ${MOST_FILTERS} of ${countText(filters)} filters`] : []),
      ...(channels > MOST_CHANNELS ? [`the first ${MOST_CHANNELS} of ${countText(channels)} channels`] : []),
    ];
    return filtersHtml(few, parts.length > 0 ? `Of the ${name} ${parts.join(', ')}` : 'Filters');
  }
  return shape.length === 2 ? matrixHtml(values) : '';
}

/** A row for each input and a column for each output; where there are many, each pixel is a mean. */
function matrixHtml(values: NdArray<Float32Array>): string {
  const [inputs, outputs] = values.shape;
  const small = thumbnail(values, MATRIX_SIDE);
  const [rows, columns] = small.shape;
  const numbers = packedValues(small);
  const most = numbers.reduce((largest, value) => Math.max(largest, Math.abs(value) || 0), 0) || 1;
  const pixels = new Uint8Array(numbers.length * 3);
  numbers.forEach((value, i) =>
    pixels.set(Number.isFinite(value) ? colorAt(diverging, (value / most + 1) / 2) : [0, 0, 0], i * 3));
  const scale = Math.max(1, Math.min(10, Math.floor((2 * MATRIX_SIDE) / Math.max(rows, columns))));
  const factor = Math.ceil(Math.max(inputs, outputs) / MATRIX_SIDE);
  const [tall, wide] = [Math.min(factor, inputs), Math.min(factor, outputs)];
  const mean = factor > 1 ? ` Each cell is the mean of ${tall} × ${wide}.` : '';
  const what = `${countText(inputs)} inputs, a row each, and ${countText(outputs)} outputs, a column each`;
  return `<div><img src="${pngUrl(arrayOf(pixels, [rows, columns, 3]))}" alt="weights of ${what}" ` +
    `width="${columns * scale}" height="${rows * scale}" ` +
    `style="image-rendering: pixelated; outline: 1px solid ${colors.neutral}"></div>` +
    `<div><small>${what}: blue is below 0, white is 0, orange above, up to ${shortNumber(most)}.${mean}</small></div>`;
}

/** A small histogram, as a picture. */
function numbersHtml(name: string, list: Float32Array): string {
  const span = extent(list);
  if (!span || span[0] === span[1]) return '';
  const { counts } = countInBins(list, span, BINS);
  const most = Math.max(...counts);
  const width = BINS * BIN.width;
  const pixels = new Uint8Array(width * BIN.height * 3).fill(255);
  counts.forEach((count, bin) => {
    // The rarest values are seen as well.
    const height = count === 0 ? 0 : Math.max(1, Math.round((count / most) * BIN.height));
    for (let y = BIN.height - height; y < BIN.height; y++) {
      for (let x = bin * BIN.width; x < (bin + 1) * BIN.width - 1; x++) {
        pixels.set(rgbOf(colors.training), (y * width + x) * 3);
      }
    }
  });
  const [low, high] = span.map(shortNumber);
  const alt = `histogram of ${name}: ${countText(list.length)} numbers from ${low} to ${high}`;
  return `<div style="margin: 2px 0 6px"><div><small>Histogram of ${escapeXml(name)}</small></div>` +
    `<img src="${pngUrl(arrayOf(pixels, [BIN.height, width, 3]))}" ` +
    `alt="${escapeXml(alt)}" width="${width}" height="${BIN.height}" style="outline: 1px solid ${colors.neutral}">` +
    `<div style="width: ${width}px"><small><span style="float: right">${high}</span>${low}</small></div></div>`;
}
