import { layerActivations, layerStatistics, statisticsOf, tf } from '@course/lib';
import { afterAll, describe, expect, it } from 'vitest';
import { arrayOf } from '../../../lib/src/arrays';
import { warningsOf } from '../../../lib/src/inspection/statistics';
import { branching, numbers } from './networks';

const before = tf.memory().numTensors;
afterAll(() => expect(tf.memory().numTensors).toBe(before));

describe('statisticsOf', () => {
  it('says mean, standard deviation, range and share of zeros', () => {
    expect(statisticsOf([2, 4, 4, 4, 5, 5, 7, 9])).toEqual(
      { count: 8, mean: 5, standardDeviation: 2, min: 2, max: 9, zeros: 0, notFinite: 0 });
    expect(statisticsOf(arrayOf(Float32Array.of(0, -0, 3, 1), [2, 2]))).toMatchObject({ mean: 1, zeros: 0.5 });
  });

  it('counts NaN and infinite numbers, and leaves them out of the rest', () => {
    expect(statisticsOf([1, NaN, 3, Infinity, -Infinity])).toMatchObject(
      { count: 5, mean: 2, min: 1, max: 3, notFinite: 3 });
    expect(statisticsOf([NaN])).toMatchObject({ mean: NaN, standardDeviation: NaN, min: NaN, max: NaN, notFinite: 1 });
  });

  it('is exact far from zero', () => {
    expect(statisticsOf([1e8 + 1, 1e8 + 2, 1e8 + 3]).standardDeviation).toBeCloseTo(Math.sqrt(2 / 3), 10);
  });

  it('refuses an empty list', () => expect(() => statisticsOf([])).toThrow(/got no numbers/));
});

/** Units with the weights that are given: what each puts out can be worked out by hand. */
function unitsOf(kernel: number[][], bias: number[], activation: 'relu' | 'linear'): tf.Sequential {
  const units = tf.layers.dense({ inputShape: [kernel.length], units: bias.length, activation, name: 'units' });
  const model = tf.sequential({ layers: [units] });
  const weights = [tf.tensor2d(kernel), tf.tensor1d(bias)];
  units.setWeights(weights);
  tf.dispose(weights);
  return model;
}

describe('layerStatistics', () => {
  it('finds the units behind a ReLU that are 0 for every example, and only those', () => {
    const model = unitsOf([[1, -1, 1, 0]], [0, -10, 5, 0], 'relu');
    const x = tf.tensor2d([[-2], [-1], [3]]);
    const [units] = layerStatistics(model, x);
    // Outputs: 0 0 3 0; 0 0 4 0; 3 0 8 0.
    expect(units).toMatchObject({
      name: 'units', type: 'Dense', shape: [4], units: 4, deadUnits: [1, 3], count: 12, mean: 1.5, max: 8,
    });
    expect(units.zeros).toBeCloseTo(8 / 12, 12);
    expect(warningsOf(units)).toEqual(['2 of 4 units dead (1, 3)']);
    x.dispose();
    model.dispose();
  });

  it('calls no unit dead where there is no ReLU', () => {
    const model = unitsOf([[1, 0]], [0, 0], 'linear');
    const x = tf.tensor2d([[1], [2]]);
    expect(layerStatistics(model, x)[0]).toMatchObject({ deadUnits: [], mean: 0.75 });
    x.dispose();
    model.dispose();
  });

  it('finds a dead channel of feature maps, behind a layer of its own that rectifies', () => {
    const model = tf.sequential({
      layers: [
        tf.layers.conv2d({ inputShape: [4, 4, 1], filters: 3, kernelSize: 2, name: 'conv' }),
        tf.layers.reLU({ name: 'rectified' }),
      ],
    });
    const bias = tf.tensor1d([0, -100, 0]);
    model.layers[0].setWeights([model.layers[0].getWeights()[0], bias]);
    const x = tf.tensor4d(numbers(80 * 16), [80, 4, 4, 1]);
    const [conv, rectified] = layerStatistics(model, x);
    expect(conv.deadUnits).toEqual([]);
    expect(rectified).toMatchObject({ units: 3, shape: [3, 3, 3], deadUnits: [1], min: 0, count: 80 * 27 });
    tf.dispose([x, bias]);
    model.dispose();
  });

  it('says in which layer NaN begins', () => {
    const model = branching();
    const layer = model.getLayer('norm');
    const broken = tf.fill([4], NaN);
    layer.setWeights([broken, ...layer.getWeights().slice(1)]);
    const x = tf.ones([2, 12, 12, 3]);
    const found = layerStatistics(model, x);
    expect(found.find(({ notFinite }) => notFinite > 0)!.name).toBe('norm');
    expect(warningsOf(found[1])).toEqual(['1,152 of 1,152 numbers are NaN or infinite']);
    tf.dispose([x, broken]);
    model.dispose();
  });

  it('of more examples than go through the network at once is what it is for each of them together', () => {
    const model = branching();
    const values = numbers(150 * 432);
    const x = tf.tensor4d(values, [150, 12, 12, 3]);
    const each = Array.from({ length: 150 }, (_, i) =>
      layerActivations(model, arrayOf(values.subarray(i * 432, (i + 1) * 432), [12, 12, 3])));
    layerStatistics(model, x).forEach((layer, l) => {
      const all = statisticsOf(each.flatMap((layers) => [...layers[l].values.data]));
      expect(layer.count).toBe(all.count);
      expect(layer.mean).toBeCloseTo(all.mean, 5);
      expect(layer.standardDeviation).toBeCloseTo(all.standardDeviation, 5);
      expect(layer.min).toBeCloseTo(all.min, 4);
      expect(layer.max).toBeCloseTo(all.max, 4);
    });
    x.dispose();
    model.dispose();
  });

  it('says what it expects', () => {
    const model = branching();
    const x = tf.zeros([5, 12, 12, 1]);
    expect(() => layerStatistics(model, x)).toThrow(/layerStatistics: x has the shape \[5, 12, 12, 1\]/);
    x.dispose();
    model.dispose();
  });
});
