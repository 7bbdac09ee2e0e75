import * as fs from 'node:fs';
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import { environmentHash, loadSuites } from '../mark/suite';
import { jobsOf, shutSandbox, Trouble } from '../workplace';
import { agreedOn } from './jobs';
import { startWorkers } from './workers';

const HELP = `npm run grade -- worker --redis URL --secret-file FILE [--jobs N] [--shared FOLDER] [--metrics [HOST:]PORT]

Marks what "npm run grade -- SUBMITTED --redis URL" shares out, until it is stopped (Ctrl+C). Start it on as many machines as you like.

  --redis        redis://HOST:6379, with a password redis://:PASSWORD@HOST:6379
  --secret-file  what hidden inputs are drawn from: the same file for all machines
  --jobs         how many are marked at the same time; as many as there are processors without it
  --shared       a folder that all machines have, for submissions above 1 MB (trained models)
  --metrics      where Prometheus finds /metrics; of this machine only, unless HOST says otherwise`;

/**
 * `npm run grade -- worker ...`
 *
 * @returns the exit code, when it was told to stop
 * @throws Trouble for arguments that cannot be used, and where the sandbox cannot be kept shut
 */
export async function workerCommand(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      redis: { type: 'string' }, 'secret-file': { type: 'string' }, jobs: { type: 'string' }, shared: { type: 'string' },
      metrics: { type: 'string' }, help: { type: 'boolean', default: false },
    },
  });
  const { redis, 'secret-file': secretFile, shared, metrics } = values;
  if (values.help || redis === undefined || secretFile === undefined) {
    console.log(HELP);
    return values.help ? 0 : 1;
  }
  const jobs = jobsOf(values.jobs);
  const listen = metrics === undefined ? undefined : addressOf(metrics);

  const environment = environmentHash((await shutSandbox()).name);
  const agreed = agreedOn(redis, loadSuites(), environment, fs.readFileSync(secretFile, 'utf8').trim(), shared);
  const stopped = new Promise<void>((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
  const workers = await startWorkers(path.join(__dirname, 'worker-process.js'), { ...agreed, environment }, { jobs, ...(listen && { listen }) });
  console.log(`${jobs} at a time from the queue ${agreed.queue}${workers.metrics ? `; metrics: ${workers.metrics}` : ''}. Ctrl+C stops when all are finished.`);
  await stopped;
  await workers.stop();
  return 0;
}

function addressOf(text: string): { host: string; port: number } {
  const [, host = '127.0.0.1', port] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65535) throw new Trouble(`Got --metrics ${text}; expected a port (9464), or an address and a port (0.0.0.0:9464).`);
  return { host, port: Number(port) };
}
