import { describe, expect, it } from 'vitest';
import { arrayOf } from '../../../lib/src/arrays';
import { splitExamples, stratifiedSplit } from '../../../lib/src/preprocessing/split';

/** 100 of class 0, 50 of class 1, 10 of class 2, mixed. */
const labels = Uint8Array.from({ length: 160 }, (_, i) => (i % 16 === 0 ? 2 : i % 16 <= 10 ? 0 : 1));

const counts = (indices: ArrayLike<number>, of: ArrayLike<number> = labels): number[] => {
  const result = [0, 0, 0];
  for (const index of Array.from(indices)) result[of[index]]++;
  return result;
};

describe('stratifiedSplit', () => {
  it('keeps the mixture of the classes in both parts', () => {
    const { train, validation } = stratifiedSplit(labels, 0.2, 1);
    expect(counts(train)).toEqual([80, 40, 8]);
    expect(counts(validation)).toEqual([20, 10, 2]);
  });

  it('puts every index in one part, in ascending order', () => {
    const { train, validation } = stratifiedSplit(labels, 0.3, 7);
    expect([...train, ...validation].sort((a, b) => a - b)).toEqual(Array.from(labels, (_, i) => i));
    for (const part of [train, validation]) expect([...part]).toEqual([...part].sort((a, b) => a - b));
  });

  it('is the same for a seed, and another one for another seed', () => {
    expect(stratifiedSplit(labels, 0.2, 1)).toEqual(stratifiedSplit(labels, 0.2, 1));
    expect(stratifiedSplit(labels, 0.2, 1).validation).not.toEqual(stratifiedSplit(labels, 0.2, 2).validation);
  });

  it('stays the same on every machine and in every version', () => {
    expect([...stratifiedSplit([0, 0, 0, 0, 0, 1, 1, 1, 1, 1], 0.4, 1).validation]).toEqual([1, 4, 5, 6]);
  });

  it('draws from the whole class, not from its beginning', () => {
    const half = stratifiedSplit(new Uint8Array(1000), 0.5, 3).validation;
    const early = half.filter((index) => index < 500).length;
    expect(early).toBeGreaterThan(200);
    expect(early).toBeLessThan(300);
  });

  it('puts at least one example of each class on both sides, however small the part', () => {
    const small = [0, 0, 0, 0, 1, 1, 2, 2, 2];
    for (const part of [0.01, 0.5, 0.99]) {
      const { train, validation } = stratifiedSplit(small, part, 1);
      expect(Math.min(...counts(train, small), ...counts(validation, small))).toBeGreaterThanOrEqual(1);
    }
  });

  it('leaves a class with a single example in training', () => {
    const { train } = stratifiedSplit([0, 1, 1], 0.5, 1);
    expect([...train]).toContain(0);
  });

  it('refuses a part out of range, a label that is no class, and labels that cannot be split', () => {
    for (const part of [0, 1, -0.2, 20, NaN]) expect(() => stratifiedSplit(labels, part, 1)).toThrow(/more than 0 and less than 1, such as 0\.2/);
    expect(() => stratifiedSplit(labels, 0.2, 0.5)).toThrow(/got seed = 0\.5; expected a whole number/);
    expect(() => stratifiedSplit([0, 1.5], 0.2, 1)).toThrow(/label 1 is 1\.5; expected a whole number/);
    expect(() => stratifiedSplit([0, 1, 2], 0.2, 1)).toThrow(/got 3 labels, of no class more than one/);
    expect(() => stratifiedSplit([], 0.2, 1)).toThrow(/got 0 labels/);
  });
});

describe('splitExamples', () => {
  const images = arrayOf(Uint8Array.from({ length: 160 * 4 }, (_, i) => i >> 2), [160, 2, 2]);
  const files = Array.from({ length: 160 }, (_, i) => `${i}.png`);
  const examples = { images, labels: arrayOf(labels, [160]), files };

  it('keeps image, label and file name of an example together', () => {
    const { train, validation } = splitExamples(examples, { validationSplit: 0.25, seed: 3 });
    expect(train.images.shape).toEqual([119, 2, 2]);
    expect(validation.images.shape).toEqual([41, 2, 2]);
    for (const part of [train, validation]) {
      for (let i = 0; i < part.labels.size; i++) {
        const index = part.images.get(i, 1, 1);
        expect(part.labels.get(i)).toBe(labels[index]);
        expect(part.files[i]).toBe(`${index}.png`);
      }
    }
  });

  it('shares no memory with what it was given', () => {
    splitExamples(examples).train.images.data.fill(99);
    expect(images.get(0, 0, 0)).toBe(0);
  });

  it('refuses columns of different lengths', () => {
    expect(() => splitExamples({ ...examples, files: ['a'] })).toThrow(/images: 160, labels: 160, files: 1/);
  });
});
