// @ts-check

import fs from 'node:fs';
import { Problem } from './problems.mjs';
import { outputOf, which } from './processes.mjs';

const OLDEST_MINOR = 10;
const NEWEST_MINOR = 14;

/**
 * @typedef {object} Python
 * @property {string} executable what to call
 * @property {string} version such as "3.11.7"
 * @property {string} realPath the binary itself, behind all links and version managers
 */

/**
 * Finds the Python that makes the course's environment: `COURSE_PYTHON` if it is set, else the first fitting one on the PATH.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {Python}
 * @throws {Problem} if there is none
 */
export function findPython(env) {
  const newestFirst = Array.from({ length: NEWEST_MINOR - OLDEST_MINOR + 1 }, (_, i) => `python3.${NEWEST_MINOR - i}`);
  const names = env.COURSE_PYTHON ? [env.COURSE_PYTHON] : ['python3', ...newestFirst];
  /** @type {string[]} */
  const refused = [];
  for (const name of names) {
    const executable = which(name, env);
    if (!executable) continue;
    const python = askPython(executable, env);
    if (!python) {
      refused.push(`${executable} does not run`);
    } else if (!isSupported(python.version)) {
      refused.push(`${executable} is Python ${python.version}`);
    } else {
      return python;
    }
  }
  const looked = env.COURSE_PYTHON ? `COURSE_PYTHON is "${env.COURSE_PYTHON}"` : 'looked for python3 on the PATH';
  throw new Problem(
    `The course needs Python 3.${OLDEST_MINOR} to 3.${NEWEST_MINOR} for JupyterLab, but found none ` +
      `(${[looked, ...refused].join('; ')}).`,
    'install it (Debian, Ubuntu: sudo apt-get install python3 python3-venv; macOS: brew install python@3.13), ' +
      'or name one with COURSE_PYTHON=/path/to/python3, then run the command again.'
  );
}

/** @param {string} version */
export function isSupported(version) {
  const [major, minor] = version.split('.').map(Number);
  return major === 3 && minor >= OLDEST_MINOR && minor <= NEWEST_MINOR;
}

/**
 * @param {string} executable
 * @param {NodeJS.ProcessEnv} env
 * @returns {Python | undefined}
 */
function askPython(executable, env) {
  // -I: neither the current folder nor the user's own packages can change the answer.
  const answer = outputOf(executable, ['-I', '-S', '-c', 'import sys; print("%d.%d.%d" % sys.version_info[:3]); print(sys.executable)'], env);
  if (answer === undefined) return undefined;
  const [version, realExecutable] = answer.split('\n');
  return { executable, version, realPath: fs.realpathSync(realExecutable) };
}
