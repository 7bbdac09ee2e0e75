// @ts-check
/**
 * What the progress line, the live graph and checkpoints (one an epoch) cost: lesson 01's training with them, with the
 * display alone, without them, and with tfjs's own model.fit, in turns within one run. The outputs are turned into JSON
 * as the kernel does; drawing happens in the browser's process.
 *
 *     node bench/live-cost.mjs [rounds] [batchSize]
 */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { machineText, median } from './support.mjs';

const { fit, tf } = /** @type {typeof import('@course/lib')} */ (createRequire(import.meta.url)('@course/lib'));

const rounds = Number(process.argv[2] ?? 5);
const batchSize = Number(process.argv[3] ?? 128);
const EXAMPLES = 60_000;
const x = tf.randomUniform([EXAMPLES, 784], 0, 1, 'float32', 1);
const y = tf.oneHot(tf.randomUniform([EXAMPLES], 0, 10, 'int32', 2).toInt(), 10).toFloat();

let messages = 0;
let bytes = 0;
/** @type {any} */ (globalThis)[Symbol.for('course.display')] = (/** @type {unknown} */ output) => {
  messages++;
  bytes += JSON.stringify(output).length;
};

function makeModel() {
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 512, activation: 'relu', inputShape: [784] }));
  model.add(tf.layers.dense({ units: 512, activation: 'relu' }));
  model.add(tf.layers.dense({ units: 10, activation: 'softmax' }));
  model.compile({ optimizer: 'rmsprop', loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}

const model = makeModel();
// As many as lesson 01 takes.
const epochs = 5;
const checkpoints = fs.mkdtempSync(path.join(os.tmpdir(), 'live-cost-'));
let trainings = 0;
/** @type {Record<string, () => Promise<unknown>>} */
const ways = {
  'with checkpoints too': () =>
    fit(model, { x, y }, { epochs, batchSize, checkpoint: { folder: path.join(checkpoints, String(trainings++)) } }),
  'with live display': () => fit(model, { x, y }, { epochs, batchSize }),
  'fit, display off': () => fit(model, { x, y }, { epochs, batchSize, display: false }),
  'model.fit': () => model.fit(x, y, { epochs, batchSize, verbose: 0 }),
};

await ways['model.fit']();
/** @type {Record<string, number[]>} */
const seconds = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
const names = Object.keys(ways);
for (let round = 0; round < rounds; round++) {
  // A new order each round, so that a machine that slows down does not favour one of them.
  for (let i = 0; i < names.length; i++) {
    const name = names[(i + round) % names.length];
    const began = performance.now();
    await ways[name]();
    seconds[name].push((performance.now() - began) / 1000);
  }
}

console.log(`${machineText()}, Node ${process.versions.node}, ${rounds} rounds, batch ${batchSize}`);
for (const [name, values] of Object.entries(seconds)) {
  // Rounds are compared with their own neighbours: the machine's speed drifts.
  const ratios = values.map((value, round) => value / seconds['fit, display off'][round]);
  console.log(
    `${name.padEnd(20)} median ${median(values).toFixed(3)} s (${Math.min(...values).toFixed(3)} to ${Math.max(...values).toFixed(3)}), ` +
      `${Math.round((EXAMPLES * epochs) / median(values)).toLocaleString('en-US')} images/s, ratio to display off ${median(ratios).toFixed(3)}`,
  );
}
console.log(`${messages} outputs, ${(bytes / 1e6).toFixed(1)} MB in all`);
fs.rmSync(checkpoints, { recursive: true });
