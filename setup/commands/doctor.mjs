// @ts-check

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { formatChecks, hasColours, note, ok, problem } from '../checks.mjs';
import { CHROMIUM_ADVICE, findChromium } from '../chromium.mjs';
import { bytesOf } from '../disk.mjs';
import { COMPILER_ADVICE, ENGINE, findCompiler, locateEngine, platformName, verifyEngine } from '../engine.mjs';
import { graderSteps } from '../grader.mjs';
import { CommandFailed, Problem } from '../problems.mjs';
import { outputOf } from '../processes.mjs';
import { formatBytes } from '../progress.mjs';
import { findPython } from '../python.mjs';
import { checkWritable } from '../run-steps.mjs';
import { allSteps } from '../steps/index.mjs';
import { npmProgram } from '../steps/npm.mjs';
import { dataChecks } from './datasets.mjs';

/** @typedef {import('../checks.mjs').Check} Check */

/** `npm run doctor`: says what is there and what to do about each problem; changes nothing. @type {import('../main.mjs').Command} */
export default async function doctor(project) {
  const checks = await examine(project);
  console.log(`The course in ${project.root}\n`);
  console.log(formatChecks(checks, hasColours()));
  const problems = checks.filter(({ state }) => state === 'problem').length;
  console.log(problems === 0 ? '\nThe course can run: npm start' : `\nThe course cannot run yet: ${problems} problem${problems > 1 ? 's' : ''}.`);
  return problems === 0 ? 0 : 1;
}

/**
 * @param {import('../project.mjs').Project} project
 * @returns {Promise<Check[]>}
 */
async function examine(project) {
  const ready = new Map(allSteps(project).map((step) => [step.name, step.isReady()]));
  const stepCheck = (
    /** @type {string} */ name, /** @type {string} */ step, /** @type {() => string} */ describe, /** @type {string} */ otherwise
  ) => ready.get(step) ? ok(name, describe()) : problem(name, otherwise, 'npm start makes it');
  const notAsLocked = 'not there, or not as the lock file says';
  const packages = path.join(project.venv, 'lib');
  return [
    ok('Node.js', `${process.versions.node} (${process.execPath})`),
    attempt('npm', () => {
      const npm = npmProgram(project.env);
      return ok('npm', `${outputOf(process.execPath, [npm, '--version'], project.env) ?? 'does not answer'} (${npm})`);
    }),
    pythonCheck(project, ready.get('Python packages') === true),
    compilerCheck(project, ready.get('TensorFlow binding') === true),
    stepCheck('npm packages', 'npm packages', () => `as package-lock.json says, ${sizeOf(project.nodeModules)}`, notAsLocked),
    stepCheck('Python packages', 'Python packages', () => `JupyterLab ${jupyterLabVersion(packages)}, ${sizeOf(project.venv)} in .venv`, notAsLocked),
    await engineCheck(project, ready.get('TensorFlow binding') === true),
    stepCheck('Library', 'Build', () => 'compiled from the sources as they are now', 'not compiled, or from older sources'),
    stepCheck('Kernel', 'Jupyter', () => `TypeScript, with ${process.execPath}`, 'not registered with JupyterLab for this folder and this Node.js'),
    attempt('Disk', () => diskCheck(project)),
    ok('Machine', `${platformName()}, ${os.availableParallelism()} cores, ${formatBytes(os.totalmem())} of memory`),
    ...(await datasetChecks(project, ready.get('Build') === true)),
    browserCheck(project),
    ...sandboxChecks(project),
  ];
}

/**
 * What marking needs; learners' copies are without it.
 *
 * @param {import('../project.mjs').Project} project
 * @returns {Check[]}
 */
function sandboxChecks(project) {
  const steps = graderSteps(project);
  if (steps.length === 0) return [];
  if (!steps.every((step) => step.isReady())) {
    return [note('Sandbox', 'not examined: the grader is not set up, which only marking needs', 'npm run grade sets it up, npm run grade -- sandbox examines')];
  }
  const cli = path.join(project.root, 'grader', 'dist', 'cli.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, 'sandbox'], { encoding: 'utf8', env: project.env });
  const found = (stdout + stderr).trim();
  return [status === 0 ? ok('Sandbox', found) : note('Sandbox', found, 'learners need none: it is for npm run grade')];
}

/**
 * @param {string} name
 * @param {() => Check} look
 * @returns {Check} what `look` found, or the problem that it threw
 */
function attempt(name, look) {
  try {
    return look();
  } catch (error) {
    if (error instanceof Problem) return problem(name, error.message, error.advice);
    throw error;
  }
}

const sizeOf = (/** @type {string} */ folder) => formatBytes(bytesOf(folder));

/** @param {string} folder the lib/ folder of .venv */
function jupyterLabVersion(folder) {
  for (const python of fs.readdirSync(folder)) {
    const sitePackages = path.join(folder, python, 'site-packages');
    if (!fs.existsSync(sitePackages)) continue;
    const match = fs.readdirSync(sitePackages).map((name) => /^jupyterlab-([\d.]+)\.dist-info$/.exec(name)).find(Boolean);
    if (match) return match[1];
  }
  return 'of unknown version';
}

/**
 * @param {import('../project.mjs').Project} project
 * @param {boolean} environmentIsThere
 */
function pythonCheck(project, environmentIsThere) {
  const check = attempt('Python', () => {
    const python = findPython(project.env);
    return ok('Python', `${python.version} (${python.executable})`);
  });
  // Only making .venv needs it.
  return check.state === 'problem' && environmentIsThere ? { ...check, state: /** @type {const} */ ('note') } : check;
}

/**
 * @param {import('../project.mjs').Project} project
 * @param {boolean} engineIsThere
 */
function compilerCheck(project, engineIsThere) {
  const compiler = findCompiler(project.env);
  if (compiler) return ok('C++ compiler', `${outputOf(compiler, ['--version'], project.env)?.split('\n')[0]} (${compiler})`);
  const advice = `to build the engine anew, install one: ${COMPILER_ADVICE}`;
  return engineIsThere ? note('C++ compiler', 'none, and none is needed now', advice) : problem('C++ compiler', 'none', advice);
}

/**
 * @param {import('../project.mjs').Project} project
 * @param {boolean} isThere
 * @returns {Promise<Check>}
 */
async function engineCheck(project, isThere) {
  const { source, folder } = locateEngine(project);
  if (!isThere) return problem('TensorFlow', `${ENGINE.version} is not there`, 'npm start makes it');
  try {
    const found = await verifyEngine(project);
    const where = fs.existsSync(folder) ? `${sizeOf(folder)} in ${folder}` : "from tfjs-node's own installer";
    const text = `${found.tensorflow}, ${where}; loads in ${found.milliseconds} ms`;
    return source?.proven
      ? ok('TensorFlow', text)
      : note('TensorFlow', text, `it works here, but nobody has tested the course on ${platformName()}: please report what you see`);
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    return problem('TensorFlow', error.lastLines.join('\n'), 'npm run clean -- --cache, then npm start');
  }
}

/** @param {import('../project.mjs').Project} project */
function diskCheck(project) {
  checkWritable(project);
  const { bavail, bsize } = fs.statfsSync(project.root);
  const free = bavail * bsize;
  const text = `${formatBytes(free)} free`;
  return free < 1e9 ? note('Disk', text, 'datasets and trained models need about 1 GB') : ok('Disk', text);
}

/**
 * @param {import('../project.mjs').Project} project
 * @param {boolean} libraryIsBuilt
 * @returns {Promise<Check[]>}
 */
async function datasetChecks(project, libraryIsBuilt) {
  if (!libraryIsBuilt) return [note('Data', 'known once the library is compiled', 'npm start')];
  try {
    return (await dataChecks(project)).map((check) => ({ ...check, name: `Data: ${check.name}` }));
  } catch (error) {
    return [{ name: 'Data', state: 'problem', text: /** @type {Error} */ (error).message }]; // It says what to do itself.
  }
}

/** @param {import('../project.mjs').Project} project */
function browserCheck(project) {
  const browser = findChromium(project.env);
  return browser
    ? ok('Chromium', `${outputOf(browser, ['--version'], project.env) ?? 'does not answer'} (${browser})`)
    : note('Chromium', 'none; only "npm test" needs it', CHROMIUM_ADVICE);
}
