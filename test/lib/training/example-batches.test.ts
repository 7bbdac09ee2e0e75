import { augment, exampleBatches, fit, tf } from '@course/lib';
import { afterAll, describe, expect, it } from 'vitest';
import { network, points } from './support';

const tensorsBefore = tf.memory().numTensors;
afterAll(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

interface Batch {
  x: tf.Tensor;
  y: tf.Tensor;
}

/** The numbers of all batches; each is disposed. */
async function read(batches: AsyncIterable<Batch>): Promise<{ x: number[][]; y: number[][] }> {
  const all: { x: number[][]; y: number[][] } = { x: [], y: [] };
  for await (const { x, y } of batches) {
    all.x.push([...x.dataSync()]);
    all.y.push([...y.dataSync()]);
    tf.dispose([x, y]);
  }
  return all;
}

/** Five examples: the input is ten times the label. */
function withFive<T>(work: (examples: Batch) => Promise<T>): Promise<T> {
  const examples = { x: tf.tensor2d([0, 10, 20, 30, 40], [5, 1]), y: tf.tensor1d([0, 1, 2, 3, 4], 'int32') };
  return work(examples).finally(() => tf.dispose([examples.x, examples.y]));
}

describe('exampleBatches', () => {
  it('gives all examples in their order, the last batch with what is left', () => withFive(async (five) => {
    expect(await read(exampleBatches(five, { batchSize: 2 }).inOrder())).toEqual({
      x: [[0, 10], [20, 30], [40]], y: [[0, 1], [2, 3], [4]],
    });
  }));

  it('gives each example once an epoch, beside its label, in an order of its own for each epoch', () => withFive(async (five) => {
    const batches = exampleBatches(five, { batchSize: 5, seed: 3 });
    const epochs = [await read(batches.epoch()), await read(batches.epoch()), await read(batches.epoch())];
    for (const { x: [x], y: [y] } of epochs) {
      expect(x).toEqual(y.map((label) => 10 * label));
      expect([...y].sort()).toEqual([0, 1, 2, 3, 4]);
    }
    expect(new Set(epochs.map(({ y }) => `${y}`)).size).toBeGreaterThan(1);
    expect(await read(batches.epoch(1))).toEqual(epochs[1]);
  }));

  it('changes the inputs of each batch by a seed of its own, and by the same one when an epoch is repeated', () => withFive(async (five) => {
    const seeds: (number | undefined)[] = [];
    const map = (x: tf.Tensor, seed?: number): tf.Tensor => {
      seeds.push(seed);
      return x.add(1).mul(2);
    };
    const batches = exampleBatches(five, { batchSize: 2, map });
    expect((await read(batches.inOrder())).x).toEqual([[2, 22], [42, 62], [82]]);
    await read(batches.epoch(0));
    await read(batches.epoch(0));
    expect(seeds.slice(0, 3)).toEqual([undefined, undefined, undefined]);
    expect(new Set(seeds.slice(3, 6)).size).toBe(3);
    expect(seeds.slice(6)).toEqual(seeds.slice(3, 6));
  }));

  it('is what fit learns from, with the same weights when it is repeated', async () => {
    const data = points(40);
    const weights: number[][] = [];
    for (let time = 0; time < 2; time++) {
      const model = network();
      const noise = (x: tf.Tensor, seed?: number): tf.Tensor => x.add(tf.randomNormal(x.shape, 0, 0.1, 'float32', seed));
      await fit(model, exampleBatches(data, { batchSize: 16, map: noise }), { epochs: 2, validationData: data, display: false });
      weights.push([...model.layers[0].getWeights()[0].dataSync()]);
      model.optimizer.dispose();
      model.dispose();
    }
    expect(weights[1]).toEqual(weights[0]);
    tf.dispose([data.x, data.y]);
  });

  it('takes augment as map', async () => {
    const examples = { x: tf.ones([4, 6, 6, 1]), y: tf.tensor1d([0, 1, 0, 1]) };
    const { x } = await read(exampleBatches(examples, { batchSize: 3, map: augment({ flip: true, shift: 0.2 }) }).epoch());
    expect(x.map(({ length }) => length)).toEqual([3 * 36, 36]);
    tf.dispose([examples.x, examples.y]);
  });

  it('says what does not fit', () => withFive(async (five) => {
    expect(() => exampleBatches(five, { batchSize: 0 })).toThrow(/batchSize = 0; expected a whole number of at least 1/);
    expect(() => exampleBatches(five, { seed: 0.5 })).toThrow(/seed = 0.5/);
    const y = tf.tensor1d([1, 2]);
    expect(() => exampleBatches({ x: five.x, y })).toThrow(/x has 5 examples and y has 2/);
    y.dispose();
  }));
});
