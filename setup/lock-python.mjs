// @ts-check

// Writes requirements.lock from requirements.in, with uv (https://docs.astral.sh/uv/) in an environment that is thrown away.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findPython } from './python.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'course-uv-'));
try {
  const call = (/** @type {string} */ command, /** @type {string[]} */ ...args) =>
    execFileSync(command, args, { cwd: here, stdio: 'inherit' });
  call(findPython(process.env).executable, '-m', 'venv', scratch);
  call(path.join(scratch, 'bin', 'pip'), 'install', '--quiet', 'uv');
  call(
    path.join(scratch, 'bin', 'uv'), 'pip', 'compile', '--quiet',
    // One file for every platform and for all Python versions from this one on.
    '--universal', '--python-version', '3.10',
    '--generate-hashes', '--only-binary', ':all:',
    // Where packages come from is each user's own setting.
    '--no-emit-index-url', '--no-emit-find-links', '--no-header', '--no-annotate', '--upgrade',
    'requirements.in', '--output-file', 'requirements.lock'
  );
} finally {
  fs.rmSync(scratch, { recursive: true });
}
