import { countText } from '../arrays';
import {
  legendAbove, palette, rounded, thinned, type ColorScale, type Figure, type HeatmapTrace, type ScatterTrace,
} from './figure';
import { multiples, numberText } from './svg-scales';

export interface LossSurfaceOptions {
  /** Range of the slope, the horizontal axis. */
  m: readonly [low: number, high: number];
  /** Range of the intercept, the vertical axis. */
  b: readonly [low: number, high: number];
  /** The ways of gradient descent, each from its first point to its last. */
  paths?: readonly { name: string; points: readonly (readonly [m: number, b: number])[] }[];
  /** The point with the lowest loss. */
  best?: readonly [m: number, b: number];
}

/** Cells across and down. */
const CELLS = { m: 60, b: 48 };
/** Steps of colour: their edges are lines of equal loss. */
const BANDS = 12;

/**
 * The loss of a line y = m x + b for each slope and intercept, as a map: the darker, the higher, in steps whose edges
 * are lines of equal loss. Each step is the same factor, because the loss is far steeper outside than near its lowest
 * point. Paths of gradient descent lie on it, each with at most 500 of its
 * points; what is outside the ranges is cut off.
 *
 * @param loss of slope and intercept, above 0
 * @throws Error if a range is empty, or the loss is nowhere above 0
 *
 * ```ts
 * showFigure(lossSurfaceFigure(loss, { m: [-4, 12], b: [-10, 50], paths: [{ name: 'learning rate 0.01', points }] }));
 * ```
 * Taught in bonus_line_fit.
 */
export function lossSurfaceFigure(loss: (m: number, b: number) => number, options: LossSurfaceOptions): Figure {
  const { m, b, paths = [], best } = options;
  const [ms, bs] = [middles('m', m, CELLS.m), middles('b', b, CELLS.b)];
  const losses = bs.map((intercept) => ms.map((slope) => loss(slope, intercept)));
  const positive = losses.flat().filter((value) => value > 0 && Number.isFinite(value));
  if (positive.length === 0) {
    throw new Error(
      'lossSurfaceFigure: the loss is nowhere a number above 0 in these ranges of m and b.',
    );
  }
  const lowest = positive.reduce((a, c) => Math.min(a, c));
  const highest = positive.reduce((a, c) => Math.max(a, c));
  const surface: HeatmapTrace = {
    type: 'heatmap', x: ms, y: bs,
    z: losses.map((row) => row.map((value) => rounded(Math.log10(Math.max(value, lowest)), 4))),
    zmin: rounded(Math.log10(lowest), 4), zmax: rounded(Math.log10(highest), 4), colorscale: bands(BANDS),
    zsmooth: 'best',
    colorbar: { title: { text: 'loss', side: 'right' }, thickness: 16, ...logTicks(lowest, highest) },
    text: losses.map((row) => row.map((value) => numberText(rounded(value, 3)))),
    hovertemplate: 'm %{x:.2f}, b %{y:.2f}: loss %{text}<extra></extra>',
  };
  const traces = paths.flatMap(({ name, points }, i) => pathTraces(name, points, palette[(i + 1) % palette.length]));
  if (best) {
    traces.push({
      type: 'scatter', mode: 'markers', name: 'lowest loss', x: [best[0]], y: [best[1]],
      marker: { color: '#F0E442', size: 13, line: { color: '#222222', width: 2 } },
      hovertemplate: 'm %{x:.3f}, b %{y:.3f}<extra></extra>',
    });
  }
  return {
    data: [surface, ...traces],
    layout: {
      height: 430,
      margin: { l: 70, r: 100, t: 50, b: 52 },
      showlegend: traces.length > 0,
      legend: legendAbove,
      xaxis: { title: { text: 'slope m' }, range: [...m], showgrid: false, zeroline: false },
      yaxis: { title: { text: 'intercept b' }, range: [...b], showgrid: false, zeroline: false },
      meta: { alt: describe(loss, options, lowest, highest) },
    },
  };
}

function middles(name: string, [low, high]: readonly [number, number], cells: number): number[] {
  if (!(low < high)) {
    throw new Error(
      `lossSurfaceFigure: the range of ${name} is ${low} to ${high}; expected the lower end first.`,
    );
  }
  return Array.from({ length: cells }, (_, i) => rounded(low + ((i + 0.5) / cells) * (high - low)));
}

/** From white to a dark blue, each step of one colour. */
function bands(count: number): ColorScale {
  const [light, dark] = [[245, 249, 252], [38, 70, 96]];
  const hex = (part: number): string =>
    `#${light.map((from, i) => Math.round(from + (dark[i] - from) * part).toString(16).padStart(2, '0')).join('')}`;
  return Array.from({ length: count }, (_, i) => hex(i / (count - 1)))
    .flatMap((color, i) => [[rounded(i / count), color] as const, [rounded((i + 1) / count), color] as const]);
}

/** Round numbers between the lowest and the highest loss, at their places on the scale of logarithms. */
function logTicks(lowest: number, highest: number): { tickvals: number[]; ticktext: string[] } {
  const powers = multiples(1, Math.floor(Math.log10(lowest)), Math.ceil(Math.log10(highest)));
  const factors = powers.length > 4 ? [1] : [1, 2, 5];
  const values = powers.flatMap((power) => factors.map((factor) => factor * 10 ** power))
    .filter((value) => value >= lowest && value <= highest);
  return { tickvals: values.map((value) => rounded(Math.log10(value))), ticktext: values.map(numberText) };
}

/** The path on a white edge, which separates it from any colour of the surface; its first point is larger. */
function pathTraces(name: string, all: readonly (readonly [number, number])[], color: string): ScatterTrace[] {
  const points = thinned(all);
  const x = points.map(([m]) => rounded(m));
  const y = points.map(([, b]) => rounded(b));
  return [
    { type: 'scatter', mode: 'lines', x, y, line: { color: '#ffffff', width: 4.5 }, showlegend: false,
      hoverinfo: 'skip' },
    {
      type: 'scatter', mode: 'lines+markers', name, x, y, line: { color, width: 2 },
      // Sizes of their own would make Plotly draw the markers as bubbles, half transparent with a border.
      marker: { color, size: points.map((_, i) => (i === 0 ? 12 : 5)), opacity: 1, line: { width: 0 } },
      hovertemplate: `${name}: m %{x:.3f}, b %{y:.3f}<extra></extra>`,
    },
  ];
}

function describe(loss: (m: number, b: number) => number, { m, b, paths = [], best }: LossSurfaceOptions,
  lowest: number, highest: number): string {
  const text = (value: number): string => numberText(rounded(value, 4));
  const point = ([slope, intercept]: readonly [number, number]): string =>
    `m ${text(slope)}, b ${text(intercept)} with loss ${text(loss(slope, intercept))}`;
  const ways = paths.map(({ name, points }) => {
    if (points.length < 2) return ` ${name}: ${points.length === 1 ? `1 point, ${point(points[0])}` : 'no points'}.`;
    return ` ${name}: ${countText(points.length)} points from ${point(points[0])} to ${point(points.at(-1)!)}.`;
  });
  const bestText = best ? ` The loss is lowest at ${point(best)}.` : '';
  const ranges = `slopes m from ${m.join(' to ')} and intercepts b from ${b.join(' to ')}`;
  return `Loss for ${ranges}: ${text(lowest)} to ${text(highest)}.${ways.join('')}${bestText}`;
}
