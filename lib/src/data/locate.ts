import path from 'node:path';
import { cacheFolder } from '../../cache-folder.cjs';
import { Interrupted, interruptible } from '../interrupt';
import { readSettings } from '../settings';
import { IncompleteFolder, listText, namesIn, type FileContents } from './dataset-files';
import { folderForm, formOf, idxForm, type DatasetForm } from './dataset-forms';
import { downloadSize, isDiskError, reasonText, type DownloadOptions } from './download';
import { drawStandIn } from './drawn';
import { replaceFolder, writeFiles } from './files';
import { withLock } from './lock';
import { datasetEntry, type DatasetEntry, type FolderEntry, type IdxEntry } from './manifest';
import type { OnProgress } from './progress';

/** The places where a dataset is looked for, in this order. */
export type DataPlace = 'folder' | 'own' | 'cache' | 'download' | 'drawn';

/** Where a dataset comes from. */
export interface DataSource {
  /**
   * `folder`: named by COURSE_DATA; `own`: `datasets/<name>/` of the course's folder; `cache`: downloaded earlier;
   * `download`: from a mirror; `drawn`: stand-ins made by the course.
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

/** A source and the folder of its pictures, with a folder for each part and class in it. */
export interface OpenedFolder {
  readonly source: DataSource;
  readonly folder: string;
}

/**
 * Tells where a dataset would come from, without downloading or drawing anything; it does read and verify what is
 * there. `name` is that of an entry of `datasets/manifest.json`.
 *
 * ```ts
 * console.log((await describeDataSource('mnist')).note);
 * ```
 *
 * @throws Error if there is no such entry, if it can be had nowhere, or if COURSE_DATA names a folder that is missing
 *   or whose files are incomplete or damaged
 * Taught in 00_start_here.
 */
export async function describeDataSource(name: string, env: NodeJS.ProcessEnv = process.env): Promise<DataSource> {
  return planSource(datasetEntry(name), env);
}

/** See {@link describeDataSource}. */
export async function planSource(entry: DatasetEntry, env: NodeJS.ProcessEnv): Promise<DataSource> {
  const { opened, passedOver } = await findExisting(formOf(entry), env);
  if (opened) return opened.source;
  const noDownload = whyNoDownload(entry, env);
  if (noDownload !== undefined) return drawnSource(entry, drawnFolder(entry, env), [...passedOver, noDownload]);
  const folder = downloadFolder(entry, env);
  return {
    kind: 'download',
    folder,
    passedOver,
    note:
      `Will be downloaded to ${folder} when a lesson needs it (${(downloadSize(entry) / 1e6).toFixed(1)} MB).` +
      (entry.standIn ? ' Without a network, stand-ins are drawn.' : ''),
  };
}

/**
 * Finds a dataset of IDX files and reads it: the folder that COURSE_DATA names, `datasets/<name>/` of the course's
 * folder, what was downloaded earlier, a download, else drawn stand-ins.
 * Throws as {@link describeDataSource} does: who names a folder wants its files and no others.
 */
export async function openDataset(entry: IdxEntry, options: OpenOptions = {}): Promise<OpenedDataset> {
  const { source, value: contents } = await open(idxForm(entry), options);
  return { source, contents };
}

/**
 * Finds a dataset of pictures, as {@link openDataset} does. A folder of one's own must have the classes; its pictures
 * are taken as they are. What was downloaded or drawn is verified file by file.
 */
export async function openFolderDataset(entry: FolderEntry, options: OpenOptions = {}): Promise<OpenedFolder> {
  const { source, value: folder } = await open(folderForm(entry), options);
  return { source, folder };
}

/**
 * Makes sure that a dataset lies on this machine, and downloads it if it does not; never draws.
 *
 * @throws Error if it cannot be had, with the reasons
 */
export async function fetchDataset(entry: DatasetEntry, options: OpenOptions = {}): Promise<DataSource> {
  const { env = process.env } = options;
  const form = formOf(entry);
  const { opened, passedOver } = await findExisting(form, env);
  if (opened) return opened.source;
  const noDownload = whyNoDownload(entry, env);
  if (noDownload) throw new Error(nowhereText(entry, [...passedOver, noDownload]));
  return (await openDownload(form, env, passedOver, options)).source;
}

interface Opened<T> {
  readonly source: DataSource;
  readonly value: T;
}

/** An interrupt ends it: nothing goes on behind the next cell, and the locks are released. */
async function open<T>(form: DatasetForm<T>, options: OpenOptions): Promise<Opened<T>> {
  return interruptible(
    async (_isInterrupted, signal) => {
      // Whatever takes long tells how far it is, between steps after which it can end.
      const onProgress: OnProgress = (progress) => {
        signal.throwIfAborted();
        options.onProgress?.(progress);
      };
      const opened = await openAnywhere(form, { ...options, onProgress, signal });
      signal.throwIfAborted();
      return opened;
    },
    `Loading ${form.entry.title} was interrupted. Load it again when you need it: a download goes on where it stopped.`,
  );
}

async function openAnywhere<T>(form: DatasetForm<T>, options: OpenOptions): Promise<Opened<T>> {
  const { env = process.env } = options;
  const { opened, passedOver } = await findExisting(form, env);
  if (opened) return opened;
  const noDownload = whyNoDownload(form.entry, env);
  if (noDownload) return openDrawn(form, env, [...passedOver, noDownload], options.onProgress);
  try {
    return await openDownload(form, env, passedOver, options);
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    const reason = { kind: 'download', reason: reasonText(error) } as const;
    return openDrawn(form, env, [...passedOver, reason], options.onProgress);
  }
}

function whyNoDownload(entry: DatasetEntry, env: NodeJS.ProcessEnv): { kind: 'download'; reason: string } | undefined {
  if (downloadSize(entry) === 0) return { kind: 'download', reason: 'nobody offers it for download' };
  return readSettings(env).offline ? { kind: 'download', reason: offline } : undefined;
}

const offline = 'COURSE_OFFLINE is set';

const datasetsFolder = (env: NodeJS.ProcessEnv): string => path.join(cacheFolder(env), 'datasets');

/** Where a dataset is kept when it was downloaded. */
export const downloadFolder = (entry: DatasetEntry, env: NodeJS.ProcessEnv): string =>
  path.join(datasetsFolder(env), entry.name);

/** Where a dataset's stand-ins are kept when they were drawn; undefined if there are none for it. */
export const drawnFolder = (entry: DatasetEntry, env: NodeJS.ProcessEnv): string | undefined =>
  entry.standIn && path.join(datasetsFolder(env), entry.standIn.folder);

interface Found<T> {
  readonly opened?: Opened<T>;
  readonly passedOver: DataSource['passedOver'];
}

async function findExisting<T>(form: DatasetForm<T>, env: NodeJS.ProcessEnv): Promise<Found<T>> {
  const { entry } = form;
  const passedOver: { kind: DataPlace; reason: string }[] = [];
  const found = (kind: DataPlace, folder: string, note: string, value: T): Found<T> => ({
    opened: { source: { kind, folder, passedOver, note }, value },
    passedOver,
  });
  const { dataFolder } = readSettings(env);
  if (dataFolder === undefined) {
    passedOver.push({ kind: 'folder', reason: 'COURSE_DATA is not set' });
  } else {
    const parent = path.resolve(dataFolder);
    const folder = path.join(parent, entry.name);
    const named = await readNamedFolder(parent, folder, form);
    if (named)
      return found('folder', folder, `From ${folder}, named by COURSE_DATA. ${named.remark}`.trim(), named.value);
    const names = (await namesIn(parent)) ?? [];
    passedOver.push({
      kind: 'folder',
      reason: `COURSE_DATA is ${parent}, which has no ${entry.name}/ (it has ${listText(names)})`,
    });
  }

  const own = await form.readOwn(entry.ownFolder).catch((error) => {
    throw new Error(`${reasonText(error)} Repair or remove the folder ${entry.ownFolder}.`);
  });
  if (own)
    return found(
      'own',
      entry.ownFolder,
      `From ${entry.ownFolder}, a folder of your own. ${own.remark}`.trim(),
      own.value,
    );
  passedOver.push({ kind: 'own', reason: `the course's datasets/ has no ${entry.name}/` });

  const folder = downloadFolder(entry, env);
  try {
    const cached = await form.readCached(folder);
    if (cached !== undefined) return found('cache', folder, `Downloaded earlier to ${folder}.`, cached);
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

async function readNamedFolder<T>(
  parent: string,
  folder: string,
  form: DatasetForm<T>,
): Promise<{ value: T; remark: string } | undefined> {
  const { name, title } = form.entry;
  const otherwise = `unset it to ${downloadSize(form.entry) > 0 ? `download ${title}` : 'look elsewhere'}`;
  const advice = `Expected a folder with ${name}/ in it. Correct COURSE_DATA, or ${otherwise}.`;
  let names: string[] | undefined;
  try {
    names = await namesIn(parent);
  } catch (error) {
    throw new Error(`COURSE_DATA: got ${parent}, which cannot be read as a folder (${reasonText(error)}). ${advice}`);
  }
  if (!names)
    throw new Error(`COURSE_DATA: got ${parent}, which does not exist (${await nearestFolder(parent)}). ${advice}`);
  try {
    return await form.readOwn(folder);
  } catch (error) {
    throw new Error(
      `COURSE_DATA: ${reasonText(error)} Repair the folder, or ${otherwise.replace('it', 'COURSE_DATA')}.`,
    );
  }
}

/** Most wrong paths are right to a point: what is there instead? */
async function nearestFolder(missing: string): Promise<string> {
  const above = path.dirname(missing);
  const names = await namesIn(above).catch(() => undefined);
  return names || above === missing ? `${above} has ${listText(names ?? [])}` : nearestFolder(above);
}

async function openDownload<T>(
  form: DatasetForm<T>,
  env: NodeJS.ProcessEnv,
  passedOver: DataSource['passedOver'],
  options: DownloadOptions,
): Promise<Opened<T>> {
  const folder = downloadFolder(form.entry, env);
  const value = await withLock(
    `${folder}.lock`,
    // Whoever waited finds what the other process has fetched.
    async () => (await form.readCached(folder).catch(() => undefined)) ?? form.download(folder, options),
    waiting(form.entry.title, 'bytes', options.onProgress),
  );
  return { source: { kind: 'download', folder, passedOver, note: `Downloaded to ${folder}.` }, value };
}

async function openDrawn<T>(
  form: DatasetForm<T>,
  env: NodeJS.ProcessEnv,
  passedOver: DataSource['passedOver'],
  onProgress: OnProgress = () => {},
): Promise<Opened<T>> {
  const { entry } = form;
  const folder = drawnFolder(entry, env);
  if (!entry.standIn || folder === undefined) throw new Error(nowhereText(entry, passedOver));
  const kept = await form.readDrawn(folder);
  if (kept !== undefined) return { source: drawnSource(entry, folder, passedOver), value: kept };
  let contents: FileContents | undefined;
  const draw = async (): Promise<FileContents> => (contents = await drawStandIn(entry, onProgress));
  const remark = (drawn: FileContents): string =>
    form.isAsPromised(drawn)
      ? ''
      : 'They are not the pictures that the manifest promises: please report this machine. ';
  try {
    return await withLock(
      `${folder}.lock`,
      async () => {
        const made = await form.readDrawn(folder);
        if (made !== undefined) return { source: drawnSource(entry, folder, passedOver), value: made };
        const drawn = await draw();
        await replaceFolder(folder, (unfinished) => writeFiles(unfinished, drawn));
        return { source: drawnSource(entry, folder, passedOver, remark(drawn)), value: form.fromDrawn(drawn, folder) };
      },
      waiting(entry.standIn.title, 'images', onProgress),
    );
  } catch (error) {
    // A full disk or a read-only cache costs some seconds each time, not the lesson.
    if (!isDiskError(error)) throw error;
    const drawn = contents ?? (await draw());
    const { value, folder: unkept } = await form.fromUnkept(drawn);
    const notKept = `They could not be kept (${reasonText(error)}) and are drawn again each time. `;
    return { source: drawnSource(entry, unkept, passedOver, remark(drawn) + notKept), value };
  }
}

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

const reasonsText = (passedOver: DataSource['passedOver']): string => passedOver.map(({ reason }) => reason).join('; ');

function nowhereText(entry: DatasetEntry, passedOver: DataSource['passedOver']): string {
  return (
    `${entry.title} is not to be had: ${reasonsText(passedOver)}. ` +
    `Expected it in ${entry.ownFolder}, or in a folder ${entry.name}/ in the one that COURSE_DATA names.`
  );
}

function drawnSource(
  entry: DatasetEntry,
  folder: string | undefined,
  passedOver: DataSource['passedOver'],
  remark = '',
): DataSource {
  if (!entry.standIn) throw new Error(nowhereText(entry, passedOver));
  return {
    kind: 'drawn',
    folder,
    passedOver,
    note:
      `Stand-ins for ${entry.title}, drawn by the course, because ${reasonsText(passedOver)}. ${remark}` +
      `For ${entry.title} itself, ${wayToDownload(entry, passedOver)}set COURSE_DATA to a folder with ${entry.name}/ in it.`,
  };
}

/** What would help a download; nothing where nobody offers one. */
function wayToDownload(entry: DatasetEntry, passedOver: DataSource['passedOver']): string {
  if (downloadSize(entry) === 0) return '';
  const isOffline = passedOver.some(({ kind, reason }) => kind === 'download' && reason === offline);
  return `${isOffline ? 'unset COURSE_OFFLINE' : 'connect to a network'}, or `;
}
