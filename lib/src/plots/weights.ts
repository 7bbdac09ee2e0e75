import type { NdArray } from 'ndarray';
import { countText, packedValues, shapeText, type Numbers } from '../arrays';
import { extent } from '../bins';
import { statisticsOf } from '../inspection/statistics';
import { diverging, rounded, type Axis, type Figure, type HeatmapTrace } from './figure';
import { numberText } from './svg-scales';

/**
 * A larger matrix is shown by so many cells across and down at most: more would be smaller than a screen shows, and
 * fill the notebook.
 */
const MOST_CELLS = 100;
/** A colour that no number has: a hole would look like zero. */
const NOT_FINITE = '#F0E442';

export interface WeightsFigureOptions {
  /** Default: `Weights`. */
  title?: string;
}

/**
 * The weights of a layer as a heat map: blue below zero, white at zero, orange above; one row an input, one column an
 * output; yellow what is no finite number. Of more than 100 rows or columns several weights share a
 * cell, which shows their mean; the title says so.
 *
 * @param kernel `[inputs, outputs]` of a dense layer; or `[height, width, channels, filters]` of a convolution, whose
 *   rows are the places of its window, row by row, each with all channels
 * @throws Error for another shape, or without a finite number
 *
 * ```ts
 * showFigure(weightsFigure(ndarray(await kernel.data(), kernel.shape), { title: 'First layer, before training' }));
 * ```
 * Taught in 02_fashion_mnist_mlp.
 */
export function weightsFigure(kernel: NdArray<Numbers>, { title = 'Weights' }: WeightsFigureOptions = {}): Figure {
  const { shape } = kernel;
  if (shape.length < 2 || kernel.size === 0) {
    throw new Error(
      `weightsFigure: got weights of shape ${shapeText(shape)}; expected [inputs, outputs] or [height, width, ` +
        `channels, filters]. ` +
        'The kernel of a layer is layer.getWeights()[0].',
    );
  }
  const values = packedValues(kernel);
  const columns = shape[shape.length - 1];
  const rows = values.length / columns;
  const statistics = statisticsText(values);
  const cell = { rows: Math.ceil(rows / MOST_CELLS), columns: Math.ceil(columns / MOST_CELLS) };
  const z = binned(values, rows, columns, cell);
  const [low, high] = extent(z.flat()) ?? [0, 0];
  const most = Math.max(-low, high) || 1;
  const isBinned = cell.rows > 1 || cell.columns > 1;
  const shape2d = `${countText(rows)} × ${countText(columns)}`;
  // The middles of the cells. What is left over at the end is a smaller cell, which is drawn as large as the others.
  const middles = (count: number, size: number): number[] =>
    Array.from({ length: count }, (_, i) => i * size + (size - 1) / 2);
  const places = { x: middles(z[0].length, cell.columns), y: middles(z.length, cell.rows) };
  const mean = isBinned ? `; each cell is the mean of ${cell.rows} × ${cell.columns}` : '';
  const isDense = shape.length === 2;
  const isBroken = z.map((row) => row.map((value) => !Number.isFinite(value)));
  const broken: HeatmapTrace = {
    type: 'heatmap', ...places, z: isBroken.map((row) => row.map((is) => (is ? 1 : NaN))), zmin: 0, zmax: 1,
    colorscale: [[0, NOT_FINITE], [1, NOT_FINITE]], showscale: false,
    hovertemplate: 'input %{y:.0f}, output %{x:.0f}: not finite<extra></extra>',
  };
  return {
    data: [{
      type: 'heatmap', ...places, z,
      zmin: rounded(-most, 3), zmax: rounded(most, 3), colorscale: diverging,
      colorbar: { title: { text: isBinned ? 'mean weight' : 'weight', side: 'right' }, thickness: 16 },
      hovertemplate: `input %{y:.0f}, output %{x:.0f}: %{z:.4f}<extra></extra>`,
    }, ...(isBroken.flat().includes(true) ? [broken] : [])],
    layout: {
      title: { text: `${title}: ${shape2d} weights${mean}`, font: { size: 14 } },
      height: 420,
      margin: { l: 70, r: 100, t: 44, b: 52 },
      xaxis: { title: { text: isDense ? 'output' : 'filter' }, ...axis(z[0].length * cell.columns, false) },
      // The first input at the top, as a matrix is written.
      yaxis: { title: { text: isDense ? 'input' : 'place in the window and channel' },
        ...axis(z.length * cell.rows, true) },
      meta: { alt: `${title}: heat map of ${shape2d} weights from ${statistics}${mean}.` },
    },
  };
}

/** From the edge of the first cell to that of the last; few cells are all numbered. */
function axis(length: number, isReversed: boolean): Axis {
  const range: [number, number] = isReversed ? [length - 0.5, -0.5] : [-0.5, length - 0.5];
  return { range, showgrid: false, zeroline: false, ...(length <= 12 && { dtick: 1 }) };
}

function statisticsText(values: Numbers): string {
  const { count, mean, standardDeviation, min, max, notFinite } = statisticsOf(values);
  if (notFinite === count) {
    throw new Error(
      'weightsFigure: got no finite number. Weights become NaN when the learning rate is too large.',
    );
  }
  const [low, high] = [min, max].map((value) => numberText(rounded(value, 4)));
  const rest = notFinite > 0 ? `, and ${countText(notFinite)} not finite` : '';
  return `${low} to ${high}, mean ${mean.toFixed(4)}, standard deviation ${standardDeviation.toFixed(4)}${rest}`;
}

/** The mean of each cell of so many rows and columns. */
function binned(values: Numbers, rows: number, columns: number, cell: { rows: number; columns: number }): number[][] {
  return Array.from({ length: Math.ceil(rows / cell.rows) }, (_, i) =>
    Array.from({ length: Math.ceil(columns / cell.columns) }, (_, j) => {
      let [sum, count] = [0, 0];
      for (let row = i * cell.rows; row < Math.min(rows, (i + 1) * cell.rows); row++) {
        for (let column = j * cell.columns; column < Math.min(columns, (j + 1) * cell.columns); column++) {
          sum += values[row * columns + column];
          count++;
        }
      }
      return rounded(sum / count, 3);
    }));
}
