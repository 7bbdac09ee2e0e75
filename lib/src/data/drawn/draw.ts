import { setImmediate as nextTurn } from 'node:timers/promises';
import { arrayOf } from '../../arrays';
import { Random } from '../../random';
import type { FileContents } from '../dataset-files';
import { formatIdx } from '../idx';
import type { FolderEntry, IdxEntry } from '../manifest';
import { rateSince, type OnProgress } from '../progress';
import { drawAnimal, type Picture } from './animals';

/** Draws a picture of a class into `picture` (height x width bytes, all 0). */
export type DrawGrey = (label: number, random: Random, picture: Uint8Array) => void;

/** Pictures of 28 x 28 between two turns of the event loop, so that a notebook can show progress and be interrupted. */
const slice = 1_000;
/** Colour pictures between two turns; while they are compressed the next ones are drawn. */
const colourSlice = 24;

/** The seed of the first animal; each picture has a seed of its own. */
const animalSeed = 1_200_000_041;

/**
 * Draws the four IDX files of a stand-in: as many pictures, of the same size, as the dataset has, each class about as
 * often as any other. `seeds`: of the first training and the first test picture; each picture has a seed of its own.
 */
export async function drawIdxFiles(
  entry: IdxEntry,
  title: string,
  seeds: { readonly train: number; readonly test: number },
  drawGrey: DrawGrey,
  onProgress: OnProgress,
): Promise<FileContents> {
  const contents = new Map<string, Uint8Array>();
  const [height, width] = entry.imageShape;
  const size = height * width;
  const tell = teller(title, entry.counts.train + entry.counts.test, onProgress);
  let drawn = 0;
  for (const split of ['train', 'test'] as const) {
    const count = entry.counts[split];
    const images = new Uint8Array(count * size);
    const labels = new Uint8Array(count);
    for (let i = 0; i < count; i++) {
      const random = new Random(seeds[split] + i);
      labels[i] = random.below(entry.classNames.length);
      drawGrey(labels[i], random, images.subarray(i * size, (i + 1) * size));
      if (++drawn % slice === 0 || i + 1 === count) {
        tell(drawn);
        await nextTurn();
      }
    }
    for (const { name, content } of entry.files.filter((file) => file.split === split)) {
      contents.set(
        name,
        formatIdx(content === 'images' ? arrayOf(images, [count, height, width]) : arrayOf(labels, [count])),
      );
    }
  }
  return contents;
}

/**
 * Draws the JPEG files of the stand-ins for cats and dogs, `train/cats/cat.0.jpg` and so on: as many in each folder as
 * the dataset has; the numbers go on from part to part, as the names do in the dataset.
 */
export async function drawPictureFiles(entry: FolderEntry, title: string,
  onProgress: OnProgress): Promise<FileContents> {
  const plan: { name: string; label: number }[] = [];
  const first = entry.classNames.map(() => 0);
  for (const [part, counts] of Object.entries(entry.counts ?? {})) {
    entry.classNames.forEach((className, label) => {
      const count = counts[className];
      for (let i = 0; i < count; i++) {
        plan.push({ name: `${part}/${className}/${className.replace(/s$/, '')}.${first[label] + i}.jpg`, label });
      }
      first[label] += count;
    });
  }
  const contents = new Map<string, Uint8Array>();
  const tell = teller(title, plan.length, onProgress);
  const compress = await jpegEncoder();
  let compressing: Promise<Uint8Array[]> = Promise.resolve([]);
  const keep = async (begin: number): Promise<void> => {
    (await compressing).forEach((bytes, i) => contents.set(plan[begin + i].name, bytes));
    tell(contents.size);
  };
  for (let begin = 0; begin < plan.length; begin += colourSlice) {
    const pictures = plan
      .slice(begin, begin + colourSlice)
      .map(({ label }, i) => drawAnimal(label === 1, new Random(animalSeed + begin + i)));
    await keep(Math.max(0, begin - colourSlice));
    compressing = Promise.all(pictures.map(compress));
    // A failure is thrown where the pictures are kept; until then it is not one that nobody handles.
    compressing.catch(() => {});
    await nextTurn();
  }
  await keep(Math.floor((plan.length - 1) / colourSlice) * colourSlice);
  return contents;
}

/**
 * Compresses pictures to JPEG. The same bytes on every machine with the sharp that package.json pins: its libjpeg
 * transforms with integers, exactly the same with and without vector instructions.
 */
async function jpegEncoder(): Promise<(picture: Picture) => Promise<Uint8Array>> {
  const { default: sharp } = await import('sharp');
  return ({ pixels, width, height }) =>
    sharp(pixels, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 85, chromaSubsampling: '4:2:0', progressive: false, optimiseCoding: true })
      .toBuffer();
}

function teller(title: string, total: number, onProgress: OnProgress): (drawn: number) => void {
  const rate = rateSince(0);
  return (drawn) =>
    onProgress({ activity: 'draw', what: title, unit: 'images', received: drawn, total, ratePerSecond: rate(drawn) });
}
