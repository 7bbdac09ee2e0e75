import type { Random } from '@course/lib/exercises';

/** What the inputs of hidden cases are drawn with: values of few digits, so that feedback on them can be read. */

/** `count` numbers in low..high with `decimals` digits after the point. */
export function drawNumbers(random: Random, count: number, low: number, high: number, decimals = 1): number[] {
  return Array.from({ length: count }, () => Number(random.between(low, high).toFixed(decimals)));
}

/** A table of such numbers, row by row. */
export function drawTable(
  random: Random, rows: number, columns: number, low: number, high: number, decimals = 1,
): number[][] {
  return Array.from({ length: rows }, () => drawNumbers(random, columns, low, high, decimals));
}

/** `count` whole numbers in 0..below - 1. */
export function drawWholes(random: Random, count: number, below: number): number[] {
  return Array.from({ length: count }, () => random.below(below));
}

/** Rows of probabilities that add up to 1, each row with a largest one. */
export function drawProbabilities(random: Random, rows: number, columns: number): number[][] {
  return drawTable(random, rows, columns, 1, 9, 2).map((row) => {
    const sum = row.reduce((total, value) => total + value, 0);
    return row.map((value) => value / sum);
  });
}
