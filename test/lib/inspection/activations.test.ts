import { layerActivations, summary, tf } from '@course/lib';
import { afterAll, describe, expect, it } from 'vitest';
import { arrayOf } from '../../../lib/src/arrays';
import { branching, lesson03, picture } from './networks';

const before = tf.memory().numTensors;
afterAll(() => expect(tf.memory().numTensors).toBe(before));

const closeTo = (actual: ArrayLike<number>, expected: ArrayLike<number>): void => {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(Math.abs(actual[i] - expected[i])).toBeLessThan(1e-5);
};

describe('layerActivations', () => {
  it('lists each layer once with the shape that the summary says', () => {
    const model = lesson03();
    const layers = layerActivations(model, picture(28, 28, 1));
    expect(layers.map(({ name, type, shape }) => [name, type, shape])).toEqual(summary(model).layers
      .filter(({ kind }) => kind !== 'InputLayer')
      .map(({ name, kind, outputShape }) => [name, kind, outputShape.slice(1)]));
    expect(layers.map(({ weights }) => weights.map(({ name, values }) => [name, values.shape])).slice(0, 3)).toEqual([
      [['kernel', [3, 3, 1, 16]], ['bias', [16]]], [['kernel', [3, 3, 16, 64]], ['bias', [64]]], [],
    ]);
    model.dispose();
  });

  it('gives the numbers of tf.conv2d, and at the end those of predict', () => {
    const model = lesson03();
    const bias = tf.linspace(-0.2, 0.2, 16);
    model.layers[0].setWeights([model.layers[0].getWeights()[0], bias]);
    bias.dispose();
    const one = picture(28, 28, 1);
    const layers = layerActivations(model, one);
    const expected: Float32Array[] = tf.tidy(() => {
      const [kernel, bias] = model.layers[0].getWeights() as [tf.Tensor4D, tf.Tensor1D];
      const x = tf.tensor4d(one.data, [1, 28, 28, 1]);
      const answer = model.predict(x) as tf.Tensor;
      return [tf.conv2d(x, kernel, 1, 'valid').add(bias).relu(), answer].map((tensor) => tensor.dataSync<'float32'>());
    });
    closeTo(layers[0].values.data, expected[0]);
    closeTo(layers.at(-1)!.values.data, expected[1]);
    const { mean, max, zeros } = layers[0].statistics;
    expect(mean).toBeCloseTo(expected[0].reduce((sum, value) => sum + value, 0) / expected[0].length, 5);
    expect(max).toBeCloseTo(Math.max(...expected[0]), 5);
    expect(zeros).toBeCloseTo(expected[0].filter((value) => value === 0).length / expected[0].length, 5);
    model.dispose();
  });

  it('goes along branches and into a model within the model, without dropping anything', () => {
    const model = branching();
    const one = picture(12, 12, 3);
    const layers = layerActivations(model, one);
    expect(layers.map(({ name, shape }) => `${name} ${shape}`)).toEqual([
      'conv 12,12,4', 'norm 12,12,4', 'left 12,12,4', 'right 12,12,4', 'sum 12,12,4', 'depthwise 6,6,4',
      'pooled 6,6,4', 'both 6,6,8', 'inner 4,4,5', 'drop 4,4,5', 'mean 5', 'answer 3',
    ]);
    const values = (name: string): ArrayLike<number> => layers.find((layer) => layer.name === name)!.values.data;
    closeTo(values('drop'), values('inner'));
    closeTo(values('sum'), Array.from(values('left'), (value, i) => value + values('right')[i]));
    const inner = values('inner');
    closeTo(values('mean'), [0, 1, 2, 3, 4].map((channel) =>
      Array.from({ length: 16 }, (_, i) => inner[i * 5 + channel]).reduce((sum, value) => sum + value, 0) / 16));
    const expected = tf.tidy(() => (model.predict(tf.tensor4d(one.data, [1, 12, 12, 3])) as tf.Tensor).dataSync());
    closeTo(values('answer'), expected);
    model.dispose();
  });

  it('lists a layer that is used twice with both its outputs', () => {
    const shared = tf.layers.dense({ units: 4, name: 'shared' });
    const input = tf.input({ shape: [4] });
    const once = shared.apply(input) as tf.SymbolicTensor;
    const model = tf.model({ inputs: input, outputs: shared.apply(once) as tf.SymbolicTensor });
    const layers = layerActivations(model, arrayOf(Float32Array.of(1, 2, 3, 4), [4]));
    expect(layers.map(({ name }) => name)).toEqual(['shared', 'shared, use 2']);
    const twice = tf.tidy(() => (model.predict(tf.tensor2d([[1, 2, 3, 4]])) as tf.Tensor).dataSync());
    closeTo(layers[1].values.data, twice);
    model.dispose();
    // TensorFlow.js counts each use.
    shared.dispose();
  });

  it('takes arrays and tensors, with and without a batch of one or the single channel, and keeps them', () => {
    const model = lesson03();
    const flat = picture(28, 28);
    const expected = layerActivations(model, flat)[6].values.data;
    const tensors = [[28, 28], [28, 28, 1], [1, 28, 28, 1], [1, 28, 28]].map((shape) => tf.tensor(flat.data, shape));
    for (const tensor of tensors) {
      closeTo(layerActivations(model, tensor)[6].values.data, expected);
      expect(tensor.isDisposed).toBe(false);
    }
    closeTo(layerActivations(model, arrayOf(flat.data, [1, 28, 28, 1]))[6].values.data, expected);
    tf.dispose(tensors);
    model.dispose();
  });

  it('leaves a model in training as it is: weights, state of the optimizer, trainable', async () => {
    const model = lesson03();
    model.layers[1].trainable = false;
    const optimizer = tf.train.adam();
    model.compile({ optimizer, loss: 'categoricalCrossentropy' });
    const x = tf.zeros([2, 28, 28, 1]);
    const y = tf.tidy(() => tf.oneHot(tf.tensor1d([1, 2], 'int32'), 10));
    await model.fit(x, y, { epochs: 1, verbose: 0 });
    const weights = (): number[][] => model.getWeights().map((weight) => [...weight.dataSync()].slice(0, 50));
    const [was, tensors] = [weights(), tf.memory().numTensors];
    layerActivations(model, picture(28, 28, 1));
    expect(weights()).toEqual(was);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(model.layers.map(({ trainable }) => trainable)).toEqual([true, false, true, true, true, true, true]);
    await model.fit(x, y, { epochs: 1, verbose: 0 });
    tf.dispose([x, y]);
    model.dispose();
    optimizer.dispose();
  });

  it('says what it expects', () => {
    const model = lesson03();
    expect(() => layerActivations(model, picture(28, 28, 3))).toThrow(
      /layerActivations: got a picture of shape \[28, 28, 3\]; the model takes \[28, 28, 1\]/);
    expect(() => layerActivations(model, picture(2, 28, 28, 1))).toThrow(/One of many is images\.pick\(index\)/);
    expect(() => layerActivations(tf.sequential(), picture(2, 2))).toThrow(/no shapes yet/);
    expect(() => layerActivations(null as never, picture(2, 2))).toThrow(/got null; expected a model/);
    model.dispose();
  });
});
