import type { NdArray } from 'ndarray';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { arrayOf } from '../arrays';
import { bmpProblem, decodeBmp, readBmpHeader } from './folder/bmp';
import { formatOfContent, kindOfContent } from './folder/formats';
import { likeDataset, type OwnPicture, type PictureStyle } from '../preprocessing/own-picture';

/** Pixels of the longer side that are looked at: more only cost time. */
const LOOKED_AT = 640;

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
 * Taught in 03_fashion_cnn and 05_digits_from_folders.
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

/** `[height, width, 4]`: red, green, blue and opacity; turned upright, reduced if it is large. */
async function readPicture(path: string): Promise<NdArray<Uint8Array>> {
  const file = resolve(path);
  if (!existsSync(file)) throw new Error(`ownPicture: ${path}: there is no such file. ${neighbours(file)}`);
  if (!statSync(file).isFile()) {
    throw new Error(
      `ownPicture: ${path}: got no regular file; expected a picture. ${neighbours(`${file}/x`)}`,
    );
  }
  const bytes = await readFile(file);
  try {
    return await decode(bytes);
  } catch (error) {
    throw new Error(
      `ownPicture: ${path}: cannot be read as a picture (${(error as Error).message}); ` +
        `expected JPEG, PNG, WebP, GIF, TIFF or BMP. Open it in a picture program and export it as PNG.`,
      { cause: error },
    );
  }
}

async function decode(bytes: Buffer): Promise<NdArray<Uint8Array>> {
  const format = formatOfContent(bytes);
  if (format === undefined) throw new Error(bytes.length === 0 ? 'the file is empty' : `it is ${kindOfContent(bytes)}`);
  if (!isRead(format)) throw new Error(`it is ${format}`);
  // Loaded when the first picture is read: most lessons need none.
  const { default: sharp } = await import('sharp');
  const options = { failOn: 'truncated' } as const;
  const picture = format === 'BMP'
    ? sharp(pixelsOfBmp(bytes), { ...options, raw: sizeOfBmp(bytes) })
    : sharp(bytes, options);
  const { data, info } = await picture
    .autoOrient()
    .resize(LOOKED_AT, LOOKED_AT, { fit: 'inside', withoutEnlargement: true, kernel: 'linear' })
    .toColourspace('srgb').ensureAlpha().raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  return arrayOf(new Uint8Array(data.buffer, data.byteOffset, data.length), [info.height, info.width, info.channels]);
}

const isRead = (format: string): boolean => ['JPEG', 'PNG', 'WebP', 'GIF', 'TIFF', 'BMP'].includes(format);

/** sharp reads all but these. */
function pixelsOfBmp(bytes: Buffer): Uint8Array {
  const problem = bmpProblem(readBmpHeader(bytes));
  if (problem) throw new Error(`it is ${problem}`);
  return decodeBmp(bytes);
}

function sizeOfBmp(bytes: Buffer): { width: number; height: number; channels: 4 } {
  const { width, height } = readBmpHeader(bytes);
  return { width, height, channels: 4 };
}

/** What lies where the file was expected: most often the name is a little different. */
function neighbours(file: string): string {
  const folder = dirname(file);
  if (!existsSync(folder)) return `There is no folder ${folder} either.`;
  const pictures = readdirSync(folder).filter((name) => /\.(jpe?g|png|webp|gif|tiff?|bmp)$/i.test(name));
  if (pictures.length === 0) return `There are no pictures in ${folder}.`;
  const more = pictures.length > 10 ? ` and ${pictures.length - 10} more` : '';
  return `The pictures in ${basename(folder)}: ${pictures.slice(0, 10).join(', ')}${more}.`;
}
