import { constants } from 'node:buffer';
import { totalmem } from 'node:os';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { NdArray } from 'ndarray';
import { arrayOf, countText } from '../../arrays';
import { Interrupted, interruptible } from '../../interrupt';
import { stratifiedSplit } from '../../preprocessing/split';
import { Random } from '../../random';
import { readSettings } from '../../settings';
import type { LabelledImages } from '../image-dataset';
import { Batches, type BatchOptions, type BatchSource } from './batches';
import { decodeFiles, ReadBuffer, readCandidate } from './decode';
import { BadPicture } from './decode-reference';
import { listFolder, type Candidate, type Listing, type SkippedFile } from './list';
import { pictureOptions, pixelBytes, type PictureOptions } from './options';
import { PixelStore, type Picture, type ReadingProgress } from './pixel-store';

export interface FolderOptions extends Partial<PictureOptions> {
  /** Which part of each class goes to validation (0 to 1), where there is no folder for it. By default nothing does. */
  readonly validationSplit?: number;
  /**
   * Decides which pictures go to validation, and which are taken where there are more than `maxImagesPerClass`. Default
   * 1.
   */
  readonly seed?: number;
  /**
   * Classes with fewer training pictures that can be read are left out, and listed as skipped; what `maxImagesPerClass`
   * and COURSE_QUICK leave out counts here. By default a class without pictures is an error.
   */
  readonly minImagesPerClass?: number;
  /** More pictures of a class are not read, in either part. With COURSE_QUICK a tenth, but at least 20. */
  readonly maxImagesPerClass?: number;
  /**
   * How many bytes of decoded pictures of all folders are kept on disk. A folder that needs more is not kept, and
   * `note` says so. Default 2 GB.
   */
  readonly cacheLimit?: number;
  readonly onProgress?: (progress: ReadingProgress) => void;
  readonly env?: NodeJS.ProcessEnv;
}

/** What is known of the pictures of one part of a folder, beside their pixels. */
export interface FolderFiles {
  /** `[n]`, uint8: the index of the class in `classNames`. */
  readonly labels: NdArray<Uint8Array>;
  /** The file of each picture, as an absolute path. */
  readonly files: readonly string[];
  /** `[n, 2]`, int32: width and height of each picture before resizing, in pixels. */
  readonly originalSizes: NdArray<Int32Array>;
}

/**
 * The pictures of one part of a folder, in memory: `images` is `[n, height, width]` (grey) or `[n, height, width, 3]`,
 * uint8.
 */
export interface FolderImages extends LabelledImages, FolderFiles {}

/** The pictures of one part of a folder, which stay on disk and are read batch by batch. */
export interface FolderBatches extends FolderFiles {
  /**
   * Some pictures, by their numbers: `[k, height, width]` (grey) or `[k, height, width, 3]`, uint8, of new memory.
   *
   * ```ts
   * showImages(await photos.train.read([0, 1, 2]));
   * ```
   */
  read(indices: readonly number[]): Promise<NdArray<Uint8Array>>;
  /** Batches for `fit`, `evaluate` and `predict`. */
  batches(options?: BatchOptions): Batches;
}

/** A folder of pictures as a dataset. Printed, it is a summary. */
export class ImageFolder<Part extends FolderFiles = FolderImages> {
  constructor(
    /** The name of the folder. */
    readonly title: string,
    /** Absolute path. */
    readonly folder: string,
    /** Sorted by code point. */
    readonly classNames: readonly string[],
    readonly train: Part,
    /** From its own folder, or split off; undefined if there is neither. */
    readonly validation: Part | undefined,
    /** Files that are no pictures of this dataset, and why. */
    readonly skipped: readonly SkippedFile[],
    /** What became of each picture. */
    readonly options: PictureOptions,
    /** Set if the decoded pictures could not be kept on disk. */
    readonly note: string | undefined,
  ) {}

  toString(): string {
    const {
      train,
      validation,
      options: {
        size: [height, width],
        color,
        resize,
      },
    } = this;
    const parts = [['training', train] as const, ...(validation ? [['validation', validation] as const] : [])];
    const counts = parts.map(([, { labels }]) => countsOf(labels, this.classNames.length));
    const names = this.classNames.map(onOneLine);
    const nameWidth = Math.max(...names.map(({ length }) => length), 'class'.length);
    const row = (name: string, cells: readonly string[]): string =>
      `${name.padEnd(nameWidth)}${cells.map((cell) => cell.padStart(12)).join('')}`;
    return [
      `${onOneLine(this.title)}: ${parts.map(([name, { files }]) => `${countText(files.length)} ${name}`).join(' and ')} pictures, ` +
        `${height} × ${width} pixels, ${color === 'grey' ? 'grey' : 'colour'}, resized by ${resize}`,
      `from ${onOneLine(this.folder)}`,
      '',
      row(
        'class',
        parts.map(([name]) => name),
      ),
      ...names.map((name, label) =>
        row(
          name,
          counts.map((count) => countText(count[label])),
        ),
      ),
      '',
      this.skipped.length === 0 ? 'No file was skipped.' : `Skipped: ${reasonsText(this.skipped)}.`,
      ...(this.note ? [this.note] : []),
    ].join('\n');
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** Names of files can hold line breaks. */
const onOneLine = (name: string): string =>
  name.replace(/[\p{Cc}\u2028\u2029]/gu, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** `3 × hidden file, 1 × not a picture` */
export const reasonsText = (skipped: readonly SkippedFile[]): string =>
  [...countBy(skipped.map(({ reason }) => reason))]
    .map(([reason, count]) => `${countText(count)} × ${reason}`)
    .join(', ');

/** How often each label occurs. */
function countsOf(labels: NdArray<Uint8Array>, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (let i = 0; i < labels.shape[0]; i++) counts[labels.get(i)]++;
  return counts;
}

function countBy<T>(values: readonly T[]): Map<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/**
 * Reads a folder of pictures into memory, and shows nothing; notebooks call `loadImageFolder`, which does.
 *
 * Layouts: `train/<class>/*` (or `training`) with `validation/` beside it (or `valid`, `val`, `testing`, `test`), in small
 * or capital letters, or `<class>/*`. Folders within a class belong to it. JPEG, PNG, WebP, GIF (first frame), TIFF (first
 * page) and BMP are told by their content. Whatever else lies there is skipped and listed in `skipped` with the reason,
 * also a picture whose name says another format, and a link to another picture of the folder. What is transparent becomes
 * white; CMYK, 16 bits and colour profiles become sRGB; pictures are turned as EXIF says.
 *
 * Damaged pictures are skipped as far as they tell of it. PNG has checksums. JPEG has none: found are files without an
 * end, holes of zeros, and data that end or break off so early that grey rows are left in the result. Single wrong bytes
 * are not: they shift colours or make noise, which every decoder takes for a picture; `explore` shows it.
 *
 * Decoded pixels are kept on disk, so the next reading takes a fraction of the time; files that have changed are
 * decoded anew.
 *
 * @returns `train` and `validation` with `images`, `[n, height, width]` or `[n, height, width, 3]` uint8, in the order
 *   of their names. The arrays of both may be views of one memory. There is nothing to dispose.
 * @throws Error if there is no such folder, no class in it, or a class without a picture that can be read
 * @throws Interrupted after SIGINT
 *
 * ```ts
 * const pets = await readImageFolder('pets', { size: [32, 32], validationSplit: 0.2 });
 * pets.train.images.shape   // [1600, 32, 32, 3]
 * console.log(pets);        // the classes with their numbers of pictures, and what was skipped
 * ```
 * Taught in 04_cats_and_dogs.
 */
export async function readImageFolder(folder: string, options: FolderOptions = {}): Promise<ImageFolder> {
  return readFolder(folder, options, 'memory', (store, pictures, files) => {
    const images = arrayOf(store.pixels(pictures), arrayShape(pictures.length, store.options));
    return { images, ...files };
  });
}

const arrayShape = (count: number, { size, color }: PictureOptions): number[] =>
  color === 'grey' ? [count, ...size] : [count, ...size, 3];

function checkIndex(index: number, count: number): void {
  if (Number.isInteger(index) && index >= 0 && index < count) return;
  throw new RangeError(`read: got ${index}, expected the number of a picture, 0 to ${count - 1}.`);
}

/**
 * Opens a folder of pictures that need not go into memory, and shows nothing; notebooks call `openImageFolder`, which
 * does. All pictures are decoded once, in parallel, into a file of the cache, which also finds those that cannot be
 * read; batches are then read from it while the network trains. Memory: a few batches.
 *
 * Where the cache cannot be written to (`note` says so), each batch is decoded from the pictures when it is needed.
 *
 * Layouts, options and errors are those of `readImageFolder`.
 *
 * ```ts
 * const photos = await indexImageFolder('photos', { size: [64, 64] });
 * const validationData = photos.validation?.batches();
 * await fit(model, photos.train.batches({ batchSize: 64 }), { epochs: 5, validationData });
 * ```
 * Taught in 04_cats_and_dogs.
 */
export async function indexImageFolder(
  folder: string,
  options: FolderOptions = {},
): Promise<ImageFolder<FolderBatches>> {
  return readFolder(folder, options, 'disk', (store, pictures, files, classes) => {
    const onDisk = store.onDisk();
    const source: BatchSource = {
      ...store.options,
      labels: files.labels,
      classes,
      read: onDisk
        ? (indices) => onDisk.readMany(indices.map((index) => pictures[index].row))
        : (indices) =>
            decodeAgain(
              indices.map((index) => pictures[index].candidate),
              store.options,
            ),
    };
    return {
      ...files,
      read: async (indices) => {
        for (const index of indices) checkIndex(index, pictures.length);
        return arrayOf(await source.read(indices), arrayShape(indices.length, store.options));
      },
      batches: (batchOptions = {}) => new Batches(source, batchOptions),
    };
  });
}

/** @throws Error if a picture that could be read cannot be read any more */
async function decodeAgain(candidates: readonly Candidate[], options: PictureOptions): Promise<Uint8Array> {
  // Decoding plain pictures never waits by itself: other work, and an interrupt, get their turn here.
  await nextTurn();
  const buffer = new ReadBuffer();
  const changed = ({ path }: Candidate, { message }: BadPicture): Error =>
    new Error(`${path}: the picture has changed since the folder was opened (${message}). Open the folder again.`);
  const files = candidates.map((candidate) => {
    try {
      return { candidate, bytes: readCandidate(candidate, buffer).bytes };
    } catch (error) {
      throw error instanceof BadPicture ? changed(candidate, error) : error;
    }
  });
  const outcomes = await decodeFiles(files, options);
  return Buffer.concat(
    outcomes.map((outcome, i) => {
      if (outcome instanceof BadPicture) throw changed(candidates[i], outcome);
      return outcome.pixels;
    }),
  );
}

type MakePart<Part> = (store: PixelStore, pictures: readonly Picture[], files: FolderFiles, classes: number) => Part;

/** Labels are bytes. */
const MAX_CLASSES = 256;

async function readFolder<Part extends FolderFiles>(
  folder: string,
  options: FolderOptions,
  place: 'memory' | 'disk',
  makePart: MakePart<Part>,
): Promise<ImageFolder<Part>> {
  checkOptions(options);
  const { seed = 1, validationSplit = 0, minImagesPerClass } = options;
  const pictures = pictureOptions(options);
  const listing = listFolder(folder, minImagesPerClass !== undefined);
  if (listing.validation && validationSplit > 0) {
    throw new Error(
      `${folder}: got validationSplit = ${validationSplit}, but the folder has validation pictures of its own. Leave one of them out.`,
    );
  }
  const groups = {
    train: groupsOf(listing.train, listing.classNames, options, minImagesPerClass),
    validation: listing.validation && groupsOf(listing.validation, listing.classNames, options),
  };
  if (place === 'memory') checkMemory(folder, [...groups.train, ...(groups.validation ?? [])], pictures);
  const store = new PixelStore(
    listing.folder,
    [...listing.train, ...(listing.validation ?? [])],
    pictures,
    place,
    options.cacheLimit,
  );
  let chosen: { train: Picture[]; validation: Picture[] | undefined };
  try {
    const { train, validation } = await interruptible((isInterrupted) => {
      const onProgress = (progress: ReadingProgress): void => {
        options.onProgress?.(progress);
        const { done, total } = progress;
        if (!isInterrupted() || done === total) return;
        throw new Interrupted(
          `Reading ${listing.folder} was interrupted after ${countText(done)} of ${countText(total)} pictures. ` +
            `Read it again when you need it: nothing is left of what was decoded.`,
        );
      };
      return choose(store, listing, groups, onProgress);
    });
    store.finish();
    // Where a picture lies is settled now.
    const pictureOf = (candidate: Candidate): Picture => store.picture(candidate);
    chosen = { train: train.map(pictureOf), validation: validation?.map(pictureOf) };
  } catch (error) {
    store.abort();
    throw error;
  }
  const { classNames, leftOut } = classesOf(folder, listing, groups, store.skipped, minImagesPerClass);
  if (classNames.length > MAX_CLASSES) {
    throw new Error(`${folder}: got ${countText(classNames.length)} classes, expected at most ${MAX_CLASSES}.`);
  }
  const labelOf = new Map(classNames.map((name, label) => [name, label]));
  const part = (pictures: readonly Picture[]): Part => {
    const ofClasses = pictures.filter(({ candidate }) => labelOf.has(candidate.className));
    const originalSizes = new Int32Array(ofClasses.length * 2);
    ofClasses.forEach(({ size }, i) => originalSizes.set(size, i * 2));
    return makePart(
      store,
      ofClasses,
      {
        labels: arrayOf(
          Uint8Array.from(ofClasses, ({ candidate }) => labelOf.get(candidate.className)!),
          [ofClasses.length],
        ),
        files: ofClasses.map(({ candidate }) => candidate.path),
        originalSizes: arrayOf(originalSizes, [ofClasses.length, 2]),
      },
      classNames.length,
    );
  };
  let { train, validation } = chosen;
  if (validationSplit > 0) {
    const all = train.filter(({ candidate }) => labelOf.has(candidate.className));
    const counts = countBy(all.map(({ candidate }) => candidate.className));
    if (Math.max(...counts.values()) < 2) {
      throw new Error(
        `${folder}: got validationSplit = ${validationSplit}, but only one picture of each class; expected at least two, ` +
          `one to learn from and one to validate. Add pictures, or leave validationSplit out.`,
      );
    }
    for (const [className, count] of counts) {
      if (count > 1) continue;
      const { file } = all.find(({ candidate }) => candidate.className === className)!.candidate;
      leftOut.push({
        file: path.posix.dirname(file),
        reason: 'class without validation pictures',
        detail: 'it has one picture',
      });
    }
    const split = stratifiedSplit(
      all.map(({ candidate }) => labelOf.get(candidate.className)!),
      validationSplit,
      seed,
    );
    train = Array.from(split.train, (index) => all[index]);
    validation = Array.from(split.validation, (index) => all[index]);
  }
  return new ImageFolder(
    path.basename(listing.folder),
    listing.folder,
    classNames,
    part(train),
    validation && part(validation),
    [...listing.skipped, ...store.skipped, ...leftOut],
    store.options,
    store.note,
  );
}

function checkOptions(options: FolderOptions): void {
  const { validationSplit = 0, seed = 1, minImagesPerClass, maxImagesPerClass, cacheLimit = 0 } = options;
  if (!(validationSplit >= 0 && validationSplit < 1)) {
    throw new RangeError(
      `validationSplit: got ${validationSplit}, expected a part of each class, from 0 to below 1, such as 0.2.`,
    );
  }
  if (!Number.isSafeInteger(seed)) throw new RangeError(`seed: got ${seed}, expected a whole number, such as 1.`);
  for (const [name, count] of Object.entries({ minImagesPerClass, maxImagesPerClass })) {
    if (count !== undefined && !(Number.isInteger(count) && count >= 1))
      throw new RangeError(`${name}: got ${count}, expected a whole number of at least 1.`);
  }
  if (!(cacheLimit >= 0))
    throw new RangeError(
      `cacheLimit: got ${cacheLimit}, expected a number of bytes, such as 2_000_000_000; 0 keeps nothing.`,
    );
}

/** The pictures of one class in one part, of which only some may be wanted. */
interface Group {
  readonly className: string;
  /** Not tried yet. */
  readonly queue: Candidate[];
  /** So many are wanted. */
  readonly most: number;
  /** So many must be tried, to know whether there are as many. */
  readonly least: number;
  /** Those that can be read. */
  readonly good: Candidate[];
}

interface Groups {
  readonly train: readonly Group[];
  readonly validation: readonly Group[] | undefined;
}

const QUICK_PART = 0.1;
const QUICK_LEAST = 20;

/** One group for each class. */
function groupsOf(
  candidates: readonly Candidate[],
  classNames: readonly string[],
  { seed = 1, maxImagesPerClass = Infinity, env }: FolderOptions,
  least = 0,
): Group[] {
  const { quick } = readSettings(env);
  const queues = new Map<string, Candidate[]>(classNames.map((className) => [className, []]));
  for (const candidate of candidates) queues.get(candidate.className)?.push(candidate);
  return [...queues].map(([className, queue]) => {
    const most = Math.min(
      maxImagesPerClass,
      quick ? Math.max(QUICK_LEAST, Math.ceil(queue.length * QUICK_PART)) : Infinity,
    );
    return {
      className,
      queue: most < queue.length ? [...new Random(seed).permutation(queue.length)].map((i) => queue[i]) : queue,
      most,
      least,
      good: [],
    };
  });
}

/** @throws Error if the pictures cannot be in memory */
function checkMemory(folder: string, groups: readonly Group[], options: PictureOptions): void {
  const count = groups.reduce((sum, { queue, most, least }) => sum + Math.min(queue.length, Math.max(most, least)), 0);
  const needed = count * pixelBytes(options);
  // A container may have less than its machine. The other half is for copies (a split makes one) and for all else.
  const most = Math.min(Math.min(totalmem(), process.constrainedMemory() || Infinity) / 2, constants.MAX_LENGTH);
  if (needed <= most) return;
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new Error(
    `${folder}: got ${countText(count)} pictures of ${options.size.join(' x ')} pixels, which need ` +
      `${gigabytes(needed)} of memory; expected at most ${gigabytes(most)} on this machine. Make size smaller, set maxImagesPerClass, or use ` +
      `openImageFolder, which leaves the pictures on disk.`,
  );
}

/** Reads what is wanted; where that is not all of a class, others take the places of those that cannot be read. */
async function choose(
  store: PixelStore,
  listing: Listing,
  { train, validation }: Groups,
  onProgress: (progress: ReadingProgress) => void,
): Promise<{ train: Candidate[]; validation: Candidate[] | undefined }> {
  const all = [...train, ...(validation ?? [])];
  for (;;) {
    const wanted = all.map(({ queue, most, least, good }) => queue.splice(0, Math.max(most, least) - good.length));
    if (wanted.every(({ length }) => length === 0)) break;
    await store.ensure(wanted.flat(), onProgress);
    wanted.forEach((candidates, i) => all[i].good.push(...candidates.filter((candidate) => store.has(candidate))));
  }
  const order = new Map([...listing.train, ...(listing.validation ?? [])].map((candidate, i) => [candidate, i]));
  const inOrder = (groups: readonly Group[]): Candidate[] =>
    groups.flatMap(({ good, most }) =>
      most === Infinity ? good : good.slice(0, most).sort((a, b) => order.get(a)! - order.get(b)!),
    );
  return { train: inOrder(train), validation: validation && inOrder(validation) };
}

/**
 * The classes that have enough pictures; and what is left out with the others, or missing.
 *
 * @throws Error if none of a class can be read and `least` is not said, or no class has enough
 */
function classesOf(
  folder: string,
  listing: Listing,
  groups: Groups,
  skipped: readonly SkippedFile[],
  least: number | undefined,
): { classNames: string[]; leftOut: SkippedFile[] } {
  const leftOut: SkippedFile[] = [];
  const unreadable = new Map(skipped.map((file) => [file.file, file]));
  const filesOf = (candidates: readonly Candidate[] | undefined, name: string): string[] =>
    (candidates ?? []).filter(({ className }) => className === name).map(({ file }) => file);
  const refuse = (className: string, files: readonly string[], part: string): void => {
    const reasons = reasonsText(files.flatMap((file) => unreadable.get(file) ?? []));
    throw new Error(
      files.length === 0
        ? `${folder}: the class ${JSON.stringify(className)} ${part}holds only links to pictures that are listed elsewhere, ` +
          `expected pictures of its own. Put pictures into it, or remove it.`
        : `${folder}: none of the ${countText(files.length)} files of the class ${JSON.stringify(className)} ${part}is a ` +
          `picture that can be read (${reasons}). Repair or remove the class.`,
    );
  };
  const counts = new Map(groups.train.map(({ className, good }) => [className, good.length]));
  const classNames = listing.classNames.filter((className) => {
    const count = counts.get(className)!;
    if (count >= (least ?? 1)) return true;
    const files = filesOf(listing.train, className);
    if (least === undefined) refuse(className, files, '');
    const detail = `${count}, fewer than ${least}`;
    leftOut.push({ file: folderIn(listing.trainFolder, className), reason: 'class with too few pictures', detail });
    for (const file of [...files, ...filesOf(listing.validation, className)]) {
      if (!unreadable.has(file)) leftOut.push({ file, reason: 'in a class with too few pictures' });
    }
    return false;
  });
  if (classNames.length === 0) {
    throw new Error(
      `${folder}: got no class with at least ${least} pictures (minImagesPerClass). Found: ` +
        `${listing.classNames.map((name) => `${name} ${counts.get(name)}`).join(', ')}.`,
    );
  }
  for (const { className, good } of groups.validation ?? []) {
    if (good.length > 0 || !classNames.includes(className)) continue;
    const files = filesOf(listing.validation, className);
    if (files.length > 0 && least === undefined) refuse(className, files, `in ${listing.validationFolder} `);
    leftOut.push({
      file: folderIn(listing.validationFolder!, className),
      reason: 'class without validation pictures',
      detail: files.length === 0 ? 'there is none' : `none of ${countText(files.length)} can be read`,
    });
  }
  return { classNames, leftOut };
}

const folderIn = (part: string, className: string): string => (part ? `${part}/${className}` : className);
