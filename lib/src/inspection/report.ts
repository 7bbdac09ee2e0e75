import { inspect } from 'node:util';
import type { NdArray } from 'ndarray';
import { countText, packedValues, shapeText, type Numbers } from '../arrays';
import { htmlTable, textTable } from '../model/table';
import type { tf } from '../tensorflow';
import { confusionMatrix } from './confusion';
import { asProbabilities, checkClassNames } from './probabilities';

/** How well one class is recognised. What cannot be measured is undefined. */
export interface ClassMeasures {
  readonly name: string;
  /** Examples of the class. */
  readonly count: number;
  /** Examples that the model takes for it. */
  readonly predicted: number;
  /** The share of those taken for the class that are of it; undefined if the class is never predicted. */
  readonly precision: number | undefined;
  /** The share of the examples of the class that are taken for it; undefined if there are none. */
  readonly recall: number | undefined;
  /** The harmonic mean of precision and recall, `2 right / (count + predicted)`; undefined if both counts are 0. */
  readonly f1: number | undefined;
}

/** How often examples of one class were taken for another. */
export interface ConfusedPair {
  readonly label: number;
  readonly prediction: number;
  readonly count: number;
}

/** Of an example that has no prediction. */
const NONE = -1;
/** Logarithms stop here, as in the losses of TensorFlow.js and Keras. */
const EPSILON = 1e-7;
/** Rows of a softmax add up to 1, but for rounding. */
const SUM_TOLERANCE = 1e-3;
/** Confused pairs that are told in words. */
const PAIRS_TOLD = 5;

/** What a model gets right and wrong. Printed, it is a table of the classes. */
export class ClassificationReport {
  /** Examples. */
  readonly count: number;
  /** The share of the examples whose class is predicted. */
  readonly accuracy: number;
  /** One row a label, one column a prediction; examples without a prediction are not in it. */
  readonly confusion: readonly (readonly number[])[];
  /** In the order of the class numbers. */
  readonly classes: readonly ClassMeasures[];
  /** The pairs of classes that were confused, the most frequent first. */
  readonly confusedPairs: readonly ConfusedPair[];
  /** The predicted class of each example; of equally probable ones the first; -1 if a probability is NaN. */
  readonly predictions: Int32Array;
  /**
   * The loss of each example: crossentropy where the probabilities of all examples add up to 1 (softmax, one sigmoid),
   * else the mean binary crossentropy of the columns. NaN without a prediction.
   */
  readonly losses: Float32Array;
  /** Examples without a prediction, because a probability is NaN. */
  readonly unanswered: readonly number[];
  /** Examples with several classes that are equally probable, and more so than all others. */
  readonly ties: readonly number[];
  /** By how much the predicted class is more probable than the next one. */
  private readonly leads: Float32Array;

  constructor(
    /** The class of each example. */
    readonly labels: Int32Array,
    /** `[n, classes]` */
    readonly probabilities: NdArray<Numbers>,
    readonly classNames: readonly string[],
  ) {
    const classes = classNames.length;
    const count = labels.length;
    const values = packedValues(probabilities);
    this.count = count;
    this.predictions = new Int32Array(count);
    this.leads = new Float32Array(count);
    const unanswered: number[] = [];
    const ties: number[] = [];
    for (let i = 0; i < count; i++) {
      const row = values.subarray(i * classes, (i + 1) * classes);
      const { best, lead } = bestOf(row);
      this.predictions[i] = best;
      this.leads[i] = lead;
      if (best === NONE) unanswered.push(i);
      else if (lead === 0) ties.push(i);
    }
    this.unanswered = unanswered;
    this.ties = ties;
    this.losses = lossesOf(labels, values, classes);
    const isAnswered = (_: number, i: number): boolean => this.predictions[i] !== NONE;
    this.confusion = confusionMatrix(labels.filter(isAnswered), this.predictions.filter(isAnswered), classes);
    this.accuracy = this.confusion.reduce((right, row, i) => right + row[i], 0) / count;
    this.classes = classNames.map((name, i) => measuresOf(name, i, labels, this.confusion));
    this.confusedPairs = this.confusion
      .flatMap((row, label) => row.map((times, prediction) => ({ label, prediction, count: times })))
      .filter((pair) => pair.label !== pair.prediction && pair.count > 0)
      .sort((a, b) => b.count - a.count);
  }

  /**
   * The share of the examples whose class is among the `k` most probable ones; of equally probable ones the first
   * count. `topAccuracy(1)` is `accuracy`.
   *
   * @throws RangeError if `k` is no whole number from 1 to the number of classes
   */
  topAccuracy(k: number): number {
    const classes = this.classNames.length;
    if (!Number.isInteger(k) || k < 1 || k > classes) {
      throw new RangeError(
        `topAccuracy: got ${k}; expected a whole number from 1 to ${classes}, the number of classes.`,
      );
    }
    const values = packedValues(this.probabilities);
    let within = 0;
    for (let i = 0; i < this.count; i++) {
      if (this.predictions[i] === NONE) continue;
      const row = values.subarray(i * classes, (i + 1) * classes);
      const label = this.labels[i];
      let before = 0;
      for (let j = 0; j < classes; j++) if (row[j] > row[label] || (row[j] === row[label] && j < label)) before++;
      if (before < k) within++;
    }
    return within / this.count;
  }

  /** The examples with the greatest losses, the greatest first; those without a prediction come before all others. */
  hardest(n: number): number[] {
    return this.ranked('hardest', n, (i) => (this.predictions[i] === NONE ? Infinity : this.losses[i]), true);
  }

  /** The examples whose predicted class is most ahead of the next probable one; not those without a prediction. */
  mostCertain(n: number): number[] {
    return this.ranked('mostCertain', n, (i) => this.leads[i], false);
  }

  /** The examples between whose two most probable classes there is the least difference. */
  leastCertain(n: number): number[] {
    return this.ranked('leastCertain', n, (i) => -this.leads[i], false);
  }

  /** The probability of the predicted class, as the model puts it out; NaN without a prediction. */
  probability(i: number): number {
    const prediction = this.predictions[i];
    return prediction === NONE ? NaN : this.probabilities.get(i, prediction);
  }

  /** The highest score first; of equal ones in the order of the examples. */
  private ranked(caller: string, n: number, score: (i: number) => number, withUnanswered: boolean): number[] {
    if (!Number.isInteger(n) || n < 0) {
      throw new RangeError(`${caller}: got ${n}; expected how many examples, a whole number from 0 on.`);
    }
    const indices = Array.from({ length: this.count }, (_, i) => i)
      .filter((i) => withUnanswered || this.predictions[i] !== NONE);
    const scores = new Map(indices.map((i) => [i, score(i)]));
    return indices.sort((a, b) => compare(scores.get(b)!, scores.get(a)!)).slice(0, n);
  }

  toString(): string {
    return [...textTable(columns, this.rows()), ...this.notes()].join('\n');
  }

  toHtml(): string {
    return htmlTable('Classification report', columns, this.rows(), this.notes());
  }

  [inspect.custom](): string {
    return this.toString();
  }

  /** What a notebook shows for the last line of a cell: the form that Jupyter kernels for JavaScript have in common. */
  [Symbol.for('Jupyter.display')](): Record<string, string> {
    return { 'text/plain': this.toString(), 'text/html': this.toHtml() };
  }

  private rows(): string[][] {
    return this.classes.map(({ name, count, predicted, precision, recall, f1 }) =>
      [name, countText(count), countText(predicted), ...[precision, recall, f1].map(measureText)]);
  }

  private notes(): string[] {
    const { count, classNames, confusedPairs, unanswered, ties } = this;
    const right = this.confusion.reduce((sum, row, i) => sum + row[i], 0);
    const top5 = classNames.length > 5 ? `; among the five most probable: ${percentText(this.topAccuracy(5))}` : '';
    const pairs = confusedPairs.slice(0, PAIRS_TOLD)
      .map(({ label, prediction, count: times }) =>
        `${classNames[label]} taken for ${classNames[prediction]}: ${countText(times)}`);
    const named = (what: string, isSuch: (measures: ClassMeasures) => boolean): string[] => {
      const names = this.classes.filter(isSuch).map(({ name }) => name);
      return names.length === 0 ? [] : [`– ${what}: ${names.join(', ')}`];
    };
    return [
      `Right: ${countText(right)} of ${countText(count)}, accuracy ${percentText(this.accuracy)}${top5}`,
      ...(pairs.length > 0 ? [`Most often confused: ${pairs.join('; ')}`] : []),
      ...named('no precision, because it is never predicted', ({ predicted }) => predicted === 0),
      ...named('no recall, because there are no examples of it', (measures) => measures.count === 0),
      ...(unanswered.length > 0
        ? [`No prediction for ${examplesText(unanswered)}: a probability is NaN. These count as wrong.`] : []),
      ...(ties.length > 0
        ? [`Several classes equally probable for ${examplesText(ties)}: the first of them is the prediction.`] : []),
    ];
  }
}

const columns = [
  { title: 'Class' }, { title: 'Examples', isNumber: true }, { title: 'Predicted', isNumber: true },
  { title: 'Precision', isNumber: true }, { title: 'Recall', isNumber: true }, { title: 'F1', isNumber: true },
] as const;

const measureText = (value: number | undefined): string => (value === undefined ? '–' : value.toFixed(3));

const percentText = (share: number): string => `${(share * 100).toFixed(2)} %`;

/** `3 examples (0, 7, 12)` */
function examplesText(indices: readonly number[]): string {
  const more = indices.length > 5 ? ', …' : '';
  const which = `${indices.slice(0, 5).join(', ')}${more}`;
  const { length } = indices;
  return length === 1 ? `1 example (number ${which})` : `${countText(length)} examples (numbers ${which})`;
}

/** Two infinite numbers have no difference. */
const compare = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

/** The largest of some numbers, the first of equal ones, and its distance to the next one. */
function bestOf(row: Numbers): { best: number; lead: number } {
  let [best, first, second] = [NONE, -Infinity, -Infinity];
  for (let j = 0; j < row.length; j++) {
    const value = row[j];
    if (Number.isNaN(value)) return { best: NONE, lead: NaN };
    if (value > first) [best, first, second] = [j, value, first];
    else if (value > second) second = value;
  }
  return { best, lead: first - second };
}

function lossesOf(labels: Int32Array, values: Numbers, classes: number): Float32Array {
  const log = (probability: number): number => Math.log(Math.min(1 - EPSILON, Math.max(EPSILON, probability)));
  const sumOver = (i: number, term: (value: number, j: number) => number): number => {
    let sum = 0;
    for (let j = 0; j < classes; j++) sum += term(values[i * classes + j], j);
    return sum;
  };
  const isOther = (_: number, i: number): boolean => Math.abs(sumOver(i, (value) => value) - 1) > SUM_TOLERANCE;
  const areSigmoids = labels.some(isOther);
  return Float32Array.from(labels, (label, i) => {
    if (Number.isNaN(sumOver(i, (value) => value))) return NaN;
    if (!areSigmoids) return -log(values[i * classes + label]);
    return -sumOver(i, (value, j) => log(j === label ? value : 1 - value)) / classes;
  });
}

function measuresOf(
  name: string, i: number, labels: Int32Array, confusion: readonly (readonly number[])[],
): ClassMeasures {
  const right = confusion[i][i];
  // Examples without a prediction are of the class too.
  const count = labels.reduce((sum, label) => sum + (label === i ? 1 : 0), 0);
  const predicted = confusion.reduce((sum, row) => sum + row[i], 0);
  const share = (part: number, whole: number): number | undefined => (whole === 0 ? undefined : part / whole);
  return {
    name, count, predicted,
    precision: share(right, predicted), recall: share(right, count), f1: share(2 * right, count + predicted),
  };
}

/**
 * Says what a model gets right and wrong, from its answers: accuracy, confusion, the measures of each class, and which
 * examples are the hardest and the most or least certain. Computed once; what shows it takes the report.
 *
 * Precision, recall and F1 are those of scikit-learn, but what would be a division by zero is undefined instead of 0.
 * Source of "most certain" as the lead over the next class: T. Scheffer, C. Decomain, S. Wrobel, "Active Hidden Markov
 * Models for Information Extraction", 2001 (margin).
 *
 * @param labels class numbers, `[n]`: what the examples are
 * @param probabilities `[n, classes]`, as `predict` returns them: of a softmax, of one sigmoid a class, or of a single
 *   sigmoid (`[n, 1]`: the probability of class 1). The caller keeps (and disposes) a tensor; the report shares the
 *   memory of an array
 * @param classNames in the order of the class numbers
 * @throws Error if the lengths do not fit each other, a label is no class number, or a number is no probability. A
 *   probability that is NaN is no error: the example has no prediction, and the report says so
 *
 * ```ts
 * const report = classificationReport(test.labels, predict(model, xTest), fashion.classNames);
 * report.accuracy        // 0.9187
 * report.hardest(20)     // the numbers of the 20 examples with the greatest losses
 * showReport(report);
 * ```
 * Taught in 03_fashion_mnist_cnn.
 */
export function classificationReport(
  labels: NdArray<Numbers> | ArrayLike<number>,
  probabilities: NdArray<Numbers> | tf.Tensor,
  classNames: readonly string[],
): ClassificationReport {
  const rows = asProbabilities('classificationReport', probabilities);
  const [count, classes] = rows.shape;
  checkClassNames('classificationReport', classNames, classes);
  const numbers = labelsOf(labels);
  if (numbers.length !== count) {
    throw new Error(
      `classificationReport: got ${countText(numbers.length)} labels and the probabilities of ${countText(count)} ` +
        'examples; expected one label for each example.',
    );
  }
  if (count === 0) throw new Error('classificationReport: got no examples; expected at least one.');
  for (let i = 0; i < count; i++) {
    if (Number.isInteger(numbers[i]) && numbers[i] >= 0 && numbers[i] < classes) continue;
    throw new Error(
      `classificationReport: label ${i} is ${numbers[i]}; expected a whole number from 0 to ${classes - 1}.`,
    );
  }
  return new ClassificationReport(Int32Array.from(numbers), rows, classNames);
}

function labelsOf(labels: NdArray<Numbers> | ArrayLike<number>): ArrayLike<number> {
  if (!('shape' in labels)) return labels;
  if (labels.dimension === 1) return packedValues(labels);
  throw new Error(
    `classificationReport: got labels of shape ${shapeText(labels.shape)}; expected class numbers, [n]. ` +
      'argMax(rows) makes them of one-hot rows.',
  );
}
