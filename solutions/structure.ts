import type { Exercise } from '@course/lib/exercises';
import { foreignNames } from './answers';
import {
  definitionFile, factsLine, gradeIdOf, numberOf, textOf, withoutSolution, type Cell, type NbgraderMetadata, type Source,
} from './sources';

/** Words of a skeleton that wait for the author. */
const TO_DO = /\bTODO\b/;

/**
 * What is wrong with definitions and notebooks before any code is run: each a sentence that begins with the place.
 * An empty list: nothing.
 */
export function structureFindings(sources: readonly Source[]): string[] {
  const findingsOf = (source: Source): string[] => [...definitionFindings(source), ...notebookFindings(source)];
  return [...doubledIds(sources), ...sources.flatMap(findingsOf)];
}

function doubledIds(sources: readonly Source[]): string[] {
  const places = new Map<string, string>();
  return sources.flatMap((source) => source.exercises.flatMap(({ id }) => {
    const earlier = places.get(id);
    const place = definitionFile(source.name);
    places.set(id, place);
    return earlier ? [`${place}, ${id}: the id is there twice (${earlier}): give the later one a new number.`] : [];
  }));
}

function definitionFindings(source: Source): string[] {
  return source.exercises.flatMap((exercise) => {
    const findings = [...factFindings(exercise, source), ...partFindings(exercise), ...mistakeFindings(exercise)];
    return findings.map((finding) => `${definitionFile(source.name)}, ${exercise.id}: ${finding}`);
  });
}

function* factFindings(exercise: Exercise, { name, headings }: Source): Generator<string> {
  const { id, goal, points, minutes, section, version } = exercise;
  for (const [key, text] of textsIn(exercise)) if (TO_DO.test(text)) yield `${key} still says "${text}": write it.`;
  const number = numberOf(name);
  if (!new RegExp(`^${number}\\.[1-9]\\d*$`).test(id)) {
    yield `an id of this lesson is ${number}, a point and a number from 1: ${number}.${id.split('.')[1] ?? 1}.`;
  }
  if (!/^You .+\.$/s.test(goal)) yield `the goal is "${goal}"; expected a sentence "You can ...", with its full stop.`;
  for (const [what, value] of [['points', points], ['minutes', minutes], ['version', version]] as const) {
    if (!Number.isInteger(value) || value < 1) yield `${what} is ${value}; expected a whole number from 1.`;
  }
  if (!headings.includes(section)) {
    yield `the section "${section}" is no heading of notebooks/${name}.ipynb; there are: ${quoted(headings)}.`;
  }
}

const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');

/** What earns the points adds up to them, and can be told apart. */
function* partFindings(exercise: Exercise): Generator<string> {
  const parts = partsOf(exercise);
  const sum = parts.reduce((total, { points }) => total + points, 0);
  if (parts.length > 0 && sum !== exercise.points) {
    yield `${parts.map(({ points }) => points).join(' + ')} = ${sum} points are given out ` +
      `(${parts.map(({ name }) => name).join(', ')}), but points is ${exercise.points}.`;
  }
  for (const { name, points } of parts) {
    if (!(points > 0)) yield `"${name}" earns ${points} points; expected more than 0.`;
  }
  for (const name of repeated(parts.map((part) => part.name))) {
    yield `"${name}" is the name of two parts: readers must be able to tell them apart.`;
  }
  if (exercise.kind === 'function') {
    const hidden = exercise.criteria.filter((criterion) => criterion.hidden).length;
    if (hidden === 0) yield 'no criterion is hidden: what is tried only when it is marked needs one with other inputs.';
    if (hidden === exercise.criteria.length) yield 'all criteria are hidden: check() has nothing to try.';
  }
  if (exercise.kind === 'trained') {
    const accuracies = exercise.levels.map(({ accuracy }) => accuracy);
    if (accuracies.some((accuracy, i) => !(accuracy > (accuracies[i - 1] ?? 0) && accuracy < 1))) {
      yield `the levels are ${accuracies.join(', ')}; ` +
        'expected accuracies between 0 and 1 from the lowest to the highest.';
    }
  }
  if (exercise.kind === 'choice' && !isChoice(exercise.solution, exercise.options)) {
    yield `the solution is "${exercise.solution}"; expected letters of "${exercise.options}" in their order.`;
  }
}

function partsOf(exercise: Exercise): { name: string; points: number }[] {
  switch (exercise.kind) {
    case 'function': return [...exercise.criteria];
    case 'model': return [...exercise.requirements];
    case 'trained': {
      const levels = exercise.levels.map(({ accuracy, points }) => ({ name: `accuracy ${accuracy}`, points }));
      return [...exercise.requirements, ...levels];
    }
    case 'text': return exercise.rubric.map(({ looksFor, points }) => ({ name: looksFor, points }));
    default: return [];
  }
}

const isChoice = (letters: string, options: string): boolean =>
  letters.length > 0 && [...options].filter((letter) => letters.includes(letter)).join('') === letters;

function* mistakeFindings(exercise: Exercise): Generator<string> {
  if (exercise.kind === 'text') return;
  const names = exercise.mistakes.map(({ name }) => name);
  if (names.length < 3) yield `${names.length} typical mistakes; expected at least 3.`;
  for (const name of repeated(names)) yield `two mistakes are called "${name}".`;
  if (exercise.kind === 'choice') {
    const { options, solution } = exercise;
    const choices = exercise.mistakes.map(({ answer }) => answer);
    for (const choice of choices) {
      if (!isChoice(choice, options)) {
        yield `the mistake "${choice}" is no choice: expected letters of "${options}" in their order.`;
      }
      if (choice === solution) yield `the mistake "${choice}" is the solution.`;
    }
    for (const choice of repeated(choices)) yield `two mistakes are the choice "${choice}".`;
  }
  if (exercise.kind === 'model' || exercise.kind === 'trained') {
    const required = partsOf(exercise).map(({ name }) => name);
    for (const { name, fails } of exercise.mistakes) {
      if (required.includes(fails)) continue;
      yield `the mistake "${name}" fails "${fails}", which is not required; there are: ${quoted(required)}.`;
    }
  }
}

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, i) => names.indexOf(name) !== i))];
}

function notebookFindings(source: Source): string[] {
  const { name, exercises, cells } = source;
  const file = `solutions/${name}.ipynb`;
  if (!cells) return [`${file} is not there: it has to hold ${exercises.map(({ id }) => id).join(', ')}.`];
  const findings = [
    ...cells.flatMap((cell) => [...identityFindings(cell, cells)]),
    ...belongingFindings(source, cells),
    ...totalsFindings(source, cells),
    ...endFindings(cells),
    ...exercises.flatMap((exercise) => (exercise.kind === 'text' ? textFindings : codeFindings)(exercise, source, cells)),
  ];
  return findings.map((finding) => `${file}${finding.startsWith(',') ? '' : ': '}${finding}`);
}

const inCell = (id: string, what: string): string => `, cell ${id}: ${what}`;

function* identityFindings(cell: Cell, cells: readonly Cell[]): Generator<string> {
  const { nbgrader } = cell.metadata;
  if (TO_DO.test(textOf(cell))) yield inCell(cell.id, 'it still says TODO: write it.');
  if (!nbgrader) return;
  if (nbgrader.grade_id !== cell.id) {
    yield inCell(cell.id, `its grade_id is "${nbgrader.grade_id}"; expected the cell's own id.`);
  }
  if (cells.find(({ metadata }) => metadata.nbgrader?.grade_id === nbgrader.grade_id) !== cell) {
    yield inCell(cell.id, `the grade_id "${nbgrader.grade_id}" is there twice.`);
  }
}

function belongingFindings({ name, exercises }: Source, cells: readonly Cell[]): string[] {
  const known = new Set(exercises.flatMap(({ id }) => ['', '-task', '-check'].map((end) => gradeIdOf(id) + end)));
  const strangers = cells.filter(({ id, metadata }) => /^e[\dB]+-/.test(id) && metadata.nbgrader && !known.has(id));
  const answers = cells.map(({ id }) => id).filter((id) => exercises.some((exercise) => gradeIdOf(exercise.id) === id));
  const order = exercises.map(({ id }) => gradeIdOf(id)).filter((id) => answers.includes(id));
  return [
    ...strangers.map(({ id }) => inCell(id, `no exercise of ${definitionFile(name)} is called so.`)),
    ...(order.join() === answers.join() ? [] : [
      `the exercises come as ${answers.join(', ')}; expected the order of their definitions: ${order.join(', ')}.`,
    ]),
  ];
}

/** What the first cell promises, in words that hold both totals. */
function totalsFindings({ exercises }: Source, cells: readonly Cell[]): string[] {
  const sum = (key: 'points' | 'minutes'): number => exercises.reduce((total, exercise) => total + exercise[key], 0);
  const first = cells[0];
  if (first?.cell_type !== 'markdown') return ['the first cell has to be Markdown that says what to do.'];
  return (['points', 'minutes'] as const).filter((key) => !new RegExp(`(?<!\\d)${sum(key)} ${key}`).test(textOf(first)))
    .map((key) => inCell(first.id, `expected the words "${sum(key)} ${key}", which is what the exercises add up to.`));
}

function endFindings(cells: readonly Cell[]): string[] {
  const codes = cells.filter(({ cell_type: type }) => type === 'code').slice(-2);
  const expected = ['await progress();', 'await handIn();'];
  return expected.flatMap((code, i) => {
    const cell = codes[i];
    if (!cell || textOf(cell).trim() !== code) {
      return [`the last two code cells have to be "${expected.join('" and "')}".`];
    }
    return wrongMetadata(cell, { locked: true });
  }).filter((finding, i, all) => all.indexOf(finding) === i);
}

function wrongMetadata(cell: Cell, expected: Partial<NbgraderMetadata>): string[] {
  const { cell_type: type, ...found } = { cell_type: undefined, ...cell.metadata.nbgrader };
  const wanted = {
    grade: false, grade_id: cell.id, locked: false, schema_version: 3, solution: false, task: false, ...expected,
  };
  const [is, shall] = [sortedText(found), sortedText(wanted)];
  return is === shall ? [] : [inCell(cell.id, `its nbgrader metadata is ${is}; expected ${shall}.`)];
}

const sortedText = (object: object): string =>
  JSON.stringify(Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1))));

/** A cell of an exercise: there, of the right kind, with the right metadata. */
function find(
  cells: readonly Cell[], id: string, type: Cell['cell_type'], metadata: Partial<NbgraderMetadata>,
): { cell?: Cell; findings: string[] } {
  const cell = cells.find((each) => each.id === id);
  if (!cell) return { findings: [inCell(id, `it is not there; expected a ${type} cell with that id.`)] };
  const wrongType = cell.cell_type === type ? [] : [inCell(id, `it is a ${cell.cell_type} cell; expected ${type}.`)];
  return { cell, findings: [...wrongType, ...wrongMetadata(cell, metadata)] };
}

function textFindings(exercise: Exercise, source: Source, cells: readonly Cell[]): string[] {
  const { id, points } = exercise;
  const answer = find(cells, gradeIdOf(id), 'markdown', { grade: true, solution: true, points });
  return [...taskFindings(exercise, source, cells), ...answer.findings];
}

function taskFindings(exercise: Exercise, { name }: Source, cells: readonly Cell[]): string[] {
  const id = `${gradeIdOf(exercise.id)}-task`;
  const { cell, findings } = find(cells, id, 'markdown', { locked: true });
  if (!cell) return findings;
  const [heading, ...rest] = textOf(cell).split('\n');
  const line = rest.find((each) => each.trim() !== '') ?? '';
  const says = (what: string, is: string, shall: string): void => {
    if (is !== shall) findings.push(inCell(id, `${what} is "${is}"; its definition says "${shall}".`));
  };
  says('its heading', heading, `## ${exercise.id} · ${exercise.title}`);
  says('the line below its heading', line, factsLine(exercise, name));
  if (!oneSpace(rest.join('\n')).includes(oneSpace(exercise.goal))) {
    findings.push(inCell(id, `the goal is missing: "${exercise.goal}"`));
  }
  return findings;
}

const oneSpace = (text: string): string => text.replace(/\s+/g, ' ');

function codeFindings(exercise: Exercise, source: Source, cells: readonly Cell[]): string[] {
  const id = gradeIdOf(exercise.id);
  const answer = find(cells, id, 'code', { solution: true });
  const check = find(cells, `${id}-check`, 'code', { grade: true, locked: true, points: exercise.points });
  const findings = [...taskFindings(exercise, source, cells), ...answer.findings, ...check.findings];
  if (answer.cell) {
    for (const finding of answerFindings(exercise, source, answer.cell)) findings.push(inCell(id, finding));
  }
  const call = `await check('${exercise.id}', ${exercise.answer});`;
  if (check.cell && textOf(check.cell).trim() !== call) {
    const text = JSON.stringify(textOf(check.cell));
    findings.push(inCell(`${id}-check`, `it is ${text}; expected ${JSON.stringify(call)}.`));
  }
  const at = (suffix: string): number => cells.findIndex((cell) => cell.id === id + suffix);
  const places = [at('-task'), at(''), at('-check')];
  if (!places.includes(-1) && (places[1] <= places[0] || places[2] !== places[1] + 1)) {
    const order = 'the task, the answer and the check in this order, the check just below the answer';
    findings.push(inCell(id, `expected ${order}.`));
  }
  return findings;
}

function* answerFindings(exercise: Exercise, { exercises }: Source, cell: Cell): Generator<string> {
  const source = textOf(cell);
  if (!withoutSolution(source)) yield 'expected one line "// BEGIN SOLUTION" and, below it, one "// END SOLUTION".';
  const { names, imports } = foreignNames(source);
  const isNamed = new RegExp(`\\b${exercise.answer}\\b`).test(source);
  if (names.has(exercise.answer) || !isNamed) yield `it does not declare ${exercise.answer}.`;
  // A trained model is handed in as data: its cell need not run alone.
  if (exercise.kind === 'trained') return;
  if (imports) yield 'it imports: when it is marked it runs alone, with tf and nothing else.';
  for (const other of exercises.filter((each) => each.id !== exercise.id && names.has(each.answer))) {
    yield `it uses ${other.answer}, the answer of ${other.id}: when it is marked it runs alone.`;
  }
}

/** All texts of a definition with where they stand: `criteria[0].name`. */
function textsIn(value: unknown, place = ''): [string, string][] {
  if (typeof value === 'string') return [[place, value]];
  if (typeof value !== 'object' || value === null) return [];
  const inside = (key: string): string => (Array.isArray(value) ? `${place}[${key}]` : place ? `${place}.${key}` : key);
  return Object.entries(value).flatMap(([key, each]) => textsIn(each, inside(key)));
}
