import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tf } from '@course/lib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { indexImageFolder, type FolderBatches, type ImageFolder } from '../../../../lib/src/data/folder/image-folder';
import { train, type Examples } from '../../../../lib/src/training/train';
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
    expect((await contentOf(pets.train.batches({ batchSize: 4, seed: 6 }).epoch())).pictures).not.toEqual(first.pictures);
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

  it('train a network, and are evaluated after each epoch', async () => {
    const model = tf.sequential({
      layers: [tf.layers.flatten({ inputShape: [4, 4, 3] }), tf.layers.dense({ units: 2, activation: 'softmax' })],
    });
    model.compile({ optimizer: tf.train.sgd(0.1), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
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
    model.dispose();
    model.optimizer.dispose();
  });

  it('give the same numbers as the same pictures in one tensor', async () => {
    const batches = pets.train.batches({ batchSize: 8 });
    const { value } = await batches.inOrder().next();
    const losses: number[][] = [];
    for (const data of [batches, value!]) {
      const kernelInitializer = tf.initializers.glorotUniform({ seed: 1 });
      const model = tf.sequential({
        layers: [
          tf.layers.flatten({ inputShape: [4, 4, 3] }),
          tf.layers.dense({ units: 2, activation: 'softmax', kernelInitializer }),
        ],
      });
      model.compile({ optimizer: tf.train.sgd(0.1), loss: 'categoricalCrossentropy' });
      losses.push(
        (await train(model, data, { epochs: 3, shuffle: false, ...(data === value && { batchSize: 8 }) })).history.loss,
      );
      model.dispose();
      model.optimizer.dispose();
    }
    losses[0].forEach((loss, i) => expect(loss).toBeCloseTo(losses[1][i], 5));
    tf.dispose([value!.x, value!.y]);
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
    vi.unstubAllEnvs();
  });
});
