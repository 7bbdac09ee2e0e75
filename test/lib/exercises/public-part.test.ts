import {
  checksText,
  decode,
  encode,
  lessonOf,
  lessonsIn,
  publicPart,
  readChecks,
  type PublicFunction,
} from '@course/lib/exercises';
import { tf } from '@course/lib';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { all, choice, essay, network, parameters, scaling, share } from './fixtures';

describe('publicPart', () => {
  it.each(all.map((exercise) => [exercise.kind, exercise.id, exercise] as const))(
    'of a %s (%s) is the same each time, and after JSON', async (_, __, exercise) => {
      const part = await publicPart(exercise);
      expect(decode(encode(part))).toEqual(part);
      expect(encode(await publicPart(exercise))).toBe(encode(part));
    },
  );

  it('of a function holds the public cases, and what each mistake gives for them', async () => {
    const { criteria, mistakes, hidden } = (await publicPart(scaling)) as PublicFunction;
    expect(criteria.map(({ name, points }) => [name, points])).toEqual([['black and white', 1], ['greys', 2]]);
    expect(criteria[0].cases).toEqual([{ inputs: [[0, 255]], expected: [0, 1] }]);
    expect(hidden).toEqual({ criteria: 1, points: 1 });
    expect(mistakes.map(({ hint, observations }) => [hint, observations[0].value, observations[0].changed])).toEqual([
      ['White is 255.', [0, 255 / 256], []],
      ['The pixels are as they were.', [0, 255], []],
      ['Make a new row.', [0, 1], [0]],
      ['Keep the fractions.', [0, 1], []],
    ]);
  });

  it('holds nothing that is the instructor’s', async () => {
    const parts = encode(await Promise.all(all.map(publicPart)));
    for (const secret of [
      'a secret row',
      'divides by 256',
      'bends',
      'Which activation is in the middle?',
      'nine classes',
      'no bias',
      'Each unit has a bias.',
      'There is another one.',
      '"ac"',
      '0.67',
      'weights are shared',
      'solution',
      '=>',
      'rubric',
      'earns',
    ])
      expect(parts, secret).not.toContain(secret);
    expect(Object.keys(await publicPart(essay)).sort()).toEqual([
      'answer',
      'difficulty',
      'goal',
      'id',
      'kind',
      'minutes',
      'points',
      'section',
      'title',
      'version',
    ]);
  });

  it('holds the eight sets of numbers that learners are given, or the one that all have', async () => {
    expect(await publicPart(parameters)).toMatchObject({ decimals: 0, variants: { length: 8 } });
    expect(await publicPart(share)).toMatchObject({ decimals: 2, variants: { length: 1, 0: { given: {} } } });
  });

  it('of a model holds its public requirements as data', async () => {
    expect(await publicPart(network)).toMatchObject({
      requirements: network.requirements.slice(0, 3), hidden: { criteria: 1, points: 1 },
    });
  });

  it('changes what is sealed with the version', async () => {
    const [one, other] = await Promise.all(
      [1, 2].map(async (version) => encode(await publicPart({ ...choice, version }))),
    );
    expect(one.match(/"locked":\["(.*?)"/)?.[1]).not.toBe(other.match(/"locked":\["(.*?)"/)?.[1]);
  });
});

describe('a checks file', () => {
  let exercises: string;
  beforeAll(() => {
    exercises = mkdtempSync(path.join(tmpdir(), 'exercises-'));
    mkdirSync(path.join(exercises, 'checks'));
  });
  afterAll(() => rmSync(exercises, { recursive: true }));

  const write = (name: string, text: string): void => writeFileSync(path.join(exercises, 'checks', name), text);

  it('is read as it was written, one exercise a line', async () => {
    const checks = {
      lesson: '09_all',
      exercises: await Promise.all([scaling, choice].map(publicPart)),
      cells: [{ id: 'e9-1', checksum: 'ab', locked: true }],
    };
    write('09_all.json', checksText(checks));
    expect(readChecks('09_all', exercises)).toEqual(checks);
    expect(checksText(checks).split('\n').filter((line) => line.includes('"id":"9.')).length).toBe(2);
  });

  it('is found by the id of an exercise', () => {
    write('bonus_line_fit.json', '{}');
    expect(lessonsIn(exercises)).toEqual(['09_all', 'bonus_line_fit']);
    expect(lessonOf('9.12', exercises)).toBe('09_all');
    expect(lessonOf('B.1', exercises)).toBe('bonus_line_fit');
    expect(() => lessonOf('8.1', exercises)).toThrow(
      "no lesson with an exercise '8.1'; expected an id such as '3.2'. There are exercises for 09_all, bonus_line_fit.",
    );
    expect(() => lessonOf('../etc', exercises)).toThrow('no lesson');
    expect(() => lessonOf('9.1', path.join(exercises, 'none'))).toThrow('There are none in');
  });

  it.each([
    ['no JSON', '{'],
    ['other JSON', '[1]'],
    ['null', 'null'],
    ['without exercises', '{}'],
  ])('says so if it is %s', (_, text) => {
    write('08_broken.json', text);
    expect(() => readChecks('08_broken', exercises)).toThrow(/The checks of 08_broken are damaged .* Get a fresh copy/);
  });

  it('says so if it is missing', () =>
    expect(() => readChecks('07_none', exercises)).toThrow(/cannot be read.*Get a fresh copy/));
});

describe('publicPart of what works on tensors', () => {
  it('leaves none of its own behind', async () => {
    const before = tf.memory().numTensors;
    await publicPart(network);
    expect(tf.memory().numTensors).toBe(before);
  });
});
