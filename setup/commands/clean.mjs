// @ts-check

import fs from 'node:fs';
import path from 'node:path';
import { bytesOf } from '../disk.mjs';
import { takeLock } from '../lock.mjs';
import { Problem } from '../problems.mjs';
import { formatBytes } from '../progress.mjs';
import { findPython } from '../python.mjs';

/** What set-up makes inside the project. */
const MADE = [
  'node_modules', '.venv', '.jupyter', '.setup', 'lib/dist', 'kernel/dist', 'solutions/dist', 'lib/tsconfig.tsbuildinfo', 'kernel/tsconfig.tsbuildinfo',
  'tsconfig.tsbuildinfo', 'test/node-versions/node_modules',
];

/** What the course keeps in its cache folder, which may be the user's own folder if COURSE_CACHE names it. */
const CACHED = ['engine', 'engine-versions', 'datasets', 'pixels'];

/** `npm run clean [-- --cache]`: takes away what set-up made. @type {import('../main.mjs').Command} */
export default async function clean(project, args) {
  const unknown = args.find((arg) => arg !== '--cache');
  if (unknown) {
    throw new Problem(
      `Unknown option "${unknown}"; clean knows only --cache.`,
      'run "npm run clean" for this folder, or "npm run clean -- --cache" to remove the engine and the datasets of all copies of the course too.'
    );
  }
  const folders = MADE.map((name) => path.join(project.root, name));
  if (args.includes('--cache')) folders.push(...CACHED.map((name) => path.join(project.cache, name)));
  const there = folders.filter((folder) => fs.existsSync(folder));
  if (there.length === 0) {
    console.log('There is nothing to remove.');
    return 0;
  }
  const locks = await lockOutSetup(project, there);
  for (const folder of there) {
    console.log(`Removing ${folder} (${formatBytes(bytesOf(folder))})`);
    fs.rmSync(folder, { recursive: true });
  }
  for (const lock of locks) lock.release();
  return 0;
}

/**
 * @param {import('../project.mjs').Project} project
 * @param {string[]} folders those that are to be removed
 * @returns {Promise<import('../lock.mjs').Lock[]>}
 */
async function lockOutSetup(project, folders) {
  const files = [project.state, project.engines]
    .filter((folder) => fs.existsSync(folder) && folders.some((removed) => folder.startsWith(removed)))
    .map((folder) => path.join(folder, 'lock'));
  if (files.length === 0) return [];
  const python = pythonForLock(project.env);
  if (!python) return [];
  /** @type {import('../lock.mjs').Lock[]} */
  const locks = [];
  for (const file of files) {
    locks.push(await takeLock(file, {
      python,
      onWait: (holder) => console.log(`A set-up is at work: ${holder}. Waiting for it to end ...`),
    }));
  }
  return locks;
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined} undefined, with a notice, if there is none: whoever has removed Python may still clean up
 */
function pythonForLock(env) {
  try {
    return findPython(env).executable;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    console.log(`${error.message}\nSo a set-up that is at work now is not waited for.`);
    return undefined;
  }
}
