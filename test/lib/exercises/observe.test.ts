import { array, observe, tensor, toPlain } from '@course/lib/exercises';
import { tf } from '@course/lib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let tensorsBefore: number;
beforeAll(() => {
  tensorsBefore = tf.memory().numTensors;
});
afterAll(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

const nothing = { changed: [], leaked: 0 };

describe('observe', () => {
  it('gives what a function returns as data', async () => {
    expect(await observe((a: number, b: number) => [a + b], [1, 2])).toEqual({
      outcome: 'value',
      value: [3],
      ...nothing,
    });
  });

  it('waits for what a function promises', async () => {
    const later = async (a: number): Promise<number> => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return a * 2;
    };
    expect(await observe(later, [4])).toEqual({ outcome: 'value', value: 8, ...nothing });
  });

  it.each<[string, () => unknown, string, RegExp]>([
    [
      'an error',
      () => {
        throw new RangeError('too large');
      },
      'RangeError',
      /^too large$/,
    ],
    [
      'an error in a promise',
      async () => {
        throw new TypeError('no');
      },
      'TypeError',
      /^no$/,
    ],
    [
      'a text',
      () => {
        throw 'up';
      },
      'Thrown',
      /the text 'up' was thrown/,
    ],
    [
      'nothing',
      () => {
        throw undefined;
      },
      'Thrown',
      /undefined was thrown/,
    ],
    [
      'a Proxy',
      () => {
        throw new Proxy(new Error('x'), {
          get() {
            throw new Error('trap');
          },
        });
      },
      'Thrown',
      /a Proxy was thrown/,
    ],
    [
      'an error without message',
      () => {
        throw Object.defineProperty(new Error(), 'message', {
          get() {
            throw new Error('trap');
          },
        });
      },
      'Thrown',
      /cannot be read/,
    ],
    [
      'a recursion without end',
      function down(): unknown {
        return [down()];
      },
      'RangeError',
      /call stack/,
    ],
    ['what cannot be data', () => new Set([1]), 'Unreadable', /got an object of class Set; expected data/],
    ['a getter', () => ({ get x() { throw new Error('trap'); } }), 'Error', /trap/],
  ])('says that a function threw %s', async (_, fn, name, message) => {
    const { outcome, error, value } = await observe(fn, []);
    expect([outcome, error?.name, value]).toEqual(['error', name, undefined]);
    expect(error?.message).toMatch(message);
  });

  it('reads the place from a stack trace of the kernel', async () => {
    const fail = (): never => {
      throw Object.assign(new Error('x'), {
        stack: 'Error: x\n    at scale (Cell [12], line 3, column 9)\n    at Cell [13], line 1, column 1',
      });
    };
    expect((await observe(fail, [])).error).toEqual({ name: 'Error', message: 'x', where: 'Cell [12], line 3' });
  });

  it.each<[string, () => unknown]>([
    [
      'a loop',
      () => {
        for (;;);
      },
    ],
    [
      'a loop that catches all',
      () => {
        for (;;) {
          try {
            for (;;);
          } catch {
            /* again */
          } finally {
            for (;;);
          }
        }
      },
    ],
    [
      'a getter of the result',
      () => ({
        get x() {
          for (;;);
        },
      }),
    ],
    [
      'a getter of what is thrown',
      () => {
        throw Object.defineProperty(new Error(), 'message', {
          get() {
            for (;;);
          },
        });
      },
    ],
    [
      'an iterator',
      () => [
        ...{
          *[Symbol.iterator]() {
            for (;;) yield* [];
          },
        },
      ],
    ],
    ['a promise', () => new Promise(() => {})],
    ['a regular expression', () => /^(a+)+$/.test(`${'a'.repeat(40)}b`)],
  ])('ends %s that never ends', async (_, fn) => {
    expect(await observe(fn, [], { timeLimit: 100 })).toEqual({ outcome: 'timeout', ...nothing });
  });

  it('goes on undisturbed after a loop was ended', async () => {
    await observe(() => { for (;;); }, [], { timeLimit: 50 });
    expect(await observe((a: number) => a, [1])).toMatchObject({ value: 1 });
    await expect(Promise.resolve(3)).resolves.toBe(3);
  });

  it('says which arguments a function changed', async () => {
    const fn = (a: number[], b: { x: number }, c: { set(i: number, v: number): void }, d: number[]): number => {
      a.sort((one, other) => one - other);
      b.x++;
      c.set(0, 9);
      return d[0];
    };
    expect(await observe(fn, [[3, 1], { x: 1 }, array([2], [1, 2]), [5]])).toEqual({
      outcome: 'value',
      value: 5,
      changed: [0, 1, 2],
      leaked: 0,
    });
  });

  it('takes it for a change that an argument got a name more, or was disposed', async () => {
    expect(await observe((a: Record<string, number>) => void (a.seen = 1), [{}])).toMatchObject({ changed: [0] });
    expect(await observe((a: tf.Tensor) => a.dispose(), [tensor([1], [1])])).toMatchObject({ changed: [0], leaked: 0 });
  });

  it('makes the inputs anew for each call', async () => {
    const inputs = [[3, 1, 2]];
    for (let i = 0; i < 2; i++)
      expect(await observe((a: number[]) => a.splice(0, 1), inputs)).toMatchObject({ value: [3] });
    expect(inputs).toEqual([[3, 1, 2]]);
  });

  it('reads and disposes the tensors that are returned, inputs among them', async () => {
    const before = tf.memory().numTensors;
    const fn = (a: tf.Tensor): unknown => ({ sum: a.sum(), same: a, twice: [a, a] });
    const one = { holder: 'tensor', shape: [2], dtype: 'float32', values: [1, 2] };
    expect(await observe(fn, [tensor([2], [1, 2])])).toEqual({
      outcome: 'value', value: { sum: { ...one, shape: [], values: [3] }, same: one, twice: [one, one] }, ...nothing,
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('counts the tensors that a function leaves behind, and leaves them where they are', async () => {
    const kept: tf.Tensor[] = [];
    const fn = (a: tf.Tensor): tf.Tensor => {
      kept.push(a.mul(2), a.mul(3));
      return kept[0].add(kept[1]);
    };
    expect(await observe(fn, [tensor([2], [1, 2])])).toMatchObject({ value: { values: [5, 10] }, leaked: 2 });
    expect(toPlain(kept)).toMatchObject([{ values: [2, 4] }, { values: [3, 6] }]);
    tf.dispose(kept);
  });

  it('counts those of a promise as well, and where it is asked to those of a function without inputs', async () => {
    let kept: tf.Tensor | undefined;
    const fn = async (): Promise<number> => {
      await Promise.resolve();
      kept = tf.scalar(1);
      return 1;
    };
    expect(await observe(fn, [], { tensors: true })).toMatchObject({ leaked: 1 });
    tf.dispose(kept as tf.Tensor);
  });

  it('leaves a tensor that was there before, even if it is returned', async () => {
    const own = tf.scalar(4);
    expect(await observe(() => own, [], { tensors: true })).toMatchObject({ value: { values: [4] }, leaked: 0 });
    expect(own.isDisposed).toBe(false);
    own.dispose();
  });

  it('leaves TensorFlow.js in order when it ends a loop within tf.tidy and tf.grad', async () => {
    const made: tf.Tensor[] = [];
    const fn = (a: tf.Tensor): unknown => tf.grad((x) => tf.tidy(() => {
      made.push(x, x.mul(2));
      for (;;);
    }))(a);
    expect(await observe(fn, [tensor([2], [1, 2])], { timeLimit: 100 })).toMatchObject({ outcome: 'timeout' });
    tf.dispose(made);
    const gradient = tf.tidy(() => [...tf.grad((x) => x.square())(tf.tensor1d([3])).dataSync()]);
    expect(gradient).toEqual([6]);
    const state = tf.engine().state as unknown as { scopeStack: unknown[]; gradientDepth: number };
    expect([state.scopeStack.length, state.gradientDepth]).toEqual([0, 0]);
  });

  it('says so of what is no function', async () => {
    expect(await observe(3, [1])).toMatchObject({ outcome: 'error', error: { name: 'TypeError' } });
  });
});
