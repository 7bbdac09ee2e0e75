import { createHash } from 'node:crypto';
import { countText } from '../arrays';
import { CannotCompile } from '../engine/cannot-compile';
import { CompiledTraining } from '../engine/compiled-training';
import { Random } from '../random';
import { readSettings } from '../settings';
import { tf } from '../tensorflow';
import { unbreakable } from '../tensorflow/unbreakable';
import { Checkpoints } from './checkpoints';
import { areBatches, checkedBatches, counting, parts, sizeOf, type ExampleBatches, type Examples } from './examples';
import type { History } from './history';
import { stateHolders } from './optimizer-state';
import { fitParts, PlainTraining } from './plain-training';
import { Recorder } from './recorder';
import { callbackObjects, checkedOrder, checkOptions, watchesBatches, weightsOfClasses, type TrainOptions } from './train-options';

export type { TrainOptions };

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

/**
 * How long the steps that are taken at once may last together, in milliseconds: much longer than what one run costs
 * beside its steps, and not so long that somebody waits for an interrupt.
 */
const RUN_MILLISECONDS = 50;

/** One way to take steps. */
type Training = Pick<CompiledTraining, 'measures' | 'learn' | 'measure' | 'end'>;

/**
 * Trains a compiled model and reports how it goes: the options and callbacks of `model.fit`, by steps that run as one
 * TensorFlow graph (see `engine/README.md`). An interrupt ends it after the present batch, and the few that are in work with it.
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
  checkOptions(model, data, options);
  if (fitParts(model).isTraining) {
    throw new Error('fit: this model is being trained already. Wait until that training has ended, or interrupt it.');
  }
  const run = new Run(model, data, options);
  return unbreakable(() => run.run());
}

/** Which of some examples the next steps learn from, one batch after the other, all of one length. */
interface Group {
  readonly examples: Examples;
  readonly batches: readonly Int32Array[];
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
  /** The last checkpoint while it is being written; ends also where it cannot be. */
  private writing: Promise<void> | undefined;
  private seed: number;
  private training: Training | undefined;
  /** How many steps are taken at once. One at first, whose time says how many fit; and where callbacks watch each. */
  private atOnce = 1;
  private readonly areBatchesWatched: boolean;
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
      throw new Error(
        `fit: validationSplit ${validationSplit} of ${countText(all)} examples leaves none to learn from.`,
      );
    }
    this.callbacks = callbackObjects(options.callbacks);
    this.areBatchesWatched = this.callbacks.some(watchesBatches);
    this.classWeights = options.classWeight && weightsOfClasses(options.classWeight, model);
    this.seed = seed ?? Math.floor(Math.random() * 2 ** 31);
    const { batchSize, examples } = this;
    this.recorder = new Recorder(
      { epochs: this.epochs, batchSize, examples, interval: options.progressInterval ?? 250 },
      (progress) => onProgress?.(this.epochs < epochs ? { ...progress, epochsAskedFor: epochs } : progress),
    );
    const { shuffle = true, order, classWeight } = options;
    const validationExamples = this.validation ? this.validation.indices?.length ?? sizeOf(this.validation.data) : 0;
    this.checkpoints = checkpoint && new Checkpoints(model, checkpoint, {
      batchSize,
      examples,
      validationExamples,
      order: order ? 'of its own' : shuffle ? 'shuffled' : 'as it is',
      classWeight,
    }, digestOf(data));
  }

  async run(): Promise<History> {
    const { model, recorder } = this;
    const parts = fitParts(model);
    const interrupt = (): void => void (this.isInterrupted = true);
    process.on('SIGINT', interrupt);
    parts.isTraining = true;
    try {
      await this.goOn();
      if (recorder.epoch < this.epochs) await this.runEpochs();
    } finally {
      parts.isTraining = false;
      process.off('SIGINT', interrupt);
      stateHolders.delete(model.optimizer);
      this.training?.end();
      await this.writing;
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
  private async goOn(): Promise<void> {
    const { checkpoints, recorder, options, model: { optimizer } } = this;
    if (!checkpoints) return;
    const tell = (notice: string): void => options.onNotice?.(notice);
    const found = checkpoints.restore(options.seed, tell);
    if (!found) {
      await checkpoints.save({ epoch: 0, batch: 0 }, recorder.state, this.seed);
      return;
    }
    const { position: { epoch, batch }, state, seed, learningRate, isOtherData } = found;
    this.seed = seed;
    recorder.restore(state, epoch, batch);
    const all = this.epochs === 1 ? 'Its epoch was' : `All ${this.epochs} epochs were`;
    const place = batch > 0 ? `, after batch ${batch} of ${recorder.batchesPerEpoch}` : '';
    const where = epoch >= this.epochs
      ? `${all} done already; name another folder to train anew.`
      : `It goes on in epoch ${epoch + 1} of ${this.epochs}${place}.`;
    tell(`This training was begun before: ${found.file}. ${where}`);
    if (isOtherData) tell('It has begun with other examples, or with these in another order.');
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
        await this.keep({ epoch, batch: recorder.batch }, true);
        // It has not ended: what callbacks do at its end comes when the training goes on.
        if (this.isInterrupted) break;
        // It has seen only a part of the data: it is not a point of the curve.
        brokenOff.add(logs);
      }
      for (const callback of callbacks) await callback.onEpochEnd(epoch, logs);
      if (validated) await this.keep({ epoch: epoch + 1, batch: 0 }, epoch + 1 === this.epochs || this.isStopped);
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
    for await (const { examples, batches } of this.groups(epoch, recorder.batch)) {
      const training = (this.training ??= this.begin(examples));
      const { batch } = recorder;
      const size = batches[0].length;
      const logs: Record<string, number> = { batch, size };
      for (const callback of callbacks) await callback.onBatchBegin(batch, logs);
      const began = performance.now();
      const measured = training.learn(examples, batches, this.seed).map((row) => named(training.measures, row));
      if (!this.areBatchesWatched) {
        const perStep = (performance.now() - began) / batches.length;
        this.atOnce = Math.max(1, Math.floor(RUN_MILLISECONDS / perStep));
      }
      for (const measures of measured) recorder.endBatch(measures, size);
      Object.assign(logs, measured.at(-1));
      for (const callback of callbacks) await callback.onBatchEnd(batch, logs);
      await this.letOthersWork();
      const isWhole = recorder.batch === recorder.batchesPerEpoch;
      if (this.isStopped) return isWhole;
      if (!isWhole) await this.keep({ epoch, batch: recorder.batch }, false);
    }
    return true;
  }

  /** The batches of an epoch; those of a folder come one by one, and are disposed when the next one is asked for. */
  private async *groups(epoch: number, from: number): AsyncGenerator<Group, void> {
    const { data, model, options } = this;
    if (areBatches(data)) {
      let index = 0;
      const order = options.shuffle === false ? data.inOrder(epoch) : data.epoch(epoch);
      for await (const examples of checkedBatches('fit', model, 'data', order)) {
        try {
          if (index++ >= from) yield { examples, batches: [counting(0, examples.x.shape[0])] };
        } finally {
          tf.dispose([examples.x, examples.y]);
        }
      }
      return;
    }
    const order = this.orderOf(epoch);
    for (let first = from, end; first < this.recorder.batchesPerEpoch; first = end) {
      end = this.endOfGroup(epoch, first);
      yield { examples: data, batches: Array.from({ length: end - first }, (_, i) => this.batchOf(order, first + i)) };
    }
  }

  private batchOf(order: Int32Array, batch: number): Int32Array {
    return order.slice(batch * this.batchSize, (batch + 1) * this.batchSize);
  }

  /** @returns the batch before which a group ends: the last smaller one is one of its own, and checkpoints are kept */
  private endOfGroup(epoch: number, first: number): number {
    const { batchesPerEpoch } = this.recorder;
    const whole = Math.floor(this.examples / this.batchSize);
    let end = first + 1;
    while (end < Math.min(first + this.atOnce, whole) && !this.checkpoints?.isDue(epoch * batchesPerEpoch + end, batchesPerEpoch)) end++;
    return end;
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
      for (const part of parts(indices ?? counting(0, total))) {
        measure(training, data, part);
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

  /**
   * Writes a checkpoint if it is time, or in any case, while the training goes on. Where it cannot be written the
   * training goes on too.
   */
  private async keep(position: { epoch: number; batch: number }, always: boolean): Promise<void> {
    const { checkpoints, recorder, seed } = this;
    const done = position.epoch * recorder.batchesPerEpoch + position.batch;
    if (!checkpoints || !(always || checkpoints.isDue(done, recorder.batchesPerEpoch))) return;
    await this.writing;
    this.writing = checkpoints.save(position, recorder.state, seed).then(
      () => this.noteKept(),
      (error: unknown) => this.noteKept(error as Error),
    );
  }

  private noteKept(error?: Error): void {
    const tell = (notice: string): void => this.options.onNotice?.(notice);
    if (error && !this.isUnkept) {
      tell(
        'A checkpoint could not be written; the training goes on, and tries it again when the next one is due. The ' +
          `reason: ${error.message.replace(/^checkpoint: /, '')} The model itself is kept by saveModel at the end.`,
      );
    }
    if (!error && this.isUnkept) tell('Checkpoints can be written again.');
    this.isUnkept = error !== undefined;
    this.writing = undefined;
  }

  private async letOthersWork(): Promise<void> {
    // The disk is not kept waiting: a checkpoint is of use when it is whole.
    if (!this.writing && performance.now() - this.lastYield < YIELD_INTERVAL) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.lastYield = performance.now();
  }
}

/** Enough to tell one dataset from another, and pictures from the same ones in another scale. */
const DIGESTED = 16;

/** By what data is told from other data: its first examples. Batches are not read for that. */
function digestOf(data: Examples | ExampleBatches): string {
  if (areBatches(data)) return 'batches';
  const hash = createHash('sha256');
  for (const tensor of [data.x, data.y]) {
    const first = tf.tidy(() => tf.slice(tensor, 0, Math.min(DIGESTED, tensor.shape[0])).dataSync<'float32'>());
    hash.update(new Uint8Array(first.buffer, first.byteOffset, first.byteLength));
  }
  return hash.digest('hex');
}

/** A large odd number. */
const ORDER_STRIDE = 0x9e3779b1;

const named = (names: readonly string[], values: readonly number[]): Record<string, number> =>
  Object.fromEntries(names.map((name, i) => [name, values[i]]));

/**
 * SGD and its kin keep a second copy of the rate, which their setter knows. (`instanceof` holds for all of tfjs's
 * optimizers.)
 */
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
