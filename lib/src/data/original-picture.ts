import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { decodeBmp, readBmpHeader } from './folder/bmp';

/** A picture as a browser can show it. */
export interface OriginalPicture {
  bytes: Uint8Array;
  /** The MIME type of the bytes. */
  type: string;
  /** The picture in the file, in pixels, turned as EXIF says; the bytes may hold a smaller copy. */
  width: number;
  height: number;
}

/** What browsers show by themselves. */
const SHOWN_BY_BROWSERS = ['jpeg', 'png', 'webp', 'gif', 'bmp'];
/** More pixels a side, or bytes, than a screen needs. */
const LARGEST_SIDE = 1_200;
const MOST_BYTES = 4_000_000;

/**
 * Reads a picture from its file, for looking at it: as it is where a browser can show it and it is not huge, else as
 * a copy of at most 1,200 pixels a side.
 *
 * @throws Error if the file is gone or is no picture
 */
export async function readOriginalPicture(file: string): Promise<OriginalPicture> {
  const bytes = await readRegularFile(file);
  // Loaded when the first picture is asked for: most lessons need none.
  const { default: sharp } = await import('sharp');
  const isBmp = bytes.toString('latin1', 0, 2) === 'BM';
  const metadata = isBmp ? undefined : await sharp(bytes).metadata();
  const format = metadata?.format ?? 'bmp';
  const { width, height } = metadata?.autoOrient ?? readBmpHeader(bytes);
  if (SHOWN_BY_BROWSERS.includes(format) && Math.max(width, height) <= LARGEST_SIDE && bytes.length <= MOST_BYTES) {
    return { bytes, type: `image/${format}`, width, height };
  }
  const picture = isBmp ? sharp(decodeBmp(bytes), { raw: { width, height, channels: 4 } }) : sharp(bytes).autoOrient();
  const copy = picture.resize(LARGEST_SIDE, LARGEST_SIDE, { fit: 'inside', withoutEnlargement: true });
  return { bytes: await copy.webp({ quality: 90 }).toBuffer(), type: 'image/webp', width, height };
}

/** The dataset was read some time ago: by now there may be nothing, or something that never ends. */
async function readRegularFile(file: string): Promise<Buffer> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if ((await handle.stat()).isFile()) return await handle.readFile();
    throw new Error(`${file}: got no regular file, expected the picture that was there.`);
  } finally {
    await handle.close();
  }
}
