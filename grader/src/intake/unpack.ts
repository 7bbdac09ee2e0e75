import { readFrames } from '../sandbox/frames';
import { LIMITS, type Sandbox } from '../sandbox/sandbox';
import type { HandIns } from './hand-ins';
import { Memory } from './places';
import { isObject } from './notebook';
import { shown, Unread } from './strict-json';
import type { UnpackRequest } from './unpacker';

const UNPACKER = 'grader/dist/intake/unpacker.js';
const SEES = ['grader/dist', 'lib/dist', 'lib/package.json', 'node_modules'];
/** A zip file twice, while its parts are joined, and the largest file in it. */
const MEMORY = { ...LIMITS, memoryBytes: 1e9 };
const MILLISECONDS = 60_000;
const LONGEST_MESSAGE = 2e6;
/** Bytes of a zip file. */
export const LARGEST_ZIP = 200e6;
/** A zip file of a whole class is held in memory; a larger one is to be unpacked by whoever gives it. */
const CLASS_LIMITS = { members: 20_000, memberSize: 100e6, totalSize: 200e6 };
/** What submissions consist of. */
const WANTED = /(^|\/)([^/]+\.(ipynb|zip)|hand-in\.json|timestamp\.txt|models\/[^/]+\/(model\.json|weights\.bin))$/i;
/** A path that leads nowhere else. */
const HARMLESS = /^(?!.*(^|\/)\.{0,2}(\/|$))[^\\:\p{C}]{1,200}$/u;

/**
 * What is in a zip file that nobody trusts: unpacked in a sandbox, within limits, into memory.
 *
 * @param isWithin whether it lies in another one, and is therefore one learner's
 * @throws Unread that says what is wrong with it; then nothing of it is used
 */
export async function unpacked(
  bytes: Buffer, name: string, isWithin: boolean, sandbox: Sandbox, { LIMITS: { handIn }, NOISE }: HandIns,
): Promise<Memory> {
  const limits = isWithin ? handIn : CLASS_LIMITS;
  const request: UnpackRequest = { name: shown(name), limits, noise: NOISE.source, wanted: WANTED.source };
  const program = sandbox.start({ script: UNPACKER, args: [JSON.stringify(request)], sees: SEES, limits: MEMORY });
  const timer = setTimeout(() => program.kill(), MILLISECONDS);
  const files = new Map<string, Buffer[]>();
  let pieces: Buffer[] | undefined;
  let total = 0;
  const broken = (): never => {
    throw new Unread('could not be unpacked: the unpacker did not come to its end');
  };
  try {
    program.input.end(bytes);
    for await (const text of readFrames(program.answers, LONGEST_MESSAGE)) {
      const message: unknown = JSON.parse(text);
      if (!isObject(message)) return broken();
      const { file, piece, done, refused } = message;
      if (typeof refused === 'string') throw new Unread(`is not used: ${refused}`);
      if (done === true) return new Memory(new Map([...files].map(([path, all]) => [path, Buffer.concat(all)])));
      if (typeof file === 'string' && HARMLESS.test(file) && !files.has(file) && files.size < limits.members) {
        files.set(file, pieces = []);
      } else if (typeof piece === 'string' && pieces) {
        const part = Buffer.from(piece, 'base64');
        total += part.length;
        if (total > limits.totalSize) broken();
        pieces.push(part);
      } else {
        broken();
      }
    }
    return broken();
  } catch (error) {
    if (error instanceof Unread) throw error;
    return broken();
  } finally {
    clearTimeout(timer);
    program.kill();
    await program.ended;
  }
}
