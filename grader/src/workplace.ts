import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import type { Conditions, Store } from './batch/store';
import { mark, seedHash, type Suite } from './mark/mark';
import { markingPictures } from './mark/pictures';
import type { Result } from './mark/result';
import { environmentHash, loadSuites } from './mark/suite';
import { agreedOn, type Agreed } from './queue/jobs';
import type { MarkingQueue } from './queue/marking-queue';
import { chosenSandbox } from './sandbox/back-ends';
import type { Sandbox } from './sandbox/sandbox';
import type { Submission } from './submission';

/** What the commands have in common. */

/** An error that the user can do something about: its message is all there is to say. */
export class Trouble extends Error {}

/** @param given `--jobs`; as many as there are processors without it */
export function jobsOf(given: string | undefined): number {
  const jobs = given === undefined ? os.availableParallelism() : Number(given);
  if (!Number.isInteger(jobs) || jobs < 1) throw new Trouble(`Got --jobs ${given}; expected a whole number of at least 1.`);
  return jobs;
}

/** A sandbox that was tried and holds. @throws Trouble that says what it does not stop */
export async function shutSandbox(): Promise<Sandbox> {
  const sandbox = chosenSandbox();
  const problems = await sandbox.problems();
  if (problems.length > 0) throw new Trouble(`Nothing is marked, because the sandbox cannot be kept shut here:\n- ${problems.join('\n- ')}`);
  return sandbox;
}

export interface WorkplaceOptions {
  readonly store: Store;
  readonly sandbox: Sandbox;
  /** Without it the store keeps a secret of its own. */
  readonly secretFile?: string;
  /** Workers mark then, and not this process. */
  readonly redis?: string;
  readonly shared?: string;
}

/** Where submissions are marked: in this process, or by workers. */
export interface Workplace {
  readonly suites: readonly Suite[];
  readonly conditions: (assignment: string) => Conditions;
  readonly mark: (submission: Submission) => Promise<Result>;
  readonly queue: MarkingQueue | undefined;
}

/** @throws Error where the definitions are not built, or the secret cannot be read */
export async function openWorkplace({ store, sandbox, secretFile, redis, shared }: WorkplaceOptions): Promise<Workplace> {
  const suites = loadSuites();
  const suiteOf = (name: string): Suite => suites.find(({ assignment }) => assignment === name)!;
  const secret = secretFile === undefined ? store.secret(() => randomBytes(32).toString('hex')) : fs.readFileSync(secretFile, 'utf8').trim();
  const environment = environmentHash(sandbox.name);
  const queue = redis === undefined ? undefined : await openQueue(agreedOn(redis, suites, environment, secret, shared));
  const marking = { sandbox, secret, environment, pictures: markingPictures };
  return {
    suites,
    conditions: (name) => ({ suite: suiteOf(name).sha256, environment, seed: seedHash(secret) }),
    mark: queue?.mark ?? ((submission) => mark(submission, suiteOf(submission.assignment), marking)),
    queue,
  };
}

/** Loaded only where there is one: most marking needs no more than this machine. */
async function openQueue(agreed: Agreed): Promise<MarkingQueue> {
  const { MarkingQueue } = await import('./queue/marking-queue.js');
  const { troubleTold } = await import('./queue/workers.js');
  return new MarkingQueue(agreed, troubleTold());
}
