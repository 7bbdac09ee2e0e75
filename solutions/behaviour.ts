import { tf } from '@course/lib';
import {
  casesOf, encode, givenOf, judge, judgeWhole, publicPart, variantOf, VARIANTS,
  type CriterionResult, type Exercise, type FunctionExercise, type JudgeOptions, type Judgement, type NumberExercise,
  type PublicExercise, type TrainedExercise,
} from '@course/lib/exercises';
import { runAnswer } from './answers';
import { definitionFile, gradeIdOf, textOf, withoutSolution, type Source } from './sources';

/** What three learners would be asked. */
const SEEDS = ['first', 'second', 'third'];

/**
 * What is wrong with an exercise when it is tried: its solutions, its stub and its mistakes are judged as a learner's
 * answer is. Each finding is a sentence that begins with the place. An empty list: nothing. Tensors that it makes are
 * disposed.
 */
export async function behaviourFindings(source: Source, exercise: Exercise): Promise<string[]> {
  if (exercise.kind === 'text') return [];
  const inDefinition = (finding: string): string => `${definitionFile(source.name)}, ${exercise.id}: ${finding}`;
  const inNotebook = (finding: string): string => `solutions/${source.name}.ipynb, cell ${finding}`;
  // A mistake may be one that leaves tensors behind.
  tf.engine().startScope();
  try {
    const own = await collect(definitionFindings(exercise));
    // A definition that does not hold makes all others findings of no use.
    if (own.length > 0) return own.map(inDefinition);
    const shown = await publicPart(exercise);
    return [
      ...(await collect(mistakeFindings(exercise, shown))).map(inDefinition),
      ...(await collect(answerFindings(source, exercise))).map(inNotebook),
    ];
  } catch (error) {
    return [inDefinition(`it cannot be tried: ${String(error)}`)];
  } finally {
    tf.engine().endScope();
  }
}

async function collect(findings: AsyncGenerator<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const finding of findings) all.push(finding);
  return all;
}

async function* definitionFindings(exercise: Exercise): AsyncGenerator<string> {
  if (exercise.kind === 'trained' || exercise.kind === 'text') return;
  for (const seed of SEEDS) {
    const judgement = await judgeWhole(exercise, solutionOf(exercise, seed), seed, { learner: seed });
    if (judgement.earned !== exercise.points) {
      const { earned } = judgement;
      yield `its own solution earns ${earned} of ${exercise.points} points (seed "${seed}"): ${reasonOf(judgement)}`;
      return;
    }
  }
  if (exercise.kind === 'function') yield* caseFindings(exercise);
}

async function* caseFindings(exercise: FunctionExercise): AsyncGenerator<string> {
  const shown = new Map((await casesOf(exercise, 'public')).map(({ criterion, inputs }) => [encode(inputs), criterion]));
  const found = new Set<string>();
  for (const seed of SEEDS) {
    const hidden = await casesOf(exercise, 'hidden', seed);
    if (encode(hidden) !== encode(await casesOf(exercise, 'hidden', seed))) {
      found.add('its cases differ from one time to the next: all randomness has to come from the generator that ' +
        'inputs() is given.');
    }
    for (const { criterion, inputs } of hidden) {
      const text = encode(inputs);
      const same = shown.get(text);
      if (same === undefined) continue;
      found.add(`a case of the hidden "${criterion}" is also one of the public "${same}": ${text.slice(0, 200)}`);
    }
  }
  yield* found;
}

/** The right answer in the form in which a learner gives it. */
function solutionOf(exercise: Exclude<Exercise, { kind: 'trained' | 'text' }>, seed: string): unknown {
  return exercise.kind === 'number' ? exercise.solution(givenFor(exercise, seed)) : exercise.solution;
}

const givenFor = (exercise: NumberExercise, learner: string): Readonly<Record<string, number>> =>
  givenOf(exercise, variantOf(exercise.id, learner));

async function* mistakeFindings(exercise: Exercise, shown: PublicExercise): AsyncGenerator<string> {
  if (exercise.kind === 'text') return;
  if (exercise.kind === 'number') yield* numberFindings(exercise);
  const [learner] = SEEDS;
  const hints = new Map<string, string>();
  for (const mistake of exercise.mistakes) {
    const { name, answer: wrong, earns = 0 } = mistake;
    const whole = await judgeAnswer(exercise, givenIn(exercise, wrong, learner), learner);
    if (whole.earned !== earns) {
      yield `the mistake "${name}" earns ${whole.earned} points, but its definition says ${earns}: ${reasonOf(whole)}`;
    }
    const { passed, hint } = await judgedBy(
      exercise, givenIn(exercise, wrong, learner), (answer, pictures) => judge(shown, answer, { learner, pictures }),
    );
    const expected = 'hint' in mistake ? mistake.hint : hintOf(exercise, mistake.fails);
    const taken = hint === undefined ? undefined : hints.get(hint);
    if (passed) yield `the mistake "${name}" passes all that is public: its hint is never seen.`;
    else if (hint !== expected) {
      const got = hint === undefined ? 'no hint' : `the hint "${hint}"`;
      yield taken
        ? `the mistake "${name}" looks like "${taken}" in all public cases: its hint is never seen.`
        : `the mistake "${name}" gets ${got}; expected "${expected}".`;
    }
    if (expected !== undefined && !hints.has(expected)) hints.set(expected, name);
  }
}

/** A mistake in the form in which a learner gives it: of a number its value, of a trained model the model. */
function givenIn(exercise: Exercise, answer: unknown, learner: string): unknown {
  if (exercise.kind === 'number') return (answer as NumberExercise['solution'])(givenFor(exercise, learner));
  return exercise.kind === 'trained' ? (answer as () => unknown)() : answer;
}

/** With each of the personal sets of numbers every mistake has to come to another number. */
function* numberFindings(exercise: NumberExercise): Generator<string> {
  for (let variant = 0; variant < (exercise.given ? VARIANTS : 1); variant++) {
    const given = givenOf(exercise, variant);
    const values = [exercise.solution(given), ...exercise.mistakes.map(({ answer }) => answer(given))]
      .map((value) => value.toFixed(exercise.decimals ?? 0));
    if (new Set(values).size === values.length) continue;
    yield `with the numbers ${JSON.stringify(given)} the solution and the mistakes are ${values.join(', ')}: ` +
      'two are alike, and a hint is never seen.';
    return;
  }
}

/** The hint of the requirement or the level that a wrong model fails. */
function hintOf(exercise: Exercise, fails: string): string | undefined {
  if (exercise.kind !== 'model' && exercise.kind !== 'trained') return undefined;
  const requirement = exercise.requirements.find(({ name }) => name === fails);
  if (requirement || exercise.kind === 'model') return requirement?.hint;
  return exercise.levels.find(({ accuracy }) => `accuracy ${accuracy}` === fails)?.hint;
}

async function* answerFindings(source: Source, exercise: Exercise): AsyncGenerator<string> {
  const id = gradeIdOf(exercise.id);
  const cell = source.cells?.find((each) => each.id === id);
  const parts = cell && withoutSolution(textOf(cell));
  // Said by structureFindings.
  if (!cell || !parts) return;
  const tried = [['the solution', textOf(cell), exercise.points], ['the untouched cell', parts.stub, 0]] as const;
  for (const [what, text, expected] of tried) {
    for (const seed of expected > 0 ? SEEDS : SEEDS.slice(0, 1)) {
      let judgement: Judgement;
      try {
        const answer = await runAnswer(text, exercise, exercise.kind === 'number' ? givenFor(exercise, seed) : {});
        judgement = await judgeAnswer(exercise, answer, seed);
      } catch (error) {
        yield `${id}: ${what} does not run alone: ${String(error)}`;
        break;
      }
      const reached = exercise.kind === 'trained' && expected > 0 ? withoutLevels(exercise) : expected;
      if (judgement.earned === reached) continue;
      yield `${id}: ${what} earns ${judgement.earned} of ${exercise.points} points, expected ${reached} ` +
        `(seed "${seed}"): ${reasonOf(judgement)}`;
      break;
    }
  }
}

/** Of a trained exercise the requirements; which levels are reached shows when the notebook runs. */
const withoutLevels = (exercise: Extract<Exercise, { kind: 'trained' }>): number =>
  exercise.requirements.reduce((sum, { points }) => sum + points, 0);

const judgeAnswer = (exercise: Exercise, answer: unknown, seed: string): Promise<Judgement> =>
  judgedBy(exercise, answer, (given, pictures) => judgeWhole(exercise, given, seed, { learner: seed, pictures }));

const PICTURES = 64;

/**
 * Judges an answer, and disposes it if it is a model. Where pictures are needed, noise is in their place: what is
 * judged here is not trained, and no level is to be reached.
 */
async function judgedBy(
  exercise: Exercise, answer: unknown,
  work: (answer: unknown, pictures: JudgeOptions['pictures']) => Promise<Judgement>,
): Promise<Judgement> {
  const pictures = exercise.kind === 'trained' ? noiseFor(exercise) : undefined;
  try {
    return await work(answer, pictures);
  } finally {
    pictures?.x.dispose();
    if (answer instanceof tf.LayersModel) answer.dispose();
  }
}

function noiseFor({ pictures: { dataset, shape } }: TrainedExercise): NonNullable<JudgeOptions['pictures']> {
  const classes = dataset === 'cats-and-dogs' ? 2 : 10;
  return {
    x: tf.randomUniform([PICTURES, ...shape], 0, 1, 'float32', 1),
    labels: Array.from({ length: PICTURES }, (_, i) => i % classes),
  };
}

/** Why points are missing, in short. */
function reasonOf({ trouble, criteria }: Judgement): string {
  if (trouble !== undefined) return trouble;
  const missed = criteria.filter(({ earned, points }) => earned < points);
  if (missed.length === 0) return 'all of it is right.';
  const failureOf = ({ note, cases }: CriterionResult): string =>
    note ?? cases.find(({ passed }) => !passed)?.failure ?? 'wrong';
  return missed.map((criterion) => `${criterion.name}: ${failureOf(criterion)}`).join('; ');
}
