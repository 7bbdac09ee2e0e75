import { classCountsFigure, historyFigure, imageSizesFigure, toSvg, type Figure, type History } from '@course/lib';
import { describe, expect, it } from 'vitest';
import { arrayOf } from '../../../lib/src/arrays';

const history: History = {
  epoch: [0, 1, 2],
  history: { loss: [0.5, 0.3, 0.1], acc: [0.8, 0.9, 0.97], val_loss: [0.4, 0.25, 0.3], val_acc: [0.85, 0.92, 0.91] },
  seconds: [1, 1, 1],
  within: { at: [0.5, 1, 1.5, 2, 2.5, 3],
    measures: { loss: [0.6, 0.4, 0.35, 0.25, 0.12, 0.08], acc: [0.7, 0.9, 0.9, 0.9, 0.96, 0.98] } },
};

/** The picture without the samples of its legend. */
const withoutLegend = (svg: string): string => svg.replace(/<g class="legend">.*?<\/g>/, '');

const count = (text: string, part: string): number => text.split(part).length - 1;

describe('historyFigure', () => {
  it('draws training and validation of the loss and of the accuracy', () => {
    const { data, layout } = historyFigure(history);
    expect(data.map(({ name, xaxis }) => [name, xaxis])).toEqual([
      ['over-fitting', undefined], ['training', undefined], ['validation', undefined], ['training', 'x2'],
      ['validation', 'x2']]);
    expect(layout.yaxis?.title?.text).toBe('loss');
    expect(layout.yaxis2?.title?.text).toBe('accuracy');
  });

  it('puts a validation point at the end of its epoch and a training point at the middle of what it averages', () => {
    const { data } = historyFigure(history);
    expect(data[2].x).toEqual([1, 2, 3]);
    expect(data[1].x).toEqual([0.25, 0.75, 1.25, 1.75, 2.25, 2.75]);
  });

  it('marks the epoch with the lowest validation loss, in the panel of the loss', () => {
    const { layout } = historyFigure(history);
    expect(layout.annotations?.map(({ text, x, xref }) => [text, x, xref]))
      .toEqual([['lowest: epoch 2 (0.250)', 2, 'x']]);
  });

  it('says in words what it shows', () => {
    expect(historyFigure(history).layout.meta.alt).toBe(
      'Curves of loss and accuracy over 3 epochs. At the end: loss 0.1000, validation 0.3000; accuracy ' +
        '0.9700, validation 0.9100. ' +
        'The validation loss is lowest after epoch 2, from where on the network over-fits.');
  });

  it('shades the gap between the losses from the best epoch to the last one', () => {
    const [area] = historyFigure(history).data;
    // Along the validation from epoch 2 to 3, and back along the training curve, whose points lie between.
    expect(area).toMatchObject({ fill: 'toself', x: [2, 3, 3, 2.75, 2.25, 2], y: [0.25, 0.3, 0.08, 0.08, 0.12, 0.12] });
  });

  it('shades nothing while the last epoch is the best, or where validation is no worse than training', () => {
    const names = (measures: History['history']): unknown[] =>
      historyFigure({ ...history, history: measures }).data.map(({ name }) => name);
    expect(names({ ...history.history, val_loss: [0.4, 0.3, 0.2] })).not.toContain('over-fitting');
    expect(names({ ...history.history, val_loss: [0.04, 0.01, 0.02] })).not.toContain('over-fitting');
    expect(names({ loss: [0.5, 0.3, 0.1] })).not.toContain('over-fitting');
  });

  it('keeps the axis of the planned epochs while only a part is done', () => {
    expect(historyFigure(history, { epochs: 40 }).layout.xaxis?.range).toEqual([0, 40]);
  });

  it('looks at what comes after the steep first half epoch, and at all of it before there is more', () => {
    const at = [0.01, 0.25, 0.5, 0.75, 1, 1.5, 2];
    const loss = [2.3, 1, 0.5, 0.2, 0.1, 0.08, 0.05];
    const steep: History = { epoch: [0], history: { loss: [0.5] }, seconds: [1], within: { at, measures: { loss } } };
    const [low, high] = historyFigure(steep).layout.yaxis!.range!;
    expect(low).toBe(0);
    expect(high).toBeGreaterThan(0.2);
    expect(high).toBeLessThan(0.5);
    const early = { ...steep, epoch: [], history: {},
      within: { at: at.slice(0, 3), measures: { loss: loss.slice(0, 3) } } };
    expect(historyFigure(early).layout.yaxis!.range).toBeUndefined();
  });

  it('has one panel for a training without metrics, and works before anything is known', () => {
    const none: History = { epoch: [], history: {}, seconds: [], within: { at: [], measures: {} } };
    expect(historyFigure(none).layout.xaxis2).toBeUndefined();
    expect(() => toSvg(historyFigure(none))).not.toThrow();
  });

  it('stays small for a long training: at most 400 points a curve, whose mean is that of all points', () => {
    const at = Array.from({ length: 10_000 }, (_, i) => (i + 1) / 250);
    const loss = at.map((x) => 1 / x);
    const { data } = historyFigure({ ...history, within: { at, measures: { loss } } });
    expect(data[0].x.length).toBeLessThanOrEqual(400);
    const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(data[0].y as number[])).toBeCloseTo(mean(loss), 3);
  });
});

describe('classCountsFigure', () => {
  it('counts each class, also one without images', () => {
    const { data } = classCountsFigure([0, 2, 2, 0, 2], ['cat', 'dog', 'bird']);
    expect(data[0]).toMatchObject({ x: ['cat', 'dog', 'bird'], y: [2, 0, 3], text: ['2', '0', '3'] });
  });

  it('refuses a label without a name', () => {
    expect(() => classCountsFigure([0, 3], ['cat', 'dog']))
      .toThrow(/label 1 is 3; expected a whole number from 0 to 1/);
  });
});

describe('classCountsFigure of several parts', () => {
  const figure = classCountsFigure({ training: [0, 0, 1], validation: [1] }, ['cat', 'dog']);

  it('has bars of its own for each part, named in the legend and in words', () => {
    expect(figure.data.map(({ name, y }) => [name, y])).toEqual([['training', [2, 1]], ['validation', [0, 1]]]);
    expect(figure.layout.showlegend).toBe(true);
    expect(figure.layout.meta.alt).toBe('Images in each class. training: cat: 2, dog: 1; validation: cat: 0, dog: 1.');
  });

  it('draws them side by side, around the middle of their class', () => {
    const bars = [...withoutLegend(toSvg(figure))
      .matchAll(/<rect x="([\d.]+)" y="[^"]*" width="([\d.]+)" height="[^"]*" fill="(#\w{6})"/g)]
      .map(([, x, width, fill]) => ({ x: Number(x), end: Number(x) + Number(width), fill }));
    const [trainingCat, , validationCat] = bars;
    expect(bars.map(({ fill }) => fill)).toEqual(['#0072B2', '#0072B2', '#D55E00', '#D55E00']);
    expect(trainingCat.end).toBeCloseTo(validationCat.x, 0);
    const middle = Number(/<text x="([\d.]+)"[^>]*>cat</.exec(toSvg(figure))?.[1]);
    expect(trainingCat.end).toBeCloseTo(middle, 0);
  });
});

describe('imageSizesFigure', () => {
  const sizes = arrayOf(Int32Array.of(200, 150, 200, 150, 100, 200, 200, 150, 200, 150), [5, 2]);

  it('has one marker a size, whose area tells how many images have it', () => {
    const [trace] = imageSizesFigure(sizes).data;
    expect(trace).toMatchObject({ x: [200, 100], y: [150, 200], marker: { size: [30, 15] },
      text: ['200 × 150: 4 images', '100 × 200: 1 image'] });
  });

  it('draws each marker as large as it is, within the axes, and the size to come as a rectangle', () => {
    const svg = toSvg(imageSizesFigure(sizes, [32, 48]));
    expect([...withoutLegend(svg).matchAll(/<circle [^>]*r="([\d.]+)"/g)].map(([, radius]) => Number(radius)))
      .toEqual([15, 7.5]);
    expect(svg).toMatch(/<polyline points="[\d.]+,[\d.]+ [\d.]+,[\d.]+ [\d.]+,[\d.]+"[^>]*stroke-dasharray/);
    expect(svg).toContain('brought to 48 × 32');
    expect(svg).not.toMatch(/NaN|undefined/);
  });

  it('gives each part a colour, a shape and a name', () => {
    const figure = imageSizesFigure({ cats: sizes, dogs: sizes, birds: sizes });
    expect(figure.data.map(({ name }) => name)).toEqual(['cats', 'dogs', 'birds']);
    expect(new Set(figure.data.map((trace) => trace.type === 'scatter' && trace.marker?.color)).size).toBe(3);
    expect(figure.layout.showlegend).toBe(true);
    const marks = withoutLegend(toSvg(figure)).split('<g class="scatter"').slice(1);
    expect(marks.map((group) => group.match(/<(circle|rect) /g))).toEqual([['<circle ', '<circle '], ['<rect ', '<rect '], ['<rect ', '<rect ']]);
    expect(marks.map((group) => group.includes('rotate(45'))).toEqual([false, false, true]);
    // A square is as wide as the circle in its place: 30 pixels.
    expect(marks[1]).toMatch(/<rect [^>]*width="30" height="30"/);
  });

  it('says in words what it shows', () => {
    expect(imageSizesFigure(sizes, [32, 48]).layout.meta.alt).toBe(
      'Sizes of 5 images: width 100 to 200, height 150 to 200 pixels. They will be brought to 48 × 32.');
  });

  it('refuses another shape, and no images', () => {
    expect(() => imageSizesFigure(arrayOf(new Int32Array(3), [3])))
      .toThrow(/shape \[3\]; expected \[n, 2\], width and height/);
    expect(() => imageSizesFigure(arrayOf(new Int32Array(0), [0, 2]))).toThrow(/got no sizes/);
  });
});

describe('toSvg', () => {
  const points = (svg: string): number[][][] =>
    [...svg.matchAll(/<polyline points="([^"]*)"/g)]
      .map(([, list]) => list.split(' ').map((pair) => pair.split(',').map(Number)));

  it('is well-formed, has a title for screen readers, and needs nothing from elsewhere', () => {
    const svg = toSvg(historyFigure(history));
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 900 360"/);
    expect(svg).toContain('<title>Curves of loss and accuracy');
    expect(svg).not.toMatch(/<script|href|url\([^#]|NaN|undefined/);
    for (const tag of ['g', 'text', 'svg', 'title']) expect(count(svg, `<${tag}>`) + count(svg, `<${tag} `))
      .toBe(count(svg, `</${tag}>`));
  });

  it('draws each curve with all its points, higher values higher up', () => {
    const curves = points(toSvg(historyFigure(history)));
    expect(curves.map((curve) => curve.length)).toEqual([6, 3, 6, 3]);
    const [first, , last] = curves[1];
    expect(first[0]).toBeLessThan(last[0]);
    expect(first[1]).toBeLessThan(last[1]);
  });

  it('places values in proportion between the ticks of the axis', () => {
    const figure: Figure = {
      data: [{ type: 'scatter', mode: 'lines', x: [0, 5, 10], y: [0, 5, 10] }],
      layout: { height: 300, xaxis: { range: [0, 10], dtick: 5 }, yaxis: { range: [0, 10] }, meta: { alt: 'a line' } },
    };
    const svg = toSvg(figure, 500);
    const [[start, middle, end]] = points(svg);
    expect(middle[0]).toBeCloseTo((start[0] + end[0]) / 2);
    expect(start).toEqual([60, 250]);
    expect(end).toEqual([480, 40]);
    expect(svg).toMatch(/<text x="270" y="268"[^>]*>5<\/text>/);
  });

  it('draws one bar a class, from zero, as high as its count', () => {
    const svg = toSvg(classCountsFigure([0, 0, 0, 1], ['cat', 'dog']));
    const heights = [...svg.matchAll(/<rect x="[^"]*" y="[^"]*" width="[^"]*" height="([\d.]+)" fill="#0072B2"/g)]
      .map(([, height]) => Number(height));
    expect(heights).toHaveLength(2);
    expect(heights[0] / heights[1]).toBeCloseTo(3, 1);
  });

  it('escapes names that come from data', () => {
    const svg = toSvg(classCountsFigure([0], ['<script>&"']));
    expect(svg).toContain('&#60;script&#62;&#38;&#34;');
    expect(svg).not.toContain('<script>');
  });

  it('shows numbers that are not finite as gaps, not as NaN', () => {
    const broken: History = { ...history, history: { ...history.history, val_loss: [NaN, 0.2, Infinity] } };
    const drawn = toSvg(historyFigure(broken)).replace(/<title>.*?<\/title>/, '');
    expect(drawn).not.toMatch(/NaN|Infinity/);
    expect(drawn).toContain('lowest: epoch 2 (0.200)');
  });
});
