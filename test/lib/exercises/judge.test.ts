import {
  decode,
  encode,
  givenOf,
  judge,
  judgeWhole,
  publicPart,
  tensor,
  variantOf,
  type Exercise,
  type JudgeOptions,
  type Judgement,
  type PublicExercise,
} from '@course/lib/exercises';
import { tf } from '@course/lib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { choice, detector, essay, makeNetwork, means, network, parameters, scaling, share, trained } from './fixtures';

let tensorsBefore: number;
const parts = new Map<Exercise, PublicExercise>();
beforeAll(async () => {
  tensorsBefore = tf.memory().numTensors;
  tf.engine().startScope();
  for (const exercise of [scaling, means, network, trained, parameters, share, choice, essay]) {
    parts.set(exercise, decode(encode(await publicPart(exercise))) as unknown as PublicExercise);
  }
});
afterAll(() => {
  // What wrong answers leave behind.
  tf.engine().endScope();
  expect(tf.memory().numTensors).toBe(tensorsBefore);
});

const judged = (exercise: Exercise, answer: unknown, options?: JudgeOptions): Promise<Judgement> =>
  judge(parts.get(exercise) as PublicExercise, answer, options);

describe('judge, of a function', () => {
  it('gives a right answer all points of the public criteria', async () => {
    expect(await judged(scaling, (row: number[]) => row.map((pixel) => pixel / 255))).toMatchObject({
      id: '9.1', kind: 'function', earned: 3, tried: 3, points: 4, passed: true,
    });
  });

  it('earns a criterion whole or not at all', async () => {
    const { criteria, earned, passed } = await judged(scaling, (row: number[]) =>
      row.map((pixel) => Math.round(pixel / 255)),
    );
    expect(criteria.map((criterion) => criterion.earned)).toEqual([1, 0]);
    expect([earned, passed]).toEqual([1, false]);
  });

  it('says of a failed case what came and what is expected', async () => {
    const {
      criteria: [
        {
          cases: [first],
        },
      ],
    } = await judged(scaling, (row: number[]) => row.map((pixel) => pixel / 510));
    expect(first).toMatchObject({
      inputs: [[0, 255]],
      expected: [0, 1],
      observation: { value: [0, 0.5] },
      passed: false,
    });
    expect(first.failure).toBe('1 of 2 values differs; it is [1]: expected 1, got 0.5');
    expect(first.difference?.kind).toBe('values');
  });

  it.each(scaling.mistakes.map(({ name, answer, hint, earns = 0 }) => [name, answer, hint, earns] as const))(
    'knows who %s',
    async (_, answer, hint, earns) =>
      expect(await judged(scaling, answer)).toMatchObject({ hint, earned: earns, passed: false }),
  );

  it('knows a mistake however it is written', async () => {
    const answer = (row: number[]): number[] => {
      const result: number[] = [];
      for (const pixel of row) result.push(pixel * 0.00390625);
      return result;
    };
    expect((await judged(scaling, answer)).hint).toBe('White is 255.');
  });

  it('prefers the mistake that is right where the answer is right', async () => {
    // Rounding fails only where there are greys; who does nothing fails everywhere.
    const both = (row: number[]): number[] =>
      row.includes(255) ? [0, 1] : row.map((pixel) => Math.round(pixel / 255));
    expect((await judged(scaling, both)).hint).toBe('Keep the fractions.');
  });

  it('knows the first of two mistakes, by all cases up to the one that is shown', async () => {
    const wrongIn = (is256: (row: number[]) => boolean) => (row: number[]): number[] =>
      row.map((pixel) => pixel / (is256(row) ? 256 : 300));
    expect((await judged(scaling, wrongIn((row) => row.length === 2))).hint).toBe('White is 255.');
    // Not the one that is shown, and one of three alone may be chance.
    expect((await judged(scaling, wrongIn((row) => row[1] !== 255))).hint).toMatch(/pencil and paper/);
    expect((await judged(scaling, wrongIn((row) => row[1] === 255))).hint).toMatch(/pencil and paper/);
  });

  it('says nothing of a mistake that only a hidden case could show', async () => {
    const answer = (row: number[]): number[] => row.map((pixel) => (row.length === 3 ? pixel : pixel / 255));
    const { earned, hint } = await judgeWhole(scaling, answer, 'a seed');
    expect(earned).toBe(3);
    expect(scaling.mistakes.map((mistake) => mistake.hint)).not.toContain(hint);
  });

  it('takes a typed array for the list of its numbers', async () => {
    expect(await judged(scaling, (row: number[]) => Float32Array.from(row, (pixel) => pixel / 255))).toMatchObject({
      passed: true,
    });
    expect(await judged(scaling, (row: number[]) => Int8Array.from(row, (pixel) => pixel / 255))).toMatchObject({
      earned: 1, hint: 'Keep the fractions.',
    });
  });

  it('says of an undefined that is asked for something where to look', async () => {
    const behindTheEnd = (rows: number[]): unknown => [rows][1][0];
    expect((await judged(scaling, behindTheEnd)).hint).toMatch(/below 0 or behind the end/);
  });

  it.each<[string, (...inputs: never[]) => unknown, RegExp]>([
    ['nothing', () => undefined, /return/],
    ['another type', () => 'x', /what the task says/],
    ['too few numbers', (row: number[]) => row.slice(1), /Look at the shape/],
    ['NaN', (row: number[]) => row.map(() => NaN), /NaN comes from/],
    ['other numbers', (row: number[]) => row.map(() => 0.123), /pencil and paper/],
    [
      'a hole',
      (row: number[]) => Object.assign(new Array<number>(row.length), { 0: 0 }),
      /do the loops reach all of it/,
    ],
    [
      'an error',
      () => {
        throw new Error('oh');
      },
      /The message says/,
    ],
    ['a Map', () => new Map(), /what the task says/],
  ])('helps on by the kind of failure where it knows no mistake: %s', async (_, answer, hint) => {
    expect((await judged(scaling, answer)).hint).toMatch(hint);
  });

  it('waits only once for loops that never end', async () => {
    const { criteria } = await judged(scaling, () => { for (;;); }, { timeLimit: 200 });
    const failures = criteria.flatMap(({ cases }) => cases.map(({ failure }) => failure));
    expect(failures).toEqual([
      'it did not end within 0.2 s',
      'it did not end within 0.02 s',
      'it did not end within 0.02 s',
    ]);
  });

  it('goes by dtype, shape and leftover tensors', async () => {
    expect(await judged(means, (matrix: tf.Tensor2D) => tf.tidy(() => matrix.sum(1).div(3)))).toMatchObject({
      earned: 2,
      passed: true,
    });
    expect(
      (await judged(means, (matrix: tf.Tensor2D) => tf.tidy(() => matrix.mean(1).toInt()))).criteria[0].cases[0]
        .failure,
    ).toBe('expected the dtype float32, got int32');
    const leaves = await judged(means, (matrix: tf.Tensor2D) => matrix.sum(1).div(matrix.shape[1]));
    expect(leaves.hint).toBe('Who disposes the sums?');
    expect(leaves.criteria[0].cases[0].failure).toMatch(
      /^the result is right, but (a tensor stays|\d tensors stay) in memory$/,
    );
  });

  it('does not mind leftover tensors where the exercise does not', async () => {
    const untidy = await publicPart({ ...means, tidy: undefined, mistakes: [] });
    expect(await judge(untidy, (matrix: tf.Tensor2D) => matrix.sum(1).div(3))).toMatchObject({ passed: true });
  });

  it.each<[string, unknown, string]>([
    [
      'nothing',
      undefined,
      "check('9.1', scale) expects a function; got undefined. Run the cell with your answer first, then this one.",
    ],
    [
      'the result',
      [0, 1],
      "check('9.1', scale) expects a function; got an array of 2 numbers. Give it the function itself, without calling",
    ],
    ['a class', class Row {}, "check('9.1', scale) expects a function; got a class."],
  ])('tries nothing if it is given %s', async (_, answer, trouble) => {
    const judgement = await judged(scaling, answer);
    expect(judgement).toMatchObject({ earned: 0, passed: false });
    expect(judgement.trouble).toContain(trouble);
  });

  it('says so if the answer is a promise that fails or is not kept', async () => {
    expect((await judged(scaling, Promise.reject(new Error('oh')))).trouble).toBe(
      "check('9.1', scale) expects a function; got a promise that failed: oh",
    );
    expect((await judged(share, new Promise(() => {}), { timeLimit: 50 })).trouble).toBe(
      "check('9.6', share) expects a number; got a promise that is not kept within 0.05 s",
    );
  });

  it('waits for an answer that is promised', async () => {
    expect(
      await judged(
        scaling,
        Promise.resolve((row: number[]) => row.map((pixel) => pixel / 255)),
      ),
    ).toMatchObject({ passed: true });
  });
});

describe('judge, of a model', () => {
  it('gives a right model all points, and disposes it', async () => {
    const before = tf.memory().numTensors;
    expect(await judged(network, () => makeNetwork(20))).toMatchObject({
      earned: 4,
      tried: 4,
      points: 5,
      passed: true,
    });
    const compiled = (): tf.LayersModel => {
      const model = makeNetwork();
      model.compile({ optimizer: tf.train.adam(), loss: 'categoricalCrossentropy' });
      return model;
    };
    expect(await judged(network, compiled)).toMatchObject({ passed: true });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('says what it found, and gives the hint of the first requirement that is not met', async () => {
    const { criteria, hint, earned } = await judged(network, () => makeNetwork(64, 'relu', 9));
    expect(criteria.map(({ note }) => note)).toEqual([
      'expected the input shape [28, 28, 1], found [null, 28, 28, 1]',
      'expected the output shape [null, 10], found [null, 9]',
      // (784 + 1) × 64 + (64 + 1) × 9
      'expected at most 20,000 parameters, found 50,825',
    ]);
    expect([hint, earned]).toEqual(['How many classes are there?', 1]);
  });

  it('leaves a model that was there before', async () => {
    const model = makeNetwork();
    expect(await judged(network, () => model)).toMatchObject({ passed: true });
    expect(model.countParams()).toBe((784 + 1) * 16 + (16 + 1) * 10);
    model.dispose();
  });

  it.each<[string, unknown, string]>([
    ['an empty model', () => tf.sequential(), 'The model cannot be judged yet: the model has no layers yet'],
    ['a model without shapes', () => tf.sequential({ layers: [] }), 'no layers yet'],
    ['no model', () => ({ layers: [] }), 'makeNetwork() returned an object with layers; expected a model'],
    ['nothing', () => undefined, 'makeNetwork() returned undefined; expected a model'],
    ['an error', () => tf.layers.dense({ units: -1 }), 'makeNetwork() failed: '],
    ['a loop', () => { for (;;); }, 'makeNetwork() did not end within 0.1 s'],
  ])('tries nothing if the function gives %s', async (name, answer, trouble) => {
    const judgement = await judged(network, answer, { timeLimit: name === 'a loop' ? 100 : undefined });
    expect(judgement).toMatchObject({ earned: 0, tried: 4, passed: false });
    expect(judgement.trouble).toContain(trouble);
  });

  it('takes the function, not the model itself', async () => {
    const model = makeNetwork();
    expect((await judged(network, model)).trouble).toContain(
      'expects a function that builds a model; got a model. Give it the function itself',
    );
    model.dispose();
  });
});

describe('judge, of a trained model', () => {
  // Of 10 pictures the first 5 are dark (class 0); two of the others are darker than 0.5 in sum.
  const rows = [
    [0, 0, 0, 0],
    [0.1, 0, 0, 0],
    [0, 0.1, 0, 0],
    [0, 0, 0.2, 0],
    [0, 0, 0, 0.1],
    [1, 1, 1, 1],
    [1, 0, 1, 0],
    [0, 1, 0, 0],
    [0.3, 0, 0, 0],
    [0.2, 0.1, 0, 0],
  ];
  const labels = Uint8Array.from([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
  const measured = async (model: tf.LayersModel): Promise<Judgement> => {
    const x = tf.tensor2d(rows);
    const judgement = await judged(trained, model, { pictures: { x, labels } });
    x.dispose();
    model.dispose();
    return judgement;
  };

  it('measures it on the pictures, and gives the points of the levels that it reaches', async () => {
    const { criteria, earned, hint, passed } = await measured(detector(10, -5));
    expect(criteria.map(({ name, note }) => [name, note])).toEqual([
      ['one output', 'expected the output shape [null, 1], found [null, 1]'],
      ['accuracy 0.5', 'expected at least 0.5, found 0.8 on 10 pictures'],
      ['accuracy 0.9', 'expected at least 0.9, found 0.8 on 10 pictures'],
    ]);
    expect([earned, hint, passed]).toEqual([2, 'Look at the pictures that it takes for the other class.', false]);
    expect(await measured(detector(10, -2.5))).toMatchObject({ earned: 4, passed: true });
  });

  it('takes the larger one of two outputs', async () => {
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, activation: 'softmax', inputShape: [4] })] });
    const weights = [tf.tensor2d([0, 10, 0, 10, 0, 10, 0, 10], [4, 2]), tf.tensor1d([2.5, 0])];
    model.setWeights(weights);
    tf.dispose(weights);
    // All but the output's shape.
    expect(await measured(model)).toMatchObject({ earned: 3, hint: 'How many outputs does a yes or no need?' });
  });

  it('says so if the answers are NaN', async () => {
    const { criteria, hint } = await measured(detector(NaN, 0));
    expect(criteria[1].note).toBe('expected at least 0.5, found 0 on 10 pictures (for 10 of them it answers NaN)');
    expect(hint).toContain('smaller learning rate');
  });

  it('says so if it cannot be asked', async () => {
    expect((await measured(makeNetwork())).trouble).toContain(
      'The model cannot be asked about pictures of shape [10, 4]: ',
    );
  });

  it('looks at the model alone without pictures', async () => {
    const model = detector(1, 0);
    expect(await judged(trained, model)).toMatchObject({ tried: 1, earned: 1, points: 4, passed: true });
    expect((await judged(trained, () => model)).trouble).toContain(
      'expects a trained model; got a function. Give it the model',
    );
    model.dispose();
  });

  it('says so of a model that is disposed', async () => {
    const model = detector(1, 0);
    model.dispose();
    const x = tf.tensor2d(rows);
    expect((await judged(trained, model, { pictures: { x, labels } })).trouble).toMatch(/The model can(not|) be/);
    x.dispose();
  });
});

describe('judge, of a number', () => {
  const given = givenOf(parameters, variantOf('9.5', 'ada'));
  const right = (given.inputs + 1) * given.units;

  it('knows the right one, each learner’s own', async () => {
    expect(await judged(parameters, right, { learner: 'ada' })).toMatchObject({
      earned: 2,
      tried: 2,
      points: 2,
      passed: true,
    });
    expect((await judged(parameters, right, { learner: 'ada' })).criteria).toMatchObject([
      { name: 'the number of parameters', note: `got ${right} parameters` },
    ]);
    const others = ['b', 'c', 'd', 'e'].filter((name) => variantOf('9.5', name) !== variantOf('9.5', 'ada'));
    expect(await judged(parameters, right, { learner: others[0] })).toMatchObject({ earned: 0 });
  });

  it('knows typical mistakes, and what they earn', async () => {
    expect(await judged(parameters, given.inputs * given.units, { learner: 'ada' })).toMatchObject({
      earned: 1,
      passed: false,
      hint: 'Each unit has a bias.',
    });
  });

  it('points to the lesson for any other number', async () => {
    expect(await judged(parameters, -1, { learner: 'ada' })).toMatchObject({
      earned: 0,
      hint: 'Not this one. Look once more at "The lesson" in the lesson.',
    });
  });

  it('takes no fraction for a whole number, whichever way it would be rounded', async () => {
    const options = { learner: 'ada' };
    expect(await judged(parameters, right + 0.1, options)).toMatchObject({
      earned: 0, hint: expect.stringMatching(/is whole, yours has a fraction/),
      criteria: [{ note: `got ${right + 0.1} parameters` }],
    });
    expect(await judged(parameters, right * (1 + 1e-15), options)).toMatchObject({ earned: 2 });
  });

  it('rounds what has more digits than are asked for', async () => {
    for (const answer of [0.67, 2 / 3, 0.6651]) expect(await judged(share, answer)).toMatchObject({ passed: true });
    expect(await judged(share, 0.66)).toMatchObject({ passed: false });
    expect(await judged(share, 66.7)).toMatchObject({ passed: false });
    expect(await judged(share, 66.67)).toMatchObject({ hint: 'As a fraction.' });
  });

  it.each<[string, unknown, string]>([
    ['nothing yet', undefined, "check('9.6', share) expects a number; got undefined. Run the cell"],
    ['a text', '0.67', "got the text '0.67'. Write it without quotes."],
    ['NaN', NaN, 'got NaN. Give your variable a number.'],
    ['a bigint', 1n, 'got the bigint 1n'],
  ])('says so of %s', async (_, answer, trouble) => expect((await judged(share, answer)).trouble).toContain(trouble));
});

describe('judge, of a choice', () => {
  it.each(['ac', 'ca', 'A, C', 'aac'])('takes %j for the same', async (answer) => {
    expect(await judged(choice, answer)).toMatchObject({ earned: 2, passed: true });
  });

  it('knows likely ones, and points to the lesson for the others', async () => {
    expect(await judged(choice, 'a')).toMatchObject({ earned: 1, hint: 'There is another one.' });
    expect(await judged(choice, 'abd')).toMatchObject({
      earned: 0,
      hint: 'Not this, or not all of it. Weigh each letter by itself. Look once more at "The lesson" in the lesson.',
    });
  });

  it.each<[string, unknown, string]>([
    ['no option', 'e', "got the text 'e'. Write one of a, b, c, d in quotes: 'a', or several as 'ab'."],
    ['nothing', '', 'got an empty text'],
    ['a list', ['a', 'c'], 'got an array of 2 elements'],
  ])('says so of %s', async (_, answer, trouble) => expect((await judged(choice, answer)).trouble).toContain(trouble));
});

describe('judge, of a text', () => {
  it('leaves it to who marks it', async () => {
    expect(await judged(essay, 'anything')).toEqual({
      id: 'B.8', title: 'Exercise B.8', kind: 'text', earned: 0, tried: 0, points: 3, passed: false, criteria: [],
    });
  });
});

describe('judgeWhole', () => {
  it.each<[string, Exercise, unknown]>([
    ['function', scaling, scaling.solution],
    ['function on tensors', means, means.solution],
    ['model', network, network.solution],
    ['choice', choice, 'ac'],
    ['number', share, 0.67],
  ])('gives the solution of a %s all points', async (_, exercise, answer) => {
    expect(await judgeWhole(exercise, answer, 'seed')).toMatchObject({
      earned: exercise.points,
      tried: exercise.points,
      passed: true,
    });
  });

  it('tries the hidden criteria', async () => {
    const onlyPublic = (row: number[]): number[] => (row.length === 3 ? row : row.map((pixel) => pixel / 255));
    const { earned, criteria } = await judgeWhole(scaling, onlyPublic, 'seed');
    expect([earned, criteria[2].name, criteria[2].earned]).toEqual([3, 'a secret row', 0]);
    const straight = await judgeWhole(network, () => makeNetwork(16, 'linear'), 'seed');
    expect(straight).toMatchObject({ earned: 4, hint: 'Which activation is in the middle?' });
  });

  it('gives the hints of mistakes as check does', async () => {
    for (const { answer, hint, earns = 0 } of scaling.mistakes)
      expect(await judgeWhole(scaling, answer, 'seed')).toMatchObject({ hint, earned: earns });
    for (const { answer, hint, earns = 0 } of parameters.mistakes) {
      const given = givenOf(parameters, variantOf('9.5', 'ada'));
      expect(await judgeWhole(parameters, answer(given), 'seed', { learner: 'ada' })).toMatchObject({
        hint,
        earned: earns,
      });
    }
    for (const { answer, hint, earns = 0 } of choice.mistakes)
      expect(await judgeWhole(choice, answer, 'seed')).toMatchObject({ hint, earned: earns });
  });

  it('judges the same on the same seed', async () => {
    const wrong = (row: number[]): number[] => row.map((pixel) => pixel / 200);
    expect(await judgeWhole(scaling, wrong, 'one')).toEqual(await judgeWhole(scaling, wrong, 'one'));
    expect(await judgeWhole(scaling, wrong, 'one')).not.toEqual(await judgeWhole(scaling, wrong, 'two'));
  });

  it('says so if the definition’s solution fails', async () => {
    const broken = { ...means, solution: () => tensor([1], [1]) && (() => 1) };
    await expect(judgeWhole(broken, () => 1, 'seed')).rejects.toThrow(
      "Exercise 9.2, 'two rows': the solution fails its own case",
    );
  });
});
