import { tf } from '@course/lib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeOptimizer, optimizerState, restoreOptimizerState } from '../../../lib/src/training/optimizer-state';

let tensors = 0;
beforeEach(() => void (tensors = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(tensors));

/** Steps on the way of a weight to 0. */
function steps(optimizer: tf.Optimizer, weight: tf.Variable, count: number): void {
  for (let step = 0; step < count; step++) optimizer.minimize(() => weight.square().sum().asScalar(), false, [weight]);
}

const newWeight = (): tf.Variable => tf.tidy(() => tf.variable(tf.tensor1d([1, -2]), true));

describe('optimizerState', () => {
  it('has the steps, the configuration, the running products and what goes with each weight', () => {
    const optimizer = tf.train.adam(0.1, 0.5, 0.75, 1e-5);
    const weight = newWeight();
    steps(optimizer, weight, 2);
    const { className, config, iterations, arrays } = optimizerState(optimizer);
    expect({ className, config, iterations }).toEqual({
      className: 'Adam', iterations: 2, config: { learningRate: 0.1, beta1: 0.5, beta2: 0.75, epsilon: 1e-5 },
    });
    expect(arrays.accBeta1).toEqual({ shape: [], values: Float32Array.of(0.125) });
    expect(Object.keys(arrays).sort()).toEqual(
      ['accBeta1', 'accBeta2', `accumulatedFirstMoment/${weight.name}/m`, `accumulatedSecondMoment/${weight.name}/v`],
    );
    weight.dispose();
    optimizer.dispose();
  });

  it('stays as it is when the training goes on', () => {
    const optimizer = tf.train.adam(0.1);
    const weight = newWeight();
    steps(optimizer, weight, 1);
    const state = optimizerState(optimizer);
    const copy = structuredClone(state);
    steps(optimizer, weight, 1);
    expect(state).toEqual(copy);
    weight.dispose();
    optimizer.dispose();
  });
});

describe('restoreOptimizerState', () => {
  it('takes an optimizer back to where it was, any number of times', () => {
    const optimizer = tf.train.adam(0.1);
    const weight = newWeight();
    const fresh = optimizerState(optimizer);
    const start = [...weight.dataSync()];
    steps(optimizer, weight, 3);
    const [state, middle] = [optimizerState(optimizer), [...weight.dataSync()]];
    steps(optimizer, weight, 2);
    const end = [...weight.dataSync()];
    for (const [from, values, count] of [[state, middle, 2], [fresh, start, 5], [state, middle, 2]] as const) {
      restoreOptimizerState(optimizer, from);
      tf.tidy(() => weight.assign(tf.tensor1d([...values])));
      steps(optimizer, weight, count);
      expect([...weight.dataSync()]).toEqual(end);
    }
    weight.dispose();
    optimizer.dispose();
  });

  it('says what the optimizer has no place for', () => {
    const [adam, sgd] = [tf.train.adam(0.1), makeOptimizer('SGD', { learningRate: 0.1 })];
    expect(() => restoreOptimizerState(sgd, optimizerState(adam)))
      .toThrow('SGD has no accBeta1 that accBeta1 could belong to');
    adam.dispose();
    sgd.dispose();
  });
});
