/**
 * What unpacks zip files, in a sandbox of its own: nothing of a zip file is looked at outside. It reads one from its
 * input to the end and sends what is in it, in pieces.
 */

import { membersOf, type ArchiveLimits } from '../../../lib/dist/data/archive';
import { frameOf } from '../sandbox/frames';

/** A message of the unpacker; the last one says how it ended. */
export type Unpacked =
  | { readonly file: string }
  /** Of the file that was named last, base64. */
  | { readonly piece: string }
  | { readonly done: true }
  | { readonly refused: string };

export interface UnpackRequest {
  /** What messages call the zip file. */
  readonly name: string;
  readonly limits: ArchiveLimits;
  /** Sources of regular expressions: what is left out, and what is taken of the rest. */
  readonly noise: string;
  readonly wanted: string;
}

const PIECE = 600_000;
/** Bytes unpacked for one packed: a bomb has up to a thousand, a notebook less than fifty. */
const MOST_GROWTH = 200;
/** Bytes that are no bomb, however small they were. */
const HARMLESS = 10e6;

async function unpack({ name, limits, noise, wanted }: UnpackRequest): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of process.stdin) parts.push(part as Buffer);
  const packed = Buffer.concat(parts);
  const [isNoise, isWanted] = [new RegExp(noise), new RegExp(wanted)];
  const pathOf = (member: string): string | undefined =>
    (!isNoise.test(member) && isWanted.test(member) ? member : undefined);
  let unpacked = 0;
  for await (const { path, content } of membersOf(packed, { name, limits, pathOf })) {
    unpacked += content.length;
    if (unpacked > HARMLESS && unpacked > MOST_GROWTH * packed.length) {
      const got = `more than ${MOST_GROWTH} times as many bytes as are packed`;
      throw new Error(`${name}: got ${got}, expected files as handIn() packs them.`);
    }
    await send({ file: path });
    for (let i = 0; i < content.length; i += PIECE) {
      await send({ piece: Buffer.from(content.subarray(i, i + PIECE)).toString('base64') });
    }
  }
  await send({ done: true });
}

/** Ends when it has been sent: the pipe takes less at once than a file may have. */
const send = (message: Unpacked): Promise<void> => new Promise((resolve, reject) => {
  process.stdout.write(frameOf(JSON.stringify(message)), (error) => (error ? reject(error) : resolve()));
});

void unpack(JSON.parse(process.argv[2]) as UnpackRequest)
  .catch((error: Error) => send({ refused: error.message.slice(0, 1000) }));
