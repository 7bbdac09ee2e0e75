import { types } from 'node:util';
import { countText, shapeText } from '../arrays';

/** As much of a text as a sentence bears. */
const LONGEST = 60;

const quoted = (text: string): string => `'${text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text}'`;

/**
 * What a value is, for sentences that say what came and what is expected: `the number 7`, `an array of 3 numbers`, `a
 * tensor of shape [2, 3], float32`. Whatever it is given; but getters of the value may never end, so what nobody trusts
 * is described within `withinTime`.
 */
export function described(value: unknown): string {
  try {
    return describedOf(value);
  } catch {
    return 'an object that cannot be read';
  }
}

function describedOf(value: unknown): string {
  switch (typeof value) {
    case 'undefined': return 'undefined';
    case 'boolean': return String(value);
    case 'number': return Number.isFinite(value) ? `the number ${value}` : String(value);
    case 'string': return value === '' ? 'an empty text' : `the text ${quoted(value)}`;
    case 'bigint': return `the bigint ${String(value).slice(0, LONGEST)}n`;
    case 'symbol': return 'a symbol';
    case 'function': return functionText(value);
  }
  return value === null ? 'null' : objectText(value as object);
}

function functionText(value: object): string {
  if (types.isProxy(value)) return 'a Proxy';
  if (isClass(value)) return 'a class';
  const { name } = value as { name?: unknown };
  return typeof name === 'string' && name !== '' ? `the function ${quoted(name)}` : 'a function';
}

/** Whether a function can only be called with `new`. */
export const isClass = (value: object): boolean => /^class\b/.test(Function.prototype.toString.call(value));

function objectText(value: object): string {
  if (types.isProxy(value)) return 'a Proxy';
  if (types.isPromise(value)) return 'a promise (is an await missing?)';
  if (types.isTypedArray(value)) return `${withArticle(value[Symbol.toStringTag])} of ${counted(value.length, 'number')}`;
  if (Array.isArray(value)) return listText(value);
  const { holder, shape, dtype, dataId, stride, isDisposed, layers, predict } = value as Record<string, unknown>;
  if (Array.isArray(shape) && typeof dtype === 'string') {
    if (holder === 'typed array') return `${typedArrayName(dtype)} of ${counted(Number(shape[0]), 'number')}`;
    if (holder === 'tensor' || dataId !== undefined) {
      return isDisposed === true
        ? 'a tensor that is disposed already'
        : `a tensor of shape ${shapeText(shape)}, ${dtype}`;
    }
    if (holder === 'ndarray' || Array.isArray(stride)) return `an ndarray of shape ${shapeText(shape)}, ${dtype}`;
  }
  if (Array.isArray(layers) && typeof predict === 'function') return 'a model';
  if (types.isNativeError(value)) return `an error (${quoted(String(value.message))})`;
  const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: unknown } } | null;
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    const className = prototype.constructor?.name;
    const tag = Object.prototype.toString.call(value).slice('[object '.length, -1);
    return `an object of class ${typeof className === 'string' && className !== '' ? className : tag}`;
  }
  const names = Object.keys(value);
  if (names.length === 0) return 'an empty object';
  return `an object with ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}`;
}

/** `a Float32Array` of `float32`, `a Uint8ClampedArray` of `uint8_clamped`. */
const typedArrayName = (dtype: string): string =>
  withArticle(`${dtype.split('_').map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join('')}Array`);

/** `Uint8Array` is spoken with a y. */
const withArticle = (name: string): string => `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`;

const counted = (count: number, what: string): string => `${countText(count)} ${what}${count === 1 ? '' : 's'}`;

function listText(list: readonly unknown[]): string {
  if (list.length === 0) return 'an empty array';
  const shape = gridShape(list);
  if (!shape) return `an array of ${counted(list.length, 'element')}`;
  if (shape.length === 1) return `an array of ${counted(shape[0], 'number')}`;
  return `an array of ${shape.map(countText).join(' × ')} numbers`;
}

/** More values than that are not looked at, and not compared. */
export const MOST_VALUES = 1_000_000;
const MOST_AXES = 8;

/**
 * The shape of nested arrays of numbers whose rows are equally long; undefined if they are something else, or too many.
 */
export function gridShape(list: readonly unknown[]): number[] | undefined {
  const shape: number[] = [];
  for (let each: unknown = list; Array.isArray(each); each = each[0]) {
    shape.push(each.length);
    if (shape.length > MOST_AXES || shape.reduce((product, size) => product * size, 1) > MOST_VALUES) return undefined;
  }
  const fits = (value: unknown, axis: number): boolean => {
    if (axis === shape.length) return typeof value === 'number';
    if (!Array.isArray(value) || value.length !== shape[axis]) return false;
    // Not every(): it passes over the elements that a sparse array does not have.
    for (let i = 0; i < value.length; i++) if (!fits(value[i], axis + 1)) return false;
    return true;
  };
  return fits(list, 0) ? shape : undefined;
}
