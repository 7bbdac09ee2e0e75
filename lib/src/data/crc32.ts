import * as zlib from 'node:zlib';

type Crc32 = (bytes: Uint8Array, before?: number) => number;

/** The remainders of all bytes, for the reversed polynomial 0xEDB88320 of ISO 3309, which zip, gzip and PNG use. */
const remainders = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
  return remainder;
});

/** The checksum byte by byte, for Node below 20.15. */
export const plainCrc32: Crc32 = (bytes, before = 0) => {
  let checksum = ~before;
  for (const byte of bytes) checksum = remainders[(checksum ^ byte) & 255] ^ (checksum >>> 8);
  return ~checksum >>> 0;
};

/** CRC-32 of bytes, going on from the checksum of those before: Node's own where it has one, which is much faster. */
export const crc32: Crc32 = (zlib as { crc32?: Crc32 }).crc32 ?? plainCrc32;
