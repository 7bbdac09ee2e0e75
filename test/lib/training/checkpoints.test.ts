import fs from 'node:fs';
import path from 'node:path';
import { tf, TrainingInterrupted } from '@course/lib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { augment } from '../../../lib/src/preprocessing/augment';
import { Batches } from '../../../lib/src/data/folder/batches';
import { arrayOf } from '../../../lib/src/arrays';
import { optimizerState } from '../../../lib/src/training/optimizer-state';
import type { ExampleBatches, Examples } from '../../../lib/src/training/examples';
import { train, type TrainOptions } from '../../../lib/src/training/train';
import { temporaryFolders } from '../../setup/temporary';
import { dispose, network, points, unknownLayer, weightsOf, type ModelOptions } from './support';

const newFolder = temporaryFolders();

let data: Examples;
let tensors = 0;
beforeEach(() => {
  tensors = tf.memory().numTensors;
  data = points();
});
afterEach(() => {
  vi.unstubAllEnvs();
  tf.dispose([data.x, data.y]);
  expect(tf.memory().numTensors).toBe(tensors);
  expect(process.listenerCount('SIGINT')).toBe(0);
});

/** What one call in a fresh process would leave: a new model is trained, or goes on. */
async function run(options: TrainOptions, given: ModelOptions = {}, examples: Examples | ExampleBatches = data) {
  // Other initial weights, as after a restart without a seed.
  const model = network(given);
  const notices: string[] = [];
  try {
    const onNotice = (notice: string): unknown => notices.push(notice);
    const result = await train(model, examples, { onNotice, ...options }).catch((error: unknown) => error);
    const state = optimizerState(model.optimizer);
    const history = (result as { history?: { history?: object } }).history;
    return {
      error: result instanceof Error ? result : undefined,
      notices,
      /** All that has to be equal to the last bit. */
      whole: {
        weights: weightsOf(model),
        iterations: state.iterations,
        arrays: Object.values(state.arrays).map(({ values }) => [...values]),
        history,
      },
    };
  } finally {
    dispose(model);
  }
}

/** Interrupts after so many batches of this call. */
const interruptAfter = (batches: number): tf.CustomCallbackArgs => {
  let done = 0;
  return { onBatchEnd: () => void (++done === batches && process.emit('SIGINT')) };
};

/** What dies after so many batches leaves no checkpoint of its last batch. */
const dieAfter = (batches: number): tf.CustomCallbackArgs => {
  let done = 0;
  return { onBatchEnd: () => { if (++done === batches) throw new Error('died'); } };
};

/** Puts a file where the folder was: nothing can be written into it. */
function spoil(folder: string): void {
  fs.rmSync(folder, { recursive: true });
  fs.writeFileSync(folder, '');
}

const some = { epochs: 4, batchSize: 16, seed: 5 } as const; // 4 batches an epoch.
const pictures = 20;
const pixels = Uint8Array.from({ length: pictures * 12 }, (_, i) => (i * 37) % 256);

/** Pictures of two kinds, 2 x 2 in colour, as from a folder; each is varied. */
function varied(): Batches {
  const vary = augment({ flip: true, brightness: 0.3 });
  return new Batches(
    {
      labels: arrayOf(Uint8Array.from({ length: pictures }, (_, i) => i % 3), [pictures]),
      classes: 3,
      size: [2, 2],
      color: 'rgb',
      resize: 'squash',
      read: async (indices) => Uint8Array.from(indices.flatMap((i) => [...pixels.subarray(i * 12, i * 12 + 12)])),
    },
    { batchSize: 8, map: (x, seed) => vary(x as tf.Tensor4D, seed).reshape([-1, 12]).slice([0, 0], [-1, 4]) },
  );
}

const cases: Record<string, { options?: TrainOptions; given?: () => ModelOptions; batches?: () => ExampleBatches }> = {
  'with dropout and Adam': { given: () => ({ dropout: 0.3 }) },
  'with validation and a schedule of learning rates': {
    options: { validationSplit: 0.2, learningRate: (epoch) => 0.1 / (epoch + 1) },
  },
  'with momentum, and examples in an order of their own': {
    options: { order: (epoch) => Array.from({ length: 50 }, (_, i) => (i * 7 + epoch) % 50) },
    given: () => ({ optimizer: tf.train.momentum(0.1, 0.9) }),
  },
  'with RMSProp and weights of classes': {
    options: { classWeight: { 0: 1, 1: 2, 2: 3 } }, given: () => ({ optimizer: tf.train.rmsprop(0.01) }),
  },
  'with batch normalisation': { given: () => ({ more: [tf.layers.batchNormalization()] }) },
  'by plain steps with dropout': { options: { compile: false }, given: () => ({ dropout: 0.3 }) },
  'by batches that are varied': { options: { batchSize: undefined }, batches: varied },
  'by varied batches that are not shuffled': { options: { batchSize: undefined, shuffle: false }, batches: varied },
};

describe('a training with checkpoints', () => {
  for (const [name, { options = {}, given = () => ({}), batches }] of Object.entries(cases)) {
    const settings = { ...some, ...options };
    const call = (more: TrainOptions) => run({ ...settings, ...more }, given(), batches?.());

    it(`is the same to the last bit after interruptions, ${name}`, async () => {
      const expected = (await call({})).whole;
      const checkpoint = { folder: path.join(newFolder(), 'new') };
      // In the first epoch, in the middle of the third one, at the end of the next call's epoch: each in a new model.
      for (const batch of [2, 5, 1]) {
        const { error } = await call({ checkpoint, callbacks: interruptAfter(batch) });
        expect(error).toBeInstanceOf(TrainingInterrupted);
        expect(error?.message).toMatch(/call fit again to go on from here, from the checkpoint that it has left\.$/);
      }
      const { whole, error, notices } = await call({ checkpoint });
      expect(error).toBeUndefined();
      expect(notices).toHaveLength(1);
      expect(notices[0]).toMatch(/^This training was begun before: .*\.safetensors\. It goes on in epoch \d of 4/);
      expect(whole).toEqual(expected);
    });

    it(`is the same to the last bit after it died between checkpoints, ${name}`, async () => {
      const expected = (await call({})).whole;
      const checkpoint = { folder: newFolder(), every: 0.5 };
      for (const batch of [1, 5, 3]) {
        expect((await call({ checkpoint, callbacks: dieAfter(batch) })).error?.message).toBe('died');
      }
      expect((await call({ checkpoint })).whole).toEqual(expected);
    });
  }

  it('keeps initial weights and a drawn seed from the first moment', async () => {
    const checkpoint = { folder: newFolder() };
    let order: number[] = [];
    const died = network();
    const look = {
      onBatchEnd: (_: number, logs?: tf.Logs) => {
        order.push(logs!.loss);
        if (order.length === 2) throw new Error('died');
      },
    };
    const options = { ...some, seed: undefined, checkpoint };
    const first = weightsOf(died);
    await expect(train(died, data, { ...options, callbacks: look })).rejects.toThrow('died');
    const losses = order;
    order = [];
    const other = network();
    tf.tidy(() => other.setWeights(other.getWeights().map((weight) => weight.add(1))));
    let began: number[] = [];
    const see = { onTrainBegin: () => void (began = weightsOf(other)) };
    await expect(train(other, data, { ...options, callbacks: [see, look] })).rejects.toThrow('died');
    expect(began).toEqual(first);
    expect(order).toEqual(losses);
    [died, other].forEach(dispose);
  });

  it('goes on with the learning rate that a callback has set, and says so', async () => {
    const lower = (model: () => tf.LayersModel): tf.CustomCallbackArgs => ({
      onEpochEnd: () => void ((model().optimizer as unknown as { learningRate: number }).learningRate *= 0.5),
    });
    const once = async (more: TrainOptions) => {
      const model = network();
      const notices: string[] = [];
      const { callbacks = [] } = more;
      await train(model, data, {
        ...some, ...more, callbacks: [lower(() => model), callbacks].flat(), onNotice: (notice) => notices.push(notice),
      }).catch(() => {});
      const weights = weightsOf(model);
      dispose(model);
      return { weights, notices };
    };
    const checkpoint = { folder: newFolder() };
    await once({ checkpoint, callbacks: interruptAfter(10) });
    const { weights, notices } = await once({ checkpoint });
    expect(weights).toEqual((await once({})).weights);
    expect(notices[1]).toBe('The learning rate goes on as it was, 0.0025, instead of 0.01.');
  });

  it('stops early where it would have stopped without an interruption', async () => {
    const stopping = () => tf.callbacks.earlyStopping({ monitor: 'val_loss', patience: 2, minDelta: 0.02 });
    const options = { ...some, epochs: 60, validationSplit: 0.2 };
    const expected = await run({ ...options, callbacks: stopping() });
    const checkpoint = { folder: newFolder() };
    const epochs = (expected.whole.history as { loss: number[] }).loss.length;
    expect(epochs).toBeLessThan(60);
    // Interrupted within the patience.
    const interrupt = interruptAfter((epochs - 1) * 3 + 1);
    await run({ ...options, checkpoint, callbacks: [stopping(), interrupt] });
    const { whole } = await run({ ...options, checkpoint, callbacks: stopping() });
    expect(whole).toEqual(expected.whole);
    const again = await run({ ...options, checkpoint, callbacks: stopping() });
    expect(again.whole, 'what has stopped early does not go on').toEqual(expected.whole);
  });

  it('that is complete returns its history at once, and says so', async () => {
    const checkpoint = { folder: newFolder() };
    const { whole } = await run({ ...some, checkpoint });
    const calls: number[] = [];
    const again = await run({ ...some, checkpoint, callbacks: { onBatchEnd: (batch) => void calls.push(batch) } });
    expect(again.whole).toEqual(whole);
    expect(calls).toEqual([]);
    expect(again.notices).toHaveLength(1);
    expect(again.notices[0]).toMatch(/All 4 epochs were done already; name another folder to train anew\.$/);
    expect(fs.readdirSync(checkpoint.folder)).toHaveLength(3);
  });

  it('goes on to more epochs than before, as if it had been asked for them at once', async () => {
    const checkpoint = { folder: newFolder() };
    await run({ ...some, epochs: 2, checkpoint });
    expect((await run({ ...some, checkpoint })).whole).toEqual((await run(some)).whole);
  });

  it('leaves newest checkpoints out that are damaged, says so, and goes on from the one before', async () => {
    const checkpoint = { folder: newFolder() };
    const { whole } = await run({ ...some, checkpoint });
    const newest = path.join(checkpoint.folder, fs.readdirSync(checkpoint.folder).sort().at(-1)!);
    fs.truncateSync(newest, 1000);
    const again = await run({ ...some, checkpoint });
    expect(again.whole).toEqual(whole);
    expect(again.notices).toEqual([
      expect.stringMatching(/epoch-0004.*is damaged and was left out: /),
      expect.stringMatching(/epoch-0003.*It goes on in epoch 4 of 4\.$/),
    ]);
    // The damaged one has made way for a new one.
    expect((await run({ ...some, checkpoint })).notices).toHaveLength(1);
  });

  it('begins anew, and says why, where all checkpoints are damaged', async () => {
    const checkpoint = { folder: newFolder(), keep: 1 };
    const { whole } = await run({ ...some, checkpoint });
    const [only] = fs.readdirSync(checkpoint.folder);
    fs.writeFileSync(path.join(checkpoint.folder, only), 'nothing');
    const again = await run({ ...some, checkpoint });
    expect(again.notices).toEqual([expect.stringContaining('is damaged and was left out')]);
    expect(again.whole).toEqual(whole);
  });

  const others: Record<string, { options?: TrainOptions; given?: () => ModelOptions; reason: RegExp }> = {
    'a wider layer': {
      given: () => ({ units: 9 }), reason: /layer 1 was "Dense .*weights \[4,8\], \[8\]" there and is "Dense .*\[4,9\]/,
    },
    'another activation': { given: () => ({ activation: 'relu' }), reason: /layer 1 was "Dense .*tanh.*relu/ },
    'a layer more': { given: () => ({ dropout: 0.1 }), reason: /layer 2 was "Dense .* and is "Dropout/ },
    'another optimizer': {
      given: () => ({ optimizer: tf.train.sgd(0.01) }), reason: /optimizer was "Adam .* and is "SGD/,
    },
    'an optimizer with other settings': {
      given: () => ({ optimizer: tf.train.adam(0.01, 0.8) }), reason: /optimizer was .*beta1/,
    },
    'another batchSize': { options: { batchSize: 10 }, reason: /batchSize was 16 there and is 10 here/ },
    'another split': { options: { validationSplit: 0.2 }, reason: /examples was 50 there and is 40 here/ },
    'another seed': { options: { seed: 6 }, reason: /seed was 5 there and is 6 here/ },
    'no shuffling': { options: { shuffle: false }, reason: /order was "shuffled" there and is "as it is" here/ },
    'weights of classes': {
      options: { classWeight: { 0: 1, 1: 1, 2: 2 } }, reason: /classWeight was nothing there and is \{"0":1/,
    },
  };
  for (const [what, { options, given = () => ({}), reason }] of Object.entries(others)) {
    it(`refuses checkpoints of another training, and changes nothing: ${what}`, async () => {
      const checkpoint = { folder: newFolder() };
      await run({ ...some, epochs: 1, checkpoint });
      const files = fs.readdirSync(checkpoint.folder);
      const fresh = network(given());
      const { iterations, arrays } = optimizerState(fresh.optimizer);
      const before = { weights: weightsOf(fresh), iterations, arrays };
      const error = await train(fresh, data, { ...some, ...options, checkpoint }).catch((each: Error) => each);
      expect((error as Error).message).toMatch(reason);
      expect((error as Error).message).toMatch(/Name another folder for this one, or delete that one\.$/);
      const after = optimizerState(fresh.optimizer);
      expect({ weights: weightsOf(fresh), iterations: after.iterations, arrays: after.arrays }).toEqual(before);
      expect(fs.readdirSync(checkpoint.folder)).toEqual(files);
      dispose(fresh);
    });
  }

  it('goes on with other examples, but says so', async () => {
    const checkpoint = { folder: newFolder() };
    await run({ ...some, epochs: 1, checkpoint });
    const other = points(50, 8);
    const others = await run({ ...some, epochs: 2, checkpoint }, {}, other);
    expect(others.notices[1]).toBe('It has begun with other examples, or with these in another order.');
    expect((await run({ ...some, checkpoint }, {}, other)).notices).toHaveLength(1);
    tf.dispose([other.x, other.y]);
  });

  it('begins anew where another training has learned nothing yet', async () => {
    const checkpoint = { folder: newFolder() };
    await run({ ...some, checkpoint, callbacks: dieAfter(1) });
    const { error, whole } = await run({ ...some, batchSize: 10, checkpoint });
    expect(error).toBeUndefined();
    expect(whole).toEqual((await run({ ...some, batchSize: 10 })).whole);
  });

  it('writes every part of an epoch that was asked for, and at the end of each epoch', async () => {
    const folder = newFolder();
    // 5 batches: a half is no whole number of them.
    await run({ ...some, epochs: 2, batchSize: 10, checkpoint: { folder, every: 0.5, keep: 20 } });
    const places = fs.readdirSync(folder).map((name) => /epoch-(\d+)-batch-(\d+)/.exec(name)!.slice(1).map(Number));
    expect(places).toEqual([[0, 0], [0, 3], [1, 0], [1, 3], [2, 0]]);
    const rarely = newFolder();
    await run({ ...some, epochs: 5, checkpoint: { folder: rarely, every: 2, keep: 20 } });
    // The last one in any case.
    expect(fs.readdirSync(rarely).map((name) => Number(/epoch-(\d+)/.exec(name)![1]))).toEqual([0, 2, 4, 5]);
  });

  it('is there for the next step too when a callback saves or changes the model', async () => {
    const expected = (await run({ ...some, callbacks: { onEpochEnd: () => {} } })).whole;
    const checkpoint = { folder: newFolder(), every: 0.25 };
    expect((await run({ ...some, checkpoint })).whole).toEqual(expected);
  });

  it('in a quick run has two epochs, and goes on to all of them later', async () => {
    const checkpoint = { folder: newFolder() };
    vi.stubEnv('COURSE_QUICK', '1');
    expect(((await run({ ...some, checkpoint })).whole.history as { loss: number[] }).loss).toHaveLength(2);
    vi.unstubAllEnvs();
    expect((await run({ ...some, checkpoint })).whole).toEqual((await run(some)).whole);
  });

  it('says at once, before the first step, where the folder cannot be written', async () => {
    const file = path.join(newFolder(), 'a file');
    fs.writeFileSync(file, '');
    let batches = 0;
    const callbacks = { onBatchEnd: () => void batches++ };
    for (const folder of [file, path.join(file, 'below')]) {
      const { error } = await run({ ...some, checkpoint: { folder }, callbacks });
      expect(error?.message).toMatch(/is a file/);
    }
    expect(batches).toBe(0);
  });

  it('goes on where checkpoints cannot be written on the way, tells it once, and when they can be again', async () => {
    const expected = (await run(some)).whole;
    const folder = path.join(newFolder(), 'checkpoints');
    let done = 0;
    const callbacks = {
      onBatchEnd: () => {
        done++;
        if (done === 2) spoil(folder);
        if (done === 10) fs.rmSync(folder);
      },
    };
    const { whole, notices, error } = await run({ ...some, checkpoint: { folder, every: 0.5 }, callbacks });
    expect(error).toBeUndefined();
    expect(whole).toEqual(expected);
    expect(notices).toEqual([
      expect.stringMatching(/^A checkpoint could not be written; the training goes on.*is a file.*saveModel/),
      'Checkpoints can be written again.',
    ]);
    expect((await run({ ...some, checkpoint: { folder } })).whole).toEqual(expected);
  });

  it('says on an interrupt that its checkpoint could not be written', async () => {
    const folder = path.join(newFolder(), 'checkpoints');
    const callbacks = [{ onBatchBegin: (batch: number) => void (batch === 1 && spoil(folder)) }, interruptAfter(2)];
    const { error } = await run({ ...some, checkpoint: { folder }, callbacks });
    expect(error?.message).toMatch(
      /keeps what it has learned\. Its checkpoint could not be written: keep the model with saveModel before/,
    );
  });

  it('may change from compiled steps to plain ones, and back', async () => {
    const expected = (await run({ ...some, shuffle: false })).whole;
    const checkpoint = { folder: newFolder() };
    for (const [epochs, compile] of [[1, true], [2, false], [4, true]] as const) {
      await run({ ...some, epochs, shuffle: false, compile, checkpoint });
    }
    const { whole } = await run({ ...some, shuffle: false, checkpoint });
    whole.weights.forEach((weight, i) => expect(weight).toBeCloseTo(expected.weights[i], 3));
  });

  it('keeps a layer of its own kind too', async () => {
    const given = () => ({ more: [unknownLayer()] });
    const checkpoint = { folder: newFolder() };
    await run({ ...some, checkpoint, callbacks: interruptAfter(3) }, given());
    expect((await run({ ...some, checkpoint }, given())).whole).toEqual((await run(some, given())).whole);
  });
});
