import { countText } from '../arrays';

/** A whole number together with how it comes about, as one would write it on paper: `(784 + 1) × 256`. */
export interface Formula {
  readonly value: number;
  readonly text: string;
}

type Term = number | Formula;

const valueOf = (term: Term): number => (typeof term === 'number' ? term : term.value);
const textOf = (term: Term): string => (typeof term === 'number' ? String(term) : term.text);
const isSum = (term: Term): boolean => typeof term !== 'number' && / \+ (?![^(]*\))/.test(term.text);

/** The product of numbers and formulas; sums stand in brackets. */
export function times(...factors: Term[]): Formula {
  const value = factors.reduce<number>((product, factor) => product * valueOf(factor), 1);
  const texts = factors.map((factor) => (factors.length > 1 && isSum(factor) ? `(${textOf(factor)})` : textOf(factor)));
  return { value, text: texts.join(' × ') };
}

/** The sum of numbers and formulas; zeros are left out. */
export function plus(...terms: Term[]): Formula {
  const value = terms.reduce<number>((sum, term) => sum + valueOf(term), 0);
  return { value, text: terms.filter((term) => term !== 0).map(textOf).join(' + ') || '0' };
}

/** `(784 + 1) × 256 = 200,960` */
export const equation = ({ text, value }: Formula): string => (text === String(value) ? countText(value) : `${text} = ${countText(value)}`);
