// @ts-check

import fs from 'node:fs';
import path from 'node:path';

/**
 * @param {string} entry a file or folder
 * @returns {number} the bytes of all files in it; of a link only the link itself
 */
export function bytesOf(entry) {
  const stat = fs.lstatSync(entry, { throwIfNoEntry: false });
  if (!stat) return 0; // Gone since its folder was read.
  if (!stat.isDirectory()) return stat.size;
  return fs.readdirSync(entry).reduce((sum, name) => sum + bytesOf(path.join(entry, name)), 0);
}
