// @ts-check

import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { heldLocks } from './lock.mjs';
import { CommandFailed, Interrupted } from './problems.mjs';

const LINES_TO_SHOW = 15;

/**
 * @typedef {import('node:stream').Readable} Readable
 *
 * @typedef {object} RunOptions
 * @property {string} [log] the file that gets all of the program's output
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {AbortSignal} [signal] ends the program
 * @property {(line: string) => void} [onLine] sees each line as it comes
 */

/**
 * Runs a program of set-up to its end. It inherits the locks that set-up holds: should set-up be killed, they stay held
 * until this program has ended too, and the next set-up does not start beside it.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} options
 * @returns {Promise<string>} what the program wrote to stdout
 * @throws {CommandFailed} with the last lines, if it does not end with exit code 0
 */
export function run(command, args, { log, cwd, env = process.env, signal, onLine }) {
  const logFile = log === undefined ? undefined : openLog(log);
  const shown = [path.basename(command), ...args].map((word) => (/\s/.test(word) ? JSON.stringify(word) : word)).join(' ');
  const shortened = shown.length > 80 ? `${shown.slice(0, 77)}...` : shown;
  if (logFile !== undefined) fs.writeSync(logFile, `${shown}\n`);

  return new Promise((resolve, reject) => {
    const child = /** @type {import('node:child_process').ChildProcessByStdio<null, Readable, Readable>} */ (
      spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe', ...heldLocks()] })
    );
    let stdout = '';
    /** @type {string[]} */
    const lastLines = [];
    const take = (/** @type {string} */ line) => {
      if (line.trim() === '') return;
      lastLines.push(line.trimEnd());
      if (lastLines.length > LINES_TO_SHOW) lastLines.shift();
      onLine?.(line);
    };
    /** @type {unknown} */
    let logError;
    const writeToLog = (/** @type {string} */ chunk) => {
      if (logFile === undefined) return;
      try {
        fs.writeSync(logFile, chunk);
      } catch (error) {
        // A full disk: the program would not get far either.
        logError ??= error;
        child.kill('SIGTERM');
      }
    };
    for (const stream of [child.stdout, child.stderr]) {
      let rest = '';
      stream.setEncoding('utf8');
      stream.on('data', (/** @type {string} */ chunk) => {
        writeToLog(chunk);
        if (stream === child.stdout) stdout += chunk;
        const lines = (rest + chunk).split(/\r?\n|\r/);
        rest = lines.pop() ?? '';
        lines.forEach(take);
      });
      stream.on('end', () => take(rest));
    }
    const stop = () => child.kill('SIGTERM');
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) stop();

    const done = (/** @type {() => void} */ settle) => {
      signal?.removeEventListener('abort', stop);
      if (logFile !== undefined) fs.closeSync(logFile);
      settle();
    };
    child.once('error', (error) => done(() => reject(new CommandFailed(shortened, error.message, lastLines, log))));
    child.once('close', (code, killedBy) => done(() => {
      if (code === 0) resolve(stdout);
      else if (signal?.aborted) reject(new Interrupted());
      else if (logError) reject(logError);
      else reject(new CommandFailed(shortened, killedBy ? `signal ${killedBy}` : `exit code ${code}`, lastLines, log));
    }));
  });
}

/** @param {string} file */
function openLog(file) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  return fs.openSync(file, 'w');
}

/**
 * Runs a program of the course (vitest, a Python script, ...) in this terminal.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} options
 * @returns {Promise<number>} its exit code
 */
export function runInTerminal(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: 'inherit' });
    // Ctrl+C reaches the child by the terminal; a signal sent to this process alone is handed on.
    const handOn = (/** @type {NodeJS.Signals} */ signal) => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    };
    /** @type {NodeJS.Signals[]} */
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, handOn);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      for (const name of signals) process.off(name, handOn);
      resolve(signal ? 130 : code ?? 1);
    });
  });
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string | undefined} its output, trimmed; undefined if it is not there or fails
 */
export function outputOf(command, args, env = process.env) {
  const { status, stdout } = spawnSync(command, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return status === 0 ? stdout.trim() : undefined;
}

/**
 * @param {string} name
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string | undefined} the program's path as the shell would find it
 */
export function which(name, env = process.env) {
  const candidates = name.includes(path.sep)
    ? [path.resolve(name)]
    : (env.PATH ?? '').split(path.delimiter).filter(Boolean).map((folder) => path.join(folder, name));
  return candidates.find((file) => {
    try {
      fs.accessSync(file, fs.constants.X_OK);
      return fs.statSync(file).isFile();
    } catch {
      return false; // Not there or not executable: look on.
    }
  });
}
