import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type * as decode from '../../../../lib/src/data/folder/decode';
import { indexImageFolder, readImageFolder, type ImageFolder } from '../../../../lib/src/data/folder/image-folder';
import { CacheWriter, removePixels } from '../../../../lib/src/data/folder/pixel-cache';
import { temporaryFolder } from '../support';
import { plainPng, writeFolder } from './support';

/** Which files were decoded since the last call. */
const decoded: string[] = [];
vi.mock('../../../../lib/src/data/folder/decode', async (original) => {
  const module = await original<typeof decode>();
  const decodeFiles: typeof decode.decodeFiles = (files, options) => {
    decoded.push(...files.map(({ candidate }) => candidate.file));
    return module.decodeFiles(files, options);
  };
  return { ...module, decodeFiles };
});

const LONG_AGO = new Date('2020-01-01');

describe('the cache of decoded pictures', () => {
  let cache: string;
  let folder: string;
  const pixels = (): string => path.join(cache, 'pixels');
  const read = async (): Promise<ImageFolder> => {
    decoded.length = 0;
    return readImageFolder(folder, { size: [2, 2] });
  };
  const greens = ({ train: { images } }: ImageFolder): number[] =>
    Array.from({ length: images.shape[0] }, (_, i) => images.get(i, 0, 0, 1));
  const file = (name: string): string => path.join(folder, name);

  beforeEach(async () => {
    vi.stubEnv('COURSE_CACHE', (cache = temporaryFolder()));
    folder = path.join(temporaryFolder(), 'pets');
    await writeFolder(folder, { cat: 3, dog: 2 });
    await read();
    expect(decoded).toHaveLength(5);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('spares decoding the second time', async () => {
    expect(greens(await read())).toEqual([0, 1, 2, 0, 1]);
    expect(decoded).toEqual([]);
    expect(readdirSync(pixels())).toHaveLength(1);
  });

  it('decodes a file with another content anew', async () => {
    writeFileSync(file('cat/001.png'), await plainPng([0, 200, 0]));
    expect(greens(await read())).toEqual([0, 200, 2, 0, 1]);
    expect(decoded).toEqual(['cat/001.png']);
  });

  it('notices a file of the same size whose old time was put back', async () => {
    const { atime, mtime, size } = statSync(file('cat/001.png'));
    const other = await plainPng([0, 9, 0]);
    expect(other.length).toBe(size);
    writeFileSync(file('cat/001.png'), other);
    utimesSync(file('cat/001.png'), atime, mtime);
    expect(greens(await read())).toEqual([0, 9, 2, 0, 1]);
  });

  it('notices a file of the same size and time that was put in its place', async () => {
    const { atime, mtime } = statSync(file('cat/001.png'));
    writeFileSync(file('new'), await plainPng([0, 9, 0]));
    utimesSync(file('new'), atime, mtime);
    renameSync(file('new'), file('cat/001.png'));
    expect(greens(await read())).toEqual([0, 9, 2, 0, 1]);
  });

  it('does not decode a file that was only touched, copied or renamed', async () => {
    utimesSync(file('cat/001.png'), LONG_AGO, LONG_AGO);
    copyFileSync(file('cat/002.png'), file('cat/copy.png'));
    renameSync(file('dog/000.png'), file('dog/new name.png'));
    expect(greens(await read())).toEqual([0, 1, 2, 2, 1, 0]);
    expect(decoded).toEqual([]);
  });

  it('notices files that are new, gone or have changed their class', async () => {
    writeFileSync(file('dog/new.png'), await plainPng([0, 77, 0]));
    rmSync(file('cat/000.png'));
    renameSync(file('cat/002.png'), file('dog/from cat.png'));
    const pets = await read();
    expect(greens(pets)).toEqual([1, 0, 1, 2, 77]);
    expect(Array.from(pets.train.labels.data)).toEqual([0, 1, 1, 1, 1]);
    expect(decoded).toEqual(['dog/new.png']);
  });

  it('keeps what was skipped, and looks again when it changes', async () => {
    writeFileSync(file('cat/001.png'), 'no picture');
    expect((await read()).skipped).toMatchObject([{ file: 'cat/001.png', reason: 'not a picture' }]);
    expect((await read()).skipped).toMatchObject([{ file: 'cat/001.png', reason: 'not a picture' }]);
    expect(decoded).toEqual([]);
    writeFileSync(file('cat/001.png'), await plainPng([0, 5, 0]));
    const pets = await read();
    expect(pets.skipped).toEqual([]);
    expect(greens(pets)).toEqual([0, 5, 2, 0, 1]);
  });

  it('is not written again for files that are never read', async () => {
    writeFileSync(file('cat/empty.png'), '');
    const [name] = readdirSync(pixels());
    const { ino } = statSync(path.join(pixels(), name));
    expect((await read()).skipped).toMatchObject([{ file: 'cat/empty.png', reason: 'empty file' }]);
    expect(greens(await read())).toEqual([0, 1, 2, 0, 1]);
    // Files this young are known by their content only; once they are settled the cache stays as it is.
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 10_000);
    await read();
    const settled = statSync(path.join(pixels(), name)).ino;
    await read();
    expect(statSync(path.join(pixels(), name)).ino).toBe(settled);
    expect(settled).not.toBe(ino);
    vi.restoreAllMocks();
  });

  it('takes a picture that is renamed to another format for mislabelled', async () => {
    renameSync(file('cat/001.png'), file('cat/001.jpg'));
    expect((await read()).skipped).toMatchObject([{ file: 'cat/001.jpg', reason: 'mislabelled' }]);
  });

  it('keeps pixels of another size or colour apart', async () => {
    const grey = await readImageFolder(folder, { size: [2, 2], color: 'grey' });
    expect(grey.train.images.shape).toEqual([5, 2, 2]);
    expect((await readImageFolder(folder, { size: [3, 2], resize: 'fill' })).train.images.shape).toEqual([5, 3, 2, 3]);
    expect(readdirSync(pixels())).toHaveLength(3);
  });

  describe('when its file', () => {
    const cacheFile = (): string => path.join(pixels(), readdirSync(pixels())[0]);
    const damages: Record<string, (file: string) => void> = {
      'is cut off': (file) => truncateSync(file, statSync(file).size - 10),
      'is cut off in the header': (file) => truncateSync(file, 20),
      'is empty': (file) => truncateSync(file, 0),
      'has a wrong byte among the pixels': (file) => flip(file, 70),
      'has a wrong byte in the table': (file) => flip(file, statSync(file).size - 20),
      'has a wrong byte in the header': (file) => flip(file, 9),
      'is longer': (file) => writeFileSync(file, 'more', { flag: 'a' }),
      'is of another version': (file) => flip(file, 7),
      'is something else': (file) => writeFileSync(file, '<html>'),
      'is a folder': (file) => {
        rmSync(file);
        mkdirSync(file);
      },
    };
    const flip = (file: string, at: number): void => {
      const bytes = readFileSync(file);
      bytes[at] ^= 1;
      writeFileSync(file, bytes);
    };

    it.each(Object.keys(damages))('%s, decodes again', async (damage) => {
      damages[damage](cacheFile());
      const pets = await read();
      expect(greens(pets)).toEqual([0, 1, 2, 0, 1]);
      expect(decoded).toHaveLength(5);
      if (damage === 'is a folder') {
        expect(pets.note).toMatch(/could not be kept/);
        return;
      }
      expect(pets.note).toBeUndefined();
      await read();
      expect(decoded).toHaveLength(0);
    });
  });

  it('costs only time where it cannot be written, and says so', async () => {
    rmSync(pixels(), { recursive: true });
    writeFileSync(pixels(), 'a file where the folder should be');
    const pets = await read();
    expect(greens(pets)).toEqual([0, 1, 2, 0, 1]);
    expect(String(pets)).toMatch(/The pixels could not be kept in .*\((EEXIST|ENOTDIR)/);
  });

  it('leaves nothing of a file that was never finished', async () => {
    const name = path.join(pixels(), 'x.pixels');
    const writer = new CacheWriter(name, 4);
    writer.append(new Uint8Array(4));
    expect(existsSync(name)).toBe(false);
    writer.abort();
    expect(readdirSync(pixels())).toHaveLength(1);
  });

  it('removes what killed processes left, and the least recently used files beyond its limit', async () => {
    const write = (name: string, used: Date): void => {
      writeFileSync(path.join(pixels(), name), Buffer.alloc(1000));
      utimesSync(path.join(pixels(), name), used, used);
    };
    write('old.pixels', LONG_AGO);
    write('recent.pixels', new Date());
    write('left.pixels.1234.tmp', LONG_AGO);
    write('running.pixels.1234.tmp', new Date());
    const before = readdirSync(pixels()).filter((name) => name.endsWith('.pixels'));
    const total = before.reduce((sum, name) => sum + statSync(path.join(pixels(), name)).size, 0);
    new CacheWriter(path.join(pixels(), 'new.pixels'), 4).finish([], total);
    const expected = [...before.filter((name) => name !== 'old.pixels'), 'new.pixels', 'running.pixels.1234.tmp'];
    expect(readdirSync(pixels()).sort()).toEqual(expected.sort());
  });

  it('keeps nothing that is larger than its limit alone, and says so', async () => {
    const kept = readdirSync(pixels());
    for (const open of [readImageFolder, indexImageFolder]) {
      const pets = await open(folder, { size: [30, 30], cacheLimit: 5000 });
      expect(pets.note).toMatch(/they need [\d,]+ bytes, more than cacheLimit = 5,000/);
      expect(readdirSync(pixels())).toEqual(kept);
    }
  });

  it.runIf(process.platform === 'linux')('leaves no file open where the pictures are in memory', async () => {
    await readImageFolder(folder, { size: [5, 5] });
    const open = readdirSync('/proc/self/fd').flatMap((name) => {
      try {
        return readlinkSync(`/proc/self/fd/${name}`);
      } catch {
        return [];
      }
    });
    expect(open.filter((file) => file.startsWith(realpathSync(pixels())))).toEqual([]);
  });

  it.runIf(process.platform !== 'win32')('does not wait for a pipe in the place of its file', async () => {
    const [name] = readdirSync(pixels());
    rmSync(path.join(pixels(), name));
    execFileSync('mkfifo', [path.join(pixels(), name)]);
    expect((await read()).train.files).toHaveLength(5);
    expect(statSync(path.join(pixels(), name)).isFile()).toBe(true);
  });

  it('gives up what was decoded of one folder, in every way, and keeps that of others', async () => {
    await readImageFolder(folder, { size: [3, 3], color: 'grey' });
    const other = path.join(temporaryFolder(), 'pets');
    await writeFolder(other, { cat: 1 });
    const before = readdirSync(pixels());
    await readImageFolder(other);
    const ofOther = readdirSync(pixels()).filter((name) => !before.includes(name));
    const bytes = before.reduce((sum, name) => sum + statSync(path.join(pixels(), name)).size, 0);
    expect(before).toHaveLength(2);
    expect(removePixels(realpathSync(folder))).toBe(bytes);
    expect(readdirSync(pixels())).toEqual(ofOther);
    await read();
    expect(decoded).toHaveLength(5);
  });

  it('serves folders that are opened as well as those that are read', async () => {
    decoded.length = 0;
    const opened = await indexImageFolder(folder, { size: [2, 2] });
    expect(opened.train.files).toHaveLength(5);
    expect(decoded).toEqual([]);
  });

  it('is right when two read the same new folder at once', async () => {
    rmSync(pixels(), { recursive: true });
    const [one, other] = await Promise.all([read(), read()]);
    expect(greens(one)).toEqual(greens(other));
    expect(greens(await read())).toEqual([0, 1, 2, 0, 1]);
    expect(readdirSync(pixels())).toHaveLength(1);
  });
});
