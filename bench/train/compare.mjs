// @ts-check

// How fast the course's `fit` trains, beside Keras and PyTorch, on the models of the course.
//
//     npm run bench -- train [--rounds 3] [--models a,b] [--contestants a,b] [--python PYTHON]
//                            [--json FILE] [--write] [--try]
//     npm run bench -- train --growth [--write] [--try]
//
// It needs a course that is set up, and the datasets (drawn stand-ins are used, and named, where there are none). Keras
// and PyTorch are installed into an environment of their own in the cache folder (some GB), or --python names the
// interpreter of one that has them; without them ours is measured alone. --write puts the table and the figure into
// bench/results/train.md and train.svg, --json all single measurements into a file; --try only sees whether everything
// runs, in a few minutes. --growth is the other measurement, of growth.mjs.
//
// The same for all: the pictures (as bytes, prepared once), the initial weights (the first loss shows it), the layers,
// the loss, the optimizer with its rates and epsilons (which each adds where its own formula has them), the batch size,
// a new order of the examples in each epoch, the last smaller batch, float32, all cores; each reports loss and accuracy
// of each epoch. Each measurement is made in a process of its own; within a round the contestants take turns, in
// another order in each round. Peers train as their documentation advises: Keras with the fastest of three ways to feed
// it (found in the same run), PyTorch with all examples in one tensor and its fused optimizers.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Interrupted } from '../../setup/problems.mjs';
import { commandText, count, machineText, markdownTable, median, today } from '../support.mjs';
import { MODELS, prepare, runScript, speed } from './children.mjs';
import { peersPython } from './peers.mjs';

/**
 * @typedef {import('./ours.mjs').ModelSpec} ModelSpec
 * @typedef {import('./ours.mjs').Result} Result
 *
 * @typedef {object} Contestant
 * @property {string} name
 * @property {string} title
 * @property {string} program
 * @property {(model: ModelSpec) => object | undefined} way how it trains this model; undefined:
 *   the same as another contestant would
 *
 * @typedef {object} Row all measurements of one contestant on one model
 * @property {ModelSpec} model
 * @property {Contestant} contestant
 * @property {string} [input] the way that was found to feed Keras
 * @property {Result[]} results
 */

const here = fileURLToPath(new URL('.', import.meta.url));
const hasPictures = (/** @type {ModelSpec} */ { input }) => input.length === 3;

/** @type {Contestant[]} */
const CONTESTANTS = [
  { name: 'ours', title: 'ours', program: 'ours.mjs', way: () => ({ compile: true }) },
  { name: 'ours-plain', title: 'ours, `compile: false`', program: 'ours.mjs', way: () => ({ compile: false }) },
  { name: 'keras', title: 'Keras', program: 'keras_peer.py', way: () => ({ jit: false }) },
  { name: 'keras-jit', title: 'Keras, jit', program: 'keras_peer.py', way: () => ({ jit: true }) },
  { name: 'torch', title: 'PyTorch', program: 'torch_peer.py', way: () => ({ channelsLast: false, compile: null }) },
  {
    name: 'torch-channels-last',
    title: 'PyTorch, channels last',
    program: 'torch_peer.py',
    way: (model) => (hasPictures(model) ? { channelsLast: true, compile: null } : undefined),
  },
  {
    name: 'torch-compile',
    title: 'PyTorch, compile',
    program: 'torch_peer.py',
    way: (model) => ({ channelsLast: hasPictures(model), compile: 'default' }),
  },
];
const isOurs = (/** @type {Contestant} */ { program }) => program === 'ours.mjs';

/** Ways to feed Keras, of which the fastest takes part. */
const KERAS_INPUTS = [
  { input: 'numpy', steps: 1 },
  { input: 'numpy', steps: 16 },
  { input: 'tf.data', steps: 16 },
];
const inputText = (/** @type {{ input: string, steps: number }} */ { input, steps }) =>
  `${input}, ${steps} ${steps === 1 ? 'step' : 'steps'} at a time`;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    models: { type: 'string' },
    contestants: { type: 'string' },
    python: { type: 'string' },
    json: { type: 'string' },
    write: { type: 'boolean', default: false },
    try: { type: 'boolean', default: false },
    growth: { type: 'boolean', default: false },
  },
});
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-train-'));
// Ctrl+C ends the contestant that is running, and thereby this process too, which then still takes its files away.
process.on('SIGINT', () => {});
try {
  if (options.growth)
    await (await import('./growth.mjs')).growth(scratch, { isTry: options.try, write: options.write });
  else compare();
} catch (error) {
  if (!(error instanceof Interrupted)) throw error;
  process.exitCode = 130;
} finally {
  fs.rmSync(scratch, { recursive: true, force: true });
}

function compare() {
  const rounds = options.try ? 1 : Number(options.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`Got --rounds ${options.rounds}; expected a whole number of at least 1.`);
  if (options.try && options.write)
    throw new Error('--try measures too shortly to be written down: leave out --write.');
  const models = chosen('--models', MODELS, options.models);
  let contestants = chosen('--contestants', CONTESTANTS, options.contestants);
  const wantsPeers = !contestants.every(isOurs);
  const python = wantsPeers ? findPeers() : '';
  if (!python) contestants = contestants.filter(isOurs);

  const began = performance.now();
  const [load] = os.loadavg();
  if (load > 0.5) console.error(`The machine is not quiet: its load is ${load.toFixed(1)}.`);
  const sources = prepare(scratch, models);
  /** @type {Row[]} */
  const rows = models.flatMap((model) =>
    contestants.filter(({ way }) => way(model)).map((contestant) => ({ model, contestant, results: [] })),
  );
  /** @type {{ row: Row, reason: string }[]} */
  const failures = [];
  const measure = (/** @type {Row} */ row, /** @type {() => void} */ work) => {
    if (failures.some((failure) => failure.row === row)) return;
    try {
      work();
    } catch (error) {
      if (isOurs(row.contestant) || error instanceof Interrupted) throw error;
      const reason = /** @type {Error} */ (error).message.split('\n').at(-1) ?? '';
      failures.push({ row, reason });
      console.error(`${row.model.name}: ${row.contestant.name} does not run here: ${reason}`);
    }
  };
  for (const row of rows.filter(({ contestant }) => contestant.program === 'keras_peer.py'))
    measure(row, () => findInput(row, python));
  for (let round = 0; round < rounds; round++) {
    for (const model of models) {
      const ofModel = rows.filter((row) => row.model === model);
      for (let turn = 0; turn < ofModel.length; turn++) {
        const row = ofModel[(turn + round) % ofModel.length];
        measure(row, () => {
          const result = train(row, python);
          row.results.push(result);
          console.error(`round ${round + 1}: ${model.name}, ${row.contestant.name}: ${count(speed(result))} images/s`);
        });
      }
      checkSame(ofModel);
    }
  }
  const measured = rows.filter(({ results }) => results.length === rounds);
  const minutes = Math.ceil((performance.now() - began) / 60_000);
  const text = report(measured, { rounds, minutes, load, sources, isAlone: wantsPeers && !python, failures });
  console.log(text);
  if (options.json) {
    const content = {
      date: new Date().toISOString(),
      machine: machineText(),
      load,
      sources,
      versions: versions(measured),
      failures: failures.map(({ row, reason }) => ({ model: row.model.name, contestant: row.contestant.name, reason })),
      measurements: measured.map(({ model, contestant, input, results }) => ({
        model: model.name,
        contestant: contestant.name,
        input,
        results: results.map((result) => ({ imagesPerSecond: speed(result), ...result })),
      })),
    };
    fs.writeFileSync(options.json, `${JSON.stringify(content, null, 2)}\n`);
  }
  if (options.write) {
    const folder = path.join(here, '../results');
    fs.writeFileSync(path.join(folder, 'train.md'), text);
    fs.writeFileSync(path.join(folder, 'train.svg'), figure(measured));
  }
}

/**
 * @template {{ name: string }} T
 * @param {string} option
 * @param {T[]} all
 * @param {string | undefined} names
 */
function chosen(option, all, names) {
  if (names === undefined) return all;
  const wanted = names.split(',');
  const unknown = wanted.find((name) => !all.some((one) => one.name === name));
  if (unknown !== undefined)
    throw new Error(`Got ${option} ${unknown}; expected some of ${all.map(({ name }) => name).join(', ')}.`);
  return all.filter(({ name }) => wanted.includes(name));
}

/** @returns {string} the Python of the peers; empty if there are none */
function findPeers() {
  if (options.python) return options.python;
  try {
    return peersPython();
  } catch (error) {
    console.error(
      `Keras and PyTorch cannot be installed, so ours is measured alone: ${/** @type {Error} */ (error).message}`,
    );
    return '';
  }
}

/**
 * @param {Row} row
 * @param {string} python
 * @param {object} job
 */
function runJob({ model, contestant }, python, job) {
  const examples = options.try ? Math.min(40 * model.batchSize, model.examples) : model.examples;
  const common = {
    model,
    folder: scratch,
    examples,
    epochs: options.try ? 2 : model.epochs,
    seconds: options.try ? 0 : 5,
    cores: os.availableParallelism(),
  };
  // What torch.compile has compiled is kept for the next rounds, but not beyond them.
  const env = { TORCHINDUCTOR_CACHE_DIR: path.join(scratch, 'torch-compile') };
  const command = isOurs(contestant) ? process.execPath : python;
  return JSON.parse(runScript(command, contestant.program, [JSON.stringify({ ...common, ...job })], env).at(-1) ?? '');
}

/** @type {(row: Row, python: string) => Result} */
function train(row, python) {
  const input = KERAS_INPUTS.find((one) => inputText(one) === row.input);
  return runJob(row, python, { way: { ...row.contestant.way(row.model), ...input } });
}

/**
 * Trains shortly with each way to feed Keras, and notes the fastest.
 *
 * @param {Row} row
 * @param {string} python
 */
function findInput(row, python) {
  const ways = KERAS_INPUTS.map((input) => ({ ...row.contestant.way(row.model), ...input }));
  const examples = Math.min(row.model.examples, options.try ? 40 * row.model.batchSize : 12_000);
  /** @type {{ speeds: number[] }} */
  const { speeds } = runJob(row, python, { compare: ways, examples, epochs: 2, seconds: options.try ? 0 : 1 });
  row.input = inputText(KERAS_INPUTS[speeds.indexOf(Math.max(...speeds))]);
  console.error(
    `${row.model.name}, ${row.contestant.name}, images/s: ` +
      KERAS_INPUTS.map((input, i) => `${inputText(input)} ${count(speeds[i])}`).join('; '),
  );
}

/**
 * With the same pictures, weights and network, all begin with the same loss.
 *
 * @param {Row[]} rows of one model
 */
function checkSame(rows) {
  const losses = rows.flatMap(({ contestant, results }) =>
    results.map(({ initialLoss }) => ({ name: contestant.name, initialLoss })),
  );
  const other = losses.find(({ initialLoss }) => !(Math.abs(initialLoss / losses[0].initialLoss - 1) < 1e-4));
  if (other) {
    throw new Error(
      `${rows[0].model.name} is not the same network for all: the first loss of ${losses[0].name} is ` +
        `${losses[0].initialLoss}, ` +
        `that of ${other.name} is ${other.initialLoss}.`,
    );
  }
}

/** The peer that is fastest by its median. @param {Row[]} rows of one model */
function bestPeer(rows) {
  const peers = rows.filter(({ contestant }) => !isOurs(contestant));
  return peers.sort((a, b) => median(b.results.map(speed)) - median(a.results.map(speed))).at(0);
}

/**
 * How many times as fast as another contestant: by the medians, and round by round.
 *
 * @type {(row: Row, other: Row) => number[]}
 */
function ratios(row, other) {
  const [mine, theirs] = [row, other].map(({ results }) => results.map(speed));
  return [median(mine) / median(theirs), ...mine.map((value, round) => value / theirs[round])];
}

/** @type {(rows: Row[]) => [ModelSpec, Row[]][]} */
function byModel(rows) {
  return [...new Set(rows.map(({ model }) => model))].map((model) => [
    model,
    rows.filter((row) => row.model === model),
  ]);
}

/** @type {(values: number[], show: (value: number) => string) => string} */
function spread(values, show) {
  return values.length === 1
    ? show(values[0])
    : `${show(median(values))} (${show(Math.min(...values))} to ${show(Math.max(...values))})`;
}

/** @param {Row[]} rows */
function versions(rows) {
  return [...new Set(rows.flatMap(({ results }) => results.map((result) => result.versions)))];
}

/**
 * @param {Row[]} rows
 * @param {{ rounds: number, minutes: number, load: number, sources: Record<string, string>, isAlone: boolean,
 *   failures: { row: Row, reason: string }[] }} facts
 */
function report(rows, { rounds, minutes, load, sources, isAlone, failures }) {
  const drawn = Object.entries(sources)
    .filter(([, source]) => source !== 'real')
    .map(([name]) => name);
  const lines = [
    '# Training, beside Keras and PyTorch',
    '',
    `Written by \`${commandText('train')}\` in ${minutes} minutes, ${today()}: ` +
      `${rounds === 1 ? 'one round' : `${rounds} rounds in turns, median (smallest to largest)`}.`,
    `${machineText()}, load ${load.toFixed(2)} before; ${versions(rows).join('; ')}.`,
    drawn.length > 0 ? `Drawn stand-ins, not the real pictures: ${drawn.join(', ')}.` : 'All on the real pictures.',
    ...(isAlone ? ['Keras and PyTorch could not be had: ours alone.'] : []),
    ...failures.map(({ row, reason }) => `${row.contestant.title} did not run on ${row.model.name}: ${reason}.`),
    '',
    '![Images a second of each contestant, as a multiple of the best peer](train.svg)',
    '',
  ];
  const head = ['model', 'ours, images/s', 'best peer, images/s', 'which', 'ours / best peer'];
  const summary = byModel(rows).flatMap(([{ title }, ofModel]) => {
    const [ours, best] = [ofModel.find(({ contestant }) => contestant.name === 'ours'), bestPeer(ofModel)];
    if (!ours || !best) return [];
    const [ratio, ...each] = ratios(ours, best);
    const range = each.length > 1 ? ` (${Math.min(...each).toFixed(2)} to ${Math.max(...each).toFixed(2)})` : '';
    return [
      [
        title,
        spread(ours.results.map(speed), count),
        spread(best.results.map(speed), count),
        best.contestant.title,
        `**${ratio.toFixed(2)}**${range}`,
      ],
    ];
  });
  if (summary.length > 0) lines.push(markdownTable(head, summary), '');
  for (const [model, ofModel] of byModel(rows)) {
    const best = bestPeer(ofModel);
    const { kind, ...rates } = model.optimizer;
    const [{ examples }] = ofModel[0].results;
    lines.push(
      `## ${model.title}`,
      '',
      `${count(examples)} examples, ${kind} (${Object.entries(rates)
        .map(([name, value]) => `${name} ${value}`)
        .join(', ')}), ${model.loss}; ` + `loss and accuracies after ${options.try ? 2 : model.epochs} epochs.`,
      '',
      markdownTable(
        [
          '',
          'images/s',
          '/ best peer',
          'first batch, s',
          'memory, MB',
          'of it libraries',
          'loss',
          'accuracy',
          'test accuracy',
        ],
        ofModel.map((row) => {
          const of = (/** @type {keyof Result} */ key) => row.results.map((result) => Number(result[key]));
          return [
            row.contestant.title + (row.input ? ` (${row.input})` : ''),
            spread(row.results.map(speed), count),
            best ? ratios(row, best)[0].toFixed(2) : '',
            spread(of('firstBatch'), (value) => value.toFixed(2)),
            count(median(of('memory'))),
            count(median(of('memoryBefore'))),
            median(of('loss')).toFixed(4),
            median(of('accuracy')).toFixed(4),
            median(of('testAccuracy')).toFixed(4),
          ];
        }),
      ),
      '',
    );
  }
  lines.push(
    'Images a second are those of all epochs after the first, for at least 5 s. First batch: from the examples in',
    'memory to the end of the first step, with everything that is built or compiled for it (what torch.compile has',
    'compiled in the first round lies on the disk in the next ones). Memory: the largest resident set of the',
    'process until the end of the training; libraries: the resident set before the data is read. Loss and accuracy',
    'are the means over the last epoch while the network learns, test accuracy is that of the weights after it.',
    '"Steps at a time" is Keras\'s `steps_per_execution`.',
  );
  return `${lines.join('\n')}\n`;
}

/**
 * Bars: each contestant's speed on each model as a multiple of the best peer's, or of ours where there is no peer.
 *
 * @param {Row[]} rows
 */
function figure(rows) {
  const require = createRequire(import.meta.url);
  /** @type {typeof import('../../lib/src/plots/figure.ts')} */
  const { legendAbove, palette } = require('../../lib/dist/plots/figure.js');
  /** @type {typeof import('../../lib/src/plots/svg.ts')} */
  const { toSvg } = require('../../lib/dist/plots/svg.js');
  const contestants = [...new Set(rows.map(({ contestant }) => contestant))];
  const models = byModel(rows);
  const data = contestants.map((contestant, i) => {
    const bars = models.flatMap(([model, ofModel]) => {
      const row = ofModel.find((one) => one.contestant === contestant);
      return row ? [{ model: model.name, ratio: ratios(row, bestPeer(ofModel) ?? ofModel[0])[0] }] : [];
    });
    return {
      type: /** @type {const} */ ('bar'),
      name: contestant.title.replaceAll('`', ''),
      x: bars.map(({ model }) => model),
      y: bars.map(({ ratio }) => Number(ratio.toFixed(3))),
      marker: { color: palette[i % palette.length] },
    };
  });
  const alt = data.map(({ name, x, y }) => `${name}: ${x.map((model, i) => `${model} ${y[i]}`).join(', ')}`).join('; ');
  return toSvg({
    data,
    layout: {
      height: 380,
      showlegend: true,
      legend: legendAbove,
      barmode: 'group',
      xaxis: { type: 'category' },
      yaxis: { title: { text: 'speed / best peer' }, rangemode: 'tozero' },
      meta: { alt: `Speed of training as a multiple of the best peer. ${alt}.` },
    },
  });
}
