import type { MarkedExercise, Result } from '../mark/result';

/** A mark that a person gave, in nbgrader's gradebook: for a text, or instead of ours. */
export interface ManualMark {
  readonly assignment: string;
  readonly learner: string;
  /** The exercise's id. */
  readonly exercise: string;
  readonly points?: number;
  readonly comment?: string;
}

/** Marks by hand, so that they are found. */
export class ManualMarks {
  private readonly marks = new Map<string, ManualMark>();

  constructor(marks: Iterable<ManualMark> = []) {
    for (const mark of marks) this.marks.set(`${mark.assignment}/${mark.learner}/${mark.exercise}`, mark);
  }

  of({ assignment, learner }: Pick<Result, 'assignment' | 'learner'>, { id }: Pick<MarkedExercise, 'id'>): ManualMark | undefined {
    return this.marks.get(`${assignment}/${learner}/${id}`);
  }

  /** What an exercise earns in the end: what a person gave counts before ours; undefined as long as nobody has marked it. */
  earned(result: Pick<Result, 'assignment' | 'learner'>, exercise: MarkedExercise): number | undefined {
    return this.of(result, exercise)?.points ?? (exercise.outcome === 'manual' ? undefined : exercise.earned);
  }

  /** A submission in the end, and how many of its points still wait for a person. */
  total(result: Result): { earned: number; waiting: number } {
    let [earned, waiting] = [0, 0];
    for (const exercise of result.exercises) {
      const points = this.earned(result, exercise);
      if (points === undefined) waiting += exercise.points;
      else earned += points;
    }
    return { earned, waiting };
  }
}
