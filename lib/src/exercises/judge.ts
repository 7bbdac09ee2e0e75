import { types } from 'node:util';
import { countText, shapeText } from '../arrays';
import type { tf } from '../tensorflow';
import { criteriaOf, PUBLIC_SEED } from './cases';
import { difference, isClose } from './compare';
import type { Exercise, ExerciseFacts, Level, Requirement } from './definition';
import { described, isClass } from './described';
import { Elsewhere, measuredBy, type Measured } from './elsewhere';
import { failureOf, type Failure } from './failures';
import type { CaseResult, CriterionResult, Judgement, Observation } from './judgement';
import { met, modelFacts, type FactsOfModel } from './model-facts';
import { observe, tensorFlow, type ObserveOptions } from './observe';
import type {
  PublicCase, PublicChoice, PublicExercise, PublicFunction, PublicMistake, PublicNumber,
} from './public-exercise';
import { choiceVerdicts, numberVerdicts, publicMistakes } from './public-part';
import { canonicalChoice, canonicalNumber, unseal, type Verdict } from './sealed';
import { nextTensorId } from './tensor-account';
import { isTensor, type Plain } from './values';
import { variantFor, variantOf } from './variant';
import { callWithinTime, TIME_LIMIT, withinTime } from './within-time';

export interface JudgeOptions {
  /** Who answers: exercises with `given` numbers have others for each learner. */
  readonly learner?: string;
  /** Milliseconds for each call of a learner's function: 3000 without it, 20,000 for one that builds a model. */
  readonly timeLimit?: number;
  /**
   * For a trained model: pictures as it takes them, `[n, ...]`, and their labels, `[n]`. Without them its accuracy is
   * not tried. The caller disposes `x`.
   */
  readonly pictures?: { readonly x: tf.Tensor; readonly labels: ArrayLike<number> };
}

/** Milliseconds for building a model: large ones draw millions of random weights. */
const MODEL_TIME_LIMIT = 20_000;

/**
 * Judges an answer by the public part of an exercise, whatever is given as the answer. It needs no solution: numbers
 * and choices open their verdict themselves.
 *
 * ```ts
 * const { earned, tried, hint } = await judge(exercise, conv2d);
 * ```
 */
export async function judge(exercise: PublicExercise, answer: unknown, options: JudgeOptions = {}): Promise<Judgement> {
  return withAnswer(exercise, answer, options, async (given) => {
    switch (exercise.kind) {
      case 'function':
        return judgeFunction(exercise, given, options);
      case 'model':
        return judgeModel(exercise, given, options);
      case 'trained':
        return judgeTrained(exercise, given, options);
      case 'number':
        return judgeNumber(exercise, given, (text) => unseal(variantFor(exercise, options.learner).verdicts, text));
      case 'choice':
        return judgeChoice(exercise, given, (text) => unseal(exercise.verdicts, text));
      case 'text':
        return judgementOf(exercise, []);
    }
  });
}

/**
 * Judges an answer by the whole definition, public and hidden criteria.
 *
 * @param seed of the hidden cases' inputs
 * @throws Error if the definition's own solution fails
 */
export async function judgeWhole(
  exercise: Exercise,
  answer: unknown,
  seed: string,
  options: JudgeOptions = {},
): Promise<Judgement> {
  return withAnswer(exercise, answer, options, async (given) => {
    switch (exercise.kind) {
      case 'function': {
        const shown = await criteriaOf(exercise, 'public', PUBLIC_SEED, Infinity);
        const hidden = await criteriaOf(exercise, 'hidden', seed, Infinity);
        const whole = { ...exercise, criteria: [...shown, ...hidden], mistakes: await publicMistakes(exercise, shown) };
        return judgeFunction(whole, given, options);
      }
      case 'model': return judgeModel(exercise, given, options);
      case 'trained': return judgeTrained(exercise, given, options);
      case 'number': {
        const verdicts = numberVerdicts(exercise, variantOf(exercise.id, options.learner));
        return judgeNumber({ decimals: 0, ...exercise }, given, (text) => verdicts.get(text));
      }
      case 'choice': return judgeChoice(exercise, given, (text) => choiceVerdicts(exercise).get(text));
      case 'text': return judgementOf(exercise, []);
    }
  });
}

type Judged = ExerciseFacts & Pick<Judgement, 'kind'>;

/** What is asked, without what became of it. */
type Asked = Pick<CriterionResult, 'name' | 'points'>;

function judgementOf(
  { id, title, kind, points }: Judged,
  criteria: readonly CriterionResult[],
  more: Pick<Judgement, 'hint' | 'trouble'> = {},
): Judgement {
  const tried = criteria.reduce((sum, criterion) => sum + criterion.points, 0);
  const earned = criteria.reduce((sum, criterion) => sum + criterion.earned, 0);
  const passed = tried > 0 && earned === tried && more.trouble === undefined;
  const { hint, trouble } = more;
  return {
    id,
    title,
    kind,
    earned,
    tried,
    points,
    passed,
    criteria,
    ...(hint && !passed && { hint }),
    ...(trouble && { trouble }),
  };
}

/** The judgement on what cannot be tried: nothing is earned. */
const untried = (exercise: Judged, asked: readonly Asked[], trouble: string): Judgement =>
  judgementOf(exercise, asked.map(({ name, points }) => ({ name, points, earned: 0, cases: [] })), { trouble });

const asItIs = (value: unknown): unknown => value;

/** Waits for an answer that is a promise. */
async function withAnswer(
  exercise: Judged,
  answer: unknown,
  { timeLimit = TIME_LIMIT }: JudgeOptions,
  judgeGiven: (given: unknown) => Promise<Judgement>,
): Promise<Judgement> {
  if (!types.isPromise(answer)) return judgeGiven(answer);
  const settled = await callWithinTime(() => answer, [], timeLimit, asItIs);
  if (settled.outcome === 'value') return judgeGiven(settled.value);
  const why =
    settled.outcome === 'error'
      ? `that failed: ${settled.error.message}`
      : `that is not kept within ${timeLimit / 1000} s`;
  const all = { name: exercise.answer, points: exercise.points };
  return untried(exercise, [all], `${asked(exercise)}; got a promise ${why}`);
}

const WANTED: Readonly<Record<Judgement['kind'], string>> = {
  function: 'a function',
  model: 'a function that builds a model',
  trained: 'a trained model',
  number: 'a number',
  choice: 'a choice',
  text: 'a text',
};

const asked = ({ id, kind, answer }: Judged): string => `check('${id}', ${answer}) expects ${WANTED[kind]}`;

/** `check('3.2', conv2d) expects a function; got the number 7. ...` */
function wrongKind(exercise: Judged, answer: unknown, advice: string): string {
  const unset = `Run the cell with your answer first, then this one.`;
  return `${asked(exercise)}; got ${describedWithinTime(answer)}. ${answer === undefined ? unset : advice}`;
}

const DESCRIBING_TIME_LIMIT = 500;

function describedWithinTime(value: unknown): string {
  const text = withinTime(() => described(value), DESCRIBING_TIME_LIMIT);
  return text.outcome === 'value' ? text.value : 'an object that cannot be read';
}

// --- functions

type JudgedFunction = Omit<PublicFunction, 'hidden'>;

async function judgeFunction(
  exercise: JudgedFunction,
  answer: unknown,
  { timeLimit = TIME_LIMIT }: JudgeOptions,
): Promise<Judgement> {
  const elsewhere = answer instanceof Elsewhere ? answer.observe : undefined;
  if (!elsewhere && (typeof answer !== 'function' || isClassWithinTime(answer))) {
    return untried(
      exercise,
      exercise.criteria,
      wrongKind(exercise, answer, `Give it the function itself, without calling it: ${exercise.answer}.`),
    );
  }
  const { tensors, tolerance } = exercise;
  const observed =
    elsewhere ?? ((inputs: readonly Plain[], options: ObserveOptions) => observe(answer, inputs, options));
  const failures: Failure[] = [];
  let limit = timeLimit;
  const tryCase = async ({ inputs, expected }: PublicCase): Promise<CaseResult> => {
    const observation = await observed(inputs, { timeLimit: limit, tensors });
    const failure = failureOf(observation, expected, { ...exercise, timeLimit: limit });
    if (!failure) return { inputs, expected, observation, passed: true };
    failures.push(failure);
    // Who has waited once need not wait as long for each of the other cases.
    if (observation.outcome === 'timeout') limit = timeLimit / 10;
    return {
      inputs,
      expected,
      observation,
      passed: false,
      failure: failure.sentence,
      ...(failure.difference && { difference: failure.difference }),
    };
  };
  const criteria: CriterionResult[] = [];
  for (const { name, points, cases } of exercise.criteria) {
    const results: CaseResult[] = [];
    for (const each of cases) results.push(await tryCase(each));
    criteria.push({ name, points, earned: results.every(({ passed }) => passed) ? points : 0, cases: results });
  }
  const hint = recognised(criteria.flatMap(({ cases }) => cases), exercise.mistakes, tolerance) ?? failures[0]?.hint;
  return judgementOf(exercise, criteria, { hint });
}

function isClassWithinTime(answer: object): boolean {
  const found = withinTime(() => isClass(answer));
  return found.outcome === 'value' && found.value;
}

/**
 * The hint of the mistake that gives the same as the answer for each case that failed; of several the one that agrees
 * in most of the others, then the first. An answer may have two mistakes at once: then the hint of the one that agrees
 * in all cases up to the first that failed, which is the one that is shown, and in half of those that failed, so that
 * it is no chance; where several do, and equally well, none.
 */
function recognised(
  cases: readonly CaseResult[],
  mistakes: readonly PublicMistake[],
  tolerance: number | undefined,
): string | undefined {
  // What mistakes give is known of the public cases, which come first.
  const tried = cases.slice(0, mistakes[0]?.observations.length ?? 0);
  const firstFailed = tried.findIndex(({ passed }) => !passed);
  if (firstFailed < 0) return undefined;
  const failed = tried.filter(({ passed }) => !passed).length;
  const known = mistakes.map(({ hint, observations }) => {
    const agrees = observations.map((observation, i) => isAlike(cases[i].observation, observation, tolerance));
    return {
      hint,
      agreeing: agrees.filter(Boolean).length,
      explainsAll: agrees.every((agree, i) => agree || cases[i].passed),
      explainsShown: agrees.slice(0, firstFailed + 1).every(Boolean) &&
        agrees.filter((agree, i) => agree && !tried[i].passed).length >= failed / 2,
    };
  });
  const byAgreeing = (one: { agreeing: number }, other: { agreeing: number }): number => other.agreeing - one.agreeing;
  const [whole] = known.filter(({ explainsAll }) => explainsAll).sort(byAgreeing);
  if (whole) return whole.hint;
  const [shown, other] = known.filter(({ explainsShown }) => explainsShown).sort(byAgreeing);
  return shown && shown.agreeing !== other?.agreeing ? shown.hint : undefined;
}

const isAlike = (one: Observation, other: Observation, tolerance: number | undefined): boolean =>
  one.outcome === other.outcome &&
  one.error?.name === other.error?.name && one.error?.message === other.error?.message &&
  one.changed.join() === other.changed.join() && one.leaked > 0 === other.leaked > 0 &&
  difference(one.value, other.value, tolerance) === undefined;

// --- models

type JudgedModel = Judged & { readonly requirements: readonly Requirement[] };

async function judgeModel(
  exercise: JudgedModel,
  answer: unknown,
  { timeLimit = MODEL_TIME_LIMIT }: JudgeOptions,
): Promise<Judgement> {
  const trouble = (text: string): Judgement => untried(exercise, exercise.requirements, text);
  const judged = (facts: FactsOfModel): Judgement =>
    judgementOf(exercise, requirementResults(exercise.requirements, facts), {
      hint: firstUnmet(exercise.requirements, facts),
    });
  if (answer instanceof Elsewhere && answer.facts) {
    const facts = await answer.facts();
    return typeof facts === 'string' ? trouble(facts) : judged(facts);
  }
  if (typeof answer !== 'function' || isClassWithinTime(answer)) {
    return trouble(wrongKind(exercise, answer, `Give it the function itself, without calling it: ${exercise.answer}.`));
  }
  const firstId = nextTensorId(await tensorFlow());
  const built = await callWithinTime(answer, [], timeLimit, asItIs);
  if (built.outcome === 'timeout') return trouble(`${exercise.answer}() did not end within ${timeLimit / 1000} s.`);
  if (built.outcome === 'error') {
    const { name, message, where } = built.error;
    return trouble(`${exercise.answer}() failed: ${name}: ${message}${where ? ` (${where})` : ''}`);
  }
  const model = await modelOf(built.value);
  if (!model) {
    const returned = describedWithinTime(built.value);
    return trouble(`${exercise.answer}() returned ${returned}; expected a model, such as tf.sequential() makes.`);
  }
  const facts = withinTime(() => modelFacts(model), MODEL_TIME_LIMIT);
  withinTime(() => disposeNew(model, firstId), MODEL_TIME_LIMIT);
  if (facts.outcome !== 'value') return trouble(factsTrouble(facts));
  return judged(facts.value);
}

const factsTrouble = (facts: { outcome: 'error'; error: { message: string } } | { outcome: 'timeout' }): string =>
  facts.outcome === 'error' ? `The model cannot be judged yet: ${facts.error.message}` : 'The model cannot be read.';

const requirementResults = (requirements: readonly Requirement[], facts: FactsOfModel): CriterionResult[] =>
  requirements.map((requirement) => {
    const { isMet, sentence } = met(requirement, facts);
    return {
      name: requirement.name,
      points: requirement.points,
      earned: isMet ? requirement.points : 0,
      cases: [],
      note: sentence,
    };
  });

const firstUnmet = (requirements: readonly Requirement[], facts: FactsOfModel): string | undefined =>
  requirements.find((requirement) => !met(requirement, facts).isMet)?.hint;

/** The value if it is a model; who asks knows tf.js loaded then. */
async function modelOf(value: unknown): Promise<tf.LayersModel | undefined> {
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return undefined;
  const { LayersModel } = await tensorFlow();
  const found = withinTime(() => (value instanceof LayersModel ? value : undefined));
  return found.outcome === 'value' ? found.value : undefined;
}

/** Disposes a model that the call has made. One that was there before is still needed by whoever made it. */
function disposeNew(model: tf.LayersModel, firstId: number): void {
  const isNew = (tensors: readonly { readonly id: number }[]): boolean => tensors.every(({ id }) => id >= firstId);
  if (!isNew(model.weights.map((weight) => weight.read()))) return;
  const { optimizer, isOptimizerOwned } = model as unknown as { optimizer?: tf.Optimizer; isOptimizerOwned: boolean };
  model.dispose();
  const state = Object.values(optimizer ?? {}).filter(isTensor);
  if (optimizer && !isOptimizerOwned && isNew(state)) optimizer.dispose();
}

// --- trained models

type JudgedTrained = JudgedModel & { readonly levels: readonly Level[] };

async function judgeTrained(exercise: JudgedTrained, answer: unknown, { pictures }: JudgeOptions): Promise<Judgement> {
  const { requirements } = exercise;
  const elsewhere = answer instanceof Elsewhere && answer.facts ? answer : undefined;
  const isMeasured = elsewhere ? elsewhere.measured !== undefined : pictures !== undefined;
  const levels = (isMeasured ? exercise.levels : []).map((level) => ({ ...level, name: `accuracy ${level.accuracy}` }));
  const trouble = (text: string): Judgement => untried(exercise, [...requirements, ...levels], text);
  const { facts: factsOf, measured: measure } = elsewhere ?? (await trainedHere(answer, pictures));
  if (!factsOf) {
    return trouble(wrongKind(exercise, answer, `Give it the model that you have trained: ${exercise.answer}.`));
  }
  const facts = await factsOf();
  if (typeof facts === 'string') return trouble(facts);
  const results = requirementResults(requirements, facts);
  const hint = firstUnmet(requirements, facts);
  if (!measure) return judgementOf(exercise, results, { hint });

  const measured = await measure();
  if (typeof measured === 'string') return trouble(measured);
  const { accuracy, nans } = measured;
  const unknown = nans > 0 ? ` (for ${countText(nans)} of them it answers NaN)` : '';
  const what = ` on ${countText(measured.pictures)} pictures${unknown}`;
  const levelResults = levels.map(({ name, points, accuracy: enough }) => ({
    name, points, earned: accuracy >= enough ? points : 0, cases: [],
    note: `expected at least ${enough}, found ${Number(accuracy.toFixed(4))}${what}`,
  }));
  const unreached = levels.find((level) => accuracy < level.accuracy);
  const nanHint =
    'Weights that are NaN come from a training that went astray: begin anew, with a smaller learning rate.';
  return judgementOf(exercise, [...results, ...levelResults], { hint: hint ?? (nans > 0 ? nanHint : unreached?.hint) });
}

/** How a trained model of this process is asked; nothing can be asked of what is no model. */
async function trainedHere(
  answer: unknown,
  pictures: JudgeOptions['pictures'],
): Promise<Pick<Elsewhere, 'facts' | 'measured'>> {
  const model = await modelOf(answer);
  if (!model) return { facts: undefined, measured: undefined };
  return {
    facts: async () => {
      const facts = withinTime(() => modelFacts(model));
      return facts.outcome === 'value' ? facts.value : factsTrouble(facts);
    },
    measured:
      pictures &&
      (async () => {
        try {
          return await accuracyOf(model, pictures);
        } catch (error) {
          const shape = shapeText(pictures.x.shape);
          return `The model cannot be asked about pictures of shape ${shape}: ${(error as Error).message}`;
        }
      }),
  };
}

async function accuracyOf(
  model: tf.LayersModel,
  { x, labels }: NonNullable<JudgeOptions['pictures']>,
): Promise<Measured> {
  const { predict } = await import('../training/evaluate.js');
  const { data, shape } = predict(model, x);
  return measuredBy(data as Float32Array, shape, labels);
}

// --- numbers and choices

type VerdictOf = (text: string) => Verdict | undefined | Promise<Verdict | undefined>;

async function judgeNumber(
  exercise: Judged & Pick<PublicNumber, 'decimals' | 'unit'>, answer: unknown, verdictOf: VerdictOf,
): Promise<Judgement> {
  const { decimals, unit, points } = exercise;
  const name = `the number of ${unit}`;
  if (typeof answer !== 'number' || !Number.isFinite(answer)) {
    const advice = typeof answer === 'string' ? 'Write it without quotes.' : 'Give your variable a number.';
    return untried(exercise, [{ name, points }], wrongKind(exercise, answer, advice));
  }
  if (decimals === 0 && !isClose(answer, Math.round(answer), 1e-9)) {
    const hint = `The number of ${unit} is whole, yours has a fraction. Which way is it rounded here, and at which step?`;
    return answered(exercise, { name, note: `got ${answer} ${unit}` }, { earns: 0, hint });
  }
  const text = canonicalNumber(answer, decimals);
  const verdict = await verdictOf(text);
  const rounded = `${text} ${unit}${Number(text) === answer ? '' : `, rounded to ${decimals} digits after the point`}`;
  return answered(exercise, { name, note: `got ${rounded}` }, verdict);
}

async function judgeChoice(
  exercise: Judged & Pick<PublicChoice, 'options'>,
  answer: unknown,
  verdictOf: VerdictOf,
): Promise<Judgement> {
  const { options, points } = exercise;
  const name = 'the choice';
  const letters = [...options].join(', ');
  const chosen = typeof answer === 'string' ? canonicalChoice(answer.slice(0, 100)) : '';
  const isChoice = chosen !== '' && [...chosen].every((letter) => options.toLowerCase().includes(letter));
  if (!isChoice) {
    const several = `'${options[0]}', or several as '${options[0]}${options[1] ?? ''}'`;
    return untried(
      exercise,
      [{ name, points }],
      wrongKind(exercise, answer, `Write one of ${letters} in quotes: ${several}.`),
    );
  }
  // Part of it may be right: how many letters there should be is not known here.
  const otherwise = 'Not this, or not all of it. Weigh each letter by itself.';
  return answered(exercise, { name, note: `got ${chosen}`, otherwise }, await verdictOf(chosen));
}

function answered(
  exercise: Judged,
  { name, note, otherwise = 'Not this one.' }: { name: string; note: string; otherwise?: string },
  verdict: Verdict | undefined,
): Judgement {
  const { points, section } = exercise;
  const hint = verdict ? verdict.hint : `${otherwise} Look once more at "${section}" in the lesson.`;
  return judgementOf(exercise, [{ name, points, earned: verdict?.earns ?? 0, cases: [], note }], { hint });
}
