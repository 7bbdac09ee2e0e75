import { realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { countText } from '../arrays';
import { Interrupted } from '../interrupt';
import { readSettings } from '../settings';
import { IncompleteFolder, listText, namesIn } from './dataset-files';
import { formOf } from './dataset-forms';
import { downloadSize, reasonText } from './download';
import { removePixels } from './folder/pixel-cache';
import { downloadFolder, drawnFolder, planSource, type DataPlace, type DataSource } from './locate';
import { withLock } from './lock';
import { allEntries, type DatasetEntry } from './manifest';

/** A dataset, and how things stand with it on this machine. */
export interface DatasetStatus {
  readonly entry: DatasetEntry;
  /** Where it would come from now; undefined if there is a problem. */
  readonly source: DataSource | undefined;
  /** Why it cannot be had, and what to do. */
  readonly problem: string | undefined;
  /** Bytes to download; 0 if nobody offers it. */
  readonly downloadSize: number;
  /** Where the course keeps what it has downloaded and drawn of it, whether it is there or not. */
  readonly keptFolders: readonly string[];
}

/**
 * How things stand with every dataset of the manifest, and with the folders of pictures beside it. Downloads and draws
 * nothing. IDX files, and what was downloaded or drawn, are read and verified; of other folders of pictures only the
 * layout is looked at.
 *
 * @throws Error if the manifest is wrong
 */
export async function datasetStatuses(
  env: NodeJS.ProcessEnv = process.env,
  manifest?: string,
): Promise<DatasetStatus[]> {
  const statuses: DatasetStatus[] = [];
  for (const entry of allEntries(manifest)) {
    const common = { entry, downloadSize: downloadSize(entry), keptFolders: keptFolders(entry, env) };
    try {
      statuses.push({ ...common, source: await planSource(entry, env), problem: undefined });
    } catch (error) {
      statuses.push({ ...common, source: undefined, problem: (error as Error).message });
    }
  }
  return statuses;
}

/** A folder with a dataset, and what is wrong with it. */
export interface VerifiedFolder {
  readonly kind: Exclude<DataPlace, 'download'>;
  readonly folder: string;
  /** What is to be known of a folder that is taken as it is. */
  readonly remark: string;
  /** Undefined: nothing. */
  readonly problem: string | undefined;
}

/**
 * Reads and verifies a dataset wherever it lies: in a folder of one's own, in the cache, as drawn stand-ins. The
 * pictures of a folder of one's own are decoded (once: the pixels are kept as `readImageFolder` keeps them).
 *
 * @throws Interrupted after SIGINT
 */
export async function verifyDataset(
  entry: DatasetEntry,
  env: NodeJS.ProcessEnv = process.env,
): Promise<VerifiedFolder[]> {
  const form = formOf(entry);
  const drawn = drawnFolder(entry, env);
  const cached = async (folder: string): Promise<string | undefined> =>
    (await form.readCached(folder)) === undefined ? undefined : '';
  const own = async (folder: string): Promise<string | undefined> => {
    const opened = await form.readOwn(folder);
    return opened && entry.kind === 'folder'
      ? [opened.remark, await skippedText(folder)].filter(Boolean).join(' ')
      : opened?.remark;
  };
  const asDrawn = async (folder: string): Promise<string | undefined> => {
    if ((await form.readDrawn(folder)) !== undefined) return '';
    if (await namesIn(folder)) throw new Error(`${folder}: is not what the manifest promises.`);
    return undefined;
  };
  const places = [
    { kind: 'folder', folder: namedFolder(entry, env), read: own },
    { kind: 'own', folder: entry.ownFolder, read: own },
    { kind: 'cache', folder: downloadFolder(entry, env), read: cached },
    { kind: 'drawn', folder: drawn, read: asDrawn },
  ] as const;
  const verified: VerifiedFolder[] = [];
  for (const { kind, folder, read } of places) {
    if (folder === undefined) continue;
    try {
      const remark = await read(folder);
      if (remark !== undefined) verified.push({ kind, folder, remark, problem: undefined });
    } catch (error) {
      if (error instanceof Interrupted) throw error;
      // An everyday matter in the cache: the next download goes on from there.
      if (kind === 'cache' && error instanceof IncompleteFolder) continue;
      verified.push({ kind, folder, remark: '', problem: reasonText(error) });
    }
  }
  return verified;
}

/** What a notebook would skip of a folder of pictures; empty if nothing. Throws if that is a whole class. */
async function skippedText(folder: string): Promise<string> {
  // Only here, because it loads TensorFlow.
  const { indexImageFolder } = await import('./folder/image-folder.js');
  const { skipped } = await indexImageFolder(folder, { env: {} });
  const files = skipped.filter(({ reason }) => reason !== 'hidden file');
  if (files.length === 0) return '';
  const names = files.map(({ file, reason }) => `${file} (${reason})`);
  return `${countText(files.length)} ${files.length === 1 ? 'file is' : 'files are'} skipped: ${listText(names)}.`;
}

/** What was removed of a dataset. */
export interface RemovedDataset {
  /** Folders and files. */
  readonly files: string[];
  /** Bytes of its pictures that had been decoded. */
  readonly decoded: number;
}

/**
 * Removes what the course itself has downloaded, drawn or decoded of a dataset; a folder of one's own stays.
 *
 * @throws Error if COURSE_DATA names the cache
 */
export async function removeDataset(
  entry: DatasetEntry,
  env: NodeJS.ProcessEnv = process.env,
): Promise<RemovedDataset> {
  const named = namedFolder(entry, env);
  const folders = [named, entry.ownFolder, ...keptFolders(entry, env)].filter((folder) => folder !== undefined);
  // Before the folders go: what is decoded is kept by the place of a folder, with links resolved.
  const places = entry.kind === 'folder' ? new Set(folders.map(resolved)) : [];
  const removed: string[] = [];
  for (const folder of keptFolders(entry, env)) {
    if (folder === named)
      throw new Error(`${folder}: COURSE_DATA names it, so it is not removed. Unset COURSE_DATA to remove it.`);
    if (!(await namesIn(path.dirname(folder)))) continue;
    await withLock(`${folder}.lock`, async () => {
      const beside = (await namesIn(path.dirname(folder))) ?? [];
      const name = path.basename(folder);
      // Also what an interrupted download or unpacking has left.
      const mine = beside.filter(
        (other) => other === name || (other.startsWith(`${name}.`) && !other.includes('.lock')),
      );
      for (const other of mine) {
        const file = path.join(path.dirname(folder), other);
        await rm(file, { recursive: true, force: true });
        removed.push(file);
      }
    });
  }
  const decoded = [...places].reduce((bytes, folder) => bytes + removePixels(folder, env), 0);
  return { files: removed, decoded };
}

/** The folder of the dataset in the one that COURSE_DATA names, whether it is there or not. */
function namedFolder({ name }: DatasetEntry, env: NodeJS.ProcessEnv): string | undefined {
  const { dataFolder } = readSettings(env);
  return dataFolder === undefined ? undefined : path.join(path.resolve(dataFolder), name);
}

function resolved(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}

/** Where the course keeps what it has downloaded and drawn of a dataset, whether it is there or not. */
export function keptFolders(entry: DatasetEntry, env: NodeJS.ProcessEnv = process.env): string[] {
  const drawn = drawnFolder(entry, env);
  return [downloadFolder(entry, env), ...(drawn === undefined ? [] : [drawn])];
}
