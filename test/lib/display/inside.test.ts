import {
  showConvolution, showFeatureMaps, showFilters, showGradCam, showLayerStatistics, showReceptiveField, showSaliency, tf,
} from '@course/lib';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { arrayOf } from '../../../lib/src/arrays';
import { branching, lesson03, numbers, picture } from '../inspection/networks';

const before = tf.memory().numTensors;
afterAll(() => expect(tf.memory().numTensors).toBe(before));

const hook = Symbol.for('course.display');
const kernel = globalThis as unknown as Record<symbol, unknown>;

describe('in a notebook', () => {
  let outputs: { data: Record<string, string> }[];
  beforeEach(() => {
    outputs = [];
    kernel[hook] = (output: (typeof outputs)[number]) => outputs.push(output);
  });
  afterEach(() => void delete kernel[hook]);

  it('everything inside a network is shown without a script, with words beside it; the picture stays', () => {
    const model = lesson03();
    const one = tf.tensor(numbers(784), [1, 28, 28, 1]);
    const classNames = Array.from({ length: 10 }, (_, i) => `class-${i}`);
    showFilters(model.layers[0]);
    showFeatureMaps(model, one, { classNames });
    showReceptiveField(model, one, 'pooling', [5, 5]);
    showGradCam(model, one, { classNames, classIndex: 7 });
    showSaliency(model, one, { classNames, classIndex: 7 });
    showLayerStatistics(model, one);
    expect(outputs.map(({ data }) => Object.keys(data))).toEqual(['html', 'html', 'svg+xml', 'html', 'html', 'html']
      .map((kind) => [kind === 'html' ? 'text/html' : 'image/svg+xml', 'text/plain']));
    const [filters, maps, field, cam, pixels, table] = outputs.map(({ data }) => data['text/plain']);
    expect(filters).toBe('Filters of first: 16 of 3 × 3 × 1');
    expect(maps.split('\n')).toHaveLength(7);
    expect(maps).toMatch(/^first \(Conv2D\) 26 × 26 × 16: mean /);
    expect(field).toMatch(/Place 5, 5 of pooling sees the rows 10 to 16 and the columns 10 to 16/);
    expect(cam).toMatch(/^What speaks for class-7 \(0\.\d\d\), seen by second\. /);
    expect(pixels).toMatch(/^Which pixels count for class-7 \(0\.\d\d\)\. Strongest /);
    expect(table).toMatch(/answer +Dense +10/);
    for (const { data } of outputs) expect(JSON.stringify(data)).not.toMatch(/<script|undefined/);
    expect(one.isDisposed).toBe(false);
    one.dispose();
    model.dispose();
  });

  it('filters of a depthwise convolution are one for each channel; of a dense layer there are none', () => {
    const model = branching();
    showFilters(model.getLayer('depthwise'));
    showFilters(model.getLayer('right'));
    showFilters(arrayOf(numbers(9 * 3 * 2), [3, 3, 3, 2]));
    expect(outputs.map(({ data }) => data['text/plain'])).toEqual(
      ['Filters of depthwise: 4 of 3 × 3 × 1', 'Filters of right: 4 of 5 × 5 × 1', 'Filters: 2 of 3 × 3 × 3']);
    expect(() => showFilters(model.getLayer('answer'))).toThrow(/answer \(Dense\) has no filters; .*showWeights/);
    expect(() => showFilters(model.getLayer('sum'))).toThrow(/sum \(Add\) has no filters/);
    model.dispose();
  });

  it('a step of a convolution takes tensors as well', () => {
    const [one, edge] = [tf.ones([4, 4]), tf.ones([2, 2])];
    showConvolution(one, edge, [1, 1], { bias: 1 });
    showConvolution(picture(4, 4), arrayOf(numbers(4), [2, 2]), [0, 0]);
    expect(outputs[0].data['text/plain']).toContain('All products added up: 1 + 1 + 1 + 1 = 4. Plus the bias 1: 5 is');
    tf.dispose([one, edge]);
  });
});

describe('in a terminal', () => {
  it('the words are printed', () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    showFilters(arrayOf(numbers(9), [3, 3, 1, 1]));
    expect(log).toHaveBeenCalledWith('Filters: 1 of 3 × 3 × 1');
    log.mockRestore();
  });
});
