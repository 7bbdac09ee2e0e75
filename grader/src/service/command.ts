import * as fs from 'node:fs';
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import { Store } from '../batch/store';
import { readUpload } from '../intake';
import { jobsOf, openWorkplace, shutSandbox, Trouble } from '../workplace';
import { createService } from './server';
import { Uploads } from './uploads';
import { watchFolder } from './watch';

const HELP = `npm run grade -- serve --token-file FILE [--out FOLDER] [--watch FOLDER] [--port N] [--host ADDRESS] [--jobs N]
                       [--secret-file FILE] [--redis URL [--shared FOLDER]]

Marks what is uploaded, or put into a folder, until it is stopped (Ctrl+C). grader/README.md says how to ask it.

  --token-file   a text of at least 20 characters: whoever has it may upload, and see all marks
  --out          the folder for uploads and marks (graded/): it goes on there where it was stopped
  --watch        a folder whose notebooks and zip files are taken too
  --port         8080 without it
  --host         127.0.0.1, this machine alone, without it; behind it belongs a server that speaks HTTPS
  --jobs         how many are marked at the same time; as many as there are processors without it
  --secret-file  what hidden inputs are drawn from; without it the folder keeps one of its own
  --redis        shares submissions out to workers: npm run grade -- worker --help`;

const SHORTEST_TOKEN = 20;

/**
 * `npm run grade -- serve ...`
 *
 * @returns the exit code, when it was told to stop
 * @throws Trouble for arguments that cannot be used, and where the sandbox cannot be kept shut
 */
export async function serveCommand(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      'token-file': { type: 'string' }, out: { type: 'string', default: 'graded' }, watch: { type: 'string' }, port: { type: 'string', default: '8080' },
      host: { type: 'string', default: '127.0.0.1' }, jobs: { type: 'string' }, 'secret-file': { type: 'string' }, redis: { type: 'string' },
      shared: { type: 'string' }, help: { type: 'boolean', default: false },
    },
  });
  const { 'token-file': tokenFile, 'secret-file': secretFile, out, watch, host, redis, shared } = values;
  if (values.help || tokenFile === undefined) {
    console.log(HELP);
    return values.help ? 0 : 1;
  }
  const jobs = jobsOf(values.jobs);
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Trouble(`Got --port ${values.port}; expected a number up to 65535.`);
  const token = fs.readFileSync(tokenFile, 'utf8').trim();
  if (token.length < SHORTEST_TOKEN) throw new Trouble(`The token in ${tokenFile} has ${token.length} characters; expected at least ${SHORTEST_TOKEN}: openssl rand -hex 32.`);

  const sandbox = await shutSandbox();
  const store = new Store(out);
  const { suites, conditions, mark, queue } = await openWorkplace({ store, sandbox, secretFile, redis, shared });

  const stopped = new Promise<void>((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
  const uploads = new Uploads(path.join(out, 'uploads'), {
    store, jobs, conditions, mark,
    read: (name, bytes, learner) => readUpload(name, bytes, { suites, sandbox, learner }),
  });
  const unwatch = watch === undefined ? undefined : watchFolder(watch, uploads);
  const app = await createService(uploads, { token });
  console.log(`Takes uploads at ${await app.listen({ host, port })}${watch === undefined ? '' : `, and files in ${watch}`}. Ctrl+C stops.`);
  await stopped;
  unwatch?.();
  await app.close();
  await uploads.stop();
  await queue?.close();
  return 0;
}
