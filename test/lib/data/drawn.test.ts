import { createHash } from 'node:crypto';
import type { NdArray } from 'ndarray';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawDigit } from '../../../lib/src/data/drawn/digit';
import { drawDigits } from '../../../lib/src/data/drawn/draw';
import { digitForms } from '../../../lib/src/data/drawn/forms';
import { Random } from '../../../lib/src/random';
import { parseIdx } from '../../../lib/src/data/idx';
import { idxEntry } from '../../../lib/src/data/manifest';
import { toTensor } from '../../../lib/src/data/tensors';
import { flatten } from '../../../lib/src/preprocessing/flatten';
import { normalise } from '../../../lib/src/preprocessing/normalise';
import { oneHot } from '../../../lib/src/preprocessing/one-hot';
import { tf } from '../../../lib/src/tensorflow';
import { sha256 } from './support';

const entry = idxEntry('mnist');
let contents: ReadonlyMap<string, Uint8Array>;
let tensorsBefore = 0;
beforeAll(async () => {
  tensorsBefore = tf.memory().numTensors;
  contents = await drawDigits(entry);
});
afterAll(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

const read = (name: string): NdArray<Uint8Array> =>
  parseIdx(contents.get(name) as Uint8Array, name) as NdArray<Uint8Array>;

describe('Random', () => {
  it('gives the same fractions everywhere', () => {
    const random = new Random(1);
    // Computed once with 32-bit unsigned arithmetic in another language from the published algorithms.
    expect(Array.from({ length: 4 }, () => random.fraction() * 2 ** 32)).toEqual([
      393_288_148, 2_174_103_013, 3_814_759_091, 2_092_745_082,
    ]);
  });

  it('gives fractions in 0..1 and normal numbers with mean 0 and standard deviation 1', () => {
    const random = new Random(7);
    const fractions = Array.from({ length: 20_000 }, () => random.fraction());
    expect(Math.min(...fractions)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...fractions)).toBeLessThan(1);
    const normals = Array.from({ length: 20_000 }, () => random.normal());
    const mean = normals.reduce((sum, value) => sum + value, 0) / normals.length;
    const variance = normals.reduce((sum, value) => sum + (value - mean) ** 2, 0) / normals.length;
    expect(mean).toBeCloseTo(0, 1);
    expect(variance).toBeCloseTo(1, 1);
  });
});

describe('drawDigit', () => {
  it('knows several ways to write each digit', () => {
    expect(digitForms).toHaveLength(10);
    expect(digitForms.every((forms) => forms.length >= 3)).toBe(true);
  });

  it('puts the centre of mass of the ink into the middle, and next to nothing is cut off', () => {
    const picture = new Uint8Array(784);
    for (let seed = 0; seed < 500; seed++) {
      drawDigit(seed % 10, new Random(seed), picture);
      let [mass, x, y, border] = [0, 0, 0, 0];
      picture.forEach((ink, i) => {
        const [row, column] = [Math.floor(i / 28), i % 28];
        mass += ink;
        x += ink * column;
        y += ink * row;
        if (row % 27 === 0 || column % 27 === 0) border += ink;
      });
      expect(Math.abs(x / mass - 13.5)).toBeLessThan(0.75);
      expect(Math.abs(y / mass - 13.5)).toBeLessThan(0.75);
      expect(border / mass).toBeLessThan(0.03);
      expect(mass / 784 / 255).toBeGreaterThan(0.02);
      expect(mass / 784 / 255).toBeLessThan(0.35);
    }
  });
});

describe('drawDigits', () => {
  it.each(entry.files)('draws the same $name on every machine', ({ name, size }) => {
    expect(contents.get(name)).toHaveLength(size);
    expect(sha256(contents.get(name) as Uint8Array)).toBe(entry.standIn?.sha256[name]);
  });

  it('has each digit about as often as the others', () => {
    const counts = new Array<number>(10).fill(0);
    for (const label of read('train-labels-idx1-ubyte').data) counts[label]++;
    expect(Math.min(...counts)).toBeGreaterThan(5_700);
    expect(Math.max(...counts)).toBeLessThan(6_300);
  });

  it('never draws the same picture twice', () => {
    const hashes = new Set<string>();
    for (const name of ['train-images-idx3-ubyte', 't10k-images-idx3-ubyte']) {
      const { data, shape } = read(name);
      for (let i = 0; i < shape[0]; i++) {
        hashes.add(
          createHash('md5')
            .update(data.subarray(i * 784, (i + 1) * 784))
            .digest('base64'),
        );
      }
    }
    expect(hashes.size).toBe(70_000);
  });
});

describe('the difficulty of drawn digits', () => {
  // A tenth of the images and two epochs, to be quick; datasets/README.md has the figures of the whole.
  const [trainCount, testCount] = [6_000, 1_000];
  const part = (name: string, count: number): NdArray<Uint8Array> => read(name).hi(count);

  it('is such that a dense network learns most and not all of them', async () => {
    const x = toTensor(normalise(flatten(part('train-images-idx3-ubyte', trainCount))));
    const y = toTensor(oneHot(part('train-labels-idx1-ubyte', trainCount), 10));
    const xTest = toTensor(normalise(flatten(part('t10k-images-idx3-ubyte', testCount))));
    const yTest = toTensor(oneHot(part('t10k-labels-idx1-ubyte', testCount), 10));
    const hidden = (seed: number, inputShape?: [number]): ReturnType<typeof tf.layers.dense> =>
      tf.layers.dense({
        units: 512,
        activation: 'relu',
        kernelInitializer: tf.initializers.glorotUniform({ seed }),
        inputShape,
      });
    const model = tf.sequential({
      layers: [hidden(1, [784]), hidden(2), tf.layers.dense({ units: 10, activation: 'softmax' })],
    });
    const optimizer = tf.train.adam();
    model.compile({ optimizer, loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
    await model.fit(x, y, { epochs: 2, batchSize: 128, verbose: 0 });
    const [loss, accuracy] = model.evaluate(xTest, yTest) as ReturnType<typeof tf.scalar>[];
    const reached = accuracy.dataSync()[0];
    tf.dispose([x, y, xTest, yTest, loss, accuracy]);
    model.dispose();
    optimizer.dispose();
    expect(reached).toBeGreaterThan(0.8);
    expect(reached).toBeLessThan(0.96);
  });

  it('is such that the nearest neighbour errs', () => {
    const labels = read('train-labels-idx1-ubyte');
    const testLabels = read('t10k-labels-idx1-ubyte');
    const nearest = tf.tidy(() => {
      const known = toTensor(normalise(flatten(part('train-images-idx3-ubyte', trainCount))));
      const asked = toTensor(normalise(flatten(part('t10k-images-idx3-ubyte', testCount))));
      const squares = known.square().sum(1).expandDims(0);
      return squares
        .sub(tf.matMul(asked, known, false, true).mul(2))
        .argMin(1)
        .dataSync();
    });
    const right = [...nearest].filter((neighbour, i) => labels.get(neighbour) === testLabels.get(i)).length;
    expect(right / testCount).toBeGreaterThan(0.8);
    expect(right / testCount).toBeLessThan(0.96);
  });
});
