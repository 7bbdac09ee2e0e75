// @ts-check

// How long it takes from MNIST's files to tensors: ours from the four gzipped IDX files, Keras from its npz file, in
// turns.
//
//     COURSE_DATA=... node bench/reading-mnist.mjs PYTHON [ROUNDS = 7] [--write]
//
// PYTHON is the interpreter of an environment with Keras and TensorFlow; COURSE_DATA names a folder with mnist/. Each
// measurement is made in a fresh process, after all imports and one operation, from opening the files to the sums of
// four tensors in TensorFlow's memory: x [60000, 784] and [10000, 784] float32 0..1, y [60000, 10] and [10000, 10]
// float32 one-hot. The sums show that both sides have the same. Ours verifies the SHA-256 of each file meanwhile,
// Keras's is read without. The files are in the system's cache for both. --write puts the table into
// bench/results/reading-mnist.md.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { machineText, median, today } from './support.mjs';

/**
 * @typedef {object} Measurement
 * @property {number} read milliseconds until the arrays of bytes are there
 * @property {number} all milliseconds until the tensors are there and summed
 * @property {number[]} sums
 * @property {number[][]} shapes
 * @property {string} versions
 */

const args = process.argv.slice(2);
if (args[0] === '--measure') {
  console.log(JSON.stringify(await measure()));
} else {
  const [python, rounds = '7'] = args.filter((arg) => arg !== '--write');
  if (!python || !process.env.COURSE_DATA || !(Number(rounds) >= 1)) {
    console.error('COURSE_DATA=FOLDER node bench/reading-mnist.mjs PYTHON [ROUNDS = 7] [--write]');
    process.exit(1);
  }
  compare(python, process.env.COURSE_DATA, Number(rounds), args.includes('--write'));
}

/**
 * @param {string} python
 * @param {string} data
 * @param {number} rounds
 * @param {boolean} write
 */
function compare(python, data, rounds, write) {
  const script = fileURLToPath(new URL('reading-mnist.py', import.meta.url));
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'reading-mnist-'));
  try {
    const npz = path.join(folder, 'mnist.npz');
    execFileSync(python, [script, path.join(data, 'mnist'), npz]);
    /** @type {(command: string, args: string[]) => Measurement} */
    const run = (command, args) =>
      JSON.parse(
        execFileSync(command, args, {
          env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' },
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        }),
      );
    /** @type {Measurement[]} */
    const ours = [];
    /** @type {Measurement[]} */
    const keras = [];
    for (let round = 0; round < rounds; round++) {
      ours.push(run(process.execPath, [fileURLToPath(import.meta.url), '--measure']));
      keras.push(run(python, [script, npz]));
      console.error(
        `round ${round + 1}: ours ${Math.round(ours[round].all)} ms, Keras ${Math.round(keras[round].all)} ms`,
      );
    }
    checkSame(ours[0], keras[0]);
    report(ours, keras, write);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/**
 * @param {Measurement} a
 * @param {Measurement} b
 */
function checkSame(a, b) {
  const isSame =
    JSON.stringify(a.shapes) === JSON.stringify(b.shapes) &&
    a.sums.every((sum, i) => Math.abs(sum / b.sums[i] - 1) < 1e-5);
  if (!isSame) throw new Error(`not the same tensors: ${JSON.stringify([a, b])}`);
}

/**
 * @param {Measurement[]} ours
 * @param {Measurement[]} keras
 * @param {boolean} write
 */
function report(ours, keras, write) {
  const row = (/** @type {string} */ name, /** @type {'read' | 'all'} */ key) => {
    const [mine, theirs] = [ours, keras].map((each) =>
      each.map((measurement) => measurement[key]).sort((a, b) => a - b),
    );
    const show = (/** @type {number[]} */ values) =>
      `${Math.round(median(values))} (${Math.round(values[0])} to ${Math.round(values[values.length - 1])})`;
    return `| ${name} | ${show(mine)} | ${show(theirs)} | ${(median(theirs) / median(mine)).toFixed(2)} |`;
  };
  const table = [
    '| | ours, ms | Keras, ms | times as fast |',
    '|---|---:|---:|---:|',
    row('files to arrays of bytes', 'read'),
    row('files to tensors', 'all'),
  ].join('\n');
  console.log(table);
  if (!write) return;
  fs.writeFileSync(
    fileURLToPath(new URL('results/reading-mnist.md', import.meta.url)),
    '# Reading MNIST\n\n' +
      `Written by \`node bench/reading-mnist.mjs PYTHON ${ours.length} --write\`: median of ${ours.length} rounds in turns (smallest to largest), ` +
      'each in a fresh process after its imports.\n\n' +
      'Ours opens the four gzipped IDX files, verifies their SHA-256, and makes tensors by `normalise`, `flatten`, `oneHot` and `toTensor`. ' +
      'Keras opens its npz file (made anew from the same files, compressed as the published one) with `np.load`, without a checksum, and makes them by ' +
      "`astype('float32') / 255`, `to_categorical` and `tf.constant`. The result is the same on both sides: " +
      "x [60000, 784] and [10000, 784], y [60000, 10] and [10000, 10], float32, in TensorFlow's memory, each summed up once.\n\n" +
      `${machineText()}; ${ours[0].versions}; ${keras[0].versions}; ${today()}.\n\n${table}\n`,
  );
}

/** @returns {Promise<Measurement>} */
async function measure() {
  const require = createRequire(import.meta.url);
  const { environment, flatten, normalise, oneHot, tf, toTensor } = /** @type {typeof import('@course/lib')} */ (
    require('@course/lib')
  );
  const { readIdxDataset } = require('../lib/dist/data/image-dataset.js');
  const { idxEntry } = require('../lib/dist/data/manifest.js');
  tf.tidy(() => tf.sum(tf.tensor1d([1])).dataSync());
  const start = performance.now();
  /** @type {import('@course/lib').ImageDataset} */
  const { train, test } = await readIdxDataset(idxEntry('mnist'));
  const read = performance.now();
  const tensors = [train, test].flatMap(({ images, labels }) => [
    toTensor(normalise(flatten(images))),
    toTensor(oneHot(labels, 10)),
  ]);
  const sums = tensors.map((tensor) => tf.sum(tensor).dataSync()[0]);
  const end = performance.now();
  const { node, tensorFlowJs, tensorFlow } = environment();
  return {
    read: read - start,
    all: end - start,
    sums,
    shapes: tensors.map(({ shape }) => shape),
    versions: `TensorFlow.js ${tensorFlowJs} with TensorFlow ${tensorFlow}, Node.js ${node}`,
  };
}
