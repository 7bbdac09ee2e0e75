import { countText } from '../arrays';
import { countInBins, extent } from '../bins';
import type { Parts } from './counts';
import {
  colors, legendAbove, palette, rounded, roundedOn, type BarTrace, type Figure, type ScatterTrace,
} from './figure';
import { numberText } from './svg-scales';

export interface HistogramFigureOptions {
  /** About so many, exactly without marks: those are edges of bins. Default 50, at most 500. */
  bins?: number;
  /** Values to mark with a vertical line, by name, such as `{ 'Glorot bound': 0.0759 }`. */
  marks?: Readonly<Record<string, number>>;
  /** What the values are, below the axis. Default `value`. */
  label?: string;
}

const MOST_BINS = 500;

/**
 * How often values occur: bars over bins of equal width, from the smallest value to the largest. Several lists by name,
 * such as `{ before, after }`, have the same bins and lie in front of each other.
 *
 * @param values numbers; those that are not finite are not counted, and the description says how many these are
 * @throws Error if there is no finite number, `bins` is no whole number from 1 to 500, or a mark is no finite
 *   number
 *
 * ```ts
 * showFigure(histogramFigure({ before, after }, { marks: { '-bound': -0.076, bound: 0.076 }, label: 'weight' }));
 * ```
 * Taught in 02_fashion_mnist_mlp.
 */
export function histogramFigure(values: Parts<ArrayLike<number>>, options: HistogramFigureOptions = {}): Figure {
  const { bins: wanted = 50, marks = {}, label = 'value' } = options;
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > MOST_BINS) {
    throw new Error(
      `histogramFigure: bins is ${wanted}; expected a whole number of at least 1 and at most ${countText(MOST_BINS)}.`,
    );
  }
  const wrong = Object.entries(marks).find(([, value]) => !Number.isFinite(value));
  if (wrong) throw new Error(`histogramFigure: the mark "${wrong[0]}" is ${wrong[1]}; expected a finite number.`);
  const parts = isList(values) ? [['', values] as const] : Object.entries(values);
  const span = extent(parts.flatMap(([, list]) => extent(list) ?? []));
  if (!span) throw new Error('histogramFigure: got no finite number; expected at least one.');
  const { range: [low, high], bins } = aligned(widened(span, wanted), wanted, Object.values(marks));
  const width = (high - low) / bins;
  const counted = parts.map(([name, list]) =>
    ({ name, ...statisticsOf(list), counts: countInBins(list, [low, high], bins).counts }));
  const most = counted.reduce((all, { counts }) => Math.max(all, ...counts), 0);
  const middles = Array.from({ length: bins }, (_, i) => roundedOn(width * bins, low + (i + 0.5) * width));
  const several = parts.length > 1;
  const bars = counted.map(({ name, counts }, i): BarTrace => ({
    type: 'bar', x: middles, y: [...counts], width, marker: { color: palette[i % palette.length] },
    ...(several && { name, opacity: 0.6 }),
    hovertemplate: `about %{x:.4g}: %{y:,}${several ? ', %{fullData.name}' : ''}<extra></extra>`,
  }));
  const lines = Object.values(marks).map((value): ScatterTrace => ({
    type: 'scatter', mode: 'lines', x: [value, value], y: [0, rounded(most * 1.06)],
    line: { color: colors.neutral, width: 2, dash: 'dash' },
    showlegend: false, hoverinfo: 'skip',
  }));
  const [left, right] = extent([low, high, ...Object.values(marks)])!;
  const margin = (right - left) * 0.04;
  return {
    data: [...bars, ...lines],
    layout: {
      height: 320,
      margin: { l: 80, r: 20, t: 50, b: 52 },
      barmode: 'overlay',
      showlegend: several,
      legend: legendAbove,
      xaxis: { title: { text: label }, zeroline: false,
        range: [roundedOn(right - left, left - margin), roundedOn(right - left, right + margin)] },
      yaxis: { title: { text: 'count' }, range: [0, rounded(most * 1.18)], tickformat: ',' },
      annotations: Object.entries(marks).map(([name, value]) => ({
        text: `${name} ${numberText(value)}`, x: value, y: rounded(most * 1.06), xref: 'x', yref: 'y', showarrow: false,
        xanchor: value > (left + right) / 2 ? 'right' : 'left', yanchor: 'bottom',
      })),
      meta: { alt: describe(counted, label, marks) },
    },
  };
}

const isList = (values: Parts<ArrayLike<number>>): values is ArrayLike<number> => typeof values.length === 'number';

/**
 * Bins with the smallest and the largest mark among the values as edges: else a bin would reach over a mark, and with
 * it its bar, where no value does.
 */
function aligned([low, high]: [number, number], bins: number, marks: number[]): {
  range: [number, number];
  bins: number;
} {
  const span = extent(marks.filter((mark) => mark > low && mark < high));
  if (!span) return { range: [low, high], bins };
  const [first, last] = span;
  const between = Math.round(((last - first) / (high - low)) * bins);
  const width = between > 0 ? (last - first) / between : (high - low) / bins;
  const start = Math.min(low, first - Math.ceil((first - low) / width - 1e-9) * width);
  const count = Math.ceil((high - start) / width - 1e-9);
  return { range: [start, Math.max(high, start + count * width)], bins: count };
}

/** Equal values, and those that are too close to count apart, get room around them. */
function widened([low, high]: [number, number], bins: number): [number, number] {
  const largest = Math.max(Math.abs(low), Math.abs(high));
  if ((high - low) / bins > largest * Number.EPSILON * 8) return [low, high];
  const around = Math.max(0.5, largest * 1e-6);
  return [low - around, high + around];
}

interface Statistics {
  finite: number;
  other: number;
  span: [number, number];
  mean: number;
}

function statisticsOf(list: ArrayLike<number>): Statistics {
  let [finite, sum] = [0, 0];
  for (let i = 0; i < list.length; i++) {
    if (!Number.isFinite(list[i])) continue;
    sum += list[i];
    finite++;
  }
  return { finite, other: list.length - finite, span: extent(list) ?? [NaN, NaN], mean: sum / finite };
}

function describe(
  parts: (Statistics & { name: string })[],
  label: string,
  marks: Readonly<Record<string, number>>,
): string {
  const texts = parts.map(({ name, finite, other, span, mean }) => {
    const [low, high] = span.map((value) => numberText(rounded(value, 4)));
    const rest = other > 0 ? `, and ${countText(other)} that ${other === 1 ? 'is' : 'are'} not finite` : '';
    const prefix = name === '' ? '' : `${name}: `;
    if (finite === 0) return `${prefix}no finite values${other > 0 ? `, ${countText(other)} that are not finite` : ''}`;
    if (finite === 1) return `${prefix}1 value, ${low}${rest}`;
    return `${prefix}${countText(finite)} values from ${low} to ${high}, mean ${numberText(rounded(mean, 4))}${rest}`;
  });
  const marked = Object.entries(marks).map(([name, value]) => `${name} ${numberText(value)}`);
  return `Histogram of ${label}. ${texts.join('; ')}.${marked.length > 0 ? ` Marked: ${marked.join(', ')}.` : ''}`;
}
