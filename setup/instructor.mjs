// @ts-check

import fs from 'node:fs';
import path from 'node:path';
import { jupyterEnvironment } from './jupyter-environment.mjs';
import { Problem } from './problems.mjs';
import { outputOf } from './processes.mjs';
import { findPython } from './python.mjs';
import { STAMP, hashOfFile, removeStamp, stampMatches, writeStamp } from './stamp.mjs';
import { pip } from './steps/python.mjs';

/**
 * What only instructors and the tests need: nbgrader, from the source of exercises in solutions/.
 *
 * It is not among what every learner installs: it would bring them buttons for marking and 63 MB, and it needs a newer
 * Python than the course.
 */

const OLDEST_MINOR = 11;

/** @typedef {import('./project.mjs').Project} Project */

/** @param {Project} project @returns {boolean} whether it is an instructor's copy: learners get no solutions/ */
export const hasSolutions = ({ root }) => fs.existsSync(path.join(root, 'solutions', 'definitions'));

/** @param {Project} project @throws {Problem} in a learner's copy of the course */
export function needSolutions(project) {
  if (hasSolutions(project)) return;
  throw new Problem(
    "This copy of the course has no folder solutions/: it is a learner's.",
    "use an instructor's copy. What learners do with exercises: exercises/README.md.",
  );
}

/** @param {Project} project @returns {boolean} whether the Python of .venv, made or to be made, is new enough */
export function nbgraderRunsHere({ python, env }) {
  const executable = fs.existsSync(python) ? python : findPython(env).executable;
  const minor = outputOf(executable, ['-I', '-S', '-c', 'import sys; print(sys.version_info[1])'], env);
  return Number(minor) >= OLDEST_MINOR;
}

/**
 * nbgrader in the course's Python environment.
 *
 * @param {Project} project
 * @returns {import('./run-steps.mjs').Step}
 */
export function nbgraderStep(project) {
  const { root, venv, state } = project;
  const lockFile = path.join(root, 'setup', 'requirements-instructor.lock');
  const stamp = path.join(venv, 'share', 'nbgrader', STAMP);
  const inputs = () => ({ lockFile: hashOfFile(lockFile) });
  return {
    name: 'nbgrader',
    doing: 'installing what setup/requirements-instructor.lock names',
    needs: ['Python packages'],
    disk: { folder: root, bytes: 100e6 },
    isReady: () => stampMatches(stamp, inputs()),
    async run({ log, signal }) {
      if (!nbgraderRunsHere(project)) {
        throw new Problem(
          `nbgrader needs Python 3.${OLDEST_MINOR} or newer, and that of .venv is older.`,
          'name a newer one with COURSE_PYTHON=/path/to/python3, then run the command again.',
        );
      }
      removeStamp(stamp);
      await pip(
        project,
        [
          'install',
          '--require-hashes',
          '--no-deps',
          '--only-binary',
          ':all:',
          '--ignore-installed',
          '--requirement',
          lockFile,
        ],
        { temporary: path.join(state, 'tmp', 'nbgrader'), log, signal },
      );
      // It switches its part of the server on for everybody. solutions/nbgrader/ does so for instructors.
      fs.rmSync(path.join(venv, 'etc', 'jupyter', 'jupyter_server_config.d', 'nbgrader.json'), { force: true });
      writeStamp(stamp, inputs());
    },
  };
}

/** @param {Project} project @returns {NodeJS.ProcessEnv} Jupyter's environment, with nbgrader as the course needs it */
export const instructorEnvironment = (project) => ({
  ...jupyterEnvironment(project),
  JUPYTER_CONFIG_PATH: path.join(project.root, 'solutions', 'nbgrader'),
});

/**
 * Makes a folder one in which nbgrader finds the lessons' sources. They are links: whoever edits one edits solutions/.
 *
 * @param {Project} project
 * @param {string} folder
 * @returns {string[]} the lessons' names
 */
export function linkSources({ root }, folder) {
  const solutions = path.join(root, 'solutions');
  const files = fs
    .readdirSync(solutions)
    .filter((name) => name.endsWith('.ipynb'))
    .sort();
  for (const file of files) {
    const link = path.join(folder, 'source', path.basename(file, '.ipynb'), file);
    fs.mkdirSync(path.dirname(link), { recursive: true });
    fs.rmSync(link, { force: true });
    fs.symlinkSync(path.join(solutions, file), link);
  }
  return files.map((file) => path.basename(file, '.ipynb'));
}
