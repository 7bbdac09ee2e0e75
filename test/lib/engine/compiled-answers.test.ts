import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluate, predict, setRandomSeed, tf } from '@course/lib';

const { layers } = tf;

function makeModel(): tf.LayersModel {
  const model = tf.sequential({
    layers: [
      layers.conv2d({ filters: 4, kernelSize: 3, inputShape: [8, 8, 2] }),
      layers.batchNormalization(),
      layers.reLU(),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dropout({ rate: 0.5 }),
      layers.dense({ units: 3, activation: 'softmax' }),
    ],
  });
  model.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}

const makeData = (count: number): { x: tf.Tensor; y: tf.Tensor } => ({
  x: tf.randomNormal([count, 8, 8, 2]),
  y: tf.tidy(() => tf.cast(tf.oneHot(tf.randomUniform([count], 0, 3, 'int32'), 3), 'float32')),
});

const savedModels = (): number =>
  (tf.backend() as unknown as { binding: { getNumOfSavedModels(): number } }).binding.getNumOfSavedModels();

let tensors = 0;
beforeAll(() => {
  setRandomSeed(1);
  tensors = tf.memory().numTensors;
});
afterAll(() => expect(tf.memory().numTensors).toBe(tensors));

describe('predict', () => {
  it.each([1, 7, 1203])('gives the answers of model.predict for %i inputs', async (count) => {
    const model = makeModel();
    const data = makeData(count);
    const { data: answers, shape } = predict(model, data.x);
    const expected = model.predict(data.x) as tf.Tensor;
    expect(shape).toEqual([count, 3]);
    expected.dataSync().forEach((value, i) => expect(answers[i]).toBeCloseTo(value, 5));
    tf.dispose([expected, data.x, data.y]);
    model.dispose();
  });

  it('goes by the weights as they are at the moment', () => {
    const model = makeModel();
    const data = makeData(4);
    const before = predict(model, data.x);
    const zeros = model.getWeights().map((weight) => tf.zerosLike(weight));
    model.setWeights(zeros);
    expect([...predict(model, data.x).data]).toEqual(new Array(12).fill(Math.fround(1 / 3)));
    expect([...before.data]).not.toEqual(new Array(12).fill(Math.fround(1 / 3)));
    tf.dispose([...zeros, data.x, data.y]);
    model.dispose();
  });

  it('answers for a model with a layer that is not compiled, by tfjs itself', () => {
    const model = tf.sequential({ layers: [layers.gru({ units: 3, inputShape: [5, 2] })] });
    const x = tf.randomNormal([6, 5, 2]);
    const expected = model.predict(x) as tf.Tensor;
    expect([...predict(model, x).data]).toEqual([...expected.dataSync()]);
    tf.dispose([x, expected]);
    model.dispose();
  });

  it('refuses inputs that do not fit, and none', () => {
    const model = makeModel();
    const [flat, none] = [tf.zeros([2, 128]), tf.zeros([0, 8, 8, 2])];
    expect(() => predict(model, flat)).toThrow('predict: x has the shape [2, 128], but the model takes [any, 8, 8, 2].');
    expect(() => predict(model, none)).toThrow('predict: x has no examples.');
    tf.dispose([flat, none]);
    model.dispose();
  });
});

describe('evaluate', () => {
  it('gives the measures of model.evaluate', () => {
    const model = makeModel();
    const data = makeData(777);
    const expected = model.evaluate(data.x, data.y) as tf.Scalar[];
    const { loss, acc } = evaluate(model, data);
    expect(loss).toBeCloseTo(expected[0].dataSync()[0], 5);
    expect(acc).toBeCloseTo(expected[1].dataSync()[0], 5);
    tf.dispose([...expected, data.x, data.y]);
    model.dispose();
  });

  it('goes by the loss that the model was compiled with last', () => {
    const model = makeModel();
    const data = makeData(50);
    const crossentropy = evaluate(model, data).loss;
    model.optimizer.dispose();
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const { loss, ...others } = evaluate(model, data);
    const expected = model.evaluate(data.x, data.y) as tf.Scalar;
    expect(loss).toBeCloseTo(expected.dataSync()[0], 5);
    expect(loss).not.toBeCloseTo(crossentropy, 2);
    expect(others).toEqual({});
    tf.dispose([expected, data.x, data.y]);
    model.dispose();
  });

  it('keeps a few graphs, however many models are measured', () => {
    const data = makeData(3);
    const counts = Array.from({ length: 9 }, () => {
      const model = makeModel();
      evaluate(model, data);
      model.dispose();
      return savedModels();
    });
    expect(Math.max(...counts)).toBe(counts.at(-1));
    expect(counts.at(-1)).toBe(counts[4]);
    tf.dispose([data.x, data.y]);
  });
});
