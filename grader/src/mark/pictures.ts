import { createHash } from 'node:crypto';
import type { TrainedExercise } from '@course/lib/exercises';
import { packedValues } from '../../../lib/dist/arrays';
import { readIdxDataset, type LabelledImages } from '../../../lib/dist/data/image-dataset';
import { folderEntry, idxEntry } from '../../../lib/dist/data/manifest';
import { readPictureDataset } from '../../../lib/dist/data/picture-dataset';
import { take } from '../../../lib/dist/preprocessing/examples';
import { Random } from '../../../lib/dist/random';
import type { MarkingPictures } from './mark';

/** `check` shows as many of the first test pictures: models are marked on others. */
const SHOWN = 1000;
/** A model that reads 90 of 100 is measured to half a per cent by them. */
const ASKED = 3000;

const loaded = new Map<string, Promise<LabelledImages>>();

/**
 * The pictures that trained models are marked on: test pictures that `check` does not show, chosen by the seed. Of cats and dogs, of which
 * there are fewer, all validation pictures.
 *
 * @throws Error where the dataset cannot be had
 */
export async function markingPictures({ pictures }: TrainedExercise, seed: string): Promise<MarkingPictures> {
  const { images, labels } = await testPictures(pictures);
  const all = images.shape[0];
  const first = all > 2 * SHOWN ? SHOWN : 0;
  const order = new Random(createHash('sha256').update(seed).digest().readInt32LE()).permutation(all - first);
  const chosen = [...order.subarray(0, ASKED)].map((i) => first + i).sort((a, b) => a - b);
  return { pixels: Uint8Array.from(packedValues(take(images, chosen))), labels: Uint8Array.from(packedValues(take(labels, chosen))) };
}

function testPictures({ dataset, shape: [height, width] }: TrainedExercise['pictures']): Promise<LabelledImages> {
  const key = dataset === 'cats-and-dogs' ? `${dataset} ${height} ${width}` : dataset;
  const known = loaded.get(key);
  if (known) return known;
  const reading = dataset === 'cats-and-dogs' ? validationOf([height, width]) : testOf(dataset);
  loaded.set(key, reading);
  reading.catch(() => loaded.delete(key));
  return reading;
}

const testOf = async (dataset: 'mnist' | 'fashion-mnist'): Promise<LabelledImages> =>
  (await readIdxDataset(idxEntry(dataset), { trainCount: 1 })).test;

async function validationOf(size: readonly [number, number]): Promise<LabelledImages> {
  const { validation, title } = await readPictureDataset(folderEntry('cats-vs-dogs'), { size });
  if (!validation) throw new Error(`${title} has no validation pictures: no model can be marked on them.`);
  return validation;
}
