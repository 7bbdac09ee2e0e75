import type { NdArray } from 'ndarray';
import type * as TensorFlow from '@tensorflow/tfjs';
import type { Random } from '../random';
import type { Plain } from './values';

/**
 * What an exercise is. Each is defined once, in `solutions/definitions`; the notebook's `check`, the tests and the grader all use
 * that one definition. How to write one: solutions/README.md.
 */

/** What every kind of exercise has. */
export interface ExerciseFacts {
  /** The lesson's number, a point, a running number: `'3.2'`; `'B.1'` in the bonus. Never given to another exercise later. */
  readonly id: string;
  readonly title: string;
  /** What the learner can do afterwards, as a sentence that begins with "You". */
  readonly goal: string;
  /** The most that can be earned; what its criteria, requirements and levels add up to. */
  readonly points: number;
  readonly difficulty: 'easy' | 'medium' | 'hard';
  /** How long it is expected to take. */
  readonly minutes: number;
  /** The heading in the lesson that teaches it, without its #s. */
  readonly section: string;
  /** The name that the answer's cell declares: a function, a variable. For a text, the id of its cell. */
  readonly answer: string;
  /** Raised with each change that could change a mark. 1 at first. */
  readonly version: number;
}

/** What a learner's function is called with, and may return. */
export type Live =
  | number | string | boolean | null | undefined | NdArray | TensorFlow.Tensor | Float32Array | Int32Array | Uint8Array
  | Live[] | { [name: string]: Live };

// Written as a method: a solution names the types of its own arguments.
type AnswerFunction = { call(...inputs: never[]): unknown }['call'];

/** A part of an exercise that is earned whole or not at all: all its cases have to be right. */
export interface Criterion {
  /** What is tried, as the learner reads it: `'a stride of 2'`. */
  readonly name: string;
  readonly points: number;
  /** Hidden criteria are tried when a submission is marked, with inputs drawn for that learner; `check` only says that there are some. */
  readonly hidden?: true;
  /** The inputs of its cases, each a list of arguments; all randomness comes from `random`. */
  readonly inputs: (random: Random) => Plain[][];
}

/** A typical wrong answer. */
export interface Mistake<Answer> {
  /** What is done wrong, for the tests' names: `'divides by 256'`. */
  readonly name: string;
  /** The wrong answer itself. */
  readonly answer: Answer;
  /** What the learner is told whose answer does the same: kind, to the point, not the solution. */
  readonly hint: string;
  /** The points that it earns all the same, 0 without it. */
  readonly earns?: number;
}

/** The learner writes a function; it is called with each case's inputs, and what it returns is compared with what the solution returns. */
export interface FunctionExercise extends ExerciseFacts {
  readonly kind: 'function';
  /** The reference: also right for every hidden case. */
  readonly solution: AnswerFunction;
  readonly criteria: readonly Criterion[];
  /** A number may differ by `tolerance * (1 + |expected|)`; 1e-6 without it, 1e-4 between float32 tensors. 0: exact. */
  readonly tolerance?: number;
  /** Whether it works on tensors: only then TensorFlow.js is loaded to mark it. */
  readonly tensors?: true;
  /** Whether tensors that it makes and does not return count as a failure. Without it they are only mentioned. */
  readonly tidy?: true;
  /** At least three. */
  readonly mistakes: readonly Mistake<AnswerFunction>[];
}

/** Bounds of a count or a measure, both ends included. */
export interface Bounds {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** What can be asked of a model, whoever wrote it and however. */
export type ModelProperty =
  | { readonly inputShape: readonly (number | null)[] }
  | { readonly outputShape: readonly (number | null)[] }
  | { readonly parameters: Bounds }
  | { readonly trainableParameters: Bounds }
  | { readonly multiplyAdds: Bounds }
  /** How many layers are of one of these classes (`'Conv2D'`) and have this configuration (`{ activation: 'relu' }`). */
  | { readonly layers: { readonly of?: readonly string[]; readonly having?: Readonly<Record<string, Plain>> } & Bounds }
  /** Layers of these classes come in this order; others may stand between. */
  | { readonly order: readonly string[] }
  /** How it is compiled: names as TensorFlow.js writes them (`'categoricalCrossentropy'`, `'adam'`). */
  | { readonly compiled: { readonly loss?: string; readonly optimizer?: string; readonly learningRate?: Bounds; readonly metrics?: readonly string[] } };

/** A property that earns points. */
export type Requirement = ModelProperty & {
  readonly name: string;
  readonly points: number;
  readonly hidden?: true;
  /** What a learner is told whose model lacks it. */
  readonly hint: string;
};

/** A typical wrong model, and the requirement that it fails (whose hint the learner gets). */
export interface ModelMistake {
  readonly name: string;
  readonly answer: () => TensorFlow.LayersModel;
  readonly fails: string;
  readonly earns?: number;
}

/** The learner writes a function without arguments that builds a model; judged by what the model is. */
export interface ModelExercise extends ExerciseFacts {
  readonly kind: 'model';
  readonly solution: () => TensorFlow.LayersModel;
  readonly requirements: readonly Requirement[];
  /** At least three. */
  readonly mistakes: readonly ModelMistake[];
}

/** An accuracy that earns points. Levels add up: who reaches the second has reached the first. */
export interface Level {
  /** The fraction of right answers that is enough, on pictures that the model has not seen. */
  readonly accuracy: number;
  readonly points: number;
  /** What a learner is told whose model does not reach it. */
  readonly hint: string;
}

/**
 * The learner trains a model and hands it in as data. `check` measures it on a public part of the test pictures, the grader on
 * others.
 */
export interface TrainedExercise extends ExerciseFacts {
  readonly kind: 'trained';
  readonly pictures: {
    readonly dataset: 'mnist' | 'fashion-mnist' | 'cats-and-dogs';
    /** The shape of one picture as the model takes it: `[784]`, `[28, 28, 1]`, `[32, 32, 3]`. */
    readonly shape: readonly number[];
    /** What pixels of 0..255 are multiplied with: `1 / 255`, or 1 for a model that rescales by itself. */
    readonly scale: number;
  };
  readonly requirements: readonly Requirement[];
  /** From the lowest to the highest. */
  readonly levels: readonly Level[];
  /** At least three; `fails` names a requirement, or a level as `accuracy 0.9`. */
  readonly mistakes: readonly ModelMistake[];
}

/** The learner finds a number. */
export interface NumberExercise extends ExerciseFacts {
  readonly kind: 'number';
  /** Numbers that each learner gets others of, by name; the notebook shows them with `question(id)`. Without it all have the same. */
  readonly given?: (random: Random) => Readonly<Record<string, number>>;
  readonly solution: (given: Readonly<Record<string, number>>) => number;
  /** How many digits after the point are asked for; 0 without it. */
  readonly decimals?: number;
  /** `'parameters'`, `'bytes'`: shown beside the answer. */
  readonly unit: string;
  /** At least three. */
  readonly mistakes: readonly Mistake<(given: Readonly<Record<string, number>>) => number>[];
}

/** The learner chooses among options that the notebook shows as a list: one letter, or several as `'ac'` where more than one is right. */
export interface ChoiceExercise extends ExerciseFacts {
  readonly kind: 'choice';
  /** The letters that there are: `'abcd'`. */
  readonly options: string;
  readonly solution: string;
  /** At least three: wrong choices that are likely. Others get a general hint. */
  readonly mistakes: readonly Mistake<string>[];
}

/** The learner writes a few sentences; marked by hand. */
export interface TextExercise extends ExerciseFacts {
  readonly kind: 'text';
  /** What earns how much, for whoever marks it. Never shown to learners. */
  readonly rubric: readonly { readonly points: number; readonly looksFor: string }[];
}

export type Exercise = FunctionExercise | ModelExercise | TrainedExercise | NumberExercise | ChoiceExercise | TextExercise;
