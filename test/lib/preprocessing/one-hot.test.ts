import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import { argMax, oneHot } from '../../../lib/src/preprocessing/one-hot';

describe('oneHot', () => {
  it('puts a single 1 in the column of the label', () => {
    const rows = oneHot(ndarray(Uint8Array.of(2, 0)), 3);
    expect(rows.shape).toEqual([2, 3]);
    expect(rows.dtype).toBe('float32');
    expect([...rows.data]).toEqual([0, 0, 1, 1, 0, 0]);
  });

  it('reads a strided view of the labels', () => {
    expect([...oneHot(ndarray(Uint8Array.of(1, 9, 0)).step(2), 2).data]).toEqual([0, 1, 1, 0]);
  });

  it.each([
    [
      'a label beyond the classes',
      Uint8Array.of(0, 3),
      3,
      /labels\[1\] is 3, expected a whole number in 0\.\.2 \(numClasses is 3\)/,
    ],
    ['a negative label', Int32Array.of(0, 1, -1), 3, /labels\[2\] is -1/],
    ['a fractional label', Float32Array.of(0.5), 3, /labels\[0\] is 0\.5/],
    ['a label that is not a number', Float32Array.of(NaN), 3, /labels\[0\] is NaN/],
    [
      'a number of classes that is none',
      Uint8Array.of(0),
      0,
      /got numClasses = 0, expected a whole number of at least 1/,
    ],
    ['a fractional number of classes', Uint8Array.of(0), 2.5, /got numClasses = 2\.5/],
  ])('refuses %s and says which', (_what, labels, numClasses, message) => {
    expect(() => oneHot(ndarray(labels), numClasses)).toThrow(message);
  });

  it('refuses labels that are one-hot already', () => {
    expect(() => oneHot(oneHot(ndarray(Uint8Array.of(1)), 3), 3)).toThrow(
      /got labels of shape \[1, 3\], expected \[n\]/,
    );
  });
});

describe('argMax', () => {
  it('undoes oneHot', () => {
    const labels = Uint8Array.from({ length: 50 }, (_, i) => (i * 7) % 10);
    expect([...argMax(oneHot(ndarray(labels), 10)).data]).toEqual([...labels]);
  });

  it('names the class of the largest probability, the first of equals', () => {
    const rows = ndarray(Float32Array.of(0.1, 0.7, 0.2, -3, -2, -2), [2, 3]);
    expect([...argMax(rows).data]).toEqual([1, 1]);
  });

  it('refuses NaN, of which nothing is the largest', () => {
    expect(() => argMax(ndarray(Float32Array.of(0, 1, 0, NaN), [2, 2]))).toThrow(/row 1 has NaN in column 1/);
  });

  it('refuses what is not a table', () => {
    expect(() => argMax(ndarray(new Float32Array(3)))).toThrow(/got shape \[3\], expected \[n, numClasses\]/);
  });
});
