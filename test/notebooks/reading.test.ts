import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import { committedNotebooks } from '../../tools/clean_notebooks.mjs';
import { readCells } from '../support/notebooks';

const lessons = committedNotebooks().filter((file) => path.basename(path.dirname(file)) === 'notebooks')
  .map((file) => [path.basename(file, '.ipynb'), file] as const);
/** A lesson is read, an exercise is filled in: its cells are shorter. */
const MOST_LINES = 15;

type Cell = Pick<ReturnType<typeof readCells>[number], 'cell_type' | 'id' | 'source'>;

const textOf = ({ source }: Cell): string => source.join('');

/** The headings of a notebook that break the order: more than one title, or a level left out. */
function headingFindings(cells: Cell[]): string[] {
  const headings = cells.filter(({ cell_type }) => cell_type === 'markdown')
    .flatMap((cell) => [...textOf(cell).matchAll(/^(#+) (.+)$/gm)].map(([, marks, text]) => ({ level: marks.length, text })));
  return headings.flatMap(({ level, text }, i) => {
    if (i === 0) return level === 1 ? [] : [`"${text}" comes before the title`];
    if (level === 1) return [`"${text}" is a second title`];
    const above = headings[i - 1].level;
    return level > above + 1 ? [`"${text}" has level ${level}, below one of level ${above}`] : [];
  });
}

/** The cells whose figure is followed by a heading before it is followed by a question. */
function questionFindings(cells: Cell[]): string[] {
  const findings: string[] = [];
  let figures: string[] = [];
  for (const cell of cells) {
    const text = textOf(cell);
    if (cell.cell_type === 'code') {
      const code = text.replace(/^\s*\/\/.*$/gm, '');
      const isFigure = /\b(show[A-Z]\w*|explore|tryModel)\(/.test(code) || (/\bfit\(/.test(code) && !code.includes('display: false'));
      if (isFigure) figures.push(cell.id);
      continue;
    }
    const [question, heading] = [text.search(/^> \*\*Question\.\*\*/m), text.search(/^#+ /m)];
    if (heading >= 0 && (question < 0 || heading < question)) findings.push(...figures);
    if (question >= 0 || heading >= 0) figures = [];
  }
  return [...findings, ...figures].map((id) => `no question after the figure of cell ${id}`);
}

describe('every lesson', () => {
  it.each(lessons)('%s has one title, and headings that leave out no level', (_, file) => {
    expect(headingFindings(readCells(file))).toEqual([]);
  });

  it.each(lessons)('%s asks something about each figure', (_, file) => {
    expect(questionFindings(readCells(file))).toEqual([]);
  });

  it.each(lessons)(`%s has no code cell of more than ${MOST_LINES} lines`, (_, file) => {
    const long = readCells(file).filter(({ cell_type, source }) => cell_type === 'code' && source.length > MOST_LINES);
    expect(long.map(({ id }) => id)).toEqual([]);
  });
});

describe('the checks of lessons', () => {
  const notebook = (...cells: [kind: Cell['cell_type'], text: string][]): Cell[] =>
    cells.map(([cell_type, text], i) => ({ cell_type, id: `cell-${i}`, source: text.split(/(?<=\n)/) }));

  it('find a second title, a level that is left out, and a heading before the title', () => {
    expect(headingFindings(notebook(['markdown', '# A\n\n## B\n\n#### C'], ['markdown', '# D']))).toEqual([
      '"C" has level 4, below one of level 2', '"D" is a second title',
    ]);
    expect(headingFindings(notebook(['markdown', '## A']))).toEqual(['"A" comes before the title']);
    expect(headingFindings(notebook(['markdown', '# A\n## B\n### C'], ['code', '# no heading'], ['markdown', '## D']))).toEqual([]);
  });

  it('find a figure without a question, and a question that comes after the next heading', () => {
    expect(questionFindings(notebook(
      ['code', 'showImage(a);'], ['markdown', 'And now?'], ['code', 'await fit(model, data);'],
      ['markdown', '## Next\n\n> **Question.** Too late?'], ['code', 'explore(mnist);'],
    ))).toEqual([0, 2, 4].map((i) => `no question after the figure of cell cell-${i}`));
    expect(questionFindings(notebook(
      ['code', '// showImage(a);\nawait fit(model, data, { display: false });'], ['markdown', '## Next'],
      ['code', 'showImage(a);'], ['markdown', 'More:'], ['code', 'showImage(b);'], ['markdown', '> **Question.** Which?\n\n## Next'],
    ))).toEqual([]);
  });
});
