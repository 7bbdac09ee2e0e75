import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { downloadFiles } from '../../../lib/src/data/download';
import type { IdxEntry } from '../../../lib/src/data/manifest';
import type { DataProgress } from '../../../lib/src/data/progress';
import { downloadFaults, shortTimes, type Fault } from './faults';
import {
  gzippedOf,
  serve,
  smallDataset,
  startMirror,
  temporaryFolder,
  type BytesOf,
  type Mirror,
  type SmallDataset,
} from './support';

const root = temporaryFolder();
let entry: IdxEntry;
let contents: SmallDataset['contents'];
let names: string[];
let gzipped: BytesOf;
let first: Mirror;
let second: Mirror;
beforeAll(async () => {
  const small = await smallDataset();
  contents = small.contents;
  gzipped = gzippedOf(contents);
  [first, second] = [await startMirror(gzipped), await startMirror(gzipped)];
  entry = { ...small.entry, mirrors: [first.url, second.url] };
  names = entry.files.map(({ name }) => `${name}.gz`);
});

const images = 'train-images-idx3-ubyte';
const partOf = (url: string | undefined, length: number): Buffer => gzipped(url).subarray(0, length);

let folder = '';
let counter = 0;
beforeEach(() => {
  folder = path.join(root, String(counter++));
  for (const mirror of [first, second]) {
    mirror.behave();
    mirror.requests.length = 0;
  }
});

/** All files are there, right and alone. */
function expectWhole(): void {
  expect(readdirSync(folder).sort()).toEqual([...names].sort());
  for (const { name } of entry.files) {
    expect(gunzipSync(readFileSync(path.join(folder, `${name}.gz`))).equals(contents.get(name) as Buffer)).toBe(true);
  }
}

describe('downloadFiles', () => {
  it('fetches all files and returns their content', async () => {
    const got = await downloadFiles(entry, folder);
    expectWhole();
    expect([...got.keys()]).toEqual(entry.files.map(({ name }) => name));
    expect(Buffer.from(got.get(images) as Uint8Array).equals(contents.get(images) as Buffer)).toBe(true);
    expect(first.requests).toEqual(names.map((name) => `/${name}`));
    expect(second.requests).toEqual([]);
  });

  it('tells how far it is, up to the whole', async () => {
    const progress: DataProgress[] = [];
    await downloadFiles(entry, folder, { onProgress: (now) => progress.push(now) });
    const total = entry.files.reduce((sum, file) => sum + file.downloadSize, 0);
    expect(progress.every((now) => now.activity === 'download' && now.unit === 'bytes' && now.total === total)).toBe(
      true,
    );
    const received = progress.map((now) => now.received);
    expect(received).toEqual([...received].sort((a, b) => a - b));
    expect(received[0]).toBe(0);
    expect(received.at(-1)).toBe(total);
    expect(progress.at(-1)?.ratePerSecond).toBeGreaterThan(0);
    expect(progress[0].what).toBe(`${first.url}${images}.gz`);
  });

  it('fetches only what is missing', async () => {
    await downloadFiles(entry, folder);
    writeFileSync(path.join(folder, names[1]), 'damaged');
    first.requests.length = 0;
    await downloadFiles(entry, folder);
    expectWhole();
    expect(first.requests).toEqual([`/${names[1]}`]);
  });

  it('asks the mirror first that has just worked', async () => {
    first.behave((_request, response) => response.writeHead(404).end());
    await downloadFiles(entry, folder);
    expectWhole();
    expect(first.requests).toHaveLength(1);
    expect(second.requests).toHaveLength(4);
  });

  it('takes a mirror that sends the files unpacked', async () => {
    first.behave((request, response) => response.end(contents.get(path.basename(request.url ?? '', '.gz'))));
    const got = await downloadFiles(entry, folder);
    expect(got.get(images)).toHaveLength(contents.get(images)?.length ?? 0);
    expect(second.requests).toEqual([]);
  });

  it.each(downloadFaults)('goes on to the next mirror after $what', async ({ behave }) => {
    first.behave(behave(gzipped));
    await downloadFiles(entry, folder, shortTimes);
    expectWhole();
  });

  const saysAndLeavesNothing = async ({ behave, says }: Fault): Promise<void> => {
    first.behave(behave(gzipped));
    second.behave(behave(gzipped));
    await expect(downloadFiles(entry, folder, shortTimes)).rejects.toThrow(says.file);
    const left = existsSync(folder) ? readdirSync(folder) : [];
    expect(left.filter((name) => !name.endsWith('.partial'))).toEqual([]);
    // And nothing that stays behind is in the way of the next attempt.
    first.behave();
    second.behave();
    await downloadFiles(entry, folder);
    expectWhole();
  };
  it.each(downloadFaults)('says what it got when all mirrors give $what, and uses nothing of it', saysAndLeavesNothing);

  it('says once what all mirrors give alike, and which they are', async () => {
    for (const mirror of [first, second]) mirror.behave((_request, response) => response.writeHead(404).end());
    const hosts = [first, second].map(({ url }) => new URL(url).host).join(', ');
    await expect(downloadFiles(entry, folder)).rejects.toThrow(
      `got HTTP status 404 Not Found, expected the file (tried ${hosts})`,
    );
  });

  it('waits for a mirror that is slow but never silent for long', async () => {
    const patient = { answerTimeout: 2_000, silenceTimeout: 1_000 };
    first.behave(async (request, response) => {
      const bytes = gzipped(request.url);
      const pieces = bytes.length > 20_000 ? 6 : 1;
      for (let i = 0; i < pieces; i++) {
        if (i > 0) await sleep(patient.silenceTimeout / 4);
        response.write(bytes.subarray((bytes.length * i) / pieces, (bytes.length * (i + 1)) / pieces));
      }
      response.end();
    });
    await downloadFiles(entry, folder, patient);
    expectWhole();
    expect(first.requests).toHaveLength(4);
  });

  it('names each mirror when they fail for different reasons', async () => {
    first.behave((_request, response) => response.writeHead(403).end());
    second.behave((_request, response) => response.writeHead(404).end());
    const reasons =
      `${first.url}${images}.gz: got HTTP status 403 Forbidden, expected the file; ` +
      `${second.url}${images}.gz: got HTTP status 404`;
    await expect(downloadFiles(entry, folder)).rejects.toThrow(reasons);
  });

  it('goes on where the connection broke', async () => {
    let isFirst = true;
    first.behave((request, response) => {
      if (!isFirst) return serve(gzipped)(request, response);
      isFirst = false;
      response.writeHead(200, { 'Content-Length': gzipped(request.url).length });
      response.write(partOf(request.url, 20_000), () => setTimeout(() => response.destroy(), 50));
    });
    await downloadFiles(entry, folder);
    expectWhole();
    expect(first.requests.slice(0, 2)).toEqual([`/${names[0]}`, `/${names[0]} bytes=20000-`]);
    expect(second.requests).toEqual([]);
  });

  const leave = (bytes: Uint8Array): void => {
    mkdirSync(folder);
    writeFileSync(path.join(folder, `${names[0]}.partial`), bytes);
  };

  it('goes on another day', async () => {
    leave(partOf(names[0], 5_000));
    await downloadFiles(entry, folder);
    expectWhole();
    expect(first.requests[0]).toBe(`/${names[0]} bytes=5000-`);
  });

  it('keeps what had arrived whole but was not yet checked', async () => {
    leave(gzipped(names[0]));
    await downloadFiles(entry, folder);
    expectWhole();
    expect(first.requests.slice(0, 2)).toEqual([`/${names[0]} bytes=${entry.files[0].downloadSize}-`, `/${names[1]}`]);
  });

  it.each([
    ['of other bytes', Buffer.alloc(5_000, 'x')],
    ['longer than the file', Buffer.alloc(50_000, 'x')],
  ])('starts anew when a left part is %s', async (_what, bytes) => {
    leave(bytes);
    await downloadFiles(entry, folder);
    expectWhole();
    expect(first.requests[1]).toBe(`/${names[0]}`);
  });

  it('goes on at the next mirror where one hardly sends anything', async () => {
    first.behave((request, response) => {
      const bytes = gzipped(request.url);
      response.writeHead(200, { 'Content-Length': bytes.length }).write(bytes.subarray(0, 5_000));
      let sent = 5_000;
      const drip = setInterval(() => response.write(bytes.subarray(sent, ++sent)), 50);
      response.on('close', () => clearInterval(drip));
    });
    await downloadFiles(entry, folder, shortTimes);
    expectWhole();
    expect(first.requests).toEqual([`/${names[0]}`]);
    expect(second.requests[0]).toMatch(/^\/train-images-idx3-ubyte\.gz bytes=50\d\d-$/);
  });

  it('leaves no folder behind that looks like a download that was begun', async () => {
    for (const mirror of [first, second]) mirror.behave((_request, response) => response.writeHead(404).end());
    await expect(downloadFiles(entry, folder)).rejects.toThrow('404');
    expect(existsSync(folder)).toBe(false);
  });

  it('starts anew at a mirror that knows no ranges', async () => {
    leave(partOf(names[0], 5_000));
    first.behave((request, response) => response.end(gzipped(request.url)));
    await downloadFiles(entry, folder);
    expectWhole();
    expect(first.requests).toHaveLength(4);
    expect(second.requests).toEqual([]);
  });

  it('does not append bytes that it did not ask for', async () => {
    leave(partOf(names[0], 5_000));
    first.behave((request, response) =>
      response.writeHead(206, { 'Content-Range': 'bytes 0-9/31000' }).end(partOf(request.url, 10)),
    );
    await downloadFiles(entry, folder);
    expectWhole();
  });

  it('says when the disk is the reason, and asks no other mirror', async () => {
    const blocked = path.join(folder, 'file');
    mkdirSync(folder);
    writeFileSync(blocked, '');
    await expect(downloadFiles(entry, path.join(blocked, 'small'))).rejects.toThrow(/ENOTDIR|EEXIST/);
    expect(first.requests).toEqual([]);
    expect(existsSync(path.join(blocked, 'small'))).toBe(false);
  });
});
