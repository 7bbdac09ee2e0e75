// @ts-check

// How the time of a training step grows with the batch size, the width of the network and the number of examples, where
// it goes, and how far it is from the machine's peak matrix speed: `npm run bench -- train --growth [--write] [--try]`.
// Ours alone, compiled and not.
//
// Each figure is the median of the epochs after the first, in a process of its own. Where the time goes: the times of
// matrix products and convolutions are those that oneDNN, which computes them, reports itself (ONEDNN_VERBOSE); that of
// the optimizer is the difference to plain SGD. The peak is that of one product of two 2048 x 2048 matrices; products
// and sums of a step are counted by `summary`.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { commandText, count, machineText, markdownTable, median, today } from '../support.mjs';
import { MODELS, prepare, runScript } from './children.mjs';

/**
 * @typedef {import('./ours.mjs').ModelSpec} ModelSpec
 * @typedef {import('./ours.mjs').Result} Result
 */

const WAYS = /** @type {const} */ ([
  { title: 'ours', compile: true },
  { title: '`compile: false`', compile: false },
]);
const SIZES = {
  batch: [8, 16, 32, 64, 128, 256, 512, 1024],
  width: [64, 128, 256, 512, 1024, 2048],
  examples: [5_000, 10_000, 20_000, 40_000, 60_000],
};
const PEAK = 2048;
/** What oneDNN calls products of matrices. */
const PRODUCTS = ['matmul', 'inner_product', 'gemm_api'];

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(measurePeak());

/**
 * @param {string} scratch an empty folder
 * @param {{ isTry: boolean, write: boolean }} options
 */
export async function growth(scratch, { isTry, write }) {
  const [mlp, cnn] = ['mlp-128', 'fashion-cnn'].map(
    (name) => /** @type {ModelSpec} */ (MODELS.find((model) => model.name === name)),
  );
  const few = (/** @type {number[]} */ sizes) => (isTry ? sizes.slice(0, 2) : sizes);
  const wide = (/** @type {number} */ width) => ({
    ...mlp,
    name: `mlp-${width}-wide`,
    layers: mlp.layers.map((layer, i) => (i < mlp.layers.length - 1 ? { ...layer, units: width } : layer)),
  });
  const batches = [mlp, cnn].map((model) => ({ model, sizes: few(SIZES.batch) }));
  const widths = few(SIZES.width).map((width) => ({ width, model: wide(width) }));
  const examples = few(SIZES.examples);
  const all = isTry ? MODELS.slice(0, 1) : MODELS;
  prepare(scratch, [...MODELS, ...widths.map(({ model }) => model)]);

  /** @type {(model: ModelSpec, options: { compile: boolean, examples?: number, env?: NodeJS.ProcessEnv }) => Step} */
  const measure = (
    model,
    { compile, examples = Math.min(model.examples, Math.max(20 * model.batchSize, 4000)), env = {} },
  ) => {
    const job = { model, folder: scratch, examples, epochs: isTry ? 2 : 4, seconds: isTry ? 0 : 1, way: { compile } };
    const lines = runScript(process.execPath, 'ours.mjs', [JSON.stringify(job)], env);
    /** @type {Result} */
    const result = JSON.parse(lines.at(-1) ?? '');
    const steps = Math.ceil(examples / model.batchSize);
    const seconds = median(result.times.slice(1)) / steps;
    console.error(
      `${model.name}, batch ${model.batchSize}, ${examples} examples, ${compile ? 'compiled' : 'plain'}: ` +
        `${milliseconds(seconds)} ms a step`,
    );
    return { result, steps, seconds, lines };
  };
  const both = (/** @type {ModelSpec} */ model, options = {}) =>
    WAYS.map(({ compile }) => measure(model, { compile, ...options }));

  const peak = Number(runScript(process.execPath, 'growth.mjs', []).at(-1));
  const byBatch = batches.map(({ model, sizes }) => ({
    model,
    points: sizes.map((batchSize) => ({ size: batchSize, steps: both({ ...model, batchSize }) })),
  }));
  const byWidth = widths.map(({ width, model }) => ({ size: width, steps: both(model) }));
  const byExamples = examples.map((size) => ({ size, steps: both(mlp, { examples: size }) }));
  const shares = all.flatMap((model) =>
    WAYS.map(({ title, compile }) => {
      const step = measure(model, { compile });
      const sgd = measure({ ...model, optimizer: { kind: 'sgd', learningRate: 0.01 } }, { compile });
      const told = oneDnnTimes(
        measure(model, { compile, env: { ONEDNN_VERBOSE: '1', ONEDNN_VERBOSE_TIMESTAMP: '1' } }),
      );
      return { model, title, step, told, optimizer: step.seconds - sgd.seconds };
    }),
  );

  const [
    {
      result: { versions },
    },
  ] = byExamples[0].steps;
  const text = report({ peak, byBatch, byWidth, byExamples, shares, versions });
  console.log(text);
  if (write) {
    const results = new URL('../results/', import.meta.url);
    fs.writeFileSync(new URL('train-growth.md', results), text);
    fs.writeFileSync(new URL('train-growth.svg', results), figure(byBatch, byWidth));
  }
}

/**
 * @typedef {object} Step
 * @property {Result} result
 * @property {number} steps in an epoch
 * @property {number} seconds of one step
 * @property {string[]} lines all that the process printed
 *
 * @typedef {{ size: number, steps: Step[] }} Point for each of WAYS
 *
 * @typedef {object} Share
 * @property {ModelSpec} model
 * @property {string} title of the way
 * @property {Step} step
 * @property {ReturnType<typeof oneDnnTimes>} told
 * @property {number} optimizer seconds of a step beyond those with SGD
 */

/** Multiply and add are two operations. */
const operations = (/** @type {Step} */ { result }) => 2 * result.trainingMultiplyAdds;

const milliseconds = (/** @type {number} */ seconds) => (seconds * 1000).toFixed(seconds < 0.01 ? 2 : 1);

/**
 * What oneDNN says of the epochs that were counted, as seconds of one step.
 *
 * @param {Step} step
 */
function oneDnnTimes({ lines, result, steps }) {
  const [from, to] = result.counted;
  const times = { products: 0, convolutions: 0, other: 0 };
  for (const line of lines) {
    // onednn_verbose,TIME,primitive,exec,cpu,matmul,...,MILLISECONDS; newer ones have a version before the time.
    const words = line.split(',');
    const exec = words.indexOf('exec');
    if (words[0] !== 'onednn_verbose' || exec < 0) continue;
    const time = Number(words[exec - 2]);
    if (time < from || time > to) continue;
    const kind = words[exec + 2];
    times[PRODUCTS.includes(kind) ? 'products' : kind === 'convolution' ? 'convolutions' : 'other'] +=
      Number(words.at(-1)) / 1000;
  }
  const counted = steps * (result.times.length - 1);
  return {
    products: times.products / counted,
    convolutions: times.convolutions / counted,
    other: times.other / counted,
  };
}

/** @returns {number} floating-point operations a second, in one large product; the fastest of 13 */
function measurePeak() {
  /** @type {typeof import('@course/lib')} */
  const { tf } = createRequire(import.meta.url)('@course/lib');
  const [a, b] = [1, 2].map((seed) => tf.randomUniform([PEAK, PEAK], 0, 1, 'float32', seed));
  const seconds = Array.from({ length: 13 }, () => {
    const began = performance.now();
    tf.matMul(a, b).dispose();
    return (performance.now() - began) / 1000;
  });
  return (2 * PEAK ** 3) / Math.min(...seconds);
}

/**
 * Least squares: what a step costs in any case, and what each image adds.
 *
 * @type {(points: Point[], way: number) => [number, number]}
 */
function line(points, way) {
  const mean = (/** @type {number[]} */ values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [xs, ys] = [points.map(({ size }) => size), points.map(({ steps }) => steps[way].seconds)];
  // Relative errors count, or only the largest batches would.
  const weights = ys.map((y) => 1 / y ** 2);
  const total = mean(weights);
  const weighted = (/** @type {number[]} */ values) => mean(values.map((value, i) => value * weights[i])) / total;
  const [x, y] = [weighted(xs), weighted(ys)];
  const slope = weighted(xs.map((one, i) => (one - x) * (ys[i] - y))) / weighted(xs.map((one) => (one - x) ** 2));
  return [y - slope * x, slope];
}

/**
 * @param {object} measured
 * @param {number} measured.peak
 * @param {{ model: ModelSpec, points: Point[] }[]} measured.byBatch
 * @param {Point[]} measured.byWidth
 * @param {Point[]} measured.byExamples
 * @param {Share[]} measured.shares
 * @param {string} measured.versions
 */
function report({ peak, byBatch, byWidth, byExamples, shares, versions }) {
  const ofPeak = (/** @type {Step} */ step) => `${((100 * operations(step)) / step.seconds / peak).toFixed(0)} %`;
  const head = (/** @type {string} */ first) => [
    first,
    ...WAYS.flatMap(({ title }) => [`${title}, ms a step`, 'images/s', 'of peak']),
  ];
  const rows = (/** @type {Point[]} */ points, /** @type {(size: number) => number} */ batchOf) =>
    points.map(({ size, steps }) => [
      count(size),
      ...steps.flatMap((step) => [milliseconds(step.seconds), count(batchOf(size) / step.seconds), ofPeak(step)]),
    ]);
  const mlpBatch = byBatch[0].model.batchSize;
  return [
    '# How the time of training grows, and where it goes',
    '',
    `Written by \`${commandText('train')}\`, ${today()}; ` +
      'how is said at the top of bench/train/growth.mjs.',
    `${machineText()}; ${versions}. ` +
      `Peak: ${count(peak / 1e9)} GFLOP/s, in the product of two ${PEAK} × ${PEAK} matrices of float32.`,
    '',
    '![Milliseconds of a step over the batch size and over the width](train-growth.svg)',
    '',
    ...byBatch.flatMap(({ model, points }) => [
      `## Batch size: ${model.title.replace(/, batch.*/, '')}`,
      '',
      markdownTable(
        head('batch size'),
        rows(points, (size) => size),
      ),
      '',
      `A line through them: ${WAYS.map(({ title }, way) => {
        const [fixed, image] = line(points, way);
        return `${title} ${milliseconds(fixed)} ms a step and ${(image * 1e6).toFixed(1)} µs an image`;
      }).join('; ')}.`,
      '',
    ]),
    '## Width: two hidden layers, batch 128',
    '',
    markdownTable(
      head('units'),
      rows(byWidth, () => mlpBatch),
    ),
    '',
    '## Number of examples: 784-512-512-10, batch 128',
    '',
    markdownTable(
      ['examples', ...WAYS.flatMap(({ title }) => [`${title}, ms a step`, 's an epoch'])],
      byExamples.map(({ size, steps }) => [
        count(size),
        ...steps.flatMap((step) => [milliseconds(step.seconds), (step.seconds * step.steps).toFixed(2)]),
      ]),
    ),
    '',
    '## Where the time goes',
    '',
    markdownTable(
      [
        'model',
        'fit',
        'ms a step',
        'GFLOP',
        'GFLOP/s',
        'of peak',
        'matrix products, ms',
        'convolutions, ms',
        'other of oneDNN, ms',
        'optimizer beyond SGD, ms',
        'all else, ms',
      ],
      shares.map(({ model, title, step, told, optimizer }) => [
        model.name,
        title,
        milliseconds(step.seconds),
        (operations(step) / 1e9).toFixed(2),
        count(operations(step) / step.seconds / 1e9),
        ofPeak(step),
        ...[
          told.products,
          told.convolutions,
          told.other,
          optimizer,
          step.seconds - told.products - told.convolutions - told.other - optimizer,
        ].map(milliseconds),
      ]),
    ),
    '',
    'Operations may run beside each other, so the parts may add up to more than the step, and "all else" is less',
    'than nothing then. Otherwise it is activations, pooling, biases, losses, dropout, the choice of the examples,',
    'and what TensorFlow and JavaScript need to start it all.',
    '',
  ].join('\n');
}

/**
 * @param {{ model: ModelSpec, points: Point[] }[]} byBatch
 * @param {Point[]} byWidth
 */
function figure(byBatch, byWidth) {
  const require = createRequire(import.meta.url);
  /** @type {typeof import('../../lib/src/plots/figure.ts')} */
  const { legendAbove, palette } = require('../../lib/dist/plots/figure.js');
  /** @type {typeof import('../../lib/src/plots/svg.ts')} */
  const { toSvg } = require('../../lib/dist/plots/svg.js');
  const trace = (
    /** @type {string} */ name,
    /** @type {Point[]} */ points,
    /** @type {number} */ way,
    /** @type {number} */ color,
    /** @type {'' | '2'} */ axes,
  ) => ({
    type: /** @type {const} */ ('scatter'),
    mode: /** @type {const} */ ('lines+markers'),
    name,
    x: points.map(({ size }) => size),
    y: points.map(({ steps }) => steps[way].seconds * 1000),
    line: { color: palette[color], dash: way === 0 ? /** @type {const} */ ('solid') : /** @type {const} */ ('dash') },
    marker: { color: palette[color] },
    xaxis: /** @type {'x' | 'x2'} */ (`x${axes}`),
    yaxis: /** @type {'y' | 'y2'} */ (`y${axes}`),
    showlegend: axes === '',
  });
  const title = (/** @type {number} */ way) => WAYS[way].title.replaceAll('`', '');
  const data = WAYS.flatMap((_, way) => [
    ...byBatch.map(({ model, points }, i) =>
      trace(`${model.name.replace(/-128$/, '')}, ${title(way)}`, points, way, i, ''),
    ),
    trace(`width, ${title(way)}`, byWidth, way, 0, '2'),
  ]);
  const axis = (/** @type {string} */ text, /** @type {number[]} */ places) => ({
    title: { text },
    type: /** @type {const} */ ('log'),
    tickvals: places,
    ticktext: places.map(String),
  });
  const x = (/** @type {string} */ text, /** @type {Point[]} */ points) =>
    axis(
      text,
      points.map(({ size }) => size),
    );
  const y = (/** @type {'x' | 'x2'} */ panel) => {
    const values = data.filter(({ xaxis }) => xaxis === panel).flatMap((one) => one.y);
    const places = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
    return axis(
      'ms a step',
      places.filter((place) => place >= Math.min(...values) && place <= Math.max(...values)),
    );
  };
  const alt = data
    .map(
      ({ name, x: sizes, y: times }) =>
        `${name}: ${sizes.map((size, i) => `${size} ${times[i].toFixed(2)}`).join(', ')}`,
    )
    .join('; ');
  return toSvg({
    data,
    layout: {
      height: 420,
      showlegend: true,
      legend: legendAbove,
      margin: { t: 70 },
      xaxis: { ...x('batch size', byBatch[0].points), domain: [0, 0.46] },
      yaxis: y('x'),
      xaxis2: { ...x('units in a hidden layer, batch 128', byWidth), domain: [0.56, 1], anchor: 'y2' },
      yaxis2: { ...y('x2'), anchor: 'x2' },
      meta: { alt: `Milliseconds of a training step. ${alt}.` },
    },
  });
}
