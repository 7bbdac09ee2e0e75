// @ts-check

// Writes what all contestants of compare.mjs read, in a process of its own, so that the one that starts them stays
// small:
//
//     node bench/train/prepare.mjs FOLDER
//
// FOLDER/models.json names the models. For each of their datasets it writes the pictures and labels as bytes, for each
// model its initial weights, and it prints a line of JSON with where the datasets come from.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { buildModel } from './ours.mjs';

/** @typedef {{ images: import('ndarray').NdArray<Uint8Array>, labels: import('ndarray').NdArray<Uint8Array> }} Part */

const require = createRequire(import.meta.url);
const { setRandomSeed, shuffled } = /** @type {typeof import('@course/lib')} */ (require('@course/lib'));
const { readIdxDataset } = /** @type {typeof import('../../lib/src/data/image-dataset.ts')} */ (
  room('data/image-dataset')
);
const { folderEntry, idxEntry } = /** @type {typeof import('../../lib/src/data/manifest.ts')} */ (
  room('data/manifest')
);
const { readPictureDataset } = /** @type {typeof import('../../lib/src/data/picture-dataset.ts')} */ (
  room('data/picture-dataset')
);

/** The library as it is built; these rooms are not part of what it exports. @param {string} name */
function room(name) {
  return require(`../../lib/dist/${name}.js`);
}

const [folder] = process.argv.slice(2);
/** @type {import('./ours.mjs').ModelSpec[]} */
const models = JSON.parse(fs.readFileSync(path.join(folder, 'models.json'), 'utf8'));
/** @type {Record<string, string>} */
const sources = {};
for (const data of new Set(models.map((model) => model.data))) {
  const { train, test, source } = await read(data);
  sources[data] = source;
  // In folders one class comes after the other; a part of the examples has all of them.
  const parts = { train: shuffled({ images: train.images, labels: train.labels }, { seed: 1 }), test };
  for (const [part, { images, labels }] of Object.entries(parts)) {
    fs.writeFileSync(
      path.join(folder, `${data}-${part}-pictures.bin`),
      data === 'mnist-32' ? padded(images) : bytesOf(images),
    );
    fs.writeFileSync(path.join(folder, `${data}-${part}-labels.bin`), bytesOf(labels));
  }
}
for (const model of models) {
  setRandomSeed(1);
  const values = buildModel(model)
    .getWeights()
    .map((weight) => weight.dataSync());
  fs.writeFileSync(
    path.join(folder, `${model.name}-weights.bin`),
    Buffer.concat(values.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength))),
  );
}
console.log(JSON.stringify(sources));

/**
 * @param {string} data
 * @returns {Promise<{ train: Part, test: Part, source: string }>}
 */
async function read(data) {
  if (data === 'cats-vs-dogs') {
    const { train, validation, ...dataset } = await readPictureDataset(folderEntry(data), { size: [32, 32] });
    if (!validation) throw new Error(`${data} has no validation pictures.`);
    return { train, test: validation, source: dataset.isDrawn ? 'drawn stand-ins' : 'real' };
  }
  const { train, test, ...dataset } = await readIdxDataset(idxEntry(data.replace(/-32$/, '')));
  return { train, test, source: dataset.isDrawn ? 'drawn stand-ins' : 'real' };
}

/** @param {import('ndarray').NdArray<Uint8Array>} array which has no gaps */
function bytesOf({ data, offset, shape }) {
  return data.subarray(offset, offset + shape.reduce((product, size) => product * size, 1));
}

/**
 * Grey pictures of 28 x 28 with a black margin of two pixels: 32 x 32.
 *
 * @param {import('ndarray').NdArray<Uint8Array>} images
 */
function padded(images) {
  const [count, height, width] = images.shape;
  const from = bytesOf(images);
  const to = new Uint8Array(count * 32 * 32);
  for (let row = 0; row < count * height; row++) {
    const line = Math.floor(row / height) * 32 + 2 + (row % height);
    to.set(from.subarray(row * width, (row + 1) * width), line * 32 + 2);
  }
  return to;
}
