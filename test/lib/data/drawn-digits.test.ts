import { describe, expect, it } from 'vitest';
import { drawDigit } from '../../../lib/src/data/drawn/digit';
import { digitForms } from '../../../lib/src/data/drawn/forms';
import { Random } from '../../../lib/src/random';
import { idxEntry } from '../../../lib/src/data/manifest';
import { tf } from '../../../lib/src/tensorflow';
import { describeDrawnFiles, nearestNeighbourAccuracy, trainedAccuracy } from './drawn-support';

const entry = idxEntry('mnist');
const part = describeDrawnFiles('the drawn digits', entry);

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

describe('the difficulty of drawn digits', () => {
  // A part of the pictures and two epochs, to be quick; bench/results/drawn-difficulty.md has the figures of all.
  it('is such that a dense network learns most and not all of them', async () => {
    const { dense, flatten } = tf.layers;
    const hidden = (seed: number): ReturnType<typeof dense> =>
      dense({ units: 512, activation: 'relu', kernelInitializer: tf.initializers.glorotUniform({ seed }) });
    const layers = [flatten(), hidden(1), hidden(2), dense({ units: 10, activation: 'softmax' })];
    const known = part('train', 6_000);
    const accuracy = await trainedAccuracy(layers, known, part('t10k', 1_000), { epochs: 2, batchSize: 128,
      classes: 10 });
    expect(accuracy).toBeGreaterThan(0.8);
    expect(accuracy).toBeLessThan(0.96);
  });

  it('is such that the nearest neighbour errs', () => {
    const accuracy = nearestNeighbourAccuracy(part('train', 6_000), part('t10k', 1_000));
    expect(accuracy).toBeGreaterThan(0.8);
    expect(accuracy).toBeLessThan(0.96);
  });
});
