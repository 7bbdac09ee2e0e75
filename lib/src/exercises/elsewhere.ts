import type { Observation } from './judgement';
import type { FactsOfModel } from './model-facts';
import type { ObserveOptions } from './observe';
import type { Plain } from './values';

/** How many of the pictures that a model was asked about it has right. */
export interface Measured {
  readonly accuracy: number;
  /** Pictures whose answer is NaN: wrong ones. */
  readonly nans: number;
  readonly pictures: number;
}

/**
 * How many answers are right. One output is the probability of class 1, several are those of the classes.
 *
 * @param predictions row by row
 * @param shape of the predictions, `[n, classes]`
 * @param labels `[n]`
 * @throws Error if the shape is another one
 */
export function measuredBy(predictions: Float32Array, shape: readonly number[], labels: ArrayLike<number>): Measured {
  const pictures = labels.length;
  if (shape.length !== 2 || shape[0] !== pictures) {
    throw new Error(`its output has the shape [${shape.join(', ')}]; expected [${pictures}, classes].`);
  }
  const classes = shape[1];
  let [right, nans] = [0, 0];
  for (let i = 0; i < pictures; i++) {
    const row = predictions.subarray(i * classes, (i + 1) * classes);
    if (row.some(Number.isNaN)) nans++;
    else if ((classes === 1 ? Number(row[0] >= 0.5) : row.indexOf(Math.max(...row))) === labels[i]) right++;
  }
  return { accuracy: right / pictures, nans, pictures };
}

/**
 * An answer that lives in another process, where code that nobody trusts runs: the judge asks, and gets data. What is not there cannot be
 * asked.
 */
export class Elsewhere {
  readonly #isElsewhere = true;

  /** The only question that the traps of a learner's Proxy do not answer. */
  static [Symbol.hasInstance](value: unknown): value is Elsewhere {
    return typeof value === 'object' && value !== null && #isElsewhere in value;
  }

  constructor(
    private readonly ask: {
      /** Calls the function. */
      readonly observe?: (inputs: readonly Plain[], options: ObserveOptions) => Promise<Observation>;
      /** What the model is; a text says why there is none. */
      readonly facts?: () => Promise<FactsOfModel | string>;
      /** What the model answers about pictures; a text says why it cannot be asked. */
      readonly measured?: () => Promise<Measured | string>;
    },
  ) {}

  get observe() { return this.ask.observe; }
  get facts() { return this.ask.facts; }
  get measured() { return this.ask.measured; }
}
