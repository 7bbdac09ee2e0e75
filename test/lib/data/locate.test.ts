import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type * as drawn from '../../../lib/src/data/drawn';
import { fetchDataset, openDataset, planSource, type OpenedDataset } from '../../../lib/src/data/locate';
import { Interrupted } from '../../../lib/src/interrupt';
import type { IdxEntry } from '../../../lib/src/data/manifest';
import type { DataProgress } from '../../../lib/src/data/progress';
import { freshPlaces, gzippedOf, smallDataset, startMirror, temporaryFolder, type Mirror, type SmallDataset } from './support';

// What is drawn goes by the dataset's name; the small one gets digits.
vi.mock('../../../lib/src/data/drawn', async (importOriginal) => {
  const { drawStandIn } = await importOriginal<typeof drawn>();
  const drawDigits: typeof drawStandIn = (small, onProgress) => drawStandIn({ ...small, name: 'mnist' }, onProgress);
  return { drawStandIn: drawDigits };
});

const root = temporaryFolder();
let entry: IdxEntry;
let contents: SmallDataset['contents'];
let mirror: Mirror;
beforeAll(async () => {
  const small = await smallDataset();
  contents = small.contents;
  mirror = await startMirror(gzippedOf(contents));
  entry = { ...small.entry, mirrors: [mirror.url], ownFolder: path.join(root, 'own', 'small') };
});

let cache = '';
let data = '';
let env: NodeJS.ProcessEnv = {};
beforeEach(() => {
  ({ cache, data, env } = freshPlaces(root));
  mirror.behave();
  mirror.requests.length = 0;
});

const down = (): void => mirror.behave((_request, response) => response.writeHead(503).end());
const isSame = (opened: OpenedDataset): boolean =>
  entry.files.every(({ name }) => Buffer.from(opened.contents.get(name) ?? []).equals(contents.get(name) as Buffer));

/** Fills `$COURSE_DATA/small`. */
function fillData(isGzipped = true): void {
  fillFolder(path.join(data, 'small'), isGzipped);
  env.COURSE_DATA = data;
}

function fillFolder(folder: string, isGzipped: boolean): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of contents) {
    writeFileSync(path.join(folder, isGzipped ? `${name}.gz` : name), isGzipped ? gzipSync(content) : content);
  }
}

describe('the folder that COURSE_DATA names', () => {
  it.each([true, false])('comes first, its files gzipped (%s) or not', async (isGzipped) => {
    fillData(isGzipped);
    const opened = await openDataset(entry, { env });
    expect(isSame(opened)).toBe(true);
    expect(opened.source).toEqual({
      kind: 'folder',
      folder: path.join(data, 'small'),
      passedOver: [],
      note: `From ${path.join(data, 'small')}, named by COURSE_DATA.`,
    });
    expect(mirror.requests).toEqual([]);
    expect(existsSync(cache)).toBe(false);
  });

  it('is passed over if it does not have the dataset, and the reason is kept', async () => {
    mkdirSync(path.join(data, 'cats'), { recursive: true });
    env.COURSE_DATA = data;
    const { source } = await openDataset(entry, { env });
    expect(source.kind).toBe('download');
    expect(source.passedOver[0]).toEqual({
      kind: 'folder',
      reason: `COURSE_DATA is ${data}, which has no small/ (it has cats)`,
    });
  });

  it('must exist: the error says what is there instead', async () => {
    mkdirSync(path.join(data, 'datasets'), { recursive: true });
    env.COURSE_DATA = path.join(data, 'dataset', 'here');
    const message =
      `COURSE_DATA: got ${env.COURSE_DATA}, which does not exist (${data} has datasets). ` +
      'Expected a folder with small/ in it.';
    await expect(openDataset(entry, { env })).rejects.toThrow(message);
    await expect(planSource(entry, env)).rejects.toThrow(message);
    expect(mirror.requests).toEqual([]);
  });

  it('must be a folder', async () => {
    writeFileSync(data, '');
    env.COURSE_DATA = data;
    await expect(openDataset(entry, { env })).rejects.toThrow(
      `COURSE_DATA: got ${data}, which cannot be read as a folder (ENOTDIR`,
    );
  });

  it('must have all files', async () => {
    fillData();
    rmSync(path.join(data, 'small', 't10k-labels-idx1-ubyte.gz'));
    await expect(openDataset(entry, { env })).rejects.toThrow(
      /got t10k-images-idx3-ubyte\.gz, .* expected also t10k-labels-idx1-ubyte /,
    );
  });

  it('must have the right files', async () => {
    fillData(false);
    const file = path.join(data, 'small', 'train-labels-idx1-ubyte');
    const bytes = readFileSync(file);
    bytes[20] ^= 1;
    writeFileSync(file, bytes);
    const message = new RegExp(
      `COURSE_DATA: ${file}: got the SHA-256 \\w+, expected ${entry.files[1].sha256}.* unset COURSE_DATA`,
    );
    await expect(openDataset(entry, { env })).rejects.toThrow(message);
    await expect(planSource(entry, env)).rejects.toThrow(message);
  });
});

describe("a folder of one's own in the course's datasets/", () => {
  afterEach(() => rmSync(entry.ownFolder, { recursive: true, force: true }));

  it('is used without COURSE_DATA', async () => {
    fillFolder(entry.ownFolder, true);
    const opened = await openDataset(entry, { env });
    expect(isSame(opened)).toBe(true);
    expect(opened.source).toMatchObject({ kind: 'own', note: `From ${entry.ownFolder}, a folder of your own.` });
    expect(mirror.requests).toEqual([]);
  });

  it('comes after the folder that COURSE_DATA names', async () => {
    fillFolder(entry.ownFolder, true);
    fillData();
    expect((await openDataset(entry, { env })).source.kind).toBe('folder');
  });

  it('must have the right files: whoever puts some there wants these', async () => {
    mkdirSync(entry.ownFolder, { recursive: true });
    writeFileSync(path.join(entry.ownFolder, 'train-images-idx3-ubyte'), 'x');
    await expect(openDataset(entry, { env })).rejects.toThrow(
      /own\/small: got train-images-idx3-ubyte, expected also .* Repair or remove the folder/,
    );
    expect(mirror.requests).toEqual([]);
  });
});

describe('a dataset that nobody offers', () => {
  const ownEntry = (): IdxEntry => ({ ...entry, mirrors: [], standIn: undefined });

  it('is read from a folder', async () => {
    fillData();
    expect((await openDataset(ownEntry(), { env })).source.kind).toBe('folder');
  });

  it('is an error that says where it was looked for and where to put it', async () => {
    const message =
      'Small digits is not to be had: COURSE_DATA is not set; ' +
      `the course's datasets/ has no small/; there is no ${path.join(cache, 'datasets', 'small')} yet; ` +
      `nobody offers it for download. Expected it in ${entry.ownFolder}, ` +
      'or in a folder small/ in the one that COURSE_DATA names.';
    await expect(openDataset(ownEntry(), { env })).rejects.toThrow(message);
    await expect(planSource(ownEntry(), env)).rejects.toThrow(message);
    await expect(fetchDataset(ownEntry(), { env })).rejects.toThrow(message);
  });
});

describe('fetchDataset', () => {
  it('downloads what is not there, and nothing twice', async () => {
    expect((await fetchDataset(entry, { env })).kind).toBe('download');
    mirror.requests.length = 0;
    expect((await fetchDataset(entry, { env })).kind).toBe('cache');
    expect(mirror.requests).toEqual([]);
  });

  it('fails where stand-ins would be drawn', async () => {
    down();
    await expect(fetchDataset(entry, { env })).rejects.toThrow(/HTTP status 503/);
    await expect(fetchDataset(entry, { env: { ...env, COURSE_OFFLINE: '1' } })).rejects.toThrow(
      'COURSE_OFFLINE is set',
    );
    expect(existsSync(path.join(cache, 'datasets', 'drawn-small-v1'))).toBe(false);
  });
});

describe('the cache', () => {
  it('is used by the second opening', async () => {
    const first = await openDataset(entry, { env });
    expect(first.source.kind).toBe('download');
    mirror.requests.length = 0;
    const second = await openDataset(entry, { env });
    expect(second.source.kind).toBe('cache');
    expect(second.source.folder).toBe(path.join(cache, 'datasets', 'small'));
    expect(isSame(first) && isSame(second)).toBe(true);
    expect(mirror.requests).toEqual([]);
  });

  it('repairs itself', async () => {
    await openDataset(entry, { env });
    writeFileSync(path.join(cache, 'datasets', 'small', 'train-images-idx3-ubyte.gz'), gzipSync(Buffer.alloc(31_376)));
    const { source, ...opened } = await openDataset(entry, { env });
    expect(source.kind).toBe('download');
    expect(source.passedOver[2].reason).toMatch(/train-images-idx3-ubyte\.gz: got the SHA-256/);
    expect(isSame({ source, ...opened })).toBe(true);
    expect((await openDataset(entry, { env })).source.kind).toBe('cache');
  });
});

describe('the download', () => {
  it('goes to the cache, whole', async () => {
    const { source } = await openDataset(entry, { env });
    expect(source.note).toBe(`Downloaded to ${path.join(cache, 'datasets', 'small')}.`);
    expect(readdirSync(path.join(cache, 'datasets'))).toEqual(['small']);
    for (const [name, content] of contents) {
      expect(gunzipSync(readFileSync(path.join(cache, 'datasets', 'small', `${name}.gz`))).equals(content)).toBe(true);
    }
  });

  it('happens once when two ask for it at the same time', async () => {
    const opened = await Promise.all([openDataset(entry, { env }), openDataset(entry, { env })]);
    expect(opened.every(isSame)).toBe(true);
    expect(mirror.requests).toHaveLength(4);
  });

  it('is never tried with COURSE_OFFLINE', async () => {
    env.COURSE_OFFLINE = '1';
    const { source } = await openDataset(entry, { env });
    expect(source.kind).toBe('drawn');
    expect(source.passedOver.at(-1)).toEqual({ kind: 'download', reason: 'COURSE_OFFLINE is set' });
    expect(mirror.requests).toEqual([]);
  });

  it('is tried where COURSE_OFFLINE says off', async () => {
    expect((await openDataset(entry, { env: { ...env, COURSE_OFFLINE: 'off' } })).source.kind).toBe('download');
  });

  it('survives being killed in the middle, and goes on from there', async () => {
    // The mirror sends a part of the file and then nothing more.
    const part = 12_000;
    mirror.behave((request, response) => {
      const bytes = gzippedOf(contents)(request.url);
      response.writeHead(200, { 'Content-Length': bytes.length }).write(bytes.subarray(0, part));
    });
    const entryFile = path.join(root, 'entry.json');
    writeFileSync(entryFile, JSON.stringify(entry));
    const child = downloadInChild(entryFile);
    const partial = path.join(cache, 'datasets', 'small', 'train-images-idx3-ubyte.gz.partial');
    const isEnded = once(child, 'exit');
    try {
      while (!existsSync(partial) || readFileSync(partial).length < part) {
        if (child.exitCode !== null)
          throw new Error(`the child ended with ${child.exitCode} before its download began`);
        await sleep(50);
      }
    } finally {
      child.kill('SIGKILL');
      await isEnded;
    }
    expect(existsSync(path.join(cache, 'datasets', 'small.lock'))).toBe(true);

    mirror.behave();
    mirror.requests.length = 0;
    const waits: DataProgress[] = [];
    const onProgress = (now: DataProgress): unknown => now.activity === 'wait' && waits.push(now);
    const opened = await openDataset(entry, { env, onProgress });
    expect(isSame(opened)).toBe(true);
    expect(opened.source.kind).toBe('download');
    expect(waits).toEqual([]);
    expect(mirror.requests[0]).toBe(`/train-images-idx3-ubyte.gz bytes=${part}-`);
    expect(readdirSync(path.join(cache, 'datasets'))).toEqual(['small']);
  });

  /** Downloads in another process as openDataset does, from the library's source, which Vite translates there. */
  function downloadInChild(entryFile: string): ChildProcess {
    const folder = path.join(cache, 'datasets', 'small');
    const sourceOf = (name: string): string => JSON.stringify(path.resolve(__dirname, '../../../lib/src/data', name));
    const script = `
      import { readFileSync } from 'node:fs';
      import { runnerImport } from 'vite';
      const { module: { withLock } } = await runnerImport(${sourceOf('lock.ts')});
      const { module: { downloadFiles } } = await runnerImport(${sourceOf('download.ts')});
      const entry = JSON.parse(readFileSync(${JSON.stringify(entryFile)}, 'utf8'));
      const folder = ${JSON.stringify(folder)};
      await withLock(folder + '.lock', () => downloadFiles(entry, folder));`;
    return spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: path.resolve(__dirname, '../../..'),
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  }
});

describe('drawn stand-ins', () => {
  it('come last, and the note says why', async () => {
    down();
    const { source } = await openDataset(entry, { env });
    expect(source.kind).toBe('drawn');
    expect(source.passedOver.map(({ kind }) => kind)).toEqual(['folder', 'own', 'cache', 'download']);
    expect(source.note).toBe(
      'Stand-ins for Small digits, drawn by the course, because COURSE_DATA is not set; ' +
        "the course's datasets/ has no small/; " +
        `there is no ${path.join(cache, 'datasets', 'small')} yet; ` +
        `got HTTP status 503 Service Unavailable, expected the file (tried ${new URL(mirror.url).host}). ` +
        'For Small digits itself, connect to a network, or set COURSE_DATA to a folder with small/ in it.',
    );
  });

  it('are kept, and drawn again when they are damaged', async () => {
    env.COURSE_OFFLINE = '1';
    const drawings: DataProgress[] = [];
    const onProgress = (now: DataProgress): unknown => drawings.push(now);
    const first = await openDataset(entry, { env, onProgress });
    expect(drawings.at(-1)).toMatchObject({ activity: 'draw', unit: 'images', received: 60, total: 60 });
    const folder = path.join(cache, 'datasets', 'drawn-small-v1');
    expect(first.source.folder).toBe(folder);
    drawings.length = 0;
    expect((await openDataset(entry, { env, onProgress })).contents).toEqual(first.contents);
    expect(drawings).toEqual([]);

    writeFileSync(path.join(folder, 't10k-labels-idx1-ubyte'), 'damaged');
    writeFileSync(path.join(folder, 'train-labels-idx1-ubyte.1234.tmp'), 'left by a killed process');
    expect((await openDataset(entry, { env, onProgress })).contents).toEqual(first.contents);
    expect(drawings).not.toEqual([]);
    expect(readdirSync(folder).sort()).toEqual(entry.files.map(({ name }) => name).sort());
  });

  it('make way for the real files as soon as these can be had', async () => {
    down();
    expect((await openDataset(entry, { env })).source.kind).toBe('drawn');
    mirror.behave();
    expect((await openDataset(entry, { env })).source.kind).toBe('download');
  });

  it('are drawn each time where nothing can be kept', async () => {
    env.COURSE_CACHE = path.join(root, 'a-file', 'cache');
    writeFileSync(path.join(root, 'a-file'), '');
    const { source, contents: drawn } = await openDataset(entry, { env });
    expect(source).toMatchObject({ kind: 'drawn', folder: undefined });
    expect(source.note).toMatch(/They could not be kept \(ENOTDIR.*\) and are drawn again each time/);
    expect([...drawn.keys()].sort()).toEqual(entry.files.map(({ name }) => name).sort());
  });
});

describe('an interrupt', () => {
  const datasets = (): string[] => readdirSync(path.join(cache, 'datasets'));
  const interrupt = (): void => void process.emit('SIGINT');

  it('ends a download from a mirror that is silent; the next one goes on where it stopped', async () => {
    mirror.behave((_request, response) => {
      const bytes = gzipSync(contents.get('train-images-idx3-ubyte') as Buffer);
      response.writeHead(200, { 'Content-Length': bytes.length }).write(bytes.subarray(0, 5_000));
      setTimeout(interrupt, 100);
    });
    const listeners = process.listenerCount('SIGINT');
    await expect(openDataset(entry, { env })).rejects.toThrow(
      'Loading Small digits was interrupted. Load it again when you need it: a download goes on where it stopped.',
    );
    expect(process.listenerCount('SIGINT')).toBe(listeners);
    expect(datasets()).toEqual(['small']);
    expect(readdirSync(path.join(cache, 'datasets', 'small'))).toEqual(['train-images-idx3-ubyte.gz.partial']);
    mirror.behave();
    expect(isSame(await openDataset(entry, { env }))).toBe(true);
    expect(mirror.requests[1]).toBe('/train-images-idx3-ubyte.gz bytes=5000-');
  });

  it('ends the wait for an answer', async () => {
    mirror.behave(interrupt);
    await expect(openDataset(entry, { env, answerTimeout: 60_000 })).rejects.toThrow(Interrupted);
    expect(datasets()).toEqual([]);
  });

  it('ends drawing, and keeps nothing of it', async () => {
    env.COURSE_OFFLINE = '1';
    const told: DataProgress[] = [];
    const onProgress = (progress: DataProgress): void => {
      told.push(progress);
      interrupt();
    };
    await expect(openDataset(entry, { env, onProgress })).rejects.toThrow(Interrupted);
    expect(told).toHaveLength(1);
    expect(datasets()).toEqual([]);
  });

  it('ends the wait for another process', async () => {
    env.COURSE_OFFLINE = '1';
    mkdirSync(path.join(cache, 'datasets'), { recursive: true });
    const lock = path.join(cache, 'datasets', 'drawn-small-v1.lock');
    writeFileSync(lock, JSON.stringify({ pid: process.pid, host: hostname(), token: 'of another' }));
    setTimeout(interrupt, 100);
    await expect(openDataset(entry, { env })).rejects.toThrow(Interrupted);
    expect(datasets()).toEqual(['drawn-small-v1.lock']);
  });
});

describe('planSource', () => {
  it('says what would help against stand-ins: a network, or COURSE_OFFLINE unset', async () => {
    expect((await planSource(entry, { ...env, COURSE_OFFLINE: '1' })).note).toContain(
      'For Small digits itself, unset COURSE_OFFLINE, or set COURSE_DATA to a folder with small/ in it.',
    );
    expect((await planSource({ ...entry, mirrors: [] }, env)).note).toContain('For Small digits itself, set COURSE_DATA');
    down();
    expect((await openDataset(entry, { env })).source.note).toContain('itself, connect to a network, or set COURSE_DATA');
  });

  it('tells of a download without making it', async () => {
    const plan = await planSource(entry, env);
    expect(plan.kind).toBe('download');
    expect(plan.note).toMatch(/Will be downloaded to .* when a lesson needs it \(0\.0 MB\)/);
    expect(mirror.requests).toEqual([]);
    expect(existsSync(cache)).toBe(false);
  });

  it('tells of stand-ins without drawing them', async () => {
    env.COURSE_OFFLINE = '1';
    const plan = await planSource(entry, env);
    expect(plan.kind).toBe('drawn');
    expect(plan.note).toContain('Stand-ins for Small digits, drawn by the course, because');
    expect(existsSync(cache)).toBe(false);
  });

  it('says of a folder and of the cache what opening says', async () => {
    await openDataset(entry, { env });
    expect(await planSource(entry, env)).toEqual((await openDataset(entry, { env })).source);
    fillData();
    expect(await planSource(entry, env)).toEqual((await openDataset(entry, { env })).source);
  });
});
