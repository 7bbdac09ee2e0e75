import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import { formatIdx, parseIdx, readIdx, unpack, writeIdx, type IdxArray } from '../../../lib/src/data/idx';
import { temporaryFolder } from './support';

const folder = temporaryFolder();
const labels = Buffer.from([0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 9]);

describe('parseIdx', () => {
  it('reads labels: one dimension of bytes', () => {
    const array = parseIdx(labels);
    expect(array.dtype).toBe('uint8');
    expect(array.shape).toEqual([3]);
    expect([array.get(0), array.get(1), array.get(2)]).toEqual([7, 0, 9]);
  });

  it('is a view of the bytes, without a copy', () => {
    const bytes = Buffer.from(labels);
    const array = parseIdx(bytes);
    bytes[8] = 42;
    expect(array.get(0)).toBe(42);
  });

  it('lets the last dimension change fastest', () => {
    const array = parseIdx(Buffer.from([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6]));
    expect(array.shape).toEqual([2, 1, 3]);
    expect(array.get(0, 0, 2)).toBe(3);
    expect(array.get(1, 0, 0)).toBe(4);
  });

  it('reads the most significant byte first', () => {
    const array = parseIdx(Buffer.from([0, 0, 0x0c, 1, 0, 0, 0, 2, 0, 0, 1, 2, 0xff, 0xff, 0xff, 0xfe]));
    expect(array.dtype).toBe('int32');
    expect([array.get(0), array.get(1)]).toEqual([258, -2]);
  });

  it('leaves the bytes of wider numbers as they are', () => {
    const bytes = Buffer.from([0, 0, 0x0b, 1, 0, 0, 0, 1, 1, 2]);
    expect(parseIdx(bytes).get(0)).toBe(258);
    expect([...bytes.subarray(8)]).toEqual([1, 2]);
  });

  it('reads an array without any entry', () => {
    expect(parseIdx(Buffer.from([0, 0, 8, 1, 0, 0, 0, 0])).size).toBe(0);
  });

  it.each([
    ['a file that is empty', Buffer.alloc(0), /labels\.idx: got 0 bytes, expected an IDX header/],
    [
      'another magic number',
      Buffer.from([1, 0, 8, 1, 0, 0, 0, 0]),
      /got the first bytes 0x01 0x00 0x08 0x01, expected .* 0x00 0x00/,
    ],
    [
      'an unknown type',
      Buffer.from([0, 0, 0x0a, 1, 0, 0, 0, 0]),
      /got the type code 0x0a, expected one of 0x08, 0x09, 0x0b/,
    ],
    ['no dimension', Buffer.from([0, 0, 8, 0]), /got 0 dimensions, expected 1 to 4/],
    [
      'five dimensions',
      Buffer.concat([Buffer.from([0, 0, 8, 5]), Buffer.alloc(20)]),
      /got 5 dimensions, expected 1 to 4/,
    ],
    [
      'half a header',
      Buffer.from([0, 0, 8, 3, 0, 0, 0, 1]),
      /got 8 bytes, expected an IDX header of 16 bytes for 3 dimensions/,
    ],
    [
      'a file cut short',
      labels.subarray(0, 10),
      /got 10 bytes, expected 11 \(8 of header and 3 values of 1 each\)\. The file is cut short/,
    ],
    ['a file too long', Buffer.concat([labels, labels]), /got 22 bytes, expected 11 .* The file is too long/],
    [
      'a count beyond all memory',
      Buffer.from([0, 0, 8, 2, 255, 255, 255, 255, 255, 255, 255, 255]),
      /The file is cut short/,
    ],
  ])('refuses %s', (_what, bytes, message) => {
    expect(() => parseIdx(bytes, 'labels.idx')).toThrow(message);
  });
});

describe('formatIdx', () => {
  const values = [0, 1, 100, 2, 3, 4];
  it.each([Uint8Array, Int8Array, Int16Array, Int32Array, Float32Array, Float64Array])(
    'writes what parseIdx reads: %o',
    (type) => {
      const array = ndarray(new type(values), [3, 2]) as IdxArray;
      const again = parseIdx(formatIdx(array));
      expect(again.dtype).toBe(array.dtype);
      expect(again.shape).toEqual([3, 2]);
      expect([...again.data]).toEqual(values);
    },
  );

  it('writes the format byte by byte', () => {
    expect(formatIdx(ndarray(Uint8Array.of(7, 0, 9)))).toEqual(labels);
  });

  it('writes a strided view as it is seen', () => {
    const view = ndarray(Uint8Array.of(1, 2, 3, 4), [2, 2]).transpose(1, 0);
    expect([...formatIdx(view).subarray(12)]).toEqual([1, 3, 2, 4]);
  });

  it('refuses types that the format does not know', () => {
    expect(() => formatIdx(ndarray(new Uint32Array(3)) as unknown as IdxArray)).toThrow(
      /got uint32 of shape \[3\], expected uint8/,
    );
  });
});

describe('readIdx', () => {
  it('reads what writeIdx writes, gzipped or not, whatever the name', async () => {
    for (const gzip of [false, true]) {
      const file = path.join(folder, gzip ? 'plain-by-name' : 'plain.gz');
      await writeIdx(file, ndarray(Uint8Array.of(7, 0, 9)), { gzip });
      expect(readFileSync(file)[0]).toBe(gzip ? 0x1f : 0);
      expect([...(await readIdx(file)).data]).toEqual([7, 0, 9]);
    }
  });

  it('names the file that is broken', async () => {
    const whole = gzipSync(Buffer.concat([labels, Buffer.alloc(5_000, 'course')]));
    const flipped = Buffer.from(whole);
    flipped[flipped.length - 6] ^= 0xff;
    const cases: [string, Buffer, RegExp][] = [
      ['cut.gz', whole.subarray(0, whole.length - 9), /cut\.gz: got \d+ bytes of gzip that end in the middle/],
      ['flipped.gz', flipped, /flipped\.gz: the gzip data is broken/],
      ['longer.gz', whole, /longer\.gz: got 5,011 bytes, expected 11/],
    ];
    for (const [name, bytes, message] of cases) {
      const file = path.join(folder, name);
      writeFileSync(file, bytes);
      await expect(readIdx(file)).rejects.toThrow(message);
    }
  });
});

describe('unpack', () => {
  it('stops at the size that is expected', async () => {
    await expect(unpack(gzipSync(Buffer.alloc(10_000)), 'bomb.gz', 9_999)).rejects.toThrow(
      /bomb\.gz: unpacks to more than the 9,999 bytes/,
    );
  });
});
