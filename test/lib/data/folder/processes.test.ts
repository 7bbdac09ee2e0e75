import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { arrayOf } from '../../../../lib/src/arrays';
import type { SkippedFile } from '../../../../lib/src/data/folder/list';
import { encodePng } from '../../../../lib/src/plots/png';
import { canMount, onDisk } from '../../../support/faults';
import { temporaryFolder } from '../support';

/** Several processes, real rights and a real full disk: what a test in one process cannot have. */

const script = path.join(__dirname, 'read-folder.cjs');
const built = path.resolve(__dirname, '../../../../lib/dist/data/folder/image-folder.js');
const mounts = canMount('the tests of folders with a full disk are');
const hasRights = process.platform !== 'win32';

/** More than are decoded at once. */
const COUNT = 600;
const SIDE = 16;
const BYTES_EACH = SIDE * SIDE * 3;

interface Result {
  readonly count: number;
  /** SHA-256 of all pixels. */
  readonly digest: string;
  readonly skipped: SkippedFile[];
  readonly note: string | null;
}

/** Two classes of pictures of one colour each. */
function makePictures(): { folder: string; digest: string } {
  const folder = path.join(temporaryFolder(), 'pets');
  const hash = createHash('sha256');
  for (const [label, name] of ['cat', 'dog'].entries()) {
    mkdirSync(path.join(folder, name), { recursive: true });
    for (let i = 0; i < COUNT / 2; i++) {
      const pixels = Uint8Array.from({ length: BYTES_EACH }, (_, at) => [label, i % 256, i >> 8][at % 3]);
      hash.update(pixels);
      writeFileSync(
        path.join(folder, name, `${String(i).padStart(3, '0')}.png`),
        encodePng(arrayOf(pixels, [SIDE, SIDE, 3])),
      );
    }
  }
  return { folder, digest: hash.digest('hex') };
}

/** A process that has written what it got, or why it could not. */
class Reader {
  readonly child: ChildProcess;
  private output = '';
  private errors = '';

  constructor(cache: string, command: string, ...args: string[]) {
    const env = { ...process.env, COURSE_CACHE: cache };
    this.child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.stdout!.on('data', (data) => (this.output += data));
    this.child.stderr!.on('data', (data) => (this.errors += data));
  }

  static of(cache: string, ...args: string[]): Reader {
    return new Reader(cache, process.execPath, script, ...args);
  }

  async ready(): Promise<void> {
    while (!this.output.startsWith('ready')) await once(this.child.stdout!, 'data');
  }

  /** What a process that fails has written. */
  async failure(): Promise<string> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'close');
    expect(this.child.exitCode).not.toBe(0);
    return this.errors;
  }

  async result(): Promise<Result> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'close');
    expect(this.child.exitCode, this.errors).toBe(0);
    return JSON.parse(this.output.replace('ready\n', '')) as Result;
  }
}

describe('folders of pictures, read by other processes,', () => {
  let folder: string;
  let digest: string;
  const right = (): Result => ({ count: COUNT, digest, skipped: [], note: null });
  beforeAll(() => {
    const advice = `expected the built library at ${built}: run node node_modules/typescript/bin/tsc -b`;
    expect(existsSync(built), advice).toBe(true);
    ({ folder, digest } = makePictures());
  });

  it.each([
    ['memory', 'memory'],
    ['disk', 'disk'],
    ['memory', 'disk'],
  ])('are right when two read them at once and nothing is in the cache (%s, %s)', async (...places) => {
    const cache = temporaryFolder();
    const readers = places.map((place) => Reader.of(cache, place, folder, 'wait'));
    await Promise.all(readers.map((reader) => reader.ready()));
    for (const { child } of readers) child.stdin!.write('.');
    for (const reader of readers) expect(await reader.result()).toEqual(right());
    const files = readdirSync(path.join(cache, 'pixels'));
    expect(files).toEqual([expect.stringMatching(/^[\w-]+\.pixels$/)]);
    // And a third one that takes what they have left.
    expect(await Reader.of(cache, 'memory', folder).result()).toEqual(right());
    expect(readdirSync(path.join(cache, 'pixels'))).toEqual(files);
  });

  it('are right after one was killed while it wrote the cache', async () => {
    const cache = temporaryFolder();
    const { child } = Reader.of(cache, 'disk', folder, 'die');
    await once(child, 'close');
    expect(child.signalCode).toBe('SIGKILL');
    expect(readdirSync(path.join(cache, 'pixels'))).toEqual([expect.stringMatching(/\.pixels\..*\.tmp$/)]);
    for (const place of ['memory', 'disk']) expect(await Reader.of(cache, place, folder).result()).toEqual(right());
  });

  it.runIf(mounts).each(['memory', 'disk'])('are only slower to read where the disk is full (%s)', async (place) => {
    const cache = temporaryFolder();
    // Room for some of the pixels, but not for all.
    const size = Math.floor((COUNT * BYTES_EACH) / 2);
    const command = [process.execPath, script, place, folder];
    const reader = new Reader(cache, ...onDisk(cache, String(size), '"$@" && find "$disk" -type f >&2', command));
    let left = '';
    reader.child.stderr!.on('data', (data) => (left += data));
    const result = await reader.result();
    const note = expect.stringMatching(/could not be kept in .*ENOSPC.*decoded (each time|anew)/);
    expect(result).toEqual({ ...right(), note });
    expect(left, 'what is left in the cache').toBe('');
  });

  it.runIf(hasRights)('are refused in clear words where they must not even be listed', async () => {
    const pets = path.join(temporaryFolder(), 'pets');
    mkdirSync(path.join(pets, 'train', 'cat'), { recursive: true });
    chmodSync(path.dirname(pets), 0o755);
    for (const closed of [path.join(pets, 'train'), pets]) {
      chmodSync(closed, 0o311);
      const reader = Reader.of(temporaryFolder(), 'memory', pets, 'nobody');
      expect(await reader.failure()).toContain(
        `Error: ${closed}: got no permission to list it, expected a folder that you may read.`,
      );
      chmodSync(closed, 0o755);
    }
  });

  it.runIf(hasRights)('are skipped where there is no right to read them', async () => {
    const pets = path.join(temporaryFolder(), 'pets');
    for (const name of ['cat', 'dog', 'dog/own']) mkdirSync(path.join(pets, name), { recursive: true });
    const png = encodePng(arrayOf(new Uint8Array(BYTES_EACH), [SIDE, SIDE, 3]));
    for (const name of ['cat/1.png', 'cat/2.png', 'dog/1.png', 'dog/own/2.png']) {
      writeFileSync(path.join(pets, name), png);
    }
    chmodSync(path.dirname(pets), 0o755);
    chmodSync(path.join(pets, 'cat/1.png'), 0);
    chmodSync(path.join(pets, 'dog/own'), 0);
    const cache = temporaryFolder();
    chmodSync(cache, 0o777);
    try {
      const { count, skipped, note } = await Reader.of(cache, 'memory', pets, 'nobody').result();
      expect({ count, note }).toEqual({ count: 2, note: null });
      expect(skipped.map(({ file, reason }) => [file, reason]).sort()).toEqual([
        ['cat/1.png', 'no permission'],
        ['dog/own', 'no permission'],
      ]);
      // Where the cache is not writable either, that costs only time.
      chmodSync(cache, 0o555);
      const other = await Reader.of(path.join(cache, 'none'), 'disk', pets, 'nobody').result();
      expect(other).toMatchObject({ count: 2, note: expect.stringMatching(/could not be kept in .*EACCES/) });
    } finally {
      // So that they can be taken away.
      chmodSync(cache, 0o755);
      chmodSync(path.join(pets, 'dog/own'), 0o755);
    }
  });
});
