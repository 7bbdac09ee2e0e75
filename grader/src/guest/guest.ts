/**
 * What runs in the sandbox, beside the answers of one submission. It compiles an answer, calls it, and sends what came of it as data. It
 * knows no expected value, no points and no next case: whatever an answer does to it, it can only spoil its own values.
 */

import { Console } from 'node:console';
import * as fs from 'node:fs';
import { decode, encode, observe, toPlain, type Observation, type Plain } from '@course/lib/exercises';
import { frameOf } from '../sandbox/frames';
import { compiled } from './compile';
import type { Opened, Question } from './messages';

const COMMANDS = 0;
const ANSWERS = 1;

// What an answer prints must not come between the messages.
const printed = process.stderr;
Object.defineProperty(process, 'stdout', { value: printed });
globalThis.console = new Console(printed, printed);

type TensorFlow = typeof import('@course/lib').tf;
let tf: TensorFlow | undefined;
const tensorFlow = (): TensorFlow => (tf ??= (require('@course/lib') as { tf: TensorFlow }).tf);

let answer: unknown;

/** Runs the cell of an answer alone, and keeps what its name then stands for. */
async function open({ source, name, given, tensors }: Extract<Question, { ask: 'open' }>): Promise<Opened> {
  answer = undefined;
  try {
    answer = await compiled(source, name)(tensors ? tensorFlow() : undefined, () => given);
  } catch (error) {
    return { opened: 'error', error: messageOf(error) };
  }
  if (typeof answer === 'function') return { opened: 'function' };
  try {
    return { opened: 'value', value: toPlain(answer) };
  } catch (error) {
    return { opened: 'unreadable', error: messageOf(error) };
  }
}

async function answerTo(question: Question): Promise<Plain> {
  switch (question.ask) {
    case 'open': return await open(question) as unknown as Plain;
    case 'call': return await observed(question) as unknown as Plain;
  }
}

async function observed({ inputs, tensors, timeLimit }: Extract<Question, { ask: 'call' }>): Promise<Observation> {
  return observe(answer, inputs, { tensors, timeLimit });
}

function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? `${error.name}: ${error.message}` : error).slice(0, 1000);
  } catch {
    return 'what was thrown cannot be read';
  }
}

/** Reads one message, and waits for it. */
function read(): string | undefined {
  const exactly = (length: number): Buffer | undefined => {
    const bytes = Buffer.alloc(length);
    for (let have = 0; have < length;) {
      const read = fs.readSync(COMMANDS, bytes, have, length - have, null);
      if (read === 0) return undefined;
      have += read;
    }
    return bytes;
  };
  const length = exactly(4)?.readUInt32BE();
  return length === undefined ? undefined : exactly(length)?.toString('utf8');
}

function send(json: string): void {
  const frame = frameOf(json);
  for (let sent = 0; sent < frame.length;) sent += fs.writeSync(ANSWERS, frame, sent);
}

void (async () => {
  for (let text = read(); text !== undefined; text = read()) {
    const question = decode(text) as unknown as Question;
    const result = await answerTo(question);
    send(encode({ id: question.id, ...(result as object) }));
  }
  process.exit(0);
})();
