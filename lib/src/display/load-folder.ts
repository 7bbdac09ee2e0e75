import { countText } from '../arrays';
import {
  indexImageFolder,
  readImageFolder,
  type FolderBatches,
  type FolderFiles,
  type FolderOptions,
  type ImageFolder,
} from '../data/folder/image-folder';
import type { SkippedFile } from '../data/folder/list';
import { escapeXml } from '../plots/svg';
import { LiveProgress } from './live-progress';
import { show, type Bundle } from './output';

/**
 * Loads a folder of pictures into memory, shows how far it is, and says below the cell what was found: the classes with
 * their numbers of pictures, where they come from, and which files were skipped and why.
 *
 * Layouts: `train/<class>/*` (or `training`) with `validation/` beside it (or `valid`, `val`, `testing`, `test`), in small
 * or capital letters, or `<class>/*`. A picture counts once: links to others of the folder are skipped.
 *
 * @param options `size` ([32, 32]), `color` ('rgb' or 'grey'), `resize` ('squash', 'crop', 'fill', 'half crop half
 * fill'),
 *   `validationSplit` and `seed`, `minImagesPerClass`, `maxImagesPerClass`
 * @returns `train` and `validation`, each with `images` `[n, height, width, 3]` (`[n, height, width]` if grey) uint8
 * 0..255, `labels` `[n]`
 *   uint8, `files` and `originalSizes`; and what was `skipped`. There is nothing to dispose.
 *
 * ```ts
 * const digits = await loadImageFolder('digits', { size: [28, 28], color: 'grey', validationSplit: 0.2 });
 * digits.train.images.shape   // [1040, 28, 28]
 * ```
 *
 * Memory: the images of both parts may be views of one memory, which nothing else uses; the labels have their own.
 *
 * @throws Error if there is no such folder, no class in it, or a class without a picture that can be read
 * @throws Interrupted after an interrupt
 * Taught in 05_digits_from_folders.
 */
export async function loadImageFolder(folder: string, options: FolderOptions = {}): Promise<ImageFolder> {
  return shown(options, (withProgress) => readImageFolder(folder, withProgress));
}

/**
 * Opens a folder of pictures that does not fit into memory, and shows what `loadImageFolder` shows. The pictures are
 * decoded once, into a file of the cache; batches are read from it while the network trains.
 *
 * @param options those of `loadImageFolder`
 * @returns `train` and `validation` as those of `loadImageFolder`, with `batches(...)` instead of `images`
 *
 * ```ts
 * const photos = await openImageFolder('photos', { size: [64, 64], validationSplit: 0.2 });
 * await explore(photos);
 * const validationData = photos.validation?.batches();
 * await fit(model, photos.train.batches({ batchSize: 64 }), { epochs: 5, validationData });
 * ```
 *
 * @throws Error as `loadImageFolder`
 * Taught in 04_cats_and_dogs.
 */
export async function openImageFolder(
  folder: string,
  options: FolderOptions = {},
): Promise<ImageFolder<FolderBatches>> {
  return shown(options, (withProgress) => indexImageFolder(folder, withProgress));
}

async function shown<F extends ImageFolder<FolderFiles>>(
  options: FolderOptions,
  read: (options: FolderOptions) => Promise<F>,
): Promise<F> {
  const live = new LiveProgress();
  const onProgress: FolderOptions['onProgress'] = (progress) => {
    const { done, total, imagesPerSecond } = progress;
    live.update({
      activity: 'decode',
      what: 'pictures',
      unit: 'images',
      received: done,
      total,
      ratePerSecond: imagesPerSecond,
    });
    options.onProgress?.(progress);
  };
  const folder = await read({ ...options, onProgress }).finally(() => live.end());
  show(folderBundle(folder));
  return folder;
}

/** The summary of a folder, with the skipped files in a list that can be opened. */
export function folderBundle(folder: ImageFolder<FolderFiles>): Bundle {
  const text = folder.toString();
  return { data: { 'text/html': `<pre>${escapeXml(text)}</pre>${skippedHtml(folder.skipped)}`, 'text/plain': text } };
}

/** Of more files for one reason the rest is counted. */
const NAMED_FILES = 20;

/** The skipped files by reason, folded up; nothing if there are none. */
export function skippedHtml(skipped: readonly SkippedFile[]): string {
  if (skipped.length === 0) return '';
  const byReason = new Map<string, SkippedFile[]>();
  for (const file of skipped) {
    const files = byReason.get(file.reason);
    if (files) files.push(file);
    else byReason.set(file.reason, [file]);
  }
  const groups = [...byReason].map(([reason, files]) => {
    const named = files
      .slice(0, NAMED_FILES)
      .map(({ file, detail }) => `<li><code>${escapeXml(file)}</code>${detail ? ` (${escapeXml(detail)})` : ''}</li>`);
    const rest = files.length - named.length;
    return `<p>${countText(files.length)} × ${escapeXml(reason)}</p><ul>${named.join('')}${rest > 0 ? `<li>and ${countText(rest)} more</li>` : ''}</ul>`;
  });
  const count = `${countText(skipped.length)} ${skipped.length === 1 ? 'file was' : 'files were'} skipped`;
  return `<details><summary>${count}</summary>${groups.join('')}</details>`;
}
