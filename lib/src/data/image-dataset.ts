import type { NdArray } from 'ndarray';
import { readSettings } from '../settings';
import { arrayOf, countText, packedValues } from '../arrays';
import { parseIdx } from './idx';
import { openDataset, type DataSource, type OpenOptions } from './locate';
import type { IdxEntry } from './manifest';

/** Images and the class of each. */
export interface LabelledImages {
  /** `[n, height, width]`, uint8, 0 (black) to 255 (white). */
  readonly images: NdArray<Uint8Array>;
  /** `[n]`, uint8: the index of the class in `classNames`. */
  readonly labels: NdArray<Uint8Array>;
}

/** A dataset of images with a class each, in a part to train on and a part to test with. */
export interface ImageDataset {
  /** Shown wherever its images are: drawn stand-ins say so. */
  readonly title: string;
  readonly source: DataSource;
  readonly isDrawn: boolean;
  readonly classNames: readonly string[];
  readonly train: LabelledImages;
  readonly test: LabelledImages;
}

export interface LoadOptions extends OpenOptions {
  /** How many training images, from the first on; otherwise all (6,000 with COURSE_QUICK). */
  readonly trainCount?: number;
  /** How many test images, from the first on; otherwise all (1,000 with COURSE_QUICK). */
  readonly testCount?: number;
}

/** With COURSE_QUICK a tenth of the images. */
const quickPart = 0.1;

/**
 * Reads a dataset of four IDX files from where it is found, and shows nothing; notebooks call `loadMnist` and its like
 * of the display room, which do.
 *
 * Memory: the arrays are views of the files' bytes (55 MB for MNIST); smaller counts are views of the same bytes.
 */
export async function readIdxDataset(entry: IdxEntry, options: LoadOptions = {}): Promise<ImageDataset> {
  const { quick } = readSettings(options.env);
  const countOf = (option: 'trainCount' | 'testCount', all: number): number => {
    const count = options[option] ?? (quick ? Math.ceil(all * quickPart) : all);
    if (!Number.isInteger(count) || count < 1 || count > all) {
      throw new RangeError(
        `${entry.title}: got ${option} = ${count}, expected a whole number in 1..${countText(all)}.`,
      );
    }
    return count;
  };
  const counts = { train: countOf('trainCount', entry.counts.train), test: countOf('testCount', entry.counts.test) };

  const { source, contents } = await openDataset(entry, options);
  const read = (split: 'train' | 'test', content: 'images' | 'labels'): NdArray<Uint8Array> => {
    const file = entry.files.find((candidate) => candidate.split === split && candidate.content === content);
    const bytes = file && contents.get(file.name);
    if (!bytes)
      throw new Error(
        `${entry.title}: got no file with the ${content} of the ${split} split, expected one (datasets/manifest.json).`,
      );
    const array = parseIdx(bytes, file.name);
    if (array.dtype !== 'uint8') throw new Error(`${file.name}: got numbers of type ${array.dtype}, expected uint8.`);
    // The first images lie first, so this too is a view without gaps.
    return arrayOf(packedValues(array.hi(counts[split])), [counts[split], ...array.shape.slice(1)]);
  };
  const isDrawn = source.kind === 'drawn';
  return {
    title: isDrawn && entry.standIn ? entry.standIn.title : entry.title,
    source,
    isDrawn,
    classNames: entry.classNames,
    train: { images: read('train', 'images'), labels: read('train', 'labels') },
    test: { images: read('test', 'images'), labels: read('test', 'labels') },
  };
}
