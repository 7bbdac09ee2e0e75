import { tf } from '.';

/** What an operation of TensorFlow is told besides its inputs; `{ type }` names a type of number. */
type Attribute = string | boolean | { readonly type: 'float32' | 'int32' };

interface NativeAttribute {
  name: string;
  type: number;
  value: unknown;
}

interface NativeBackend {
  executeSingleOutput(name: string, attributes: NativeAttribute[], inputs: tf.Tensor[]): tf.Tensor;
  binding: Record<'TF_ATTR_STRING' | 'TF_ATTR_BOOL' | 'TF_ATTR_TYPE' | 'TF_FLOAT' | 'TF_INT32', number>;
}

/**
 * Runs one operation of the native TensorFlow library by its name: there are many for which TensorFlow.js has no
 * function of its own. https://www.tensorflow.org/api_docs/python/tf/raw_ops lists them with inputs and attributes.
 *
 * @returns its output as a new tensor, which `tf.tidy` and `dispose` know; gradients do not flow through it
 * @throws Error with TensorFlow's message when the inputs do not suit the operation
 *
 * ```ts
 * nativeOp('ResizeArea', { T: { type: 'float32' }, align_corners: false }, [images, tf.tensor1d([32, 32], 'int32')])
 * ```
 */
export function nativeOp(name: string, attributes: Record<string, Attribute>, inputs: tf.Tensor[]): tf.Tensor {
  const backend = tf.backend() as unknown as NativeBackend;
  const { TF_ATTR_STRING, TF_ATTR_BOOL, TF_ATTR_TYPE, TF_FLOAT, TF_INT32 } = backend.binding;
  const list = Object.entries(attributes).map(([key, value]) => {
    if (typeof value === 'string') return { name: key, type: TF_ATTR_STRING, value };
    if (typeof value === 'boolean') return { name: key, type: TF_ATTR_BOOL, value };
    return { name: key, type: TF_ATTR_TYPE, value: value.type === 'float32' ? TF_FLOAT : TF_INT32 };
  });
  return backend.executeSingleOutput(name, list, inputs);
}
