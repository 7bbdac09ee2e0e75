// @ts-check

// In the page, TensorFlow.js has been loaded by the script before this one.
/** @type {typeof import('../../tensorflow').tf} */
exports.tf = /** @type {any} */ (globalThis).tf;
