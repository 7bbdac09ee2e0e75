import type { Exercise, ExerciseFacts } from '../exercises/definition';
import { colors } from './figure';
import { numberWith } from './plain-values';
import { escapeXml } from './svg-elements';

/** An exercise with what has become of it so far. */
export interface ExerciseState extends Pick<ExerciseFacts, 'id' | 'title' | 'points' | 'difficulty' | 'minutes'> {
  readonly kind: Exercise['kind'];
  readonly state: 'untried' | 'tried' | 'passed';
  /** Points of what `check` tries, and the most that were earned of them. */
  readonly earned: number;
  readonly tried: number;
}

/** Later: points that are decided when it is marked. */
const columns = ['Exercise', 'State', 'Points', 'Later', 'Difficulty', 'Minutes'] as const;

/**
 * The exercises of a lesson with their state, as HTML that needs no script and no other file: a row each, a sum, and
 * what comes next.
 *
 * @param notes what else has to be said
 * Taught in 00_start_here.
 */
export function progressHtml(
  lesson: string, exercises: readonly ExerciseState[], notes: readonly string[] = [],
): string {
  const head = columns.map((title, i) => cellHtml('th scope="col"', title, i)).join('');
  const rows = exercises.map((exercise) => {
    const cells = cellsOf(exercise).map((text, i) => cellHtml(i === 0 ? 'th scope="row"' : 'td', text, i));
    return `<tr>${cells.join('')}</tr>`;
  });
  const { checked, passed, earned, tried } = sumsOf(exercises);
  const parts = [
    '<div role="heading" aria-level="4" style="font-size: 1.1em"><strong>' +
      `${escapeXml(headline(exercises))}</strong></div>`,
    `<progress value="${earned}" max="${tried || 1}" aria-label="points" style="width: 20em"></progress>`,
    '<table style="margin: 6px 0; border-collapse: collapse; table-layout: auto; width: auto">' +
      `<caption style="text-align: left"><small>Exercises of ${escapeXml(lesson)}</small></caption>` +
      `<thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table>`,
    ...sentences(exercises).map((text) => `<div>${escapeXml(text)}</div>`),
    ...notes.map((note) => `<div><small>${escapeXml(note)}</small></div>`),
  ];
  const color = passed === checked ? colors.highlight : colors.training;
  return `<div role="group" aria-label="Progress" style="border-left: 4px solid ${color}; padding: 2px 0 2px 12px; ` +
    `line-height: 1.5">${parts.join('')}</div>`;
}

const isRight = (column: number): boolean => ['Points', 'Later', 'Minutes'].includes(columns[column]);

function cellHtml(tag: string, text: string, column: number): string {
  const weight = tag.includes('"row"') ? 'font-weight: normal; ' : '';
  const wrap = column === 0 ? '' : 'white-space: nowrap; ';
  const style = `padding: 3px 14px 3px 0; ${weight}${wrap}text-align: ${isRight(column) ? 'right' : 'left'}`;
  return `<${tag} style="${style}">${escapeXml(text)}</${tag.slice(0, 2)}>`;
}

/** The same as text. */
export function progressText(
  lesson: string, exercises: readonly ExerciseState[], notes: readonly string[] = [],
): string {
  const rows = [[...columns], ...exercises.map(cellsOf)];
  const widths = columns.map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const padded = (text: string, i: number): string => (isRight(i) ? text.padStart(widths[i]) : text.padEnd(widths[i]));
  const lines = rows.map((row) => row.map(padded).join('  ').trimEnd());
  return [`${lesson}: ${headline(exercises)}`, '', ...lines, '', ...sentences(exercises), ...notes].join('\n');
}

function cellsOf({ id, title, kind, state, earned, tried, points, difficulty, minutes }: ExerciseState): string[] {
  const later = points - tried;
  const score = tried > 0 ? `${numberWith(earned, 6)} of ${numberWith(tried, 6)}` : '';
  const more = later > 0 ? `+ ${numberWith(later, 6)}` : '';
  return [`${id} ${title}`, stateText(kind, state), score, more, difficulty, String(minutes)];
}

function stateText(kind: Exercise['kind'], state: ExerciseState['state']): string {
  if (kind === 'text') return '✎ marked by hand';
  return { untried: '○ not tried', tried: '✗ not yet', passed: '✓ passed' }[state];
}

interface Sums {
  /** Exercises that `check` tries, and how many of them are passed. */
  readonly checked: number;
  readonly passed: number;
  readonly earned: number;
  readonly tried: number;
  readonly hidden: number;
  readonly byHand: number;
}

function sumsOf(exercises: readonly ExerciseState[]): Sums {
  const sum = (of: readonly ExerciseState[], count: (exercise: ExerciseState) => number): number =>
    of.reduce((total, exercise) => total + count(exercise), 0);
  const checked = exercises.filter(({ kind }) => kind !== 'text');
  const texts = exercises.filter(({ kind }) => kind === 'text');
  return {
    checked: checked.length,
    passed: sum(checked, ({ state }) => Number(state === 'passed')),
    earned: sum(checked, ({ earned }) => earned),
    tried: sum(checked, ({ tried }) => tried),
    hidden: sum(checked, ({ points, tried }) => points - tried),
    byHand: sum(texts, ({ points }) => points),
  };
}

function headline(exercises: readonly ExerciseState[]): string {
  const { checked, passed, earned, tried } = sumsOf(exercises);
  return `${passed} of ${checked} exercises passed, ${numberWith(earned, 6)} of ${numberWith(tried, 6)} points`;
}

function sentences(exercises: readonly ExerciseState[]): string[] {
  const { hidden, byHand } = sumsOf(exercises);
  const later = [
    ...(hidden > 0 ? [`${numberWith(hidden, 6)} by hidden cases`] : []),
    ...(byHand > 0 ? [`${numberWith(byHand, 6)} by a person who reads your texts`] : []),
  ];
  // With them the points add up to those that the notebook promises.
  const more = hidden + byHand === 1 ? '1 more point is' : `${numberWith(hidden + byHand, 6)} more points are`;
  const next = exercises.find(({ kind, state }) => kind !== 'text' && state !== 'passed');
  return [
    ...(later.length > 0 ? [`Later, when it is marked, ${more} decided: ${later.join(', ')}.`] : []),
    next ? `Next: ${next.id} ${next.title} (${next.difficulty}, about ${next.minutes} minutes).`
      : `Nothing is left to pass here${byHand > 0 ? ': read your texts once more' : ''}. Hand in with await handIn().`,
  ];
}
