import * as fs from 'node:fs';
import * as path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { cleanNotebook, committedNotebooks } from '../../tools/clean_notebooks.mjs';
import { readCells, structureFindings, typeFindings } from '../support/notebooks';

const OUTPUT = path.resolve(__dirname, '../output/notebook-types');
const fixture = (name: string) => path.resolve(__dirname, '../fixtures/notebooks', `${name}.ipynb`);
const notebooks = committedNotebooks();
const shortName = (file: string) => path.relative(path.resolve(__dirname, '../..'), file);

describe('committed notebooks', () => {
  let types: string[];
  beforeAll(() => { types = typeFindings(notebooks, path.join(OUTPUT, 'committed')); });

  it('are there', () => {
    expect(notebooks.map((file) => path.basename(file))).toEqual(expect.arrayContaining(['00_start_here.ipynb', '01_mnist_mlp.ipynb']));
  });

  it.each(notebooks.map((file) => [shortName(file), file]))('%s is clean: no outputs, stable ids, only the metadata that is needed', (_, file) => {
    const text = fs.readFileSync(file, 'utf8');
    expect(text === cleanNotebook(text), 'run node tools/clean_notebooks.mjs').toBe(true);
  });

  it.each(notebooks.map((file) => [shortName(file), file]))('%s has short cells, each with text before it', (_, file) => {
    expect(structureFindings(readCells(file))).toEqual([]);
  });

  it('hold code that a strict TypeScript accepts together with the library', () => {
    expect(types).toEqual([]);
  });
});

describe('the checks of notebooks', () => {
  const bad = fs.readFileSync(fixture('bad'), 'utf8');

  it('take a good one as it is', () => {
    const good = fs.readFileSync(fixture('good'), 'utf8');
    expect(cleanNotebook(good)).toBe(good);
    expect(structureFindings(readCells(fixture('good')))).toEqual([]);
    expect(typeFindings([fixture('good')], path.join(OUTPUT, 'good'))).toEqual([]);
  });

  it('clean away outputs, counts, needless metadata, empty cells and ids that are taken', () => {
    const clean = JSON.parse(cleanNotebook(bad));
    expect(cleanNotebook(cleanNotebook(bad))).toBe(cleanNotebook(bad));
    expect(Object.keys(clean.metadata)).toEqual(['kernelspec', 'language_info']);
    expect(clean.cells.map(({ id }: { id: string }) => id)).toEqual(['title', 'run', 'no-text', 'cell-4', 'long', 'error', 'throws', 'after', 'never']);
    expect(clean.cells[1]).toEqual({ cell_type: 'code', execution_count: null, id: 'run', metadata: {}, outputs: [], source: ["console.log('saved with its output');"] });
    expect(clean.cells.at(-1).source).toEqual(["console.log('never');"]);
  });

  it('leave a cell of an exercise what nbgrader needs to know of it, in a stable order, and no more', () => {
    const nbgrader = { schema_version: 3, grade: false, solution: true, locked: false, task: false, grade_id: 'e1-1' };
    const notebook = { cells: [
      { cell_type: 'code', id: 'e1-1', source: '', outputs: [], metadata: { tags: ['mine'], nbgrader, editable: true, deletable: false } },
      { cell_type: 'markdown', id: 'text', source: 'Text', metadata: { editable: false } },
    ] };
    const clean = cleanNotebook(JSON.stringify(notebook));
    expect(cleanNotebook(clean)).toBe(clean);
    const [answer, text] = JSON.parse(clean).cells;
    expect(answer.source).toEqual([]);
    expect(answer.metadata).toEqual({ deletable: false, editable: true, nbgrader });
    expect(Object.keys(answer.metadata.nbgrader)).toEqual(['grade', 'grade_id', 'locked', 'schema_version', 'solution', 'task']);
    expect(text.metadata).toEqual({});
  });

  it('find cells that are too long, and cells without text before them', () => {
    expect(structureFindings(readCells(fixture('bad')))).toEqual([
      'cell no-text has no text before it that says what to expect',
      'cell long has 31 lines; 30 is the most',
      'cell empty has no text before it that says what to expect',
    ]);
  });

  it('take the text of a task for its answer and for the locked check below, and for nothing else', () => {
    const cell = (id: string, cell_type: 'code' | 'markdown', locked: boolean) => ({ id, cell_type, source: ['x'], metadata: { nbgrader: { locked } } });
    const exercise = [cell('e3-2-task', 'markdown', true), cell('e3-2', 'code', false), cell('e3-2-check', 'code', true)];
    expect(structureFindings([...exercise, cell('e3-3', 'code', false)])).toEqual(['cell e3-3 has no text before it that says what to expect']);
  });

  it('find errors of types by notebook, cell and line', () => {
    expect(typeFindings([fixture('good'), fixture('bad')], path.join(OUTPUT, 'bad'))).toEqual([
      "bad, cell no-text, line 1: TS2322: Type 'string' is not assignable to type 'number'.",
      "bad, cell no-text, line 2: TS2304: Cannot find name 'missing'.",
    ]);
  });
});
