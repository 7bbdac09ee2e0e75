import { countText } from '../arrays';
import { blues, oranges, rounded, type Figure, type HeatmapTrace } from './figure';

/** Up to so many classes, the counts fit into the cells. */
const MOST_WITH_COUNTS = 20;

/**
 * Which classes are taken for which: one row a label, one column a prediction, counts in the cells. What is right, on
 * the diagonal, is blue; mistakes are orange, on a scale of their own, because few of them would be pale beside all
 * that is right. The colour is the share of the row, so that classes with few examples count as much as others.
 *
 * @param matrix as `confusionMatrix` returns it
 * @param classNames in the order of the class numbers
 * @throws Error if the matrix is not square, or has not as many rows as there are names
 * Taught in 05_digits_from_folders.
 */
export function confusionFigure(matrix: readonly (readonly number[])[], classNames: readonly string[]): Figure {
  const classes = classNames.length;
  if (classes === 0 || matrix.length !== classes || matrix.some((row) => row.length !== classes)) {
    throw new Error(
      `confusionFigure: got ${matrix.length} rows of ${matrix[0]?.length ?? 0} counts and ${classes} class names; ` +
        'expected a square matrix with one row and one column for each name.',
    );
  }
  const totals = matrix.map((row) => row.reduce((sum, count) => sum + count, 0));
  const share = (i: number, j: number): number => (totals[i] > 0 ? rounded(matrix[i][j] / totals[i], 4) : 0);
  const cells = <T>(value: (i: number, j: number) => T): T[][] =>
    matrix.map((row, i) => row.map((_, j) => value(i, j)));
  const mistakes = matrix.flatMap((row, i) => row.map((count, j) => ({ i, j, count, share: share(i, j) })))
    .filter(({ i, j }) => i !== j);
  const most = mistakes.reduce((high, mistake) => Math.max(high, mistake.share), 0);
  const common = {
    type: 'heatmap' as const, x: [...classNames], y: [...classNames], xgap: 1, ygap: 1,
    ...(classes <= MOST_WITH_COUNTS && { texttemplate: '%{text}' as const }),
  };
  // Each trace writes into its own cells.
  const counts = (isRight: boolean): string[][] =>
    cells((i, j) => (matrix[i][j] > 0 && (i === j) === isRight ? countText(matrix[i][j]) : ''));
  const right: HeatmapTrace = {
    ...common, name: 'right', text: counts(true), z: cells((i, j) => (i === j ? share(i, j) : NaN)), zmin: 0, zmax: 1,
    colorscale: blues, showscale: false,
    hovertemplate: '%{y}: %{text} right, %{z:.1%} of the row<extra></extra>',
  };
  const wrong: HeatmapTrace = {
    ...common, name: 'mistakes', text: counts(false), z: cells((i, j) => (i === j ? NaN : share(i, j))), zmin: 0,
    zmax: most || 1, colorscale: oranges,
    colorbar: { title: { text: 'mistakes, share of the row', side: 'right' }, tickformat: most < 0.05 ? '.1%' : '.0%',
      thickness: 16 },
    hovertemplate: '%{y} taken for %{x}: %{text}, %{z:.1%} of the row<extra></extra>',
  };
  const longest = classNames.reduce((length, name) => Math.max(length, name.length), 0);
  return {
    data: [right, wrong],
    layout: {
      height: Math.min(450, Math.max(240, 110 + classes * 34)),
      margin: { l: 50 + longest * 7.5, r: 100, t: 20, b: 56 },
      xaxis: { title: { text: 'prediction' }, type: 'category', showgrid: false },
      yaxis: { title: { text: 'label' }, type: 'category', autorange: 'reversed', showgrid: false },
      meta: { alt: describe(matrix, totals, mistakes, classNames) },
    },
  };
}

function describe(
  matrix: readonly (readonly number[])[],
  totals: readonly number[],
  mistakes: readonly { i: number; j: number; count: number }[],
  classNames: readonly string[],
): string {
  const all = totals.reduce((sum, count) => sum + count, 0);
  const right = matrix.reduce((sum, row, i) => sum + row[i], 0);
  const often = mistakes.filter(({ count }) => count > 0).sort((a, b) => b.count - a.count).slice(0, 3)
    .map(({ i, j, count }) => `${classNames[i]} taken for ${classNames[j]}: ${countText(count)}`);
  const percent = all > 0 ? ` (${((right / all) * 100).toFixed(1)} %)` : '';
  const oftenText = often.length > 0 ? ` Most frequent mistakes: ${often.join('; ')}.` : '';
  const rightText = `${countText(right)} of ${countText(all)} right${percent}`;
  return `Confusion matrix of ${classNames.length} classes: ${rightText}.${oftenText}`;
}
