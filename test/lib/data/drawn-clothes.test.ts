import { describe, expect, it } from 'vitest';
import { drawGarment } from '../../../lib/src/data/drawn/clothes';
import { idxEntry } from '../../../lib/src/data/manifest';
import type { DataProgress } from '../../../lib/src/data/progress';
import { Random } from '../../../lib/src/random';
import { tf } from '../../../lib/src/tensorflow';
import { describeDrawnFiles, nearestNeighbourAccuracy, trainedAccuracy } from './drawn-support';

const entry = idxEntry('fashion-mnist');
const reports: DataProgress[] = [];
const part = describeDrawnFiles('the drawn clothes', entry, (progress) => reports.push(progress));

describe('drawGarment', () => {
  it.each(entry.classNames.map((name, label) => ({ name, label })))('draws a $name that fills much of the picture',
    ({ label }) => {
    const picture = new Uint8Array(784);
    for (let seed = 0; seed < 300; seed++) {
      drawGarment(label, new Random(seed), picture);
      const columns = [...Array(28).keys()].filter((column) => [...Array(28).keys()].some((row) =>
        picture[row * 28 + column] > 0));
      const rows = [...Array(28).keys()].filter((row) => picture.subarray(row * 28, row * 28 + 28).some((value) =>
        value > 0));
      expect(Math.max(columns.length, rows.length)).toBeGreaterThanOrEqual(15);
      expect(picture.filter((value) => value > 0).length).toBeGreaterThan(30);
      expect(Math.max(...picture)).toBeGreaterThan(35);
    }
  });

  it('draws on black', () => {
    const corners = (label: number): number => {
      const picture = new Uint8Array(784);
      drawGarment(label, new Random(9), picture);
      return Math.max(...[0, 27, 756, 783].map((i) => picture[i]));
    };
    expect([1, 3, 5, 7].map(corners)).toEqual([0, 0, 0, 0]);
  });

  it('begins every picture anew: what was drawn before leaves no traces', () => {
    const [first, second] = [new Uint8Array(784), new Uint8Array(784)];
    drawGarment(4, new Random(1), first);
    drawGarment(8, new Random(2), second);
    drawGarment(4, new Random(1), second);
    expect(second).toEqual(first);
  });
});

describe('drawing clothes', () => {
  it('tells how far it is, up to the last', () => {
    expect(reports.length).toBeGreaterThan(50);
    expect(reports[0]).toMatchObject({ activity: 'draw', what: entry.standIn?.title, unit: 'images', total: 70_000 });
    const received = reports.map((report) => report.received);
    expect(received).toEqual([...received].sort((a, b) => a - b));
    expect(received[received.length - 1]).toBe(70_000);
  });
});

describe('the difficulty of drawn clothes', () => {
  // A part of the pictures and few epochs, to be quick; bench/results/drawn-difficulty.md has the figures of the whole.
  const { conv2d, dense, flatten, maxPooling2d } = tf.layers;
  const seeded = (seed: number): ReturnType<typeof tf.initializers.glorotUniform> =>
    tf.initializers.glorotUniform({ seed });
  const options = { epochs: 3, batchSize: 128, classes: 10 };

  it('is such that a dense network learns most and not all of them', async () => {
    const hidden = [256, 128].map((units, i) => dense({ units, activation: 'relu', kernelInitializer: seeded(i + 1) }));
    const layers = [flatten(), ...hidden, dense({ units: 10, activation: 'softmax', kernelInitializer: seeded(3) })];
    const accuracy = await trainedAccuracy(layers, part('train', 12_000), part('t10k', 2_000), options);
    expect(accuracy).toBeGreaterThan(0.8);
    expect(accuracy).toBeLessThan(0.94);
  });

  it('is such that the nearest neighbour errs more often than a network', () => {
    const accuracy = nearestNeighbourAccuracy(part('train', 10_000), part('t10k', 1_000));
    expect(accuracy).toBeGreaterThan(0.7);
    expect(accuracy).toBeLessThan(0.88);
  });

  it('is such that a few convolutions already beat a nearest neighbour', async () => {
    const layers = [
      conv2d({ filters: 8, kernelSize: 3, activation: 'relu', kernelInitializer: seeded(1) }),
      maxPooling2d({ poolSize: 2 }),
      conv2d({ filters: 24, kernelSize: 3, activation: 'relu', kernelInitializer: seeded(2) }),
      maxPooling2d({ poolSize: 2 }),
      flatten(),
      dense({ units: 64, activation: 'relu', kernelInitializer: seeded(3) }),
      dense({ units: 10, activation: 'softmax', kernelInitializer: seeded(4) }),
    ];
    const [known, asked] = [part('train', 10_000), part('t10k', 1_000)];
    const accuracy = await trainedAccuracy(layers, known, asked, { ...options, epochs: 4, batchSize: 64 });
    expect(accuracy).toBeGreaterThan(nearestNeighbourAccuracy(known, asked));
    expect(accuracy).toBeLessThan(0.96);
  });
});
