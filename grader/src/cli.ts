import * as fs from 'node:fs';
import * as path from 'node:path';
import { parseArgs, stripVTControlCharacters } from 'node:util';
import { gradeAll } from './batch/grade-all';
import { Store } from './batch/store';
import { COURSE } from './course';
import { readSubmissions } from './intake';
import { verify, type SignedResult } from './mark/result';
import { chosenSandbox } from './sandbox/back-ends';
import { jobsOf, openWorkplace, shutSandbox, Trouble } from './workplace';
import { Reports } from './writers/reports';

const HELP = `npm run grade -- SUBMITTED [--assignment LESSON] [--out FOLDER] [--jobs N] [--secret-file FILE]
                           [--grading FOLDER] [--redis URL [--shared FOLDER]]
npm run grade -- worker --redis URL --secret-file FILE
npm run grade -- serve --help
npm run grade -- verify FILE [--public-key FILE]
npm run grade -- sandbox

Marks what learners have handed in; nothing of it runs outside a sandbox.

  SUBMITTED      nbgrader's folder submitted/, a folder of notebooks, a file of handIn(), or one notebook
  --assignment   only this lesson (03_fashion_mnist_cnn, or 03)
  --out          the folder for marks (graded/): it goes on there where it was stopped
  --jobs         how many are marked at the same time; as many as there are processors without it
  --secret-file  what hidden inputs are drawn from; without it the folder keeps one of its own
  --grading      nbgrader's folder of the course (grading/): points go into its gradebook, points given by hand are kept
                 and counted
  --redis        shares submissions out to workers on any number of machines: npm run grade -- worker --help
  verify         says whether a result is as it was signed
  sandbox        tries whether the sandbox holds on this machine, and says what it does not stop`;

async function main(args: string[]): Promise<number> {
  if (args[0] === 'worker') return (await import('./queue/command.js')).workerCommand(args.slice(1));
  if (args[0] === 'serve') return (await import('./service/command.js')).serveCommand(args.slice(1));
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      assignment: { type: 'string' }, out: { type: 'string', default: 'graded' }, jobs: { type: 'string' },
      'secret-file': { type: 'string' }, 'public-key': { type: 'string' }, grading: { type: 'string' }, redis: { type: 'string' },
      shared: { type: 'string' }, help: { type: 'boolean', default: false },
    },
  });
  const [first, second] = positionals;
  if (values.help || first === undefined) {
    console.log(HELP);
    return values.help ? 0 : 1;
  }
  if (first === 'sandbox') return examined();
  if (first === 'verify') return verified(second, values['public-key']);
  if (!fs.existsSync(first)) throw new Trouble(`There is no ${first}. Name the folder, the zip file or the notebook that was handed in.`);
  const jobs = jobsOf(values.jobs);
  const sandbox = await shutSandbox();
  const store = new Store(values.out);
  const { 'secret-file': secretFile, redis, shared } = values;
  const { suites, conditions, mark, queue } = await openWorkplace({ store, sandbox, secretFile, redis, shared });
  const assignment = values.assignment === undefined ? undefined : lessonNamed(values.assignment, suites.map((suite) => suite.assignment));

  const python = path.join(COURSE, '.venv', 'bin', 'python');
  const reports = await Reports.open(store, values.grading === undefined ? undefined : { folder: values.grading, python });
  if (queue && await queue.workers() === 0) console.error('No worker is there yet; start some: npm run grade -- worker --help');

  const progress = new MarkProgress();
  const graded = await gradeAll(readSubmissions(first, { assignment, suites, sandbox }), {
    store,
    // Workers are many: as many wait for them as they may be at work on.
    jobs: queue ? 8 * jobs : jobs,
    conditions, mark,
    onMarked: (submission, result) => {
      const { learner, assignment: name, earned, points, manualPoints } = result;
      reports.marked(submission, result);
      progress.marked(`${name}  ${learner}  ${earned} of ${points - manualPoints}${manualPoints > 0 ? `, ${manualPoints} more by hand` : ''}`);
    },
    onFailed: ({ learner, assignment: name, reason }) => progress.failed(`${name}  ${learner}  not marked: ${reason}`),
  }).finally(async () => {
    progress.end();
    await queue?.close();
  });
  await reports.finish(graded.failed);
  console.log(
    `\n${graded.marked} marked${graded.before > 0 ? `, ${graded.before} were before and are as they were` : ''}` +
    `${graded.failed.length > 0 ? `, ${graded.failed.length} could not be marked` : ''}: ${values.out}/report.html`,
  );
  return graded.failed.length === 0 ? 0 : 1;
}

async function examined(): Promise<number> {
  const problems = await chosenSandbox().problems();
  console.log(problems.length === 0 ? 'The sandbox holds: no network, no files, no other process, limits of memory and time.' : problems.join('\n'));
  return problems.length === 0 ? 0 : 1;
}

function lessonNamed(given: string, lessons: readonly string[]): string {
  const found = lessons.find((name) => name === given || name.startsWith(`${given}_`));
  if (!found) throw new Trouble(`There are no exercises for "${given}"; there are ${lessons.join(', ')}.`);
  return found;
}

function verified(file: string | undefined, keyFile: string | undefined): number {
  if (file === undefined || !fs.existsSync(file)) throw new Trouble(`There is no ${file ?? 'file named'}; expected a result, results/LESSON/LEARNER.json.`);
  let signed: SignedResult;
  let isWhole: boolean;
  try {
    signed = JSON.parse(fs.readFileSync(file, 'utf8')) as SignedResult;
    isWhole = verify(signed, keyFile === undefined ? signed.publicKey : fs.readFileSync(keyFile, 'utf8').trim());
  } catch (error) {
    throw new Trouble(`${file} is no signed result: ${(error as Error).message}`);
  }
  const whose = keyFile === undefined ? 'by the key that it names itself: --public-key FILE says whose it has to be' : 'by this key';
  console.log(isWhole ? `As it was signed, ${whose}.` : 'NOT as it was signed: it was changed, or another key has signed it.');
  return isWhole ? 0 : 1;
}

/** What is shown while marking: a line for each, and on a terminal the rate below. */
class MarkProgress {
  private readonly began = performance.now();
  private count = 0;
  private failures = 0;

  marked(line: string): void {
    this.count++;
    this.print(line);
  }

  failed(line: string): void {
    this.failures++;
    this.print(line);
  }

  /** Names come from outside: whatever could steer the terminal is taken out. */
  private print(line: string): void {
    const safe = stripVTControlCharacters(line).replace(/[\p{Cc}\p{Cf}]/gu, '?');
    const seconds = (performance.now() - this.began) / 1000;
    const rate = `${this.count} marked, ${(this.count / seconds).toFixed(1)} a second${this.failures > 0 ? `, ${this.failures} not marked` : ''}`;
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${safe}\n${rate}`);
    else process.stderr.write(`${safe}\n`);
  }

  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  }
}

main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
}, (error: Error) => {
  console.error(error instanceof Trouble || 'code' in error ? error.message : error);
  process.exitCode = 1;
});
