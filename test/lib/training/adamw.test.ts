import { AdamW, adamW, tf } from '@course/lib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Hyper {
  learningRate: number;
  weightDecay: number;
  beta1: number;
  beta2: number;
  epsilon: number;
}

/** Algorithm 2 of Loshchilov & Hutter 2019, in double precision, for one number whose gradients are known. */
function adamWByHand(start: number, gradients: readonly number[], hyper: Hyper): number {
  const { learningRate, weightDecay, beta1, beta2, epsilon } = hyper;
  let [weight, mean, square] = [start, 0, 0];
  gradients.forEach((gradient, i) => {
    const step = i + 1;
    weight -= learningRate * weightDecay * weight;
    mean = beta1 * mean + (1 - beta1) * gradient;
    square = beta2 * square + (1 - beta2) * gradient ** 2;
    weight -= (learningRate * (mean / (1 - beta1 ** step))) / (Math.sqrt(square / (1 - beta2 ** step)) + epsilon);
  });
  return weight;
}

const variable = (values: number[]): tf.Variable => tf.tidy(() => tf.variable(tf.tensor1d(values)));

const kerasDefaults: Hyper = { learningRate: 0.001, weightDecay: 0.004, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };

describe('adamW', () => {
  let tensors: number;
  beforeAll(() => void (tensors = tf.memory().numTensors));
  afterAll(() => expect(tf.memory().numTensors).toBe(tensors));

  it('does the arithmetic of the paper, on matrices, biases and scalars alike', () => {
    const hyper: Hyper = { learningRate: 0.05, weightDecay: 0.3, beta1: 0.8, beta2: 0.95, epsilon: 1e-5 };
    const optimizer = adamW(hyper);
    const starts = { matrix: [1, -2, 3, 4], bias: [0.5, -0.5], scalar: [7] };
    const variables = tf.tidy(() => [
      tf.variable(tf.tensor2d(starts.matrix, [2, 2])), tf.variable(tf.tensor1d(starts.bias)), tf.variable(tf.scalar(7)),
    ]);
    // The loss is the sum of factor * weight: each weight's gradient is the factor, whatever the weight.
    const factors = [0.3, -1.5, 0, 2, 0.1, -0.2, 0.7];
    for (const factor of factors) {
      optimizer.minimize(() => tf.addN(variables.map((each) => each.sum())).mul(factor).asScalar());
    }
    Object.values(starts).forEach((values, i) => {
      const expected = values.map((start) => adamWByHand(start, factors, hyper));
      [...variables[i].dataSync()].forEach((weight, k) => expect(weight).toBeCloseTo(expected[k], 5));
    });
    tf.dispose(variables);
    optimizer.dispose();
  });

  it('has the defaults of Keras, and its numbers can be read', () => {
    const optimizer = adamW();
    const { learningRate, weightDecay, beta1, beta2, epsilon } = optimizer;
    expect({ learningRate, weightDecay, beta1, beta2, epsilon }).toEqual(kerasDefaults);
    optimizer.dispose();
  });

  it('without weight decay is Adam', () => {
    const ends = [adamW({ learningRate: 0.1, weightDecay: 0 }), tf.train.adam(0.1)].map((optimizer) => {
      const weight = variable([1, -3]);
      for (let step = 0; step < 5; step++) optimizer.minimize(() => weight.square().sum().asScalar());
      const values = [...weight.dataSync()];
      tf.dispose(weight);
      optimizer.dispose();
      return values;
    });
    expect(ends[0]).toEqual(ends[1]);
  });

  it('takes off the whole small part: 4 millionths of a weight in a step, over 1,000 steps', () => {
    const optimizer = adamW();
    const weight = variable([1]);
    const gradient = tf.tensor1d([0]);
    for (let step = 0; step < 1000; step++) optimizer.applyGradients([{ name: weight.name, tensor: gradient }]);
    const lost = 1 - weight.dataSync()[0];
    expect(lost / (1 - (1 - 4e-6) ** 1000)).toBeCloseTo(1, 1);
    tf.dispose([weight, gradient]);
    optimizer.dispose();
  });

  it('leaves a variable alone that has no gradient', () => {
    const optimizer = adamW({ weightDecay: 0.5 });
    const [used, unused] = [variable([2]), variable([3])];
    const gradient = tf.tensor1d([1]);
    const none = null as unknown as tf.Tensor;
    optimizer.applyGradients([{ name: used.name, tensor: gradient }, { name: unused.name, tensor: none }]);
    expect(used.dataSync()[0]).toBeLessThan(2);
    expect(unused.dataSync()[0]).toBe(3);
    tf.dispose([used, unused, gradient]);
    optimizer.dispose();
  });

  it('is made anew from its configuration', () => {
    const hyper: Hyper = { learningRate: 0.02, weightDecay: 0.1, beta1: 0.7, beta2: 0.9, epsilon: 1e-4 };
    const optimizer = adamW(hyper);
    expect(optimizer.getConfig()).toEqual(hyper);
    const registered = tf.serialization.SerializationMap.getMap().classNameMap[optimizer.getClassName()];
    const again = registered[1](registered[0], optimizer.getConfig()) as tf.Optimizer;
    expect(again).toBeInstanceOf(AdamW);
    expect(again.getConfig()).toEqual(hyper);
    again.dispose();
    optimizer.dispose();
  });

  it('says which number is out of its range', () => {
    expect(() => adamW({ learningRate: -1 })).toThrow('adamW: learningRate is -1; expected a number of at least 0.');
    expect(() => adamW({ weightDecay: NaN })).toThrow('adamW: weightDecay is NaN');
    expect(() => adamW({ beta2: 1 })).toThrow('adamW: beta2 is 1; expected a number from 0 to below 1.');
  });
});
