import { existsSync, mkdirSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { datasetStatuses, removeDataset, verifyDataset } from '../../../lib/src/data/datasets';
import { cacheFileOf } from '../../../lib/src/data/folder/pixel-cache';
import { fetchDataset } from '../../../lib/src/data/locate';
import { Interrupted } from '../../../lib/src/interrupt';
import type { FolderEntry, IdxEntry } from '../../../lib/src/data/manifest';
import { gzippedOf, smallDataset, smallPictures, startMirror, temporaryFolder } from './support';

const root = temporaryFolder();
let digits: IdxEntry;
let pets: FolderEntry;
beforeAll(async () => {
  const small = await smallDataset();
  const { zip } = smallPictures();
  const [filesMirror, zipMirror] = [await startMirror(gzippedOf(small.contents)), await startMirror(() => zip)];
  digits = { ...small.entry, mirrors: [filesMirror.url], ownFolder: path.join(root, 'own', 'small') };
  pets = { ...smallPictures(`${zipMirror.url}pictures.zip`).entry, ownFolder: path.join(root, 'own', 'pets') };
});

let cache = '';
let env: NodeJS.ProcessEnv = {};
let counter = 0;
beforeEach(() => {
  cache = path.join(root, `cache-${counter++}`, 'datasets');
  env = { COURSE_CACHE: path.dirname(cache) };
});

describe('datasetStatuses', () => {
  it('tells of each dataset of the manifest, and of one that cannot be had without hiding the others', async () => {
    const missing = path.join(root, 'missing');
    const statuses = await datasetStatuses({ ...env, COURSE_DATA: missing });
    expect(statuses.map(({ entry }) => entry.name)).toEqual(['mnist', 'fashion-mnist', 'cats-vs-dogs']);
    for (const { source, problem } of statuses) {
      expect(source).toBeUndefined();
      expect(problem).toContain(`COURSE_DATA: got ${missing}, which does not exist`);
    }
    const [mnist, , cats] = await datasetStatuses(env);
    expect(mnist).toMatchObject({ source: { kind: 'download' }, problem: undefined, downloadSize: 11_594_722 });
    expect(cats).toMatchObject({ source: { kind: 'download' }, downloadSize: 68_606_236 });
    expect(existsSync(cache)).toBe(false);
  });
});

describe('verifyDataset', () => {
  it('finds nothing where there is nothing', async () => {
    expect(await verifyDataset(digits, env)).toEqual([]);
    // A download that was broken off is no damage.
    mkdirSync(path.join(cache, 'small'), { recursive: true });
    expect(await verifyDataset(digits, env)).toEqual([]);
  });

  it('says of every place what is wrong there', async () => {
    await fetchDataset(digits, { env });
    const data = path.join(root, 'data');
    mkdirSync(path.join(data, 'small'), { recursive: true });
    writeFileSync(path.join(data, 'small', 'train-images-idx3-ubyte'), 'x');
    mkdirSync(path.join(cache, 'drawn-small-v1'));
    const verified = await verifyDataset(digits, { ...env, COURSE_DATA: data });
    expect(verified).toEqual([
      {
        kind: 'folder',
        folder: path.join(data, 'small'),
        remark: '',
        problem: expect.stringContaining('expected also train-labels'),
      },
      { kind: 'cache', folder: path.join(cache, 'small'), remark: '', problem: undefined },
      {
        kind: 'drawn',
        folder: path.join(cache, 'drawn-small-v1'),
        remark: '',
        problem: expect.stringContaining('is not what the manifest promises'),
      },
    ]);
  });

  it("reads the pictures of a folder of one's own, and tells which are skipped", async () => {
    vi.stubEnv('COURSE_CACHE', env.COURSE_CACHE);
    const png = await sharp({ create: { width: 4, height: 4, channels: 3, background: 'red' } }).png().toBuffer();
    const own = path.join(root, `flowers-${counter}`);
    for (const name of ['daisy/1.png', 'tulip/1.png', 'tulip/2.png', 'daisy/2.png']) {
      mkdirSync(path.dirname(path.join(own, name)), { recursive: true });
      writeFileSync(path.join(own, name), name === 'daisy/2.png' ? 'bad' : png);
    }
    writeFileSync(path.join(own, 'daisy/.DS_Store'), 'no picture');
    const flowers: FolderEntry = {
      ...{ kind: 'folder', name: 'flowers', title: 'Flowers', description: '', licence: { name: '' } },
      classNames: ['daisy', 'tulip'],
      ownFolder: own,
    };
    expect(await verifyDataset(flowers, env)).toEqual([
      { kind: 'own', folder: own, remark: '1 file is skipped: daisy/2.png (not a picture).', problem: undefined },
    ]);
    writeFileSync(path.join(own, 'daisy/1.png'), 'bad');
    expect(await verifyDataset(flowers, env)).toMatchObject([
      { problem: expect.stringContaining('none of the 2 files of the class "daisy" is a picture that can be read') },
    ]);
    rmSync(path.join(own, 'daisy'), { recursive: true });
    mkdirSync(path.join(own, 'daisy'));
    expect(await verifyDataset(flowers, env)).toMatchObject([
      { problem: expect.stringContaining('the class "daisy" is empty') },
    ]);
    vi.unstubAllEnvs();
  });

  it('ends at an interrupt, and takes that for no problem', async () => {
    vi.stubEnv('COURSE_CACHE', env.COURSE_CACHE);
    const own = path.join(root, `many-${counter}`);
    const png = await sharp({ create: { width: 4, height: 4, channels: 3, background: 'red' } }).png().toBuffer();
    for (let i = 0; i < 1_000; i++) {
      const file = path.join(own, i % 2 ? 'a' : 'b', `${i}.png`);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, png);
    }
    const many = { ...pets, name: 'many', classNames: ['a', 'b'], counts: undefined, ownFolder: own };
    const verifying = verifyDataset(many, env);
    const listeners = process.listenerCount('SIGINT');
    while (process.listenerCount('SIGINT') === listeners) await new Promise(setImmediate);
    process.emit('SIGINT');
    await expect(verifying).rejects.toThrow(Interrupted);
    vi.unstubAllEnvs();
  });

  it('notices a changed picture in the cache', async () => {
    await fetchDataset(pets, { env });
    expect(await verifyDataset(pets, env)).toMatchObject([{ kind: 'cache', problem: undefined }]);
    writeFileSync(path.join(cache, 'pets/train/cats/0.jpg'), 'x');
    expect(await verifyDataset(pets, env)).toMatchObject([
      { kind: 'cache', problem: expect.stringContaining('train/cats/0.jpg') },
    ]);
  });
});

describe('removeDataset', () => {
  it('removes what was downloaded and drawn, also halves, and nothing else', async () => {
    await fetchDataset(digits, { env });
    await fetchDataset(pets, { env });
    for (const name of ['drawn-small-v1', 'small-2', 'small.1234.tmp']) mkdirSync(path.join(cache, name));
    writeFileSync(path.join(cache, 'pets.zip.partial'), 'half');
    const removed = await removeDataset(digits, env);
    expect(removed.files.map((file) => path.basename(file)).sort()).toEqual(['drawn-small-v1', 'small', 'small.1234.tmp']);
    expect(readdirSync(cache).sort()).toEqual(['pets', 'pets.sha256', 'pets.zip.partial', 'small-2']);
    await removeDataset(pets, env);
    expect(readdirSync(cache)).toEqual(['small-2']);
    expect(await removeDataset(pets, env)).toEqual({ files: [], decoded: 0 });
  });

  it("removes the decoded pictures of a dataset wherever it lies, and not those of another folder", async () => {
    const bytesOf = (folder: string): number => {
      const file = cacheFileOf(folder, { size: [4, 4], color: 'rgb', resize: 'squash' });
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, Buffer.alloc(1_000));
      return 1_000;
    };
    vi.stubEnv('COURSE_CACHE', env.COURSE_CACHE);
    await fetchDataset(pets, { env });
    mkdirSync(path.join(root, 'data', 'pets'), { recursive: true });
    const mine = [path.join(cache, 'pets'), path.join(root, 'data', 'pets')].map((folder) => realpathSync(folder));
    const bytes = mine.reduce((sum, folder) => sum + bytesOf(folder), 0);
    bytesOf(path.join(root, 'another'));
    vi.unstubAllEnvs();
    const { decoded } = await removeDataset(pets, { ...env, COURSE_DATA: path.join(root, 'data') });
    expect(decoded).toBe(bytes);
    expect(readdirSync(path.join(path.dirname(cache), 'pixels'))).toHaveLength(1);
    expect(existsSync(path.join(root, 'data', 'pets'))).toBe(true);
  });

  it("leaves folders of one's own alone", async () => {
    mkdirSync(digits.ownFolder, { recursive: true });
    await removeDataset(digits, { ...env, COURSE_DATA: path.dirname(digits.ownFolder) });
    expect(existsSync(digits.ownFolder)).toBe(true);
    await fetchDataset(pets, { env });
    await expect(removeDataset(pets, { ...env, COURSE_DATA: cache })).rejects.toThrow(
      'COURSE_DATA names it, so it is not removed',
    );
    expect(existsSync(path.join(cache, 'pets'))).toBe(true);
  });

  it('makes no cache where there was none', async () => {
    expect(await removeDataset(digits, env)).toEqual({ files: [], decoded: 0 });
    expect(existsSync(path.dirname(cache))).toBe(false);
  });
});
