import { tf } from '../tensorflow';
import type { CheckpointOptions } from './checkpoints';
import { areBatches, checkExamples, type ExampleBatches, type Examples } from './examples';
import type { TrainingProgress } from './history';

/** As `model.fit` takes them: functions by the moment at which they are called, or an object of a class of tfjs. */
export type TrainCallback = tf.CustomCallbackArgs | CallbackObject;

/** What a `tf.Callback` has. More would keep TypeScript from knowing the parameters of functions. */
interface CallbackObject {
  setParams(params: object): void;
  setModel(model: object): void;
}

export interface TrainOptions {
  /** How often the network sees every example. Default 1. */
  epochs?: number;
  /** Examples in one step of the optimizer. Default 32, as in Keras and tfjs. Batches have their own. */
  batchSize?: number;
  /** Evaluated after each epoch; the network does not learn from it. Batches are taken beside batches alone. */
  validationData?: Examples | ExampleBatches;
  /** Instead of `validationData`: the last part of the examples (0 to 1) is kept for validation. */
  validationSplit?: number;
  /** New order for each epoch. Default true. */
  shuffle?: boolean;
  /**
   * Any whole number; it decides the order of the examples and what dropout drops. The same seed and the same initial
   * weights (`setRandomSeed` before the model is made) give the same training, to the last bit on the same machine.
   * Without it a new one is drawn, from what `setRandomSeed` has set. Batches have a seed of their own for their order.
   */
  seed?: number;
  /**
   * Which examples each epoch (counted from 0) takes, one after the other, instead of `shuffle`: as many indices as
   * there are examples; one may come twice and another not at all. An example: the easy ones first,
   * `order: (epoch) => (epoch < 2 ? fromEasyToHard : randomOrder)`. Not for batches.
   */
  order?: (epoch: number) => ArrayLike<number>;
  /**
   * How much an example of each class counts in the loss that is learned from, by the number of the class:
   * `{ 0: 1, 1: 5 }` where class 1 is rare. Each class has to be named.
   */
  classWeight?: Readonly<Record<number, number>>;
  /** The learning rate of each epoch, counted from 0: `(epoch) => 0.001 * 0.9 ** epoch`. Else the optimizer's own. */
  learningRate?: (epoch: number) => number;
  /**
   * Whole steps as one TensorFlow graph, which is faster. Default true: what has no such graph is told once by
   * `onNotice` and goes by tfjs's own steps. `false` takes those in any case. The numbers are the same.
   */
  compile?: boolean;
  /**
   * Keeps the training in a folder, and goes on from there when the same line runs again, also in a new kernel and
   * after a crash, with the same result as without the interruption: `{ folder: 'checkpoints/mnist' }`. A training that
   * is complete returns its history at once; with more `epochs` it goes on. Weights, optimizer, order and history are
   * kept; callbacks that remember something begin anew, but for `tf.callbacks.earlyStopping`.
   *
   * The folder belongs to one training: the number of examples, layers, loss, optimizer and options have to be the
   * same, or an error names the difference; that the examples are others is told by `onNotice`. Where the folder cannot
   * be written at the beginning, that is an error; later the training goes on, and `onNotice` is told.
   */
  checkpoint?: CheckpointOptions;
  /**
   * What happens at the beginning and the end of the training, of each epoch and of each batch, as in `model.fit`:
   * functions, tfjs's callbacks, or a list of them. They see the weights of that moment, and may change them. An epoch
   * that an interrupt breaks off has no end.
   *
   * ```ts
   * callbacks: [tf.callbacks.earlyStopping({ monitor: 'val_loss', patience: 3 }), {
   *   onEpochEnd: (epoch, logs) => console.log(epoch, logs?.loss),
   * }]
   * ```
   */
  callbacks?: TrainCallback | TrainCallback[];
  /** Called at most every `progressInterval` milliseconds, and after each epoch. */
  onProgress?: (progress: TrainingProgress) => void;
  /** In milliseconds. Default 250. */
  progressInterval?: number;
  /**
   * Told in a sentence what the learner should know: from where it goes on, why it is not compiled, which checkpoint is
   * damaged or could not be written.
   */
  onNotice?: (notice: string) => void;
}

/** @throws Error for the first option, or shape of the data, that does not fit */
export function checkOptions(model: tf.LayersModel, data: Examples | ExampleBatches, options: TrainOptions): void {
  const { epochs = 1, validationData, validationSplit = 0, seed } = options;
  const batchSize = options.batchSize ?? (areBatches(data) ? data.batchSize : 32);
  if (!model.loss) {
    throw new Error(
      'fit: the model is not compiled, so there is no loss to make smaller. Call model.compile({ ' +
        "optimizer: 'rmsprop', loss: 'categoricalCrossentropy', metrics: ['accuracy'] }) first.",
    );
  }
  checkCount('epochs', epochs);
  checkCount('batchSize', batchSize);
  if (!(validationSplit >= 0 && validationSplit < 1)) {
    throw new Error(
      `fit: validationSplit is ${validationSplit}; expected a part of the examples, from 0 to below 1, such as 0.2.`,
    );
  }
  if (seed !== undefined && !Number.isSafeInteger(seed)) {
    throw new Error(`fit: seed is ${seed}; expected a whole number, such as 1.`);
  }
  if (areBatches(data)) {
    if (options.order) throw new Error('fit: batches have an order of their own. Leave order out.');
    if (batchSize !== data.batchSize) {
      throw new Error(`fit: batchSize is ${batchSize}, but the batches have ${data.batchSize}; leave it out.`);
    }
    if (validationSplit > 0) {
      throw new Error(`fit: batches cannot be split. Give validationData instead of validationSplit.`);
    }
    for (const [name, batches] of Object.entries({ data, validationData })) {
      if (batches && areBatches(batches) && batches.size === 0) throw new Error(`fit: ${name} has no examples.`);
    }
  } else {
    checkExamples('fit', model, 'x', 'y', data);
    if (validationData && areBatches(validationData)) {
      throw new Error(
        'fit: got data in memory and validationData as batches; expected both in memory or both as batches. ' +
          'loadImageFolder reads a folder into memory, openImageFolder opens one for batches.',
      );
    }
  }
  if (validationData && !areBatches(validationData)) {
    checkExamples('fit', model, 'validationData.x', 'validationData.y', validationData);
  }
}

function checkCount(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new Error(`fit: ${name} is ${value}; expected a whole number of at least 1.`);
  }
}

/** @throws Error if it is no list of examples by their numbers, as long as there are examples */
export function checkedOrder(order: ArrayLike<number>, examples: number, epoch: number): Int32Array {
  const indices = Int32Array.from(order);
  if (indices.length !== examples) {
    throw new Error(
      `fit: order(${epoch}) has returned ${indices.length} indices; expected ${examples}, one for each example.`,
    );
  }
  const wrong = Array.from(order).find((index) => !(Number.isInteger(index) && index >= 0 && index < examples));
  if (wrong !== undefined) {
    throw new Error(
      `fit: order(${epoch}) has returned the index ${wrong}; expected whole numbers from 0 to ${examples - 1}.`,
    );
  }
  return indices;
}

/** The weight of each class in their order. */
export function weightsOfClasses(weights: Readonly<Record<number, number>>, model: tf.LayersModel): number[] {
  const outputs = model.outputs[0].shape.at(-1) as number;
  const classes = outputs === 1 ? 2 : outputs;
  return Array.from({ length: classes }, (_, i) => {
    const weight = weights[i];
    if (!(weight >= 0)) {
      throw new Error(
        `fit: classWeight has ${String(weight)} for class ${i}; expected a number of at least 0 for each of the ` +
          `${classes} classes.`,
      );
    }
    return weight;
  });
}

/** Callbacks in their order, each as an object. */
export function callbackObjects(callbacks: TrainOptions['callbacks'] = []): tf.Callback[] {
  return [callbacks].flat().map((callback) => {
    const isObject = 'setParams' in callback;
    // tfjs yields to others for `onYield` alone: the training itself does so anyway.
    const object = isObject ? callback : new tf.CustomCallback(callback, callback.onYield ? 'auto' : 'never');
    // One class and the other have the same methods.
    return object as unknown as tf.Callback;
  });
}

/** Whether a callback does something for each batch. */
export function watchesBatches(callback: tf.Callback): boolean {
  if (callback instanceof tf.CustomCallback) {
    const { batchBegin, batchEnd, yield: onYield } = callback as unknown as Record<string, unknown>;
    return [batchBegin, batchEnd, onYield].some((own) => own !== undefined);
  }
  const { onBatchBegin, onBatchEnd } = tf.Callback.prototype;
  return callback.onBatchBegin !== onBatchBegin || callback.onBatchEnd !== onBatchEnd;
}
