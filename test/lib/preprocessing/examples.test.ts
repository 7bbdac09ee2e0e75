import { describe, expect, it } from 'vitest';
import { arrayOf } from '../../../lib/src/arrays';
import { batched, shuffled, take } from '../../../lib/src/preprocessing/examples';

/** Ten images of one number each, beside their label and file name. */
const numbers = Uint8Array.from({ length: 10 }, (_, i) => i);
const images = arrayOf(Uint8Array.from({ length: 40 }, (_, i) => i >> 2), [10, 2, 2]);
const examples = { images, labels: arrayOf(numbers, [10]), files: Array.from(numbers, (i) => `${i}.png`) };

describe('take', () => {
  it('takes the chosen entries in the order that is asked for, one also twice', () => {
    const taken = take(images, [7, 0, 7]);
    expect(taken.shape).toEqual([3, 2, 2]);
    expect([...taken.data]).toEqual([7, 7, 7, 7, 0, 0, 0, 0, 7, 7, 7, 7]);
    expect(taken.dtype).toBe('uint8');
  });

  it('gives new memory, also when it takes everything', () => {
    take(images, numbers).data.fill(99);
    expect(images.get(0, 0, 0)).toBe(0);
  });

  it('reads a strided view as it is seen', () => {
    const matrix = arrayOf(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
    expect([...take(matrix.transpose(1, 0), [2]).data]).toEqual([3, 6]);
  });

  it('may take nothing', () => {
    expect(take(images, []).shape).toEqual([0, 2, 2]);
  });

  it('refuses an index that is not there', () => {
    for (const index of [10, -1, 0.5, NaN]) {
      expect(() => take(images, [0, index])).toThrow(`take: indices[1] is ${index}; expected a whole number in 0..9 (the array has shape [10, 2, 2])`);
    }
  });
});

describe('shuffled', () => {
  it('changes the order, and keeps what belongs to an example together', () => {
    const { images: mixed, labels, files } = shuffled(examples, { seed: 1 });
    expect([...labels.data]).not.toEqual([...numbers]);
    expect([...labels.data].sort()).toEqual([...numbers]);
    for (let i = 0; i < 10; i++) {
      expect(mixed.get(i, 1, 0)).toBe(labels.get(i));
      expect(files[i]).toBe(`${labels.get(i)}.png`);
    }
  });

  it('is the same for a seed, on every machine and in every version', () => {
    expect([...shuffled(examples, { seed: 1 }).labels.data]).toEqual([6, 9, 1, 8, 5, 2, 3, 7, 4, 0]);
    expect([...shuffled(examples, { seed: 2 }).labels.data]).not.toEqual([...shuffled(examples, { seed: 1 }).labels.data]);
  });

  it('leaves the examples as they are', () => {
    shuffled(examples, { seed: 1 });
    expect([...examples.labels.data]).toEqual([...numbers]);
  });

  it('puts every example at every place equally often', () => {
    const at = [0, 0, 0];
    for (let seed = 0; seed < 3000; seed++) at[shuffled({ x: [0, 1, 2] }, { seed }).x.indexOf(0)]++;
    for (const count of at) expect(Math.abs(count - 1000)).toBeLessThan(130);
  });

  it('refuses columns of different lengths, no columns, and a seed that is no whole number', () => {
    expect(() => shuffled({ images, labels: [1] })).toThrow(/got images: 10, labels: 1; expected columns with one entry/);
    expect(() => shuffled({})).toThrow(/got nothing/);
    expect(() => shuffled(examples, { seed: 1.5 })).toThrow(/shuffled: got seed = 1\.5/);
  });
});

describe('batched', () => {
  it('gives each example once, in order, and the rest in the last batch', () => {
    const batches = [...batched(examples, 4)];
    expect(batches.map(({ images }) => images.shape[0])).toEqual([4, 4, 2]);
    expect(batches.flatMap(({ files }) => files)).toEqual(examples.files);
    expect(batches[2].images.get(1, 0, 0)).toBe(9);
    expect(batches[2].labels.shape).toEqual([2]);
  });

  it('copies nothing', () => {
    for (const { images: batch } of batched(examples, 4)) expect(batch.data.buffer).toBe(images.data.buffer);
  });

  it('can be gone through once an epoch', () => {
    const batches = batched(examples, 10);
    expect([...batches]).toHaveLength(1);
    expect([...batches]).toHaveLength(1);
  });

  it('refuses a batch size that is no whole number above zero', () => {
    for (const size of [0, -1, 2.5]) expect(() => batched(examples, size)).toThrow(/expected a whole number of at least 1/);
  });
});
