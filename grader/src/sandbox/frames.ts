import type { Readable } from 'node:stream';

/**
 * Messages over a pipe: four bytes with the length (big-endian), then that many bytes of JSON. Who sends is not trusted: a length above the
 * limit ends the reading.
 */

/** A message that is too long, or cut off. */
export class BrokenFrames extends Error {
  override name = 'BrokenFrames';
}

export function frameOf(json: string): Buffer {
  const body = Buffer.from(json);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/**
 * The messages of a pipe, one after the other.
 *
 * @param longest bytes that a message may have
 * @throws BrokenFrames for a longer one, and for a pipe that ends in the middle of one
 */
export async function* readFrames(pipe: Readable, longest: number): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  let have = 0;
  const joined = (): Buffer => {
    if (rest.length > 1) rest = [Buffer.concat(rest)];
    return rest[0];
  };
  for await (const data of pipe as AsyncIterable<Buffer>) {
    rest.push(data);
    have += data.length;
    while (have >= 4) {
      const length = joined().readUInt32BE(0);
      if (length > longest) throw new BrokenFrames(`a message of ${length} bytes; ${longest} are the most`);
      if (have < 4 + length) break;
      const bytes = joined();
      yield bytes.toString('utf8', 4, 4 + length);
      rest = [bytes.subarray(4 + length)];
      have -= 4 + length;
    }
  }
  if (have > 0) throw new BrokenFrames('the pipe ended in the middle of a message');
}
