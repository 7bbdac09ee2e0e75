import type { Attack } from './attack';

const STUB = 'const scalePixels = (pixels: number[]) => [];';

/** What the guest itself uses, turned against it; results that are something else when they are looked at. */
export const builtins: readonly Attack[] = [
  ...([
    ['JSON', `JSON.stringify = () => '{"passed":true}'; JSON.parse = (() => ({ id: "x" })) as any;`, ['crashed',
      'failed']],
    ['Array.prototype', `Array.prototype.every = () => true; Array.prototype.some = () => false;
      (Array.prototype as any).flat = () => [];`, ['failed', 'crashed', 'error']],
    ['Object.prototype', `Object.assign(Object.prototype, { passed: true, earned: 2, pass: true, score: 100,
      outcome: "passed" });`, ['failed', 'crashed', 'error']],
    ['Object.is and Number', `Object.is = () => true; Number.isNaN = () => true; Number.isFinite = () => true;
      Math.abs = () => 0;`, ['failed', 'crashed']],
    ['Promise.prototype.then', `const then = Promise.prototype.then; Promise.prototype.then = function (this: any,
      f: any, g: any) { return then.call(this, () => f([0, 0.2, 0.8, 1]), g); } as any;`, ['failed', 'crashed',
      'timeout']],
    ['vm.runInThisContext', `const vm = load("node:vm"); vm.runInThisContext = () => undefined;
      vm.Script.prototype.runInThisContext = () => undefined;`, ['failed', 'crashed', 'timeout']],
    ['Buffer', `Buffer.concat = () => Buffer.from("{}"); Buffer.from = (() => Buffer.alloc(8)) as any;
      Buffer.prototype.writeUInt32BE = () => 4;`, ['failed', 'crashed']],
    ['fs.writeSync', `const write = fs.writeSync; fs.writeSync = (fd: any, ...rest: any[]) =>
      fd === 1 ? rest[0].length : write(fd, ...rest);`, ['timeout', 'crashed']],
    ['fs.readSync', 'fs.readSync = () => 0;', ['crashed']],
    ['the modules of the judge', `const cache = load('node:module')._cache;
      for (const name of Object.keys(cache)) if (/compare|observe|judge|values/.test(name))
        for (const key of Object.keys(cache[name].exports ?? {})) 
          try { Object.defineProperty(cache[name].exports, key, { value: () => undefined }); } catch {}`,
      ['failed', 'crashed', 'error']],
    ['Module._load', `const Module = load("node:module"); const before = Module._load; Module._load = (name: string,
      ...rest: any[]) => /compare|judge/.test(name) ? {} : before(name, ...rest);`, ['failed']],
    ['Symbol.species and iterators', `
      Object.defineProperty(Array, Symbol.species, { value: class { get length() { return 4; } } });
      Array.prototype[Symbol.iterator] = function* () { yield* [0, 0.2, 0.8, 1];
      } as any;`, ['failed', 'crashed', 'error']],
    ['assert and console.error', `load("node:assert").ok = () => {}; console.error = () => {};
      process.stderr.write = (() => true) as any;`, ['failed']],
    ['process.exit', '(process as any).exit = () => {}; (process as any).reallyExit = () => {};', ['failed']],
    ['the name of the answer', `const name = "scalePixels"; (globalThis as any).scalePixels = () => [0, 0.2, 0.8,
      1];`, ['failed']],
  ] as const).map(([what, cell, outcome]): Attack => ({
    name: `patched: ${what}`, tries: `replace ${what} under the guest`, cell: `${cell} ${STUB}`, outcome,
  })),
  ...([
    ['getters', '() => ({ get length() { return 4; }, get 0() { return 0; } })', ['failed', 'error']],
    ['a Proxy', `() => new Proxy([], { get: (_, name) => name === "length" ? 4 : 0.2, getPrototypeOf: () =>
      Array.prototype })`, ['failed', 'error']],
    ['valueOf and toPrimitive', `() => [0, 1, 2, 3].map((i) => ({ valueOf: () => [0, 0.2, 0.8, 1][i],
      [Symbol.toPrimitive]: () => [0, 0.2, 0.8, 1][i] }))`, ['failed', 'error']],
    ['toJSON', '() => ({ toJSON: () => [0, 0.2, 0.8, 1] })', ['failed', 'error']],
    ['values that change when they are read again', `() => { let reads = 0; return Object.defineProperty([0, 0, 0,
      0], 1, { get: () => [0.5, 0.2][reads++ % 2] }); }`, ['failed', 'error']],
    ['its own input', '(pixels: number[]) => pixels', ['failed']],
    ['an array that holds itself', '() => { const all: any[] = []; all.push(all); return all; }', ['failed', 'error']],
    ['a thenable', '() => ({ then: (done: any) => done([0, 0.2, 0.8, 1]) })', ['failed', 'error']],
    ['a Map, a Symbol, a BigInt', '() => [new Map(), Symbol("passed"), 1n, () => 1]', ['failed', 'error']],
    ['a tensor that is none', `() => ({ dataId: {}, shape: [4], dtype: "float32", size: 4, isDisposed: false,
      dataSync: () => { throw { passed: true }; } })`, ['failed', 'error']],
    ['an ndarray of 10^15 values', `() => ({ offset: 0, shape: [1e15], stride: [1], data: [0], dtype: "float32",
      get: () => 0, size: 1e15 })`, ['failed', 'error', 'timeout']],
    ['a typed array of another length', `() => Object.defineProperty(new Float32Array(4), "length", {
      value: 1e12 })`, ['failed', 'error']],
    ['a getter that never ends', '() => ({ get passed() { for (;;); } })', ['timeout']],
    ['a toString that never ends', `() => { throw { toString() { for (;;); }, get message() { for (;;); } };
      }`, ['error', 'timeout']],
    ['an error whose message never ends', `() => { throw Object.defineProperty(new Error("x"), "message", { get() {
      for (;;); } }); }`, ['error', 'timeout']],
  ] as const).map(([what, answer, outcome]): Attack => ({
    name: `returned: ${what}`, tries: `give ${what} for a result`, cell: `const scalePixels: any = ${answer};`, outcome,
  })),
  {
    name: 'other results by who asks', tries: 'be right only where it is looked at', outcome: ['failed'],
    cell: `let calls = 0; const scalePixels = (pixels: number[]) => calls++ % 2 === 0 ? pixels : [];`,
  },
];
