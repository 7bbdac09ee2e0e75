import { givenOf, VARIANTS, type Exercise } from '@course/lib/exercises';
import { INVISIBLE, readingsOf } from './disguises';
import { secretsOf, type Secrets } from './secrets';
import { gradeIdOf, STUB, textOf, withoutSolution, type Cell, type Source } from './sources';

/** A file in the form in which learners would get it. */
export interface ReleasedFile {
  /** Inside exercises/. */
  readonly path: string;
  readonly text: string;
  /** What no file for learners is. */
  readonly kind?: 'link' | 'program';
}

/**
 * Where files for learners hold what only instructors may have: solutions, wrong answers, hidden cases, answers to
 * numbers and choices, rubrics; in plain text or in disguise; and everything that has no business there, because it may
 * carry any of these.
 *
 * @param files all files of exercises/: the learner's versions of these lessons, and the others
 * @returns a sentence for each leak, which begins with its place
 */
export async function findLeaks(sources: readonly Source[], files: readonly ReleasedFile[]): Promise<string[]> {
  const secrets = await secretsOf(sources);
  const leaks = files.flatMap((file) =>
    [...leaksOfFile(file, sources, secrets)].map((leak) => `exercises/${file.path}${leak}`),
  );
  return [...new Set(leaks)];
}

function* leaksOfFile(file: ReleasedFile, sources: readonly Source[], secrets: Secrets): Generator<string> {
  const { path, text, kind } = file;
  if (kind === 'link') yield ': it is a link, which may lead to solutions/.';
  if (kind === 'program') yield ': it may be run as a program, which no file for learners is.';
  const notebook = sources.find(({ name }) => path === `${name}.ipynb`);
  const checks = sources.find(({ name }) => path === `checks/${name}.json`);
  if (notebook) {
    yield* leaksOfNotebook(text, notebook, secrets);
  } else if (checks) {
    yield* leaksOfChecks(text, checks, secrets);
  } else {
    // What JupyterLab keeps of a notebook that was opened here; git ignores it, but a copy of the folder does not.
    if (path !== 'README.md' && !path.includes('.ipynb_checkpoints/'))
      yield ': it is none of the files that learners get.';
    yield* leaksOfText(path.endsWith('.ipynb') || path.endsWith('.json') ? stringsOf(text) : text, secrets);
  }
}

// ---- Any text

function* leaksOfText(text: string, secrets: Secrets): Generator<string> {
  for (const { how, text: reading } of readingsOf(text)) {
    for (const { whose, excerpt } of secrets.in(reading))
      yield `${how && `, read ${how}`}: it holds a part of ${whose}: ${shown(excerpt)}`;
    if (/"earns"\s*:/.test(reading) && how !== '') yield `, read ${how}: it holds the verdict on an answer.`;
  }
}

const shown = (text: string): string => `"${text.length > 70 ? `${text.slice(0, 67)}...` : text}"`;

/** What a text for people cannot need, and what can hide something. */
function* leaksOfCellText(text: string): Generator<string> {
  const hidden = text.match(INVISIBLE)?.[0] ?? /[\0-\x08\x0b-\x1f\x7f]/.exec(text)?.[0];
  if (hidden !== undefined)
    yield `: it has an invisible character, U+${hidden.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}.`;
  const rules: [RegExp, string][] = [
    [/<!--/, 'a comment of HTML, which is not shown'],
    [/^ {0,3}\[[^\]]*\]: ?\S/m, 'a definition of a link, which is not shown'],
    [
      /(display|visibility|opacity|font-size|color)\s*:\s*(none|hidden|0|white|transparent|#fff)|\bhidden\b[^<]*>/i,
      'HTML that hides what is in it',
    ],
    [/(BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)/, "a mark of nbgrader's for what learners do not get"],
    [/[ \t]{3,}$/m, 'blanks at the end of a line'],
    [/\]\(attachment:|\]\(data:|src\s*=\s*["']?data:/i, 'a picture that is in the notebook itself'],
  ];
  for (const [pattern, what] of rules) {
    const found = pattern.exec(text);
    if (found) yield `: it has ${what}: ${shown(found[0].trim())}.`;
  }
}

// ---- Notebooks

interface SavedCell extends Cell {
  readonly execution_count?: unknown;
  readonly outputs?: readonly unknown[];
  readonly attachments?: unknown;
}

interface SavedNotebook {
  readonly cells: readonly SavedCell[];
  readonly metadata: Record<string, unknown>;
}

const NOTEBOOK_KEYS = ['cells', 'metadata', 'nbformat', 'nbformat_minor'];
const NOTEBOOK_METADATA = ['kernelspec', 'language_info'];
const CELL_KEYS = ['cell_type', 'execution_count', 'id', 'metadata', 'outputs', 'source'];
const CELL_METADATA = ['deletable', 'editable', 'nbgrader'];
const NBGRADER_KEYS = [
  'cell_type',
  'checksum',
  'grade',
  'grade_id',
  'locked',
  'points',
  'schema_version',
  'solution',
  'task',
];
/** What nbgrader copies from the source. */
const NBGRADER_FROM_SOURCE = ['grade', 'grade_id', 'locked', 'points', 'schema_version', 'solution', 'task'] as const;

function* leaksOfNotebook(text: string, source: Source, secrets: Secrets): Generator<string> {
  const notebook = JSON.parse(text) as SavedNotebook;
  yield* strangers(notebook, NOTEBOOK_KEYS, ': the notebook');
  yield* strangers(notebook.metadata, NOTEBOOK_METADATA, ': the metadata of the notebook');
  for (const [key, value] of Object.entries(notebook.metadata)) {
    yield* strangers(
      value,
      ['display_name', 'language', 'name', 'file_extension', 'mimetype', 'version'],
      `: the notebook's ${key}`,
    );
  }
  const sourceCells = source.cells ?? [];
  for (const cell of notebook.cells) {
    const place = `, cell ${cell.id}`;
    const original = sourceCells.find(({ id }) => id === cell.id);
    const leaks = [...leaksOfCell(cell, original, source, secrets)];
    for (const leak of leaks) yield place + leak;
    if (!original) yield `${place}: the source has no such cell.`;
    // What leaks differs from what it should be anyway.
    else if (leaks.length === 0 && textOf(cell) !== releasedText(original))
      yield `${place}: ${changedLine(textOf(cell), releasedText(original))}`;
  }
  // A solution may be dealt out to several cells.
  const all = notebook.cells.map(textOf);
  if (all.every((each) => secrets.in(each).next().done)) yield* leaksOfText(all.join('\n'), secrets);
}

function* leaksOfCell(
  cell: SavedCell,
  original: Cell | undefined,
  { exercises }: Source,
  secrets: Secrets,
): Generator<string> {
  const text = textOf(cell);
  yield* strangers(cell, CELL_KEYS, ': the cell');
  yield* strangers(cell.metadata, CELL_METADATA, ': its metadata');
  const { nbgrader } = cell.metadata;
  if (nbgrader) {
    yield* strangers(nbgrader, NBGRADER_KEYS, ": nbgrader's metadata");
    for (const key of NBGRADER_FROM_SOURCE) {
      if (nbgrader[key] !== original?.metadata.nbgrader?.[key])
        yield `: nbgrader's ${key} is ${JSON.stringify(nbgrader[key])}, not as in the source.`;
    }
  }
  if (cell.cell_type !== 'code' && cell.cell_type !== 'markdown')
    yield `: it is of the type ${cell.cell_type}, which no exercise needs.`;
  if (cell.execution_count != null) yield ': it has a number of its execution.';
  if ((cell.outputs?.length ?? 0) > 0) yield ': it has outputs.';
  yield* leaksOfCellText(text);
  yield* leaksOfText(text, secrets);
  const exercise = exercises.find(({ id }) =>
    [gradeIdOf(id), `${gradeIdOf(id)}-task`, `${gradeIdOf(id)}-check`].includes(cell.id),
  );
  if (exercise) yield* toldAnswers(text, exercise);
}

/** What stands in the place of a model answer; nbgrader/nbgrader_config.py says the same. */
const TEXT_STUB = 'Your answer here.';

/** A source's cell as nbgrader should give it out. */
function releasedText(cell: Cell): string {
  const text = textOf(cell);
  if (!cell.metadata.nbgrader?.solution) return text.trimEnd();
  return withoutSolution(text)?.stub ?? (cell.cell_type === 'code' ? STUB : TEXT_STUB);
}

function changedLine(actual: string, expected: string): string {
  const [is, should] = [actual.split('\n'), expected.split('\n')];
  const line = is.findIndex((each, i) => each !== should[i]);
  if (line < 0) return 'lines of the source are missing.';
  return `line ${line + 1} is not as in the source without its solution: ${shown(is[line])}.`;
}

/** An answer that the text itself gives away: a number, a choice. */
function* toldAnswers(text: string, exercise: Exercise): Generator<string> {
  if (exercise.kind === 'number') {
    const numbers = new Set((text.replace(/(?<=\d)[,_  ](?=\d{3})/g, '').match(/\d+(?:\.\d+)?/g) ?? []).map(Number));
    // A small number stands in many a sentence.
    for (const answer of answersOf(exercise)) {
      if (Number(answer) > 99 && numbers.has(Number(answer)))
        yield `: it says ${answer}, the answer of ${exercise.id}.`;
    }
  }
  if (exercise.kind === 'choice') {
    const words = `answer|solution|correct|right|${exercise.answer}`;
    const told = new RegExp(`\\b(${words})\\b[^.\\n]{0,20}?\\W["'(*_]*${exercise.solution}\\b`, 'i').exec(text);
    if (told) yield `: it says ${shown(told[0])}, the answer of ${exercise.id}.`;
  }
}

/** The right answers, one for each variant. */
function answersOf(exercise: Extract<Exercise, { kind: 'number' }>): string[] {
  const variants = Array.from({ length: exercise.given ? VARIANTS : 1 }, (_, variant) => givenOf(exercise, variant));
  return variants.map((given) => exercise.solution(given).toFixed(exercise.decimals ?? 0));
}

/** Names in an object that learners do not need. */
function* strangers(object: unknown, known: readonly string[], what: string): Generator<string> {
  if (typeof object !== 'object' || object === null) return;
  for (const key of Object.keys(object))
    if (!known.includes(key)) yield `${what} has "${key}", which learners do not need.`;
}

// ---- Checks files

type Form = true | readonly [Form] | { readonly [key: string]: Form };

const FACTS = {
  id: true,
  kind: true,
  title: true,
  goal: true,
  points: true,
  difficulty: true,
  minutes: true,
  section: true,
  answer: true,
  version: true,
} as const;
const REQUIREMENTS: Form = [
  {
    name: true,
    points: true,
    hint: true,
    inputShape: true,
    outputShape: true,
    parameters: true,
    trainableParameters: true,
    multiplyAdds: true,
    layers: true,
    order: true,
    compiled: true,
  },
];
const HIDDEN: Form = { criteria: true, points: true };
const SEALED: Form = { salt: true, locked: true };

/** All that a checks file may hold of an exercise. */
const FORMS: Record<Exercise['kind'], Form> = {
  function: {
    ...FACTS,
    tolerance: true,
    tensors: true,
    tidy: true,
    hidden: HIDDEN,
    criteria: [{ name: true, points: true, cases: [{ inputs: true, expected: true }] }],
    mistakes: [
      {
        hint: true,
        observations: [
          { outcome: true, value: true, error: { name: true, message: true }, changed: true, leaked: true },
        ],
      },
    ],
  },
  model: { ...FACTS, requirements: REQUIREMENTS, hidden: HIDDEN },
  trained: {
    ...FACTS,
    requirements: REQUIREMENTS,
    hidden: HIDDEN,
    levels: [{ accuracy: true, points: true, hint: true }],
    pictures: { dataset: true, shape: true, scale: true },
  },
  number: { ...FACTS, unit: true, decimals: true, variants: [{ given: true, verdicts: SEALED }] },
  choice: { ...FACTS, options: true, verdicts: SEALED },
  text: FACTS,
};

interface SavedExercise extends Record<string, unknown> {
  readonly id: string;
  readonly kind: Exercise['kind'];
}

function* leaksOfChecks(text: string, source: Source, secrets: Secrets): Generator<string> {
  const checks = JSON.parse(text) as { exercises: SavedExercise[] };
  yield* misfits(checks, { lesson: true, exercises: true, cells: [{ id: true, checksum: true, locked: true }] }, '');
  for (const saved of checks.exercises) {
    const place = `, ${saved.id}`;
    const exercise = source.exercises.find(({ id }) => id === saved.id);
    if (!exercise) {
      yield `${place}: the lesson has no such exercise.`;
      continue;
    }
    for (const leak of misfits(saved, FORMS[exercise.kind], '')) yield place + leak;
    for (const leak of leaksOfSaved(saved, exercise)) yield place + leak;
    for (const leak of leaksOfText(JSON.stringify(saved), secrets)) yield place + leak;
  }
}

function* misfits(value: unknown, form: Form, path: string): Generator<string> {
  if (form === true || typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    const [each] = form as readonly [Form];
    for (const [i, element] of value.entries()) yield* misfits(element, each, `${path}[${i}]`);
    return;
  }
  const known = form as { readonly [key: string]: Form };
  for (const [key, element] of Object.entries(value)) {
    const inside = path === '' ? key : `${path}.${key}`;
    if (!Object.hasOwn(known, key)) yield `: it has "${inside}", which learners do not need.`;
    else yield* misfits(element, known[key], inside);
  }
}

function* leaksOfSaved(saved: SavedExercise, exercise: Exercise): Generator<string> {
  const parts =
    exercise.kind === 'function'
      ? exercise.criteria
      : exercise.kind === 'model' || exercise.kind === 'trained'
        ? exercise.requirements
        : [];
  const open = new Set(parts.filter(({ hidden }) => !hidden).map(({ name }) => name));
  const strings = new Set(scalarsIn(saved));
  for (const part of parts.filter(({ hidden }) => hidden)) {
    if (!open.has(part.name) && strings.has(part.name)) yield `: it names the hidden "${part.name}".`;
    if ('hint' in part && strings.has(part.hint)) yield `: it has the hint of the hidden "${part.name}".`;
  }
  const count = Array.isArray(saved.criteria)
    ? saved.criteria.length
    : Array.isArray(saved.requirements)
      ? saved.requirements.length
      : 0;
  if (count > open.size) yield `: it has ${count} criteria or requirements; only ${open.size} are public.`;
  if (exercise.kind !== 'number' && exercise.kind !== 'choice') return;
  // Its own facts are no answers; `given` is shown to everybody.
  const {
    id,
    kind,
    title,
    goal,
    points,
    difficulty,
    minutes,
    section,
    answer,
    version,
    unit,
    decimals,
    options,
    ...rest
  } = saved;
  const answers = exercise.kind === 'number' ? answersOf(exercise) : [exercise.solution];
  const given = new Set(
    (rest.variants as { given: object }[] | undefined)?.flatMap((variant) => Object.values(variant.given).map(String)),
  );
  for (const value of scalarsIn(rest)) {
    if (answers.includes(value) && !given.has(value)) yield `: it says ${value}, the answer.`;
  }
}

/** The strings and numbers in data. */
function scalarsIn(data: unknown): string[] {
  if (typeof data === 'string' || typeof data === 'number') return [String(data)];
  return typeof data === 'object' && data !== null ? Object.values(data).flatMap(scalarsIn) : [];
}

/** All strings of a JSON file; the text itself if it is none. */
function stringsOf(text: string): string {
  try {
    return scalarsIn(JSON.parse(text)).join('\n');
  } catch {
    return text;
  }
}
