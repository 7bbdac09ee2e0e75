import { types } from 'node:util';
import type { NdArray } from 'ndarray';
import { arrayOf, countText, shapeText, type Numbers } from '../arrays';
import type { tf } from '../tensorflow';
import type { Live } from './definition';
import { described, MOST_VALUES } from './described';

/** The module: handed on, because only who needs tensors loads it. */
export type TensorFlow = typeof tf;

/**
 * Plain data: all that passes between an answer and its judge. It can be written as JSON, compared, shown, and sent to
 * another process.
 */
export type Plain = number | string | boolean | null | undefined | ArrayData | Plain[] | { [name: string]: Plain };

/** A tensor, an ndarray or a typed array as data. */
export interface ArrayData {
  readonly holder: 'tensor' | 'ndarray' | 'typed array';
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Row by row. */
  readonly values: readonly number[];
}

const count = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

function arrayData(
  holder: ArrayData['holder'],
  shape: readonly number[],
  values: ArrayLike<number>,
  dtype: string,
): ArrayData {
  if (values.length !== count(shape)) {
    throw new Error(`${holder} of shape ${shapeText(shape)}: expected ${count(shape)} values, got ${values.length}`);
  }
  return { holder, shape, dtype, values: Array.from(values) };
}

/** An input that is a tensor. `dtype` is `'float32'`, `'int32'` or `'bool'`. */
export const tensor = (shape: readonly number[], values: ArrayLike<number>, dtype = 'float32'): ArrayData =>
  arrayData('tensor', shape, dtype === 'float32' ? Float32Array.from(values) : values, dtype);

/** An input that is an ndarray, as pictures and labels are. */
export const array = (shape: readonly number[], values: ArrayLike<number>, dtype = 'uint8'): ArrayData =>
  arrayData('ndarray', shape, dtype === 'float32' ? Float32Array.from(values) : values, dtype);

/** Whether data stands for a tensor, an ndarray or a typed array. */
export const isArrayData = (value: unknown): value is ArrayData =>
  isRecord(value) && ['holder', 'shape', 'dtype', 'values'].every((key) => Object.hasOwn(value, key));

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

// --- to what is alive

const arrays = {
  uint8: Uint8Array,
  uint8_clamped: Uint8ClampedArray,
  int8: Int8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
};

function typedArray(dtype: string, values: readonly number[]): Numbers {
  const Made = arrays[dtype as keyof typeof arrays];
  if (!Made) throw new Error(`an array of dtype ${dtype}: expected one of ${Object.keys(arrays).join(', ')}`);
  return Made.from(values) as Numbers;
}

/** Whether data holds a tensor somewhere, so that TensorFlow.js is needed to make it. */
export function holdsTensor(plain: Plain): boolean {
  if (isArrayData(plain)) return plain.holder === 'tensor';
  if (Array.isArray(plain)) return plain.some(holdsTensor);
  return isRecord(plain) && Object.values(plain as Record<string, Plain>).some(holdsTensor);
}

/**
 * Makes of data what a function is called with; each time anew, so that nobody else sees what it does to it. The caller
 * disposes tensors.
 *
 * @param tf needed where the data hold tensors
 */
export function toLive(plain: Plain, tf?: TensorFlow): Live {
  if (isArrayData(plain)) {
    const { holder, shape, dtype, values } = plain;
    if (holder === 'ndarray') return arrayOf(typedArray(dtype, values), [...shape]);
    if (holder === 'typed array') return typedArray(dtype, values) as Float32Array;
    if (!tf) throw new Error(`a tensor of shape ${shapeText(shape)}: expected TensorFlow.js to make it with`);
    return tf.tensor([...values], [...shape], dtype as 'float32');
  }
  if (Array.isArray(plain)) return plain.map((each) => toLive(each, tf));
  if (isRecord(plain)) {
    return Object.fromEntries(
      Object.entries(plain as Record<string, Plain>).map(([name, each]) => [name, toLive(each, tf)]),
    );
  }
  return plain;
}

// --- to data

/** A result that no data can be made of. The message says what it is and what is expected. */
export class Unreadable extends Error {
  override name = 'Unreadable';
}

const DEEPEST = 50;

/**
 * Makes data of a result. It reads each getter once; getters may throw or never end, so a result that nobody trusts is
 * read within `withinTime`. Tensors stay as they are.
 *
 * @param found told of each tensor in it
 * @throws Unreadable if it holds what is no data: a function, a promise, a Map, a disposed tensor, itself, too much
 */
export function toPlain(live: unknown, found: (tensor: tf.Tensor) => void = () => {}): Plain {
  const above = new Set<object>();
  let left = MOST_VALUES;

  const refuse = (what: string, place: string): never => {
    throw new Unreadable(
      `got ${what}${place && ` at ${place}`}; ` +
        'expected data: numbers, texts, true or false, arrays, tensors, or objects of these.',
    );
  };
  const take = (values: number, place: string): void => {
    left -= values;
    if (left < 0) refuse(`more than ${countText(MOST_VALUES)} values`, place);
  };
  const within = <T>(value: object, place: string, read: () => T): T => {
    if (above.has(value)) refuse('an object that holds itself', place);
    if (above.size >= DEEPEST) refuse(`something nested more than ${DEEPEST} deep`, place);
    above.add(value);
    try {
      return read();
    } finally {
      above.delete(value);
    }
  };

  const plainOf = (value: unknown, place: string): Plain => {
    if (value === undefined || value === null || typeof value === 'boolean' || typeof value === 'number') {
      take(1, place);
      return value;
    }
    if (typeof value === 'string') {
      take(value.length, place);
      return value;
    }
    if (typeof value !== 'object' || types.isProxy(value)) return refuse(described(value), place);
    if (types.isTypedArray(value)) {
      take(value.length, place);
      return typedArrayData(value) ?? refuse(described(value), place);
    }
    if (Array.isArray(value)) {
      take(value.length, place);
      return within(value, place, () => Array.from(value, (each, i) => plainOf(each, `${place}[${i}]`)));
    }
    if (isTensor(value)) {
      found(value);
      take(value.size, place);
      if (value.isDisposed || !['float32', 'int32', 'bool'].includes(value.dtype)) {
        return refuse(described(value), place);
      }
      return arrayData('tensor', [...value.shape], value.dataSync() as ArrayLike<number>, value.dtype);
    }
    if (isNdArray(value)) {
      take(count(value.shape), place);
      return arrayData('ndarray', [...value.shape], elementsOf(value) ?? refuse(described(value), place), value.dtype);
    }
    const prototype = Object.getPrototypeOf(value) as unknown;
    const isPlainObject = prototype === null || Object.getPrototypeOf(prototype) === null;
    if (!isPlainObject) return refuse(described(value), place);
    if (isArrayData(value)) return refuse('an object that looks like an array of ours', place);
    return within(value, place, () => {
      const names = Object.keys(value);
      take(names.length, place);
      return Object.fromEntries(
        names.map((name) => [
          name,
          plainOf((value as Record<string, unknown>)[name], place ? `${place}.${name}` : name),
        ]),
      );
    });
  };
  return plainOf(live, '');
}

/** Whether something is a tensor; as TensorFlow.js itself decides it, but without loading it. */
export const isTensor = (value: unknown): value is tf.Tensor =>
  isRecord(value) &&
  'dataId' in value &&
  Array.isArray(value.shape) &&
  typeof value.dtype === 'string' &&
  typeof value.dataSync === 'function';

/** Whether something is an ndarray. */
export const isNdArray = (value: unknown): value is NdArray =>
  isRecord(value) &&
  typeof value.offset === 'number' &&
  Array.isArray(value.shape) &&
  Array.isArray(value.stride) &&
  'data' in value &&
  typeof value.get === 'function' &&
  value.shape.length === value.stride.length;

function typedArrayData(value: NodeJS.TypedArray): ArrayData | undefined {
  const dtype = Object.keys(arrays).find(
    (name) => arrays[name as keyof typeof arrays].name === value[Symbol.toStringTag],
  );
  return dtype ? arrayData('typed array', [value.length], value as Float32Array, dtype) : undefined;
}

/** The elements row by row; undefined if they are no numbers. */
function elementsOf({ data, shape, stride, offset }: NdArray): number[] | undefined {
  const elements: unknown[] = [];
  const read = (axis: number, at: number): void => {
    if (axis === shape.length) elements.push((data as ArrayLike<unknown>)[at]);
    else for (let i = 0; i < shape[axis]; i++) read(axis + 1, at + i * stride[axis]);
  };
  read(0, offset);
  return elements.every((each) => typeof each === 'number') ? elements : undefined;
}

// --- as JSON

/**
 * Writes data as JSON. What JSON does not know is marked: `{ "$number": "NaN" }`, `{ "$undefined": true }`; names that
 * begin with `$` get another one.
 */
export function encode(plain: unknown, indent?: number): string {
  return JSON.stringify(marked(plain as Plain), undefined, indent);
}

/** Reads what {@link encode} has written. @throws SyntaxError if it is no JSON, Error if an array in it is damaged */
export function decode(text: string): Plain {
  return unmarked(JSON.parse(text));
}

function marked(plain: Plain): unknown {
  if (plain === undefined) return { $undefined: true };
  if (typeof plain === 'number') {
    return Number.isFinite(plain) && !Object.is(plain, -0)
      ? plain
      : { $number: Object.is(plain, -0) ? '-0' : String(plain) };
  }
  if (Array.isArray(plain)) return Array.from(plain, marked);
  if (!isRecord(plain)) return plain;
  return Object.fromEntries(
    Object.entries(plain).map(([name, each]) => [name.startsWith('$') ? `$${name}` : name, marked(each as Plain)]),
  );
}

function unmarked(json: unknown): Plain {
  if (Array.isArray(json)) return json.map(unmarked);
  if (!isRecord(json)) return json as Plain;
  if (json.$undefined === true) return undefined;
  if (typeof json.$number === 'string') return Number(json.$number);
  const plain = Object.fromEntries(
    Object.entries(json).map(([name, each]) => [name.startsWith('$$') ? name.slice(1) : name, unmarked(each)]),
  );
  if (isArrayData(plain)) checkArrayData(plain);
  return plain;
}

function checkArrayData({ holder, shape, dtype, values }: ArrayData): void {
  const isWhole =
    ['tensor', 'ndarray', 'typed array'].includes(holder) &&
    typeof dtype === 'string' &&
    Array.isArray(shape) &&
    shape.every((size) => Number.isInteger(size) && size >= 0) &&
    Array.isArray(values) &&
    values.every((each) => typeof each === 'number') &&
    values.length === count(shape);
  if (!isWhole) throw new Error('an array in the data is damaged: its shape and its values do not belong together');
}
