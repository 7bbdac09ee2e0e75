// @ts-check

// Which version of TensorFlow the engine should have: size, load time, speed and memory of each, measured in turns on this
// machine. The version itself is pinned in setup/engine.json.
//
//     node bench/engine-versions.mjs [ROUNDS = 3] [--write]
//
// Needs a course that is set up, on Linux x64. The libraries (3 GB) are kept in the cache folder, in engine-versions/. All run
// under the binding that set-up has compiled: it calls only TensorFlow's stable C API. The training is tfjs's own, operation
// by operation, as it is without the library's speed-ups. --write puts the table into bench/results/engine-versions.md.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { BINDING, ENGINE, locateEngine } from '../setup/engine.mjs';
import { openProject } from '../setup/project.mjs';
import { machineText, median, today } from './support.mjs';

const VERSIONS = ['2.13.1', '2.16.2', '2.18.1', '2.20.0', '2.21.0'];
const TAGS = ['manylinux2014_x86_64', 'manylinux_2_17_x86_64', 'manylinux_2_27_x86_64'];

/**
 * @typedef {object} Measurement
 * @property {number} load milliseconds until tfjs-node is loaded
 * @property {number} mlp32 images a second, 784-512-512-10, batch size 32
 * @property {number} mlp128 the same, batch size 128
 * @property {number} cnn images a second, the convolutional network of lesson 03, batch size 128
 * @property {number} memory the largest resident set, in MB
 */

const [argument] = process.argv.slice(2);
if (argument === '--measure') {
  console.log(JSON.stringify(await measure(process.argv[3])));
} else {
  compare(Number(process.argv.slice(2).find((word) => /^\d+$/.test(word)) ?? 3), process.argv.includes('--write'));
}

/**
 * @param {number} rounds
 * @param {boolean} write
 */
function compare(rounds, write) {
  const folders = VERSIONS.map(fetchVersion);
  /** @type {Measurement[][]} */
  const results = VERSIONS.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, version] of VERSIONS.entries()) {
      const output = execFileSync(process.execPath, [fileURLToPath(import.meta.url), '--measure', folders[i]], {
        env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      results[i].push(JSON.parse(output));
      console.error(`round ${round + 1}: ${version} ${output.trim()}`);
    }
  }
  const rows = VERSIONS.map((version, i) => [
    version === ENGINE.version ? `**${version}** (pinned)` : version,
    fs.readdirSync(path.join(folders[i], 'lib')).map((file) => Math.round(fs.statSync(path.join(folders[i], 'lib', file)).size / 1e6)).join(' + '),
    ...(/** @type {const} */ (['load', 'memory', 'mlp32', 'mlp128', 'cnn'])).map((key) => describe(results[i].map((result) => result[key]))),
  ]);
  const table = [
    '| TensorFlow | libraries, MB | load, ms | memory, MB | MLP batch 32, images/s | MLP batch 128, images/s | CNN batch 128, images/s |',
    '|---|---:|---:|---:|---:|---:|---:|',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');
  console.log(table);
  if (write) {
    const machine = `${machineText()}, Node.js ${process.versions.node}`;
    const file = fileURLToPath(new URL('results/engine-versions.md', import.meta.url));
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(
      file,
      `# TensorFlow versions under tfjs-node\n\nWritten by \`node bench/engine-versions.mjs ${rounds} --write\`: median of ${rounds} rounds ` +
        `in turns (smallest to largest).\n${machine}, ${today()}.\n\n${table}\n`
    );
  }
}

/** @param {number[]} values */
function describe(values) {
  const rounded = values.map(Math.round);
  return `${median(rounded)} (${Math.min(...rounded)} to ${Math.max(...rounded)})`;
}

/**
 * @param {string} version
 * @returns {string} the folder with that version's library and the binding
 */
function fetchVersion(version) {
  const project = openProject();
  const { folder: pinned, source } = locateEngine(project);
  if (!source) throw new Error('This needs Linux x64.');
  const folder = path.join(project.cache, 'engine-versions', version);
  if (!fs.existsSync(folder)) {
    const unfinished = `${folder}.new`;
    fs.rmSync(unfinished, { recursive: true, force: true });
    fs.mkdirSync(unfinished, { recursive: true });
    console.error(`fetching ${version}`);
    execFileSync(project.python, [
      '-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary', ':all:', ...TAGS.flatMap((tag) => ['--platform', tag]),
      '--python-version', ENGINE.wheelPython, '--dest', unfinished, `${source.package}==${version}`,
    ], { stdio: 'inherit' });
    const wheel = path.join(unfinished, fs.readdirSync(unfinished).filter((name) => name.endsWith('.whl'))[0]);
    execFileSync(project.python, [path.join(project.root, 'setup', 'unpack_engine.py'), wheel, unfinished, ...source.libraries]);
    fs.rmSync(wheel);
    fs.copyFileSync(path.join(pinned, BINDING), path.join(unfinished, BINDING));
    fs.renameSync(unfinished, folder);
  }
  return folder;
}

/**
 * @param {string} engine a folder with a binding
 * @returns {Promise<Measurement>}
 */
async function measure(engine) {
  const require = createRequire(import.meta.url);
  // tfjs-node asks node-pre-gyp where its binding is.
  const finder = require.resolve('@mapbox/node-pre-gyp');
  require(finder);
  /** @type {NodeJS.Module} */ (require.cache[finder]).exports = { find: () => path.join(engine, BINDING) };
  const start = performance.now();
  const { tf } = /** @type {typeof import('@course/lib')} */ (require('@course/lib'));
  const load = performance.now() - start;

  const speed = async (/** @type {import('@tensorflow/tfjs-node').LayersModel} */ model, /** @type {number[]} */ shape, /** @type {number} */ images, /** @type {number} */ batchSize) => {
    const x = tf.randomUniform([images, ...shape], 0, 1, 'float32', 1);
    const y = tf.oneHot(tf.randomUniform([images], 0, 10, 'int32', 2).toInt(), 10);
    model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
    await model.fit(x, y, { batchSize, epochs: 1, verbose: 0 }); // The first epoch also prepares.
    const begin = performance.now();
    await model.fit(x, y, { batchSize, epochs: 1, verbose: 0 });
    const seconds = (performance.now() - begin) / 1000;
    tf.dispose([x, y]);
    model.dispose();
    return images / seconds;
  };
  const { conv2d, dense, flatten, maxPooling2d } = tf.layers;
  const mlp = () => tf.sequential({
    layers: [
      dense({ units: 512, activation: 'relu', inputShape: [784] }),
      dense({ units: 512, activation: 'relu' }),
      dense({ units: 10, activation: 'softmax' }),
    ],
  });
  const cnn = () => tf.sequential({
    layers: [
      conv2d({ filters: 16, kernelSize: 3, activation: 'relu', inputShape: [28, 28, 1] }),
      conv2d({ filters: 64, kernelSize: 3, activation: 'relu' }),
      maxPooling2d({ poolSize: 3, strides: 2 }),
      flatten(),
      dense({ units: 64, activation: 'relu' }),
      dense({ units: 32, activation: 'relu' }),
      dense({ units: 10, activation: 'softmax' }),
    ],
  });
  return {
    load,
    mlp32: await speed(mlp(), [784], 12_800, 32),
    mlp128: await speed(mlp(), [784], 25_600, 128),
    cnn: await speed(cnn(), [28, 28, 1], 2_560, 128),
    memory: process.resourceUsage().maxRSS / 1000,
  };
}
