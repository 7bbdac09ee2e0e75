import { grey, resize, tf } from '@course/lib';
import type { NdArray } from 'ndarray';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { arrayOf } from '../../../lib/src/arrays';
import { Random } from '../../../lib/src/random';

let tensorsBefore: number;
beforeEach(() => void (tensorsBefore = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

const list = (values: number[], shape: number[]): NdArray<Uint8Array> => arrayOf(Uint8Array.from(values), shape);

describe('resize', () => {
  it('makes each new pixel the mean of the area that it covers', () => {
    expect([...resize(list([0, 10, 100, 200, 20, 30, 0, 1], [1, 2, 4]), [1, 2]).data]).toEqual([15, 75]);
    // A third pixel is shared between two areas of one and a half.
    expect([...resize(list([0, 90, 180], [1, 1, 3]), [1, 2]).data]).toEqual([30, 150]);
  });

  it('interpolates between neighbours where it enlarges, and the edge goes on', () => {
    expect([...resize(list([0, 100], [1, 1, 2]), [1, 4]).data]).toEqual([0, 25, 75, 100]);
  });

  it('shrinks one side and enlarges the other', () => {
    const result = resize(list([0, 100, 20, 120], [1, 2, 2]), [1, 4]);
    expect(result.shape).toEqual([1, 1, 4]);
    expect([...result.data]).toEqual([10, 35, 85, 110]);
  });

  it('keeps channels apart and pictures too', () => {
    const result = resize(list([0, 9, 90, 20, 19, 110, 50, 0, 0, 50, 0, 2], [2, 1, 2, 3]), [1, 1]);
    expect(result.shape).toEqual([2, 1, 1, 3]);
    expect([...result.data]).toEqual([10, 14, 100, 50, 0, 1]);
  });

  it('goes on with a long list in parts, as with a short one', () => {
    const random = new Random(1);
    const images = arrayOf(Uint8Array.from({ length: 5 * 1200 * 1500 }, () => random.below(256)), [5, 1200, 1500]);
    const all = resize(images, [30, 50]);
    expect([...all.data.subarray(4 * 1500)]).toEqual([...resize(arrayOf(images.data.subarray(4 * 1200 * 1500), [1, 1200, 1500]), [30, 50]).data]);
  });

  it('gives new memory and the same pixels for the same size', () => {
    const images = list([1, 2, 3, 4], [1, 2, 2]);
    const same = resize(images, [2, 2]);
    expect([...same.data]).toEqual([1, 2, 3, 4]);
    expect(same.data.buffer).not.toBe(images.data.buffer);
    expect(resize(list([], [0, 2, 2]), [1, 1]).shape).toEqual([0, 1, 1]);
  });

  it('agrees with another library on a smooth picture', async () => {
    const data = Uint8Array.from({ length: 120 * 160 }, (_, i) => 127 + 100 * Math.sin((i % 160) / 25) * Math.cos(Math.floor(i / 160) / 17));
    const other = await sharp(data, { raw: { width: 160, height: 120, channels: 1 } })
      .resize(32, 24, { fit: 'fill', kernel: 'linear' }).toColourspace('b-w').raw().toBuffer();
    const ours = resize(arrayOf(data, [1, 120, 160]), [24, 32]).data;
    const difference = ours.reduce((sum, value, i) => sum + Math.abs(value - other[i]), 0) / ours.length;
    expect(difference).toBeLessThan(2);
  });

  it('refuses other shapes, sizes and types', () => {
    expect(() => resize(list([1, 2], [1, 2]), [1, 1])).toThrow(/shape \[1, 2\]; expected \[n, height, width\]/);
    expect(() => resize(list([1], [1, 1, 1]), [0, 3])).toThrow(/got size \[0, 3\]; expected \[height, width\] in whole pixels/);
    expect(() => resize(arrayOf(new Float32Array(1), [1, 1, 1]) as unknown as NdArray<Uint8Array>, [1, 1])).toThrow(/float32; expected uint8\. Resize before/);
  });
});

describe('grey', () => {
  it('weighs red, green and blue as the eye does', () => {
    expect([...grey(list([255, 0, 0, 0, 255, 0, 0, 0, 255], [1, 3, 3])).data]).toEqual([76, 150, 29]);
  });

  it('leaves grey values exactly as they are', () => {
    const values = Array.from({ length: 256 }, (_, i) => i);
    expect([...grey(list(values.flatMap((value) => [value, value, value]), [256, 3])).data]).toEqual(values);
  });

  it('takes one picture or many', () => {
    expect(grey(list(Array(12).fill(7), [2, 2, 3])).shape).toEqual([2, 2]);
    expect(grey(list(Array(24).fill(7), [2, 2, 2, 3])).shape).toEqual([2, 2, 2]);
  });

  it('refuses what has no three channels', () => {
    expect(() => grey(list([1, 2, 3, 4], [1, 2, 2]))).toThrow(/shape \[1, 2, 2\]; expected \[\.\.\., 3\].*grey already/);
  });
});
