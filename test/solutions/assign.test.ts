import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import assign, { makeExercises, outdatedFiles } from '../../setup/commands/assign.mjs';
import { hasSolutions, nbgraderRunsHere, needSolutions } from '../../setup/instructor.mjs';
import { openProject, type Project } from '../../setup/project.mjs';
import type { Lesson } from '../../solutions/definitions';
import * as release from '../../solutions/release';

const ROOT = path.resolve(__dirname, '../..');
const course = openProject(ROOT);
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) fs.rmSync(folder, { recursive: true });
});

function newFolder(): string {
  folders.push(fs.mkdtempSync(path.join(os.tmpdir(), "course ü '")));
  return folders.at(-1)!;
}

/** A course of its own with the sources of one lesson, which uses nbgrader and the tools of this one. */
function courseWith(cells: object[], name = '09_fixture'): Project {
  const root = newFolder();
  fs.mkdirSync(path.join(root, 'solutions'));
  fs.mkdirSync(path.join(root, 'exercises'));
  fs.symlinkSync(path.join(ROOT, 'tools'), path.join(root, 'tools'));
  const metadata = { kernelspec: { display_name: 'TypeScript', language: 'typescript', name: 'tslab' } };
  fs.writeFileSync(
    path.join(root, 'solutions', `${name}.ipynb`),
    JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 }),
  );
  return { ...course, root };
}

const task = (source: string) => ({
  cell_type: 'markdown',
  id: 'e9-1-task',
  source,
  metadata: { nbgrader: nbgrader('e9-1-task', false, false) },
});
const answer = (source: string) => ({
  cell_type: 'code',
  id: 'e9-1',
  source,
  execution_count: 3,
  outputs: [],
  metadata: { tags: ['ours'], nbgrader: nbgrader('e9-1', false, true) },
});
const nbgrader = (gradeId: string, grade: boolean, solution: boolean) => ({
  grade,
  grade_id: gradeId,
  locked: !solution,
  schema_version: 3,
  solution,
  task: false,
});

const SQUARE = `function square(x: number): number {
  let result = 0;
  // BEGIN SOLUTION
  result = x ** 2 + 0 * x;
  // END SOLUTION
  return result;
}`;
const lesson: Lesson = {
  name: '09_fixture',
  exercises: [
    {
      id: '9.1',
      kind: 'function',
      title: 'Square',
      goal: 'You can square.',
      points: 2,
      difficulty: 'easy',
      minutes: 1,
      section: 'Part',
      answer: 'square',
      version: 1,
      solution: (x: number) => x * x,
      criteria: [
        { name: 'small numbers', points: 1, inputs: () => [[3], [-2]] },
        { name: 'others', points: 1, hidden: true, inputs: (random) => [[random.below(100)]] },
      ],
      mistakes: [{ name: 'doubles', answer: (x: number) => 2 * x, hint: 'How often does x stand in the product?' }],
    },
  ],
};
const parts = { ...release, lessons: [lesson], versionsOf: async () => '{}\n' };

describe.skipIf(!nbgraderRunsHere(course))('npm run assign', () => {
  it('has been run since a source was changed', async () => {
    const outdated = outdatedFiles(course, await makeExercises(course, release));
    expect(
      outdated.map(({ file }) => file),
      'run npm run assign',
    ).toEqual([]);
  }, 300_000);

  describe('with a lesson of one exercise', () => {
    let made: Map<string, string>;
    let project: Project;
    beforeAll(async () => {
      project = courseWith([task('Return the square of `x`.'), answer(SQUARE)]);
      made = await makeExercises(project, parts);
    });

    it("makes the learner's notebook: without the solution, locked, with nbgrader's checksums", () => {
      const { cells } = JSON.parse(made.get('exercises/09_fixture.ipynb')!);
      expect(cells[1].source.join('')).toBe(
        'function square(x: number): number {\n  let result = 0;\n  // Your answer here.\n  return result;\n}',
      );
      expect(cells[0].metadata).toMatchObject({ deletable: false, editable: false });
      // MD5 of the text, the type, and whether it is graded, a solution, locked, and its name: computed with md5sum.
      expect(cells[1].metadata).toEqual({
        deletable: false,
        nbgrader: { ...nbgrader('e9-1', false, true), cell_type: 'code', checksum: 'ca44ca1d0559c7b93182aa4d09dac156' },
      });
      expect(cells[1]).toMatchObject({ execution_count: null, outputs: [] });
    });

    it('makes what check() knows: the public cases, and the cells as they were given out', () => {
      const checks = JSON.parse(made.get('exercises/checks/09_fixture.json')!);
      expect(checks.exercises[0].criteria).toEqual([
        {
          name: 'small numbers',
          points: 1,
          cases: [
            { inputs: [3], expected: 9 },
            { inputs: [-2], expected: 4 },
          ],
        },
      ]);
      expect(checks.cells).toEqual([
        { id: 'e9-1-task', checksum: expect.stringMatching(/^[\da-f]{32}$/), locked: true },
        { id: 'e9-1', checksum: 'ca44ca1d0559c7b93182aa4d09dac156', locked: false },
      ]);
    });

    it('makes the same again, to the byte', async () => {
      expect([...(await makeExercises(project, parts))]).toEqual([...made]);
    });

    it('writes nothing itself, and says what is not as it should be', () => {
      expect(fs.readdirSync(path.join(project.root, 'exercises'))).toEqual([]);
      expect(outdatedFiles(project, made).map(({ file, isNew }) => [file, isNew])).toEqual([
        ['exercises/09_fixture.ipynb', true],
        ['exercises/checks/09_fixture.json', true],
        ['solutions/versions.json', true],
      ]);
    });
  });

  it('refuses what leaks', async () => {
    const project = courseWith([task('Return `x`, squared: `result = x ** 2 + 0 * x;`'), answer(SQUARE)]);
    await expect(makeExercises(project, parts)).rejects.toThrow(
      /nothing was written:\n {2}exercises\/09_fixture\.ipynb, cell e9-1-task: it holds a part of the solution/,
    );
  });

  it("refuses what nbgrader refuses, in nbgrader's words", async () => {
    const project = courseWith([task('Return the square.'), answer(SQUARE.replace('  // END SOLUTION\n', ''))]);
    await expect(makeExercises(project, parts)).rejects.toThrow(
      /solutions\/09_fixture\.ipynb: \[ERROR\] No end solution statement found[^]*result = x \*\* 2/,
    );
  });

  it('says which notebook is missing', async () => {
    await expect(makeExercises(courseWith([], '08_other'), parts)).rejects.toThrow(
      'There is no notebook solutions/09_fixture.ipynb',
    );
  });
});

describe('the arguments of npm run assign', () => {
  it('are refused with what they should be, before anything is done', async () => {
    await expect(assign(course, ['--nonsense'])).rejects.toMatchObject({
      advice: expect.stringContaining('npm run assign [-- LESSON ...] [--check]'),
    });
  });
});

describe('outdatedFiles', () => {
  const root = newFolder();
  const project = { ...course, root };
  fs.writeFileSync(path.join(root, 'a.json'), '{"expected": [0.3333333, 2, 1e-7], "name": "e3"}');

  it('takes another last digit for the same, because processors round differently', () => {
    expect(
      outdatedFiles(project, new Map([['a.json', '{"expected": [0.33333328, 1.9999999, 0], "name": "e3"}']])),
    ).toEqual([]);
  });

  it.each([
    ['another number', '{"expected": [0.3334, 2, 1e-7], "name": "e3"}'],
    ['another whole number', '{"expected": [0.3333333, 3, 1e-7], "name": "e3"}'],
    ['another word', '{"expected": [0.3333333, 2, 1e-7], "name": "e4"}'],
  ])('finds %s', (_, text) => {
    expect(outdatedFiles(project, new Map([['a.json', text]]))).toEqual([{ file: 'a.json', text, isNew: false }]);
  });
});

describe("a learner's copy of the course", () => {
  it('has no solutions, and says so to whoever asks for them', () => {
    const project = { ...course, root: newFolder() };
    expect(hasSolutions(project)).toBe(false);
    expect(() => needSolutions(project)).toThrow(
      "This copy of the course has no folder solutions/: it is a learner's.",
    );
    expect(() => needSolutions(course)).not.toThrow();
  });
});
