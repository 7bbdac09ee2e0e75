// @ts-check

import fs from 'node:fs';
import path from 'node:path';

/** About how many bytes the parts of set-up write while they work; of the engine less than two thirds stay. */
export const NEEDED = {
  npmPackages: 500e6,
  pythonPackages: 300e6,
  // The wheel, what is unpacked from it, and pip's own copy of the wheel.
  engine: 1100e6,
};

/** About how many bytes all of set-up needs. */
export const NEEDED_IN_ALL = Object.values(NEEDED).reduce((sum, bytes) => sum + bytes, 0);

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
