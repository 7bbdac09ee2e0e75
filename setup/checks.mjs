// @ts-check

/**
 * One line of a report.
 *
 * @typedef {object} Check
 * @property {string} name
 * @property {'ok' | 'note' | 'problem'} state problem: the course cannot run as it is; note: it can
 * @property {string} text what is there
 * @property {string} [advice] what to do
 */

/** @type {(name: string, text: string) => Check} */
export const ok = (name, text) => ({ name, state: 'ok', text });
/** @type {(name: string, text: string, advice: string) => Check} */
export const note = (name, text, advice) => ({ name, state: 'note', text, advice });
/** @type {(name: string, text: string, advice: string) => Check} */
export const problem = (name, text, advice) => ({ name, state: 'problem', text, advice });

/** @returns {boolean} whether the output is a terminal that shows colours */
export const hasColours = () => Boolean(process.stdout.isTTY) && !process.env.NO_COLOR;

/**
 * @param {Check[]} checks
 * @param {boolean} colours
 * @returns {string} one aligned line a check, its advice below it
 */
export function formatChecks(checks, colours) {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const paint = (/** @type {Check['state']} */ state) => {
    const word = state.padEnd('problem'.length);
    return colours ? `\x1b[${{ ok: 32, note: 33, problem: 31 }[state]}m${word}\x1b[0m` : word;
  };
  const margin = ' '.repeat(2 + 'problem'.length + 2 + width + 2);
  return checks
    .flatMap(({ name, state, text, advice }) => [
      `  ${paint(state)}  ${name.padEnd(width)}  ${text.replaceAll('\n', `\n${margin}`)}`,
      ...(advice ? [`${margin}-> ${advice}`] : []),
    ])
    .join('\n');
}
