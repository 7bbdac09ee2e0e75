import type { Sharp, SharpOptions } from 'sharp';
import { bmpProblem, decodeBmp, readBmpHeader } from './bmp';
import { hasEnd, type PictureFormat } from './formats';
import { placementOf } from './geometry';
import type { PictureOptions } from './options';
import type { SkipReason } from './list';

/**
 * The reference decoder: sharp, which is libvips. It knows every format but BMP, turns pictures as EXIF says, converts
 * CMYK, 16 bits and colour profiles to sRGB, and takes about a millisecond a picture whatever its size; plain pictures
 * go through `decode-plain`.
 */

/**
 * More pixels than this are refused: a file of a few kilobytes can claim any size, and would fill the memory. The
 * largest cameras of phones make 200 megapixels, but hand on 50 or less unless they are told otherwise.
 */
export const MAX_PIXELS = 100_000_000;

/** Under what is transparent. Pictures with alpha are made for pages, and pages are white. */
const BACKGROUND = { r: 255, g: 255, b: 255 };

/** Types of the values of a picture, as libvips calls them: 1 to 8 bits and 16 bits. */
const depths: readonly (string | undefined)[] = ['uchar', 'ushort'];

/** A picture that cannot be used, and why. */
export class BadPicture extends Error {
  constructor(
    readonly reason: SkipReason,
    readonly detail?: string,
  ) {
    super(detail ?? reason);
  }
}

/** A decoded picture that is still to be brought to its size. */
export interface RawPicture {
  /** 1 (grey) or 3 numbers a pixel. */
  readonly content: Buffer;
  readonly width: number;
  readonly height: number;
  /** Width and height in the file, as the picture is seen: after turning. */
  readonly size: readonly [number, number];
}

/** @throws BadPicture if a picture has too many pixels */
export function checkSize(width: number, height: number): void {
  if (width * height <= MAX_PIXELS) return;
  throw new BadPicture('too large', `${width} x ${height} pixels, more than ${MAX_PIXELS / 1e6} megapixels`);
}

/**
 * Decodes any picture; of several frames or pages the first. Large ones come out smaller, but at least twice as large
 * as wanted.
 *
 * @throws BadPicture if it is damaged, truncated or too large
 */
export async function decodeReference(
  bytes: Buffer,
  format: PictureFormat,
  options: PictureOptions,
): Promise<RawPicture> {
  try {
    const picture = format === 'BMP' ? openBmp(bytes) : open(bytes, {});
    // Without a limit here, because its message would not tell it from other errors. Orientations 5 to 8 lie on their
    // side.
    const {
      autoOrient: { width, height },
      depth,
    } = format === 'BMP' ? await picture.metadata() : await open(bytes, { limitInputPixels: false }).metadata();
    checkSize(width, height);
    // Nobody says which of their values is white: brought to bytes as they are, most pictures would be black.
    if (!depths.includes(depth)) throw new BadPicture('unsupported format', `${format} with values of type ${depth}`);
    return await rawPicture(picture, [width, height], options);
  } catch (error) {
    if (error instanceof BadPicture) throw error;
    // The decoder's message may be that of another picture that it had in hand at the same time.
    const isTruncated = error instanceof RangeError || !hasEnd(bytes, format);
    throw new BadPicture(isTruncated ? 'truncated' : 'damaged', `not a complete ${format} that can be decoded`);
  }
}

/**
 * Whether a JPEG that can be decoded is decoded without a warning, such as one of missing data. It decodes the whole
 * picture, and sound ones of odd programs warn too: it is for those that look broken.
 */
export async function hasNoWarning(bytes: Buffer): Promise<boolean> {
  try {
    const picture = open(bytes, { failOn: 'warning', autoOrient: false });
    const { height } = await picture.metadata();
    // One column needs all rows, and little memory.
    await picture.extract({ left: 0, top: 0, width: 1, height }).raw().toBuffer();
    return true;
  } catch {
    return false;
  }
}

// Loaded when the first such picture comes: most folders have none.
const open = (bytes: Uint8Array, options: SharpOptions): Sharp =>
  (require('sharp') as typeof import('sharp'))(bytes, {
    limitInputPixels: MAX_PIXELS,
    failOn: 'error',
    autoOrient: true,
    ...options,
  });

function openBmp(bytes: Buffer): Sharp {
  const header = readBmpHeader(bytes);
  const problem = bmpProblem(header);
  if (problem) throw new BadPicture('unsupported format', problem);
  const { width, height } = header;
  checkSize(width, height);
  return open(decodeBmp(bytes), { raw: { width, height, channels: 4 } });
}

async function rawPicture(picture: Sharp, size: [number, number], options: PictureOptions): Promise<RawPicture> {
  const placed = placementOf(size, [options.size[1], options.size[0]], options.resize);
  const [width, height] = [Math.min(size[0], placed.width * 2), Math.min(size[1], placed.height * 2)];
  const { data, info } = await picture
    .flatten({ background: BACKGROUND })
    .toColourspace('srgb')
    .resize({ width, height, fit: 'fill', kernel: 'linear' })
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { content: withChannels(data, info.channels, options.color === 'grey' ? 1 : 3), width, height, size };
}

/** @param channels 1 or 2: grey, perhaps with what is left of alpha; 3 or 4: colour */
function withChannels(data: Buffer, channels: number, wanted: 1 | 3): Buffer {
  if (channels === wanted) return data;
  const pixels = data.length / channels;
  const result = Buffer.allocUnsafe(pixels * wanted);
  const [green, blue] = channels < 3 ? [0, 0] : [1, 2];
  for (let i = 0, from = 0, to = 0; i < pixels; i++, from += channels, to += wanted) {
    const [r, g, b] = [data[from], data[from + green], data[from + blue]];
    if (wanted === 1) result[to] = luma(r, g, b);
    else [result[to], result[to + 1], result[to + 2]] = [r, g, b];
  }
  return result;
}

/** 0.299 R + 0.587 G + 0.114 B in 16-bit fractions, as JPEG decoders calculate it. */
const luma = (r: number, g: number, b: number): number => (19_595 * r + 38_470 * g + 7_471 * b + 32_768) >> 16;
