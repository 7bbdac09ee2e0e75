import { shapeText } from '../arrays';
import { readSettings } from '../settings';
import { tf } from '../tensorflow';
import { unbreakable } from '../tensorflow/unbreakable';
import type { History, TrainingProgress } from './history';

/** Pictures and what they show: the first dimension of both counts the examples. */
export interface Examples {
  /** Inputs, shape `[examples, ...]`. */
  x: tf.Tensor;
  /** Targets, shape `[examples, ...]`. */
  y: tf.Tensor;
}

/** Examples that do not lie in memory: they come batch by batch. */
export interface ExampleBatches {
  /** Examples in all batches. */
  readonly size: number;
  readonly batchSize: number;
  /** All examples once, in an order of its own for each call. Whoever takes a batch disposes it. */
  epoch(): AsyncIterable<Examples>;
  /** All examples once, always in the same order. Whoever takes a batch disposes it. */
  inOrder(): AsyncIterable<Examples>;
}

export interface TrainOptions {
  /** How often the network sees every example. Default 1. */
  epochs?: number;
  /** Examples in one step of the optimizer. Default 32, as in Keras and tfjs. */
  batchSize?: number;
  /** Evaluated after each epoch; the network does not learn from it. Batches are taken beside batches alone. */
  validationData?: Examples | ExampleBatches;
  /** Instead of `validationData`: the last part of the examples (0 to 1) is kept for validation. */
  validationSplit?: number;
  /** New order for each epoch. Default true. */
  shuffle?: boolean;
  /** tfjs callbacks, called at the same moments as by `model.fit`. */
  callbacks?: tf.CustomCallbackArgs | tf.Callback | tf.Callback[];
  /** Called at most every `progressInterval` milliseconds, and after each epoch. */
  onProgress?: (progress: TrainingProgress) => void;
  /** In milliseconds. Default 250. */
  progressInterval?: number;
}

/**
 * Training was stopped by an interrupt (the stop button in JupyterLab, Ctrl+C in a terminal). The model keeps what it
 * has learned.
 */
export class TrainingInterrupted extends Error {
  override name = 'TrainingInterrupted';
  constructor(
    message: string,
    /** The epochs that were finished. */
    readonly history: History,
  ) {
    super(message);
  }
}

/**
 * The measures of epochs that were broken off, as tfjs hands them to callbacks: they are those of a part of the data.
 */
export const brokenOff = new WeakSet<tf.Logs>();

/** Epochs of a quick run: two, so that a curve has a direction. */
const QUICK_EPOCHS = 2;

/** How long training may keep the event loop busy, in milliseconds: longer would delay messages and interrupts. */
const YIELD_INTERVAL = 60;

/**
 * Trains a compiled model and reports how it goes. It is `model.fit` with three additions: progress with rate and time
 * left, an interrupt that ends after the present batch and keeps the model, and checks whose errors say what to do.
 *
 * The caller keeps (and disposes) `data`; batches are disposed as soon as the network has learned from them. With
 * `COURSE_QUICK` set it trains at most two epochs.
 *
 * @returns measures of each epoch
 * @throws Error if the model is not compiled, or the shapes of model, x and y do not fit
 * @throws TrainingInterrupted after SIGINT
 */
export async function train(
  model: tf.LayersModel,
  data: Examples | ExampleBatches,
  options: TrainOptions = {},
): Promise<History> {
  const { epochs = 1, validationData, validationSplit = 0, shuffle = true } = options;
  const batchSize = areBatches(data) ? data.batchSize : options.batchSize ?? 32;
  checkArguments(model, data, epochs, options.batchSize ?? batchSize, validationData, validationSplit);
  const epochsToRun = readSettings().quick ? Math.min(epochs, QUICK_EPOCHS) : epochs;
  const examples = areBatches(data)
    ? data.size
    : data.x.shape[0] - (validationData ? 0 : Math.floor(data.x.shape[0] * validationSplit));

  let interrupted = false;
  const interrupt = (): void => {
    interrupted = true;
    model.stopTraining = true;
  };
  let isValidationBrokenOff = false;
  // An error of the data must not pass through tfjs, which would leave the measures of the epoch in memory: it ends the
  // epoch, and is thrown afterwards.
  const errors: unknown[] = [];
  const breakOff = (error: unknown): void => {
    errors.push(error);
    model.stopTraining = true;
  };
  let example: () => Examples;
  const trainingBatches = async function* (batches: ExampleBatches): AsyncGenerator<Examples | null, void> {
    try {
      for await (const batch of checkedBatches('fit', model, 'data', shuffle ? batches.epoch() : batches.inOrder())) {
        example = zerosLike(batch);
        yield batch;
      }
    } catch (error) {
      breakOff(error);
      // Neither a batch nor the end: tfjs would validate then.
      yield null;
    }
  };
  const validationBatches = async function* (batches: ExampleBatches): AsyncGenerator<Examples, void> {
    isValidationBrokenOff = false;
    let isFirst = true;
    try {
      for await (const batch of checkedBatches('fit', model, 'validationData', batches.inOrder())) {
        isFirst = false;
        yield batch;
        // Not before the first: tfjs takes the mean over what it gets.
        if ((isValidationBrokenOff = interrupted)) return;
      }
    } catch (error) {
      breakOff(error);
      isValidationBrokenOff = true;
      // What is measured with it goes no further.
      if (isFirst) yield example();
    }
  };
  const recorder = new Recorder(
    {
      epochs: epochsToRun,
      batchSize,
      examples,
      interval: options.progressInterval ?? 250,
      isBrokenOff: () => isValidationBrokenOff,
    },
    (progress) => options.onProgress?.(epochsToRun < epochs ? { ...progress, epochsAskedFor: epochs } : progress),
  );

  process.on('SIGINT', interrupt);
  try {
    const common = { epochs: epochsToRun, verbose: 0, callbacks: [recorder, ...asCallbacks(options.callbacks)] };
    await unbreakable(() => {
      if (!areBatches(data)) {
        const validation = validationData as Examples | undefined;
        return model.fit(data.x, data.y, {
          ...common,
          batchSize,
          shuffle,
          ...(validation ? { validationData: [validation.x, validation.y] } : { validationSplit }),
        });
      }
      return model.fitDataset(datasetOf(() => trainingBatches(data)), {
        ...common,
        ...(validationData && {
          validationData: areBatches(validationData)
            ? datasetOf(() => validationBatches(validationData))
            : [validationData.x, validationData.y],
          validationBatchSize: batchSize,
        }),
      });
    });
  } catch (error) {
    throw errors.length > 0 ? errors[0] : error;
  } finally {
    process.off('SIGINT', interrupt);
  }
  if (errors.length > 0) throw errors[0];
  // Whoever interrupts the last validation has a finished training all the same.
  if (interrupted && recorder.history.epoch.length < epochsToRun) {
    throw new TrainingInterrupted(
      `Training was interrupted in epoch ${recorder.epoch + 1} of ${epochsToRun}, after batch ${recorder.batch} of ` +
        `${recorder.batchesPerEpoch}${isValidationBrokenOff ? ', while it was validated' : ''}. The model keeps what ` +
        `it has learned: call fit again to go on from here.`,
      recorder.history,
    );
  }
  return recorder.history;
}

/** Whether examples come batch by batch. */
export const areBatches = (data: object): data is ExampleBatches => 'epoch' in data;

/**
 * Batches, each checked as arrays in memory are.
 *
 * @param caller the function that the learner has called
 * @throws Error (and disposes the batch) if one is no examples for this model
 */
export async function* checkedBatches(
  caller: string,
  model: tf.LayersModel,
  name: string,
  batches: AsyncIterable<Examples>,
): AsyncGenerator<Examples, void> {
  for await (const batch of batches) {
    try {
      checkExamples(caller, model, `${name}: x`, `${name}: y`, batch);
    } catch (error) {
      tf.dispose([batch.x, batch.y]);
      throw error;
    }
    yield batch;
  }
}

type Dataset = tf.data.Dataset<{ xs: tf.Tensor; ys: tf.Tensor }>;

/**
 * Batches as tfjs takes them: one iteration of the dataset is one epoch. It asks for no more than `iterator`;
 * `tf.data.generator` would put words of its own before each error.
 */
function datasetOf(epoch: () => AsyncIterable<Examples | null>): Dataset {
  const iterator = async function* (): AsyncGenerator<{ xs: tf.Tensor; ys: tf.Tensor } | null, void> {
    for await (const batch of epoch()) yield batch && { xs: batch.x, ys: batch.y };
  };
  return { iterator: async () => iterator() } as unknown as Dataset;
}

/** Makes one example of zeros in the form of a batch, which may be disposed by then. */
function zerosLike({ x, y }: Examples): () => Examples {
  const zeros = ({ shape, dtype }: Pick<tf.Tensor, 'shape' | 'dtype'>): tf.Tensor => tf.zeros([1, ...shape.slice(1)], dtype);
  const [ofX, ofY] = [x, y].map(({ shape, dtype }) => ({ shape, dtype }));
  return () => ({ x: zeros(ofX), y: zeros(ofY) });
}

function asCallbacks(callbacks: TrainOptions['callbacks']): tf.Callback[] {
  if (!callbacks) return [];
  if (Array.isArray(callbacks)) return callbacks;
  if (callbacks instanceof tf.Callback) return [callbacks];
  // tfjs-layers takes both kinds in one list, its types do not.
  return [new tf.CustomCallback(callbacks, 'never') as unknown as tf.Callback];
}

/** Listens to `model.fit`: keeps the history, reports progress, and lets other work of the process happen. */
class Recorder extends tf.Callback {
  readonly history: History = { epoch: [], history: {}, seconds: [], within: { at: [], measures: {} } };
  readonly batchesPerEpoch: number;
  epoch = 0;
  batch = 0;

  private trainingBegan = 0;
  private epochBegan = 0;
  private lastReport = 0;
  private lastYield = 0;
  private seen = 0;
  private epochSums: Record<string, number> = {};
  private sums: Record<string, number> = {};
  private summed = 0;
  private imagesPerSecond = 0;

  constructor(
    private readonly plan: {
      epochs: number;
      batchSize: number;
      examples: number;
      interval: number;
      /** Whether the present epoch has lost its validation. */
      isBrokenOff: () => boolean;
    },
    private readonly report: (progress: TrainingProgress) => void,
  ) {
    super();
    this.batchesPerEpoch = Math.ceil(plan.examples / plan.batchSize);
  }

  override async onTrainBegin(): Promise<void> {
    this.trainingBegan = this.lastYield = performance.now();
  }

  override async onEpochBegin(epoch: number): Promise<void> {
    this.epoch = epoch;
    this.batch = this.seen = this.summed = 0;
    this.epochSums = {};
    this.sums = {};
    this.epochBegan = performance.now();
  }

  override async onBatchEnd(_batch: number, logs: tf.Logs = {}): Promise<void> {
    const { size = 0, batch: _index, ...measures } = logs as Record<string, tf.Scalar | number>;
    const examples = valueOf(size);
    for (const [name, measure] of Object.entries(measures)) {
      const sum = valueOf(measure) * examples;
      this.sums[name] = (this.sums[name] ?? 0) + sum;
      this.epochSums[name] = (this.epochSums[name] ?? 0) + sum;
    }
    this.summed += examples;
    this.seen += examples;
    this.batch++;

    const now = performance.now();
    this.imagesPerSecond = (this.seen / (now - this.epochBegan)) * 1000;
    if (now - this.lastReport >= this.plan.interval) {
      this.lastReport = now;
      this.keepWithinEpoch();
      this.report(this.progress('batch'));
    }
    if (now - this.lastYield >= YIELD_INTERVAL) {
      await new Promise((resolve) => setImmediate(resolve));
      this.lastYield = performance.now();
    }
  }

  override async onEpochEnd(epoch: number, logs: tf.Logs = {}): Promise<void> {
    // An epoch that was broken off has seen only a part of the data: it is not a point of the curve.
    if (this.batch < this.batchesPerEpoch || this.plan.isBrokenOff()) {
      brokenOff.add(logs);
      return;
    }
    if (this.summed > 0) this.keepWithinEpoch();
    this.history.epoch.push(epoch);
    this.history.seconds.push((performance.now() - this.epochBegan) / 1000);
    for (const [name, measure] of Object.entries(logs as Record<string, tf.Scalar | number>)) {
      (this.history.history[name] ??= []).push(valueOf(measure));
    }
    this.lastReport = performance.now();
    this.report(this.progress('epoch'));
  }

  private keepWithinEpoch(): void {
    const { at, measures } = this.history.within;
    at.push(this.epoch + this.batch / this.batchesPerEpoch);
    for (const [name, sum] of Object.entries(this.sums)) (measures[name] ??= []).push(sum / this.summed);
    this.sums = {};
    this.summed = 0;
  }

  private progress(event: 'batch' | 'epoch'): TrainingProgress {
    const { epochs } = this.plan;
    const now = performance.now();
    return {
      event,
      epoch: this.epoch,
      epochs,
      batch: this.batch,
      batchesPerEpoch: this.batchesPerEpoch,
      imagesPerSecond: this.imagesPerSecond,
      secondsElapsed: (now - this.trainingBegan) / 1000,
      secondsLeft: this.secondsLeft(now, event === 'epoch' ? this.epoch + 1 : this.epoch),
      history: this.history,
      current: mapValues(this.epochSums, (sum) => sum / this.seen),
    };
  }

  /** From the mean of the finished epochs; in the first one from the batches so far. */
  private secondsLeft(now: number, epochsDone: number): number | undefined {
    const { epochs } = this.plan;
    const inEpoch = epochsDone > this.epoch ? 0 : (now - this.epochBegan) / 1000;
    const { seconds } = this.history;
    if (seconds.length > 0) {
      const perEpoch = seconds.reduce((sum, value) => sum + value, 0) / seconds.length;
      return Math.max(0, (epochs - epochsDone) * perEpoch - inEpoch);
    }
    if (this.batch < 5) return undefined;
    return (inEpoch / this.batch) * (this.batchesPerEpoch * epochs - this.batch);
  }
}

function valueOf(measure: tf.Scalar | number): number {
  return typeof measure === 'number' ? measure : measure.dataSync()[0];
}

function mapValues<A, B>(record: Record<string, A>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

function checkArguments(
  model: tf.LayersModel,
  data: Examples | ExampleBatches,
  epochs: number,
  batchSize: number,
  validationData: Examples | ExampleBatches | undefined,
  validationSplit: number,
): void {
  if (!model.loss) {
    throw new Error(
      `fit: the model is not compiled, so there is no loss to make smaller. Call model.compile({ optimizer: 'rmsprop', ` +
        `loss: 'categoricalCrossentropy', metrics: ['accuracy'] }) first.`,
    );
  }
  checkCount('epochs', epochs);
  checkCount('batchSize', batchSize);
  if (!(validationSplit >= 0 && validationSplit < 1)) {
    throw new Error(`fit: validationSplit is ${validationSplit}; expected a part of the examples, from 0 to below 1, such as 0.2.`);
  }
  if (areBatches(data)) {
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
  if (!Number.isInteger(value) || value < 1) throw new Error(`fit: ${name} is ${value}; expected a whole number of at least 1.`);
}

/**
 * @param caller the function that the learner has called
 * @throws Error if `x` and `y` are no examples for this model
 */
export function checkExamples(caller: string, model: tf.LayersModel, xName: string, yName: string, examples: Examples): void {
  const { x, y } = examples;
  for (const [name, tensor] of [[xName, x], [yName, y]] as const) {
    if (!(tensor instanceof tf.Tensor)) {
      throw new Error(`${caller}: ${name} is ${tensor === null ? 'null' : typeof tensor}; expected a tensor. toTensor(array) makes one.`);
    }
    if (tensor.isDisposed) throw new Error(`${caller}: ${name} has been disposed. Make the tensor again before training.`);
  }
  if (x.shape[0] !== y.shape[0]) {
    throw new Error(`${caller}: ${xName} has ${x.shape[0]} examples and ${yName} has ${y.shape[0]}; expected one target for each input.`);
  }
  if (x.shape[0] === 0) throw new Error(`${caller}: ${xName} has no examples.`);
  const [input] = model.inputs;
  if (model.inputs.length === 1 && !fits(x.shape, input.shape)) {
    throw new Error(
      `${caller}: ${xName} has the shape ${shapeText(x.shape)}, but the model takes ${shapeText(input.shape.map((size) => size ?? 'any'))}. ` +
        `Change the data (flatten, reshape) or the inputShape of the first layer.`,
    );
  }
  const [output] = model.outputs;
  const needsRows = model.loss === 'categoricalCrossentropy';
  if (model.outputs.length === 1 && needsRows && !fits(y.shape, output.shape)) {
    throw new Error(
      `${caller}: ${yName} has the shape ${shapeText(y.shape)}, but the model puts out ${shapeText(output.shape.map((size) => size ?? 'any'))}. ` +
        `Labels become such rows with oneHot(labels, ${output.shape.at(-1)}).`,
    );
  }
}

const fits = (shape: number[], expected: (number | null)[]): boolean =>
  shape.length === expected.length && shape.every((size, i) => expected[i] === null || expected[i] === size);
