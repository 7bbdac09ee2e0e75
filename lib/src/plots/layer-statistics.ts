import { countText } from '../arrays';
import { warningsOf, type LayerStatistics } from '../inspection/statistics';
import { htmlTable, textTable, type Column } from '../model/table';
import { shortNumber } from './layer-pictures';

/** A table as HTML, and as text for a terminal. */
export interface PrintedTable {
  readonly html: string;
  readonly text: string;
}

const columns: readonly Column[] = [
  { title: 'Layer' }, { title: 'Type' }, { title: 'Output shape' }, { title: 'Mean', isNumber: true },
  { title: 'Standard deviation', isNumber: true }, { title: 'Min', isNumber: true }, { title: 'Max', isNumber: true },
  { title: 'Zeros', isNumber: true }, { title: 'To look at' },
];

/**
 * The activations of each layer as a table; what is wrong (NaN, dead units) is marked and said in words.
 *
 * @param layers as `layerStatistics` returns them
 * Taught in 03_fashion_mnist_cnn.
 */
export function layerStatisticsTable(layers: readonly LayerStatistics[]): PrintedTable {
  const rows = layers.map((layer) => {
    const { name, type, shape, mean, standardDeviation, min, max, zeros } = layer;
    const numbers = [mean, standardDeviation, min, max].map(shortNumber);
    const warnings = warningsOf(layer);
    return [name, type, shape.map(countText).join(' × '), ...numbers, `${(zeros * 100).toFixed(1)} %`,
      warnings.length > 0 ? `⚠ ${warnings.join('; ')}` : ''];
  });
  const found = layers.filter((layer) => warningsOf(layer).length > 0).length;
  const totals = [
    found > 0 ? `⚠ ${found} of ${layers.length} layers to look at.` : `Nothing to look at in ${layers.length} layers.`,
    'A unit is dead if its ReLU puts out 0 for every example: no gradient reaches it any more.',
  ];
  return {
    // Numbers and shapes stay on one line.
    html: htmlTable('Activations of each layer', columns,
      rows.map((row) => [...row.slice(0, -1).map((cell) => cell.replace(/ /g, '\u00a0')), row.at(-1)!]), totals),
    text: [...textTable(columns, rows), ...totals].join('\n'),
  };
}
