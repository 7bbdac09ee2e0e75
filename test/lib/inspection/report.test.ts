import { classificationReport, evaluate, predict, tf } from '@course/lib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { arrayOf } from '../../../lib/src/arrays';

let tensorsBefore: number;
beforeEach(() => void (tensorsBefore = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

const rowsOf = (...rows: number[][]) => arrayOf(Float32Array.from(rows.flat()), [rows.length, rows[0].length]);

const names = ['ant', 'bee', 'cow', 'dog'];
const labels = [0, 0, 0, 1, 1, 2, 2];
const probabilities = rowsOf(
  [0.7, 0.1, 0.1, 0.1], // right
  [0.2, 0.6, 0.1, 0.1], // an ant, taken for a bee
  [0.4, 0.3, 0.2, 0.1], // right
  [0.1, 0.8, 0.05, 0.05], // right
  [0.5, 0.3, 0.1, 0.1], // a bee, taken for an ant
  [0.6, 0.2, 0.15, 0.05], // a cow, taken for an ant
  [0.6, 0.2, 0.15, 0.05], // and another one
);
const report = classificationReport(labels, probabilities, names);

describe('classificationReport', () => {
  it('counts what is right and what is confused', () => {
    expect(report.count).toBe(7);
    expect(report.accuracy).toBe(3 / 7);
    expect([...report.predictions]).toEqual([0, 1, 0, 1, 0, 0, 0]);
    expect(report.confusion).toEqual([[2, 1, 0, 0], [1, 1, 0, 0], [2, 0, 0, 0], [0, 0, 0, 0]]);
  });

  it('measures each class as scikit-learn does, and leaves undefined what would be a division by zero', () => {
    expect(report.classes).toEqual([
      { name: 'ant', count: 3, predicted: 5, precision: 2 / 5, recall: 2 / 3, f1: 4 / 8 },
      { name: 'bee', count: 2, predicted: 2, precision: 1 / 2, recall: 1 / 2, f1: 2 / 4 },
      { name: 'cow', count: 2, predicted: 0, precision: undefined, recall: 0, f1: 0 },
      { name: 'dog', count: 0, predicted: 0, precision: undefined, recall: undefined, f1: undefined },
    ]);
  });

  it('lists the confused pairs, the most frequent first', () => {
    expect(report.confusedPairs).toEqual([
      { label: 2, prediction: 0, count: 2 },
      { label: 0, prediction: 1, count: 1 },
      { label: 1, prediction: 0, count: 1 },
    ]);
  });

  it('says how often the class is among the most probable ones', () => {
    expect([1, 2, 3, 4].map((k) => report.topAccuracy(k))).toEqual([3 / 7, 5 / 7, 1, 1]);
    expect(() => report.topAccuracy(5)).toThrow(/got 5; expected a whole number from 1 to 4/);
  });

  it('ranks by loss, and by the lead over the next class', () => {
    expect(report.losses[1]).toBeCloseTo(-Math.log(0.2), 6);
    expect(report.hardest(4)).toEqual([5, 6, 1, 4]);
    expect(report.mostCertain(2)).toEqual([3, 0]);
    expect(report.leastCertain(2)).toEqual([2, 4]);
    expect(report.hardest(99)).toHaveLength(7);
    expect(() => report.hardest(-1)).toThrow(/hardest: got -1/);
  });

  it('prints a table with a dash where there is nothing to measure, and says why', () => {
    const text = report.toString();
    expect(text).toMatch(/^Class +Examples +Predicted +Precision +Recall +F1\n/);
    expect(text).toMatch(/^ant +3 +5 +0\.400 +0\.667 +0\.500$/m);
    expect(text).toMatch(/^cow +2 +0 +– +0\.000 +0\.000$/m);
    expect(text).toContain('Right: 3 of 7, accuracy 42.86 %\n');
    expect(text).toContain('Most often confused: cow taken for ant: 2; ant taken for bee: 1; bee taken for ant: 1');
    expect(text).toContain('– no precision, because it is never predicted: cow, dog');
    expect(text).toContain('– no recall, because there are no examples of it: dog');
    expect(report.toHtml()).toContain('<th scope="col"');
  });

  it('takes labels and probabilities as arrays, views and tensors', () => {
    const tensor = tf.tensor2d(Array.from(probabilities.data), [7, 4]);
    const flipped = arrayOf(Uint8Array.from(labels).reverse(), [7]).step(-1);
    expect(classificationReport(flipped, tensor, names).confusion).toEqual(report.confusion);
    expect(tensor.isDisposed).toBe(false);
    tensor.dispose();
  });

  it('reads a single sigmoid as the probability of class 1, and says which class of a tie is taken', () => {
    const single = classificationReport([1, 0, 0], rowsOf([0.9], [0.2], [0.5]), ['cat', 'dog']);
    expect([...single.predictions]).toEqual([1, 0, 0]);
    expect(single.probability(0)).toBeCloseTo(0.9, 6);
    expect(single.probability(1)).toBeCloseTo(0.8, 6);
    expect(single.losses[2]).toBeCloseTo(Math.log(2), 6);
    expect(single.ties).toEqual([2]);
    expect(single.toString()).toContain('equally probable for 1 example (number 2): the first of them');
    const flat = classificationReport([1, 0, 0], arrayOf(Float32Array.of(0.9, 0.2, 0.5), [3]), ['cat', 'dog']);
    expect(flat.confusion).toEqual(single.confusion);
  });

  it('reads one sigmoid a class as they are: certain is what leads, and the loss is that of each column', () => {
    const both = classificationReport([0, 0, 1], rowsOf([0.99, 0.98], [0.3, 0.1], [0.9, 0.05]), ['cat', 'dog']);
    expect([...both.predictions]).toEqual([0, 0, 0]);
    expect(both.probability(0)).toBeCloseTo(0.99, 6);
    expect(both.losses[0]).toBeCloseTo(-(Math.log(0.99) + Math.log(0.02)) / 2, 5);
    expect(both.losses[1]).toBeCloseTo(-(Math.log(0.3) + Math.log(0.9)) / 2, 5);
    expect(both.losses[2]).toBeCloseTo(-(Math.log(0.1) + Math.log(0.05)) / 2, 5);
    expect(both.mostCertain(3)).toEqual([2, 1, 0]);
  });

  const losses = [['softmax', 'categoricalCrossentropy'], ['sigmoid', 'binaryCrossentropy']] as const;
  for (const [activation, loss] of losses) {
    it(`has losses whose mean is the ${loss} that evaluate measures`, () => {
      const model = tf.sequential({ layers: [tf.layers.dense({ units: 3, inputShape: [2], activation })] });
      model.compile({ optimizer: 'sgd', loss, metrics: [] });
      const x = tf.tensor2d([[1, 2], [-3, 1], [0.5, -2]]);
      const y = tf.tensor2d([[0, 0, 1], [1, 0, 0], [0, 1, 0]]);
      const ours = classificationReport([2, 0, 1], predict(model, x), ['a', 'b', 'c']).losses;
      const measured = evaluate(model, { x, y }).loss;
      expect(ours.reduce((sum, each) => sum + each, 0) / 3).toBeCloseTo(measured, 5);
      model.optimizer.dispose();
      model.dispose();
      tf.dispose([x, y]);
    });
  }

  it('has no prediction where a probability is NaN, counts it as wrong and says so', () => {
    const broken = classificationReport([0, 0], rowsOf([NaN, 0.5], [0.9, 0.1]), ['cat', 'dog']);
    expect([...broken.predictions]).toEqual([-1, 0]);
    expect(broken.unanswered).toEqual([0]);
    expect(broken.accuracy).toBe(0.5);
    expect(broken.topAccuracy(2)).toBe(0.5);
    expect(broken.confusion).toEqual([[1, 0], [0, 0]]);
    expect(broken.classes[0]).toMatchObject({ count: 2, predicted: 1, precision: 1, recall: 0.5, f1: 2 / 3 });
    expect([broken.losses[0], broken.probability(0)]).toEqual([NaN, NaN]);
    expect(broken.hardest(1)).toEqual([0]);
    expect(broken.mostCertain(2)).toEqual([1]);
    expect(broken.toString()).toContain('No prediction for 1 example (number 0): a probability is NaN');
  });

  it('refuses what cannot be a report, and says what to do', () => {
    const rows = rowsOf([0.9, 0.1], [0.2, 0.8]);
    const two = ['a', 'b'];
    expect(() => classificationReport([0], rows, two)).toThrow(/got 1 labels and the probabilities of 2 examples/);
    expect(() => classificationReport([0, 2], rows, two)).toThrow(/label 1 is 2; expected .* 0 to 1/);
    expect(() => classificationReport([0, 1], rows, ['a'])).toThrow(/got 1 class names and probabilities of 2 classes/);
    expect(() => classificationReport([0], rowsOf([3.5, -1]), two)).toThrow(/got the number 3\.5.*softmax/);
    const oneHot = arrayOf(new Float32Array(4), [2, 2]);
    expect(() => classificationReport(oneHot, rows, two)).toThrow(/labels of shape \[2, 2\].*argMax/);
    expect(() => classificationReport([], arrayOf(new Float32Array(0), [0, 2]), two)).toThrow(/no examples/);
    expect(() => classificationReport([0], arrayOf(new Float32Array(8), [1, 2, 4]), two)).toThrow(/\[1, 2, 4\]/);
  });
});
