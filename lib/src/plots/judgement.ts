import type { CaseResult, CriterionResult, Difference, Judgement } from '../exercises/judgement';
import type { Plain } from '../exercises/values';
import { colors } from './figure';
import { codeHtml, differenceHtml, gridOf, numberWith, plainText, valueHtml } from './plain-values';
import { escapeXml } from './svg-elements';

/** What is known around a judgement. */
export interface Surroundings {
  /** The name that the answer has in the notebook. */
  readonly answer?: string;
  /** The names of the learner's own parameters. */
  readonly parameters?: readonly (string | undefined)[];
  /** The exercise that comes after this one in the lesson. */
  readonly next?: { readonly id: string; readonly title: string } | undefined;
  /** What else has to be said, each a sentence or two. */
  readonly notes?: readonly string[];
}

/** A call that is not longer stands on one line; else each argument has a block of its own. */
const SHORT_CALL = 64;
/** A value that is not longer stands in the sentence that says why a case has failed. */
const SHORT_VALUE = 24;
/** Cases that are shown in all. More would fill the notebook, and nobody reads them. */
const MOST_CASES = 8;

/**
 * What `check` has found, as HTML that needs no script and no other file: passed or not yet, the points, each criterion
 * in words and with a mark, the first case that fails with what is expected and what came, the hint, and what to do
 * next. All other cases are folded away.
 *
 * @param judgement as `judge` returns it
 *
 * ```ts
 * judgementHtml(judgement, { answer: 'conv2d', next: { id: '3.3', title: 'Padding' } })
 * ```
 * Taught in 00_start_here.
 */
export function judgementHtml(judgement: Judgement, around: Surroundings = {}): string {
  const { hint, trouble } = judgement;
  // What could not be tried has one thing to say.
  const criteria = trouble === undefined ? judgement.criteria : [];
  const { mark, words } = verdictOf(judgement);
  const room = { left: MOST_CASES };
  const firstFailing = criteria.find(isFailing);
  const items = criteria.map((criterion) =>
    criterionHtml(criterion, criterion === firstFailing, judgement, around, room));
  const parts = [
    `<div role="heading" aria-level="4" style="font-size: 1.1em"><strong>${mark} ${words}</strong> · ` +
      `${escapeXml(titleOf(judgement))}</div>`,
    `<div>${pointsText(judgement)}</div>`,
    ...(trouble === undefined ? [] : [`<div style="margin: 6px 0">${escapeXml(trouble)}</div>`]),
    ...(items.length > 0 ? [`<ul style="list-style: none; margin: 8px 0; padding: 0">${items.join('')}</ul>`] : []),
    ...(hint === undefined ? [] : [hintHtml(hint)]),
    ...leakNotes(judgement).map((note) => `<div>${proseHtml(note)}</div>`),
    `<div>${escapeXml(nextText(judgement, around.next))}</div>`,
    ...(around.notes ?? []).map((note) => `<div><small>${escapeXml(note)}</small></div>`),
  ];
  const label = `Exercise ${judgement.id}: ${words}`;
  return frameHtml(label, judgement.passed ? colors.highlight : colors.validation, parts.join(''));
}

/** The same in words, for a terminal and a screen reader. */
export function judgementText(judgement: Judgement, around: Surroundings = {}): string {
  const { hint, trouble } = judgement;
  const criteria = trouble === undefined ? judgement.criteria : [];
  const { mark, words } = verdictOf(judgement);
  const firstFailing = criteria.find(isFailing);
  return [
    `${mark} ${words} · ${titleOf(judgement)}`,
    pointsText(judgement),
    ...(trouble === undefined ? [] : [trouble]),
    ...criteria.flatMap((criterion) => [
      ...(isAlone(judgement) ? [] : [`  ${markOf(criterion)} ${criterion.name}: ${resultText(criterion)}`]),
      ...notesOf(criterion, judgement).map((note) => `    ${note}`),
      ...(criterion === firstFailing ? criterion.cases.filter(({ passed }) => !passed).slice(0, 1) : [])
        .flatMap((each) => caseText(each, around)),
    ]),
    ...(hint === undefined ? [] : [`Hint: ${hint}`]),
    ...leakNotes(judgement),
    nextText(judgement, around.next),
    ...(around.notes ?? []),
  ].join('\n');
}

/** Something that has to be said instead of a judgement, as HTML. */
export const noticeHtml = (title: string, sentences: readonly string[]): string =>
  frameHtml(title, colors.neutral, `<div role="heading" aria-level="4"><strong>${escapeXml(title)}</strong></div>` +
    sentences.map((sentence) => `<div>${escapeXml(sentence)}</div>`).join(''));

const frameHtml = (label: string, color: string, content: string): string =>
  `<div role="group" aria-label="${escapeXml(label)}" style="border-left: 4px solid ${color}; ` +
    `padding: 2px 0 2px 12px; max-width: 62em; line-height: 1.5">${content}</div>`;

const hintHtml = (hint: string): string =>
  `<div role="note" style="margin: 8px 0; padding: 6px 10px; border: 1px solid ${colors.neutral}; ` +
    `border-radius: 4px; max-width: 56em"><strong>Hint</strong> · ${proseHtml(hint)}</div>`;

/** Prose with `code` and *stress*, as hints have it. */
const proseHtml = (prose: string): string => prose.split('`')
  .map((part, i) => (i % 2 === 1 ? codeHtml(part) : escapeXml(part).replaceAll(STRESSED, '$1<em>$2</em>')))
  .join('');

/** A star that stands for a product has a number or a space beside it. */
const STRESSED = /(^|[\s(])\*(\p{L}[^*]*)\*(?=[\s.,;:?!)]|$)/gu;

const titleOf = ({ id, title }: Judgement): string => `${id} ${title}`;

function verdictOf({ kind, passed, trouble }: Judgement): { mark: string; words: string } {
  if (kind === 'text') return { mark: '✎', words: 'Marked by hand' };
  if (passed) return { mark: '✓', words: 'Passed' };
  return { mark: '✗', words: trouble === undefined ? 'Not yet' : 'Not yet: nothing could be tried' };
}

const counted = (points: number): string => `${numberWith(points, 6)} ${points === 1 ? 'point' : 'points'}`;

/** What decides the points that `check` cannot give. */
const LATER: Record<Judgement['kind'], string> = {
  function: 'by hidden cases when it is marked',
  model: 'by hidden requirements when it is marked',
  trained: 'by hidden requirements when it is marked',
  number: 'when it is marked',
  choice: 'when it is marked',
  text: 'by a person who reads it',
};

function pointsText({ kind, earned, tried, points }: Judgement): string {
  const later = points - tried;
  const now = tried > 0 ? [`${numberWith(earned, 6)} of ${counted(tried)}`] : [];
  const name = tried > 0 ? `${numberWith(later, 6)} more ${later === 1 ? 'point' : 'points'}` : counted(later);
  const decided = later > 0 ? [`${name} ${later === 1 ? 'is' : 'are'} decided ${LATER[kind]}`] : [];
  return `${[...now, ...decided].join('; ')}.`;
}

function nextText({ kind, passed }: Judgement, next: Surroundings['next']): string {
  if (!passed && kind !== 'text') return 'Change the cell above, and run both again.';
  return next ? `Go on with ${sentenceOf(`${next.id} ${next.title}`)}` : 'That was the last exercise of this lesson.';
}

/** Where nobody asks for it, it costs no points to leave tensors behind; but it is said. */
function leakNotes({ passed, criteria }: Judgement): string[] {
  const most = Math.max(0, ...criteria.flatMap(({ cases }) => cases.map(({ observation }) => observation.leaked)));
  if (!passed || most === 0) return [];
  const tensors = most === 1 ? 'a tensor' : `${most} tensors`;
  return [`One thing besides, which costs no points: a call leaves ${tensors} in memory. \`tf.tidy(() => ...)\` helps.`];
}

const isFailing = ({ earned, points, cases }: CriterionResult): boolean =>
  earned < points || cases.some(({ passed }) => !passed);

/** A number or a choice is its only criterion: the first lines have said all of it. */
const isAlone = ({ kind }: Judgement): boolean => kind === 'number' || kind === 'choice';

/** What a model was found to be is said where it is not what it should be; what it can do, always. */
function notesOf(criterion: CriterionResult, { kind }: Judgement): string[] {
  const { note } = criterion;
  return note === undefined || (kind === 'model' && !isFailing(criterion)) ? [] : [sentenceOf(note)];
}

const sentenceOf = (text: string): string => {
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.?!]$/.test(sentence) ? sentence : `${sentence}.`;
};

const markOf = (criterion: CriterionResult): string => (isFailing(criterion) ? '✗' : '✓');

function resultText(criterion: CriterionResult): string {
  const { earned, points, cases } = criterion;
  const right = cases.filter(({ passed }) => passed).length;
  const state = !isFailing(criterion) ? 'right'
    : cases.length > 1 && right > 0 ? `${right} of ${cases.length} cases right` : 'not yet';
  return `${state}, ${numberWith(earned, 6)} of ${counted(points)}`;
}

function criterionHtml(
  criterion: CriterionResult, isFirstFailing: boolean, judgement: Judgement, around: Surroundings,
  room: { left: number },
): string {
  const { name, cases } = criterion;
  const failing = cases.filter(({ passed }) => !passed);
  const first = isFirstFailing ? failing.slice(0, 1) : [];
  const others = [...failing.slice(first.length), ...cases.filter(({ passed }) => passed)];
  room.left -= first.length;
  const folded = others.slice(0, Math.max(0, room.left));
  room.left -= folded.length;
  const parts = [
    ...(isAlone(judgement) ? [] : [
      `<div><strong>${markOf(criterion)}</strong> ${escapeXml(name)} <small>· ${resultText(criterion)}</small></div>`,
    ]),
    ...notesOf(criterion, judgement).map((note) =>
      `<div style="margin-left: ${isAlone(judgement) ? 0 : 1.4}em">${escapeXml(note)}</div>`),
    ...first.map((each) => caseHtml(each, around)),
    ...(folded.length === 0 ? [] : [
      '<details style="margin-left: 1.4em">' +
        `<summary><small>${foldedText(folded, first.length > 0)}</small></summary>` +
        `${folded.map((each) => caseHtml(each, around)).join('')}</details>`,
    ]),
  ];
  return `<li style="margin: 2px 0">${parts.join('')}</li>`;
}

function foldedText(cases: readonly CaseResult[], isMore: boolean): string {
  const failing = cases.filter(({ passed }) => !passed).length;
  const right = cases.length - failing;
  const counts = [[failing, 'not yet right'], [right, 'right']] as const;
  return counts.filter(([count]) => count > 0)
    .map(([count, what]) => `${count}${isMore ? ' more' : ''} ${count === 1 ? 'case' : 'cases'} ${what}`).join(', ');
}

const BLOCKS = 'display: flex; flex-wrap: wrap; align-items: flex-start; gap: 4px 28px; margin: 4px 0';

function caseHtml(result: CaseResult, around: Surroundings): string {
  const { inputs, expected, observation, passed, failure } = result;
  const call = callText(inputs, around);
  const blocks = call === undefined
    ? [`<div style="${BLOCKS}">${inputs.map((input, i) => valueHtml(inputName(i, around), input)).join('')}</div>`]
    : [`<div>${codeHtml(call)}</div>`];
  const sentence = failure === undefined ? [] : [`<div>${escapeXml(failureText(failure, result))}</div>`];
  const values = observation.outcome !== 'value' ? [valueHtml('Expected', expected)]
    : passed ? [valueHtml('Result', observation.value)] : comparedHtml(result);
  const compared = values.length > 0 ? [`<div style="${BLOCKS}">${values.join('')}</div>`] : [];
  return `<div role="group" aria-label="${passed ? 'A case that is right' : 'A case that is not right yet'}" ` +
    `style="margin: 4px 0 8px 1.4em">${[...blocks, ...sentence, ...compared].join('')}</div>`;
}

/** A failure as a whole sentence. */
function failureText(failure: string, { observation: { outcome, error }, difference }: CaseResult): string {
  if (outcome === 'error' && error?.name !== 'Unreadable') {
    // TensorFlow's own errors begin with a number that says nothing.
    return `It stopped with an error: ${failure.replace(/^Error: (Invalid TF_Status: \d+\s+Message: )?/, '')}`;
  }
  // What begins with a place inside the value stays as TypeScript writes it.
  return difference?.path === undefined ? sentenceOf(failure) : `${failure}.`;
}

/** Expected and got, side by side; nothing where the sentence has said it all. */
function comparedHtml({ expected, observation: { value }, difference }: CaseResult): string[] {
  if (!difference || isInSentence(expected, value)) return [];
  const digits = digitsFor(difference);
  const { kind, path, places } = difference;
  // Places inside an object or a list are those of another array.
  const wanted = places && path === undefined ? { expected, places } : undefined;
  const mask = wanted && differenceHtml(value, wanted);
  const stressFacts = path === undefined && ['type', 'shape', 'dtype'].includes(kind);
  return [
    valueHtml('Expected', expected, { digits, stressFacts }),
    valueHtml('Your result', value, { digits, stressFacts, wanted }),
    ...(mask === undefined ? [] : [mask]),
  ];
}

const isInSentence = (...values: readonly Plain[]): boolean =>
  values.every((each) => (typeof each !== 'object' || each === null) && plainText(each).length <= SHORT_VALUE);

/** As few digits as tell apart what differs. */
function digitsFor({ first, largest }: Difference): number {
  const pairs = [first, largest].flatMap((pair) => (pair ? [pair] : []));
  return [6, 9].find((digits) =>
    pairs.every(({ expected, actual }) => numberWith(expected, digits) !== numberWith(actual, digits))) ?? 17;
}

function caseText(result: CaseResult, around: Surroundings): string[] {
  const { inputs, expected, observation, failure, difference } = result;
  const call = callText(inputs, around) ??
    inputs.map((input, i) => `${inputName(i, around)} = ${plainText(input)}`).join('\n      ');
  const values = observation.outcome !== 'value' ? [`Expected:    ${plainText(expected)}`]
    : !difference || isInSentence(expected, observation.value) ? []
      : [`Expected:    ${plainText(expected)}`, `Your result: ${plainText(observation.value)}`];
  const sentence = failure === undefined ? [] : [failureText(failure, result)];
  return [call, ...sentence, ...values].map((line) => `      ${line}`);
}

/** The call as the learner would write it, where it is short and has no tensors. */
function callText(inputs: readonly Plain[], { answer = 'your function' }: Surroundings): string | undefined {
  const isPlain = inputs.every((input) => gridOf(input)?.dtype === undefined);
  const text = `${answer}(${inputs.map((input) => plainText(input)).join(', ')})`;
  return isPlain && text.length <= SHORT_CALL ? text : undefined;
}

const inputName = (i: number, { parameters }: Surroundings): string => parameters?.[i] ?? `argument ${i + 1}`;
