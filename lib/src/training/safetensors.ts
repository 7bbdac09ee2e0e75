import { createHash } from 'node:crypto';
import { fromJson, isObject, toJson, type JsonObject } from '../json';

/**
 * Named arrays and facts in one file, with a checksum over everything.
 *
 * The format is safetensors (https://github.com/huggingface/safetensors), which PyTorch, JAX and others read: 8 bytes
 * with the length of the header, little-endian; the header in JSON, padded to 8 bytes with spaces; the arrays one after
 * the other, row by row, little-endian. The key `__metadata__` of the header holds texts by name. Ours are: `sha256`,
 * of the whole file with zeros in the place of the 64 digits; `kind` and `version`; `facts` in JSON.
 */
export interface NamedArray {
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
}

export type NamedArrays = Readonly<Record<string, NamedArray>>;

const VERSION = '1';
const BEGINNING = '{"__metadata__":{"sha256":"';
const HASH_AT = 8 + BEGINNING.length;
const NO_HASH = '0'.repeat(64);
/** Longest header that the reference implementation takes. */
const MAX_HEADER = 100_000_000;
const BYTES_EACH = 4;

/**
 * The bytes of a file, in parts that lie one after the other. Those of the arrays share the arrays' memory.
 *
 * @param kind what the file is, such as `checkpoint`: a file of one kind is not taken for another
 * @throws RangeError if the values of an array do not fill its shape
 */
export function encodeSafetensors(kind: string, facts: JsonObject, arrays: NamedArrays): Uint8Array[] {
  const metadata = { sha256: NO_HASH, kind, version: VERSION, facts: toJson(facts) };
  // Not one JSON.stringify of it all: an object puts names such as '0' before the others.
  const entries = [`"__metadata__":${JSON.stringify(metadata)}`];
  const parts: Uint8Array[] = [];
  let end = 0;
  for (const [name, { shape, values }] of Object.entries(arrays)) {
    if (values.length !== sizeOf(shape) || name === '__metadata__') {
      throw new RangeError(`${name}: got ${values.length} values for the shape [${shape.join(', ')}].`);
    }
    const begin = end;
    end += values.byteLength;
    const dtype = values instanceof Float32Array ? 'F32' : 'I32';
    entries.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`);
    parts.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  const text = Buffer.from(`{${entries.join(',')}}`);
  const first = Buffer.alloc(8 + Math.ceil(text.length / 8) * 8, ' ');
  first.writeBigUInt64LE(BigInt(first.length - 8));
  first.set(text, 8);
  first.write(hashOf([first, ...parts]), HASH_AT);
  return [first, ...parts];
}

/**
 * Reads what {@link encodeSafetensors} has written.
 *
 * @param bytes the whole file; the arrays share its memory
 * @throws Error whose message is the reason why it is not such a file, or not a whole one
 */
export function decodeSafetensors(kind: string, bytes: Uint8Array): { facts: JsonObject; arrays: NamedArrays } {
  if (bytes.length === 0) throw new Error('it is empty');
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = whole.length < 8 ? Infinity : Number(whole.readBigUInt64LE());
  if (length > Math.min(whole.length - 8, MAX_HEADER)) {
    throw new Error(`its ${whole.length} bytes end before its header does, or it is of another kind`);
  }
  const dataAt = 8 + length;
  if (whole.toString('latin1', 8, HASH_AT) !== BEGINNING || dataAt < HASH_AT + NO_HASH.length) {
    throw new Error('it is of another kind, or its header is damaged');
  }
  const first = Buffer.from(whole.subarray(0, dataAt));
  const hash = first.toString('latin1', HASH_AT, HASH_AT + NO_HASH.length);
  first.write(NO_HASH, HASH_AT);
  if (hashOf([first, whole.subarray(dataAt)]) !== hash) {
    throw new Error('its checksum does not match: it is cut off or damaged');
  }

  const header = parsed('header', whole.toString('utf8', 8, dataAt));
  const { __metadata__: metadata, ...entries } = header as Record<string, unknown>;
  if (!isObject(metadata) || metadata.kind !== kind) {
    throw new Error(`it is of the kind ${isObject(metadata) ? String(metadata.kind) : 'unknown'}; expected ${kind}`);
  }
  if (metadata.version !== VERSION) {
    throw new Error(`it has version ${String(metadata.version)} of the format; this course reads ${VERSION}`);
  }
  if (typeof metadata.facts !== 'string') throw new Error('it has no facts');
  const facts = parsed('facts', metadata.facts);
  return { facts, arrays: decodeArrays(entries, bytes, dataAt) };
}

function decodeArrays(entries: Record<string, unknown>, bytes: Uint8Array, dataAt: number): NamedArrays {
  const found = Object.entries(entries).map(([name, entry]) => ({ name, ...checkedEntry(name, entry) }));
  let end = 0;
  for (const { name, begin, size } of [...found].sort((a, b) => a.begin - b.begin || a.size - b.size)) {
    if (begin !== end) throw new Error(`${name} begins at byte ${begin} of the data; expected ${end}`);
    end = begin + size * BYTES_EACH;
  }
  if (end !== bytes.length - dataAt) {
    throw new Error(`its arrays have ${end} bytes; its data ${bytes.length - dataAt}`);
  }
  const memory = bytes.buffer as ArrayBuffer;
  return Object.fromEntries(found.map(({ name, shape, begin, size, Values }) => {
    const at = bytes.byteOffset + dataAt + begin;
    // Memory that does not lie at a multiple of 4 bytes cannot be shared; a file of our own never has such.
    const values = at % BYTES_EACH === 0
      ? new Values(memory, at, size)
      : new Values(memory.slice(at, at + size * BYTES_EACH));
    return [name, { shape, values }];
  }));
}

function checkedEntry(name: string, entry: unknown) {
  if (!isObject(entry)) throw new Error(`${name} is no array`);
  const { dtype, shape, data_offsets: offsets } = entry;
  const Values = dtype === 'F32' ? Float32Array : dtype === 'I32' ? Int32Array : undefined;
  if (!Values) throw new Error(`${name} has the type ${String(dtype)}; expected F32 or I32`);
  if (!areSizes(shape)) throw new Error(`${name} has the shape ${JSON.stringify(shape)}`);
  const size = sizeOf(shape);
  if (!areSizes(offsets) || offsets.length !== 2 || offsets[1] - offsets[0] !== size * BYTES_EACH) {
    throw new Error(`${name} has the place ${JSON.stringify(offsets)}; expected ${size * BYTES_EACH} bytes`);
  }
  return { shape, begin: offsets[0], size, Values };
}

const areSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

function parsed(what: string, text: string): JsonObject {
  try {
    const value = fromJson(text);
    if (isObject(value)) return value as JsonObject;
  } catch (error) {
    throw new Error(`its ${what} is no JSON: ${(error as Error).message}`, { cause: error });
  }
  throw new Error(`its ${what} is no JSON object`);
}

function hashOf(parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
