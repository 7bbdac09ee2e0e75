import { createHash } from 'node:crypto';
import type { GivenCell } from './checks-file';
import type { PublicExercise } from './public-exercise';

/** A cell of a notebook in a file. */
export interface NotebookCell {
  readonly cell_type: string;
  readonly id?: string;
  readonly source: string | readonly string[];
  readonly metadata?: { readonly nbgrader?: Readonly<Record<string, unknown>> };
}

/** A cell that did not run to its end in a fresh kernel. */
export interface FailedCell {
  readonly id: string;
  /** The error's name; `Timeout` and `DeadKernel` where there was no other. */
  readonly name: string;
  readonly message: string;
}

/** What a learner should know before a notebook is handed in. A warning costs points, a note does not. */
export interface HandInFinding {
  readonly kind: 'warning' | 'note';
  readonly text: string;
}

/** `e3-2` for `3.2`: what the cell of an exercise's answer is called, and how the names of its other cells begin. */
export const gradeIdOf = (id: string): string => `e${id.replace('.', '-')}`;

/**
 * nbgrader's checksum of a cell: the MD5 of its text, type, role, name and points. An answer that still has the checksum
 * that it was given out with is untouched; any other cell that has another one was edited.
 *
 * Source of the format: `compute_checksum` in nbgrader/utils.py, 0.9.6.
 *
 * @param points counts instead of those in the cell
 */
export function checksumOf(cell: NotebookCell, points?: number): string {
  const { grade, solution, locked, grade_id: id = '', points: own } = cell.metadata?.nbgrader ?? {};
  const isLocked = !solution && (grade || locked);
  const python = (value: unknown): string => (value ? 'True' : 'False');
  const parts = [textOf(cell), cell.cell_type, python(grade), python(solution), python(isLocked), String(id)];
  if (grade) parts.push(pythonFloat(Number(points ?? own)));
  return createHash('md5').update(parts.join('')).digest('hex');
}

const pythonFloat = (value: number): string => (Number.isInteger(value) ? value.toFixed(1) : String(value));

const textOf = ({ source }: NotebookCell): string => (typeof source === 'string' ? source : source.join(''));

/**
 * What differs between a learner's notebook and the one that was given out, and what does not run: in the words of the
 * exercises, and what to do about it. Nothing of it keeps a notebook from being handed in.
 *
 * @param cells the learner's
 * @param given the cells that were given out, in order
 * @param failed those that did not run in a fresh kernel
 */
export function handInFindings(
  cells: readonly NotebookCell[], given: readonly GivenCell[], exercises: readonly PublicExercise[],
  failed: readonly FailedCell[],
): HandInFinding[] {
  const findings: HandInFinding[] = [];
  const warn = (text: string): void => void findings.push({ kind: 'warning', text });
  const note = (text: string): void => void findings.push({ kind: 'note', text });
  const failures = new Map(failed.map((each) => [each.id, each]));
  const untouched: string[] = [];

  for (const exercise of exercises) {
    const { id, title, points, kind } = exercise;
    const answerId = gradeIdOf(id);
    const found = cellsCalled(cells, answerId);
    const [answer] = found;
    const type = kind === 'text' ? 'markdown' : 'code';
    if (!answer) {
      warn(`${id} · ${title}: the cell of your answer is missing, so it earns nothing. Edit → Undo Delete Cell brings ` +
        'it back; otherwise copy the cell from the notebook that you were given.');
      continue;
    }
    if (found.length > 1) {
      warn(`${id}: the cell of your answer is there ${found.length} times (was it copied or split?). The first one is ` +
        'marked: move all of your answer into it and delete the others.');
    }
    if (answer.cell_type !== type) {
      warn(`${id}: the cell of your answer has become ${answer.cell_type === 'code' ? 'code' : 'text'}, so it earns ` +
        `nothing. Select it and choose ${type === 'code' ? 'Code' : 'Markdown'} in the toolbar's list.`);
    }
    const before = given.find((cell) => cell.id === answerId);
    if (before && checksumOf(answer, kind === 'text' ? points : undefined) === before.checksum) untouched.push(id);
    const failure = failures.get(answerId);
    if (failure && kind === 'trained') {
      note(`${id}: ${failureText(failure)}. What is marked is the model that its check has kept.`);
    } else if (failure) {
      const advice = 'Change it, run it, save, and hand in again.';
      warn(`${id}: ${failureText(failure)}, so it earns nothing as it is. ${advice}`);
    }

    const check = cellsCalled(cells, `${answerId}-check`)[0];
    const worth = (kind === 'text' ? answer : check)?.metadata?.nbgrader?.points;
    if (worth !== undefined && worth !== points) {
      note(`${id}: its points were changed to ${String(worth)}. It is marked with the course's own: ${points}.`);
    }
  }

  for (const { id, checksum, locked } of given) {
    if (!locked) continue;
    const [cell] = cellsCalled(cells, id);
    const exercise = exercises.find((each) => id.startsWith(`${gradeIdOf(each.id)}-`));
    const what = exercise ? `${exercise.id}: its ${id.endsWith('-check') ? 'check' : 'task'}` : `the cell "${id}"`;
    if (!cell) note(`${what} is missing. That changes no mark.`);
    else if (checksumOf(cell, cell.metadata?.nbgrader?.grade ? exercise?.points : undefined) !== checksum) {
      note(`${what} was changed. It is marked with the one that you were given.`);
    }
  }
  if (untouched.length > 0) note(`Not begun yet: ${untouched.join(', ')}.`);

  const answers = new Set(exercises.flatMap(({ id }) => [gradeIdOf(id), `${gradeIdOf(id)}-check`]));
  for (const failure of failed.filter(({ id }) => !answers.has(id))) {
    note(`A cell outside the answers ("${failure.id}"): ${failureText(failure)}. It is not marked.`);
  }
  return [...findings.filter(({ kind }) => kind === 'warning'), ...findings.filter(({ kind }) => kind === 'note')];
}

const cellsCalled = (cells: readonly NotebookCell[], id: string): NotebookCell[] =>
  cells.filter(({ metadata }) => metadata?.nbgrader?.grade_id === id);

function failureText({ name, message }: FailedCell): string {
  if (name === 'Timeout') return `it ${message} (does a loop never end?)`;
  if (name === 'DeadKernel') return 'it ended the kernel, and the cells below it did not run';
  const [line] = message.split('\n');
  return `it does not run (${[name, line].filter(Boolean).join(': ')})`;
}
