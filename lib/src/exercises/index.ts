/** Exercises: what they are, and how answers are judged. `@course/lib/exercises`. */

export * from './definition';
export { array, tensor, type ArrayData, type Plain } from './values';
export type * from './judgement';
export type * from './public-exercise';
