import { createHash } from 'node:crypto';
import { randomOf } from './cases';
import type { NumberExercise } from './definition';
import type { NumberVariant, PublicNumber } from './public-exercise';

/** How many sets of numbers there are for one exercise with `given`. */
export const VARIANTS = 8;

/**
 * Which of them a learner gets: always the same one for the same exercise. Who has no name gets one of them as well.
 */
export const variantOf = (id: string, learner = ''): number =>
  createHash('sha256').update(JSON.stringify([id, learner])).digest()[0] % VARIANTS;

/** The numbers of a variant; none where all learners have the same task. */
export const givenOf = ({ id, given }: NumberExercise, variant: number): Readonly<Record<string, number>> =>
  given?.(randomOf('variant', id, String(variant))) ?? {};

/** A learner's own variant of the public part. */
export const variantFor = ({ id, variants }: PublicNumber, learner?: string): NumberVariant =>
  variants[variantOf(id, learner) % variants.length];
