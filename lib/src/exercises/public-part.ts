import { criteriaOf, PUBLIC_SEED } from './cases';
import type {
  ChoiceExercise,
  Criterion,
  Exercise,
  ExerciseFacts,
  FunctionExercise,
  NumberExercise,
  Requirement,
} from './definition';
import { observe } from './observe';
import type { Hidden, PublicCriterion, PublicExercise, PublicMistake } from './public-exercise';
import { canonicalChoice, canonicalNumber, seal, type Verdict } from './sealed';
import { givenOf, VARIANTS } from './variant';

/**
 * What learners may hold of an exercise: enough for `check`, and no solution, no hidden criterion, no rubric. Numbers
 * and choices are sealed. The same definition gives the same part.
 *
 * @throws Error if the solution fails its own public cases
 */
export async function publicPart(exercise: Exercise): Promise<PublicExercise> {
  const facts = factsOf(exercise);
  switch (exercise.kind) {
    case 'function': {
      const { kind, tolerance, tensors, tidy } = exercise;
      const criteria = await criteriaOf(exercise, 'public', PUBLIC_SEED);
      return {
        ...facts,
        kind,
        ...(tolerance !== undefined && { tolerance }),
        ...(tensors && { tensors }),
        ...(tidy && { tidy }),
        criteria,
        mistakes: await publicMistakes(exercise, criteria),
        hidden: hiddenOf(exercise.criteria),
      };
    }
    case 'model':
      return {
        ...facts,
        kind: exercise.kind,
        requirements: publicRequirements(exercise.requirements),
        hidden: hiddenOf(exercise.requirements),
      };
    case 'trained': {
      const { kind, pictures, requirements, levels } = exercise;
      return {
        ...facts,
        kind,
        pictures,
        requirements: publicRequirements(requirements),
        levels,
        hidden: hiddenOf(requirements),
      };
    }
    case 'number': {
      const { kind, unit, decimals = 0 } = exercise;
      const variants = Array.from({ length: exercise.given ? VARIANTS : 1 }, async (_, variant) => ({
        given: givenOf(exercise, variant),
        verdicts: await seal(saltOf(facts, variant), numberVerdicts(exercise, variant)),
      }));
      return { ...facts, kind, unit, decimals, variants: await Promise.all(variants) };
    }
    case 'choice': {
      const { kind, options } = exercise;
      return { ...facts, kind, options, verdicts: await seal(saltOf(facts), choiceVerdicts(exercise)) };
    }
    case 'text':
      return { ...facts, kind: exercise.kind };
  }
}

/** Each of the fields by name: what is not named here stays with the instructor. */
function factsOf({ id, title, goal, points, difficulty, minutes, section, answer, version }: Exercise): ExerciseFacts {
  return { id, title, goal, points, difficulty, minutes, section, answer, version };
}

/** What the verdicts of an exercise, and of a variant of it, are sealed with beside the answer. */
const saltOf = ({ id, version }: ExerciseFacts, variant = 0): string => `${id}, version ${version}, variant ${variant}`;

function hiddenOf(criteria: readonly (Criterion | Requirement)[]): Hidden {
  const hidden = criteria.filter((criterion) => criterion.hidden);
  return { criteria: hidden.length, points: hidden.reduce((sum, { points }) => sum + points, 0) };
}

const publicRequirements = (requirements: readonly Requirement[]): Requirement[] =>
  requirements.filter(({ hidden }) => !hidden);

/** What each typical mistake gives for the cases of these criteria. */
export async function publicMistakes(
  { mistakes, tensors }: FunctionExercise,
  criteria: readonly PublicCriterion[],
): Promise<PublicMistake[]> {
  const observed: PublicMistake[] = [];
  for (const { hint, answer } of mistakes) {
    const observations = [];
    for (const { inputs } of criteria.flatMap(({ cases }) => cases)) {
      observations.push(withoutPlace(await observe(answer, inputs, { tensors })));
    }
    observed.push({ hint, observations });
  }
  return observed;
}

/** Where in the instructor's file an error came from is nobody's business. */
function withoutPlace<T extends { readonly error?: { readonly where?: string } }>(observation: T): T {
  if (!observation.error) return observation;
  const { where, ...error } = observation.error;
  return { ...observation, error };
}

/** What is said of each answer to a number exercise. */
export function numberVerdicts(exercise: NumberExercise, variant: number): Map<string, Verdict> {
  const { points, decimals = 0, solution, mistakes } = exercise;
  const given = givenOf(exercise, variant);
  const canonical = (value: number): string => canonicalNumber(value, decimals);
  return verdictsOf(
    points,
    canonical(solution(given)),
    mistakes.map((mistake) => [canonical(mistake.answer(given)), mistake]),
  );
}

/** What is said of each answer to a choice. */
export function choiceVerdicts({ points, solution, mistakes }: ChoiceExercise): Map<string, Verdict> {
  return verdictsOf(
    points,
    canonicalChoice(solution),
    mistakes.map((mistake) => [canonicalChoice(mistake.answer), mistake]),
  );
}

/** Of answers that several mistakes lead to the first one counts, the right answer before all. */
function verdictsOf(
  points: number,
  right: string,
  wrong: readonly (readonly [string, { hint: string; earns?: number }])[],
): Map<string, Verdict> {
  const verdicts = new Map<string, Verdict>([[right, { earns: points }]]);
  for (const [answer, { hint, earns = 0 }] of wrong) if (!verdicts.has(answer)) verdicts.set(answer, { earns, hint });
  return verdicts;
}
