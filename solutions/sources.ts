import fs from 'node:fs';
import path from 'node:path';
import type { Exercise } from '@course/lib/exercises';
import type { Lesson } from './definitions';

export { gradeIdOf } from '@course/lib/exercises';

/** What nbgrader knows of a cell; its format's third version. */
export interface NbgraderMetadata {
  readonly grade: boolean;
  readonly grade_id: string;
  readonly locked: boolean;
  readonly schema_version: number;
  readonly solution: boolean;
  readonly task: boolean;
  readonly points?: number;
}

export interface Cell {
  readonly cell_type: 'code' | 'markdown' | 'raw';
  readonly id: string;
  readonly source: string | readonly string[];
  readonly metadata: { readonly nbgrader?: NbgraderMetadata };
}

/** A lesson's exercises with the notebook that they stand in. */
export interface Source extends Lesson {
  /** Absent where there is no notebook. */
  readonly cells?: readonly Cell[];
  /** The headings of the lesson itself, without their #s. */
  readonly headings: readonly string[];
}

export const BEGIN = '// BEGIN SOLUTION';
export const END = '// END SOLUTION';
/** What stands in the place of a solution in the learner's version. */
export const STUB = '// Your answer here.';

export const textOf = ({ source }: Pick<Cell, 'source'>): string =>
  (typeof source === 'string' ? source : source.join(''));

/** `3` for `03_fashion_mnist_cnn`, `B` for the bonus: what the ids of its exercises begin with. */
export const numberOf = (lesson: string): string => (/^\d/.test(lesson) ? String(Number.parseInt(lesson, 10)) : 'B');

/** The file that holds the definitions of a lesson. */
export const definitionFile = (lesson: string): string =>
  `solutions/definitions/${/^\d/.test(lesson) ? `lesson-${lesson.slice(0, 2)}` : 'bonus'}.ts`;

/** Reads the notebooks beside the definitions, and the headings of the lessons. */
export function readSources(root: string, lessons: readonly Lesson[]): Source[] {
  const read = (file: string): readonly Cell[] | undefined =>
    fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, 'utf8')) as { cells: Cell[] }).cells : undefined;
  return lessons.map((lesson) => ({
    ...lesson,
    cells: read(path.join(root, 'solutions', `${lesson.name}.ipynb`)),
    headings: headingsOf(read(path.join(root, 'notebooks', `${lesson.name}.ipynb`)) ?? []),
  }));
}

function headingsOf(cells: readonly Cell[]): string[] {
  const texts = cells.filter(({ cell_type: type }) => type === 'markdown').map(textOf);
  return texts.flatMap((text) => [...text.matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, heading]) => heading));
}

/** The line below a task's heading. */
export function factsLine({ points, difficulty, minutes, section }: Exercise, lesson: string): string {
  const anchor = section.replace(/ /g, '-');
  return `*${countOf(points, 'point')} · ${difficulty} · about ${countOf(minutes, 'minute')} · ` +
    `lesson: [${section}](../notebooks/${lesson}.ipynb#${anchor})*`;
}

const countOf = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** The answer's cell as a learner gets it, and what was taken out. Undefined without just one region. */
export function withoutSolution(source: string): { stub: string; solution: string } | undefined {
  const lines = source.split('\n');
  const places = (marker: string): number[] => lines.flatMap((line, i) => (line.includes(marker) ? [i] : []));
  const [begins, ends] = [places(BEGIN), places(END)];
  if (begins.length !== 1 || ends.length !== 1 || ends[0] <= begins[0]) return undefined;
  const indent = /^\s*/.exec(lines[begins[0]])![0];
  return {
    stub: [...lines.slice(0, begins[0]), indent + STUB, ...lines.slice(ends[0] + 1)].join('\n'),
    solution: lines.slice(begins[0] + 1, ends[0]).join('\n'),
  };
}
