import { resize, tf } from '@course/lib';
import realNdarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import { arrayOf } from '../../../lib/src/arrays';
import { fit } from '../../../lib/src/browser-page/in-page/fit';
import pageNdarray from '../../../lib/src/browser-page/in-page/ndarray';
import { inputOf, preparePicture, testPicture } from '../../../lib/src/browser-page/in-page/prepare';
import { resize as resizeInPage } from '../../../lib/src/browser-page/in-page/resize';
import { resizeModes } from '../../../lib/src/data/folder/geometry';
import { decodeAndResize } from '../../../lib/src/data/folder/picture-graph';
import { likeDataset } from '../../../lib/src/preprocessing/own-picture';
import { Random } from '../../../lib/src/random';

const random = new Random(7);
const noise = (...shape: number[]) => {
  const count = shape.reduce((product, length) => product * length, 1);
  return arrayOf(Uint8Array.from({ length: count }, () => random.below(256)), shape);
};

/** A black ring on paper in uneven light, a little below the middle. */
const ring = (size: number) => arrayOf(Uint8Array.from({ length: size * size }, (_, i) => {
  const [x, y] = [(i % size) / size, Math.floor(i / size) / size];
  const distance = Math.hypot(x - 0.5, (y - 0.6) * 0.7);
  return Math.abs(distance - 0.2) < 0.03 ? 20 : 200 + 40 * x;
}), [size, size]);

describe('resize of a page', () => {
  it.each([
    [28, 28, 20, 20], [280, 280, 120, 120], [53, 91, 12, 20], [7, 20, 28, 80], [100, 10, 20, 40], [9, 9, 9, 9],
    [640, 480, 28, 21], [31, 33, 30, 34],
  ])('makes of %i x %i pixels the same %i x %i as the library’s', (height, width, newHeight, newWidth) => {
    const before = tf.memory().numTensors;
    const pictures = noise(1, height, width);
    expect(resizeInPage(pictures, [newHeight, newWidth]).data).toEqual(resize(pictures, [newHeight, newWidth]).data);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('fit', () => {
  const sizes = [[28, 28], [200, 131], [13, 300], [32, 32], [641, 480]];
  it.each(resizeModes)('brings pictures to their size by “%s” as loadImageFolder does', (mode) => {
    const before = tf.memory().numTensors;
    for (const [height, width] of sizes) {
      for (const color of ['grey', 'rgb'] as const) {
        const picture = color === 'grey' ? noise(height, width) : noise(height, width, 3);
        const options = { size: [32, 48], color, resize: mode } as const;
        const raw = { kind: 'RAW', content: Buffer.from(picture.data), width, height, size: [width, height] } as const;
        const [expected] = decodeAndResize([raw], options);
        const fitted = fit(picture, options);
        expect(fitted.shape).toEqual(color === 'grey' ? [32, 48] : [32, 48, 3]);
        expect(fitted.data, `${color}, ${height} x ${width}`).toEqual(expected);
      }
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('preparePicture', () => {
  const grey = { size: [28, 28], color: 'grey', resize: 'squash' } as const;

  it('makes a drawing what ownPicture makes of it', () => {
    const { pixels, steps } = preparePicture(ring(280), grey, 'mnist');
    const own = likeDataset(ring(280), 'mnist');
    expect(pixels.shape).toEqual([28, 28]);
    expect(pixels.data).toEqual(own.images.data);
    expect(steps.map(({ name }) => name)).toEqual(own.steps.map(({ name }) => name));
  });

  it('then brings it to the size and the colours of the training', () => {
    const { pixels, steps } = preparePicture(ring(280), { ...grey, size: [32, 40], color: 'rgb' }, 'mnist');
    const small = arrayOf(likeDataset(ring(280), 'mnist').images.data, [28, 28]);
    const { data } = fit(small, { size: [32, 40], resize: 'squash' });
    expect(pixels.shape).toEqual([32, 40, 3]);
    expect([...pixels.data]).toEqual([...data].flatMap((value) => [value, value, value]));
    expect(steps.at(-1)!.name).toBe('brought to its size');
  });

  it('takes a picture of 28 x 28 for one of the dataset', () => {
    const picture = noise(28, 28);
    expect(preparePicture(picture, grey, 'mnist').pixels.data).toEqual(picture.data);
  });

  it('lays what is transparent on white, and makes grey by the luma', () => {
    const [clear, red, blue] = [[9, 9, 9, 0], [255, 0, 0, 255], [0, 0, 255, 128]];
    const picture = arrayOf(Uint8Array.from([clear, red, blue, clear].flat()), [2, 2, 4]);
    const { pixels } = preparePicture(picture, { ...grey, size: [2, 2] }, undefined);
    // 0.299 of 255 is 76; half transparent blue is (127, 127, 255): 127 * 0.886 + 255 * 0.114 is 142.
    expect([...pixels.data]).toEqual([255, 76, 142, 255]);
  });

  it('says so where nothing stands out from the ground', () => {
    const empty = arrayOf(new Uint8Array(280 * 280).fill(255), [280, 280]);
    expect(() => preparePicture(empty, grey, 'mnist')).toThrow('found nothing: no pixel stands out from the ground');
  });
});

describe('inputOf', () => {
  const picture = arrayOf(Uint8Array.from([0, 51, 255, 102, 0, 204]), [1, 2, 3]);
  const options = { size: [1, 2], color: 'rgb', resize: 'squash' } as const;

  it('leaves pixels as they are, scales them, or brings each channel to its mean and deviation', () => {
    expect([...inputOf(picture, options)]).toEqual([0, 51, 255, 102, 0, 204]);
    const scaled = inputOf(picture, { ...options, normalise: { range: [-1, 1] } });
    [-1, -0.6, 1, -0.2, -1, 0.6].forEach((value, i) => expect(scaled[i]).toBeCloseTo(value, 6));
    const standard = inputOf(picture, { ...options, normalise: { mean: [51, 0, 5], deviation: [51, 10, 25] } });
    [-1, 5.1, 10, 1, 0, 7.96].forEach((value, i) => expect(standard[i]).toBeCloseTo(value, 5));
  });

  it('has a picture to test with that holds every grey', () => {
    expect(new Set(testPicture({ size: [28, 28], color: 'grey', resize: 'squash' }).data).size).toBe(256);
    expect(testPicture(options).shape).toEqual([1, 2, 3]);
  });
});

describe('the arrays of a page', () => {
  it('read, write, cut and pick as those of ndarray', () => {
    const made = [realNdarray as typeof pageNdarray, pageNdarray].map((ndarray) => {
      const array = ndarray(Float32Array.from({ length: 60 }, (_, i) => i), [3, 4, 5]);
      array.set(1, 2, 3, -7);
      const cut = array.lo(1, 1, 0).hi(2, 2, 3);
      const layer = array.pick(null, 2, null);
      return [
        array.dtype, array.dimension, array.size, array.get(1, 2, 3), cut.get(0, 1, 2), [...cut.shape], [...cut.stride],
        cut.offset, cut.size, layer.get(1, 3), [...layer.shape], [...layer.stride], layer.dimension,
        ndarray(new Uint8ClampedArray(2), [2]).dtype, ndarray(new Uint8Array(2), [2]).dtype,
      ];
    });
    expect(made[1]).toEqual(made[0]);
    expect(made[1].slice(0, 5)).toEqual(['float32', 3, 60, -7, 32]);
  });
});
