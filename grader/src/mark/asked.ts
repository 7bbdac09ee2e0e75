import { randomUUID } from 'node:crypto';
import { decode, encode, type Plain } from '@course/lib/exercises';
import type { Examination, Question } from '../guest/messages';
import { frameOf, readFrames } from '../sandbox/frames';
import type { Ending, Sandbox, SandboxProcess, SandboxRequest } from '../sandbox/sandbox';

/** Bytes that one answer may have. */
const LONGEST_ANSWER = 8e6;

/** Lists, objects and names that one answer may have: each of them costs much more than its two bytes, here where all others are marked. */
const MOST_PARTS = 200_000;

/** How the process in the sandbox has come to its end before it answered. */
export type Lost = { readonly lost: 'timeout' | 'out of memory' | 'killed' | 'crashed' };

/** Whether there was no answer. What a sandbox has sent has an id. */
export const isLost = (reply: Plain | Lost): reply is Lost =>
  typeof reply === 'object' && reply !== null && 'lost' in reply && !('id' in reply);

/** What a learner is told of it. */
export const LOST: Readonly<Record<Lost['lost'], string>> = {
  timeout: 'It did not end in time, and was ended.',
  'out of memory': 'It took more memory than an answer may have, and was ended.',
  killed: 'It was ended: it took too long, or printed too much.',
  crashed: 'It ended its own process, or sent something that is no answer.',
};

type Unnumbered<T> = T extends unknown ? Omit<T, 'id'> : never;

/**
 * Asks what runs in a sandbox, one question at a time. Whatever it sends is data; what is no answer to the question that was asked (early,
 * late, twice, too long, no JSON) ends it.
 */
export class Asked {
  private readonly process: SandboxProcess;
  private readonly frames: AsyncGenerator<string>;
  private lost: Lost | undefined;

  /** @param until when it ends whatever it does, by `performance.now()` */
  constructor(sandbox: Sandbox, request: SandboxRequest, private readonly until = Infinity) {
    this.process = sandbox.start(request);
    this.frames = readFrames(this.process.answers, LONGEST_ANSWER);
  }

  /** Whether it can be asked again. */
  get isThere(): boolean {
    return this.lost === undefined;
  }

  /** What it has printed so far, as far as one can tell which question that belongs to. */
  get printed(): string {
    return this.process.printsInOrder ? this.process.printed() : '';
  }

  /**
   * @param milliseconds after which it is killed
   * @returns the answer as plain data, whose form nobody has looked at yet
   */
  async ask(question: Unnumbered<Question | Examination>, milliseconds: number): Promise<Plain | Lost> {
    if (this.lost) return this.lost;
    const id = randomUUID();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Lost>((resolve) => {
      timer = setTimeout(() => resolve({ lost: 'timeout' }), Math.min(milliseconds, this.until - performance.now()));
    });
    this.process.input.write(frameOf(encode({ ...question, id })));
    const reply = await Promise.race([late, this.read(id)]);
    clearTimeout(timer);
    if (isLost(reply)) this.end(reply);
    return reply;
  }

  /** Ends the process, and all that it has started. */
  end(lost: Lost = { lost: 'killed' }): void {
    this.lost ??= lost;
    this.process.kill();
  }

  private async read(id: string): Promise<Plain | Lost> {
    try {
      const { value, done } = await this.frames.next();
      // What it has printed before comes by another pipe, and is there by the end of this round of events.
      await new Promise(setImmediate);
      if (done) return { lost: whyEnded(await this.process.ended, this.process.printed()) };
      if (hasTooManyParts(value as string)) return { lost: 'crashed' };
      const reply = decode(value as string) as { id?: unknown } | undefined;
      return typeof reply === 'object' && reply?.id === id ? (reply as unknown as Plain) : { lost: 'crashed' };
    } catch {
      return { lost: 'crashed' };
    }
  }
}

function hasTooManyParts(json: string): boolean {
  let parts = 0;
  for (let i = 0; i < json.length && parts <= MOST_PARTS; i++) {
    const code = json.charCodeAt(i);
    if (code === LIST || code === OBJECT || code === NAME) parts++;
  }
  return parts > MOST_PARTS;
}

const [LIST, OBJECT, NAME] = [...'[{:'].map((character) => character.charCodeAt(0));

/** In words for the learner; the printed text decides nothing but these words. */
function whyEnded({ signal }: Ending, printed: string): Lost['lost'] {
  if (/out of memory|Allocation failed|std::bad_alloc/i.test(printed)) return 'out of memory';
  return signal === 'SIGKILL' || signal === 'SIGXCPU' ? 'killed' : 'crashed';
}
