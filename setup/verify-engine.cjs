// @ts-check
'use strict';

// Loads tfjs-node as the course does, computes one sum with it, and prints what it found as JSON. Run in a process of its own,
// because a broken native library can end the process.

const util = /** @type {Record<string, unknown>} */ (require('node:util'));

// tfjs-node 4.22 calls two functions that Node 23 removed (tensorflow/tfjs#8609). The library does the same for the lessons
// (lib/src/tensorflow/polyfill.ts), but it is not compiled yet when set-up needs this.
util.isArray ??= Array.isArray;
util.isNullOrUndefined ??= (/** @type {unknown} */ value) => value === null || value === undefined;

const start = process.hrtime.bigint();
const tf = require('@tensorflow/tfjs-node');
const milliseconds = Number((process.hrtime.bigint() - start) / 1_000_000n);

const sum = tf.add(tf.tensor1d([1, 2]), tf.tensor1d([10, 20])).dataSync();
if (sum[0] !== 11 || sum[1] !== 22) throw new Error(`TensorFlow says that [1, 2] + [10, 20] is [${sum}].`);

const { binding } = /** @type {{ binding: { TF_Version: string } }} */ (/** @type {unknown} */ (tf.backend()));
console.log(JSON.stringify({ tensorflow: binding.TF_Version, tfjs: tf.version['tfjs-node'], milliseconds }));
