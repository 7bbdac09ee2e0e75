/** Errors as Jupyter shows them: in terms of the cell's own TypeScript lines. */
import * as path from 'node:path';
import { inspect } from 'node:util';
import type { Cell, Diagnostic, Outcome, Position } from './tslab';

/** The content of Jupyter's `error` message and of a failed `execute_reply`. */
export interface ErrorContent {
  ename: string;
  evalue: string;
  /** The text that is shown, with ANSI colours. */
  traceback: string[];
}

type Cells = ReadonlyMap<string, Cell>;

const COURSE = path.resolve(__dirname, '../..');
const LINES_AROUND = 2;
const MOST_DIAGNOSTICS = 10;
/** Deep enough that the cell is still seen below a chain of calls inside libraries. V8 keeps 10 frames otherwise. */
const STACK_TRACE_LIMIT = 50;

const color = (code: number) => (text: string): string => `\u001b[${code}m${text}\u001b[${code === 1 ? 22 : 39}m`;
const red = color(31);
const green = color(32);
const grey = color(90);
const bold = color(1);

/**
 * Makes stack traces name the cell and its line ("Cell [3], line 7") instead of the JavaScript that was made of it; those that
 * a learner's own code prints, too.
 */
export function mapStackTraces(cells: Cells): void {
  Error.stackTraceLimit = STACK_TRACE_LIMIT;
  Error.prepareStackTrace = (error, sites) => {
    const lines = sites.flatMap((site) => {
      const script = site.getScriptNameOrSourceURL();
      const cell = script ? cells.get(script) : undefined;
      if (!cell) return [`${site}`];
      const [line, column] = [site.getLineNumber() ?? 1, site.getColumnNumber() ?? 1];
      const position = cell.originalPosition(line - 1, column - 1);
      // What an earlier cell declared is called through an object that tslab keeps.
      const text = `${site}`.replace(/^(async )?Proxy\./, '$1');
      return position ? [text.replace(`${script}:${line}:${column}`, label(cell.count, position))] : [];
    });
    return [header(error), ...lines.map((line) => `    at ${line}`)].join('\n');
  };
}

/** The message for a cell that failed. */
export function describe(outcome: Exclude<Outcome, { status: 'ok' }>, source: string, count: number, cells: Cells): ErrorContent {
  switch (outcome.status) {
    case 'uncompilable':
      return describeDiagnostics(outcome.diagnostics, source, count);
    case 'interrupted':
      return content('Interrupted', 'The cell was stopped.', grey('What it started and does not watch for interrupts may still go on.'));
    case 'thrown':
      return describeThrown(outcome.value, cells);
  }
}

/** The message for a value that was thrown, be it an Error or not. */
export function describeThrown(value: unknown, cells: Cells): ErrorContent {
  try {
    if (!(value instanceof Error)) {
      return content('Uncaught', inspect(value), grey('Only an Error knows its line: write throw new Error(...) to see it here.'));
    }
    const name = nameOf(value);
    return content(name, value.message, ...location(value, cells), ...causes(value, cells));
  } catch (error) {
    // The value's own getters may throw whatever they like.
    return content('Uncaught', `a value that cannot be shown (${typeof value}; looking at it threw ${typeof error})`);
  }
}

function content(ename: string, evalue: string, ...details: string[]): ErrorContent {
  return { ename, evalue, traceback: [`${bold(red(ename))}: ${evalue}`, ...details] };
}

function nameOf(error: Error): string {
  const className = error.constructor?.name;
  return error.name === 'Error' && className ? className : String(error.name);
}

/** The first line of a stack trace as Node writes it: with the code where there is one. */
function header(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  const text = Error.prototype.toString.call(error);
  return typeof code === 'string' && code.startsWith('ERR_') ? text.replace(error.name, `${error.name} [${code}]`) : text;
}

interface Frame {
  text: string;
  cell?: { cell: Cell; position: Position };
}

const CELL_FRAME = /Cell \[(\d+)\], line (\d+), column (\d+)/;
const label = (count: number, { line, column }: Position): string => `Cell [${count}], line ${line + 1}, column ${column + 1}`;
const shortLabel = (text: string): string => text.replace(/(Cell \[\d+\], line \d+), column \d+/, '$1');

/** The learner's line with the lines around it, and then the way there; frames of the machinery are only counted. */
function location(error: Error, cells: Cells): string[] {
  const byCount = new Map([...cells.values()].map((cell) => [cell.count, cell]));
  const frames = stackLines(error).map((text): Frame => {
    const [, count, line, column] = CELL_FRAME.exec(text)?.map(Number) ?? [];
    const cell = byCount.get(count);
    return cell ? { text, cell: { cell, position: { line: line - 1, column: column - 1 } } } : { text };
  });
  const first = frames.find((frame) => frame.cell)?.cell;
  const shown = frames.filter((frame) => !isMachinery(frame.text));
  const hidden = frames.length - shown.length;
  const isOnlyTheCell = shown.length === 1 && first !== undefined && /^(async )?Cell /.test(shown[0].text);
  const lines = shown.map((frame) => {
    const line = `    at ${shortLabel(shortPath(frame.text))}`;
    return frame.cell ? line : grey(line);
  });
  return [
    ...(first ? [codeFrame(first.cell.source, first.cell.count, first.position)] : []),
    // A callback without a name and the line that passes it look the same.
    ...(isOnlyTheCell ? [] : lines.filter((line, index) => line !== lines[index - 1])),
    ...(hidden > 0 && !isOnlyTheCell ? [grey(`    ... and ${hidden} inside Node.js, tslab and TensorFlow.js`)] : []),
  ];
}

function causes(error: Error, cells: Cells): string[] {
  const inner: [string, unknown][] = [];
  if (error.cause !== undefined) inner.push(['Caused by', error.cause]);
  if (error instanceof AggregateError) inner.push(...error.errors.map((each): [string, unknown] => ['One of', each]));
  return inner.flatMap(([title, value]) => [bold(`${title}:`), ...describeThrown(value, cells).traceback]);
}

function stackLines(error: Error): string[] {
  const matches = String(error.stack ?? '').matchAll(/^\s+at (.*)$/gm);
  return Array.from(matches, ([, text]) => text);
}

function isMachinery(frame: string): boolean {
  return /\(?node:|<anonymous>|node_modules\/(@tensorflow|tslab|@tslab|zeromq)\//.test(frame) || frame.includes(__dirname);
}

function shortPath(frame: string): string {
  return frame
    .replace(path.join(COURSE, 'lib') + path.sep, '@course/lib/')
    .replace(path.join(COURSE, 'node_modules') + path.sep, '')
    .replace(COURSE + path.sep, '');
}

/** The lines around a position, numbered, with the line marked. */
function codeFrame(source: string, count: number, { line, column }: Position): string {
  const lines = source.split('\n');
  const at = Math.min(line, lines.length - 1);
  const first = Math.max(0, at - LINES_AROUND);
  const last = Math.min(lines.length - 1, at + LINES_AROUND);
  const width = String(last + 1).length;
  const rows = [green(`Cell [${count}], line ${at + 1}`)];
  for (let index = first; index <= last; index += 1) {
    const number = String(index + 1).padStart(width);
    if (index !== at) {
      rows.push(`${grey(`  ${number} |`)} ${lines[index]}`);
      continue;
    }
    rows.push(`${red('>')} ${number} ${grey('|')} ${lines[index]}`);
    // Tabs stay, so that the mark stands below its column.
    rows.push(`${grey(`  ${' '.repeat(width)} |`)} ${lines[index].slice(0, column).replace(/[^\t]/g, ' ')}${red('^')}`);
  }
  return rows.join('\n');
}

/** TypeScript's own findings: the cell was not run. */
function describeDiagnostics(diagnostics: Diagnostic[], source: string, count: number): ErrorContent {
  // A finding of several lines comes as several diagnostics for the same place.
  const groups: Diagnostic[][] = [];
  for (const diagnostic of diagnostics) {
    const group = groups.at(-1);
    const isSamePlace = group && group[0].fileName === diagnostic.fileName
      && group[0].start.offset === diagnostic.start.offset && group[0].end.offset === diagnostic.end.offset;
    if (isSamePlace) group.push(diagnostic);
    else groups.push([diagnostic]);
  }
  const parts = groups.slice(0, MOST_DIAGNOSTICS).map(([main, ...more]) => {
    const place = { line: Math.max(0, main.start.line), column: Math.max(0, main.start.character) };
    const text = [`${main.messageText} ${grey(`(TS${main.code})`)}`, ...more.map((each) => `  ${each.messageText}`)].join('\n');
    const where = main.fileName
      ? green(`${main.fileName}, line ${place.line + 1}, column ${place.column + 1}`)
      : codeFrame(source, count, place).replace(/line \d+/, `line ${place.line + 1}, column ${place.column + 1}`);
    return { text, where };
  });
  // TypeScript numbers what its parser finds from 1000 to 1999.
  const isSyntax = diagnostics[0].code >= 1000 && diagnostics[0].code < 2000;
  const ename = isSyntax ? 'SyntaxError' : 'TypeScriptError';
  const [first, ...rest] = parts;
  const hidden = groups.length - parts.length;
  return {
    ename,
    evalue: diagnostics[0].messageText,
    traceback: [
      `${bold(red(ename))}: ${first.text}`, first.where,
      ...rest.flatMap(({ text, where }) => [`${red('Also')}: ${text}`, where]),
      ...(hidden > 0 ? [grey(`... and ${hidden} more.`)] : []),
      grey('The cell was not run.'),
    ],
  };
}
