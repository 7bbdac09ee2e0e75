import { lstatSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { decodeFiles, ReadBuffer, readCandidate, type FileStamp, type ReadFile } from './decode';
import { BadPicture } from './decode-reference';
import { extensionOf } from './formats';
import type { Candidate, SkippedFile } from './list';
import { pixelBytes, type PictureOptions } from './options';
import {
  CACHE_LIMIT,
  cacheFileOf,
  CacheWriter,
  openCache,
  overLimit,
  PicturesInMemory,
  type CachedFile,
  type Pictures,
  type PicturesOnDisk,
} from './pixel-cache';

/** How far the reading of a folder is. */
export interface ReadingProgress {
  /** Files that are done, and all. */
  readonly done: number;
  readonly total: number;
  readonly imagesPerSecond: number;
}

/** A picture that can be used. */
export interface Picture {
  readonly candidate: Candidate;
  /** Which of the store's pictures. */
  readonly row: number;
  /** Width and height before resizing. */
  readonly size: readonly [number, number];
}

/** Files, their bytes and their pixels that are in memory at the same time while a folder is decoded. */
const CHUNK_FILES = 256;
const CHUNK_BYTES = 32_000_000;

/** Takes pictures one after the other. */
interface Sink {
  append(pixels: Uint8Array): void;
}

class MemorySink implements Sink {
  private buffer: Uint8Array;
  private used = 0;

  constructor(expected: number) {
    this.buffer = new Uint8Array(expected);
  }

  append(pixels: Uint8Array): void {
    if (this.used + pixels.length > this.buffer.length) {
      const larger = new Uint8Array(Math.max(this.buffer.length * 2, this.used + pixels.length));
      larger.set(this.buffer.subarray(0, this.used));
      this.buffer = larger;
    }
    this.buffer.set(pixels, this.used);
    this.used += pixels.length;
  }

  get pixels(): Uint8Array {
    return this.buffer.subarray(0, this.used);
  }
}

/**
 * The decoded pictures of one folder: from the cache where a file is still the one that was decoded, decoded otherwise,
 * and then kept in the cache. They are held in memory, or stay in the cache file.
 */
export class PixelStore {
  /** Why the pixels could not be kept; undefined if they are. */
  note: string | undefined;
  readonly skipped: SkippedFile[] = [];

  private readonly bytesEach: number;
  private readonly cacheFile: string;
  private readonly known: Map<string, CachedFile>;
  private knownContents: Map<string, CachedFile> | undefined;
  /** The pictures of `known`, and in the end those of `files`. */
  private pictures: Pictures | undefined;
  /** What the folder holds now; rows are those of the cache until there is a sink, then those of the sink. */
  private readonly files = new Map<string, CachedFile>();
  /** Undefined as long as everything is in the cache. */
  private sink: Sink | undefined;
  private writer: CacheWriter | undefined;
  private rows = 0;
  private readonly buffer = new ReadBuffer();
  private readonly began = performance.now();

  /**
   * @param listed all files that may be pictures, also those that are not asked for
   * @param place `memory`: the pixels are held in memory; `disk`: they stay in the cache file
   */
  constructor(
    folder: string,
    private readonly listed: readonly Candidate[],
    readonly options: PictureOptions,
    private readonly place: 'memory' | 'disk',
    private readonly cacheLimit = CACHE_LIMIT,
  ) {
    this.bytesEach = pixelBytes(options);
    this.cacheFile = cacheFileOf(folder, options);
    const cached = openCache(this.cacheFile, place, this.bytesEach);
    this.known = new Map(cached?.files.map((file) => [file.file, file]));
    this.pictures = cached?.pictures;
  }

  /**
   * Makes sure that the pixels of these files are there; what is no picture goes to `skipped`.
   */
  async ensure(candidates: readonly Candidate[], onProgress?: (progress: ReadingProgress) => void): Promise<void> {
    const changed: Candidate[] = [];
    for (const candidate of candidates) {
      const known = this.known.get(candidate.file);
      if (known && isSame(known.stamp, candidate)) this.keep(candidate.file, known);
      else changed.push(candidate);
    }
    let done = candidates.length - changed.length;
    for (let next = 0; next < changed.length;) {
      const { chunk, end } = this.readChunk(changed, next);
      const outcomes = await decodeFiles(chunk, this.options);
      if (chunk.length > 0) this.openSink(changed.length);
      outcomes.forEach((outcome, i) => this.add(chunk[i].candidate.file, chunk[i].file, outcome));
      done += end - next;
      next = end;
      onProgress?.({
        done,
        total: candidates.length,
        imagesPerSecond: (done / Math.max(1, performance.now() - this.began)) * 1000,
      });
      await nextTurn();
    }
  }

  /** Whether a file is a picture. */
  has({ file }: Candidate): boolean {
    return this.files.get(file)?.row !== undefined;
  }

  /** Reads the next files that have to be decoded; those that are known by their content are done with. */
  private readChunk(
    candidates: readonly Candidate[],
    start: number,
  ): { chunk: { candidate: Candidate; bytes: Buffer; file: ReadFile }[]; end: number } {
    const chunk: { candidate: Candidate; bytes: Buffer; file: ReadFile }[] = [];
    const most = Math.max(4, Math.min(CHUNK_FILES, Math.floor(CHUNK_BYTES / this.bytesEach)));
    this.buffer.reset();
    let bytes = 0;
    let end = start;
    while (end < candidates.length && end - start < most && bytes < CHUNK_BYTES) {
      const candidate = candidates[end++];
      try {
        const file = readCandidate(candidate, this.buffer);
        const known = this.known.size > 0 ? this.contents().get(contentKey(candidate.file, file.digest)) : undefined;
        if (known) {
          this.openSink(candidates.length);
          this.keep(candidate.file, { ...known, file: candidate.file, stamp: settled(file.stamp) });
        } else {
          chunk.push({ candidate, bytes: file.bytes, file });
          bytes += file.bytes.length;
        }
      } catch (error) {
        if (!(error instanceof BadPicture)) throw error;
        this.skip(candidate.file, error);
      }
    }
    return { chunk, end };
  }

  private contents(): Map<string, CachedFile> {
    return (this.knownContents ??= new Map(
      [...this.known.values()].map((known) => [contentKey(known.file, known.digest), known]),
    ));
  }

  private add(
    file: string,
    { stamp, digest }: ReadFile,
    outcome: Awaited<ReturnType<typeof decodeFiles>>[number],
  ): void {
    if (outcome instanceof BadPicture) {
      this.skip(file, outcome);
      this.files.set(file, {
        file,
        stamp: settled(stamp),
        digest,
        reason: outcome.reason,
        detail: outcome.detail,
      });
    } else {
      this.files.set(file, {
        file,
        stamp: settled(stamp),
        digest,
        row: this.append(outcome.pixels),
        size: outcome.size,
      });
    }
  }

  private skip(file: string, { reason, detail }: BadPicture): void {
    this.skipped.push(detail === undefined ? { file, reason } : { file, reason, detail });
  }

  /** Takes over what the cache knows of a file. */
  private keep(file: string, known: CachedFile): void {
    if (known.reason)
      this.skipped.push(
        known.detail === undefined
          ? { file, reason: known.reason }
          : { file, reason: known.reason, detail: known.detail },
      );
    this.files.set(file, this.moved(known));
  }

  private moved(known: CachedFile): CachedFile {
    return this.sink && known.row !== undefined
      ? { ...known, row: this.append(this.pictures!.read(known.row)) }
      : known;
  }

  private append(pixels: Uint8Array): number {
    try {
      this.sink!.append(pixels);
    } catch (error) {
      this.giveUpCache(error as NodeJS.ErrnoException);
    }
    return this.rows++;
  }

  /** From now on pixels are put together anew: first those that the cache had, then those that are decoded. */
  private openSink(expected: number): void {
    if (this.sink) return;
    if (this.place === 'memory') {
      this.sink = new MemorySink((this.files.size + expected) * this.bytesEach);
    } else {
      this.sink = { append: (pixels) => this.writer?.append(pixels) };
      try {
        const bytes = this.listed.length * this.bytesEach;
        if (bytes > this.cacheLimit) throw overLimit(bytes, this.cacheLimit);
        this.writer = new CacheWriter(this.cacheFile, this.bytesEach);
      } catch (error) {
        this.giveUpCache(error as Error);
      }
    }
    for (const [file, known] of this.files) this.files.set(file, this.moved(known));
  }

  private giveUpCache(error: Error): void {
    this.writer?.abort();
    this.writer = undefined;
    this.note =
      `The pixels could not be kept in ${this.cacheFile} (${error.message}), so the pictures are decoded ` +
      `${this.place === 'memory' ? 'anew the next time' : 'each time they are needed'}.`;
  }

  /** Puts what is new into the cache. Call it once, at the end. */
  finish(): void {
    if (!this.sink) return;
    // What was not asked for this time stays for the next.
    for (const { file } of this.listed) {
      const known = this.known.get(file);
      if (known && !this.files.has(file)) this.files.set(file, this.moved(known));
    }
    this.pictures =
      this.sink instanceof MemorySink ? new PicturesInMemory(this.sink.pixels, this.bytesEach) : undefined;
    try {
      if (this.sink instanceof MemorySink) {
        this.writer = new CacheWriter(this.cacheFile, this.bytesEach);
        this.writer.append(this.sink.pixels);
      }
      const kept = this.writer?.finish([...this.files.values()], this.cacheLimit);
      this.writer = undefined;
      if (this.pictures) kept?.close();
      else this.pictures = kept;
    } catch (error) {
      this.giveUpCache(error as Error);
    }
  }

  /** Takes away what an unfinished reading has written. */
  abort(): void {
    this.writer?.abort();
  }

  /** What is known of a picture; call it after `finish`, which may move it. */
  picture(candidate: Candidate): Picture {
    const { row, size } = this.files.get(candidate.file)!;
    return { candidate, row: row!, size: size! };
  }

  /** The pixels of pictures that are held in memory: a view where they lie one after the other, else a copy. */
  pixels(pictures: readonly Picture[]): Uint8Array {
    const { pixels: all } = this.pictures as PicturesInMemory;
    const { bytesEach } = this;
    if (pictures.every(({ row }, i) => row === pictures[0].row + i)) {
      const start = (pictures[0]?.row ?? 0) * bytesEach;
      return all.subarray(start, start + pictures.length * bytesEach);
    }
    const pixels = new Uint8Array(pictures.length * bytesEach);
    pictures.forEach(({ row }, i) => pixels.set(all.subarray(row * bytesEach, (row + 1) * bytesEach), i * bytesEach));
    return pixels;
  }

  /** The pictures that stay on disk; undefined if they could not be kept. */
  onDisk(): PicturesOnDisk | undefined {
    return this.pictures as PicturesOnDisk | undefined;
  }
}

/** The name is a part of it, because a name may lie about the content. */
const contentKey = (file: string, digest: string): string => `${digest}.${extensionOf(file)}`;

/** Whether a file is still the one that was stamped; no link is followed, what it leads to has a stamp of its own. */
function isSame(stamp: FileStamp, { path }: Candidate): boolean {
  const status = lstatSync(path, { throwIfNoEntry: false });
  // Reading the file will tell what has become of it.
  return (
    status !== undefined &&
    status.mtimeMs === stamp.modified &&
    status.ctimeMs === stamp.changed &&
    status.size === stamp.bytes &&
    status.ino === stamp.inode
  );
}

/**
 * File systems count time in steps of up to two seconds: a file that has just been changed can change again and have
 * the same stamp.
 */
const UNSETTLED_MS = 2000;

/** A stamp to be kept: such a file gets one that is no file's, so that it is read again. */
const settled = (stamp: FileStamp): FileStamp =>
  Date.now() - stamp.changed > UNSETTLED_MS ? stamp : { ...stamp, changed: NaN };
