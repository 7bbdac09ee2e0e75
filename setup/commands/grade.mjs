// @ts-check

import path from 'node:path';
import { graderSteps } from '../grader.mjs';
import { needSolutions } from '../instructor.mjs';
import { runInTerminal } from '../processes.mjs';
import { calledFrom } from '../project.mjs';
import { runSteps } from '../run-steps.mjs';
import { allSteps } from '../steps/index.mjs';

/** `npm run grade -- SUBMITTED ...`: marks what learners have handed in. @type {import('../main.mjs').Command} */
export default async function grade(project, args) {
  needSolutions(project);
  await runSteps(project, [...allSteps(project), ...graderSteps(project)]);
  const cli = path.join(project.root, 'grader', 'dist', 'cli.js');
  // Names of files are those of the folder in which the command was given.
  return runInTerminal(process.execPath, [cli, ...args], { cwd: calledFrom(project.env), env: project.env });
}
