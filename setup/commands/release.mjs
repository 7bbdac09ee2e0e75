// @ts-check

import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { adviceOf, parseOptions } from '../arguments.mjs';
import { needSolutions } from '../instructor.mjs';
import { CommandFailed, Problem } from '../problems.mjs';
import { run } from '../processes.mjs';
import { calledFrom } from '../project.mjs';
import { runSteps } from '../run-steps.mjs';
import { allSteps } from '../steps/index.mjs';

const require = createRequire(import.meta.url);

/** @typedef {import('../project.mjs').Project} Project */

/** The folder that a zip file unpacks to. */
const NAME = 'image-classification-course';

const USAGE = 'npm run release -- TARGET';

const HELP = `${USAGE}

Makes a copy of the course for learners, without solutions/ and the tests of them: what is committed, and nothing else.
Every file of it is searched for solutions first.

  TARGET  a new folder, or a new zip file (its name ends with .zip)`;

/** `npm run release -- TARGET`. @type {import('../main.mjs').Command} */
export default async function release(project, args) {
  const target = parseArguments(args, calledFrom(project.env));
  if (target === 'help') {
    console.log(HELP);
    return 0;
  }
  needSolutions(project);
  await runSteps(project, allSteps(project));
  await carryOut(project, target);
  return 0;
}

/**
 * @param {string[]} args
 * @param {string} folder what paths are relative to
 * @returns {string} the target, or 'help'
 */
export function parseArguments(args, folder) {
  const { values: { help }, positionals } = parseOptions(args, {}, USAGE);
  if (help) return 'help';
  if (positionals.length !== 1) throw new Problem(`Got ${positionals.length} targets; expected one.`, adviceOf(USAGE));
  const target = path.resolve(folder, positionals[0]);
  const isTaken = fs.existsSync(target) && !(fs.statSync(target).isDirectory() && fs.readdirSync(target).length === 0);
  if (isTaken) {
    throw new Problem(`${target} is there already; expected a new folder or file.`, 'name another one, or remove it.');
  }
  return target;
}

/**
 * @param {Project} project
 * @param {string} target
 */
export async function carryOut(project, target) {
  const { lessons } = require(path.join(project.root, 'solutions', 'dist', 'release.js'));
  const { leaksOfCopy, LEFT_OUT } = require(path.join(project.root, 'solutions', 'dist', 'copies.js'));
  await checkCommitted(project, LEFT_OUT);
  fs.mkdirSync(path.dirname(target), { recursive: true });
  // Beside the target: it is renamed when it is whole.
  const temporary = fs.mkdtempSync(`${target}.`);
  try {
    const folder = path.join(temporary, NAME);
    const tar = path.join(temporary, 'copy.tar');
    const excluded = LEFT_OUT.map((/** @type {string} */ name) => `:(exclude)${name}`);
    await git(project, ['archive', `--prefix=${NAME}/`, '-o', tar, 'HEAD', '--', '.', ...excluded]);
    await run('tar', ['-xf', tar, '-C', temporary], {});
    /** @type {string[]} */
    const leaks = await leaksOfCopy(project.root, lessons, textsIn(folder));
    if (leaks.length > 0) {
      const list = leaks.map((leak) => `  ${leak}`).join('\n');
      throw new Problem(
        `The copy would hold what learners must not have, so it was not made:\n${list}`,
        'take it out, commit that, then run the command again.'
      );
    }
    if (target.endsWith('.zip')) {
      const zip = path.join(temporary, 'copy.zip');
      await git(project, ['archive', `--prefix=${NAME}/`, '-o', zip, 'HEAD', '--', '.', ...excluded]);
      fs.renameSync(zip, target);
    } else {
      fs.rmSync(target, { recursive: true, force: true });
      fs.renameSync(folder, target);
    }
    const commit = (await git(project, ['rev-parse', '--short', 'HEAD'])).trim();
    console.log(`${target}: the course for learners, as it is committed (${commit}).`);
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
}

/**
 * What is not committed is not in the copy: that is easily overlooked.
 *
 * @param {Project} project
 * @param {string[]} leftOut
 */
async function checkCommitted(project, leftOut) {
  const lines = (await git(project, ['status', '--porcelain', '--untracked-files=no'])).split('\n').filter(Boolean);
  const changed = lines.map((line) => line.slice(3)).filter((file) => !leftOut.some((left) => file.startsWith(left)));
  if (changed.length > 0) {
    console.log(`Not in the copy, because they are not committed: changes of ${changed.join(', ')}.`);
  }
}

/** @param {Project} project @param {string[]} args */
async function git({ root }, args) {
  try {
    return await run('git', args, { cwd: root });
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    throw new Problem(
      `${error.message} It says: ${error.lastLines.join(' ')}`,
      'release from a clone of the course: what belongs to it is what git knows.'
    );
  }
}

/** All files that are text, with their paths. @param {string} folder @returns {{ path: string, text: string }[]} */
function textsIn(folder) {
  const entries = fs.readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).flatMap((entry) => {
    const file = path.join(entry.parentPath ?? entry.path, entry.name);
    const content = fs.readFileSync(file);
    if (content.includes(0)) return []; // A picture or the like.
    return [{ path: path.relative(folder, file).split(path.sep).join('/'), text: content.toString('utf8') }];
  });
}
