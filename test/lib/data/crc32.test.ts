import { describe, expect, it } from 'vitest';
import { crc32, plainCrc32 } from '../../../lib/src/data/crc32';
import { Random } from '../../../lib/src/random';

describe('crc32', () => {
  // The check value of the catalogue of CRC algorithms (CRC-32/ISO-HDLC).
  it.each([['of Node', crc32], ['byte by byte', plainCrc32]])('is 0xCBF43926 for 123456789, at once and in two parts: %s', (_name, checksum) => {
    const bytes = Buffer.from('123456789');
    expect(checksum(bytes)).toBe(0xcbf43926);
    expect(checksum(bytes.subarray(4), checksum(bytes.subarray(0, 4)))).toBe(0xcbf43926);
    expect(checksum(new Uint8Array())).toBe(0);
  });

  it('is the same in both ways for any bytes', () => {
    const random = new Random(1);
    for (const length of [1, 63, 1000]) {
      const bytes = Uint8Array.from({ length }, () => random.below(256));
      expect(plainCrc32(bytes)).toBe(crc32(bytes));
    }
  });
});
