import { beforeAll, describe, expect, it } from 'vitest';
import { tf } from '@course/lib';
import type { Exercise, FunctionExercise, ModelExercise, NumberExercise, TrainedExercise } from '@course/lib/exercises';
import { behaviourFindings } from '../../solutions/behaviour';
import { factsLine, gradeIdOf, type Cell, type NbgraderMetadata, type Source } from '../../solutions/sources';
import { structureFindings } from '../../solutions/structure';
import { versionFindings, versionsText, type Versions } from '../../solutions/versions';

// Each mistake that an author can make is planted in a small course, and must be found and named.

const facts = { difficulty: 'easy', minutes: 5, section: 'Data', version: 1 } as const;

const functionExercise = (): FunctionExercise => ({
  ...facts, id: '9.1', kind: 'function', title: 'Halve', goal: 'You can halve numbers.', points: 3, answer: 'halve',
  solution: (values: number[]) => values.map((value) => value / 2),
  criteria: [
    { name: 'three numbers', points: 1, inputs: () => [[[2, 4, 7]]] },
    { name: 'others', points: 2, hidden: true, inputs: (random) => [[[random.below(100), 1 + random.below(100)]], [[8]]] },
  ],
  mistakes: [
    { name: 'doubles', answer: (values: number[]) => values.map((value) => value * 2), hint: 'Smaller, not larger?' },
    { name: 'rounds down', answer: (values: number[]) => values.map((value) => Math.floor(value / 2)), hint: 'What is a half of 7?' },
    { name: 'forgets the last', answer: (values: number[]) => values.slice(0, -1).map((value) => value / 2), hint: 'How many are there?' },
  ],
});

const numberExercise = (): NumberExercise => ({
  ...facts, id: '9.2', kind: 'number', title: 'Count', goal: 'You can count parameters.', points: 2, answer: 'parameters', unit: 'parameters',
  given: (random) => ({ inputs: 10 + random.below(20), units: 40 + random.below(20) }),
  solution: ({ inputs, units }) => (inputs + 1) * units,
  mistakes: [
    { name: 'forgets the bias', answer: ({ inputs, units }) => inputs * units, hint: 'And the bias?' },
    { name: 'adds one bias', answer: ({ inputs, units }) => inputs * units + 1, hint: 'One bias a neuron.' },
    { name: 'swaps them', answer: ({ inputs, units }) => inputs * (units + 1), hint: 'Which of them has the bias?' },
  ],
});

const choiceExercise = (): Exercise => ({
  ...facts, id: '9.3', kind: 'choice', title: 'Choose', goal: 'You can choose.', points: 1, answer: 'chosen', options: 'abcd', solution: 'ac',
  mistakes: [
    { name: 'one of two', answer: 'a', hint: 'There is another.' }, { name: 'the other of two', answer: 'c', hint: 'There is one more.' },
    { name: 'all', answer: 'abcd', hint: 'Not all.' },
  ],
});

const network = (units: number, inputs = 4, activation: 'softmax' | 'relu' = 'softmax') => () =>
  tf.sequential({ layers: [tf.layers.dense({ units, activation, inputShape: [inputs] })] });

const modelExercise = (): ModelExercise => ({
  ...facts, id: '9.4', kind: 'model', title: 'Build', goal: 'You can build.', points: 3, answer: 'build', solution: network(3),
  requirements: [
    { name: 'the input', points: 1, inputShape: [null, 4], hint: 'Look at the input.' },
    { name: 'the output', points: 1, outputShape: [null, 3], hint: 'Look at the output.' },
    { name: 'softmax', points: 1, layers: { having: { activation: 'softmax' }, atLeast: 1 }, hint: 'Probabilities?' },
  ],
  mistakes: [
    { name: 'five inputs', answer: network(3, 5), fails: 'the input', earns: 2 }, { name: 'four classes', answer: network(4), fails: 'the output', earns: 2 },
    { name: 'relu', answer: network(3, 4, 'relu'), fails: 'softmax', earns: 2 },
  ],
});

const trainedExercise = (): TrainedExercise => ({
  ...facts, id: '9.5', kind: 'trained', title: 'Train', goal: 'You can train.', points: 3, answer: 'net',
  pictures: { dataset: 'mnist', shape: [4], scale: 1 },
  requirements: [
    { name: 'the output', points: 1, outputShape: [null, 10], hint: 'Ten classes.' },
    { name: 'small', points: 1, parameters: { atMost: 60 }, hint: 'Fewer parameters.' },
  ],
  levels: [{ accuracy: 0.9, points: 1, hint: 'Train longer.' }],
  mistakes: [
    { name: 'eleven classes', answer: network(11), fails: 'the output', earns: 1 },
    { name: 'too large', answer: () => tf.sequential({ layers: [tf.layers.dense({ units: 9, inputShape: [4] }), tf.layers.dense({ units: 10 })] }), fails: 'small', earns: 1 },
    { name: 'not trained', answer: network(10), fails: 'accuracy 0.9', earns: 2 },
  ],
});

const textExercise = (): Exercise => ({
  ...facts, id: '9.6', kind: 'text', title: 'Say', goal: 'You can say why.', points: 2, answer: 'e9-6', rubric: [{ points: 2, looksFor: 'a reason' }],
});

const answers: Record<string, [before: string, solution: string, after: string]> = {
  '9.1': ['function halve(values: number[]): number[] {\n  let result: number[] = [];', '  for (const value of values) result.push(value / 2);', '  return result;\n}'],
  '9.2': ["const mine = question('9.2');\nlet parameters: number | undefined;", 'parameters = mine.inputs * mine.units + mine.units;', ''],
  '9.3': ['let chosen: string | undefined;', "chosen = 'ac';", ''],
  '9.4': ['function build(): tf.LayersModel {\n  const model = tf.sequential();', "  model.add(tf.layers.dense({ units: 3, activation: 'softmax', inputShape: [4] }));", '  return model;\n}'],
  '9.5': ['const net = tf.sequential();', "net.add(tf.layers.dense({ units: 10, inputShape: [4] }));\nnet.compile({ optimizer: 'adam', loss });\nawait fit(net, await load());", ''],
};

const metadata = (id: string, role: Partial<NbgraderMetadata>): { nbgrader: NbgraderMetadata } =>
  ({ nbgrader: { grade: false, grade_id: id, locked: false, schema_version: 3, solution: false, task: false, ...role } });

type Writable<T> = T extends readonly (infer E)[] ? Writable<E>[] : T extends (...args: never[]) => unknown ? T : T extends object ? { -readonly [K in keyof T]: Writable<T[K]> } : T;

/** A course without mistakes. Cells are found by their ids. */
function course(): { source: Writable<Source>; exercises: any[]; cell(id: string): any } {
  const exercises = [functionExercise(), numberExercise(), choiceExercise(), modelExercise(), trainedExercise(), textExercise()];
  const code = (id: string, source: string, role: Partial<NbgraderMetadata>): Cell => ({ cell_type: 'code', id, source, metadata: metadata(id, role) });
  const cells: Cell[] = [
    { cell_type: 'markdown', id: 'title', source: '# 09\n\n6 exercises, 14 points, about 30 minutes', metadata: {} },
    ...exercises.flatMap((exercise): Cell[] => {
      const id = gradeIdOf(exercise.id);
      const text = `## ${exercise.id} · ${exercise.title}\n\n${factsLine(exercise, '09_tiny')}\n\n${exercise.goal}\n\nDo it.`;
      const task: Cell = { cell_type: 'markdown', id: `${id}-task`, source: text, metadata: metadata(`${id}-task`, { locked: true }) };
      const { points } = exercise;
      if (exercise.kind === 'text') return [task, { cell_type: 'markdown', id, source: 'Because.', metadata: metadata(id, { grade: true, solution: true, points }) }];
      const [before, solution, after] = answers[exercise.id];
      return [
        task,
        code(id, `${before}\n  // BEGIN SOLUTION\n${solution}\n  // END SOLUTION\n${after}`, { solution: true }),
        code(`${id}-check`, `await check('${exercise.id}', ${exercise.answer});`, { grade: true, locked: true, points }),
      ];
    }),
    code('progress', 'await progress();', { locked: true }),
    code('hand-in', 'await handIn();', { locked: true }),
  ];
  const source = { name: '09_tiny', exercises, cells, headings: ['Data', 'Train'] } as Writable<Source>;
  return { source, exercises, cell: (id) => source.cells!.find((each) => each.id === id)! };
}

async function findings(source: Source, versions: Versions = noted): Promise<string[]> {
  const { numTensors } = tf.memory();
  const tried: string[] = [];
  for (const exercise of source.exercises) tried.push(...await behaviourFindings(source, exercise));
  expect(tf.memory().numTensors).toBe(numTensors);
  return [...structureFindings([source]), ...tried, ...await versionFindings([source], versions)];
}

let noted: Versions = {};
beforeAll(async () => { noted = JSON.parse(await versionsText([course().source as Source], {})); });

type Plant = (made: ReturnType<typeof course>) => void;
const inText = (id: string, from: string, to: string): Plant => ({ cell }) => { cell(id).source = cell(id).source.replace(from, () => to); };

describe('a course without mistakes', () => {
  it('has no findings', async () => {
    expect(await findings(course().source as Source)).toEqual([]);
  });
});

const DEFINITION = 'solutions/definitions/lesson-09.ts, ';
const NOTEBOOK = 'solutions/09_tiny.ipynb';

describe('a mistake in the structure is found', () => {
  it.each<[string, Plant, string]>([
    ['an id of another lesson', ({ exercises }) => { exercises[0].id = '8.1'; }, `${DEFINITION}8.1: an id of this lesson is 9, a point and a number from 1: 9.1.`],
    ['an id that is there twice', ({ exercises }) => { exercises[1].id = '9.1'; }, `${DEFINITION}9.1: the id is there twice (solutions/definitions/lesson-09.ts): give the later one a new number.`],
    ['points that do not add up', ({ exercises }) => { exercises[0].criteria[0].points = 2; }, `${DEFINITION}9.1: 2 + 2 = 4 points are given out (three numbers, others), but points is 3.`],
    ['a part without points', ({ exercises }) => { exercises[3].requirements[0].points = 0; }, `${DEFINITION}9.4: "the input" earns 0 points; expected more than 0.`],
    ['parts of one name', ({ exercises }) => { exercises[3].requirements[0].name = 'softmax'; }, `${DEFINITION}9.4: "softmax" is the name of two parts: readers must be able to tell them apart.`],
    ['a rubric that does not add up', ({ exercises }) => { exercises[5].rubric[0].points = 1; }, `${DEFINITION}9.6: 1 = 1 points are given out (a reason), but points is 2.`],
    ['no hidden criterion', ({ exercises }) => { delete exercises[0].criteria[1].hidden; }, `${DEFINITION}9.1: no criterion is hidden: what is tried only when it is marked needs one with other inputs.`],
    ['nothing but hidden criteria', ({ exercises }) => { exercises[0].criteria[0].hidden = true; }, `${DEFINITION}9.1: all criteria are hidden: check() has nothing to try.`],
    ['levels in the wrong order', ({ exercises }) => { exercises[4].levels = [{ accuracy: 0.9, points: 0.5, hint: 'x' }, { accuracy: 0.8, points: 0.5, hint: 'x' }]; }, `${DEFINITION}9.5: the levels are 0.9, 0.8; expected accuracies between 0 and 1 from the lowest to the highest.`],
    ['a goal of another form', ({ exercises }) => { exercises[0].goal = 'Halving'; }, `${DEFINITION}9.1: the goal is "Halving"; expected a sentence "You can ...", with its full stop.`],
    ['minutes that are none', ({ exercises }) => { exercises[0].minutes = 0; }, `${DEFINITION}9.1: minutes is 0; expected a whole number from 1.`],
    ['a section that the lesson lacks', ({ exercises }) => { exercises[0].section = 'Modell'; }, `${DEFINITION}9.1: the section "Modell" is no heading of notebooks/09_tiny.ipynb; there are: "Data", "Train".`],
    ['two mistakes only', ({ exercises }) => { exercises[0].mistakes.pop(); }, `${DEFINITION}9.1: 2 typical mistakes; expected at least 3.`],
    ['mistakes of one name', ({ exercises }) => { exercises[0].mistakes[0].name = 'rounds down'; }, `${DEFINITION}9.1: two mistakes are called "rounds down".`],
    ['a solution that is no choice', ({ exercises }) => { exercises[2].solution = 'ca'; }, `${DEFINITION}9.3: the solution is "ca"; expected letters of "abcd" in their order.`],
    ['a mistake that is no choice', ({ exercises }) => { exercises[2].mistakes[0].answer = 'x'; }, `${DEFINITION}9.3: the mistake "x" is no choice: expected letters of "abcd" in their order.`],
    ['a mistake that is the right choice', ({ exercises }) => { exercises[2].mistakes[0].answer = 'ac'; }, `${DEFINITION}9.3: the mistake "ac" is the solution.`],
    ['one choice as two mistakes', ({ exercises }) => { exercises[2].mistakes[0].answer = 'c'; }, `${DEFINITION}9.3: two mistakes are the choice "c".`],
    ['a requirement that there is not', ({ exercises }) => { exercises[3].mistakes[0].fails = 'inputs'; }, `${DEFINITION}9.4: the mistake "five inputs" fails "inputs", which is not required; there are: "the input", "the output", "softmax".`],
    ['a skeleton that is not filled in', ({ exercises }) => { exercises[0].criteria[0].name = 'TODO'; }, `${DEFINITION}9.1: criteria[0].name still says "TODO": write it.`],
    ['a lesson without a notebook', ({ source }) => { delete source.cells; }, `${NOTEBOOK} is not there: it has to hold 9.1, 9.2, 9.3, 9.4, 9.5, 9.6.`],
    ['wrong totals', inText('title', '14 points', '15 points'), `${NOTEBOOK}, cell title: expected the words "14 points", which is what the exercises add up to.`],
    ['a total within a longer number', inText('title', '30 minutes', '130 minutes'), `${NOTEBOOK}, cell title: expected the words "30 minutes", which is what the exercises add up to.`],
    ['a first cell that says nothing', ({ source }) => { source.cells!.shift(); source.cells!.unshift({ cell_type: 'code', id: 'x', source: '1', metadata: {} }); }, `${NOTEBOOK}: the first cell has to be Markdown that says what to do.`],
    ['another heading', inText('e9-1-task', 'Halve', 'Double'), `${NOTEBOOK}, cell e9-1-task: its heading is "## 9.1 · Double"; its definition says "## 9.1 · Halve".`],
    ['another line of facts', inText('e9-1-task', '5 minutes', '6 minutes'), `${NOTEBOOK}, cell e9-1-task: the line below its heading is "*3 points · easy · about 6 minutes · lesson: [Data](../notebooks/09_tiny.ipynb#Data)*"; its definition says "*3 points · easy · about 5 minutes · lesson: [Data](../notebooks/09_tiny.ipynb#Data)*".`],
    ['a goal that is not told', inText('e9-1-task', 'You can halve numbers.', ''), `${NOTEBOOK}, cell e9-1-task: the goal is missing: "You can halve numbers."`],
    ['a missing task', ({ source, cell }) => { source.cells!.splice(source.cells!.indexOf(cell('e9-1-task')), 1); }, `${NOTEBOOK}, cell e9-1-task: it is not there; expected a markdown cell with that id.`],
    ['a missing answer', ({ source, cell }) => { source.cells!.splice(source.cells!.indexOf(cell('e9-1')), 1); }, `${NOTEBOOK}, cell e9-1: it is not there; expected a code cell with that id.`],
    ['a missing check', ({ source, cell }) => { source.cells!.splice(source.cells!.indexOf(cell('e9-1-check')), 1); }, `${NOTEBOOK}, cell e9-1-check: it is not there; expected a code cell with that id.`],
    ['a check above its answer', ({ source, cell }) => { source.cells!.splice(2, 2, cell('e9-1-check'), cell('e9-1')); }, `${NOTEBOOK}, cell e9-1: expected the task, the answer and the check in this order, the check just below the answer.`],
    ['exercises in another order', ({ source }) => { source.cells!.splice(1, 6, ...source.cells!.slice(4, 7), ...source.cells!.slice(1, 4)); }, `${NOTEBOOK}: the exercises come as e9-2, e9-1, e9-3, e9-4, e9-5, e9-6; expected the order of their definitions: e9-1, e9-2, e9-3, e9-4, e9-5, e9-6.`],
    ['cells of no exercise', ({ source }) => { source.cells!.splice(3, 0, { cell_type: 'markdown', id: 'e9-7', source: 'x', metadata: metadata('e9-7', {}) }); }, `${NOTEBOOK}, cell e9-7: no exercise of solutions/definitions/lesson-09.ts is called so.`],
    ['a wrong grade_id', ({ cell }) => { cell('e9-1').metadata.nbgrader.grade_id = 'e9-9'; }, `${NOTEBOOK}, cell e9-1: its grade_id is "e9-9"; expected the cell's own id.`],
    ['a grade_id that is there twice', ({ cell }) => { cell('e9-1').metadata.nbgrader.grade_id = 'e9-2'; }, `${NOTEBOOK}, cell e9-2: the grade_id "e9-2" is there twice.`],
    ['other points in the metadata', ({ cell }) => { cell('e9-1-check').metadata.nbgrader.points = 2; }, `${NOTEBOOK}, cell e9-1-check: its nbgrader metadata is {"grade":true,"grade_id":"e9-1-check","locked":true,"points":2,"schema_version":3,"solution":false,"task":false}; expected {"grade":true,"grade_id":"e9-1-check","locked":true,"points":3,"schema_version":3,"solution":false,"task":false}.`],
    ['an answer that is locked', ({ cell }) => { cell('e9-3').metadata.nbgrader.locked = true; }, `${NOTEBOOK}, cell e9-3: its nbgrader metadata is {"grade":false,"grade_id":"e9-3","locked":true,"schema_version":3,"solution":true,"task":false}; expected {"grade":false,"grade_id":"e9-3","locked":false,"schema_version":3,"solution":true,"task":false}.`],
    ['a text as code', ({ cell }) => { cell('e9-6').cell_type = 'code'; }, `${NOTEBOOK}, cell e9-6: it is a code cell; expected markdown.`],
    ['a check of another exercise', inText('e9-1-check', '9.1', '9.2'), `${NOTEBOOK}, cell e9-1-check: it is "await check('9.2', halve);"; expected "await check('9.1', halve);".`],
    ['a check of another name', inText('e9-1-check', 'halve', 'half'), `${NOTEBOOK}, cell e9-1-check: it is "await check('9.1', half);"; expected "await check('9.1', halve);".`],
    ['no region for the solution', inText('e9-1', '// END SOLUTION', '// END'), `${NOTEBOOK}, cell e9-1: expected one line "// BEGIN SOLUTION" and, below it, one "// END SOLUTION".`],
    ['an answer of another name', inText('e9-3', 'let chosen', 'let taken'), `${NOTEBOOK}, cell e9-3: it does not declare chosen.`],
    ['an answer that imports', inText('e9-1', 'function', "import { tf } from '@course/lib';\nfunction"), `${NOTEBOOK}, cell e9-1: it imports: when it is marked it runs alone, with tf and nothing else.`],
    ["an answer that uses another's", inText('e9-3', "'ac'", 'String(halve([1]))'), `${NOTEBOOK}, cell e9-3: it uses halve, the answer of 9.1: when it is marked it runs alone.`],
    ['a notebook without its end', ({ source }) => { source.cells!.pop(); }, `${NOTEBOOK}: the last two code cells have to be "await progress();" and "await handIn();".`],
    ['an unlocked end', ({ cell }) => { cell('hand-in').metadata.nbgrader.locked = false; }, `${NOTEBOOK}, cell hand-in: its nbgrader metadata is {"grade":false,"grade_id":"hand-in","locked":false,"schema_version":3,"solution":false,"task":false}; expected {"grade":false,"grade_id":"hand-in","locked":true,"schema_version":3,"solution":false,"task":false}.`],
    ['a task that is not written', inText('e9-1-task', 'Do it.', 'TODO: the task'), `${NOTEBOOK}, cell e9-1-task: it still says TODO: write it.`],
  ])('%s', (_, plant, message) => {
    const made = course();
    plant(made);
    expect(structureFindings([made.source as Source])).toContain(message);
  });
});

describe('a mistake in what an exercise does is found', () => {
  const half = (values: number[]) => values.map((value) => value / 2);
  it.each<[string, string, Plant, RegExp]>([
    ['a solution that throws', '9.1', ({ exercises }) => { exercises[0].solution = () => { throw new Error('no'); }; }, /^solutions\/definitions\/lesson-09\.ts, 9\.1: it cannot be tried: .*'three numbers': the solution fails its own case: no/],
    ['a solution that changes its inputs', '9.1', ({ exercises }) => { exercises[0].solution = (values: number[]) => { values[0] /= 2; return values; }; }, /the solution fails its own case: it changes its inputs/],
    ['a solution of chance', '9.1', ({ exercises }) => { exercises[0].solution = () => Math.random(); }, /9\.1: its own solution earns \d of 3 points/],
    ['inputs of chance', '9.1', ({ exercises }) => { exercises[0].criteria[1].inputs = () => [[[Math.random()]]]; }, /its cases differ from one time to the next: all randomness has to come from the generator/],
    ['a hidden case that is public', '9.1', ({ exercises }) => { exercises[0].criteria[1].inputs = () => [[[2, 4, 7]]]; }, /a case of the hidden "others" is also one of the public "three numbers": \[\[2,4,7\]\]/],
    ['a mistake that is right', '9.1', ({ exercises }) => { exercises[0].mistakes[0].answer = half; }, /the mistake "doubles" earns 3 points, but its definition says 0: all of it is right\./],
    ['a hint that is never seen, because all that is public is right', '9.1', ({ exercises }) => { exercises[0].mistakes[1].answer = (values: number[]) => (values.length === 3 ? half(values) : []); exercises[0].mistakes[1].earns = 1; }, /the mistake "rounds down" passes all that is public: its hint is never seen\./],
    ['a hint that an earlier mistake takes', '9.1', ({ exercises }) => { exercises[0].mistakes[2].answer = (values: number[]) => values.map((value) => value * 2); }, /the mistake "forgets the last" looks like "doubles" in all public cases: its hint is never seen\./],
    ['a mistake that earns less than it says', '9.1', ({ exercises }) => { exercises[0].mistakes[0].earns = 1; }, /the mistake "doubles" earns 0 points, but its definition says 1: three numbers: /],
    ['a wrong solution in the notebook', '9.1', inText('e9-1', 'value / 2', 'value / 3'), /^solutions\/09_tiny\.ipynb, cell e9-1: the solution earns 0 of 3 points, expected 3 \(seed "first"\): three numbers: /],
    ['a solution in the notebook that throws', '9.1', inText('e9-1', 'value / 2', 'value / none'), /cell e9-1: the solution earns 0 of 3 points/],
    ['a cell that throws', '9.1', inText('e9-1', 'function', 'none();\nfunction'), /cell e9-1: the solution does not run alone: ReferenceError: none is not defined/],
    ['a cell that does not compile', '9.1', inText('e9-1', 'function', 'functio'), /cell e9-1: the solution does not run alone: SyntaxError/],
    ['a stub that earns something', '9.1', inText('e9-1', 'let result: number[] = [];', 'let result: number[] = []; if (values.length === 3) return [1, 2, 3.5];'), /cell e9-1: the untouched cell earns 1 of 3 points, expected 0/],
    ['numbers that make two answers alike', '9.2', ({ exercises }) => { exercises[1].given = () => ({ inputs: 5, units: 5 }); }, /9\.2: with the numbers \{"inputs":5,"units":5\} the solution and the mistakes are 30, 25, 26, 30: two are alike, and a hint is never seen\./],
    ['a wrong number in the notebook', '9.2', inText('e9-2', '+ mine.units', '+ 1'), /cell e9-2: the solution earns 0 of 2 points, expected 2/],
    ['a wrong choice in the notebook', '9.3', inText('e9-3', "'ac'", "'b'"), /cell e9-3: the solution earns 0 of 1 points, expected 1/],
    ['a model that lacks what is required', '9.4', ({ exercises }) => { exercises[3].solution = network(5); }, /9\.4: its own solution earns 2 of 3 points \(seed "first"\): the output: /],
    ['a mistake that fails something else', '9.4', ({ exercises }) => { exercises[3].mistakes[0].fails = 'softmax'; }, /the mistake "five inputs" gets the hint "Look at the input\."; expected "Probabilities\?"/],
    ['a model in the notebook that lacks something', '9.5', inText('e9-5', 'units: 10', 'units: 12'), /cell e9-5: the solution earns \d of 3 points, expected 2/],
    ['a stub of a trained model that earns something', '9.5', inText('e9-5', 'const net = tf.sequential();', 'const net = tf.sequential({ layers: [tf.layers.dense({ units: 10, inputShape: [4] })] });'), /cell e9-5: the untouched cell earns 2 of 3 points, expected 0/],
  ])('%s', async (_, id, plant, message) => {
    const made = course();
    plant(made);
    const found = await behaviourFindings(made.source as Source, made.exercises.find((each) => each.id === id));
    expect(found.filter((finding) => message.test(finding)), found.join('\n')).toHaveLength(1);
  });
});

describe('versions', () => {
  const change = (plant: Plant): Source => {
    const made = course();
    plant(made);
    return made.source as Source;
  };

  it.each<[string, Plant]>([
    ['a public case', ({ exercises }) => { exercises[0].criteria[0].inputs = () => [[[2, 4, 9]]]; }],
    ['a hidden case', ({ exercises }) => { exercises[0].criteria[1].inputs = () => [[[5]]]; }],
    ['a tolerance', ({ exercises }) => { exercises[0].tolerance = 0.1; }],
    ['what is expected', ({ exercises }) => { exercises[0].solution = (values: number[]) => values.map((value) => value / 2 + 1); }],
    ['the points of a part', ({ exercises }) => { Object.assign(exercises[0].criteria[0], { points: 2 }); exercises[0].criteria[1].points = 1; }],
    ['the numbers that learners are given', ({ exercises }) => { exercises[1].given = () => ({ inputs: 1, units: 2 }); }],
    ['the right choice', ({ exercises }) => { exercises[2].solution = 'b'; }],
    ['a requirement', ({ exercises }) => { exercises[3].requirements[1].outputShape = [null, 2]; }],
    ['a level', ({ exercises }) => { exercises[4].levels[0].accuracy = 0.8; }],
    ['a rubric', ({ exercises }) => { exercises[5].rubric[0].looksFor = 'two reasons'; }],
  ])('have to be raised after a change of %s', async (_, plant) => {
    const changed = change(plant);
    const found = await versionFindings([changed], noted);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^solutions\/definitions\/lesson-09\.ts, 9\.\d: marks could change, but the version is still 1: raise it to 2, or take it out of solutions\/versions\.json if nobody has been given it yet\.$/);
    await expect(versionsText([changed], noted)).rejects.toThrow('raise it to 2');
  });

  it('need not be raised for words and hints', async () => {
    expect(await versionFindings([change(({ exercises }) => {
      Object.assign(exercises[0], { title: 'Half', goal: 'You can.', minutes: 9 });
      exercises[0].criteria[0].name = 'x';
      exercises[0].mistakes[0].hint = 'x';
    })], noted)).toEqual([]);
  });

  it('are noted when they are raised by one, and no other way', async () => {
    const raised = change(({ exercises }) => { exercises[2].solution = 'b'; exercises[2].version = 2; });
    expect(await versionFindings([raised], noted)).toEqual([`${DEFINITION}9.3: version 2 is new: run npm run assign, which notes it in solutions/versions.json.`]);
    const text = await versionsText([raised], noted);
    expect(await versionFindings([raised], JSON.parse(text))).toEqual([]);
    const jumped = change(({ exercises }) => { exercises[2].version = 3; });
    expect(await versionFindings([jumped], noted)).toEqual([`${DEFINITION}9.3: the version is 3, but was 1: expected 1 or, after a change, 2.`]);
  });
});
