import { attribute } from '../tensorflow/graph';
import type { Tape } from './tape';
import type { Value } from './values';

type Activation = (t: Tape, x: Value) => Value;

const float = { T: attribute.type('float32') };

/**
 * An activation that TensorFlow has, with an operation for its gradient.
 *
 * @param from what the gradient's operation wants beside the gradient, and in which order
 */
const native =
  (name: string, order: 'gradient, output' | 'output, gradient' | 'gradient, input', gradientName = `${name}Grad`): Activation =>
  (t, x) => {
    const y = t.map(name, x);
    return t.record(y, [
      [
        x,
        (gradient) => {
          const inputs = order === 'gradient, output' ? [gradient, y] : order === 'output, gradient' ? [y, gradient] : [gradient, x];
          return t.operation(gradientName, inputs, x, float);
        },
      ],
    ]);
  };

const rectify = native('Relu', 'gradient, output');

/** Activations by the names that tfjs gives them. */
export const activations: Readonly<Record<string, Activation>> = {
  linear: (_t, x) => x,
  relu: (t, x) => ({ ...rectify(t, x), rectified: x }),
  relu6: native('Relu6', 'gradient, output'),
  elu: native('Elu', 'gradient, output'),
  selu: native('Selu', 'gradient, output'),
  sigmoid: native('Sigmoid', 'output, gradient'),
  tanh: native('Tanh', 'output, gradient'),
  softplus: native('Softplus', 'gradient, input'),
  softsign: native('Softsign', 'gradient, input'),
  /** `x * sigmoid(x)`; with s the sigmoid, the slope is `s + x * s * (1 - s)`. */
  swish: (t, x) => {
    const s = t.map('Sigmoid', x);
    return t.record(t.multiply(x, s), [
      [
        x,
        (gradient) => {
          const bend = t.multiply(t.multiply(x, s), t.subtract(t.number(1), s));
          return t.multiply(gradient, t.add(s, bend));
        },
      ],
    ]);
  },
  /**
   * Along the last axis; with p the result, the gradient is `p * (g - sum(g * p))`. In four steps: TensorFlow's own
   * operation takes five times as long for a batch of ten classes.
   */
  softmax: (t, x) => {
    const axes = [x.shape.length - 1];
    const powers = t.map('Exp', t.subtract(x, t.max(x, axes, true)));
    const p = t.divide(powers, t.sum(powers, axes, true));
    const back = (gradient: Value): Value => t.multiply(p, t.subtract(gradient, t.sum(t.multiply(gradient, p), axes, true)));
    return { ...t.record(p, [[x, back]]), logits: x };
  },
};

export function leakyRelu(t: Tape, x: Value, slope: number): Value {
  const attributes = { ...float, alpha: attribute.float(slope) };
  return t.record(t.operation('LeakyRelu', [x], x, attributes), [
    [x, (gradient) => t.operation('LeakyReluGrad', [gradient, x], x, attributes)],
  ]);
}
