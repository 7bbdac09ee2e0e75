import { createHmac } from 'node:crypto';
import {
  Elsewhere, givenOf, judge, judgeWhole, publicPart, variantOf, type Exercise, type FactsOfModel, type FunctionExercise, type Judgement,
  type Observation, type Plain, type PublicExercise, type TrainedExercise,
} from '@course/lib/exercises';
import type { Question } from '../guest/messages';
import type { Sandbox } from '../sandbox/sandbox';
import type { Submission } from '../submission';
import { isLost, LOST, type Asked, type Lost } from './asked';
import { builtOf, observationOf, openedOf } from './forms';
import { canonicalJson, sha256, type MarkedCriterion, type MarkedExercise, type MarkOutcome, type Result } from './result';
import { Rooms } from './rooms';
import { factsIn, trainedModel, type MarkingPictures } from './trained';

/** The exercises of a lesson, as `solutions/definitions` has them. */
export interface Suite {
  readonly assignment: string;
  readonly exercises: readonly Exercise[];
  /** Hash of all that could change a mark. */
  readonly sha256: string;
}

export interface Marking {
  readonly sandbox: Sandbox;
  /** What hidden inputs are drawn from: whoever knows it knows them. */
  readonly secret: string;
  /** Hash of Node.js, packages and the sandbox's settings. */
  readonly environment: string;
  /** Pictures that trained models are asked about: others than `check` shows. */
  readonly pictures: (exercise: TrainedExercise) => Promise<MarkingPictures>;
}

/** Milliseconds that a learner's function may take, and what its inputs and its result take on their way. */
const CALL_LIMIT = 3000;
const GRACE = 200;
/** Milliseconds for a process to begin and run a cell, and for a model to be built. */
const OPEN_LIMIT = 15_000;
const BUILD_LIMIT = 40_000;
/** Characters of a sentence about an answer: names and shapes in it may be as long as the answer wants. */
const LONGEST_NOTE = 2000;
/** Characters that are kept of what an answer prints. */
const LONGEST_PRINTED = 2000;

/**
 * Marks one submission: each answer runs in a sandbox and is judged outside of it, by the same judge that the notebook's `check` has.
 *
 * First all that `check` shows too, for all exercises: messages, hints and what is printed come from there. Only then come the hidden
 * cases, of which nothing is told but whether they are right: an answer that has seen one could put it into any message after it. Their
 * inputs depend on the secret, the learner and the exercise: the same when it is marked again.
 */
export async function mark(submission: Submission, suite: Suite, marking: Marking): Promise<Result> {
  const { secret, environment, sandbox } = marking;
  const one = new Marked(submission, marking, new Rooms(sandbox));
  const exercises: MarkedExercise[] = [];
  try {
    for (const exercise of suite.exercises) exercises.push(await one.shown(exercise));
    for (const [i, exercise] of suite.exercises.entries()) exercises[i] = await one.withHidden(exercise, exercises[i]);
  } finally {
    one.rooms.end();
  }
  const sum = (of: (exercise: MarkedExercise) => number): number => exercises.reduce((total, each) => total + of(each), 0);
  return {
    format: 1,
    assignment: suite.assignment,
    learner: submission.learner,
    submission: submission.sha256,
    suite: suite.sha256,
    environment,
    seed: seedHash(secret),
    exercises,
    earned: sum(({ earned }) => earned),
    points: sum(({ points }) => points),
    manualPoints: sum(({ points, outcome }) => (outcome === 'manual' ? points : 0)),
    findings: submission.findings,
  };
}

/** What a result says of the secret: whether two were drawn from the same one. */
export const seedHash = (secret: string): string => sha256(`secret ${secret}`);

/** What learners hold of an exercise, worked out once. */
const publicParts = new WeakMap<FunctionExercise, Promise<PublicExercise>>();

function shownOf(exercise: FunctionExercise): Promise<PublicExercise> {
  let known = publicParts.get(exercise);
  if (!known) publicParts.set(exercise, (known = publicPart(exercise)));
  return known;
}

/** An answer as the judge takes it, or why there is none. */
type Given =
  | { readonly answer: unknown; readonly lost: () => Lost | undefined }
  | { readonly outcome: MarkOutcome; readonly message: string };

/** One submission while it is marked. */
class Marked {
  constructor(private readonly submission: Submission, private readonly marking: Marking, readonly rooms: Rooms) {}

  /** What `check` would find too, and all of what is no function. */
  async shown(exercise: Exercise): Promise<MarkedExercise> {
    const { id, title, kind, points } = exercise;
    const none: MarkedExercise = { id, title, kind, points, earned: 0, outcome: 'failed', message: '', criteria: [] };
    if (exercise.kind === 'text') return { ...none, outcome: 'manual', message: 'This one is marked by hand.' };
    const room = this.roomOf(exercise);
    const before = room?.printed.length ?? 0;
    const given = await this.given(exercise);
    const printed = (): Pick<MarkedExercise, 'printed'> => {
      const text = room?.printed.slice(before, before + LONGEST_PRINTED);
      return text ? { printed: text } : {};
    };
    if (!('answer' in given)) return { ...none, ...given, ...printed() };
    const options = { learner: this.submission.learner, timeLimit: CALL_LIMIT };
    const judgement = exercise.kind === 'function'
      ? await judge(await shownOf(exercise), given.answer, options)
      : await judgeWhole(exercise, given.answer, this.seedOf(exercise), options);
    return { ...none, ...told(exercise, judgement, given.lost()), ...printed() };
  }

  /** What hidden cases add: points, and not a word. */
  async withHidden(exercise: Exercise, shown: MarkedExercise): Promise<MarkedExercise> {
    const hidden = exercise.kind === 'function' ? exercise.criteria.filter((criterion) => criterion.hidden) : [];
    if (exercise.kind !== 'function' || hidden.length === 0) return shown;
    const missed = hidden.map(({ points }, i): MarkedCriterion => ({ name: `hidden ${i + 1}`, hidden: true, points, earned: 0 }));
    const whole = (criteria: readonly MarkedCriterion[]): MarkedExercise => {
      const all = [...shown.criteria, ...criteria];
      const earned = all.reduce((sum, each) => sum + each.earned, 0);
      if (earned === exercise.points) return { ...shown, criteria: all, earned, outcome: 'passed', message: 'All of it is right.' };
      if (shown.outcome !== 'passed') return { ...shown, criteria: all, earned };
      const message = 'Right for what the check shows, not for other inputs: think of sizes and cases that it does not show.';
      return { ...shown, criteria: all, earned, outcome: 'failed', message };
    };
    // Nothing came of its cell the first time.
    if (shown.criteria.length === 0) return whole(missed);
    const given = await this.given(exercise);
    if (!('answer' in given)) return whole(missed);
    const rest = { ...exercise, criteria: hidden, mistakes: [] };
    const judgement = await judgeWhole(rest, given.answer, this.seedOf(exercise), { timeLimit: CALL_LIMIT });
    return whole(missed.map((criterion, i) => ({ ...criterion, earned: judgement.criteria[i].earned })));
  }

  private seedOf({ id }: Exercise): string {
    return createHmac('sha256', this.marking.secret).update(canonicalJson([this.submission.learner, id])).digest('hex');
  }

  /** Answers may use `tf` wherever they like; who does not name it does not wait for it. */
  private usesTensors(exercise: Exercise): boolean {
    const isAsked = exercise.kind === 'model' || (exercise.kind === 'function' && exercise.tensors === true);
    return isAsked || /\btf\b/.test(this.submission.answers[exercise.id] ?? '');
  }

  /** Where an answer runs, begun if it is the first; nothing where there is none to run. */
  private roomOf(exercise: Exercise): Asked | undefined {
    if (exercise.kind === 'trained' || exercise.kind === 'text' || this.submission.answers[exercise.id] === undefined) return undefined;
    return this.rooms.for(this.usesTensors(exercise) ? 'tensors' : 'plain');
  }

  /** Runs the cell of an answer, or has the model looked at that was handed in. */
  private async given(exercise: Exercise): Promise<Given> {
    const { answers, models, learner } = this.submission;
    if (exercise.kind === 'trained') {
      const model = models[exercise.id];
      if (!model) return { outcome: 'missing', message: 'No trained model was handed in: check saves it, handIn packs it.' };
      return { answer: await trainedModel(exercise, model, this.rooms, () => this.marking.pictures(exercise)), lost: () => undefined };
    }
    const source = answers[exercise.id];
    const room = this.roomOf(exercise);
    if (source === undefined || !room) return { outcome: 'missing', message: 'The cell of this answer was not handed in.' };
    const given = exercise.kind === 'number' ? givenOf(exercise, variantOf(exercise.id, learner)) : {};
    const open = { ask: 'open', source, name: exercise.answer, given, tensors: this.usesTensors(exercise) } as const;
    const reply = await room.ask(open, OPEN_LIMIT);
    if (isLost(reply)) return { outcome: reply.lost, message: LOST[reply.lost] };
    const opened = openedOf(reply);
    switch (opened?.opened) {
      case 'function': return this.asked(exercise, room, open);
      case 'value': return { answer: opened.value, lost: () => undefined };
      case 'error': return { outcome: 'error', message: `Your cell ended with an error: ${opened.error}` };
      case 'unreadable': return { outcome: 'failed', message: `What ${exercise.answer} stands for cannot be used: ${opened.error}` };
      default:
        room.end();
        return { outcome: 'crashed', message: LOST.crashed };
    }
  }

  /** The function that a room has opened, as the judge asks it. After a call that did not end in time it is opened anew, in another room. */
  private asked(exercise: Exercise, room: Asked, open: Omit<Extract<Question, { ask: 'open' }>, 'id'>): Given {
    let lost: Lost | undefined;
    const failed = (why: Lost): Observation => (why.lost === 'timeout'
      ? { outcome: 'timeout', changed: [], leaked: 0 }
      : { outcome: 'error', error: { name: 'Thrown', message: LOST[why.lost] }, changed: [], leaked: 0 });

    const reopened = async (): Promise<Asked> => {
      const another = this.rooms.for(open.tensors ? 'tensors' : 'plain');
      const reply = await another.ask(open, OPEN_LIMIT);
      if (!isLost(reply) && openedOf(reply)?.opened !== 'function') another.end({ lost: 'crashed' });
      return another;
    };
    let within = room;
    const observe = async (inputs: readonly Plain[], { timeLimit = CALL_LIMIT }: { timeLimit?: number }): Promise<Observation> => {
      if (lost) return failed(lost);
      if (!within.isThere) within = await reopened();
      const reply = await within.ask({ ask: 'call', inputs, tensors: open.tensors }, timeLimit + GRACE);
      const observation = isLost(reply) ? undefined : observationOf(reply);
      if (observation) return observation;
      const why: Lost = isLost(reply) ? reply : { lost: 'crashed' };
      within.end(why);
      if (why.lost !== 'timeout') lost = why;
      return failed(why);
    };
    const facts = async (): Promise<FactsOfModel | string> => {
      const reply = await room.ask({ ask: 'build' }, BUILD_LIMIT);
      if (isLost(reply)) return LOST[(lost = reply).lost];
      const built = builtOf(reply);
      if (built?.built !== 'model') return `${exercise.answer}() gave no model: ${built?.error ?? 'what it gave cannot be read'}.`;
      const { topology, compiled } = built;
      return factsIn(await this.rooms.for('models').ask({ ask: 'topology', topology, ...(compiled && { compiled }) }, BUILD_LIMIT));
    };
    return { answer: new Elsewhere(exercise.kind === 'model' ? { facts } : { observe }), lost: () => lost };
  }
}

/** What is said of a judgement. Of hidden requirements only whether they are met. */
function told(
  exercise: Exercise, { criteria: judged, trouble, hint }: Judgement, lost: Lost | undefined,
): Pick<MarkedExercise, 'earned' | 'outcome' | 'message' | 'criteria' | 'hint'> {
  const requirements = 'requirements' in exercise ? exercise.requirements : [];
  let hiddenBefore = 0;
  const criteria = judged.map(({ name, points, earned, cases, note }, i): MarkedCriterion => {
    if (requirements[i]?.hidden) return { name: `hidden ${++hiddenBefore}`, hidden: true, points, earned };
    const found = (note ?? cases.find(({ passed }) => !passed)?.failure)?.slice(0, LONGEST_NOTE);
    return { name, hidden: false, points, earned, ...(found !== undefined && { note: found }) };
  });
  const earned = criteria.reduce((sum, each) => sum + each.earned, 0);
  const passed = criteria.length > 0 && criteria.every((each) => each.earned === each.points);
  const observed = judged.flatMap(({ cases }) => cases.map(({ observation }) => observation.outcome));
  const outcome: MarkOutcome = passed ? 'passed'
    : lost ? lost.lost
    : observed.includes('timeout') ? 'timeout'
    : observed.length > 0 && observed.every((each) => each === 'error') ? 'error'
    : 'failed';
  const message = (trouble && inOurVoice(trouble).slice(0, LONGEST_NOTE)) ?? (passed ? 'All of it is right.' : lost ? LOST[lost.lost] : outcome === 'timeout' ? LOST.timeout : 'Not right yet.');
  return { earned, outcome, message, criteria, ...(hint && !passed && { hint }) };
}

/** What the judge says to somebody in a notebook, without what to do there: `flattenPicture: expected a function; got the number 7.` */
const inOurVoice = (trouble: string): string =>
  trouble.replace(/^check\('[\w.]+', (\w+)\) expects (.*?)\. (?:Run the cell|Give|Write) .*$/s, '$1: expected $2.');
