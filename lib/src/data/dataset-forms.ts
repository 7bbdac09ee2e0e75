import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { contentsDigest, readDatasetFolder, sha256Of, type FileContents } from './dataset-files';
import { downloadArchive, downloadFiles, type DownloadOptions } from './download';
import { writeFiles } from './files';
import type { DatasetEntry, FolderEntry, IdxEntry } from './manifest';
import { checkOwnFolder, folderDigest, verifyUnpacked } from './picture-folder';

/** One kind of dataset: how it is read where it lies, downloaded and kept. `T` is what opening it gives. */
export interface DatasetForm<T> {
  readonly entry: DatasetEntry;
  /** From a folder that a person filled, with a remark or an empty text; undefined if there is no such folder. */
  readOwn(folder: string): Promise<{ value: T; remark: string } | undefined>;
  /** From the cache; undefined if there is no such folder. */
  readCached(folder: string): Promise<T | undefined>;
  /** From the cache of drawn stand-ins; undefined if they are not there or not what the manifest promises. */
  readDrawn(folder: string): Promise<T | undefined>;
  download(folder: string, options: DownloadOptions): Promise<T>;
  /** Of what was drawn and lies in `folder`. */
  fromDrawn(contents: FileContents, folder: string): T;
  /** Of what was drawn and cannot be kept. */
  fromUnkept(contents: FileContents): Promise<{ value: T; folder: string | undefined }>;
  /** Whether what was drawn is what the manifest promises. */
  isAsPromised(contents: FileContents): boolean;
}

/** The form of an entry of either kind, where what opening gives does not matter. */
export const formOf = (entry: DatasetEntry): DatasetForm<unknown> =>
  entry.kind === 'idx' ? idxForm(entry) : folderForm(entry);

/** IDX files: opening gives their content. */
export function idxForm(entry: IdxEntry): DatasetForm<FileContents> {
  const drawnFiles = entry.files.map((file) => ({ ...file, sha256: entry.standIn?.sha256[file.name] ?? '' }));
  return {
    entry,
    async readOwn(folder) {
      const contents = await readDatasetFolder(folder, entry.files);
      return contents && { value: contents, remark: '' };
    },
    readCached: (folder) => readDatasetFolder(folder, entry.files),
    readDrawn: (folder) => readDatasetFolder(folder, drawnFiles).catch(() => undefined),
    download: (folder, options) => downloadFiles(entry, folder, options),
    fromDrawn: (contents) => contents,
    fromUnkept: async (contents) => ({ value: contents, folder: undefined }),
    isAsPromised: (contents) => drawnFiles.every(({ name, sha256 }) => sha256Of(contents.get(name) ?? '') === sha256),
  };
}

/** Pictures in folders: opening gives the folder. */
export function folderForm(entry: FolderEntry): DatasetForm<string> {
  return {
    entry,
    async readOwn(folder) {
      const remark = checkOwnFolder(folder, entry);
      return remark === undefined ? undefined : { value: folder, remark };
    },
    readCached: async (folder) => ((await verifyUnpacked(folder, entry)) ? folder : undefined),
    readDrawn: async (folder) => {
      const digest = await folderDigest(folder).catch(() => undefined);
      return digest === entry.standIn?.sha256 ? folder : undefined;
    },
    async download(folder, options) {
      if (!entry.archive) throw new Error(`${entry.title}: got no archive to download, expected one in the manifest.`);
      await downloadArchive(entry, entry.archive, folder, options);
      return folder;
    },
    fromDrawn: (_contents, folder) => folder,
    async fromUnkept(contents) {
      const folder = await mkdtemp(path.join(os.tmpdir(), `${entry.name}-`));
      process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
      await writeFiles(folder, contents);
      return { value: folder, folder };
    },
    isAsPromised: (contents) => contentsDigest(contents) === entry.standIn?.sha256,
  };
}
