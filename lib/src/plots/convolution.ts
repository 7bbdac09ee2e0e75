import type { NdArray } from 'ndarray';
import { arrayOf, packedValues, type Numbers } from '../arrays';
import { extent } from '../bins';
import { convolutionStep, convolve, type ConvolutionOptions, type ConvolutionStep } from '../inspection/convolution';
import { colors, diverging } from './figure';
import { blackAndWhite, pngUrl, shortNumber, stretchedValues, visiblePicture } from './layer-pictures';
import { colorAt, hexOf, INK, n, picture as svgPicture, readableOn, text } from './svg-elements';
import { thumbnail } from './thumbnail';

/** A static picture, and the same in words. */
export interface DescribedSvg {
  readonly svg: string;
  readonly alt: string;
}

const WIDTH = 900;
const MARGIN = 16;
/** The longer side of the picture and of the feature map. */
const SIDE = 190;
/** The side of a table of numbers. */
const TABLE = 126;
const TOP = 44;
/** Channels whose tables are shown; of the others, the sums. */
const MOST_CHANNELS = 3;
/** Cells narrower than this hold no number. */
const SMALLEST_CELL = 24;

/**
 * One step of a convolution: the picture with the window, the numbers in the window, those of the kernel, their
 * products, the sum, and where it stands in the feature map.
 *
 * @param picture `[height, width]` or `[height, width, channels]`
 * @param kernel one filter, `[height, width]` or `[height, width, channels]`
 * @param at row and column in the feature map
 * @throws Error as `convolutionStep`
 * Taught in 03_fashion_mnist_cnn.
 */
export function convolutionPicture(
  picture: NdArray<Numbers>,
  kernel: NdArray<Numbers>,
  at: readonly [row: number, column: number],
  options: ConvolutionOptions = {},
): DescribedSvg {
  const step = convolutionStep(picture, kernel, at, options);
  const [kernelHeight, kernelWidth, channels = 1] = kernel.shape;
  const cell = Math.min(42, Math.floor(TABLE / Math.max(kernelHeight, kernelWidth)));
  const shownChannels = Math.min(channels, MOST_CHANNELS);
  const rowHeight = kernelHeight * cell + (channels > 1 ? 26 : 0);
  const body = Math.max(SIDE, shownChannels * rowHeight);
  const middle = TOP + body / 2;

  const seen = visible(picture);
  const from = imageBox(seen.pixels, MARGIN, middle);
  const map = convolve(picture, kernel, options);
  const to = imageBox(arrayOf(stretchedValues(packedValues(map)), [...map.shape]), WIDTH - MARGIN - SIDE, middle);
  const lefts = [0, 1, 2].map((i) => MARGIN + SIDE + 26 + i * (TABLE + 27));
  const tables = Array.from({ length: shownChannels }, (_, channel) => {
    const top = middle - (shownChannels * rowHeight) / 2 + channel * rowHeight + (channels > 1 ? 20 : 0);
    return tablesOf(step, channel, { top, lefts, cell, grey: seen.grey }) +
      (channels > 1 ? text(channelName(channel, channels), lefts[0], top - 6, { size: 12 }) : '');
  });
  const windowBox = mark(from, step.from, [kernelHeight, kernelWidth]);
  const first = { top: middle - (shownChannels * rowHeight) / 2 + (channels > 1 ? 20 : 0), left: lefts[0] };
  const lines = [[windowBox.top, first.top], [windowBox.top + windowBox.height, first.top + kernelHeight * cell]]
    .map(([y1, y2]) => `<line x1="${n(windowBox.left + windowBox.width)}" y1="${n(y1)}" x2="${n(first.left)}" ` +
      `y2="${n(y2)}" stroke="${colors.neutral}" stroke-dasharray="3 3"/>`);
  const placeBox = mark(to, at, [1, 1]);
  const sumFrom = { x: lefts[2] + kernelWidth * cell, y: middle };
  lines.push(`<line x1="${n(sumFrom.x)}" y1="${n(sumFrom.y)}" x2="${n(placeBox.left)}" ` +
    `y2="${n(placeBox.top + placeBox.height / 2)}" stroke="${colors.neutral}" stroke-dasharray="3 3"/>`);
  const [darkest, brightest] = (extent(packedValues(map)) ?? [NaN, NaN]).map(shortNumber);
  const titles = [
    [MARGIN, seen.name], [lefts[0], 'window'], [lefts[1], 'kernel'], [lefts[2], 'products'],
    [WIDTH - MARGIN - SIDE, `feature map, ${step.mapShape.join(' × ')}`],
  ] as const;
  const sentences = sentencesOf(step, channels);
  const height = TOP + body + 52 + sentences.length * 22;
  const alt = `One step of a convolution. Window of ${kernel.shape.join(' × ')} numbers, its first pixel in row ` +
    `${step.from[0]}, column ${step.from[1]} of the picture. ${sentences.join(' ')}`;
  return {
    alt,
    svg: svgPicture(WIDTH, height, alt, [
      ...titles.map(([x, title]) => text(title, x, 24, { bold: true })),
      from.svg, to.svg, ...lines, boxSvg(windowBox), ...tables, boxSvg(placeBox),
      text(`black ${darkest}, white ${brightest}`, to.left, to.top + to.height + 16, { size: 12 }),
      text(`marked: ${shortNumber(step.result)}`, to.left, to.top + to.height + 32, { size: 12, bold: true }),
      ...sentences.map((sentence, i) => text(sentence, MARGIN, TOP + body + 58 + i * 22, { size: 14 })),
    ].join('')),
  };
}

/** What is shown of the picture, and how dark a number of it is. */
function visible(
  picture: NdArray<Numbers>,
): { pixels: NdArray<Numbers>; name: string; grey: (value: number) => number } {
  const [, , channels = 1] = picture.shape;
  const [black, white] = blackAndWhite(packedValues(picture));
  const grey = (value: number): number => Math.min(1, Math.max(0, (value - black) / (white - black || 1)));
  if (channels === 1 || channels === 3) return { pixels: visiblePicture(picture), name: 'picture', grey };
  const channel = packedValues(picture.pick(null, null, 0));
  const pixels = arrayOf(stretchedValues(channel), picture.shape.slice(0, 2));
  return { pixels, name: `channel 0 of ${channels}`, grey };
}

const channelName = (channel: number, channels: number): string =>
  (channels === 3 ? ['red', 'green', 'blue'][channel] : `channel ${channel}`);

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** An image in a square field, in the middle of its height; `scale`: how large a pixel is. */
function imageBox(pixels: NdArray<Numbers>, left: number, middle: number): Box & { scale: number; svg: string } {
  const [rows, columns] = pixels.shape;
  const scale = SIDE / Math.max(rows, columns);
  const [width, height] = [columns * scale, rows * scale];
  const top = middle - height / 2;
  const place = `x="${n(left)}" y="${n(top)}" width="${n(width)}" height="${n(height)}"`;
  const svg = `<image ${place} preserveAspectRatio="none" style="image-rendering: pixelated" ` +
    `href="${pngUrl(thumbnail(pixels, 2 * SIDE))}"/><rect ${place} fill="none" stroke="${colors.neutral}"/>`;
  return { left, top, width, height, scale, svg };
}

/** So many pixels of an image, from one on. */
const mark = (
  { left, top, scale }: Box & { scale: number },
  [row, column]: readonly [number, number],
  [height, width]: readonly [number, number],
): Box => ({ left: left + column * scale, top: top + row * scale, width: width * scale, height: height * scale });

/** White around the colour, so that it is seen on every ground. */
function boxSvg({ left, top, width, height }: Box): string {
  const place = `x="${n(left)}" y="${n(top)}" width="${n(width)}" height="${n(height)}" fill="none"`;
  return `<rect ${place} stroke="#fff" stroke-width="5"/><rect ${place} stroke="${colors.validation}" ` +
    'stroke-width="2.5"/>';
}

interface TablePlaces {
  readonly top: number;
  readonly lefts: readonly number[];
  readonly cell: number;
  readonly grey: (value: number) => number;
}

/** The numbers of one channel: window × kernel = products. */
function tablesOf(step: ConvolutionStep, channel: number, { top, lefts, cell, grey }: TablePlaces): string {
  const [rows, columns] = step.kernel.shape;
  const mostOf = (values: NdArray<Numbers>): number => {
    const [low, high] = extent(packedValues(values)) ?? [0, 0];
    return Math.max(-low, high) || 1;
  };
  const signed = (most: number) => (value: number) => colorAt(diverging, (value / most + 1) / 2);
  const parts = [
    { values: step.window, colour: (value: number) => shade(grey(value)), sign: '×' },
    { values: step.kernel, colour: signed(mostOf(step.kernel)), sign: '=' },
    { values: step.products, colour: signed(mostOf(step.products)), sign: '' },
  ];
  return parts.map(({ values, colour, sign }, i) => {
    const left = lefts[i];
    const { digits, written } = writtenAlike(packedValues(values));
    const size = cell < 34 || digits > 2 ? 10 : 12;
    const cells = Array.from({ length: rows * columns }, (_, index) => {
      const [row, column] = [Math.floor(index / columns), index % columns];
      const value = values.dimension === 3 ? values.get(row, column, channel) : values.get(row, column);
      const rgb = colour(value);
      const [x, y] = [left + column * cell, top + row * cell];
      return `<rect x="${n(x)}" y="${n(y)}" width="${cell}" height="${cell}" fill="${hexOf(rgb)}" ` +
        `stroke="${colors.neutral}" stroke-width="0.5"/>` + (cell < SMALLEST_CELL ? ''
        : text(written(value), x + cell / 2, y + cell / 2 + 4, { anchor: 'middle', size, color: readableOn(rgb) }));
    });
    const middle = top + (rows * cell) / 2;
    return cells.join('') + text(sign, left + TABLE + 13.5, middle + 6, { anchor: 'middle', size: 18, color: INK });
  }).join('');
}

const shade = (grey: number): readonly [number, number, number] => {
  const value = Math.round(grey * 255);
  return [value, value, value];
};

/** How numbers that stand together are written, short enough for a cell: as many digits for all. */
function writtenAlike(values: ArrayLike<number>): { digits: number; written: (value: number) => string } {
  const list = Array.from(values);
  const [low, high] = extent(list) ?? [0, 0];
  const most = Math.max(-low, high);
  const digits = list.every(Number.isInteger) || most >= 99.5 ? 0 : most >= 9.95 ? 1 : most >= 0.0995 ? 2 : 3;
  const written = (value: number): string =>
    Number.isFinite(value) ? value.toFixed(digits).replace(/^-(0(?:\.0*)?)$/, '$1').replace('-', '−') : 'NaN';
  return { digits, written };
}

/** How the number comes about, in words and numbers. */
function sentencesOf(step: ConvolutionStep, channels: number): string[] {
  const { products, sum, bias, result, at } = step;
  const parts = channels === 1 ? Array.from(packedValues(products))
    : Array.from({ length: channels }, (_, channel) =>
      packedValues(products.pick(null, null, channel)).reduce((total, value) => total + value, 0));
  // So many fit into a line.
  const shown = parts.slice(0, parts.length > 9 ? 5 : 9).map(writtenAlike(parts).written);
  const terms = shown.map((term, i) => (i === 0 ? term : term.startsWith('−') ? ` − ${term.slice(1)}` : ` + ${term}`))
    .join('');
  const more = parts.length > shown.length ? ` + … (${parts.length} in all)` : '';
  const what = channels === 1 ? 'All products added up' : 'The products of each channel added up';
  const withBias = bias === 0 ? `There is no bias: ${shortNumber(result)}`
    : `Plus the bias ${shortNumber(bias)}: ${shortNumber(result)}`;
  return [
    `${what}: ${terms}${more} = ${shortNumber(sum)}.`,
    `${withBias} is the number in row ${at[0]}, column ${at[1]} of the feature map.`,
  ];
}
