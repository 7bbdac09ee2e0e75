import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';

/** Why nothing can be tested with Redis here; undefined if it can. In CI that is a failure. */
export function whyNoRedis(): string | undefined {
  if (spawnSync('redis-server', ['--version']).status !== 0) return missing('redis-server is not installed');
  try {
    // BullMQ loads it itself.
    createRequire(path.resolve(__dirname, '../../grader/node_modules/bullmq/package.json')).resolve('ioredis');
  } catch {
    return missing('the package ioredis, through which BullMQ reaches Redis, is not installed in grader/');
  }
  return undefined;
}

function missing(reason: string): string {
  if (process.env.CI === 'true') throw new Error(`${reason}: in CI these tests have to run`);
  return reason;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

/** A Redis of a test's own, which keeps what it has on the disk as deploy/redis.conf says; it can be killed and comes back. */
export class TestRedis {
  private child?: ChildProcess;

  private constructor(readonly port: number, private readonly folder: string) {}

  static async start(): Promise<TestRedis> {
    const redis = new TestRedis(await freePort(), fs.mkdtempSync(path.join(os.tmpdir(), 'course-redis-')));
    await redis.run();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  private async run(): Promise<void> {
    const conf = path.resolve(__dirname, '../../deploy/redis.conf');
    this.child = spawn('redis-server', [conf, '--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder], { stdio: 'ignore' });
    while (!await this.listens()) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  private listens(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
  }

  private async kill(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** Kills it and starts it again. */
  async killAndRestart(pause = 100): Promise<void> {
    await this.kill();
    await new Promise((resolve) => setTimeout(resolve, pause));
    await this.run();
  }

  async end(): Promise<void> {
    await this.kill();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
