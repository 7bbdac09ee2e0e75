// @ts-check

import fs from 'node:fs';
import path from 'node:path';
import { takeLock } from './lock.mjs';
import { Interrupted, Problem, explain } from './problems.mjs';
import { Progress, formatBytes } from './progress.mjs';
import { findPython } from './python.mjs';

/**
 * One thing that set-up makes.
 *
 * @typedef {object} Step
 * @property {string} name
 * @property {string} doing what it does, for the reader: "installing ..."
 * @property {string[]} needs the names of the steps that must be done before
 * @property {{ folder: string, bytes: number }} [disk] about how much it writes, and where
 * @property {() => boolean} isReady quick and without side effects: true if there is nothing to do
 * @property {(context: StepContext) => Promise<void | string>} run afterwards isReady() is true; killed at any moment, it is
 *   false; it may resolve with how it ended, to be shown instead of "done"
 *
 * @typedef {object} StepContext
 * @property {(detail: string) => void} report shows the user what the step is doing now
 * @property {AbortSignal} signal aborts when the step is to stop
 * @property {string} log the file for what its programs print
 */

/**
 * Makes everything that is missing. Steps that do not need each other run at the same time. If one fails, the others are
 * stopped; what is done is kept.
 *
 * @param {import('./project.mjs').Project} project
 * @param {Step[]} steps
 * @param {NodeJS.WriteStream} [output]
 * @returns {Promise<string[]>} the names of the steps that had something to do
 * @throws {Problem} that says what failed and what to do
 * @throws {Interrupted} after Ctrl+C
 */
export async function runSteps(project, steps, output = process.stderr) {
  checkWritable(project);
  if (steps.every((step) => step.isReady())) return [];

  const progress = new Progress(output);
  const stop = new AbortController();
  const interrupt = () => stop.abort(new Interrupted());
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, interrupt);
  try {
    const lock = await takeLock(path.join(project.state, 'lock'), {
      python: findPython(project.env).executable,
      onWait: (holder) => progress.print(`Another set-up of this course is at work: ${holder}. Waiting for it to end ...`),
      signal: stop.signal,
    });
    try {
      checkDiskSpace(steps.filter((step) => !step.isReady()));
      return await runAll(project, steps, progress, stop);
    } finally {
      lock.release();
    }
  } catch (error) {
    throw stop.signal.reason instanceof Interrupted ? stop.signal.reason : explain('Set-up', error);
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}

/**
 * @param {import('./project.mjs').Project} project
 * @param {Step[]} steps
 * @param {Progress} progress
 * @param {AbortController} stop
 */
async function runAll(project, steps, progress, stop) {
  /** @type {Map<string, Promise<void>>} */
  const outcomes = new Map();
  /** @type {string[]} */
  const ran = [];
  /** @type {unknown} */
  let firstError;

  const runOne = async (/** @type {Step} */ step) => {
    await Promise.all(step.needs.map((name) => {
      const needed = outcomes.get(name);
      if (!needed) throw new Error(`Step "${step.name}" needs "${name}", which is not among the steps before it.`);
      return needed;
    }));
    if (step.isReady()) return;
    stop.signal.throwIfAborted();
    ran.push(step.name);
    const shown = progress.start(step.name, step.doing);
    try {
      const log = path.join(project.state, 'logs', `${step.name.toLowerCase().replaceAll(' ', '-')}.log`);
      const ended = await step.run({ report: shown.report, signal: stop.signal, log });
      if (!step.isReady()) throw new Error('it ended without an error, but what it makes is not there.');
      shown.end(ended ?? 'done');
    } catch (error) {
      shown.end(stop.signal.aborted ? 'stopped' : 'failed');
      if (!stop.signal.aborted) {
        firstError = explain(step.name, error);
        stop.abort(firstError);
      }
      throw error;
    }
  };
  for (const step of steps) {
    const outcome = runOne(step);
    outcome.catch(() => {}); // Looked at below, once all have ended.
    outcomes.set(step.name, outcome);
  }
  await Promise.allSettled(outcomes.values());
  if (firstError) throw firstError;
  await Promise.all(outcomes.values());
  return ran;
}

/**
 * Not only for set-up: JupyterLab and the lessons write into these folders too.
 *
 * @param {import('./project.mjs').Project} project
 * @throws {Problem} if one of them may not be written
 */
export function checkWritable({ root, state, jupyter }) {
  for (const folder of [root, state, jupyter]) {
    if (folder !== root && !fs.existsSync(folder)) continue;
    try {
      fs.accessSync(folder, fs.constants.W_OK);
    } catch {
      throw new Problem(
        `The course writes into its own folder, but ${folder} may not be written by this user.`,
        `clone the course into a folder of your own, or make this one yours with: sudo chown -R "$(id -un)" ${quote(root)}`
      );
    }
  }
}

/** @param {string} word @returns {string} as a shell takes it for one word */
const quote = (word) => (/^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** @param {Step[]} steps those that will write */
function checkDiskSpace(steps) {
  /** @type {Map<number, { folder: string, bytes: number, free: number }>} */
  const disks = new Map();
  for (const { disk } of steps) {
    if (!disk) continue;
    const folder = nearestExisting(disk.folder);
    const { bavail, bsize } = fs.statfsSync(folder);
    const device = fs.statSync(folder).dev;
    const sum = disks.get(device) ?? { folder, bytes: 0, free: bavail * bsize };
    sum.bytes += disk.bytes;
    disks.set(device, sum);
  }
  for (const { folder, bytes, free } of disks.values()) {
    if (free < bytes) {
      throw new Problem(
        `Set-up needs about ${formatBytes(bytes)} on the disk of ${folder}, but only ${formatBytes(free)} are free.`,
        'free some space, or put the engine and the datasets on another disk with COURSE_CACHE=/another/folder.'
      );
    }
  }
}

/** @param {string} folder */
function nearestExisting(folder) {
  let existing = folder;
  while (!fs.existsSync(existing)) existing = path.dirname(existing);
  return existing;
}
