import { tf } from '@course/lib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { modelInput } from '../../../lib/src/model-files/model-input';
import type { Preprocessing } from '../../../lib/src/model-files/facts';

let tensorsBefore: number;
beforeEach(() => void (tensorsBefore = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

function inputOf(inputShape: (number | null)[], preprocessing: Preprocessing): ReturnType<typeof modelInput> {
  const input = tf.input({ shape: inputShape });
  const model = tf.model({ inputs: input, outputs: tf.layers.activation({ activation: 'relu' }).apply(input) as
    tf.SymbolicTensor });
  return modelInput('test', { model, preprocessing });
}

describe('modelInput', () => {
  it('takes size and colour from the model where the preprocessing does not say them', () => {
    expect(inputOf([28, 20, 1], {}).options).toMatchObject({ size: [28, 20], color: 'grey', resize: 'squash' });
    expect(inputOf([28, 20], {}).options).toMatchObject({ size: [28, 20], color: 'grey' });
    expect(inputOf([784], {}).options).toMatchObject({ size: [28, 28], color: 'grey' });
    expect(inputOf([64, 32, 3], { resize: 'crop' }).options)
      .toMatchObject({ size: [64, 32], color: 'rgb', resize: 'crop' });
  });

  it('makes inputs of the form that the model takes, one a picture', () => {
    const shapes = ([
      [[2, 2, 1], {}], [[4], { size: [2, 2], color: 'grey' }], [[null, null, 1], { size: [2, 2], color: 'grey' }],
    ] as const).map(([shape, preprocessing]) => {
      const x = inputOf([...shape], preprocessing).tensor(Uint8Array.of(0, 51, 102, 255, 1, 2, 3, 4));
      const values = Array.from(x.dataSync());
      x.dispose();
      return [x.shape, values];
    });
    const values = [0, 51, 102, 255, 1, 2, 3, 4];
    expect(shapes).toEqual([[[2, 2, 2, 1], values], [[2, 4], values], [[2, 2, 2, 1], values]]);
  });

  it('normalises as in training', () => {
    const x = inputOf([1, 2, 1], { normalise: { range: [-1, 1] } }).tensor(Uint8Array.of(0, 255));
    expect(Array.from(x.dataSync())).toEqual([-1, 1]);
    x.dispose();
  });

  it('says what does not fit', () => {
    expect(() => inputOf([785], {})).toThrow(/no size, and the model takes \[785\].*size: \[28, 28\]/s);
    expect(() => inputOf([28, 28, 1], { color: 'rgb' })).toThrow(/pictures of shape \[28, 28, 3\].*\[28, 28, 1\]/);
    expect(() => inputOf([28, 28, 1], { size: [14, 56], color: 'grey' })).toThrow(/\[14, 56\]/);
  });
});
