import type { NdArray } from 'ndarray';
import { existsSync, readdirSync, statSync, type Stats } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { arrayOf } from '../arrays';
import { bmpProblem, decodeBmp, readBmpHeader } from './folder/bmp';
import { BadPicture, checkSize } from './folder/decode-reference';
import { formatOfContent, kindOfContent } from './folder/formats';
import { likeDataset, type OwnPicture, type PictureStyle } from '../preprocessing/own-picture';

/** Pixels of the longer side that are looked at: more only cost time. */
const LOOKED_AT = 640;
/** Of the shorter one, if the picture has as many. */
const LEAST_SIDE = 10;

export interface OwnPictureOptions {
  /** The dataset whose pictures it shall look like. Default `mnist`. */
  like?: PictureStyle;
}

/**
 * Reads a photo, a screenshot or a drawing of one digit (or one piece of clothing) from a file and makes it look like
 * the pictures that the model has learned from: 28 x 28 pixels, light on black, of the usual size and in the middle.
 * The steps are kept: `showOwnPicture` shows them.
 *
 * The ground must be plain: paper, a wall, a screen. Its colour, its light and which of the two is darker do not
 * matter. Cut off a table's edge.
 *
 * @param path of a JPEG, PNG, WebP, GIF, TIFF or BMP file; turned as its camera noted
 * @returns `images`, `[1, 28, 28]`, uint8, and the steps. New memory.
 * @throws Error if the file is missing or no picture, or if nothing stands out from the ground
 *
 * ```ts
 * const own = await ownPicture('my-seven.jpg');
 * showOwnPicture(own);
 * predict(model, toTensor(normalise(flatten(own.images))));
 * ```
 * Taught in 03_fashion_mnist_cnn and 05_digits_from_folders.
 */
export async function ownPicture(path: string, { like = 'mnist' }: OwnPictureOptions = {}): Promise<OwnPicture> {
  if (like !== 'mnist' && like !== 'fashion-mnist') {
    throw new RangeError(`ownPicture: got like: '${String(like)}'; expected 'mnist' or 'fashion-mnist'.`);
  }
  const picture = await readPicture(path);
  try {
    return likeDataset(picture, like);
  } catch (error) {
    throw new Error(`ownPicture: ${path}: ${(error as Error).message}`, { cause: error });
  }
}

async function readPicture(path: string): Promise<NdArray<Uint8Array>> {
  const bytes = await readPictureFile('ownPicture', path);
  try {
    return await decodePicture(bytes);
  } catch (error) {
    if (error instanceof BadPicture && error.reason === 'too large')
      throw new Error(`ownPicture: ${path}: got ${error.message}. Make it smaller in a picture program.`);
    throw new Error(
      `ownPicture: ${path}: cannot be read as a picture (${(error as Error).message}); ` +
        `expected JPEG, PNG, WebP, GIF, TIFF or BMP. Open it in a picture program and export it as PNG.`,
      { cause: error },
    );
  }
}

/**
 * The content of a file, whatever it is.
 *
 * @param caller the function that the learner has called
 * @throws Error if there is no such file, or it is none that can be read
 */
export async function readPictureFile(caller: string, path: string): Promise<Buffer> {
  const file = resolve(path);
  try {
    const status = statusOf(file);
    if (!status) throw new Error(`${caller}: ${path}: there is no such file. ${neighbours(dirname(file))}`);
    if (status.isDirectory())
      throw new Error(`${caller}: ${path}: got a folder; expected a picture. ${neighbours(file)}`);
    if (!status.isFile())
      throw new Error(
        `${caller}: ${path}: got a pipe or a device; expected a picture. ${neighbours(dirname(file))}`,
      );
    return await readFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
    throw new Error(
      `${caller}: ${path}: got no permission to read it (${code}). ` +
        'Allow it for the file and the folders that it lies in, or copy the picture to a folder of your own.',
      { cause: error },
    );
  }
}

/** Undefined if there is no such file, whatever the reason. */
function statusOf(file: string): Stats | undefined {
  try {
    return statSync(file);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes((error as NodeJS.ErrnoException).code ?? '')) return;
    throw error;
  }
}

/**
 * The pixels of a picture, for {@link likeDataset}: `[height, width, 4]`, red, green, blue and opacity; turned upright,
 * reduced if it is large.
 *
 * @throws BadPicture if it has too many pixels; Error if it cannot be read
 */
export async function decodePicture(bytes: Buffer): Promise<NdArray<Uint8Array>> {
  const format = formatOfContent(bytes);
  if (format === undefined) throw new Error(bytes.length === 0 ? 'the file is empty' : `it is ${kindOfContent(bytes)}`);
  if (!isRead(format)) throw new Error(`it is ${format}`);
  // Loaded when the first picture is read: most lessons need none.
  const { default: sharp } = await import('sharp');
  const options = { failOn: 'truncated' } as const;
  const { width, height } =
    format === 'BMP' ? sizeOfBmp(bytes) : (await sharp(bytes, { limitInputPixels: false }).metadata()).autoOrient;
  checkSize(width, height);
  // A long, narrow picture keeps the pixels of its shorter side that `likeDataset` needs.
  const side = Math.max(LOOKED_AT, Math.ceil((LEAST_SIDE * Math.max(width, height)) / Math.min(width, height)));
  const picture = format === 'BMP'
    ? sharp(decodeBmp(bytes), { ...options, raw: sizeOfBmp(bytes) })
    : sharp(bytes, options);
  const { data, info } = await picture
    .autoOrient()
    .resize(side, side, { fit: 'inside', withoutEnlargement: true, kernel: 'linear' })
    .toColourspace('srgb').ensureAlpha().raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  return arrayOf(new Uint8Array(data.buffer, data.byteOffset, data.length), [info.height, info.width, info.channels]);
}

const isRead = (format: string): boolean => ['JPEG', 'PNG', 'WebP', 'GIF', 'TIFF', 'BMP'].includes(format);

/** sharp reads all but these. */
function sizeOfBmp(bytes: Buffer): { width: number; height: number; channels: 4 } {
  const header = readBmpHeader(bytes);
  const problem = bmpProblem(header);
  if (problem) throw new Error(`it is ${problem}`);
  const { width, height } = header;
  return { width, height, channels: 4 };
}

/** What lies in the folder where the file was expected: most often the name is a little different. */
function neighbours(folder: string): string {
  if (!existsSync(folder)) return `There is no folder ${folder} either.`;
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    return `What is in ${folder} cannot be listed (${(error as NodeJS.ErrnoException).code}).`;
  }
  const pictures = names.filter((name) => /\.(jpe?g|png|webp|gif|tiff?|bmp)$/i.test(name));
  if (pictures.length === 0) return `There are no pictures in ${folder}.`;
  const more = pictures.length > 10 ? ` and ${pictures.length - 10} more` : '';
  return `The pictures in ${basename(folder)}: ${pictures.slice(0, 10).join(', ')}${more}.`;
}
