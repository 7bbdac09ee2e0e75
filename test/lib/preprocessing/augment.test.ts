import { augment, tf } from '@course/lib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { arrayOf } from '../../../lib/src/arrays';
import { moveImages, type AugmentOptions, type Move } from '../../../lib/src/preprocessing/augment';

let tensorsBefore: number;
beforeEach(() => void (tensorsBefore = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

const still: Move = { flip: false, rotate: 0, zoom: 1, shift: [0, 0] };

/** One grey picture, moved, as rows of numbers. */
function moved(rows: number[][], move: Partial<Move>, fill: 'nearest' | 'reflect' = 'nearest'): number[][] {
  return tf.tidy(() => {
    const images = tf.tensor2d(rows).reshape<tf.Tensor4D>([1, rows.length, rows[0].length, 1]);
    const result = moveImages(images, [{ ...still, ...move }], fill).reshape<tf.Tensor2D>([rows.length, rows[0].length]).arraySync();
    return result.map((row) => row.map((value) => Math.round(value * 1e4) / 1e4));
  });
}

const picture = [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]];
const square = [[1, 2, 3], [4, 5, 6], [7, 8, 9]];

describe('moveImages', () => {
  it('leaves a picture without a move exactly as it is', () => {
    expect(moved(picture, {})).toEqual(picture);
  });

  it('mirrors left to right, exactly', () => {
    expect(moved(picture, { flip: true })).toEqual(picture.map((row) => [...row].reverse()));
  });

  it('moves by whole pixels exactly, right and down, and the edge goes on', () => {
    expect(moved(picture, { shift: [1, 0] })).toEqual([[1, 1, 2, 3], [5, 5, 6, 7], [9, 9, 10, 11]]);
    expect(moved(picture, { shift: [0, 1] })).toEqual([[1, 2, 3, 4], [1, 2, 3, 4], [5, 6, 7, 8]]);
    expect(moved(picture, { shift: [-1, -1] })).toEqual([[6, 7, 8, 8], [10, 11, 12, 12], [10, 11, 12, 12]]);
  });

  it('mirrors the picture at its edge if told so', () => {
    expect(moved(picture, { shift: [2, 0] }, 'reflect')).toEqual([[2, 1, 1, 2], [6, 5, 5, 6], [10, 9, 9, 10]]);
  });

  it('moves by half a pixel to the mean of two neighbours', () => {
    expect(moved([[0, 10, 20]], { shift: [0.5, 0] })).toEqual([[0, 5, 15]]);
  });

  it('turns by 90 degrees counter-clockwise, exactly', () => {
    expect(moved(square, { rotate: 90 })).toEqual([[3, 6, 9], [2, 5, 8], [1, 4, 7]]);
    expect(moved(square, { rotate: -90 })).toEqual([[7, 4, 1], [8, 5, 2], [9, 6, 3]]);
  });

  it('turns a picture that is not square by 180 degrees', () => {
    expect(moved(picture, { rotate: 180 })).toEqual([[12, 11, 10, 9], [8, 7, 6, 5], [4, 3, 2, 1]]);
  });

  it('enlarges around the middle: twice as large, neighbours are half as far apart', () => {
    expect(moved([[0, 10, 20]], { zoom: 2 })).toEqual([[5, 10, 15]]);
    expect(moved([[0, 0, 10, 20, 20]], { zoom: 0.5 })).toEqual([[0, 0, 10, 20, 20]]);
  });

  it('mirrors first, then turns, then moves', () => {
    // Mirrored: [[3, 2, 1], [6, 5, 4], [9, 8, 7]]; turned: [[1, 4, 7], [2, 5, 8], [3, 6, 9]]; moved one to the right.
    expect(moved(square, { flip: true, rotate: 90, shift: [1, 0] })).toEqual([[1, 1, 4], [2, 2, 5], [3, 3, 6]]);
  });

  it('moves each picture by its own, all channels alike', () => {
    const images = tf.tensor4d([1, 10, 2, 20, 3, 30, 4, 40], [2, 1, 2, 2]);
    const result = moveImages(images, [still, { ...still, flip: true }], 'nearest');
    expect([...result.dataSync()]).toEqual([1, 10, 2, 20, 4, 40, 3, 30]);
    tf.dispose([images, result]);
  });
});

describe('augment', () => {
  const all: AugmentOptions = { flip: true, shift: 0.1, rotate: 15, zoom: 0.1, brightness: 0.2, contrast: 0.2 };
  const values = (options: AugmentOptions, batch: tf.Tensor, calls = 1): number[][] => {
    const vary = augment(options);
    return Array.from({ length: calls }, () => tf.tidy(() => [...vary(batch).dataSync()]));
  };
  const batchOf = (shape: number[]): tf.Tensor => tf.randomUniform(shape, 0, 1, 'float32', 3);

  it('keeps shape and type, of grey batches too, and leaves the batch alive and as it was', () => {
    for (const shape of [[5, 8, 6, 3], [5, 8, 6, 1], [5, 8, 6]]) {
      const batch = batchOf(shape);
      const before = [...batch.dataSync()];
      const varied = augment(all)(batch);
      expect(varied.shape).toEqual(shape);
      expect(varied.dtype).toBe('float32');
      expect([...varied.dataSync()]).not.toEqual(before);
      expect([...batch.dataSync()]).toEqual(before);
      tf.dispose([batch, varied]);
    }
  });

  it('is the same for a seed, differs from batch to batch, and for another seed', () => {
    const batch = batchOf([4, 8, 8, 3]);
    const [first, second] = values({ ...all, seed: 5 }, batch, 2);
    expect(values({ ...all, seed: 5 }, batch, 2)).toEqual([first, second]);
    expect(second).not.toEqual(first);
    expect(values({ ...all, seed: 6 }, batch)[0]).not.toEqual(first);
    batch.dispose();
  });

  it('varies copies of one picture differently', () => {
    const one = batchOf([1, 8, 8]);
    const copies = tf.tile(one, [6, 1, 1]);
    const varied = augment(all)(copies);
    const pictures = Array.from({ length: 6 }, (_, i) => [...varied.dataSync()].slice(i * 64, (i + 1) * 64).join());
    expect(new Set(pictures).size).toBe(6);
    tf.dispose([one, copies, varied]);
  });

  it('mirrors about every second picture and changes the others not at all', () => {
    const batch = tf.tidy(() => tf.tile(tf.tensor3d([[[0, 1]]]), [400, 1, 1]));
    const [result] = values({ flip: true }, batch);
    const mirrored = result.filter((value, i) => i % 2 === 0 && value === 1).length;
    expect(mirrored).toBeGreaterThan(160);
    expect(mirrored).toBeLessThan(240);
    expect(result.every((value) => value === 0 || value === 1)).toBe(true);
    tf.dispose(batch);
  });

  /** Where a spot, 15 right of and 10 above the middle of a 41 x 41 picture, comes to lie in 200 variants. */
  const spots = (options: AugmentOptions): { right: number; up: number }[] => {
    const data = new Float32Array(41 * 41);
    for (let y = 0; y < 41; y++) for (let x = 0; x < 41; x++) data[y * 41 + x] = Math.exp(-((x - 35) ** 2 + (y - 10) ** 2) / 4);
    const batch = tf.tidy(() => tf.tile(tf.tensor3d(data, [1, 41, 41]), [200, 1, 1]));
    const [result] = values(options, batch);
    batch.dispose();
    return Array.from({ length: 200 }, (_, i) => centerOfMass(result.slice(i * 1681, (i + 1) * 1681), 41))
      .map(([x, y]) => ({ right: x - 20, up: 20 - y }));
  };
  const expectSpread = (list: number[], low: number, high: number): void => {
    const tolerance = (high - low) * 0.1;
    expect(Math.min(...list)).toBeGreaterThan(low - tolerance / 4);
    expect(Math.min(...list)).toBeLessThan(low + tolerance);
    expect(Math.max(...list)).toBeLessThan(high + tolerance / 4);
    expect(Math.max(...list)).toBeGreaterThan(high - tolerance);
  };

  it('shifts up to a part of width and height, either way', () => {
    const places = spots({ shift: 0.1 });
    expectSpread(places.map(({ right }) => right - 15), -4.1, 4.1);
    expectSpread(places.map(({ up }) => up - 10), -4.1, 4.1);
  });

  it('rotates up to an angle, either way', () => {
    const places = spots({ rotate: 20 });
    expectSpread(places.map(({ right, up }) => (Math.atan2(up, right) - Math.atan2(10, 15)) * (180 / Math.PI)), -20, 20);
    for (const { right, up } of places) expect(Math.hypot(right, up)).toBeCloseTo(Math.hypot(15, 10), 0);
  });

  it('zooms up to a part, larger and smaller, and keeps the proportions', () => {
    const places = spots({ zoom: 0.2 });
    expectSpread(places.map(({ right }) => right / 15), 0.8, 1.2);
    for (const { right, up } of places) expect(right / up).toBeCloseTo(1.5, 1);
  });

  it('changes the light of whole pictures and stays within the values of the batch', () => {
    const batch = tf.tidy(() => tf.tile(tf.tensor3d([[[0, 0.4, 0.6, 1]]]), [300, 1, 1]));
    const [brighter] = values({ brightness: 0.3 }, batch);
    const middle = brighter.filter((_, i) => i % 4 === 1).map((value) => value - 0.4);
    expect(Math.min(...middle)).toBeLessThan(-0.25);
    expect(Math.max(...middle)).toBeGreaterThan(0.25);
    for (const result of [brighter, values({ contrast: 1, brightness: 1 }, batch)[0]]) {
      expect(Math.min(...result)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...result)).toBeLessThanOrEqual(1);
    }
    const [contrasted] = values({ contrast: 0.5 }, batch);
    const distance = Array.from({ length: 300 }, (_, i) => (contrasted[i * 4 + 2] - contrasted[i * 4 + 1]) / 0.2);
    expect(Math.min(...distance)).toBeGreaterThan(0.49);
    expect(Math.min(...distance)).toBeLessThan(0.6);
    expect(Math.max(...distance)).toBeGreaterThan(1.4);
    expect(Math.max(...distance)).toBeLessThan(1.51);
    batch.dispose();
  });

  it('measures brightness in the range of the batch, whatever it was normalised to', () => {
    const batch = tf.tidy(() => tf.tile(tf.tensor3d([[[-1, 0, 1]]]), [300, 1, 1]));
    const [result] = values({ brightness: 0.25 }, batch);
    const middle = result.filter((_, i) => i % 3 === 1);
    expect(Math.max(...middle)).toBeGreaterThan(0.45);
    expect(Math.max(...middle)).toBeLessThanOrEqual(0.5);
    batch.dispose();
  });

  it('takes arrays of pixels too, and gives the same type', () => {
    const bytes = arrayOf(Uint8Array.of(10, 200, 10, 200, 10, 200), [3, 1, 2]);
    const varied = augment({ flip: true, seed: 2 })(bytes);
    expect(varied.dtype).toBe('uint8');
    expect(varied.shape).toEqual([3, 1, 2]);
    expect([...varied.data].sort((a, b) => a - b)).toEqual([10, 10, 10, 200, 200, 200]);
    expect([...bytes.data]).toEqual([10, 200, 10, 200, 10, 200]);
    const floats = augment({ shift: 0.5 })(arrayOf(Float32Array.of(0, 0.5, 1, 0.5), [1, 2, 2]));
    expect(floats.dtype).toBe('float32');
  });

  it('rounds bytes to the nearest', () => {
    const varied = augment({ brightness: 0.5, seed: 4 })(arrayOf(Uint8Array.of(0, 101, 255), [1, 1, 3]));
    const exact = augment({ brightness: 0.5, seed: 4 })(arrayOf(Float32Array.of(0, 101, 255), [1, 1, 3]));
    expect([...varied.data]).toEqual([...exact.data].map(Math.round));
  });

  it('with nothing asked for gives the same pictures', () => {
    const batch = batchOf([2, 3, 3]);
    expect(values({}, batch)[0]).toEqual([...batch.dataSync()]);
    batch.dispose();
  });

  it('refuses options out of range', () => {
    expect(() => augment({ shift: 10 })).toThrow(/got shift: 10, expected 0 to 1, where 0\.1 means up to 10 %/);
    expect(() => augment({ rotate: -5 })).toThrow(/got rotate: -5, expected 0 to 180 degrees/);
    expect(() => augment({ zoom: NaN })).toThrow(/got zoom: NaN, expected 0 to 0\.9/);
    expect(() => augment({ seed: 0.1 })).toThrow(/augment: got seed = 0\.1/);
  });

  it('refuses what is no batch of pictures', () => {
    const [flat, whole] = [tf.zeros([4, 784]), tf.zeros([4, 8, 8], 'int32')];
    expect(() => augment(all)(flat)).toThrow(/shape \[4, 784\]; expected \[n, height, width\].*before you flatten/);
    expect(() => augment(all)(whole)).toThrow(/type int32; expected float32\. Normalise before you augment/);
    tf.dispose([flat, whole]);
  });
});

function centerOfMass(image: number[], width: number): [number, number] {
  let [sum, x, y] = [0, 0, 0];
  image.forEach((value, i) => {
    sum += value;
    x += value * (i % width);
    y += value * Math.floor(i / width);
  });
  return [x / sum, y / sum];
}
