// @ts-check
/**
 * A process of its own that trains with checkpoints, or goes on: `node go-on.cjs FOLDER EPOCHS [SMALL_DISK]`. It loads
 * everything, prints `ready`, and begins when it is told so by a line; it prints a line for each batch, each notice, and
 * `done` with all weights. On a small disk it fills it after batch 6 and makes room again after batch 14.
 */
const { appendFileSync, readdirSync, rmSync } = require('node:fs');
const path = require('node:path');
const { tf } = require('../../../lib/dist/tensorflow/index.js');
const { Random } = require('../../../lib/dist/random.js');
const { train } = require('../../../lib/dist/training/train.js');

const [folder, epochs, disk] = [process.argv[2], Number(process.argv[3]), process.argv[4]];
const random = new Random(1);
const normal = (/** @type {number} */ count) => Float32Array.from({ length: count }, () => random.normal());
const labels = Int32Array.from({ length: 200 }, () => random.below(3));
const data = { x: tf.tensor(normal(200 * 4), [200, 4]), y: tf.oneHot(tf.tensor1d(labels, 'int32'), 3).toFloat() };

const filler = path.join(disk ?? folder, 'filler');
function fill() {
  try {
    for (;;) appendFileSync(filler, Buffer.alloc(1 << 16));
  } catch {
    // Now it is full.
  }
}

const { layers } = tf;
const model = tf.sequential({
  layers: [
    layers.dense({ units: 64, activation: 'relu', inputShape: [4] }), layers.dropout({ rate: 0.2 }),
    layers.dense({ units: 64, activation: 'relu' }), layers.dense({ units: 3, activation: 'softmax' }),
  ],
});
tf.tidy(() => model.setWeights(model.getWeights().map(({ shape, size }) => tf.tensor(normal(size), shape).mul(0.1))));
model.compile({ optimizer: tf.train.adam(0.01), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });

async function main() {
  let batches = 0;
  await train(model, data, {
    epochs, batchSize: 10, seed: 3, validationSplit: 0.2, checkpoint: { folder, every: 0.25 },
    onNotice: (notice) => console.log(`notice ${notice}`),
    callbacks: {
      onBatchEnd: () => {
        console.log('batch');
        batches++;
        if (disk && batches === 6) fill();
        if (disk && batches === 14) rmSync(filler);
      },
    },
  });
  const values = model.getWeights().map((weight) => Buffer.from(weight.dataSync().slice().buffer).toString('hex'));
  if (disk) console.log(`files ${readdirSync(folder).join(' ')}`);
  console.log(`done ${values.join('')}`);
}

console.log('ready');
process.stdin.once('data', () => main().then(
  () => process.exit(0),
  (error) => {
    console.log(`error ${error.message}`);
    process.exit(1);
  },
));
