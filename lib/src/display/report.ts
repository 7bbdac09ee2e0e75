import type { NdArray } from 'ndarray';
import { countText, shapeText, type Numbers } from '../arrays';
import type { ClassificationReport } from '../inspection/report';
import { judgedText, rankedHtml, type JudgedPicture } from '../plots/ranked';
import { take } from '../preprocessing/examples';
import { tf } from '../tensorflow';
import { asArray, type Pictures } from '../tensorflow/values';
import { showConfusion } from './figures';
import { show } from './output';

/**
 * Shows what a model gets right and wrong: the measures of each class as a table, what it confuses most often in words,
 * and the confusion matrix.
 *
 * ```ts
 * showReport(classificationReport(test.labels, predict(model, xTest), fashion.classNames));
 * ```
 * Taught in 03_fashion_mnist_cnn.
 */
export function showReport(report: ClassificationReport): void {
  show({ data: { 'text/html': report.toHtml(), 'text/plain': report.toString() } });
  showConfusion(report.confusion, report.classNames);
}

/** More pictures would fill the notebook. */
const MOST_PICTURES = 100;

/**
 * Shows some of the pictures that a report judges, each with its class, the prediction and the probability of it.
 *
 * @param images **all** pictures of the report: `[n, height, width]` grey or `[n, height, width, 3]` colour, uint8
 *   0..255 or float 0..1; a tensor is kept
 * @param indices which of them, in this order, at most 100: `report.mostCertain(20)` or
 *   `report.leastCertain(20)`, for example
 * @throws Error if there are not as many pictures as examples in the report, or one of the indices is none of them
 *
 * ```ts
 * showRanked(test.images, report, report.leastCertain(20));
 * ```
 * Taught in 03_fashion_mnist_cnn.
 */
export function showRanked(images: Pictures, report: ClassificationReport, indices: ArrayLike<number>): void {
  ranked('showRanked', images, report, indices);
}

/**
 * Shows the pictures with the greatest losses, the greatest first.
 *
 * @param images those of {@link showRanked}
 * @param count how many, at most 100. Default 20
 *
 * ```ts
 * showHardest(test.images, report);
 * ```
 * Taught in 03_fashion_mnist_cnn.
 */
export function showHardest(images: Pictures, report: ClassificationReport, count = 20): void {
  ranked('showHardest', images, report, report.hardest(count));
}

function ranked(caller: string, images: Pictures, report: ClassificationReport, indices: ArrayLike<number>): void {
  const { shape } = images;
  if (shape.length < 3 || shape.length > 4 || shape[0] !== report.count) {
    throw new Error(
      `${caller}: got images of shape ${shapeText(shape)}; expected all ${countText(report.count)} pictures of the ` +
        `report, [${report.count}, height, width] or [${report.count}, height, width, 3].`,
    );
  }
  const all = Array.from(indices);
  const wrong = all.find((index) => !(Number.isInteger(index) && index >= 0 && index < report.count));
  if (wrong !== undefined) {
    throw new RangeError(`${caller}: got the index ${wrong}; expected whole numbers from 0 to ${report.count - 1}.`);
  }
  const shown = all.slice(0, MOST_PICTURES);
  const judged = shown.map((index) => judgedOf(report, index, `number ${index}`));
  const more = all.length > shown.length ? [`${countText(all.length - shown.length)} more are not shown.`] : [];
  show({
    data: {
      'text/html': [rankedHtml(someOf(images, shown), judged), ...more.map((text) => `<div>${text}</div>`)].join(''),
      'text/plain': [...judged.map(judgedText), ...more].join('\n'),
    },
  });
}

/** What a report says of one of its pictures. */
export function judgedOf(report: ClassificationReport, index: number, which: string): JudgedPicture {
  const { labels, predictions, classNames } = report;
  return {
    label: classNames[labels[index]], prediction: classNames[predictions[index]], which,
    probability: report.probability(index),
  };
}

/** Of a tensor only those that are shown leave it. */
function someOf(images: Pictures, indices: readonly number[]): NdArray<Numbers> {
  if (!(images instanceof tf.Tensor)) return take(images, indices);
  const rows = tf.tidy(() => tf.gather(images, tf.tensor1d([...indices], 'int32')));
  const array = asArray(rows);
  rows.dispose();
  return array;
}
