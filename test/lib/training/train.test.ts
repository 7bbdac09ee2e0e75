import { setTimeout as sleep } from 'node:timers/promises';
import { evaluate, predict, tf, TrainingInterrupted } from '@course/lib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TrainingProgress } from '../../../lib/src/training/history';
import { train } from '../../../lib/src/training/train';
import { dispose, network, points, weightsOf } from './support';

/** Two clouds of points that a single layer can tell apart. */
function clouds(count: number): { x: tf.Tensor2D; y: tf.Tensor2D } {
  return tf.tidy(() => {
    const labels = tf.range(0, count, 1, 'int32').mod(tf.scalar(2, 'int32')).toInt() as tf.Tensor1D;
    const x = tf.randomNormal([count, 4], 0, 0.4, 'float32', 1).add(labels.toFloat().reshape([count, 1])) as tf.Tensor2D;
    return { x, y: tf.oneHot(labels, 2).toFloat() as tf.Tensor2D };
  });
}

function compiled(options: Partial<tf.ModelCompileArgs> = {}): tf.Sequential {
  const kernelInitializer = tf.initializers.glorotUniform({ seed: 1 });
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, activation: 'softmax', inputShape: [4], kernelInitializer })] });
  model.compile({ optimizer: tf.train.sgd(0.5), loss: 'categoricalCrossentropy', metrics: ['accuracy'], ...options });
  return model;
}

describe('train', () => {
  let tensors = 0;
  let data: { x: tf.Tensor2D; y: tf.Tensor2D };
  let model: tf.Sequential;
  beforeEach(() => {
    tensors = tf.memory().numTensors;
    data = clouds(200);
    model = compiled();
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    tf.dispose([data.x, data.y]);
    dispose(model);
    tf.disposeVariables();
    expect(tf.memory().numTensors).toBe(tensors);
    expect(process.listenerCount('SIGINT')).toBe(0);
  });

  it('learns, and returns one value of each measure for each epoch', async () => {
    const history = await train(model, data, { epochs: 5, batchSize: 20, validationSplit: 0.2 });
    expect(history.epoch).toEqual([0, 1, 2, 3, 4]);
    expect(Object.keys(history.history).sort()).toEqual(['acc', 'loss', 'val_acc', 'val_loss']);
    expect(history.history.loss).toHaveLength(5);
    expect(history.history.val_acc[4]).toBeGreaterThan(0.9);
    expect(history.history.loss[4]).toBeLessThan(history.history.loss[0]);
    expect(history.seconds.every((seconds) => seconds > 0)).toBe(true);
  });

  it('gives the same numbers as model.fit of tfjs when nothing is shuffled', async () => {
    const history = await train(model, data, { epochs: 3, batchSize: 32, shuffle: false, validationSplit: 0.25 });
    const other = compiled();
    const expected = await other.fit(data.x, data.y, { epochs: 3, batchSize: 32, shuffle: false, validationSplit: 0.25, verbose: 0 });
    for (const name of ['loss', 'acc', 'val_loss', 'val_acc']) {
      history.history[name].forEach((value, i) => expect(value).toBeCloseTo(expected.history[name][i] as number, 5));
    }
    dispose(other);
  });

  it('reports within and after each epoch, and the time that is left goes to nothing', async () => {
    const reports: TrainingProgress[] = [];
    await train(model, data, { epochs: 2, batchSize: 20, progressInterval: 0, onProgress: (p) => reports.push({ ...p }) });
    expect(reports.filter(({ event }) => event === 'epoch')).toHaveLength(2);
    expect(reports.filter(({ event }) => event === 'batch')).toHaveLength(20);
    expect(reports.at(-1)).toMatchObject({ event: 'epoch', epoch: 1, epochs: 2, batch: 10, batchesPerEpoch: 10, secondsLeft: 0 });
    const { within } = reports.at(-1)!.history;
    expect(within.at[0]).toBeCloseTo(0.1);
    expect(within.at.at(-1)).toBe(2);
    expect([...within.at].sort((a, b) => a - b)).toEqual(within.at);
  });

  it('within an epoch reports means of batches that add up to the value of the epoch', async () => {
    const history = await train(model, data, { epochs: 1, batchSize: 20, progressInterval: 0 });
    const losses = history.within.measures.loss;
    expect(losses).toHaveLength(10);
    expect(losses.reduce((sum, loss) => sum + loss, 0) / 10).toBeCloseTo(history.history.loss[0], 4);
  });

  it('stops after the present batch on an interrupt, keeps the model, and can go on', async () => {
    const training = train(model, data, { epochs: 10_000, batchSize: 10 });
    await sleep(300);
    process.kill(process.pid, 'SIGINT');
    const error = await training.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TrainingInterrupted);
    expect((error as Error).message).toMatch(/interrupted in epoch \d+ of 10000, after batch \d+ of 20.*keeps what it has learned/s);
    expect((error as TrainingInterrupted).history.history.loss.length).toBe((error as TrainingInterrupted).history.epoch.length);
    const before = evaluate(model, data).loss;
    const history = await train(model, data, { epochs: 1 });
    expect(history.history.loss[0]).toBeLessThanOrEqual(before * 1.5);
  });

  it('keeps an epoch that was complete when the interrupt came', async () => {
    const interruptAfterLastBatch = { onBatchEnd: async (batch: number) => void (batch === 9 && process.emit('SIGINT')) };
    const options = { batchSize: 16, validationSplit: 0.2, callbacks: interruptAfterLastBatch };
    const error = await train(model, data, { ...options, epochs: 2 }).catch((reason: unknown) => reason);
    expect((error as TrainingInterrupted).history.history.val_loss).toHaveLength(1);
    const history = await train(model, data, { ...options, epochs: 1 });
    expect(history.history.val_loss, 'a finished training is no error').toHaveLength(1);
  });

  it('gives the same training to the last bit whether a callback watches each batch or not', async () => {
    const examples = points(100);
    const trainings: unknown[] = [];
    const seen: number[] = [];
    for (const callbacks of [[], { onBatchEnd: async (batch: number) => void seen.push(batch) }]) {
      const each = network({ dropout: 0.3 });
      // 11 batches and a smaller last one.
      const { history } = await train(each, examples, { epochs: 3, batchSize: 9, seed: 4, callbacks });
      trainings.push([weightsOf(each), history]);
      dispose(each);
    }
    expect(trainings[0]).toEqual(trainings[1]);
    expect(seen).toEqual([0, 1, 2].flatMap(() => Array.from({ length: 12 }, (_, i) => i)));
    tf.dispose([examples.x, examples.y]);
  });

  it('lets other work of the process happen while it trains', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await train(model, data, { epochs: 100, batchSize: 4 });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(0);
  });

  it('trains at most two epochs in a quick run, and says how many were asked for', async () => {
    vi.stubEnv('COURSE_QUICK', '1');
    const reports: TrainingProgress[] = [];
    const history = await train(model, data, { epochs: 5, onProgress: (progress) => reports.push(progress) });
    expect(history.epoch).toEqual([0, 1]);
    expect(reports.at(-1)).toMatchObject({ epochs: 2, epochsAskedFor: 5 });
  });

  it('calls tfjs callbacks too, and they can stop it', async () => {
    const epochs: number[] = [];
    const history = await train(model, data, {
      epochs: 5,
      callbacks: {
        onEpochEnd: async (epoch: number) => {
          epochs.push(epoch);
          if (epoch === 1) model.stopTraining = true;
        },
      },
    });
    expect(epochs).toEqual([0, 1]);
    expect(history.epoch).toEqual([0, 1]);
  });

  it.each([
    ['an uncompiled model', () => train(tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [4] })] }), data), /not compiled.*model\.compile/s],
    ['no whole number of epochs', () => train(model, data, { epochs: 1.5 }), /epochs is 1\.5/],
    ['a batch of none', () => train(model, data, { batchSize: 0 }), /batchSize is 0/],
    ['a split of 1', () => train(model, data, { validationSplit: 1 }), /validationSplit is 1/],
    ['x of another shape', () => train(model, { ...data, x: tf.zeros([200, 2, 2]) }), /x has the shape \[200, 2, 2\].*takes \[any, 4\]/s],
    ['fewer targets than inputs', () => train(model, { ...data, y: tf.zeros([3, 2]) }), /200 examples and y has 3/],
    ['labels that are not one-hot', () => train(model, { ...data, y: tf.zeros([200], 'int32') }), /y has the shape \[200\], but the model puts out \[any, 2\].*oneHot\(labels, 2\)/s],
    ['arrays instead of tensors', () => train(model, { ...data, x: [[1]] as never }), /x is object; expected a tensor/],
  ])('refuses %s, and says what to do', async (_case, call, message) => {
    const scope = tf.engine();
    scope.startScope();
    await expect(call()).rejects.toThrow(message);
    scope.endScope();
  });
});

describe('predict', () => {
  it('answers with one row of probabilities for each input and leaves no tensor behind', () => {
    const model = compiled();
    const data = clouds(1200);
    const before = tf.memory().numTensors;
    const probabilities = predict(model, data.x);
    expect(tf.memory().numTensors).toBe(before);
    expect(probabilities.shape).toEqual([1200, 2]);
    expect(probabilities.get(1199, 0) + probabilities.get(1199, 1)).toBeCloseTo(1);
    const reference = (model.predict(data.x) as tf.Tensor).dataSync();
    reference.forEach((value, i) => expect(probabilities.data[i]).toBeCloseTo(value, 5));
    tf.disposeVariables();
    tf.dispose([data.x, data.y]);
  });
});

describe('evaluate', () => {
  it('names the loss and the metrics, and leaves no tensor behind', () => {
    const model = compiled();
    const data = clouds(100);
    const before = tf.memory().numTensors;
    const { loss, acc } = evaluate(model, data);
    expect(tf.memory().numTensors).toBe(before);
    const [expectedLoss, expectedAccuracy] = (model.evaluate(data.x, data.y) as tf.Scalar[]).map((scalar) => scalar.dataSync()[0]);
    expect(loss).toBeCloseTo(expectedLoss, 5);
    expect(acc).toBeCloseTo(expectedAccuracy, 5);
    tf.disposeVariables();
  });

  it('refuses data that does not fit, by its own name', () => {
    const model = compiled();
    expect(() => evaluate(model, { x: tf.zeros([3, 5]), y: tf.zeros([3, 2]) })).toThrow(/^evaluate: x has the shape \[3, 5\], but the model takes \[any, 4\]/);
    tf.disposeVariables();
  });

  it('says that the model must be compiled', () => {
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [4] })] });
    expect(() => evaluate(model, { x: tf.zeros([1, 4]), y: tf.zeros([1, 2]) })).toThrow(/Call model\.compile first/);
  });
});
