import type { Result } from '../mark/result';
import { isUngradable, type Submission, type Ungradable } from '../submission';
import type { Conditions, Store } from './store';

export interface Batch {
  readonly store: Store;
  /** How many are marked at the same time. */
  readonly jobs: number;
  readonly conditions: (assignment: string) => Conditions;
  readonly mark: (submission: Submission) => Promise<Result>;
  /** Told of each submission when its result is on the disk, marked now or before. */
  readonly onMarked?: (submission: Submission, result: Result) => void;
  readonly onFailed?: (failed: Ungradable) => void;
}

export interface Graded {
  readonly marked: number;
  /** Of an earlier run: nothing about them has changed. */
  readonly before: number;
  readonly failed: readonly Ungradable[];
}

/**
 * Marks submissions as they come, some at the same time, each once. One that cannot be marked does not stop the others. In memory are
 * only those that are being marked.
 */
export async function gradeAll(submissions: AsyncIterable<Submission | Ungradable>, batch: Batch): Promise<Graded> {
  const { store, jobs, conditions, mark, onMarked, onFailed } = batch;
  const failed: Ungradable[] = [];
  let [marked, before] = [0, 0];
  const fail = (ungradable: Ungradable): void => {
    failed.push(ungradable);
    onFailed?.(ungradable);
  };

  const one = async (read: Submission | Ungradable): Promise<void> => {
    if (isUngradable(read)) return fail(read);
    const { assignment, learner, sha256 } = read;
    try {
      const known = store.done(assignment, learner, sha256, conditions(assignment));
      if (known) {
        before++;
        onMarked?.(read, known);
        return;
      }
      const began = performance.now();
      const result = await mark(read);
      store.write(result, performance.now() - began);
      marked++;
      onMarked?.(read, result);
    } catch (error) {
      fail({ learner, assignment, reason: `It could not be marked: ${(error as Error).message}` });
    }
  };

  const iterator = submissions[Symbol.asyncIterator]();
  // Each takes the next one when it is done; a generator hands them out one at a time.
  const worker = async (): Promise<void> => {
    for (;;) {
      const { value, done } = await iterator.next();
      if (done) return;
      await one(value);
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return { marked, before, failed };
}
