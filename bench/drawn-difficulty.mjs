// @ts-check

// How hard the drawn stand-ins are: for the networks of the lessons, and for a nearest neighbour, which must not solve
// them.
//
//     node bench/drawn-difficulty.mjs [--write]
//
// Takes ten minutes and more on two cores. With COURSE_DATA the nearest neighbour is asked about the real datasets too.
// --write puts the tables into bench/results/drawn-difficulty.md. Needs a course that is set up.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import sharp from 'sharp';

const require = createRequire(import.meta.url);
const { tf, setRandomSeed } = /** @type {typeof import('@course/lib')} */ (require('@course/lib'));
/** @type {typeof import('../lib/src/data/drawn/index.js')} */
const { drawStandIn } = require('../lib/dist/data/drawn/index.js');
/** @type {typeof import('../lib/src/data/manifest.js')} */
const { datasetEntry } = require('../lib/dist/data/manifest.js');

const SIDE = 32;
const KNOWN = 10_000;
const ASKED = 1_000;

/**
 * @typedef {object} Part pixels as fractions of 255, and the class of each picture
 * @property {Float32Array} pixels
 * @property {number[]} labels
 *
 * @typedef {object} Data
 * @property {Part} train
 * @property {Part} test
 * @property {number[]} shape of one picture
 * @property {number} classes
 */

/**
 * Four IDX files, unpacked, whose headers are as long as their dimensions say.
 *
 * @param {(name: string) => Uint8Array} read
 * @returns {Data}
 */
function fromIdx(read) {
  /** @param {string} prefix @returns {Part} */
  const part = (prefix) => ({
    pixels: Float32Array.from(read(`${prefix}-images-idx3-ubyte`).subarray(16), (value) => value / 255),
    labels: [...read(`${prefix}-labels-idx1-ubyte`).subarray(8)],
  });
  return { train: part('train'), test: part('t10k'), shape: [28, 28, 1], classes: 10 };
}

/**
 * JPEG files, squashed to 32 x 32.
 *
 * @param {ReadonlyMap<string, Uint8Array>} contents
 * @returns {Promise<Data>}
 */
async function fromPictures(contents) {
  /** @param {string} prefix @returns {Promise<Part>} */
  const part = async (prefix) => {
    const names = [...contents.keys()].filter((name) => name.startsWith(`${prefix}/`));
    const pixels = new Float32Array(names.length * SIDE * SIDE * 3);
    for (const [i, name] of names.entries()) {
      const picture = sharp(contents.get(name)).resize(SIDE, SIDE, { fit: 'fill' }).toColourspace('srgb').removeAlpha();
      pixels.set(Float32Array.from(await picture.raw().toBuffer(), (value) => value / 255), i * SIDE * SIDE * 3);
    }
    return { pixels, labels: names.map((name) => (name.includes('/dogs/') ? 1 : 0)) };
  };
  return { train: await part('train'), test: await part('validation'), shape: [SIDE, SIDE, 3], classes: 2 };
}

/** @param {string} name @returns {Promise<Data | undefined>} */
async function readReal(name) {
  const folder = process.env.COURSE_DATA && path.join(process.env.COURSE_DATA, name);
  if (!folder || !fs.existsSync(folder)) return undefined;
  if (name !== 'cats-vs-dogs') {
    return fromIdx((file) => {
      const unpacked = path.join(folder, file);
      return fs.existsSync(unpacked) ? fs.readFileSync(unpacked) : gunzipSync(fs.readFileSync(`${unpacked}.gz`));
    });
  }
  const files = /** @type {string[]} */ (fs.readdirSync(folder, { recursive: true })).filter((file) =>
    file.endsWith('.jpg'));
  return fromPictures(new Map(files.sort().map((file) => [file, fs.readFileSync(path.join(folder, file))])));
}

/**
 * Asks the first pictures of the test part which of the first training pictures is nearest, pixel by pixel.
 *
 * @param {Data} data
 */
function nearestNeighbour({ train, test, shape }) {
  const size = shape.reduce((product, length) => product * length);
  // The folders hold one class after the other: every k-th picture is a fair sample.
  /** @param {Part} part @param {number} most */
  const sample = ({ pixels, labels }, most) => {
    const step = Math.max(1, Math.floor(labels.length / most));
    const chosen = labels.map((_, i) => i).filter((i) => i % step === 0).slice(0, most);
    const values = new Float32Array(chosen.length * size);
    chosen.forEach((from, to) => values.set(pixels.subarray(from * size, (from + 1) * size), to * size));
    return { x: tf.tensor2d(values, [chosen.length, size]), labels: chosen.map((i) => labels[i]) };
  };
  const [known, asked] = [sample(train, KNOWN), sample(test, ASKED)];
  const [nearest, distance] = tf.tidy(() => {
    const squares = known.x.square().sum(1).expandDims(0).add(asked.x.square().sum(1, true)).sub(tf.matMul(asked.x,
      known.x, false, true).mul(2));
    return [squares.argMin(1).dataSync(), squares.min(1).maximum(0).sqrt().dataSync()];
  });
  tf.dispose([known.x, asked.x]);
  const right = asked.labels.filter((label, i) => known.labels[nearest[i]] === label).length;
  const sorted = [...distance].sort((a, b) => a - b);
  return { accuracy: right / asked.labels.length, smallest: sorted[0], median: sorted[sorted.length >> 1] };
}

/** @param {Part} part @param {number[]} shape @param {number} classes @param {number} [count] */
function tensors({ pixels, labels }, shape, classes, count = labels.length) {
  const size = shape.reduce((product, length) => product * length);
  return {
    x: tf.tensor(pixels.subarray(0, count * size), [count, ...shape]),
    y: tf.tidy(() => tf.oneHot(tf.tensor1d(labels.slice(0, count), 'int32'), classes).toFloat()),
  };
}

/** @typedef {import('@tensorflow/tfjs-layers').layers.Layer} Layer */

/** @param {number} units @param {'relu' | 'softmax' | 'sigmoid'} [activation] */
const dense = (units, activation = 'relu') => tf.layers.dense({ units, activation });
/** @param {number} filters @param {object} [options] */
const conv = (filters, options) => tf.layers.conv2d({ filters, kernelSize: 3, activation: 'relu', ...options });
/** @param {number} rate */
const dropout = (rate) => tf.layers.dropout({ rate });

const networks = {
  /** @param {number[]} inputShape */
  'lesson 01: dense 512, 512': (inputShape) => [tf.layers.flatten({ inputShape }), dense(512), dense(512),
    dense(10, 'softmax')],
  /** @param {number[]} inputShape */
  'lesson 02: dense 256, 128': (inputShape) =>
    [tf.layers.flatten({ inputShape }), dense(256), dropout(0.2), dense(128), dropout(0.2), dense(10, 'softmax')],
  /** @param {number[]} inputShape */
  'lesson 03: CNN': (inputShape) =>
    [conv(16, { inputShape }), conv(64), tf.layers.maxPooling2d({ poolSize: 3, strides: 2 }), tf.layers.flatten(),
      dense(64), dense(32), dense(10, 'softmax')],
  /** @param {number[]} inputShape */
  'lesson 04: CNN': (inputShape) => [
    ...[32, 32, 64].flatMap((filters, i) => [conv(filters, { padding: 'same', ...(i === 0 && { inputShape }) }),
      tf.layers.maxPooling2d({ poolSize: 2 })]),
    ...[tf.layers.flatten(), dense(64), dropout(0.5), dense(2, 'sigmoid')],
  ],
};

/** @type {string[][]} */
const trained = [];

/**
 * @param {string} title
 * @param {keyof typeof networks} network
 * @param {Data} data
 * @param {{ epochs: number, batchSize?: number, optimizer?: 'adam' | 'rmsprop', trainCount?: number }} options
 */
async function train(title, network, data, { epochs, batchSize = 128, optimizer = 'adam', trainCount }) {
  setRandomSeed(1);
  const { shape, classes } = data;
  const known = tensors(data.train, shape, classes, trainCount);
  const asked = tensors(data.test, shape, classes);
  const model = tf.sequential({ layers: networks[network](shape) });
  model.compile({ optimizer, loss: classes === 2 ? 'binaryCrossentropy' : 'categoricalCrossentropy',
    metrics: ['accuracy'] });
  const began = performance.now();
  const { history } = await model.fit(known.x, known.y, { epochs, batchSize, verbose: 0, validationData: [asked.x,
    asked.y] });
  /** @param {string} key */
  const last = (key) => Number(history[key][epochs - 1]);
  trained.push([
    title,
    network,
    `${countText(known.x.shape[0])} x ${epochs}`,
    last('acc').toFixed(3),
    `**${last('val_acc').toFixed(3)}**`,
    Math.max(...history.val_acc.map(Number)).toFixed(3),
    last('loss').toFixed(3),
    last('val_loss').toFixed(3),
  ]);
  console.error(`${trained[trained.length - 1].join(' | ')} (${((performance.now() - began) / 1000).toFixed(0)} s)`);
  tf.dispose([known, asked]);
  model.dispose();
}

/** @param {number} count */
function countText(count) {
  return count.toLocaleString('en-US');
}

/** @param {string[]} head @param {string[][]} rows */
const table = (head, rows) => [head, head.map((_, i) => (i < 2 ? '---' : '---:')), ...rows].map((row) =>
  `| ${row.join(' | ')} |`).join('\n');

/** @type {string[][]} */
const neighbours = [];
/** @type {Record<string, Data>} */
const drawn = {};
for (const name of ['mnist', 'fashion-mnist', 'cats-vs-dogs']) {
  const entry = datasetEntry(name);
  const began = performance.now();
  const contents = await drawStandIn(entry);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  drawn[name] = name === 'cats-vs-dogs' ? await fromPictures(contents)
    : fromIdx((file) => /** @type {Uint8Array} */ (contents.get(file)));
  const real = await readReal(name);
  for (const [title, data, time] of /** @type {const} */ ([[entry.standIn?.title ?? name, drawn[name], seconds],
    [entry.title, real, '']])) {
    if (!data) continue;
    const { accuracy, smallest, median } = nearestNeighbour(data);
    neighbours.push([title, time, accuracy.toFixed(3), smallest.toFixed(2), median.toFixed(2)]);
    console.error(neighbours[neighbours.length - 1].join(' | '));
  }
}
await train('digits', 'lesson 01: dense 512, 512', drawn.mnist, { epochs: 5 });
await train('cats and dogs', 'lesson 04: CNN', drawn['cats-vs-dogs'], { epochs: 25, batchSize: 32,
  optimizer: 'rmsprop' });
await train('clothes', 'lesson 02: dense 256, 128', drawn['fashion-mnist'], { epochs: 4 });
await train('clothes', 'lesson 03: CNN', drawn['fashion-mnist'], { epochs: 4 });
await train('clothes', 'lesson 02: dense 256, 128', drawn['fashion-mnist'], { epochs: 20 });
await train('clothes', 'lesson 03: CNN', drawn['fashion-mnist'], { epochs: 20, trainCount: 6_000 });

const results = table(
  ['data', 'network', 'pictures x epochs', 'training accuracy', 'test accuracy', 'best', 'training loss', 'test loss'],
  trained,
);
const text = `${results}

One run, one seed for the weights. "Best" is the best epoch by test accuracy.

Nearest neighbour by pixels (${SIDE} x ${SIDE} x 3 for cats and dogs), of at most ${countText(ASKED)} test pictures
among at most ${countText(KNOWN)} training pictures. Distances are Euclidean, of pixels in 0..1: the smallest, and the median,
  between a
test picture and the training picture nearest to it.

${table(['data', 'drawn in, s', '1-NN accuracy', 'smallest distance', 'median distance'], neighbours)}`;
console.log(text);
if (process.argv.includes('--write')) {
  const machine = `${os.cpus()[0].model.trim()}, ${os.availableParallelism()} cores, Node.js ${process.versions.node}`;
  const file = fileURLToPath(new URL('results/drawn-difficulty.md', import.meta.url));
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(
    file,
    '# How hard the drawn stand-ins are\n\nWritten by `node bench/drawn-difficulty.mjs --write`.\n' +
      `${machine}, ${new Date().toISOString().slice(0, 10)}.\n\n${text}\n`,
  );
}
