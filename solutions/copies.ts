import type { Lesson } from './definitions';
import { findLeaks } from './leaks';
import { gradeIdOf, readSources, textOf, withoutSolution, type Source } from './sources';

/** A file of a copy of the course that is given to learners. */
export interface CopiedFile {
  /** Inside the course's folder. */
  readonly path: string;
  readonly text: string;
}

/** What learners do not get: the sources of the exercises, and tests that hold answers to them. */
export const LEFT_OUT = [
  'solutions', 'test/solutions', 'test/browser/exercises.test.ts', 'grader', 'deploy', 'test/grader', 'test/attacks',
  'test/browser/grading.test.ts', 'test/support/grader.ts', 'test/support/marked.ts',
  'test/support/forging-worker.cjs', 'test/support/queue-marks.cjs', 'test/support/queue-producer.cjs', 'test/support/queue-worker.cjs',
  'test/support/redis.ts',
];

const isLeftOut = (path: string): boolean => LEFT_OUT.some((left) => path === left || path.startsWith(`${left}/`));

/** Tokens of a solution below which it may stand anywhere by chance. */
const SHORTEST = 20;

/**
 * Where a copy of the course holds what only instructors may have: in exercises/ whatever `findLeaks` finds; in all other
 * files, which are full of code and words like those of solutions, a whole solution, model answer or line of a rubric.
 *
 * @param root of the course, with solutions/
 * @returns a sentence for each leak, which begins with its place
 */
export async function leaksOfCopy(
  root: string, lessons: readonly Lesson[], files: readonly CopiedFile[],
): Promise<string[]> {
  const sources = readSources(root, lessons);
  const whole = sources.flatMap(wholeAnswers);
  const exercises = files.filter(isOfExercises)
    .map(({ path, text }) => ({ path: path.slice('exercises/'.length), text }));
  return [
    ...await findLeaks(sources, exercises),
    ...files.filter((file) => !isOfExercises(file)).flatMap(({ path, text }) => {
      const tokens = tokensOf(path.endsWith('.ipynb') ? text.replaceAll('\\n', '\n').replaceAll('\\"', '"') : text);
      return [
        ...(isLeftOut(path) ? [`${path}: learners do not get it.`] : []),
        ...whole.filter((answer) => tokens.includes(answer.tokens)).map(({ whose }) => `${path}: it holds ${whose}.`),
      ];
    }),
  ];
}

const isOfExercises = ({ path }: CopiedFile): boolean => path.startsWith('exercises/');

interface Answer {
  readonly whose: string;
  /** With a blank before and behind each. */
  readonly tokens: string;
}

function wholeAnswers({ cells = [], exercises }: Source): Answer[] {
  const answers = exercises.flatMap((exercise) => {
    const cell = cells.find(({ id }) => id === gradeIdOf(exercise.id));
    const text = cell ? textOf(cell) : '';
    if (exercise.kind !== 'text') {
      return [{ whose: `the solution of ${exercise.id}`, text: withoutSolution(text)?.solution ?? '' }];
    }
    return [
      { whose: `the model answer of ${exercise.id}`, text },
      ...exercise.rubric.map(({ looksFor }) => ({ whose: `the rubric of ${exercise.id}`, text: looksFor })),
    ];
  });
  return answers.map(({ whose, text }) => ({ whose, tokens: tokensOf(text) }))
    .filter(({ tokens }) => tokens.split(' ').length > SHORTEST);
}

const TOKENS = /[\p{L}_$][\p{L}\p{N}_$]*|\d[\w.]*|[^\s'"`;,]/gu;

const tokensOf = (text: string): string => ` ${(text.match(TOKENS) ?? []).join(' ')} `;
