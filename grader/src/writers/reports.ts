import * as fs from 'node:fs';
import * as path from 'node:path';
import { COURSE } from '../course';
import { writeWhole } from '../../../lib/dist/disk';
import type { Store } from '../batch/store';
import type { Result } from '../mark/result';
import type { Submission, Ungradable } from '../submission';
import { exercisesCsv, marksCsv } from './csv';
import { feedbackHtml } from './feedback';
import { ManualMarks } from './final';
import { notebookForFormgrader, writeGradebook } from './gradebook';
import { reportHtml } from './report';
import { Similarity } from './similarity';

/** nbgrader's folder of a course, with `gradebook.db`; formgrader shows what is in its `autograded/`. */
export interface Grading {
  readonly folder: string;
  /** A Python that has nbgrader. */
  readonly python: string;
}

/**
 * What people read of marks, in the folder of a {@link Store}: `feedback/LESSON/LEARNER.html`, `report.html`, `marks.csv`,
 * `exercises.csv`; and, where there is one, nbgrader's gradebook. Marks that people gave there count everywhere.
 */
export class Reports {
  private readonly notebooks = new Map<string, string>();
  private readonly receivedAt = new Map<string, string>();

  private constructor(private readonly store: Store, private readonly similarity: Similarity, private readonly grading: Grading | undefined, private manual: ManualMarks) {}

  /** @param grading without it, nothing is known of marks by hand */
  static async open(store: Store, grading?: Grading): Promise<Reports> {
    const similarity = await Similarity.create((assignment) => codeOf(releasedOf(assignment)));
    const hasMarks = grading && fs.existsSync(gradebookOf(grading));
    const manual = new ManualMarks(hasMarks ? await writeGradebook([], { python: grading.python, gradebook: gradebookOf(grading) }) : []);
    return new Reports(store, similarity, grading, manual);
  }

  /** To be told of each submission with its result, marked now or before. */
  marked(submission: Submission, result: Result): void {
    const { assignment, learner, receivedAt } = submission;
    this.similarity.add(submission);
    if (receivedAt !== undefined) this.receivedAt.set(`${assignment}/${learner}`, receivedAt);
    keep(path.join(this.store.folder, 'feedback', assignment, `${learner}.html`), feedbackHtml(result, submission, this.manual));
    if (!this.grading) return;
    const released = this.notebooks.get(assignment) ?? releasedOf(assignment);
    this.notebooks.set(assignment, released);
    keep(path.join(this.grading.folder, 'autograded', learner, assignment, `${assignment}.ipynb`), notebookForFormgrader(released, submission));
  }

  /** When all are marked. @throws Error if the gradebook cannot be written; all else is written then */
  async finish(failed: readonly Ungradable[]): Promise<void> {
    const { store, similarity, grading, receivedAt } = this;
    const write = (): void => {
      const results = function* () {
        for (const { result } of store.results()) yield result;
      };
      keep(path.join(store.folder, 'marks.csv'), marksCsv(store, this.manual));
      keep(path.join(store.folder, 'exercises.csv'), exercisesCsv(store, this.manual));
      keep(path.join(store.folder, 'report.html'), reportHtml({ results: results(), journal: store.journal(), manual: this.manual, failed, similar: similarity.pairs() }));
    };
    if (!grading) return write();
    const lines = function* () {
      for (const { result } of store.results()) yield { result, receivedAt: receivedAt.get(`${result.assignment}/${result.learner}`) };
    };
    try {
      this.manual = new ManualMarks(await writeGradebook(lines(), { python: grading.python, gradebook: gradebookOf(grading) }));
    } finally {
      write();
    }
  }
}

const gradebookOf = ({ folder }: Grading): string => path.join(folder, 'gradebook.db');

/** The notebook that learners were given. */
const releasedOf = (assignment: string): string => fs.readFileSync(path.join(COURSE, 'exercises', `${assignment}.ipynb`), 'utf8');

function codeOf(notebook: string): string[] {
  const { cells } = JSON.parse(notebook) as { cells: { cell_type: string; source: string | string[] }[] };
  return cells.filter((cell) => cell.cell_type === 'code').map(({ source }) => (typeof source === 'string' ? source : source.join('')));
}

/** Writes a file unless it is as it should be: marking again touches nothing that has not changed. */
function keep(file: string, content: string): void {
  if (fs.existsSync(file) && fs.readFileSync(file, 'utf8') === content) return;
  fs.mkdirSync(path.dirname(file), { recursive: true });
  writeWhole(file, content);
}
