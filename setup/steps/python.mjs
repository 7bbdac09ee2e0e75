// @ts-check

import fs from 'node:fs';
import path from 'node:path';
import { NEEDED } from '../disk.mjs';
import { Problem } from '../problems.mjs';
import { outputOf, run } from '../processes.mjs';
import { findPython } from '../python.mjs';
import { STAMP, hashOfFile, readStamp, removeStamp, stampMatches, writeStamp } from '../stamp.mjs';

/**
 * The Python environment `.venv` and the packages in it.
 *
 * It is made anew when the lock file, the project's folder or the Python behind it changes: an environment holds absolute
 * paths, and pip never removes what an older lock file has brought in.
 *
 * @param {import('../project.mjs').Project} project
 * @returns {import('../run-steps.mjs').Step[]}
 */
export function pythonSteps(project) {
  const { env, venv, root } = project;
  const lockFile = path.join(root, 'setup', 'requirements.lock');
  const environmentStamp = path.join(venv, STAMP);
  const packagesStamp = path.join(venv, 'lib', STAMP);
  const inputs = () => ({ project: root, lockFile: hashOfFile(lockFile) });

  /** @type {import('../run-steps.mjs').Step} */
  const environment = {
    name: 'Python environment',
    doing: 'making .venv',
    needs: [],
    isReady() {
      const made = readStamp(environmentStamp);
      if (!made || JSON.stringify(made.inputs) !== JSON.stringify(inputs())) return false;
      // Python itself may have been upgraded or removed, or the user now asks for another one.
      if (!fs.existsSync(project.python) || fs.realpathSync(project.python) !== made.python) return false;
      return !env.COURSE_PYTHON || findPython(env).realPath === made.python;
    },
    async run({ log, signal, report }) {
      const python = findPython(env);
      report(`making .venv with Python ${python.version}`);
      removeStamp(environmentStamp);
      fs.rmSync(venv, { recursive: true, force: true });
      if (outputOf(python.executable, ['-I', '-c', 'import ensurepip, venv'], env) === undefined) {
        throw new Problem(
          `${python.executable} (Python ${python.version}) comes without the modules that make environments (venv and ensurepip).`,
          `install them (Debian, Ubuntu: sudo apt-get install python${python.version.split('.', 2).join('.')}-venv), ` +
            'or name another Python with COURSE_PYTHON=/path/to/python3, then run the command again.'
        );
      }
      await run(python.executable, ['-m', 'venv', venv], { env: pythonEnvironment(env), log, signal });
      writeStamp(environmentStamp, { inputs: inputs(), version: python.version, python: fs.realpathSync(project.python) });
    },
  };

  /** @type {import('../run-steps.mjs').Step} */
  const packages = {
    name: 'Python packages',
    doing: 'installing what setup/requirements.lock names',
    needs: [environment.name],
    disk: { folder: root, bytes: NEEDED.pythonPackages },
    isReady: () => stampMatches(packagesStamp, inputs()),
    async run({ log, signal, report }) {
      removeStamp(packagesStamp);
      const temporary = path.join(project.state, 'tmp', 'pip');
      await pip(project, [
        'install', '--require-hashes', '--no-deps', '--only-binary', ':all:',
        // An earlier run that was killed may have left half a package, which pip would take for installed.
        '--ignore-installed',
        '--requirement', lockFile,
      ], { temporary, log, signal, onLine: (line) => reportPip(line, report) });
      writeStamp(packagesStamp, inputs());
    },
  };
  return [environment, packages];
}

/**
 * Runs the environment's pip, with the user's own settings (mirrors, proxies, certificates, cache).
 *
 * @param {import('../project.mjs').Project} project
 * @param {string[]} args
 * @param {{ temporary: string } & import('../processes.mjs').RunOptions} options `temporary`: a folder that pip may use; it is
 *   gone afterwards. The system's own is often small, or another disk.
 */
export async function pip(project, args, { temporary, ...options }) {
  fs.rmSync(temporary, { recursive: true, force: true });
  fs.mkdirSync(temporary, { recursive: true });
  const env = { ...pythonEnvironment(project.env), TMPDIR: temporary };
  const general = ['--disable-pip-version-check', '--no-input', '--progress-bar', 'off'];
  const [command, ...rest] = args;
  await run(project.python, ['-m', 'pip', command, ...general, ...rest], { ...options, env });
  fs.rmSync(temporary, { recursive: true, force: true });
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv} the same without what would lead Python to other packages than the environment's own
 */
export function pythonEnvironment(env) {
  const { PYTHONHOME, PYTHONPATH, PYTHONUSERBASE, PIP_USER, PIP_TARGET, PIP_PREFIX, VIRTUAL_ENV, __PYVENV_LAUNCHER__, ...rest } = env;
  return { ...rest, PYTHONNOUSERSITE: '1', PIP_REQUIRE_VIRTUALENV: '0' };
}

/**
 * @param {string} line
 * @param {(detail: string) => void} report
 */
function reportPip(line, report) {
  const match = /^(Collecting|Installing collected packages)\b[: ]*([\w.-]*)/.exec(line);
  if (match) report(match[1] === 'Collecting' ? `fetching ${match[2]}` : 'unpacking');
}
