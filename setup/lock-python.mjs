// @ts-check

// Writes requirements.lock and requirements-instructor.lock, with uv (https://docs.astral.sh/uv/) in an environment that
// is thrown away.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findPython } from './python.mjs';

// nbgrader asks for them, but only for its buttons in Jupyter Notebook 7, which nobody opens here. To JupyterLab they
// would add buttons of their own.
const NOT_FOR_THE_COURSE = ['notebook', 'ipywidgets', 'widgetsnbextension', 'jupyterlab-widgets'];

const here = path.dirname(fileURLToPath(import.meta.url));
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'course-uv-'));
try {
  const call = (/** @type {string} */ command, /** @type {string[]} */ ...args) =>
    execFileSync(command, args, { cwd: here, stdio: 'inherit' });
  call(findPython(process.env).executable, '-m', 'venv', scratch);
  call(path.join(scratch, 'bin', 'pip'), 'install', '--quiet', 'uv');
  // One file for every platform and for all Python versions from this one on.
  /** @param {string} name @param {string} oldestPython @param {string[]} options */
  const lock = (name, oldestPython, ...options) => call(
    path.join(scratch, 'bin', 'uv'), 'pip', 'compile', '--quiet',
    '--universal', '--python-version', oldestPython,
    '--generate-hashes', '--only-binary', ':all:',
    // Where packages come from is each user's own setting.
    '--no-emit-index-url', '--no-emit-find-links', '--no-header', '--no-annotate', '--upgrade',
    ...options, `${name}.in`, '--output-file', `${name}.lock`
  );
  // Alone: `node setup/lock-python.mjs instructor` leaves what learners install as it is.
  if (process.argv[2] !== 'instructor') lock('requirements', '3.10');

  const text = fs.readFileSync(path.join(here, 'requirements.lock'), 'utf8');
  const installed = [...text.matchAll(/^[\w.-]+(?===)/gm)].map(([name]) => name);
  const without = [...new Set([...installed, ...NOT_FOR_THE_COURSE])].flatMap((name) => ['--no-emit-package', name]);
  lock('requirements-instructor', '3.11', '--constraints', 'requirements.lock', ...without);
} finally {
  fs.rmSync(scratch, { recursive: true });
}
