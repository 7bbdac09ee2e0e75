import { createHmac } from 'node:crypto';
import {
  Elsewhere, givenOf, judgeWhole, variantOf, type Exercise, type Judgement, type Observation, type Plain,
} from '@course/lib/exercises';
import { LIMITS, TENSOR_LIMITS, type Sandbox } from '../sandbox/sandbox';
import type { Submission } from '../submission';
import { Asked, type Lost } from './asked';
import { observationOf, openedOf } from './forms';
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
  /** Hash of Node.js, packages and the sandbox's settings. */
  readonly environment: string;
}

/** Milliseconds that a learner's function may take, inside; from outside it is ended a little later. */
const CALL_LIMIT = 3000;
const GRACE = 3000;
/** Milliseconds for a process to begin and run a cell. */
const OPEN_LIMIT = 15_000;

const SEEN = ['grader/dist', 'grader/node_modules', 'lib/dist', 'lib/package.json', 'node_modules'];
const GUEST = 'grader/dist/guest/guest.js';

/**
 * Marks one submission: each answer runs in a sandbox and is judged outside of it, by the same judge that the notebook's `check` has.
 *
 * Hidden inputs depend on the secret, the learner and the exercise: the same when it is marked again.
 */
export async function mark(submission: Submission, suite: Suite, { sandbox, secret, environment }: Marking): Promise<Result> {
  const rooms = new Rooms(sandbox);
  const exercises: MarkedExercise[] = [];
  try {
    for (const exercise of suite.exercises) {
      const seed = createHmac('sha256', secret).update(canonicalJson([submission.learner, exercise.id])).digest('hex');
      exercises.push(await markOne(exercise, submission, rooms, seed));
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

/** The sandboxes of one submission: one for plain answers, one for those that need TensorFlow; a new one where one was lost. */
class Rooms {
  private readonly open = new Map<boolean, Asked>();

  constructor(private readonly sandbox: Sandbox) {}

  for(tensors: boolean): Asked {
    const known = this.open.get(tensors);
    if (known?.isThere) return known;
    const made = new Asked(this.sandbox, {
      script: GUEST, sees: SEEN, tensors, limits: tensors ? TENSOR_LIMITS : LIMITS,
    });
    this.open.set(tensors, made);
    return made;
  }

  end(): void {
    for (const room of this.open.values()) room.end();
  }
}

const isLost = (reply: Plain | Lost): reply is Lost => typeof reply === 'object' && reply !== null && 'lost' in reply && !('id' in reply);

async function markOne(exercise: Exercise, submission: Submission, rooms: Rooms, seed: string): Promise<MarkedExercise> {
  const nothing = (outcome: MarkOutcome, message: string, more: Partial<MarkedExercise> = {}): MarkedExercise => ({
    id: exercise.id, title: exercise.title, kind: exercise.kind, points: exercise.points, earned: 0, outcome, message, criteria: [], ...more,
  });
  if (exercise.kind === 'text') return nothing('manual', 'This one is marked by hand.');
  const source = submission.answers[exercise.id];
  if (source === undefined) return nothing('missing', 'The cell of this answer was not handed in.');
  if (exercise.kind === 'model' || exercise.kind === 'trained') {
    return nothing('ungradable', 'Models are not marked yet.');
  }

  const tensors = exercise.kind === 'function' && exercise.tensors === true;
  const room = rooms.for(tensors);
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
  const answer = opened.opened === 'function' ? new Elsewhere({ observe }) : opened.opened === 'value' ? opened.value : undefined;
  const judgement = await judgeWhole(exercise, answer, seed, { learner: submission.learner, timeLimit: CALL_LIMIT });
  return { ...nothing('failed', ''), ...verdict(exercise, judgement, lost), ...printed() };
}

const LONGEST_PRINTED = 2000;

const LOST: Readonly<Record<Lost['lost'], string>> = {
  timeout: 'It did not end in time, and was ended.',
  'out of memory': 'It took more memory than an answer may have, and was ended.',
  killed: 'It was ended: it took too long, or printed too much.',
  crashed: 'It ended its own process, or sent something that is no answer.',
};

/** What is said of a judgement. Of hidden criteria only whether they are earned. */
function verdict(exercise: Exercise, judgement: Judgement, lost: Lost | undefined): Pick<MarkedExercise, 'earned' | 'outcome' | 'message' | 'criteria' | 'hint'> {
  const asked = exercise.kind === 'function' ? exercise.criteria : [];
  const isHidden = (i: number): boolean => asked.filter(({ hidden }) => !hidden).length <= i && asked.length > 0;
  const criteria = judgement.criteria.map(({ name, points, earned, cases, note }, i): MarkedCriterion => {
    if (isHidden(i)) return { name: `hidden ${i + 1 - asked.filter(({ hidden }) => !hidden).length}`, hidden: true, points, earned };
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
