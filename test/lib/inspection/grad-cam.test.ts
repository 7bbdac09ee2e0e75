import { gradCam, saliency, tf } from '@course/lib';
import { afterAll, describe, expect, it } from 'vitest';
import { arrayOf } from '../../../lib/src/arrays';
import { Random } from '../../../lib/src/random';
import { branching, lesson03, numbers, picture } from './networks';

const before = tf.memory().numTensors;
afterAll(() => expect(tf.memory().numTensors).toBe(before));

function withWeights(model: tf.Sequential, ...values: number[][]): tf.Sequential {
  const weights = model.getWeights().map((weight, i) => tf.tensor(values[i], weight.shape));
  model.setWeights(weights);
  tf.dispose(weights);
  return model;
}

/** Two feature maps: the picture itself, and its negative, each rectified; the answers weigh their means. */
function twoMaps(activation: 'softmax' | 'sigmoid' | 'linear', units: number, answer: number[]): tf.Sequential {
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({ inputShape: [2, 2, 1], filters: 2, kernelSize: 1, activation: 'relu', name: 'maps' }),
      tf.layers.globalAveragePooling2d({}),
      tf.layers.dense({ units, activation, name: 'answer' }),
    ],
  });
  return withWeights(model, [1, -1], [0, 0], answer, new Array<number>(units).fill(0));
}

const cross = arrayOf(Float32Array.of(2, -4, 1, 0), [2, 2, 1]);

describe('gradCam', () => {
  it('is what can be worked out by hand', () => {
    // Map 0 is [2 0 1 0], map 1 is [0 4 0 0]. The score of class 0 is 3 × mean 0 − mean 1: weights 3/4 and −1/4,
    // the same at all places. Weighed: [6 −4 3 0] / 4; without what is below 0 and to the largest: [1 0 .5 0].
    const model = twoMaps('softmax', 2, [3, 0, -1, 1]);
    const { map, classIndex, layer, probability } = gradCam(model, cross, { classIndex: 0 });
    expect([...map.data].map((value) => Number(value.toFixed(5)))).toEqual([1, 0, 0.5, 0]);
    expect([map.shape, classIndex, layer]).toEqual([[2, 2], 0, 'maps']);
    // Means 0.75 and 1: scores 3 × 0.75 − 1 = 1.25 and 1.
    expect(probability).toBeCloseTo(1 / (1 + Math.exp(-0.25)), 5);
    expect([...gradCam(model, cross, { classIndex: 1 }).map.data]).toEqual([0, 1, 0, 0]);
    model.dispose();
  });

  it('takes the class that the model says, and the score before the softmax even where that is sure', () => {
    const model = twoMaps('softmax', 2, [300, 0, 0, 0]);
    const { map, classIndex, probability } = gradCam(model, cross);
    expect([classIndex, probability]).toEqual([0, 1]);
    expect([...map.data]).toEqual([1, 0, 0.5, 0]);
    model.dispose();
  });

  it('takes a single sigmoid as two classes', () => {
    const model = twoMaps('sigmoid', 1, [1, -1]);
    // Score 0.75 − 1 = −0.25: class 0.
    const { classIndex, probability, map } = gradCam(model, cross);
    expect(classIndex).toBe(0);
    expect(probability).toBeCloseTo(1 / (1 + Math.exp(-0.25)), 5);
    expect([...map.data]).toEqual([0, 1, 0, 0]);
    expect([...gradCam(model, cross, { classIndex: 1 }).map.data]).toEqual([1, 0, 0.5, 0]);
    model.dispose();
  });

  it('knows a softmax that is a layer of its own', () => {
    const inLayer = twoMaps('softmax', 2, [300, 0, -100, 0]);
    const alone = twoMaps('linear', 2, [300, 0, -100, 0]);
    alone.add(tf.layers.activation({ activation: 'softmax' }));
    expect(gradCam(alone, cross).map.data).toEqual(gradCam(inLayer, cross).map.data);
    inLayer.dispose();
    alone.dispose();
  });

  it('is 0 everywhere where nothing speaks for the class', () => {
    const model = twoMaps('softmax', 2, [-1, 0, -1, 0]);
    expect([...gradCam(model, cross, { classIndex: 0 }).map.data]).toEqual([0, 0, 0, 0]);
    model.dispose();
  });

  it('finds the corner that a network has learned to look at', async () => {
    // Class 1 has a bright square in the top right corner; noise is everywhere else.
    const random = new Random(3);
    const [count, side] = [200, 12];
    const x = tf.tidy(() => tf.tensor4d(Float32Array.from({ length: count * side * side }, (_, i) => {
      const [example, row, column] = [Math.floor(i / 144), Math.floor((i % 144) / 12), i % 12];
      return example % 2 === 1 && row < 4 && column >= 8 ? 1 : random.fraction() * 0.4;
    }), [count, side, side, 1]));
    const y = tf.tidy(() => tf.oneHot(tf.tensor1d(Array.from({ length: count }, (_, i) => i % 2), 'int32'), 2));
    const model = tf.sequential({
      layers: [
        tf.layers.conv2d({
          inputShape: [side, side, 1], filters: 4, kernelSize: 3, activation: 'relu', name: 'conv',
          kernelInitializer: tf.initializers.glorotUniform({ seed: 1 }),
        }),
        tf.layers.globalAveragePooling2d({}),
        tf.layers.dense({
          units: 2, activation: 'softmax', kernelInitializer: tf.initializers.glorotUniform({ seed: 2 }),
        }),
      ],
    });
    const optimizer = tf.train.adam(0.01);
    model.compile({ optimizer, loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
    const { history } = await model.fit(x, y, { epochs: 20, batchSize: 20, shuffle: false, verbose: 0 });
    expect(history.acc.at(-1)).toBeGreaterThan(0.95);
    const bright = x.slice([1], [1]);
    const { map, classIndex } = gradCam(model, bright);
    expect(classIndex).toBe(1);
    const strong = [...map.data.keys()].filter((i) => map.data[i] > 0.5).map((i) => [Math.floor(i / side), i % side]);
    expect(strong.length).toBeGreaterThan(0);
    for (const [row, column] of strong) expect([row < 6, column >= 6]).toEqual([true, true]);
    tf.dispose([x, y, bright]);
    model.dispose();
    optimizer.dispose();
  });

  it('has the size of the picture, from any layer with feature maps, also within a model', () => {
    const model = branching();
    const one = picture(12, 12, 3);
    expect(gradCam(model, one).layer).toBe('inner');
    for (const layer of ['conv', 'norm', 'right', 'sum', 'depthwise', 'pooled', 'both', 'drop']) {
      const { map } = gradCam(model, one, { layer, classIndex: 2 });
      expect(map.shape).toEqual([12, 12]);
      expect(Math.min(...map.data)).toBeGreaterThanOrEqual(0);
      expect([0, 1]).toContain(Math.max(...map.data));
    }
    model.dispose();
  });

  it('leaves a model in training as it is', async () => {
    const model = lesson03();
    const optimizer = tf.train.rmsprop(0.001);
    model.compile({ optimizer, loss: 'categoricalCrossentropy' });
    const x = tf.zeros([2, 28, 28, 1]);
    const y = tf.tidy(() => tf.oneHot(tf.tensor1d([1, 2], 'int32'), 10));
    await model.fit(x, y, { epochs: 1, verbose: 0 });
    const weights = (): number[][] => model.getWeights().map((weight) => [...weight.dataSync()].slice(0, 50));
    const [was, tensors, last] = [weights(), tf.memory().numTensors, model.layers.at(-1)!.getConfig()];
    gradCam(model, picture(28, 28, 1));
    saliency(model, picture(28, 28, 1));
    expect(weights()).toEqual(was);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(model.layers.at(-1)!.getConfig()).toEqual(last);
    await model.fit(x, y, { epochs: 1, verbose: 0 });
    tf.dispose([x, y]);
    model.dispose();
    optimizer.dispose();
  });

  it('says what it expects', () => {
    const model = twoMaps('softmax', 2, [3, 0, -1, 1]);
    expect(() => gradCam(model, cross, { classIndex: 2 })).toThrow(
      /classIndex is 2; expected a whole number from 0 to 1/);
    expect(() => gradCam(model, cross, { layer: 'conv' })).toThrow(/no layer "conv"; it has maps, .*answer/);
    expect(() => gradCam(model, cross, { layer: 'answer' })).toThrow(
      /the layer answer puts out \[2\]; expected a layer with feature maps/);
    expect(() => gradCam(model, picture(3, 3, 1))).toThrow(/gradCam: got a picture of shape \[3, 3, 1\]/);
    const dense = tf.sequential({ layers: [tf.layers.dense({ inputShape: [4], units: 2 })] });
    expect(() => gradCam(dense, arrayOf(numbers(4), [4]))).toThrow(/no convolution/);
    expect(() => saliency(dense, arrayOf(numbers(4), [4]))).toThrow(/the model takes \[4\]; expected pictures/);
    withWeights(model, [NaN, 1], [0, 0], [1, 1, 1, 1], [0, 0]);
    expect(() => gradCam(model, cross)).toThrow(/no probability is a number/);
    expect(() => gradCam(model, cross, { classIndex: 0 })).toThrow(/the gradient is not finite/);
    dense.dispose();
    model.dispose();
  });
});

describe('saliency', () => {
  it('is the size of the gradient, of the largest channel', () => {
    // Score 0 = 3 a + 1 b at the first pixel, −4 a + 2 b at the second.
    const model = withWeights(
      tf.sequential({
        layers: [tf.layers.flatten({ inputShape: [1, 2, 2] }), tf.layers.dense({ units: 2, activation: 'softmax' })],
      }),
      [3, 0, 1, 0, -4, 0, 2, 0], [0, 0]);
    const { map, classIndex } = saliency(model, picture(1, 2, 2), { classIndex: 0 });
    expect([...map.data]).toEqual([0.75, 1]);
    expect([map.shape, classIndex]).toEqual([[1, 2], 0]);
    model.dispose();
  });
});
