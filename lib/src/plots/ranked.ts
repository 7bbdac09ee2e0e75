import type { NdArray } from 'ndarray';
import type { Numbers } from '../arrays';
import { pngUrl } from './layer-pictures';
import { escapeXml } from './svg-elements';
import { thumbnail } from './thumbnail';

/** What is said of a picture: what it is (where that is known), and what the model takes it for. */
export interface JudgedPicture {
  /** The class that it is of. */
  readonly label?: string | undefined;
  /** The class that the model takes it for; undefined if its answer has NaN. */
  readonly prediction: string | undefined;
  /** Of the prediction, from 0 to 1. */
  readonly probability: number;
  /** Which picture it is: its number, or the name of its file. */
  readonly which: string;
}

/** Pixels of a stored picture's longer side, at most; where there are many bytes, the smaller one. */
const STORED_SIDES = { few: 64, many: 32 };
const MANY_BYTES = 300_000;
/** Of a picture on the screen. */
const SIDE = 84;
const CELL = 128;

/**
 * Pictures with what they are, what a model takes them for, and how probable it takes that to be, as HTML that needs
 * no script and no other file. Right ones have a check mark, wrong ones a cross.
 *
 * @param images `[n, height, width]` grey, or `[n, height, width, 1 or 3]`; uint8 0..255 or float 0..1
 * @param judged one for each picture
 * @param total how many pictures the whole output has: of many, smaller copies are kept in the notebook
 *
 * ```ts
 * rankedHtml(images, [{ label: 'Shirt', prediction: 'Coat', probability: 0.93, which: 'number 17' }])
 * ```
 * Taught in 03_fashion_mnist_cnn.
 */
export function rankedHtml(
  images: NdArray<Numbers>, judged: readonly JudgedPicture[], total = judged.length,
): string {
  const [, ...sides] = images.shape;
  const bytes = sides.reduce((product, side) => product * Math.min(side, STORED_SIDES.few), total);
  const storedSide = bytes > MANY_BYTES ? STORED_SIDES.many : STORED_SIDES.few;
  const cells = judged.map((each, i) => {
    const image = thumbnail(images.pick(i), storedSide);
    const [height, width] = image.shape;
    const scale = SIDE / Math.max(height, width);
    const [shownWidth, shownHeight] = [width, height].map((side) => Math.max(1, Math.round(side * scale)));
    const { mark, classes, probability } = wordsOf(each);
    const style = `display: inline-block; vertical-align: top; width: ${CELL}px; margin: 4px; text-align: center; ` +
      'overflow-wrap: anywhere; line-height: 1.25';
    return `<figure style="${style}"><img src="${pngUrl(image)}" alt="${escapeXml(judgedText(each))}" ` +
      `width="${shownWidth}" height="${shownHeight}" style="image-rendering: pixelated; outline: 1px solid #7F7F7F">` +
      `<figcaption>${mark}${escapeXml(classes)}<br><strong>${probability}</strong><br>` +
      `<small>${escapeXml(each.which)}</small></figcaption></figure>`;
  });
  const what = `${judged.length} ${judged.length === 1 ? 'picture' : 'pictures'}`;
  return `<div role="group" aria-label="${what}">${cells.join('')}</div>`;
}

/** The same in words: `number 17: Shirt → Coat (0.93)`. */
export function judgedText(judged: JudgedPicture): string {
  const { mark, classes, probability } = wordsOf(judged);
  return `${judged.which}: ${mark}${classes} (${probability})`;
}

function wordsOf(
  { label, prediction, probability }: JudgedPicture,
): { mark: string; classes: string; probability: string } {
  const said = prediction ?? 'no prediction';
  return {
    mark: label === undefined ? '' : label === prediction ? '✓ ' : '✗ ',
    classes: label === undefined ? said : `${label} → ${said}`,
    probability: prediction === undefined ? 'NaN' : probabilityText(probability),
  };
}

/**
 * Two digits, but where these would say 0 or 1: `0.93`, `0.998`, `0.002`. What differs from 1 by less than a
 * millionth is 1.
 */
export function probabilityText(probability: number): string {
  if (probability >= 0.005 && probability < 0.995) return probability.toFixed(2);
  if (probability < 0.005) return probability === 0 ? '0' : Number(probability.toPrecision(1)).toString();
  const digits = Math.ceil(-Math.log10(1 - probability));
  return digits > 6 ? '1' : probability.toFixed(digits);
}
