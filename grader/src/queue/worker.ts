import { Worker } from 'bullmq';
import type { Result } from '../mark/result';
import type { Submission } from '../submission';
import { seal, unpacked, type Agreed, type Job } from './jobs';
import { connectionTo } from './marking-queue';

/** Milliseconds without a sign of life after which another worker takes over what one has been marking. */
const TAKE_OVER = 20_000;
/** Workers that may die over one submission before it is given up. */
const DEATHS = 3;
/** Seconds that results stay in Redis whose producer has died. */
const KEPT = 3600;

/** What a worker process tells of each submission. */
export interface Told {
  readonly outcome: 'marked' | 'failed';
  readonly seconds: number;
}

/**
 * Marks what is in a queue, one submission after the other.
 *
 * One at a time, for the sake of the others: a submission that kills its process kills no neighbour, so who was there when a process died is
 * who it died of. More at a time are more processes.
 */
export function startWorker(
  agreed: Agreed, mark: (submission: Submission) => Promise<Result>, tell: (told: Told) => void, onTrouble: (error: Error) => void,
  takeOver = TAKE_OVER,
): Worker<Job> {
  const worker = new Worker<Job>(agreed.queue, async ({ id, data }) => {
    const began = performance.now();
    let outcome: Told['outcome'] = 'failed';
    try {
      const result = await mark(unpacked(id!, data, agreed));
      outcome = 'marked';
      return seal(agreed.secret, `result ${id}`, result);
    } finally {
      tell({ outcome, seconds: (performance.now() - began) / 1000 });
    }
  }, {
    connection: connectionTo(agreed.redis), concurrency: 1, lockDuration: takeOver, stalledInterval: takeOver / 4, maxStalledCount: DEATHS,
    removeOnComplete: { age: KEPT }, removeOnFail: { age: KEPT },
  });
  worker.on('error', onTrouble);
  return worker;
}
