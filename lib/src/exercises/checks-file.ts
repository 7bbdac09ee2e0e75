import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readSettings } from '../settings';
import type { PublicExercise } from './public-exercise';
import { decode, encode } from './values';

/** What a learner's copy holds of the exercises of a lesson; `npm run assign` writes it. */
export interface Checks {
  readonly lesson: string;
  readonly exercises: readonly PublicExercise[];
  /** The cells of the notebook as it was given out, in their order. */
  readonly cells: readonly GivenCell[];
}

export interface GivenCell {
  /** nbgrader's `grade_id`. */
  readonly id: string;
  /** nbgrader's checksum. */
  readonly checksum: string;
  readonly locked: boolean;
}

/** The text of a checks file: JSON with one exercise a line, so that a change shows which one it is. */
export function checksText({ lesson, exercises, cells }: Checks): string {
  const lines = (each: readonly unknown[]): string => each.map((one) => `    ${encode(one)}`).join(',\n');
  const list = (name: string, each: readonly unknown[]): string => `  "${name}": [\n${lines(each)}\n  ]`;
  return `{\n  "lesson": ${encode(lesson)},\n${list('exercises', exercises)},\n${list('cells', cells)}\n}\n`;
}

const checksFolder = (exercises: string): string => path.join(exercises, 'checks');

/**
 * What there is to check in a lesson.
 *
 * @param lesson the notebook's name: `03_fashion_mnist_cnn`
 * @param exercises the folder of the learner's notebooks
 * @throws Error if the file is missing or damaged
 */
export function readChecks(lesson: string, exercises: string = readSettings().exercisesFolder): Checks {
  const file = path.join(checksFolder(exercises), `${lesson}.json`);
  const again = 'Get a fresh copy of the exercises folder; who has its sources runs npm run assign.';
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`The checks of ${lesson} cannot be read: ${(error as Error).message}. ${again}`, { cause: error });
  }
  try {
    const checks = decode(text) as unknown as Partial<Checks> | null;
    if (!Array.isArray(checks?.exercises) || !Array.isArray(checks.cells)) {
      throw new Error('it has no exercises or no cells');
    }
    return checks as Checks;
  } catch (error) {
    throw new Error(`The checks of ${lesson} are damaged (${file}): ${(error as Error).message}. ${again}`, {
      cause: error,
    });
  }
}

/**
 * The lesson of an exercise: `'3.2'` is in `03_fashion_mnist_cnn`, `'B.1'` in the bonus.
 *
 * @throws Error if the id is none, or there is no such lesson
 */
export function lessonOf(id: string, exercises: string = readSettings().exercisesFolder): string {
  const lessons = lessonsIn(exercises);
  const [, number] = /^(\d|B)\.\d+$/.exec(id) ?? [];
  const lesson = number && lessons.find((name) => name.startsWith(number === 'B' ? 'bonus' : `0${number}_`));
  if (lesson) return lesson;
  const known =
    lessons.length > 0
      ? `There are exercises for ${lessons.join(', ')}.`
      : `There are none in ${checksFolder(exercises)}.`;
  throw new Error(`There is no lesson with an exercise '${id}'; expected an id such as '3.2'. ${known}`);
}

/** The lessons that have exercises, in their order. */
export function lessonsIn(exercises: string = readSettings().exercisesFolder): string[] {
  try {
    return readdirSync(checksFolder(exercises))
      .filter((name) => name.endsWith('.json'))
      .map((name) => name.slice(0, -'.json'.length))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
