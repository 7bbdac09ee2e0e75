import type { MarkOutcome } from '../../grader/src/mark/result';

/** What somebody hands in to be given what he has not earned, or to harm others. */
export interface Attack {
  readonly name: string;
  /** What it tries, as a phrase: `write a result of its own`. */
  readonly tries: string;
  /** The cell of the exercise that is attacked, as TypeScript. It runs where {@link PRELUDE} does. */
  readonly cell: string;
  /** The exercise: 1.2 (`scalePixels`) without it. */
  readonly on?: string;
  /** Instead of a cell's: the files of a trained model. */
  readonly model?: Readonly<Record<string, string>>;
  /** The points that it deserves: none without it. */
  readonly deserves?: number;
  /** What may have become of it. */
  readonly outcome: readonly MarkOutcome[];
  /** Text that may stand nowhere in the result. */
  readonly tellsNot?: RegExp;
}

/** Something that must not work within the sandbox. Several of them stand in one cell. */
export interface Probe {
  readonly name: string;
  readonly tries: string;
  /** An expression, which may be awaited; what it gives is what got through, unless it is false or it throws. */
  readonly attempt: string;
  /** Whether it works in an ordinary process and does no harm there: the tests see it work there. */
  readonly worksOutside?: boolean;
}

/** What attacks have at hand: as much of Node.js as can be had in a cell. */
export const PRELUDE = `
  const load: any = (process as any).mainModule.require;
  const fs = load('node:fs');
  const frame = (json: string): any => {
    const body = Buffer.from(json);
    const size = Buffer.alloc(4);
    size.writeUInt32BE(body.length);
    return Buffer.concat([size, body]);
  };
  const send = (bytes: any, to = 1): void => {
    for (let sent = 0; sent < bytes.length;) {
      try { sent += fs.writeSync(to, bytes, sent); } catch (error) { if (error.code !== 'EAGAIN') throw error; }
    }
  };
  /** Takes the place of the guest: learns the id of each question that comes after, and answers it. */
  const answerAll = (replyTo: (question: any) => string): void => {
    const parse = JSON.parse;
    const exactly = (length: number): any => {
      const bytes = Buffer.alloc(length);
      for (let have = 0; have < length;) {
        const read = fs.readSync(0, bytes, have, length - have, null);
        if (read === 0) (process as any).reallyExit(0);
        have += read;
      }
      return bytes;
    };
    JSON.parse = ((text: string, ...rest: any[]) => {
      let question = parse(text, ...rest);
      while (question && question.ask) {
        send(frame(replyTo(question)));
        question = parse(exactly(exactly(4).readUInt32BE(0)).toString());
      }
      return question;
    }) as any;
  };
`;

/** A cell that makes attempts one after the other, and prints of each its number and whether it got through. */
export const cellOf = (probes: readonly Probe[], answer = 'const scalePixels = (pixels: number[]) => [];'): string => `
  const attempts: (() => any)[] = [${probes.map(({ attempt }) => `async () => (${attempt})`).join(',\n')}];
  for (const [i, attempt] of attempts.entries()) {
    let came: any = false;
    try { came = await attempt(); } catch (error) { came = false; }
    console.log(i + (came === false || came === undefined ? ' held' : ' GOT THROUGH'));
  }
  ${answer}`;

/** What {@link cellOf} has printed of a probe. */
export const heldIn = (printed: string, i: number): 'held' | 'GOT THROUGH' | 'not tried' =>
  (new RegExp(`^${i} (held|GOT THROUGH)$`, 'm').exec(printed)?.[1] as 'held' | 'GOT THROUGH' | undefined)
    ?? 'not tried';
