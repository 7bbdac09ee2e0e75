import path from 'node:path';
import { loadModel, saveModel, tf } from '@course/lib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Examples } from '../../../lib/src/training/examples';
import { train, type TrainOptions } from '../../../lib/src/training/train';
import { temporaryFolders } from '../../setup/temporary';
import { dispose, network, points, unknownLayer, weightsOf } from './support';

const newFolder = temporaryFolders();

/** What a callback was called with: the moment, its number, and the logs. */
type Event = [moment: string, ...rest: unknown[]];

const moments = ['onTrainBegin', 'onTrainEnd', 'onEpochBegin', 'onEpochEnd', 'onBatchBegin', 'onBatchEnd'] as const;

/** The logs as numbers; tfjs hands tensors to classes. */
const numbers = (logs: object): Record<string, number> =>
  Object.fromEntries(Object.entries(logs).map(([name, value]: [string, tf.Scalar | number]) =>
    [name, typeof value === 'number' ? value : value.dataSync()[0]]));

function recordingArgs(events: Event[]): tf.CustomCallbackArgs {
  const record = (moment: string) => async (...args: unknown[]) =>
    void events.push([moment, ...args.map((arg) => (typeof arg === 'object' ? numbers(arg as object) : arg))]);
  return Object.fromEntries(moments.map((moment) => [moment, record(moment)]));
}

class RecordingCallback extends tf.Callback {
  constructor(private readonly events: Event[], private readonly name = '') {
    super();
    const args = recordingArgs(events) as Record<string, (...args: unknown[]) => Promise<void>>;
    for (const moment of moments) {
      (this as unknown as Record<string, unknown>)[moment] = (...given: unknown[]) => args[moment](...given);
    }
  }

  override setParams(params: Record<string, never>): void {
    super.setParams(params);
    this.events.push([`${this.name}setParams`, { ...params }]);
  }

  override setModel(model: never): void {
    super.setModel(model);
    this.events.push([`${this.name}setModel`, model]);
  }
}

/** tfjs knows the size of a batch before it begins, and says it only where the data is a dataset. */
const withoutBatchBeginLogs = (events: Event[]): Event[] =>
  events.map(([moment, ...rest]) => (moment === 'onBatchBegin' ? [moment, rest[0]] : [moment, ...rest]));

function expectSame(ours: Event[], theirs: Event[]): void {
  const [own, expected] = [ours, theirs].map(withoutBatchBeginLogs);
  expect(own.map(([moment, number]) => [moment, typeof number === 'number' ? number : ''])).toEqual(
    expected.map(([moment, number]) => [moment, typeof number === 'number' ? number : '']),
  );
  own.forEach(([moment, ...rest], i) => {
    const logs = rest.at(-1) as Record<string, number>;
    if (typeof logs !== 'object') return;
    const others = expected[i].at(-1) as Record<string, number>;
    expect(Object.keys(logs).sort(), moment).toEqual(Object.keys(others).sort());
    for (const [name, value] of Object.entries(others)) expect(logs[name], `${moment} ${name}`).toBeCloseTo(value, 4);
  });
}

describe('callbacks of train', () => {
  let tensors = 0;
  let data: Examples;
  let models: tf.Sequential[];
  beforeEach(() => {
    tensors = tf.memory().numTensors;
    data = points();
    models = [network(), network()];
  });
  afterEach(() => {
    vi.restoreAllMocks();
    tf.dispose([data.x, data.y]);
    models.forEach(dispose);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  const plainOptions = { epochs: 3, batchSize: 16, shuffle: false, validationSplit: 0.2 };
  /** Runs both ways, each with callbacks of its own. */
  async function both(
    callbacks: (events: Event[], model: tf.Sequential) => TrainOptions['callbacks'], options: TrainOptions = {},
  ) {
    const [ours, theirs]: Event[][] = [[], []];
    const own = callbacks(ours, models[0]);
    const history = await train(models[0], data, { ...plainOptions, ...options, callbacks: own });
    const expected = await models[1].fit(data.x, data.y, {
      ...plainOptions, verbose: 0, callbacks: callbacks(theirs, models[1]) as tf.CustomCallbackArgs,
    });
    return { ours, theirs, history, expected };
  }

  for (const compile of [true, false]) {
    it(`come at the same moments with the same logs as from model.fit (compile: ${compile})`, async () => {
      const { ours, theirs } = await both((events) => recordingArgs(events), { compile });
      // Two moments of the training, two of each epoch, two of each of three batches.
      expect(ours).toHaveLength(2 + 3 * (2 + 3 * 2));
      expectSame(ours, theirs);
    });
  }

  it('may be a list of objects with functions, which are called in their order', async () => {
    const { ours, theirs } = await both((events) => [
      recordingArgs(events), { onBatchEnd: (batch) => void events.push(['second', batch]) },
    ]);
    expectSame(ours, theirs);
    expect(ours.filter(([moment]) => moment === 'second')).toHaveLength(9);
  });

  it('may be objects of classes, which get the model and what is planned first', async () => {
    const { ours, theirs } = await both((events) => [
      new RecordingCallback(events, 'first '), new RecordingCallback(events, 'second '),
    ]);
    const isSetting = ([moment]: Event): boolean => moment.includes('set');
    const withoutSettings = [ours, theirs].map((events) => events.filter((event) => !isSetting(event)));
    expectSame(withoutSettings[0], withoutSettings[1]);
    for (const name of ['first', 'second']) {
      const isTold = ([moment]: Event): boolean => moment === `${name} setParams`;
      const [own, expected] = [ours, theirs].map((events) => events.find(isTold)?.[1]);
      // tfjs knows the number of batches only where the data is a dataset.
      expect(own).toEqual({ ...(expected as object), steps: 3 });
      expect(ours.find(([moment]) => moment === `${name} setModel`)?.[1]).toBe(models[0]);
    }
    expect(ours.slice(0, 4).every(isSetting)).toBe(true);
  });

  it('know the size of a batch when it begins', async () => {
    const events: Event[] = [];
    await train(models[0], data, { ...plainOptions, epochs: 1, callbacks: recordingArgs(events) });
    expect(events.filter(([moment]) => moment === 'onBatchBegin').map(([, , logs]) => logs)).toEqual(
      [{ batch: 0, size: 16 }, { batch: 1, size: 16 }, { batch: 2, size: 8 }],
    );
  });

  it('may be of other classes of tfjs-node, as its TensorBoard callback is', async () => {
    const calls: number[] = [];
    class Other extends tf.CustomCallback {
      private readonly own = calls;
      constructor() {
        super({ onEpochEnd: (epoch) => void this.own.push(epoch) }, 'never');
      }
    }
    await train(models[0], data, { epochs: 2, callbacks: new Other() });
    expect(calls).toEqual([0, 1]);
  });

  it('include onYield', async () => {
    let now = 0;
    const yields: unknown[][] = [];
    const onYield = (epoch: number, batch: number): void => void yields.push([epoch, batch]);
    await both((events, model) => ({
      // tfjs yields every 125 ms.
      nowFunc: () => (now += 200),
      onYield: (epoch, batch) => {
        if (model === models[0]) onYield(epoch, batch);
        else events.push(['onYield', epoch, batch]);
      },
    }) as tf.CustomCallbackArgs).then(({ theirs }) => {
      expect(yields).toEqual(theirs.map(([, ...place]) => place));
      expect(yields.length).toBeGreaterThan(3);
    });
  });

  const ends = ['onBatchEnd', 'onEpochEnd'] as const;
  it.each(ends)('stop the training by stopTraining in %s, where model.fit stops', async (moment) => {
    const { ours, theirs, history } = await both((events, model) => [
      recordingArgs(events), { [moment]: async (number: number) => void (number === 1 && (model.stopTraining = true)) },
    ]);
    expectSame(ours, theirs);
    // An epoch that was broken off is no point of the curve.
    expect(history.epoch).toEqual(moment === 'onBatchEnd' ? [] : [0, 1]);
  });

  it('hear nothing of the end of an epoch that an interrupt has broken off', async () => {
    const events: Event[] = [];
    const interrupt = { onBatchEnd: (batch: number) => void (batch === 1 && process.emit('SIGINT')) };
    const callbacks = [recordingArgs(events), interrupt];
    await expect(train(models[0], data, { ...plainOptions, callbacks })).rejects.toThrow('interrupted');
    expect(events.slice(-2).map(([moment]) => moment)).toEqual(['onBatchEnd', 'onTrainEnd']);
    expect(weightsOf(models[0])).not.toEqual(weightsOf(models[1]));
  });

  it('stop early as by model.fit, with tf.callbacks.earlyStopping', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    const { history, expected } = await both(
      () => [tf.callbacks.earlyStopping({ monitor: 'val_loss', patience: 1, minDelta: 0.05 })], { epochs: 3 },
    );
    expect(history.epoch).toEqual(expected.epoch);
    log.mockRestore();
    const options = { epochs: 50, validationSplit: 0.2, batchSize: 8, seed: 1 };
    const stopping = tf.callbacks.earlyStopping({ monitor: 'val_loss', patience: 2, minDelta: 0.02 });
    const stopped = await train(models[0], data, { ...options, callbacks: stopping });
    expect(stopped.epoch.length).toBeGreaterThan(2);
    expect(stopped.epoch.length).toBeLessThan(50);
  });

  for (const moment of moments) {
    it(`that throw in ${moment} end the training with their error, and the model can be trained again`, async () => {
      const fails = { [moment]: async () => { throw new Error('mine'); } };
      await expect(train(models[0], data, { ...plainOptions, callbacks: fails })).rejects.toThrow('mine');
      const expected = weightsOf(models[0]);
      expect(expected.every(Number.isFinite)).toBe(true);
      const began = moment.endsWith('TrainBegin') || moment.endsWith('EpochBegin') || moment === 'onBatchBegin';
      expect(`${weightsOf(models[1])}` === `${expected}`, 'the model keeps the steps before the error').toBe(began);
      expect((await train(models[0], data, plainOptions)).epoch).toEqual([0, 1, 2]);
    });
  }

  it.each([true, false])('see the weights as they are after the last step (compile: %s)', async (compile) => {
    const seen: number[][] = [];
    const losses: number[] = [];
    const ours = models[0];
    await train(ours, data, {
      ...plainOptions, epochs: 1, compile,
      callbacks: {
        onBatchEnd: async () => {
          seen.push(weightsOf(ours));
          losses.push(tf.tidy(() => (ours.evaluate(data.x, data.y) as tf.Scalar[])[0].dataSync()[0]));
        },
      },
    });
    const expected: number[][] = [];
    await models[1].fit(data.x, data.y, {
      ...plainOptions,
      epochs: 1,
      verbose: 0,
      callbacks: { onBatchEnd: async () => void expected.push(weightsOf(models[1])) },
    });
    expect(seen).toHaveLength(3);
    seen.forEach((weights, i) => weights.forEach((weight, j) => expect(weight).toBeCloseTo(expected[i][j], 4)));
    expect(new Set(losses).size).toBe(3);
    expect(weightsOf(ours)).toEqual(seen[2]);
  });

  it.each([['onBatchEnd', true], ['onEpochEnd', true], ['onEpochEnd', false]] as const)(
    'may save the model with its optimizer in %s (compile: %s), and what was saved is trained on as if it had not been',
    async (moment, compile) => {
      const folder = newFolder();
      const options = { epochs: 1, batchSize: 16, shuffle: false, compile } as const;
      await train(models[0], data, {
        ...options,
        callbacks: {
          [moment]: () => saveModel(models[0], path.join(folder, 'model')),
        },
      });
      const { model } = await loadModel(path.join(folder, 'model'));
      expect(model.optimizer.iterations).toBe(4);
      const [again, more] = [await train(model, data, options), await train(models[0], data, options)];
      expect(again.history).toEqual(more.history);
      expect(weightsOf(model)).toEqual(weightsOf(models[0]));
      dispose(model);
    });

  it('may write weights, which the next step goes on from', async () => {
    /** Half of what was learned is taken back after each batch, as averaging of weights does. */
    const halving = (model: tf.Sequential): tf.CustomCallbackArgs => ({
      onBatchEnd: async () => tf.tidy(() => model.setWeights(model.getWeights().map((weight) => weight.mul(0.5)))),
    });
    const { history, expected } = await both((_, model) => halving(model));
    const [own, theirs] = models.map(weightsOf);
    own.forEach((weight, i) => expect(weight).toBeCloseTo(theirs[i], 4));
    history.history.loss.forEach((loss, i) => expect(loss).toBeCloseTo(expected.history.loss[i] as number, 4));
  });

  it('may change the learning rate, which the next step takes', async () => {
    const { history, expected } = await both((_, model) => ({
      onEpochEnd: async () => void ((model.optimizer as unknown as { learningRate: number }).learningRate *= 0.1),
    }));
    history.history.loss.forEach((loss, i) => expect(loss).toBeCloseTo(expected.history.loss[i] as number, 4));
  });

  it('cannot train the model that is being trained, by train or by model.fit', async () => {
    const errors: string[] = [];
    const caught = (error: Error): void => void errors.push(error.message);
    await train(models[0], data, {
      callbacks: {
        onEpochEnd: async () => {
          await train(models[0], data).catch(caught);
          await models[0].fit(data.x, data.y, { verbose: 0 }).catch(caught);
        },
      },
    });
    expect(errors).toEqual([
      expect.stringMatching(/^fit: this model is being trained already/),
      expect.stringMatching(/another fit\(\) call is ongoing/),
    ]);
    const fitting = models[0].fit(data.x, data.y, { verbose: 0 });
    await expect(train(models[0], data)).rejects.toThrow(/is being trained already/);
    await fitting;
  });

  it('are called by a training that cannot be compiled too', async () => {
    const model = network({ more: [unknownLayer()] });
    const events: Event[] = [];
    await train(model, data, { ...plainOptions, callbacks: recordingArgs(events), onNotice: () => {} });
    expect(events).toHaveLength(26);
    dispose(model);
  });
});
