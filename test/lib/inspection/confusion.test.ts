import { confusionMatrix } from '@course/lib';
import { describe, expect, it } from 'vitest';

describe('confusionMatrix', () => {
  it('has a row for each label and a column for each prediction', () => {
    expect(confusionMatrix([0, 0, 0, 1, 2], Uint8Array.of(0, 1, 1, 1, 0), 3))
      .toEqual([[1, 2, 0], [0, 1, 0], [1, 0, 0]]);
  });

  it('refuses lists of different lengths, and classes that there are not', () => {
    expect(() => confusionMatrix([0, 1], [0], 2)).toThrow(/got 2 labels and 1 predictions/);
    expect(() => confusionMatrix([0, 2], [0, 1], 2)).toThrow(/label 1 is 2; expected a whole number from 0 to 1/);
    expect(() => confusionMatrix([0, 1], [0, 0.5], 2)).toThrow(/prediction 1 is 0.5/);
  });
});
