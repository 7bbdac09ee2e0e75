import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { gradeAll } from '../../grader/src/batch/grade-all';
import { Store } from '../../grader/src/batch/store';
import { canonicalJson, type Result } from '../../grader/src/mark/result';
import { packed, queueNameOf, seal, submissionOf, textOf, unpacked, unseal, type Agreed } from '../../grader/src/queue/jobs';
import { MarkingQueue } from '../../grader/src/queue/marking-queue';
import { startWorkers, type ProcessSettings, type Workers } from '../../grader/src/queue/workers';
import type { Submission } from '../../grader/src/submission';
import { buildGrader } from '../support/grader';
import { TestRedis, whyNoRedis } from '../support/redis';

interface Marks {
  submissionOf(i: number, what?: string): Submission;
  markedAs(submission: Submission): Result;
  conditions: { suite: string; environment: string; seed: string };
}
const marks = require('../support/queue-marks.cjs') as Marks;

const { forgingWorker } = require('../support/forging-worker.cjs') as { forgingWorker(queue: string, url: string): { close(): Promise<void> } };

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'course-queue-'));
const agreed: Agreed = { redis: 'redis://127.0.0.1:1', queue: 'grade-test', secret: 'a secret of the tests' };
const WORKER = path.resolve(__dirname, '../support/queue-worker.cjs');
const PRODUCER = path.resolve(__dirname, '../support/queue-producer.cjs');

afterAll(() => fs.rmSync(scratch, { recursive: true, force: true }));

/** More of them, by hand: COURSE_KILLS=100 npm test -- test/grader/queue.test.ts */
const KILLS = Number(process.env.COURSE_KILLS ?? 20);

describe('queueNameOf', () => {
  const suites = [{ assignment: '01', sha256: 'a' }, { assignment: '02', sha256: 'b' }];

  it('tells definitions, environments and secrets apart, and no order', () => {
    const name = queueNameOf(suites, 'environment', 'secret');
    expect(queueNameOf([...suites].reverse(), 'environment', 'secret')).toBe(name);
    const others = [
      queueNameOf([suites[0]], 'environment', 'secret'), queueNameOf([suites[0], { assignment: '02', sha256: 'c' }], 'environment', 'secret'),
      queueNameOf(suites, 'another', 'secret'), queueNameOf(suites, 'environment', 'another'),
    ];
    expect(new Set([name, ...others]).size).toBe(5);
  });
});

describe('a job', () => {
  const model = { files: { 'weights.bin': Uint8Array.from([0, 1, 254, 255]) } };
  const submission: Submission = { ...marks.submissionOf(1), models: { 1.2: model }, receivedAt: '2026-11-21T10:00:00Z' };
  const text = textOf(submission);

  it('holds all of a submission but when it came', () => {
    const { receivedAt: _, ...rest } = submission;
    expect(unpacked('g-1', packed('g-1', text, agreed), agreed)).toEqual(rest);
    expect(submissionOf(text)).toEqual(rest);
    expect(textOf({ ...submission, receivedAt: '2026-11-22T10:00:00Z' })).toBe(text);
  });

  it('is another one for another learner with the same answers', () => {
    expect(textOf({ ...submission, learner: 'learner-2' })).not.toBe(text);
  });

  it('goes through a shared folder when it is large', () => {
    const large = textOf({ ...submission, models: { 1.2: { files: { 'weights.bin': new Uint8Array(1_200_000) } } } });
    expect(() => packed('g-1', large, agreed)).toThrow(/has 1\.6 MB.*--shared/);
    const shared = { ...agreed, shared: scratch };
    const job = packed('g-1', large, shared);
    expect(job.sealed.length).toBeLessThan(300);
    expect(unpacked('g-1', job, shared).models['1.2'].files['weights.bin']).toHaveLength(1_200_000);
    expect(() => unpacked('g-1', job, agreed)).toThrow(/--shared/);
    const [file] = fs.readdirSync(scratch);
    fs.appendFileSync(path.join(scratch, file), ' ');
    expect(() => unpacked('g-1', job, shared)).toThrow(/damaged/);
  });

  it('counts only if who has the secret has written it, for just this job', () => {
    const { sealed } = packed('g-1', text, agreed);
    const refused = /not written by who has the secret/;
    expect(() => unpacked('g-2', { sealed }, agreed)).toThrow(refused);
    expect(() => unpacked('g-1', { sealed: sealed.replace('answer 1', 'answer 2') }, agreed)).toThrow(refused);
    expect(() => unpacked('g-1', { sealed }, { ...agreed, secret: 'another' })).toThrow(refused);
    expect(() => unseal(agreed.secret, 'result g-1', sealed)).toThrow(refused);
    for (const nothing of [undefined, null, '', 'a b', {}, `${'A'.repeat(43)}= {}`]) {
      expect(() => unseal(agreed.secret, 'result g-1', nothing)).toThrow(refused);
    }
    expect(unseal('s', 'p', seal('s', 'p', { earned: 7 }))).toEqual({ earned: 7 });
  });
});

const reason = whyNoRedis();
describe.skipIf(reason !== undefined)(`the queue${reason === undefined ? '' : ` (not tested: ${reason})`}`, () => {
  let redis: TestRedis;
  let workers: Workers[] = [];
  let queue: MarkingQueue | undefined;
  const settings = (): ProcessSettings => ({ ...agreed, redis: redis.url, environment: 'environment', takeOver: 1500 });

  beforeAll(async () => {
    buildGrader();
    redis = await TestRedis.start();
  });
  afterEach(async () => {
    await Promise.all(workers.map((each) => each.stop()));
    workers = [];
    await queue?.close();
    queue = undefined;
  });
  afterAll(() => redis?.end());

  async function started(jobs: number, listen?: { host: string; port: number }): Promise<Workers> {
    const these = await startWorkers(WORKER, settings(), { jobs, ...(listen && { listen }) });
    workers.push(these);
    return these;
  }
  const opened = (): MarkingQueue => (queue = new MarkingQueue(settings(), () => {}));

  it('gives what the workers have marked, once for the same submission however often it is asked', async () => {
    await started(1);
    const { mark } = opened();
    const submission = marks.submissionOf(1);
    const all = await Promise.all([mark(submission), mark(submission), mark(marks.submissionOf(2))]);
    expect(all.map((each) => each.learner)).toEqual(['learner-00001', 'learner-00001', 'learner-00002']);
    expect(canonicalJson(all[0])).toBe(canonicalJson(marks.markedAs(submission)));
  });

  it('says why one could not be marked, and tries it again when it is asked again', async () => {
    await started(1);
    const { mark } = opened();
    await expect(mark(marks.submissionOf(3, 'trouble'))).rejects.toThrow('this one cannot be marked');
    await expect(mark(marks.submissionOf(3, 'trouble'))).rejects.toThrow('this one cannot be marked');
  });

  it('gives up who kills each worker, and marks all others', async () => {
    await started(2);
    async function* submissions() {
      for (let i = 0; i < 30; i++) yield marks.submissionOf(i, i % 15 === 4 ? 'poison' : undefined);
    }
    const store = new Store(path.join(scratch, 'poisoned'));
    const graded = await gradeAll(submissions(), { store, jobs: 30, conditions: () => marks.conditions, mark: opened().mark });
    expect(graded.marked).toBe(28);
    expect(graded.failed.map(({ learner }) => learner).sort()).toEqual(['learner-00004', 'learner-00019']);
    expect(graded.failed[0].reason).toContain('each worker that tried it has died of it');
  });

  it('refuses a result that no worker has made', async () => {
    const forger = forgingWorker(agreed.queue, redis.url);
    await expect(opened().mark(marks.submissionOf(5))).rejects.toThrow(/not written by who has the secret/);
    await forger.close();
  });

  it('shows Prometheus what there is and what was done', async () => {
    const { metrics } = await started(2, { host: '127.0.0.1', port: 0 });
    const { mark } = opened();
    await Promise.all([1, 2, 3].map((i) => mark(marks.submissionOf(100 + i))));
    await mark(marks.submissionOf(104, 'trouble')).catch(() => {});
    const page = await (await fetch(metrics!)).text();
    expect(page).toContain('course_grader_submissions_total{outcome="marked"} 3');
    expect(page).toContain('course_grader_submissions_total{outcome="failed"} 3'); // Tried three times.
    expect(page).toContain('course_grader_marking_seconds_count 6');
    expect(page).toContain('course_grader_workers 2');
    expect(page).toContain('course_grader_redis_up 1');
    expect(page).toMatch(/course_grader_jobs\{state="waiting"\} 0/);
    expect((await fetch(metrics!.replace('/metrics', '/'))).status).toBe(404);
  });

  it('says that Redis is gone, and goes on when it is back', async () => {
    const { metrics } = await started(1, { host: '127.0.0.1', port: 0 });
    const { mark } = opened();
    await mark(marks.submissionOf(200));
    const restarted = redis.killAndRestart(3000);
    await sleep(300);
    const marked = mark(marks.submissionOf(201));
    expect(await (await fetch(metrics!)).text()).toContain('course_grader_redis_up 0');
    await restarted;
    expect((await marked).learner).toBe('learner-00201');
  });

  it('loses and doubles nothing when workers, Redis and who waits are killed', async () => {
    const lost = await killed({ count: 20 * KILLS, kills: KILLS });
    expect(lost).toEqual({ kills: KILLS, missing: [], wrong: [], doubled: [] });
  }, 240_000 + 5000 * KILLS);

  /** Has submissions marked while things are killed at random moments; starts what was killed again. */
  async function killed({ count, kills }: { count: number; kills: number }) {
    const out = path.join(scratch, 'killed');
    const processes = [...Array(3)].map(() => workerHost());
    const startProducer = (): ChildProcess => fork(PRODUCER, [JSON.stringify({ agreed: settings(), out, count, jobs: 40 })], { execArgv: [] });
    let producer = startProducer();
    let done = 0;
    const victims = [
      async () => {
        const i = Math.floor(Math.random() * processes.length);
        await end(processes[i]);
        processes[i] = workerHost();
      },
      async () => {
        await end(producer);
        producer = startProducer();
      },
      () => redis.killAndRestart(Math.random() * 300),
    ];
    while (done < kills && producer.exitCode === null) {
      await sleep(Math.random() * 800);
      await victims[done++ % victims.length]();
    }
    if (producer.exitCode === null) await once(producer, 'exit');
    await Promise.all(processes.map(end));

    const store = new Store(out);
    const lines = fs.readFileSync(path.join(out, 'journal.jsonl'), 'utf8').trim().split('\n').map((line) => (JSON.parse(line) as { learner: string }).learner);
    const all = [...Array(count).keys()].map((i) => marks.submissionOf(i));
    return {
      kills: done,
      missing: all.filter(({ learner }) => !store.read('01_lesson', learner)).map(({ learner }) => learner),
      wrong: all.filter((each) => canonicalJson(store.read('01_lesson', each.learner)?.result) !== canonicalJson(marks.markedAs(each)))
        .map(({ learner }) => learner),
      doubled: lines.filter((learner, i) => lines.indexOf(learner) !== i),
    };
  }

  function workerHost(): ChildProcess {
    const child = fork(WORKER, { execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    child.send(settings());
    return child;
  }

  async function end(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});
