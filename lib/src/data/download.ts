import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { countText } from '../arrays';
import { Interrupted } from '../interrupt';
import { unpackArchive } from './archive';
import { looksLikeText, unpackVerified, type FileContents } from './dataset-files';
import { replaceFolder } from './files';
import type { DatasetArchive, DatasetEntry, DatasetFile, FolderEntry, IdxEntry } from './manifest';
import { checkCounts, limitsOf, picturePath, writeChecksums } from './picture-folder';
import { rateSince, type OnProgress } from './progress';

export interface DownloadOptions {
  readonly onProgress?: OnProgress;
  /** Milliseconds until a mirror must have answered; 5,000 if not given. */
  readonly answerTimeout?: number;
  /** Milliseconds for which a mirror may send nothing; 20,000 if not given. */
  readonly silenceTimeout?: number;
  /** Milliseconds over which the rate must not fall below 3 kB/s; 30,000 if not given. */
  readonly slownessTimeout?: number;
  /** Ends the download; what has arrived stays. */
  readonly signal?: AbortSignal;
}

/** Bytes per second: with less, even MNIST would take more than an hour. */
const leastRate = 3_000;

/** How often one mirror is asked to go on after the connection broke; each time must have brought something. */
const maxResumes = 5;

/** A compressed file is never much larger than its content: what goes on and on is not the file. */
const slack = 65_536;

/** Bytes to download for a dataset, as its mirrors keep it; 0 if it has none. */
export function downloadSize(entry: DatasetEntry): number {
  if (entry.kind === 'folder') return entry.archive?.size ?? 0;
  return entry.mirrors.length === 0 ? 0 : entry.files.reduce((sum, file) => sum + file.downloadSize, 0);
}

/**
 * Downloads the files of a dataset that `folder` does not have yet, from mirror after mirror, and verifies them.
 *
 * A file lands whole and verified or not at all. What arrived before a break stays in `<name>.gz.partial` and is
 * continued, by the same or the next mirror, now or another day. Throws with the reasons of all mirrors if one file
 * cannot be had.
 */
export async function downloadFiles(
  entry: IdxEntry,
  folder: string,
  { onProgress = () => {}, ...options }: DownloadOptions = {},
): Promise<FileContents> {
  await mkdir(folder, { recursive: true });
  try {
    return await downloadInto(folder, entry, onProgress, options);
  } catch (error) {
    // An empty folder would look like a download that was begun; one that is not empty stays.
    await rmdir(folder).catch(() => {});
    throw error;
  }
}

async function downloadInto(
  folder: string,
  entry: IdxEntry,
  onProgress: OnProgress,
  options: Omit<DownloadOptions, 'onProgress'>,
): Promise<FileContents> {
  const contents = new Map<string, Uint8Array>();
  const report = downloadReport(downloadSize(entry), onProgress);
  let mirrors = [...entry.mirrors];
  let before = 0;

  for (const file of entry.files) {
    const target = path.join(folder, `${file.name}.gz`);
    let content = await presentContent(target, file);
    const urls = mirrors.map((mirror) => `${mirror}${file.name}.gz`);
    content ??= await fromMirrors(urls, async (url, mirror) => {
      const arrived = await downloadFile(
        url,
        `${target}.partial`,
        file.size + slack,
        { ...options, onBytes: (received) => report(url, before + received) },
        async (partial) => {
          const verified = await unpackVerified(await readFile(partial), file, file.name);
          await rename(partial, target);
          return verified;
        },
      );
      // The next file asks the mirror first that has just worked.
      mirrors = [mirrors[mirror], ...mirrors.filter((_, other) => other !== mirror)];
      return arrived;
    });
    contents.set(file.name, content);
    before += file.downloadSize;
  }
  return contents;
}

/**
 * Downloads the archive of a dataset of pictures from mirror after mirror, verifies it, unpacks it, and lets the folder
 * land whole or not at all. What arrived before a break stays in `<folder>.zip.partial` and is continued; the archive
 * goes when it is unpacked. Only for whoever holds the folder's lock. Throws with the reasons of all mirrors.
 */
export async function downloadArchive(
  entry: FolderEntry,
  archive: DatasetArchive,
  folder: string,
  { onProgress = () => {}, ...options }: DownloadOptions = {},
): Promise<void> {
  await mkdir(path.dirname(folder), { recursive: true });
  const report = downloadReport(archive.size, onProgress);
  const partial = `${folder}.zip.partial`;
  await fromMirrors(archive.mirrors, (url) =>
    downloadFile(url, partial, archive.size, { ...options, onBytes: (received) => report(url, received) }, async () => {
      const name = path.posix.basename(new URL(url).pathname);
      await verifyArchive(partial, archive, name);
      const rate = rateSince(0);
      await replaceFolder(folder, async (unfinished) => {
        const checksums = await unpackArchive(partial, unfinished, {
          name,
          limits: limitsOf(entry),
          pathOf: (member) => picturePath(entry, member),
          onBytes: (received, total) =>
            onProgress({
              activity: 'unpack',
              what: entry.title,
              unit: 'bytes',
              received,
              total,
              ratePerSecond: rate(received),
            }),
        });
        checkCounts(entry, checksums.keys(), name);
        // Before the folder takes its place: one without its checksums would count as damaged.
        await writeChecksums(folder, checksums);
      });
      await rm(partial, { force: true });
    }),
  );
}

/** Refuses an archive that is not the published one, as far as that is known; `name` names it in the message. */
async function verifyArchive(file: string, archive: DatasetArchive, name: string): Promise<void> {
  const size = await sizeOf(file);
  if (size !== archive.size) {
    const start = (await readFile(file)).subarray(0, 60);
    throw new Error(
      `${name}: got ${countText(size)} bytes${looksLikeText(start)}, expected ${countText(archive.size)}. ` +
        'It is not the right file, or it is cut short: fetch it again.',
    );
  }
  if (typeof archive.sha256 !== 'string') return;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  const sha256 = hash.digest('hex');
  if (sha256 !== archive.sha256) {
    throw new Error(
      `${name}: got the SHA-256 ${sha256}, expected ${archive.sha256}. The file is damaged: fetch it again.`,
    );
  }
}

/** Tells how much of `total` has arrived, and the mean rate since the first call. */
function downloadReport(total: number, onProgress: OnProgress): (url: string, bytes: number) => void {
  let rate: ((received: number) => number) | undefined;
  return (url, bytes) => {
    const received = Math.min(bytes, total);
    rate ??= rateSince(received);
    onProgress({ activity: 'download', what: url, unit: 'bytes', received, total, ratePerSecond: rate(received) });
  };
}

/** What the first mirror gives that has it. */
async function fromMirrors<T>(
  urls: readonly string[],
  fetchFrom: (url: string, mirror: number) => Promise<T>,
): Promise<T> {
  const failures: { url: string; reason: string }[] = [];
  for (const [mirror, url] of urls.entries()) {
    try {
      return await fetchFrom(url, mirror);
    } catch (error) {
      if (isOurs(error)) throw error;
      failures.push({ url, reason: reasonText(error) });
    }
  }
  throw new Error(failuresText(failures));
}

/** Without a network all mirrors fail alike: then the reason once. */
function failuresText(failures: readonly { url: string; reason: string }[]): string {
  const reasons = new Set(failures.map(({ reason }) => reason));
  if (reasons.size > 1) return failures.map(({ url, reason }) => `${url}: ${reason}`).join('; ');
  return `${[...reasons].join()} (tried ${failures.map(({ url }) => new URL(url).host).join(', ')})`;
}

/** The verified content of a file that landed earlier; one that has been damaged since is taken away. */
async function presentContent(target: string, file: DatasetFile): Promise<Uint8Array | undefined> {
  if ((await sizeOf(target)) === 0) return undefined;
  // A file that cannot be read is no damaged file: that error goes on.
  const bytes = await readFile(target);
  try {
    return await unpackVerified(bytes, file, target);
  } catch {
    await rm(target, { force: true });
    return undefined;
  }
}

interface FileDownload extends Omit<DownloadOptions, 'onProgress'> {
  readonly onBytes: (received: number) => void;
}

/** Fetches what `partial` lacks of the file at `url`, and gives the whole to `accept`, which verifies it. */
async function downloadFile<T>(
  url: string,
  partial: string,
  maxSize: number,
  options: FileDownload,
  accept: (partial: string) => Promise<T>,
): Promise<T> {
  for (let resumes = 0; ; resumes++) {
    const before = await sizeOf(partial);
    try {
      await receive(url, partial, maxSize, options);
    } catch (error) {
      const isBroken = error instanceof Broken && (await sizeOf(partial)) > before && resumes < maxResumes;
      if (!isBroken) throw error;
      continue;
    }
    try {
      return await accept(partial);
    } catch (error) {
      // Neither makes what has arrived wrong.
      if (isOurs(error)) throw error;
      await rm(partial, { force: true });
      // What an earlier day or another mirror left may not fit: then the whole file once more.
      if (before === 0) throw error;
    }
  }
}

/** The connection ended in the middle: worth going on from there. */
class Broken extends Error {}

/** Bytes come, but hardly any: the next mirror goes on from there. */
class TooSlow extends Error {
  constructor(got: number, expected: number, milliseconds: number) {
    super(`got ${countText(got)} bytes in ${milliseconds / 1000} s, expected at least ${countText(expected)}`);
  }
}

/** Appends to `partial` what it lacks of the file at `url`. */
async function receive(
  url: string,
  partial: string,
  maxSize: number,
  { answerTimeout = 5_000, silenceTimeout = 20_000, slownessTimeout = 30_000, signal, onBytes }: FileDownload,
): Promise<void> {
  const start = await sizeOf(partial);
  signal?.throwIfAborted();
  const abort = new AbortController();
  signal?.addEventListener('abort', () => abort.abort(signal.reason), { signal: abort.signal });
  const within = (milliseconds: number, what: string): NodeJS.Timeout =>
    setTimeout(() => abort.abort(new Broken(`${what} within ${milliseconds / 1000} s`)), milliseconds);

  try {
    const answerTimer = within(answerTimeout, 'no answer');
    const response = await fetch(url, {
      signal: abort.signal,
      // The file is compressed already, and a range of it must be one of its own bytes.
      headers: { 'Accept-Encoding': 'identity', ...(start > 0 && { Range: `bytes=${start}-` }) },
    }).finally(() => clearTimeout(answerTimer));

    if (response.status === 416 && start > 0) {
      // Nothing is missing, or what is there is of no use: the check of the content tells.
      return;
    }
    if (!response.ok || !response.body)
      throw new Error(`got HTTP status ${response.status} ${response.statusText}, expected the file`.trimEnd());

    const isContinued = response.status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${start}-`);
    if (response.status === 206 && !isContinued) {
      await rm(partial, { force: true });
      throw new Error(`asked for the bytes from ${start} on, got ${response.headers.get('content-range') ?? 'others'}`);
    }
    let received = isContinued ? start : 0;
    const silenceTimer = within(silenceTimeout, 'nothing arrived');
    let receivedBefore = received;
    const slownessTimer = setInterval(() => {
      const least = (leastRate * slownessTimeout) / 1000;
      if (received - receivedBefore < least) abort.abort(new TooSlow(received - receivedBefore, least, slownessTimeout));
      receivedBefore = received;
    }, slownessTimeout);
    const handle = await open(partial, isContinued ? 'a' : 'w');
    try {
      onBytes(received);
      for await (const chunk of bodyOf(response.body)) {
        silenceTimer.refresh();
        received += chunk.length;
        if (received > maxSize) {
          throw new Error(`got more than ${countText(maxSize)} bytes, which is more than the whole file has`);
        }
        await handle.writeFile(chunk);
        onBytes(received);
      }
      await handle.sync();
    } finally {
      clearTimeout(silenceTimer);
      clearInterval(slownessTimer);
      await handle.close();
    }
  } finally {
    // Closes the connection if the body was not read to its end, and listens to `signal` no more.
    abort.abort();
  }
}

async function* bodyOf(body: NonNullable<Response['body']>): AsyncGenerator<Uint8Array> {
  try {
    yield* body as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw error instanceof Broken || error instanceof TooSlow || error instanceof Interrupted
      ? error
      : new Broken(`the connection ended in the middle of the file (${reasonText(error)})`);
  }
}

/** 0 if there is no such file. */
async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

/** A full disk, a read-only folder or an interrupt is no fault of the mirror, and the next one cannot help. */
const isOurs = (error: unknown): boolean => error instanceof Interrupted || isDiskError(error);

/** Errors of the file system name the call and the path; those of the network don't name a path. */
export const isDiskError = (error: unknown): boolean =>
  typeof (error as NodeJS.ErrnoException).path === 'string' || isFull(error);
const isFull = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '');

const networkReasons: Record<string, string> = {
  ENOTFOUND: 'no network: the name of the host cannot be looked up',
  EAI_AGAIN: 'no network: the name of the host cannot be looked up',
  ENETUNREACH: 'no network: the host cannot be reached',
  EHOSTUNREACH: 'no network: the host cannot be reached',
  ECONNREFUSED: 'the host refuses the connection',
  ECONNRESET: 'the connection was reset',
};

/**
 * `fetch` says "fetch failed" and keeps the reason in `cause`, which may hold one error for each address of the host.
 */
export function reasonText(error: unknown): string {
  const { cause, code, message } = error as NodeJS.ErrnoException & { cause?: unknown };
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonText(cause.errors[0]);
  if (cause instanceof Error) return reasonText(cause);
  return code !== undefined && code in networkReasons ? `${networkReasons[code]} (${code})` : message;
}
