import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

/**
 * The memory of a whole process (RSS), native memory included, in a process of its own; the network has convolution,
 * batch normalisation, dropout and Adam.
 *
 * 1,000 steps that each leave a batch behind are 100 MB; 20 sessions or 20 trainings that each leave the weights and
 * Adam's state behind are 120 MB or more. Without a leak the memory grows by 4 to 20 MB, because the C library keeps
 * pieces of what it has got back: more repetitions (up to 120 were tried) do not add to that.
 */
const LARGEST_GROWTH = 40;

interface Growth {
  /** In MB. */
  readonly memory: number;
  readonly tensors: number;
  readonly sessions: number;
}

/** The last line that a script prints, which is JSON. */
async function printed<T>(script: string, ...args: string[]): Promise<T> {
  const all = ['--expose-gc', path.join(__dirname, script), ...args];
  const { stdout } = await promisify(execFile)(process.execPath, all);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as T;
}

const growth = (...args: string[]): Promise<Growth> => printed('train-repeatedly.cjs', ...args);

describe('the memory of a process', () => {
  it.each([
    ['1,000 steps of a compiled training', 'steps'],
    ['20 compiled trainings, begun and ended', 'cycles'],
    ['20 calls of train', 'calls'],
  ])('does not grow by %s; it would if each left something behind', async (_name, what) => {
    const [sound, leaking] = await Promise.all([growth(what), growth(what, 'leak')]);
    expect(sound).toMatchObject({ tensors: 0, sessions: 0 });
    expect(sound.memory).toBeLessThan(LARGEST_GROWTH);
    expect(leaking.memory).toBeGreaterThan(2 * LARGEST_GROWTH);
  });
});

describe('a variable of a graph', () => {
  it('holds no array of JavaScript: TensorFlow would let go of it on a thread where that may end the process', async () => {
    const { held, values } = await printed<{ held: number; values: number[] }>('fed-arrays.cjs');
    expect(values).toEqual(values.map((_, i) => i));
    // Of 100 small arrays some begin where TensorFlow would take them as they are.
    expect(held).toBe(0);
  });
});
