import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import { gradeIdOf } from '@course/lib/exercises';
import { COURSE } from '../course';
import type { MarkedExercise, Result } from '../mark/result';
import type { Submission } from '../submission';
import type { ManualMark } from './final';
import { readable } from './page';

const WRITER = path.join(COURSE, 'tools', 'gradebook.py');
/** Characters of a text that formgrader shows. */
const LONGEST_TEXT = 20_000;
const LONGEST_COMMENT = 2000;

/** The cell that nbgrader keeps an exercise's points at. */
const pointsCellOf = ({ id, kind }: Pick<MarkedExercise, 'id' | 'kind'>): string => (kind === 'text' ? gradeIdOf(id) : `${gradeIdOf(id)}-check`);

/** The exercise that a cell belongs to, as {@link gradeIdOf} names it. */
const exerciseOf = (cell: string): string | undefined => /^e(.+)-(\d+)(-check)?$/.exec(cell)?.slice(1, 3).join('.');

/**
 * Writes results into nbgrader's gradebook, by its own interface; what people have given there stays. Without results it only reads.
 *
 * @param python with nbgrader
 * @param gradebook the file `gradebook.db`; it is made if there is none
 * @returns marks and comments that people have given, of all that is in the gradebook
 * @throws Error with what nbgrader says
 */
export async function writeGradebook(
  results: Iterable<{ readonly result: Result; readonly receivedAt?: string }>, { python, gradebook }: { python: string; gradebook: string },
): Promise<ManualMark[]> {
  const writer = spawn(python, [WRITER, gradebook], { stdio: ['pipe', 'pipe', 'pipe'] });
  const marks = new Map<string, ManualMark>();
  let said = '';
  writer.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4000)));
  // It may end before it has read everything: its exit code says so.
  writer.stdin.on('error', () => {});
  const ended = once(writer, 'close') as Promise<[number | null]>;
  createInterface({ input: writer.stdout }).on('line', (line) => {
    const { assignment, learner, cell, ...more } = JSON.parse(line) as Omit<ManualMark, 'exercise'> & { cell: string };
    const exercise = exerciseOf(cell);
    if (exercise === undefined) return;
    const key = `${assignment}/${learner}/${exercise}`;
    marks.set(key, { ...marks.get(key), assignment, learner, exercise, ...more });
  });
  for (const { result, receivedAt } of results) {
    const { assignment, learner } = result;
    const line = JSON.stringify({ assignment, learner, timestamp: receivedAt, cells: result.exercises.map(cellOf) });
    if (!writer.stdin.write(`${line}\n`)) await Promise.race([once(writer.stdin, 'drain'), ended]);
  }
  writer.stdin.end();
  const [code] = await ended;
  if (code !== 0) throw new Error(`The marks were not written into ${gradebook}: ${said.trim().split('\n').at(-1) ?? ''}`);
  return [...marks.values()];
}

function cellOf(exercise: MarkedExercise): object {
  const { id, kind, points, earned, outcome, message, hint } = exercise;
  return {
    name: pointsCellOf(exercise), answer: gradeIdOf(id), points, type: kind === 'text' ? 'markdown' : 'code',
    score: outcome === 'manual' ? null : earned,
    comment: outcome === 'manual' ? null : readable([message, ...(hint === undefined ? [] : [`Hint: ${hint}`])].join('\n'), LONGEST_COMMENT),
  };
}

interface Notebook {
  readonly cells: readonly { readonly cell_type: string; readonly metadata: { readonly nbgrader?: { readonly grade_id?: string } } }[];
}

/**
 * The notebook that formgrader shows to whoever marks texts, for `autograded/LEARNER/ASSIGNMENT/ASSIGNMENT.ipynb`: the one that was given
 * out with the learner's answers in it, and nothing else of the learner's. Formgrader shows outputs and the HTML in Markdown as they are,
 * so there are no outputs, and texts stand in a block of code.
 *
 * @param released the notebook that was given out, as JSON
 */
export function notebookForFormgrader(released: string, { answers, texts }: Pick<Submission, 'answers' | 'texts'>): string {
  const sources = new Map([
    ...Object.entries(answers).map(([id, source]) => [gradeIdOf(id), readable(source, LONGEST_TEXT)] as const),
    ...Object.entries(texts).map(([id, text]) => [gradeIdOf(id), fenced(readable(text, LONGEST_TEXT))] as const),
  ]);
  const notebook = JSON.parse(released) as Notebook;
  const cells = notebook.cells.map((cell) => {
    const source = sources.get(cell.metadata.nbgrader?.grade_id ?? '');
    return source === undefined ? cell : { ...cell, source };
  });
  return `${JSON.stringify({ ...notebook, cells }, null, 1)}\n`;
}

/** A text in a block that none of its own lines can end. */
function fenced(text: string): string {
  const longest = (text.match(/~+/g) ?? []).reduce((most, { length }) => Math.max(most, length), 2);
  const fence = '~'.repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}
