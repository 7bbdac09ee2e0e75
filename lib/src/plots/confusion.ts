import { countText } from '../arrays';
import {
  axisNames, blues, LETTER, longestOf, namesAlong, namesDown, oranges, rounded, type Figure, type HeatmapTrace,
} from './figure';

/** Up to so many classes, the counts fit into the cells; of more, they would fill the notebook. */
const MOST_WITH_COUNTS = 20;

/**
 * Which classes are taken for which: one row a label, one column a prediction, counts in the cells. What is right, on
 * the diagonal, is blue; mistakes are orange, on a scale of their own, because few of them would be pale beside all
 * that is right. The colour is the share of the row, so that classes with few examples count as much as others.
 *
 * @param matrix as `confusionMatrix` returns it
 * @param classNames in the order of the class numbers; long ones are cut on the axes
 * @throws Error if two classes have the same name, the matrix is not square, or has not as many rows as there are names
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
  const names = axisNames('confusionFigure', 'class', classNames);
  const totals = matrix.map((row) => row.reduce((sum, count) => sum + count, 0));
  const share = (i: number, j: number): number => (totals[i] > 0 ? rounded(matrix[i][j] / totals[i], 4) : 0);
  const cells = <T>(value: (i: number, j: number) => T): T[][] =>
    matrix.map((row, i) => row.map((_, j) => value(i, j)));
  const mistakes = matrix.flatMap((row, i) => row.map((count, j) => ({ i, j, count, share: share(i, j) })))
    .filter(({ i, j }) => i !== j);
  const most = mistakes.reduce((high, mistake) => Math.max(high, mistake.share), 0);
  const hasCounts = classes <= MOST_WITH_COUNTS;
  const common = {
    type: 'heatmap' as const, x: names, y: names, xgap: 1, ygap: 1,
  };
  // Each trace writes into its own cells.
  const counts = (isRight: boolean): Pick<HeatmapTrace, 'text' | 'texttemplate'> => (hasCounts ? {
    text: cells((i, j) => (matrix[i][j] > 0 && (i === j) === isRight ? countText(matrix[i][j]) : '')),
    texttemplate: '%{text}',
  } : {});
  const [rightCount, wrongCount] = hasCounts ? ['%{text} right, ', '%{text}, '] : ['right: ', ''];
  const right: HeatmapTrace = {
    ...common, name: 'right', ...counts(true), z: cells((i, j) => (i === j ? share(i, j) : NaN)), zmin: 0, zmax: 1,
    colorscale: blues, showscale: false,
    hovertemplate: `%{y}: ${rightCount}%{z:.1%} of the row<extra></extra>`,
  };
  const wrong: HeatmapTrace = {
    ...common, name: 'mistakes', ...counts(false), z: cells((i, j) => (i === j ? NaN : share(i, j))), zmin: 0,
    zmax: most || 1, colorscale: oranges,
    colorbar: { title: { text: 'mistakes, share of the row', side: 'right' }, tickformat: most < 0.05 ? '.1%' : '.0%',
      thickness: 16 },
    hovertemplate: `%{y} taken for %{x}: ${wrongCount}%{z:.1%} of the row<extra></extra>`,
  };
  const longest = longestOf(names) * LETTER;
  const left = 50 + longest;
  // In a notebook as wide as a static picture; in a narrower one, Plotly leaves out more.
  const across = namesAlong(names, (900 - left - 100) / classes);
  const turned = across.tickangle ? longest : 0;
  // At least as high as the title of the colours is long.
  const inner = Math.min(374 - turned, Math.max(214, 34 + classes * 34));
  return {
    data: [right, wrong],
    layout: {
      height: inner + 76 + turned,
      margin: { l: left, r: 100, t: 20, b: 56 + turned },
      xaxis: { title: { text: 'prediction' }, type: 'category', showgrid: false, ...across },
      yaxis: { title: { text: 'label' }, type: 'category', autorange: 'reversed', showgrid: false,
        ...namesDown(names, inner / classes) },
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
