import type { Exercise } from '@course/lib/exercises';

/** The exercises of one lesson: of `solutions/<name>.ipynb`, from which `exercises/<name>.ipynb` is made. */
export interface Lesson {
  readonly name: string;
  readonly exercises: readonly Exercise[];
}

/** All lessons that have exercises, in the course's order. */
export const lessons: readonly Lesson[] = [
];
