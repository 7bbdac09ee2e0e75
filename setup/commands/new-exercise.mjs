// @ts-check

import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { adviceOf, parseOptions } from '../arguments.mjs';
import { needSolutions } from '../instructor.mjs';
import { Problem } from '../problems.mjs';
import { runSteps } from '../run-steps.mjs';
import { writeWhole } from '../stamp.mjs';
import { allSteps } from '../steps/index.mjs';

const require = createRequire(import.meta.url);

/**
 * @typedef {import('../project.mjs').Project} Project
 * @typedef {{ id: string, title: string, kind: string }} Request
 * @typedef {{ cell_type: string, id: string, metadata: object, source: string }} Cell
 */

const KINDS = ['function', 'number', 'choice', 'model', 'trained', 'text'];

const USAGE = `npm run new-exercise -- ID "TITLE" [--kind ${KINDS.join('|')}]`;

const HELP = `${USAGE}

Makes the skeleton of an exercise: its definition in solutions/definitions, and its cells in the notebook of its lesson.
What is to be filled in says TODO, and npm test fails until it is.

  ID      the lesson's number, a point and a number that no exercise has or had: 3.15; B.9 in the bonus
  --kind  what the learner gives: a function (without it), a number, a choice, a model, a trained model, or a text`;

/** `npm run new-exercise -- ID "TITLE" [--kind KIND]`. @type {import('../main.mjs').Command} */
export default async function newExercise(project, args) {
  const request = parseArguments(args);
  if (request === 'help') {
    console.log(HELP);
    return 0;
  }
  needSolutions(project);
  await runSteps(project, allSteps(project));
  await carryOut(project, request);
  return 0;
}

/** @param {string[]} args @returns {Request | 'help'} */
export function parseArguments(args) {
  const advice = adviceOf(USAGE);
  const { values: { kind = '', help }, positionals } = parseOptions(args, { kind: { type: 'string', default: 'function' } }, USAGE);
  if (help) return 'help';
  const [id = '', title = ''] = positionals;
  const refuse = (/** @type {string} */ what, /** @type {unknown} */ got, /** @type {string} */ expected) => {
    throw new Problem(`Got ${what}${JSON.stringify(got)}; expected ${expected}.`, advice);
  };
  if (positionals.length !== 2 || title.trim() === '') refuse('', positionals, 'an id and a title in quotes');
  if (!/^(\d|B)\.[1-9]\d*$/.test(id)) refuse('the id ', id, 'one such as 3.15 or B.9');
  if (!KINDS.includes(kind)) refuse('the kind ', kind, `one of: ${KINDS.join(', ')}`);
  return { id, title: title.trim(), kind };
}

/**
 * @param {Project} project
 * @param {Request} request
 */
export async function carryOut(project, request) {
  const { id, title, kind } = request;
  /** @type {{ lessons: readonly { name: string, exercises: readonly { id: string, title: string }[] }[] }} */
  const { lessons } = require(path.join(project.root, 'solutions', 'dist', 'definitions', 'index.js'));
  const sources = require(path.join(project.root, 'solutions', 'dist', 'sources.js'));
  const lesson = lessons.find(({ name }) => sources.numberOf(name) === id.split('.')[0]);
  if (!lesson) {
    throw new Problem(
      `There is no lesson for ${id}; there are: ${lessons.map(({ name }) => name).join(', ')}.`,
      'a new lesson is entered in solutions/definitions/index.ts.'
    );
  }
  const taken = lesson.exercises.find((exercise) => exercise.id === id);
  if (taken) {
    const last = Math.max(...lesson.exercises.map((exercise) => Number(exercise.id.split('.')[1])));
    const next = `${id.split('.')[0]}.${last + 1}`;
    throw new Problem(`There is an exercise ${id} already: "${taken.title}".`, `take the next free number: ${next}.`);
  }
  const definitionFile = path.join(project.root, sources.definitionFile(lesson.name));
  const notebookFile = path.join(project.root, 'solutions', `${lesson.name}.ipynb`);
  const missing = [definitionFile, notebookFile].find((file) => !fs.existsSync(file));
  if (missing) {
    const advice = 'write it as those of the other lessons are written, then run the command again.';
    throw new Problem(`There is no ${missing}.`, advice);
  }

  const definition = withDefinition(fs.readFileSync(definitionFile, 'utf8'), request);
  if (definition === undefined) {
    throw new Problem(
      `${definitionFile} has no list "export const exercises: Exercise[] = [" that ends with a line "];".`,
      'bring it into that form, as in the other lessons.'
    );
  }
  const { cleanNotebook } = await import('../../tools/clean_notebooks.mjs');
  const cells = cellsOf(request, sources.gradeIdOf(id), sources.factsLine(factsOf(request), lesson.name));
  const notebook = cleanNotebook(withCells(fs.readFileSync(notebookFile, 'utf8'), cells));
  writeWhole(definitionFile, definition);
  writeWhole(notebookFile, notebook);
  const relative = (/** @type {string} */ file) => path.relative(project.root, file);
  console.log([
    `Made ${id} · ${title} (${kind}):`,
    `  ${relative(definitionFile)}: its definition, at the end`,
    `  ${relative(notebookFile)}: its cells, before "Where you stand"`,
    '',
    'Fill in what says TODO. npm test -- test/solutions says what is left to do; then npm run assign makes the learners\'',
    'version.',
    'How to write an exercise: solutions/README.md.',
  ].join('\n'));
}

const POINTS = 2;

/** What definition and notebook begin with. @param {Request} request */
const factsOf = ({ id, title }) =>
  ({ id, title, points: POINTS, difficulty: 'medium', minutes: 10, section: 'TODO: a heading of the lesson' });

const GOAL = 'You can TODO.';

/** @param {string} text */
const quoted = (text) => `'${text.replace(/['\\]/g, '\\$&')}'`;

/** @param {string} text of the file with definitions @param {Request} request @returns {string | undefined} */
export function withDefinition(text, request) {
  const start = text.search(/^export const exercises: (readonly )?Exercise\[\] = \[/m);
  const end = start === -1 ? -1 : text.indexOf('\n];', start);
  return end === -1 ? undefined : `${text.slice(0, end)}\n${definitionOf(request)}${text.slice(end)}`;
}

/** @param {Request} request */
function definitionOf(request) {
  const { id, title, points, difficulty, minutes, section } = factsOf(request);
  const lines = [
    '{',
    `  id: ${quoted(id)},`,
    `  kind: ${quoted(request.kind)},`,
    `  title: ${quoted(title)},`,
    `  goal: ${quoted(GOAL)},`,
    `  points: ${points},`,
    `  difficulty: ${quoted(difficulty)},`,
    `  minutes: ${minutes},`,
    `  section: ${quoted(section)},`,
    `  answer: ${quoted(answerOf(request))},`,
    '  version: 1,',
    ...PARTS[request.kind].map((line) => `  ${line}`),
    '},',
  ];
  return lines.map((line) => `  ${line}`).join('\n');
}

/** The cell's own name; of a text that of its cell. @param {Request} request */
const answerOf = ({ id, kind }) => (kind === 'text' ? `e${id.replace('.', '-')}` : `answer${id.replace('.', '_')}`);

const REQUIREMENTS = [
  'requirements: [',
  "  { name: 'TODO: what it takes', points: 1, inputShape: [null, 784], hint: 'TODO' },",
  "  { name: 'TODO: what it answers', points: 1, outputShape: [null, 10], hint: 'TODO' },",
  '],',
];

/** What the kinds of exercises differ in. @type {Record<string, string[]>} */
const PARTS = {
  function: [
    '// Written in another way than in the notebook, each proves the other.',
    'solution: (values: number[]) => values.map((value) => value + 1),',
    'criteria: [',
    "  { name: 'TODO: what learners can try', points: 1, inputs: () => [[[1, 2, 3]]] },",
    '  {',
    "    name: 'TODO: what is tried when it is marked', points: 1, hidden: true,",
    '    inputs: (random) => [[[random.below(100), random.below(100)]]],',
    '  },',
    '],',
    "// At least three: { name: 'divides by 256', answer: (values: number[]) => ..., hint: '...' }",
    'mistakes: [],',
  ],
  number: [
    "unit: 'TODO',",
    '// With given: (random) => ({ ... }) each learner gets other numbers.',
    'solution: () => 1,',
    "// At least three: { name: 'forgets the bias', answer: () => 784 * 10, hint: '...' }",
    'mistakes: [],',
  ],
  choice: [
    "options: 'abcd',",
    "solution: 'a',",
    "// At least three: { name: 'takes the loss for the accuracy', answer: 'b', hint: '...' }",
    'mistakes: [],',
  ],
  model: [
    'solution: () => {',
    "  throw new Error('TODO: build the model');",
    '},',
    ...REQUIREMENTS,
    "// At least three: { name: 'forgets to flatten', answer: () => ..., fails: 'the name of a requirement' }",
    'mistakes: [],',
  ],
  trained: [
    "pictures: { dataset: 'mnist', shape: [784], scale: 1 / 255 },",
    ...REQUIREMENTS.slice(0, 2),
    '],',
    "levels: [{ accuracy: 0.9, points: 1, hint: 'TODO' }],",
    "// At least three: { name: 'is not trained', answer: () => ..., fails: 'accuracy 0.9', earns: 1 }",
    'mistakes: [],',
  ],
  text: ["rubric: [{ points: 2, looksFor: 'TODO' }],"],
};

/** @param {Request} request @param {string} gradeId @param {string} line @returns {Cell[]} */
function cellsOf(request, gradeId, line) {
  const { id, title, kind } = request;
  const answer = answerOf(request);
  const metadata = (/** @type {object} */ role, end = '') => ({
    nbgrader: {
      grade: false, grade_id: gradeId + end, locked: false, schema_version: 3, solution: false, task: false, ...role,
    },
  });
  /** @type {Cell} */
  const task = {
    cell_type: 'markdown', id: `${gradeId}-task`, metadata: metadata({ locked: true }, '-task'),
    source: [
      `## ${id} · ${title}`, line, GOAL, 'TODO: the task: what goes in, what comes out, with types, shapes and units.',
      '*Example:* TODO, with numbers.',
    ].join('\n\n'),
  };
  if (kind === 'text') {
    const role = { grade: true, solution: true, points: POINTS };
    return [task, { cell_type: 'markdown', id: gradeId, metadata: metadata(role), source: 'TODO: a model answer.' }];
  }
  const check = metadata({ grade: true, locked: true, points: POINTS }, '-check');
  return [
    task,
    { cell_type: 'code', id: gradeId, metadata: metadata({ solution: true }), source: stubOf(kind, answer) },
    { cell_type: 'code', id: `${gradeId}-check`, metadata: check, source: `await check('${id}', ${answer});` },
  ];
}

/** @param {string} kind @param {string} answer */
function stubOf(kind, answer) {
  const region = (/** @type {string} */ solution, indent = '') =>
    ['// BEGIN SOLUTION', solution, '// END SOLUTION'].map((line) => indent + line).join('\n');
  switch (kind) {
    case 'function':
      return [
        `function ${answer}(values: number[]): number[] {`, '  let result: number[] = [];',
        region('result = values; // TODO', '  '), '  return result;', '}',
      ].join('\n');
    case 'model':
      return [
        `function ${answer}(): tf.LayersModel {`, '  const model = tf.sequential();', region('// TODO', '  '),
        '  return model;', '}',
      ].join('\n');
    case 'trained':
      return `const ${answer} = tf.sequential();\n${region('// TODO')}`;
    case 'number':
      return `let ${answer}: number | undefined;\n${region(`${answer} = 0; // TODO`)}`;
    default:
      return `let ${answer}: string | undefined;\n${region(`${answer} = 'a'; // TODO`)}`;
  }
}

/** Puts cells before those with which each notebook ends. @param {string} text @param {Cell[]} cells */
export function withCells(text, cells) {
  /** @type {{ cells: Cell[] }} */
  const notebook = JSON.parse(text);
  const progress = notebook.cells.findIndex(({ id }) => id === 'progress');
  const end = progress === -1 ? notebook.cells.length : progress;
  const place = notebook.cells[end - 1]?.cell_type === 'markdown' && progress !== -1 ? end - 1 : end;
  notebook.cells.splice(place, 0, ...cells);
  return JSON.stringify(notebook);
}
