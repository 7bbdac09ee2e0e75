import { Queue, QueueEvents } from 'bullmq';
import type { Result } from '../mark/result';
import type { Submission } from '../submission';
import { jobIdOf, packed, removeFile, textOf, unseal, type Agreed, type Job } from './jobs';

/** Milliseconds after which is asked how a job stands, whether or not there was news of it. */
const ASK_AGAIN = 5000;
/** Times that a submission is tried when it cannot be marked, for a host that has no memory left or the like. */
const ATTEMPTS = 3;

/** For all connections: a command waits for Redis to come back, however long that takes. */
export const connectionTo = (redis: string): { url: string; maxRetriesPerRequest: null } => ({ url: redis, maxRetriesPerRequest: null });

/**
 * Has submissions marked by workers on any host: `mark` is what `gradeAll` expects, and back-pressure is its `jobs`.
 *
 * Whatever dies meanwhile (a worker, Redis, this process), nothing has to be remembered: a job is looked for by its id, put in if it is not
 * there, and its result is taken when it is.
 */
export class MarkingQueue {
  private readonly queue: Queue<Job>;
  private readonly events: QueueEvents;
  private readonly waiting = new Map<string, Set<() => void>>();

  /** @param onTrouble told what keeps Redis from answering; it is tried again */
  constructor(private readonly agreed: Agreed, private readonly onTrouble: (error: Error) => void) {
    const connection = connectionTo(agreed.redis);
    this.queue = new Queue(agreed.queue, { connection });
    this.events = new QueueEvents(agreed.queue, { connection });
    this.queue.on('error', onTrouble);
    this.events.on('error', onTrouble);
    const wake = ({ jobId }: { jobId: string }): void => this.waiting.get(jobId)?.forEach((go) => go());
    this.events.on('completed', wake);
    this.events.on('failed', wake);
  }

  /** How many processes wait for jobs of this queue; with none of them nothing is ever marked. */
  workers(): Promise<number> {
    return this.queue.getWorkersCount();
  }

  /** @throws Error that says why the submission could not be marked */
  readonly mark = async (submission: Submission): Promise<Result> => {
    const text = textOf(submission);
    const id = jobIdOf(text, this.agreed.queue);
    for (;;) {
      const news = this.newsOf(id); // Listens before it asks, so that nothing is missed in between.
      const finished = await this.finished(id, text).catch((error: Error) => {
        if (error instanceof NotMarked) throw error;
        this.onTrouble(error);
      });
      if (finished) return finished;
      await news;
    }
  };

  private async finished(id: string, text: string): Promise<Result | undefined> {
    const state = await this.queue.getJobState(id);
    if (state === 'unknown') {
      let job: Job;
      try {
        job = packed(id, text, this.agreed);
      } catch (error) {
        throw new NotMarked((error as Error).message);
      }
      await this.queue.add('mark', job, { jobId: id, attempts: ATTEMPTS, backoff: { type: 'exponential', delay: 1000 } });
      return undefined;
    }
    if (state !== 'completed' && state !== 'failed') return undefined;
    const job = await this.queue.getJob(id);
    if (!job) return undefined; // Another producer had the same submission marked and has taken it away: once more.
    await job.remove();
    removeFile(text, this.agreed);
    if (state === 'failed') {
      throw new NotMarked(/stalled more than/.test(job.failedReason)
        ? 'each worker that tried it has died of it. Look at it by hand, in a virtual machine.'
        : job.failedReason);
    }
    try {
      return unseal(this.agreed.secret, `result ${id}`, job.returnvalue) as Result;
    } catch (error) {
      throw new NotMarked((error as Error).message);
    }
  }

  /** Settled when something is heard of a job, or after a while. */
  private newsOf(id: string): Promise<void> {
    const all = this.waiting.get(id) ?? new Set();
    this.waiting.set(id, all);
    return new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(timer);
        all.delete(go);
        if (all.size === 0 && this.waiting.get(id) === all) this.waiting.delete(id);
        resolve();
      };
      const timer = setTimeout(go, ASK_AGAIN);
      all.add(go);
    });
  }

  async close(): Promise<void> {
    this.waiting.forEach((all) => all.forEach((go) => go()));
    await Promise.all([this.queue.close(), this.events.close()]);
  }
}

/** It is known why: trying again would not help. */
class NotMarked extends Error {}
