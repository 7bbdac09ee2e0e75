import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { countText } from '../arrays';
import { unpackVerified, type FileContents } from './dataset-files';
import type { DatasetEntry, DatasetFile } from './manifest';
import { rateSince, type OnProgress } from './progress';

export interface DownloadOptions {
  readonly onProgress?: OnProgress;
  /** Milliseconds until a mirror must have answered. */
  readonly answerTimeout?: number;
  /** Milliseconds for which a mirror may send nothing. */
  readonly silenceTimeout?: number;
}

/** How often one mirror is asked to go on after the connection broke; each time must have brought something. */
const maxResumes = 5;

/** A compressed file is never much larger than its content: what goes on and on is not the file. */
const slack = 65_536;

/**
 * Downloads the files of a dataset that `folder` does not have yet, from mirror after mirror, and verifies them.
 *
 * A file lands whole and verified or not at all. What arrived before a break stays in `<name>.gz.partial` and is
 * continued, by the same or the next mirror, now or another day. Throws with the reasons of all mirrors if one file
 * cannot be had.
 */
export async function downloadDataset(
  entry: DatasetEntry,
  folder: string,
  { onProgress = () => {}, answerTimeout = 5_000, silenceTimeout = 20_000 }: DownloadOptions = {},
): Promise<FileContents> {
  await mkdir(folder, { recursive: true });
  const total = entry.files.reduce((sum, file) => sum + file.downloadSize, 0);
  const contents = new Map<string, Uint8Array>();
  let mirrors = [...entry.mirrors];
  let before = 0;
  let rate: ((received: number) => number) | undefined;

  for (const file of entry.files) {
    const target = path.join(folder, `${file.name}.gz`);
    const present = await presentContent(target, file);
    if (present) {
      contents.set(file.name, present);
    } else {
      const report = (url: string) => (bytes: number) => {
        const received = Math.min(before + bytes, total);
        rate ??= rateSince(received);
        onProgress({ activity: 'download', what: url, unit: 'bytes', received, total, ratePerSecond: rate(received) });
      };
      const failures: { url: string; reason: string }[] = [];
      for (const mirror of mirrors) {
        const url = `${mirror}${file.name}.gz`;
        try {
          contents.set(
            file.name,
            await downloadFile(url, target, file, { answerTimeout, silenceTimeout, onBytes: report(url) }),
          );
          // The next file asks the mirror first that has just worked.
          mirrors = [mirror, ...mirrors.filter((other) => other !== mirror)];
          break;
        } catch (error) {
          // A full disk or a read-only folder is no fault of the mirror, and the next one cannot help.
          if (isDiskError(error)) throw error;
          failures.push({ url, reason: reasonText(error) });
        }
      }
      if (!contents.has(file.name)) throw new Error(failuresText(failures));
    }
    before += file.downloadSize;
  }
  return contents;
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

interface FileDownload {
  readonly answerTimeout: number;
  readonly silenceTimeout: number;
  readonly onBytes: (received: number) => void;
}

async function downloadFile(
  url: string,
  target: string,
  file: DatasetFile,
  options: FileDownload,
): Promise<Uint8Array> {
  const partial = `${target}.partial`;
  for (let resumes = 0; ; resumes++) {
    const before = await sizeOf(partial);
    try {
      await receive(url, partial, file.size + slack, options);
    } catch (error) {
      const isBroken = error instanceof Broken && (await sizeOf(partial)) > before && resumes < maxResumes;
      if (!isBroken) throw error;
      continue;
    }
    try {
      const content = await unpackVerified(await readFile(partial), file, file.name);
      await rename(partial, target);
      return content;
    } catch (error) {
      await rm(partial, { force: true });
      // What an earlier day or another mirror left may not fit: then the whole file once more.
      if (before === 0 || isDiskError(error)) throw error;
    }
  }
}

/** The connection ended in the middle: worth going on from there. */
class Broken extends Error {}

/** Appends to `partial` what it lacks of the file at `url`. */
async function receive(url: string, partial: string, maxSize: number, options: FileDownload): Promise<void> {
  const start = await sizeOf(partial);
  const abort = new AbortController();
  const within = (milliseconds: number, what: string): NodeJS.Timeout =>
    setTimeout(() => abort.abort(new Broken(`${what} within ${milliseconds / 1000} s`)), milliseconds);

  const answerTimer = within(options.answerTimeout, 'no answer');
  const response = await fetch(url, {
    signal: abort.signal,
    // The file is compressed already, and a range of it must be one of its own bytes.
    headers: { 'Accept-Encoding': 'identity', ...(start > 0 && { Range: `bytes=${start}-` }) },
  }).finally(() => clearTimeout(answerTimer));

  try {
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
    const silenceTimer = within(options.silenceTimeout, 'nothing arrived');
    const handle = await open(partial, isContinued ? 'a' : 'w');
    try {
      options.onBytes(received);
      for await (const chunk of bodyOf(response.body)) {
        silenceTimer.refresh();
        received += chunk.length;
        if (received > maxSize) {
          throw new Error(`got more than ${countText(maxSize)} bytes, which is more than the whole unpacked file has`);
        }
        await handle.writeFile(chunk);
        options.onBytes(received);
      }
      await handle.sync();
    } finally {
      clearTimeout(silenceTimer);
      await handle.close();
    }
  } finally {
    // Closes the connection if the body was not read to its end.
    abort.abort();
  }
}

async function* bodyOf(body: NonNullable<Response['body']>): AsyncGenerator<Uint8Array> {
  try {
    yield* body as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw error instanceof Broken
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
