import type { TrainedExercise } from '@course/lib/exercises';
import { packedValues } from '../../../lib/dist/arrays';
import { readIdxDataset, type LabelledImages } from '../../../lib/dist/data/image-dataset';
import { folderEntry, idxEntry } from '../../../lib/dist/data/manifest';
import { take } from '../../../lib/dist/preprocessing/examples';
import type { MarkingPictures } from './trained';

/** `check` shows as many of the first test pictures: models are marked on all others. */
const SHOWN = 1000;

const loaded = new Map<string, Promise<LabelledImages>>();

/**
 * The pictures that trained models are marked on: all test pictures that `check` does not show. Of cats and dogs there are no others than
 * those that learners have, so the validation pictures are mirrored, which changes no answer of who has learned what a cat is.
 *
 * @throws Error where the dataset cannot be had
 */
export async function markingPictures({ pictures }: TrainedExercise): Promise<MarkingPictures> {
  const { images, labels } = await testPictures(pictures);
  if (pictures.dataset === 'cats-and-dogs') return { pixels: mirrored(images), labels: Uint8Array.from(packedValues(labels)) };
  const others = Array.from({ length: images.shape[0] - SHOWN }, (_, i) => SHOWN + i);
  return { pixels: Uint8Array.from(packedValues(take(images, others))), labels: Uint8Array.from(packedValues(take(labels, others))) };
}

/** Colour pictures `[n, height, width, 3]`, left and right exchanged, row by row. */
function mirrored(images: LabelledImages['images']): Uint8Array {
  const pixels = packedValues(images);
  const [, , width, channels] = images.shape;
  return Uint8Array.from(pixels, (_, i) => {
    const channel = i % channels;
    const column = Math.floor(i / channels) % width;
    return pixels[i - channel - column * channels + (width - 1 - column) * channels + channel];
  });
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
  // It brings TensorFlow with it, which nothing else here needs.
  const { readPictureDataset } = await import('../../../lib/dist/data/picture-dataset.js');
  const { validation, title } = await readPictureDataset(folderEntry('cats-vs-dogs'), { size });
  if (!validation) throw new Error(`${title} has no validation pictures: no model can be marked on them.`);
  return validation;
}
