import { checksText, publicPart, type GivenCell, type PublicExercise } from '@course/lib/exercises';
import type { Lesson } from './definitions';
import { findLeaks, type ReleasedFile } from './leaks';
import { readSources } from './sources';
import { readVersions, versionsText } from './versions';

/** What `npm run assign` needs of solutions/. */

export { lessons } from './definitions';

/**
 * The text of `exercises/checks/<lesson>.json`.
 *
 * @param cells those of the learner's notebook
 */
export async function checksOf({ name, exercises }: Lesson, cells: readonly GivenCell[]): Promise<string> {
  const parts: PublicExercise[] = [];
  for (const exercise of exercises) parts.push(await publicPart(exercise));
  return checksText({ lesson: name, exercises: parts, cells });
}

/** What leaks through files of exercises/, see leaks.ts. */
export const leaksOf = (root: string, chosen: readonly Lesson[], files: readonly ReleasedFile[]): Promise<string[]> =>
  findLeaks(readSources(root, chosen), files);

/**
 * The text of `solutions/versions.json`.
 *
 * @throws Error if an exercise could give other marks than before under the same version
 */
export const versionsOf = (root: string, chosen: readonly Lesson[]): Promise<string> =>
  versionsText(chosen, readVersions(root));
