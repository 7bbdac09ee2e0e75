import type { History, TrainingProgress } from './history';

/** What a recorder has to keep over an interruption. */
export interface RecorderState {
  readonly history: History;
  /** Sums over the examples of the present epoch so far. */
  readonly sums: Readonly<Record<string, number>>;
  /** Of the present epoch so far. */
  readonly seconds: number;
}

/** Keeps the history of a training, and reports how it goes. */
export class Recorder {
  readonly history: History = { epoch: [], history: {}, seconds: [], within: { at: [], measures: {} } };
  readonly batchesPerEpoch: number;
  epoch = 0;
  batch = 0;

  private readonly trainingBegan = performance.now();
  private epochBegan = this.trainingBegan;
  private lastReport = 0;
  private seen = 0;
  private epochSums: Record<string, number> = {};
  /** Since the last point of the curves within epochs. */
  private sums: Record<string, number> = {};
  private summed = 0;
  private imagesPerSecond = 0;

  constructor(
    private readonly plan: { epochs: number; batchSize: number; examples: number; interval: number },
    private readonly report: (progress: TrainingProgress) => void,
  ) {
    this.batchesPerEpoch = Math.ceil(plan.examples / plan.batchSize);
  }

  /** The state to go on from, plain data. */
  get state(): RecorderState {
    return { history: this.history, sums: this.epochSums, seconds: (performance.now() - this.epochBegan) / 1000 };
  }

  /** Goes on within an epoch, behind `batch` batches of it. */
  restore({ history, sums, seconds }: RecorderState, epoch: number, batch: number): void {
    const { epoch: epochs, history: measures, seconds: times, within } = this.history;
    epochs.push(...history.epoch);
    Object.assign(measures, history.history);
    times.push(...history.seconds);
    within.at.push(...history.within.at);
    Object.assign(within.measures, history.within.measures);
    this.beginEpoch(epoch);
    if (batch === 0) return;
    this.batch = batch;
    this.seen = Math.min(batch * this.plan.batchSize, this.plan.examples);
    this.epochSums = { ...sums };
    this.epochBegan = performance.now() - seconds * 1000;
  }

  beginEpoch(epoch: number): void {
    this.epoch = epoch;
    this.batch = this.seen = this.summed = 0;
    this.epochSums = {};
    this.sums = {};
    this.epochBegan = performance.now();
  }

  /** @param measures means over the batch */
  endBatch(measures: Readonly<Record<string, number>>, examples: number): void {
    for (const [name, mean] of Object.entries(measures)) {
      this.sums[name] = (this.sums[name] ?? 0) + mean * examples;
      this.epochSums[name] = (this.epochSums[name] ?? 0) + mean * examples;
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
  }

  /** The means over the present epoch so far. */
  get means(): Record<string, number> {
    return mapValues(this.epochSums, (sum) => sum / this.seen);
  }

  /** @param measures of the whole epoch, its validation included */
  endEpoch(measures: Readonly<Record<string, number>>): void {
    if (this.summed > 0) this.keepWithinEpoch();
    this.history.epoch.push(this.epoch);
    this.history.seconds.push((performance.now() - this.epochBegan) / 1000);
    for (const [name, value] of Object.entries(measures)) (this.history.history[name] ??= []).push(value);
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
    const now = performance.now();
    return {
      event,
      epoch: this.epoch,
      epochs: this.plan.epochs,
      batch: this.batch,
      batchesPerEpoch: this.batchesPerEpoch,
      imagesPerSecond: this.imagesPerSecond,
      secondsElapsed: (now - this.trainingBegan) / 1000,
      secondsLeft: this.secondsLeft(now, event === 'epoch' ? this.epoch + 1 : this.epoch),
      history: this.history,
      current: this.means,
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

function mapValues<A, B>(record: Record<string, A>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}
