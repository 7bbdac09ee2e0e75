import type { Exercise } from './definition';
import type { Plain } from './values';

/** What a call of a learner's function came to; all of it plain data. */
export interface Observation {
  readonly outcome: 'value' | 'error' | 'timeout';
  /** What it returned. */
  readonly value?: Plain;
  /** What it threw, or why what it returned cannot be read. */
  readonly error?: ObservedError;
  /** The arguments that it changed or disposed, counted from 0. */
  readonly changed: readonly number[];
  /** How many tensors it made that it neither returned nor disposed. */
  readonly leaked: number;
}

export interface ObservedError {
  /** `'TypeError'`; `'Unreadable'` where the function returned what is no data. */
  readonly name: string;
  readonly message: string;
  /** `'Cell [3], line 7'`, where the kernel knows it. */
  readonly where?: string;
}

/** One number that differs. */
export interface DifferingNumber {
  /** Row, column, ...; empty for a number that stands alone. */
  readonly index: readonly number[];
  readonly expected: number;
  readonly actual: number;
}

/** In what a value is not the expected one: the first thing that a learner should look at. */
export interface Difference {
  readonly kind: 'missing' | 'type' | 'shape' | 'dtype' | 'nan' | 'values';
  /** The whole of it in words. */
  readonly sentence: string;
  /** Where in an object or a list the difference is: `accuracy`, `[2].shape`; absent where the whole value differs. */
  readonly path?: string;
  /** With kinds `nan` and `values`, of numbers: the first one and the one that is furthest away. */
  readonly first?: DifferingNumber;
  readonly largest?: DifferingNumber;
  /** The places that differ, counted row by row from 0 in the array at `path`; so many that a table can mark them. */
  readonly places?: readonly number[];
}

/** What became of one case. */
export interface CaseResult {
  readonly inputs: readonly Plain[];
  readonly expected: Plain;
  readonly observation: Observation;
  readonly passed: boolean;
  /** Of a case that failed: why, as a sentence. */
  readonly failure?: string;
  /** Of a case that failed because of the value: in what it differs. */
  readonly difference?: Difference;
}

/** What became of a criterion, a requirement or a level: earned whole or not at all. */
export interface CriterionResult {
  readonly name: string;
  readonly points: number;
  readonly earned: number;
  /** Of a function. */
  readonly cases: readonly CaseResult[];
  /** Of all other kinds: what was found and what is expected. */
  readonly note?: string;
}

/** What `check` found. */
export interface Judgement {
  readonly id: string;
  readonly title: string;
  readonly kind: Exercise['kind'];
  /** The points of the criteria that were tried and met. */
  readonly earned: number;
  /** The points of the criteria that were tried. */
  readonly tried: number;
  /** The points of the whole exercise; what is not tried here is decided by hidden criteria, or by hand. */
  readonly points: number;
  /** Whether something was tried and all of it was right. */
  readonly passed: boolean;
  readonly criteria: readonly CriterionResult[];
  /**
   * What helps on: of the mistake that was recognised, of the requirement that is not met, or of the kind of failure.
   */
  readonly hint?: string;
  /** Why the answer could not be tried at all: what came and what is expected. */
  readonly trouble?: string;
}
