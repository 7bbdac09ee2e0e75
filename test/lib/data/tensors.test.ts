import ndarray from 'ndarray';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toTensor } from '../../../lib/src/data/tensors';
import { tf } from '../../../lib/src/tensorflow';

let tensorsBefore = 0;
beforeAll(() => {
  tensorsBefore = tf.memory().numTensors;
});
afterAll(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

describe('toTensor', () => {
  it('keeps the shape and the values', () => {
    const tensor = toTensor(ndarray(Float32Array.of(1, 2, 3, 4, 5, 6), [3, 1, 2]));
    expect(tensor.shape).toEqual([3, 1, 2]);
    expect(tensor.dtype).toBe('float32');
    expect([...tensor.dataSync()]).toEqual([1, 2, 3, 4, 5, 6]);
    tensor.dispose();
  });

  it.each([
    [Uint8Array, 'int32'],
    [Int8Array, 'int32'],
    [Int16Array, 'int32'],
    [Int32Array, 'int32'],
    [Float32Array, 'float32'],
    [Float64Array, 'float32'],
  ] as const)('makes of %o a tensor of %s', (type, dtype) => {
    const tensor = toTensor(ndarray(new type([0, 1, 100])));
    expect(tensor.dtype).toBe(dtype);
    expect([...tensor.dataSync()]).toEqual([0, 1, 100]);
    tensor.dispose();
  });

  it.each([Float32Array, Int32Array])('shares the memory of %o', (type) => {
    const values = new type([1, 2]);
    const tensor = toTensor(ndarray(values));
    values[0] = 7;
    expect(tf.tidy(() => tensor.add(tf.scalar(0, tensor.dtype as 'float32')).dataSync()[0])).toBe(7);
    tensor.dispose();
  });

  it('takes just the part that a view shows', () => {
    const images = ndarray(
      Float32Array.from({ length: 12 }, (_, i) => i),
      [3, 2, 2],
    );
    const last = toTensor(images.lo(2));
    expect(last.shape).toEqual([1, 2, 2]);
    expect([...tf.tidy(() => last.add(0).dataSync())]).toEqual([8, 9, 10, 11]);
    last.dispose();
  });

  it('packs a strided view in the order in which it is seen', () => {
    const image = ndarray(Int32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
    const views = [image.transpose(1, 0), image.step(1, -2), image.pick(null, 1)];
    const tensors = views.map((view) => toTensor(view));
    expect(tensors.map((tensor) => tensor.arraySync())).toEqual([
      [
        [1, 4],
        [2, 5],
        [3, 6],
      ],
      [
        [3, 1],
        [6, 4],
      ],
      [2, 5],
    ]);
    tf.dispose(tensors);
  });
});
