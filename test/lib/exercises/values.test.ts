import { array, decode, encode, tensor, toLive, toPlain, type Plain } from '@course/lib/exercises';
import { arrayOf, tf } from '@course/lib';
import ndarray from 'ndarray';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let tensorsBefore: number;
beforeAll(() => {
  tensorsBefore = tf.memory().numTensors;
});
afterAll(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

describe('toPlain', () => {
  it('reads numbers, texts, lists and objects as they are', () => {
    expect(toPlain({ a: [1, 'x', true, null, undefined], b: { c: NaN } })).toEqual({
      a: [1, 'x', true, null, undefined],
      b: { c: NaN },
    });
  });

  it('reads a tensor with its shape and dtype, and leaves it there', () => {
    const live = tf.tensor2d([[1, 2, 3], [4, 5, 6]], [2, 3], 'int32');
    expect(toPlain([live])).toEqual([{ holder: 'tensor', shape: [2, 3], dtype: 'int32', values: [1, 2, 3, 4, 5, 6] }]);
    expect(live.isDisposed).toBe(false);
    live.dispose();
  });

  it('reads an ndarray row by row, a turned one as well', () => {
    const live = arrayOf(Uint8Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
    expect(toPlain(live.transpose(1, 0))).toEqual({
      holder: 'ndarray',
      shape: [3, 2],
      dtype: 'uint8',
      values: [1, 4, 2, 5, 3, 6],
    });
    expect(toPlain(ndarray([7, 8], [2]))).toEqual({ holder: 'ndarray', shape: [2], dtype: 'array', values: [7, 8] });
  });

  it('reads typed arrays with their kind', () => {
    expect(toPlain(Float32Array.of(0.5, 2))).toEqual({
      holder: 'typed array',
      shape: [2],
      dtype: 'float32',
      values: [0.5, 2],
    });
    expect(toPlain(Uint8ClampedArray.of(3))).toEqual({
      holder: 'typed array',
      shape: [1],
      dtype: 'uint8_clamped',
      values: [3],
    });
  });

  it('reads the same array twice where it stands twice', () => {
    const row = [1, 2];
    expect(toPlain([row, row])).toEqual([[1, 2], [1, 2]]);
  });

  const cyclic: unknown[] = [1];
  cyclic.push({ inner: cyclic });
  const disposed = tf.tensor1d([1]);
  disposed.dispose();
  it.each<[string, unknown, string]>([
    ['a function', () => 1, 'got a function; expected data'],
    ['a function within', { rows: [0, Math.max] }, "got the function 'max' at rows[1]; expected data"],
    ['a bigint', 5n, 'got the bigint 5n'],
    ['a symbol', Symbol('s'), 'got a symbol'],
    ['a promise', [Promise.resolve(1)], 'got a promise (is an await missing?) at [0]'],
    ['a Map', new Map(), 'got an object of class Map'],
    ['a Date', new Date(0), 'got an object of class Date'],
    ['an instance of a class', new (class Row { x = 1; })(), 'got an object of class Row'],
    ['a Proxy', new Proxy([1], {}), 'got a Proxy'],
    ['what holds itself', cyclic, 'got an object that holds itself at [1].inner'],
    ['a disposed tensor', [disposed], 'got a tensor that is disposed already at [0]'],
    ['bigints in a row', BigInt64Array.of(1n), 'got a BigInt64Array of 1 number'],
    ['too many numbers', new Float32Array(1_000_001), 'got more than 1,000,000 values'],
    ['a list with a billion holes', new Array(1e9), 'got more than 1,000,000 values'],
    ['a text without end', 'x'.repeat(1_000_001), 'got more than 1,000,000 values'],
    [
      'what poses as an array',
      { holder: 'tensor', shape: [1], dtype: 'float32', values: [1] },
      'got an object that looks like an array of ours',
    ],
    ['texts in an ndarray', ndarray(['a'] as unknown as number[], [1]), 'got an ndarray of shape [1], array'],
  ])('says so of %s', (_, value, message) => expect(() => toPlain(value)).toThrow(message));

  it('says so of what is nested without end', () => {
    let nested: unknown = 1;
    for (let i = 0; i < 100_000; i++) nested = [nested];
    expect(() => toPlain(nested)).toThrow('nested more than 50 deep');
  });
});

describe('toLive', () => {
  it('makes what toPlain reads the same again, and new each time', () => {
    const plain: Plain = [
      array([2, 1], [3, 4]),
      { list: [1, undefined] },
      array([2], [0.5, 1], 'float32'),
      toPlain(Int32Array.of(9)),
    ];
    expect(toPlain(toLive(plain))).toEqual(plain);
    expect(toLive(plain)).not.toBe(toLive(plain));
  });

  it('makes tensors with the TensorFlow.js that it is given, and says so without one', () => {
    const live = toLive(tensor([2, 1], [0.1, 2]), tf) as tf.Tensor;
    expect([live.shape, live.dtype, [...live.dataSync()]]).toEqual([[2, 1], 'float32', [Math.fround(0.1), 2]]);
    live.dispose();
    expect(() => toLive(tensor([1], [1]))).toThrow('a tensor of shape [1]: expected TensorFlow.js to make it with');
  });
});

describe('encode and decode', () => {
  it('keep all that JSON does not know', () => {
    const plain: Plain = [
      NaN,
      -Infinity,
      Infinity,
      -0,
      undefined,
      { x: undefined, $number: 'a text', $$: 1 },
      tensor([2], [1, NaN]),
    ];
    expect(decode(encode(plain))).toEqual(plain);
    expect(Object.is((decode(encode(plain)) as number[])[3], -0)).toBe(true);
  });

  it('keep names that mean something to JavaScript as names', () => {
    const decoded = decode('{"__proto__": {"polluted": 1}}') as Record<string, unknown>;
    expect(Object.keys(decoded)).toEqual(['__proto__']);
    expect(decoded.polluted).toBeUndefined();
  });

  it('refuse an array whose shape and values do not belong together', () => {
    expect(() => decode('{"holder":"tensor","shape":[3],"dtype":"float32","values":[1,2]}')).toThrow('damaged');
    expect(() => decode('{"holder":"tensor","shape":[1],"dtype":"float32","values":["1"]}')).toThrow('damaged');
  });
});
