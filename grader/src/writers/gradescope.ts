import type { MarkedCriterion, MarkedExercise, Result } from '../mark/result';
import { pointsOf, readable } from './page';

/** A line of Gradescope's list of tests. https://gradescope-autograders.readthedocs.io/en/latest/specs/ */
export interface GradescopeTest {
  readonly number: string;
  readonly name: string;
  readonly score: number;
  readonly max_score: number;
  readonly status: 'passed' | 'failed';
  readonly output: string;
  readonly output_format: 'text';
  readonly name_format: 'text';
  readonly visibility: 'visible' | 'after_published';
}

export interface GradescopeResults {
  /** Only where there are no tests to sum up. */
  readonly score?: number;
  readonly execution_time?: number;
  readonly output: string;
  readonly output_format: 'text';
  readonly visibility: 'visible';
  readonly stdout_visibility: 'hidden';
  readonly tests: readonly GradescopeTest[];
}

/** Characters of what one test says. */
const LONGEST_OUTPUT = 5000;

/**
 * A result as Gradescope's `results.json`: a test for each exercise, and one for its hidden cases, which learners see when the marks are
 * published. Texts are none of its tests: Gradescope has questions of its own for what is marked by hand.
 *
 * @param seconds how long marking took
 */
export function gradescopeResults(result: Result, seconds?: number): GradescopeResults {
  const { exercises, findings, manualPoints } = result;
  const tests = exercises.filter(({ outcome }) => outcome !== 'manual').flatMap(testsOf);
  const notes = [
    ...(manualPoints > 0 ? [`${pointsOf(manualPoints)} more points are given by hand.`] : []),
    ...findings.map(({ sentence }) => sentence),
  ];
  return {
    ...(tests.length === 0 && { score: 0 }),
    ...(seconds !== undefined && { execution_time: seconds }),
    output: readable(notes.join('\n'), LONGEST_OUTPUT), output_format: 'text', visibility: 'visible', stdout_visibility: 'hidden', tests,
  };
}

/** What could not be marked: no points, and the reason. */
export const gradescopeFailure = (reason: string): GradescopeResults => ({
  score: 0, output: readable(reason, LONGEST_OUTPUT), output_format: 'text', visibility: 'visible', stdout_visibility: 'hidden', tests: [],
});

function testsOf(exercise: MarkedExercise): GradescopeTest[] {
  const { id, title, points, earned, criteria, message, hint, printed } = exercise;
  const hidden = criteria.filter((criterion) => criterion.hidden);
  const sum = (of: 'points' | 'earned'): number => hidden.reduce((total, criterion) => total + criterion[of], 0);
  const open = criteria.filter((criterion) => !criterion.hidden);
  // Then the message is about hidden cases, and waits with them.
  const isAboutHidden = open.length > 0 && hidden.length > 0 && open.every((criterion) => criterion.earned >= criterion.points);
  const shown = [
    isAboutHidden ? 'What the check shows is right.' : message,
    ...open.map(lineOf),
    ...(hint === undefined ? [] : [`Hint: ${hint}`]),
    ...(printed === undefined ? [] : [`It has printed:\n${printed}`]),
  ].join('\n');
  const test = (number: string, name: string, score: number, most: number, output: string, visibility: GradescopeTest['visibility']): GradescopeTest => ({
    number, name: readable(name, 200), score, max_score: most, status: score >= most ? 'passed' : 'failed',
    output: readable(output, LONGEST_OUTPUT), output_format: 'text', name_format: 'text', visibility,
  });
  return [
    test(id, title, earned - sum('earned'), points - sum('points'), shown, 'visible'),
    ...(hidden.length === 0 ? [] : [test(`${id}.hidden`, `${title}: hidden cases`, sum('earned'), sum('points'),
      [...(isAboutHidden ? [message] : []), ...hidden.map(lineOf)].join('\n'), 'after_published')]),
  ];
}

const lineOf = ({ name, points, earned, note }: MarkedCriterion): string =>
  `${earned >= points ? '✓' : '✗'} ${name}: ${pointsOf(earned)} of ${pointsOf(points)}${note === undefined ? '' : `; ${note}`}`;
