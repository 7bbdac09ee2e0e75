import * as crypto from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { tf } from '../../tensorflow';
import { BadPicture, checkSize, decodeReference, hasNoWarning } from './decode-reference';
import { decodeAndResize, type GraphPicture } from './picture-graph';
import {
  endsInZeros,
  extensionOf,
  formatOfContent,
  formatOfName,
  hasEnd,
  hasHoleOfZeros,
  kindOfContent,
  readHeader,
  type PictureFormat,
} from './formats';
import type { Candidate } from './list';
import type { PictureOptions } from './options';

/** Larger files are refused without being read. */
const MAX_FILE_BYTES = 256_000_000;

/** What tells, without reading it, that a file is the one that was read before. */
export interface FileStamp {
  readonly bytes: number;
  readonly modified: number;
  readonly changed: number;
  readonly inode: number;
}

const stampOf = ({ size, mtimeMs, ctimeMs, ino }: Stats): FileStamp => ({
  bytes: size,
  modified: mtimeMs,
  changed: ctimeMs,
  inode: ino,
});

/** A file as it was read, before decoding. */
export interface ReadFile {
  readonly bytes: Buffer;
  readonly stamp: FileStamp;
  /** SHA-256 of the content. (Its CRC-32 would not do: PNGs of the same length have the same, by their own.) */
  readonly digest: string;
}

type Hash = (algorithm: string, data: Uint8Array, encoding: 'base64') => string;

/** Node's own function for one piece of data, which is faster; below 20.12 there is none. */
const hash: Hash =
  (crypto as { hash?: Hash }).hash ??
  ((algorithm, data, encoding) => crypto.createHash(algorithm).update(data).digest(encoding));

const digestOf = (bytes: Uint8Array): string => hash('sha256', bytes, 'base64');

/** Neither waits for the other end of a pipe nor follows a link: whatever a name has become since it was listed. */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

/** Memory for the files of one chunk, used again for the next: fresh memory costs as much as reading. */
export class ReadBuffer {
  private readonly memory = Buffer.allocUnsafeSlow(4_000_000);
  private used = 0;

  take(bytes: number): Buffer {
    if (this.used + bytes > this.memory.length) return Buffer.allocUnsafeSlow(bytes);
    return this.memory.subarray(this.used, (this.used += bytes));
  }

  /** From now on, what was taken before is written over. */
  reset(): void {
    this.used = 0;
  }
}

/**
 * Reads a file whole.
 *
 * @throws BadPicture if it is gone, no file, empty, too large or not to be read
 */
export function readCandidate({ path }: Candidate, buffer: ReadBuffer): ReadFile {
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
    if (status.size > MAX_FILE_BYTES)
      throw new BadPicture('too large', `${Math.round(status.size / 1e6)} MB, more than ${MAX_FILE_BYTES / 1e6} MB`);
    const bytes = buffer.take(status.size);
    for (let read = 0; read < bytes.length;) {
      const more = readSync(descriptor, bytes, read, bytes.length - read, read);
      if (more === 0) throw new BadPicture('changed or vanished while it was read');
      read += more;
    }
    return { bytes, stamp: stampOf(status), digest: digestOf(bytes) };
  } catch (error) {
    throw error instanceof BadPicture ? error : unreadable(error as NodeJS.ErrnoException);
  } finally {
    closeSync(descriptor);
  }
}

export function unreadable(error: NodeJS.ErrnoException): BadPicture {
  if (error.code === 'EACCES' || error.code === 'EPERM') return new BadPicture('no permission');
  if (error.code === 'ENOENT' || error.code === 'ELOOP' || error.code === 'ENOTDIR')
    return new BadPicture('changed or vanished while it was read');
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

export interface DecodedPicture {
  /** `[height, width]` or `[height, width, 3]` */
  readonly pixels: Uint8Array;
  /** Width and height before resizing. */
  readonly size: readonly [number, number];
}

/** A picture on its way, and its place among the outcomes. */
interface Job {
  readonly index: number;
  readonly format: PictureFormat;
  readonly bytes: Buffer;
  /** What the graph takes; undefined if only the reference decoder does this picture right. */
  picture: GraphPicture | undefined;
}

/**
 * Decodes files that have been read: plain ones together on all cores, the others a few at a time.
 *
 * @returns one outcome a file, in their order
 */
export async function decodeFiles(
  files: readonly { candidate: Candidate; bytes: Buffer }[],
  options: PictureOptions,
): Promise<(DecodedPicture | BadPicture)[]> {
  const outcomes: (DecodedPicture | BadPicture | undefined)[] = files.map(() => undefined);
  const jobs: Job[] = [];
  files.forEach(({ candidate, bytes }, index) => {
    try {
      const format = formatOf(candidate, bytes);
      jobs.push({ index, format, bytes, picture: asPlain(bytes, format, options) });
    } catch (error) {
      outcomes[index] = asBadPicture(error);
    }
  });
  const decode = (list: readonly Job[]): void => {
    if (list.length === 0) return;
    const pixels = decodeAndResize(
      list.map(({ picture }) => picture!),
      options,
    );
    list.forEach(({ index, picture }, i) => {
      outcomes[index] = { pixels: pixels[i], size: picture!.size };
    });
  };

  const plain = jobs.filter(({ picture }) => picture);
  try {
    decode(plain);
  } catch {
    // One damaged picture fails the whole call: those that TensorFlow cannot decode are left to the reference decoder,
    // which says why.
    for (const job of plain) {
      if (!canDecode(job)) job.picture = undefined;
    }
    decode(plain.filter(({ picture }) => picture));
  }

  const others = jobs.filter(({ picture }) => !picture);
  await aFewAtOnce(others, async (job) => {
    try {
      job.picture = { kind: 'RAW', ...(await decodeReference(job.bytes, job.format, options)) };
    } catch (error) {
      outcomes[job.index] = asBadPicture(error);
    }
  });
  decode(others.filter(({ picture }) => picture));

  const suspects = jobs.filter(({ index, format }) => {
    const outcome = outcomes[index];
    return format === 'JPEG' && !(outcome instanceof BadPicture) && mayLackData(outcome!.pixels, options);
  });
  await aFewAtOnce(suspects, async ({ index, bytes }) => {
    if (await hasNoWarning(bytes)) return;
    outcomes[index] = new BadPicture('damaged', 'a part of its data is missing or wrong');
  });
  return outcomes as (DecodedPicture | BadPicture)[];
}

async function aFewAtOnce(jobs: readonly Job[], work: (job: Job) => Promise<void>): Promise<void> {
  const queue = jobs.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const job of queue) await work(job);
    }),
  );
}

/** What decoders put where the data of a JPEG has ended too early, without an error: the middle of the range. */
const MISSING = 128;

/** Whether the middle of a row has just the grey of missing data. Few sound pictures do: grey paper, a drawn ground. */
function mayLackData(pixels: Uint8Array, { size: [height, width], color }: PictureOptions): boolean {
  const channels = color === 'grey' ? 1 : 3;
  const start = Math.floor((width * 3) / 8) * channels;
  const length = Math.max(1, width >> 2) * channels;
  for (let y = height - 1; y >= 0; y--) {
    const from = y * width * channels + start;
    let same = 0;
    while (same < length && pixels[from + same] === MISSING) same++;
    if (same === length) return true;
  }
  return false;
}

function asBadPicture(error: unknown): BadPicture {
  if (error instanceof BadPicture) return error;
  throw error;
}

function asPlain(bytes: Buffer, format: PictureFormat, { color }: PictureOptions): GraphPicture | undefined {
  if (format !== 'JPEG' && format !== 'PNG') return undefined;
  // Zeros are valid codes: every decoder would make grey of them.
  if (format === 'JPEG' && endsInZeros(bytes)) throw new BadPicture('truncated', 'it ends in zeros');
  if (format === 'JPEG' && hasHoleOfZeros(bytes)) throw new BadPicture('damaged', 'a part of it is nothing but zeros');
  const header = readHeader(bytes, format);
  if (!header || header.width === 0 || header.height === 0) return undefined;
  const { width, height, isPlain, isGrey } = header;
  checkSize(width, height);
  // TensorFlow takes other weights for grey when a PNG has colours.
  if (!isPlain || !hasEnd(bytes, format) || (format === 'PNG' && color === 'grey' && !isGrey)) return undefined;
  return { content: bytes, kind: format, width, height, size: [width, height] };
}

function canDecode({ bytes, format }: Job): boolean {
  try {
    (format === 'PNG' ? tf.node.decodePng(bytes, 3) : tf.node.decodeJpeg(bytes, 3)).dispose();
    return true;
  } catch {
    return false;
  }
}
