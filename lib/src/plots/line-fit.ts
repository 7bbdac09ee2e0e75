import { countText } from '../arrays';
import { extent } from '../bins';
import { colors, legendAbove, palette, rounded, thinned, type Figure, type ScatterTrace } from './figure';
import { numberText } from './svg-scales';

/** The line y = m x + b. */
export interface Line {
  readonly m: number;
  readonly b: number;
  readonly name: string;
}

/**
 * Points, lines, and the residuals of the last line: thin dashes from each point to the line, whose mean square is the
 * loss. The axes hold all points and do not move when a line does. Of more than 500 points 500 are drawn; the loss is
 * that of all.
 *
 * @throws Error if x and y differ in length or are empty
 *
 * ```ts
 * showFigure(lineFitFigure({ x, y }, [{ m: -2, b: 40, name: 'start' }]));
 * ```
 * Taught in bonus_line_fit.
 */
export function lineFitFigure(points: { x: ArrayLike<number>; y: ArrayLike<number> }, lines: readonly Line[]): Figure {
  const [x, y] = [Array.from(points.x), Array.from(points.y)];
  if (x.length !== y.length || x.length === 0) {
    throw new Error(
      `lineFitFigure: got ${x.length} values of x and ${y.length} of y; expected as many of each, and at ` +
        `least one.`,
    );
  }
  const [left, right] = widened(x, 0.06);
  const [bottom, top] = widened(y, 0.12);
  const shown = thinned(x.map((value, i) => ({ x: value, y: y[i] })));
  const part = shown.length < x.length ? ` (${countText(shown.length)} of ${countText(x.length)} points)` : '';
  const last = lines.at(-1);
  const data: ScatterTrace[] = [];
  if (last) {
    data.push({
      type: 'scatter', mode: 'lines', name: 'residuals',
      x: shown.flatMap((point) => [point.x, point.x, NaN]),
      y: shown.flatMap((point) => [point.y, rounded(valueAt(last, point.x)), NaN]),
      line: { color: colors.neutral, width: 1.5, dash: 'dot' }, hoverinfo: 'skip',
    });
  }
  lines.forEach((line, i) => data.push({
    type: 'scatter', mode: 'lines', name: `${line.name}: ${equation(line)}`, x: [left, right],
    y: [rounded(valueAt(line, left)), rounded(valueAt(line, right))],
    line: { color: palette[(i + 1) % palette.length], width: 3 },
    hovertemplate: `%{fullData.name}<extra></extra>`,
  }));
  data.push({
    type: 'scatter', mode: 'markers', name: `data${part}`, x: shown.map((point) => point.x),
    y: shown.map((point) => point.y), marker: { color: palette[0], size: 10 }, cliponaxis: false,
    hovertemplate: 'x %{x}, y %{y}<extra></extra>',
  });
  const losses = lines.map((line) =>
    ` ${line.name}: ${equation(line)}, mean squared error ${numberText(meanSquaredError(line, x, y))}.`);
  return {
    data,
    layout: {
      height: 380,
      margin: { l: 70, r: 20, t: 50, b: 52 },
      showlegend: true,
      legend: legendAbove,
      xaxis: { title: { text: 'x' }, range: [left, right], zeroline: false },
      yaxis: { title: { text: 'y' }, range: [bottom, top], zeroline: false },
      meta: {
        alt: `${countOf(x.length, 'point')} and ${countOf(lines.length, 'line')}.${losses.join('')}` +
          (part ? ` Drawn are ${countText(shown.length)} of the points.` : ''),
      },
    },
  };
}

const countOf = (count: number, what: string): string => `${countText(count)} ${what}${count === 1 ? '' : 's'}`;

const valueAt = ({ m, b }: Line, x: number): number => m * x + b;

const equation = ({ m, b }: Line): string =>
  `y = ${m < 0 ? '−' : ''}${Math.abs(m).toFixed(2)} x ${b < 0 ? '−' : '+'} ${Math.abs(b).toFixed(2)}`;

const meanSquaredError = (line: Line, x: number[], y: number[]): number =>
  rounded(x.reduce((sum, value, i) => sum + (valueAt(line, value) - y[i]) ** 2, 0) / x.length, 4);

function widened(values: number[], part: number): [number, number] {
  const [low, high] = extent(values) ?? [0, 1];
  const margin = (high - low || 1) * part;
  return [rounded(low - margin), rounded(high + margin)];
}
