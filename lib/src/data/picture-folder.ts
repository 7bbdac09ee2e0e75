import { existsSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { countText } from '../arrays';
import type { ArchiveLimits } from './archive';
import { checksumList, listText, namesIn, sha256Of } from './dataset-files';
import { writeWhole } from './files';
import { listFolder } from './folder/list';
import type { FolderEntry, PictureCounts } from './manifest';

/**
 * Beside an unpacked folder, because in it it would be one more file that is no picture: the list with which
 * `sha256sum -c ../NAME.sha256` checks it.
 */
const checksumsFile = (folder: string): string => `${folder}.sha256`;

/**
 * What an archive of pictures may hold. Pictures are packed already, so a zip file of them is about as long as they
 * are.
 */
export function limitsOf(entry: FolderEntry): ArchiveLimits {
  const pictures = Object.values(entry.counts ?? {}).flatMap((part) => Object.values(part));
  const size = entry.archive?.size ?? 0;
  return {
    members: 2 * pictures.reduce((sum, count) => sum + count, 0) + 100,
    memberSize: 64e6,
    totalSize: 4 * size + 64e6,
  };
}

/**
 * Where a member of the archive belongs in the dataset's folder: `train/cats/cat.0.jpg`; undefined if it is no picture
 * of it.
 */
export function picturePath(entry: FolderEntry, member: string): string | undefined {
  const [top, part, className, name, ...deeper] = member.split('/');
  const isExpected =
    top === entry.archive?.topFolder &&
    Object.hasOwn(entry.counts ?? {}, part) &&
    entry.classNames.includes(className) &&
    deeper.length === 0 &&
    /^[^.].*\.(jpe?g|png|gif|webp|bmp|tiff?)$/i.test(name ?? '');
  return isExpected ? `${part}/${className}/${name}` : undefined;
}

/**
 * Refuses files that are not as many in each class as published; `where` names the folder or archive in the message.
 */
export function checkCounts(entry: FolderEntry, names: Iterable<string>, where: string): void {
  const difference = countDifferences(entry.counts ?? {}, countByClass(names));
  if (difference.length > 0) throw new Error(`${where}: got ${difference.join('; ')}. It is not the right data.`);
}

/** `train/cats: 999 pictures, expected 1,000` for each class of which there are not as many as published. */
function countDifferences(expected: PictureCounts, found: PictureCounts): string[] {
  return Object.entries(expected).flatMap(([part, classes]) =>
    Object.entries(classes).flatMap(([className, count]) => {
      const got = found[part]?.[className] ?? 0;
      const pictures = got === 1 ? 'picture' : 'pictures';
      return got === count ? [] : [`${part}/${className}: ${countText(got)} ${pictures}, expected ${countText(count)}`];
    }),
  );
}

function countByClass(names: Iterable<string>): PictureCounts {
  const counts: Record<string, Record<string, number>> = {};
  for (const name of names) {
    const [part, className] = name.split('/');
    const classes = (counts[part] ??= {});
    classes[className] = (classes[className] ?? 0) + 1;
  }
  return counts;
}

/**
 * Looks whether a folder that a person made has just the dataset's classes; its layout may be any that `listFolder`
 * knows. Its pictures are taken as they are: the result is a remark if they are not as many as published, else an empty
 * text. Undefined if there is no such folder.
 *
 * @throws Error if a class is missing or empty, or if there is another one: labels would mean something else
 */
export function checkOwnFolder(folder: string, { classNames, counts }: FolderEntry): string | undefined {
  if (!existsSync(folder)) return undefined;
  const listing = listFolder(folder);
  const missing = classNames.filter((name) => !listing.classNames.includes(name));
  const others = listing.classNames.filter((name) => !classNames.includes(name));
  if (missing.length + others.length > 0) {
    const advice = [
      missing.length > 0 ? `Add a folder of pictures for ${listText(missing)}.` : '',
      others.length > 0 ? `Move ${listText(others)} elsewhere, or read the folder with loadImageFolder.` : '',
    ];
    throw new Error(
      `${folder}: got the classes ${listText(listing.classNames)}, expected just ${classNames.join(', ')}. ` +
        advice.filter(Boolean).join(' '),
    );
  }
  if (!counts) return '';
  // Whatever the folders of the two parts are called.
  const validation = Object.keys(counts).find((part) => part !== 'train') ?? 'validation';
  const found = [
    ...listing.train.map(({ className }) => `train/${className}`),
    ...(listing.validation ?? []).map(({ className }) => `${validation}/${className}`),
  ];
  const differences = countDifferences(counts, countByClass(found));
  return differences.length === 0 ? '' : `Not as published: ${differences.join('; ')}.`;
}

const isVisible = (name: string): boolean => !name.startsWith('.');

/** Keeps the checksums with which {@link verifyUnpacked} can tell later whether a folder is still the same. */
export async function writeChecksums(folder: string, checksums: ReadonlyMap<string, string>): Promise<void> {
  await writeWhole(checksumsFile(folder), Buffer.from(checksumList(checksums)));
}

/** Whether a folder is there and still holds just what was unpacked. Refuses one that does not. */
export async function verifyUnpacked(folder: string, entry: FolderEntry): Promise<boolean> {
  if (!(await namesIn(folder))) return false;
  const kept = await readFile(checksumsFile(folder), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const found = await checksumsOf(folder);
  const list = checksumList(found);
  if (kept !== list) {
    const line = firstDifference(kept, list);
    throw new Error(`${folder}: is not what was unpacked; the first difference is ${line}.`);
  }
  checkCounts(entry, found.keys(), folder);
  return true;
}

/** The SHA-256 of a folder's {@link checksumList}; undefined if there is no such folder. */
export async function folderDigest(folder: string): Promise<string | undefined> {
  return (await namesIn(folder)) && sha256Of(checksumList(await checksumsOf(folder)));
}

function firstDifference(kept: string, found: string): string {
  const foundLines = new Set(found.split('\n'));
  const keptLines = new Set(kept.split('\n'));
  const missing = [...keptLines].find((line) => !foundLines.has(line));
  const added = [...foundLines].find((line) => !keptLines.has(line));
  return (missing ?? added ?? '').slice(66);
}

/** Files between two turns of the event loop. */
const slice = 200;

/** The SHA-256 of every file in a folder by its name relative to it, without hidden ones. */
async function checksumsOf(folder: string): Promise<Map<string, string>> {
  const checksums = new Map<string, string>();
  const walk = async (below: string): Promise<void> => {
    for (const item of await readdir(path.join(folder, below), { withFileTypes: true })) {
      const name = path.posix.join(below, item.name);
      if (!isVisible(item.name)) continue;
      if (item.isDirectory()) {
        await walk(name);
        continue;
      }
      if (!item.isFile()) throw new Error(`${path.join(folder, name)}: got a link or a device, expected a file.`);
      // Thousands of small files: one call after the other is faster than the thread pool.
      checksums.set(name, sha256Of(readFileSync(path.join(folder, name))));
      if (checksums.size % slice === 0) await nextTurn();
    }
  };
  await walk('');
  return checksums;
}
