import { stringify } from 'csv-stringify/sync';
import type { Store } from '../batch/store';

/** The columns of nbgrader's own export, in its order, so that what reads that reads this. */
const COLUMNS = [
  'assignment', 'duedate', 'timestamp', 'student_id', 'last_name', 'first_name', 'email', 'raw_score', 'late_submission_penalty', 'score', 'max_score',
] as const;

/**
 * The marks as CSV (RFC 4180), a line for each learner and lesson. A text that a spreadsheet would take for a formula gets an apostrophe
 * before it.
 */
export function marksCsv(store: Store): string {
  const journal = store.journal();
  const rows = [...store.results()].map(({ result: { assignment, learner, earned, points } }) => ({
    assignment, duedate: '', timestamp: journal.get(`${assignment}/${learner}`)?.at ?? '', student_id: learner,
    last_name: '', first_name: '', email: '', raw_score: earned, late_submission_penalty: 0, score: earned, max_score: points,
  }));
  return stringify(rows, { header: true, columns: [...COLUMNS], escape_formulas: true });
}
