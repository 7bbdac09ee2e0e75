import { readImageFolder, type FolderOptions, type ImageFolder } from './folder/image-folder';
import { openFolderDataset, type DataSource, type OpenOptions } from './locate';
import type { FolderEntry } from './manifest';

/** A dataset of the manifest that consists of pictures in folders. Printed, it is a summary. */
export interface PictureDataset extends ImageFolder {
  readonly source: DataSource;
  readonly isDrawn: boolean;
}

/** Those of `readImageFolder`, and where to look for the dataset. */
export interface PictureDatasetOptions extends Omit<FolderOptions, 'onProgress'>, OpenOptions {}

/**
 * Reads a dataset of pictures in folders from where it is found, and shows nothing; notebooks call `loadCatsAndDogs`
 * and `loadDataset` of the display room, which do. See `readImageFolder` for the result.
 *
 * @throws Error if it can be had nowhere, or if a folder of one's own lacks a class
 */
export async function readPictureDataset(
  entry: FolderEntry,
  { onProgress, ...options }: PictureDatasetOptions = {},
): Promise<PictureDataset> {
  const { source, folder } = await openFolderDataset(entry, { ...options, onProgress });
  const isDrawn = source.kind === 'drawn';
  const title = isDrawn && entry.standIn ? entry.standIn.title : entry.title;
  const pictures = await readImageFolder(folder, {
    ...options,
    onProgress: ({ done, total, imagesPerSecond }) =>
      onProgress?.({
        activity: 'decode',
        what: title,
        unit: 'images',
        received: done,
        total,
        ratePerSecond: imagesPerSecond,
      }),
  });
  return Object.assign(pictures, { title, source, isDrawn });
}
