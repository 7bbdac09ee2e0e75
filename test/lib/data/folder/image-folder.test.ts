import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tf } from '@course/lib';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { readImageFolder, type FolderImages } from '../../../../lib/src/data/folder/image-folder';
import { temporaryFolder } from '../support';
import { plainPng, writeFolder } from './support';

let tensors = 0;
beforeAll(() => {
  vi.stubEnv('COURSE_CACHE', temporaryFolder());
  tensors = tf.memory().numTensors;
});
afterAll(() => {
  vi.unstubAllEnvs();
  expect(tf.memory().numTensors).toBe(tensors);
});

const folderOf = async (counts: Readonly<Record<string, number>>): Promise<string> => {
  const folder = path.join(temporaryFolder(), 'pets');
  await writeFolder(folder, counts);
  return folder;
};

/** What `writeFolder` has put into the colour of a picture. */
const greens = ({ images }: FolderImages): number[] =>
  Array.from({ length: images.shape[0] }, (_, i) => images.get(i, 0, 0, 1));
const labels = (part: FolderImages): number[] => Array.from(part.labels.data);

describe('readImageFolder', () => {
  it('reads one folder a class, in the order of their names', async () => {
    const folder = await folderOf({ dog: 3, cat: 2 });
    const pets = await readImageFolder(folder, { size: [4, 6] });
    expect(pets.classNames).toEqual(['cat', 'dog']);
    expect(pets.train.images.shape).toEqual([5, 4, 6, 3]);
    expect(labels(pets.train)).toEqual([0, 0, 1, 1, 1]);
    expect(greens(pets.train)).toEqual([0, 1, 0, 1, 2]);
    expect(pets.train.files[2]).toBe(path.join(pets.folder, 'dog', '000.png'));
    expect(pets.train.originalSizes.shape).toEqual([5, 2]);
    expect(pets.validation).toBeUndefined();
    expect(pets.title).toBe('pets');
  });

  it('gives grey pictures without a dimension for colour', async () => {
    const pets = await readImageFolder(await folderOf({ cat: 2 }), { size: [4, 6], color: 'grey' });
    expect(pets.train.images.shape).toEqual([2, 4, 6]);
    expect(pets.train.images.get(1, 0, 0)).toBe(Math.round(0.587 * 1 + 0.114 * 7));
  });

  it.each(['validation', 'val', 'test'])('takes the validation pictures from %s/ beside train/', async (name) => {
    const folder = await folderOf({ 'train/cat': 2, 'train/dog': 2, [`${name}/cat`]: 1, [`${name}/dog`]: 3 });
    const pets = await readImageFolder(folder, { size: [4, 4] });
    expect(labels(pets.train)).toEqual([0, 0, 1, 1]);
    expect(labels(pets.validation!)).toEqual([0, 1, 1, 1]);
  });

  it('takes one of several validation folders, and lists the others', async () => {
    const folder = await folderOf({ 'train/cat': 1, 'val/cat': 1, 'test/cat': 1 });
    const { skipped } = await readImageFolder(folder, { size: [4, 4] });
    expect(skipped).toEqual([
      { file: 'test', reason: 'part that is not used', detail: 'validation pictures come from val' },
    ]);
  });

  it('splits each class in the same way, by the seed', async () => {
    const folder = await folderOf({ cat: 10, dog: 20 });
    const split = await readImageFolder(folder, { size: [4, 4], validationSplit: 0.2, seed: 3 });
    expect(labels(split.validation!)).toEqual([0, 0, 1, 1, 1, 1]);
    expect(split.train.files).toHaveLength(24);
    expect([...split.train.files, ...split.validation!.files].sort()).toEqual(
      [...new Set([...split.train.files, ...split.validation!.files])].sort(),
    );
    split.train.files.forEach((file, i) => expect(greens(split.train)[i]).toBe(Number(path.parse(file).name)));
    const again = await readImageFolder(folder, { size: [4, 4], validationSplit: 0.2, seed: 3 });
    expect(again.validation!.files).toEqual(split.validation!.files);
    const other = await readImageFolder(folder, { size: [4, 4], validationSplit: 0.2, seed: 4 });
    expect(other.validation!.files).not.toEqual(split.validation!.files);
  });

  it('takes at most so many of a class, and others for those that cannot be read', async () => {
    const folder = await folderOf({ cat: 10, dog: 3 });
    for (let i = 0; i < 7; i++) writeFileSync(path.join(folder, 'cat', `00${i}.png`), 'no picture');
    const pets = await readImageFolder(folder, { size: [4, 4], maxImagesPerClass: 3 });
    expect(labels(pets.train)).toEqual([0, 0, 0, 1, 1, 1]);
    expect(greens(pets.train)).toEqual([7, 8, 9, 0, 1, 2]);
  });

  it('leaves out classes with too few pictures, and lists them', async () => {
    const folder = await folderOf({ cat: 4, cow: 2, dog: 3 });
    mkdirSync(path.join(folder, 'eel'));
    const pets = await readImageFolder(folder, { size: [4, 4], minImagesPerClass: 3 });
    expect(pets.classNames).toEqual(['cat', 'dog']);
    expect(labels(pets.train)).toEqual([0, 0, 0, 0, 1, 1, 1]);
    expect(pets.skipped).toEqual([
      { file: 'eel', reason: 'class with too few pictures', detail: 'no picture in it' },
      { file: 'cow', reason: 'class with too few pictures', detail: '2, fewer than 3' },
      { file: 'cow/000.png', reason: 'in a class with too few pictures' },
      { file: 'cow/001.png', reason: 'in a class with too few pictures' },
    ]);
  });

  it('counts pictures that are left out as pictures of their class', async () => {
    const folder = await folderOf({ cat: 30, dog: 26, eel: 30 });
    for (let i = 0; i < 6; i++) writeFileSync(path.join(folder, 'eel', `00${i}.png`), 'no picture');
    for (const options of [{ env: { COURSE_QUICK: '1' } }, { maxImagesPerClass: 2 }]) {
      const pets = await readImageFolder(folder, { size: [2, 2], minImagesPerClass: 25, ...options });
      expect(pets.classNames).toEqual(['cat', 'dog']);
      expect(pets.train.files).toHaveLength('env' in options ? 40 : 4);
      expect(pets.skipped).toContainEqual({
        file: 'eel',
        reason: 'class with too few pictures',
        detail: '24, fewer than 25',
      });
    }
  });

  it('lists classes without validation pictures', async () => {
    const folder = await folderOf({ 'train/cat': 2, 'train/dog': 2, 'val/cat': 1 });
    expect((await readImageFolder(folder, { size: [4, 4] })).skipped).toEqual([
      { file: 'val/dog', reason: 'class without validation pictures', detail: 'there is none' },
    ]);
    mkdirSync(path.join(folder, 'val', 'dog'));
    writeFileSync(path.join(folder, 'val', 'dog', 'a.png'), '');
    await expect(readImageFolder(folder, { size: [4, 4] })).rejects.toThrow(
      /none of the 1 files of the class "dog" in val is a picture that can be read \(1 × empty file\)/,
    );
    expect((await readImageFolder(folder, { size: [4, 4], minImagesPerClass: 1 })).skipped).toEqual([
      { file: 'val/dog/a.png', reason: 'empty file' },
      { file: 'val/dog', reason: 'class without validation pictures', detail: 'none of 1 can be read' },
    ]);
    const flat = await folderOf({ cat: 2, dog: 1 });
    expect((await readImageFolder(flat, { size: [4, 4], validationSplit: 0.5 })).skipped).toEqual([
      { file: 'dog', reason: 'class without validation pictures', detail: 'it has one picture' },
    ]);
  });

  it('reads a tenth, but at least 20 of a class, with COURSE_QUICK', async () => {
    const folder = await folderOf({ cat: 230, dog: 30, eel: 5 });
    const pets = await readImageFolder(folder, { size: [2, 2], env: { COURSE_QUICK: '1' } });
    expect([0, 1, 2].map((label) => labels(pets.train).filter((value) => value === label).length)).toEqual([23, 20, 5]);
    expect((await readImageFolder(folder, { size: [2, 2] })).train.files).toHaveLength(265);
    const again = await readImageFolder(folder, { size: [2, 2], env: { COURSE_QUICK: '1' } });
    expect(again.train.files).toEqual(pets.train.files);
    expect(greens(again.train)).toEqual(again.train.files.map((file) => Number(path.parse(file).name)));
  });

  it('counts folders within a class to the class, as Keras and torchvision do', async () => {
    const folder = await folderOf({ 'cat/red/old': 2, 'cat/black': 1, dog: 1 });
    expect(labels((await readImageFolder(folder, { size: [4, 4] })).train)).toEqual([0, 0, 0, 1]);
  });

  it('follows links that stay within the folder', async () => {
    const folder = await folderOf({ 'train/cat': 1, 'train/dog': 1, all: 5 });
    symlinkSync(path.join('..', '..', 'all', '004.png'), path.join(folder, 'train', 'cat', 'link.png'));
    const { train } = await readImageFolder(folder, { size: [4, 4] });
    expect(labels(train)).toEqual([0, 0, 1]);
    expect(greens(train)).toEqual([0, 4, 0]);
  });

  it('takes one of two files whose names differ in their Unicode form alone', async () => {
    const folder = await folderOf({ cat: 1 });
    for (const name of ['\u00e9.png', 'e\u0301.png'])
      writeFileSync(path.join(folder, 'cat', name), await plainPng([1, 2, 3]));
    const { train, skipped } = await readImageFolder(folder, { size: [4, 4] });
    // A file system that takes both for one has kept one.
    expect(train.files.length).toBe(2);
    expect(skipped.every(({ reason }) => reason === 'same name in another Unicode form')).toBe(true);
  });

  it('sorts class names by code point and gives them in their composed form', async () => {
    const folder = await folderOf({ b: 1, Z: 1, 'e\u0301': 1, '\u{1f408}': 1, '\uff5e': 1 });
    expect((await readImageFolder(folder, { size: [4, 4] })).classNames).toEqual([
      'Z',
      'b',
      '\u00e9',
      '\uff5e',
      '\u{1f408}',
    ]);
  });

  it('tells how far it is', async () => {
    const onProgress = vi.fn();
    await readImageFolder(await folderOf({ cat: 300 }), { size: [2, 2], onProgress });
    expect(onProgress.mock.calls.map(([{ done, total }]) => [done, total])).toEqual([
      [256, 300],
      [300, 300],
    ]);
  });

  it('prints the classes with their numbers, and what was skipped', async () => {
    const folder = await folderOf({ cat: 3, dog: 2 });
    writeFileSync(path.join(folder, 'cat', 'notes.txt'), 'text');
    writeFileSync(path.join(folder, 'README.md'), 'text');
    expect(String(await readImageFolder(folder, { size: [4, 6] }))).toBe(
      [
        'pets: 5 training pictures, 4 × 6 pixels, colour, resized by squash',
        `from ${folder}`,
        '',
        'class    training',
        'cat             3',
        'dog             2',
        '',
        'Skipped: 1 × not in a class, 1 × not a picture.',
      ].join('\n'),
    );
  });
});

describe('the summary of a folder', () => {
  it('keeps a name with a line break on one line', async () => {
    const text = String(await readImageFolder(await folderOf({ 'black\ncat': 1 }), { size: [4, 4] }));
    expect(text).toContain('\nblack\\u000acat           1\n');
  });
});

describe('readImageFolder refuses', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await folderOf({ cat: 2, dog: 2 });
  });

  it('a folder that does not exist, and names the nearest that does', async () => {
    await expect(readImageFolder(path.join(folder, 'train', 'cats'))).rejects.toThrow(
      `there is no such folder; expected a folder with one sub-folder for each class, such as train/cat/*.jpg. ` +
        `The nearest that exists is ${folder}, with 2 folders ("cat", "dog").`,
    );
  });

  it('a file', async () => {
    await expect(readImageFolder(path.join(folder, 'cat', '000.png'))).rejects.toThrow(
      /got a file.*2 files \("000\.png", "001\.png"\)/,
    );
  });

  it('a folder without classes', async () => {
    await expect(readImageFolder(path.join(folder, 'cat'))).rejects.toThrow(/got no class.*Found there: 2 files/);
    await expect(readImageFolder(temporaryFolder())).rejects.toThrow(/got no class.*nothing in it/);
  });

  it('an empty class', async () => {
    mkdirSync(path.join(folder, 'eel'));
    await expect(readImageFolder(folder)).rejects.toThrow(/eel: the class "eel" is empty.*Found there: nothing/);
    writeFileSync(path.join(folder, 'eel', '.DS_Store'), '');
    await expect(readImageFolder(folder)).rejects.toThrow(/Found there: \.DS_Store: hidden file/);
  });

  it('a class of which nothing can be read', async () => {
    mkdirSync(path.join(folder, 'eel'));
    writeFileSync(path.join(folder, 'eel', 'a.png'), '');
    writeFileSync(path.join(folder, 'eel', 'b.png'), 'text');
    await expect(readImageFolder(folder)).rejects.toThrow(
      /none of the 2 files of the class "eel".*1 × empty file, 1 × not a picture/,
    );
  });

  it('a class that only the validation pictures have', async () => {
    const parts = await folderOf({ 'train/cat': 1, 'val/cat': 1, 'val/cow': 1 });
    await expect(readImageFolder(parts)).rejects.toThrow(
      /got the class "cow", expected only classes that are in train as well: "cat"/,
    );
  });

  it('two folders of one class, in two Unicode forms', async () => {
    for (const name of ['\u00e9', 'e\u0301']) {
      mkdirSync(path.join(folder, name), { recursive: true });
      writeFileSync(path.join(folder, name, 'a.png'), await plainPng([1, 2, 3]));
    }
    await expect(readImageFolder(folder)).rejects.toThrow(/two folders for the class/);
  });

  it('a class that holds links to the pictures of others alone', async () => {
    mkdirSync(path.join(folder, 'eel'));
    symlinkSync('../dog/000.png', path.join(folder, 'eel', 'a.png'));
    await expect(readImageFolder(folder)).rejects.toThrow(/the class "eel" holds only links/);
  });

  it('a split of one picture a class', async () => {
    await expect(readImageFolder(await folderOf({ cat: 1, dog: 1 }), { validationSplit: 0.2 })).rejects.toThrow(
      /got validationSplit = 0.2, but only one picture of each class; expected at least two/,
    );
  });

  it('more than the memory holds, before it decodes', async () => {
    for (let i = 0; i < 20_000; i++) writeFileSync(path.join(folder, 'dog', `a${i}.png`), '');
    await expect(readImageFolder(folder, { size: [4096, 4096] })).rejects.toThrow(
      /got 20,004 pictures of 4096 x 4096 pixels, which need 1006\.8 GB of memory; expected at most .*openImageFolder/,
    );
  });

  it('both a validation folder and a split', async () => {
    const parts = await folderOf({ 'train/cat': 2, 'val/cat': 1 });
    await expect(readImageFolder(parts, { validationSplit: 0.5 })).rejects.toThrow(/validation pictures of its own/);
  });

  it.each([
    [{ size: [0, 32] as [number, number] }, /size: got \[0,32\]/],
    [{ size: 32 as never }, /size: got 32/],
    [{ color: 'gray' as never }, /color: got "gray", expected 'grey' or 'rgb'/],
    [{ resize: 'stretch' as never }, /resize: got "stretch", expected one of 'squash', 'crop'/],
    [{ validationSplit: 1 }, /validationSplit: got 1/],
    [{ seed: 0.5 }, /seed: got 0.5/],
    [{ maxImagesPerClass: 0 }, /maxImagesPerClass: got 0/],
    [{ cacheLimit: -1 }, /cacheLimit: got -1, expected a number of bytes/],
    [{ cacheLimit: NaN }, /cacheLimit: got NaN/],
    [{ minImagesPerClass: 9 }, /no class with at least 9 pictures.*cat 2, dog 2/],
  ])('the options %j', async (options, message) => {
    await expect(readImageFolder(folder, options)).rejects.toThrow(message);
  });
});
