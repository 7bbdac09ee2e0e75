import { constants, type Dirent } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { Unread } from './strict-json';

export interface Entry {
  readonly name: string;
  readonly kind: 'folder' | 'file' | 'other';
}

/**
 * Where files that were handed in lie: on the disk, or in a zip file that was unpacked into memory. Paths have slashes;
 * '' is all of it.
 */
export interface Place {
  /** In the order of their names. */
  entries(folder: string): Promise<Entry[]>;
  /**
   * @param most bytes that it may have
   * @returns undefined if there is no such file
   * @throws Unread for what is no regular file, or too large
   */
  read(file: string, most: number): Promise<Buffer | undefined>;
}

/** Entries that one folder may have. */
const MOST_ENTRIES = 200_000;

/** A folder on the disk. Links are not followed, wherever they lead; devices and pipes are not opened. */
export class Disk implements Place {
  private constructor(private readonly root: string) {}

  static async at(folder: string): Promise<Disk> {
    return new Disk(await fs.realpath(folder));
  }

  async entries(folder: string): Promise<Entry[]> {
    const found = await fs.readdir(path.join(this.root, folder), { withFileTypes: true });
    if (found.length > MOST_ENTRIES) {
      throw new Unread(`holds ${found.length} files and folders; ${MOST_ENTRIES} are the most`);
    }
    return found.map((entry) => ({ name: entry.name, kind: kindOf(entry) })).sort(byName);
  }

  async read(file: string, most: number): Promise<Buffer | undefined> {
    const place = path.join(this.root, file);
    let handle: fs.FileHandle;
    try {
      handle = await fs.open(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      if (code === 'ELOOP') throw new Unread('is a link; links are not followed');
      throw new Unread(`cannot be read (${code ?? 'error'})`);
    }
    try {
      const facts = await handle.stat();
      if (!facts.isFile()) throw new Unread('is no regular file');
      // A folder on the way to it may be a link, or have become one.
      if (await fs.realpath(place) !== place) throw new Unread('lies behind a link; links are not followed');
      if (facts.size > most) throw new Unread(tooLarge(facts.size, most));
      const bytes = Buffer.alloc(facts.size);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
      if (bytesRead !== bytes.length) throw new Unread('changed while it was read');
      return bytes;
    } finally {
      await handle.close();
    }
  }
}

const tooLarge = (bytes: number, most: number): string =>
  `has ${Number((bytes / 1e6).toFixed(1))} MB; ${most / 1e6} MB are the most`;

const kindOf = (entry: Dirent): Entry['kind'] =>
  (entry.isDirectory() ? 'folder' : entry.isFile() ? 'file' : 'other');

const byName = (a: Entry, b: Entry): number => (a.name < b.name ? -1 : 1);

/** Files in memory, by their paths. */
export class Memory implements Place {
  constructor(private readonly files: ReadonlyMap<string, Buffer>) {}

  async entries(folder: string): Promise<Entry[]> {
    const found = new Map<string, Entry>();
    for (const file of this.files.keys()) {
      if (folder !== '' && !file.startsWith(`${folder}/`)) continue;
      const [name, ...deeper] = file.slice(folder === '' ? 0 : folder.length + 1).split('/');
      found.set(name, { name, kind: deeper.length > 0 ? 'folder' : 'file' });
    }
    return [...found.values()].sort(byName);
  }

  async read(file: string, most: number): Promise<Buffer | undefined> {
    const bytes = this.files.get(file);
    if (bytes && bytes.length > most) throw new Unread(tooLarge(bytes.length, most));
    return bytes;
  }
}
