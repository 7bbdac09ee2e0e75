import ndarray, { type NdArray } from 'ndarray';
import { describe, expect, it } from 'vitest';
import { channelStatistics, normalise } from '../../../lib/src/preprocessing/normalise';

describe('normalise', () => {
  const bytes = ndarray(
    Uint8Array.from({ length: 256 }, (_, i) => i),
    [16, 16],
  );

  it('divides each of the 256 values by 255, as float32', () => {
    const scaled = normalise(bytes);
    expect(scaled.dtype).toBe('float32');
    expect(scaled.shape).toEqual([16, 16]);
    expect([...scaled.data]).toEqual(Array.from({ length: 256 }, (_, i) => Math.fround(i / 255)));
  });

  it('leaves the images as they are', () => {
    normalise(bytes).set(0, 0, 0.5);
    expect(bytes.get(0, 0)).toBe(0);
  });

  it('reads a strided view in the order in which it is seen', () => {
    expect(normalise(bytes.transpose(1, 0)).get(0, 1)).toBe(Math.fround(16 / 255));
  });

  it('gives the same wherever the pixels lie in memory, and however many they are', () => {
    const memory = Uint8Array.from({ length: 64 }, (_, i) => (i % 3 === 0 ? 250 - i : 0));
    for (const start of [0, 1, 2, 3, 4]) {
      for (const count of [0, 1, 3, 4, 7, 40]) {
        const pixels = memory.subarray(start, start + count);
        const expected = Array.from(pixels, (value) => Math.fround(value / 255));
        expect([...normalise(ndarray(pixels, [count])).data]).toEqual(expected);
        const signed = Array.from(pixels, (value) => Math.fround(-1 + (value / 255) * 2));
        expect([...normalise(ndarray(pixels, [count]), { range: [-1, 1] }).data]).toEqual(signed);
      }
    }
  });

  it('takes the clamped bytes of a canvas', () => {
    expect(normalise(ndarray(Uint8ClampedArray.of(255))).get(0)).toBe(1);
  });

  it('refuses images that are normalised already', () => {
    const again = normalise(bytes) as unknown as NdArray<Uint8Array>;
    expect(() => normalise(again)).toThrow(
      /got pixels of type float32, expected uint8 \(0\.\.255\)\. Have they been normalised before\?/,
    );
  });

  it('scales to -1..1 or any other range, its ends exactly', () => {
    const scaled = normalise(bytes, { range: [-1, 1] });
    expect([scaled.get(0, 0), scaled.get(15, 15)]).toEqual([-1, 1]);
    expect(scaled.get(3, 3)).toBeCloseTo((51 / 255) * 2 - 1, 6);
    expect(normalise(bytes, { range: [0, 255] }).get(7, 7)).toBeCloseTo(119, 4);
  });

  it('scales each channel to mean 0 and deviation 1 by its statistics', () => {
    const colour = ndarray(Uint8Array.from({ length: 2 * 3 * 5 * 3 }, (_, i) => (i * 37) % 256), [2, 3, 5, 3]);
    const scaled = normalise(colour, channelStatistics(colour));
    expect(scaled.shape).toEqual([2, 3, 5, 3]);
    for (const channel of [0, 1, 2]) {
      const values = [...scaled.data].filter((_, i) => i % 3 === channel);
      const mean = values.reduce((sum, value) => sum + value, 0) / 30;
      expect(mean).toBeCloseTo(0, 6);
      expect(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 30).toBeCloseTo(1, 5);
    }
  });

  it('applies the statistics of the training images to others', () => {
    expect([...normalise(ndarray(Uint8Array.of(100, 160), [2, 1, 1]), { mean: [100], deviation: [20] }).data]).toEqual([0, 3]);
  });

  it('refuses a range the wrong way round, and statistics that do not fit the channels', () => {
    expect(() => normalise(bytes, { range: [1, -1] })).toThrow(/got range \[1, -1\], expected two numbers, the lower one first/);
    const rgb = { mean: [1, 2, 3], deviation: [1, 1, 1] };
    expect(() => normalise(bytes, rgb)).toThrow(/got 3 means and 3 deviations for images of shape \[16, 16\].*Normalise before you flatten/);
    expect(() => normalise(bytes, { mean: [0], deviation: [0] })).toThrow(/deviation 0 for channel 0, expected numbers, the deviation above 0/);
  });
});

describe('channelStatistics', () => {
  it('gives mean and standard deviation of each channel, in the units of the pixels', () => {
    const images = ndarray(Uint8Array.of(0, 10, 7, 255, 30, 7), [1, 1, 2, 3]);
    expect(channelStatistics(images)).toEqual({ mean: [127.5, 20, 7], deviation: [127.5, 10, 0] });
  });

  it('takes grey images as one channel, in any shape', () => {
    const values = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const expected = { mean: [4.5], deviation: [Math.sqrt(5.25)] };
    for (const shape of [[2, 2, 2], [2, 4], [2, 2, 2, 1]]) expect(channelStatistics(ndarray(values, shape))).toEqual(expected);
  });

  it('stays exact where sums in 32 bits would not', () => {
    expect(channelStatistics(ndarray(new Uint8Array(20_000_000).fill(253), [20, 1000, 1000]))).toEqual({ mean: [253], deviation: [0] });
  });

  it('refuses no images, and images that are normalised already', () => {
    expect(() => channelStatistics(ndarray(new Uint8Array(0), [0, 28, 28]))).toThrow(/got no pixels, shape \[0, 28, 28\]/);
    expect(() => channelStatistics(ndarray(new Float32Array(4), [1, 2, 2]) as unknown as NdArray<Uint8Array>)).toThrow(/type float32/);
  });
});
