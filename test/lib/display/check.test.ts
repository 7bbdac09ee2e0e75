import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadModel, tf } from '@course/lib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { check } from '../../../lib/src/display/check';
import { setLearner } from '../../../lib/src/display/learner';
import { progress } from '../../../lib/src/display/progress';
import { readProgress } from '../../../lib/src/display/progress-file';
import { question } from '../../../lib/src/display/question';
import { checksText } from '../../../lib/src/exercises/checks-file';
import type { Exercise, ExerciseFacts } from '../../../lib/src/exercises/definition';
import { publicPart } from '../../../lib/src/exercises/public-part';
import { givenOf, variantOf } from '../../../lib/src/exercises/variant';
import { temporaryFolders } from '../../setup/temporary';

const newFolder = temporaryFolders();
const LESSON = '01_mnist_mlp';

const facts = (id: string, answer: string, points: number): ExerciseFacts => ({
  id, answer, points, title: `Title of ${id}`, goal: 'You can.', difficulty: 'easy', minutes: 5, section: 'A section', version: 1,
});

/** A network whose answer is the class with the largest sum of weights, whatever the picture. */
function constantModel(units = 10): tf.LayersModel {
  return tf.sequential({ layers: [tf.layers.dense({ units, inputShape: [784], activation: 'softmax', kernelInitializer: 'zeros' })] });
}

const areas: Extract<Exercise, { kind: 'number' }> = {
  ...facts('1.5', 'area', 1), kind: 'number', unit: 'pixels',
  given: (random) => ({ width: 2 + Math.floor(random.fraction() * 1000), height: 3 }), solution: ({ width, height }) => width * height,
  mistakes: [{ name: 'adds', answer: ({ width, height }) => width + height, hint: 'Is it a sum?' }],
};

const exercises: Exercise[] = [
  {
    ...facts('1.1', 'double', 3), kind: 'function', solution: (values: number[]) => values.map((value) => 2 * value),
    criteria: [
      { name: 'two numbers', points: 1, inputs: () => [[[1, 2]], [[3, 4]]] },
      { name: 'one number', points: 1, inputs: () => [[[7]]] },
      { name: 'no numbers', points: 1, hidden: true, inputs: () => [[[]]] },
    ],
    mistakes: [{ name: 'squares', answer: (values: number[]) => values.map((value) => value ** 2), hint: 'Twice is not squared.' }],
  },
  {
    ...facts('1.2', 'build', 1), kind: 'model', solution: constantModel, mistakes: [],
    requirements: [{ name: 'ten classes', points: 1, outputShape: [null, 10], hint: 'How many digits are there?' }],
  },
  {
    ...facts('1.3', 'digits', 2), kind: 'trained', mistakes: [], requirements: [],
    pictures: { dataset: 'mnist', shape: [784], scale: 1 / 255 },
    levels: [{ accuracy: 0.05, points: 1, hint: 'Train it.' }, { accuracy: 0.9, points: 1, hint: 'Train it for longer.' }],
  },
  { ...facts('1.4', 'why', 1), kind: 'choice', options: 'abc', solution: 'b', mistakes: [{ name: 'a', answer: 'a', hint: 'Not a.' }] },
  areas,
  { ...facts('1.6', 'e1-6', 4), kind: 'text', rubric: [{ points: 4, looksFor: 'all' }] },
];

let text: string;
let folder: string;
let outputs: { data: Record<string, string> }[];
let tensorsBefore: number;
const hook = Symbol.for('course.display');
const kernel = globalThis as unknown as Record<symbol, unknown>;

beforeAll(async () => {
  text = checksText({ lesson: LESSON, exercises: await Promise.all(exercises.map(publicPart)), cells: [] });
  tensorsBefore = tf.memory().numTensors;
});
afterAll(() => expect(tf.memory().numTensors).toBe(tensorsBefore));
beforeEach(() => {
  folder = newFolder();
  mkdirSync(path.join(folder, 'checks'));
  writeFileSync(path.join(folder, 'checks', `${LESSON}.json`), text);
  vi.stubEnv('COURSE_EXERCISES', folder);
  vi.stubEnv('COURSE_LEARNER', 'ada');
  vi.stubEnv('JPY_SESSION_NAME', '');
  outputs = [];
  kernel[hook] = (output: { data: Record<string, string> }) => outputs.push(output);
});
afterEach(() => {
  delete kernel[hook];
  vi.unstubAllEnvs();
});

const said = (): string => outputs.at(-1)!.data['text/plain'];
const html = (): string => outputs.at(-1)!.data['text/html'];
const double = (values: number[]): number[] => values.map((value) => value + value);
const square = (values: number[]): number[] => values.map((value) => value * value);
const kept = async (id: string) => (await readProgress(LESSON)).kept[id];

describe('check', () => {
  it('shows one output: passed, the points, and what comes next', async () => {
    await check('1.1', double);
    expect(outputs).toHaveLength(1);
    expect(said()).toMatch(/^✓ Passed · 1\.1 Title of 1\.1\n2 of 2 points; 1 more point is decided by hidden cases/);
    expect(said()).toMatch(/Go on with 1\.2 Title of 1\.2\.$/);
    expect(html()).toContain('role="group"');
  });

  it('shows the first case that fails, with the names of the learner, and the hint of the mistake', async () => {
    await check('1.1', square);
    expect(said()).toContain('✗ Not yet · 1.1');
    expect(said()).toContain('double([1, 2])');
    expect(said()).toContain('Hint: Twice is not squared.');
    expect(said()).toContain('Change the cell above, and run both again.');
    expect(html()).toContain('aria-label="1, differs: expected 2 at [0]"');
  });

  it('keeps the result, and the best of all', async () => {
    await check('1.1', double);
    await check('1.1', square);
    expect(await kept('1.1')).toMatchObject({ state: 'passed', earned: 2, tried: 2, tries: 2 });
    expect(said()).toContain('You had passed this before, and that stays.');
  });

  it('keeps nothing while a notebook runs to be handed in', async () => {
    vi.stubEnv('COURSE_HAND_IN', '1');
    await check('1.1', double);
    expect(said()).toContain('Passed');
    expect(existsSync(path.join(folder, 'progress'))).toBe(false);
  });

  it('says of a text that a person reads it', async () => {
    await check('1.6', 'e1-6');
    expect(said()).toMatch(/^✎ Marked by hand/);
    expect(said()).toMatch(/That was the last exercise of this lesson\.$/);
    expect(await kept('1.6')).toBeUndefined();
  });

  it('takes arguments in the wrong order, and says so', async () => {
    await (check as (...args: unknown[]) => Promise<void>)(double, '1.1');
    expect(said()).toContain('Passed');
    expect(said()).toContain("The id comes first: check('1.1', ...).");
    await check('b', '1.4');
    expect(said()).toContain('Passed');
  });

  it('takes a promise for what it promises', async () => {
    await check('1.4', Promise.resolve('b'));
    expect(said()).toContain('Passed');
  });

  it('opens the verdict on a choice and on a number', async () => {
    await check('1.4', 'a');
    expect(said()).toContain('Hint: Not a.');
    const { width, height } = givenOf(areas, variantOf('1.5', 'ada'));
    await check('1.5', width + height);
    expect(said()).toContain('Hint: Is it a sum?');
    await check('1.5', width * height);
    expect(said()).toContain('Passed');
  });

  it('builds a model, says what is missing, and leaves no tensor behind', async () => {
    await check('1.2', () => constantModel(9));
    expect(said()).toContain('Hint: How many digits are there?');
    await check('1.2', constantModel);
    expect(said()).toContain('Passed');
  });
});

describe('check of a trained model', () => {
  const models = () => path.join(folder, 'hand-in', 'models', '1.3');

  it('measures it on public pictures, says where they come from, and saves it to be handed in', async () => {
    vi.stubEnv('COURSE_DATA', '');
    vi.stubEnv('COURSE_OFFLINE', '1');
    const model = constantModel();
    await check('1.3', model);
    expect(said()).toContain('✓ accuracy 0.05');
    expect(said()).toContain('✗ accuracy 0.9');
    expect(said()).toContain('Hint: Train it for longer.');
    expect(said()).toContain('Measured on 1,000 pictures of Drawn digits (stand-in, not MNIST). It is marked on others. They are drawn stand-ins');
    expect(said()).toContain(`The model is saved in ${path.join('hand-in', 'models', '1.3')}, to be handed in.`);
    const saved = await loadModel(models());
    expect(saved.model.countParams()).toBe(7850);
    saved.model.dispose();
    model.dispose();
  });

  it('keeps the better one of before', async () => {
    const [good, bad] = [constantModel(), constantModel()];
    tf.tidy(() => bad.layers[0].setWeights([tf.fill([784, 10], NaN), tf.zeros([10])]));
    await check('1.3', good);
    const before = readFileSync(path.join(models(), 'weights.bin'));
    await check('1.3', bad);
    expect(said()).toContain('The better model of before is the one that is handed in.');
    expect(readFileSync(path.join(models(), 'weights.bin'))).toEqual(before);
    good.dispose();
    bad.dispose();
  });

  it('saves none while a notebook runs to be handed in, and none that cannot be tried', async () => {
    const [model, small] = [constantModel(), tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3] })] })];
    await check('1.3', small);
    expect(said()).toContain('nothing could be tried');
    vi.stubEnv('COURSE_HAND_IN', '1');
    await check('1.3', model);
    expect(existsSync(models())).toBe(false);
    model.dispose();
    small.dispose();
  });

  it('says why it could not be saved', async () => {
    const model = constantModel();
    mkdirSync(models(), { recursive: true });
    writeFileSync(path.join(models(), 'my notes.txt'), 'precious');
    await check('1.3', model);
    expect(said()).toMatch(/The model could not be saved, and so not be handed in: .*holds something else/);
    model.dispose();
  });

  it('says when a model is expected and none came', async () => {
    await check('1.3', undefined);
    expect(said()).toContain("check('1.3', digits) expects a trained model; got undefined.");
  });
});

describe('check never throws', () => {
  it('but says which exercises there are', async () => {
    await check('1.99', double);
    expect(said()).toBe('Nothing was checked: There is no exercise 1.99; 01_mnist_mlp has 1.1 to 1.6.');
    await check('9.1', double);
    expect(said()).toContain("There is no lesson with an exercise '9.1'");
  });

  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const hostile = new Proxy(() => 1, { get() { throw new Error('no'); }, getPrototypeOf() { throw new Error('no'); }, apply() { throw 7; } });
  const ids: unknown[] = [undefined, null, '', 3.2, NaN, {}, [], Symbol('3.2'), () => '1.1', '3', 'three', '1.1; drop', '../../x', '1.1'.repeat(1000),
    hostile, revoked.proxy, 7n, new Date(NaN), Promise.resolve('1.1')];

  it.each(ids.map((id, i) => [i, id] as const))('for id number %i', async (_, id) => {
    await check(id as string, double);
    expect(outputs).toHaveLength(1);
    expect(said()).toMatch(/^Nothing was checked: .{20,}/);
    expect(said().length).toBeLessThan(500);
  });

  it.each([undefined, null, hostile, revoked.proxy, Symbol('x'), 7n, class {}, { then: 1 }, { toString() { throw new Error('no'); } }].map((answer, i) => [i, answer] as const))(
    'for answer number %i to each kind of exercise', async (_, answer) => {
      for (const { id, kind } of exercises) {
        await check(id, answer);
        expect(said()).toMatch(kind === 'text' ? /^✎/ : /^✗/);
      }
      expect(outputs).toHaveLength(exercises.length);
    });

  it('for a disposed tensor and a disposed model', async () => {
    const [tensor, model] = [tf.zeros([2]), constantModel()];
    tensor.dispose();
    model.dispose();
    await check('1.1', () => tensor);
    expect(said()).toContain('✗ Not yet');
    await check('1.3', model);
    expect(said()).toContain('✗ Not yet');
  });

  it('when the checks are missing or damaged', async () => {
    const file = path.join(folder, 'checks', `${LESSON}.json`);
    for (const content of ['', '{', '{}', '{"exercises": [null], "cells": []}', '{"exercises": [{"id": "1.1"}], "cells": []}']) {
      writeFileSync(file, content);
      await check('1.1', double);
      expect(said(), content).toMatch(/^Nothing was checked: /);
    }
    rmSync(path.join(folder, 'checks'), { recursive: true });
    await check('1.1', double);
    expect(said()).toMatch(/^Nothing was checked: There is no lesson/);
  });

  it('when progress cannot be written: that is said below the result', async () => {
    writeFileSync(path.join(folder, 'progress'), '');
    await check('1.1', double);
    expect(said()).toContain('✓ Passed');
    expect(said()).toContain('This result could not be kept');
  });
});

describe('question', () => {
  it('shows and returns the numbers of the learner', () => {
    const given = question('1.5');
    expect(given).toEqual(givenOf(areas, variantOf('1.5', 'ada')));
    expect(said()).toContain(`height = 3`);
    expect(said()).toContain('The numbers of ada.');
  });

  it('says that nobody has said who it is', () => {
    vi.stubEnv('COURSE_LEARNER', '');
    question('1.5');
    expect(said()).toContain("setLearner('your-id')");
  });

  it('refuses exercises without numbers of their own', () => {
    expect(() => question('1.1')).toThrow('question: exercise 1.1 gives no numbers of your own');
    expect(() => question('1.99')).toThrow('There is no exercise 1.99');
  });
});

describe('progress', () => {
  it('shows the lesson of the notebook, also of a copy', async () => {
    await check('1.1', double);
    vi.stubEnv('JPY_SESSION_NAME', '/somewhere/exercises/01_mnist_mlp-Copy1.ipynb');
    await progress();
    expect(said()).toMatch(/^01_mnist_mlp: 1 of 5 exercises passed, 2 of 7 points/);
    expect(said()).toMatch(/1\.1 Title of 1\.1 +✓ passed +2 of 2 +\+ 1 /);
    expect(said()).toContain('Next: 1.2 Title of 1.2 (easy, about 5 minutes).');
  });

  it('shows the lesson that is named, or that was checked last', async () => {
    await progress('1');
    expect(said()).toMatch(/^01_mnist_mlp: 0 of 5/);
    await check('1.1', double);
    await progress();
    expect(said()).toMatch(/^01_mnist_mlp: 1 of 5/);
  });

  it('says which lessons there are', async () => {
    await progress('07');
    expect(said()).toBe("No progress to show: There is no lesson '07' with exercises. There are: 01_mnist_mlp.");
  });

  it('says that the file was damaged', async () => {
    mkdirSync(path.join(folder, 'progress'));
    writeFileSync(path.join(folder, 'progress', `${LESSON}.json`), '{');
    await progress('01_mnist_mlp');
    expect(said()).toContain('was damaged');
  });
});

describe('a learner who has a name', () => {
  it('gets the numbers of it', async () => {
    setLearner('grace');
    expect(question('1.5')).toEqual(givenOf(areas, variantOf('1.5', 'grace')));
  });
});
