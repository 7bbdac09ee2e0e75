import type { Random } from '../../random';

export const happens = (random: Random, probability: number): boolean => random.fraction() < probability;

export const oneOf = <T>(random: Random, choices: readonly T[]): T => choices[random.below(choices.length)];

/** How often each choice is made, as parts of the whole. */
export type Odds<Choice extends string> = Readonly<Partial<Record<Choice, number>>>;

export function choose<Choice extends string>(random: Random, odds: Odds<Choice>): Choice {
  const choices = Object.keys(odds) as Choice[];
  const parts = choices.map((choice) => odds[choice] ?? 0);
  let left = random.fraction() * parts.reduce((sum, part) => sum + part);
  return choices.find((_, i) => (left -= parts[i]) < 0) ?? choices[0];
}
