import path from 'node:path';
import { lessonsIn } from '../exercises/checks-file';
import { readSettings } from '../settings';

let lastChecked: string | undefined;

/** Tells {@link currentLesson} which lesson's exercise was checked last. */
export const rememberLesson = (lesson: string): void => void (lastChecked = lesson);

/**
 * The lesson that is meant: the named one, else that of the notebook that runs, else that of the last check.
 *
 * @param name of a lesson, or the number that it begins with: `'03_fashion_mnist_cnn'`, `'03'`, `'bonus'`
 * @throws Error if there is no such lesson, or nothing says which one it is
 */
export function currentLesson(name?: string): string {
  const lessons = lessonsIn();
  if (name !== undefined) {
    const wanted = String(name).padStart(2, '0');
    const found = lessons.find((lesson) => lesson === wanted || lesson.split('_')[0] === wanted);
    if (found) return found;
    throw new Error(`There is no lesson '${name}' with exercises. There are: ${lessons.join(', ')}.`);
  }
  // A copy of a notebook has its name and more.
  const { notebook } = readSettings();
  const open = notebook === undefined ? '' : path.basename(notebook);
  const found = lessons.find((lesson) => open.startsWith(lesson)) ?? lastChecked;
  if (found) return found;
  throw new Error(`Which lesson is meant? Name it, as '01' for example. There are: ${lessons.join(', ')}.`);
}
