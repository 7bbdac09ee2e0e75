/** One value an epoch for each measure: `loss`, `acc` and, with validation data, `val_loss` and `val_acc`, as tfjs names them. */
export type Measures = Record<string, number[]>;

/**
 * What a training has gone through. `epoch` and `history` have the form of the `History` that tfjs's own `model.fit` returns.
 */
export interface History {
  /** The finished epochs, counted from 0. */
  readonly epoch: number[];
  /** One value a finished epoch for each measure. */
  readonly history: Measures;
  /** Seconds of each finished epoch, its validation included. */
  readonly seconds: number[];
  /** The measures within epochs, for curves that move while an epoch runs. */
  readonly within: WithinEpochs;
}

/** Means over a few batches; `at` says where, in epochs: 1.5 is the middle of the second epoch. */
export interface WithinEpochs {
  readonly at: number[];
  readonly measures: Measures;
}

/** Where a training is at this moment. */
export interface TrainingProgress {
  /** The epoch that runs or has just ended, counted from 0. */
  epoch: number;
  epochs: number;
  /** Batches of this epoch that are done. */
  batch: number;
  batchesPerEpoch: number;
  /** Over the present epoch, without its validation. */
  imagesPerSecond: number;
  secondsElapsed: number;
  /** Estimated from the epochs and batches that are done; undefined until there is something to estimate from. */
  secondsLeft: number | undefined;
  /** `batch`: within an epoch. `epoch`: an epoch has ended, its validation included. */
  event: 'batch' | 'epoch';
  history: History;
  /** The means of the measures over the present epoch so far. */
  current: Record<string, number>;
  /** Set when COURSE_QUICK has shortened the training: the epochs that were asked for. */
  epochsAskedFor?: number;
}
