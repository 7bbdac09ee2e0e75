import { countText } from '../arrays';
import { variantFor } from '../exercises/variant';
import { escapeXml } from '../plots/svg';
import { find } from './check';
import { learner } from './learner';
import { show } from './output';

/**
 * Shows the numbers that an exercise gives you, and returns them. Each learner gets others, the same every time.
 *
 * @param id of an exercise that asks for a number: `'2.4'`
 * @throws Error if there is no such exercise, or it gives no numbers
 *
 * ```ts
 * const { inputs, units } = question('2.4');
 * ```
 * Taught in 00_start_here.
 */
export function question(id: string): Readonly<Record<string, number>> {
  const { exercise } = find(id);
  if (exercise.kind !== 'number' || Object.keys(exercise.variants[0].given).length === 0) {
    throw new Error(`question: exercise ${exercise.id} gives no numbers of your own; all you need is in its text.`);
  }
  const who = learner();
  const { given } = variantFor(exercise, who ?? '');
  const numbers = Object.entries(given).map(([name, value]) => [name, countText(value)]);
  const note = who === undefined
    ? "Nobody has said who you are: setLearner('your-id') does, once for all notebooks. Then the numbers are yours."
    : `The numbers of ${who}.`;
  const rows = numbers.map(([name, value]) => '<tr><th scope="row" style="text-align: left; font-weight: normal">' +
    `<code>${escapeXml(name)}</code></th><td style="text-align: right">${value}</td></tr>`);
  show({
    data: {
      'text/html': '<table style="margin: 4px 0; width: auto">' +
        `<caption style="text-align: left">Given in ${exercise.id}</caption><tbody>${rows.join('')}</tbody></table><div><small>${escapeXml(note)}</small></div>`,
      'text/plain': `Given in ${exercise.id}: ${numbers.map((each) => each.join(' = ')).join(', ')}\n${note}`,
    },
  });
  return given;
}
