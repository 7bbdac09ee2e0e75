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
  // Put together only where that leads on: who sends byte by byte would have everything copied for each of them.
  let parts: Buffer[] = [];
  let have = 0;
  let needed = 4;
  for await (const data of pipe as AsyncIterable<Buffer>) {
    parts.push(data);
    have += data.length;
    if (have < needed) continue;
    let rest = Buffer.concat(parts);
    while (rest.length >= needed) {
      const length = rest.readUInt32BE(0);
      if (length > longest) throw new BrokenFrames(`a message of ${length} bytes; ${longest} are the most`);
      needed = 4 + length;
      if (rest.length < needed) break;
      yield rest.toString('utf8', 4, needed);
      rest = rest.subarray(needed);
      needed = 4;
    }
    parts = [rest];
    have = rest.length;
  }
  if (have > 0) throw new BrokenFrames('the pipe ended in the middle of a message');
}
