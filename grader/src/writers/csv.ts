import { stringify } from 'csv-stringify/sync';
import type { Store } from '../batch/store';
import { ManualMarks } from './final';

/** The columns of nbgrader's own export, in its order, so that what reads that reads this. */
const COLUMNS = [
  'assignment', 'duedate', 'timestamp', 'student_id', 'last_name', 'first_name', 'email', 'raw_score', 'late_submission_penalty', 'score', 'max_score',
] as const;

const EXERCISE_COLUMNS = ['assignment', 'student_id', 'exercise', 'title', 'kind', 'outcome', 'auto_score', 'manual_score', 'score', 'max_score'] as const;

/** RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe before it. Rows become text one after the other. */
function csv(rows: Iterable<object>, columns: readonly string[]): string {
  const settings = { columns: [...columns], escape_formulas: true, record_delimiter: 'windows' } as const;
  let text = stringify([], { ...settings, header: true });
  for (const row of rows) text += stringify([row], settings);
  return text;
}

/** The marks, what people have given among them, as CSV: a line for each learner and lesson. */
export function marksCsv(store: Pick<Store, 'journal' | 'results'>, manual = new ManualMarks()): string {
  const journal = store.journal();
  const rows = function* () {
    for (const { result } of store.results()) {
      const { assignment, learner, points } = result;
      const { earned } = manual.total(result);
      yield {
        assignment, duedate: '', timestamp: journal.get(`${assignment}/${learner}`)?.at ?? '', student_id: learner,
        last_name: '', first_name: '', email: '', raw_score: earned, late_submission_penalty: 0, score: earned, max_score: points,
      };
    }
  };
  return csv(rows(), COLUMNS);
}

/** The same by exercise. A text that waits to be marked has no score. */
export function exercisesCsv(store: Pick<Store, 'results'>, manual = new ManualMarks()): string {
  const rows = function* () {
    for (const { result } of store.results()) {
      for (const exercise of result.exercises) {
        yield {
          assignment: result.assignment, student_id: result.learner, exercise: exercise.id, title: exercise.title, kind: exercise.kind,
          outcome: exercise.outcome, auto_score: exercise.outcome === 'manual' ? '' : exercise.earned,
          manual_score: manual.of(result, exercise)?.points ?? '', score: manual.earned(result, exercise) ?? '', max_score: exercise.points,
        };
      }
    }
  };
  return csv(rows(), EXERCISE_COLUMNS);
}
