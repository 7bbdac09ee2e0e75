import { basename } from 'node:path';
import { classifyFiles, type Classification, type Classifications } from '../inspection/classify';
import type { ModelWithFacts } from '../model-files/model-input';
import { classificationHtml, classificationText } from '../plots/classification';
import { rankedHtml, type JudgedPicture } from '../plots/ranked';
import { escapeXml } from '../plots/svg';
import { showConfusion } from './figures';
import { LiveProgress } from './live-progress';
import { skippedHtml } from './load-folder';
import { show } from './output';
import { judgedOf } from './report';

/**
 * Shows what a model says of a picture: the picture, the most probable classes as bars, and what each layer makes of
 * it, with its weights.
 *
 * ```ts
 * showClassification(await classifyOne(saved, 'my-seven.png'));
 * ```
 * Taught in 05_digits_from_folders.
 */
export function showClassification(classification: Classification): void {
  show({
    data: { 'text/html': classificationHtml(classification), 'text/plain': classificationText(classification.top) },
  });
}

/**
 * Classifies the pictures of a folder or of a list of files, and shows how far it is. Where the folder has one
 * sub-folder for each class, the answers are judged too.
 *
 * Pictures are prepared as for `classifyOne`. What is no picture is skipped and listed with the reason; so are pictures
 * in a sub-folder that is no class of the model. Names of folders may differ from those of the classes in capitals,
 * spaces and punctuation.
 *
 * @param saved what `loadModel` returns; or `{ model, classNames, preprocessing }`. Without names, classes are numbers
 * @param source a folder with one sub-folder for each class, a folder of pictures, or a list of files
 * @returns `files`, the `top` five classes of each, `report` (accuracy, top-5, confusion, the measures of each class;
 *   see `classificationReport`) and what was `skipped`. There is nothing to dispose. Memory: some hundred pictures at a
 *   time
 * @throws Error if there is no such folder, no picture in it, no sub-folder that is a class, or nobody knows how the
 *   model's pictures were prepared
 * @throws Interrupted after an interrupt
 *
 * ```ts
 * const many = await classifyMany(saved, 'digits/test');
 * many.report?.accuracy   // 0.991
 * showClassifications(many);
 * ```
 * Taught in 05_digits_from_folders.
 */
export async function classifyMany(
  saved: ModelWithFacts, source: string | readonly string[],
): Promise<Classifications> {
  const live = new LiveProgress();
  return classifyFiles(saved, source, ({ done, total, imagesPerSecond }) => live.update({
    activity: 'classify', what: 'pictures', unit: 'images', received: done, total, ratePerSecond: imagesPerSecond,
  })).finally(() => live.end());
}

/**
 * Shows what a model says of many pictures: how many there are and what was skipped; where their classes are known the
 * measures of each class, the confusion matrix and the worst mistakes; and for each class the pictures for which it is
 * most probable.
 *
 * ```ts
 * showClassifications(await classifyMany(saved, 'digits/test'));
 * ```
 * Taught in 05_digits_from_folders.
 */
export function showClassifications(classifications: Classifications): void {
  const { files, report, skipped, top, topPictures, hardest } = classifications;
  const text = classifications.toString();
  const [head] = text.split('\n', 1);
  const summary = report ? `<div><strong>${escapeXml(head)}</strong></div>${report.toHtml()}`
    : `<pre>${escapeXml(text)}</pre>`;
  show({ data: { 'text/html': summary + skippedHtml(skipped), 'text/plain': text } });
  if (report) showConfusion(report.confusion, report.classNames);
  const judged = (index: number): JudgedPicture => {
    const which = basename(files[index]);
    if (report) return judgedOf(report, index, which);
    const [first] = top[index];
    return { prediction: first?.className, probability: first?.probability ?? NaN, which };
  };
  const groups = [
    ...(hardest && hardest.indices.length > 0 ? [{ ...hardest, title: 'Wrong, with the greatest losses' }] : []),
    ...topPictures.map((group) => ({ ...group, title: `Taken for ${group.className}, the most probable first` })),
  ];
  if (groups.length === 0) return;
  const total = groups.reduce((sum, { indices }) => sum + indices.length, 0);
  const html = groups.map(({ title, indices, images }) =>
    `<section><div><strong>${escapeXml(title)}</strong></div>` +
    `${rankedHtml(images, indices.map(judged), total)}</section>`);
  const counted = groups.map(({ title, indices }) =>
    `${title}: ${indices.map((index) => basename(files[index])).join(', ')}`);
  show({ data: { 'text/html': html.join(''), 'text/plain': counted.join('\n') } });
}
