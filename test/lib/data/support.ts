import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll } from 'vitest';
import { arrayOf } from '../../../lib/src/arrays';
import { drawStandIn } from '../../../lib/src/data/drawn';
import { formatIdx } from '../../../lib/src/data/idx';
import type { DatasetFile, FolderEntry, IdxEntry } from '../../../lib/src/data/manifest';
import { zipOf } from './zip';

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A folder that is gone after the tests of this file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'course-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

let places = 0;

/** A cache and a folder for data, which do not exist yet, and the environment that names the cache. */
export function freshPlaces(root: string): { cache: string; data: string; env: NodeJS.ProcessEnv } {
  const cache = path.join(root, `cache-${++places}`);
  return { cache, data: path.join(root, `data-${places}`), env: { COURSE_CACHE: cache } };
}

/**
 * Four small IDX files with the shapes of MNIST: 40 + 20 images. Noise, so that gzip leaves about 31 KB for the
 * training images.
 */
function smallFiles(): { file: DatasetFile; content: Buffer }[] {
  let state = 1;
  const noise = (): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 24;
  return (['train', 'test'] as const).flatMap((split) => {
    const count = split === 'train' ? 40 : 20;
    const prefix = split === 'train' ? 'train' : 't10k';
    const images = formatIdx(arrayOf(Uint8Array.from({ length: count * 784 }, noise), [count, 28, 28]));
    const labels = formatIdx(
      arrayOf(
        Uint8Array.from({ length: count }, (_, i) => i % 10),
        [count],
      ),
    );
    const fileOf = (name: string, content: 'images' | 'labels', bytes: Buffer): DatasetFile => ({
      split,
      content,
      name,
      size: bytes.length,
      sha256: sha256(bytes),
      downloadSize: gzipSync(bytes).length,
    });
    return [
      { file: fileOf(`${prefix}-images-idx3-ubyte`, 'images', images), content: images },
      { file: fileOf(`${prefix}-labels-idx1-ubyte`, 'labels', labels), content: labels },
    ];
  });
}

export interface SmallDataset {
  readonly entry: IdxEntry;
  /** Unpacked, by name. */
  readonly contents: ReadonlyMap<string, Buffer>;
}

/** A dataset like MNIST with 40 + 20 images, to be had from the given mirrors; its stand-ins are right too. */
export async function smallDataset(...mirrors: string[]): Promise<SmallDataset> {
  const files = smallFiles();
  const standIn = { title: 'Drawn digits (stand-in, not Small digits)', folder: 'drawn-small-v1' };
  const entry: IdxEntry = {
    kind: 'idx',
    name: 'small',
    ownFolder: '/no/such/datasets/small',
    title: 'Small digits',
    description: 'Noise in the form of MNIST',
    homepage: '',
    licence: { name: '', url: '', holders: '' },
    citation: '',
    classNames: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    imageShape: [28, 28],
    counts: { train: 40, test: 20 },
    files: files.map(({ file }) => file),
    mirrors,
    standIn: { ...standIn, sha256: {} },
  };
  const drawn = await drawStandIn({ ...entry, name: 'mnist' });
  const hashes = Object.fromEntries([...drawn].map(([name, content]) => [name, sha256(content)]));
  return {
    entry: { ...entry, standIn: { ...standIn, sha256: hashes } },
    contents: new Map(files.map(({ file, content }) => [file.name, content])),
  };
}

export interface Mirror {
  /** Ends in `/`. */
  readonly url: string;
  /** `GET /train-images-idx3-ubyte.gz`, with the range that was asked for, in order. */
  readonly requests: string[];
  /** Answers every request from now on; undefined: as it should be. */
  behave(listener?: RequestListener): void;
}

/** The whole file that a request asks for. */
export type BytesOf = (url: string | undefined) => Buffer;

/** A mirror on this machine that serves files and knows ranges, until it is told to behave otherwise. */
export async function startMirror(bytesOf: BytesOf): Promise<Mirror> {
  let behaviour: RequestListener | undefined;
  const requests: string[] = [];
  const server: Server = createServer((request, response) => {
    requests.push([request.url, request.headers.range].filter(Boolean).join(' '));
    (behaviour ?? serve(bytesOf))(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    behave: (listener) => {
      behaviour = listener;
    },
  };
}

/** The gzipped one of the files that a request asks for. */
export const gzippedOf =
  (contents: ReadonlyMap<string, Buffer>): BytesOf =>
  (url = '') => {
    const content = contents.get(path.basename(url, '.gz'));
    if (!content) throw new Error(`no test file for ${url}`);
    return gzipSync(content);
  };

/** What a good mirror does. */
export function serve(bytesOf: BytesOf): RequestListener {
  return (request, response) => {
    const bytes = bytesOf(request.url);
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (start >= bytes.length) {
      response.writeHead(416, { 'Content-Range': `bytes */${bytes.length}` }).end();
      return;
    }
    const headers = {
      'Content-Length': bytes.length - start,
      ...(start > 0 && { 'Content-Range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` }),
    };
    response.writeHead(start > 0 ? 206 : 200, headers).end(bytes.subarray(start));
  };
}

/**
 * A dataset of 5 + 3 pictures (noise of about 4 KB each) in folders, in an archive to be had from the given mirrors.
 */
export function smallPictures(...mirrors: string[]): { entry: FolderEntry; zip: Buffer; files: Map<string, Buffer> } {
  let state = 7;
  const noise = (): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 24;
  const names = ['cats', 'dogs'].flatMap((name) => [
    ...Array.from({ length: name === 'cats' ? 3 : 2 }, (_, i) => `train/${name}/${i}.jpg`),
    ...Array.from({ length: name === 'cats' ? 2 : 1 }, (_, i) => `validation/${name}/${i}.jpg`),
  ]);
  const files = new Map(names.map((name) => [name, Buffer.from(Array.from({ length: 4_000 }, noise))]));
  const zip = zipOf([
    { name: 'pictures/' },
    { name: 'pictures/make.py', content: Buffer.from('not wanted') },
    { name: '__MACOSX/pictures/train/cats/._0.jpg', content: Buffer.from('not wanted') },
    ...[...files].map(([name, content]) => ({ name: `pictures/${name}`, content })),
  ]);
  const entry: FolderEntry = {
    kind: 'folder',
    name: 'pets',
    ownFolder: '/no/such/datasets/pets',
    title: 'Small pets',
    description: 'Noise in folders',
    licence: { name: 'none' },
    classNames: ['cats', 'dogs'],
    counts: { train: { cats: 3, dogs: 2 }, validation: { cats: 2, dogs: 1 } },
    archive: { mirrors, size: zip.length, sha256: { unknown: 'a test without' }, topFolder: 'pictures' },
  };
  return { entry, zip, files };
}
