import type { Attack } from './attack';

const STUB = 'const scalePixels = (pixels: number[]) => [];';
const inCall = (body: string): string => `function scalePixels(pixels: number[]): any { ${body} }`;

/** Ends that come too early, too late or never. */
export const endings: readonly Attack[] = [
  ...([
    ['exit 0 at the top', 'process.exit(0);', ['crashed']],
    ['exit 0 in the call', inCall('process.exit(0);'), ['crashed']],
    ['exit by reallyExit', inCall('(process as any).reallyExit(0);'), ['crashed']],
    ['abort', inCall('process.abort();'), ['crashed', 'killed']],
    ['throw before the test', 'throw new Error("I give up");', ['error']],
    ['throw nothing', 'throw undefined;', ['error']],
    ['no compilation', 'const scalePixels = (: number[] => {', ['error']],
    ['uncaught exception later', `setTimeout(() => { throw new Error('later'); }, 0);
      ${inCall('return new Promise((done) => setTimeout(done, 50));')}`, ['crashed', 'failed']],
    ['unhandled rejection', `void Promise.reject(new Error('nobody'));
      ${inCall('void Promise.reject(new Error("nobody")); return new Promise((done) => setTimeout(done, 50));')}`,
      ['crashed', 'failed']],
    ['handler of all errors', `process.on('uncaughtException', () => {}); process.on('unhandledRejection', () => {});
      ${inCall('throw new Error("swallowed");')}`, ['error']],
    ['stop of itself', `process.kill(process.pid, 'SIGSTOP'); ${STUB}`, ['failed', 'timeout']],
    ['loop at the top', 'for (;;);', ['timeout']],
    ['loop in the call', inCall('for (;;);'), ['timeout']],
    ['loop behind an await', 'async function scalePixels() { await null; for (;;); }', ['timeout']],
    ['loop of promises', inCall(`const again = (): any => Promise.resolve().then(again);
      return again();`), ['timeout', 'out of memory']],
    ['loop of timers', `const again = (): any => { setImmediate(again); };
      ${inCall('again(); return new Promise(() => {});')}`, ['timeout']],
    ['promise that is never kept', inCall('return new Promise(() => {});'), ['timeout']],
    ['wait for a lock', inCall('Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);'), ['timeout']],
    ['read of the next question', inCall('fs.readSync(0, Buffer.alloc(100)); return [];'), ['timeout', 'crashed']],
    ['regular expression bomb', inCall('return /^(a+)+$/.test("a".repeat(60) + "!") ? [] : [];'), ['timeout']],
    ['loop in a finalizer of an endless generator', inCall(`return Array.from((function* () { try { for (;;) yield 1;
      } finally { for (;;); } })());`), ['timeout', 'out of memory']],
    ['catch of the time limit', inCall('for (;;) { try { for (;;); } catch {} finally { continue; } }'), ['timeout']],
    ['timer that outlives the answer', `setInterval(() => send(frame('{"passed":true}')), 0);
      ${inCall('return new Promise((done) => setTimeout(() => done([]), 50));')}`, ['crashed', 'failed']],
    ['thread that outlives the answer', `const { Worker } = load('node:worker_threads');
      new Worker("const fs = require('fs'); " +
        "setInterval(() => { try { fs.writeSync(1, Buffer.from([0, 0, 0, 2, 123, 125])); } catch {} }, 1)",
        { eval: true });
      await new Promise((done) => setTimeout(done, 400)); ${STUB}`, ['crashed', 'failed']],
    ['loop on leaving', `process.on('exit', () => { for (;;); }); ${STUB}`, ['failed']],
  ] as const).map(([name, cell, outcome]): Attack => ({ name, tries: `end where it should not: ${name}`, cell,
    outcome })),
];
