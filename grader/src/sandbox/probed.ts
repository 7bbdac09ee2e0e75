import { once } from 'node:events';
import * as net from 'node:net';
import * as path from 'node:path';
import { decode } from '@course/lib/exercises';
import { COURSE } from '../course';
import { frameOf, readFrames } from './frames';
import type { Ending, Limits, Sandbox } from './sandbox';

const SEES = ['grader/dist', 'lib', 'node_modules'];
/** A file of the course that is not among them: there neither where the course lies here, nor where it lies within. */
const NOT_SHOWN = path.join(COURSE, 'package.json');

/**
 * Tries for real whether a sandbox stops what it has to stop.
 *
 * @param known what the back end is known not to stop: `ownProcess`, that a process sees itself in /proc
 * @returns what it did not stop, each with what to do; empty if it holds
 */
export async function probed(sandbox: Sandbox, known: { readonly ownProcess?: boolean } = {}): Promise<string[]> {
  const server = net.createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const ask = (question: 'probe' | 'spin' | 'swallow', limits: Limits) =>
    answerOf(sandbox, { ask: question, id: question, port, file: NOT_SHOWN, ownProcess: known.ownProcess === true }, limits);
  const limits: Limits = { memoryBytes: 500e6, cpuSeconds: 20, outputBytes: 10_000 };
  try {
    const [tried, spun, swallowed] = await Promise.all([
      ask('probe', limits), ask('spin', { ...limits, cpuSeconds: 1 }), ask('swallow', limits),
    ]);
    if (!tried.could) return [`A sandbox does not start here: ${tried.printed || 'it ended without a word'}. ${ADVICE}`];
    // Whoever asks for too much may also be ended for it.
    const could = [...tried.could, ...(swallowed.could ?? []), ...(spun.isLate ? ['use more time on the processor than it may'] : [])];
    return could.map((what) => `What runs in the sandbox can ${what}. ${ADVICE}`);
  } finally {
    server.close();
  }
}

const ADVICE = 'Mark on a machine with a newer kernel and with user namespaces (sysctl kernel.unprivileged_userns_clone=1), or in another sandbox.';

/** Milliseconds after which a process that may use one second is too late. */
const LATE = 20_000;

interface Answer {
  readonly could?: readonly string[];
  readonly printed: string;
  readonly isLate: boolean;
}

async function answerOf(sandbox: Sandbox, question: { readonly ask: string; readonly [name: string]: unknown }, limits: Limits): Promise<Answer> {
  const inside = sandbox.start({ script: 'grader/dist/guest/probe.js', sees: SEES, limits });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), LATE);
  });
  inside.input.write(frameOf(JSON.stringify(question)));
  const first = await Promise.race([late, firstOf(inside.answers), inside.ended]);
  clearTimeout(timer);
  inside.kill();
  await inside.ended;
  const could = typeof first === 'string' && first !== 'late' ? (decode(first) as { could: string[] }).could : undefined;
  return { could, printed: inside.printed().trim(), isLate: first === 'late' };
}

/** The first message; nothing where there is none. */
async function firstOf(answers: NodeJS.ReadableStream): Promise<string | Ending | undefined> {
  for await (const text of readFrames(answers as Parameters<typeof readFrames>[0], 100_000)) return text;
  return undefined;
}
