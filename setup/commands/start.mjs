// @ts-check

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { instructorEnvironment, linkSources, nbgraderStep, needSolutions } from '../instructor.mjs';
import { jupyterEnvironment } from '../jupyter-environment.mjs';
import { isAlive } from '../lock.mjs';
import { Interrupted, Problem } from '../problems.mjs';
import { runSteps } from '../run-steps.mjs';
import { allSteps } from '../steps/index.mjs';
import { START_PAGE } from '../steps/jupyter.mjs';

const LINES_TO_SHOW = 15;
const DEFAULT_PORT = 8888;

const INSTRUCTOR = '--instructor';

/**
 * `npm start -- [--instructor] [JupyterLab's options]`: opens the course in JupyterLab, for instructors with nbgrader's formgrader on the
 * folder grading/.
 *
 * @type {import('../main.mjs').Command}
 */
export default async function start(project, allArgs) {
  const forInstructor = allArgs.includes(INSTRUCTOR);
  const args = allArgs.filter((arg) => arg !== INSTRUCTOR);
  if (forInstructor) needSolutions(project);
  await runSteps(project, [...allSteps(project), ...(forInstructor ? [nbgraderStep(project)] : [])]);
  if (forInstructor) linkSources(project, path.join(project.root, 'grading'));

  const log = newLog(path.join(project.state, 'logs'));
  const lab = startJupyterLab(project, args, forInstructor ? instructorEnvironment(project) : jupyterEnvironment(project), log);
  // Ctrl+C stops without a question; whoever is in a hurry presses it again.
  let stops = 0;
  const stop = () => {
    stops += 1;
    if (stops === 1) console.log('\nStopping JupyterLab ...');
    lab.kill(stops === 1 ? 'SIGTERM' : 'SIGKILL');
  };
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, stop);

  const noMoreWait = new AbortController();
  const server = await Promise.race([
    lab.ended.finally(() => noMoreWait.abort()),
    waitUntilServed(project, lab.pid, noMoreWait.signal),
  ]);
  if ('exitCode' in server) {
    if (stops > 0) throw new Interrupted();
    return explainEarlyEnd(server.exitCode, lab.output(), log);
  }
  const address = `${server.url}${START_PAGE.slice(1)}${server.token ? `&token=${server.token}` : ''}`;
  const asked = askedPort(args);
  const relativeLog = path.relative(process.cwd(), log);
  console.log([
    '',
    ...(server.port !== asked && asked !== 0 ? [`Port ${asked} is taken, so JupyterLab uses port ${server.port}.`] : []),
    'JupyterLab is ready:',
    '',
    `    ${address}`,
    '',
    ...(forInstructor ? ["Marking: menu Nbgrader > Formgrader. nbgrader's folder, with the gradebook: grading/", ''] : []),
    opensBrowser(args, project.env) ? 'It opens in your browser; if not, open this address.' : 'Open this address in a browser.',
    `Stop with Ctrl+C. JupyterLab's log: ${relativeLog}`,
    '',
  ].join('\n'));

  const { exitCode } = await lab.ended;
  if (stops > 0) return 0;
  if (exitCode !== 0) console.error(`JupyterLab ended with exit code ${exitCode}. Its log: ${relativeLog}`);
  return exitCode;
}

/**
 * Several JupyterLabs can run at once, so each has a log of its own. Those of earlier ones, which have ended, are removed.
 *
 * @param {string} folder
 * @returns {string} the log's file, named by this process
 */
export function newLog(folder) {
  fs.mkdirSync(folder, { recursive: true });
  for (const name of fs.readdirSync(folder)) {
    const pid = /^jupyter-(\d+)\.log$/.exec(name)?.[1];
    if (pid && !isAlive(Number(pid))) fs.rmSync(path.join(folder, name), { force: true });
  }
  return path.join(folder, `jupyter-${process.pid}.log`);
}

/**
 * @param {import('../project.mjs').Project} project
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @param {string} log
 */
function startJupyterLab(project, args, env, log) {
  const child = spawn(project.python, [
    '-m', 'jupyterlab',
    `--ServerApp.root_dir=${project.root}`,
    ...(opensBrowser([], project.env) ? [] : ['--no-browser']),
    // Jupyter refuses to run as root unless told; in a container root is the usual user.
    ...(process.getuid?.() === 0 ? ['--allow-root'] : []),
    ...args,
  ], {
    cwd: project.root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own: Ctrl+C reaches this process alone, which then stops JupyterLab in an orderly way.
    detached: true,
  });
  const logFile = fs.createWriteStream(log);
  // JupyterLab, with a learner's work in it, goes on without a log.
  logFile.on('error', (error) => console.error(`JupyterLab's log is not written: ${error.message}`));
  /** @type {string[]} */
  const lines = [];
  const showTrouble = makeTroubleFilter();
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (/** @type {string} */ chunk) => {
      logFile.write(chunk);
      const complete = (rest + chunk).split('\n');
      rest = complete.pop() ?? '';
      for (const line of complete) {
        lines.push(line);
        if (lines.length > 200) lines.shift();
        if (showTrouble(line)) console.error(line);
      }
    });
  }
  /** @type {Promise<{ exitCode: number }>} */
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      logFile.end();
      resolve({ exitCode: signal ? 1 : code ?? 1 });
    });
  });
  return {
    pid: /** @type {number} */ (child.pid),
    kill: (/** @type {NodeJS.Signals} */ signal) => child.kill(signal),
    output: () => lines,
    ended,
  };
}

/** Warnings that ask nothing of a learner: it says itself which port it took, corrects the second itself, and cells run untrusted too. */
const NO_TROUBLE = /The port \d+ is already in use|The websocket_ping_timeout|Notebook \S+ is not trusted/;

/**
 * Jupyter's log lines begin with "[W ...]" and the like; a traceback has lines without a beginning of their own. Its critical
 * level [C ...] says mostly that it starts and stops.
 *
 * @returns {(line: string) => boolean} true for warnings and errors, with the lines that belong to them
 */
export function makeTroubleFilter() {
  let trouble = false;
  return (line) => {
    const level = /^\[([DIWEC]) /.exec(line);
    if (level) trouble = 'WE'.includes(level[1]) && !NO_TROUBLE.test(line);
    return trouble && line.trim() !== '';
  };
}

/**
 * @param {string[]} args JupyterLab's options
 * @returns {number} the port that it tries first
 */
export function askedPort(args) {
  for (const [i, arg] of args.entries()) {
    const match = /^--(?:ServerApp\.)?port(?:=(\d+))?$/.exec(arg);
    if (match) return Number(match[1] ?? args[i + 1]);
  }
  return DEFAULT_PORT;
}

/**
 * @param {string[]} args JupyterLab's options
 * @param {NodeJS.ProcessEnv} env
 * @returns {boolean} true if JupyterLab will open a browser: it was not told otherwise, and there is a screen
 */
export function opensBrowser(args, env) {
  if (args.includes('--no-browser') || args.some((arg) => /^--ServerApp\.open_browser=(false|0)$/i.test(arg))) return false;
  if (process.platform === 'darwin') return !env.SSH_CONNECTION;
  return Boolean(env.DISPLAY || env.WAYLAND_DISPLAY || env.WSL_DISTRO_NAME);
}

/**
 * Waits for the file in which the server says where it listens, and then for its first answer.
 *
 * @param {import('../project.mjs').Project} project
 * @param {number} pid
 * @param {AbortSignal} signal ends the wait
 * @returns {Promise<{ url: string, token: string, port: number }>}
 */
async function waitUntilServed(project, pid, signal) {
  const file = path.join(project.jupyter, 'runtime', `jpserver-${pid}.json`);
  for (;;) {
    const server = readServerFile(file);
    if (server && (server.secure || (await answers(`${server.url}lab?token=${server.token}`)))) return server;
    await sleep(50, undefined, { signal });
  }
}

/** @param {string} file */
function readServerFile(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return undefined; // Not there, or not yet written to its end.
  }
}

/** @param {string} url */
async function answers(url) {
  try {
    return (await fetch(url)).status < 500;
  } catch {
    return false; // Not listening yet.
  }
}

/**
 * @param {number} exitCode
 * @param {string[]} output
 * @param {string} log
 * @returns {number}
 */
function explainEarlyEnd(exitCode, output, log) {
  if (exitCode === 0) {
    console.log(output.join('\n')); // Such as for --help or --version.
    return 0;
  }
  const lines = output.slice(-LINES_TO_SHOW).map((line) => `    ${line}`).join('\n');
  throw new Problem(
    `JupyterLab ended at its start with exit code ${exitCode}. Its last lines:\n${lines}\n  All of its output: ${log}`,
    'check the options after "npm start --"; without any it should start. "npm run doctor" shows whether all is in place.'
  );
}
