import { convolutionStep, convolve, tf } from '@course/lib';
import { afterAll, describe, expect, it } from 'vitest';
import { arrayOf } from '../../../lib/src/arrays';
import { numbers, picture } from './networks';

const before = tf.memory().numTensors;
afterAll(() => expect(tf.memory().numTensors).toBe(before));

const small = arrayOf(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9), [3, 3]);
const kernel = arrayOf(Float32Array.of(1, 0, 0, -1), [2, 2]);

describe('convolutionStep', () => {
  it('says window, products, sum and result', () => {
    const step = convolutionStep(small, kernel, [1, 0], { bias: 0.5 });
    expect([...step.window.data]).toEqual([4, 5, 7, 8]);
    expect([...step.products.data]).toEqual([4, 0, 0, -8]);
    expect(step).toMatchObject({ at: [1, 0], from: [1, 0], sum: -4, bias: 0.5, result: -3.5, mapShape: [2, 2] });
    expect(step.window.shape).toEqual([2, 2]);
  });

  it('has zeros where the window lies in the padding', () => {
    const step = convolutionStep(small, arrayOf(new Float32Array(9).fill(1), [3, 3]), [0, 0], { padding: 'same' });
    expect([...step.window.data]).toEqual([0, 0, 0, 0, 1, 2, 0, 4, 5]);
    expect(step).toMatchObject({ from: [-1, -1], sum: 12 });
  });

  it('adds up all channels', () => {
    const colour = arrayOf(Uint8Array.of(10, 20, 30), [1, 1, 3]);
    const step = convolutionStep(colour, arrayOf(Float32Array.of(1, 2, -1), [1, 1, 3]), [0, 0]);
    expect([...step.products.data]).toEqual([10, 40, -30]);
    expect(step.result).toBe(20);
  });

  it('refuses a place outside of the feature map', () => {
    expect(() => convolutionStep(small, kernel, [2, 0])).toThrow(/place \[2, 0\]; expected row and column in .* 2 × 2/);
    expect(() => convolutionStep(small, kernel, [0, 0.5])).toThrow(/place \[0, 0\.5\]/);
  });
});

describe('convolve', () => {
  it.each<[number, 'valid' | 'same', number]>([
    [1, 'valid', 3], [1, 'same', 3], [2, 'valid', 3], [2, 'same', 3], [3, 'same', 5], [1, 'same', 2], [2, 'same', 4],
  ])('is tf.conv2d with strides %i, %s and a window of %i', (strides, padding, size) => {
    const one = picture(11, 8, 3);
    const weights = numbers(size * size * 3);
    const map = convolve(one, arrayOf(weights, [size, size, 3]), { strides, padding, bias: 0.25 });
    const [values, shape] = tf.tidy(() => {
      const [x, kernel4d] = [tf.tensor4d(one.data, [1, 11, 8, 3]), tf.tensor4d(weights, [size, size, 3, 1])];
      const expected = tf.conv2d(x, kernel4d, strides, padding).add(0.25);
      return [expected.dataSync(), expected.shape];
    });
    expect(map.shape).toEqual(shape.slice(1, 3));
    map.data.forEach((value, i) => expect(value).toBeCloseTo(values[i], 4));
    const at = [map.shape[0] - 1, map.shape[1] - 1] as const;
    expect(convolutionStep(one, arrayOf(weights, [size, size, 3]), at, { strides, padding, bias: 0.25 }).result)
      .toBeCloseTo(map.get(...at), 5);
  });

  it('takes one filter of a layer, a view with gaps', () => {
    const filters = arrayOf(Float32Array.of(1, 10, 0, 0, 0, 0, -1, -10), [2, 2, 1, 2]);
    const map = convolve(arrayOf(small.data, [3, 3, 1]), filters.pick(null, null, null, 1));
    expect([...map.data]).toEqual([-40, -40, -40, -40]);
  });

  it('says what does not fit together', () => {
    const withShape = (...shape: number[]) => () => convolve(small, picture(...shape));
    expect(withShape(2, 2, 3)).toThrow(/shape \[3, 3\] .*\[2, 2, 3\].*as many channels/);
    expect(withShape(2, 2, 1, 1)).toThrow(/kernel\.pick\(null, null, null, 0\)/);
    expect(withShape(4, 4)).toThrow(/the kernel is larger than the picture/);
    expect(() => convolve(small, kernel, { strides: 0 })).toThrow(/strides are \[0, 0\]/);
    expect(() => convolve(small, kernel, { padding: 'full' as never })).toThrow(/padding is "full"/);
  });
});
