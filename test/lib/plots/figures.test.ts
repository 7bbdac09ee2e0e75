import {
  confusionFigure, histogramFigure, learningRateFigure, lineFitFigure, lossSurfaceFigure, memoryAccount, memoryFigure,
  modelPicture, tf,
  toSvg, weightsFigure, type Figure,
} from '@course/lib';
import { PNG } from 'pngjs';
import { afterAll, describe, expect, it } from 'vitest';
import { arrayOf } from '../../../lib/src/arrays';
import type { BarTrace, HeatmapTrace, ScatterTrace } from '../../../lib/src/plots/figure';

const tensorsBefore = tf.memory().numTensors;
afterAll(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

const heatmap = ({ data }: Figure, i = 0): HeatmapTrace => data[i] as HeatmapTrace;
const bars = ({ data }: Figure): BarTrace[] => data.filter((trace): trace is BarTrace => trace.type === 'bar');
const lines = ({ data }: Figure): ScatterTrace[] =>
  data.filter((trace): trace is ScatterTrace => trace.type === 'scatter');

describe('weightsFigure', () => {
  it('has a row for each input and a column for each output, the first input at the top', () => {
    const figure = weightsFigure(arrayOf(Float32Array.of(1, 2, 3, -4, 5, 6), [2, 3]));
    expect(heatmap(figure).z).toEqual([[1, 2, 3], [-4, 5, 6]]);
    expect(figure.layout.yaxis?.range).toEqual([1.5, -0.5]);
    expect(figure.layout.title?.text).toBe('Weights: 2 × 3 weights');
  });

  it('puts zero at the middle of the colours', () => {
    const { zmin, zmax, colorscale } = heatmap(weightsFigure(arrayOf(Float32Array.of(-0.5, 3), [1, 2])));
    expect([zmin, zmax]).toEqual([-3, 3]);
    expect(colorscale.find(([at]) => at === 0.5)?.[1]).toBe('#F7F7F7');
  });

  it('shows the mean of several weights in a cell where there are more than 100, and says so', () => {
    // 200 x 150 weights whose value is the number of their row: two rows and two columns a cell.
    const values = Float32Array.from({ length: 200 * 150 }, (_, i) => Math.floor(i / 150));
    const figure = weightsFigure(arrayOf(values, [200, 150]), { title: 'First' });
    expect(heatmap(figure).z).toHaveLength(100);
    expect(heatmap(figure).z[0]).toHaveLength(75);
    expect(heatmap(figure).z[7][0]).toBe(14.5);
    expect(heatmap(figure).y[7]).toBe(14.5);
    expect(figure.layout.title?.text).toBe('First: 200 × 150 weights; each cell is the mean of 2 × 2');
  });

  it('says the range of all weights, which a mean would hide', () => {
    const values = Float32Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? 1 : -1));
    expect(weightsFigure(arrayOf(values, [2, 200])).layout.meta.alt).toBe(
      'Weights: heat map of 2 × 200 weights from −1 to 1, mean 0.0000, standard deviation 1.0000; ' +
        'each cell is the mean of 1 × 2.');
  });

  it('lays out the window of a convolution as rows, and its filters as columns', () => {
    const figure = weightsFigure(arrayOf(Float32Array.from({ length: 36 }, (_, i) => i), [3, 3, 1, 4]));
    expect(heatmap(figure).z.map((row) => row[3])).toEqual([3, 7, 11, 15, 19, 23, 27, 31, 35]);
    expect(figure.layout.xaxis?.title?.text).toBe('filter');
  });

  it('reads a view of other weights in the right order', () => {
    const transposed = arrayOf(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]).transpose(1, 0);
    expect(heatmap(weightsFigure(transposed)).z).toEqual([[1, 4], [2, 5], [3, 6]]);
  });

  it('refuses a bias, and weights that are no numbers', () => {
    expect(() => weightsFigure(arrayOf(new Float32Array(3), [3]))).toThrow(/shape \[3\]; expected \[inputs, outputs\]/);
    expect(() => weightsFigure(arrayOf(Float32Array.of(NaN, NaN), [1, 2]))).toThrow(/no finite number.*learning rate/);
  });
});

describe('histogramFigure', () => {
  it('counts values in bins of equal width, the largest in the last one', () => {
    const [trace] = bars(histogramFigure([0, 0.5, 1, 2.5, 4], { bins: 4 }));
    expect(trace).toMatchObject({ x: [0.5, 1.5, 2.5, 3.5], y: [2, 1, 1, 1], width: 1 });
  });

  it('has the same bins for several lists, named in the legend', () => {
    const figure = histogramFigure({ before: [0, 1], after: [2, 2, 4] }, { bins: 2 });
    expect(bars(figure).map(({ name, x, y }) => [name, x, y]))
      .toEqual([['before', [1, 3], [2, 0]], ['after', [1, 3], [0, 3]]]);
    expect(figure.layout).toMatchObject({ barmode: 'overlay', showlegend: true });
  });

  it('marks values with a line and their name, and widens the axis to them', () => {
    const figure = histogramFigure([0, 1], { marks: { bound: 3 }, label: 'weight' });
    expect(lines(figure)[0].x).toEqual([3, 3]);
    expect(figure.layout.annotations?.map(({ text, x }) => [text, x])).toEqual([['bound 3', 3]]);
    expect(figure.layout.xaxis!.range![1]).toBeGreaterThan(3);
    expect(figure.layout.xaxis?.title?.text).toBe('weight');
  });

  it('counts every finite number of many, and says how many were none', () => {
    const values = Float32Array.from({ length: 10_001 }, (_, i) => Math.sin(i));
    values[5] = NaN;
    const figure = histogramFigure(values);
    expect((bars(figure)[0].y as number[]).reduce((a, b) => a + b)).toBe(10_000);
    const { alt } = figure.layout.meta;
    expect(alt).toMatch(/^Histogram of value\. 10,000 values from −1 to 1, mean .*, and 1 that is not finite\.$/);
  });

  it('shows equal values in a bin around them', () => {
    expect(bars(histogramFigure([7, 7], { bins: 1 }))[0]).toMatchObject({ x: [7], y: [2], width: 1 });
  });

  it('refuses to show nothing', () => {
    expect(() => histogramFigure([NaN])).toThrow(/no finite number/);
    expect(() => histogramFigure([1], { bins: 0 })).toThrow(/bins is 0/);
  });
});

describe('confusionFigure', () => {
  const figure = confusionFigure([[90, 10, 0], [1, 3, 0], [0, 0, 0]], ['cat', 'dog', 'bird']);
  const [right, wrong] = [heatmap(figure), heatmap(figure, 1)];

  it('colours by the share of the row: what is right on a scale of its own', () => {
    expect(right.z).toEqual([[0.9, NaN, NaN], [NaN, 0.75, NaN], [NaN, NaN, 0]]);
    expect(wrong.z).toEqual([[NaN, 0.1, 0], [0.25, NaN, 0], [0, 0, NaN]]);
    expect([right.zmax, wrong.zmax]).toEqual([1, 0.25]);
    expect(right.colorscale).not.toEqual(wrong.colorscale);
  });

  it('writes the counts into the cells, and nothing where there are none', () => {
    expect(right.text).toEqual([['90', '', ''], ['', '3', ''], ['', '', '']]);
    expect(wrong.text).toEqual([['', '10', ''], ['1', '', ''], ['', '', '']]);
  });

  it('has the first label at the top', () => {
    expect(figure.layout).toMatchObject({ xaxis: { title: { text: 'prediction' } },
      yaxis: { title: { text: 'label' }, autorange: 'reversed' } });
  });

  it('says how many are right, and the most frequent mistakes', () => {
    expect(figure.layout.meta.alt).toBe(
      'Confusion matrix of 3 classes: 93 of 104 right (89.4 %). ' +
        'Most frequent mistakes: cat taken for dog: 10; dog taken for cat: 1.');
  });

  it('refuses a matrix that is not square, or without names', () => {
    expect(() => confusionFigure([[1, 2]], ['cat'])).toThrow(/got 1 rows of 2 counts and 1 class names/);
    expect(() => confusionFigure([], [])).toThrow(/square matrix/);
  });
});

describe('learningRateFigure', () => {
  it('has a logarithmic axis, the rates in their order, and marks the one with the lowest loss', () => {
    const figure = learningRateFigure({ rates: [0.1, 0.001, 0.01], losses: [2, 1, 0.5] });
    expect(lines(figure)[0]).toMatchObject({ x: [0.001, 0.01, 0.1], y: [1, 0.5, 2] });
    expect(figure.layout.xaxis).toMatchObject({ type: 'log', tickvals: [0.001, 0.01, 0.1],
      ticktext: ['0.001', '0.01', '0.1'] });
    expect(figure.layout.annotations).toMatchObject([{ text: 'lowest: 0.01 (0.500)', x: -2, y: 0.5 }]);
  });

  it('leaves a gap where the training went astray', () => {
    const figure = learningRateFigure({ rates: [0.1, 1, 10], losses: [0.5, NaN, 1e30] });
    expect(lines(figure)[0].y).toEqual([0.5, NaN, NaN]);
    expect(figure.layout.meta.alt).toContain('With 2 of them the loss is no number, or too large');
  });

  it('refuses rates that are not above 0, and a sweep without any loss', () => {
    expect(() => learningRateFigure({ rates: [0], losses: [1] })).toThrow(/learning rate 0; expected numbers above 0/);
    expect(() => learningRateFigure({ rates: [1], losses: [NaN] })).toThrow(/smaller learning rates/);
    expect(() => learningRateFigure({ rates: [1, 2], losses: [1] })).toThrow(/got 2 learning rates and 1 losses/);
  });
});

describe('lineFitFigure', () => {
  const figure = lineFitFigure({ x: [0, 2], y: [1, 4] },
    [{ m: 0, b: 0, name: 'start' }, { m: 1, b: -1, name: 'later' }]);

  it('draws each line from end to end of the axis', () => {
    const [left, right] = figure.layout.xaxis!.range!;
    const line = lines(figure).find(({ name }) => name?.startsWith('later'))!;
    expect(line.x).toEqual([left, right]);
    expect(line.y).toEqual([left - 1, right - 1]);
    expect(line.name).toBe('later: y = 1.00 x − 1.00');
  });

  it('has a residual from each point to the last line, with gaps between', () => {
    expect(lines(figure)[0]).toMatchObject({ name: 'residuals', x: [0, 0, NaN, 2, 2, NaN],
      y: [1, -1, NaN, 4, 1, NaN] });
  });

  it('keeps its axes whatever the lines are', () => {
    const other = lineFitFigure({ x: [0, 2], y: [1, 4] }, [{ m: 100, b: 0, name: 'steep' }]);
    expect([other.layout.xaxis?.range, other.layout.yaxis?.range])
      .toEqual([figure.layout.xaxis?.range, figure.layout.yaxis?.range]);
  });

  it('says the mean squared error of each line', () => {
    expect(figure.layout.meta.alt).toBe(
      '2 points and 2 lines. start: y = 0.00 x + 0.00, mean squared error 8.5. ' +
        'later: y = 1.00 x − 1.00, mean squared error 6.5.');
  });

  it('shows points without a line, and refuses none', () => {
    expect(lines(lineFitFigure({ x: [1], y: [2] }, [])).map(({ name }) => name)).toEqual(['data']);
    expect(() => lineFitFigure({ x: [], y: [] }, [])).toThrow(/got 0 values of x/);
  });
});

describe('lossSurfaceFigure', () => {
  const loss = (m: number, b: number): number => 10 ** (m + b);
  const figure = lossSurfaceFigure(loss, { m: [0, 2], b: [-1, 1], paths: [{ name: 'way', points: [[0, 0], [1, 0.5]] }],
    best: [0, -1] });

  it('shows the logarithm of the loss at the middle of each cell', () => {
    const { x, y, z } = heatmap(figure);
    expect([z.length, z[0].length]).toEqual([y.length, x.length]);
    for (const [i, j] of [[0, 0], [5, 9], [47, 59]]) expect(z[i][j]).toBeCloseTo(Number(x[j]) + Number(y[i]), 2);
  });

  it('labels the colours with the loss itself', () => {
    const { tickvals, ticktext } = heatmap(figure).colorbar!;
    expect(ticktext).toContain('10');
    expect(tickvals![ticktext!.indexOf('10')]).toBe(1);
  });

  it('draws the path over the surface, from a larger first point', () => {
    const way = lines(figure).find(({ name }) => name === 'way')!;
    expect(way).toMatchObject({ x: [0, 1], y: [0, 0.5], marker: { size: [12, 5] } });
    expect(lines(figure).find(({ name }) => name === 'lowest loss')).toMatchObject({ x: [0], y: [-1] });
  });

  it('says where the paths begin and end', () => {
    expect(figure.layout.meta.alt).toContain('way: 2 points from m 0, b 0 with loss 1 to m 1, b 0.5 with loss 31.62. ');
    expect(figure.layout.meta.alt).toContain('The loss is lowest at m 0, b −1 with loss 0.1.');
  });

  it('bears a loss of 0, and refuses an empty range', () => {
    expect(heatmap(lossSurfaceFigure((m) => Math.max(0, m), { m: [-1, 1], b: [0, 1] })).z.flat().every(Number.isFinite))
      .toBe(true);
    expect(() => lossSurfaceFigure(loss, { m: [1, 1], b: [0, 1] })).toThrow(/range of m is 1 to 1/);
    expect(() => lossSurfaceFigure(() => NaN, { m: [0, 1], b: [0, 1] })).toThrow(/nowhere a number above 0/);
  });
});

describe('memoryFigure', () => {
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 1000, inputShape: [999] })] });
  model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
  const account = memoryAccount(model, { batchSize: 10 });
  const figure = memoryFigure([{ name: 'small', account }]);
  model.dispose();

  it('piles up what the account has, in MB, for training and for prediction', () => {
    // (999 + 1) x 1000 weights of 4 bytes are 4 MB; the batch is 10 x 999 x 4 bytes.
    const pieces = Object.fromEntries(bars(figure).map(({ name, x }) => [name, x]));
    expect(pieces).toMatchObject({ Weights: [4, 4], Gradients: [4, 0], Optimizer: [8, 0],
      'Batch as fed': [0.03996, 0.03996] });
    expect(figure.layout).toMatchObject({ barmode: 'stack', xaxis: { title: { text: 'memory in MB' } } });
    const total = bars(figure).reduce((sum, { x }) => sum + Number(x[0]), 0);
    expect(total * 1e6).toBeCloseTo(account.trainingBytes, -1);
  });

  it('labels the pieces that have room, with one digit', () => {
    const texts = Object.fromEntries(bars(figure).map(({ name, text }) => [name, text]));
    expect(texts).toMatchObject({ Weights: ['4.0', '4.0'], Optimizer: ['8.0', ''], 'Batch as fed': ['', ''] });
  });

  it('writes the total at the end of each bar, and everything in words', () => {
    expect(figure.layout.annotations?.map(({ text, y }) => [text, y])).toEqual([['72.0', 0], ['4.2', 1]]);
    expect(figure.layout.meta.alt).toContain(
      'Memory. small, training step: 72.0 MB (Weights 4.0, Gradients 4.0, Optimizer 8.0');
  });

  it('takes a single account without a name, and small ones in kB', () => {
    const small = tf.sequential({ layers: [tf.layers.dense({ units: 10, inputShape: [9] })] });
    small.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const one = memoryFigure(memoryAccount(small));
    small.dispose();
    expect(bars(one)[0]).toMatchObject({ name: 'Weights', x: [0.4, 0.4], y: ['training step', 'prediction'] });
    expect(one.layout.xaxis?.title?.text).toBe('memory in kB');
  });
});

describe('modelPicture', () => {
  const { layers } = tf;
  const boxes = (svg: string): { x: number; y: number; text: string }[] =>
    [...svg.matchAll(/<g class="layer"><rect x="([\d.]+)" y="([\d.]+)".*?<\/g>/g)]
      .map(([all, x, y]) => ({ x: Number(x), y: Number(y), text: all.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ')
        .trim() }));

  it('has a box a layer with kind, name, output shape and parameters, one below the other', () => {
    const model = tf.sequential({ layers: [layers.dense({ units: 16, inputShape: [8], name: 'first' }),
      layers.dropout({ rate: 0.5, name: 'drop' })] });
    const { svg, alt } = modelPicture(model);
    model.dispose();
    expect(boxes(svg).map(({ text }) => text))
      .toEqual(['InputLayer first_input 8', 'Dense first 16 · 144 parameters', 'Dropout drop 16']);
    expect(boxes(svg).map(({ y }) => y)).toEqual([16, 74, 132]);
    expect(svg.match(/marker-end/g)).toHaveLength(2);
    expect(alt).toContain('Dense first: 16 · 144 parameters; Dropout drop: 16.');
  });

  it('puts branches side by side, and says what comes from where', () => {
    const input = tf.input({ shape: [4], name: 'in' });
    const left = layers.dense({ units: 3, name: 'left' }).apply(input) as tf.SymbolicTensor;
    const right = layers.dense({ units: 3, name: 'right' }).apply(input) as tf.SymbolicTensor;
    const model = tf.model({ inputs: input, outputs: layers.add({ name: 'sum' } as object)
      .apply([left, right]) as tf.SymbolicTensor });
    const { svg, alt } = modelPicture(model);
    model.dispose();
    const [, a, b] = boxes(svg);
    expect(a.y).toBe(b.y);
    expect(Math.abs(a.x - b.x)).toBeGreaterThan(200);
    expect(svg.match(/marker-end/g)).toHaveLength(4);
    expect(alt).toContain('Add sum from left and right: 3');
  });

  it('shows a shared layer at each of its places, its parameters once', () => {
    const input = tf.input({ shape: [4] });
    const shared = layers.dense({ units: 4, name: 'shared' });
    const model = tf.model({ inputs: input, outputs: shared.apply(shared.apply(input)) as tf.SymbolicTensor });
    const texts = boxes(modelPicture(model).svg).map(({ text }) => text);
    model.dispose();
    // For tfjs the layer is still in use, at its second place.
    shared.dispose();
    expect(texts.slice(1)).toEqual(['Dense shared 4 · 20 parameters', 'Dense shared, again 4 · the same parameters']);
  });

  it('goes on in a second column when a chain is long, and stays below the height of a screen', () => {
    const model = tf.sequential({ layers: Array.from({ length: 12 }, () =>
      layers.dense({ units: 2, inputShape: [2] })) });
    const { svg } = modelPicture(model);
    model.dispose();
    expect(new Set(boxes(svg).map(({ x }) => x)).size).toBe(2);
    expect(Number(/height="([\d.]+)"/.exec(svg)?.[1])).toBeLessThanOrEqual(450);
  });

  it('shortens a name that has no room, and refuses a model without shapes', () => {
    const name = 'a_name_that_is_far_too_long_for_its_box';
    const model = tf.sequential({ layers: [layers.dense({ units: 1, inputShape: [1], name })] });
    const { svg, alt } = modelPicture(model);
    model.dispose();
    expect(svg).toMatch(/>a_name_that[a-z_]*…</);
    expect(svg.replace(/<title>.*<\/title>/, '')).not.toContain(name);
    expect(alt).toContain(name);
    expect(() => modelPicture(tf.sequential())).toThrow(/has no shapes yet/);
  });
});

describe('toSvg of heat maps', () => {
  const figure = (trace: Partial<HeatmapTrace>): Figure => ({
    data: [{ type: 'heatmap', x: [0, 1], y: [0, 1], z: [[0, 1], [NaN, 0.5]], zmin: 0, zmax: 1,
      colorscale: [[0, '#000000'], [1, '#ff0000']], ...trace }],
    layout: { height: 300, margin: { r: 100 }, xaxis: { range: [-0.5, 1.5] }, yaxis: { range: [1.5, -0.5] },
      meta: { alt: 'cells' } },
  });
  const cells = (svg: string): string[][] =>
    [...svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" fill="(#\w{6})"/g)]
      .map(([, ...parts]) => parts);

  it('draws a rectangle of its colour for each cell, and none for a hole', () => {
    // Axes from 60 to 800 and from 40 to 250 pixels.
    expect(cells(toSvg(figure({})))).toEqual([
      ['60', '40', '370', '105', '#000000'], ['430', '40', '370', '105', '#ff0000'],
      ['430', '145', '370', '105', '#800000']]);
  });

  it('writes into the cells in what can be read on their colour', () => {
    const svg = toSvg(figure({ text: [['a', 'b'], ['c', 'd']], texttemplate: '%{text}', zmax: 0.5,
      colorscale: [[0, '#000000'], [1, '#ffffff']] }));
    expect([...svg.matchAll(/fill="(#\w+)">([abcd])</g)].map(([, color, letter]) => [letter, color]))
      .toEqual([['a', '#fff'], ['b', '#222'], ['d', '#222']]);
  });

  it('draws many cells as the pixels of a picture, the first row at the top', () => {
    const side = 40;
    const places = Array.from({ length: side }, (_, i) => i);
    const z = places.map((row) => places.map((column) => (row === 0 && column === 3 ? 1 : 0)));
    const many = figure({ x: places, y: places, z });
    many.layout.yaxis = { range: [39.5, -0.5] };
    const png = PNG.sync.read(Buffer.from(/base64,([^"]+)/.exec(toSvg(many))![1], 'base64'));
    expect([png.width, png.height]).toEqual([side, side]);
    const reds = Array.from({ length: side * side }, (_, i) => png.data[i * 4]);
    expect(reds.indexOf(255)).toBe(3);
    expect(reds.filter((red) => red > 0)).toHaveLength(1);
    // With the axis the usual way round, the first row is at the bottom.
    many.layout.yaxis = { range: [-0.5, 39.5] };
    const turned = PNG.sync.read(Buffer.from(/base64,([^"]+)/.exec(toSvg(many))![1], 'base64'));
    expect(turned.data[(39 * side + 3) * 4]).toBe(255);
  });

  it('has the legend of its colours beside it', () => {
    const svg = toSvg(figure({ colorbar: { title: { text: 'how much', side: 'right' }, thickness: 16, tickvals: [0, 1],
      ticktext: ['low', 'high'] } }));
    const bar = /<g class="color-bar">.*?<\/g><\/g>/.exec(svg)![0];
    const y = (label: string): number => Number(new RegExp(`y="([\\d.]+)"[^>]*>${label}<`).exec(bar)![1]);
    expect(y('low')).toBeGreaterThan(y('high'));
    expect(bar).toContain('how much');
  });
});

describe('toSvg of bars', () => {
  const layout = { height: 300, xaxis: { range: [0, 10] as [number, number] },
    yaxis: { range: [0, 10] as [number, number] }, meta: { alt: 'bars' } };
  const rects = (figure: Figure): number[][] =>
    [...toSvg(figure).matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" fill="#\w{6}"/g)]
      .map(([, ...numbers]) => numbers.map(Number));

  it('begins each piece of a stack where the one before ends', () => {
    const piece = (x: number): BarTrace =>
      ({ type: 'bar', orientation: 'h', y: ['a'], x: [x], marker: { color: '#123456' } });
    const [first, second] = rects({ data: [piece(2), piece(3)],
      layout: { ...layout, yaxis: { type: 'category' }, barmode: 'stack' } });
    expect(first[0] + first[2]).toBeCloseTo(second[0]);
    expect(second[2] / first[2]).toBeCloseTo(1.5);
    expect(first[1]).toBe(second[1]);
  });

  it('makes bars as wide as they say, in units of the axis', () => {
    // Axes of 820 x 210 pixels.
    const [bar] = rects({ data: [{ type: 'bar', x: [5], y: [5], width: 2, marker: { color: '#123456' } }], layout });
    expect(bar).toEqual([60 + 4 * 82, 145, 164, 105]);
  });
});

describe('toSvg of lines', () => {
  it('leaves a gap where a value is not finite', () => {
    const svg = toSvg({ data: [{ type: 'scatter', mode: 'lines', x: [0, 1, 2, 3], y: [0, 1, NaN, 1] }],
      layout: { height: 300, meta: { alt: '' } } });
    expect([...svg.matchAll(/<polyline points="([^"]*)"/g)].map(([, points]) => points.split(' ').length))
      .toEqual([2, 1]);
  });

  it('spaces powers of ten evenly on a logarithmic axis', () => {
    const svg = toSvg({
      data: [{ type: 'scatter', mode: 'lines', x: [0.01, 0.1, 1], y: [0, 0, 0] }],
      layout: { height: 300, xaxis: { type: 'log', range: [-2, 0] }, meta: { alt: '' } },
    });
    const [, points] = /<polyline points="([^"]*)"/.exec(svg)!;
    expect(points.split(' ').map((point) => Number(point.split(',')[0]))).toEqual([60, 470, 880]);
    for (const label of ['0.01', '0.1', '1']) expect(svg).toContain(`>${label}</text>`);
  });

  it('breaks a legend that is too long into lines above each other', () => {
    const data = Array.from({ length: 8 }, (_, i): ScatterTrace =>
      ({ type: 'scatter', mode: 'lines', name: `a rather long name ${i}`, x: [i], y: [i] }));
    const svg = toSvg({ data, layout: { height: 300, margin: { t: 70 }, showlegend: true, meta: { alt: '' } } });
    const places = [...svg.matchAll(/<text x="([\d.]+)" y="([\d.]+)"[^>]*>a rather long name \d</g)]
      .map(([, x, y]) => [Number(x), Number(y)]);
    expect(places).toHaveLength(8);
    expect(new Set(places.map(([, y]) => y)).size).toBe(2);
    expect(Math.max(...places.map(([x]) => x))).toBeLessThan(900 - 19 * 7);
  });
});
