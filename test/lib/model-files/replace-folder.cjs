// @ts-check
/**
 * A process of its own that saves into a folder again and again: `node replace-folder.cjs FOLDER BYTES TIMES`. All
 * bytes of a file are the number of the saving. (What saveModel writes does not matter here, only how.)
 */
const { readFileSync } = require('node:fs');
const path = require('node:path');
const { replaceModelFolder } = require('../../../lib/dist/model-files/folder.js');
const { whyNotWritten } = require('../../../lib/dist/disk.js');

const [folder, bytes, times] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];

async function main() {
  for (let written = 0; written < times; written++) {
    const number = written % 250;
    await replaceModelFolder(folder, new Map([
      ['weights.bin', [Buffer.alloc(bytes, number)]],
      ['model.json', [Buffer.from(JSON.stringify({ modelTopology: {}, number }))]],
    ]));
    if (written === 0) console.log('written', readFileSync(path.join(folder, 'weights.bin')).length);
  }
}

main().catch((error) => {
  console.log(whyNotWritten(folder, bytes, 'What was saved before is still there.', error));
  process.exit(1);
});
