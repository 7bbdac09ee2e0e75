import { explore, tf } from '@course/lib';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { NdArray } from 'ndarray';
import { PNG } from 'pngjs';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { arrayOf } from '../../../lib/src/arrays';
import { indexImageFolder } from '../../../lib/src/data/folder/image-folder';
import { readOriginalPicture } from '../../../lib/src/data/original-picture';
import type { Handler } from '../../../lib/src/display/requests';
import { thumbnail } from '../../../lib/src/plots/thumbnail';

const TYPE = 'application/vnd.course.explorer+json';
const kernel = globalThis as unknown as Record<symbol, unknown>;
const [display, requests] = [Symbol.for('course.display'), Symbol.for('course.requests')];

/** A kernel that keeps what is shown, and can be asked. */
let outputs: Record<string, any>[];
let handlers: Map<string, Handler>;
let execution: { run: string; cell: string | undefined };
beforeEach(() => {
  [outputs, handlers, execution] = [[], new Map(), { run: 'run', cell: undefined }];
  kernel[display] = ({ data }: { data: Record<string, any> }) => outputs.push(data);
  const handle = (name: string, handler: Handler) => handlers.set(name, handler);
  kernel[requests] = { handle, execution: () => execution };
});
afterEach(() => {
  delete kernel[display];
  delete kernel[requests];
});

const ask = async (name: 'page' | 'picture', request: object, explorer: string = outputs.at(-1)![TYPE].id) =>
  (await handlers.get(`explorer.${name}`)!({ explorer, ...request })) as { data: any; buffers?: Uint8Array[] };
const valueOf = (png: Uint8Array): number => PNG.sync.read(Buffer.from(png)).data[0];

/** Image i is filled with i, and of class i % classes. */
function part(count: number, classes = 3): { images: NdArray<Uint8Array>; labels: NdArray<Uint8Array> } {
  return {
    images: arrayOf(Uint8Array.from({ length: count * 6 }, (_, i) => Math.floor(i / 6)), [count, 2, 3]),
    labels: arrayOf(Uint8Array.from({ length: count }, (_, i) => i % classes), [count]),
  };
}
const dataset = { title: 'Shades', classNames: ['a', 'b', 'c'], train: part(200), test: part(61) };

describe('explore', () => {
  it('shows text, a static grid without scripts, and what JupyterLab needs to ask for more', () => {
    explore(dataset);
    const [data] = outputs;
    expect(data['text/plain']).toBe('Shades: 200 training and 61 test images, 3 × 2 pixels, 3 classes');
    expect(data['text/html'].match(/<img/g)).toHaveLength(60);
    expect(data['text/html']).toMatch(/<strong>Shades: 200 training and 61 test[^]*The first 60 of 200\./);
    expect(data['text/html']).not.toMatch(/<script/);
    expect(data[TYPE]).toEqual({
      id: expect.stringMatching(/^[\w-]{36}$/),
      title: 'Shades', summary: data['text/plain'], isDrawn: false, classNames: ['a', 'b', 'c'], pageSize: 60,
      parts: [
        { name: 'train', title: 'training', count: 200, counts: [67, 67, 66] },
        { name: 'test', title: 'test', count: 61, counts: [21, 20, 20] },
      ],
    });
  });

  it('takes one part, with a title and class names of its own or none', () => {
    explore(part(4), { title: 'Some', classNames: ['x', 'y', 'z'] });
    explore(part(4));
    const texts = outputs.map((data) => data['text/plain']);
    expect(texts).toEqual(['Some: 4 images, 3 × 2 pixels, 3 classes', 'Images: 4 images, 3 × 2 pixels, 3 classes']);
    expect(outputs.map((data) => data[TYPE].classNames)).toEqual([['x', 'y', 'z'], ['0', '1', '2']]);
    expect(outputs[0]['text/html']).not.toMatch(/The first/);
  });

  it('says that stand-ins are drawn, and leaves out parts that are not there', () => {
    explore({ ...dataset, isDrawn: true, train: undefined, validation: part(5, 2) });
    const parts = [{ name: 'validation', counts: [3, 2, 0] }, { name: 'test' }];
    expect(outputs[0][TYPE]).toMatchObject({ isDrawn: true, parts });
  });

  it('keeps the notebook small, however large the images are', () => {
    const noise = Uint8Array.from({ length: 80 * 128 * 128 * 3 }, (_, i) => (i * 7919) % 251);
    explore({ images: arrayOf(noise, [80, 128, 128, 3]), labels: arrayOf(new Uint8Array(80), [80]) });
    expect(JSON.stringify(outputs[0]).length).toBeLessThan(350_000);
    expect(outputs[0]['text/html'].match(/<img/g)!.length).toBeGreaterThanOrEqual(20);
  });

  it('shows no more than a static grid in another kernel, and prints a line outside a notebook', () => {
    delete kernel[requests];
    explore(dataset);
    expect(Object.keys(outputs[0]).sort()).toEqual(['text/html', 'text/plain']);
    delete kernel[display];
    const printed = vi.spyOn(console, 'log').mockImplementation(() => {});
    explore(dataset);
    expect(printed).toHaveBeenCalledWith('Shades: 200 training and 61 test images, 3 × 2 pixels, 3 classes');
    printed.mockRestore();
  });

  it.each([
    [{ ...part(4), images: arrayOf(new Uint8Array(16), [4, 4]) }, /images of shape \[4, 4\]; expected \[n, height, width\]/],
    [{ ...part(4), images: arrayOf(new Uint8Array(4 * 8), [4, 2, 2, 2]) }, /got images of shape \[4, 2, 2, 2\]/],
    [{ ...part(4), labels: part(3).labels }, /got labels of shape \[3\] for 4 images; expected .*\[4\]/],
    [{ ...part(4), labels: arrayOf(Float32Array.of(0, 1, 0.5, 1), [4]) }, /the label 0\.5; expected a whole number/],
    [{ ...part(4), files: ['one'] }, /got 1 files for 4 images/],
    [part(0), /got no images; expected a dataset/],
    [{ title: 'Empty', classNames: [] }, /got no images/],
    [{ ...dataset, test: { ...part(4), labels: part(3).labels } }, /the test part: got labels/],
  ])('says what does not fit (%#)', (pictures, message) => {
    expect(() => explore(pictures as never)).toThrow(message);
    expect(outputs).toEqual([]);
  });

  it('makes no tensors', async () => {
    const { numTensors } = tf.memory();
    explore(dataset);
    await ask('page', { part: 'train', label: null, page: 0 });
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

describe('a page', () => {
  beforeEach(() => explore(dataset));

  it('holds 60 images with their pixels, the last one the rest', async () => {
    const first = await ask('page', { part: 'train', label: null, page: 1 });
    expect(first.data.pictures).toEqual(Array.from({ length: 60 }, (_, i) => ({ index: 60 + i, label: i % 3 })));
    expect(first.buffers!.map(valueOf)).toEqual(Array.from({ length: 60 }, (_, i) => 60 + i));
    const last = await ask('page', { part: 'test', label: null, page: 1 });
    expect(last.data.pictures).toEqual([{ index: 60, label: 0 }]);
    expect((await ask('page', { part: 'test', label: null, page: 2 })).data.pictures).toEqual([]);
  });

  it.each(['train', 'test'] as const)('of one class holds that class alone, in order (%s)', async (name) => {
    const { labels } = dataset[name];
    for (const label of [2, 0, 1]) {
      const pages = await Promise.all([0, 1].map((page) => ask('page', { part: name, label, page })));
      const expected = Array.from({ length: labels.shape[0] }, (_, i) => i).filter((i) => labels.get(i) === label);
      expect(pages.flatMap(({ data }) => data.pictures.map(({ index }: { index: number }) => index))).toEqual(expected);
    }
  });

  it('shrinks large images', async () => {
    explore({ images: arrayOf(new Uint8Array(300 * 200), [1, 300, 200]), labels: arrayOf(Uint8Array.of(0), [1]) });
    const { buffers } = await ask('page', { part: 'all', label: null, page: 0 });
    expect(PNG.sync.read(Buffer.from(buffers![0]))).toMatchObject({ width: 50, height: 75 });
  });

  it.each([
    [{ part: 'validation', label: null, page: 0 }, /got part validation, expected train or test/],
    [{ part: 'train', label: 3, page: 0 }, /got label 3, expected a whole number in 0\.\.2/],
    [{ part: 'train', label: null, page: -1 }, /got page -1/],
    [{ part: 'train', label: null, page: 0.5 }, /got page 0\.5/],
    [{ part: 'train', label: null, page: '0; rm' }, /got page 0; rm/],
    [{ part: 'train', page: 0 }, /got label undefined/],
  ])('that cannot be is refused (%#)', async (request, message) => {
    await expect(ask('page', request)).rejects.toThrow(message);
  });
});

describe('a picture in full', () => {
  let folder: string;
  beforeAll(() => void (folder = mkdtempSync(path.join(tmpdir(), 'explore-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  const color = { channels: 3, background: '#a03020' } as const;
  const make = async (name: string, width: number, height: number, orientation = 1): Promise<string> => {
    const file = path.join(folder, name);
    await sharp({ create: { width, height, ...color } }).withMetadata({ orientation }).toFile(file);
    return file;
  };

  it('of an array is its pixels, its index and its class', async () => {
    explore(dataset);
    const { data, buffers } = await ask('picture', { part: 'test', index: 31 });
    expect(data).toEqual({ index: 31, label: 1, pixels: { type: 'image/png', width: 3, height: 2 } });
    expect(buffers!.map(valueOf)).toEqual([31]);
    const beyond = ask('picture', { part: 'test', index: 61 });
    await expect(beyond).rejects.toThrow(/got index 61, expected a whole number in 0\.\.60/);
  });

  it('of a folder is the file beside the pixels, and never another file than that of the index', async () => {
    const files = [await make('one.jpg', 30, 20), path.join(folder, 'gone.jpg')];
    explore({ ...part(2), files });
    const there = await ask('picture', { part: 'all', index: 0, file: '/etc/hostname' });
    expect(there.data).toEqual({
      index: 0, label: 0, file: `${path.basename(folder)}/one.jpg`,
      pixels: { type: 'image/png', width: 3, height: 2 }, original: { type: 'image/jpeg', width: 30, height: 20 },
    });
    expect(await sharp(there.buffers![1]).metadata()).toMatchObject({ format: 'jpeg', width: 30, height: 20 });
    const gone = await ask('picture', { part: 'all', index: 1 });
    expect(gone.data.problem).toMatch(/ENOENT/);
    expect(gone.buffers).toHaveLength(1);
  });

  it('is the file as it is where a browser shows it, else a copy that it shows', async () => {
    const plain = await readOriginalPicture(await make('plain.png', 40, 30));
    expect(plain).toMatchObject({ type: 'image/png', width: 40, height: 30 });
    const tiff = await readOriginalPicture(await make('plain.tif', 40, 30));
    expect(tiff).toMatchObject({ type: 'image/webp', width: 40, height: 30 });
    const huge = await readOriginalPicture(await make('huge.jpg', 4000, 1000));
    expect(huge).toMatchObject({ type: 'image/webp', width: 4000, height: 1000 });
    expect(await sharp(huge.bytes).metadata()).toMatchObject({ width: 1200, height: 300 });
    const turned = await readOriginalPicture(await make('turned.jpg', 40, 30, 6));
    expect(turned).toMatchObject({ type: 'image/jpeg', width: 30, height: 40 });
  });

  it('is a BMP as it is, or as a copy if it is huge', async () => {
    const bmp = (width: number, height: number): string => {
      const bytes = Buffer.alloc(54 + width * height * 3, 200);
      bytes.fill(0, 0, 54);
      bytes.write('BM', 'latin1');
      const header = [[2, bytes.length], [10, 54], [14, 40], [18, width], [22, height]];
      for (const [at, value] of header) bytes.writeInt32LE(value, at);
      for (const [at, value] of [[26, 1], [28, 24]]) bytes.writeInt16LE(value, at);
      writeFileSync(path.join(folder, `${width}.bmp`), bytes);
      return path.join(folder, `${width}.bmp`);
    };
    expect(await readOriginalPicture(bmp(8, 4))).toMatchObject({ type: 'image/bmp', width: 8, height: 4 });
    const copy = await readOriginalPicture(bmp(2400, 4));
    expect(copy).toMatchObject({ type: 'image/webp', width: 2400, height: 4 });
    expect(await sharp(copy.bytes).metadata()).toMatchObject({ format: 'webp', width: 1200, height: 2 });
  });

  it('that is none, or a folder by now, is told', async () => {
    writeFileSync(path.join(folder, 'page.jpg'), '<html>');
    await expect(readOriginalPicture(path.join(folder, 'page.jpg'))).rejects.toThrow(/unsupported image format/);
    await expect(readOriginalPicture(folder)).rejects.toThrow(/got no regular file/);
  });
});

describe('a dataset that stays on disk', () => {
  /** As `openImageFolder` gives it, and which images were read. */
  const stored = (count: number) => {
    const { images, labels } = part(count);
    const asked: number[][] = [];
    const read = async (indices: readonly number[]): Promise<NdArray<Uint8Array>> => {
      asked.push([...indices]);
      const values = Uint8Array.from(indices.flatMap((i) => [...images.data.subarray(i * 6, i * 6 + 6)]));
      return arrayOf(values, [indices.length, 2, 3]);
    };
    return { asked, part: { read, labels } };
  };

  it('is shown when its first page has been read, and read page by page', async () => {
    const { asked, part: train } = stored(130);
    await explore({ ...dataset, train, test: undefined });
    expect(outputs[0]['text/plain']).toBe('Shades: 130 training images, 3 × 2 pixels, 3 classes');
    expect(outputs[0]['text/html'].match(/<img/g)).toHaveLength(60);
    const page = await ask('page', { part: 'train', label: 1, page: 0 });
    expect(page.buffers!.map(valueOf)).toEqual(Array.from({ length: 43 }, (_, i) => 3 * i + 1));
    const picture = await ask('picture', { part: 'train', index: 129 });
    expect(picture.data).toEqual({ index: 129, label: 0, pixels: { type: 'image/png', width: 3, height: 2 } });
    expect(picture.buffers!.map(valueOf)).toEqual([129]);
    expect(asked.map(({ length }) => length)).toEqual([60, 43, 1]);
  });

  it('may be one part alone, and says what does not fit or cannot be read', async () => {
    await explore(stored(4).part, { title: 'Some' });
    expect(outputs[0]['text/plain']).toBe('Some: 4 images, 3 × 2 pixels, 3 classes');
    expect(() => explore({ ...stored(4).part, files: ['one'] })).toThrow(/got 1 files for 4 images/);
    expect(() => explore(stored(0).part)).toThrow(/got no images/);
    const broken = { ...stored(4).part, read: async () => Promise.reject(new Error('1.jpg: the picture has changed')) };
    await expect(explore(broken)).rejects.toThrow('1.jpg: the picture has changed');
    expect(outputs).toHaveLength(1);
  });

  it('is what openImageFolder opens', async () => {
    const folder = path.join(mkdtempSync(path.join(tmpdir(), 'explore-')), 'pets');
    vi.stubEnv('COURSE_CACHE', path.join(folder, '..', 'cache'));
    for (const [i, name] of ['cat/a.png', 'cat/b.png', 'dog/c.png'].entries()) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      const background = { r: 50 * i, g: 50 * i, b: 50 * i };
      await sharp({ create: { width: 8, height: 8, channels: 3, background } }).toFile(path.join(folder, name));
    }
    await explore(await indexImageFolder(folder, { size: [4, 4] }));
    expect(outputs[0]['text/plain']).toBe('pets: 3 training images, 4 × 4 pixels, 2 classes');
    const { data, buffers } = await ask('picture', { part: 'train', index: 2 });
    expect(data).toMatchObject({ label: 1, file: 'dog/c.png', original: { type: 'image/png', width: 8, height: 8 } });
    expect(valueOf(buffers![0])).toBe(100);
    vi.unstubAllEnvs();
    rmSync(path.dirname(folder), { recursive: true });
  });
});

describe('the explorers that are kept', () => {
  const page = { part: 'train', label: null, page: 0 };
  const isKept = async (index: number) => !(await ask('page', page, outputs[index][TYPE].id)).data.isGone;

  it('are told from those of another kernel', async () => {
    explore(dataset);
    expect((await ask('page', page, 'another')).data).toEqual({ isGone: true });
    expect((await ask('picture', { part: 'train', index: 0 }, 'another')).data).toEqual({ isGone: true });
  });

  it('are replaced when their cell runs again, all that it has shown', async () => {
    execution = { run: '1', cell: 'here' };
    explore(dataset);
    explore(dataset);
    execution = { run: '2', cell: 'elsewhere' };
    explore(dataset);
    expect([await isKept(0), await isKept(1)]).toEqual([true, true]);
    execution = { run: '3', cell: 'here' };
    explore(dataset);
    expect([await isKept(0), await isKept(1), await isKept(2), await isKept(3)]).toEqual([false, false, true, true]);
  });

  it('are eight at most: the one that was not used for the longest time goes', async () => {
    for (let i = 0; i < 8; i++) explore(dataset);
    expect(await isKept(0)).toBe(true);
    explore(dataset);
    expect([await isKept(0), await isKept(1), await isKept(8)]).toEqual([true, false, true]);
  });

  it('hold the arrays themselves and no copy', async () => {
    const own = part(3);
    explore(own);
    own.images.set(1, 0, 0, 99);
    const { buffers } = await ask('page', { part: 'all', label: null, page: 0 });
    expect(buffers!.map(valueOf)).toEqual([0, 99, 2]);
  });
});

describe('thumbnail', () => {
  it('is the image itself where that is small enough', () => {
    const image = arrayOf(new Uint8Array(6), [2, 3]);
    expect(thumbnail(image, 3)).toBe(image);
  });

  it('is the mean of squares, of each channel, and cuts off what is left over', () => {
    const grey = arrayOf(Uint8Array.of(0, 10, 99, 20, 31, 99), [2, 3]);
    expect([...thumbnail(grey, 2).data]).toEqual([15]);
    expect(thumbnail(grey, 2).shape).toEqual([1, 1]);
    const colour = arrayOf(Float32Array.from({ length: 4 * 4 * 3 }, (_, i) => i % 3), [4, 4, 3]);
    expect(thumbnail(colour, 2).shape).toEqual([2, 2, 3]);
    expect([...thumbnail(colour, 2).data]).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
  });

  it('keeps one row of a very wide image', () => {
    const wide = arrayOf(Uint8Array.from({ length: 300 }, (_, i) => Math.floor(i / 100)), [1, 300]);
    expect([...thumbnail(wide, 3).data]).toEqual([0, 1, 2]);
  });
});
