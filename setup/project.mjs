// @ts-check

import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const { cacheFolder } = createRequire(import.meta.url)('../lib/cache-folder.cjs');

/**
 * Where everything is that set-up makes. All paths are absolute.
 *
 * @typedef {object} Project
 * @property {string} root the course's folder, the one with package.json
 * @property {NodeJS.ProcessEnv} env the user's environment
 * @property {string} nodeModules npm's packages
 * @property {string} tfjsNode the package whose binding set-up builds
 * @property {string} venv the Python environment
 * @property {string} python the Python inside `venv`
 * @property {string} jupyter Jupyter's configuration, data and runtime files, so that it leaves the user's own alone
 * @property {string} state logs, the lock and temporary files of set-up
 * @property {string} cache the folder that all copies of the course share, see lib/cache-folder.cjs
 * @property {string} engines the built engines in the cache
 */

/**
 * @param {string} [root]
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Project}
 */
export function openProject(root = fileURLToPath(new URL('..', import.meta.url)), env = process.env) {
  const absolute = path.resolve(root);
  const inside = (/** @type {string[]} */ ...parts) => path.join(absolute, ...parts);
  const cache = cacheFolder(env);
  return {
    root: absolute,
    env,
    nodeModules: inside('node_modules'),
    tfjsNode: inside('node_modules', '@tensorflow', 'tfjs-node'),
    venv: inside('.venv'),
    python: inside('.venv', 'bin', 'python'),
    jupyter: inside('.jupyter'),
    state: inside('.setup'),
    cache,
    engines: path.join(cache, 'engine'),
  };
}
