// @ts-check

import path from 'node:path';
import { graderSteps } from '../grader.mjs';
import { hasSolutions, nbgraderRunsHere, nbgraderStep } from '../instructor.mjs';
import { runInTerminal } from '../processes.mjs';
import { runSteps } from '../run-steps.mjs';
import { allSteps } from '../steps/index.mjs';
import { npmCiStep } from '../steps/npm.mjs';
import { platformName } from '../engine.mjs';

/** `npm test -- [vitest's arguments]`: proves that the course works. @type {import('../main.mjs').Command} */
export default async function test(project, args) {
  await runSteps(project, [...allSteps(project), ...testSteps(project)]);
  const vitest = path.join(project.nodeModules, 'vitest', 'vitest.mjs');
  return runInTerminal(process.execPath, [vitest, 'run', ...args], { cwd: project.root, env: project.env });
}

/**
 * What only the tests need: other versions of Node, to run the engine and the kernel under each, nbgrader, and the
 * grader's packages. The npm packages of the former are for one platform; elsewhere the tests run under the user's Node alone.
 *
 * @param {import('../project.mjs').Project} project
 * @returns {import('../run-steps.mjs').Step[]}
 */
function testSteps(project) {
  const folder = path.join(project.root, 'test', 'node-versions');
  return [
    ...(platformName() === 'linux-x64' ? [npmCiStep({ name: 'Node versions', folder, env: project.env, bytes: 560e6 })] : []),
    ...(hasSolutions(project) && nbgraderRunsHere(project) ? [nbgraderStep(project)] : []),
    ...graderSteps(project),
  ];
}
