import { setRandomSeed, tf } from '@course/lib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ExampleBatches, Examples } from '../../../lib/src/training/examples';
import { train, type TrainOptions } from '../../../lib/src/training/train';
import { dispose, network, points, trained, unknownLayer, weightsOf } from './support';

let data: Examples;
let tensors = 0;
beforeEach(() => {
  tensors = tf.memory().numTensors;
  data = points();
});
afterEach(() => {
  tf.dispose([data.x, data.y]);
  expect(tf.memory().numTensors).toBe(tensors);
});

const { random } = Math;
afterEach(() => void (Math.random = random));

const some = { epochs: 3, batchSize: 16 };

function expectClose(own: number[], expected: number[], digits = 4): void {
  expect(own).toHaveLength(expected.length);
  own.forEach((value, i) => expect(value).toBeCloseTo(expected[i], digits));
}

/** Trains a new network by `model.fit`. */
async function fitted(args: tf.ModelFitArgs, given: Parameters<typeof network>[0] = {}) {
  const model = network(given);
  const { history } = await model.fit(data.x, data.y, { ...some, shuffle: false, verbose: 0, ...args });
  const weights = weightsOf(model);
  dispose(model);
  return { weights, history: history as Record<string, number[]> };
}

for (const [way, compile] of [['compiled', true], ['plain', false]] as const) {
  describe(`seed (${way})`, () => {
    const dropping = { dropout: 0.3 };
    const run = (seed?: number) => trained(data, { ...some, seed, compile }, dropping);

    it('decides the order of the examples and what is dropped, to the last bit', async () => {
      const first = await run(5);
      expect(await run(5)).toEqual(first);
      expect((await run(6)).weights).not.toEqual(first.weights);
      const order = (seed: number) => trained(data, { ...some, seed, compile });
      expect((await order(6)).weights).not.toEqual((await order(5)).weights);
      const dropped = (seed: number) => trained(data, { ...some, seed, compile, shuffle: false }, dropping);
      expect((await dropped(6)).weights).not.toEqual((await dropped(5)).weights);
    });

    it('is drawn from what setRandomSeed has set when there is none', async () => {
      setRandomSeed(1);
      const first = await run();
      expect((await run()).weights).not.toEqual(first.weights);
      setRandomSeed(1);
      expect(await run()).toEqual(first);
      expect(Math.random, 'the generator of the learner stays').not.toBe(random);
    });
  });

  describe(`order, shuffle and learningRate (${way})`, () => {
    it('order says which examples come when', async () => {
      const backwards = Int32Array.from({ length: 50 }, (_, i) => 49 - i);
      const epochs: number[] = [];
      const order = (epoch: number) => (epochs.push(epoch), backwards);
      const own = await trained(data, { ...some, order, compile });
      expect(epochs).toEqual([0, 1, 2]);
      const turned = tf.tidy(() => ({ x: data.x.reverse(0), y: data.y.reverse(0) }));
      expect(own).toEqual(await trained(turned, { ...some, shuffle: false, compile }));
      tf.dispose([turned.x, turned.y]);
    });

    it('shuffle: false takes the examples as they are', async () => {
      const own = await trained(data, { ...some, shuffle: false, compile });
      expectClose(own.weights, (await fitted({})).weights);
    });

    it('without either each epoch has an order of its own, and all examples', async () => {
      const seen: number[][] = [];
      const sums = { onEpochEnd: async (_: number, logs?: tf.Logs) => void seen.push([logs!.loss]) };
      const optimizer = tf.train.sgd(0);
      const still = await trained(data, { ...some, compile, callbacks: sums }, { optimizer });
      // A network that does not learn has the same loss in each order.
      expectClose(seen.flat(), [still.history.loss[0], still.history.loss[0], still.history.loss[0]], 5);
      const own = await trained(data, { ...some, compile, seed: 1 });
      expect(new Set(own.history.loss).size).toBe(3);
    });

    it.each([
      ['SGD', () => tf.train.sgd(0.5)], ['Adam', () => tf.train.adam(0.5)],
    ])('learningRate is that of the epoch (%s)', async (_, make) => {
      const rates = [0.1, 0.01, 0.001];
      const learningRate = (epoch: number): number => rates[epoch];
      const own = await trained(data, { ...some, shuffle: false, compile, learningRate }, { optimizer: make() });
      const model = network({ optimizer: make() });
      for (const [i, rate] of rates.entries()) {
        const optimizer = model.optimizer as unknown as { learningRate: number; setLearningRate?(rate: number): void };
        if (optimizer.setLearningRate) optimizer.setLearningRate(rate);
        else optimizer.learningRate = rate;
        await model.fit(data.x, data.y, { ...some, epochs: i + 1, initialEpoch: i, shuffle: false, verbose: 0 });
      }
      expectClose(own.weights, weightsOf(model));
      dispose(model);
    });
  });

  describe(`classWeight and validation (${way})`, () => {
    it('classWeight counts the examples of each class as model.fit does', async () => {
      const classWeight = { 0: 1, 1: 5, 2: 0.2 };
      const own = await trained(data, { ...some, shuffle: false, compile, classWeight });
      const expected = await fitted({ classWeight });
      expectClose(own.weights, expected.weights);
      expectClose(own.history.loss, expected.history.loss);
      expect(own.weights).not.toEqual((await trained(data, { ...some, shuffle: false, compile })).weights);
    });

    it('validationSplit splits where tfjs does, and validationData is measured as it does', async () => {
      for (const validationSplit of [0.2, 0.33, 0.99 / 3]) {
        const own = await trained(data, { ...some, shuffle: false, compile, validationSplit });
        const expected = await fitted({ validationSplit });
        expect(Object.keys(own.history).sort()).toEqual(['acc', 'loss', 'val_acc', 'val_loss']);
        for (const [name, values] of Object.entries(own.history)) expectClose(values, expected.history[name]);
      }
      const other = points(21, 8);
      const own = await trained(data, { ...some, shuffle: false, compile, validationData: other });
      const expected = await fitted({ validationData: [other.x, other.y] });
      for (const name of ['val_loss', 'val_acc']) expectClose(own.history[name], expected.history[name]);
      tf.dispose([other.x, other.y]);
    });

    it('measures many validation examples in parts, each counted by its size', async () => {
      const other = points(1203, 8);
      const own = await trained(data, { ...some, shuffle: false, compile, validationData: other });
      const expected = await fitted({ validationData: [other.x, other.y] });
      expectClose(own.history.val_loss, expected.history.val_loss);
      tf.dispose([other.x, other.y]);
    });
  });

  describe(`batches (${way})`, () => {
    /** The examples of `data`, as from a folder. */
    const batchesOf = ({ x, y }: Examples, batchSize: number): ExampleBatches => {
      async function* inOrder() {
        for (let start = 0; start < x.shape[0]; start += batchSize) {
          const size = Math.min(batchSize, x.shape[0] - start);
          yield { x: tf.slice(x, start, size), y: tf.slice(y, start, size) };
        }
      }
      return { size: x.shape[0], batchSize, epoch: inOrder, inOrder };
    };

    it('are learned from as data in memory is: classWeight, learningRate, callbacks, validation, dropout', async () => {
      const other = points(21, 8);
      const events: (number | undefined)[] = [];
      const options: TrainOptions = {
        epochs: 3, compile, seed: 3, shuffle: false, classWeight: { 0: 1, 1: 2, 2: 3 },
        learningRate: (epoch) => 0.1 / (epoch + 1),
        callbacks: { onBatchEnd: async (_, logs) => void events.push(logs?.loss) },
      };
      const given = { dropout: 0.2 };
      const inMemory = await trained(data, { ...options, batchSize: 16, validationData: other }, given);
      const byBatches = async () => {
        const model = network(given);
        const validationData = batchesOf(other, 500);
        const { epoch, history } = await train(model, batchesOf(data, 16), { ...options, validationData });
        const weights = weightsOf(model);
        dispose(model);
        return { weights, epoch, history };
      };
      expect(await byBatches()).toEqual(inMemory);
      expect(events.slice(0, 12)).toEqual(events.slice(12));
      tf.dispose([other.x, other.y]);
    });

    it('that fail end the training with their error, and the model keeps the steps before', async () => {
      const model = network();
      const before = weightsOf(model);
      async function* failing() {
        yield { x: tf.slice(data.x, 0, 10), y: tf.slice(data.y, 0, 10) };
        throw new Error('cannot be read');
      }
      const broken: ExampleBatches = { size: 50, batchSize: 10, epoch: failing, inOrder: failing };
      await expect(train(model, broken, { compile })).rejects.toThrow('cannot be read');
      const first = tf.tidy(() => ({ x: data.x.slice(0, 10), y: data.y.slice(0, 10) }));
      const { weights } = await trained(first, { batchSize: 10, compile, shuffle: false });
      expect(weightsOf(model)).toEqual(weights);
      expect(weights).not.toEqual(before);
      tf.dispose([first.x, first.y]);
      dispose(model);
    });
  });

  it(`a frozen batch normalisation stays as it is (${way})`, async () => {
    const frozen = tf.layers.batchNormalization({ name: `frozen_${way}`, trainable: false });
    const model = network({ more: [frozen] });
    // Means that tfjs would move: far from those of the data.
    tf.tidy(() => frozen.setWeights([1, 0, 3, 2].map((value) => tf.fill([8], value))));
    const [before, others] = [frozen.getWeights().map((w) => [...w.dataSync()]), weightsOf(model)];
    const history = await train(model, data, { ...some, compile });
    expect(frozen.getWeights().map((w) => [...w.dataSync()])).toEqual(before);
    expect(weightsOf(model)).not.toEqual(others);
    expect(history.history.loss[2]).toBeLessThan(history.history.loss[0]);
    dispose(model);
  });
}

describe('trainings one after the other', () => {
  it.each([[[true, true, true]], [[true, false, true]], [[false, true, false]]])(
    'go on with the state of the optimizer (compiled: %s)', async (ways) => {
      const [own, expected] = [network(), network()];
      for (const compile of ways) await train(own, data, { ...some, shuffle: false, compile });
      for (const _ of ways) await expected.fit(data.x, data.y, { ...some, shuffle: false, verbose: 0 });
      expectClose(weightsOf(own), weightsOf(expected), 3);
      expect(own.optimizer.iterations).toBe(expected.optimizer.iterations);
      const [states, others] = [await own.optimizer.getWeights(), await expected.optimizer.getWeights()];
      const [values, theirs] = [states, others].map((each) => each.flatMap(({ tensor }) => [...tensor.dataSync()]));
      expectClose(values, theirs, 3);
      tf.dispose([states[0].tensor, others[0].tensor]);
      [own, expected].forEach(dispose);
    });
});

describe('what cannot be compiled', () => {
  const printed = () =>
    (['log', 'warn', 'error', 'info'] as const).map((name) => vi.spyOn(console, name).mockImplementation(() => {}));
  afterEach(() => vi.restoreAllMocks());

  it.each([
    ['a layer', { more: () => [unknownLayer()] }, /no compiled step for the layer mine \(Unchanged\)/],
    ['an optimizer', { optimizer: () => tf.train.adagrad(0.1) }, /no compiled step for .*Adagrad/],
  ])('%s: is named once, and trained with the numbers of model.fit; nothing is printed', async (_, make, reason) => {
    const spies = printed();
    const more = 'more' in make ? make.more : () => [];
    const given = () => ({ more: more(), ...('optimizer' in make && { optimizer: make.optimizer() }) });
    const notices: string[] = [];
    const onNotice = (notice: string): unknown => notices.push(notice);
    const own = await trained(data, { ...some, shuffle: false, validationSplit: 0.2, onNotice }, given());
    const expected = await fitted({ validationSplit: 0.2 }, given());
    expectClose(own.weights, expected.weights);
    for (const [name, values] of Object.entries(expected.history)) expectClose(own.history[name], values);
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatch(/^Training goes by TensorFlow\.js's own steps, which are slower: /);
    expect(notices[0]).toMatch(reason);
    await trained(data, some, given());
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
  });

  it('needs no notice where it was chosen', async () => {
    const notices: string[] = [];
    await trained(data, { compile: false, onNotice: (notice) => notices.push(notice) }, { more: [unknownLayer()] });
    expect(notices).toEqual([]);
  });
});

describe('train refuses', () => {
  it.each<[string, TrainOptions, RegExp]>([
    [
      'a class without a weight', { classWeight: { 0: 1, 2: 1 } },
      /classWeight has undefined for class 1; expected a number of at least 0 for each of the 3/,
    ],
    ['an order that is too short', { order: () => [1, 2] }, /order\(0\) has returned 2 indices; expected 50/],
    [
      'an order beyond the examples', { order: () => Array<number>(50).fill(50) },
      /order\(0\) has returned the index 50; expected whole numbers from 0 to 49/,
    ],
    ['a learning rate that is none', { learningRate: () => NaN }, /learningRate has returned NaN/],
    ['a seed that is no whole number', { seed: 0.5 }, /seed is 0\.5; expected a whole number/],
    ['a split that leaves nothing', { validationSplit: 0.999 }, /validationSplit 0\.999 of 50 examples leaves none/],
    ['checkpoints every no epochs', { checkpoint: { folder: 'none', every: 0 } }, /every is 0; expected a number/],
  ])('%s', async (_, options, message) => {
    await expect(trained(data, options)).rejects.toThrow(message);
  });

  it('a model with two inputs', async () => {
    const inputs = [tf.input({ shape: [4] }), tf.input({ shape: [4] })];
    const outputs = tf.layers.dense({ units: 3 }).apply(tf.layers.add().apply(inputs)) as tf.SymbolicTensor;
    const model = tf.model({ inputs, outputs });
    model.compile({ optimizer: tf.train.sgd(0.1), loss: 'meanSquaredError' });
    await expect(train(model, data)).rejects.toThrow(/the model has 2 inputs and 1 outputs; expected one of each/);
    dispose(model);
  });
});
