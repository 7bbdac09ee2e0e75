import {
  classCountsFigure, confusionFigure, histogramFigure, historyFigure, lineFitFigure, lossSurfaceFigure,
  memoryFigure, modelPicture, toSvg, weightsFigure, type Figure, type MemoryAccount,
} from '@course/lib';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { arrayOf } from '../../../lib/src/arrays';
import type { BarTrace } from '../../../lib/src/plots/figure';
import { figureBundle } from '../../../lib/src/display/figures';

const names = (count: number, letters = 0): string[] =>
  Array.from({ length: count }, (_, i) => `${i}`.padEnd(letters, 'x'));

const diagonal = (classes: number): number[][] =>
  Array.from({ length: classes }, (_, i) => Array.from({ length: classes }, (_, j) => (i === j ? 9 : (i + j) % 3)));

/** The pictures in a picture. */
const pictures = (svg: string): PNG[] =>
  [...svg.matchAll(/base64,([^"]+)"/g)].map(([, png]) => PNG.sync.read(Buffer.from(png, 'base64')));

const pixel = ({ data, width }: PNG, row: number, column: number): number[] =>
  [...data.subarray((row * width + column) * 4, (row * width + column) * 4 + 4)];

describe('a heat map of many cells', () => {
  it('leaves holes transparent, so that right and wrong of a confusion matrix are both seen', () => {
    const [right, wrong] = pictures(toSvg(confusionFigure(diagonal(40), names(40))));
    expect([pixel(right, 3, 3)[3], pixel(wrong, 3, 3)[3]]).toEqual([255, 0]);
    expect([pixel(right, 3, 4)[3], pixel(wrong, 3, 4)[3]]).toEqual([0, 255]);
  });

  it.each([4, 64])('shows weights that are no numbers in a colour of their own (%i rows)', (rows) => {
    const values = new Float32Array(rows * 64).fill(0.5);
    values[65] = NaN;
    const figure = weightsFigure(arrayOf(values, [rows, 64]));
    expect(figure.data).toHaveLength(2);
    const svg = toSvg(figure);
    if (rows > 14) expect(pixel(pictures(svg)[1], 1, 1)).toEqual([0xf0, 0xe4, 0x42, 255]);
    else expect(svg.match(/fill="#f0e442"/g)).toHaveLength(1);
    expect(figure.layout.meta.alt).toContain('mean 0.5000, standard deviation 0.0000, and 1 not finite');
    expect(figure.layout.meta.alt).not.toContain('NaN');
  });
});

/** Texts of a picture with their places, with turned ones left out. */
const texts = (svg: string): { x: number; y: number; anchor: string; content: string }[] =>
  [...svg.replace(/<g transform="rotate.*?<\/g>/g, '')
    .matchAll(/<text x="([-\d.]+)" y="([-\d.]+)" text-anchor="(\w+)"[^>]*>([^<]*)</g)]
    .map(([, x, y, anchor, content]) => ({ x: Number(x), y: Number(y), anchor, content }));

const heightOf = (svg: string): number => Number(/height="([\d.]+)"/.exec(svg)![1]);

describe('histogramFigure of numbers far from zero', () => {
  it.each([
    [[100000.1, 100000.2, 100000.3]], [[1e8, 1e8 + 1e-7]], [[1e20, 1e20]], [[1e8, 1e8 + 1e-3]], [[-3e-9, 4e-9]],
  ])('draws every value of %j within the axes', (values) => {
    const figure = histogramFigure(values);
    expect(figure.data[0].y.reduce((sum: number, count) => sum + Number(count), 0)).toBe(values.length);
    const svg = toSvg(figure);
    expect(svg).not.toMatch(/NaN|Infinity/);
    const bars = [...svg.matchAll(/<rect x="([-\d.]+)" y="[^"]+" width="([\d.]+)" height="([\d.]+)" fill="#0072B2"/g)]
      .map(([, x, width, height]) => ({ x: Number(x), width: Number(width), height: Number(height) }))
      .filter(({ height }) => height > 0);
    expect(bars.length).toBeGreaterThanOrEqual(new Set(values).size === 1 ? 1 : 2);
    for (const { x, width } of bars) {
      expect(x).toBeGreaterThanOrEqual(79.9);
      expect(x + width).toBeLessThanOrEqual(880.1);
    }
  });

  it('labels no tick over another', () => {
    const labels = texts(toSvg(histogramFigure([100000.1, 100000.2, 100000.3])))
      .filter(({ y, anchor }) => y === 286 && anchor === 'middle');
    expect(labels.length).toBeGreaterThan(2);
    labels.slice(1).forEach(({ x, content }, i) => expect(x - labels[i].x).toBeGreaterThan(content.length * 7));
  });

  it('refuses marks that are no numbers, and more bins than a screen has room for', () => {
    expect(() => histogramFigure([1, 2], { marks: { bound: NaN } })).toThrow(/mark "bound" is NaN; expected a finite/);
    expect(() => histogramFigure([1, 2], { bins: 1e5 })).toThrow(/bins is 100000; expected .* at most 500/);
  });
});

describe('histogramFigure with marks', () => {
  const before = Array.from({ length: 2001 }, (_, i) => ((i - 1000) / 1000) * 0.07499);
  const after = [-0.31, ...before, 0.2];

  it('has no bar of values within the marks that reaches over them', () => {
    const { data } = histogramFigure({ before, after }, { marks: { '-a': -0.075, a: 0.075 } });
    const [bar, all] = data as BarTrace[];
    const ends = bar.x.map(Number).filter((_, i) => Number(bar.y[i]) > 0)
      .flatMap((x) => [x - bar.width! / 2, x + bar.width! / 2]);
    expect(Math.min(...ends)).toBeCloseTo(-0.075, 5);
    expect(Math.max(...ends)).toBeCloseTo(0.075, 5);
    expect(all.y.reduce((sum: number, count) => sum + Number(count), 0)).toBe(after.length);
    expect(Math.abs(bar.x.length - 50)).toBeLessThan(6);
  });

  it('has about as many bins when the marks lie close together', () => {
    const { data } = histogramFigure(after, { marks: { a: 0.1, b: 0.1000001 } });
    expect(Math.abs(data[0].x.length - 50)).toBeLessThan(3);
  });
});

describe('a long legend', () => {
  it.each([
    ['lines', lineFitFigure({ x: [0, 1], y: [0, 1] }, Array.from({ length: 9 }, (_, i) => ({ m: i, b: 0,
      name: `learning rate ${i}` })))],
    ['lists', histogramFigure(Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`layer number ${i}`, [i, 1]])))],
  ])('of %s makes the picture higher and leaves the plot as high as it was', (_, figure) => {
    const svg = toSvg(figure);
    const legend = /<g class="legend">.*?<\/g>/.exec(svg)![0];
    expect(Math.min(...texts(legend).map(({ y }) => y))).toBeGreaterThan(12);
    const plot = (picture: string): number => Number(/<clipPath[^>]*><rect [^>]*height="([\d.]+)"/.exec(picture)![1]);
    expect(plot(svg)).toBe(plot(toSvg({ ...figure, layout: { ...figure.layout, showlegend: false } })));
    expect(heightOf(svg)).toBeGreaterThan(figure.layout.height);
  });
});

describe('names of classes', () => {
  it('stand upright, within the picture, where they are too long to stand beside each other', () => {
    const long = names(10, 18);
    for (const figure of [classCountsFigure([0, 1], long), confusionFigure(diagonal(10), long)]) {
      const svg = toSvg(figure);
      const turned = [...svg.matchAll(/<g transform="rotate\(-90 ([\d.]+) ([\d.]+)\)"><text [^>]*>([^<]*)</g)]
        .filter(([, , , name]) => long.includes(name));
      expect(turned).toHaveLength(10);
      expect(heightOf(svg) - Number(turned[0][2])).toBeGreaterThan(18 * 7);
      expect(figure.layout.xaxis?.tickangle).toBe(-90);
    }
  });

  it('are left out, and so are numbers, where 100 have no room', () => {
    const hundred = names(100);
    const counts = classCountsFigure(Array.from({ length: 1200 }, (_, i) => i % 100), hundred);
    expect(counts.layout.xaxis?.tickvals).toHaveLength(50);
    expect(counts.data[0].text).toBeUndefined();
    const { layout } = confusionFigure(diagonal(100), hundred);
    expect(layout.yaxis?.tickvals).toHaveLength(25);
    expect(layout.height).toBe(450);
    const svg = toSvg(confusionFigure(diagonal(100), hundred));
    const down = texts(svg).filter(({ anchor }) => anchor === 'end').map(({ y }) => y);
    expect(down).toHaveLength(25);
    down.slice(1).forEach((y, i) => expect(y - down[i]).toBeGreaterThan(12));
  });

  it('are cut where they would fill the picture, and stay apart', () => {
    const { data, layout } = classCountsFigure([0, 1], ['a'.repeat(40), `${'a'.repeat(40)}b`]);
    expect(data[0].x).toEqual([`${'a'.repeat(14)}… 1`, `${'a'.repeat(14)}… 2`]);
    expect(layout.meta.alt).toContain(`${'a'.repeat(40)}b: 1`);
  });

  it('are refused where two are the same: their cells and bars would be one', () => {
    expect(() => confusionFigure(diagonal(3), ['cat', 'dog', 'cat'])).toThrow(/got the class name "cat" twice/);
    expect(() => classCountsFigure([0], ['cat', 'cat'])).toThrow(/got the class name "cat" twice/);
  });

  it('lose what no XML may hold', () => {
    const svg = toSvg(classCountsFigure([0], ['a\u0000\u001b\ud800b\u{1f431}\n']));
    expect(svg).toContain('>ab\u{1f431}\n<');
    expect(svg).not.toMatch(/[\u0000\u001b]|\p{Surrogate}/u);
  });
});

describe('historyFigure of negative losses', () => {
  it('has those after the steep beginning within the axis', () => {
    const figure = historyFigure({ epoch: [0, 1, 2], history: { loss: [-1, -3, -5] }, seconds: [1, 1, 1],
      within: { at: [], measures: {} } });
    expect(figure.layout.yaxis!.range![0]).toBeLessThan(-5);
    expect(figure.layout.yaxis!.range![1]).toBeGreaterThan(-3);
  });
});

const item = (name: string, bytes: number): { name: string; bytes: number; how: string } => ({ name, bytes, how: '' });

const account = { items: [item('Weights', 3e6), item('Batch', 1e6)], weights: item('Weights', 3e6),
  activations: item('Activations', 0), intermediates: item('Intermediates', 0), update: item('Update', 0),
  batch: item('Batch as fed', 0), largestLayerBytes: 1e5, notCounted: [] } as unknown as MemoryAccount;

describe('memoryFigure with a long name', () => {
  it('cuts it, so that the bars stay in the picture', () => {
    const name = 'a model with a name that tells everything about it, and more'.repeat(3);
    const figure = memoryFigure([{ name, account }]);
    expect(figure.layout.margin!.l).toBeLessThan(450);
    expect(figure.layout.meta.alt).toContain(`${name}, training step`);
  });
});

describe('a figure of much data', () => {
  const many = Array.from({ length: 10_000 }, (_, i) => Math.sin(i) * 10);
  const path = Array.from({ length: 5000 }, (_, i): [number, number] => [i / 1234.5678, Math.cos(i)]);
  const figures: [string, Figure][] = [
    ['a confusion matrix', confusionFigure(diagonal(100), names(100, 12))],
    ['a path', lossSurfaceFigure((m, b) => m * m + b * b + 1, { m: [-5, 5], b: [-5, 5], paths: [{ name: 'a',
      points: path }] })],
    ['points', lineFitFigure({ x: many, y: many }, [{ m: 1, b: 0, name: 'start' }])],
    ['bins', histogramFigure({ a: many, b: many }, { bins: 500 })],
  ];

  it.each(figures)('costs less than 200 kB in a saved notebook: %s', (_, figure) => {
    expect(JSON.stringify(figureBundle(figure)).length).toBeLessThan(200_000);
  });

  it('keeps the first and the last point of a path', () => {
    const { x } = figures[1][1].data[2];
    expect([x.length, x[0], x.at(-1)]).toEqual([500, 0, 4.0492]);
    expect(figures[1][1].layout.meta.alt).toContain('a: 5,000 points from m 0, b 1 with');
  });

  it('says that it shows a part of the points, and tells the loss of all', () => {
    const { data, layout } = figures[2][1];
    expect(data.at(-1)).toMatchObject({ name: 'data (500 of 10,000 points)' });
    expect(layout.meta.alt).toMatch(/^10,000 points and 1 line\. start: .*error 0\. Drawn are 500 of the points\.$/);
  });
});

describe('memoryFigure of layers that are not counted', () => {
  it('says so in the picture and in words', () => {
    const { layout } = memoryFigure({ ...account, notCounted: ['custom'] } as unknown as MemoryAccount);
    expect(layout.xaxis!.title!.text).toBe('memory in MB, without 1 layer that is not counted');
    expect(layout.meta.alt).toContain('not counted: custom.');
    expect(memoryFigure(account).layout.meta.alt).not.toContain('not counted');
  });
});

describe('modelPicture', () => {
  it('refuses what is no model', () => {
    expect(() => modelPicture(undefined as never)).toThrow(/got undefined; expected a model/);
  });
});

describe('the words of a figure', () => {
  it('have no numbers that are none', () => {
    expect(histogramFigure({ before: [1, 2], after: [NaN, NaN] }).layout.meta.alt)
      .toContain('after: no finite values, 2 that are not finite.');
    expect(histogramFigure({ before: [1, 2], after: [] }).layout.meta.alt).toContain('after: no finite values.');
    expect(histogramFigure([3, NaN]).layout.meta.alt).toBe('Histogram of value. 1 value, 3, and 1 that is not finite.');
  });

  it('have no path from a point to itself, and no memory of 0.0', () => {
    const loss = (m: number, b: number): number => m * m + b * b + 1;
    const { alt } = lossSurfaceFigure(loss, { m: [0, 1], b: [0, 1], paths: [{ name: 'a', points: [[1, 1]] },
      { name: 'b', points: [] }] }).layout.meta;
    expect(alt).toContain(' a: 1 point, m 1, b 1 with loss 3. b: no points.');
    expect(memoryFigure({ ...account, items: [item('Weights', 4)], weights: item('Weights', 4), largestLayerBytes: 0,
    } as unknown as MemoryAccount).layout.meta.alt).toBe('Memory. training step: less than 0.1 kB (Weights less than ' +
      '0.1); prediction: less than 0.1 kB (Weights less than 0.1).');
  });
});
