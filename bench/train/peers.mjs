// @ts-check

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openProject } from '../../setup/project.mjs';
import { findPython } from '../../setup/python.mjs';
import { pythonEnvironment } from '../../setup/steps/python.mjs';

const REQUIREMENTS = fileURLToPath(new URL('requirements.txt', import.meta.url));

/**
 * An environment with what requirements.txt names, in the cache folder; made when it is needed for the first time, by
 * pip with the user's own settings.
 *
 * @returns {string} its Python
 * @throws Error if it cannot be made
 */
export function peersPython() {
  const { cache, env } = openProject();
  const version = createHash('sha256').update(fs.readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const folder = path.join(cache, 'bench-peers', version);
  const python = path.join(folder, 'bin', 'python');
  const isWhole = path.join(folder, 'whole');
  if (fs.existsSync(isWhole)) return python;
  const { executable } = findPython(env);
  console.error(`installing the peers into ${folder}: once, some GB`);
  fs.rmSync(folder, { recursive: true, force: true });
  /** @type {import('node:child_process').ExecFileSyncOptions} */
  const options = { env: pythonEnvironment(env), stdio: ['ignore', 'ignore', 'inherit'] };
  execFileSync(executable, ['-m', 'venv', folder], options);
  const general = ['--quiet', '--disable-pip-version-check', '--no-input', '--only-binary', ':all:'];
  execFileSync(python, ['-m', 'pip', 'install', ...general, '--requirement', REQUIREMENTS], options);
  fs.writeFileSync(isWhole, '');
  return python;
}
