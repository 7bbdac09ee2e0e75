import { classificationReport, showHardest, showRanked, showReport, tf } from '@course/lib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { arrayOf } from '../../../lib/src/arrays';

const hook = Symbol.for('course.display');
const kernel = globalThis as unknown as Record<symbol, unknown>;

let outputs: { data: Record<string, string> }[];
let tensorsBefore: number;
beforeEach(() => {
  outputs = [];
  tensorsBefore = tf.memory().numTensors;
  kernel[hook] = (output: { data: Record<string, string> }) => outputs.push(output);
});
afterEach(() => {
  delete kernel[hook];
  expect(tf.memory().numTensors).toBe(tensorsBefore);
});

const probabilities = arrayOf(Float32Array.of(0.9, 0.1, 0.3, 0.7, 0.8, 0.2), [3, 2]);
const report = classificationReport([0, 1, 1], probabilities, ['cat', 'dog']);
const images = arrayOf(Uint8Array.from({ length: 12 }, (_, i) => Math.floor(i / 4)), [3, 2, 2]);

describe('showReport', () => {
  it('shows the table of the classes and the confusion matrix', () => {
    showReport(report);
    expect(outputs[0].data['text/html']).toContain('<table aria-label="Classification report">');
    expect(outputs[0].data['text/plain']).toContain('Right: 2 of 3');
    expect(outputs[1].data['text/plain']).toBe(
      'Confusion matrix of 2 classes: 2 of 3 right (66.7 %). Most frequent mistakes: dog taken for cat: 1.');
  });
});

describe('showRanked and showHardest', () => {
  it('show pictures with class, prediction and probability, in the order of the ranking', () => {
    showRanked(images, report, report.mostCertain(2));
    expect(outputs[0].data['text/plain']).toBe('number 0: ✓ cat → cat (0.90)\nnumber 2: ✗ dog → cat (0.80)');
    showHardest(images, report, 1);
    expect(outputs[1].data['text/plain']).toBe('number 2: ✗ dog → cat (0.80)');
    expect(outputs[1].data['text/html'].match(/<img/g)).toHaveLength(1);
  });

  it('take a tensor as well, and leave it alive', () => {
    const tensor = tf.tensor(Float32Array.from(images.data, (value) => value / 255), [3, 2, 2, 1]);
    showRanked(tensor, report, [2, 0]);
    showRanked(images, report, [2, 0]);
    const [ofTensor, ofArray] = outputs.map(({ data }) => data['text/html']);
    expect(ofTensor).toBe(ofArray);
    tensor.dispose();
  });

  it('show a hundred at most, and say so', () => {
    showRanked(images, report, Array.from({ length: 102 }, (_, i) => i % 3));
    expect(outputs[0].data['text/html'].match(/<img/g)).toHaveLength(100);
    expect(outputs[0].data['text/plain']).toMatch(/2 more are not shown\.$/);
  });

  it('refuse pictures that are not those of the report', () => {
    expect(() => showRanked(images.hi(2), report, [0]))
      .toThrow(/showRanked: got images of shape \[2, 2, 2\].*all 3 pictures/);
    expect(() => showHardest(images.pick(0), report)).toThrow(/showHardest: got images of shape \[2, 2\]/);
    expect(() => showRanked(images, report, [3])).toThrow(/got the index 3; expected whole numbers from 0 to 2/);
  });
});
