import type {
  ChoiceExercise,
  ExerciseFacts,
  FunctionExercise,
  Level,
  NumberExercise,
  Requirement,
  TextExercise,
  TrainedExercise,
} from './definition';
import type { Observation } from './judgement';
import type { Plain } from './values';

/**
 * The public part of an exercise: what a learner's copy of the course holds of it, as plain data. No solution, no
 * hidden criterion, no rubric.
 */
export type PublicExercise = PublicFunction | PublicModel | PublicTrained | PublicNumber | PublicChoice | PublicText;

/** How much is decided by hidden criteria. */
export interface Hidden {
  readonly criteria: number;
  readonly points: number;
}

/** One call with what has to come of it. */
export interface PublicCase {
  readonly inputs: readonly Plain[];
  readonly expected: Plain;
}

export interface PublicCriterion {
  readonly name: string;
  readonly points: number;
  readonly cases: readonly PublicCase[];
}

/** A typical mistake: what it gives for each public case, in the order of the criteria and their cases. */
export interface PublicMistake {
  readonly hint: string;
  readonly observations: readonly Observation[];
}

export interface PublicFunction
  extends ExerciseFacts, Pick<FunctionExercise, 'kind' | 'tolerance' | 'tensors' | 'tidy'> {
  readonly criteria: readonly PublicCriterion[];
  readonly mistakes: readonly PublicMistake[];
  readonly hidden: Hidden;
}

export interface PublicModel extends ExerciseFacts {
  readonly kind: 'model';
  readonly requirements: readonly Requirement[];
  readonly hidden: Hidden;
}

export interface PublicTrained extends ExerciseFacts, Pick<TrainedExercise, 'kind' | 'pictures'> {
  readonly requirements: readonly Requirement[];
  readonly levels: readonly Level[];
  readonly hidden: Hidden;
}

/** Verdicts that open with the answer that they are for, see sealed.ts. */
export interface Sealed {
  readonly salt: string;
  /** Each encrypted, as base64. */
  readonly locked: readonly string[];
}

/** The numbers that some learners are given, with the verdicts on the answers to them. */
export interface NumberVariant {
  /** Empty where all learners have the same. */
  readonly given: Readonly<Record<string, number>>;
  readonly verdicts: Sealed;
}

export interface PublicNumber extends ExerciseFacts, Pick<NumberExercise, 'kind' | 'unit'> {
  readonly decimals: number;
  /** One, or eight where learners have different numbers, see variant.ts. */
  readonly variants: readonly NumberVariant[];
}

export interface PublicChoice extends ExerciseFacts, Pick<ChoiceExercise, 'kind' | 'options'> {
  readonly verdicts: Sealed;
}

export interface PublicText extends ExerciseFacts, Pick<TextExercise, 'kind'> {}
