import { inspect } from 'node:util';
import { countText, shapeText } from '../arrays';
import type { tf } from '../tensorflow';
import { FLOAT32, summary, type ModelSummary, type SummaryOptions } from './summary';

/** One thing that takes memory. */
export interface MemoryItem {
  readonly name: string;
  readonly bytes: number;
  /** How the bytes are counted. */
  readonly how: string;
}

/** What a training step and a prediction keep in memory, each thing by itself. Printed, it is a table. All bytes are those of float32 numbers. */
export class MemoryAccount {
  constructor(
    readonly batchSize: number,
    readonly weights: MemoryItem,
    /** One number for each trainable weight. */
    readonly gradients: MemoryItem,
    /** What the optimizer remembers of each trainable weight. */
    readonly optimizer: MemoryItem,
    /** What the layers put out, kept until the backward pass has used it. */
    readonly activations: MemoryItem,
    /** What TensorFlow.js keeps besides: see {@link ModelSummary}'s `intermediates`. */
    readonly intermediates: MemoryItem,
    /** The batch as the model takes it. */
    readonly batch: MemoryItem,
    /** The batch as pictures are stored, one byte a number. */
    readonly batchAsStored: MemoryItem,
    /** Bytes of the largest input and output of one layer together: what a prediction needs at a time. */
    readonly largestLayerBytes: number,
    /** Layers that are not known, whose activations and intermediates are not in the account. */
    readonly notCounted: readonly string[],
  ) {}

  /** The things that a training step has in memory at the end of its forward pass and, with the gradients, of its backward pass. */
  get items(): readonly MemoryItem[] {
    return [this.weights, this.gradients, this.optimizer, this.activations, this.intermediates, this.batch];
  }

  /** An estimate of the most that a training step needs: all items together. Short-lived results of single operations are not in it. */
  get trainingBytes(): number {
    return this.items.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** An estimate of the most that a prediction needs: the weights, and the largest input and output of one layer. */
  get predictionBytes(): number {
    return this.weights.bytes + this.largestLayerBytes;
  }

  toString(): string {
    const rows = this.items.map(({ name, bytes, how }) => [name, countText(bytes), how]);
    const total = ['Training step', countText(this.trainingBytes), 'the sum'];
    const widths = [0, 1].map((column) => Math.max(...[...rows, total, ['', 'Bytes']].map((row) => row[column].length)));
    const line = ([name, bytes, how]: string[]): string => `${name.padEnd(widths[0])}  ${bytes.padStart(widths[1])}  ${how}`.trimEnd();
    const rule = '─'.repeat(Math.max(...rows.map((row) => line(row).length)));
    return [
      line(['', 'Bytes', 'How they are counted']), rule, ...rows.map(line), rule, line(total),
      line(['Prediction', countText(this.predictionBytes), 'weights, and the largest input and output of one layer']),
      line(['Batch as stored', countText(this.batchAsStored.bytes), this.batchAsStored.how]),
      ...(this.notCounted.length > 0 ? [`Not counted: ${this.notCounted.join(', ')}`] : []),
    ].join('\n');
  }

  /** The table is also what `console.log(account)` and the last line of a cell show. */
  [inspect.custom](): string {
    return this.toString();
  }
}

/** Numbers that each optimizer of TensorFlow.js keeps for each trainable weight. */
const numbersPerWeight: Readonly<Record<string, number>> = {
  SGD: 0, Momentum: 1, Adagrad: 1, Adadelta: 2, RMSProp: 2, Adam: 2, Adamax: 2,
};

export interface MemoryOptions extends SummaryOptions {
  /** Default: the one that the model is compiled with. */
  optimizer?: tf.Optimizer;
}

/**
 * Says where the memory of a training step goes, and how each part is counted.
 *
 * ```ts
 * memoryAccount(model, { batchSize: 128 })
 * ```
 *
 * @param model compiled, or give the optimizer
 * @throws Error if there is no optimizer, it is not known, or the model has no shapes yet
 * Taught in 02_fashion_mnist_mlp.
 */
export function memoryAccount(model: tf.LayersModel, options: MemoryOptions = {}): MemoryAccount {
  const { optimizer = model.optimizer } = options;
  if (!optimizer) {
    throw new Error("memoryAccount: the model has no optimizer. Compile it first, or give one: memoryAccount(model, { optimizer: tf.train.adam() }).");
  }
  const kind = optimizer.getClassName();
  const perWeight = numbersPerWeight[kind] + Number(kind === 'RMSProp' && isCentered(optimizer));
  if (Number.isNaN(perWeight)) {
    throw new Error(`memoryAccount: got the optimizer ${kind}; known are ${Object.keys(numbersPerWeight).join(', ')}.`);
  }
  const counted = summary(model, options);
  const { batchSize, parameters, trainableParameters: trainable } = counted;
  const float32 = (name: string, numbers: number, how: string): MemoryItem => ({ name, bytes: numbers * FLOAT32, how });
  const shapes = model.inputs.map(({ shape }) => shape.map((size) => size ?? batchSize));
  const inputs = shapes.reduce((sum, shape) => sum + shape.reduce((product, size) => product * size, 1), 0);
  const shapesText = shapes.map(shapeText).join(', ');
  const of = `for a batch of ${countText(batchSize)}`;
  return new MemoryAccount(
    batchSize,
    float32('Weights', parameters, `${countText(parameters)} × 4`),
    float32('Gradients', trainable, `${countText(trainable)} trainable × 4`),
    float32(`Optimizer (${kind})`, perWeight * trainable, `${countText(trainable)} trainable × ${perWeight} × 4`),
    float32('Activations', counted.activations, `${countText(counted.activations)} ${of} × 4`),
    float32('Intermediates', counted.intermediates, `${countText(counted.intermediates)} ${of} × 4`),
    float32('Batch as fed', inputs, `${shapesText} × 4`),
    { name: 'Batch as stored', bytes: inputs, how: `${shapesText} × 1` },
    largestLayer(counted) * FLOAT32,
    counted.notCounted,
  );
}

const isCentered = (optimizer: tf.Optimizer): boolean => (optimizer as unknown as { centered: boolean }).centered;

/** Numbers that the largest layer takes and puts out. */
function largestLayer({ layers, batchSize }: ModelSummary): number {
  const size = (shape: readonly (number | null)[]): number => shape.reduce<number>((product, n) => product * (n ?? 1), batchSize);
  const sizes = layers.map(({ inputShapes, outputShape }) =>
    [...inputShapes, outputShape].reduce((sum, [, ...shape]) => sum + size(shape), 0));
  return Math.max(0, ...sizes);
}
