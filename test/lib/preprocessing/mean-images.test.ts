import { meanImages } from '@course/lib';
import type { NdArray } from 'ndarray';
import { describe, expect, it } from 'vitest';
import { arrayOf } from '../../../lib/src/arrays';

const labels = arrayOf(Uint8Array.of(0, 2, 0), [3]);

describe('meanImages', () => {
  it('gives the mean of each pixel over the pictures of each class, as fractions', () => {
    const images = arrayOf(Uint8Array.of(0, 255, 100, 100, 51, 255), [3, 1, 2]);
    const means = meanImages(images, labels, 3);
    expect(means.shape).toEqual([3, 1, 2]);
    expect([...means.data].map((value) => Math.round(value * 255 * 1e4) / 1e4)).toEqual([25.5, 255, 0, 0, 100, 100]);
  });

  it('keeps colours apart', () => {
    const images = arrayOf(Uint8Array.from({ length: 9 }, (_, i) => i * 25), [3, 1, 1, 3]);
    const means = meanImages(images, labels, 3);
    expect(means.shape).toEqual([3, 1, 1, 3]);
    expect([...means.data.subarray(0, 3)].map((value) => Math.round(value * 255))).toEqual([75, 100, 125]);
  });

  it('stays exact over many pictures', () => {
    const images = arrayOf(new Uint8Array(200_000).fill(251), [200_000, 1, 1]);
    expect(meanImages(images, arrayOf(new Uint8Array(200_000), [200_000]), 1).get(0, 0, 0)).toBe(Math.fround(251 / 255));
  });

  it('refuses a label without a class, and what does not fit together', () => {
    const images = arrayOf(new Uint8Array(6), [3, 1, 2]);
    expect(() => meanImages(images, labels, 2)).toThrow(/labels\[1\] is 2; expected a whole number in 0\.\.1/);
    expect(() => meanImages(images, arrayOf(new Uint8Array(2), [2]), 3)).toThrow(/shape \[3, 1, 2\], uint8, and labels of shape \[2\]/);
    expect(() => meanImages(arrayOf(new Float32Array(6), [3, 1, 2]) as unknown as NdArray<Uint8Array>, labels, 3)).toThrow(/float32/);
  });
});
