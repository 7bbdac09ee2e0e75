import { createHash } from 'node:crypto';
import type { NdArray } from 'ndarray';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arrayOf, packedValues } from '../../../lib/src/arrays';
import type { FileContents } from '../../../lib/src/data/dataset-files';
import { drawStandIn } from '../../../lib/src/data/drawn';
import { parseIdx } from '../../../lib/src/data/idx';
import type { IdxEntry } from '../../../lib/src/data/manifest';
import type { OnProgress } from '../../../lib/src/data/progress';
import { toTensor } from '../../../lib/src/data/tensors';
import { flatten } from '../../../lib/src/preprocessing/flatten';
import { normalise } from '../../../lib/src/preprocessing/normalise';
import { oneHot } from '../../../lib/src/preprocessing/one-hot';
import { setRandomSeed } from '../../../lib/src/tensorflow/random-seed';
import { tf } from '../../../lib/src/tensorflow';
import { sha256 } from './support';

type Tensor = ReturnType<typeof tf.tensor>;
type Layer = Parameters<ReturnType<typeof tf.sequential>['add']>[0];
type Pixels = NdArray<Uint8Array>;

/** Pictures `[n, height, width]` or `[n, height, width, channels]` and their classes `[n]`. */
export interface Part {
  readonly images: Pixels;
  readonly labels: Pixels;
}

/** A dataset's first training or test pictures; the prefix is that of its files. */
type PartOf = (prefix: 'train' | 't10k', count: number) => Part;

/**
 * Draws the stand-in of a dataset of IDX files before the tests of a file, and tests what holds for all such stand-ins.
 */
export function describeDrawnFiles(title: string, entry: IdxEntry, onProgress?: OnProgress): PartOf {
  let contents: FileContents;
  let tensorsBefore = 0;
  beforeAll(async () => {
    tensorsBefore = tf.memory().numTensors;
    contents = await drawStandIn(entry, onProgress);
  });
  afterAll(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

  const read = (name: string): Pixels => parseIdx(contents.get(name)!, name) as Pixels;

  describe(title, () => {
    it.each(entry.files)('have the same $name on every machine', ({ name, size }) => {
      expect(contents.get(name)).toHaveLength(size);
      expect(sha256(contents.get(name)!)).toBe(entry.standIn?.sha256[name]);
    });

    it('have each class about as often as the others', () => {
      const counts = new Array<number>(10).fill(0);
      for (const label of read('train-labels-idx1-ubyte').data) counts[label]++;
      expect(Math.min(...counts)).toBeGreaterThan(5_700);
      expect(Math.max(...counts)).toBeLessThan(6_300);
    });

    it('never have the same picture twice', () => {
      const pictures = ['train-images-idx3-ubyte', 't10k-images-idx3-ubyte'].flatMap((name) =>
        [...picturesOf(read(name))]);
      expect(countDistinct(pictures)).toBe(70_000);
    });
  });

  return (prefix, count) => ({
    images: read(`${prefix}-images-idx3-ubyte`).hi(count),
    labels: read(`${prefix}-labels-idx1-ubyte`).hi(count),
  });
}

/** How many of some pictures differ from all others. */
export function countDistinct(pictures: Iterable<Uint8Array>): number {
  const hashes = new Set<string>();
  for (const picture of pictures) hashes.add(createHash('md5').update(picture).digest('base64'));
  return hashes.size;
}

/** The pictures of an IDX file, one after the other. */
function* picturesOf({ data, shape }: Pixels): Iterable<Uint8Array> {
  const size = shape.slice(1).reduce((product, length) => product * length);
  for (let i = 0; i < shape[0]; i++) yield data.subarray(i * size, (i + 1) * size);
}

/** Which part of the asked pictures have the class of the known picture that is nearest to them by pixels. */
export function nearestNeighbourAccuracy(known: Part, asked: Part): number {
  const nearest = tf.tidy(() => {
    const x = toTensor(normalise(flatten(known.images)));
    const squares = x.square().sum(1).expandDims(0);
    return squares
      .sub(tf.matMul(toTensor(normalise(flatten(asked.images))), x, false, true).mul(2))
      .argMin(1)
      .dataSync();
  });
  return [...nearest].filter((neighbour, i) =>
    known.labels.get(neighbour) === asked.labels.get(i)).length / nearest.length;
}

/** Pictures as tensors `[n, height, width, channels]`, and their classes `[n, classes]`. */
function tensorsOf({ images, labels }: Part, classes: number): { x: Tensor; y: Tensor } {
  const shape = images.dimension === 3 ? [...images.shape, 1] : images.shape;
  return { x: toTensor(arrayOf(packedValues(normalise(images)), shape)), y: toTensor(oneHot(labels, classes)) };
}

/** Trains a network (its layers, the input left out) and gives its accuracy on pictures that it has not seen. */
export async function trainedAccuracy(
  layers: Layer[],
  known: Part,
  asked: Part,
  { epochs, batchSize, classes }: { epochs: number; batchSize: number; classes: number },
): Promise<number> {
  // The order of the examples comes from here too, so that a range is kept or missed every time.
  setRandomSeed(1);
  const training = tensorsOf(known, classes);
  const test = tensorsOf(asked, classes);
  const model = tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: training.x.shape.slice(1) }), ...layers] });
  const optimizer = classes === 2 ? tf.train.rmsprop(0.001) : tf.train.adam();
  const loss = classes === 2 ? 'binaryCrossentropy' : 'categoricalCrossentropy';
  model.compile({ optimizer, loss, metrics: ['accuracy'] });
  await model.fit(training.x, training.y, { epochs, batchSize, verbose: 0 });
  const scores = model.evaluate(test.x, test.y) as Tensor[];
  const accuracy = scores[1].dataSync()[0];
  tf.dispose([training.x, training.y, test.x, test.y, ...scores]);
  model.dispose();
  optimizer.dispose();
  return accuracy;
}
