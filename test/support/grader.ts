import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Exercise } from '@course/lib/exercises';
import type { Marking, Suite } from '../../grader/src/mark/mark';
import { chosenSandbox } from '../../grader/src/sandbox/back-ends';
import type { Submission } from '../../grader/src/submission';
import { lessons } from '../../solutions/definitions';

export const COURSE = path.resolve(__dirname, '../..');

/** Builds what runs inside of the sandbox: the tests themselves run the source. */
export function buildGrader(): void {
  const tsc = path.join(COURSE, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '--build', 'grader'], { cwd: COURSE, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the grader was not built:\n${stdout}`);
  const bundled = spawnSync(process.execPath, [path.join(COURSE, 'grader', 'bundle.mjs')], { cwd: COURSE, encoding: 'utf8' });
  if (bundled.status !== 0) throw new Error(`the guest was not bundled:\n${bundled.stderr}`);
}

/** The exercises of a lesson by its name's beginning: `'01'`. */
export function suiteOf(lesson: string): Suite {
  const { name, exercises } = lessons.find((each) => each.name.startsWith(lesson))!;
  return { assignment: name, exercises, sha256: 'a suite' };
}

/** The cells of a lesson's answers as their source has them, by exercise. */
export function solutionCells({ assignment, exercises }: Pick<Suite, 'assignment' | 'exercises'>): Record<string, string> {
  interface Cell { cell_type: string; id: string; source: string[] }
  const { cells } = JSON.parse(fs.readFileSync(path.join(COURSE, 'solutions', `${assignment}.ipynb`), 'utf8')) as { cells: Cell[] };
  const cellOf = ({ id }: Exercise): Cell | undefined =>
    cells.find((cell) => cell.id === `e${id.replace('.', '-')}` && cell.cell_type === 'code');
  return Object.fromEntries(exercises.flatMap((exercise) => {
    const cell = cellOf(exercise);
    return cell ? [[exercise.id, cell.source.join('')]] : [];
  }));
}

/** A cell as learners get it. */
export const stubOf = (cell: string): string =>
  cell.replace(/^( *)\/\/ BEGIN SOLUTION[\s\S]*?\/\/ END SOLUTION/gm, '$1// Your answer here.');

/** A submission that holds just these answers. */
export const handedIn = (assignment: string, answers: Record<string, string>, more: Partial<Submission> = {}): Submission => ({
  learner: 'learner-1', assignment, sha256: 'handed in', answers, texts: {}, models: {}, findings: [], ...more,
});

/** How tests mark: the real sandbox, a secret that they know, no pictures. */
export const marking = (): Marking => ({
  sandbox: chosenSandbox(), secret: 'a secret of the tests', environment: 'tests',
  pictures: () => Promise.reject(new Error('these tests have no pictures')),
});
