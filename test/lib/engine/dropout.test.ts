import { setRandomSeed, tf } from '@course/lib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CompiledTraining } from '../../../lib/src/engine/compiled-training';
import { drop } from '../../../lib/src/engine/operations';
import { Tape } from '../../../lib/src/engine/tape';
import { train } from '../../../lib/src/training/train';
import { Random } from '../../../lib/src/random';
import { normal } from './layer-cases';

const { layers } = tf;

let tensors = 0;
beforeAll(() => {
  setRandomSeed(1);
  tensors = tf.memory().numTensors;
});
afterAll(() => expect(tf.memory().numTensors).toBe(tensors));

/** Five standard deviations: by chance beyond it once in 1.7 million times; all seeds are fixed. */
const SIGMAS = 5;

/** Expects a count of independent events to be what chance makes of it. */
function expectChance(count: number, trials: number, probability: number): void {
  const deviation = Math.sqrt(trials * probability * (1 - probability));
  expect(Math.abs(count - trials * probability) / deviation).toBeLessThan(SIGMAS);
}

/** Expects several counts, each of as many trials, to be spread as chance spreads them: their chi-square. */
function expectChances(counts: readonly number[], trials: number, probability: number): void {
  const variance = trials * probability * (1 - probability);
  const chiSquare = counts.reduce((sum, count) => sum + (count - trials * probability) ** 2 / variance, 0);
  expect(Math.abs(chiSquare - counts.length) / Math.sqrt(2 * counts.length)).toBeLessThan(SIGMAS);
}

const countOf = (values: ArrayLike<number>, isCounted: (value: number, i: number) => boolean): number =>
  Array.from(values).filter(isCounted).length;

// An odd number of columns, should two numbers be drawn at once.
const [ROWS, COLUMNS] = [400, 251];

/** What the compiled dropout makes of ones. */
function dropOnes(rate: number, seed: [number, number]): Float32Array {
  const tape = new Tape();
  const x = tape.placeholder('x', 'float32', [-1, COLUMNS]);
  tape.fetch('y', drop(tape, x, rate, tape.placeholder('seed', 'int32', [2])));
  const graph = tape.definition.load();
  try {
    return tf.tidy(() => graph.run({ x: tf.ones([ROWS, COLUMNS]), seed: tf.tensor1d(seed, 'int32') }, ['y'])[0].dataSync<'float32'>().slice());
  } finally {
    graph.dispose();
  }
}

/** What the layer of tfjs makes of them. */
const dropOnesByTfjs = (rate: number): Float32Array =>
  tf.tidy(() => {
    const dropped = layers.dropout({ rate }).apply(tf.ones([ROWS, COLUMNS]), { training: true }) as tf.Tensor;
    return dropped.dataSync<'float32'>().slice();
  });

describe('drop', () => {
  const rates = [0.1, 0.25, 0.5, 0.8];

  it.each(rates)('drops a part of %d, and makes the rest larger so that the mean stays', (rate) => {
    const values = dropOnes(rate, [1, 0]);
    const kept = values.filter((value) => value !== 0);
    expectChance(kept.length, values.length, 1 - rate);
    for (const value of new Set(kept)) expect(value).toBeCloseTo(1 / (1 - rate), 5);
  });

  it.each(rates)('of %d drops as the layer of tfjs does: in all, in each row and in each column', (rate) => {
    for (const values of [dropOnes(rate, [3, 4]), dropOnesByTfjs(rate)]) {
      expectChance(countOf(values, (value) => value === 0), values.length, rate);
      const [inRow, inColumn] = [new Array<number>(ROWS).fill(0), new Array<number>(COLUMNS).fill(0)];
      values.forEach((value, i) => {
        if (value !== 0) return;
        inRow[Math.floor(i / COLUMNS)]++;
        inColumn[i % COLUMNS]++;
      });
      expectChances(inRow, COLUMNS, rate);
      expectChances(inColumn, ROWS, rate);
      // Neighbours know nothing of each other.
      expectChance(countOf(values, (value, i) => i % 2 === 0 && value === 0 && values[i + 1] === 0), values.length / 2, rate ** 2);
    }
    // As large as tfjs makes them.
    expect(Math.max(...dropOnes(rate, [3, 4]))).toBeCloseTo(Math.max(...dropOnesByTfjs(rate)), 5);
  });

  it('drops the same for the same seed, and something unrelated for any other', () => {
    const rate = 0.4;
    const first = dropOnes(rate, [1, 1]);
    expect(dropOnes(rate, [1, 1])).toEqual(first);
    for (const seed of [[2, 1], [1, 2], [2, 2], [1_000_004, 1], [-1, 1], [2 ** 31 - 1, 1]] as [number, number][]) {
      const other = dropOnes(rate, seed);
      expectChance(countOf(first, (value, i) => value === 0 && other[i] === 0), first.length, rate ** 2);
    }
  });
});

/**
 * A network whose step shows what its two dropout layers have dropped: with an input of ones, weights 0 and a loss with
 * slope 1, the step takes just what a weight has seen off that weight.
 */
const WIDTH = 2 ** 14;
function makeShowing(rate: number) {
  const input = tf.input({ shape: [WIDTH] });
  const two = [0, 1].map(() => layers.dropout({ rate }).apply(input) as tf.SymbolicTensor);
  const joined = layers.concatenate().apply(two);
  const output = layers.dense({ units: 1, useBias: false, kernelInitializer: 'zeros' }).apply(joined) as tf.SymbolicTensor;
  const model = tf.model({ inputs: input, outputs: output });
  const optimizer = tf.train.sgd(1);
  model.compile({ optimizer, loss: 'meanSquaredError' });
  const data = { x: tf.ones([1, WIDTH]), y: tf.tensor2d([[-0.5]]) };
  const training = CompiledTraining.begin(model, data);
  return {
    model,
    training,
    data,
    /** What each layer let through in one step. */
    step(seed: number): [Float32Array, Float32Array] {
      tf.tidy(() => model.setWeights([tf.zeros([2 * WIDTH, 1])]));
      training.learn(data, [Int32Array.of(0)], seed);
      const seen = model.getWeights()[0].dataSync<'float32'>().map((value) => -value);
      return [seen.slice(0, WIDTH), seen.slice(WIDTH)];
    },
    end(): void {
      training.end();
      model.dispose();
      optimizer.dispose();
      tf.dispose(data);
    },
  };
}

describe('dropout in a compiled step', () => {
  it('drops other numbers in each step, in each layer and for each seed', () => {
    const rate = 0.5;
    const showing = makeShowing(rate);
    const seen = [...showing.step(1), ...showing.step(1), ...showing.step(2)];
    for (const [i, values] of seen.entries()) {
      expect(new Set(values)).toEqual(new Set([0, 2]));
      expectChance(countOf(values, (value) => value === 0), WIDTH, rate);
      for (const other of seen.slice(0, i)) {
        expectChance(countOf(values, (value, j) => value === 0 && other[j] === 0), WIDTH, rate ** 2);
      }
    }
    showing.end();
  });

  it('drops the same in the same step of another training', () => {
    const [a, b] = [makeShowing(0.3), makeShowing(0.3)];
    const both = [a, b].map((showing) => [showing.step(7), showing.step(7), showing.step(7)]);
    expect(both[0]).toEqual(both[1]);
    a.end();
    b.end();
  });

  it('drops nothing when it measures', () => {
    const showing = makeShowing(0.5);
    // The output is 2: one for each layer, if all comes through. The target is -0.5.
    tf.tidy(() => showing.model.setWeights([tf.fill([2 * WIDTH, 1], 1 / WIDTH)]));
    for (let time = 0; time < 2; time++) {
      expect(showing.training.measure(showing.data, Int32Array.of(0))[0]).toBeCloseTo(2.5 ** 2, 4);
    }
    showing.end();
  });

  it('lets everything through at the rates 0 and 1, as tfjs does', () => {
    for (const rate of [0, 1]) {
      const showing = makeShowing(rate);
      expect(showing.step(1).map((values) => [...new Set(values)])).toEqual([[1], [1]]);
      showing.end();
    }
  });
});

describe('a training with dropout', () => {
  async function weightsAfter(start: tf.Tensor[] | undefined, seed: number): Promise<{ start: tf.Tensor[]; end: number[][] }> {
    const model = tf.sequential({
      layers: [
        layers.dense({ units: 32, activation: 'relu', inputShape: [10] }),
        layers.dropout({ rate: 0.4 }),
        layers.dense({ units: 16, activation: 'relu' }),
        layers.dropout({ rate: 0.2 }),
        layers.dense({ units: 3, activation: 'softmax' }),
      ],
    });
    model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });
    if (start) model.setWeights(start);
    const before = model.getWeights().map((weight) => weight.clone());
    const random = new Random(3);
    const x = normal(random, [50, 10]);
    const y = tf.tidy(() => tf.cast(tf.oneHot(Int32Array.from({ length: 50 }, () => random.below(3)), 3), 'float32'));
    await train(model, { x, y }, { epochs: 5, batchSize: 16, shuffle: false, seed, onNotice: (notice) => expect(notice).toBe('') });
    const end = model.getWeights().map((weight) => [...weight.dataSync()]);
    model.dispose();
    tf.dispose([x, y]);
    return { start: before, end };
  }

  it('ends with the same weights, bit for bit, from the same seed, and with others from another', async () => {
    const { start, end } = await weightsAfter(undefined, 5);
    const again = await weightsAfter(start, 5);
    const other = await weightsAfter(start, 6);
    expect(again.end).toEqual(end);
    expect(other.end).not.toEqual(end);
    tf.dispose([start, again.start, other.start]);
  });
});
