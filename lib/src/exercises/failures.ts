import type { Difference, Observation } from './judgement';
import type { Plain } from './values';
import { difference } from './compare';

/** Why a case failed. */
export interface Failure {
  readonly sentence: string;
  /** What helps on where nothing more is known. */
  readonly hint: string;
  readonly difference?: Difference;
}

const HINTS: Readonly<Record<Difference['kind'], string>> = {
  missing: 'Does each way through the function end with return?',
  type: 'Compare what the task says the function returns with what yours returns.',
  shape: 'Look at the shape before the numbers: what goes in, and what should come out?',
  dtype: 'Look at the dtype with which the result is made.',
  nan:
    'NaN comes from 0 / 0, from the logarithm of a negative number, from sums with undefined, such as a place behind ' +
    'the end of a list. Which one is it?',
  values: 'Do the smallest case by hand, with pencil and paper, and print what the function computes on the way.',
};

/**
 * Why what was observed is not what is expected; undefined if it is.
 *
 * @param timeLimit milliseconds, for the sentence
 */
export function failureOf(
  observation: Observation,
  expected: Plain,
  { tolerance, tidy, timeLimit }: { tolerance?: number; tidy?: boolean; timeLimit: number },
): Failure | undefined {
  const { outcome, value, error, changed, leaked } = observation;
  if (outcome === 'timeout') {
    return {
      sentence: `it did not end within ${timeLimit / 1000} s`,
      hint: 'Look at the loops: does what each of them waits for ever happen? Follow one for the smallest input.',
    };
  }
  if (error) {
    const { name, message, where } = error;
    if (name === 'Unreadable') return { sentence: `what it returned cannot be compared: ${message}`, hint: HINTS.type };
    return {
      sentence: `${name === 'Thrown' ? '' : `${name}: `}${message}${where ? ` (${where})` : ''}`,
      hint: OF_UNDEFINED.test(message) ? NOT_THERE : 'The message says what went wrong. Print the values in the line before it.',
    };
  }
  const found = difference(value, expected, tolerance);
  if (found) {
    return {
      sentence: found.sentence,
      hint: found.kind === 'missing' && found.path ? NEVER_SET : HINTS[found.kind],
      difference: found,
    };
  }
  if (changed.length > 0) {
    return {
      sentence: `the result is right, but the function changes its ${changed.map(ordinal).join(' and ')} argument`,
      hint: 'The caller still needs its arguments as they were: work on a copy, and dispose only what you have made.',
    };
  }
  if (tidy && leaked > 0) {
    return {
      sentence: `the result is right, but ${leaked === 1 ? 'a tensor stays' : `${leaked} tensors stay`} in memory`,
      hint: 'Each tensor that is made and not returned has to be disposed: tf.tidy(() => ...) does it.',
    };
  }
  return undefined;
}

/** As V8 says it. */
const OF_UNDEFINED = /^Cannot (read|set) properties of undefined/;
const NOT_THERE =
  'What stands before that name or index is undefined. Often it was taken from a list at a place that is not there, ' +
  'below 0 or behind the end. Print the indices.';

const NEVER_SET = 'Something in the result was never given a value: do the loops reach all of it?';

const ordinal = (i: number): string => ['first', 'second', 'third', 'fourth', 'fifth'][i] ?? `${i + 1}th`;
