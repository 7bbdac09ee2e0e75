// @ts-check
'use strict';

// Plain JavaScript, because set-up needs it before anything is built.

const os = require('node:os');
const path = require('node:path');

const NAME = 'image-classification-course';

/**
 * The folder that keeps what is downloaded or built once per user and shared by all copies of the course:
 * `engine/` (TensorFlow), `datasets/` and `pixels/` (decoded pictures). `COURSE_CACHE` names another one.
 * Otherwise it is where the platform keeps caches: the XDG base directory specification on Linux, `~/Library/Caches` on macOS.
 *
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string} an absolute path; the folder may not exist yet
 */
function cacheFolder(env = process.env) {
  if (env.COURSE_CACHE) return path.resolve(env.COURSE_CACHE);
  const home = env.HOME || os.homedir();
  if (process.platform === 'darwin') return path.join(home, 'Library', 'Caches', NAME);
  // The specification says that a relative path is to be ignored.
  const xdg = env.XDG_CACHE_HOME && path.isAbsolute(env.XDG_CACHE_HOME) ? env.XDG_CACHE_HOME : undefined;
  return path.join(xdg || path.join(home, '.cache'), NAME);
}

module.exports = { cacheFolder };
