// @ts-check

import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { parseOptions } from '../arguments.mjs';
import { instructorEnvironment, linkSources, nbgraderStep, needSolutions } from '../instructor.mjs';
import { Problem, explain } from '../problems.mjs';
import { run } from '../processes.mjs';
import { runSteps } from '../run-steps.mjs';
import { readIfThere, writeWhole } from '../stamp.mjs';
import { allSteps } from '../steps/index.mjs';

const require = createRequire(import.meta.url);

/**
 * @typedef {import('../project.mjs').Project} Project
 *
 * @typedef {object} Lesson one of solutions/definitions
 * @property {string} name
 * @property {readonly any[]} exercises what an exercise is: lib/src/exercises/definition.ts
 *
 * @typedef {object} ReleasedFile
 * @property {string} path inside exercises/
 * @property {string} text
 * @property {'link' | 'program'} [kind] what no file for learners is
 *
 * @typedef {{ id: string, checksum: string, locked: boolean }} ReleasedCell a cell as nbgrader released it
 *
 * What solutions/release.ts exports: compiled for the command, from the source in the tests.
 *
 * @typedef {object} Release
 * @property {readonly Lesson[]} lessons
 * @property {(lesson: Lesson, cells: ReleasedCell[]) => Promise<string>} checksOf the text of a checks file
 * @property {(root: string, lessons: readonly Lesson[], files: readonly ReleasedFile[]) => Promise<string[]>} leaksOf
 * @property {(root: string, lessons: readonly Lesson[]) => Promise<string>} versionsOf
 */

const USAGE = 'npm run assign [-- LESSON ...] [--check]';

const HELP = `${USAGE}

Makes the learner's version of the exercises: exercises/LESSON.ipynb, by nbgrader, and exercises/checks/LESSON.json with
what check() knows, from solutions/LESSON.ipynb and the definitions beside it. Nothing is written that holds a part of a
solution.

  LESSON   a name (03_fashion_mnist_cnn) or a number (03); all without one
  --check  writes nothing; the exit code is 1 if a file is not as it would be made`;

/** `npm run assign -- [LESSON ...] [--check]`. @type {import('../main.mjs').Command} */
export default async function assign(project, args) {
  const request = parseArguments(args);
  if (request.help) {
    console.log(HELP);
    return 0;
  }
  needSolutions(project);
  await runSteps(project, [...allSteps(project), nbgraderStep(project)]);
  /** @type {Release} */
  const release = require(path.join(project.root, 'solutions', 'dist', 'release.js'));
  const made = await makeExercises(project, { ...release, lessons: chosenLessons(release.lessons, request.names) });
  const outdated = outdatedFiles(project, made);
  if (!request.check) for (const { file, text } of outdated) writeWhole(path.join(project.root, file), text);
  for (const { file, isNew } of outdated) {
    console.log(
      request.check ? `${isNew ? 'missing' : 'out of date'}: ${file}` : `${isNew ? 'made' : 'changed'}: ${file}`,
    );
  }
  if (outdated.length === 0) console.log('exercises/ is as solutions/ says.');
  if (request.check && outdated.length > 0)
    console.log(`\nRun ${USAGE.replace(' [--check]', '')} to make ${outdated.length === 1 ? 'it' : 'them'}.`);
  return request.check && outdated.length > 0 ? 1 : 0;
}

/** @param {string[]} args */
function parseArguments(args) {
  const { values, positionals } = parseOptions(args, { check: { type: 'boolean', default: false } }, USAGE);
  return { names: positionals, check: values.check === true, help: values.help === true };
}

/**
 * @param {readonly Lesson[]} lessons
 * @param {string[]} names
 */
function chosenLessons(lessons, names) {
  const isMeant = (/** @type {string} */ lesson, /** @type {string} */ name) =>
    name === lesson || name === lesson.split('_')[0];
  const unknown = names.find((name) => !lessons.some((lesson) => isMeant(lesson.name, name)));
  if (unknown !== undefined) {
    throw new Problem(
      `There is no lesson "${unknown}" with exercises; expected one of: ${lessons.map(({ name }) => name).join(', ')}.`,
      'check the name; a new lesson is entered in solutions/definitions/index.ts.',
    );
  }
  return names.length === 0 ? lessons : lessons.filter((lesson) => names.some((name) => isMeant(lesson.name, name)));
}

/**
 * Makes the learners' files of lessons, and looks for leaks in them and in all that lies in exercises/ beside them.
 *
 * @param {Project} project
 * @param {Release} release
 * @returns {Promise<Map<string, string>>} their texts, and the noted versions, by their paths inside the project
 * @throws {Problem} if nbgrader refuses a notebook, or something leaks
 */
export async function makeExercises(project, { lessons, checksOf, leaksOf, versionsOf }) {
  // Not at the top: it needs npm's packages, which this command may have to install first.
  const { cleanNotebook } = await import('../../tools/clean_notebooks.mjs');
  /** @type {Map<string, string>} */
  const made = new Map();
  for (const [lesson, text] of await releasedNotebooks(project, lessons)) {
    const clean = cleanNotebook(text);
    made.set(`exercises/${lesson.name}.ipynb`, clean);
    made.set(`exercises/checks/${lesson.name}.json`, await checksOf(lesson, releasedCells(clean)));
  }
  const leaks = await leaksOf(project.root, lessons, filesWith(project, made));
  if (leaks.length > 0) {
    throw new Problem(
      ['What learners would get holds what they must not have, so nothing was written:', ...leaks].join('\n  '),
      'take it out of solutions/, where it stands outside of a solution, or of exercises/, then run the command again.',
    );
  }
  made.set(
    'solutions/versions.json',
    await versionsOf(project.root, lessons).catch((/** @type {Error} */ error) => {
      throw new Problem(
        error.message,
        'raise the version, then run the command again: what was handed in before keeps the marks of the old one.',
      );
    }),
  );
  return made;
}

/**
 * nbgrader's generator, in a folder that is thrown away.
 *
 * @param {Project} project
 * @param {readonly Lesson[]} lessons
 * @returns {Promise<[Lesson, string][]>} the notebooks' texts
 */
async function releasedNotebooks(project, lessons) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'course-assign-'));
  try {
    const sources = linkSources(project, folder);
    const missing = lessons.find(({ name }) => !sources.includes(name));
    if (missing) {
      throw new Problem(
        `There is no notebook solutions/${missing.name}.ipynb, but solutions/definitions has exercises of that lesson.`,
        'write it: solutions/README.md says how.',
      );
    }
    const script = path.join(project.root, 'tools', 'assign.py');
    const names = lessons.map(({ name }) => name);
    await run(project.python, [script, folder, ...names], { env: instructorEnvironment(project) }).catch((error) => {
      throw explain('nbgrader', error);
    });
    return lessons.map((lesson) => [
      lesson,
      fs.readFileSync(path.join(folder, 'release', lesson.name, `${lesson.name}.ipynb`), 'utf8'),
    ]);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} notebook
 * @returns {ReleasedCell[]} the cells that nbgrader knows, in their order
 */
function releasedCells(notebook) {
  /** @type {{ cells: { metadata: { nbgrader?: Record<string, any> } }[] }} */
  const { cells } = JSON.parse(notebook);
  return cells.flatMap(({ metadata: { nbgrader } }) =>
    nbgrader
      ? [
          {
            id: nbgrader.grade_id,
            checksum: nbgrader.checksum,
            locked: !nbgrader.solution && (nbgrader.grade || nbgrader.locked),
          },
        ]
      : [],
  );
}

/** A learner's own: what they have tried, and what they hand in. */
const OF_LEARNERS = ['progress', 'hand-in'];

/**
 * All files of exercises/ as they will be, but for those of lessons that are not made now.
 *
 * @param {Project} project
 * @param {Map<string, string>} made
 * @returns {ReleasedFile[]}
 */
function filesWith({ root }, made) {
  const folder = path.join(root, 'exercises');
  const isOfAnother = (/** @type {string} */ name) => {
    const lesson = path.basename(name).replace(/\.(ipynb|json)$/, '');
    return !made.has(`exercises/${lesson}.ipynb`) && fs.existsSync(path.join(root, 'solutions', `${lesson}.ipynb`));
  };
  /** @type {Map<string, ReleasedFile>} */
  const files = new Map();
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath ?? entry.path, entry.name);
    const name = path.relative(folder, file);
    if (entry.isDirectory() || OF_LEARNERS.includes(name.split(path.sep)[0]) || isOfAnother(name)) continue;
    const kind = !entry.isFile() ? 'link' : fs.statSync(file).mode & 0o111 ? 'program' : undefined;
    files.set(name, { path: name, text: kind === 'link' ? '' : fs.readFileSync(file, 'utf8'), ...(kind && { kind }) });
  }
  for (const [file, text] of made) {
    const name = path.relative('exercises', file);
    files.set(name, { ...files.get(name), path: name, text });
  }
  return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * @param {Project} project
 * @param {Map<string, string>} made
 * @returns {{ file: string, text: string, isNew: boolean }[]} those of the files that are not as they were made
 */
export function outdatedFiles({ root }, made) {
  return [...made].flatMap(([file, text]) => {
    const present = readIfThere(path.join(root, file));
    if (present !== undefined && isSame(present, text)) return [];
    return [{ file, text, isNew: present === undefined }];
  });
}

/**
 * Expected values are computed, and the last digit of a sum or of an exponential is another on another processor.
 *
 * @param {string} present
 * @param {string} made
 */
function isSame(present, made) {
  if (present === made) return true;
  const number = /-?\d+(?:\.\d+)?(?:e[-+]?\d+)?/g;
  if (present.replace(number, '#') !== made.replace(number, '#')) return false;
  const [before, now] = [present, made].map((text) => (text.match(number) ?? []).map(Number));
  return before.every((value, i) => {
    if (Number.isInteger(value) && Number.isInteger(now[i])) return value === now[i];
    return Math.abs(value - now[i]) <= 1e-6 + 1e-5 * Math.abs(now[i]);
  });
}
