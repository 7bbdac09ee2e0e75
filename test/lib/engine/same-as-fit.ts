import { tf } from '@course/lib';
import { expect } from 'vitest';
import { CompiledTraining } from '../../../lib/src/engine/compiled-training';
import { layersWithin } from '../../../lib/src/engine/network';
import { makeCase, type LayerCase } from './layer-cases';

const STEPS = 5;

/** Rounding of a few steps of float32, with weights and losses of about 1. */
const TOLERANCE = 2e-5;

const greatest = (is: ArrayLike<number>, should: ArrayLike<number>): number => {
  expect(is.length).toBe(should.length);
  return Math.max(...Array.from(is, (value, i) => Math.abs(value - should[i])));
};

/** Compares some compiled steps with those of `model.fit`: the weights, the losses, and what is measured afterwards. */
export async function expectSameAsFit(given: LayerCase): Promise<void> {
  const [plain, compiled] = [makeCase(given), makeCase(given)];
  const { x, y } = plain.data;
  const optimizer = tf.train.sgd(0.002);
  for (const { model } of [plain, compiled]) model.compile({ optimizer, loss: 'meanSquaredError' });
  compiled.model.setWeights(plain.model.getWeights());
  const before = plain.model.getWeights().map((weight) => weight.dataSync().slice());
  const rows = Int32Array.from({ length: x.shape[0] }, (_, i) => i);

  const options = { batchSize: rows.length, epochs: STEPS, shuffle: false, verbose: 0 } as const;
  // tfjs moves the means of a frozen batch normalisation; Keras and the compiled step do not.
  const frozen = layersWithin(plain.model).filter(({ trainable }) => !trainable);
  for (const layer of frozen) {
    const { call } = Object.getPrototypeOf(layer) as tf.layers.Layer;
    layer.call = (inputs, settings) => call.call(layer, inputs, { ...settings, training: false });
  }
  const losses = (await plain.model.fit(x, y, options)).history.loss as number[];
  const training = CompiledTraining.begin(compiled.model, compiled.data);
  const own = training.learn(compiled.data, losses.map(() => rows), 1).map(([loss]) => loss);
  const measured = training.measure(compiled.data, rows);
  training.end();

  expect(greatest(own, losses)).toBeLessThan(TOLERANCE);
  const weights = [compiled, plain].map(({ model }) => model.getWeights().map((weight) => weight.dataSync()));
  const ways = before.map((values, i) => greatest(values, weights[1][i]));
  expect(Math.max(...ways), 'how far weights have moved').toBeGreaterThan(50 * TOLERANCE);
  weights[0].forEach((values, i) => expect(greatest(values, weights[1][i])).toBeLessThan(TOLERANCE));
  tf.tidy(() => {
    const evaluated = plain.model.evaluate(x, y, { batchSize: rows.length }) as tf.Scalar;
    expect(greatest(measured, evaluated.dataSync())).toBeLessThan(TOLERANCE);
  });

  optimizer.dispose();
  for (const { model, data } of [plain, compiled]) {
    model.dispose();
    tf.dispose([data.x, data.y]);
  }
}
