// @ts-check

import { runSteps } from '../run-steps.mjs';
import { allSteps } from '../steps/index.mjs';

/** `npm run setup`: makes all that is missing, and no more. @type {import('../main.mjs').Command} */
export default async function setup(project) {
  const ran = await runSteps(project, allSteps(project));
  console.log(ran.length > 0 ? 'Set-up is complete.' : 'Set-up is complete; there was nothing to do.');
  return 0;
}
