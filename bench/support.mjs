// @ts-check

// What several benchmarks need.

import os from 'node:os';

/**
 * The middle one; of an even number the upper of both.
 *
 * @param {readonly number[]} values
 */
export function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** Processor, cores and memory: what a figure depends on. */
export function machineText() {
  return `${os.cpus()[0].model.trim()}, ${os.availableParallelism()} cores, ${Math.round(os.totalmem() / 1e9)} GB`;
}

/** The present day, as figures are dated: 2026-11-21. */
export const today = () => new Date().toISOString().slice(0, 10);

/**
 * A table in Markdown; all columns but the first are numbers.
 *
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 */
export function markdownTable(head, rows) {
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.join(' | ')} |`;
  return [line(head), `|---|${'---:|'.repeat(head.length - 1)}`, ...rows.map(line)].join('\n');
}

/** With a comma for each thousand. @param {number} value */
export const count = (value) => Math.round(value).toLocaleString('en-US');

/**
 * The command as it was typed, for a result: the same on every machine.
 *
 * @param {string} name of the measurement
 */
export const commandText = (name) =>
  ['npm run bench --', name, ...process.argv.slice(2).map((word, i, all) =>
    ({ '--python': 'PYTHON', '--json': 'FILE' })[all[i - 1]] ?? word)].join(' ');
