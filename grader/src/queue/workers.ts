import { fork, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:http';
import { Queue } from 'bullmq';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Result } from '../mark/result';
import type { Submission } from '../submission';
import type { Agreed } from './jobs';
import { connectionTo } from './marking-queue';
import { startWorker, type Told } from './worker';

/** What a worker process is told. It comes over its channel, where neither a list of processes nor an environment shows it. */
export interface ProcessSettings extends Agreed {
  readonly environment: string;
  /** Milliseconds after which another worker takes over; {@link startWorker} has a default. */
  readonly takeOver?: number;
}

/** Milliseconds to finish what is being marked; after that, and when Redis is gone, it is left to others. */
const LEAVE = 60_000;

/** The child's side: takes its settings from the parent, marks until it is told to stop, and ends with the parent. */
export function serveParent(markerOf: (settings: ProcessSettings) => (submission: Submission) => Promise<Result>): void {
  process.once('message', (settings: ProcessSettings) => {
    const worker = startWorker(settings, markerOf(settings), (told) => void process.send?.(told), troubleTold(), settings.takeOver);
    const stop = (): void => {
      void worker.close().then(() => process.exit(0));
      setTimeout(() => process.exit(1), LEAVE);
    };
    process.once('SIGTERM', stop).once('SIGINT', stop);
  });
  process.once('disconnect', () => process.exit(1));
}

/** Says once what keeps Redis from answering, and again only when it is something else. */
export function troubleTold(): (error: Error) => void {
  let last = '';
  return (error) => {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (`${code}${message}` === last) return;
    last = `${code}${message}`;
    console.error(`Redis: ${message || code}. It is tried again.`);
  };
}

/** Milliseconds before a worker process that has died is started again. */
const PAUSE = 1000;

export interface Workers {
  /** The address of the metrics, where there is one. */
  readonly metrics?: string;
  /** Lets all finish what they are marking. */
  stop(): Promise<void>;
}

/**
 * Worker processes on this host, each of which marks one submission at a time. One that dies is started again.
 *
 * @param script what each process runs: it calls {@link serveParent}
 * @param listen where Prometheus finds the metrics; port 0 takes any that is free
 */
export async function startWorkers(
  script: string, settings: ProcessSettings, { jobs, listen }: { jobs: number; listen?: { host: string; port: number } },
): Promise<Workers> {
  const registry = new Registry();
  const registers = [registry];
  const marked = new Counter({ name: 'course_grader_submissions_total', help: 'Submissions by what became of them here.', labelNames: ['outcome'], registers });
  const seconds = new Histogram({ name: 'course_grader_marking_seconds', help: 'Time for one submission.', buckets: [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120], registers });
  const deaths = new Counter({ name: 'course_grader_worker_deaths_total', help: 'Worker processes that ended unasked.', registers });
  const running = new Set<ChildProcess>();
  new Gauge({ name: 'course_grader_workers', help: 'Worker processes on this host.', registers, collect() { this.set(running.size); } });

  let stopping = false;
  const start = (): void => {
    if (stopping) return;
    const child = fork(script, { serialization: 'json' });
    running.add(child);
    child.on('message', ({ outcome, seconds: taken }: Told) => {
      marked.inc({ outcome });
      seconds.observe(taken);
    });
    child.on('error', (error) => console.error(`A worker: ${error.message}`));
    child.on('exit', (code, signal) => {
      running.delete(child);
      if (stopping) return;
      deaths.inc();
      console.error(`A worker has ended (${signal ?? `code ${code}`}); what it was marking is taken over. Another one is started.`);
      setTimeout(start, PAUSE);
    });
    child.send(settings);
  };
  for (let i = 0; i < jobs; i++) start();

  const metrics = listen && await serveMetrics(registry, settings, listen);
  return {
    ...(metrics && { metrics: metrics.address }),
    async stop() {
      stopping = true;
      await Promise.all([...running].map((child) => new Promise<void>((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
      })));
      await metrics?.close();
    },
  };
}

/** A page that Prometheus reads: what is in the queue, and what the workers of this host have done. */
async function serveMetrics(
  registry: Registry, { redis, queue: name }: Agreed, { host, port }: { host: string; port: number },
): Promise<{ address: string; close: () => Promise<void> }> {
  // It answers or fails at once: a page that waits for Redis tells nobody that it is gone.
  const queue = new Queue(name, { connection: { ...connectionTo(redis), enableOfflineQueue: false } });
  queue.on('error', () => {}); // The workers tell it.
  const reachable = new Gauge({ name: 'course_grader_redis_up', help: '1 if Redis answers.', registers: [registry] });
  const depth = new Gauge({ name: 'course_grader_jobs', help: 'Submissions in the queue by state.', labelNames: ['state'], registers: [registry] });
  const page = async (): Promise<string> => {
    try {
      const counts = await soon(queue.getJobCounts('waiting', 'active', 'delayed', 'completed', 'failed'));
      for (const [state, count] of Object.entries(counts)) depth.set({ state }, count);
      reachable.set(1);
    } catch {
      depth.reset();
      reachable.set(0);
    }
    return registry.metrics();
  };
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') return void response.writeHead(404).end();
    page().then((text) => response.writeHead(200, { 'Content-Type': registry.contentType }).end(text), () => response.writeHead(500).end());
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  const { port: taken } = server.address() as { port: number };
  return {
    address: `http://${host}:${taken}/metrics`,
    async close() {
      server.closeAllConnections();
      server.close();
      await queue.close();
    },
  };
}

/** @throws Error if it takes longer than Prometheus waits */
async function soon<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('Redis does not answer')), 2000);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
