// @ts-check

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

/**
 * A stamp is a small JSON file, written last into what a step has made. It holds the step's inputs; while they are the same,
 * the step has nothing to do. A step that is killed leaves no stamp.
 *
 * @typedef {Record<string, unknown>} Inputs
 */

/** The name of a stamp inside the folder that it speaks of. */
export const STAMP = '.course.json';

/** @param {Inputs} inputs */
const textOf = (inputs) => `${JSON.stringify(inputs, null, 2)}\n`;

/**
 * @param {string} file
 * @returns {string | undefined} the file's text, or undefined if there is no such file
 */
export function readIfThere(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(/** @type {NodeJS.ErrnoException} */ (error).code ?? '')) return undefined;
    throw error;
  }
}

/**
 * @param {string} file
 * @returns {Inputs | undefined} the inputs of an earlier run; undefined if there is no (whole) stamp
 */
export function readStamp(file) {
  const text = readIfThere(file);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Not written by writeStamp: as good as none, and the step makes it anew.
  }
}

/**
 * @param {string} file
 * @param {Inputs} inputs
 */
export const stampMatches = (file, inputs) => readIfThere(file) === textOf(inputs);

/**
 * @param {string} file
 * @param {Inputs} inputs
 */
export const writeStamp = (file, inputs) => writeWhole(file, textOf(inputs));

/** @param {string} file */
export const removeStamp = (file) => fs.rmSync(file, { force: true });

/**
 * Writes a file so that whoever looks, also after a crash, sees the old one or all of the new one.
 *
 * @param {string} file
 * @param {string} text
 */
export function writeWhole(file, text) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  const descriptor = fs.openSync(temporary, 'w');
  try {
    fs.writeFileSync(descriptor, text);
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
  fs.renameSync(temporary, file);
}

/**
 * @param {...(string | Uint8Array)} parts
 * @returns {string} their SHA-256 in hexadecimal
 */
export function hashOf(...parts) {
  const hash = createHash('sha256');
  // The length before each part keeps ("ab", "c") and ("a", "bc") apart.
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex');
}

/** @param {string} file */
export const hashOfFile = (file) => hashOf(fs.readFileSync(file));

/**
 * @param {string[]} paths files, or folders with all that is in them; those that do not exist count as empty
 * @returns {string} one hash over names and contents
 */
export function hashOfTree(paths) {
  /** @type {string[]} */
  const parts = [];
  for (const start of paths) {
    if (!fs.existsSync(start)) continue;
    const files = fs.statSync(start).isDirectory()
      ? fs.readdirSync(start, { recursive: true, encoding: 'utf8' }).sort().map((name) => path.join(start, name))
      : [start];
    for (const file of files) {
      if (!fs.statSync(file).isDirectory()) parts.push(path.relative(path.dirname(start), file), hashOfFile(file));
    }
  }
  return hashOf(...parts);
}
