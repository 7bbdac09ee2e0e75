import { inspect } from 'node:util';
import { countText, shapeText } from '../arrays';
import type { tf } from '../tensorflow';
import { intermediatesOf, isView, multiplyAddsOf, parameterFormula, throughTimeOf, weightShapes, workspaceOf } from './costs';
import { equation, times } from './formula';
import { htmlTable, textTable, type Column } from './table';
import { usedLayers, type UsedLayer } from './uses';

/** A shape; `null` stands for a size that is not known before there is data, first of all that of the batch. */
export type ShapeOfAny = (number | null)[];

/** One row of a summary. All counts are those of one layer, with all its uses in the model, for the whole batch. */
export interface LayerSummary {
  name: string;
  /** The kind of layer: `Dense`, `Conv2D`, ... */
  kind: string;
  /** 0 for a layer of the model itself, 1 for a layer of a model within it, and so on. */
  depth: number;
  /** At how many places the model uses the layer; more than 1 for a shared layer. */
  uses: number;
  /** More than one where branches come together. */
  inputShapes: ShapeOfAny[];
  outputShape: ShapeOfAny;
  /** The window of a convolution or of pooling, such as `[3, 3]`. */
  kernel: number[] | undefined;
  /** Weights and biases, trainable or not. Undefined for a model within the model, whose layers follow. */
  parameters: number | undefined;
  trainableParameters: number | undefined;
  /** How the parameters are counted: `(784 + 1) × 512`; undefined where there are none, or the layer is not known. */
  parameterFormula: string | undefined;
  /** Products that are added to a sum; undefined where the layer is not known (see {@link ModelSummary.notCounted}) or is a model. */
  multiplyAdds: number | undefined;
  /** How the multiply-adds of one use for one example are counted; undefined where there are none. */
  multiplyAddsFormula: string | undefined;
  /** Forward and backward: see {@link ModelSummary.trainingMultiplyAdds}. */
  trainingMultiplyAdds: number | undefined;
  /** Numbers that the layer puts out; 0 for layers that give their input another shape in the same memory. */
  activations: number | undefined;
  activationBytes: number | undefined;
  /** Numbers that TensorFlow.js keeps for the backward pass besides the activations: sums before a bias, inputs of ReLU, masks of dropout. */
  intermediates: number | undefined;
  /** Numbers that one use of the layer needs at a time: its inputs, its output, and what lies on the way. */
  atWork: number | undefined;
}

/** Bytes of a float32, the type of all weights and activations in TensorFlow.js. */
export const FLOAT32 = 4;

/** What a model is made of and what it costs. Printed, it is a table; in a notebook an HTML table. */
export class ModelSummary {
  constructor(
    readonly name: string,
    /** Examples that the multiply-adds and activations are for. */
    readonly batchSize: number,
    readonly layers: readonly LayerSummary[],
    readonly parameters: number,
    readonly trainableParameters: number,
  ) {}

  /** Bytes of all parameters as float32. */
  get parameterBytes(): number {
    return this.parameters * FLOAT32;
  }

  /** Multiply-adds of a forward pass for the batch, without the layers that are not counted. */
  get multiplyAdds(): number {
    return sumOf(this.layers, 'multiplyAdds');
  }

  /**
   * Multiply-adds of a training step for the batch: forward; backward once more for the gradient of each layer's weights, unless they are frozen,
   * and once more for the gradient of its inputs, unless nothing before it is trained (the state of a recurrent layer is such an input in
   * any case). The optimizer is not in it.
   */
  get trainingMultiplyAdds(): number {
    return sumOf(this.layers, 'trainingMultiplyAdds');
  }

  /** Numbers that all layers put out for the batch. */
  get activations(): number {
    return sumOf(this.layers, 'activations');
  }

  get activationBytes(): number {
    return this.activations * FLOAT32;
  }

  /** Numbers that TensorFlow.js keeps for the backward pass besides the activations. */
  get intermediates(): number {
    return sumOf(this.layers, 'intermediates');
  }

  /** Layers whose multiply-adds are not known, by name. */
  get notCounted(): string[] {
    return this.layers.filter((layer) => layer.parameters !== undefined && layer.multiplyAdds === undefined).map(({ name }) => name);
  }

  toString(): string {
    return [...textTable(columns, this.rows()), ...this.totals()].join('\n');
  }

  toHtml(): string {
    return htmlTable(`Summary of ${this.name}`, [...columns, ...moreColumns], this.rows().map((row, i) => [...row, ...moreOf(this.layers[i])]), this.totals());
  }

  /** The table is also what `console.log(summary)` shows. */
  [inspect.custom](): string {
    return this.toString();
  }

  /** What a notebook shows for the last line of a cell, in the form that Jupyter kernels for JavaScript have in common. */
  [Symbol.for('Jupyter.display')](): Record<string, string> {
    return { 'text/plain': this.toString(), 'text/html': this.toHtml() };
  }

  private rows(): string[][] {
    const number = (value: number | undefined, isModel: boolean): string =>
      value === undefined ? (isModel ? '' : 'not counted') : countText(value);
    return this.layers.map((layer) => {
      const isModel = layer.parameters === undefined;
      return [
        `${'  '.repeat(layer.depth)}${layer.name}`,
        [layer.kind, layer.kernel?.join(' × ')].filter(Boolean).join(' ') + (layer.uses > 1 ? `, used ${layer.uses} times` : '') +
          (layer.parameters && layer.trainableParameters === 0 ? ', frozen' : ''),
        writtenShape(layer.outputShape),
        number(layer.parameters, isModel),
        number(layer.multiplyAdds, isModel),
        number(layer.activationBytes, isModel),
        layer.parameterFormula ?? '',
      ];
    });
  }

  private totals(): string[] {
    const other = this.parameters - this.trainableParameters;
    const per = this.batchSize === 1 ? 'one example' : `a batch of ${countText(this.batchSize)}`;
    const { notCounted } = this;
    return [
      `Parameters: ${countText(this.parameters)} (trainable ${countText(this.trainableParameters)}, other ${countText(other)}), ` +
        `${countText(this.parameterBytes)} bytes as float32`,
      `Mult-Adds for ${per}: ${countText(this.multiplyAdds)} forward, ${countText(this.trainingMultiplyAdds)} in a training step`,
      `Activations for ${per}: ${countText(this.activations)} numbers, ${countText(this.activationBytes)} bytes as float32`,
      ...(notCounted.length > 0 ? [`Not counted in Mult-Adds: ${notCounted.join(', ')}`] : []),
    ];
  }
}

export interface SummaryOptions {
  /** Multiply-adds and activations are counted for so many examples. Default 1. */
  batchSize?: number;
}

/**
 * Says what a model is made of and what it costs: for each layer shapes, parameters with the formula that counts them, multiply-adds, and the
 * memory of its activations; the totals below.
 *
 * A multiply-add is one product that is added to a sum, in a kernel or a scaling layer; where a kernel stands over padding it is counted as well. A layer of an unknown
 * kind is listed as not counted.
 *
 * ```ts
 * summary(model)                       // multiply-adds and activations for one example
 * summary(model, { batchSize: 128 })   // for a batch
 * ```
 *
 * @param model sequential or functional, with shared layers and models within it; its first layer has an inputShape
 * @throws Error if the model has no shapes yet, or batchSize is no whole number of at least 1
 * Taught in 01_mnist_mlp and 02_fashion_mnist_mlp.
 */
export function summary(model: tf.LayersModel, options: SummaryOptions = {}): ModelSummary {
  if (!Array.isArray((model as Partial<tf.LayersModel> | undefined)?.layers)) {
    throw new TypeError(`summary: got ${inspect(model, { depth: 0 })}; expected a model, such as tf.sequential() makes.`);
  }
  if (!model.outputs?.length) {
    throw new Error('summary: the model has no shapes yet. Give its first layer an inputShape, such as inputShape: [784].');
  }
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`summary: got the options ${inspect(options)}; expected an object, such as { batchSize: 128 }.`);
  }
  const { batchSize = 1 } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new Error(`summary: batchSize is ${batchSize}; expected a whole number of at least 1.`);
  }
  // A sequential model puts itself together when it is first needed.
  if (!model.built) model.build(model.inputs[0].shape);
  // A layer that is used twice owns its weights once: the variables are counted, not the rows.
  return new ModelSummary(model.name, batchSize, rowsOf(model, batchSize), sizeOf(model.weights), sizeOf(model.trainableWeights));
}

/** Rows of a model's layers; those of a model within it follow its own row. */
function rowsOf(model: tf.LayersModel, batchSize: number, depth = 0, timesUsed = 1, isInputTrained = false): LayerSummary[] {
  return usedLayers(model, isInputTrained).flatMap((used) => {
    const { layer, uses } = used;
    const row = { ...rowOf(used, batchSize * timesUsed), depth, uses: uses.length * timesUsed };
    if (!isModel(layer)) return row;
    const empty = { parameters: undefined, trainableParameters: undefined, parameterFormula: undefined, multiplyAdds: undefined };
    const isTrainedBefore = uses.some(({ hasTrainedBefore }) => hasTrainedBefore);
    return [
      { ...row, ...empty, trainingMultiplyAdds: undefined, activations: undefined, activationBytes: undefined, intermediates: undefined, atWork: undefined },
      ...rowsOf(layer, batchSize, depth + 1, uses.length * timesUsed, isTrainedBefore),
    ];
  });
}

const isModel = (layer: tf.layers.Layer): layer is tf.LayersModel => Array.isArray((layer as tf.LayersModel).layers);

function rowOf({ layer, uses }: UsedLayer, examples: number): Omit<LayerSummary, 'depth' | 'uses'> {
  const weights = weightShapes(layer);
  const isTrained = layer.trainableWeights.length > 0;
  let forward: number | undefined = 0;
  let training: number | undefined = 0;
  let activations: number | undefined = 0;
  let intermediates: number | undefined = 0;
  let atWork: number | undefined = 0;
  let formula: string | undefined;
  for (const { inputShapes, outputShape, hasTrainedBefore } of uses) {
    const input = inputShapes[0].slice(1);
    const output = outputShape.slice(1);
    const call = isKnown(input) && isKnown(output) ? { layer, input, output, weights } : undefined;
    const products = call && multiplyAddsOf(call);
    const passes = 1 + Number(isTrained) + Number(hasTrainedBefore);
    formula = products && products.value > 0 ? equation(products) : formula;
    forward = plusKnown(forward, products?.value);
    const throughTime = call && isTrained && !hasTrainedBefore ? throughTimeOf(call) : 0;
    training = plusKnown(training, products && products.value * passes + throughTime);
    activations = plusKnown(activations, isView(layer) ? 0 : call && times(...call.output).value);
    intermediates = plusKnown(intermediates, call && intermediatesOf(call));
    const inputs = inputShapes.map((shape) => shape.slice(1));
    atWork = call && inputs.every(isKnown) && atWork !== undefined
      ? Math.max(atWork, [...inputs, isView(layer) ? [0] : call.output].reduce((sum, shape) => sum + times(...shape).value, workspaceOf(call)))
      : undefined;
  }
  const timesExamples = (value: number | undefined): number | undefined => value === undefined ? undefined : value * examples;
  const parameterCount = parameterFormula(layer);
  return {
    name: layer.name,
    kind: layer.getClassName(),
    inputShapes: uses[0].inputShapes.map((shape) => [...shape]),
    outputShape: [...uses[0].outputShape],
    kernel: windowOf(layer),
    parameters: layer.countParams(),
    trainableParameters: sizeOf(layer.trainableWeights),
    parameterFormula: parameterCount && equation(parameterCount),
    multiplyAdds: timesExamples(forward),
    multiplyAddsFormula: formula,
    trainingMultiplyAdds: timesExamples(training),
    activations: timesExamples(activations),
    activationBytes: timesExamples(activations && activations * FLOAT32),
    intermediates: timesExamples(intermediates),
    atWork: timesExamples(atWork),
  };
}

const isKnown = (shape: ShapeOfAny): shape is number[] => shape.every((size) => size !== null);

const plusKnown = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a + b;

function windowOf(layer: tf.layers.Layer): number[] | undefined {
  const { kernelSize, poolSize } = layer as { kernelSize?: unknown; poolSize?: unknown };
  const window = kernelSize ?? poolSize;
  return Array.isArray(window) ? [...window] : undefined;
}

const sizeOf = (weights: readonly { shape: ShapeOfAny }[]): number =>
  weights.reduce((sum, { shape }) => sum + shape.reduce<number>((product, size) => product * (size ?? 1), 1), 0);

function sumOf(layers: readonly LayerSummary[], key: 'multiplyAdds' | 'trainingMultiplyAdds' | 'activations' | 'intermediates'): number {
  return layers.reduce((sum, layer) => sum + (layer[key] ?? 0), 0);
}

const columns: readonly Column[] = [
  { title: 'Layer' },
  { title: 'Kind' },
  { title: 'Output shape' },
  { title: 'Param #', isNumber: true },
  { title: 'Mult-Adds', isNumber: true },
  { title: 'Activation bytes', isNumber: true },
  { title: 'How the parameters are counted' },
];

/** What a page has room for, and a line of text has not. */
const moreColumns: readonly Column[] = [
  { title: 'Trainable', isNumber: true },
  { title: 'Input shape' },
  { title: 'How the multiply-adds of one example are counted' },
];

const moreOf = ({ trainableParameters, inputShapes, multiplyAddsFormula = '' }: LayerSummary): string[] => [
  trainableParameters === undefined ? '' : countText(trainableParameters), inputShapes.map(writtenShape).join(', '), multiplyAddsFormula,
];

const writtenShape = (shape: ShapeOfAny): string => shapeText(shape.map((size, axis) => size ?? (axis === 0 ? 'batch' : 'any')));
