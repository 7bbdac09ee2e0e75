import * as fs from 'node:fs';
import * as path from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import type { Exercise } from '@course/lib/exercises';
import { beforeAll, describe, expect, it } from 'vitest';
import { lessons } from '../../solutions/definitions';
import { findLeaks, type ReleasedFile } from '../../solutions/leaks';
import { checksOf, leaksOf } from '../../solutions/release';
import { gradeIdOf, withoutSolution, type Cell, type Source } from '../../solutions/sources';

const ROOT = path.resolve(__dirname, '../..');
const facts = {
  goal: 'You can do it.',
  points: 2,
  difficulty: 'easy',
  minutes: 5,
  section: 'Part',
  version: 1,
} as const;

const exercises: Exercise[] = [
  {
    ...facts,
    id: '9.1',
    kind: 'function',
    title: 'Smooth a curve',
    answer: 'smooth',
    solution: (values: number[], size: number) =>
      values
        .slice(size - 1)
        .map((_, start) => values.slice(start, start + size).reduce((total, value) => total + value, 0) / size),
    criteria: [
      { name: 'three numbers', points: 1, inputs: () => [[[1, 2, 6], 2]] },
      {
        name: 'a window as long as the curve',
        points: 1,
        hidden: true,
        inputs: () => [
          [[14.5, 3, 8, 21, 0.25], 2],
          [[5, 7, 9], 3],
        ],
      },
    ],
    mistakes: [
      {
        name: 'divides by the length of the curve',
        hint: 'By what do you divide?',
        answer: (curve: number[], window: number) =>
          curve.map((_, at) => {
            const part = curve.slice(Math.max(0, at - window), at);
            return part.reduce((total, each) => total + each, 0) / curve.length;
          }),
      },
    ],
  },
  {
    ...facts,
    id: '9.2',
    kind: 'number',
    title: 'Count',
    answer: 'parameters',
    unit: 'parameters',
    solution: () => 784 * 300 + 300,
    mistakes: [{ name: 'forgets the biases', answer: () => 784 * 300, hint: 'What does a neuron add to its sum?' }],
  },
  {
    ...facts,
    id: '9.3',
    kind: 'choice',
    title: 'Why',
    answer: 'why',
    options: 'abcd',
    solution: 'c',
    mistakes: [{ name: 'takes the first', answer: 'a', hint: 'Read it again.' }],
  },
  {
    ...facts,
    id: '9.4',
    kind: 'text',
    title: 'Say it',
    answer: 'e9-4',
    rubric: [
      { points: 2, looksFor: 'It names the gap between both losses, and that it grows from the third epoch on.' },
    ],
  },
  {
    ...facts,
    id: '9.5',
    kind: 'model',
    title: 'Build it',
    answer: 'build',
    solution: () => {
      throw new Error('not built here');
    },
    requirements: [
      { name: 'ten numbers come out', points: 1, outputShape: [null, 10], hint: 'Look at the last layer.' },
      {
        name: 'no layer without need',
        points: 1,
        hidden: true,
        parameters: { atMost: 5000 },
        hint: 'A flatten layer alone would be enough there.',
      },
    ],
    mistakes: [],
  },
];

const SMOOTH = `  // A window moves over the curve, and its mean is one value of the result.
  for (let start = 0; start + size <= values.length; start += 1) {
    let sum = 0;
    for (let i = start; i < start + size; i += 1) sum += values[i];
    result.push(sum / size);
  }`;
const MODEL_ANSWER =
  'The training loss falls on while the validation loss climbs: the network learns its pictures by heart.';

const nbgrader = (gradeId: string, grade: boolean, solution: boolean, points?: number) => ({
  grade,
  grade_id: gradeId,
  locked: !solution,
  schema_version: 3,
  solution,
  task: false,
  ...(points && { points }),
});
const task = (id: string, source: string): Cell => ({
  cell_type: 'markdown',
  id: `${gradeIdOf(id)}-task`,
  source,
  metadata: { nbgrader: nbgrader(`${gradeIdOf(id)}-task`, false, false) },
});
const answer = (id: string, source: string): Cell => ({
  cell_type: 'code',
  id: gradeIdOf(id),
  source,
  metadata: { nbgrader: nbgrader(gradeIdOf(id), false, true) },
});
const check = (id: string, name: string): Cell => ({
  cell_type: 'code',
  id: `${gradeIdOf(id)}-check`,
  source: `await check('${id}', ${name});`,
  metadata: { nbgrader: nbgrader(`${gradeIdOf(id)}-check`, true, false, 2) },
});

const cells: Cell[] = [
  { cell_type: 'markdown', id: 'title', source: '# Exercises', metadata: {} },
  { cell_type: 'code', id: 'set-up', source: "import { check, tf } from '@course/lib';", metadata: {} },
  task('9.1', 'Return the means of all windows. For example, `smooth([1, 3, 5], 2)` is `[2, 4]`.'),
  answer(
    '9.1',
    `function smooth(values: number[], size: number): number[] {
  const result: number[] = [];
  // BEGIN SOLUTION
${SMOOTH}
  // END SOLUTION
  return result;
}`,
  ),
  check('9.1', 'smooth'),
  task('9.2', 'How many parameters has a layer of 300 neurons on 784 pixels?'),
  answer(
    '9.2',
    'let parameters: number | undefined;\n// BEGIN SOLUTION\nparameters = 784 * 300 + 300;\n// END SOLUTION',
  ),
  check('9.2', 'parameters'),
  task('9.3', 'Which one is right?\n\n- **a** this\n- **b** that\n- **c** both\n- **d** none'),
  answer('9.3', "let why: string | undefined;\n// BEGIN SOLUTION\nwhy = 'c';\n// END SOLUTION"),
  check('9.3', 'why'),
  task('9.4', 'What do you see?'),
  { cell_type: 'markdown', id: 'e9-4', source: MODEL_ANSWER, metadata: { nbgrader: nbgrader('e9-4', true, true, 2) } },
  task('9.5', 'Build a network for ten classes.'),
  answer(
    '9.5',
    `function build() {
  const model = tf.sequential();
  // BEGIN SOLUTION
  model.add(tf.layers.dense({ units: 10, activation: 'softmax', inputShape: [784] }));
  // END SOLUTION
  return model;
}`,
  ),
  check('9.5', 'build'),
];
const source: Source = { name: '09_fixture', exercises, cells, headings: [] };

/** As nbgrader would give them out. */
const NOTEBOOK = {
  cells: cells.map((cell) => {
    const text = cell.source as string;
    const given = !cell.metadata.nbgrader?.solution
      ? text
      : cell.cell_type === 'markdown'
        ? 'Your answer here.'
        : withoutSolution(text)!.stub;
    const metadata = cell.metadata.nbgrader
      ? { deletable: false, nbgrader: { ...cell.metadata.nbgrader, checksum: '0'.repeat(32) } }
      : {};
    return {
      cell_type: cell.cell_type,
      id: cell.id,
      metadata,
      source: given,
      ...(cell.cell_type === 'code' && { execution_count: null, outputs: [] }),
    };
  }),
  metadata: {
    kernelspec: { display_name: 'TypeScript', language: 'typescript', name: 'tslab' },
    language_info: { name: 'typescript' },
  },
  nbformat: 4,
  nbformat_minor: 5,
};

type Notebook = typeof NOTEBOOK & Record<string, any>;

let checks: string;
beforeAll(async () => {
  checks = await checksOf(source, []);
});

/** The files of a lesson after something was planted in them. */
function files({ notebook = () => {}, check: plantCheck = () => {}, more = [] }: Planted): ReleasedFile[] {
  const changed = structuredClone(NOTEBOOK) as Notebook;
  notebook(changed);
  const changedChecks = JSON.parse(checks);
  plantCheck(changedChecks.exercises);
  return [
    { path: '09_fixture.ipynb', text: JSON.stringify(changed) },
    { path: 'checks/09_fixture.json', text: JSON.stringify(changedChecks) },
    { path: 'README.md', text: 'How exercises work.' },
    ...more,
  ];
}

interface Planted {
  notebook?: (notebook: Notebook) => void;
  check?: (exercises: Record<string, any>[]) => void;
  more?: ReleasedFile[];
}

const cellOf = (notebook: Notebook, id: string): Record<string, any> => notebook.cells.find((cell) => cell.id === id)!;
const inCell = (id: string, plant: (cell: Record<string, any>) => void): Planted => ({
  notebook: (notebook) => plant(cellOf(notebook, id)),
});
const inChecks = (plant: (exercises: Record<string, any>[]) => void): Planted => ({ check: plant });
/** Adds a text to the task of 9.1. */
const told = (text: string): Planted =>
  inCell('e9-1-task', (cell) => {
    cell.source += `\n\n${text}`;
  });
const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64');
const lines = SMOOTH.split('\n');
const TASK = 'exercises/09_fixture.ipynb, cell e9-1-task';
const CHECKS = 'exercises/checks/09_fixture.json';

const PLANTED: [string, Planted, string][] = [
  [
    'the solution, left in its cell',
    inCell('e9-1', (cell) => {
      cell.source = cells[3].source;
    }),
    'exercises/09_fixture.ipynb, cell e9-1: it holds a part of the solution of 9.1',
  ],
  [
    'the solution in a comment',
    inCell('e9-1', (cell) => {
      cell.source += `\n${lines.map((line) => `// ${line}`).join('\n')}`;
    }),
    'cell e9-1: it holds a part of the solution of 9.1',
  ],
  ['the solution in Markdown', told(`\`\`\`ts\n${SMOOTH}\n\`\`\``), `${TASK}: it holds a part of the solution of 9.1`],
  ['one line of the solution', told(lines[4]), `${TASK}: it holds a part of the solution of 9.1: "result . push`],
  [
    'the solution under other names',
    told(
      SMOOTH.replace(/sum/g, 'mean')
        .replace(/start/g, 'a')
        .replace(/\bi\b/g, 'b')
        .replace(/values/g, 'xs')
        .replace(/size/g, 'n')
        .replace(/result/g, 'out'),
    ),
    `${TASK}: it holds a part of the solution of 9.1`,
  ],
  [
    'the solution in another form',
    told(SMOOTH.replace(/;\n\s*/g, ';').replace(/ (?=[=<+])|(?<=[=<+]) /g, '')),
    `${TASK}: it holds a part of the solution of 9.1`,
  ],
  [
    'the solution cut into many lines',
    told(SMOOTH.replace(/ +/g, '\n')),
    `${TASK}: it holds a part of the solution of 9.1`,
  ],
  [
    'the solution dealt out to several cells',
    {
      notebook: (it) => {
        for (const [i, id] of ['e9-1-task', 'e9-1', 'e9-1-check'].entries()) {
          cellOf(it, id).source = ['sum += values[i]; result.push(', 'sum / size', '); }'][i];
        }
      },
    },
    'exercises/09_fixture.ipynb: it holds a part of the solution of 9.1',
  ],
  ['the solution as base64', told(base64(SMOOTH)), `${TASK}, read as base64: it holds a part of the solution of 9.1`],
  [
    'the solution as base64 over several lines',
    told(base64(SMOOTH).replace(/.{19}/g, '$&\n')),
    `${TASK}, read as base64 over several lines: it holds a part of the solution of 9.1`,
  ],
  [
    'the solution packed',
    told(base64(gzipSync(SMOOTH))),
    `${TASK}, read as base64: it holds a part of the solution of 9.1`,
  ],
  [
    'the solution packed in another way, twice as base64',
    told(base64(base64(deflateSync(SMOOTH)))),
    `${TASK}, read as base64, as base64: it holds a part of the solution of 9.1`,
  ],
  [
    'the solution in hexadecimal',
    told(Buffer.from(SMOOTH).toString('hex')),
    `${TASK}, read as hex: it holds a part of the solution of 9.1`,
  ],
  [
    'the solution in entities of HTML',
    told([...SMOOTH].map((letter) => `&#${letter.codePointAt(0)};`).join('')),
    `${TASK}, read with its escapes undone: it holds a part of the solution of 9.1`,
  ],
  [
    'the solution in escapes of Unicode',
    told([...SMOOTH].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')),
    `${TASK}, read with its escapes undone: it holds a part of the solution of 9.1`,
  ],
  [
    'the solution as part of an address',
    told(`https://example.org/?q=${encodeURIComponent(SMOOTH)}`),
    `${TASK}, read with its escapes undone: it holds a part of the solution of 9.1`,
  ],
  [
    'the solution backwards',
    told([...SMOOTH].reverse().join('')),
    `${TASK}, read backwards: it holds a part of the solution of 9.1`,
  ],
  [
    'the solution in strings that are put together',
    told(`'${lines[3].match(/.{1,7}/g)!.join("' + '")}'`),
    `${TASK}, read with its strings put together: it holds a part of the solution of 9.1`,
  ],
  [
    'the solution with invisible characters in its names',
    told(SMOOTH.replace(/([a-z])([a-z])/g, '$1\u200b$2')),
    `${TASK}, read without invisible characters: it holds a part of the solution of 9.1`,
  ],
  [
    'the solution in wide letters',
    told(SMOOTH.replace(/[a-z]/g, (letter) => String.fromCodePoint(letter.codePointAt(0)! + 0xfee0))),
    `${TASK}, read without invisible characters: it holds a part of the solution of 9.1`,
  ],
  [
    'a comment of the solution',
    told('So a window moves over the curve, and its mean is one value of the list.'),
    `${TASK}: it holds a part of the solution of 9.1: "a window moves over the curve and"`,
  ],
  [
    'the solution in the definition',
    told('values.slice(start, start + size).reduce((total, value) => total + value, 0)'),
    `${TASK}: it holds a part of the solution of 9.1 in its definition`,
  ],
  [
    'a wrong answer',
    told('const part = curve.slice(Math.max(0, at - window), at);'),
    `${TASK}: it holds a part of the mistake "divides by the length of the curve" of 9.1`,
  ],
  [
    'inputs of a hidden case',
    told('Try [14.5, 3, 8, 21, 0.25] too.'),
    `${TASK}: it holds a part of the hidden case "a window as long as the curve" of 9.1: "14.5 3 8 21 0.25"`,
  ],
  [
    'inputs of a hidden case, one below the other',
    told('| x |\n|---|\n| 14.5 |\n| 3 |\n| 8 |\n| 21 |\n| 0.25 |'),
    `${TASK}: it holds a part of the hidden case`,
  ],
  [
    'the name of a hidden criterion',
    inChecks(([smooth]) => {
      smooth.hidden.criteria = 'a window as long as the curve';
    }),
    `${CHECKS}, 9.1: it names the hidden "a window as long as the curve"`,
  ],
  [
    'a hidden criterion among the public ones',
    inChecks(([smooth]) => {
      smooth.criteria.push({ name: 'more', points: 1, cases: [] });
    }),
    `${CHECKS}, 9.1: it has 2 criteria or requirements; only 1 are public`,
  ],
  [
    'expected values of a hidden case',
    inChecks(([smooth]) => {
      smooth.criteria[0].cases.push({ inputs: [[14.5, 3, 8, 21, 0.25], 2], expected: [8.75, 5.5, 14.5, 10.625] });
    }),
    `${CHECKS}, 9.1: it holds a part of the hidden case`,
  ],
  [
    'the solution in a checks file',
    inChecks(([smooth]) => {
      smooth.solution = SMOOTH;
    }),
    `${CHECKS}, 9.1: it has "solution", which learners do not need`,
  ],
  [
    "a wrong answer's name in a checks file",
    inChecks(([smooth]) => {
      smooth.mistakes[0].name = 'divides';
    }),
    `${CHECKS}, 9.1: it has "mistakes[0].name", which learners do not need`,
  ],
  [
    'code in a hint',
    inChecks(([smooth]) => {
      smooth.mistakes[0].hint = `Write ${lines[3]}`;
    }),
    `${CHECKS}, 9.1: it holds a part of the solution of 9.1`,
  ],
  [
    'the hint of a hidden requirement',
    inChecks((all) => {
      all[4].requirements[0].hint = 'A flatten layer alone would be enough there.';
    }),
    `${CHECKS}, 9.5: it has the hint of the hidden "no layer without need"`,
  ],
  [
    'the rubric',
    told('Name the gap between both losses, and that it grows from the third epoch on.'),
    `${TASK}: it holds a part of the rubric of 9.4`,
  ],
  [
    'the rubric in a checks file',
    inChecks((all) => {
      all[3].rubric = exercises[3].kind === 'text' && exercises[3].rubric;
    }),
    `${CHECKS}, 9.4: it has "rubric", which learners do not need`,
  ],
  [
    'the model answer',
    inCell('e9-4', (cell) => {
      cell.source = MODEL_ANSWER;
    }),
    'cell e9-4: it holds a part of the model answer of 9.4',
  ],
  [
    'the answer to a number',
    inCell('e9-2-task', (cell) => {
      cell.source += ' (It has 235,500.)';
    }),
    'cell e9-2-task: it says 235500, the answer of 9.2',
  ],
  [
    'the answer to a number in a checks file',
    inChecks((all) => {
      all[1].variants[0].verdicts.locked.push('235500');
    }),
    `${CHECKS}, 9.2: it says 235500, the answer`,
  ],
  [
    'a verdict that is not sealed',
    inChecks((all) => {
      all[2].verdicts.locked = [base64('{"earns":2, "for": "c"}')];
    }),
    `${CHECKS}, 9.3, read as base64: it holds the verdict on an answer`,
  ],
  [
    'the right choice',
    inCell('e9-3-task', (cell) => {
      cell.source += '\n\nThe correct one is **c**.';
    }),
    'cell e9-3-task: it says "correct one is **c", the answer of 9.3',
  ],
  [
    'the right choice in a checks file',
    inChecks((all) => {
      all[2].verdicts.locked.push('c');
    }),
    `${CHECKS}, 9.3: it says c, the answer`,
  ],
  [
    'an output',
    inCell('e9-1-check', (cell) => {
      cell.outputs = [{ output_type: 'stream', text: 'passed' }];
    }),
    'cell e9-1-check: it has outputs',
  ],
  [
    'the number of an execution',
    inCell('e9-1-check', (cell) => {
      cell.execution_count = 7;
    }),
    'cell e9-1-check: it has a number of its execution',
  ],
  [
    'an attachment',
    inCell('e9-1-task', (cell) => {
      cell.attachments = { 'a.png': {} };
    }),
    `${TASK}: the cell has "attachments"`,
  ],
  [
    'a picture within the text',
    told('![plan](data:image/png;base64,iVBORw0KGgo=)'),
    `${TASK}: it has a picture that is in the notebook itself`,
  ],
  [
    'a tag',
    inCell('e9-1-task', (cell) => {
      cell.metadata.tags = ['solution-c'];
    }),
    `${TASK}: its metadata has "tags"`,
  ],
  [
    'metadata of ours',
    inCell('e9-1', (cell) => {
      cell.metadata.nbgrader.oracle = 'slice';
    }),
    'cell e9-1: nbgrader\'s metadata has "oracle"',
  ],
  [
    'metadata of the notebook',
    {
      notebook: (it) => {
        Object.assign(it.metadata, { authors: [{ name: 'who' }] });
      },
    },
    'exercises/09_fixture.ipynb: the metadata of the notebook has "authors"',
  ],
  [
    'more in the file than a notebook',
    {
      notebook: (it) => {
        it.solutions = [];
      },
    },
    'exercises/09_fixture.ipynb: the notebook has "solutions"',
  ],
  [
    "a path in the kernel's description",
    {
      notebook: (it) => {
        (it.metadata.kernelspec as Record<string, string>).path = '/home';
      },
    },
    'exercises/09_fixture.ipynb: the notebook\'s kernelspec has "path"',
  ],
  [
    'other points',
    inCell('e9-1-check', (cell) => {
      cell.metadata.nbgrader.points = 9;
    }),
    "cell e9-1-check: nbgrader's points is 9, not as in the source",
  ],
  ['a comment of HTML', told('<!-- see the instructor -->'), `${TASK}: it has a comment of HTML`],
  ['a comment of Markdown', told('[//]: # (see the instructor)'), `${TASK}: it has a definition of a link`],
  ['hidden HTML', told('<p style="display: none">look</p>'), `${TASK}: it has HTML that hides`],
  ['invisible characters', told('Do\u{E0063} it.'), `${TASK}: it has an invisible character, U+E0063`],
  ['blanks that say something', told('Do it. \t \t\t'), `${TASK}: it has blanks at the end of a line`],
  ["a mark of nbgrader's", told('### BEGIN MARK SCHEME'), `${TASK}: it has a mark of nbgrader's`],
  [
    'another cell',
    {
      notebook: (it) => {
        it.cells.push({ ...it.cells[0], id: 'notes' });
      },
    },
    'cell notes: the source has no such cell',
  ],
  [
    'a cell of another type',
    inCell('e9-1-task', (cell) => {
      cell.cell_type = 'raw';
    }),
    `${TASK}: it is of the type raw`,
  ],
  ['any other change', told('Hint: ask a friend.'), `${TASK}: line 2 is not as in the source`],
  [
    'another exercise',
    inChecks((all) => {
      all.push({ id: '9.9', kind: 'text' });
    }),
    `${CHECKS}, 9.9: the lesson has no such exercise`,
  ],
  [
    'the source among the exercises',
    { more: [{ path: 'source.ipynb', text: JSON.stringify({ cells }) }] },
    'exercises/source.ipynb: it is none of the files that learners get',
  ],
  [
    'the source in a folder of checkpoints',
    { more: [{ path: '.ipynb_checkpoints/09_fixture-checkpoint.ipynb', text: JSON.stringify({ cells }) }] },
    'exercises/.ipynb_checkpoints/09_fixture-checkpoint.ipynb: it holds a part of the solution of 9.1',
  ],
  [
    'the solution in the readme',
    { more: [{ path: 'README.md', text: SMOOTH }] },
    'exercises/README.md: it holds a part of the solution of 9.1',
  ],
  ['a link', { more: [{ path: 'README.md', text: '', kind: 'link' }] }, 'exercises/README.md: it is a link'],
  [
    'a program',
    { more: [{ path: 'README.md', text: '#!/bin/sh', kind: 'program' }] },
    'exercises/README.md: it may be run as a program',
  ],
];

describe('findLeaks', () => {
  it('finds nothing in what learners should get', async () => {
    expect(await findLeaks([source], files({}))).toEqual([]);
  });

  it.each(PLANTED)('finds %s, and says where', async (_, planted, message) => {
    const leaks = await findLeaks([source], files(planted));
    expect(
      leaks.some((leak) => leak.includes(message)),
      leaks.join('\n') || 'nothing found',
    ).toBe(true);
  });

  it('finds it also where the author has written it into the source itself', async () => {
    const careless = cells.map((cell) =>
      cell.id === 'e9-1-task' ? { ...cell, source: `${cell.source as string}\n\n${SMOOTH}` } : cell,
    );
    const leaks = await findLeaks([{ ...source, cells: careless }], files(told(SMOOTH)));
    expect(leaks).toEqual([expect.stringContaining(`${TASK}: it holds a part of the solution of 9.1`)]);
  });

  it('finds nothing in the exercises of the course', async () => {
    const folder = path.join(ROOT, 'exercises');
    const names = ['README.md', ...lessons.flatMap(({ name }) => [`${name}.ipynb`, `checks/${name}.json`])];
    const released = names.map((name) => ({ path: name, text: fs.readFileSync(path.join(folder, name), 'utf8') }));
    expect(await leaksOf(ROOT, lessons, released)).toEqual([]);
  });

  it.each(lessons)('finds the solution of each exercise of $name that is left in its cell', async (lesson) => {
    const text = fs.readFileSync(path.join(ROOT, 'solutions', `${lesson.name}.ipynb`), 'utf8');
    const leaks = await leaksOf(ROOT, [lesson], [{ path: `${lesson.name}.ipynb`, text }]);
    for (const { id } of lesson.exercises) {
      const told = leaks.filter(
        (leak) => leak.includes(`cell ${gradeIdOf(id)}:`) && /it (holds a part of|says)/.test(leak),
      );
      expect(told, id).not.toEqual([]);
    }
  });
});
