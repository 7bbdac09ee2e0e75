import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { contentsDigest } from '../../../lib/src/data/dataset-files';
import { fetchDataset, openFolderDataset, planSource } from '../../../lib/src/data/locate';
import type { FolderEntry } from '../../../lib/src/data/manifest';
import type { DataProgress } from '../../../lib/src/data/progress';
import { freshPlaces, smallPictures, startMirror, temporaryFolder, type Mirror } from './support';

const drawings = vi.hoisted(() => ({ count: 0 }));
vi.mock('../../../lib/src/data/drawn', async () => ({
  drawStandIn: async () => {
    drawings.count++;
    return (await import('./support.js')).smallPictures().files;
  },
}));

const root = temporaryFolder();
const { entry: bare, zip, files } = smallPictures();
let mirror: Mirror;
let entry: FolderEntry;
beforeAll(async () => {
  mirror = await startMirror(() => zip);
  entry = smallPictures(`${mirror.url}pictures.zip`).entry;
});

let cache = '';
let data = '';
let env: NodeJS.ProcessEnv = {};
beforeEach(() => {
  ({ cache, data, env } = freshPlaces(root));
  mirror.requests.length = 0;
});

function fill(folder: string, leaveOut: (name: string) => boolean = () => false): void {
  for (const [name, content] of files) {
    if (leaveOut(name)) continue;
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
}

describe('a folder of pictures that COURSE_DATA names', () => {
  beforeEach(() => {
    env.COURSE_DATA = data;
  });

  it('comes first', async () => {
    fill(path.join(data, 'pets'));
    const { folder, source } = await openFolderDataset(entry, { env });
    expect(folder).toBe(path.join(data, 'pets'));
    expect(source).toEqual({ kind: 'folder', folder, passedOver: [], note: `From ${folder}, named by COURSE_DATA.` });
    expect(mirror.requests).toEqual([]);
  });

  it('is taken with other pictures than published, and the note says so', async () => {
    fill(path.join(data, 'pets'), (name) => name.endsWith('dogs/1.jpg'));
    writeFileSync(path.join(data, 'pets/train/cats/own.jpg'), 'a picture of my own');
    writeFileSync(path.join(data, 'pets/train/cats/.DS_Store'), 'no picture');
    const { source } = await openFolderDataset(entry, { env });
    expect(source.note).toContain(
      'Not as published: train/cats: 4 pictures, expected 3; train/dogs: 1 picture, expected 2.',
    );
  });

  it('must have a folder for each class: the error says what is there', async () => {
    fill(path.join(data, 'pets'), (name) => name.includes('/dogs/'));
    await expect(openFolderDataset(entry, { env })).rejects.toThrow(
      `COURSE_DATA: ${path.join(data, 'pets')}: got the classes cats, expected just cats, dogs. ` +
        'Add a folder of pictures for dogs. Repair the folder, or unset COURSE_DATA to download Small pets.',
    );
  });

  it('must have no other class, because labels would mean something else', async () => {
    fill(path.join(data, 'pets'));
    mkdirSync(path.join(data, 'pets/train/birds'));
    writeFileSync(path.join(data, 'pets/train/birds/0.jpg'), 'x');
    await expect(openFolderDataset(entry, { env })).rejects.toThrow(
      'got the classes birds, cats, dogs, expected just cats, dogs. ' +
        'Move birds elsewhere, or read the folder with loadImageFolder.',
    );
  });

  it('must have no empty class', async () => {
    fill(path.join(data, 'pets'), (name) => name.startsWith('train/dogs'));
    mkdirSync(path.join(data, 'pets/train/dogs'));
    await expect(openFolderDataset(entry, { env })).rejects.toThrow('the class "dogs" is empty');
  });

  it('may have the classes without parts', async () => {
    fill(path.join(data, 'pets'), (name) => name.startsWith('validation'));
    renameSync(path.join(data, 'pets/train'), path.join(data, 'flat'));
    rmSync(path.join(data, 'pets'), { recursive: true });
    renameSync(path.join(data, 'flat'), path.join(data, 'pets'));
    const { source } = await openFolderDataset(entry, { env });
    expect(source.kind).toBe('folder');
    expect(source.note).toContain(
      'Not as published: validation/cats: 0 pictures, expected 2; validation/dogs: 0 pictures, expected 1.',
    );
  });

  it('may call the validation pictures otherwise', async () => {
    fill(path.join(data, 'pets'));
    renameSync(path.join(data, 'pets/validation'), path.join(data, 'pets/val'));
    const { source } = await openFolderDataset(entry, { env });
    expect(source.note).not.toContain('Not as published');
  });

  it('is an error if it is empty', async () => {
    mkdirSync(path.join(data, 'pets'), { recursive: true });
    await expect(openFolderDataset(entry, { env })).rejects.toThrow(/pets: got no class, expected one sub-folder for/);
  });
});

describe('an archive of pictures', () => {
  const kept = (): string => path.join(cache, 'datasets', 'pets');

  it('is downloaded once and found in the cache after that', async () => {
    const first = await openFolderDataset(entry, { env });
    expect(first.source).toMatchObject({ kind: 'download', folder: kept() });
    expect(readdirSync(path.join(cache, 'datasets'))).toEqual(['pets', 'pets.sha256']);
    const second = await openFolderDataset(entry, { env });
    expect(second.source.kind).toBe('cache');
    expect(second.folder).toBe(kept());
    expect(mirror.requests).toHaveLength(1);
  });

  it('is downloaded once when two ask for it at the same time', async () => {
    await Promise.all([openFolderDataset(entry, { env }), openFolderDataset(entry, { env })]);
    expect(mirror.requests).toHaveLength(1);
  });

  it('is kept when an interrupt ends the unpacking, of which nothing stays', async () => {
    const onProgress = ({ activity }: DataProgress): unknown => activity === 'unpack' && process.emit('SIGINT');
    await expect(openFolderDataset(entry, { env, onProgress })).rejects.toThrow('Loading Small pets was interrupted.');
    expect(readdirSync(path.join(cache, 'datasets'))).toEqual(['pets.zip.partial']);
    expect((await openFolderDataset(entry, { env })).source.kind).toBe('download');
    expect(mirror.requests).toHaveLength(2);
    expect(mirror.requests[1]).toBe(`/pictures.zip bytes=${zip.length}-`);
  });

  const changes: [string, () => void, RegExp][] = [
    [
      'a picture is damaged',
      () => writeFileSync(path.join(kept(), 'train/cats/1.jpg'), 'x'),
      /first difference is train\/cats\/1\.jpg/,
    ],
    [
      'a picture is gone',
      () => rmSync(path.join(kept(), 'train/dogs/0.jpg')),
      /first difference is train\/dogs\/0\.jpg/,
    ],
    [
      'a picture was added',
      () => writeFileSync(path.join(kept(), 'train/cats/9.jpg'), 'x'),
      /first difference is train\/cats\/9\.jpg/,
    ],
    ['its list is gone', () => rmSync(`${kept()}.sha256`), /is not what was unpacked/],
    [
      'a link took the place of a picture',
      () => {
        rmSync(path.join(kept(), 'train/cats/1.jpg'));
        symlinkSync('/etc/passwd', path.join(kept(), 'train/cats/1.jpg'));
      },
      /got a link or a device/,
    ],
  ];
  it.each(changes)('is fetched again when %s', async (_what, change, reason) => {
    await openFolderDataset(entry, { env });
    change();
    const { source, folder } = await openFolderDataset(entry, { env });
    expect(source.kind).toBe('download');
    expect(source.passedOver.find(({ kind }) => kind === 'cache')?.reason).toMatch(reason);
    for (const [name, content] of files) expect(readFileSync(path.join(folder, name)).equals(content)).toBe(true);
    expect((await openFolderDataset(entry, { env })).source.kind).toBe('cache');
  });

  it('does not mind what a file manager leaves behind', async () => {
    await openFolderDataset(entry, { env });
    writeFileSync(path.join(kept(), 'train', '.DS_Store'), 'x');
    expect((await openFolderDataset(entry, { env })).source.kind).toBe('cache');
  });

  it('is told of without being fetched', async () => {
    const plan = await planSource(entry, env);
    expect(plan.kind).toBe('download');
    expect(plan.note).toBe(`Will be downloaded to ${kept()} when a lesson needs it (0.0 MB).`);
    expect(existsSync(cache)).toBe(false);
    await expect(planSource(bare, { ...env, COURSE_OFFLINE: '1' })).rejects.toThrow('COURSE_OFFLINE is set');
  });
});

describe('drawn pictures', () => {
  const digest = contentsDigest(files);
  const standIn = { title: 'Drawn pets (stand-in)', folder: 'drawn-pets-v1', sha256: digest };
  const drawnEntry = (): FolderEntry => ({ ...bare, standIn });
  const kept = (): string => path.join(cache, 'datasets', standIn.folder);
  beforeEach(() => {
    env.COURSE_OFFLINE = '1';
    drawings.count = 0;
  });

  it('lie in a folder, whole and verified, and are drawn once', async () => {
    const [first, second] = await Promise.all([
      openFolderDataset(drawnEntry(), { env }),
      openFolderDataset(drawnEntry(), { env }),
    ]);
    expect([first.folder, second.folder]).toEqual([kept(), kept()]);
    expect(first.source.kind).toBe('drawn');
    expect(first.source.note).toMatch(
      /^Stand-ins for Small pets, drawn by the course, because COURSE_DATA is not set; /,
    );
    expect(readdirSync(path.join(cache, 'datasets'))).toEqual([standIn.folder]);
    for (const [name, content] of files) expect(readFileSync(path.join(kept(), name)).equals(content)).toBe(true);
    expect(drawings.count).toBe(1);
  });

  it('are drawn again when one is damaged, and what a killed process left goes', async () => {
    await openFolderDataset(drawnEntry(), { env });
    writeFileSync(path.join(kept(), 'train/cats/0.jpg'), 'x');
    mkdirSync(`${kept()}.1234.tmp`);
    await openFolderDataset(drawnEntry(), { env });
    expect(readdirSync(path.join(cache, 'datasets'))).toEqual([standIn.folder]);
    expect(readFileSync(path.join(kept(), 'train/cats/0.jpg')).equals(files.get('train/cats/0.jpg') as Buffer)).toBe(
      true,
    );
    expect(drawings.count).toBe(2);
  });

  it('say so when they are not the bytes that the manifest promises', async () => {
    const other = { ...drawnEntry(), standIn: { ...standIn, sha256: '0'.repeat(64) } };
    const { source } = await openFolderDataset(other, { env });
    expect(source.note).toContain('They are not the pictures that the manifest promises: please report this machine.');
  });

  it('go to a temporary folder where nothing can be kept, which is gone when the process ends', async () => {
    writeFileSync(path.join(root, 'a-file'), '');
    env.COURSE_CACHE = path.join(root, 'a-file', 'cache');
    const { source, folder } = await openFolderDataset(drawnEntry(), { env });
    expect(source.note).toMatch(/They could not be kept \(ENOTDIR.*\) and are drawn again each time/);
    expect(source.folder).toBe(folder);
    expect(path.dirname(folder)).toBe(os.tmpdir());
    expect(readFileSync(path.join(folder, 'train/cats/0.jpg')).equals(files.get('train/cats/0.jpg') as Buffer)).toBe(
      true,
    );
    const [remove] = process.listeners('exit').slice(-1);
    remove.call(process, 0);
    expect(existsSync(folder)).toBe(false);
  });

  it('are no dataset to be fetched', async () => {
    await expect(fetchDataset(drawnEntry(), { env })).rejects.toThrow('Small pets is not to be had: ');
  });
});
