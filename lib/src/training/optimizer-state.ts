import type { JsonObject } from '../json';
import { tf } from '../tensorflow';
import type { NamedArrays } from './safetensors';

/** All that an optimizer has beside the model: with it another optimizer of the same kind goes on just where it was. */
export interface OptimizerState {
  readonly className: string;
  readonly config: JsonObject;
  /** Steps taken. */
  readonly iterations: number;
  /** Running products by the name of the field; and what goes with each weight, by field, `/` and weight. */
  readonly arrays: NamedArrays;
}

/** What TensorFlow.js keeps with each weight, in lists with one for each. */
interface Slot {
  readonly originalName: string;
  readonly variable: tf.Variable;
}

/** Who has the state of an optimizer while a training runs that keeps it elsewhere. */
export const stateHolders = new WeakMap<tf.Optimizer, { bringState(): void }>();

/**
 * The state of an optimizer, in new memory.
 *
 * TensorFlow.js's own `getWeights` has none for Adamax and leaves out Adam's running products, which would be a little
 * different when computed anew. So the fields themselves are read: those that are variables, and lists of slots. That
 * holds for each optimizer of TensorFlow.js 4.22, and for classes that extend one.
 *
 * @returns arrays to hand to `restoreOptimizerState`, or to keep in a file
 */
export function optimizerState(optimizer: tf.Optimizer): OptimizerState {
  stateHolders.get(optimizer)?.bringState();
  const arrays = Object.entries(optimizer).flatMap(([field, value]) => {
    if (value instanceof tf.Variable) return [[field, contentOf(value)] as const];
    if (!areSlots(value)) return [];
    return value.map(({ originalName, variable }) => [`${field}/${originalName}`, contentOf(variable)] as const);
  });
  return {
    className: optimizer.getClassName(),
    config: optimizer.getConfig() as JsonObject,
    iterations: optimizer.iterations,
    arrays: Object.fromEntries(arrays),
  };
}

/**
 * Puts an optimizer of the same kind and configuration into a state.
 *
 * @throws Error if it has no such fields, or with other shapes
 */
export function restoreOptimizerState(optimizer: tf.Optimizer, { iterations, arrays }: OptimizerState): void {
  const fields = optimizer as unknown as Record<string, unknown>;
  for (const [field, value] of Object.entries(fields)) {
    if (!areSlots(value)) continue;
    for (const { variable } of value) variable.dispose();
    fields[field] = [];
  }
  for (const [name, { shape, values }] of Object.entries(arrays)) {
    const [field, ...rest] = name.split('/');
    const held = fields[field];
    tf.tidy(() => {
      const tensor = tf.tensor(values, [...shape], values instanceof Float32Array ? 'float32' : 'int32');
      if (rest.length === 0 && held instanceof tf.Variable) held.assign(tensor);
      else if (rest.length > 0 && areSlots(held)) {
        held.push({ originalName: rest.join('/'), variable: tf.variable(tensor, false) });
      } else {
        throw new Error(`${optimizer.getClassName()} has no ${field} that ${name} could belong to.`);
      }
    });
  }
  (optimizer as unknown as { iterations_: number }).iterations_ = iterations;
}

/**
 * A new optimizer of a kind, such as `Adam`.
 *
 * @throws Error if no class of this name is registered
 */
export function makeOptimizer(className: string, config: JsonObject): tf.Optimizer {
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  if (!Object.hasOwn(classNameMap, className)) {
    throw new Error(
      `the optimizer ${className} is not known here. Run the cell with its class first, with ` +
        `tf.serialization.registerClass(${className}).`,
    );
  }
  const [cls, fromConfig] = classNameMap[className];
  return fromConfig(cls, { ...config } as tf.serialization.ConfigDict) as unknown as tf.Optimizer;
}

/** An empty list too: the slots come with the first step. */
const areSlots = (value: unknown): value is Slot[] =>
  Array.isArray(value) && value.every((slot: Partial<Slot> | null) => slot?.variable instanceof tf.Variable);

const contentOf = (variable: tf.Variable) => ({
  shape: [...variable.shape],
  values: variable.dataSync().slice() as Float32Array | Int32Array,
});
