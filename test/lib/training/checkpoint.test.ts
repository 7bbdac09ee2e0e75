import { createHash, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  newestCheckpoint, writeCheckpoint, type CheckpointContent,
} from '../../../lib/src/training/checkpoint';
import { temporaryFolders } from '../../setup/temporary';

const newFolder = temporaryFolders();

const content: CheckpointContent = {
  facts: { seed: 7, history: { loss: [0.5, NaN, Infinity, -Infinity] }, name: 'größer', note: 'NaN' },
  arrays: {
    'dense/kernel': { shape: [2, 3], values: Float32Array.of(1, -2, 3.5, 0, 1e-30, NaN) },
    order: { shape: [4], values: Int32Array.of(3, 1, -(2 ** 31), 2 ** 31 - 1) },
    7: { shape: [], values: Float32Array.of(9) },
    none: { shape: [0, 5], values: new Float32Array(0) },
    ['__proto__']: { shape: [1], values: Float32Array.of(4) },
  },
};
const numbered = (number: number): CheckpointContent => ({
  facts: { number },
  arrays: { values: { shape: [10], values: new Float32Array(10).fill(number) } },
});

/** Writes checkpoints 1, 2, ... of epochs 1, 2, ... */
async function folderWith(count: number, keep = 10): Promise<string> {
  const folder = newFolder('checkpoints');
  for (let epoch = 1; epoch <= count; epoch++) await writeCheckpoint(folder, { epoch, batch: 0 }, numbered(epoch), { keep });
  return folder;
}

const numberOf = (folder: string) => newestCheckpoint(folder).newest?.content.facts.number;
const epochs = (folder: string) => fs.readdirSync(folder).map((name) => Number(/epoch-(\d+)/.exec(name)?.[1]));
const newestFile = (folder: string) => path.join(folder, fs.readdirSync(folder).sort().at(-1)!);

describe('writeCheckpoint', () => {
  it('keeps facts and arrays to the last bit', async () => {
    const folder = path.join(newFolder('checkpoints'), 'made', 'on the way');
    const file = await writeCheckpoint(folder, { epoch: 12, batch: 340 }, content, { keep: 3 });
    expect(path.basename(file)).toBe('000001-epoch-0012-batch-000340.safetensors');
    const { newest, damaged } = newestCheckpoint(folder);
    expect(newest).toEqual({ file, position: { epoch: 12, batch: 340 }, content });
    expect(Object.keys(newest!.content.arrays).sort()).toEqual(Object.keys(content.arrays).sort());
    expect(damaged).toEqual([]);
  });

  it('is safetensors: an aligned header in JSON, texts in __metadata__, then the numbers without gaps', async () => {
    const bytes = fs.readFileSync(await writeCheckpoint(newFolder(), { epoch: 1, batch: 2 }, content, { keep: 1 }));
    const length = Number(bytes.readBigUInt64LE());
    expect(length % 8).toBe(0);
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + length));
    expect(Object.values(header.__metadata__).every((value) => typeof value === 'string')).toBe(true);
    expect(header['dense/kernel']).toMatchObject({ dtype: 'F32', shape: [2, 3] });
    expect(header.order).toMatchObject({ dtype: 'I32', shape: [4] });
    const [begin, end] = header.order.data_offsets;
    const data = Uint8Array.from(bytes.subarray(8 + length));
    expect(new Int32Array(data.buffer.slice(begin, end))).toEqual(content.arrays.order.values);
    const offsets = Object.values(header).flatMap((each) => (each as { data_offsets?: number[] }).data_offsets ?? []);
    expect(Math.max(...offsets)).toBe(data.length);
  });

  it('writes a part of a larger memory, and none of the rest', async () => {
    const folder = newFolder();
    const values = Float32Array.from({ length: 100 }, (_, i) => i).subarray(40, 44);
    const part = { facts: {}, arrays: { part: { shape: [2, 2], values } } };
    await writeCheckpoint(folder, { epoch: 1, batch: 0 }, part, { keep: 1 });
    expect([...newestCheckpoint(folder).newest!.content.arrays.part.values]).toEqual([40, 41, 42, 43]);
  });

  it('keeps the newest ones', async () => {
    const folder = await folderWith(5, 2);
    expect(epochs(folder)).toEqual([4, 5]);
    expect(numberOf(folder)).toBe(5);
  });

  it('takes the one that was written last for the newest, also when the training has gone back', async () => {
    const folder = await folderWith(3);
    await writeCheckpoint(folder, { epoch: 1, batch: 0 }, numbered(100), { keep: 2 });
    expect(numberOf(folder)).toBe(100);
    expect(epochs(folder)).toEqual([3, 1]);
  });

  it('does not count damaged ones among those that stay', async () => {
    const folder = await folderWith(3);
    fs.truncateSync(newestFile(folder), 50);
    await writeCheckpoint(folder, { epoch: 4, batch: 0 }, numbered(4), { keep: 2 });
    expect(epochs(folder)).toEqual([2, 4]);
  });

  it('leaves other files of the folder alone', async () => {
    const folder = newFolder();
    const others = ['notes.txt', 'model.safetensors', '000001-epoch-0001-batch-000000.safetensors.bak', '.tmp'];
    for (const name of others) fs.writeFileSync(path.join(folder, name), 'mine');
    await writeCheckpoint(folder, { epoch: 1, batch: 0 }, content, { keep: 1 });
    await writeCheckpoint(folder, { epoch: 2, batch: 0 }, content, { keep: 1 });
    expect(fs.readdirSync(folder).filter((name) => !name.includes('epoch-0002')).sort()).toEqual([...others].sort());
  });

  it('takes away what writers that are gone have left, not what a living one is writing', async () => {
    const folder = newFolder();
    const unfinished = (host: string, pid: number) =>
      `000009-epoch-0009-batch-000000.safetensors.${encodeURIComponent(host)}~${pid}~${randomUUID()}~1.tmp`;
    const here = os.hostname();
    const names = {
      ofDead: unfinished(here, 2 ** 22 + 1),
      ofParent: unfinished(here, process.ppid),
      ofEarlierWithMyNumber: unfinished(here, process.pid),
      elsewhere: unfinished('other machine', 1),
      elsewhereLongAgo: unfinished('third machine', 1),
    };
    for (const name of Object.values(names)) fs.writeFileSync(path.join(folder, name), 'begun');
    fs.utimesSync(path.join(folder, names.elsewhereLongAgo), 0, 0);
    await writeCheckpoint(folder, { epoch: 1, batch: 0 }, content, { keep: 1 });
    expect(fs.readdirSync(folder).filter((name) => name.endsWith('.tmp')).sort())
      .toEqual([names.ofParent, names.elsewhere].sort());
  });

  it('says what is wrong with the folder or with what it was given', async () => {
    const file = path.join(newFolder(), 'a file');
    fs.writeFileSync(file, '');
    const start = { epoch: 1, batch: 0 };
    const write = (folder: string, keep = 1) => expect(writeCheckpoint(folder, start, content, { keep })).rejects;
    await write(file).toThrow('a file is a file, or lies in one; expected a folder. Give another folder.');
    await write(path.join(file, 'below')).toThrow('is a file, or lies in one');
    await write(newFolder(), 0).toThrow('keep is 0; expected how many checkpoints stay, at least 1.');
    const wrong = { facts: {}, arrays: { w: { shape: [3], values: new Float32Array(2) } } };
    const folder = newFolder();
    const writing = writeCheckpoint(folder, start, wrong, { keep: 1 });
    await expect(writing).rejects.toThrow('w: got 2 values for the shape [3]');
    expect(fs.readdirSync(folder)).toEqual([]);
  });
});

describe('newestCheckpoint', () => {
  it('finds none where there is no folder, or nothing in it', () => {
    const folder = newFolder();
    expect(newestCheckpoint(folder)).toEqual({ newest: undefined, damaged: [] });
    expect(newestCheckpoint(path.join(folder, 'none'))).toEqual({ newest: undefined, damaged: [] });
  });

  it('refuses a file', () => {
    const file = path.join(newFolder(), 'file');
    fs.writeFileSync(file, '');
    expect(() => newestCheckpoint(file)).toThrow('it is a file; expected a folder. Give it another folder.');
  });

  const damages: Record<string, [(bytes: Buffer) => Buffer, RegExp]> = {
    'is empty': [() => Buffer.alloc(0), /it is empty/],
    'has only some bytes': [(bytes) => bytes.subarray(0, 5), /its 5 bytes end before its header does/],
    'ends in its header': [(bytes) => bytes.subarray(0, 100), /its 100 bytes end before its header does/],
    'lacks its last byte': [(bytes) => bytes.subarray(0, -1), /checksum does not match/],
    'has a byte too many': [(bytes) => Buffer.concat([bytes, Buffer.of(0)]), /checksum does not match/],
    'has a header of 2^63 bytes': [
      (bytes) => (bytes.writeBigUInt64LE(2n ** 63n), bytes), /end before its header does, or it is of another kind/,
    ],
    'has no header': [(bytes) => (bytes.writeBigUInt64LE(0n), bytes), /another kind, or its header is damaged/],
    'is other text': [() => Buffer.from('{"not": "a checkpoint"}'), /another kind/],
  };
  for (const [what, [damage, reason]] of Object.entries(damages)) {
    it(`goes on to the one before when the newest ${what}`, async () => {
      const folder = await folderWith(2);
      const file = newestFile(folder);
      fs.writeFileSync(file, damage(fs.readFileSync(file)));
      const { newest, damaged } = newestCheckpoint(folder);
      expect(newest?.content).toEqual(numbered(1));
      expect(damaged).toEqual([{ file, reason: expect.stringMatching(reason) }]);
    });
  }

  it('notices every single byte that has changed', async () => {
    const folder = await folderWith(1);
    const file = newestFile(folder);
    const bytes = fs.readFileSync(file);
    for (let at = 0; at < bytes.length; at++) {
      bytes[at] ^= 1;
      fs.writeFileSync(file, bytes);
      expect(newestCheckpoint(folder).newest, `byte ${at}`).toBeUndefined();
      bytes[at] ^= 1;
    }
    fs.writeFileSync(file, bytes);
    expect(numberOf(folder)).toBe(1);
  });

  it('goes through several damaged ones, and lists each with its reason', async () => {
    const folder = await folderWith(4);
    const [, , third, fourth] = fs.readdirSync(folder).sort().map((name) => path.join(folder, name));
    fs.truncateSync(third, 0);
    fs.rmSync(fourth);
    fs.mkdirSync(fourth);
    const { newest, damaged } = newestCheckpoint(folder);
    expect(newest?.content.facts.number).toBe(2);
    expect(damaged.map(({ file }) => file)).toEqual([fourth, third]);
    expect(damaged[0].reason).toMatch(/EISDIR/);
  });

  it('lists the damaged ones also when none is whole', async () => {
    const folder = await folderWith(1);
    fs.truncateSync(newestFile(folder), 10);
    expect(newestCheckpoint(folder)).toMatchObject({ newest: undefined, damaged: [{ file: newestFile(folder) }] });
  });

  /** A file whose checksum is right: made by someone who wants to be believed. */
  async function forged(change: (header: Record<string, any>) => unknown): Promise<string> {
    const folder = await folderWith(2);
    const file = newestFile(folder);
    const bytes = fs.readFileSync(file);
    const length = Number(bytes.readBigUInt64LE());
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + length));
    header.__metadata__.sha256 = '0'.repeat(64);
    const changed = change(header);
    const text = typeof changed === 'string' ? changed : JSON.stringify(header);
    const first = Buffer.alloc(8 + Math.ceil(Buffer.byteLength(text) / 8) * 8, ' ');
    first.writeBigUInt64LE(BigInt(first.length - 8));
    first.write(text, 8);
    const whole = Buffer.concat([first, bytes.subarray(8 + length)]);
    whole.write(createHash('sha256').update(whole).digest('hex'), whole.indexOf('0'.repeat(64)));
    fs.writeFileSync(file, whole);
    const { newest, damaged } = newestCheckpoint(folder);
    expect(newest?.content.facts.number).toBe(1);
    return damaged[0].reason;
  }
  const array = (offsets: unknown, shape: unknown = [10], dtype = 'F32') => ({ dtype, shape, data_offsets: offsets });
  const nowhere = 'values begins at byte 4 of the data; expected 0';
  const forgeries: Record<string, [(header: Record<string, any>) => unknown, string]> = {
    'another version': [(header) => (header.__metadata__.version = '2', 0), 'it has version 2 of the format'],
    'another kind': [(header) => (header.__metadata__.kind = 'cat', 0), 'it is of the kind cat; expected checkpoint'],
    'facts that are no JSON': [(header) => (header.__metadata__.facts = '{', 0), 'its facts is no JSON'],
    'no facts': [(header) => (delete header.__metadata__.facts, 0), 'it has no facts'],
    'no position': [(header) => (header.__metadata__.facts = '{}', 0), 'do not say what epoch'],
    'a header that is no JSON': [(header) => `${JSON.stringify(header).slice(0, -1)},`, 'its header is no JSON'],
    'negative offsets': [(header) => (header.values = array([-40, 0]), 0), 'values has the place [-40,0]'],
    'offsets beyond the end': [(header) => (header.values = array([4, 44]), 0), nowhere],
    'offsets that are no numbers': [(header) => (header.values = array('all'), 0), 'values has the place "all"'],
    'a size that does not fit': [(header) => (header.values = array([0, 40], [11]), 0), 'expected 44 bytes'],
    'a size beyond all numbers': [(header) => (header.values = array([0, 40], [2 ** 52, 2 ** 52]), 0), 'expected 8.1'],
    'a negative size': [(header) => (header.values = array([0, 40], [-10]), 0), 'values has the shape [-10]'],
    'arrays that overlap': [(header) => (header.again = array([0, 40]), 0), 'begins at byte 0 of the data; expect'],
    'bytes of no array': [(header) => (delete header.values, 0), 'its arrays have 0 bytes; its data 40'],
    'another type of numbers': [(header) => (header.values = array([0, 40], [10], 'F64'), 0), 'values has the type F64'],
    'no array': [(header) => (header.values = null, 0), 'values is no array'],
  };
  for (const [what, [change, reason]] of Object.entries(forgeries)) {
    it(`does not believe a file with ${what}`, async () => expect(await forged(change)).toContain(reason));
  }
});
