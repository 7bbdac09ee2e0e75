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
 * @property {NodeJS.ProcessEnv} env the user's environment, with absolute paths in the course's variables
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
  env = withAbsolutePaths(env);
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

/**
 * npm changes to the project's folder and says in INIT_CWD where it was called.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {string} the folder in which the command was typed
 */
export const calledFrom = (env) => env.INIT_CWD ?? process.cwd();

const FOLDERS = ['COURSE_DATA', 'COURSE_CACHE'];
const PROGRAMS = ['COURSE_PYTHON', 'COURSE_CHROMIUM'];

/**
 * What set-up starts runs in other folders (a kernel in that of its notebook), so a relative path is resolved here, against the folder in
 * which the command was typed.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function withAbsolutePaths(env) {
  // A program's name without a slash is looked for on the PATH.
  const names = [...FOLDERS.filter((name) => env[name]), ...PROGRAMS.filter((name) => env[name]?.includes(path.sep))];
  return { ...env, ...Object.fromEntries(names.map((name) => [name, path.resolve(calledFrom(env), env[name] ?? '')])) };
}
