// @ts-check

// Compares `summary` with those of Keras and of torchinfo on the architectures of architectures.json.
//
//     node bench/summaries/compare.mjs PYTHON [--write]
//
// PYTHON is an interpreter with keras (on tensorflow), torch and torchinfo. Parameters must be equal to Keras's; the exit code is 1 if they are
// not. torchinfo counts multiply-adds by other rules, which `asTorchinfo` follows: the table says by which each number differs,
// and whether that explains it to the last digit. --write puts the table into bench/results/summaries.md.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** @typedef {{ kind: string, id?: string, from?: string[], [option: string]: unknown }} LayerSpec */
/** @typedef {{ name: string, input: number[], layers: LayerSpec[] }} Architecture */
/** @typedef {{ version: string, counts: { parameters: number, multiplyAdds: number }[] }} Peer */
/** @typedef {import('../../lib/dist/index.js').LayerSummary} LayerSummary */

const here = fileURLToPath(new URL('.', import.meta.url));
const require = createRequire(import.meta.url);
/** @type {typeof import('../../lib/dist/index.js')} */
const { summary, tf } = require('@course/lib');

const [python] = process.argv.slice(2).filter((word) => !word.startsWith('--'));
if (!python) throw new Error('Got no interpreter, expected: node bench/summaries/compare.mjs PYTHON [--write]');

/** @type {Architecture[]} */
const architectures = JSON.parse(readFileSync(path.join(here, 'architectures.json'), 'utf8'));
const [keras, torchinfo] = ['keras', 'torchinfo'].map(count);

/** Why the numbers differ, in the words of the report. */
const REASONS = {
  bias: 'torchinfo counts the addition of a bias as a multiply-add; we count products only.',
  transposed: 'torchinfo lays the kernel of a transposed convolution over each place of the output; it is laid over each place of the input, which is smaller.',
  batchNormalization: 'torchinfo counts the scale and shift of a channel once, not at each place of the picture. (Its parameters lack the moving mean and variance, which PyTorch keeps as buffers.)',
  embedding: 'torchinfo counts the whole table of an embedding, of which only rows are looked up.',
  recurrent: 'PyTorch has two biases in each gate, so its parameters differ too.',
};

const rows = architectures.map((architecture, i) => {
  const ours = summary(build(architecture));
  const theirs = torchinfo.counts[i];
  const explained = ours.layers.map(asTorchinfo);
  const isExplained = explained.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0) === theirs.multiplyAdds;
  const reasons = [...new Set(explained.flatMap(({ why }) => why))];
  return {
    isExplained,
    isEqual: ours.parameters === keras.counts[i].parameters,
    cells: [
      architecture.name, ours.parameters, keras.counts[i].parameters, theirs.parameters, ours.multiplyAdds, theirs.multiplyAdds,
      isExplained ? 'yes' : 'no', reasons.map((reason) => Object.keys(REASONS).indexOf(reason) + 1).sort().join(', '),
    ],
  };
});

console.log(report());
if (process.argv.includes('--write')) writeFileSync(path.join(here, '../results/summaries.md'), `${report()}\n`);
process.exitCode = rows.every(({ isEqual, isExplained }) => isEqual && isExplained) ? 0 : 1;

/**
 * @param {string} peer
 * @returns {Peer}
 */
function count(peer) {
  return JSON.parse(execFileSync(python, [path.join(here, 'peers.py'), peer], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
}

/** @param {Architecture} architecture */
function build({ input, layers }) {
  let x = tf.input({ shape: input });
  const inputs = x;
  /** @type {Record<string, typeof x>} */
  const byId = {};
  for (const { kind, id = '', from, ...options } of layers) {
    const layer = /** @type {any} */ (tf.layers)[kind](options);
    x = layer.apply(from ? from.map((name) => byId[name]) : x);
    byId[id] = x;
  }
  return tf.model({ inputs, outputs: x });
}

/**
 * What torchinfo counts for a layer, by its own rules.
 *
 * @param {LayerSummary} layer
 * @returns {{ multiplyAdds: number, why: (keyof typeof REASONS)[] }}
 */
function asTorchinfo({ kind, parameters = 0, inputShapes, outputShape }) {
  const places = /** @type {number[]} */ (outputShape.slice(1, -1)).reduce((product, size) => product * size, 1);
  const units = Number(outputShape.at(-1));
  switch (kind) {
    case 'Conv1D': case 'Conv2D': case 'DepthwiseConv2D': case 'SeparableConv2D':
      return { multiplyAdds: parameters * places, why: ['bias'] };
    case 'Conv2DTranspose':
      return { multiplyAdds: parameters * places, why: ['bias', 'transposed'] };
    case 'BatchNormalization':
      return { multiplyAdds: 2 * units, why: ['batchNormalization'] };
    case 'Dense':
      return { multiplyAdds: parameters, why: ['bias'] };
    case 'Embedding':
      return { multiplyAdds: parameters, why: ['embedding'] };
    case 'LSTM': case 'GRU':
      return { multiplyAdds: Number(inputShapes[0][1]) * (parameters + (kind === 'LSTM' ? 4 : 3) * units), why: ['bias', 'recurrent'] };
    default:
      return { multiplyAdds: 0, why: [] };
  }
}

function report() {
  const line = (/** @type {(string | number)[]} */ cells) => `| ${cells.map((cell) => cell.toLocaleString('en-US')).join(' | ')} |`;
  return [
    '# Summaries beside each other',
    '',
    `\`node bench/summaries/compare.mjs PYTHON --write\`, ${new Date().toISOString().slice(0, 10)}: @course/lib on TensorFlow.js ${tf.version.tfjs}, ${keras.version}, ${torchinfo.version}. Multiply-adds for one example.`,
    '',
    line(['architecture', 'parameters', 'Keras', 'torchinfo', 'multiply-adds', 'torchinfo', 'difference explained', 'why']),
    '|---|---:|---:|---:|---:|---:|---|---|',
    ...rows.map(({ cells }) => line(cells)),
    '',
    `Parameters equal to Keras's: ${rows.filter(({ isEqual }) => isEqual).length} of ${rows.length}. Keras's summary counts no multiply-adds.`,
    '"Explained" means: with torchinfo\'s rules below, our own shapes give its number to the last digit.',
    '',
    ...Object.values(REASONS).map((reason, i) => `${i + 1}. ${reason}`),
  ].join('\n');
}
