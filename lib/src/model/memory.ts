import { inspect } from 'node:util';
import { countText, shapeText } from '../arrays';
import type { tf } from '../tensorflow';
import { FLOAT32, summary, type ModelSummary, type SummaryOptions } from './summary';
import { htmlTable, textTable } from './table';

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
    /** Short-lived arrays while the optimizer computes new weights, when activations and intermediates are gone. */
    readonly update: MemoryItem,
    /** The batch as the model takes it. */
    readonly batch: MemoryItem,
    /** The batch as pictures are stored, one byte a number. */
    readonly batchAsStored: MemoryItem,
    /** Bytes of the inputs and the output of the layer that needs most, and of what lies on the way between them. */
    readonly largestLayerBytes: number,
    /** Layers of which not all is known: their activations or intermediates are not in the account. */
    readonly notCounted: readonly string[],
  ) {}

  /** What a training step has to keep: weights and optimizer always, the others until they have been used. */
  get items(): readonly MemoryItem[] {
    return [this.weights, this.gradients, this.optimizer, this.activations, this.intermediates, this.batch];
  }

  /** Bytes of all items together. */
  get keptBytes(): number {
    return sumOf(this.items);
  }

  /**
   * An estimate of the most that a training step has in memory at once: either with all activations, or later, when the optimizer computes.
   * Where the optimizer decides, it is what `tf.profile` tells. Where the activations decide (large pictures, convolutions), `tf.profile` tells up to
   * 2.7 times as much: it counts the clones of arrays that are kept, which share their memory, and the backward pass makes short-lived arrays.
   */
  get trainingBytes(): number {
    const always = sumOf([this.weights, this.gradients, this.optimizer, this.batch]);
    return always + Math.max(this.activations.bytes + this.intermediates.bytes, this.update.bytes);
  }

  /**
   * An estimate of the most that a prediction has in memory at once: the weights, the batch, and the layer that needs most. `tf.profile` tells more where that is a
   * dense layer: it counts its inputs and weights in another shape once more, although they share their memory.
   */
  get predictionBytes(): number {
    return this.weights.bytes + this.batch.bytes + this.largestLayerBytes;
  }

  toString(): string {
    return [...textTable(columns, this.rows()), ...this.notes()].join('\n');
  }

  /** The table is also what `console.log(account)` shows. */
  [inspect.custom](): string {
    return this.toString();
  }

  /** What a notebook shows for the last line of a cell. */
  [Symbol.for('Jupyter.display')](): Record<string, string> {
    return { 'text/plain': this.toString(), 'text/html': htmlTable('Memory account', columns, this.rows(), this.notes()) };
  }

  private rows(): string[][] {
    const row = ({ name, bytes, how }: MemoryItem): string[] => [name, countText(bytes), how];
    return [
      ...this.items.map(row),
      ['All of it', countText(this.keptBytes), 'the sum'],
      row(this.update),
      ['Training step, at most', countText(this.trainingBytes), 'weights, gradients, optimizer, batch, and the larger of what layers keep and the update'],
      ['Prediction, at most', countText(this.predictionBytes), 'weights, batch, and the inputs, arrays on the way and output of one layer'],
      row(this.batchAsStored),
    ];
  }

  private notes(): string[] {
    return this.notCounted.length > 0 ? [`Not counted: ${this.notCounted.join(', ')}`] : [];
  }
}

const columns = [{ title: 'Memory' }, { title: 'Bytes', isNumber: true }, { title: 'How they are counted' }];

const sumOf = (items: readonly MemoryItem[]): number => items.reduce((sum, { bytes }) => sum + bytes, 0);

/** Numbers that each optimizer of TensorFlow.js keeps for each trainable weight. */
const numbersPerWeight: Readonly<Record<string, number>> = {
  SGD: 0, Momentum: 1, Adagrad: 1, Adadelta: 2, RMSProp: 2, Adam: 2, Adamax: 2,
};

/**
 * Arrays that TensorFlow.js 4.22 makes while an optimizer computes, seen by `tf.profile`: Adam and Adamax work on all weights at once, the others on one weight
 * array after the other, so that the largest decides.
 */
const arraysInUpdate: Readonly<Record<string, { all: number } | { largest: number }>> = {
  SGD: { largest: 2 }, Momentum: { largest: 4 }, Adagrad: { largest: 7 }, Adadelta: { largest: 16 }, RMSProp: { largest: 15 },
  Adam: { all: 14 }, Adamax: { all: 10 },
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
  const counted = summary(model, options);
  const { optimizer = model.optimizer } = options;
  if (!optimizer) {
    throw new Error("memoryAccount: the model has no optimizer. Compile it first, or give one: memoryAccount(model, { optimizer: tf.train.adam() }).");
  }
  if (typeof optimizer.getClassName !== 'function') {
    throw new TypeError(`memoryAccount: got the optimizer ${JSON.stringify(optimizer)}; expected an optimizer such as tf.train.adam().`);
  }
  const kind = optimizer.getClassName();
  const perWeight = numbersPerWeight[kind] + Number(kind === 'RMSProp' && isCentered(optimizer));
  if (Number.isNaN(perWeight)) {
    throw new Error(`memoryAccount: got the optimizer ${kind}; known are ${Object.keys(numbersPerWeight).join(', ')}.`);
  }
  const { batchSize, parameters, trainableParameters: trainable } = counted;
  const float32 = (name: string, numbers: number, how: string): MemoryItem => ({ name, bytes: numbers * FLOAT32, how });
  const shapes = model.inputs.map(({ shape: [count, ...sizes] }) => {
    if (sizes.includes(null) || (count !== null && count !== batchSize)) {
      throw new Error(
        `memoryAccount: the model takes ${shapeText([count ?? 'batch', ...sizes.map((size) => size ?? 'any')])}, got batchSize ${batchSize}; ` +
          'expected a model whose sizes are known, all but the size of the batch.',
      );
    }
    return [batchSize, ...(sizes as number[])];
  });
  const largestWeights = Math.max(0, ...model.trainableWeights.map(({ shape }) => (shape as number[]).reduce((product, size) => product * size, 1)));
  const made = arraysInUpdate[kind];
  const [madeNumbers, madeHow] = 'all' in made
    ? [made.all * trainable, `${countText(trainable)} trainable × ${made.all} × 4`]
    : [(made.largest + Number(kind === 'RMSProp' && isCentered(optimizer))) * largestWeights, `the largest weights, ${countText(largestWeights)}, × ${made.largest} × 4`];
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
    float32('Short-lived in the update', madeNumbers, madeHow),
    float32('Batch as fed', inputs, `${shapesText} × 4`),
    { name: 'Batch as stored', bytes: inputs, how: `${shapesText} × 1` },
    Math.max(0, ...counted.layers.map(({ atWork = 0 }) => atWork)) * FLOAT32,
    counted.layers
      .filter((layer) => layer.parameters !== undefined && (layer.activations === undefined || layer.intermediates === undefined))
      .map(({ name }) => name),
  );
}

const isCentered = (optimizer: tf.Optimizer): boolean => (optimizer as unknown as { centered: boolean }).centered;
