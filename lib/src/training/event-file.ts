import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Reader, Writer } from 'protobufjs/minimal';
import type { Bins } from '../bins';

/**
 * Writes event files, which TensorBoard reads: records of scalars, histograms and a model's graph, each with the step
 * it belongs to. tfjs-node has a writer too, which knows no graphs, can neither be closed nor disposed, and goes on
 * writing into a file that has been deleted.
 *
 * Formats: TFRecord (https://www.tensorflow.org/tutorials/load_data/tfrecord); the messages and their field numbers are
 * those of TensorFlow's public protocol buffers (tensorflow/core/util/event.proto, framework/summary.proto,
 * framework/tensor.proto).
 */
export class EventFile {
  readonly file: string;

  /**
   * @param folder the run; it is made if it is not there
   * @throws Error if it cannot be made or written
   */
  constructor(folder: string) {
    writing(folder, () => mkdirSync(folder, { recursive: true }));
    const seconds = String(Math.floor(Date.now() / 1000)).padStart(10, '0');
    // TensorBoard knows its files by the first part of the name, and reads those of a run in the order of their names.
    const number = String(++files).padStart(4, '0');
    this.file = path.join(folder, `events.out.tfevents.${seconds}.${os.hostname()}.${process.pid}.${number}`);
    this.append(0, (event) => event.uint32(tag(3, BYTES)).string('brain.Event:2'));
  }

  scalar(name: string, value: number, step: number): void {
    this.summary(name, step, 'scalars', '', (tensor) => {
      tensor.uint32(tag(1, VARINT)).int32(FLOAT).uint32(tag(2, BYTES)).fork().ldelim();
      tensor.uint32(tag(5, BYTES)).fork().float(value).ldelim();
    });
  }

  histogram(name: string, { low, width, counts }: Bins, step: number): void {
    const rows = Float64Array.from(counts.flatMap((count, i) => [low + i * width, low + (i + 1) * width, count]));
    this.summary(name, step, 'histograms', '', (tensor) => {
      tensor.uint32(tag(1, VARINT)).int32(DOUBLE);
      message(tensor, 2, (shape) => {
        for (const size of [counts.length, 3]) {
          message(shape, 2, (dimension) => dimension.uint32(tag(1, VARINT)).int64(size));
        }
      });
      tensor.uint32(tag(4, BYTES)).bytes(new Uint8Array(rows.buffer));
    });
  }

  /** @param model in JSON, in the form of Keras 3's `to_json`: TensorBoard reads names, kinds, and `inbound_nodes` */
  kerasModel(model: string): void {
    this.summary('keras', 0, 'graph_keras_model', '1', (tensor) => {
      tensor.uint32(tag(1, VARINT)).int32(STRING).uint32(tag(2, BYTES)).fork().ldelim();
      tensor.uint32(tag(8, BYTES)).bytes(Buffer.from(model));
    });
  }

  private summary(name: string, step: number, plugin: string, content: string, writeTensor: Message): void {
    this.append(step, (event) => message(event, 5, (summary) => message(summary, 1, (value) => {
      value.uint32(tag(1, BYTES)).string(name);
      message(value, 9, (metadata) => message(metadata, 1, (data) => {
        data.uint32(tag(1, BYTES)).string(plugin).uint32(tag(2, BYTES)).bytes(Buffer.from(content));
      }));
      message(value, 8, writeTensor);
    })));
  }

  private append(step: number, write: Message): void {
    const event = Writer.create();
    event.uint32(tag(1, FIXED64)).double(Date.now() / 1000).uint32(tag(2, VARINT)).int64(step);
    write(event);
    writing(this.file, () => appendFileSync(this.file, record(event.finish())));
  }
}

let files = 0;

function writing(place: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw new Error(
      `trainingLog: cannot write to ${place}: ${(error as Error).message}. Give it a folder that can be written, and ` +
        'that is no file.', { cause: error },
    );
  }
}

/** The largest step in the event files of a run; undefined if there are none. What a crash has cut off is left out. */
export function lastStep(folder: string): number | undefined {
  if (!existsSync(folder)) return undefined;
  let last: number | undefined;
  for (const name of readdirSync(folder).filter((file) => file.startsWith('events.out.tfevents.'))) {
    const bytes = readFileSync(path.join(folder, name));
    for (let at = 0; at + FRAME <= bytes.length;) {
      const end = at + FRAME + Number(bytes.readBigUInt64LE(at));
      if (end > bytes.length) break;
      const event = Reader.create(bytes.subarray(at + 12, end - 4));
      while (event.pos < event.len) {
        const key = event.uint32();
        if (key === tag(2, VARINT)) last = Math.max(last ?? 0, Number(event.int64()));
        else event.skipType(key & 7);
      }
      at = end;
    }
  }
  return last;
}

type Message = (writer: Writer) => unknown;

const [VARINT, FIXED64, BYTES] = [0, 1, 2];
/** Types of numbers, with their numbers in types.proto. */
const [FLOAT, DOUBLE, STRING] = [1, 2, 7];

const tag = (field: number, wireType: number): number => (field << 3) | wireType;

function message(writer: Writer, field: number, write: Message): void {
  writer.uint32(tag(field, BYTES)).fork();
  write(writer);
  writer.ldelim();
}

/** Bytes of a record besides its own: a length of 8 bytes with a checksum of 4, and a checksum of the bytes. */
const FRAME = 16;

/** Length, its checksum, the bytes, and theirs. */
function record(bytes: Uint8Array): Buffer {
  const framed = Buffer.alloc(bytes.length + FRAME);
  framed.writeBigUInt64LE(BigInt(bytes.length), 0);
  framed.writeUInt32LE(maskedChecksum(framed.subarray(0, 8)), 8);
  framed.set(bytes, 12);
  framed.writeUInt32LE(maskedChecksum(bytes), 12 + bytes.length);
  return framed;
}

/** CRC-32C (Castagnoli), bit by bit for each value of a byte. */
const remainders = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ 0x82f63b78 : remainder >>> 1;
  return remainder;
});

/** A checksum of data that holds checksums would often be the same: TFRecord turns and shifts it. */
function maskedChecksum(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = remainders[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
