import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { cacheFolder } from '../../cache-folder.cjs';
import { readSettings } from '../settings';
import { IncompleteFolder, listText, namesIn, readDatasetFolder, type FileContents } from './dataset-files';
import { downloadDataset, isDiskError, reasonText, type DownloadOptions } from './download';
import { drawDigits } from './drawn/draw';
import { removeUnfinished, writeWhole } from './files';
import { withLock } from './lock';
import { datasetEntry, type DatasetEntry, type DatasetFile, type DatasetName } from './manifest';
import type { OnProgress } from './progress';

/** The places where a dataset is looked for, in this order. */
export type DataPlace = 'folder' | 'cache' | 'download' | 'drawn';

/** Where a dataset comes from. */
export interface DataSource {
  /**
   * `folder`: named by COURSE_DATA; `cache`: downloaded earlier; `download`: from a mirror; `drawn`: stand-ins made by
   * the course.
   */
  readonly kind: DataPlace;
  /** Where the files lie; undefined if they were drawn and could not be kept. */
  readonly folder: string | undefined;
  /** Why the places before this one were not used. */
  readonly passedOver: readonly { readonly kind: DataPlace; readonly reason: string }[];
  /** All of this for people. */
  readonly note: string;
}

export interface OpenOptions extends DownloadOptions {
  readonly env?: NodeJS.ProcessEnv;
}

/** A source and the verified content of the dataset's files by their names. */
export interface OpenedDataset {
  readonly source: DataSource;
  readonly contents: FileContents;
}

interface Found {
  readonly opened?: OpenedDataset;
  readonly passedOver: DataSource['passedOver'];
}

/**
 * Tells where a dataset would come from, without downloading or drawing anything; it does read and verify what is
 * there. Throws if COURSE_DATA names a folder that is missing, or whose files are incomplete or damaged.
 *
 * ```ts
 * console.log((await describeDataSource('mnist')).note);
 * ```
 */
export async function describeDataSource(name: DatasetName, env: NodeJS.ProcessEnv = process.env): Promise<DataSource> {
  return planSource(datasetEntry(name), env);
}

/** See {@link describeDataSource}. */
export async function planSource(entry: DatasetEntry, env: NodeJS.ProcessEnv): Promise<DataSource> {
  const { opened, passedOver } = await findExisting(entry, env);
  if (opened) return opened.source;
  if (readSettings(env).offline) return drawnSource(entry, drawnFolder(entry, env), [...passedOver, offlineReason]);
  const size = entry.files.reduce((sum, file) => sum + file.downloadSize, 0);
  return {
    kind: 'download',
    folder: downloadFolder(entry, env),
    passedOver,
    note:
      `Will be downloaded to ${downloadFolder(entry, env)} when a lesson needs it ` +
      `(${(size / 1e6).toFixed(1)} MB). Without a network, stand-ins are drawn.`,
  };
}

/**
 * Finds a dataset and reads it: the folder that COURSE_DATA names, what was downloaded earlier, a download, else drawn
 * stand-ins. Throws as {@link describeDataSource} does: who names a folder wants its files and no others.
 */
export async function openDataset(entry: DatasetEntry, options: OpenOptions = {}): Promise<OpenedDataset> {
  const { env = process.env } = options;
  const existing = await findExisting(entry, env);
  if (existing.opened) return existing.opened;
  const { passedOver } = existing;
  if (readSettings(env).offline) return openDrawn(entry, env, [...passedOver, offlineReason], options.onProgress);
  try {
    return await openDownload(entry, env, passedOver, options);
  } catch (error) {
    return openDrawn(entry, env, [...passedOver, { kind: 'download', reason: reasonText(error) }], options.onProgress);
  }
}

const offlineReason = { kind: 'download', reason: 'COURSE_OFFLINE is set' } as const;

const datasetsFolder = (env: NodeJS.ProcessEnv): string => path.join(cacheFolder(env), 'datasets');
const downloadFolder = (entry: DatasetEntry, env: NodeJS.ProcessEnv): string =>
  path.join(datasetsFolder(env), entry.name);
const drawnFolder = (entry: DatasetEntry, env: NodeJS.ProcessEnv): string =>
  path.join(datasetsFolder(env), entry.standIn.folder);

async function findExisting(entry: DatasetEntry, env: NodeJS.ProcessEnv): Promise<Found> {
  const passedOver: { kind: DataPlace; reason: string }[] = [];
  const { dataFolder } = readSettings(env);
  if (dataFolder === undefined) {
    passedOver.push({ kind: 'folder', reason: 'COURSE_DATA is not set' });
  } else {
    const parent = path.resolve(dataFolder);
    const folder = path.join(parent, entry.name);
    const contents = await readNamedFolder(parent, folder, entry);
    if (contents) return { opened: { source: folderSource(folder), contents }, passedOver };
    const names = (await namesIn(parent)) ?? [];
    passedOver.push({
      kind: 'folder',
      reason: `COURSE_DATA is ${parent}, which has no ${entry.name}/ (it has ${listText(names)})`,
    });
  }

  const folder = downloadFolder(entry, env);
  try {
    const contents = await readDatasetFolder(folder, entry.files);
    if (contents) return { opened: { source: cacheSource(folder, passedOver), contents }, passedOver };
    passedOver.push({ kind: 'cache', reason: `there is no ${folder} yet` });
  } catch (error) {
    // The cache repairs itself by the download that follows.
    passedOver.push({
      kind: 'cache',
      reason: error instanceof IncompleteFolder ? `${folder} is not complete yet` : reasonText(error),
    });
  }
  return { passedOver };
}

async function readNamedFolder(parent: string, folder: string, entry: DatasetEntry): Promise<FileContents | undefined> {
  const advice =
    `Expected a folder with ${entry.name}/ in it. ` + `Correct COURSE_DATA, or unset it to download ${entry.title}.`;
  let names: string[] | undefined;
  try {
    names = await namesIn(parent);
  } catch (error) {
    throw new Error(`COURSE_DATA: got ${parent}, which cannot be read as a folder (${reasonText(error)}). ${advice}`);
  }
  if (!names)
    throw new Error(`COURSE_DATA: got ${parent}, which does not exist (${await nearestFolder(parent)}). ${advice}`);
  try {
    return await readDatasetFolder(folder, entry.files);
  } catch (error) {
    throw new Error(
      `COURSE_DATA: ${reasonText(error)} Repair the folder, or unset COURSE_DATA to download ${entry.title}.`,
    );
  }
}

/** Most wrong paths are right to a point: what is there instead? */
async function nearestFolder(missing: string): Promise<string> {
  const above = path.dirname(missing);
  const names = await namesIn(above).catch(() => undefined);
  return names || above === missing ? `${above} has ${listText(names ?? [])}` : nearestFolder(above);
}

async function openDownload(
  entry: DatasetEntry,
  env: NodeJS.ProcessEnv,
  passedOver: DataSource['passedOver'],
  options: DownloadOptions,
): Promise<OpenedDataset> {
  const folder = downloadFolder(entry, env);
  const contents = await withLock(
    `${folder}.lock`,
    () => downloadDataset(entry, folder, options),
    waiting(entry.title, 'bytes', options.onProgress),
  );
  return {
    source: { kind: 'download', folder, passedOver, note: `Downloaded to ${folder}.` },
    contents,
  };
}

async function openDrawn(
  entry: DatasetEntry,
  env: NodeJS.ProcessEnv,
  passedOver: DataSource['passedOver'],
  onProgress?: OnProgress,
): Promise<OpenedDataset> {
  const folder = drawnFolder(entry, env);
  const kept = await readDrawn(entry, folder);
  if (kept) return { source: drawnSource(entry, folder, passedOver), contents: kept };
  let contents: FileContents | undefined;
  try {
    await withLock(
      `${folder}.lock`,
      async () => {
        contents = await readDrawn(entry, folder);
        if (contents) return;
        contents = await drawDigits(entry, onProgress);
        await mkdir(folder, { recursive: true });
        await removeUnfinished(folder);
        for (const [name, content] of contents) await writeWhole(path.join(folder, name), content);
      },
      waiting(entry.standIn.title, 'images', onProgress),
    );
    return { source: drawnSource(entry, folder, passedOver), contents: contents as FileContents };
  } catch (error) {
    // A full disk or a read-only cache costs two seconds each time, not the lesson.
    if (!isDiskError(error)) throw error;
    contents ??= await drawDigits(entry, onProgress);
    return { source: drawnSource(entry, undefined, passedOver, reasonText(error)), contents };
  }
}

/** Undefined if they are not there or not intact; then they are drawn again. */
async function readDrawn(entry: DatasetEntry, folder: string): Promise<FileContents | undefined> {
  return readDatasetFolder(folder, standInFiles(entry)).catch(() => undefined);
}

const standInFiles = (entry: DatasetEntry): DatasetFile[] =>
  entry.files.map((file) => ({ ...file, sha256: entry.standIn.sha256[file.name] }));

const waiting =
  (title: string, unit: 'bytes' | 'images', onProgress: OnProgress = () => {}) =>
  (holder: string): void =>
    onProgress({
      activity: 'wait',
      what: `${title}: ${holder} is at it`,
      unit,
      received: 0,
      total: 0,
      ratePerSecond: 0,
    });

const folderSource = (folder: string): DataSource => ({
  kind: 'folder',
  folder,
  passedOver: [],
  note: `From ${folder}, named by COURSE_DATA.`,
});

const cacheSource = (folder: string, passedOver: DataSource['passedOver']): DataSource => ({
  kind: 'cache',
  folder,
  passedOver,
  note: `Downloaded earlier to ${folder}.`,
});

const drawnSource = (
  entry: DatasetEntry,
  folder: string | undefined,
  passedOver: DataSource['passedOver'],
  notKept?: string,
): DataSource => ({
  kind: 'drawn',
  folder,
  passedOver,
  note:
    `Stand-ins for ${entry.title}, drawn by the course, because ${passedOver.map(({ reason }) => reason).join('; ')}. ` +
    (notKept === undefined ? '' : `They could not be kept (${notKept}) and are drawn again each time. `) +
    `For ${entry.title} itself, connect to a network, or set COURSE_DATA to a folder with ${entry.name}/ in it.`,
});
