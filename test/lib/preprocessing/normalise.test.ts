import ndarray, { type NdArray } from 'ndarray';
import { describe, expect, it } from 'vitest';
import { normalise } from '../../../lib/src/preprocessing/normalise';

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

  it('takes the clamped bytes of a canvas', () => {
    expect(normalise(ndarray(Uint8ClampedArray.of(255))).get(0)).toBe(1);
  });

  it('refuses images that are normalised already', () => {
    const again = normalise(bytes) as unknown as NdArray<Uint8Array>;
    expect(() => normalise(again)).toThrow(
      /got pixels of type float32, expected uint8 \(0\.\.255\)\. Have they been normalised before\?/,
    );
  });
});
