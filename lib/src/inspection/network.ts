import { packedValues, shapeText } from '../arrays';
import { connections, type LayerUse } from '../model/connections';
import { tf } from '../tensorflow';
import type { Pictures } from '../tensorflow/values';

/** One place where a network uses a layer. Models within the model are gone into: each of their layers is one. */
export interface LayerStep {
  /** The layer's name; where a layer is used again, with the number of its use. */
  readonly name: string;
  readonly layer: tf.layers.Layer;
  readonly from: readonly LayerStep[];
  /** The shape of its output without the batch. */
  readonly shape: readonly (number | null)[];
}

/** A network from its one input to its one output, in the order of the computation. */
export interface Network {
  readonly input: LayerStep;
  /** All but the input. */
  readonly steps: readonly LayerStep[];
  readonly output: LayerStep;
}

/** @throws Error if it is no model, has no shapes yet, or has several inputs or outputs */
export function networkOf(caller: string, model: tf.LayersModel): Network {
  if (!(model instanceof tf.LayersModel)) {
    throw new TypeError(`${caller}: got ${model === null ? 'null' : typeof model}; expected a model, such as ` +
      'tf.sequential() makes.');
  }
  if (!model.outputs?.length) {
    throw new Error(`${caller}: the model has no shapes yet. Give its first layer an inputShape, such as ` +
      'inputShape: [28, 28, 1].');
  }
  if (model.inputs.length !== 1 || model.outputs.length !== 1) {
    throw new Error(`${caller}: the model has ${model.inputs.length} inputs and ${model.outputs.length} outputs; ` +
      'expected one of each.');
  }
  const steps: LayerStep[] = [];
  const uses = new Map<tf.layers.Layer, number>();
  const add = ({ layer, outputShape }: LayerUse, from: readonly LayerStep[]): LayerStep => {
    const use = (uses.get(layer) ?? 0) + 1;
    uses.set(layer, use);
    const name = use > 1 ? `${layer.name}, use ${use}` : layer.name;
    const step = { name, layer, from, shape: outputShape.slice(1) };
    steps.push(step);
    return step;
  };
  const follow = (within: tf.LayersModel, input?: LayerStep): LayerStep => {
    const known = new Map<LayerUse, LayerStep>();
    let last: LayerStep | undefined;
    for (const use of connections(within)) {
      const from = use.from.map((before) => known.get(before)!);
      if (use.from.length === 0) last = input ?? add(use, []);
      else last = use.layer instanceof tf.LayersModel ? follow(use.layer, from[0]) : add(use, from);
      known.set(use, last);
    }
    return last!;
  };
  const output = follow(model);
  return { input: steps[0], steps: steps.slice(1), output };
}

/**
 * Computes the output of a layer, and of all layers that it needs. Nothing drops, nothing learns. To be called in
 * `tf.tidy`, or within a gradient.
 *
 * @param known values of layers, at least of the input; those that are computed are added
 */
export function valueOf(step: LayerStep, known: Map<LayerStep, tf.Tensor>): tf.Tensor {
  const before = known.get(step);
  if (before) return before;
  const inputs = step.from.map((one) => valueOf(one, known));
  const value = step.layer.apply(inputs.length === 1 ? inputs[0] : inputs, { training: false }) as tf.Tensor;
  known.set(step, value);
  return value;
}

/** The step with a name, such as a learner reads in the summary. */
export function stepNamed(caller: string, { steps }: Network, name: string): LayerStep {
  const step = steps.find((one) => one.name === name);
  if (step) return step;
  throw new Error(`${caller}: the model has no layer "${name}"; it has ${steps.map((one) => one.name).join(', ')}.`);
}

/** One picture as a batch of one, float32, of the model's input shape. The caller disposes it. */
export function pictureTensor(caller: string, { input }: Network, picture: Pictures): tf.Tensor {
  const expected = input.shape;
  const given = [...picture.shape];
  const one = given[0] === 1 ? given.slice(1) : undefined;
  const candidates = [given, one, [...given, 1], one && [...one, 1]];
  const fits = (shape: number[] | undefined): shape is number[] => shape !== undefined &&
    shape.length === expected.length && shape.every((size, axis) => expected[axis] === null || expected[axis] === size);
  const shape = candidates.find(fits);
  if (!shape) {
    throw new Error(
      `${caller}: got a picture of shape ${shapeText(given)}; the model takes ` +
        `${shapeText(expected.map((size) => size ?? 'any'))}. One of many is images.pick(index); it has to be ` +
        'normalised as the pictures were that the model has learned from.',
    );
  }
  if (picture instanceof tf.Tensor) return tf.tidy(() => picture.reshape([1, ...shape]).cast('float32'));
  return tf.tensor(Float32Array.from(packedValues(picture)), [1, ...shape]);
}
