/** Exercises: what they are, and how answers are judged. `@course/lib/exercises`. */

export * from './definition';
export type * from './judgement';
export type * from './public-exercise';
export { array, decode, encode, isArrayData, tensor, toLive, toPlain, Unreadable, type ArrayData, type Plain } from './values';
export { described } from './described';
export { difference, isClose } from './compare';
export { observe, type ObserveOptions } from './observe';
export { TIME_LIMIT } from './within-time';
export { casesOf, PUBLIC_SEED, type Case } from './cases';
export { givenOf, variantFor, variantOf, VARIANTS } from './variant';
export { Elsewhere, measuredBy, type Measured } from './elsewhere';
export { met, modelFacts, type CompiledFacts, type FactsOfModel, type Finding, type LayerFacts } from './model-facts';
export { publicPart } from './public-part';
export { judge, judgeWhole, type JudgeOptions } from './judge';
export { checksText, lessonOf, lessonsIn, readChecks, type Checks, type GivenCell } from './checks-file';
export type { Random } from '../random';
export { checksumOf, gradeIdOf, handInFindings, type FailedCell, type HandInFinding, type NotebookCell } from './hand-in';
