import type { History } from '../training/history';
import { legendAbove, palette, rounded, thinned, type Figure, type LineStyle, type ScatterTrace } from './figure';
import { epochTick, nameOf } from './history';

export interface HistoriesFigureOptions {
  /** Against what the curves are drawn: epochs (the default), or the seconds that the trainings have taken. */
  over?: 'epochs' | 'seconds';
}

/** Curves of one colour for some eyes differ by these. */
const DASHES: readonly NonNullable<LineStyle['dash']>[] = ['solid', 'dash', 'dot'];

/**
 * Several trainings side by side: loss on the left, accuracy (or the first other metric) on the right, one curve a
 * training. Measures are those of the validation where all trainings have it, else those of the training data.
 *
 * @param histories as returned by `fit`, by the names that the legend shows
 * @throws Error if there is none, or one has no finished epoch
 * Taught in 03_fashion_mnist_cnn.
 */
export function historiesFigure(
  histories: Readonly<Record<string, History>>, { over = 'epochs' }: HistoriesFigureOptions = {},
): Figure {
  const entries = Object.entries(histories);
  if (entries.length === 0) {
    throw new Error("historiesFigure: got no history; expected several by name, such as { 'batch 32': history }.");
  }
  const empty = entries.find(([, { epoch }]) => epoch.length === 0);
  if (empty) {
    throw new Error(`historiesFigure: the history "${empty[0]}" has no finished epoch. Train for at least one.`);
  }
  const [, { history: first }] = entries[0];
  const metric = Object.keys(first).find((name) => name !== 'loss' && !name.startsWith('val_'));
  const isValidated = entries.every(([, { history }]) => history.val_loss !== undefined);
  const measures = ['loss', ...(metric === undefined ? [] : [metric])]
    .map((measure) => (isValidated ? `val_${measure}` : measure));
  const two = measures.length > 1;
  const panels = measures.map((measure, panel) => entries.map(([name, history], i): ScatterTrace => ({
    type: 'scatter', mode: history.epoch.length === 1 ? 'markers' : 'lines+markers', name, legendgroup: name,
    showlegend: panel === 0,
    ...curve(history, measure, over), ...(panel === 1 && { xaxis: 'x2', yaxis: 'y2' }),
    line: { color: palette[i % palette.length], width: 2, dash: DASHES[i % DASHES.length] },
    marker: { color: palette[i % palette.length], size: 5 },
    hovertemplate: `%{fullData.name}: ${nameOf(measure)} %{y:.4f}, ${over === 'epochs' ? 'epoch %{x}' : '%{x:.1f} s'}` +
      '<extra></extra>',
  })));
  const longest = Math.max(...panels[0].map(({ x }) => x[x.length - 1]));
  const range: [number, number] = [0, rounded(longest * 1.03)];
  const axis = over === 'epochs' ? { title: { text: 'epoch' }, range, dtick: epochTick(longest) }
    : { title: { text: 'seconds of training' }, range };
  return {
    data: panels.flat(),
    layout: {
      height: 380,
      margin: { l: 62, r: 20, t: 64, b: 52 },
      showlegend: true,
      legend: legendAbove,
      xaxis: { ...axis, domain: two ? [0, 0.46] : [0, 1] },
      yaxis: { title: { text: nameOf(measures[0]) }, range: rangeOf(panels[0]) },
      ...(two && {
        xaxis2: { ...axis, domain: [0.56, 1], anchor: 'y2' },
        yaxis2: { title: { text: nameOf(measures[1]) }, range: rangeOf(panels[1]), anchor: 'x2' },
      }),
      meta: { alt: describe(entries, measures, over) },
    },
  };
}

/** What comes after the first epoch, which would flatten all others; in JupyterLab a double click shows all. */
function rangeOf(traces: readonly ScatterTrace[]): [number, number] {
  const values = traces.flatMap(({ y }) => (y.length > 2 ? y.slice(1) : y)).filter(Number.isFinite);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const margin = (high - low || Math.abs(high) || 1) * 0.12;
  return values.length === 0 ? [0, 1] : [rounded(low - margin), rounded(high + margin)];
}

function curve(
  { epoch, history, seconds }: History, measure: string, over: 'epochs' | 'seconds',
): { x: number[]; y: number[] } {
  let elapsed = 0;
  const points = epoch.map((number, i) => {
    elapsed += seconds[i];
    return { x: over === 'epochs' ? number + 1 : rounded(elapsed), y: rounded(history[measure]?.[i] ?? NaN) };
  });
  const shown = thinned(points);
  return { x: shown.map(({ x }) => x), y: shown.map(({ y }) => y) };
}

function describe(entries: readonly [string, History][], measures: readonly string[], over: string): string {
  const written = (value: number | undefined): string =>
    (value === undefined ? 'not known' : Number.isFinite(value) ? value.toFixed(4) : 'no number');
  const ends = entries.map(([name, { epoch, history, seconds }]) => {
    const last = measures.map((measure) => `${nameOf(measure)} ${written(history[measure]?.at(-1))}`);
    const length = over === 'epochs' ? `${epoch.length} ${epoch.length === 1 ? 'epoch' : 'epochs'}`
      : `${seconds.reduce((sum, value) => sum + value, 0).toFixed(1)} s`;
    return `${name}: ${last.join(', ')} after ${length}`;
  });
  const names = measures.map(nameOf).join(' and ');
  return `Curves of ${names} of ${entries.length} trainings over ${over}. ${ends.join('; ')}.`;
}
