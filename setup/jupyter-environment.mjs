// @ts-check

import path from 'node:path';
import { pythonEnvironment } from './steps/python.mjs';

/**
 * The environment for everything of Jupyter's: JupyterLab, nbclient, nbconvert. All that Jupyter reads or writes is inside
 * the project, so that neither the user's own Jupyter changes the course nor the course the user's own Jupyter.
 *
 * @param {import('./project.mjs').Project} project
 * @param {NodeJS.ProcessEnv} [env] what to start from
 * @returns {NodeJS.ProcessEnv}
 */
export function jupyterEnvironment(project, env = project.env) {
  const { JUPYTER_PATH, JUPYTER_CONFIG_PATH, JUPYTERLAB_DIR, ...rest } = pythonEnvironment(env);
  const inside = (/** @type {string} */ name) => path.join(project.jupyter, name);
  return {
    ...rest,
    JUPYTER_CONFIG_DIR: inside('config'),
    JUPYTER_DATA_DIR: inside('data'),
    JUPYTER_RUNTIME_DIR: inside('runtime'),
    JUPYTERLAB_SETTINGS_DIR: inside('lab-settings'),
    JUPYTERLAB_WORKSPACES_DIR: inside('lab-workspaces'),
    IPYTHONDIR: inside('ipython'),
    // The environment's own settings before those of the system.
    JUPYTER_PREFER_ENV_PATH: '1',
    VIRTUAL_ENV: project.venv,
    PATH: [path.dirname(project.python), rest.PATH].join(path.delimiter),
  };
}
