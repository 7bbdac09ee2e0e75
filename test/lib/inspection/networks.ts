import { tf } from '@course/lib';
import { arrayOf } from '../../../lib/src/arrays';
import { Random } from '../../../lib/src/random';

const random = new Random(11);

/** Numbers from -1 to 1, always the same. */
export const numbers = (count: number): Float32Array =>
  Float32Array.from({ length: count }, () => random.fraction() * 2 - 1);

export const picture = (...shape: number[]): ReturnType<typeof arrayOf<Float32Array>> =>
  arrayOf(numbers(shape.reduce((product, size) => product * size, 1)), shape);

/** The network of lesson 03, with weights of its own. */
export const lesson03 = (): tf.Sequential => tf.sequential({
  layers: [
    tf.layers.conv2d({ inputShape: [28, 28, 1], filters: 16, kernelSize: 3, activation: 'relu', name: 'first' }),
    tf.layers.conv2d({ filters: 64, kernelSize: 3, activation: 'relu', name: 'second' }),
    tf.layers.maxPooling2d({ poolSize: 3, strides: 2, name: 'pooling' }),
    tf.layers.flatten(),
    tf.layers.dense({ units: 64, activation: 'relu' }),
    tf.layers.dense({ units: 32, activation: 'relu' }),
    tf.layers.dense({ units: 10, activation: 'softmax', name: 'answer' }),
  ],
});

/** A network with every kind of layer of the course, branching, with a model within it. */
export function branching(): tf.LayersModel {
  const input = tf.input({ shape: [12, 12, 3] });
  const apply = (layer: tf.layers.Layer, ...inputs: tf.SymbolicTensor[]): tf.SymbolicTensor =>
    layer.apply(inputs.length === 1 ? inputs[0] : inputs) as tf.SymbolicTensor;
  const conv = apply(tf.layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', name: 'conv' }), input);
  const norm = apply(tf.layers.batchNormalization({ name: 'norm' }), conv);
  const left = apply(tf.layers.activation({ activation: 'relu', name: 'left' }), norm);
  const right = apply(tf.layers.separableConv2d({ filters: 4, kernelSize: 5, padding: 'same', name: 'right' }), norm);
  const sum = apply(tf.layers.add({ name: 'sum' }), left, right);
  const padding = 'same';
  const depthwise = apply(tf.layers.depthwiseConv2d({ kernelSize: 3, strides: 2, padding, name: 'depthwise' }), sum);
  const pooled = apply(tf.layers.averagePooling2d({ poolSize: 2, strides: 1, padding, name: 'pooled' }), depthwise);
  const both = apply(tf.layers.concatenate({ name: 'both' }), depthwise, pooled);
  const within = tf.sequential({
    name: 'within',
    layers: [
      tf.layers.conv2d({ inputShape: [6, 6, 8], filters: 5, kernelSize: 3, activation: 'relu', name: 'inner' }),
      tf.layers.dropout({ rate: 0.5, name: 'drop' }),
    ],
  });
  const mean = apply(tf.layers.globalAveragePooling2d({ name: 'mean' }), apply(within, both));
  const answer = apply(tf.layers.dense({ units: 3, activation: 'softmax', name: 'answer' }), mean);
  return tf.model({ inputs: input, outputs: answer });
}
