import { packedValues } from '../arrays';
import { readIdxDataset, type LabelledImages } from '../data/image-dataset';
import { folderEntry, idxEntry } from '../data/manifest';
import { readPictureDataset } from '../data/picture-dataset';
import type { TrainedExercise } from '../exercises/definition';
import { take } from '../preprocessing/examples';
import { LiveProgress } from './live-progress';

/** Pictures that `check` measures a trained model on. */
export interface PublicPictures {
  /** What they are, for people: drawn stand-ins say so. */
  readonly title: string;
  readonly isDrawn: boolean;
  readonly count: number;
  /** All pixels, 0..255, picture by picture. */
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

/** The other pictures are for marking. */
const MOST = 1000;

/** A few MB at most; the whole dataset is let go. */
const loaded = new Map<string, Promise<PublicPictures>>();

/**
 * The public part of a dataset's test pictures: the first 1,000 of MNIST and Fashion-MNIST, as many
 * validation pictures of cats and dogs. Read once; shows how far it is where that takes long.
 *
 * @throws Error as `loadMnist` does
 */
export function publicPictures(pictures: TrainedExercise['pictures']): Promise<PublicPictures> {
  const key = `${pictures.dataset} ${pictures.shape.join(' ')}`;
  const known = loaded.get(key);
  if (known) return known;
  const reading = read(pictures);
  loaded.set(key, reading);
  // Next time it may be there.
  reading.catch(() => loaded.delete(key));
  return reading;
}

async function read({ dataset, shape: [height, width] }: TrainedExercise['pictures']): Promise<PublicPictures> {
  const live = new LiveProgress();
  const onProgress = live.update.bind(live);
  try {
    if (dataset !== 'cats-and-dogs') {
      const options = { trainCount: 1, testCount: MOST, onProgress };
      const { title, isDrawn, test } = await readIdxDataset(idxEntry(dataset), options);
      return { title, isDrawn, ...some(test) };
    }
    const options = { size: [height, width] as const, onProgress };
    const { title, isDrawn, validation } = await readPictureDataset(folderEntry('cats-vs-dogs'), options);
    if (!validation) throw new Error(`${title} has no validation pictures, so that no model can be measured on them.`);
    return { title, isDrawn, ...some(validation) };
  } finally {
    live.end();
  }
}

/** Evenly spread, because those of one class may stand together. */
function some({ images, labels }: LabelledImages): Pick<PublicPictures, 'count' | 'pixels' | 'labels'> {
  const all = images.shape[0];
  const count = Math.min(MOST, all);
  const indices = Array.from({ length: count }, (_, i) => Math.floor((i * all) / count));
  return { count, pixels: packedValues(take(images, indices)), labels: packedValues(take(labels, indices)) };
}
