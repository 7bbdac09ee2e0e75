import { attribute } from '../tensorflow/graph';
import type { tf } from '../tensorflow';
import { CannotCompile } from './cannot-compile';
import type { Arithmetic, Value } from './values';

type Config = Readonly<Record<string, number | boolean>>;

/** One weight, and what its optimizer keeps beside it; all are variables of the graph. */
export interface Learned {
  readonly variable: Value;
  /** What the variable held when the step began. */
  readonly value: Value;
  readonly gradient: Value;
  readonly slots: readonly Value[];
}

/** How an optimizer turns a gradient into the next value of a weight. */
export interface OptimizerRule {
  /** What it keeps for each weight: the fields of tfjs's optimizer with their lists, and the names in them. */
  readonly slots: readonly { readonly field: string; readonly name: string }[];
  /** The numbers that change from step to step; they are fed. @param step counted from 1 */
  numbers(config: Config, learningRate: number, step: number): number[];
  /** Running products of the optimizer: fields, and what they are after a number of steps. */
  products?(config: Config, steps: number): Record<string, number>;
  /**
   * Writes the update of one weight.
   *
   * @param numbers those of `numbers`
   * @param after what must have run before
   * @returns the operation that has done it
   */
  update(t: Arithmetic, config: Config, learned: Learned, numbers: readonly Value[], after?: readonly string[]): string;
}

const float = { T: attribute.type('float32'), use_locking: attribute.bool(false) };

const apply = (t: Arithmetic, name: string, inputs: readonly Value[], after: readonly string[] = [], flags = {}): string =>
  t.operation(name, inputs, { shape: [] }, { ...float, ...flags }, after).ref;

const adam: OptimizerRule = {
  slots: [{ field: 'accumulatedFirstMoment', name: 'm' }, { field: 'accumulatedSecondMoment', name: 'v' }],
  // TensorFlow's operation divides by sqrt(v) + epsilon, tfjs by the corrected sqrt(v / (1 - beta2^t)) + epsilon: both
  // are the same with these two numbers. (Kingma and Ba 2015, https://arxiv.org/abs/1412.6980, end of section 2)
  numbers: ({ beta1, beta2, epsilon }, learningRate, step) => {
    const deviation = Math.sqrt(1 - Number(beta2) ** step);
    return [(learningRate * deviation) / (1 - Number(beta1) ** step), Number(epsilon) * deviation];
  },
  // tfjs multiplies after each step, for the next one.
  products: ({ beta1, beta2 }, steps) => ({
    accBeta1: Number(beta1) ** (steps + 1),
    accBeta2: Number(beta2) ** (steps + 1),
  }),
  update: (t, { beta1, beta2 }, { variable, gradient, slots }, [rate, epsilon], after) => {
    const corrected = t.number(0);
    const [one, two] = [t.number(Number(beta1)), t.number(Number(beta2))];
    return apply(
      t,
      'ResourceApplyAdam',
      [variable, ...slots, corrected, corrected, rate, one, two, epsilon, gradient],
      after,
      { use_nesterov: attribute.bool(false) },
    );
  },
};

/** Optimizers by the names of tfjs's classes. */
const rules: Readonly<Record<string, OptimizerRule>> = {
  SGD: {
    slots: [],
    numbers: (_config, learningRate) => [learningRate],
    update: (t, _config, { variable, gradient }, [rate], after) =>
      apply(t, 'ResourceApplyGradientDescent', [variable, rate, gradient], after),
  },
  Momentum: {
    slots: [{ field: 'accumulations', name: 'momentum' }],
    numbers: (_config, learningRate) => [learningRate],
    update: (t, { momentum, useNesterov }, { variable, gradient, slots }, [rate], after) =>
      apply(t, 'ResourceApplyMomentum', [variable, ...slots, rate, gradient, t.number(Number(momentum))], after, {
        use_nesterov: attribute.bool(Boolean(useNesterov)),
      }),
  },
  RMSProp: {
    slots: [{ field: 'accumulatedMeanSquares', name: 'rms' }, { field: 'accumulatedMoments', name: 'momentum' }],
    numbers: (_config, learningRate) => [learningRate],
    update: (t, { decay, momentum, epsilon }, { variable, gradient, slots }, [rate], after) => {
      const constants = [decay, momentum, epsilon].map((value) => t.number(Number(value)));
      return apply(t, 'ResourceApplyRMSProp', [variable, ...slots, rate, ...constants, gradient], after);
    },
  },
  Adam: adam,
  /** Adam, and apart from it each weight becomes smaller by a part of itself. (https://arxiv.org/abs/1711.05101) */
  AdamW: {
    slots: adam.slots,
    products: adam.products,
    numbers: (config, learningRate, step) => [
      ...adam.numbers(config, learningRate, step),
      learningRate * Number(config.weightDecay),
    ],
    update: (t, config, learned, [rate, epsilon, decay], after) => {
      const less = t.multiply(learned.value, decay);
      const decayed = t.operation('AssignSubVariableOp', [learned.variable, less], { shape: [] }, {
        dtype: attribute.type('float32'),
      }, after);
      return adam.update(t, config, learned, [rate, epsilon], [decayed.ref]);
    },
  },
};

/** @throws CannotCompile if there is no rule for this optimizer */
export function optimizerRule(optimizer: tf.Optimizer): OptimizerRule {
  const name = (optimizer.constructor as typeof tf.Optimizer & { className: string }).className;
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
  if (!rule) throw new CannotCompile(`the optimizer ${name}`);
  if (optimizer.getConfig().centered) throw new CannotCompile('the option centered of the optimizer RMSProp');
  return rule;
}
