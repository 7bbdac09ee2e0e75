import type { GraphType } from '../tensorflow/graph';
import type { tf } from '../tensorflow';
import { CannotCompile } from './cannot-compile';
import type { Pass } from './layers';
import { accuracy, isSparse, lossFor } from './losses';
import { writeNetwork } from './network';
import { meanOfAll, reshape, weigh } from './operations';
import type { Tape } from './tape';
import { sizeOfOne, type Value } from './values';

/** What is fed: all inputs and targets, and which of them are the batch. */
export const EXAMPLES = { x: 'x', y: 'y', indices: 'indices' } as const;

/** Inputs and what the network shall answer: the first dimension of both counts the examples. */
export interface Examples {
  /** Inputs, shape `[examples, ...]`. */
  x: tf.Tensor;
  /** Targets, shape `[examples, ...]`. */
  y: tf.Tensor;
}

/** Form of a tensor that will be fed. */
export type Form = Pick<tf.Tensor, 'shape' | 'dtype'>;

const graphTypes: Partial<Record<tf.DataType, GraphType>> = { float32: 'float32', int32: 'int32', bool: 'bool' };

/** The settings of `model.compile`, as tfjs keeps them. */
interface CompiledModel {
  readonly loss: unknown;
  readonly metrics: unknown;
  readonly metricsNames: string[];
}

/** Names of the measures: the loss, and each metric. */
export const metricsNames = (model: tf.LayersModel): readonly string[] => (model as unknown as CompiledModel).metricsNames;

/** Some rows of the data that is fed: those that `indices` names. */
type Rows<T> = (indices: Value) => T;

/** @throws CannotCompile for strings and complex numbers */
function rowsOf(tape: Tape, name: string, { shape, dtype }: Form): Rows<Value> {
  const type = graphTypes[dtype];
  if (!type) throw new CannotCompile(`data of type ${dtype}`);
  const all = tape.placeholder(name, type, [-1, ...shape.slice(1)]);
  return (indices) => tape.gather(all, indices);
}

/** The inputs of a batch, float32. */
export function inputsOf(tape: Tape, x: Form): Rows<Value> {
  const rows = rowsOf(tape, EXAMPLES.x, x);
  return (indices) => tape.cast(rows(indices), 'float32');
}

/** The inputs and targets of a batch. */
export function examplesOf(tape: Tape, x: Form, y: Form): Rows<{ x: Value; y: Value }> {
  const inputs = inputsOf(tape, x);
  const targets = rowsOf(tape, EXAMPLES.y, y);
  return (indices) => ({ x: inputs(indices), y: targets(indices) });
}

/**
 * Writes the network, and what it costs that its answers are as they are.
 *
 * @param classWeights how much an example of each class counts
 * @returns the loss (the mean over the examples) and the metrics, one number each
 * @throws CannotCompile for a loss or a metric that is unknown
 */
export function writeMeasures(
  pass: Pass,
  model: tf.LayersModel,
  { x, y }: { x: Value; y: Value },
  classWeights?: readonly number[],
): { loss: Value; metrics: Value[] } {
  const { tape } = pass;
  const { loss: given, metrics } = model as unknown as CompiledModel;
  const loss: unknown = Array.isArray(given) && given.length === 1 ? given[0] : given;
  const lossOf = lossFor(loss);
  const output = writeNetwork(pass, model, x);
  const outputs = output.shape[output.shape.length - 1];
  const sparse = isSparse(loss);
  if (sizeOfOne(y.shape) !== (sparse ? sizeOfOne(output.shape) / outputs : sizeOfOne(output.shape))) {
    throw new CannotCompile(`targets of shape [${y.shape.slice(1)}] for outputs of shape [${output.shape.slice(1)}]`);
  }
  // Where an example has many answers, one a pixel perhaps, each is a row of its own.
  const prediction = output.shape.length === 2 ? output : reshape(tape, output, [-1, outputs]);
  const target = tape.reshape(tape.cast(y, sparse ? 'int32' : 'float32'), sparse ? [-1] : [-1, outputs]);

  let costs = lossOf(tape, target, prediction);
  if (classWeights) {
    if (prediction !== output) throw new CannotCompile('the option classWeight for outputs that are not one row');
    const classes = sparse ? target : outputs > 1 ? tape.argMax(target) : tape.reshape(tape.cast(target, 'int32'), [-1]);
    costs = weigh(tape, costs, tape.gather(tape.numbers(classWeights), classes));
  }
  return {
    loss: meanOfAll(tape, costs),
    metrics: metricList(metrics).map((metric) => {
      if (metric !== 'accuracy' && metric !== 'acc') throw new CannotCompile(`the metric ${nameOf(metric)}`);
      return meanOfAll(tape, accuracy(tape, loss, target, prediction));
    }),
  };
}

const metricList = (metrics: unknown): unknown[] => (Array.isArray(metrics) ? metrics : metrics == null ? [] : [metrics]);

const nameOf = (metric: unknown): string =>
  typeof metric === 'string' ? metric : typeof metric === 'function' && metric.name ? metric.name : 'of your own';
