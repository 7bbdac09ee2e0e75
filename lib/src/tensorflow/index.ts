/**
 * The one place that loads TensorFlow, so that what it needs beforehand is always there:
 * the functions that newer versions of Node no longer have, and the level of the native library's log.
 */
import './prepare';
import * as tf from '@tensorflow/tfjs-node';

export { tf };

/** Version of the native TensorFlow library behind `tf`, for example `2.16.2`. */
export function nativeTensorFlowVersion(): string {
  const backend = tf.backend() as unknown as { binding?: { TF_Version?: string } };
  return backend.binding?.TF_Version ?? 'unknown';
}
