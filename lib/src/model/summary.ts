import { inspect } from 'node:util';
import { countText, shapeText } from '../arrays';
import { tf } from '../tensorflow';

/** One row of a summary. */
export interface LayerSummary {
  name: string;
  /** The kind of layer: `Dense`, `Conv2D`, ... */
  kind: string;
  /** `null` stands for the size of the batch. */
  outputShape: (number | null)[];
  /** Weights and biases, trainable or not. */
  parameters: number;
  trainableParameters: number;
  /** How the number of parameters comes about, for example `(784 + 1) × 512`; undefined where there are none or the layer is not known. */
  formula?: string;
}

/** What a model is made of. Printed, it is a table. */
export class ModelSummary {
  constructor(
    readonly name: string,
    readonly layers: readonly LayerSummary[],
    readonly parameters: number,
    readonly trainableParameters: number,
    /** Bytes of all parameters as float32. */
    readonly parameterBytes: number,
  ) {}

  toString(): string {
    const header = ['Layer', 'Kind', 'Output shape', 'Param #', 'How it is counted'];
    const rows = this.layers.map((layer) => [
      layer.name,
      layer.kind,
      shapeText(layer.outputShape.map((size) => size ?? 'batch')),
      countText(layer.parameters),
      layer.formula ?? '',
    ]);
    const frozen = this.parameters - this.trainableParameters;
    return [
      ...table(header, rows, 3),
      `Total parameters: ${countText(this.parameters)} (trainable ${countText(this.trainableParameters)}, ` +
        `other ${countText(frozen)}), ${countText(this.parameterBytes)} bytes as float32`,
    ].join('\n');
  }

  /** The table is also what `console.log(summary)` and the last line of a cell show. */
  [inspect.custom](): string {
    return this.toString();
  }
}

/**
 * Counts what a model is made of: layers, shapes and parameters.
 *
 * ```ts
 * summary(model)
 * ```
 *
 * @param model sequential or functional; its first layer has an inputShape
 * @throws Error if the model has no shapes yet
 * Taught in 01_mnist_mlp.
 */
export function summary(model: tf.LayersModel): ModelSummary {
  if (!model.outputs?.length) {
    throw new Error('summary: the model has no shapes yet. Give its first layer an inputShape, such as inputShape: [784].');
  }
  // A sequential model puts itself together when it is first needed.
  if (!model.built) model.build(model.inputs[0].shape);
  const layers = model.layers.map(summarise);
  // A layer that is used twice owns its weights once: count the variables, not the rows.
  const parameters = sizeOf(model.weights);
  const trainableParameters = sizeOf(model.trainableWeights);
  return new ModelSummary(model.name, layers, parameters, trainableParameters, parameters * 4);
}

function summarise(layer: tf.layers.Layer): LayerSummary {
  return {
    name: layer.name,
    kind: layer.getClassName(),
    outputShape: outputShapeOf(layer),
    parameters: layer.countParams(),
    trainableParameters: sizeOf(layer.trainableWeights),
    formula: formulaOf(layer),
  };
}

function outputShapeOf(layer: tf.layers.Layer): (number | null)[] {
  // A layer that is used at several places has several outputs, of one shape in all models of the course: the first stands for them.
  const output = layer.getOutputAt(0);
  return [...(Array.isArray(output) ? output[0] : output).shape];
}

/** The parameters of a dense or convolutional layer: for each output, one weight for each input that it sees, and a bias. */
function formulaOf(layer: tf.layers.Layer): string | undefined {
  const kind = layer.getClassName();
  if (kind !== 'Dense' && kind !== 'Conv2D') return undefined;
  const [kernel, bias] = layer.weights.map((weight) => weight.shape as number[]);
  const inputs = kernel.slice(0, -1).join(' × ');
  const outputs = kernel[kernel.length - 1];
  return bias ? `(${inputs} + 1) × ${outputs}` : `${inputs} × ${outputs}`;
}

const sizeOf = (weights: { shape: (number | null)[] }[]): number =>
  weights.reduce((sum, { shape }) => sum + shape.reduce<number>((product, size) => product * (size ?? 1), 1), 0);

/** Lines of a table with a rule below the header and above the end; the column `numeric` is aligned to the right. */
function table(header: string[], rows: string[][], numeric: number): string[] {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column].length)));
  const line = (cells: string[]): string =>
    cells.map((cell, column) => (column === numeric ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join('  ').trimEnd();
  const rule = '─'.repeat(widths.reduce((sum, width) => sum + width + 2, -2));
  return [line(header), rule, ...rows.map(line), rule];
}
