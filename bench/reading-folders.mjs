// @ts-check

// How long it takes to read a folder of JPEGs to 32 x 32 x 3, and how much memory a large one takes.
//
//     node bench/reading-folders.mjs PYTHON FOLDER [ROUNDS = 5] [--memory] [--write]
//
// PYTHON is the interpreter of an environment with Keras, TensorFlow, PyTorch and torchvision. FOLDER has one
// sub-folder a class, such as cats-vs-dogs/train with its 2,000 JPEGs of at most 200 pixels. Time: from listing the
// folder to the last picture, after all imports and one operation; the files are in the system's cache for all. Each
// measurement has a process of its own, which has read nothing before (fresh) or another folder of as many pictures
// (warm: code is compiled and graphs are built, for every reader):
//
// - ours, first: `readImageFolder` without anything in its cache: list, read, hash, decode and resize, write the cache;
// - ours, second: the same when nothing has changed, from the cache;
// - ours, reference decoder: sharp for every picture, as plain ones would be read without the graph (four at a time);
// - Keras: `image_dataset_from_directory(image_size=(32, 32), batch_size=32, shuffle=False)`, all batches once;
// - torchvision: `ImageFolder` with `Resize((32, 32))`, `DataLoader(batch_size=32, num_workers=2)`, all batches once.
//
// --memory makes a folder of 20,000 pictures of the same files (each with a comment of its own), opens it at 128 x 128
// x 3 (as float32 3.9 GB) and trains one epoch from batches; what is measured is the largest resident set beyond that
// before the folder was opened, with the library and the model loaded. Once from the cache, once where the cache has no
// room. --write puts all into bench/results/reading-folders.md.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const script = fileURLToPath(import.meta.url);
const SIZE = /** @type {const} */ ([32, 32]);
const LARGE_SIZE = /** @type {const} */ ([128, 128]);
const LARGE_COUNT = 20_000;

const args = process.argv.slice(2);
if (args[0] === '--measure') {
  const [, what, folder, more] = args;
  const measure = what === 'memory' ? measureMemory(folder, more) : measureTime(what, folder, more);
  console.log(JSON.stringify(await measure));
} else {
  const [python, folder, rounds = '5'] = args.filter((arg) => !arg.startsWith('--'));
  if (!folder || !(Number(rounds) >= 1)) {
    console.error('node bench/reading-folders.mjs PYTHON FOLDER [ROUNDS = 5] [--memory] [--write]');
    process.exit(1);
  }
  compare(python, path.resolve(folder), Number(rounds), args.includes('--memory'), args.includes('--write'));
}

/** @typedef {{ milliseconds: number, pictures: number, versions: string }} Time */

/**
 * @param {string} python
 * @param {string} folder
 * @param {number} rounds
 * @param {boolean} memory
 * @param {boolean} write
 */
function compare(python, folder, rounds, memory, write) {
  const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'reading-folders-'));
  const env = { ...process.env, COURSE_CACHE: path.join(temporary, 'cache'), TF_CPP_MIN_LOG_LEVEL: '3' };
  /** @type {(command: string, args: string[]) => any} */
  const run = (command, args) =>
    JSON.parse(execFileSync(command, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  const ours = (/** @type {string[]} */ ...args) => run(process.execPath, [script, '--measure', ...args]);
  const peer = (/** @type {string[]} */ ...args) =>
    run(python, [path.join(path.dirname(script), 'reading-folders.py'), ...args]);
  const first = (/** @type {string[]} */ ...folders) => {
    fs.rmSync(env.COURSE_CACHE, { recursive: true, force: true });
    return ours('read', ...folders);
  };
  const other = path.join(temporary, 'other');
  /** @type {Record<string, Record<string, () => Time>>} */
  const ways = {
    fresh: {
      'ours, first': () => first(folder),
      'ours, second': () => ours('read', folder),
      'ours, reference decoder': () => ours('reference', folder),
      Keras: () => peer('keras', folder),
      torchvision: () => peer('torchvision', folder),
    },
    warm: {
      'ours, first': () => first(folder, other),
      'ours, second': () => ours('read', folder, other),
      Keras: () => peer('keras', folder, other),
      torchvision: () => peer('torchvision', folder, other),
    },
  };
  try {
    copyPictures(folder, other);
    /** @type {Record<string, Record<string, Time[]>>} */
    const results = {};
    for (let round = 1; round <= rounds; round++) {
      for (const [state, readers] of Object.entries(ways)) {
        for (const [name, measure] of Object.entries(readers)) {
          const result = measure();
          ((results[state] ??= {})[name] ??= []).push(result);
          console.error(
            `round ${round}, ${state}: ${name} ${result.milliseconds.toFixed(1)} ms, ${result.pictures} pictures`,
          );
        }
      }
    }
    const count = results.fresh['ours, first'][0].pictures.toLocaleString('en-US');
    const lines = Object.entries(results).flatMap(([state, readers]) => {
      const times = Object.fromEntries(
        Object.entries(readers).map(([name, list]) => [name, list.map(({ milliseconds }) => milliseconds)]),
      );
      const best = Math.min(median(times['Keras']), median(times['torchvision']));
      const ratio = median(times['ours, first']) / median(times['ours, second']);
      return [
        `| ${count} JPEGs to 32 x 32 x 3, ${state} process | median, ms | range, ms | ` +
          'times as fast as the better peer |',
        '|---|---:|---:|---:|',
        ...Object.entries(times).map(
          ([name, list]) =>
            `| ${name} | ${median(list).toFixed(1)} | ${Math.min(...list).toFixed(1)} to ` +
            `${Math.max(...list).toFixed(1)} | ${(best / median(list)).toFixed(2)} |`,
        ),
        '',
        `The second reading is ${ratio.toFixed(1)} times as fast as the first.`,
        '',
      ];
    });
    if (memory) {
      const large = path.join(temporary, 'large');
      copyPictures(folder, large, LARGE_COUNT);
      lines.push(
        `| ${LARGE_COUNT.toLocaleString('en-US')} pictures to 128 x 128 x 3, one epoch | before, MB | largest, MB | beyond, MB |`,
        '|---|---:|---:|---:|',
      );
      for (const [name, limit] of [
        ['batches from the cache', ''],
        ['batches decoded anew (cache without room)', '1'],
      ]) {
        const { before, largest, note } = ours('memory', large, limit);
        if (Boolean(note) !== Boolean(limit)) throw new Error(`${name}: ${note}`);
        lines.push(`| ${name} | ${before} | ${largest} | ${largest - before} |`);
      }
    }
    const text = lines.join('\n').trimEnd();
    console.log(text);
    if (write) {
      const file = fileURLToPath(new URL('results/reading-folders.md', import.meta.url));
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(
        file,
        `# Reading folders of pictures\n\nWritten by \`node bench/reading-folders.mjs PYTHON FOLDER ${rounds}${memory ? ' --memory' : ''} --write\`; ` +
          `${rounds} rounds in turns, each measurement in a process of its own; what is compared is said at the top of the script.\n` +
          `${os.cpus()[0].model.trim()}, ${os.availableParallelism()} cores, Node.js ${process.versions.node}, ${results.fresh['ours, first'][0].versions}; ` +
          `${results.fresh['Keras'][0].versions}; ${results.fresh['torchvision'][0].versions}; ${new Date().toISOString().slice(0, 10)}.\n\n${text}\n`,
      );
    }
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
}

/** @param {number[]} values */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/**
 * Copies of the JPEGs under other names, each with a comment of its own, so that no two have the same content.
 *
 * @param {string} source
 * @param {string} target
 * @param {number} [count] as many as there are
 */
function copyPictures(source, target, count) {
  const files = fs
    .readdirSync(source)
    .flatMap((name) => fs.readdirSync(path.join(source, name)).map((file) => path.join(name, file)));
  for (let i = 0; i < (count ?? files.length); i++) {
    const file = files[i % files.length];
    const jpeg = fs.readFileSync(path.join(source, file));
    const text = Buffer.from(`copy ${i}`);
    const comment = Buffer.concat([Buffer.from([0xff, 0xfe, 0, text.length + 2]), text]);
    const folder = path.join(target, path.dirname(file));
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, `${i}.jpg`), Buffer.concat([jpeg.subarray(0, 2), comment, jpeg.subarray(2)]));
  }
}

/**
 * The library as it is built; its rooms are not part of what it exports.
 *
 * @param {string} room
 */
function load(room) {
  return require(fileURLToPath(new URL(`../lib/dist/${room}.js`, import.meta.url)));
}

/**
 * @param {string} what
 * @param {string} folder
 * @param {string} [other] is read before, unmeasured
 * @returns {Promise<Time>}
 */
async function measureTime(what, folder, other) {
  const { environment, tf } = /** @type {typeof import('@course/lib')} */ (require('@course/lib'));
  const versions = `TensorFlow ${environment().tensorFlow}`;
  tf.zeros([1]).add(1).dataSync();
  const { readImageFolder } = /** @type {typeof import('../lib/src/data/folder/image-folder.ts')} */ (
    load('data/folder/image-folder')
  );
  if (what === 'reference') return { ...(await measureReference(folder)), versions };
  if (other) await readImageFolder(other, { size: SIZE });
  const began = performance.now();
  const {
    train: { images },
  } = await readImageFolder(folder, { size: SIZE });
  return { milliseconds: performance.now() - began, pictures: images.shape[0], versions };
}

/** @param {string} folder */
async function measureReference(folder) {
  const sharp = /** @type {typeof import('sharp').default} */ (require('sharp'));
  const began = performance.now();
  const files = fs
    .readdirSync(folder)
    .flatMap((name) => fs.readdirSync(path.join(folder, name)).map((file) => path.join(folder, name, file)));
  const queue = files.values();
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (const file of queue)
        await sharp(fs.readFileSync(file))
          .resize({ width: SIZE[1], height: SIZE[0], fit: 'fill', kernel: 'linear' })
          .raw()
          .toBuffer();
    }),
  );
  return { milliseconds: performance.now() - began, pictures: files.length };
}

/**
 * @param {string} folder
 * @param {string} cacheLimit
 */
async function measureMemory(folder, cacheLimit) {
  const { tf } = /** @type {typeof import('@course/lib')} */ (require('@course/lib'));
  const { indexImageFolder } = /** @type {typeof import('../lib/src/data/folder/image-folder.ts')} */ (
    load('data/folder/image-folder')
  );
  const { train } = /** @type {typeof import('../lib/src/training/train.ts')} */ (load('training/train'));
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({ filters: 8, kernelSize: 5, strides: 4, activation: 'relu', inputShape: [...LARGE_SIZE, 3] }),
      tf.layers.maxPooling2d({ poolSize: 4 }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });
  model.compile({ optimizer: 'rmsprop', loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  const before = Math.round(process.memoryUsage().rss / 1e6);
  const pictures = await indexImageFolder(folder, {
    size: LARGE_SIZE,
    ...(cacheLimit && { cacheLimit: Number(cacheLimit) }),
  });
  await train(model, pictures.train.batches({ batchSize: 32 }), { epochs: 1 });
  return { before, largest: Math.round((process.resourceUsage().maxRSS * 1024) / 1e6), note: pictures.note };
}
