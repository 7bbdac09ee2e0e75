import { tf } from '@course/lib';
import { describe, expect, it } from 'vitest';
import { figureBundle } from '../../../lib/src/display/figures';
import { exampleFigures } from '../../support/figures';

describe('a figure', () => {
  const tensors = tf.memory().numTensors;
  const figures = Object.entries(exampleFigures());
  it('of a model leaves no tensors', () => expect(tf.memory().numTensors).toBe(tensors));

  it.each(figures)('of %s costs less than 200 kB in a saved notebook, all forms together', (_name, figure) => {
    expect(JSON.stringify(figureBundle(figure)).length).toBeLessThan(200_000);
  });

  it.each(figures)('of %s has words, titles, a height for a small screen, and nothing from elsewhere', (_, figure) => {
    const { layout } = figure;
    expect(layout.meta.alt).toMatch(/\d.*\.$/s);
    expect(layout.meta.alt).not.toMatch(/NaN|undefined/);
    expect(layout.xaxis?.title?.text).toBeTruthy();
    expect(layout.yaxis?.title?.text ?? layout.yaxis?.type).toBeTruthy();
    expect(layout.height).toBeLessThanOrEqual(450);
    const svg = figureBundle(figure).data['image/svg+xml'] as string;
    expect(svg).not.toMatch(/NaN|undefined|<script|href="(?!data:)|url\([^#]/);
  });
});
