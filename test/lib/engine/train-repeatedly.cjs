// @ts-check
/**
 * A process of its own that trains again and again: `node --expose-gc train-repeatedly.cjs steps|cycles|calls [leak]`.
 * It prints as JSON by how much memory and tensors have grown, after it has warmed up.
 *
 * With `leak` it forgets something on purpose each time, to show that the measurement sees it.
 */
const { tf } = require('../../../lib/dist/index.js');
const { CompiledTraining } = require('../../../lib/dist/engine/compiled-training.js');
const { train } = require('../../../lib/dist/training/train.js');

const [, , what, leak] = process.argv;
const BATCH = 32;
const { layers } = tf;

/** 520,000 weights: with Adam's state 6 MB. */
const model = tf.sequential({
  layers: [
    layers.conv2d({ filters: 8, kernelSize: 3, activation: 'relu', inputShape: [28, 28, 1] }),
    layers.batchNormalization(),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.dropout({ rate: 0.25 }),
    layers.flatten(),
    layers.dense({ units: 384, activation: 'relu' }),
    layers.dropout({ rate: 0.5 }),
    layers.dense({ units: 10, activation: 'softmax' }),
  ],
});
model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
const data = tf.tidy(() => ({
  x: tf.randomUniform([4 * BATCH, 28, 28, 1]),
  y: tf.cast(tf.oneHot(tf.randomUniform([4 * BATCH], 0, 10, 'int32'), 10), 'float32'),
}));
const rows = Int32Array.from({ length: BATCH }, (_, i) => 3 * i);
/** @type {unknown[]} */
const forgotten = [];

/** @param {number} times */
async function steps(times) {
  for (let i = 0; i < times; i++) {
    training?.learn(data, [rows], 1);
    if (i % 10 === 0) training?.measure(data, rows);
    if (i % 50 === 0) model.getWeights();
    // One batch.
    if (leak) forgotten.push(new Float32Array(BATCH * 28 * 28).fill(i));
    // As `train` does: JavaScript's own clearing up needs a turn of the event loop.
    if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** @param {number} times */
async function cycles(times) {
  for (let i = 0; i < times; i++) {
    const each = CompiledTraining.begin(model, data);
    for (let step = 0; step < 5; step++) each.learn(data, [rows], 1);
    // What `end` does but for the session.
    if (leak) /** @type {any} */ (each).graph.dispose = () => {};
    each.end();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** @param {number} times */
async function calls(times) {
  for (let i = 0; i < times; i++) {
    await train(model, data, { epochs: 2, batchSize: BATCH, validationSplit: 0.25 });
    // The weights, and what Adam keeps with them.
    if (leak) forgotten.push(new Float32Array(3 * model.countParams()).fill(i));
  }
}

/** Memory that is in use, in MB. */
async function inUse() {
  for (let i = 0; i < 3; i++) {
    /** @type {() => void} */ (global.gc)();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().rss / 1e6;
}

/** @type {ReturnType<typeof CompiledTraining.begin> | undefined} */
let training;
(async () => {
  const kinds = {
    steps: { run: steps, warmUp: 300, times: 1000 },
    cycles: { run: cycles, warmUp: 10, times: 20 },
    calls: { run: calls, warmUp: 10, times: 20 },
  };
  const { run, warmUp, times } = kinds[/** @type {keyof typeof kinds} */ (what)];
  if (what === 'steps') training = CompiledTraining.begin(model, data);
  await run(warmUp);
  const before = { memory: await inUse(), tensors: tf.memory().numTensors, sessions: tf.node.getNumOfSavedModels() };
  await run(times);
  const after = { memory: await inUse(), tensors: tf.memory().numTensors, sessions: tf.node.getNumOfSavedModels() };
  training?.end();
  console.log(JSON.stringify({
    memory: after.memory - before.memory, tensors: after.tensors - before.tensors, sessions: after.sessions - before.sessions,
  }));
})();
