import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import { flatten } from '../../../lib/src/preprocessing/flatten';

describe('flatten', () => {
  const images = ndarray(
    Uint8Array.from({ length: 24 }, (_, i) => i),
    [2, 3, 4],
  );

  it('makes one row of each image, row after row of pixels', () => {
    const flat = flatten(images);
    expect(flat.shape).toEqual([2, 12]);
    expect(flat.get(1, 5)).toBe(images.get(1, 1, 1));
  });

  it('shares the memory of the images', () => {
    expect(flatten(images).data).toBe(images.data);
  });

  it('shares the memory of a single image, however far the next one is', () => {
    const single = images.step(2);
    expect([single.shape, single.stride]).toEqual([
      [1, 3, 4],
      [24, 4, 1],
    ]);
    expect(flatten(single).data.buffer).toBe(images.data.buffer);
  });

  it('keeps the type and takes any number of dimensions', () => {
    const flat = flatten(ndarray(new Float32Array(24), [2, 2, 2, 3]));
    expect(flat.dtype).toBe('float32');
    expect(flat.shape).toEqual([2, 12]);
    expect(flatten(ndarray(new Uint8Array(3))).shape).toEqual([3, 1]);
  });

  it('flattens a part of the images', () => {
    expect([...flatten(images.lo(1)).data]).toEqual(Array.from({ length: 12 }, (_, i) => 12 + i));
  });

  it('copies a strided view in the order in which it is seen', () => {
    const turned = flatten(images.transpose(0, 2, 1));
    for (let image = 0; image < 2; image++) {
      for (let row = 0; row < 4; row++) {
        for (let column = 0; column < 3; column++) {
          expect(turned.get(image, row * 3 + column)).toBe(images.get(image, column, row));
        }
      }
    }
  });
});
