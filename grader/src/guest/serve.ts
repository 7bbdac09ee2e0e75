import { Console } from 'node:console';
import * as fs from 'node:fs';
import { encode, type Plain } from '@course/lib/exercises';
import { frameOf } from '../sandbox/frames';

const QUESTIONS = 0;
const ANSWERS = 1;

// What an answer prints must not come between the messages.
const printed = process.stderr;
Object.defineProperty(process, 'stdout', { value: printed });
globalThis.console = new Console(printed, printed);

/**
 * Answers questions until there are no more: reads one, does what it asks, sends what came of it with the question's id.
 *
 * @param work on the question as JSON
 */
export async function serve(work: (text: string) => Promise<Plain>): Promise<void> {
  for (let text = read(); text !== undefined; text = read()) {
    const { id } = JSON.parse(text) as { id: string };
    send(encode({ ...(await work(text) as object), id }));
  }
  process.exit(0);
}

function read(): string | undefined {
  const length = exactly(4)?.readUInt32BE();
  return length === undefined ? undefined : exactly(length)?.toString('utf8');
}

function exactly(length: number): Buffer | undefined {
  const bytes = Buffer.alloc(length);
  for (let have = 0; have < length;) {
    const read = fs.readSync(QUESTIONS, bytes, have, length - have, null);
    if (read === 0) return undefined;
    have += read;
  }
  return bytes;
}

function send(json: string): void {
  const frame = frameOf(json);
  for (let sent = 0; sent < frame.length;) sent += fs.writeSync(ANSWERS, frame, sent);
}
