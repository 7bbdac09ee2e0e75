// @ts-check

import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { adviceOf, parseOptions } from '../arguments.mjs';
import { newestOf, readDownload, readRoster, timeOf } from '../hand-ins.mjs';
import { Problem } from '../problems.mjs';
import { calledFrom } from '../project.mjs';
import { runSteps } from '../run-steps.mjs';
import { readIfThere } from '../stamp.mjs';
import { allSteps } from '../steps/index.mjs';

const require = createRequire(import.meta.url);

/**
 * @typedef {import('../project.mjs').Project} Project
 * @typedef {import('../hand-ins.mjs').Attempt} Attempt
 * @typedef {import('../hand-ins.mjs').Person} Person
 *
 * @typedef {object} Row one line of the table
 * @property {string} learner
 * @property {string} lesson
 * @property {'collected' | 'there' | 'older'} state
 * @property {Attempt} attempt
 * @property {number} older how many attempts of before there are in the download
 */

const USAGE = 'npm run collect -- DOWNLOAD --to FOLDER [--roster FILE]';

const HELP = `${USAGE}

Sorts what learners have handed in into nbgrader's FOLDER/LEARNER/LESSON/LESSON.ipynb, with the models that they trained.

  DOWNLOAD  a folder or a zip file: of Moodle, Canvas, Blackboard, nbgrader's exchange, or files of handIn() as they are
  --to      the folder submitted/ of nbgrader's course; what is there already and is older goes to FOLDER-earlier
  --roster  a CSV file with the columns id, first_name, last_name, email, lms_user_id: it tells who is missing, and whose
            an upload is

The download is not changed. The exit code is 1 if something could not be collected and wants a look.`;

/** `npm run collect -- DOWNLOAD --to FOLDER [--roster FILE]`. @type {import('../main.mjs').Command} */
export default async function collect(project, args) {
  const request = parseArguments(args, calledFrom(project.env));
  if (request === 'help') {
    console.log(HELP);
    return 0;
  }
  await runSteps(project, allSteps(project));
  return carryOut(project, request);
}

/**
 * @typedef {{ download: string, to: string, roster?: string }} Request
 *
 * @param {string[]} args
 * @param {string} folder what paths are relative to
 * @returns {Request | 'help'}
 */
export function parseArguments(args, folder) {
  const advice = adviceOf(USAGE);
  const { values: { to, roster, help }, positionals } =
    parseOptions(args, { to: { type: 'string' }, roster: { type: 'string' } }, USAGE);
  if (help) return 'help';
  if (positionals.length !== 1 || to === undefined) {
    const got = `${positionals.length} downloads${to === undefined ? ' and no --to' : ''}`;
    throw new Problem(`Got ${got}; expected one of each.`, advice);
  }
  const absolute = (/** @type {string} */ name) => path.resolve(folder, name);
  const [download] = positionals;
  const request = { download: absolute(download), to: absolute(to), ...(roster && { roster: absolute(roster) }) };
  const missing = [request.download, request.roster].find((file) => file !== undefined && !fs.existsSync(file));
  if (missing !== undefined) throw new Problem(`There is no ${missing}.`, advice);
  return request;
}

/**
 * @param {Project} project
 * @param {Request} request
 * @returns {Promise<number>} the exit code: 1 if something wants a look
 */
export async function carryOut(project, { download, to, roster }) {
  const people = roster === undefined ? undefined : rosterIn(roster);
  const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'course-collect-'));
  try {
    const { unpackArchive } = require(path.join(project.root, 'lib', 'dist', 'data', 'archive.js'));
    const lessons = lessonsIn(path.join(project.root, 'exercises'));
    const { attempts, refused, ignored } = await readDownload(download, {
      lessons, unpackArchive, roster: people, newFolder: () => fs.mkdtempSync(path.join(temporary, 'zip-')),
    });
    const rows = newestOf(attempts).map(({ newest, older }) => ({ ...keep(newest, to), older }));
    const doubtful = attempts.filter(({ doubts }) => doubts.length > 0);
    console.log(reportText(rows, doubtful, refused, ignored, people));
    const remarkable = rows.filter(({ attempt }) => attempt.remarks.length > 0);
    return doubtful.length + refused.length + remarkable.length > 0 ? 1 : 0;
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
}

/** @param {string} file */
function rosterIn(file) {
  try {
    return readRoster(fs.readFileSync(file, 'utf8'));
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new Problem(`The roster ${file}: ${message}.`, 'correct it, or collect without --roster.');
  }
}

/** The lessons that have exercises, with the ids of their cells. @param {string} exercises */
export function lessonsIn(exercises) {
  const folder = path.join(exercises, 'checks');
  const names = fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  if (names.length === 0) throw new Problem(`There are no lessons in ${folder}.`, 'make them with npm run assign.');
  return new Map(names.sort().map((name) => {
    /** @type {{ lesson: string, cells: { id: string }[] }} */
    const { lesson, cells } = JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8'));
    return [lesson, cells.map(({ id }) => id)];
  }));
}

/**
 * Puts an attempt in its place, whole or not at all. Of two attempts the newer one stays; the other is kept beside.
 *
 * @param {Attempt} attempt one without doubts
 * @param {string} to
 * @returns {Omit<Row, 'older'>}
 */
function keep(attempt, to) {
  const learner = /** @type {string} */ (attempt.learner);
  const lesson = /** @type {string} */ (attempt.lesson);
  const row = { learner, lesson, attempt };
  const target = path.join(to, learner, lesson);
  const files = new Map(attempt.files);
  // nbgrader reads when it was handed in.
  if (attempt.time) files.set('timestamp.txt', Buffer.from(`${stampOf(attempt.time)}\n`));
  if (fs.existsSync(target)) {
    const isThere = [...files].every(([name, content]) => isSame(path.join(target, name), content));
    if (isThere) return { ...row, state: 'there' };
    const present = timeOf(stampIn(target));
    if (present && (!attempt.time || present > attempt.time)) return { ...row, state: 'older' };
  }
  const unfinished = `${target}.${process.pid}.tmp`;
  fs.rmSync(unfinished, { recursive: true, force: true });
  for (const [name, content] of files) {
    fs.mkdirSync(path.dirname(path.join(unfinished, name)), { recursive: true });
    fs.writeFileSync(path.join(unfinished, name), content, { flag: 'wx' });
  }
  if (fs.existsSync(target)) setAside(target, path.join(`${to}-earlier`, learner, lesson));
  fs.renameSync(unfinished, target);
  return { ...row, state: 'collected' };
}

/** @param {string} folder of a submission */
const stampIn = (folder) => (readIfThere(path.join(folder, 'timestamp.txt')) ?? '').trim();

/** @param {string} file @param {Buffer} content */
const isSame = (file, content) => fs.existsSync(file) && content.equals(fs.readFileSync(file));

/** @param {string} target @param {string} folder */
function setAside(target, folder) {
  fs.mkdirSync(folder, { recursive: true });
  const time = stampIn(target).replace(/[^\dA-Za-z]+/g, '-') || 'without-time';
  let place = path.join(folder, time);
  for (let i = 2; fs.existsSync(place); i++) place = path.join(folder, `${time}_${i}`);
  fs.renameSync(target, place);
}

/** `2026-11-21 20:15:03 UTC` @param {Date} time */
const stampOf = (time) => `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;

const STATES = { collected: 'collected', there: 'already there', older: 'there is a newer one' };

/**
 * @param {Row[]} rows
 * @param {Attempt[]} doubtful
 * @param {import('../hand-ins.mjs').Refused[]} refused
 * @param {string[]} ignored
 * @param {readonly Person[] | undefined} people
 */
function reportText(rows, doubtful, refused, ignored, people) {
  const lessons = [...new Set([...rows, ...doubtful].flatMap(({ lesson }) => lesson ?? []))].sort();
  const missing = (people ?? []).flatMap(({ id }) => {
    const collected = rows.filter(({ learner }) => learner === id).map(({ lesson }) => lesson);
    return lessons.filter((lesson) => !collected.includes(lesson)).map((lesson) => [id, lesson, 'MISSING', '', '']);
  });
  const table = [
    ...rows.map(({ learner, lesson, state, attempt, older }) => [
      learner, lesson, STATES[state], attempt.time ? stampOf(attempt.time) : 'no time known',
      [...(older > 0 ? [`${older} older`] : []), ...attempt.remarks.map((remark) => `LOOK: ${remark}`)].join('; '),
    ]),
    ...missing,
  ].sort(([a, b], [c, d]) => (`${b} ${a}` < `${d} ${c}` ? -1 : 1));
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...table.map((row) => row[column].length)));
  const lines = table.map((row) => row.map((text, i) => text.padEnd(widths[i] ?? 0)).join('  ').trimEnd());
  const counted = (/** @type {Row['state']} */ state) => rows.filter((row) => row.state === state).length;
  const list = (/** @type {string} */ title, /** @type {string[]} */ items) =>
    (items.length === 0 ? [] : ['', title, ...items.map((item) => `  ${item}`)]);
  const unclear = doubtful.map(({ place, doubts }) => `${place}: ${doubts.join('; ')}`);
  return [
    ...lines,
    ...list('Not collected, because it is not clear whose or what it is:', unclear),
    ...list('Not read:', refused.map(({ place, why }) => `${place}: ${why}`)),
    ...list('Left out, because it is neither a notebook nor a hand-in:', ignored),
    '',
    `${counted('collected')} collected, ${counted('there')} already there, ${counted('older')} older than what is ` +
      `there, ${missing.length} missing, ${doubtful.length} doubtful, ${refused.length} not read.`,
  ].join('\n').trimStart();
}
