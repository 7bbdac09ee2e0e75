import { createHmac } from 'node:crypto';
import {
  Elsewhere, givenOf, judgeWhole, measuredBy, variantOf, type Exercise, type FactsOfModel, type Judgement, type Measured, type Observation, type Plain, type TrainedExercise,
} from '@course/lib/exercises';
import { LIMITS, TENSOR_LIMITS, type Sandbox, type SandboxRequest } from '../sandbox/sandbox';
import type { HandedInModel, Submission } from '../submission';
import { Asked, type Lost } from './asked';
import { builtOf, examinedOf, observationOf, openedOf } from './forms';
import { canonicalJson, sha256, type MarkedCriterion, type MarkedExercise, type MarkOutcome, type Result } from './result';

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
  /** Pictures that trained models are asked about, drawn by the seed from those that `check` does not show. */
  readonly pictures: (exercise: TrainedExercise, seed: string) => Promise<MarkingPictures>;
  /** Hash of Node.js, packages and the sandbox's settings. */
  readonly environment: string;
}

/** Pixels 0..255 of pictures, one after the other, and their classes. */
export interface MarkingPictures {
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

/** Milliseconds that a learner's function may take, inside; from outside it is ended a little later. */
const CALL_LIMIT = 3000;
const GRACE = 3000;
/** Milliseconds for a process to begin and run a cell. */
const OPEN_LIMIT = 15_000;
const BUILD_LIMIT = 40_000;
const EXAMINE_LIMIT = 120_000;

const SEEN = ['grader/dist', 'grader/node_modules', 'lib/dist', 'lib/package.json', 'node_modules'];
const GUEST = 'grader/dist/guest/guest.js';
const EXAMINER = 'grader/dist/guest/examiner.js';

/**
 * Marks one submission: each answer runs in a sandbox and is judged outside of it, by the same judge that the notebook's `check` has.
 *
 * Hidden inputs depend on the secret, the learner and the exercise: the same when it is marked again.
 */
export async function mark(submission: Submission, suite: Suite, { sandbox, secret, environment, pictures }: Marking): Promise<Result> {
  const rooms = new Rooms(sandbox);
  const exercises: MarkedExercise[] = [];
  try {
    for (const exercise of suite.exercises) {
      const seed = createHmac('sha256', secret).update(canonicalJson([submission.learner, exercise.id])).digest('hex');
      exercises.push(await markOne(exercise, submission, rooms, seed, pictures));
    }
  } finally {
    rooms.end();
  }
  const sum = (of: (exercise: MarkedExercise) => number): number => exercises.reduce((total, each) => total + of(each), 0);
  return {
    format: 1,
    assignment: suite.assignment,
    learner: submission.learner,
    submission: submission.sha256,
    suite: suite.sha256,
    environment,
    seed: sha256(`secret ${secret}`),
    exercises,
    earned: sum(({ earned }) => earned),
    points: sum(({ points }) => points),
    manualPoints: sum(({ points, outcome }) => (outcome === 'manual' ? points : 0)),
    findings: submission.findings,
  };
}

/** What sandboxes are for. Answers that need no TensorFlow do not wait for it; models are looked at where no answer runs. */
const ROOMS = {
  plain: { script: GUEST, sees: SEEN, limits: LIMITS },
  tensors: { script: GUEST, sees: SEEN, tensors: true, limits: TENSOR_LIMITS },
  models: { script: EXAMINER, sees: SEEN, tensors: true, scratchBytes: 100e6, limits: TENSOR_LIMITS },
} as const satisfies Record<string, SandboxRequest>;

/** The sandboxes of one submission, each begun when it is needed; a new one where one was lost. */
class Rooms {
  private readonly open = new Map<string, Asked>();

  constructor(private readonly sandbox: Sandbox) {}

  for(purpose: keyof typeof ROOMS): Asked {
    const known = this.open.get(purpose);
    if (known?.isThere) return known;
    const made = new Asked(this.sandbox, ROOMS[purpose]);
    this.open.set(purpose, made);
    return made;
  }

  end(): void {
    for (const room of this.open.values()) room.end();
  }
}

const isLost = (reply: Plain | Lost): reply is Lost => typeof reply === 'object' && reply !== null && 'lost' in reply && !('id' in reply);

async function markOne(
  exercise: Exercise, submission: Submission, rooms: Rooms, seed: string, pictures: Marking['pictures'],
): Promise<MarkedExercise> {
  const nothing = (outcome: MarkOutcome, message: string, more: Partial<MarkedExercise> = {}): MarkedExercise => ({
    id: exercise.id, title: exercise.title, kind: exercise.kind, points: exercise.points, earned: 0, outcome, message, criteria: [], ...more,
  });
  if (exercise.kind === 'text') return nothing('manual', 'This one is marked by hand.');
  if (exercise.kind === 'trained') {
    const model = submission.models[exercise.id];
    if (!model) return nothing('missing', 'No trained model was handed in: check saves it, handIn packs it.');
    const answer = await trainedModel(exercise, model, rooms, () => pictures(exercise, seed));
    return { ...nothing('failed', ''), ...verdict(exercise, await judgeWhole(exercise, answer, seed), undefined) };
  }
  const source = submission.answers[exercise.id];
  if (source === undefined) return nothing('missing', 'The cell of this answer was not handed in.');

  const tensors = exercise.kind === 'model' || (exercise.kind === 'function' && exercise.tensors === true);
  const room = rooms.for(tensors ? 'tensors' : 'plain');
  const before = room.printed.length;
  const given = exercise.kind === 'number' ? givenOf(exercise, variantOf(exercise.id, submission.learner)) : {};
  const reply = await room.ask({ ask: 'open', source, name: exercise.answer, given, tensors }, OPEN_LIMIT);
  const printed = (): Pick<MarkedExercise, 'printed'> => {
    const text = room.printed.slice(before, before + LONGEST_PRINTED);
    return text ? { printed: text } : {};
  };
  if (isLost(reply)) return nothing(reply.lost, LOST[reply.lost], printed());
  const opened = openedOf(reply);
  if (!opened) {
    room.end();
    return nothing('crashed', LOST.crashed, printed());
  }
  if (opened.opened === 'error') return nothing('error', `Your cell ended with an error: ${opened.error}`, printed());

  let lost: Lost | undefined;
  const observe = async (inputs: readonly Plain[], { timeLimit = CALL_LIMIT }: { timeLimit?: number }): Promise<Observation> => {
    const failed = (name: string, message: string): Observation => ({ outcome: 'error', error: { name, message }, changed: [], leaked: 0 });
    if (lost) return failed('Lost', LOST[lost.lost]);
    const answer = await room.ask({ ask: 'call', inputs, tensors, timeLimit }, timeLimit * 2 + GRACE);
    if (isLost(answer)) {
      lost = answer;
      return answer.lost === 'timeout' ? { outcome: 'timeout', changed: [], leaked: 0 } : failed('Lost', LOST[answer.lost]);
    }
    const observation = observationOf(answer);
    if (observation) return observation;
    lost = { lost: 'crashed' };
    room.end(lost);
    return failed('Lost', LOST.crashed);
  };
  const facts = async (): Promise<FactsOfModel | string> => {
    const answer = await room.ask({ ask: 'build' }, BUILD_LIMIT);
    if (isLost(answer)) {
      lost = answer;
      return LOST[answer.lost];
    }
    const built = builtOf(answer);
    if (built?.built !== 'model') return `${exercise.answer}() could not be used: ${built?.error ?? 'it gave no model'}.`;
    const { topology, compiled } = built;
    return factsIn(await rooms.for('models').ask({ ask: 'topology', topology, ...(compiled && { compiled }) }, BUILD_LIMIT));
  };
  const answer = opened.opened === 'function' ? new Elsewhere(exercise.kind === 'model' ? { facts } : { observe }) : opened.opened === 'value' ? opened.value : undefined;
  const judgement = await judgeWhole(exercise, answer, seed, { learner: submission.learner, timeLimit: CALL_LIMIT });
  return { ...nothing('failed', ''), ...verdict(exercise, judgement, lost), ...printed() };
}

const LONGEST_PRINTED = 2000;

/** The facts among what the examiner has found, or why there are none. */
function factsIn(reply: Plain | Lost): FactsOfModel | string {
  if (isLost(reply)) return `The model could not be looked at: ${LOST[reply.lost]}`;
  const examined = examinedOf(reply);
  if (examined?.examined === 'facts') return examined.facts as unknown as FactsOfModel;
  return `The model cannot be used: ${examined?.error ?? 'it could not be read'}.`;
}

/** A model that was handed in, as the judge asks it: the examiner loads it, its answers are compared here. */
async function trainedModel(
  { pictures: { shape, scale } }: TrainedExercise, { files }: HandedInModel, rooms: Rooms, pictures: () => Promise<MarkingPictures>,
): Promise<Elsewhere> {
  const { pixels, labels } = await pictures();
  const reply = await rooms.for('models').ask({
    ask: 'trained',
    files: Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')])),
    pictures: { count: labels.length, shape, scale, pixels: Buffer.from(pixels).toString('base64') },
  }, EXAMINE_LIMIT);
  const measured = async (): Promise<Measured | string> => {
    const examined = isLost(reply) ? undefined : examinedOf(reply);
    if (examined?.examined !== 'facts' || !examined.predictions) return 'The model was not asked about pictures.';
    const { predictions } = examined;
    if ('error' in predictions) return `The model cannot be asked about pictures of shape [${shape.join(', ')}]: ${predictions.error}`;
    const bytes = new Uint8Array(Buffer.from(predictions.values, 'base64'));
    const values = new Float32Array(bytes.buffer, 0, Math.floor(bytes.length / 4));
    try {
      return measuredBy(values, predictions.shape, labels);
    } catch (error) {
      return `The model cannot be asked about pictures: ${(error as Error).message}`;
    }
  };
  return new Elsewhere({ facts: async () => factsIn(reply), measured });
}

const LOST: Readonly<Record<Lost['lost'], string>> = {
  timeout: 'It did not end in time, and was ended.',
  'out of memory': 'It took more memory than an answer may have, and was ended.',
  killed: 'It was ended: it took too long, or printed too much.',
  crashed: 'It ended its own process, or sent something that is no answer.',
};

/** What is said of a judgement. Of hidden criteria only whether they are earned. */
function verdict(exercise: Exercise, judgement: Judgement, lost: Lost | undefined): Pick<MarkedExercise, 'earned' | 'outcome' | 'message' | 'criteria' | 'hint'> {
  // In the order of the judgement: of functions the hidden ones come last, levels of accuracy behind the requirements.
  const asked: readonly { readonly hidden?: true }[] = exercise.kind === 'function'
    ? [...exercise.criteria.filter(({ hidden }) => !hidden), ...exercise.criteria.filter(({ hidden }) => hidden)]
    : 'requirements' in exercise ? exercise.requirements : [];
  const isHidden = (i: number): boolean => asked[i]?.hidden === true;
  let hiddenBefore = 0;
  const criteria = judgement.criteria.map(({ name, points, earned, cases, note }, i): MarkedCriterion => {
    if (isHidden(i)) return { name: `hidden ${++hiddenBefore}`, hidden: true, points, earned };
    const failure = note ?? cases.find(({ passed }) => !passed)?.failure;
    return { name, hidden: false, points, earned, ...(failure !== undefined && { note: failure }) };
  });
  const earned = criteria.reduce((sum, each) => sum + each.earned, 0);
  const shown = criteria.filter(({ hidden }) => !hidden);
  const cases = judgement.criteria.filter((_, i) => !isHidden(i)).flatMap((each) => each.cases);
  const outcome: MarkOutcome = earned === exercise.points ? 'passed'
    : lost ? lost.lost
    : cases.some(({ observation }) => observation.outcome === 'timeout') ? 'timeout'
    : cases.length > 0 && cases.every(({ observation }) => observation.outcome === 'error') ? 'error'
    : 'failed';
  const shownRight = shown.length > 0 && shown.every(({ earned: got, points }) => got === points);
  const message = judgement.trouble
    ?? (outcome === 'passed' ? 'All of it is right.'
      : lost ? LOST[lost.lost]
      : shownRight ? 'Right for what the check shows, not for other inputs: think of sizes and cases that it does not show.'
      : 'Not right yet.');
  return { earned, outcome, message, criteria, ...(judgement.hint && !shownRight && { hint: judgement.hint }) };
}
