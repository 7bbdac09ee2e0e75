// @ts-check

import { buildStep } from './build.mjs';
import { engineSteps } from './engine.mjs';
import { jupyterStep } from './jupyter.mjs';
import { npmStep } from './npm.mjs';
import { pythonSteps } from './python.mjs';

/**
 * Everything that a learner needs, in an order in which each step comes after those that it needs.
 *
 * @param {import('../project.mjs').Project} project
 * @returns {import('../run-steps.mjs').Step[]}
 */
export function allSteps(project) {
  return [
    npmStep(project),
    ...pythonSteps(project),
    ...engineSteps(project),
    buildStep(project),
    jupyterStep(project),
  ];
}
