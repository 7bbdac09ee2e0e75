import { extent } from '../bins';
import { colors, rounded, type Figure } from './figure';
import { multiples, numberText } from './svg-scales';

/** The loss that each learning rate has come to. */
export interface LearningRateSweep {
  readonly rates: readonly number[];
  /** NaN or Infinity where the training went astray. */
  readonly losses: readonly number[];
}

/** A loss so many times the lowest would leave the rest flat on the axis. */
const MOST_TIMES_LOWEST = 1000;

/**
 * The loss after some training against the learning rate, on a logarithmic axis; the rate with the lowest loss is
 * marked. Rates whose loss is no number, or is more than 1,000 times the lowest, have no point; the description counts
 * them.
 *
 * @throws Error if the lists differ in length, a rate is not above 0, or no loss is a number
 * Taught in 03_fashion_mnist_cnn.
 */
export function learningRateFigure({ rates, losses }: LearningRateSweep): Figure {
  if (rates.length !== losses.length) {
    throw new Error(
      `learningRateFigure: got ${rates.length} learning rates and ${losses.length} losses; expected as many ` +
        `of each.`,
    );
  }
  const wrong = rates.find((rate) => !(rate > 0));
  if (wrong !== undefined) {
    throw new Error(
      `learningRateFigure: got the learning rate ${wrong}; expected numbers above 0.`,
    );
  }
  const finite = losses.filter(Number.isFinite);
  if (finite.length === 0) throw new Error('learningRateFigure: no loss is a number. Try smaller learning rates.');
  const lowest = finite.reduce((a, b) => Math.min(a, b));
  const order = rates.map((rate, i) => ({ rate, loss: losses[i] })).sort((a, b) => a.rate - b.rate);
  const shown = order.map(({ rate, loss }) =>
    ({ rate, loss: loss <= Math.max(lowest * MOST_TIMES_LOWEST, 1e-9) ? loss : NaN }));
  const best = order.find(({ loss }) => loss === lowest)!;
  const astray = shown.filter(({ loss }) => !Number.isFinite(loss)).length;
  const [low, high] = extent(rates)!.map(Math.log10);
  const margin = (high - low || 1) * 0.06;
  const [left, right] = [rounded(low - margin), rounded(high + margin)];
  // Few powers of ten leave room for what lies between.
  const factors = right - left < 2 ? [1, 2, 5] : [1];
  const ticks = multiples(1, Math.floor(left), Math.ceil(right))
    .flatMap((power) => factors.map((factor) => rounded(factor * 10 ** power)))
    .filter((rate) => Math.log10(rate) >= left && Math.log10(rate) <= right);
  // Below the lowest point is always room, unless that lies on the axis.
  const highest = shown.reduce((most, { loss }) => (loss > most ? loss : most), lowest);
  const isBelow = lowest > highest * 0.2;
  return {
    data: [{
      type: 'scatter', mode: 'lines+markers', x: shown.map(({ rate }) => rate),
      y: shown.map(({ loss }) => rounded(loss)),
      line: { color: colors.training, width: 2 }, marker: { color: colors.training, size: 8 }, cliponaxis: false,
      showlegend: false,
      hovertemplate: 'learning rate %{x}: loss %{y:.4f}<extra></extra>',
    }],
    layout: {
      height: 340,
      margin: { l: 70, r: 20, t: 30, b: 52 },
      xaxis: { title: { text: 'learning rate' }, type: 'log', range: [left, right], tickvals: ticks,
        ticktext: ticks.map(numberText) },
      yaxis: { title: { text: 'loss' }, range: [Math.min(0, rounded(lowest * 1.08)), rounded(highest * 1.08) || 1] },
      // On a logarithmic axis, Plotly places annotations by the power of ten.
      annotations: [{
        text: `lowest: ${numberText(best.rate)} (${lowest.toFixed(3)})`, x: rounded(Math.log10(best.rate)),
        y: rounded(lowest), xref: 'x', yref: 'y',
        showarrow: true, ax: 0, ay: isBelow ? 34 : -34,
      }],
      meta: {
        alt: `Loss after training with ${rates.length} learning rates ` +
          `from ${numberText(10 ** low)} to ${numberText(10 ** high)}. ` +
          `It is lowest, ${lowest.toFixed(4)}, with ${numberText(best.rate)}.` +
          (astray > 0 ? ` With ${astray} of them the loss is no number, or too large for the figure.` : ''),
      },
    },
  };
}
