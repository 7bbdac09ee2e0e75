import { setImmediate as nextTurn } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { NdArray } from 'ndarray';
import { arrayOf, countText, packedValues, shapeText, type Numbers } from '../arrays';
import { readCandidate, ReadBuffer } from '../data/folder/decode';
import { BadPicture } from '../data/folder/decode-reference';
import { reasonsText } from '../data/folder/image-folder';
import type { SkippedFile } from '../data/folder/list';
import type { ReadingProgress } from '../data/folder/pixel-store';
import { readPictureFile } from '../data/own-picture';
import { listPictures, type ListedPicture } from '../data/picture-list';
import { asOnePicture, lookAt, preparePictures, preparePixels } from '../data/prepared-picture';
import { Interrupted, interruptible } from '../interrupt';
import { modelInput, type ModelInput, type ModelWithFacts } from '../model-files/model-input';
import { tf } from '../tensorflow';
import { predict } from '../training/evaluate';
import { layerActivations, type LayerActivation } from './activations';
import { asProbabilities, checkClassNames } from './probabilities';
import { classificationReport, type ClassificationReport } from './report';

/** A class, and how probable the model takes it to be. */
export interface ClassProbability {
  readonly className: string;
  /** As the model puts it out: of a softmax those of all classes add up to 1, of one sigmoid a class they need not. */
  readonly probability: number;
}

/** What a model says of one picture. */
export interface Classification {
  /** The five most probable classes, the most probable first; none if the model's answer has NaN. */
  readonly top: readonly ClassProbability[];
  /** All classes, in the order of the model's answer. */
  readonly classNames: readonly string[];
  /** The picture as it was, reduced; undefined if the model gets all of it. */
  readonly original: NdArray<Uint8Array> | undefined;
  /** What the model gets, before it is normalised: `[height, width]` or `[height, width, 3]`. */
  readonly picture: NdArray<Numbers>;
  /** What each layer makes of it. */
  readonly layers: readonly LayerActivation[];
}

/**
 * A picture to be classified: the path of a file, its bytes, pixels from 0 to 255 (an array of bytes, or a tensor of
 * type int32), or numbers as the model takes them (float32).
 */
export type PictureSource = string | Uint8Array | NdArray<Numbers> | tf.Tensor;

/** Classes that are named for a picture. */
const TOP = 5;

/**
 * Asks a model what one picture shows, and what each of its layers makes of it.
 *
 * Files and pixels are prepared as the training pictures were: by the `preprocessing` that `saveModel` keeps. With
 * `like` in it, a picture that has not the size of the dataset's is made like them first, as `ownPicture` does. Arrays
 * and tensors of floats are taken as they are.
 *
 * @param saved what `loadModel` returns; or `{ model, classNames, preprocessing }`. Without names, classes are numbers
 * @param source a picture: JPEG, PNG, WebP, GIF (first frame), TIFF or BMP, turned as its camera noted; or `[height,
 *   width]` or `[height, width, 3]`; a tensor is kept
 * @returns the five most probable classes, the picture as the model gets it, and its layers. There is nothing to
 *   dispose
 * @throws Error if there is no such file, it is no picture, or nobody knows how the model's pictures were prepared
 *
 * ```ts
 * const saved = await loadModel('models/digits');
 * const classification = await classifyOne(saved, 'my-seven.png');
 * classification.top[0]   // { className: '7', probability: 0.998 }
 * showClassification(classification);
 * ```
 * Taught in 05_digits_from_folders.
 */
export async function classifyOne(saved: ModelWithFacts, source: PictureSource): Promise<Classification> {
  checkSaved('classifyOne', saved);
  const { x, picture, original } = await inputOf(saved, source);
  try {
    const probabilities = asProbabilities('classifyOne', predict(saved.model, x));
    const names = classNamesOf('classifyOne', saved, probabilities.shape[1]);
    return {
      top: topOf(packedValues(probabilities), names), classNames: names, original, picture,
      layers: layerActivations(saved.model, x),
    };
  } finally {
    x.dispose();
  }
}

function checkSaved(caller: string, saved: ModelWithFacts): void {
  if ((saved as Partial<ModelWithFacts> | undefined)?.model instanceof tf.LayersModel) return;
  const what = (saved as unknown) instanceof tf.LayersModel ? 'a model alone' : saved === null ? 'null' : typeof saved;
  throw new TypeError(
    `${caller}: got ${what}; expected what loadModel returns, or { model, classNames, preprocessing }.`,
  );
}

function classNamesOf(caller: string, { classNames }: ModelWithFacts, classes: number): readonly string[] {
  if (classNames === undefined) return Array.from({ length: classes }, (_, i) => String(i));
  checkClassNames(caller, classNames, classes);
  return classNames;
}

/** The most probable classes, of equally probable ones the first; none if there is NaN. */
function topOf(row: Numbers, classNames: readonly string[]): ClassProbability[] {
  const all = classNames.map((className, i) => ({ className, probability: row[i] }));
  if (all.some(({ probability }) => Number.isNaN(probability))) return [];
  return all.sort((a, b) => b.probability - a.probability).slice(0, TOP);
}

interface Input extends Pick<Classification, 'picture' | 'original'> {
  readonly x: tf.Tensor;
}

async function inputOf(saved: ModelWithFacts, source: PictureSource): Promise<Input> {
  if (typeof source === 'string') {
    const input = modelInput('classifyOne', saved);
    return contentInput(input, await readPictureFile('classifyOne', source), source);
  }
  if (source instanceof Uint8Array) {
    const bytes = Buffer.from(source.buffer, source.byteOffset, source.length);
    return contentInput(modelInput('classifyOne', saved), bytes, `${countText(source.length)} bytes`);
  }
  const isArray = (source as NdArray<Numbers> | undefined)?.data !== undefined;
  if (!isArray && !(source instanceof tf.Tensor)) {
    throw new TypeError(
      `classifyOne: got ${source === null ? 'null' : typeof source}; expected the path of a picture, the bytes of ` +
        'its file, or an array or tensor of its pixels.',
    );
  }
  const values = source instanceof tf.Tensor ? source.dataSync() : packedValues(source);
  const shape = [...source.shape];
  if (values instanceof Float32Array || values instanceof Float64Array) {
    return preparedInput(saved, arrayOf(Float32Array.from(values), shape));
  }
  return pixelInput(modelInput('classifyOne', saved), arrayOf(asBytes(values), shape));
}

function asBytes(values: ArrayLike<number>): Uint8Array {
  const bytes = Uint8Array.from(values);
  const wrong = bytes.findIndex((value, i) => value !== values[i]);
  if (wrong < 0) return bytes;
  throw new RangeError(`classifyOne: got the pixel ${values[wrong]}; expected whole numbers from 0 to 255.`);
}

/** What to do where another format does not help. */
const REMEDIES: Partial<Record<SkippedFile['reason'], string>> = {
  'nothing stands out': 'the model has learned from pictures of one thing on plain ground. Cut off what is around it',
  'too large': 'make it smaller in a picture program',
};

async function contentInput(input: ModelInput, bytes: Buffer, what: string): Promise<Input> {
  const [outcome] = await preparePictures([bytes], input.options);
  if (outcome instanceof BadPicture) {
    const detail = outcome.detail === undefined ? '' : ` (${outcome.detail})`;
    const remedy = REMEDIES[outcome.reason] ??
      'expected JPEG, PNG, WebP, GIF, TIFF or BMP. Open it in a picture program and export it as PNG';
    throw new Error(`classifyOne: ${what}: got no picture that can be used: ${outcome.reason}${detail}; ${remedy}.`);
  }
  const { pixels, size: [width, height] } = outcome;
  const [toHeight, toWidth] = input.options.size;
  const original = width === toWidth && height === toHeight ? undefined : await lookAt(bytes, [width, height]);
  return { x: input.tensor(pixels), picture: arrayOf(pixels, [...input.pictureShape]), original };
}

function pixelInput(input: ModelInput, source: NdArray<Uint8Array>): Input {
  const isFlat = source.shape.filter((side) => side !== 1).length < 2 && source.size === input.options.size[0] *
    input.options.size[1] * (input.options.color === 'grey' ? 1 : 3);
  const one = isFlat ? arrayOf(source.data, [...input.pictureShape]) : asOnePicture('classifyOne', source);
  const pixels = preparePixels(one, input.options);
  const [toHeight, toWidth] = input.options.size;
  const original = one.shape[0] === toHeight && one.shape[1] === toWidth ? undefined : one;
  return { x: input.tensor(pixels), picture: arrayOf(pixels, [...input.pictureShape]), original };
}

/** Numbers that the model takes as they are; they are shown as the picture that they are, or as one row. */
function preparedInput({ model, preprocessing }: ModelWithFacts, source: NdArray<Float32Array>): Input {
  const inputShape = model.inputs[0].shape.slice(1);
  const shape = inputShape.includes(null) ? source.shape.slice(-inputShape.length) : (inputShape as number[]);
  if (shape.reduce((product, side) => product * side, 1) !== source.size) {
    throw new Error(
      `classifyOne: got numbers of shape ${shapeText(source.shape)}; the model takes ` +
        `${shapeText(inputShape.map((side) => side ?? 'any'))}. Pixels of another size are prepared if they are ` +
        'bytes, from 0 to 255.',
    );
  }
  const [height, width] = preprocessing?.size ?? [1, source.size];
  const isFlat = shape.length < 2;
  const isSized = height * width === source.size;
  const seen = isFlat ? (isSized ? [height, width] : [1, source.size]) : shape;
  const picture = isFlat || seen[2] === 1 ? arrayOf(source.data, seen.slice(0, 2)) : arrayOf(source.data, seen);
  return { x: tf.tensor(source.data, [1, ...shape]), picture, original: undefined };
}

/** Some of the pictures, for looking at them. */
export interface PictureGroup {
  /** The class that they are taken for. */
  readonly className: string;
  /** Which pictures these are, by their place in `files`. */
  readonly indices: readonly number[];
  /** What the model gets of them, before it is normalised: `[k, height, width]` or `[k, height, width, 3]`. */
  readonly images: NdArray<Uint8Array>;
}

/** What a model says of many pictures. Printed, it is a summary. */
export class Classifications {
  constructor(
    /** The name of the folder, or how many files were given. */
    readonly title: string,
    readonly classNames: readonly string[],
    /** The file of each picture, as an absolute path. */
    readonly files: readonly string[],
    /** The five most probable classes of each picture, the most probable first; none if the model's answer has NaN. */
    readonly top: readonly (readonly ClassProbability[])[],
    /** `[n, classes]` */
    readonly probabilities: NdArray<Numbers>,
    /** Where the sub-folders are the classes: accuracy, confusion, the measures of each class. */
    readonly report: ClassificationReport | undefined,
    /** Files that were not classified, and why. */
    readonly skipped: readonly SkippedFile[],
    /** For each class that is predicted, the pictures for which it is most probable. */
    readonly topPictures: readonly PictureGroup[],
    /** The wrongly predicted pictures with the greatest losses; undefined without a report. */
    readonly hardest: Omit<PictureGroup, 'className'> | undefined,
  ) {}

  toString(): string {
    const { title, files, top, report, skipped, classNames } = this;
    const head = `${title}: ${countText(files.length)} ${files.length === 1 ? 'picture' : 'pictures'} classified`;
    const tail = skipped.length === 0 ? 'No file was skipped.' : `Skipped: ${reasonsText(skipped)}.`;
    if (report) return [head, '', report.toString(), tail].join('\n');
    const counts = new Map(classNames.map((name) => [name, 0]));
    for (const [first] of top) if (first) counts.set(first.className, counts.get(first.className)! + 1);
    const counted = [...counts].filter(([, count]) => count > 0).map(([name, count]) => `${name}: ${countText(count)}`);
    const unanswered = top.filter(({ length }) => length === 0).length;
    return [
      head, ...(counted.length > 0 ? [`Taken for ${counted.join(', ')}`] : []),
      ...(unanswered > 0 ? [`No prediction for ${countText(unanswered)}: a probability is NaN`] : []), tail,
    ].join('\n');
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** Files, and bytes of files, that are in memory at the same time. */
const AT_ONCE = 256;
const BYTES_AT_ONCE = 32_000_000;
/** Pictures that are kept to be shown: of each class, of all classes (all, if there are no more), and wrong ones. */
const OF_EACH_CLASS = 6;
const OF_ALL_CLASSES = 60;
const WRONG_ONES = 12;

/**
 * Classifies the pictures of a folder or of a list, and shows nothing; notebooks call `classifyMany`, which shows how
 * far it is.
 *
 * Memory: some hundred pictures at a time, and the probabilities of all.
 */
export async function classifyFiles(
  saved: ModelWithFacts,
  source: string | readonly string[],
  onProgress?: (progress: ReadingProgress) => void,
): Promise<Classifications> {
  checkSaved('classifyMany', saved);
  const input = modelInput('classifyMany', saved);
  const classes = Math.max(2, saved.model.outputs[0].shape.at(-1)!);
  const classNames = classNamesOf('classifyMany', saved, classes);
  const list = listPictures('classifyMany', source);
  const { known, labelOf, skipped: unknown } = matched(list.pictures, classNames);
  const skipped: SkippedFile[] = [...list.skipped, ...unknown];
  const good: ListedPicture[] = [];
  const answers: Numbers[] = [];
  const buffer = new ReadBuffer();
  await interruptible(async (isInterrupted) => {
    const began = performance.now();
    for (let done = 0; done < known.length;) {
      const part = readPart(known, done, buffer);
      const outcomes = await preparePictures(part.read.map(({ bytes }) => bytes), input.options);
      skipped.push(...part.skipped);
      const pixels: Uint8Array[] = [];
      outcomes.forEach((outcome, i) => {
        const { picture } = part.read[i];
        if (outcome instanceof BadPicture) return void skipped.push(skippedFile(picture, outcome));
        good.push(picture);
        pixels.push(outcome.pixels);
      });
      if (pixels.length > 0) answers.push(answersOf(saved.model, input, pixels));
      done = part.end;
      const imagesPerSecond = (done / Math.max(1, performance.now() - began)) * 1000;
      onProgress?.({ done, total: known.length, imagesPerSecond });
      await nextTurn();
      if (isInterrupted() && done < known.length) {
        throw new Interrupted(
          `classifyMany was interrupted after ${countText(done)} of ${countText(known.length)} pictures; it has no ` +
            'result.',
        );
      }
    }
  });
  if (good.length === 0) {
    throw new Error(
      `classifyMany: none of the ${countText(skipped.length)} files of ${list.title} is a picture that can be ` +
        `classified (${reasonsText(skipped)}).`,
    );
  }
  const values = new Float32Array(good.length * classes);
  answers.reduce((start, part) => (values.set(part, start), start + part.length), 0);
  const probabilities = arrayOf(values, [good.length, classes]);
  const report = labelOf &&
    classificationReport(good.map(({ folder }) => labelOf.get(folder!)!), probabilities, classNames);
  const top = good.map((_, i) => topOf(values.subarray(i * classes, (i + 1) * classes), classNames));
  const groups = mostProbable(top, classNames);
  const isWrong = (i: number): boolean => report!.predictions[i] !== report!.labels[i];
  const wrong = report?.hardest(good.length).filter(isWrong).slice(0, WRONG_ONES);
  const wanted = [...new Set([...groups.flatMap(({ indices }) => indices), ...(wrong ?? [])])];
  const images = await readAgain(wanted, good, input);
  const imagesOf = (indices: readonly number[]): NdArray<Uint8Array> => {
    const pixels = Uint8Array.from(Buffer.concat(indices.map((i) => images.get(i)!)));
    return arrayOf(pixels, [indices.length, ...input.pictureShape]);
  };
  return new Classifications(
    list.title, classNames, good.map(({ path }) => path), top, probabilities, report, skipped,
    groups.map(({ className, indices }) => ({ className, indices, images: imagesOf(indices) })),
    wrong && { indices: wrong, images: imagesOf(wrong) },
  );
}

/** The probabilities, row by row. */
function answersOf(model: tf.LayersModel, input: ModelInput, pixels: readonly Uint8Array[]): Numbers {
  const x = input.tensor(Uint8Array.from(Buffer.concat(pixels)));
  try {
    return packedValues(asProbabilities('classifyMany', predict(model, x)));
  } finally {
    x.dispose();
  }
}

/**
 * The pictures whose sub-folder is a class of the model, by its name or one that differs in nothing but capitals,
 * spaces and punctuation (a folder cannot be called T-shirt/top); all of them where there are no sub-folders.
 *
 * @throws Error if no sub-folder is a class of the model
 */
function matched(pictures: readonly ListedPicture[], classNames: readonly string[]): {
  known: readonly ListedPicture[];
  /** The class of each sub-folder. */
  labelOf: ReadonlyMap<string, number> | undefined;
  skipped: SkippedFile[];
} {
  if (pictures.every(({ folder }) => folder === undefined)) return { known: pictures, labelOf: undefined, skipped: [] };
  const folders = [...new Set(pictures.map(({ folder }) => folder!))];
  const alike = (name: string): string => name.normalize('NFKC').toLowerCase().replace(/[^\p{L}\p{N}]+/gu, ' ').trim();
  const labelOf = new Map<string, number>();
  for (const folder of folders) {
    const exact = classNames.findIndex((name) => name.normalize('NFC') === folder);
    const similar = [...classNames.keys()].filter((i) => alike(classNames[i]) === alike(folder));
    if (exact >= 0) labelOf.set(folder, exact);
    else if (similar.length === 1) labelOf.set(folder, similar[0]);
  }
  if (labelOf.size === 0) {
    throw new Error(
      `classifyMany: got the sub-folders ${namesText(folders)}, none of which is a class of the model; expected ` +
        `${namesText(classNames)}. Rename them, or give one folder of pictures without sub-folders.`,
    );
  }
  const skipped = pictures.filter(({ folder }) => !labelOf.has(folder!))
    .map(({ file, folder }) => ({ file, reason: 'not a class of the model' as const, detail: JSON.stringify(folder) }));
  return { known: pictures.filter(({ folder }) => labelOf.has(folder!)), labelOf, skipped };
}

/** The first ten. */
function namesText(names: readonly string[]): string {
  const more = names.length > 10 ? ` and ${names.length - 10} more` : '';
  return names.slice(0, 10).map((name) => JSON.stringify(name)).join(', ') + more;
}

/** Reads the next files; those that cannot be read are skipped. */
function readPart(pictures: readonly ListedPicture[], start: number, buffer: ReadBuffer): {
  read: { picture: ListedPicture; bytes: Buffer }[];
  skipped: SkippedFile[];
  end: number;
} {
  const read: { picture: ListedPicture; bytes: Buffer }[] = [];
  const skipped: SkippedFile[] = [];
  buffer.reset();
  let [end, total] = [start, 0];
  while (end < pictures.length && end - start < AT_ONCE && total < BYTES_AT_ONCE) {
    const picture = pictures[end++];
    try {
      const { bytes } = readCandidate({ ...picture, className: '' }, buffer);
      read.push({ picture, bytes });
      total += bytes.length;
    } catch (error) {
      if (!(error instanceof BadPicture)) throw error;
      skipped.push(skippedFile(picture, error));
    }
  }
  return { read, skipped, end };
}

const skippedFile = ({ file }: ListedPicture, { reason, detail }: BadPicture): SkippedFile =>
  (detail === undefined ? { file, reason } : { file, reason, detail });

/** For each class that is predicted, the pictures for which it is most probable. */
function mostProbable(
  top: readonly (readonly ClassProbability[])[], classNames: readonly string[],
): { className: string; indices: number[] }[] {
  const most = top.length <= OF_ALL_CLASSES ? OF_ALL_CLASSES
    : Math.max(1, Math.min(OF_EACH_CLASS, Math.floor(OF_ALL_CLASSES / classNames.length)));
  const ofClass = new Map(classNames.map((name) => [name, [] as number[]]));
  top.forEach(([first], i) => first && ofClass.get(first.className)!.push(i));
  return [...ofClass].filter(([, indices]) => indices.length > 0).slice(0, OF_ALL_CLASSES)
    .map(([className, indices]) => ({
      className, indices: indices.sort((a, b) => top[b][0].probability - top[a][0].probability).slice(0, most),
    }));
}

/** @throws Error if a picture that was classified cannot be read any more */
async function readAgain(
  indices: readonly number[], pictures: readonly ListedPicture[], input: ModelInput,
): Promise<Map<number, Uint8Array>> {
  const changed = (i: number, reason: string): Error =>
    new Error(`${pictures[i].path}: the picture has changed while it was classified (${reason}). Classify again.`);
  const buffer = new ReadBuffer();
  const contents = indices.map((i) => {
    try {
      return readCandidate({ ...pictures[i], className: '' }, buffer).bytes;
    } catch (error) {
      throw error instanceof BadPicture ? changed(i, error.message) : error;
    }
  });
  const outcomes = await preparePictures(contents, input.options);
  return new Map(outcomes.map((outcome, i) => {
    if (outcome instanceof BadPicture) throw changed(indices[i], outcome.message);
    return [indices[i], outcome.pixels];
  }));
}
