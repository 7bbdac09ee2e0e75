import { casesOf, type Exercise } from '@course/lib/exercises';
import { gradeIdOf, textOf, withoutSolution, type Source } from './sources';

/**
 * What learners must not read, in forms in which it is found again after it was reformatted, renamed or cut into
 * pieces: runs of tokens of code, runs of words of prose, runs of numbers.
 */
export class Secrets {
  private readonly runs: Record<Form, Map<string, string>> = {
    code: new Map(),
    renamed: new Map(),
    words: new Map(),
    numbers: new Map(),
  };
  /** What is given to learners on purpose: no run of it is a secret. */
  private readonly given: Record<Form, Set<string>> = {
    code: new Set(),
    renamed: new Set(),
    words: new Set(),
    numbers: new Set(),
  };
  /** Lines and answers that are shorter than a run. */
  private readonly lines = new Map<string, string>();

  /** Keeps code: `whose` is told with a finding. */
  addCode(code: string, whose: string): void {
    for (const comment of code.matchAll(/\/\/(.*)$|\/\*([\s\S]*?)\*\//gm))
      this.add('words', wordsOf(comment[1] ?? comment[2]), whose);
    const bare = code.replace(/\/\/.*$|\/\*[\s\S]*?\*\//gm, '');
    const tokens = tokensOf(bare);
    for (const form of ['code', 'renamed'] as const) this.add(form, tokens, whose);
    const lines = bare.split('\n').map(tokensOf);
    for (const line of [...lines, ...(tokens.length < RUN.code ? [tokens] : [])]) {
      if (isTelling(line)) this.lines.set(line.join(' '), whose);
    }
  }

  addProse(text: string, whose: string): void {
    this.add('words', wordsOf(text), whose);
  }

  /** Keeps numbers: a picture, the arguments of a call. */
  addNumbers(numbers: readonly number[], whose: string): void {
    this.add('numbers', numbers.map(String), whose);
  }

  /** Code that learners get: `Secrets` shares some of it with each solution. */
  addGiven(code: string): void {
    const tokens = tokensOf(code);
    for (const form of ['code', 'renamed'] as const)
      for (const { key } of runsOf(form, tokens)) this.given[form].add(key);
    for (const line of code.split('\n')) this.lines.delete(tokensOf(line).join(' '));
  }

  addGivenNumbers(numbers: readonly number[]): void {
    for (const { key } of runsOf('numbers', numbers.map(String))) this.given.numbers.add(key);
  }

  /** What a text holds of them: whose, and the place in the text's own words. */
  *in(text: string): Generator<{ whose: string; excerpt: string }> {
    const tokens = tokensOf(text);
    const seen = new Set<string>();
    const parts: Record<Form, string[]> = {
      code: tokens,
      renamed: tokens,
      words: wordsOf(text),
      numbers: numbersOf(text),
    };
    for (const form of ['code', 'words', 'numbers', 'renamed'] as const) {
      for (const { key, parts: run } of runsOf(form, parts[form])) {
        const whose = this.given[form].has(key) ? undefined : this.runs[form].get(key);
        if (whose === undefined || seen.has(whose)) continue;
        seen.add(whose);
        yield { whose, excerpt: run.join(' ') };
      }
    }
    const joined = ` ${tokens.join(' ')} `;
    for (const [line, whose] of this.lines) {
      if (seen.has(whose) || !joined.includes(` ${line} `)) continue;
      seen.add(whose);
      yield { whose, excerpt: line };
    }
  }

  private add(form: Form, parts: string[], whose: string): void {
    for (const { key } of runsOf(form, parts)) if (!this.runs[form].has(key)) this.runs[form].set(key, whose);
  }
}

type Form = 'code' | 'renamed' | 'words' | 'numbers';

/** How long a run has to be to be no chance. */
const RUN: Record<Form, number> = { code: 12, renamed: 24, words: 7, numbers: 5 };

/** The fewest tokens of a line that says something; a heading of a loop or a single call does not. */
const TELLING = 8;

const isTelling = (line: readonly string[]): boolean =>
  line.length >= TELLING && !['for', 'if', 'while', 'function', 'return', '}'].includes(line[0]);

/** Digits come in some order in many a list; of other numbers two are no chance. */
const areTelling = (run: readonly string[]): boolean =>
  run.filter((number) => !/^-?(\d|10)$/.test(number)).length >= 2 && new Set(run).size >= 4;

function* runsOf(form: Form, parts: readonly string[]): Generator<{ key: string; parts: readonly string[] }> {
  const length = RUN[form];
  for (let start = 0; start + length <= parts.length; start += 1) {
    const run = parts.slice(start, start + length);
    if (form === 'numbers' && !areTelling(run)) continue;
    yield { key: (form === 'renamed' ? withoutNames(run) : run).join(' '), parts: run };
  }
}

/** Names that no learner chooses. */
const FIXED = new Set(
  (
    'const let var function return for of in if else while do break continue new typeof true false null undefined ' +
    'await async number string boolean Math Array Number Object JSON Map Set Infinity NaN Float32Array Uint8Array tf'
  ).split(' '),
);

/** Names numbered in the order in which they come; names of properties stay. */
function withoutNames(run: readonly string[]): string[] {
  const numbers = new Map<string, number>();
  return run.map((token, i) => {
    if (!/^[A-Za-z_$]/.test(token) || FIXED.has(token) || run[i - 1] === '.') return token;
    if (!numbers.has(token)) numbers.set(token, numbers.size);
    return `name ${numbers.get(token)}`;
  });
}

/** Quotes, semicolons and the marks of comments tell nothing: they change with each formatter. */
const tokensOf = (text: string): string[] => text.match(/[A-Za-z_$][\w$]*|\d[\w.]*|=>|(?!\/[/*]|\*\/)[^\s'"`;]/g) ?? [];

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

const numbersOf = (text: string): string[] =>
  (text.match(/-?\d+(?:\.\d+)?(?:e[-+]?\d+)?/g) ?? []).map((number) => String(Number(number)));

/** The numbers in data, in their order. */
function numbersIn(data: unknown): number[] {
  if (typeof data === 'number') return [data];
  if (typeof data !== 'object' || data === null) return [];
  return Object.values(data).flatMap(numbersIn);
}

/** The secrets of lessons: of their notebooks' solutions and of their definitions. */
export async function secretsOf(sources: readonly Source[]): Promise<Secrets> {
  const secrets = new Secrets();
  for (const { cells = [], exercises } of sources) {
    for (const exercise of exercises) {
      const cell = cells.find(({ id }) => id === gradeIdOf(exercise.id));
      const text = cell ? textOf(cell) : '';
      if (exercise.kind === 'text') secrets.addProse(text, `the model answer of ${exercise.id}`);
      else secrets.addCode(withoutSolution(text)?.solution ?? text, `the solution of ${exercise.id}`);
      await addDefinition(secrets, exercise);
    }
  }
  // Last, because what is given in one exercise may be asked for in another.
  for (const { cells = [] } of sources) {
    for (const cell of cells.filter(({ cell_type: type }) => type === 'code')) {
      const text = textOf(cell);
      if (!cell.metadata.nbgrader?.solution) secrets.addGiven(text);
      else secrets.addGiven(withoutSolution(text)?.stub ?? '');
    }
  }
  return secrets;
}

async function addDefinition(secrets: Secrets, exercise: Exercise): Promise<void> {
  const { id, kind } = exercise;
  const solution = `the solution of ${id} in its definition`;
  if (kind === 'text') {
    for (const { looksFor } of exercise.rubric) secrets.addProse(looksFor, `the rubric of ${id}`);
    return;
  }
  if (kind === 'choice') return;
  if (kind !== 'trained') secrets.addCode(bodyOf(exercise.solution), solution);
  for (const { name, answer } of exercise.mistakes) secrets.addCode(bodyOf(answer), `the mistake "${name}" of ${id}`);
  if (kind !== 'function') return;
  for (const { inputs } of await casesOf(exercise, 'public')) secrets.addGivenNumbers(numbersIn(inputs));
  // Inputs that are drawn differ with the learner; those that are always the same must stay unknown.
  const [cases, others] = await Promise.all(
    ['one learner', 'another'].map((seed) => casesOf(exercise, 'hidden', seed)),
  );
  for (const [i, { criterion, inputs, expected }] of cases.entries()) {
    if (JSON.stringify(inputs) !== JSON.stringify(others[i]?.inputs)) continue;
    const whose = `the hidden case "${criterion}" of ${id}`;
    secrets.addNumbers(numbersIn(inputs), whose);
    secrets.addNumbers(numbersIn(expected), whose);
  }
}

/** A function's text from its body on: its head stands in the task. */
const bodyOf = (fn: unknown): string => String(fn).replace(/^(async\s+)?(function\s*\w*\s*)?\([^)]*\)\s*(=>)?/, '');
