import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip as gzipCallback, gunzip as gunzipCallback } from 'node:zlib';
import type { NdArray } from 'ndarray';
import { arrayOf, countText, packedValues, shapeText } from '../arrays';
import { writeWhole } from './files';

const gunzip = promisify(gunzipCallback);
const gzip = promisify(gzipCallback);

/**
 * What an IDX file can hold. `array.dtype` tells which: `'uint8'`, `'int8'`, `'int16'`, `'int32'`, `'float32'`,
 * `'float64'`.
 */
export type IdxArray =
  | NdArray<Uint8Array>
  | NdArray<Int8Array>
  | NdArray<Int16Array>
  | NdArray<Int32Array>
  | NdArray<Float32Array>
  | NdArray<Float64Array>;

/** The third byte of the file says the type of its numbers. */
const types = {
  0x08: Uint8Array,
  0x09: Int8Array,
  0x0b: Int16Array,
  0x0c: Int32Array,
  0x0d: Float32Array,
  0x0e: Float64Array,
} as const;
type TypeCode = keyof typeof types;

const maxDimensions = 4;
const hex = (byte: number): string => `0x${byte.toString(16).padStart(2, '0')}`;

/** Whether the bytes are gzip's: decided by content, because names lie. */
const isGzip = (bytes: Uint8Array): boolean => bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;

/**
 * The bytes of a file without its gzip wrapper, if it has one.
 *
 * `maxSize`: the most bytes that may come out, so that a small broken file cannot fill the memory. Errors name `file`.
 */
export async function unpack(bytes: Uint8Array, file: string, maxSize?: number): Promise<Uint8Array> {
  if (!isGzip(bytes)) return bytes;
  try {
    // In one piece where the size is known, else in large ones: pieces are put together at the end, which for 47 MB takes
    // a third of the time, and with the default of 16 KiB much more. The bytes beyond the size, of which zlib wants at
    // least 64, save asking for another piece.
    const chunkSize = maxSize === undefined ? 1 << 20 : maxSize + 64;
    return await gunzip(bytes, { chunkSize, maxOutputLength: maxSize });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      throw new Error(
        `${file}: unpacks to more than the ${countText(maxSize ?? 0)} bytes expected. It is not the right file.`,
      );
    }
    throw new Error(
      code === 'Z_BUF_ERROR'
        ? `${file}: got ${countText(bytes.length)} bytes of gzip that end in the middle, expected a whole gzip file. ` +
            'It is cut short: fetch it again.'
        : `${file}: the gzip data is broken (${(error as Error).message}), expected a whole gzip file. Fetch it again.`,
    );
  }
}

/**
 * Reads the content of an IDX file: the format of MNIST, an array of one to four dimensions with a short header.
 *
 * The file starts with two zero bytes, one byte for the type of the numbers, one for the number of dimensions, then the
 * size of each dimension as a 32-bit number; then the numbers, the last dimension fastest; all with the most
 * significant byte first. Source: "The IDX file format" at http://yann.lecun.com/exdb/mnist/
 *
 * Bytes are not copied: the array is a view of `bytes`. Wider numbers are copied once and their bytes swapped.
 * Refuses what is not such a file with what was got and expected; `file` names it in the message.
 */
export function parseIdx(bytes: Uint8Array, file = 'IDX data'): IdxArray {
  const fail = (got: string, expected: string): never => {
    throw new Error(
      `${file}: got ${got}, expected ${expected}. It is not an IDX file, or it is damaged: fetch it again.`,
    );
  };
  if (bytes.length < 4) fail(`${bytes.length} bytes`, 'an IDX header of at least 8 bytes');
  const [zero0, zero1, typeCode, dimensions] = bytes;
  if (zero0 !== 0 || zero1 !== 0) {
    fail(
      `the first bytes ${[zero0, zero1, typeCode, dimensions].map(hex).join(' ')}`,
      'an IDX header that starts with 0x00 0x00',
    );
  }
  const ArrayType = types[typeCode as TypeCode];
  if (!ArrayType) {
    fail(
      `the type code ${hex(typeCode)}`,
      `one of ${Object.keys(types)
        .map((code) => hex(Number(code)))
        .join(', ')}`,
    );
  }
  if (dimensions < 1 || dimensions > maxDimensions) fail(`${dimensions} dimensions`, `1 to ${maxDimensions}`);

  const headerSize = 4 + 4 * dimensions;
  if (bytes.length < headerSize) {
    fail(`${bytes.length} bytes`, `an IDX header of ${headerSize} bytes for ${dimensions} dimensions`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: dimensions }, (_, axis) => view.getUint32(4 + 4 * axis));
  const count = shape.reduce((product, size) => product * size, 1);
  const expectedSize = headerSize + count * ArrayType.BYTES_PER_ELEMENT;
  if (bytes.length !== expectedSize) {
    const how = bytes.length < expectedSize ? 'cut short' : 'too long';
    throw new Error(
      `${file}: got ${countText(bytes.length)} bytes, expected ${countText(expectedSize)} ` +
        `(${headerSize} of header and ${shape.join(' x ')} values of ${ArrayType.BYTES_PER_ELEMENT} each). ` +
        `The file is ${how}: fetch it again.`,
    );
  }
  if (ArrayType === Uint8Array || ArrayType === Int8Array) {
    const Bytes = ArrayType as Uint8ArrayConstructor;
    return arrayOf(new Bytes(bytes.buffer, bytes.byteOffset + headerSize, count), shape);
  }
  // A fresh buffer: it is aligned, and swapping leaves the caller's bytes alone.
  const swapped = Uint8Array.from(bytes.subarray(headerSize));
  swapBytes(Buffer.from(swapped.buffer), ArrayType.BYTES_PER_ELEMENT);
  return arrayOf(new ArrayType(swapped.buffer, 0, count), shape) as IdxArray;
}

/** IDX stores the most significant byte first; the processors that Node runs on the course's platforms want it last. */
function swapBytes(buffer: Buffer, size: number): void {
  if (size === 2) buffer.swap16();
  if (size === 4) buffer.swap32();
  if (size === 8) buffer.swap64();
}

/** Reads an IDX file, gzipped or not. See {@link parseIdx}. */
export async function readIdx(file: string): Promise<IdxArray> {
  return parseIdx(await unpack(await readFile(file), file), file);
}

/** The content of an IDX file that holds `array`, not gzipped. See {@link parseIdx} for the format. */
export function formatIdx(array: IdxArray): Buffer {
  const values = packedValues(array as NdArray<Uint8Array>);
  const typeCode = Object.entries(types).find(([, type]) => (values as unknown) instanceof type)?.[0];
  if (!typeCode || array.dimension < 1 || array.dimension > maxDimensions) {
    throw new TypeError(
      `formatIdx: got ${array.dtype} of shape ${shapeText(array.shape)}, ` +
        `expected uint8, int8, int16, int32, float32 or float64 with 1 to ${maxDimensions} dimensions.`,
    );
  }
  const header = Buffer.alloc(4 + 4 * array.dimension);
  header[2] = Number(typeCode);
  header[3] = array.dimension;
  array.shape.forEach((size, axis) => header.writeUInt32BE(size, 4 + 4 * axis));
  const file = Buffer.concat([header, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)]);
  swapBytes(file.subarray(header.length), values.BYTES_PER_ELEMENT);
  return file;
}

/** Writes an IDX file, whole or not at all. `gzip` wraps it, whatever its name. */
export async function writeIdx(file: string, array: IdxArray, options: { gzip?: boolean } = {}): Promise<void> {
  const content = formatIdx(array);
  await writeWhole(file, options.gzip ? await gzip(content) : content);
}
