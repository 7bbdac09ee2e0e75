import { fit, setRandomSeed, tf } from '@course/lib';
import { afterEach, describe, expect, it, vi } from 'vitest';

const mathRandom = Math.random;
afterEach(() => {
  Math.random = mathRandom;
});

/** Trains a small network with dropout; all its random numbers are those of TensorFlow.js's defaults. */
async function trainOnce(): Promise<{ before: number[]; losses: number[] }> {
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: 8, activation: 'relu', inputShape: [4] }),
      tf.layers.dropout({ rate: 0.5 }),
      tf.layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });
  model.compile({ optimizer: 'rmsprop', loss: 'categoricalCrossentropy' });
  const before = model.getWeights().flatMap((weight) => Array.from(weight.dataSync()));
  const x = tf.linspace(-1, 1, 4 * 64).reshape([64, 4]);
  const y = tf.oneHot(tf.tensor1d(Array.from({ length: 64 }, (_, i) => Number(i > 20)), 'int32'), 2);
  const { history } = await fit(model, { x, y }, { epochs: 3, batchSize: 16 });
  tf.dispose([x, y]);
  model.dispose();
  return { before, losses: history.loss };
}

describe('setRandomSeed', () => {
  it('gives the same weights and the same training again, shuffled and with dropout', async () => {
    vi.spyOn(console, 'log').mockImplementation(() => {});
    setRandomSeed(7);
    const first = await trainOnce();
    setRandomSeed(7);
    const second = await trainOnce();
    setRandomSeed(8);
    const other = await trainOnce();

    expect(second.before).toEqual(first.before);
    expect(second.losses).toEqual(first.losses);
    expect(other.before).not.toEqual(first.before);
    expect(other.losses).not.toEqual(first.losses);
  });

  it('refuses what is no whole number', () => {
    expect(() => setRandomSeed(0.5)).toThrow('setRandomSeed: got 0.5, expected a whole number, such as 1.');
    expect(() => setRandomSeed('1' as unknown as number)).toThrow('expected a whole number');
  });
});
