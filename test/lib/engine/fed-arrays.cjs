// @ts-check
/**
 * A process of its own, `node --expose-gc fed-arrays.cjs`: sets variables of a graph from arrays of JavaScript, lets go
 * of these and of their tensors, and prints how many are held nevertheless, and what the variables hold.
 */
const { VariableGraph } = require('../../../lib/dist/engine/variable-graph.js');
const { tf } = require('../../../lib/dist/tensorflow/index.js');

const tape = new VariableGraph();
const variables = Array.from({ length: 100 }, () => tape.variable([16]));
const graph = tape.definition.load();

/** @type {WeakRef<Float32Array>[]} */
const arrays = [];
/** @type {Record<string, import('@tensorflow/tfjs-node').Tensor>} */
const feeds = {};
for (const [i, { placeholder }] of variables.entries()) {
  const array = new Float32Array(16).fill(i);
  arrays.push(new WeakRef(array));
  feeds[placeholder] = tf.tensor1d(array);
}
tf.dispose(graph.run(feeds, variables.map(({ set }) => set)));
tf.dispose(feeds);
for (const { placeholder } of variables) delete feeds[placeholder];

// References to what was made in this turn are let go of in the next one.
setTimeout(() => {
  /** @type {any} */ (globalThis).gc();
  const held = arrays.filter((reference) => reference.deref() !== undefined).length;
  const values = graph.run({}, variables.map(({ read }) => read)).map((tensor) => tensor.dataSync()[15]);
  console.log(JSON.stringify({ held, values }));
}, 10);
