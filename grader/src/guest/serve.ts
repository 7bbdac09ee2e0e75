import { Console } from 'node:console';
import * as fs from 'node:fs';
import { encode, type Plain } from '../../../lib/dist/exercises/values';
import { frameOf } from '../sandbox/frames';

const QUESTIONS = 0;
const ANSWERS = 1;

// What an answer prints must not come between the messages. Made where something is printed: most print nothing.
Object.defineProperty(process, 'stdout', { get: () => process.stderr });
let printer: Console | undefined;
Object.defineProperty(globalThis, 'console', {
  configurable: true,
  get: () => (printer ??= new Console(process.stderr, process.stderr)),
  set: (other: Console) => { printer = other; },
});

/**
 * Answers questions until there are no more: reads one, does what it asks, sends what came of it with the question's id.
 *
 * @param work on the question as JSON
 */
export async function serve(work: (text: string) => Promise<Plain>): Promise<void> {
  // Without it the process would end where an answer waits for what never comes.
  setInterval(() => {}, 2 ** 30);
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
