import { describe, expect, it } from 'vitest';
import { PNG } from 'pngjs';
import { arrayOf } from '../../../lib/src/arrays';
import type { LayerActivation } from '../../../lib/src/inspection/activations';
import type { Classification } from '../../../lib/src/inspection/classify';
import { statisticsOf } from '../../../lib/src/inspection/statistics';
import { classificationHtml, classificationText } from '../../../lib/src/plots/classification';

function layer(name: string, type: string, shape: number[], weights: Record<string, number[]> = {}): LayerActivation {
  const filled = (sizes: number[]) => {
    const count = sizes.reduce((product, size) => product * size, 1);
    return arrayOf(Float32Array.from({ length: count }, (_, i) => Math.sin(i)), sizes);
  };
  const values = filled(shape);
  return {
    name, type, shape, values, statistics: statisticsOf(values),
    weights: Object.entries(weights).map(([weight, sizes]) => ({ name: weight, values: filled(sizes) })),
  };
}

const classification: Classification = {
  top: [{ className: 'seven <7>', probability: 0.98 }, { className: 'one', probability: 0.02 }],
  classNames: Array.from({ length: 10 }, (_, i) => `class ${i}`),
  original: arrayOf(new Uint8Array(100 * 50 * 3).fill(200), [100, 50, 3]),
  picture: arrayOf(new Uint8Array(784), [28, 28]),
  layers: [
    layer('conv', 'Conv2D', [24, 24, 20], { kernel: [5, 5, 12, 20], bias: [20] }),
    layer('pool', 'MaxPooling2D', [12, 12, 20]),
    layer('dense', 'Dense', [10], { kernel: [500, 10], bias: [10] }),
  ],
};

describe('classificationHtml', () => {
  const html = classificationHtml(classification);

  it('shows the picture as it was and as the model gets it, and the classes with bar and number', () => {
    expect(html).toContain('alt="The picture" width="84" height="168"');
    expect(html).toContain('alt="What the model gets: 28 × 28, grey" width="168" height="168"');
    expect(html).toMatch(/<th scope="row"[^>]*>seven &#60;7&#62;<\/th><td[^>]*>0\.98<\/td>/);
    expect(html).toContain('width: 196px');
  });

  it('shows each layer with its weights, their shape, mean, standard deviation and histogram', () => {
    const sections = html.split('<section style="border-top').slice(1);
    expect(sections).toHaveLength(3);
    expect(sections[0]).toContain('Weights of conv');
    expect(sections[0]).toContain('Of the kernel the first 16 of 20 filters, the first 8 of 12 channels');
    expect(sections[0]).toMatch(
      /<strong>kernel<\/strong> · 5 × 5 × 12 × 20<\/div><div><small>mean [^,]+, standard deviation 0\.707,/);
    expect(sections[0]).toContain('alt="histogram of kernel: 6,000 numbers from −1 to 1"');
    expect(sections[0]).toContain('alt="histogram of bias: 20 numbers');
    expect(sections[1]).not.toContain('Weights of');
    expect(sections[1]).toContain('alt="histogram of what the layer puts out, without zeros: 2,879 numbers');
    expect(sections[2]).toContain('class 9');
    expect(sections[2]).toContain('500 inputs, a row each, and 10 outputs, a column each');
    expect(sections[2]).toContain('Each cell is the mean of 4 × 4.');
  });

  it('needs no script and is small', () => {
    expect(html).not.toContain('<script');
    expect(html.length).toBeLessThan(150_000);
  });

  it('draws a histogram whose highest bar fills it', () => {
    const values = arrayOf(Float32Array.of(0, 0, 0, 1), [4]);
    const bias = { name: 'bias', values };
    const one = { ...layer('d', 'Dense', [4]), values, weights: [bias] };
    const drawn = classificationHtml({ ...classification, layers: [one] });
    const [, code] = /base64,([^"]+)" alt="histogram of bias/.exec(drawn)!;
    const { data, width, height } = PNG.sync.read(Buffer.from(code, 'base64'));
    const isBlue = (x: number, y: number): boolean => data[(y * width + x) * 4] === 0;
    expect([isBlue(0, 0), isBlue(width - 2, 0), isBlue(width - 2, height - 16), isBlue(80, height - 1)])
      .toEqual([true, false, true, false]);
  });

  it('says that there is no prediction where the answer is NaN', () => {
    expect(classificationText([])).toMatch(/^No prediction/);
    expect(classificationHtml({ ...classification, top: [] })).toContain('<strong>No prediction: the model’s answer');
  });
});

describe('classificationText', () => {
  it('names the classes with their probabilities', () => {
    expect(classificationText(classification.top)).toBe('seven <7> (0.98), one (0.02)');
  });
});
