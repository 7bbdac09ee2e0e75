import { createHash, randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  read,
  readSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { countText } from '../../arrays';
import { crc32 } from '../crc32';
import { cacheFolder } from '../../../cache-folder.cjs';
import type { FileStamp } from './decode';
import type { SkipReason } from './list';
import type { PictureOptions } from './options';

/**
 * Decoded pictures on disk, one file for each folder and way of decoding, so that a folder is decoded once.
 *
 * A picture is known by the SHA-256 of its file; the stamp of the file (size, times, inode) only saves reading it. The
 * file holds a header, the pixels, and a table of the files; a checksum over both tells damage, and it lands whole or
 * not at all.
 */

/** What is known of one file. */
export interface CachedFile {
  /** Relative to the folder of pictures. */
  readonly file: string;
  readonly stamp: FileStamp;
  readonly digest: string;
  /** Which of the pictures; undefined if it is none. */
  readonly row?: number;
  /** Width and height before resizing. */
  readonly size?: readonly [number, number];
  readonly reason?: SkipReason;
  readonly detail?: string;
}

/** Grows when decoding changes, so that older pixels are not taken for those of today. */
const VERSION = 4;
const MAGIC = `CPIXEL${String(VERSION).padStart(2, '0')}`;
const HEADER_BYTES = 64;
const EXTENSION = '.pixels';
const TEMPORARY = '.tmp';
/** A temporary file this old was left behind by a process that is gone. */
const ABANDONED_MS = 3_600_000;

/** All files together, in bytes; the least recently used go first. */
export const CACHE_LIMIT = 2_000_000_000;

const pixelFolder = (env?: NodeJS.ProcessEnv): string => path.join(cacheFolder(env), 'pixels');

const key = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 20);

/** Where the pixels of a folder are kept: one file for each way of decoding. */
export function cacheFileOf(folder: string, { size, color, resize }: PictureOptions): string {
  return path.join(pixelFolder(), `${key(folder)}-${key(JSON.stringify([size, color, resize]))}${EXTENSION}`);
}

/**
 * Takes the decoded pictures of one folder away: they are decoded again when they are needed.
 *
 * @param folder absolute, links resolved; it may be gone
 * @returns the bytes that are free again
 */
export function removePixels(folder: string, env?: NodeJS.ProcessEnv): number {
  const parent = pixelFolder(env);
  if (!statSync(parent, { throwIfNoEntry: false })?.isDirectory()) return 0;
  let bytes = 0;
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(`${key(folder)}-`) || !name.endsWith(EXTENSION)) continue;
    const file = path.join(parent, name);
    bytes += statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    rmSync(file, { force: true });
  }
  return bytes;
}

interface Header {
  readonly pixels: number;
  readonly table: number;
  readonly checksum: number;
}

function writeHeader({ pixels, table, checksum }: Header): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 0, 'latin1');
  header.writeDoubleLE(pixels, 8);
  header.writeDoubleLE(table, 16);
  header.writeUInt32LE(checksum, 24);
  return header;
}

/** Undefined if this is no such header, or the file has another length than it says. */
function readHeader(header: Buffer, length: number): Header | undefined {
  if (header.length < HEADER_BYTES || header.toString('latin1', 0, 8) !== MAGIC) return undefined;
  const [pixels, table] = [header.readDoubleLE(8), header.readDoubleLE(16)];
  return HEADER_BYTES + pixels + table === length ? { pixels, table, checksum: header.readUInt32LE(24) } : undefined;
}

/** A sound cache file: its table, and its pictures in memory or on disk. */
export interface CachedPixels {
  readonly files: CachedFile[];
  readonly pictures: Pictures;
}

/** Pictures of one size, by number. */
export interface Pictures {
  /** Memory: shared where the pictures are in memory. */
  read(row: number): Uint8Array;
}

export class PicturesInMemory implements Pictures {
  constructor(
    readonly pixels: Uint8Array,
    private readonly bytesEach: number,
  ) {}

  read(row: number): Uint8Array {
    return this.pixels.subarray(row * this.bytesEach, (row + 1) * this.bytesEach);
  }
}

/** Closes files that nobody can read from any more. */
const unused = new FinalizationRegistry<number>((descriptor) => closeSync(descriptor));

/** The file stays open as long as this object is used: another process may replace or remove it meanwhile. */
export class PicturesOnDisk implements Pictures {
  constructor(
    private readonly descriptor: number,
    private readonly bytesEach: number,
  ) {
    unused.register(this, descriptor, this);
  }

  /** Nothing can be read any more. Without it the file is closed when this object is collected. */
  close(): void {
    unused.unregister(this);
    closeSync(this.descriptor);
  }

  read(row: number): Uint8Array {
    const pixels = new Uint8Array(this.bytesEach);
    const read = readSync(this.descriptor, pixels, 0, this.bytesEach, this.positionOf(row));
    if (read !== this.bytesEach) throw cutOff();
    return pixels;
  }

  /** Reads pictures one after the other into an array, while other work goes on. */
  async readMany(rows: readonly number[]): Promise<Uint8Array> {
    const pixels = new Uint8Array(rows.length * this.bytesEach);
    await Promise.all(
      rows.map(async (row, i) => {
        const { bytesRead } = await readAhead(
          this.descriptor,
          pixels,
          i * this.bytesEach,
          this.bytesEach,
          this.positionOf(row),
        );
        if (bytesRead !== this.bytesEach) throw cutOff();
      }),
    );
    return pixels;
  }

  private positionOf(row: number): number {
    return HEADER_BYTES + row * this.bytesEach;
  }
}

const readAhead = promisify(read);

const cutOff = (): Error =>
  new Error('The file with the decoded pictures has been cut off while it was used. Open the folder again.');

/** Bytes that are read at once where a file does not go into memory. */
const BLOCK = 1 << 20;

/**
 * Opens a cache file: into memory, or so that its pictures stay on disk.
 *
 * @returns undefined if there is none that is sound: then the pictures are decoded
 */
export function openCache(file: string, place: 'memory' | 'disk', bytesEach: number): CachedPixels | undefined {
  let descriptor: number;
  try {
    // Whatever lies there: a pipe would wait for somebody who writes.
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch {
    return undefined;
  }
  let keepOpen = false;
  try {
    const length = fstatSync(descriptor).size;
    const head = Buffer.alloc(HEADER_BYTES);
    readSync(descriptor, head, 0, HEADER_BYTES, 0);
    const header = readHeader(head, length);
    if (!header || header.pixels % bytesEach !== 0) return undefined;
    // Every byte is read into: filling it with zeros first would take as long as reading.
    const body = new Uint8Array(
      Buffer.allocUnsafeSlow(place === 'memory' ? header.pixels : Math.min(BLOCK, header.pixels)).buffer,
    );
    let checksum = 0;
    for (let at = 0; at < header.pixels;) {
      const block = place === 'memory' ? body : body.subarray(0, Math.min(BLOCK, header.pixels - at));
      if (readSync(descriptor, block, 0, block.length, HEADER_BYTES + at) !== block.length) return undefined;
      checksum = crc32(block, checksum);
      at += block.length;
    }
    const table = Buffer.allocUnsafeSlow(header.table);
    readSync(descriptor, table, 0, table.length, HEADER_BYTES + header.pixels);
    if (crc32(table, checksum) !== header.checksum) return undefined;
    markUsed(file);
    keepOpen = place === 'disk';
    return {
      files: parseTable(table),
      pictures: keepOpen ? new PicturesOnDisk(descriptor, bytesEach) : new PicturesInMemory(body, bytesEach),
    };
  } catch {
    // A disk that fails, or a table that cannot be: as if there were none.
    return undefined;
  } finally {
    if (!keepOpen) closeSync(descriptor);
  }
}

function markUsed(file: string): void {
  try {
    const now = new Date();
    utimesSync(file, now, now);
  } catch {
    // A cache that cannot be written to is not tidied up either.
  }
}

/** Numbers of one file in the table: its stamp, and the row, width and height of its picture. */
const COLUMNS = 7;
const NO_PICTURE = [-1, 0, 0] as const;

/** What follows the numbers of all files, as JSON. */
interface TableText {
  readonly files: string[];
  readonly digests: string[];
  readonly reasons: Record<number, readonly [SkipReason, string?]>;
}

function formatTable(files: readonly CachedFile[]): Buffer {
  const numbers = new Float64Array(1 + files.length * COLUMNS);
  const text: TableText = { files: [], digests: [], reasons: {} };
  numbers[0] = files.length;
  files.forEach(({ file, stamp, digest, row, size, reason, detail }, i) => {
    const picture = row === undefined ? NO_PICTURE : [row, ...size!];
    numbers.set([stamp.bytes, stamp.modified, stamp.changed, stamp.inode, ...picture], 1 + i * COLUMNS);
    text.files.push(file);
    text.digests.push(digest);
    if (reason) text.reasons[i] = [reason, detail];
  });
  return Buffer.concat([new Uint8Array(numbers.buffer), Buffer.from(JSON.stringify(text))]);
}

/** @param table with memory of its own, from its beginning */
function parseTable(table: Buffer): CachedFile[] {
  const [count] = new Float64Array(table.buffer, 0, 1);
  const numbers = new Float64Array(table.buffer, 8, count * COLUMNS);
  const { files, digests, reasons } = JSON.parse(table.toString('utf8', 8 + numbers.byteLength)) as TableText;
  return files.map((file, i) => {
    const at = i * COLUMNS;
    const stamp = {
      bytes: numbers[at],
      modified: numbers[at + 1],
      changed: numbers[at + 2],
      inode: numbers[at + 3],
    };
    const [digest, row] = [digests[i], numbers[at + 4]];
    if (row >= 0) return { file, stamp, digest, row, size: [numbers[at + 5], numbers[at + 6]] };
    const [reason, detail] = reasons[i];
    return { file, stamp, digest, reason, detail: detail ?? undefined };
  });
}

/** Why a folder is not kept. */
export const overLimit = (bytes: number, limit: number): Error =>
  new Error(`they need ${countText(bytes)} bytes, more than cacheLimit = ${countText(limit)}`);

/** Writes a cache file; nothing is seen of it before `finish`. */
export class CacheWriter {
  private readonly temporary: string;
  private readonly descriptor: number;
  private pixels = 0;
  private checksum = 0;

  /** @throws the system's error if the cache cannot be written to */
  constructor(
    private readonly file: string,
    private readonly bytesEach: number,
  ) {
    mkdirSync(path.dirname(file), { recursive: true });
    this.temporary = `${file}.${randomUUID()}${TEMPORARY}`;
    this.descriptor = openSync(this.temporary, 'wx+');
    // A header of zeros: whoever finds the file unfinished finds none.
    this.write(Buffer.alloc(HEADER_BYTES), 0);
  }

  append(pixels: Uint8Array): void {
    this.write(pixels, HEADER_BYTES + this.pixels);
    this.checksum = crc32(pixels, this.checksum);
    this.pixels += pixels.length;
  }

  /**
   * Puts the file in its place, and takes away what is more than the limit.
   *
   * @returns the pictures in it
   * @throws Error if the file alone is more than the limit, or the system's error
   */
  finish(files: readonly CachedFile[], limit = CACHE_LIMIT): PicturesOnDisk {
    const table = formatTable(files);
    const bytes = HEADER_BYTES + this.pixels + table.length;
    if (bytes > limit) throw overLimit(bytes, limit);
    this.write(table, HEADER_BYTES + this.pixels);
    this.write(writeHeader({ pixels: this.pixels, table: table.length, checksum: crc32(table, this.checksum) }), 0);
    renameSync(this.temporary, this.file);
    tidy(path.dirname(this.file), limit, this.file);
    return new PicturesOnDisk(this.descriptor, this.bytesEach);
  }

  /** Leaves nothing behind. */
  abort(): void {
    closeSync(this.descriptor);
    rmSync(this.temporary, { force: true });
  }

  private write(bytes: Uint8Array, position: number): void {
    for (let written = 0; written < bytes.length;) {
      written += writeSync(this.descriptor, bytes, written, bytes.length - written, position + written);
    }
  }
}

/** Removes the least recently used files until the rest is within the limit, and what killed processes left. */
function tidy(folder: string, limit: number, keep: string): void {
  const files: { file: string; bytes: number; used: number }[] = [];
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    const status = statSync(file, { throwIfNoEntry: false });
    if (!status) continue;
    if (name.endsWith(TEMPORARY)) {
      if (Date.now() - status.mtimeMs > ABANDONED_MS) rmSync(file, { force: true });
    } else {
      files.push({ file, bytes: status.size, used: status.mtimeMs });
    }
  }
  let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { file, bytes } of files.sort((a, b) => a.used - b.used)) {
    if (total <= limit) return;
    if (file === keep) continue;
    rmSync(file, { force: true });
    total -= bytes;
  }
}
