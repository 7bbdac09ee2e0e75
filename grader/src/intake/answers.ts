import { checksumOf, gradeIdOf, type Exercise, type GivenCell } from '@course/lib/exercises';
import type { Finding } from '../submission';
import type { Cell } from './notebook';
import { shown } from './strict-json';

/** What is known of a lesson here; a submission does not change it. */
export interface Lesson {
  readonly assignment: string;
  readonly exercises: readonly Exercise[];
}

export interface Answers {
  readonly answers: Readonly<Record<string, string>>;
  readonly texts: Readonly<Record<string, string>>;
  readonly findings: readonly Finding[];
}

/** Characters that an answer may have. */
const LONGEST_ANSWER = 100_000;
const HARMLESS = 'that changes no mark.';
/** What no text holds: NUL, and halves of characters. */
const NO_TEXT = /[\0\p{Surrogate}]/gu;

/**
 * The answers in a notebook: of each exercise the first cell with its id, if it has the type that was given out. All
 * other cells count for nothing; what differs in them from what was given out is found.
 *
 * @param given the cells that were given out, in order
 */
export function answersIn(
  cells: readonly Cell[], { exercises }: Pick<Lesson, 'exercises'>, given: readonly GivenCell[],
): Answers {
  const findings: Finding[] = [];
  const answers: Record<string, string> = {};
  const texts: Record<string, string> = {};
  const find = (kind: Finding['kind'], where: string | undefined, sentence: string): void =>
    void findings.push({ kind, ...(where !== undefined && { where }), sentence });

  const byId = new Map<string, Cell[]>();
  for (const cell of cells) {
    if (cell.gradeId) byId.set(cell.gradeId, [...byId.get(cell.gradeId) ?? [], cell]);
  }
  for (const { id, kind, points } of exercises) {
    const [cell, ...others] = byId.get(gradeIdOf(id)) ?? [];
    const isText = kind === 'text';
    if (!cell) {
      find('missing cell', id, `The cell of the answer to ${id} is missing: it earns nothing.`);
      continue;
    }
    if (others.length > 0) {
      const times = `${others.length + 1} times (copied or split)`;
      find('double cell', id, `The cell of the answer to ${id} is there ${times}: the first one is marked.`);
    }
    if (cell.cell_type !== (isText ? 'markdown' : 'code')) {
      const type = isText ? 'Markdown' : 'code';
      find('changed cell', id, `The cell of the answer to ${id} is no ${type} any more: it earns nothing.`);
    } else if (cell.source.length > LONGEST_ANSWER) {
      const [length, most] = [cell.source.length, LONGEST_ANSWER].map((count) => count.toLocaleString('en'));
      find('changed cell', id, `The answer to ${id} has ${length} characters; ${most} are the most: it earns nothing.`);
    } else {
      const source = cell.source.replace(NO_TEXT, '\ufffd');
      if (source !== cell.source) {
        find('changed cell', id, `The answer to ${id} holds characters that no text has: \ufffd stands for each.`);
      }
      (isText ? texts : answers)[id] = source;
    }
    const worth = (isText ? cell : byId.get(`${gradeIdOf(id)}-check`)?.[0])?.metadata?.nbgrader?.points;
    if (worth !== undefined && worth !== points) {
      const got = typeof worth === 'number' ? String(worth) : 'no number of';
      find('changed cell', id, `The notebook says ${got} points for ${id}: the course's own count, ${points}.`);
    }
  }

  const answerIds = new Set(exercises.map(({ id }) => gradeIdOf(id)));
  for (const { id, checksum } of given.filter((each) => each.locked && !answerIds.has(each.id))) {
    const [cell, ...others] = byId.get(id) ?? [];
    const exercise = exercises.find((each) => id.startsWith(`${gradeIdOf(each.id)}-`));
    if (!cell) find('missing cell', id, `The cell ${id}, which was given out, is missing: ${HARMLESS}`);
    else if (checksumOf(cell, cell.metadata?.nbgrader?.grade ? exercise?.points : undefined) !== checksum) {
      find('changed cell', id, `The cell ${id} is not as it was given out: ${HARMLESS}`);
    }
    if (others.length > 0) find('double cell', id, `The cell ${id} is there ${others.length + 1} times: ${HARMLESS}`);
  }

  const givenIds = given.map(({ id }) => id);
  const inOrder = [...byId.keys()].filter((id) => givenIds.includes(id)).map((id) => givenIds.indexOf(id));
  const moved = inOrder.findIndex((place, i) => i > 0 && place < inOrder[i - 1]);
  if (moved > 0) {
    const [before, cell] = [givenIds[inOrder[moved - 1]], givenIds[inOrder[moved]]];
    find('moved cell', cell, `The cells were given out in another order: ${cell} is below ${before}; ${HARMLESS}`);
  }
  const unknown = [...byId.keys()].filter((id) => !givenIds.includes(id) && !answerIds.has(id));
  if (unknown.length > 0) {
    const named = unknown.slice(0, 5).map(shown).join(', ') + (unknown.length > 5 ? ' and more' : '');
    find('unknown cell', undefined, `Cells have ids as if they had been given out: ${named}. They count for nothing.`);
  }
  return { answers, texts, findings };
}

/** The lesson that cells share most answers with; undefined if it is none. */
export function lessonOf<L extends Lesson>(cells: readonly Cell[], lessons: readonly L[]): L | undefined {
  const ids = new Set(cells.map(({ gradeId }) => gradeId));
  const shared = lessons.map((lesson) => {
    const { length: count } = lesson.exercises.filter(({ id }) => ids.has(gradeIdOf(id)));
    return { lesson, count };
  });
  return shared.filter(({ count }) => count > 0).sort((a, b) => b.count - a.count)[0]?.lesson;
}
