import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { augment, evaluate, predict, tf } from '@course/lib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Batches } from '../../../../lib/src/data/folder/batches';
import { indexImageFolder, type FolderBatches, type ImageFolder } from '../../../../lib/src/data/folder/image-folder';
import type { TrainingProgress } from '../../../../lib/src/training/history';
import type { Examples } from '../../../../lib/src/training/examples';
import { train } from '../../../../lib/src/training/train';
import { temporaryFolder } from '../support';
import { plainPng, writeFolder } from './support';

/** The green of each picture (its number) and its class, batch by batch. */
async function contentOf(batches: AsyncIterable<Examples>): Promise<{ shapes: number[][]; pictures: string[] }> {
  const shapes: number[][] = [];
  const pictures: string[] = [];
  for await (const { x, y } of batches) {
    shapes.push(x.shape);
    const [pixels, classes] = [x.arraySync() as number[][][][], y.argMax(1)];
    const labels = classes.arraySync() as number[];
    pixels.forEach((picture, i) => pictures.push(`${labels[i]}:${Math.round(picture[0][0][1] * 255)}`));
    tf.dispose([x, y, classes]);
  }
  return { shapes, pictures };
}

/** A small network whose beginning is always the same. */
function compiled(): tf.Sequential {
  const kernelInitializer = tf.initializers.glorotUniform({ seed: 1 });
  const model = tf.sequential({
    layers: [
      tf.layers.flatten({ inputShape: [4, 4, 3] }),
      tf.layers.dense({ units: 2, activation: 'softmax', kernelInitializer }),
    ],
  });
  model.compile({ optimizer: tf.train.sgd(0.1), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}

/** The optimizer is ours, because we have made it: a model disposes only one that it was given by name. */
function dispose(model: tf.LayersModel): void {
  model.dispose();
  model.optimizer.dispose();
}

const orderOf = async (batches: Batches): Promise<string[]> => (await contentOf(batches.epoch())).pictures;

const inOrder = ['0:0', '0:1', '0:2', '0:3', '0:4', '1:0', '1:1', '1:2'];

describe.each([
  ['from the cache', undefined],
  ['decoded anew, where the cache has no room', 1],
])('batches %s', (_, cacheLimit) => {
  let tensors = 0;
  let folder: string;
  let pets: ImageFolder<FolderBatches>;
  beforeAll(async () => {
    vi.stubEnv('COURSE_CACHE', temporaryFolder());
    tensors = tf.memory().numTensors;
    folder = path.join(temporaryFolder(), 'pets');
    await writeFolder(folder, { cat: 5, dog: 3 });
    writeFileSync(path.join(folder, 'cat', 'broken.png'), '');
    pets = await indexImageFolder(folder, { size: [4, 4], cacheLimit });
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('knows before training what can be read', () => {
    expect(pets.train.files).toHaveLength(8);
    expect(pets.skipped).toEqual([{ file: 'cat/broken.png', reason: 'empty file' }]);
    expect(pets.note === undefined).toBe(cacheLimit === undefined);
  });

  it('give each picture once, with its class', async () => {
    for (const seed of [1.5, NaN]) {
      expect(() => pets.train.batches({ seed })).toThrow(`batches: got seed = ${seed}, expected a whole number`);
    }
    const batches = pets.train.batches({ batchSize: 3 });
    expect(batches.size).toBe(8);
    const { shapes, pictures } = await contentOf(batches.inOrder());
    expect(shapes).toEqual([
      [3, 4, 4, 3],
      [3, 4, 4, 3],
      [2, 4, 4, 3],
    ]);
    expect(pictures).toEqual(inOrder);
  });

  it('come in another order each epoch, the same for the same seed', async () => {
    const [one, other] = [pets.train.batches({ batchSize: 4, seed: 5 }), pets.train.batches({ batchSize: 4, seed: 5 })];
    const first = await contentOf(one.epoch());
    const second = await contentOf(one.epoch());
    expect([...first.pictures].sort()).toEqual(inOrder);
    expect(second.pictures).not.toEqual(first.pictures);
    expect(await contentOf(other.epoch())).toEqual(first);
    expect(await contentOf(other.epoch())).toEqual(second);
    expect(await orderOf(pets.train.batches({ batchSize: 4, seed: 6 }))).not.toEqual(first.pictures);
  });

  it('go through what is done with each batch', async () => {
    const batches = pets.train.batches({
      batchSize: 8,
      map: (x) => x.mul(0.5).add(0.25).reshape([-1, 48]),
    });
    const { value } = await batches.inOrder().next();
    const { x, y } = value!;
    expect(x.shape).toEqual([8, 48]);
    expect((x.arraySync() as number[][])[7][1]).toBeCloseTo((2 / 255) * 0.5 + 0.25);
    tf.dispose([x, y]);
  });

  it('vary pictures by a seed that is another one for each batch of each epoch, and the same when it is repeated', async () => {
    const seeds: (number | undefined)[] = [];
    const batches = () => pets.train.batches({ batchSize: 3, map: (x, seed) => (seeds.push(seed), x) });
    for (const [make, take] of [
      [batches, (each: Batches, epoch: number) => each.epoch(epoch)], [batches, (each: Batches, epoch: number) => each.inOrder(epoch)],
    ] as const) {
      seeds.length = 0;
      for (const epoch of [0, 1]) await contentOf(take(make(), epoch));
      const first = [...seeds];
      expect(new Set(first).size).toBe(6);
      // The second epoch alone, as a training that goes on has it.
      seeds.length = 0;
      await contentOf(take(make(), 1));
      expect(seeds).toEqual(first.slice(3));
    }
    const vary = (seed?: number) => augment({ rotate: 20, brightness: 0.2, seed });
    const content = async (map: ReturnType<typeof vary>, epoch: number) => contentOf(pets.train.batches({ map }).epoch(epoch));
    const once = vary();
    await content(once, 0);
    expect(await content(once, 1)).toEqual(await content(vary(), 1));
    expect(await content(vary(2), 1)).not.toEqual(await content(vary(), 1));
    seeds.length = 0;
    await contentOf(batches().inOrder());
    expect(seeds, 'elsewhere there is none').toEqual([undefined, undefined, undefined]);
  });

  it('train a network, and are evaluated after each epoch', async () => {
    const model = compiled();
    const batchEnds: number[] = [];
    const history = await train(model, pets.train.batches({ batchSize: 3 }), {
      epochs: 2,
      validationData: pets.train.batches({ batchSize: 5 }),
      callbacks: { onBatchEnd: async (batch: number) => void batchEnds.push(batch) },
    });
    expect(history.epoch).toEqual([0, 1]);
    expect(Object.keys(history.history).sort()).toEqual(['acc', 'loss', 'val_acc', 'val_loss']);
    expect(batchEnds).toEqual([0, 1, 2, 0, 1, 2]);
    await expect(train(model, pets.train.batches(), { validationSplit: 0.2 })).rejects.toThrow(
      /batches cannot be split/,
    );
    await expect(train(model, pets.train.batches({ batchSize: 4 }), { batchSize: 5 })).rejects.toThrow(
      /the batches have 4/,
    );
    const wrong = pets.train.batches({ map: (x) => x.reshape([-1, 48]) });
    await expect(train(model, wrong)).rejects.toThrow(
      /data: x has the shape \[8, 48\], but the model takes \[any, 4, 4, 3\]/,
    );
    dispose(model);
  });

  it('give the same numbers as the same pictures in one tensor', async () => {
    const batches = pets.train.batches({ batchSize: 8 });
    const { value } = await batches.inOrder().next();
    const losses: number[][] = [];
    for (const data of [batches, value!]) {
      const model = compiled();
      losses.push(
        (await train(model, data, { epochs: 3, shuffle: false, ...(data === value && { batchSize: 8 }) })).history.loss,
      );
      dispose(model);
    }
    losses[0].forEach((loss, i) => expect(loss).toBeCloseTo(losses[1][i], 5));
    tf.dispose([value!.x, value!.y]);
  });

  it('are evaluated and answered in the order of the files, as the same pictures in one tensor', async () => {
    const model = compiled();
    const { value } = await pets.train.batches({ batchSize: 8 }).inOrder().next();
    const expected = { measures: evaluate(model, value!), answers: predict(model, value!.x) };
    const batches = pets.train.batches({ batchSize: 3, seed: 9 });
    const { loss, acc } = await evaluate(model, batches);
    expect(loss).toBeCloseTo(expected.measures.loss, 5);
    expect(acc).toBeCloseTo(expected.measures.acc, 5);
    const answers = await predict(model, batches);
    expect(answers.shape).toEqual([8, 2]);
    expected.answers.data.forEach((answer, i) => expect(answers.data[i]).toBeCloseTo(answer, 5));
    // Looking does not change in which orders the network learns.
    const orders = await Promise.all([batches, pets.train.batches({ batchSize: 3, seed: 9 })].map(orderOf));
    expect(orders[0]).toEqual(orders[1]);
    tf.dispose([value!.x, value!.y]);
    dispose(model);
  });

  it('come in the order of the files where fit is told not to shuffle', async () => {
    const model = compiled();
    const seen: number[] = [];
    const map = (x: tf.Tensor): tf.Tensor => {
      seen.push(Math.round((x.dataSync()[1] as number) * 255));
      return x;
    };
    await train(model, pets.train.batches({ batchSize: 2, map }), { epochs: 2, shuffle: false });
    expect(seen).toEqual([0, 2, 4, 1, 0, 2, 4, 1]);
    dispose(model);
  });

  it('validate in the order of the files, and tensors validate what batches have taught', async () => {
    const model = compiled();
    const { value } = await pets.train.batches({ batchSize: 8 }).inOrder().next();
    const byTensors = await train(model, pets.train.batches({ batchSize: 3 }), { validationData: value! });
    expect(byTensors.history.val_loss[0]).toBeCloseTo(evaluate(model, value!).loss, 5);
    const byBatches = await train(model, pets.train.batches({ batchSize: 3 }), {
      validationData: pets.train.batches({ batchSize: 3 }),
    });
    expect(byBatches.history.val_loss[0]).toBeCloseTo(evaluate(model, value!).loss, 5);
    await expect(train(model, value!, { validationData: pets.train.batches() })).rejects.toThrow(
      /got data in memory and validationData as batches; expected both in memory or both as batches. loadImageFolder/,
    );
    tf.dispose([value!.x, value!.y]);
    dispose(model);
  });

  it('leave no tensor behind after several epochs with augmentation', async () => {
    const model = compiled();
    const vary = augment({ flip: true, shift: 0.2, brightness: 0.1 });
    const batches = pets.train.batches({ batchSize: 3, map: vary });
    const validationData = pets.train.batches({ batchSize: 3 });
    await train(model, batches, { epochs: 1, validationData });
    const before = tf.memory().numTensors;
    await train(model, batches, { epochs: 4, validationData });
    await evaluate(model, validationData);
    await predict(model, validationData);
    expect(tf.memory().numTensors).toBe(before);
    dispose(model);
  });

  it('report progress, rate and time left as data in memory do', async () => {
    const model = compiled();
    const reports: TrainingProgress[] = [];
    // Slow enough that the rate is that of the pictures and not of the clock.
    const map = (x: tf.Tensor): tf.Tensor => {
      for (const end = performance.now() + 20; performance.now() < end;);
      return x;
    };
    const onProgress = (progress: TrainingProgress): void => void reports.push({ ...progress });
    await train(model, pets.train.batches({ batchSize: 3, map }), { epochs: 3, progressInterval: 0, onProgress });
    const [first] = reports.filter(({ event }) => event === 'epoch');
    expect(first).toMatchObject({ batch: 3, batchesPerEpoch: 3, epochs: 3 });
    expect((first.imagesPerSecond * first.secondsElapsed) / 8).toBeGreaterThan(0.8);
    expect((first.imagesPerSecond * first.secondsElapsed) / 8).toBeLessThan(1.5);
    // Two epochs are left after one.
    expect(first.secondsLeft! / (2 * first.history.seconds[0])).toBeCloseTo(1, 5);
    expect(reports.at(-1)).toMatchObject({ event: 'epoch', epoch: 2, secondsLeft: 0 });
    dispose(model);
  });

  it('pass on what goes wrong in map, and leave no tensor behind', async () => {
    const model = compiled();
    const before = tf.memory().numTensors;
    const batchesWith = (map: (x: tf.Tensor) => tf.Tensor): Batches => pets.train.batches({ batchSize: 3, map });
    const failing = batchesWith((x) => {
      x.mul(2);
      throw new Error('my own mistake');
    });
    const calls = [
      (batches: Batches) => train(model, batches),
      (batches: Batches) => evaluate(model, batches),
      (batches: Batches) => predict(model, batches),
    ];
    for (const call of calls) {
      await expect(call(failing)).rejects.toThrow(/^my own mistake$/);
      await expect(call(batchesWith(() => undefined as never))).rejects.toThrow(
        /batches: map has returned a value of type undefined; expected the tensor that the network takes/,
      );
      await expect(call(batchesWith((x) => x.slice([0, 0, 0, 0], [2, -1, -1, -1])))).rejects.toThrow(
        /x has 2 examples and .*y has 3; expected one target/,
      );
      expect(tf.memory().numTensors).toBe(before);
    }
    const validate = (validationData: Batches) => train(model, pets.train.batches({ batchSize: 3 }), { validationData });
    for (const call of [...calls, validate]) {
      let batch = 0;
      await expect(call(batchesWith((x) => (++batch === 2 ? x.reshape([-1, 48]) : x)))).rejects.toThrow(
        /x has the shape \[\d, 48\], but the model takes \[any, 4, 4, 3\]/,
      );
      expect(tf.memory().numTensors).toBe(before);
    }
    await expect(validate(failing)).rejects.toThrow(/^my own mistake$/);
    expect(tf.memory().numTensors).toBe(before);
    // The model is as good as before.
    expect((await train(model, pets.train.batches(), { epochs: 2 })).epoch).toEqual([0, 1]);
    expect(tf.memory().numTensors).toBe(before);
    expect((await train(model, pets.train.batches())).epoch, 'the model can be trained afterwards').toEqual([0]);
    dispose(model);
  });

  it('end soon after an interrupt: training, its validation, evaluate and predict', async () => {
    const model = compiled();
    const before = tf.memory().numTensors;
    /** Batches that interrupt at the second one, and count. */
    const interrupting = (): { batches: Batches; count: () => number } => {
      let count = 0;
      const map = (x: tf.Tensor): tf.Tensor => {
        if (++count === 2) process.emit('SIGINT');
        return x;
      };
      return { batches: pets.train.batches({ batchSize: 1, map }), count: () => count };
    };
    const training = interrupting();
    await expect(train(model, training.batches, { epochs: 3 })).rejects.toThrow(
      /interrupted in epoch 1 of 3, after batch 2 of 8\. The model keeps/,
    );
    const validation = interrupting();
    const error: unknown = await train(model, pets.train.batches({ batchSize: 4 }), {
      epochs: 2,
      validationData: validation.batches,
    }).catch((reason: unknown) => reason);
    expect(String(error)).toMatch(/interrupted in epoch 1 of 2, after batch 2 of 2, while it was validated/);
    // Of a validation that was broken off there is no point in the curve.
    expect(error).toMatchObject({ name: 'TrainingInterrupted', history: { epoch: [], history: {} } });
    const [evaluation, prediction] = [interrupting(), interrupting()];
    await expect(evaluate(model, evaluation.batches)).rejects.toThrow(/evaluate was interrupted after 2 of 8 examples/);
    await expect(predict(model, prediction.batches)).rejects.toThrow(/predict was interrupted after 2 of 8 examples/);
    expect([training, validation, evaluation, prediction].map(({ count }) => count())).toEqual([2, 2, 2, 2]);
    expect(process.listenerCount('SIGINT')).toBe(0);
    expect(tf.memory().numTensors).toBe(before);
    expect((await train(model, pets.train.batches(), { epochs: 2 })).epoch).toEqual([0, 1]);
    dispose(model);
  });

  it('give chosen pictures by their numbers', async () => {
    const pictures = await pets.train.read([7, 1, 1]);
    expect(pictures.shape).toEqual([3, 4, 4, 3]);
    expect([0, 1, 2].map((i) => pictures.get(i, 0, 0, 1))).toEqual([2, 1, 1]);
    expect((await pets.train.read([])).shape).toEqual([0, 4, 4, 3]);
    for (const index of [8, -1, 0.5]) {
      await expect(pets.train.read([0, index])).rejects.toThrow(
        `read: got ${index}, expected the number of a picture, 0 to 7.`,
      );
    }
  });

  it('can be left in the middle', async () => {
    const epoch = pets.train.batches({ batchSize: 2 }).epoch();
    const { value } = await epoch.next();
    tf.dispose([value!.x, value!.y]);
    await epoch.return();
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('refuse sizes that there are not', () => {
    expect(() => pets.train.batches({ batchSize: 0 })).toThrow(/batchSize = 0/);
  });
});

describe('batches of a folder', () => {
  it('stay readable when another process empties the cache', async () => {
    const cache = temporaryFolder();
    vi.stubEnv('COURSE_CACHE', cache);
    const folder = path.join(temporaryFolder(), 'pets');
    await writeFolder(folder, { cat: 5, dog: 3 });
    const pets = await indexImageFolder(folder, { size: [4, 4] });
    rmSync(cache, { recursive: true });
    expect((await contentOf(pets.train.batches().inOrder())).pictures).toEqual(inOrder);
    vi.unstubAllEnvs();
  });

  it('that are decoded anew name a picture that has changed', async () => {
    vi.stubEnv('COURSE_CACHE', temporaryFolder());
    const folder = path.join(temporaryFolder(), 'pets');
    await writeFolder(folder, { cat: 2 });
    const pets = await indexImageFolder(folder, { size: [4, 4], cacheLimit: 1 });
    writeFileSync(path.join(folder, 'cat', '001.png'), (await plainPng([1, 2, 3])).subarray(0, 60));
    await expect(contentOf(pets.train.batches().epoch())).rejects.toThrow(
      /001\.png: the picture has changed since the folder was opened/,
    );
    rmSync(path.join(folder, 'cat', '001.png'));
    await expect(contentOf(pets.train.batches().epoch())).rejects.toThrow(
      /001\.png: the picture has changed.*\(changed or vanished.*\)\. Open the folder again/,
    );
    vi.unstubAllEnvs();
  });
});
