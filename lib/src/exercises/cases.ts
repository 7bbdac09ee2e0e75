import { createHash } from 'node:crypto';
import { Random } from '../random';
import type { Exercise, FunctionExercise } from './definition';
import { observe } from './observe';
import type { PublicCase, PublicCriterion } from './public-exercise';
import type { Plain } from './values';
import { TIME_LIMIT } from './within-time';

/** The seed of the cases that all learners see. */
export const PUBLIC_SEED = 'public';

/** One call, with what the solution returns for it. */
export interface Case extends PublicCase {
  /** The name of its criterion. */
  readonly criterion: string;
}

/** Random numbers that depend on all of the texts, and on nothing else. */
export const randomOf = (...texts: readonly string[]): Random =>
  new Random(createHash('sha256').update(JSON.stringify(texts)).digest().readInt32LE());

/**
 * The public or the hidden criteria of a function with their cases: the same for the same seed.
 *
 * @param timeLimit milliseconds for each call of the solution; `Infinity` where it has been tried, as the definitions' tests do
 * @throws Error if the solution itself fails: throws, never ends, changes its inputs, or returns what is no data
 */
export async function criteriaOf(
  exercise: FunctionExercise,
  which: 'public' | 'hidden',
  seed: string,
  timeLimit: number = TIME_LIMIT,
): Promise<PublicCriterion[]> {
  const tried: PublicCriterion[] = [];
  for (const { name, points, hidden = false, inputs } of exercise.criteria) {
    if (hidden !== (which === 'hidden')) continue;
    const cases: PublicCase[] = [];
    for (const each of inputs(randomOf(seed, exercise.id, name))) {
      cases.push({ inputs: each, expected: await expectedOf(exercise, name, each, timeLimit) });
    }
    tried.push({ name, points, cases });
  }
  return tried;
}

async function expectedOf(
  { id, solution, tensors }: FunctionExercise,
  criterion: string,
  inputs: readonly Plain[],
  timeLimit: number,
): Promise<Plain> {
  const { outcome, value, error, changed } = await observe(solution, inputs, { tensors, timeLimit });
  if (outcome === 'value' && changed.length === 0) return value;
  const why =
    outcome === 'value'
      ? `it changes its inputs (${changed.join(', ')})`
      : outcome === 'timeout'
        ? 'it does not end'
        : error?.message;
  throw new Error(`Exercise ${id}, '${criterion}': the solution fails its own case: ${why}.`);
}

/**
 * The cases of an exercise's public or hidden criteria, one after the other. None for exercises that are no functions.
 *
 * @throws Error if the solution fails its own cases
 *
 * ```ts
 * const cases = await casesOf(exercise, 'hidden', `${secret} ${learner}`);
 * ```
 */
export async function casesOf(
  exercise: Exercise,
  which: 'public' | 'hidden',
  seed: string = PUBLIC_SEED,
): Promise<Case[]> {
  if (exercise.kind !== 'function') return [];
  const criteria = await criteriaOf(exercise, which, seed);
  return criteria.flatMap(({ name, cases }) => cases.map((each) => ({ criterion: name, ...each })));
}
