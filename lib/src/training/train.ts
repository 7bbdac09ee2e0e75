import { countText } from '../arrays';
import { CannotCompile } from '../engine/cannot-compile';
import { CompiledTraining } from '../engine/compiled-training';
import { Random } from '../random';
import { readSettings } from '../settings';
import { tf } from '../tensorflow';
import { unbreakable } from '../tensorflow/unbreakable';
import { areBatches, checkedBatches, checkExamples, type ExampleBatches, type Examples } from './examples';
import { Checkpoints, type CheckpointOptions } from './checkpoints';
import type { History, TrainingProgress } from './history';
import { stateHolders } from './optimizer-state';
import { PlainTraining } from './plain-training';
import { Recorder } from './recorder';

/** As `model.fit` takes them: functions by the moment at which they are called, or an object of one of tfjs's classes. */
export type TrainCallback = tf.CustomCallbackArgs | CallbackObject;

/** What a `tf.Callback` has and functions have not: more would keep TypeScript from knowing the functions' parameters. */
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
   * Keeps the training in a folder, and goes on from there when the same line runs again, also in a new kernel and after
   * a crash, with the same result as without the interruption: `{ folder: 'checkpoints/mnist' }`. A training that is
   * complete returns its history at once; with more `epochs` it goes on. Weights, optimizer, order and history are
   * kept; callbacks that remember something begin anew, but for `tf.callbacks.earlyStopping`.
   *
   * The folder belongs to one training: data, layers, loss, optimizer and options have to be the same, or an error names
   * the difference. Where it cannot be written at the beginning, that is an error; later the training goes on, and
   * `onNotice` is told.
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

/** The measures of epochs that were broken off, as callbacks get them: they are those of a part of the data. */
export const brokenOff = new WeakSet<tf.Logs>();

/** Epochs of a quick run: two, so that a curve has a direction. */
const QUICK_EPOCHS = 2;

/** How long training may keep the event loop busy, in milliseconds: longer would delay messages and interrupts. */
const YIELD_INTERVAL = 60;

/** Examples that are measured at once: enough to keep all cores busy, few enough for a small memory. */
const MEASURED_AT_ONCE = 500;

/** One way to take steps. */
type Training = Pick<CompiledTraining, 'measures' | 'learn' | 'measure' | 'end'>;

/** Where tfjs notes that a model is being trained, so that its own `fit` and this one keep out of each other's way. */
function trainingNote(model: tf.LayersModel): { isTraining: boolean } {
  interface Noting {
    isTraining: boolean;
    /** What a sequential model is made of. */
    readonly model?: Noting;
  }
  const noting = model as unknown as Noting;
  return noting.model ?? noting;
}

/**
 * Trains a compiled model and reports how it goes: the options and callbacks of `model.fit`, by steps that run as one
 * TensorFlow graph each (see `engine/README.md`). An interrupt ends it after the present batch.
 *
 * The caller keeps (and disposes) `data`; batches are disposed as soon as the network has learned from them. With
 * `COURSE_QUICK` set it trains at most two epochs. The weights of the model are current whenever someone reads them.
 *
 * @returns measures of each epoch
 * @throws Error if the model is not compiled, the shapes of model, x and y do not fit, or a checkpoint belongs to
 *   another training
 * @throws TrainingInterrupted after SIGINT
 */
export async function train(
  model: tf.LayersModel,
  data: Examples | ExampleBatches,
  options: TrainOptions = {},
): Promise<History> {
  checkArguments(model, data, options);
  if (trainingNote(model).isTraining) {
    throw new Error('fit: this model is being trained already. Wait until that training has ended, or interrupt it.');
  }
  const run = new Run(model, data, options);
  return unbreakable(() => run.run());
}

/** One call of `train`. */
class Run {
  private readonly epochs: number;
  private readonly batchSize: number;
  /** Those that are learned from. */
  private readonly examples: number;
  private readonly validation: { data: Examples | ExampleBatches; indices?: Int32Array } | undefined;
  private readonly callbacks: readonly tf.Callback[];
  private readonly classWeights: number[] | undefined;
  private readonly recorder: Recorder;
  private readonly checkpoints: Checkpoints | undefined;
  /** The last checkpoint could not be written. */
  private isUnkept = false;
  private seed: number;
  private training: Training | undefined;
  private isInterrupted = false;
  /** An interrupt or an error came while an epoch was validated. */
  private isValidating = false;
  private lastYield = performance.now();

  constructor(
    private readonly model: tf.LayersModel,
    private readonly data: Examples | ExampleBatches,
    private readonly options: TrainOptions,
  ) {
    const { epochs = 1, validationData, validationSplit = 0, seed, checkpoint, onProgress } = options;
    this.epochs = readSettings().quick ? Math.min(epochs, QUICK_EPOCHS) : epochs;
    this.batchSize = areBatches(data) ? data.batchSize : options.batchSize ?? 32;
    const all = sizeOf(data);
    // As tfjs splits.
    this.examples = validationData ? all : Math.floor(all * (1 - validationSplit));
    if (validationData) this.validation = { data: validationData };
    else if (this.examples < all) this.validation = { data, indices: counting(this.examples, all) };
    if (this.examples === 0) {
      throw new Error(`fit: validationSplit ${validationSplit} of ${countText(all)} examples leaves none to learn from.`);
    }
    this.callbacks = asCallbacks(options.callbacks);
    this.classWeights = options.classWeight && classWeights(options.classWeight, model);
    this.seed = seed ?? Math.floor(Math.random() * 2 ** 31);
    const { batchSize, examples } = this;
    this.recorder = new Recorder(
      { epochs: this.epochs, batchSize, examples, interval: options.progressInterval ?? 250 },
      (progress) => onProgress?.(this.epochs < epochs ? { ...progress, epochsAskedFor: epochs } : progress),
    );
    const { shuffle = true, order, classWeight } = options;
    const validationExamples = this.validation ? this.validation.indices?.length ?? sizeOf(this.validation.data) : 0;
    this.checkpoints = checkpoint && new Checkpoints(model, checkpoint, {
      batchSize, examples, validationExamples, order: order ? 'of its own' : shuffle ? 'shuffled' : 'as it is', classWeight,
    });
  }

  async run(): Promise<History> {
    const { model, recorder } = this;
    const note = trainingNote(model);
    const interrupt = (): void => void (this.isInterrupted = true);
    process.on('SIGINT', interrupt);
    note.isTraining = true;
    try {
      this.goOn();
      if (recorder.epoch < this.epochs) await this.runEpochs();
    } finally {
      note.isTraining = false;
      process.off('SIGINT', interrupt);
      stateHolders.delete(model.optimizer);
      this.training?.end();
    }
    if (this.isInterrupted && recorder.history.epoch.length < this.epochs && !this.hasStopped) {
      const where = this.checkpoints ? ', from the checkpoint that it has left' : '';
      const next = this.isUnkept
        ? '. Its checkpoint could not be written: keep the model with saveModel before you call fit again'
        : `: call fit again to go on from here${where}`;
      throw new TrainingInterrupted(
        `Training was interrupted in epoch ${recorder.epoch + 1} of ${this.epochs}, after batch ${recorder.batch} of ` +
          `${recorder.batchesPerEpoch}${this.isValidating ? ', while it was validated' : ''}. The model keeps what ` +
          `it has learned${next}.`,
        recorder.history,
      );
    }
    return recorder.history;
  }

  /**
   * Takes up a training that was interrupted, if there is one. Else the first checkpoint is written: where that cannot
   * be done, the learner knows it at once.
   */
  private goOn(): void {
    const { checkpoints, recorder, options, model: { optimizer } } = this;
    if (!checkpoints) return;
    const tell = (notice: string): void => options.onNotice?.(notice);
    const found = checkpoints.restore(options.seed, tell);
    if (!found) {
      checkpoints.save({ epoch: 0, batch: 0 }, recorder.state, this.seed);
      return;
    }
    const { position: { epoch, batch }, state, seed, learningRate } = found;
    this.seed = seed;
    recorder.restore(state, epoch, batch);
    const where = epoch >= this.epochs
      ? `${this.epochs === 1 ? 'Its epoch was' : `All ${this.epochs} epochs were`} done already; name another folder to train anew.`
      : `It goes on in epoch ${epoch + 1} of ${this.epochs}${batch > 0 ? `, after batch ${batch} of ${recorder.batchesPerEpoch}` : ''}.`;
    tell(`This training was begun before: ${found.file}. ${where}`);
    const { learningRate: given } = optimizer as unknown as { learningRate?: number };
    if (learningRate === undefined || learningRate === given) return;
    setLearningRate(optimizer, learningRate);
    if (!options.learningRate) tell(`The learning rate goes on as it was, ${learningRate}, instead of ${given}.`);
  }

  private async runEpochs(): Promise<void> {
    const { model, recorder, callbacks, options } = this;
    const first = recorder.epoch;
    const ofValidation = this.validation ? model.metricsNames.map((name) => `val_${name}`) : [];
    model.stopTraining = false;
    for (const callback of callbacks) {
      callback.setParams({
        epochs: this.epochs, initialEpoch: first, samples: this.examples, steps: recorder.batchesPerEpoch,
        batchSize: this.batchSize, verbose: 0, doValidation: this.validation !== undefined,
        metrics: [...model.metricsNames, ...ofValidation],
      });
      callback.setModel(model as never);
    }
    for (const callback of callbacks) await callback.onTrainBegin({});
    await this.remind();
    for (let epoch = first; epoch < this.epochs && !this.isStopped; epoch++) {
      if (epoch > first) recorder.beginEpoch(epoch);
      if (options.learningRate) setLearningRate(model.optimizer, options.learningRate(epoch));
      for (const callback of callbacks) await callback.onEpochBegin(epoch, {});
      const isWhole = await this.runBatches(epoch);
      const validated = isWhole ? await this.validate() : undefined;
      const logs: Record<string, number> = { ...recorder.means, ...validated };
      if (validated) recorder.endEpoch(logs);
      else {
        this.keep({ epoch, batch: recorder.batch }, true);
        // It has not ended: what callbacks do at its end comes when the training goes on.
        if (this.isInterrupted) break;
        // It has seen only a part of the data: it is not a point of the curve.
        brokenOff.add(logs);
      }
      for (const callback of callbacks) await callback.onEpochEnd(epoch, logs);
      if (validated) this.keep({ epoch: epoch + 1, batch: 0 }, epoch + 1 === this.epochs || this.isStopped);
    }
    for (const callback of callbacks) await callback.onTrainEnd({});
  }

  /** Early stopping decides from the measures of all epochs, those before an interruption included. */
  private async remind(): Promise<void> {
    const { epoch, history } = this.recorder.history;
    for (const callback of this.callbacks) {
      if (!(callback instanceof tf.EarlyStopping)) continue;
      for (const [i, number] of epoch.entries()) {
        const logs = Object.fromEntries(Object.entries(history).map(([name, values]) => [name, values[i]]));
        await callback.onEpochEnd(number, logs);
      }
    }
  }

  /** @returns whether all batches of the epoch were learned from */
  private async runBatches(epoch: number): Promise<boolean> {
    const { recorder, callbacks } = this;
    for await (const { examples, indices } of this.batches(epoch, recorder.batch)) {
      const training = (this.training ??= this.begin(examples));
      const { batch } = recorder;
      const logs: Record<string, number> = { batch, size: indices.length };
      for (const callback of callbacks) await callback.onBatchBegin(batch, logs);
      const measures = named(training.measures, training.learn(examples, indices, this.seed));
      recorder.endBatch(measures, indices.length);
      Object.assign(logs, measures);
      for (const callback of callbacks) await callback.onBatchEnd(batch, logs);
      await this.letOthersWork();
      const isWhole = recorder.batch === recorder.batchesPerEpoch;
      if (this.isStopped) return isWhole;
      if (!isWhole) this.keep({ epoch, batch: recorder.batch }, false);
    }
    return true;
  }

  /** The batches of an epoch; those of a folder are disposed when the next one is asked for. */
  private async *batches(epoch: number, from: number): AsyncGenerator<{ examples: Examples; indices: Int32Array }, void> {
    const { data, model, batchSize, options } = this;
    if (areBatches(data)) {
      let index = 0;
      const order = options.shuffle === false ? data.inOrder(epoch) : data.epoch(epoch);
      for await (const examples of checkedBatches('fit', model, 'data', order)) {
        try {
          if (index++ >= from) yield { examples, indices: counting(0, examples.x.shape[0]) };
        } finally {
          tf.dispose([examples.x, examples.y]);
        }
      }
      return;
    }
    const order = this.orderOf(epoch);
    for (let start = from * batchSize; start < order.length; start += batchSize) {
      yield { examples: data, indices: order.slice(start, start + batchSize) };
    }
  }

  private orderOf(epoch: number): Int32Array {
    const { examples, seed, options: { order, shuffle = true } } = this;
    if (order) return checkedOrder(order(epoch), examples, epoch);
    // Far apart, so that no epoch of one seed has the order of an epoch of another.
    return shuffle ? new Random(Math.imul(seed, ORDER_STRIDE) + epoch).permutation(examples) : counting(0, examples);
  }

  /** @returns the measures of the validation, by their names; undefined after an interrupt */
  private async validate(): Promise<Record<string, number> | undefined> {
    if (!this.validation) return {};
    const { data, indices } = this.validation;
    const sums: number[] = [];
    let seen = 0;
    const total = indices?.length ?? sizeOf(data);
    const measure = (training: Training, examples: Examples, part: Int32Array): void => {
      training.measure(examples, part).forEach((mean, i) => (sums[i] = (sums[i] ?? 0) + mean * part.length));
      seen += part.length;
    };
    this.isValidating = true;
    if (areBatches(data)) {
      for await (const examples of checkedBatches('fit', this.model, 'validationData', data.inOrder())) {
        try {
          measure((this.training ??= this.begin(examples)), examples, counting(0, examples.x.shape[0]));
        } finally {
          tf.dispose([examples.x, examples.y]);
        }
        await this.letOthersWork();
        if (this.isInterrupted && seen < total) return undefined;
      }
    } else {
      const training = (this.training ??= this.begin(data));
      const all = indices ?? counting(0, total);
      for (let start = 0; start < total; start += MEASURED_AT_ONCE) {
        measure(training, data, all.slice(start, start + MEASURED_AT_ONCE));
        await this.letOthersWork();
        if (this.isInterrupted && seen < total) return undefined;
      }
    }
    this.isValidating = false;
    return named(this.training!.measures.map((name) => `val_${name}`), sums.map((sum) => sum / seen));
  }

  private begin(examples: Examples): Training {
    const { model, options, validation, classWeights } = this;
    if (options.compile !== false) {
      try {
        if (validation && !areBatches(validation.data)) checkSameTypes(examples, validation.data);
        const training = CompiledTraining.begin(model, examples, classWeights);
        stateHolders.set(model.optimizer, training);
        return training;
      } catch (error) {
        if (!(error instanceof CannotCompile)) throw error;
        options.onNotice?.(`Training goes by TensorFlow.js's own steps, which are slower: ${error.message}`);
      }
    }
    return new PlainTraining(model, classWeights);
  }

  private get hasStopped(): boolean {
    return this.model.stopTraining;
  }

  private get isStopped(): boolean {
    return this.isInterrupted || this.hasStopped;
  }

  /** Writes a checkpoint if it is time, or in any case. Where it cannot be written the training goes on all the same. */
  private keep(position: { epoch: number; batch: number }, always: boolean): void {
    const { checkpoints, recorder, seed, options } = this;
    const done = position.epoch * recorder.batchesPerEpoch + position.batch;
    if (!checkpoints || !(always || checkpoints.isDue(done, recorder.batchesPerEpoch))) return;
    try {
      checkpoints.save(position, recorder.state, seed);
      if (this.isUnkept) options.onNotice?.('Checkpoints can be written again.');
      this.isUnkept = false;
    } catch (error) {
      if (!this.isUnkept) {
        options.onNotice?.(
          `A checkpoint could not be written; the training goes on, and tries it again when the next one is due. The ` +
            `reason: ${(error as Error).message.replace(/^checkpoint: /, '')} The model itself is kept by saveModel at the end.`,
        );
      }
      this.isUnkept = true;
    }
  }

  private async letOthersWork(): Promise<void> {
    if (performance.now() - this.lastYield < YIELD_INTERVAL) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.lastYield = performance.now();
  }
}

/** A large odd number. */
const ORDER_STRIDE = 0x9e3779b1;

const named = (names: readonly string[], values: readonly number[]): Record<string, number> =>
  Object.fromEntries(names.map((name, i) => [name, values[i]]));

/** The whole numbers from `from` to below `to`. */
const counting = (from: number, to: number): Int32Array => Int32Array.from({ length: to - from }, (_, i) => from + i);

const sizeOf = (data: Examples | ExampleBatches): number => (areBatches(data) ? data.size : data.x.shape[0]);

function asCallbacks(callbacks: TrainOptions['callbacks'] = []): tf.Callback[] {
  return [callbacks].flat().map((callback) => {
    const isObject = 'setParams' in callback;
    // tfjs yields to others for `onYield` alone: the training itself does so anyway.
    const object = isObject ? callback : new tf.CustomCallback(callback, callback.onYield ? 'auto' : 'never');
    // One class and the other have the same methods.
    return object as unknown as tf.Callback;
  });
}

/** SGD and its kin keep a second copy of the rate, which their setter knows. (`instanceof` holds for all of tfjs's optimizers.) */
function setLearningRate(optimizer: tf.Optimizer, rate: number): void {
  if (!(rate >= 0)) throw new Error(`fit: learningRate has returned ${rate}; expected a number of at least 0.`);
  const settable = optimizer as unknown as { learningRate: number; setLearningRate?(rate: number): void };
  if (settable.setLearningRate) settable.setLearningRate(rate);
  else settable.learningRate = rate;
}

/** @throws CannotCompile: one graph takes data of one type */
function checkSameTypes(examples: Examples, validation: Examples): void {
  if (examples.x.dtype !== validation.x.dtype || examples.y.dtype !== validation.y.dtype) {
    throw new CannotCompile('validation data of another type than the training data');
  }
}

/** The weight of each class in their order. */
function classWeights(weights: Readonly<Record<number, number>>, model: tf.LayersModel): number[] {
  const outputs = (model.outputs[0].shape.at(-1) as number);
  const classes = outputs === 1 ? 2 : outputs;
  return Array.from({ length: classes }, (_, i) => {
    const weight = weights[i];
    if (!(weight >= 0)) {
      throw new Error(`fit: classWeight has ${String(weight)} for class ${i}; expected a number of at least 0 for each of the ${classes} classes.`);
    }
    return weight;
  });
}

function checkedOrder(order: ArrayLike<number>, examples: number, epoch: number): Int32Array {
  const indices = Int32Array.from(order);
  if (indices.length !== examples) {
    throw new Error(`fit: order(${epoch}) has returned ${indices.length} indices; expected ${examples}, one for each example.`);
  }
  const wrong = Array.from(order).find((index) => !(Number.isInteger(index) && index >= 0 && index < examples));
  if (wrong !== undefined) {
    throw new Error(`fit: order(${epoch}) has returned the index ${wrong}; expected whole numbers from 0 to ${examples - 1}.`);
  }
  return indices;
}

function checkArguments(model: tf.LayersModel, data: Examples | ExampleBatches, options: TrainOptions): void {
  const { epochs = 1, validationData, validationSplit = 0, seed } = options;
  const batchSize = options.batchSize ?? (areBatches(data) ? data.batchSize : 32);
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
  if (seed !== undefined && !Number.isSafeInteger(seed)) throw new Error(`fit: seed is ${seed}; expected a whole number, such as 1.`);
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
  if (!Number.isInteger(value) || value < 1) throw new Error(`fit: ${name} is ${value}; expected a whole number of at least 1.`);
}
