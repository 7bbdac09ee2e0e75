import { countText } from '../arrays';
import { colors, type Figure } from './figure';

/**
 * How many examples each class has, as bars.
 *
 * @param labels class numbers, one an example
 * @param classNames in the order of the class numbers
 * Taught in 01_mnist_mlp.
 */
export function classCountsFigure(labels: ArrayLike<number>, classNames: readonly string[]): Figure {
  const counts = new Array<number>(classNames.length).fill(0);
  for (let i = 0; i < labels.length; i++) {
    if (counts[labels[i]] === undefined) {
      throw new Error(`classCountsFigure: label ${i} is ${labels[i]}; expected a whole number from 0 to ${classNames.length - 1}.`);
    }
    counts[labels[i]]++;
  }
  const list = classNames.map((name, i) => `${name}: ${countText(counts[i])}`).join(', ');
  return {
    data: [{
      type: 'bar', x: [...classNames], y: counts, marker: { color: colors.training },
      text: counts.map(countText), textposition: 'outside',
      hovertemplate: '%{x}: %{y:,} images<extra></extra>',
    }],
    layout: {
      height: 300,
      margin: { l: 70, r: 20, t: 30, b: 50 },
      xaxis: { title: { text: 'class' }, type: 'category' },
      yaxis: { title: { text: 'images' }, rangemode: 'tozero' },
      meta: { alt: `Images in each class. ${list}.` },
    },
  };
}
