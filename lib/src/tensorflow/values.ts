import { tf } from '.';

/**
 * Computes a float32 tensor and gives its numbers; all tensors of the work are disposed.
 *
 * (`tf.tidy(() => tensor.dataSync())` does the same, but tidy looks for tensors in what the work returns, number by
 * number: 150 ns for each.)
 */
export function computeValues(work: () => tf.Tensor): Float32Array {
  const tensor = tf.tidy(work);
  const values = tensor.dataSync<'float32'>();
  tensor.dispose();
  return values;
}
