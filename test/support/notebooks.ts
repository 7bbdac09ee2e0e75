/** What the course asks of a committed notebook, beyond the form that tools/clean_notebooks.mjs gives it. */
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type * as TypeScript from '@tslab/typescript-for-tslab';

const COURSE = path.resolve(__dirname, '../..');
const MOST_LINES = 30;
/** What fits into a page of 1280 pixels beside the file browser. */
const MOST_COLUMNS = 100;

interface Cell {
  cell_type: 'code' | 'markdown' | 'raw';
  id: string;
  source: string[];
  metadata: { nbgrader?: { locked: boolean } };
}

/** A notebook's cells. */
export function readCells(file: string): Cell[] {
  return (JSON.parse(fs.readFileSync(file, 'utf8')) as { cells: Cell[] }).cells;
}

/** What is wrong with the make-up of a notebook, in words. */
export function structureFindings(cells: Cell[]): string[] {
  return cells.flatMap((cell, index) => {
    if (cell.cell_type !== 'code') return [];
    const findings: string[] = [];
    if (cell.source.length > MOST_LINES) findings.push(`cell ${cell.id} has ${cell.source.length} lines; ${MOST_LINES} is the most`);
    const wide = cell.source.filter((line) => line.trimEnd().length > MOST_COLUMNS);
    if (wide.length > 0) findings.push(`cell ${cell.id} has a line of ${wide[0].trimEnd().length} characters; ${MOST_COLUMNS} is the most`);
    // What is locked belongs to the cell before it: a check to its answer, below the task that is their text.
    if (cells[index - 1]?.cell_type !== 'markdown' && !cell.metadata.nbgrader?.locked) {
      findings.push(`cell ${cell.id} has no text before it that says what to expect`);
    }
    return findings;
  });
}

/**
 * What a strict TypeScript 7 finds in the code of notebooks, with the library's types: "notebook, cell id, line: message".
 * The code cells become one module; each is a block inside the one before, because a cell may declare a name anew.
 */
export function typeFindings(files: string[], folder: string): string[] {
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  const places = new Map<string, string[]>();
  for (const file of files) {
    const { code, origins } = joinCells(readCells(file));
    // A lesson, its exercises and their source have the same name.
    const room = path.basename(path.dirname(file));
    const name = `${room === 'notebooks' ? '' : `${room}-`}${path.basename(file, '.ipynb')}`;
    fs.writeFileSync(path.join(folder, `${name}.ts`), code);
    places.set(`${name}.ts`, origins.map((origin) => `${name}, ${origin}`));
  }
  fs.writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({
    extends: path.join(COURSE, 'tsconfig.base.json'),
    compilerOptions: {
      noEmit: true, module: 'esnext', moduleResolution: 'bundler', moduleDetection: 'force', noUnusedLocals: false, noUnusedParameters: false,
    },
    include: ['*.ts'],
  }));
  const tsc = path.join(COURSE, 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout, stderr, status } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { cwd: folder, encoding: 'utf8' });
  const findings = stdout.split('\n').filter((line) => /error TS/.test(line)).map((line) => {
    const [, name, number, message] = /^(.*)\((\d+),\d+\): error (.*)$/.exec(line) ?? [];
    return name ? `${places.get(name)?.[Number(number) - 1] ?? name}: ${message}` : line;
  });
  if (status !== 0 && findings.length === 0) throw new Error(`the type check did not run (exit code ${status}):\n${stdout}${stderr}`);
  return findings;
}

/** One module out of the code cells, and where each of its lines comes from. */
function joinCells(cells: Cell[]): { code: string; origins: string[] } {
  // The course's own TypeScript 7 has no parser to call; tslab's is there and reads the same language.
  const ts = require('@tslab/typescript-for-tslab') as typeof TypeScript;
  const imports = new Map<string, string>();
  const lines: string[] = [];
  const origins: string[] = [];
  const code = cells.filter((cell) => cell.cell_type === 'code');
  for (const cell of code) {
    let source = cell.source.join('');
    const tree = ts.createSourceFile('cell.ts', source, ts.ScriptTarget.Latest);
    for (const statement of tree.statements.filter(ts.isImportDeclaration)) {
      const line = tree.getLineAndCharacterOfPosition(statement.getStart(tree)).line + 1;
      for (const single of singleImports(ts, statement, tree)) {
        if (!imports.has(single)) imports.set(single, `cell ${cell.id}, line ${line}`);
      }
      const text = source.slice(statement.getStart(tree), statement.end);
      source = source.replace(text, text.replace(/[^\n]/g, ' '));
    }
    source.split('\n').forEach((line, index) => {
      lines.push(line);
      origins.push(`cell ${cell.id}, line ${index + 1}`);
    });
    lines.push('{');
    origins.push(`after cell ${cell.id}`);
  }
  return {
    code: [...imports.keys(), ...lines, '}'.repeat(code.length), ''].join('\n'),
    origins: [...imports.values(), ...origins],
  };
}

/** An import of several names as one line a name: two cells may import the same one. */
function singleImports(ts: typeof TypeScript, statement: TypeScript.ImportDeclaration, tree: TypeScript.SourceFile): string[] {
  const from = statement.moduleSpecifier.getText(tree);
  const { importClause: clause } = statement;
  if (!clause) return [`import ${from};`];
  const type = clause.isTypeOnly ? 'type ' : '';
  const { name, namedBindings } = clause;
  return [
    ...(name ? [name.text] : []),
    ...(!namedBindings ? []
      : ts.isNamespaceImport(namedBindings) ? [`* as ${namedBindings.name.text}`]
        : namedBindings.elements.map((element) => `{ ${element.getText(tree)} }`)),
  ].map((what) => `import ${type}${what} from ${from};`);
}
