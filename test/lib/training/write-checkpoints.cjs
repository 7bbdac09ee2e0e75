// @ts-check
/**
 * A process of its own that writes checkpoints: `node write-checkpoints.cjs FOLDER FLOATS TIMES`. Each goes on from the
 * newest one: all its values are its number.
 */
const { newestCheckpoint, writeCheckpoint } = require('../../../lib/dist/training/checkpoint.js');

const [folder, floats, times] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
async function main() {
  let number = Number(newestCheckpoint(folder).newest?.content.facts.number ?? 0);
  for (let written = 0; written < times; written++) {
    number++;
    const values = new Float32Array(floats).fill(number);
    try {
      const content = { facts: { number }, arrays: { values: { shape: [floats], values } } };
      await writeCheckpoint(folder, { epoch: 0, batch: number }, content, { keep: 2 });
    } catch (error) {
      console.log(error instanceof Error ? error.message : error);
      process.exit(1);
    }
    if (written === 0) console.log('written');
  }
}

void main();
