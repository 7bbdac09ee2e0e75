// @ts-check

import path from 'node:path';
import { jupyterEnvironment } from '../jupyter-environment.mjs';
import { runInTerminal } from '../processes.mjs';
import { calledFrom } from '../project.mjs';
import { runSteps } from '../run-steps.mjs';
import { allSteps } from '../steps/index.mjs';

/** `npm run notebooks -- [names] [options]`: runs notebooks without a browser. @type {import('../main.mjs').Command} */
export default async function notebooks(project, args) {
  await runSteps(project, allSteps(project));
  const script = path.join(project.root, 'tools', 'run_notebooks.py');
  // The arguments may be relative paths.
  return runInTerminal(project.python, [script, ...args], { cwd: calledFrom(project.env), env: jupyterEnvironment(project) });
}
