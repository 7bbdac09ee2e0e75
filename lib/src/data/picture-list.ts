import { readdirSync, realpathSync, type Dirent } from 'node:fs';
import path from 'node:path';
import { countText } from '../arrays';
import { byCodePoint, isHidden, listFolder, type SkippedFile } from './folder/list';

/** A file that may be a picture. */
export interface ListedPicture {
  /** As a summary calls it: relative to the folder, or as it was given. */
  readonly file: string;
  /** Absolute, links resolved. */
  readonly path: string;
  /** The sub-folder that it lies in; undefined in a folder without sub-folders, and in a list. */
  readonly folder: string | undefined;
}

export interface PictureList {
  /** The name of the folder, or how many files were given. */
  readonly title: string;
  readonly pictures: readonly ListedPicture[];
  readonly skipped: readonly SkippedFile[];
}

/**
 * Lists the pictures of a folder with one sub-folder for each class, or without sub-folders, or those of a list. No
 * file is opened.
 *
 * @throws Error if there is no such folder, nothing in it, or training pictures beside validation pictures
 */
export function listPictures(caller: string, source: string | readonly string[]): PictureList {
  if (typeof source === 'string') return listOfFolder(caller, source);
  const skipped: SkippedFile[] = [];
  const pictures = source.flatMap((file): ListedPicture[] => {
    const found = resolved(file);
    if (found === undefined) skipped.push({ file, reason: 'no such file' });
    return found === undefined ? [] : [{ file, path: found, folder: undefined }];
  });
  if (source.length === 0) throw new Error(`${caller}: got no files; expected at least one.`);
  return { title: `${countText(source.length)} ${source.length === 1 ? 'file' : 'files'}`, pictures, skipped };
}

function listOfFolder(caller: string, folder: string): PictureList {
  const title = path.basename(path.resolve(folder));
  const entries = entriesOf(folder);
  const hasClasses = entries.some((entry) => entry.isDirectory() && !isHidden(entry.name));
  if (hasClasses || entries.length === 0) {
    // Which also says what is wrong with a folder that there is not, that is empty or not to be read.
    const { train, trainFolder, skipped } = listFolder(folder, true);
    if (trainFolder !== '') {
      throw new Error(
        `${caller}: ${folder}: got a folder with the parts of a dataset; expected one of them, such as ` +
          `${path.join(folder, trainFolder)}: its sub-folders are the classes.`,
      );
    }
    const pictures = train.map(({ file, path: absolute, className }) => ({ file, path: absolute, folder: className }));
    return { title, pictures, skipped };
  }
  const skipped: SkippedFile[] = [];
  const root = realpathSync(folder);
  const names = entries.map(({ name }) => name).sort(byCodePoint);
  const pictures = names.flatMap((file): ListedPicture[] => {
    const found = resolved(path.join(root, file));
    const reason = isHidden(file) ? 'hidden file'
      : found === undefined ? 'broken link'
        : path.dirname(found) === root ? undefined : 'link that leads out of the folder';
    if (reason !== undefined) skipped.push({ file, reason });
    return reason === undefined ? [{ file, path: found!, folder: undefined }] : [];
  });
  if (pictures.length === 0) {
    throw new Error(
      `${caller}: ${folder}: got a folder without pictures; expected some, or one sub-folder for each class.`,
    );
  }
  return { title, pictures, skipped };
}

/** What is in a folder; nothing if it cannot be listed. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Where a name leads; undefined if there is nothing. */
function resolved(file: string): string | undefined {
  try {
    return realpathSync(file);
  } catch {
    return undefined;
  }
}
