import { judge, publicPart, type Exercise, type Judgement, type PublicExercise } from '@course/lib/exercises';
import { arrayOf, tf } from '@course/lib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { choice, makeNetwork, means, network, parameters, scaling, trained } from './fixtures';

/** Whatever a learner hands over: no throw, no hang, and a sentence that says what came and what is expected. */

const exercises: readonly Exercise[] = [scaling, means, network, trained, parameters, choice];
const parts = new Map<Exercise, PublicExercise>();
let tensorsBefore: number;

beforeAll(async () => {
  tensorsBefore = tf.memory().numTensors;
  tf.engine().startScope();
  for (const exercise of exercises) parts.set(exercise, await publicPart(exercise));
});
afterAll(() => {
  tf.engine().endScope();
  expect(tf.memory().numTensors).toBe(tensorsBefore);
});

/** Only what never ends is ended soon: all else may be slow on a busy machine. */
const judged = (exercise: Exercise, answer: unknown, name = ''): Promise<Judgement> => {
  const timeLimit = /never|loop|for ever|memory|poses/.test(name) ? 60 : undefined;
  return judge(parts.get(exercise) as PublicExercise, answer, { timeLimit, learner: 'ada' });
};

/** All that is said. */
const said = ({ trouble, criteria, hint }: Judgement): string =>
  [trouble, ...criteria.flatMap(({ note, cases }) => [note, ...cases.map(({ failure }) => failure)]), hint]
    .filter(Boolean)
    .join(' | ');

const fails = (): never => {
  throw new Error('trap');
};
const endless = (): never => {
  for (;;);
};
const traps = (trap: () => never): ProxyHandler<object> => ({
  get: trap,
  has: trap,
  ownKeys: trap,
  getPrototypeOf: trap,
  getOwnPropertyDescriptor: trap,
  apply: trap,
  construct: trap,
  set: trap,
});
const revoked = (target: object): object => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};
const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;
const endlessList: unknown[] = [];
endlessList.push(endlessList);
const nested = (depth: number): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
};
const withPrototype = (prototype: object): object => Object.create(prototype) as object;
class Row { x = 1; }
class Matrix extends Array<number> {}

/** What is handed over, made when it is needed; and how it is called where it is no answer. */
const things: readonly (readonly [name: string, make: () => unknown, got: RegExp])[] = [
  ['undefined', () => undefined, /got undefined/],
  ['null', () => null, /got null/],
  ['true', () => true, /got true/],
  ['NaN', () => NaN, /got NaN/],
  ['Infinity', () => -Infinity, /got -Infinity/],
  ['a bigint', () => 10n ** 500n, /got the bigint 1000/],
  ['a symbol', () => Symbol('s'), /got a symbol/],
  ['an empty text', () => '', /got an empty text/],
  ['a text', () => 'forty-two', /got the text 'forty-two'/],
  ['a very long text', () => '<b>'.repeat(1e7), /got the text '(<b>)+…'/],
  ['an object of class Number', () => Object(7), /got an object of class Number/],
  ['an empty array', () => [], /got an empty array/],
  ['a matrix', () => [[1, 2, 3], [4, 5, 6]], /got an array of 2 × 3 numbers/],
  ['rows of other lengths', () => [[1], [2, 3]], /got an array of 2 elements/],
  ['ten million numbers', () => new Array<number>(1e7).fill(0), /got an array of 10,000,000 elements/],
  ['a billion holes', () => new Array<number>(1e9), /got an array of 1,000,000,000 elements/],
  ['a list in itself', () => endlessList, /got an array of 1 element/],
  ['a deep list', () => nested(100_000), /got an array of 1 element/],
  ['an array of a class', () => Matrix.from([1, 2]), /got an array of 2 numbers/],
  [
    'a list whose elements throw',
    () => Object.defineProperty([1, 2], 0, { get: fails }),
    /got an object that cannot be read/,
  ],
  [
    'a list whose elements never end',
    () => Object.defineProperty([1, 2], 0, { get: endless }),
    /got an object that cannot be read/,
  ],
  ['an object', () => ({ rows: 2, columns: 3 }), /got an object with rows, columns/],
  ['an empty object', () => ({}), /got an empty object/],
  ['an object without prototype', () => Object.create(null), /got an empty object/],
  ['an object in itself', () => cyclic, /got an object with self/],
  [
    'an object with a getter that throws',
    () => Object.defineProperty({}, 'shape', { get: fails, enumerable: true }),
    /got an object that cannot be read/,
  ],
  [
    'an object with a getter that never ends',
    () => Object.defineProperty({}, 'shape', { get: endless, enumerable: true }),
    /got an object that cannot be read/,
  ],
  [
    'an object that is never equal',
    () => ({ valueOf: fails, toString: fails, toJSON: fails, [Symbol.toPrimitive]: fails }),
    /got an object with valueOf, toString/,
  ],
  ['an object over a Proxy', () => withPrototype(new Proxy({}, traps(fails))), /got an object that cannot be read/],
  ['an object that is awaited for ever', () => ({ then: () => {} }), /got an object with then/],
  ['an object whose then throws', () => ({ then: fails }), /got an object with then/],
  ['an instance', () => new Row(), /got an object of class Row/],
  ['a Map', () => new Map([[1, 2]]), /got an object of class Map/],
  ['a Set', () => new Set([1]), /got an object of class Set/],
  ['a WeakMap', () => new WeakMap(), /got an object of class WeakMap/],
  ['a Date', () => new Date(NaN), /got an object of class Date/],
  ['a RegExp', () => /x/, /got an object of class RegExp/],
  ['an error', () => new TypeError('oh'), /got an error \('oh'\)/],
  ['an ArrayBuffer', () => new ArrayBuffer(8), /got an object of class ArrayBuffer/],
  ['a DataView', () => new DataView(new ArrayBuffer(8)), /got an object of class DataView/],
  ['a Float32Array', () => new Float32Array(3), /got a Float32Array of 3 numbers/],
  ['a BigInt64Array', () => new BigInt64Array(1), /got a BigInt64Array of 1 number/],
  ['a Buffer', () => Buffer.from('ab'), /got a Uint8Array of 2 numbers/],
  ['an ndarray', () => arrayOf(new Uint8Array(4), [2, 2]), /got an ndarray of shape \[2, 2\], uint8/],
  ['a generator', () => (function* () { yield 1; })(), /got an object of class Generator/],
  ['arguments', function () { return arguments; }, /got /],
  ['globalThis', () => globalThis, /got /],
  ['a Proxy', () => new Proxy({}, {}), /got a Proxy/],
  ['a Proxy that throws', () => new Proxy({}, traps(fails)), /got a Proxy/],
  ['a Proxy that never ends', () => new Proxy({}, traps(endless)), /got a Proxy/],
  ['a revoked Proxy', () => revoked({}), /got a Proxy/],
  ['a revoked Proxy of a list', () => revoked([]), /got a Proxy/],
  ['a tensor', () => tf.zeros([2, 3]), /got a tensor of shape \[2, 3\], float32/],
  [
    'a disposed tensor',
    () => {
      const x = tf.zeros([2]);
      x.dispose();
      return x;
    },
    /got a tensor that is disposed already/,
  ],
  ['a tensor of texts', () => tf.tensor(['a']), /got a tensor of shape \[1\], string/],
  ['a tensor of NaN', () => tf.fill([2], NaN), /got a tensor of shape \[2\], float32/],
  [
    'what poses as a tensor',
    () => ({ dataId: {}, shape: [2], dtype: 'float32', dataSync: endless }),
    /got a tensor of shape \[2\]/,
  ],
  ['a layer', () => tf.layers.dense({ units: 1 }), /got an object of class Dense/],
  ['a symbolic tensor', () => tf.input({ shape: [2] }), /got /],
];

/** Functions that are called only where a function is asked for. */
const functions: readonly (readonly [name: string, make: () => unknown, came: RegExp])[] = [
  ['a loop', () => endless, /did not end within 0\.\d+ s/],
  [
    'a loop that catches all',
    () => () => {
      for (;;) {
        try {
          endless();
        } finally {
          continue;
        }
      }
    },
    /did not end within/,
  ],
  ['a function that throws', () => fails, /Error: trap/],
  [
    'a function that throws undefined',
    () => () => {
      throw undefined;
    },
    /undefined was thrown/,
  ],
  [
    'a function that throws a Proxy',
    () => () => {
      throw new Proxy({}, traps(fails));
    },
    /a Proxy was thrown/,
  ],
  [
    'a function that throws an error that throws',
    () => () => {
      throw Object.defineProperty(new Error(), 'stack', { get: fails });
    },
    /cannot be read/,
  ],
  [
    'a recursion without end',
    () =>
      function down(): unknown {
        return [down()];
      },
    /call stack/,
  ],
  [
    'a function that returns itself',
    () =>
      function self(): unknown {
        return self;
      },
    /the function 'self'/,
  ],
  ['a promise that is never kept', () => () => new Promise(() => {}), /did not end within/],
  ['a promise that fails', () => () => Promise.reject(new RangeError('no')), /RangeError: no/],
  ['a promise that fails with nothing', () => () => Promise.reject(), /undefined was thrown/],
  ['a promise with a then of its own', () => () => Object.assign(Promise.resolve('x'), { then: endless }), /expected/],
  [
    'a promise that throws when it is asked for its class',
    () => () => Object.defineProperty(Promise.resolve(), 'constructor', { get: fails }),
    /trap/,
  ],
  ['an async function that throws', () => async () => fails(), /Error: trap/],
  ['a class', () => Row, /got a class/],
  ['a class of errors', () => class extends Error {}, /got a class/],
  ['a Proxy of a function', () => new Proxy(() => 1, traps(fails)), /trap|Proxy/],
  ['a Proxy of a function that never ends', () => new Proxy(() => 1, traps(endless)), /did not end within|Proxy/],
  ['a revoked Proxy of a function', () => revoked(() => 1), /revoked|Proxy/],
  [
    'a generator function',
    () =>
      function* () {
        yield 1;
      },
    /of class Generator/,
  ],
  [
    'a function with methods of its own',
    () => Object.assign(() => 1, { call: endless, apply: endless, toString: endless }),
    /expected/,
  ],
  [
    'a function that eats memory',
    () => () => {
      const all = [];
      for (;;) all.push(new Array(1000));
    },
    /did not end within/,
  ],
  ['Object', () => Object, /expected/],
  ['JSON.stringify', () => JSON.stringify, /expected/],
  ['structuredClone', () => structuredClone, /expected|argument/],
  ['Symbol', () => Symbol, /a symbol/],
  ['Promise', () => Promise, /Promise/],
  ['eval', () => eval, /expected/],
];

const isFunctionKind = ({ kind }: Exercise): boolean => kind === 'function' || kind === 'model';

/** Answers that give one of the things, where a function is asked for. */
const givers: readonly (readonly [name: string, giver: (make: () => unknown) => () => unknown])[] = [
  ['returns', (make) => () => make()],
  ['promises', (make) => async () => make()],
  ['returns a list with', (make) => () => [0, make()]],
];

/** A thing may come in another one, be too much, or differ in something that is looked at first. */
const otherwise = [
  'more than 1,000,000 values', 'holds itself', '50 deep', 'trap', 'revoked', 'did not end', 'shape', 'differ', 'NaN',
  'an array of 2', 'the function',
].join('|');

const kinds = new Set<string>();

describe.each(exercises.map((exercise) => [`a ${exercise.kind} (${exercise.id})`, exercise] as const))(
  'judge, asked for %s,',
  (_, exercise) => {
    it.each(things)('is not thrown by %s', async (name, make, got) => {
      kinds.add(name);
      const judgement = await judged(exercise, make(), name);
      expect(judgement).toMatchObject({ earned: 0, passed: false });
      expect(judgement.trouble).toMatch(/^check\('9\.\d', \w+\) expects a/);
      expect(judgement.trouble).toMatch(got);
    });

    it.each(functions)('is not thrown by %s', async (name, make, came) => {
      kinds.add(name);
      const judgement = await judged(exercise, make(), name);
      expect(judgement).toMatchObject({ earned: 0, passed: false });
      const wrongKind = /^check\('9\.\d', \w+\) expects a .*; got (a |the function)/;
      expect(said(judgement)).toMatch(isFunctionKind(exercise) ? came : wrongKind);
    });

    if (!isFunctionKind(exercise)) return;
    const cases = givers.flatMap(([gives, giver]) =>
      things.map(([name, make, got]) => [`${gives} ${name}`, giver(make), got] as const),
    );
    it.each(cases)('is not thrown by a function that %s', async (name, answer, got) => {
      kinds.add(name);
      const judgement = await judged(exercise, answer, name);
      expect(judgement).toMatchObject({ earned: 0, passed: false });
      const text = said(judgement);
      expect(text).toMatch(/expected|did not end|Error: trap|TypeError: .* revoked/);
      expect(text).toMatch(new RegExp(`${got.source.replace(/^got /, '')}|${otherwise}`));
      expect(text.length).toBeLessThan(5000);
    });
  },
);

describe('judge, asked for a model,', () => {
  it('is not thrown by one that is no longer there', async () => {
    const model = makeNetwork();
    model.dispose();
    expect(said(await judged(network, () => model))).toMatch(/expected|cannot/);
    expect(said(await judged(trained, model))).toMatch(/expected|cannot/);
  });

  it('is not thrown by one whose methods throw', async () => {
    const model = Object.assign(makeNetwork(), {
      countParams: fails,
      getConfig: fails,
      predict: fails,
      dispose: fails,
    });
    expect(said(await judged(network, () => model))).toMatch(/expected|cannot/);
    tf.dispose(model.getWeights());
  });
});

it('has tried more than 200 kinds of nonsense', () => expect(kinds.size).toBeGreaterThan(200));
