import {
  casesOf,
  givenOf,
  variantFor,
  variantOf,
  VARIANTS,
  publicPart,
  type FunctionExercise,
  type PublicNumber,
} from '@course/lib/exercises';
import { describe, expect, it } from 'vitest';
import { choice, parameters, scaling } from './fixtures';

describe('casesOf', () => {
  it('gives the public cases with what the solution returns for them', async () => {
    const cases = await casesOf(scaling, 'public', 'seed');
    expect(cases.map(({ criterion }) => criterion)).toEqual(['black and white', 'greys', 'greys']);
    expect(cases[0]).toEqual({ criterion: 'black and white', inputs: [[0, 255]], expected: [0, 1] });
    expect(cases[1].expected).toEqual([0.2, 0.4]);
  });

  it('draws the same inputs for the same seed, and others for another', async () => {
    const [one, again, other] = await Promise.all(['a', 'a', 'b'].map((seed) => casesOf(scaling, 'hidden', seed)));
    expect(one).toEqual(again);
    expect(one[0].inputs).not.toEqual(other[0].inputs);
    expect(one[0].criterion).toBe('a secret row');
  });

  it('has none for what is no function', async () => expect(await casesOf(choice, 'public', 'seed')).toEqual([]));

  it.each<[string, FunctionExercise['solution'], string]>([
    [
      'throws',
      () => {
        throw new Error('oh');
      },
      "Exercise 9.1, 'black and white': the solution fails its own case: oh.",
    ],
    ['changes its inputs', (row: number[]) => row.push(1), 'it changes its inputs (0)'],
    ['returns no data', () => new Map(), 'got an object of class Map'],
  ])('says so if the solution %s', async (_, solution, message) => {
    await expect(casesOf({ ...scaling, solution }, 'public', 'seed')).rejects.toThrow(message);
  });
});

describe('variantOf', () => {
  it('gives each learner one of eight, always the same', () => {
    const learners = Array.from({ length: 400 }, (_, i) => `learner-${i}`);
    const counts = new Array<number>(VARIANTS).fill(0);
    for (const learner of learners) {
      expect(variantOf('9.5', learner)).toBe(variantOf('9.5', learner));
      counts[variantOf('9.5', learner)]++;
    }
    // 50 are expected of each; 4 standard deviations are 26.
    expect(Math.min(...counts)).toBeGreaterThan(24);
    expect(Math.max(...counts)).toBeLessThan(76);
  });

  it('gives a learner others in another exercise', () => {
    const ids = Array.from({ length: 40 }, (_, i) => `9.${i}`);
    expect(new Set(ids.map((id) => variantOf(id, 'ada'))).size).toBeGreaterThan(3);
  });
});

describe('givenOf', () => {
  it('draws the numbers of a variant, the same each time', () => {
    expect(givenOf(parameters, 3)).toEqual(givenOf(parameters, 3));
    const drawn = Array.from({ length: VARIANTS }, (_, variant) => JSON.stringify(givenOf(parameters, variant)));
    expect(new Set(drawn).size).toBeGreaterThan(4);
  });

  it('is what the public part gives the learner', async () => {
    const part = (await publicPart(parameters)) as PublicNumber;
    expect(variantFor(part, 'ada').given).toEqual(givenOf(parameters, variantOf('9.5', 'ada')));
  });
});
