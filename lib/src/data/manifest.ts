import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { Checked } from './checked';
import { byCodePoint, listFolder } from './folder/list';

/** What is known of every dataset: what it is, where it comes from, how it is licensed. */
interface CommonEntry {
  /** The name of its entry in the manifest, and of its folder wherever it lies. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly homepage?: string;
  readonly licence: { readonly name: string; readonly url?: string; readonly holders?: string };
  readonly citation?: string;
  readonly classNames: readonly string[];
  /** `datasets/<name>/` next to the manifest: a place for files of one's own. */
  readonly ownFolder: string;
}

/** One file of a dataset of IDX files. */
export interface DatasetFile {
  readonly split: 'train' | 'test';
  readonly content: 'images' | 'labels';
  /** Without `.gz`; the file may lie gzipped or not. */
  readonly name: string;
  /** Bytes and SHA-256 of the unpacked file. */
  readonly size: number;
  readonly sha256: string;
  /** Bytes as the mirrors keep it, gzipped: for the progress bar. */
  readonly downloadSize: number;
}

/** A dataset of four IDX files, as MNIST is: images and labels to train on and to test with. */
export interface IdxEntry extends CommonEntry {
  readonly kind: 'idx';
  /** Height and width in pixels. */
  readonly imageShape: readonly [number, number];
  readonly counts: { readonly train: number; readonly test: number };
  readonly files: readonly DatasetFile[];
  /** Addresses that end in `/`; each has all files with `.gz` added to their names. None: nobody offers it. */
  readonly mirrors: readonly string[];
  /** What is drawn where the dataset cannot be had: files of the same names and sizes, with their SHA-256. */
  readonly standIn?: {
    readonly title: string;
    readonly folder: string;
    readonly sha256: Readonly<Record<string, string>>;
  };
}

/** A zip file on the web that holds a dataset of pictures. */
export interface DatasetArchive {
  /** The addresses of the same file. */
  readonly mirrors: readonly string[];
  readonly size: number;
  /**
   * Of the zip file; or why it is not known. Then its length, its own CRC-32 values and its layout are all that is
   * checked.
   */
  readonly sha256: string | { readonly unknown: string };
  /** The folder in the zip file that holds the dataset's. */
  readonly topFolder: string;
}

/** How many pictures each class has, by part (`train`, `validation`) and class. */
export type PictureCounts = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** A dataset of pictures in one folder a class: `train/cats/cat.0.jpg`. */
export interface FolderEntry extends CommonEntry {
  readonly kind: 'folder';
  /** As published; nothing for a dataset of one's own, which has what its folder has. */
  readonly counts?: PictureCounts;
  /** Nothing if nobody offers it. */
  readonly archive?: DatasetArchive;
  /**
   * What is drawn where the dataset cannot be had: as many pictures in the same folders; one SHA-256 (`contentsDigest`)
   * for all.
   */
  readonly standIn?: { readonly title: string; readonly folder: string; readonly sha256: string };
}

/** An entry of the manifest; `kind` tells which of the two. */
export type DatasetEntry = IdxEntry | FolderEntry;

/** Next to `lib/` in the repository: the same three levels up from `src/data/` and from `dist/data/`. */
const courseManifest = path.resolve(__dirname, '../../../datasets/manifest.json');

/**
 * The entry of a dataset in `datasets/manifest.json`, or that of a folder of pictures in `datasets/`.
 *
 * @throws Error if there is neither (with the names of those that there are), or as {@link readManifest}
 */
export function datasetEntry(name: string, file = courseManifest): DatasetEntry {
  const entry =
    readManifest(file).find((candidate) => candidate.name === name) ??
    folderEntries(file).find((candidate) => candidate.name === name);
  if (entry) return entry;
  throw new Error(
    `got the dataset name "${name}", expected one of: ${allEntries(file).map((known) => known.name).join(', ')}. ` +
      `To add one, put a folder with a sub-folder of pictures for each class into ${path.dirname(file)}, ` +
      `or give it an entry in ${file}; for a folder elsewhere, use loadImageFolder.`,
  );
}

/** All datasets: those of a manifest in its order, then the folders of pictures beside it that it does not mention. */
export function allEntries(file = courseManifest): DatasetEntry[] {
  const entries = readManifest(file);
  const isListed = (name: string): boolean => entries.some((entry) => entry.name === name);
  return [...entries, ...folderEntries(file).filter(({ name }) => !isListed(name))];
}

/** What is known of the folders beside a manifest from themselves. */
function folderEntries(file: string): FolderEntry[] {
  const parent = path.dirname(file);
  return readdirSync(parent)
    .filter((name) => fileName.test(name) && statSync(path.join(parent, name), { throwIfNoEntry: false })?.isDirectory())
    .sort(byCodePoint)
    .map((name) => ({
      kind: 'folder',
      name,
      title: name,
      description: 'A folder of pictures',
      licence: { name: 'not stated' },
      classNames: classNamesIn(path.join(parent, name)),
      ownFolder: path.join(parent, name),
    }));
}

/** None where there is something wrong with a folder: whoever opens it is told what. */
function classNamesIn(folder: string): readonly string[] {
  try {
    return listFolder(folder).classNames;
  } catch {
    return [];
  }
}

/** The entry of a dataset that consists of IDX files. See {@link datasetEntry}. */
export function idxEntry(name: string): IdxEntry {
  const entry = datasetEntry(name);
  if (entry.kind !== 'idx') throw new Error(`${name}: got a folder of pictures, expected a dataset of IDX files.`);
  return entry;
}

/** The entry of a dataset of pictures in folders. See {@link datasetEntry}. */
export function folderEntry(name: string): FolderEntry {
  const entry = datasetEntry(name);
  if (entry.kind !== 'folder') throw new Error(`${name}: got a dataset of IDX files, expected a folder of pictures.`);
  return entry;
}

/**
 * All entries of a manifest, in its order.
 *
 * @throws Error that says where the manifest has what, and what was expected there
 */
export function readManifest(file = courseManifest): DatasetEntry[] {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`${file}: got no JSON (${(error as Error).message}), expected an object with an entry a dataset.`);
  }
  const folder = path.dirname(file);
  return new Checked(json, file).entries((entry, name) => readEntry(entry, name, path.join(folder, name)));
}

function readEntry(entry: Checked, name: string, ownFolder: string): DatasetEntry {
  entry.checkName(name, datasetName, 'lower-case letters, digits and hyphens, such as "my-flowers"');
  const kind = entry.at('kind').oneOf(['idx', 'folder'] as const);
  const common = {
    name,
    ownFolder,
    title: entry.at('title').text(),
    description: entry.at('description').text(),
    homepage: entry.optional('homepage')?.url(),
    licence: readLicence(entry.at('licence')),
    citation: entry.optional('citation')?.text(),
  };
  return kind === 'idx' ? readIdxEntry(entry, common) : readFolderEntry(entry, common);
}

type Common = Omit<CommonEntry, 'classNames'>;
const commonKeys = ['kind', 'title', 'description', 'homepage', 'licence', 'citation', 'classNames', 'standIn'];

function readLicence(licence: Checked): CommonEntry['licence'] {
  licence.hasOnly(['name', 'url', 'holders']);
  return {
    name: licence.at('name').text(),
    url: licence.optional('url')?.url(),
    holders: licence.optional('holders')?.text(),
  };
}

function readIdxEntry(entry: Checked, common: Common): IdxEntry {
  entry.hasOnly([...commonKeys, 'imageShape', 'counts', 'files', 'mirrors']);
  entry.at('counts').hasOnly(['train', 'test']);
  const files = entry.at('files').list((file): DatasetFile => {
    file.hasOnly(['split', 'content', 'name', 'size', 'sha256', 'downloadSize']);
    return {
      split: file.at('split').oneOf(['train', 'test'] as const),
      content: file.at('content').oneOf(['images', 'labels'] as const),
      name: file.at('name').text(fileName, 'a file name'),
      size: file.at('size').count(),
      sha256: file.at('sha256').text(sha256, sha256Form),
      downloadSize: file.at('downloadSize').count(),
    };
  });
  const parts = files
    .map(({ split, content }) => `${split} ${content}`)
    .sort()
    .join(', ');
  const expected = 'test images, test labels, train images, train labels';
  if (parts !== expected) entry.at('files').fail(parts, expected);
  const standIn = entry.optional('standIn');
  standIn?.hasOnly(['title', 'folder', 'sha256']);
  standIn?.at('sha256').hasOnly(files.map(({ name }) => name));
  return {
    ...common,
    kind: 'idx',
    classNames: entry.at('classNames').distinct(),
    imageShape: entry.at('imageShape').pair(),
    counts: { train: entry.at('counts').at('train').count(), test: entry.at('counts').at('test').count() },
    files,
    mirrors: entry.optional('mirrors')?.list((mirror) => mirror.url(/\/$/, 'an address that ends in /')) ?? [],
    standIn: standIn && {
      ...standInNames(standIn),
      sha256: Object.fromEntries(
        files.map(({ name }) => [name, standIn.at('sha256').at(name).text(sha256, sha256Form)]),
      ),
    },
  };
}

function readFolderEntry(entry: Checked, common: Common): FolderEntry {
  entry.hasOnly([...commonKeys, 'counts', 'archive']);
  const classNames = entry.at('classNames').distinct(fileName, 'the name of a folder');
  const sorted = [...classNames].sort(byCodePoint);
  // Labels number the classes of a folder in this order.
  if (sorted.some((name, i) => name !== classNames[i]))
    entry.at('classNames').fail(classNames.join(', '), `the names sorted: ${sorted.join(', ')}`);
  const archive = entry.optional('archive');
  archive?.hasOnly(['mirrors', 'size', 'sha256', 'topFolder']);
  const standIn = entry.optional('standIn');
  standIn?.hasOnly(['title', 'folder', 'sha256']);
  // Without them nobody could tell whether what was unpacked or drawn is whole.
  const counts = archive || standIn ? entry.at('counts') : entry.optional('counts');
  return {
    ...common,
    kind: 'folder',
    classNames,
    counts:
      counts &&
      Object.fromEntries(
        counts.entries((part, partName) => {
          part.checkName(partName, fileName, 'the name of a folder');
          part.hasOnly(classNames);
          return [partName, Object.fromEntries(classNames.map((className) => [className, part.at(className).count()]))];
        }),
      ),
    archive: archive && {
      mirrors: archive.at('mirrors').list((mirror) => mirror.url()),
      size: archive.at('size').count(),
      sha256: archive.at('sha256').isObject()
        ? { unknown: archive.at('sha256').at('unknown').text() }
        : archive.at('sha256').text(sha256, `${sha256Form}, or { "unknown": "why" }`),
      topFolder: archive.at('topFolder').text(fileName, 'the name of a folder'),
    },
    standIn: standIn && { ...standInNames(standIn), sha256: standIn.at('sha256').text(sha256, sha256Form) },
  };
}

const standInNames = (standIn: Checked): { title: string; folder: string } => ({
  title: standIn.at('title').text(),
  folder: standIn.at('folder').text(datasetName, 'the name of a folder'),
});

const datasetName = /^[a-z0-9][a-z0-9-]{0,63}$/;
/** Names become paths: no separators, no dot at the start, nothing invisible. */
const fileName = /^[^./\\\p{C}][^/\\\p{C}]{0,99}$/u;
const sha256 = /^[0-9a-f]{64}$/;
const sha256Form = 'the 64 hexadecimal digits of a SHA-256';
