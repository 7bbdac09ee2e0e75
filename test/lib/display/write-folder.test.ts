import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Interrupted, loadImageFolder, writeImageFolder } from '@course/lib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { arrayOf } from '../../../lib/src/arrays';
import { temporaryFolder } from '../data/support';

/** Six pictures of 4 x 4 pixels; all pixels of number i are 40 i. Labels 0, 1, 2, 0, 1, 2. */
const images = arrayOf(Uint8Array.from({ length: 6 * 16 }, (_, at) => 40 * Math.floor(at / 16)), [6, 4, 4]);
const labels = arrayOf(Uint8Array.from([0, 1, 2, 0, 1, 2]), [6]);
const classNames = ['cat', 'dog', 'emu'];

describe('writeImageFolder', () => {
  const shown: string[] = [];
  const display = Symbol.for('course.display');
  const kernel = globalThis as Record<symbol, unknown>;
  let root: string;
  let folder: string;
  beforeEach(() => {
    vi.stubEnv('COURSE_CACHE', temporaryFolder());
    shown.length = 0;
    kernel[display] = ({ data }: { data: Record<string, string> }) => shown.push(data['text/plain']);
    root = temporaryFolder();
    folder = path.join(root, 'zoo');
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    delete kernel[display];
  });

  it('writes what loadImageFolder reads: the same pixels and labels, in a folder for each class', async () => {
    await writeImageFolder(folder, { images, labels }, classNames);
    expect(shown).toEqual([`${folder}: 6 pictures in 3 folders, one for each class`]);
    expect(readdirSync(folder)).toEqual(classNames);
    expect(readdirSync(path.join(folder, 'dog'))).toEqual(['00001.png', '00004.png']);
    const zoo = await loadImageFolder(folder, { size: [4, 4], color: 'grey' });
    expect(zoo.classNames).toEqual(classNames);
    expect(zoo.skipped).toEqual([]);
    expect(Array.from({ length: 6 }, (_, i) => zoo.train.images.get(i, 2, 1))).toEqual([0, 120, 40, 160, 80, 200]);
    expect([...zoo.train.labels.data]).toEqual([0, 0, 1, 1, 2, 2]);
  });

  it('writes colour', async () => {
    const red = arrayOf(Uint8Array.from({ length: 2 * 48 }, (_, at) => (at % 3 === 0 ? 255 : 0)), [2, 4, 4, 3]);
    await writeImageFolder(folder, { images: red, labels: arrayOf(Uint8Array.from([0, 1]), [2]) }, ['a', 'b']);
    const read = await loadImageFolder(folder, { size: [4, 4] });
    expect([0, 1, 2].map((channel) => read.train.images.get(1, 3, 3, channel))).toEqual([255, 0, 0]);
  });

  it('replaces what it has written before, and nothing of it stays', async () => {
    await writeImageFolder(folder, { images, labels }, classNames);
    await writeImageFolder(folder, { images: images.hi(2), labels: labels.hi(2) }, ['cat', 'dog']);
    expect(readdirSync(folder)).toEqual(['cat', 'dog']);
    expect(readdirSync(path.join(folder, 'dog'))).toEqual(['00001.png']);
    expect(readdirSync(root)).toEqual(['zoo']);
  });

  it.each(['cat/tom.png', 'notes.txt'])('leaves a folder with %s in it alone', async (name) => {
    mkdirSync(path.join(folder, 'cat'), { recursive: true });
    writeFileSync(path.join(folder, name), 'mine');
    await expect(writeImageFolder(folder, { images, labels }, classNames)).rejects.toThrow(
      `holds ${name}, which writeImageFolder has not written`,
    );
    expect(existsSync(path.join(folder, name))).toBe(true);
  });

  it('writes nothing at all after an interrupt', async () => {
    let seconds = 0;
    const now = vi.spyOn(performance, 'now').mockImplementation(() => 1000 * seconds++);
    // The first sign of progress is answered by the stop button.
    kernel[display] = () => process.emit('SIGINT');
    await expect(writeImageFolder(folder, { images, labels }, classNames)).rejects.toThrow(Interrupted);
    now.mockRestore();
    expect(readdirSync(root)).toEqual([]);
  });

  it('refuses labels without a name, and names that are no folders of their own', async () => {
    const write = (names: string[]) => writeImageFolder(folder, { images, labels }, names);
    await expect(write(['cat', 'dog'])).rejects.toThrow('label 2 is 2, but there are 2 class names');
    await expect(write(['cat', 'T-shirt/top', 'emu'])).rejects.toThrow('"T-shirt/top", which cannot be the name');
    await expect(write(['cat', '..', 'emu'])).rejects.toThrow('".."');
    await expect(write(['cat', 'Cat', 'emu'])).rejects.toThrow('"Cat" twice');
    const tooFew = writeImageFolder(folder, { images, labels: labels.hi(5) }, classNames);
    await expect(tooFew).rejects.toThrow('labels of shape [5]');
    expect(existsSync(folder)).toBe(false);
  });
});
