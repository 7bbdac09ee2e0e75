import type { Attack } from './attack';

const STUB = 'const scalePixels = (pixels: number[]) => [];';
const inCall = (body: string): string => `function scalePixels(pixels: number[]): any { ${body} }`;
const GONE = ['out of memory', 'killed', 'crashed', 'timeout', 'error'] as const;

/** More memory, threads, output or files than anybody needs. */
export const resources: readonly Attack[] = [
  ...([
    ['heap', inCall('const all = []; for (;;) all.push(new Array(1e6).fill(0.5));'), GONE],
    ['ArrayBuffers', inCall('const all = []; for (;;) all.push(new Uint8Array(1e8).fill(1));'), GONE],
    ['Buffers outside of the heap', inCall('const all = []; for (;;) all.push(Buffer.alloc(1e7, 1));'), GONE],
    ['SharedArrayBuffers', inCall(`const all = [];
      for (;;) all.push(new Uint8Array(new SharedArrayBuffer(1e8)).fill(1));`), GONE],
    ['WebAssembly memory', inCall(`const all = [];
      for (;;) { const memory = new (globalThis as any).WebAssembly.Memory({ initial: 4000 });
      new Uint8Array(memory.buffer).fill(1); all.push(memory); }`), GONE],
    ['strings', inCall(`const all = [];
      for (;;) all.push(Buffer.alloc(1e7, 97 + all.length % 26).toString("latin1"));`), GONE],
    ['recursion', inCall('const deeper = (): any => [deeper()]; return deeper();'), ['error']],
    ['recursion that is caught', inCall(`const deeper = (): any => { try { deeper(); } finally { deeper(); } };
      deeper();`), ['timeout', 'error']],
    ['a result of 100 million numbers', inCall('return new Float64Array(4e7);'), ['error', 'failed', 'out of memory']],
    ['a text of 500 MB', inCall('return "x".repeat(5e8);'), ['error', 'failed', 'out of memory', 'timeout']],
    ['JSON bomb', inCall('return JSON.parse("[".repeat(1e7));'), ['error', ...GONE]],
    ['output without end', inCall('for (;;) console.log("x".repeat(1e5));'), ['killed', 'timeout']],
    ['a line of 1 GB, past the stream', inCall(`const part = Buffer.alloc(1e6, 120);
      for (let i = 0; i < 1000; i++) send(part, 2);
      return [];`), ['killed', 'crashed', 'timeout']],
    ['a line of 1 GB', inCall(`const part = "x".repeat(1e6);
      for (let i = 0; i < 1000; i++) process.stderr.write(part);
      return [];`), ['killed', 'failed', 'crashed']],
    ['threads', `const { Worker } = load('node:worker_threads'); const all = [];
      try { for (let i = 0; i < 1000; i++) all.push(new Worker('for (;;);', { eval: true })); } catch {}
      ${inCall('for (;;);')}`, GONE],
    ['threads with large heaps', `const { Worker } = load('node:worker_threads');
      for (let i = 0; i < 4; i++)
        new Worker('const all = []; for (;;) all.push(new Array(1e6).fill(0.5));',
          { eval: true, resourceLimits: { maxOldGenerationSizeMb: 8000 } });
      ${inCall('return new Promise(() => {});')}`, GONE],
    ['descriptors', `try { for (let i = 0; i < 5000; i++) fs.openSync('/dev/null');
        console.log('GOT THROUGH'); } catch {}
      ${STUB}`, ['failed', 'error', 'crashed']],
    ['a large heap by flag', `load('node:v8').setFlagsFromString('--max-old-space-size=60000');
      ${inCall('const all = []; for (;;) all.push(new Array(1e6).fill(0.5));')}`, GONE],
    ['stack by flag', `load('node:v8').setFlagsFromString('--stack-size=60000');
      ${inCall('const deeper = (): any => [deeper()]; return deeper();')}`, ['crashed', 'killed', 'error']],
    ['core dump', `try { process.chdir('/tmp'); } catch {} ${inCall('process.abort();')}`, ['crashed', 'killed']],
  ] as const).map(([name, cell, outcome]): Attack => ({
    name: `too much: ${name}`, tries: `take more than its part: ${name}`, cell, outcome, tellsNot: /GOT THROUGH/,
  })),
];
