// @ts-check

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Interrupted } from '../../setup/problems.mjs';

/**
 * @typedef {import('./ours.mjs').ModelSpec} ModelSpec
 * @typedef {import('./ours.mjs').Result} Result
 */

/** @type {ModelSpec[]} */
export const MODELS = JSON.parse(fs.readFileSync(new URL('models.json', import.meta.url), 'utf8'));

/**
 * Runs a script of this folder in a process of its own.
 *
 * @param {string} command
 * @param {string} script
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [extra] in its environment
 * @returns {string[]} the lines that it prints, of which the last one is its result
 * @throws Error with what it wrote to stderr, if it fails
 * @throws Interrupted
 */
export function runScript(command, script, args, extra = {}) {
  const { COURSE_QUICK, ...env } = process.env;
  const { status, signal, stdout, stderr, error } = spawnSync(
    command,
    [fileURLToPath(new URL(script, import.meta.url)), ...args],
    {
      env: { ...env, TF_CPP_MIN_LOG_LEVEL: '3', PYTHONWARNINGS: 'ignore', PYTHONDONTWRITEBYTECODE: '1', ...extra },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 1e9,
    },
  );
  if (signal === 'SIGINT') throw new Interrupted();
  if (status !== 0)
    throw new Error(
      `${script} failed (${error?.message ?? signal ?? `exit code ${status}`}).\n${(stderr ?? '').trim()}`,
    );
  return stdout.trim().split('\n');
}

/**
 * Writes what all contestants read, see prepare.mjs.
 *
 * @param {string} folder
 * @param {readonly ModelSpec[]} models
 * @returns {Record<string, string>} where each dataset comes from
 */
export function prepare(folder, models) {
  fs.writeFileSync(path.join(folder, 'models.json'), JSON.stringify(models));
  return JSON.parse(runScript(process.execPath, 'prepare.mjs', [folder]).at(-1) ?? '');
}

/** Images a second in all epochs after the first. @param {Result} result */
export function speed({ examples, times }) {
  return (examples * (times.length - 1)) / times.slice(1).reduce((sum, time) => sum + time, 0);
}
