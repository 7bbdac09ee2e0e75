// @ts-check

import { Interrupted, Problem } from './problems.mjs';
import { openProject } from './project.mjs';

/**
 * The commands of the course: `node setup/course.cjs NAME ...`, each with a script in package.json.
 * Each gets the project and the further arguments and resolves with the exit code.
 *
 * @typedef {(project: import('./project.mjs').Project, args: string[]) => Promise<number>} Command
 * @type {Record<string, () => Promise<{ default: Command }>>}
 */
const commands = {
  setup: () => import('./commands/setup.mjs'),
  start: () => import('./commands/start.mjs'),
  test: () => import('./commands/test.mjs'),
  notebooks: () => import('./commands/notebooks.mjs'),
  datasets: () => import('./commands/datasets.mjs'),
  assign: () => import('./commands/assign.mjs'),
  'new-exercise': () => import('./commands/new-exercise.mjs'),
  release: () => import('./commands/release.mjs'),
  collect: () => import('./commands/collect.mjs'),
  grade: () => import('./commands/grade.mjs'),
  'gradescope-zip': () => import('./commands/gradescope-zip.mjs'),
  doctor: () => import('./commands/doctor.mjs'),
  clean: () => import('./commands/clean.mjs'),
};

/**
 * Runs one command and sets the exit code of this process.
 *
 * @param {string[]} args the command's name, then its own arguments
 */
export async function main([name = '', ...args]) {
  try {
    if (!Object.hasOwn(commands, name)) {
      throw new Problem(
        `Unknown command "${name}"; expected one of: ${Object.keys(commands).join(', ')}.`,
        'The README lists them; of an instructor: solutions/README.md.'
      );
    }
    const command = await commands[name]();
    process.exitCode = await command.default(openProject(), args);
  } catch (error) {
    if (error instanceof Interrupted) {
      console.error('\nStopped. What is done is kept; the next run goes on from here.');
      process.exitCode = 130;
    } else if (error instanceof Problem) {
      console.error(`\n${error.message}\n\nWhat to do: ${error.advice}`);
      process.exitCode = 1;
    } else {
      console.error(error);
      process.exitCode = 1;
    }
  }
}
