import { readChecks } from '../exercises/checks-file';
import type { PublicExercise } from '../exercises/public-exercise';
import { noticeHtml } from '../plots/judgement';
import { progressHtml, progressText, type ExerciseState } from '../plots/progress';
import { currentLesson } from './lesson';
import { show } from './output';
import { readProgress, sameVersion, type KeptResult } from './progress-file';

/**
 * Shows all exercises of a lesson: which are passed, the points so far, how hard and how long each is, and what comes
 * next. It never throws.
 *
 * @param lesson its name or number; without it that of the notebook, else that of the last check
 *
 * ```ts
 * await progress();
 * ```
 * Taught in 00_start_here.
 */
export async function progress(lesson?: string): Promise<void> {
  try {
    const name = currentLesson(lesson);
    const { exercises } = readChecks(name);
    const { kept, trouble } = await readProgress(name);
    const states = exercises.map((exercise) => stateOf(exercise, sameVersion(kept[exercise.id], exercise.version)));
    const notes = trouble === undefined ? [] : [trouble];
    show({ data: { 'text/html': progressHtml(name, states, notes), 'text/plain': progressText(name, states, notes) } });
  } catch (error) {
    const { message } = error as Error;
    const title = 'No progress to show';
    show({ data: { 'text/html': noticeHtml(title, [message]), 'text/plain': `${title}: ${message}` } });
  }
}

function stateOf(exercise: PublicExercise, kept: KeptResult | undefined): ExerciseState {
  const { id, title, kind, points, difficulty, minutes } = exercise;
  const hidden = kind === 'text' ? points : 'hidden' in exercise ? exercise.hidden.points : 0;
  return {
    id, title, kind, points, difficulty, minutes, tried: points - hidden,
    state: kept?.state ?? 'untried', earned: Math.min(kept?.earned ?? 0, points - hidden),
  };
}
