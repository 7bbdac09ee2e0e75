/**
 * Reads a folder in a process of its own, with the library as it is built, and writes what it got to standard output.
 *
 *     node read-folder.cjs memory|disk FOLDER [wait] [die] [nobody]
 *
 * `wait`: reads when a byte comes on standard input; `die`: is killed after the first pictures; `nobody`: as a user
 * without rights.
 */
'use strict';
const { createHash } = require('node:crypto');
const { readSync, writeSync } = require('node:fs');
const path = require('node:path');

const dist = path.resolve(__dirname, '../../../../lib/dist');
const { indexImageFolder, readImageFolder } = require(path.join(dist, 'data/folder/image-folder.js'));
const [place, folder, ...ways] = process.argv.slice(2);

async function main() {
  if (ways.includes('nobody') && process.getuid?.() === 0) {
    process.setgroups?.([]);
    process.setgid?.(65534);
    process.setuid?.(65534);
  }
  if (ways.includes('wait')) {
    writeSync(1, 'ready\n');
    readSync(0, Buffer.alloc(1));
  }
  const onProgress = () => ways.includes('die') && process.kill(process.pid, 'SIGKILL');
  const options = { size: [16, 16], onProgress };
  const pictures = place === 'disk' ? await indexImageFolder(folder, options) : await readImageFolder(folder, options);
  const { train, skipped, note = null } = pictures;
  const { data } = place === 'disk' ? await train.read([...train.files.keys()]) : train.images;
  const digest = createHash('sha256').update(data).digest('hex');
  writeSync(1, JSON.stringify({ count: train.files.length, digest, skipped, note }));
}

void main();
