import type { History } from '../training/history';
import { colors, legendAbove, rounded, type Annotation, type Figure, type ScatterTrace } from './figure';

/** What to call a measure in full: tfjs abbreviates `acc` and `val_`. */
export function nameOf(measure: string): string {
  if (measure.startsWith('val_')) return `validation ${nameOf(measure.slice('val_'.length))}`;
  return measure === 'acc' ? 'accuracy' : measure;
}

export interface HistoryFigureOptions {
  /** Keeps the horizontal axis still while training goes on: the number of epochs that are planned. */
  epochs?: number;
}

/**
 * Loss on the left, accuracy (or the first other metric) on the right, each for training and validation, over the
 * epochs. The epoch with the lowest validation loss is marked, and the gap between training and validation loss after
 * it is shaded: from there on the network over-fits. Training is measured while the network still learns: its points
 * lie at the middle of what they average, those of the validation at the end of their epoch.
 *
 * @param history as returned by `fit`
 * Taught in 01_mnist_mlp.
 */
export function historyFigure(history: History, options: HistoryFigureOptions = {}): Figure {
  const measures = shownMeasures(history);
  const epochs = Math.max(options.epochs ?? 0, history.epoch.length, Math.ceil(history.within.at.at(-1) ?? 0), 1);
  const best = bestEpoch(history);
  const traces = measures.flatMap((measure, panel) => panelTraces(history, measure, panel));
  const overfitting = best === undefined ? undefined : overfittingArea(history, best);
  const annotations = best === undefined ? [] : [bestMark(history, best, epochs)];
  const two = measures.length > 1;
  return {
    // The area lies below the curves.
    data: overfitting ? [overfitting, ...traces] : traces,
    layout: {
      height: 360,
      margin: { l: 62, r: 20, t: 44, b: 52 },
      showlegend: true,
      legend: legendAbove,
      xaxis: { title: { text: 'epoch' }, range: [0, epochs], domain: two ? [0, 0.46] : [0, 1],
        dtick: epochTick(epochs) },
      yaxis: { title: { text: nameOf(measures[0]) }, rangemode: 'tozero', range: focus(traces, 'y', 0) },
      ...(two && {
        xaxis2: { title: { text: 'epoch' }, range: [0, epochs], domain: [0.56, 1], anchor: 'y2',
          dtick: epochTick(epochs) },
        yaxis2: { title: { text: nameOf(measures[1]) }, anchor: 'x2', range: focus(traces, 'y2') },
      }),
      annotations,
      meta: { alt: describe(history, measures, best, overfitting !== undefined) },
    },
  };
}

function shownMeasures(history: History): string[] {
  const known = Object.keys({ ...history.history, ...history.within.measures })
    .filter((name) => !name.startsWith('val_'));
  const metrics = known.filter((name) => name !== 'loss');
  return ['loss', ...metrics.slice(0, 1)];
}

function panelTraces(history: History, measure: string, panel: number): ScatterTrace[] {
  const axes = panel === 0 ? {} : ({ xaxis: 'x2', yaxis: 'y2' } as const);
  const training = trainingCurve(history, measure);
  const validation = history.history[`val_${measure}`] ?? [];
  const hover = `%{fullData.name} ${nameOf(measure)} %{y:.4f}, epoch %{x:.2f}<extra></extra>`;
  const traces: ScatterTrace[] = [
    {
      type: 'scatter', mode: training.x.length === 1 ? 'markers' : 'lines', name: 'training', legendgroup: 'training',
      showlegend: panel === 0,
      ...training, ...axes, line: { color: colors.training, width: 2 }, marker: { color: colors.training, size: 5 },
      hovertemplate: hover,
    },
  ];
  if (validation.length > 0) {
    traces.push({
      type: 'scatter', mode: 'lines+markers', name: 'validation', legendgroup: 'validation', showlegend: panel === 0,
      ...thin(history.epoch.map((epoch) => epoch + 1), validation, 400), ...axes,
      line: { color: colors.validation, width: 2, dash: 'dash' }, marker: { color: colors.validation, size: 7 },
      cliponaxis: false, hovertemplate: hover,
    });
  }
  return traces;
}

/** The finer curve within the epochs where it was recorded, else one point an epoch. */
function trainingCurve(history: History, measure: string): { x: number[]; y: number[] } {
  const within = history.within.measures[measure];
  if (!within || within.length < 2) {
    return { x: history.epoch.map((epoch) => epoch + 0.5), y: history.history[measure] ?? [] };
  }
  const middles = history.within.at.map((at, i) => (at + (i === 0 ? 0 : history.within.at[i - 1])) / 2);
  return thin(middles, within, 400);
}

/** At most `most` points, each the mean of its neighbours, so that long trainings stay small in the notebook. */
function thin(x: number[], y: number[], most: number): { x: number[]; y: number[] } {
  const size = Math.ceil(x.length / most);
  if (size === 1) return { x: x.map((value) => rounded(value)), y: y.map((value) => rounded(value)) };
  const groups = Array.from({ length: Math.ceil(x.length / size) }, (_, i) => i * size);
  const mean = (values: number[]): number => rounded(values.reduce((sum, value) => sum + value, 0) / values.length);
  return { x: groups.map((i) => mean(x.slice(i, i + size))), y: groups.map((i) => mean(y.slice(i, i + size))) };
}

/** The epoch, counted from 0, with the lowest validation loss; undefined without validation. */
function bestEpoch(history: History): number | undefined {
  const losses = history.history.val_loss;
  const lowest = losses?.filter(Number.isFinite).reduce((a, b) => Math.min(a, b), Infinity);
  const best = losses && losses.length > 1 ? losses.indexOf(lowest ?? NaN) : -1;
  return best < 0 ? undefined : best;
}

/** Only in the panel of the loss: the epoch with the best accuracy may be another one. */
function bestMark(history: History, best: number, epochs: number): Annotation {
  const value = history.history.val_loss[best];
  // Late in the training the text goes to the left of the arrow, so that it does not leave the figure.
  const isLate = best + 1 > epochs * 0.6;
  return {
    text: `lowest: epoch ${best + 1} (${value.toFixed(3)})`, x: best + 1, y: value, xref: 'x', yref: 'y',
    showarrow: true, ax: isLate ? -30 : 0, ay: -44, xanchor: isLate ? 'right' : 'center',
  };
}

/**
 * Between the curves of the loss, from the epoch with the lowest validation loss on; undefined where that is the last
 * one, or where validation is no worse than training.
 */
function overfittingArea(history: History, best: number): ScatterTrace | undefined {
  const validation = history.history.val_loss.slice(best).map((y, i) => ({ x: history.epoch[best + i] + 1, y }));
  const training = trainingCurve(history, 'loss');
  const [start, end] = [validation[0].x, validation[validation.length - 1].x];
  const within = training.x.map((x, i) => ({ x, y: training.y[i] }))
    .filter(({ x, y }) => x > start && x < end && Number.isFinite(y));
  const shown = validation.filter(({ y }) => Number.isFinite(y));
  if (shown.length < 2 || within.length === 0) return undefined;
  const mean = (points: { y: number }[]): number => points.reduce((sum, { y }) => sum + y, 0) / points.length;
  if (mean(shown) <= mean(within)) return undefined;
  // The training curve has no points at the two ends: the nearest ones stand for them.
  const below = [{ x: end, y: within[within.length - 1].y }, ...within.reverse(),
    { x: start, y: within[within.length - 1].y }];
  const outline = [...shown, ...below];
  return {
    type: 'scatter', mode: 'lines', name: 'over-fitting', x: outline.map(({ x }) => rounded(x)),
    y: outline.map(({ y }) => rounded(y)),
    fill: 'toself', fillcolor: 'rgba(213, 94, 0, 0.18)', line: { color: colors.validation, width: 0 },
    hoverinfo: 'skip',
  };
}

/**
 * The beginning of the first epoch, in epochs, where the measures change so much that everything later would look flat.
 */
const STEEP = 0.5;

/**
 * The part of the vertical axis that shows what happens after the steep beginning, which leaves the picture at the
 * edge; in JupyterLab a double click shows all. Undefined, which means all, while there is nothing after it.
 */
function focus(traces: ScatterTrace[], axis: 'y' | 'y2', from?: number): [number, number] | undefined {
  const later = traces
    .filter((trace) => (trace.yaxis ?? 'y') === axis)
    .flatMap(({ x, y }) => y.filter((value, i) => x[i] > STEEP && Number.isFinite(value)));
  if (later.length < 2) return undefined;
  const low = Math.min(from ?? Infinity, ...later);
  const high = Math.max(...later);
  const margin = (high - low || Math.abs(high) || 1) * 0.12;
  return [low === from ? low : low - margin, high + margin];
}

/** Epochs from one label of the axis to the next. */
export function epochTick(epochs: number): number {
  return [1, 2, 5, 10, 20, 50, 100].find((step) => epochs / step <= 10) ?? 200;
}

function describe(history: History, measures: string[], best: number | undefined, overfits: boolean): string {
  const count = history.epoch.length;
  const last = (name: string): string | undefined => history.history[name]?.at(-1)?.toFixed(4);
  const parts = measures.map((measure) => {
    const validation = last(`val_${measure}`);
    return `${nameOf(measure)} ${last(measure) ?? 'not yet known'}${validation ? `, validation ${validation}` : ''}`;
  });
  const overfitsPart = overfits ? ', from where on the network over-fits' : '';
  const bestPart = best === undefined ? '' : ` The validation loss is lowest after epoch ${best + 1}${overfitsPart}.`;
  const epochs = count === 1 ? '1 epoch' : `${count} epochs`;
  const names = measures.map(nameOf).join(' and ');
  return `Curves of ${names} over ${epochs}. At the end: ${parts.join('; ')}.${bestPart}`;
}
