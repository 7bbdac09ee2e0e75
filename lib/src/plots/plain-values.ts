import { arrayOf, countText, shapeText } from '../arrays';
import { isArrayData, type Plain } from '../exercises/values';
import { colors } from './figure';
import { pngUrl } from './layer-pictures';
import { escapeXml } from './svg-elements';
import { thumbnail } from './thumbnail';

/**
 * Plain data as a learner reads it: numbers plainly, small arrays as tables, pictures as pictures, all else by its
 * shape and a few values.
 */

/** Rows and columns of a table, at most. */
const MOST_CELLS = 12;
/** Tables of one array, at most. */
const MOST_TABLES = 6;
/** Pictures of one array, at most. */
const MOST_PICTURES = 10;
/** Pixels of a picture on the screen. */
const SIDE = 140;
/** Letters of a value that is written as text, at most. */
const MOST_LETTERS = 300;
/** Values of a large array that are written, at most. */
const FEW = 8;

/** An array as it is shown: whatever holds it, its values row by row. */
interface Grid {
  readonly what: string;
  readonly shape: readonly number[];
  readonly dtype?: string;
  readonly values: readonly Plain[];
}

/** The array that a value is; undefined for all else: numbers, texts, objects, lists whose rows differ in length. */
export function gridOf(value: Plain): Grid | undefined {
  if (isArrayData(value)) {
    const { holder, shape, dtype, values } = value;
    return { what: holder, shape, dtype, values };
  }
  if (!Array.isArray(value)) return undefined;
  const shape: number[] = [];
  let level: Plain[] = value;
  for (;;) {
    shape.push(shape.length === 0 ? level.length : (level[0] as Plain[]).length);
    if (shape.length > 1) level = level.flatMap((row) => row as Plain[]);
    const lists = level.filter(Array.isArray);
    if (lists.length === 0) break;
    if (lists.length < level.length || lists.some(({ length }) => length !== lists[0].length)) return undefined;
  }
  return level.some((each) => typeof each === 'object' && each !== null) ? undefined
    : { what: 'array', shape, values: level };
}

/**
 * A number with so many digits; whole ones with all of them. Written as TypeScript writes it.
 *
 * @param digits 17 tell any two numbers apart
 */
export const numberWith = (value: number, digits: number): string =>
  (Number.isInteger(value) || !Number.isFinite(value) ? String(value) : String(Number(value.toPrecision(digits))));

const scalarText = (value: Plain, digits: number): string =>
  (typeof value === 'number' ? numberWith(value, digits)
    : typeof value === 'string' ? JSON.stringify(value) : String(value));

/** A value as TypeScript would write it, on one line, cut where it is long: `[[1, 2], [3, 4]]`. */
export function plainText(value: Plain, digits = 6, most = MOST_LETTERS): string {
  const text = written(value, digits, { left: most });
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** Stops when no letters are left: a list of ten million is never written as a whole. */
function written(value: Plain, digits: number, room: { left: number }): string {
  if (Array.isArray(value)) return `[${listed(value, (each) => written(each, digits, room), room)}]`;
  if (typeof value === 'object' && value !== null && !isArrayData(value)) {
    const text = listed(Object.keys(value), (name) => `${name}: ${written(value[name], digits, room)}`, room);
    return text ? `{ ${text} }` : '{}';
  }
  const text = isArrayData(value) ? `${factsOf(value)} ${few(value.values, digits)}` : scalarText(value, digits);
  room.left -= text.length + 2;
  return text;
}

function listed<T>(all: readonly T[], textOf: (each: T) => string, room: { left: number }): string {
  const parts: string[] = [];
  for (const each of all) {
    parts.push(room.left > 0 ? textOf(each) : '…');
    if (room.left <= 0) break;
  }
  return parts.join(', ');
}

const few = (values: readonly Plain[], digits: number): string =>
  `[${values.slice(0, FEW).map((each) => scalarText(each, digits)).join(', ')}${values.length > FEW ? ', …' : ''}]`;

/** What holds the values, shape and dtype first: `tensor of shape [2, 3], float32`; nothing for a number or a text. */
export function factsOf(value: Plain): string {
  const grid = gridOf(value);
  if (!grid) return Array.isArray(value) ? `array of ${countText(value.length)}` : '';
  const { what, shape, dtype } = grid;
  const size = shape.length === 1 && dtype === undefined
    ? `of ${countText(shape[0])} ${nameOf(grid.values, shape[0])}` : `of shape ${shapeText(shape)}`;
  return `${what} ${size}${dtype === undefined ? '' : `, ${dtype}`}`;
}

function nameOf(values: readonly Plain[], count: number): string {
  const name = values.every((each) => typeof each === 'number') ? 'number' : 'value';
  return count === 1 ? name : `${name}s`;
}

/** What an array should be, and at which places, counted row by row, it is not. */
export interface Wanted {
  readonly expected: Plain;
  readonly places: readonly number[];
}

interface ShownOptions {
  /** Digits of a number that is not whole. Default 6. */
  readonly digits?: number;
  /** Whether what holds the values, their shape or dtype is what is wrong. */
  readonly stressFacts?: boolean;
  /** Only for an array of the same shape. */
  readonly wanted?: Wanted;
}

/**
 * A value as HTML, under a label: `Expected · array of shape [3, 3]`, then its table, picture, or text. Cells that are
 * not what is wanted have a frame, and say so to a screen reader.
 */
export function valueHtml(label: string, value: Plain, options: ShownOptions = {}): string {
  const { digits = 6, stressFacts = false, wanted } = options;
  const facts = factsOf(value);
  const tag = stressFacts ? 'strong' : 'small';
  const head = `<strong>${escapeXml(label)}</strong>${facts ? ` · <${tag}>${escapeXml(facts)}</${tag}>` : ''}`;
  const grid = gridOf(value);
  const body = grid && gridHtml(grid, label, digits, wanted);
  const isShort = !facts && body === undefined;
  const content = body ?? codeHtml(plainText(value, digits));
  const name = escapeXml(facts ? `${label}, ${facts}` : label);
  return `<div role="group" aria-label="${name}">${head}${isShort ? ' ' : '<br>'}${content}</div>`;
}

export const codeHtml = (text: string): string =>
  `<code style="overflow-wrap: anywhere; white-space: pre-wrap">${escapeXml(text)}</code>`;

function gridHtml(grid: Grid, label: string, digits: number, wanted: Wanted | undefined): string | undefined {
  const { shape, values } = grid;
  if (values.length === 0 || shape.length === 0) return undefined;
  const pictures = picturesOf(grid);
  if (pictures) return picturesHtml(pictures, label);
  const [rows, columns] = [shape.at(-2) ?? 1, shape.at(-1)!];
  const tables = values.length / (rows * columns);
  if (rows > MOST_CELLS || columns > MOST_CELLS || tables > MOST_TABLES) return largeHtml(grid, digits, wanted);
  const leading = shape.slice(0, -2);
  return Array.from({ length: tables }, (_, table) => {
    const caption = tables > 1 ? shapeText(placeOf(leading, table)) : undefined;
    return tableHtml(grid, table * rows * columns, [rows, columns], { label, caption, digits, wanted });
  }).join(' ');
}

interface TableOptions {
  readonly label: string;
  readonly caption: string | undefined;
  readonly digits: number;
  readonly wanted: Wanted | undefined;
}

/** JupyterLab gives tables a look of their own, which a notebook elsewhere has not. */
const TABLE = 'display: inline-table; margin: 2px 8px 4px 0; border-collapse: collapse; table-layout: auto; ' +
  'width: auto; font-variant-numeric: tabular-nums';
const CELL = `padding: 2px 7px; text-align: right; white-space: nowrap; border: 1px solid ${colors.neutral}66`;
/** A frame inside the cell, and bold: not by colour alone. */
const WRONG = `; font-weight: bold; box-shadow: inset 0 0 0 2px ${colors.validation}`;

function tableHtml(
  { shape, values }: Grid, start: number, [rows, columns]: readonly [number, number],
  { label, caption, digits, wanted }: TableOptions,
): string {
  const body = Array.from({ length: rows }, (_, row) => {
    const cells = Array.from({ length: columns }, (_, column) => {
      const at = start + row * columns + column;
      return cellHtml(values[at], digits, wrongText(shape, at, wanted, digits));
    });
    return `<tr style="text-align: right">${cells.join('')}</tr>`;
  });
  const head = caption === undefined ? '' : `<caption style="text-align: left"><small>${caption}</small></caption>`;
  const name = caption === undefined ? label : `${label} ${caption}`;
  return `<table aria-label="${escapeXml(name)}" style="${TABLE}">${head}<tbody>${body.join('')}</tbody></table>`;
}

/** A cell of a table of values. @param wrong what a screen reader says behind the value; nothing if it is right */
export function cellHtml(value: Plain, digits: number, wrong: string | undefined): string {
  const text = escapeXml(scalarText(value, digits));
  if (wrong === undefined) return `<td style="${CELL}">${text}</td>`;
  const words = escapeXml(wrong);
  return `<td style="${CELL}${WRONG}" aria-label="${text}, ${words}" title="${words}">${text}</td>`;
}

function wrongText(
  shape: readonly number[], at: number, wanted: Wanted | undefined, digits: number,
): string | undefined {
  if (!wanted?.places.includes(at)) return undefined;
  const expected = scalarText(gridOf(wanted.expected)!.values[at], digits);
  return `differs: expected ${expected} at ${shapeText(placeOf(shape, at))}`;
}

/** The indices of the value that is so many places behind the first. */
export function placeOf(shape: readonly number[], at: number): number[] {
  let rest = at;
  return shape.map((_, axis) => {
    const step = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
    const index = Math.floor(rest / step);
    rest -= index * step;
    return index;
  });
}

/** What is too large for a table and no picture: a few of its values, and those that differ first. */
function largeHtml({ shape, values }: Grid, digits: number, wanted: Wanted | undefined): string {
  const first = `${few(values, digits).slice(1, -1)} <small>(${countText(values.length)} values)</small>`;
  const wrong = wanted?.places.slice(0, FEW) ?? [];
  if (!wanted || wrong.length === 0) return first;
  const expected = gridOf(wanted.expected)!.values;
  const head = ['at', 'expected', 'got'].map((title) => `<th scope="col" style="${CELL}">${title}</th>`).join('');
  const rows = wrong.map((at) => `<tr><th scope="row" style="${CELL}">${shapeText(placeOf(shape, at))}</th>` +
    `${cellHtml(expected[at], digits, undefined)}${cellHtml(values[at], digits, 'differs')}</tr>`);
  return `${first}<br><table aria-label="The first values that differ" style="${TABLE}">` +
    `<thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

interface GridPictures {
  readonly count: number;
  /** Height, width and, if there is such an axis, channels. */
  readonly sides: readonly number[];
  /** Of all pictures, one after the other. */
  readonly pixels: Uint8Array | Float32Array;
}

/**
 * The pictures that an array is: `[height, width]`, `[height, width, 1 or 3]` or several of them, larger than a table
 * can show; bytes, or fractions from 0 to 1.
 */
function picturesOf({ shape, dtype, values }: Grid): GridPictures | undefined {
  const axes = shape.length > 2 && [1, 3].includes(shape.at(-1)!) ? 3 : 2;
  if (shape.length < axes || shape.length > axes + 1) return undefined;
  const sides = shape.slice(-axes);
  const [small, large] = [Math.min(sides[0], sides[1]), Math.max(sides[0], sides[1])];
  if (small < MOST_CELLS || large === MOST_CELLS || large > 4 * small) return undefined;
  if (!values.every((value) => typeof value === 'number' && value >= 0 && value <= 255)) return undefined;
  const numbers = values as readonly number[];
  const isFraction = dtype !== 'uint8' && numbers.every((value) => value <= 1);
  if (!isFraction && !numbers.every(Number.isInteger)) return undefined;
  const pixels = isFraction ? Float32Array.from(numbers) : Uint8Array.from(numbers);
  return { count: shape.length > axes ? shape[0] : 1, sides, pixels };
}

function picturesHtml({ count, sides, pixels }: GridPictures, label: string): string {
  const one = pixels.length / count;
  const shown = Array.from({ length: Math.min(count, MOST_PICTURES) }, (_, i) => {
    const picture = thumbnail(arrayOf(pixels.slice(i * one, (i + 1) * one), [...sides]), 2 * SIDE);
    const [height, width] = picture.shape;
    const scale = (count > 1 ? SIDE / 2 : SIDE) / Math.max(height, width);
    const alt = `${label}${count > 1 ? ` [${i}]` : ''}: picture of ${sides[1]} × ${sides[0]} pixels`;
    return `<img src="${pngUrl(picture)}" alt="${escapeXml(alt)}" width="${Math.round(width * scale)}" ` +
      `height="${Math.round(height * scale)}" style="image-rendering: pixelated; margin: 2px 6px 4px 0; ` +
      `outline: 1px solid ${colors.neutral}">`;
  });
  const more = count > shown.length ? ` <small>and ${countText(count - shown.length)} more</small>` : '';
  return shown.join('') + more;
}

/**
 * A picture of where an array is not what is wanted: white where it is not, black elsewhere; of several pictures the
 * first that has such a place. Undefined for what is not shown as pictures.
 */
export function differenceHtml(value: Plain, { places }: Wanted): string | undefined {
  const grid = gridOf(value);
  const pictures = grid && picturesOf(grid);
  if (!pictures || places.length === 0) return undefined;
  const { count, sides: [height, width, channels = 1] } = pictures;
  const size = height * width;
  const which = Math.floor(places[0] / (size * channels));
  const pixels = new Uint8Array(size);
  for (const place of places) {
    const pixel = Math.floor(place / channels) - which * size;
    if (pixel < size) pixels[pixel] = 255;
  }
  const label = count > 1 ? `Where [${which}] differs` : 'Where they differ';
  return `<div role="group" aria-label="${label}"><strong>${label}</strong> <small>· white</small><br>` +
    `${picturesHtml({ count: 1, sides: [height, width], pixels }, label)}</div>`;
}
