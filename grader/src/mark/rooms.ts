import { LIMITS, TENSOR_LIMITS, type Sandbox, type SandboxRequest } from '../sandbox/sandbox';
import { Asked } from './asked';

const GUEST = 'grader/dist/guest';
/** TensorFlow.js, and the library that loads it. */
const TENSORS = ['lib', 'node_modules'];

/** What sandboxes are for. Answers that need no TensorFlow do not wait for it; models are looked at where no answer runs. */
const ROOMS = {
  plain: { script: `${GUEST}/guest.bundle.js`, sees: [GUEST], limits: LIMITS },
  tensors: { script: `${GUEST}/guest.bundle.js`, sees: [GUEST, ...TENSORS], tensors: true, limits: TENSOR_LIMITS },
  models: { script: `${GUEST}/examiner.js`, sees: ['grader/dist', ...TENSORS], tensors: true, scratchBytes: 100e6, limits: TENSOR_LIMITS },
} as const satisfies Record<string, SandboxRequest>;

/** Milliseconds for a whole submission: a lesson whose answers all end takes some seconds. */
const SUBMISSION_LIMIT = 300_000;

/** The sandboxes of one submission, each begun when it is needed; a new one where one was lost. After five minutes none answers any more. */
export class Rooms {
  private readonly open = new Map<string, Asked>();
  private readonly until: number;

  constructor(private readonly sandbox: Sandbox, limit = SUBMISSION_LIMIT) {
    this.until = performance.now() + limit;
  }

  for(purpose: keyof typeof ROOMS): Asked {
    const known = this.open.get(purpose);
    if (known?.isThere) return known;
    const made = new Asked(this.sandbox, ROOMS[purpose], this.until);
    this.open.set(purpose, made);
    return made;
  }

  end(): void {
    for (const room of this.open.values()) room.end();
  }
}
