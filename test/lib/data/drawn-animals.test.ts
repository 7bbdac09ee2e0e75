import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arrayOf } from '../../../lib/src/arrays';
import { contentsDigest } from '../../../lib/src/data/dataset-files';
import { drawStandIn } from '../../../lib/src/data/drawn';
import { drawAnimal } from '../../../lib/src/data/drawn/animals';
import { folderEntry } from '../../../lib/src/data/manifest';
import type { DataProgress } from '../../../lib/src/data/progress';
import { Random } from '../../../lib/src/random';
import { tf } from '../../../lib/src/tensorflow';
import { countDistinct, nearestNeighbourAccuracy, trainedAccuracy, type Part } from './drawn-support';

const entry = folderEntry('cats-vs-dogs');
const side = 32;
const reports: DataProgress[] = [];
let contents: ReadonlyMap<string, Uint8Array>;
let train: Part;
let validation: Part;
let tensorsBefore = 0;

/** All pictures of a part, squashed to 32 x 32, in an order that mixes the classes. */
async function decode(prefix: string): Promise<Part> {
  const number = (name: string): number => Number(/\.(\d+)\./.exec(name)?.[1]);
  const names = [...contents.keys()].filter((name) => name.startsWith(prefix)).sort((a, b) => number(a) - number(b));
  const pixels = new Uint8Array(names.length * side * side * 3);
  for (const [i, name] of names.entries()) {
    const picture = sharp(contents.get(name)).resize(side, side, { fit: 'fill' }).removeAlpha();
    pixels.set(await picture.raw().toBuffer(), i * side * side * 3);
  }
  const labels = Uint8Array.from(names, (name) => entry.classNames.indexOf(name.split('/')[1]));
  return { images: arrayOf(pixels, [names.length, side, side, 3]), labels: arrayOf(labels, [names.length]) };
}

beforeAll(async () => {
  tensorsBefore = tf.memory().numTensors;
  contents = await drawStandIn(entry, (progress) => reports.push(progress));
  train = await decode('train/');
  validation = await decode('validation/');
});
afterAll(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

describe('drawAnimal', () => {
  it('draws the same picture from the same seed, and another from another', () => {
    const { pixels, width, height } = drawAnimal(true, new Random(5));
    expect(pixels).toHaveLength(width * height * 3);
    expect(drawAnimal(true, new Random(5))).toEqual({ pixels, width, height });
    expect(drawAnimal(true, new Random(6)).pixels).not.toEqual(pixels);
  });

  it('draws upright and wide pictures of many sizes, no side longer than 200', () => {
    const sizes = Array.from({ length: 60 }, (_, seed) => drawAnimal(seed % 2 === 0, new Random(seed)));
    expect(sizes.filter(({ width, height }) => width > height).length).toBeGreaterThan(15);
    expect(sizes.filter(({ width, height }) => width < height).length).toBeGreaterThan(10);
    expect(new Set(sizes.map(({ width, height }) => `${width}x${height}`)).size).toBeGreaterThan(50);
    expect(Math.max(...sizes.flatMap(({ width, height }) => [width, height]))).toBeLessThanOrEqual(200);
    expect(Math.min(...sizes.flatMap(({ width, height }) => [width, height]))).toBeGreaterThanOrEqual(48);
  });
});

describe('the drawn cats and dogs', () => {
  it('are the same bytes on every machine', () => {
    expect(contentsDigest(contents)).toBe(entry.standIn?.sha256);
  });

  it('are as many files in the folders of the dataset', () => {
    const counts: Record<string, Record<string, number>> = {};
    for (const name of contents.keys()) {
      const [, part, className] = /^(\w+)\/(\w+)s\/\2\.\d+\.jpg$/.exec(name) ?? [];
      counts[part] ??= {};
      counts[part][`${className}s`] = (counts[part][`${className}s`] ?? 0) + 1;
    }
    expect(counts).toEqual(entry.counts);
    expect([...contents.keys()][0]).toBe('train/cats/cat.0.jpg');
  });

  it('are colour JPEG files', async () => {
    for (const name of ['train/cats/cat.7.jpg', 'validation/dogs/dog.1200.jpg']) {
      expect(await sharp(contents.get(name)).metadata()).toMatchObject({ format: 'jpeg', channels: 3, depth: 'uchar' });
    }
  });

  it('tell how far they are, up to the last', () => {
    expect(reports.length).toBeGreaterThan(50);
    expect(reports[reports.length - 1]).toMatchObject({
      activity: 'draw',
      what: entry.standIn?.title,
      unit: 'images',
      received: 3_000,
      total: 3_000,
    });
  });

  it('never are the same picture twice', () => {
    expect(countDistinct(contents.values())).toBe(3_000);
  });
});

describe('the difficulty of drawn cats and dogs', () => {
  it('is such that the nearest neighbour is hardly better than chance', () => {
    expect(nearestNeighbourAccuracy(train, validation)).toBeLessThan(0.62);
  });

  it('is such that the mean colour of a picture tells nothing', async () => {
    const means = ({ images, labels }: Part): Part => {
      const sums = Array.from({ length: images.shape[0] * 3 }, () => 0);
      images.data.forEach((value, i) => (sums[3 * Math.floor(i / (side * side * 3)) + (i % 3)] += value));
      const bytes = Uint8Array.from(sums, (sum) => Math.round(sum / (side * side)));
      return { images: arrayOf(bytes, [labels.shape[0], 1, 1, 3]), labels };
    };
    const layers = [tf.layers.flatten(), tf.layers.dense({ units: 8, activation: 'relu' }),
      tf.layers.dense({ units: 2, activation: 'sigmoid' })];
    const accuracy = await trainedAccuracy(layers, means(train), means(validation), { epochs: 12, batchSize: 128,
      classes: 2 });
    expect(accuracy).toBeGreaterThan(0.4);
    expect(accuracy).toBeLessThan(0.58);
  });

  it('is such that convolutions learn much of it', async () => {
    // Fewer filters and epochs than lesson 04, to be quick: bench/results/drawn-difficulty.md has its figures.
    const seeded = (seed: number): ReturnType<typeof tf.initializers.glorotUniform> =>
      tf.initializers.glorotUniform({ seed });
    const blocks = [16, 16, 32].flatMap((filters, i) => [
      tf.layers.conv2d({ filters, kernelSize: 3, padding: 'same', activation: 'relu',
        kernelInitializer: seeded(i + 1) }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
    ]);
    const layers = [
      ...blocks,
      tf.layers.flatten(),
      tf.layers.dense({ units: 64, activation: 'relu', kernelInitializer: seeded(4) }),
      tf.layers.dense({ units: 2, activation: 'sigmoid', kernelInitializer: seeded(5) }),
    ];
    const accuracy = await trainedAccuracy(layers, train, validation, { epochs: 14, batchSize: 32, classes: 2 });
    expect(accuracy).toBeGreaterThan(0.6);
    expect(accuracy).toBeLessThan(0.9);
  });
});
