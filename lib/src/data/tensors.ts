import { tf } from '../tensorflow';
import type { NdArray } from 'ndarray';
import { packedValues, type Numbers } from '../arrays';

/**
 * Turns an array into a tensor of the same shape.
 *
 * TensorFlow.js knows two types of number: `float32` and `int32`. Float arrays become `float32`, all others `int32`.
 *
 * Memory: a `Float32Array` or `Int32Array` without gaps is **shared**: nothing is copied, and a later change of the
 * array changes the tensor. Every other type is copied, because its numbers must be widened (uint8 pixels take four
 * times the memory as `int32`); a strided view is packed first.
 *
 * The caller disposes the tensor.
 *
 * ```ts
 * const x = toTensor(normalise(flatten(mnist.train.images)));   // float32 [60000, 784], shares the memory of the
 * normalised array x.dispose();
 * ```
 *
 * Taught in 01_mnist_mlp.
 */
export function toTensor<R extends tf.Rank = tf.Rank>(array: NdArray<Numbers>): tf.Tensor<R> {
  const values = packedValues(array);
  const isFloat = values instanceof Float32Array || values instanceof Float64Array;
  // tfjs takes bytes for booleans; as int32 they keep their values.
  const shared = values instanceof Float32Array || values instanceof Int32Array;
  const numbers = shared ? values : isFloat ? Float32Array.from(values) : Int32Array.from(values);
  return tf.tensor(numbers, array.shape as tf.ShapeMap[R], isFloat ? 'float32' : 'int32');
}
