import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { countText } from '../arrays';
import { unpack } from './idx';
import type { DatasetFile } from './manifest';

/** The unpacked content of files by their names relative to the dataset's folder. */
export type FileContents = ReadonlyMap<string, Uint8Array>;

/**
 * Refuses content that is not what the manifest promises; `file` names it in the message.
 * All content is checked whenever it is read: hashing MNIST takes 30 ms, less than it takes to read.
 */
export function verifyContent(content: Uint8Array, expected: DatasetFile, file: string): void {
  if (content.length !== expected.size) {
    throw new Error(
      `${file}: got ${countText(content.length)} bytes${looksLikeText(content)}, ` +
        `expected ${countText(expected.size)} (unpacked). ` +
        'It is not the right file, or it is cut short: fetch it again.',
    );
  }
  const sha256 = sha256Of(content);
  if (sha256 !== expected.sha256) {
    throw new Error(
      `${file}: got the SHA-256 ${sha256}, expected ${expected.sha256} (unpacked). ` +
        'The file is damaged: fetch it again.',
    );
  }
}

/** Proxies and log-in pages answer with a page where a file was asked for; then the page's first words tell most. */
export function looksLikeText(content: Uint8Array): string {
  const start = Buffer.from(content.subarray(0, 60)).toString('latin1').trimStart();
  return start.startsWith('<') ? ` of a web page that starts with ${JSON.stringify(start.replace(/\s+/g, ' '))}` : '';
}

/** The list that `sha256sum` prints for files: a line `sha256  name` for each, sorted by the names' bytes. */
export function checksumList(checksums: ReadonlyMap<string, string>): string {
  const names = [...checksums.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return names.map((name) => `${checksums.get(name)}  ${name}\n`).join('');
}

/** One SHA-256 for many files: of their {@link checksumList}. It changes with any byte of any file, and any name. */
export function contentsDigest(contents: FileContents): string {
  return sha256Of(checksumList(new Map([...contents].map(([name, content]) => [name, sha256Of(content)]))));
}

/** In hexadecimal digits. */
export const sha256Of = (content: Uint8Array | string): string => createHash('sha256').update(content).digest('hex');

/** Unpacks and verifies a file's bytes. */
export async function unpackVerified(bytes: Uint8Array, expected: DatasetFile, file: string): Promise<Uint8Array> {
  const content = await unpack(bytes, file, expected.size);
  verifyContent(content, expected, file);
  return content;
}

/**
 * A folder that lacks files of the dataset: damage in a folder that somebody named, an everyday matter in the cache.
 */
export class IncompleteFolder extends Error {}

/**
 * Reads all files of a dataset from a folder, gzipped or not, and verifies them.
 * Undefined if there is no such folder; an error if a file is missing or not what the manifest promises.
 */
export async function readDatasetFolder(
  folder: string,
  files: readonly DatasetFile[],
): Promise<FileContents | undefined> {
  const names = await namesIn(folder);
  if (!names) return undefined;
  const missing = files.filter(({ name }) => !names.includes(name) && !names.includes(`${name}.gz`));
  if (missing.length > 0) {
    throw new IncompleteFolder(
      `${folder}: got ${listText(names)}, ` +
        `expected also ${missing.map(({ name }) => name).join(', ')} (each with or without .gz).`,
    );
  }
  const contents = await Promise.all(
    files.map(async (expected) => {
      const file = path.join(folder, names.includes(expected.name) ? expected.name : `${expected.name}.gz`);
      return [expected.name, await unpackVerified(await readFile(file), expected, file)] as const;
    }),
  );
  return new Map(contents);
}

/** The names in a folder, or undefined if it does not exist. */
export async function namesIn(folder: string): Promise<string[] | undefined> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** `nothing`, or at most eight names. */
export function listText(names: readonly string[]): string {
  if (names.length === 0) return 'nothing';
  return names.slice(0, 8).join(', ') + (names.length > 8 ? ` and ${names.length - 8} more` : '');
}
