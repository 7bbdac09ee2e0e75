import { loadCatsAndDogs, loadDataset, loadFashionMnist, loadMnist, tf } from '@course/lib';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveProgress } from '../../../lib/src/display/live-progress';
import { temporaryFolder } from '../data/support';

interface Output {
  data: Record<'text/plain' | 'text/html', string>;
  displayId?: string;
  update?: boolean;
}

const hook = Symbol.for('course.display');
const kernel = globalThis as unknown as Record<symbol, unknown>;
const data = temporaryFolder();
let outputs: Output[];

let tensorsBefore = 0;
beforeAll(async () => {
  tensorsBefore = tf.memory().numTensors;
  for (const [part, count] of [
    ['train', 30],
    ['validation', 3],
  ] as const) {
    for (const [name, background] of [
      ['cats', '#ff0000'],
      ['dogs', '#0000ff'],
    ]) {
      const folder = path.join(data, 'cats-vs-dogs', part, name);
      mkdirSync(folder, { recursive: true });
      const jpeg = await sharp({ create: { width: 40, height: 20, channels: 3, background } })
        .jpeg()
        .toBuffer();
      for (let i = 0; i < count; i++) writeFileSync(path.join(folder, `${i}.jpg`), jpeg);
    }
  }
  writeFileSync(path.join(data, 'cats-vs-dogs/train/cats/broken.jpg'), 'no picture');
});
afterAll(() => expect(tf.memory().numTensors).toBe(tensorsBefore));
beforeEach(() => {
  // The cache of pixels is that of the process.
  vi.stubEnv('COURSE_CACHE', temporary());
  outputs = [];
  kernel[hook] = (output: Output) => outputs.push(output);
});
afterEach(() => {
  vi.unstubAllEnvs();
  delete kernel[hook];
});
const cache = temporaryFolder();
let counter = 0;
const temporary = (): string => path.join(cache, String(counter++));

describe('loadCatsAndDogs', () => {
  it('reads the pictures in one size and in colour, and says what was loaded from where', async () => {
    const pets = await loadCatsAndDogs({ env: { COURSE_DATA: data } });
    expect(pets.train.images.shape).toEqual([60, 32, 32, 3]);
    expect(pets.validation?.images.shape).toEqual([6, 32, 32, 3]);
    expect(pets.classNames).toEqual(['cats', 'dogs']);
    expect(pets).toMatchObject({ title: 'Cats and dogs', isDrawn: false, source: { kind: 'folder' } });
    expect(String(pets)).toMatch(/^Cats and dogs: 60 training and 6 validation pictures/);
    const { data: shown } = outputs.at(-1) as Output;
    expect(shown['text/plain']).toContain(`${pets}\nFrom ${path.join(data, 'cats-vs-dogs')}, named by COURSE_DATA. `);
    expect(shown['text/plain']).toContain(
      'Not as published: train/cats: 31 pictures, expected 1,000; train/dogs: 30 pictures, expected 1,000; ',
    );
    expect(shown['text/html']).toMatch(/^<div><pre>Cats and dogs: 60 training .*<summary>1 file was skipped<.*named by COURSE_DATA/s);
  });

  it('takes the options of a folder, and a part of the pictures with COURSE_QUICK', async () => {
    const pets = await loadCatsAndDogs({ env: { COURSE_DATA: data, COURSE_QUICK: '1' }, size: [8, 16], color: 'grey' });
    expect(pets.train.images.shape).toEqual([40, 8, 16]);
    expect(outputs.at(-1)?.data['text/plain']).toContain('40 training and 6 validation pictures, 8 × 16 pixels, grey');
  });
});

describe('loadMnist', () => {
  it('marks drawn stand-ins so that they cannot be overlooked, after showing how they are drawn', async () => {
    const mnist = await loadMnist({ env: { COURSE_OFFLINE: '1', COURSE_CACHE: temporary() }, testCount: 10 });
    expect(mnist.isDrawn).toBe(true);
    expect(outputs[0].data['text/plain']).toMatch(
      /^Drawing Drawn digits \(stand-in, not MNIST\) · [\d,]+ images of 70,000 images/,
    );
    const { data: shown } = outputs.at(-1) as Output;
    expect(shown['text/html']).toMatch(
      /^<div style="border-left: 4px solid #D55E00.*"><strong>Drawn digits \(stand-in, not MNIST\): 60,000/,
    );
    expect(shown['text/plain']).toContain('Stand-ins for MNIST, drawn by the course, because ');
  });
});

describe('loadFashionMnist', () => {
  it('passes errors on that say what to do', async () => {
    await expect(loadFashionMnist({ env: { COURSE_DATA: '/no/such/folder' } })).rejects.toThrow(
      'Correct COURSE_DATA, or',
    );
    expect(outputs).toEqual([]);
  });
});

describe('loadDataset', () => {
  it('loads by the name in the manifest', async () => {
    const pets = await loadDataset('cats-vs-dogs', { env: { COURSE_DATA: data }, size: [4, 4] });
    expect(pets.train.images.shape).toEqual([60, 4, 4, 3]);
  });

  it('refuses names that it does not know, and options that would do nothing', async () => {
    await expect(loadDataset('mnits')).rejects.toThrow('got the dataset name "mnits", expected one of: mnist, ');
    await expect(loadDataset('mnist', { size: [8, 8] })).rejects.toThrow(
      'got the option size, which does nothing for mnist',
    );
    await expect(loadDataset('cats-vs-dogs', { trainCount: 3 })).rejects.toThrow(
      'got the option trainCount, which does nothing',
    );
  });
});

describe('LiveProgress', () => {
  const progress = { what: 'Small pets', unit: 'bytes', received: 2e6, total: 8e6, ratePerSecond: 1e6 } as const;

  it('shows how far it is, at what rate and for how long, and goes at the end', () => {
    const now = vi.spyOn(performance, 'now').mockReturnValue(1_000);
    const live = new LiveProgress();
    live.update({ activity: 'draw', ...progress });
    now.mockReturnValue(1_600);
    live.update({ activity: 'unpack', ...progress });
    now.mockRestore();
    expect(outputs[0].data['text/plain']).toBe('Unpacking Small pets · 2.0 MB of 8.0 MB · 1.0 MB/s, 6.0 s left');
    expect(outputs[0].data['text/html']).toContain('<progress value="2000000" max="8000000" aria-label="Unpacking"');
    live.end();
    expect(outputs[1]).toMatchObject({ data: { 'text/plain': '' }, displayId: outputs[0].displayId, update: true });
  });

  it('shows nothing where nothing takes time', () => {
    const live = new LiveProgress();
    live.update({ activity: 'unpack', ...progress });
    live.end();
    expect(outputs).toEqual([]);
  });
});
