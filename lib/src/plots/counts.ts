import { countText } from '../arrays';
import {
  axisNames, legendAbove, LETTER, longestOf, namesAlong, palette, rounded, type BarTrace, type Figure,
} from './figure';

/** Values of one kind, or of several parts by name, such as `{ training, validation }`. */
export type Parts<T> = T | Readonly<Record<string, T>>;

/**
 * How many examples each class has, as bars; several parts stand side by side.
 *
 * @param labels class numbers, one an example; or those of several parts by name, such as `{ training, validation }`
 * @param classNames in the order of the class numbers; long ones are cut on the axis
 * @throws Error if a label has no name, or two classes have the same
 * Taught in 01_mnist_mlp.
 */
export function classCountsFigure(labels: Parts<ArrayLike<number>>, classNames: readonly string[]): Figure {
  const parts = isList(labels) ? [['', labels] as const] : Object.entries(labels);
  const names = axisNames('classCountsFigure', 'class', classNames);
  // In a notebook as wide as a static picture; in a narrower one, Plotly leaves out more.
  const room = 810 / Math.max(1, names.length);
  const axis = namesAlong(names, room);
  const turned = axis.tickangle ? longestOf(names) * LETTER : 0;
  const several = parts.length > 1;
  const counted = parts.map(([name, list]) => ({ name, counts: countsOf(list, classNames.length) }));
  const most = counted.reduce((all, { counts }) => Math.max(all, ...counts), 0);
  const hasNumbers = countText(most).length * LETTER <= room / parts.length;
  const data = counted.map(({ name, counts }, i): BarTrace => ({
    type: 'bar', x: names, y: counts, marker: { color: palette[i % palette.length] },
    ...(hasNumbers && { text: counts.map(countText), textposition: 'outside' }),
    hovertemplate: `%{x}: %{y:,} images${several ? ', %{fullData.name}' : ''}<extra></extra>`,
    ...(name !== '' && { name }),
  }));
  const lists = counted.map(({ name, counts }) => {
    const list = classNames.map((className, i) => `${className}: ${countText(counts[i])}`).join(', ');
    return name === '' ? list : `${name}: ${list}`;
  });
  return {
    data,
    layout: {
      height: 300 + turned,
      margin: { l: 70, r: 20, t: several ? 50 : 30, b: 50 + turned },
      ...(several && { showlegend: true, legend: legendAbove }),
      xaxis: { title: { text: 'class' }, type: 'category', ...axis },
      // Room for the numbers above the bars.
      yaxis: { title: { text: 'images' }, range: [0, rounded(most * 1.14) || 1], tickformat: ',' },
      meta: { alt: `Images in each class. ${lists.join('; ')}.` },
    },
  };
}

const isList = (labels: Parts<ArrayLike<number>>): labels is ArrayLike<number> => typeof labels.length === 'number';

function countsOf(labels: ArrayLike<number>, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (let i = 0; i < labels.length; i++) {
    if (counts[labels[i]] === undefined) {
      throw new Error(
        `classCountsFigure: label ${i} is ${labels[i]}; expected a whole number from 0 to ${classes - 1}.`,
      );
    }
    counts[labels[i]]++;
  }
  return counts;
}
