import { countText } from '../arrays';
import { readIdxDataset, type ImageDataset, type LoadOptions } from '../data/image-dataset';
import { datasetEntry, folderEntry, idxEntry, type FolderEntry, type IdxEntry } from '../data/manifest';
import { readPictureDataset, type PictureDataset, type PictureDatasetOptions } from '../data/picture-dataset';
import type { OnProgress } from '../data/progress';
import { escapeXml } from '../plots/svg';
import { LiveProgress } from './live-progress';
import { folderBundle } from './load-folder';
import { show, type Bundle } from './output';

/**
 * Loads MNIST, shows how far a download is, and says below the cell what was loaded and where it comes from: the folder
 * that `COURSE_DATA` names, `datasets/mnist/`, the cache, a download, or, where none of these can be had, digits that
 * the course draws itself.
 *
 * @returns `train` (60,000) and `test` (10,000), each with `images` `[n, 28, 28]` uint8 0..255 and `labels` `[n]`
 *   uint8. The arrays share the memory of the files' contents. There is nothing to dispose.
 *
 * ```ts
 * const mnist = await loadMnist();
 * mnist.train.images.shape          // [60000, 28, 28]
 * mnist.train.images.pick(0)        // the first image, [28, 28]
 * ```
 *
 * @throws Error if `COURSE_DATA` names a folder that is missing or whose files are damaged
 * @throws Interrupted after an interrupt
 * Taught in 01_mnist_mlp.
 */
export async function loadMnist(options: LoadOptions = {}): Promise<ImageDataset> {
  return loadIdx(idxEntry('mnist'), options);
}

/**
 * Loads Fashion-MNIST, pictures of clothes in the form of MNIST's digits, or drawn stand-ins, and says so as `loadMnist` does.
 *
 * @returns as `loadMnist`; `classNames` are the ten kinds of clothes
 *
 * ```ts
 * const fashion = await loadFashionMnist();
 * fashion.classNames[fashion.train.labels.get(0)]   // 'Ankle boot'
 * ```
 *
 * @throws Error as `loadMnist`
 * Taught in 02_fashion_mlp.
 */
export async function loadFashionMnist(options: LoadOptions = {}): Promise<ImageDataset> {
  return loadIdx(idxEntry('fashion-mnist'), options);
}

/**
 * Loads photographs of cats and dogs, or drawn stand-ins, brought to one size, and says so as `loadMnist` does.
 *
 * @param options those of `readImageFolder`: `size` (32 x 32 if not given), `color`, `resize`, `maxImagesPerClass`, ...
 * @returns `train` (2,000) and `validation` (1,000), each with `images` `[n, height, width, 3]` (`[n, height, width]`
 *   if grey) uint8 0..255, `labels` `[n]` uint8 and the `files`; and what was `skipped`. The images of both may be views
 *   of one memory, which nothing else uses; the labels have memory of their own. There is nothing to dispose.
 *
 * ```ts
 * const pets = await loadCatsAndDogs({ size: [64, 64] });
 * pets.train.images.shape   // [2000, 64, 64, 3]
 * ```
 *
 * @throws Error if `COURSE_DATA` names a folder that is missing, lacks a class or has another one
 * @throws Interrupted after an interrupt
 * Taught in 04_cats_and_dogs.
 */
export async function loadCatsAndDogs(options: PictureDatasetOptions = {}): Promise<PictureDataset> {
  return loadPictures(folderEntry('cats-vs-dogs'), options);
}

/**
 * Loads a dataset by its name, such as one of your own, and says so as `loadMnist` does: an entry of
 * `datasets/manifest.json`, or just a folder in `datasets/` with a sub-folder of pictures for each class. For a folder
 * elsewhere there is `loadImageFolder`.
 *
 * @param options for IDX files those of `loadMnist`, for folders of pictures those of `loadCatsAndDogs`
 * @returns what these return: `train` with `images` and `labels`, beside it `test` (IDX files) or `validation`
 *   (folders). Memory as theirs.
 *
 * ```ts
 * const flowers = await loadDataset('my-flowers', { size: [64, 64] });
 * flowers.classNames   // ['daisy', 'tulip']
 * ```
 *
 * @throws Error if there is neither entry nor folder, if the dataset can be had nowhere, or as `loadMnist`
 * Taught in 05_digits_from_folders.
 */
export async function loadDataset(
  name: string,
  options: LoadOptions & PictureDatasetOptions = {},
): Promise<ImageDataset | PictureDataset> {
  const entry = datasetEntry(name);
  const idxOptions = ['trainCount', 'testCount'];
  const common = ['env', 'onProgress', 'answerTimeout', 'silenceTimeout'];
  const useless = Object.keys(options).find(
    (key) => !common.includes(key) && idxOptions.includes(key) !== (entry.kind === 'idx'),
  );
  if (useless !== undefined) {
    const kind = entry.kind === 'idx' ? 'IDX files' : 'a folder of pictures';
    throw new Error(
      `loadDataset: got the option ${useless}, which does nothing for ${name}: it consists of ${kind}. Leave it out.`,
    );
  }
  return entry.kind === 'idx' ? loadIdx(entry, options) : loadPictures(entry, options);
}

async function loadIdx(entry: IdxEntry, options: LoadOptions): Promise<ImageDataset> {
  const dataset = await withProgress(options, (onProgress) => readIdxDataset(entry, { ...options, onProgress }));
  const { train, test } = dataset;
  const [trainCount, ...size] = train.images.shape;
  const counts = `${countText(trainCount)} training and ${countText(test.images.shape[0])} test images`;
  const text = `${dataset.title}: ${counts}, ${size.join(' × ')} pixels.`;
  show(datasetBundle(dataset, { text, html: `<strong>${escapeXml(text)}</strong><br>` }));
  return dataset;
}

async function loadPictures(entry: FolderEntry, options: PictureDatasetOptions): Promise<PictureDataset> {
  const dataset = await withProgress(options, (onProgress) => readPictureDataset(entry, { ...options, onProgress }));
  const { data } = folderBundle(dataset);
  show(datasetBundle(dataset, { text: data['text/plain'], html: String(data['text/html']) }));
  return dataset;
}

/** Shows how far the work is while it runs, and tells the caller's own listener too. */
async function withProgress<T>(
  options: { readonly onProgress?: OnProgress },
  work: (onProgress: OnProgress) => Promise<T>,
): Promise<T> {
  const live = new LiveProgress();
  return work((progress) => {
    live.update(progress);
    options.onProgress?.(progress);
  }).finally(() => live.end());
}

/** What was loaded and where from, and a warning that cannot be overlooked if it is not the real thing. */
function datasetBundle(
  { source, isDrawn }: Pick<ImageDataset, 'source' | 'isDrawn'>,
  { text, html }: { readonly text: string; readonly html: string },
): Bundle {
  const style = isDrawn ? ' style="border-left: 4px solid #D55E00; padding-left: 8px"' : '';
  return {
    data: {
      'text/html': `<div${style}>${html}${escapeXml(source.note)}</div>`,
      'text/plain': `${text}\n${source.note}`,
    },
  };
}
