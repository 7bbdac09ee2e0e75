import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { tf } from '../../tensorflow';
import { BadPicture, checkSize, decodeReference, type DecodedPicture } from './decode-reference';
import { decodePlain, type PlainPicture } from './decode-plain';
import { extensionOf, formatOfContent, formatOfName, hasEnd, kindOfContent, readHeader, type PictureFormat } from './formats';
import type { Candidate } from './list';
import { pixelBytes, type PictureOptions } from './options';

/** Larger files are refused without being read. */
const MAX_FILE_BYTES = 256_000_000;

/** What tells, without reading it, that a file is the one that was read before. */
export interface FileStamp {
  readonly bytes: number;
  readonly modified: number;
  readonly changed: number;
  readonly inode: number;
}

export const stampOf = ({ size, mtimeMs, ctimeMs, ino }: Stats): FileStamp => ({ bytes: size, modified: mtimeMs, changed: ctimeMs, inode: ino });

/** A file as it was read, before decoding. */
export interface ReadFile {
  readonly bytes: Buffer;
  readonly stamp: FileStamp;
  readonly digest: string;
}

/** Neither waits for the other end of a pipe nor follows a link: whatever a name has become since it was listed. */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

/**
 * Reads a file whole.
 *
 * @throws BadPicture if it is gone, no file, empty, too large or not to be read
 */
export function readCandidate({ path }: Candidate): ReadFile {
  let descriptor: number;
  try {
    descriptor = openSync(path, OPEN_FLAGS);
  } catch (error) {
    throw unreadable(error as NodeJS.ErrnoException);
  }
  try {
    const status = fstatSync(descriptor);
    if (!status.isFile()) throw new BadPicture('not a file');
    if (status.size === 0) throw new BadPicture('empty file');
    if (status.size > MAX_FILE_BYTES) throw new BadPicture('too large', `${Math.round(status.size / 1e6)} MB, more than ${MAX_FILE_BYTES / 1e6} MB`);
    const bytes = Buffer.allocUnsafe(status.size);
    for (let read = 0; read < bytes.length;) {
      const more = readSync(descriptor, bytes, read, bytes.length - read, read);
      if (more === 0) throw new BadPicture('changed or vanished while it was read');
      read += more;
    }
    return { bytes, stamp: stampOf(status), digest: createHash('sha256').update(bytes).digest('hex') };
  } catch (error) {
    throw error instanceof BadPicture ? error : unreadable(error as NodeJS.ErrnoException);
  } finally {
    closeSync(descriptor);
  }
}

export function unreadable(error: NodeJS.ErrnoException): BadPicture {
  if (error.code === 'EACCES' || error.code === 'EPERM') return new BadPicture('no permission');
  if (error.code === 'ENOENT' || error.code === 'ELOOP' || error.code === 'ENOTDIR') return new BadPicture('changed or vanished while it was read');
  return new BadPicture('damaged', `it cannot be read (${error.code ?? error.message})`);
}

/**
 * The format of a picture, by its content.
 *
 * @throws BadPicture if it is none that is read, or if the name promises another one
 */
function formatOf({ file }: Candidate, bytes: Buffer): PictureFormat {
  const format = formatOfContent(bytes);
  if (format === undefined) throw new BadPicture('not a picture', `the content is ${kindOfContent(bytes)}`);
  if (!isRead(format)) throw new BadPicture('unsupported format', format);
  const promised = formatOfName(file);
  if (promised === format) return format;
  const extension = extensionOf(file);
  // A name without an extension promises nothing.
  if (promised === undefined && extension === '') return format;
  throw new BadPicture('mislabelled', `the name says ${promised ?? `.${extension}`}, the content is ${format}`);
}

const readFormats: readonly string[] = ['JPEG', 'PNG', 'WebP', 'GIF', 'TIFF', 'BMP'] satisfies PictureFormat[];
const isRead = (format: string): format is PictureFormat => readFormats.includes(format);

/** Pictures that the reference decoder has in hand at the same time. */
const AT_ONCE = 4;

/**
 * Decodes files that have been read: plain ones together on all cores, the others a few at a time.
 *
 * @returns one outcome a file, in their order
 */
export async function decodeFiles(files: readonly { candidate: Candidate; bytes: Buffer }[], options: PictureOptions): Promise<(DecodedPicture | BadPicture)[]> {
  const outcomes: (DecodedPicture | BadPicture | undefined)[] = files.map(() => undefined);
  const plain: { index: number; picture: PlainPicture }[] = [];
  const others: { index: number; bytes: Buffer; format: PictureFormat }[] = [];
  files.forEach(({ candidate, bytes }, index) => {
    try {
      const format = formatOf(candidate, bytes);
      const picture = asPlain(bytes, format, options);
      if (picture) plain.push({ index, picture });
      else others.push({ index, bytes, format });
    } catch (error) {
      outcomes[index] = asBadPicture(error);
    }
  });

  const decodable = decodablePlain(plain, options);
  const size = pixelBytes(options);
  decodable.pictures.forEach(({ index, picture: { header: { width, height } } }, i) => {
    outcomes[index] = { pixels: decodable.pixels.subarray(i * size, (i + 1) * size), size: [width, height] };
  });
  others.push(...decodable.failed.map(({ index, picture: { bytes, format } }) => ({ index, bytes, format })));

  const queue = others.values();
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (const { index, bytes, format } of queue) {
      outcomes[index] = await decodeReference(bytes, format, options).catch(asBadPicture);
    }
  }));
  return outcomes as (DecodedPicture | BadPicture)[];
}

function asBadPicture(error: unknown): BadPicture {
  if (error instanceof BadPicture) return error;
  throw error;
}

/** Undefined if only the reference decoder does this picture right. */
function asPlain(bytes: Buffer, format: PictureFormat, { color }: PictureOptions): PlainPicture | undefined {
  if (format !== 'JPEG' && format !== 'PNG') return undefined;
  const header = readHeader(bytes, format);
  if (!header || header.width === 0 || header.height === 0) return undefined;
  checkSize(header.width, header.height);
  // TensorFlow takes other weights for grey when a PNG has colours.
  if (!header.isPlain || !hasEnd(bytes, format) || (format === 'PNG' && color === 'grey' && !header.isGrey)) return undefined;
  return { bytes, format, header };
}

interface PlainResult<P> {
  readonly pictures: readonly P[];
  readonly pixels: Uint8Array;
  readonly failed: readonly P[];
}

/** One damaged picture fails the whole call: then they are tried one by one, and the damaged ones are left to the reference decoder. */
function decodablePlain<P extends { picture: PlainPicture }>(pictures: readonly P[], options: PictureOptions): PlainResult<P> {
  if (pictures.length === 0) return { pictures, pixels: new Uint8Array(), failed: [] };
  const decode = (list: readonly P[]): Uint8Array => decodePlain(list.map(({ picture }) => picture), options);
  try {
    return { pictures, pixels: decode(pictures), failed: [] };
  } catch {
    const decodable = pictures.map(({ picture }) => canDecode(picture));
    const good = pictures.filter((_, i) => decodable[i]);
    const failed = pictures.filter((_, i) => !decodable[i]);
    try {
      return { pictures: good, pixels: good.length > 0 ? decode(good) : new Uint8Array(), failed };
    } catch {
      // The reference decoder says what is wrong.
      return { pictures: [], pixels: new Uint8Array(), failed: pictures };
    }
  }
}

function canDecode({ bytes, format }: PlainPicture): boolean {
  try {
    tf.tidy(() => format === 'PNG' ? tf.node.decodePng(bytes, 3) : tf.node.decodeJpeg(bytes, 3, 8));
    return true;
  } catch {
    return false;
  }
}
