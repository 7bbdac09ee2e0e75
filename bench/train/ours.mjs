// @ts-check

// The course's own library in compare.mjs and growth.mjs: builds and trains one model and prints a line of JSON. The
// job says how (`way`): `compile` is the option of `fit`. It mirrors the peers' peer.py.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const { environment, evaluate, fit, setRandomSeed, summary, tf } = /** @type {typeof import('@course/lib')} */ (
  createRequire(import.meta.url)('@course/lib')
);

/**
 * A model of models.json: its network, its data and how it learns, for all contestants.
 *
 * @typedef {object} ModelSpec
 * @property {string} name
 * @property {string} title
 * @property {string} data the prepared files
 * @property {number[]} input the shape of an example
 * @property {number} divideBy what the bytes of the pictures are divided by, before training
 * @property {number} examples how many of the training examples are used
 * @property {number} batchSize
 * @property {number} epochs after which the loss and the accuracies are reported
 * @property {{ kind: string, learningRate: number, momentum?: number }} optimizer
 * @property {'categoricalCrossentropy' | 'sparseCategoricalCrossentropy' | 'binaryCrossentropy'} loss
 * @property {({ kind: string } & Record<string, unknown>)[]} layers
 *
 * @typedef {object} Job
 * @property {ModelSpec} model
 * @property {string} folder with the prepared files
 * @property {number} examples at most
 * @property {number} epochs
 * @property {number} seconds that the epochs after the first take at least
 * @property {{ compile: boolean }} way
 *
 * @typedef {object} Result
 * @property {number} firstBatch seconds from the examples in memory to the end of the first step
 * @property {number[]} times seconds of each epoch
 * @property {[from: number, to: number]} counted the time of day when the epochs after the first began and
 *   ended, in milliseconds; ours only
 * @property {number} trainingMultiplyAdds of a full batch; ours only
 * @property {number} examples in an epoch
 * @property {number} loss mean over the last reported epoch, measured while the network learned
 * @property {number} accuracy the same
 * @property {number} testAccuracy with the weights after that epoch
 * @property {number} initialLoss of the test examples, with the initial weights
 * @property {number} memoryBefore megabytes, with all libraries loaded and one operation done
 * @property {number} memory the most that it was until the end of the training
 * @property {string} versions
 */

if (process.argv[1] === fileURLToPath(import.meta.url))
  console.log(JSON.stringify(await measure(JSON.parse(process.argv[2]))));

/** @param {Pick<ModelSpec, 'input' | 'layers'>} spec */
export function buildModel({ input, layers }) {
  const [first, ...others] = layers.map(({ kind, ...options }, i) =>
    /** @type {any} */ (tf.layers)[kind]({ ...options, ...(i === 0 && { inputShape: input }) }),
  );
  return tf.sequential({ layers: [first, ...others] });
}

/** @param {ModelSpec['optimizer']} optimizer */
function makeOptimizer({ kind, learningRate, momentum = 0 }) {
  switch (kind) {
    case 'adam':
      return tf.train.adam(learningRate, 0.9, 0.999, 1e-7);
    case 'rmsprop':
      return tf.train.rmsprop(learningRate, 0.9, 0, 1e-7);
    case 'momentum':
      return tf.train.momentum(learningRate, momentum);
    case 'sgd':
      return tf.train.sgd(learningRate);
    default:
      throw new Error(`Got the optimizer "${kind}"; expected adam, rmsprop, momentum or sgd.`);
  }
}

/** @param {ModelSpec} spec */
export function compiledModel(spec) {
  const model = buildModel(spec);
  model.compile({ optimizer: makeOptimizer(spec.optimizer), loss: spec.loss, metrics: ['accuracy'] });
  return model;
}

/**
 * Pictures as float32 and targets as the loss wants them.
 *
 * @param {Job} job
 * @param {'train' | 'test'} part
 */
function readExamples({ model, folder, examples }, part) {
  const read = (/** @type {string} */ what) => fs.readFileSync(path.join(folder, `${model.data}-${part}-${what}.bin`));
  const labels = read('labels');
  const count = part === 'train' ? Math.min(examples, labels.length) : labels.length;
  const size = model.input.reduce((product, side) => product * side, 1);
  const values = Float32Array.from(read('pictures').subarray(0, count * size));
  if (model.divideBy !== 1) for (let i = 0; i < values.length; i++) values[i] /= model.divideBy;
  return { x: tf.tensor(values, [count, ...model.input]), y: targets(model, labels.subarray(0, count)) };
}

/**
 * @param {ModelSpec} model
 * @param {Uint8Array} labels
 */
function targets(model, labels) {
  if (model.loss === 'sparseCategoricalCrossentropy') return tf.tensor2d(Float32Array.from(labels), [labels.length, 1]);
  return tf.tidy(() => tf.oneHot(tf.tensor1d(labels, 'int32'), Number(model.layers.at(-1)?.units)).toFloat());
}

/** @param {'VmRSS' | 'VmHWM'} field the memory of this process now, or the most that it was, in megabytes */
function memory(field) {
  try {
    const [, kilobytes] = /** @type {RegExpMatchArray} */ (
      fs.readFileSync('/proc/self/status', 'utf8').match(new RegExp(`^${field}:\\s*(\\d+)`, 'm'))
    );
    return (Number(kilobytes) * 1024) / 1e6;
  } catch {
    // macOS
    return field === 'VmRSS' ? process.memoryUsage.rss() / 1e6 : (process.resourceUsage().maxRSS * 1024) / 1e6;
  }
}

/**
 * @param {Job} job
 * @returns {Promise<Result>}
 */
async function measure(job) {
  const { model: spec, way } = job;
  tf.tidy(() => tf.sum(tf.zeros([1])).dataSync());
  const memoryBefore = memory('VmRSS');
  const data = readExamples(job, 'train');
  const { batchSize } = spec;
  const first = { x: data.x.slice(0, batchSize), y: data.y.slice(0, batchSize) };

  let began = performance.now();
  const model = compiledModel(spec);
  setInitialWeights(job, model);
  setRandomSeed(1);
  const options = {
    batchSize,
    compile: way.compile,
    seed: 1,
    display: false,
    // Told when a model cannot be compiled: it would be measured under the wrong name.
    onNotice(/** @type {string} */ notice) {
      throw new Error(notice);
    },
  };
  await fit(model, first, { ...options, epochs: 1 });
  const firstBatch = (performance.now() - began) / 1000;

  /** @type {number[]} */
  const times = [];
  let [loss, accuracy, from, to] = [NaN, NaN, NaN, NaN];
  /** @type {import('@course/lib').tf.Tensor[]} */
  let weights = [];
  await fit(model, data, {
    ...options,
    epochs: 1e6,
    callbacks: {
      onTrainBegin() {
        began = performance.now();
      },
      onEpochEnd(/** @type {number} */ _epoch, /** @type {import('@course/lib').tf.Logs | undefined} */ logs) {
        times.push((performance.now() - began) / 1000);
        to = Date.now();
        if (times.length === 1) from = to;
        if (times.length === job.epochs) {
          [loss, accuracy] = [logs?.loss ?? NaN, logs?.acc ?? NaN];
          weights = model.getWeights().map((weight) => weight.clone());
        }
        const counted = times.slice(1).reduce((sum, time) => sum + time, 0);
        if (times.length >= job.epochs && counted >= job.seconds) model.stopTraining = true;
        began = performance.now();
      },
    },
  });
  const peak = memory('VmHWM');

  const test = readExamples(job, 'test');
  model.setWeights(weights);
  const { acc: testAccuracy } = evaluate(model, test);
  setInitialWeights(job, model);
  const { loss: initialLoss } = evaluate(model, test);
  const { tensorFlow, tensorFlowJs, node } = environment();
  return {
    firstBatch,
    times,
    counted: [from, to],
    trainingMultiplyAdds: summary(model, { batchSize }).trainingMultiplyAdds,
    examples: data.x.shape[0],
    loss,
    accuracy,
    testAccuracy,
    initialLoss,
    memoryBefore,
    memory: peak,
    versions: `TensorFlow.js ${tensorFlowJs} on TensorFlow ${tensorFlow}, Node.js ${node}`,
  };
}

/**
 * @param {Job} job
 * @param {import('@course/lib').tf.LayersModel} model
 */
function setInitialWeights({ model: { name }, folder }, model) {
  const bytes = fs.readFileSync(path.join(folder, `${name}-weights.bin`));
  const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  let offset = 0;
  const weights = model.getWeights().map(({ shape, size }) => tf.tensor(values.slice(offset, (offset += size)), shape));
  model.setWeights(weights);
  tf.dispose(weights);
}
