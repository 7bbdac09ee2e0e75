import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { downloadArchive } from '../../../lib/src/data/download';
import type { DatasetArchive, FolderEntry } from '../../../lib/src/data/manifest';
import type { DataProgress } from '../../../lib/src/data/progress';
import { downloadFaults, shortTimes } from './faults';
import { serve, sha256, smallPictures, startMirror, temporaryFolder, type Mirror } from './support';

const root = temporaryFolder();
const { entry, zip, files } = smallPictures();
let archive: DatasetArchive;
let first: Mirror;
let second: Mirror;
beforeAll(async () => {
  [first, second] = [await startMirror(() => Buffer.from(zip)), await startMirror(() => Buffer.from(zip))];
  const mirrors = [first, second].map(({ url }) => `${url}pictures.zip`);
  archive = { ...(entry.archive as DatasetArchive), mirrors };
});

let folder = '';
let counter = 0;
beforeEach(() => {
  folder = path.join(root, String(counter++), 'pets');
  for (const mirror of [first, second]) {
    mirror.behave();
    mirror.requests.length = 0;
  }
});

const fetchTo = (options = {}, what: DatasetArchive = archive, of: FolderEntry = entry): Promise<void> =>
  downloadArchive(of, what, folder, options);
const beside = (): string[] => readdirSync(path.dirname(folder)).sort();

/** All pictures are there, right and alone. */
function expectWhole(): void {
  expect(beside()).toEqual(['pets', 'pets.sha256']);
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .map((item) => path.relative(folder, path.join(item.parentPath, item.name)));
  expect(names.sort()).toEqual([...files.keys()].sort());
  for (const [name, content] of files) expect(readFileSync(path.join(folder, name)).equals(content)).toBe(true);
}

describe('downloadArchive', () => {
  it('fetches, unpacks, keeps the pictures alone and the checksums of what it unpacked', async () => {
    await fetchTo();
    expectWhole();
    const list = [...files]
      .map(([name, content]) => `${sha256(content)}  ${name}\n`)
      .sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1));
    expect(readFileSync(`${folder}.sha256`, 'utf8')).toBe(list.join(''));
    expect(first.requests).toEqual(['/pictures.zip']);
  });

  it('tells how far the download and then the unpacking are, up to the whole', async () => {
    const progress: DataProgress[] = [];
    await fetchTo({ onProgress: (now: DataProgress) => progress.push(now) });
    const changes = progress
      .filter((now, i) => now.activity !== progress[i - 1]?.activity)
      .map(({ activity }) => activity);
    expect(changes).toEqual(['download', 'unpack']);
    const last = (activity: string): DataProgress | undefined =>
      progress.filter((now) => now.activity === activity).at(-1);
    expect(last('download')).toMatchObject({
      what: archive.mirrors[0],
      unit: 'bytes',
      received: zip.length,
      total: zip.length,
    });
    expect(last('unpack')).toMatchObject({ what: 'Small pets', unit: 'bytes', received: 32_000, total: 32_000 });
  });

  it.each(downloadFaults)('goes on to the next mirror after $what', async ({ behave }) => {
    first.behave(behave(() => Buffer.from(zip)));
    await fetchTo(shortTimes);
    expectWhole();
  });

  it.each(downloadFaults)(
    'says what it got when all mirrors give $what, and uses nothing of it',
    async ({ behave, says }) => {
      for (const mirror of [first, second]) mirror.behave(behave(() => Buffer.from(zip)));
      await expect(fetchTo(shortTimes)).rejects.toThrow(says.archive);
      expect(beside().filter((name) => name !== 'pets.zip.partial')).toEqual([]);
      // And nothing that stays behind is in the way of the next attempt.
      for (const mirror of [first, second]) mirror.behave();
      await fetchTo();
      expectWhole();
    },
  );

  it('compares the SHA-256 where one is known', async () => {
    await fetchTo({}, { ...archive, sha256: createHash('sha256').update(zip).digest('hex') });
    expectWhole();
    await expect(fetchTo({}, { ...archive, sha256: '0'.repeat(64) })).rejects.toThrow(
      `pictures.zip: got the SHA-256 ${sha256(zip)}, expected ${'0'.repeat(64)}. The file is damaged`,
    );
    // What was there before is still there.
    expectWhole();
  });

  it.each([
    [
      'a picture less',
      { train: { cats: 4, dogs: 2 }, validation: { cats: 2, dogs: 1 } },
      'train/cats: 3 pictures, expected 4',
    ],
    [
      'no such part',
      { train: { cats: 3, dogs: 2 }, test: { cats: 2, dogs: 1 } },
      'test/cats: 0 pictures, expected 2; test/dogs: 0',
    ],
  ])('refuses an archive that has %s', async (_what, counts, message) => {
    await expect(fetchTo({}, archive, { ...entry, counts })).rejects.toThrow(`pictures.zip: got ${message}`);
    expect(beside()).toEqual([]);
  });

  it('refuses a hostile archive of the right length, and asks the next mirror', async () => {
    const evil = Buffer.from(zip.toString('latin1').replaceAll('pictures/train/', '../../../train/'), 'latin1');
    first.behave(serve(() => evil));
    await fetchTo();
    expectWhole();
    second.behave(serve(() => evil));
    await expect(fetchTo()).rejects.toThrow(/pictures\.zip: got no whole, harmless zip file \(invalid relative path/);
    expectWhole();
  });

  it('goes on where the connection broke', async () => {
    let isFirst = true;
    first.behave((request, response) => {
      if (!isFirst) return serve(() => zip)(request, response);
      isFirst = false;
      response.writeHead(200, { 'Content-Length': zip.length });
      response.write(zip.subarray(0, 20_000), () => setTimeout(() => response.destroy(), 50));
    });
    await fetchTo();
    expectWhole();
    expect(first.requests).toEqual(['/pictures.zip', '/pictures.zip bytes=20000-']);
  });

  it('unpacks without fetching again what had arrived whole', async () => {
    mkdirSync(path.dirname(folder));
    writeFileSync(`${folder}.zip.partial`, zip);
    await fetchTo();
    expectWhole();
    expect(first.requests).toEqual([`/pictures.zip bytes=${zip.length}-`]);
  });

  it('keeps what has arrived when the disk is the reason, and asks no other mirror', async () => {
    // The archive's name is just short enough for a file system, the temporary folder's is too long.
    const long = path.join(path.dirname(folder), 'p'.repeat(230));
    await expect(downloadArchive(entry, archive, long)).rejects.toThrow(/ENAMETOOLONG/);
    expect(beside()).toEqual([`${path.basename(long)}.zip.partial`]);
    expect(readFileSync(`${long}.zip.partial`).equals(zip)).toBe(true);
    expect(second.requests).toEqual([]);
  });

  it.each(['download', 'unpack'])('survives being killed in the middle of the %s', async (activity) => {
    const sourceOf = (name: string): string => JSON.stringify(path.resolve(__dirname, '../../../lib/src/data', name));
    const script = `
      import { runnerImport } from 'vite';
      const { module: { downloadArchive } } = await runnerImport(${sourceOf('download.ts')});
      await downloadArchive(${JSON.stringify(entry)}, ${JSON.stringify(archive)}, ${JSON.stringify(folder)}, {
        onProgress: ({ activity, received, total }) => {
          if (activity === '${activity}' && received > total / 2) process.kill(process.pid, 'SIGKILL');
        },
      });`;
    mkdirSync(path.dirname(folder));
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: path.resolve(__dirname, '../../..'),
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const signal = await new Promise((resolve) => child.once('exit', (_code, by) => resolve(by)));
    expect(signal).toBe('SIGKILL');
    expect(existsSync(folder)).toBe(false);
    expect(beside()).toContain('pets.zip.partial');
    await fetchTo();
    expectWhole();
  });
});
