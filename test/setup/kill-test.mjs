// @ts-check

// Kills a real set-up at random moments, runs it again, and looks whether the result is right. Every other time what it has
// started is killed with it; else that goes on, and the second run must wait for it.
// Each round has a fresh clone and an empty cache folder; what npm and pip have cached makes it a minute or two a round.
//
//     node test/setup/kill-test.mjs [ROUNDS = 10] [SEED]
//
// Right means: the second run ends well, doctor finds no problem, a third run has nothing to do, and every file of
// node_modules, .venv and the engine has the size that it has after a set-up that was never killed.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('../..', import.meta.url));
const rounds = Number(process.argv[2] ?? 10);
const seed = Number(process.argv[3] ?? Math.floor(Math.random() * 1e6));
const random = mulberry32(seed);
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'course-kill-'));

try {
  console.log(`seed ${seed}; a set-up that is not killed comes first, for comparison`);
  const reference = newClone('00');
  const started = Date.now();
  expectSuccess(reference, 'setup');
  const usual = Date.now() - started;
  const expected = listing(reference);
  remove(reference);
  console.log(`${(usual / 1000).toFixed(1)} s, ${expected.size} files`);

  let wrong = 0;
  const rows = [];
  for (let round = 1; round <= rounds; round++) {
    const clone = newClone(String(round).padStart(2, '0'));
    const moment = random() * usual;
    const alone = round % 2 === 0;
    const atWork = await killAfter(clone, moment, alone);
    const begin = Date.now();
    const complaints = check(clone, expected);
    if (complaints.length > 0) wrong += 1;
    rows.push([round, `${(moment / 1000).toFixed(1)} s`, alone ? 'set-up alone' : 'all of it', atWork, `${((Date.now() - begin) / 1000).toFixed(1)} s`, complaints.join('; ') || 'right']);
    console.log(rows.at(-1)?.join(' | '));
    remove(clone);
  }
  console.log('\n| round | killed after | killed | at work then | repair and checks | result |\n|---:|---:|---|---|---:|---|');
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
  console.log(`\n${rounds - wrong} of ${rounds} right`);
  process.exitCode = wrong === 0 ? 0 : 1;
} finally {
  fs.rmSync(scratch, { recursive: true, force: true });
}

/** @typedef {{ folder: string, cache: string }} Clone */

/**
 * @param {string} name all of the same length: paths are part of what set-up writes
 * @returns {Clone}
 */
function newClone(name) {
  const folder = path.join(scratch, name, 'course');
  spawnSync('git', ['clone', '--quiet', project, folder], { stdio: 'inherit' });
  return { folder, cache: path.join(scratch, name, 'cache') };
}

/** @param {Clone} clone */
function remove({ folder }) {
  fs.rmSync(path.dirname(folder), { recursive: true });
}

/**
 * @param {Clone} clone
 * @param {string} command
 */
function courseArguments({ folder }, command) {
  return [path.join(folder, 'setup', 'course.cjs'), command];
}

/** @param {Clone} clone */
function environment({ cache }) {
  return { ...process.env, COURSE_CACHE: cache };
}

/**
 * @param {Clone} clone
 * @param {string} command
 */
function call(clone, command) {
  const { status, stdout, stderr } = spawnSync(process.execPath, courseArguments(clone, command), { env: environment(clone), encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}

/**
 * @param {Clone} clone
 * @param {string} command
 */
function expectSuccess(clone, command) {
  const { status, output } = call(clone, command);
  if (status !== 0) throw new Error(`${command} ended with ${status}:\n${output}`);
}

/**
 * @param {Clone} clone
 * @param {number} milliseconds
 * @param {boolean} alone leaves alive what it has started
 * @returns {Promise<string>} the steps that were at work
 */
async function killAfter(clone, milliseconds, alone) {
  const child = spawn(process.execPath, courseArguments(clone, 'setup'), { env: environment(clone), stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const ended = once(child, 'exit');
  await Promise.race([sleep(milliseconds), ended]);
  const pid = /** @type {number} */ (child.pid);
  if (child.exitCode === null) process.kill(alone ? pid : -pid, 'SIGKILL');
  await ended;
  const lines = output.split('\n').map((line) => line.split(': '));
  const begun = new Set(lines.filter(([, what]) => what && !what.startsWith('done')).map(([step]) => step));
  for (const [step] of lines.filter(([, what]) => what?.startsWith('done'))) begun.delete(step);
  return [...begun].join(', ') || 'nothing';
}

/**
 * @param {Clone} clone
 * @param {Map<string, number>} expected
 * @returns {string[]} what is wrong
 */
function check(clone, expected) {
  let output = '';
  for (const command of ['setup', 'doctor', 'setup']) {
    const called = call(clone, command);
    output = called.output;
    if (called.status !== 0) return [`${command} ended with ${called.status}: ${output.trim().split('\n').slice(-8).join(' / ')}`];
  }
  const complaints = output.includes('nothing to do') ? [] : ['the third run still had something to do'];
  const found = listing(clone);
  for (const name of new Set([...expected.keys(), ...found.keys()])) {
    if (found.get(name) !== expected.get(name)) complaints.push(`${name}: ${found.get(name)} instead of ${expected.get(name)} bytes`);
  }
  return complaints.slice(0, 5);
}

/**
 * @param {Clone} clone
 * @returns {Map<string, number>} the sizes of all files that set-up makes and that never differ
 */
function listing({ folder, cache }) {
  /** @type {Map<string, number>} */
  const sizes = new Map();
  for (const start of [path.join(folder, 'node_modules'), path.join(folder, '.venv'), path.join(cache, 'engine')]) {
    for (const name of fs.readdirSync(start, { recursive: true, encoding: 'utf8' })) {
      const file = path.join(start, name);
      const stat = fs.lstatSync(file);
      if (stat.isFile() && !/__pycache__|\/engine\/lock$/.test(file)) sizes.set(path.join(path.basename(start), name), stat.size);
    }
  }
  return sizes;
}

/**
 * A small generator of pseudo-random numbers, so that a seed repeats a run.
 *
 * @param {number} state
 * @returns {() => number} from 0 to 1
 */
function mulberry32(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
