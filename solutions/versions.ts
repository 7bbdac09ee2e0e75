import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { casesOf, encode, givenOf, VARIANTS, type Exercise, type Plain } from '@course/lib/exercises';
import type { Lesson } from './definitions';
import { definitionFile } from './sources';

/**
 * `solutions/versions.json` remembers of each exercise all that could change a mark, as a hash. A definition that could
 * give another mark than before, under the version of before, is found by it. `npm run assign` writes it.
 */
export type Versions = Readonly<Record<string, { readonly version: number; readonly hash: string }>>;

export const VERSIONS_FILE = 'solutions/versions.json';

export function readVersions(root: string): Versions {
  const file = path.join(root, VERSIONS_FILE);
  return fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, 'utf8')) as Versions) : {};
}

/**
 * What the file is to hold: what was noted, with the lessons as they are now.
 *
 * @throws Error if the marks of an exercise could change and its version has not
 */
export async function versionsText(lessons: readonly Lesson[], noted: Versions): Promise<string> {
  const { wrong, now } = await compare(lessons, noted);
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
  const all = Object.entries({ ...noted, ...now }).sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
  return `${JSON.stringify(Object.fromEntries(all), null, 1)}\n`;
}

/**
 * Exercises that have changed without a new version, or whose version is not noted: each a sentence that begins with the
 * place.
 */
export async function versionFindings(lessons: readonly Lesson[], noted: Versions): Promise<string[]> {
  const { wrong, unknown } = await compare(lessons, noted);
  const advice = `run npm run assign, which notes it in ${VERSIONS_FILE}.`;
  return [...wrong, ...unknown.map((place) => `${place} is new: ${advice}`)];
}

async function compare(
  lessons: readonly Lesson[], noted: Versions,
): Promise<{ now: Versions; wrong: string[]; unknown: string[] }> {
  const now: Record<string, Versions[string]> = {};
  const wrong: string[] = [];
  const unknown: string[] = [];
  for (const { name, exercises } of lessons) {
    for (const exercise of exercises) {
      const { id, version } = exercise;
      const place = `${definitionFile(name)}, ${id}`;
      const hash = await hashOf(exercise);
      now[id] = { version, hash };
      const before = noted[id];
      if (before?.version === version && before.hash !== hash) {
        wrong.push(`${place}: marks could change, but the version is still ${version}: raise it to ${version + 1}, ` +
          `or take it out of ${VERSIONS_FILE} if nobody has been given it yet.`);
      } else if (before && version !== before.version && version !== before.version + 1) {
        wrong.push(`${place}: the version is ${version}, but was ${before.version}: expected ${before.version} or, ` +
          `after a change, ${before.version + 1}.`);
      } else if (before?.version !== version) unknown.push(`${place}: version ${version}`);
    }
  }
  return { now, wrong, unknown };
}

/** A hash over all that could change a mark: not over words, hints and mistakes. */
async function hashOf(exercise: Exercise): Promise<string> {
  return createHash('sha256').update(encode(await markingOf(exercise))).digest('hex').slice(0, 16);
}

async function markingOf(exercise: Exercise): Promise<Plain> {
  const { id, kind, points, answer } = exercise;
  const facts = { id, kind, points, answer };
  switch (exercise.kind) {
    case 'function': {
      const { tolerance, tensors, tidy, criteria } = exercise;
      const cases = [...await casesOf(exercise, 'public'), ...await casesOf(exercise, 'hidden', 'version')];
      return {
        ...facts, tolerance, tidy,
        criteria: criteria.map(({ points: each, hidden }) => ({ points: each, hidden })),
        // The last digits of TensorFlow's results differ from machine to machine.
        cases: cases.map(({ inputs, expected }) =>
          ({ inputs: [...inputs], expected: tensors ? undefined : rounded(expected) })),
      };
    }
    case 'number': {
      const { decimals, unit, solution, given } = exercise;
      const variants = Array.from({ length: given ? VARIANTS : 1 }, (_, variant) => givenOf(exercise, variant));
      const answers = variants.map((each) => ({ given: { ...each }, answer: rounded(solution(each)) }));
      return { ...facts, decimals, unit, answers };
    }
    case 'choice': return { ...facts, options: exercise.options, solution: exercise.solution };
    case 'text': return { ...facts, rubric: exercise.rubric.map((each) => ({ ...each })) };
    case 'model': return { ...facts, requirements: requirementsOf(exercise.requirements) };
    case 'trained': {
      const { pictures, requirements, levels } = exercise;
      return {
        ...facts, pictures: { ...pictures, shape: [...pictures.shape] }, requirements: requirementsOf(requirements),
        levels: levels.map(({ accuracy, points: each }) => ({ accuracy, points: each })),
      };
    }
  }
}

const requirementsOf = (requirements: readonly { name: string; hint: string }[]): string[] =>
  requirements.map(({ name, hint, ...rest }) => JSON.stringify(rest));

/** Numbers to six digits. */
function rounded(value: Plain): Plain {
  if (typeof value === 'number') return Number.isFinite(value) ? Number(value.toPrecision(6)) : value;
  if (Array.isArray(value)) return value.map(rounded);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, rounded(each as Plain)]));
}
