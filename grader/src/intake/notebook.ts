import type { NotebookCell } from '@course/lib/exercises';
import { readJson, Unread } from './strict-json';

/** A cell of which is known what form it has; outputs and attachments are left out. */
export interface Cell extends NotebookCell {
  readonly source: string;
  /** nbgrader's `grade_id`, where it has one. */
  readonly gradeId?: string;
}

const MOST_CELLS = 2000;
/** No notebook nests deeper, but for its outputs: these hold what programs put in. */
const LIMITS = { depth: 100, values: 200_000 };
const LEFT_OUT = new Set(['cells/*/outputs', 'cells/*/attachments', 'metadata/widgets']);

/**
 * The cells of a notebook that nobody trusts.
 *
 * @param most bytes that it may have
 * @throws Unread that says what is wrong with it
 */
export function readNotebook(bytes: Uint8Array, most: number): Cell[] {
  const notebook = readJson(bytes, {
    ...LIMITS,
    bytes: most,
    leaveOut: (place) => LEFT_OUT.has(place.map((name) => name ?? '*').join('/')),
  });
  if (!isObject(notebook)) throw new Unread('is no notebook: it holds no object');
  const { nbformat, cells } = notebook;
  if (nbformat !== 4) {
    const got = typeof nbformat === 'number'
      ? `has version ${nbformat} of the notebook format`
      : 'does not say which notebook format it has';
    throw new Unread(`${got}; expected 4`);
  }
  if (!Array.isArray(cells)) throw new Unread('is no notebook: it has no list of cells');
  if (cells.length > MOST_CELLS) throw new Unread(`has ${cells.length} cells; ${MOST_CELLS} are the most`);
  return cells.map(cellOf);
}

function cellOf(cell: unknown, i: number): Cell {
  const refuse = (what: string): never => {
    throw new Unread(`is no whole notebook: its cell ${i + 1} ${what}`);
  };
  if (!isObject(cell)) return refuse('is no object');
  const { cell_type: type, source, metadata = {} } = cell;
  if (typeof type !== 'string') return refuse('has no type');
  if (typeof source !== 'string' && !(Array.isArray(source) && source.every((line) => typeof line === 'string'))) {
    return refuse('has no text');
  }
  if (!isObject(metadata)) return refuse('has metadata that are no object');
  const { nbgrader } = metadata;
  if (nbgrader !== undefined && !isObject(nbgrader)) return refuse('has metadata of nbgrader that are no object');
  const text = typeof source === 'string' ? source : source.join('');
  const id = nbgrader?.grade_id;
  return {
    cell_type: type,
    source: text,
    ...(nbgrader && { metadata: { nbgrader } }),
    ...(typeof id === 'string' && { gradeId: id }),
  };
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
