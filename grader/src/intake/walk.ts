import * as path from 'node:path';
import type { Sandbox } from '../sandbox/sandbox';
import type { HandIns } from './hand-ins';
import { Disk, Memory, type Place } from './places';
import { shown, Unread } from './strict-json';
import { LARGEST_ZIP, unpacked } from './unpack';

/** Something that was handed in, not read yet. */
export interface HandedIn {
  /** Where it lies, in words for a message. */
  readonly label: string;
  readonly place: Place;
  /** The folder with a hand-in's files, or the one notebook. */
  readonly folder?: string;
  readonly notebook?: string;
  /** Names of the zip files around, the outermost first. */
  readonly zips: readonly string[];
  /** Names of the folders around: within the zip file of a class, but around that of one learner. */
  readonly folders: readonly string[];
  /** The name of the zip file that one learner has made. Names in it are the learner's own, and tell nothing. */
  readonly learnersZip?: string;
  /** Finds it once more, without keeping what it holds until then. */
  readonly again: () => Promise<HandedIn>;
}

export interface Refused {
  readonly label: string;
  readonly reason: string;
}

/** Why a hand-in cannot be marked, and whose and what it is as far as that is known. */
export class Refusal extends Error {
  constructor(message: string, readonly learner?: string, readonly assignment?: string) {
    super(message);
  }
}

export interface WalkOptions {
  readonly lessons: ReadonlyMap<string, unknown>;
  readonly sandbox: Sandbox;
  readonly handIns: HandIns;
}

interface At {
  readonly place: Place;
  /** Whether the file is itself what was given: then a zip file may be that of a class. */
  readonly isWhole?: boolean;
  readonly zips: readonly string[];
  readonly folders: readonly string[];
}

/**
 * All that was handed in below a folder of the disk, or one file: hand-ins of handIn() as folders and zip files,
 * nbgrader's folders, bare notebooks. Folders are read when their turn comes.
 *
 * @throws Error if there is no such file
 */
export async function* walk(target: string, options: WalkOptions): AsyncGenerator<HandedIn | Refused> {
  const absolute = path.resolve(target);
  const [name, parent] = [path.basename(absolute), path.basename(path.dirname(absolute))];
  const file = await Disk.at(path.dirname(absolute));
  const kind = (await file.entries('')).find((entry) => entry.name === name)?.kind;
  if (kind === 'file') return yield* one(name, { place: file, isWhole: true, zips: [], folders: [] }, options);
  const place = await Disk.at(absolute);
  // Of one learner's folder alone, its own name and that around it tell whose it is.
  const isLearners = options.lessons.has(name) &&
    (await place.entries('')).some((entry) => entry.name === `${name}.ipynb`);
  if (isLearners) yield handIn({ place, zips: [], folders: [parent, name] }, '', name);
  else yield* folder('', { place, zips: [], folders: [] }, options);
}

/** What a service was given: one file with a name that nobody trusts. */
export const walkFile = (name: string, bytes: Buffer, options: WalkOptions): AsyncGenerator<HandedIn | Refused> =>
  one(name, { place: new Memory(new Map([[name, bytes]])), isWhole: true, zips: [], folders: [] }, options);

function handIn(at: At, within: string, label: string): HandedIn {
  const found: HandedIn = { ...at, folder: within, label, again: async () => found };
  return found;
}

async function* folder(within: string, at: At, options: WalkOptions): AsyncGenerator<HandedIn | Refused> {
  const { place, zips, folders } = at;
  const { handIns: { NOISE, DEEPEST }, lessons } = options;
  const label = labelOf(at, within);
  if (folders.length > DEEPEST) return yield { label, reason: `it lies more than ${DEEPEST} folders deep` };
  let entries;
  try {
    entries = await place.entries(within);
  } catch (error) {
    return yield { label, reason: reasonOf(error) };
  }
  const isHandIn = entries.some(({ name }) => name === 'hand-in.json');
  const isLearners = folders.length >= 2 && lessons.has(folders.at(-1)!);
  if (isHandIn || isLearners) return yield handIn(at, within, label);
  for (const { name, kind } of entries) {
    if (NOISE.test(name)) continue;
    const inside = within === '' ? name : `${within}/${name}`;
    if (kind === 'folder') yield* folder(inside, { place, zips, folders: [...folders, name] }, options);
    else if (kind === 'other') yield { label: labelOf(at, inside), reason: 'it is a link or a device, and no file' };
    else yield* one(inside, { place, zips, folders }, options);
  }
}

async function* one(file: string, at: At, options: WalkOptions): AsyncGenerator<HandedIn | Refused> {
  const label = labelOf(at, file);
  if (/\.zip$/i.test(file)) return yield* zip(file, at, options);
  if (!/\.ipynb$/i.test(file)) {
    // What else lies about is no submission; given by itself it was meant to be one.
    if (at.isWhole) yield { label, reason: 'it is neither a notebook nor a zip file' };
    return;
  }
  const found: HandedIn = { ...at, notebook: file, label, again: async () => found };
  yield found;
}

async function* zip(file: string, at: At, options: WalkOptions): AsyncGenerator<HandedIn | Refused> {
  const label = labelOf(at, file);
  if (at.zips.length === 2) return yield { label, reason: 'it is a zip file in a zip file in a zip file' };
  const name = path.posix.basename(file);
  const zips = [...at.zips, name];
  let place: Memory;
  try {
    const bytes = await at.place.read(file, LARGEST_ZIP);
    if (!bytes) return yield { label, reason: 'it is not there any more' };
    place = await unpacked(bytes, name, !at.isWhole, options.sandbox, options.handIns);
  } catch (error) {
    return yield { label, reason: reasonOf(error) };
  }
  const found: HandedIn[] = [];
  let count = 0;
  for await (const each of folder('', { place, zips, folders: [] }, options)) {
    count++;
    if ('reason' in each) yield each;
    else {
      const { label: inside } = each;
      const again = (): Promise<HandedIn> => sameOf(zip(file, at, options), inside);
      if (at.isWhole) yield { ...each, again };
      else found.push({ ...each, folders: at.folders, learnersZip: name, again });
    }
  }
  if (count === 0) yield { label, reason: 'there is neither a notebook nor a hand-in in it' };
  else if (found.length > 1) yield { label, reason: `it holds ${found.length} notebooks or hand-ins; expected one` };
  else yield* found;
}

async function sameOf(all: AsyncGenerator<HandedIn | Refused>, label: string): Promise<HandedIn> {
  for await (const each of all) {
    if (!('reason' in each) && each.label === label) return each;
  }
  throw new Refusal('it is not there any more.');
}

const labelOf = ({ zips }: At, within: string): string => [...zips, ...(within === '' ? [] : [within])].join(': ');

const reasonOf = (error: unknown): string => {
  if (error instanceof Unread) return `it ${error.message}`;
  return `it cannot be read (${shown((error as NodeJS.ErrnoException).code ?? (error as Error).message)})`;
};
