/**
 * The one file that touches private parts of tslab. It was written for the version below;
 * `test/kernel/tslab.test.ts` fails when tslab's version or one of the parts changes.
 *
 * Parts: `dist/converter` (createConverter), `dist/executor` (createExecutor), `dist/jupyter` (JupyterHandlerImpl for completion,
 * hover and is-complete; the variable `lastWriteDisplayData` that tslab's `display` writes to), and the copy of TypeScript that
 * the converter loads, which is made to emit source maps.
 */
import { SourceMap } from 'node:module';
import { types } from 'node:util';
import type { Converter, ConvertResult, Diagnostic } from 'tslab/dist/converter';
import type { Executor } from 'tslab/dist/executor';
import type { JupyterHandlerImpl } from 'tslab/dist/jupyter';
import type * as TypeScript from '@tslab/typescript-for-tslab';
import { expandShorthand, type Expanded } from './shorthand';
import type { Unbreakable } from './unbreakable';

export type { Diagnostic };

export const WRITTEN_FOR = '1.0.22';
export const TYPESCRIPT = '@tslab/typescript-for-tslab';

export const tslabVersion = (require('tslab/package.json') as { version: string }).version;
export const typeScriptVersion = (require(`${TYPESCRIPT}/package.json`) as { version: string }).version;

/** The prefix `export {};` that tslab's converter puts before each cell takes one line. */
const PREFIX_LINES = 1;
const INLINE_MAP = /\n?\/\/# sourceMappingURL=data:application\/json;base64,(\S+)\s*$/;

/** Zero-based. */
export interface Position {
  line: number;
  column: number;
}

/** A cell that was compiled. */
export interface Cell {
  /** The number in the brackets beside the cell; 0 for code that a program ran without a number. */
  count: number;
  source: string;
  /** Where in the cell a place of the emitted JavaScript comes from; undefined for what the compiler added. */
  originalPosition(line: number, column: number): Position | undefined;
}

export type Outcome =
  | { status: 'ok' }
  | { status: 'uncompilable'; diagnostics: Diagnostic[] }
  | { status: 'interrupted' }
  | { status: 'thrown'; value: unknown };

type Display = (bundle: { data: Record<string, unknown>; metadata: Record<string, unknown>; transient: { display_id?: string } },
  update: boolean) => void;

export interface SessionOptions {
  /** The folder that imports are resolved from. */
  folder: string;
  /** Runs the compiler. */
  unbreakable?: Unbreakable;
  /** Shows the value of a cell's last expression. Default: prints it. */
  showResult?: (value: unknown) => void;
}

/** Compiles and runs cells, one after the other, in one scope. */
export interface Session {
  /** The cells compiled so far by the script names that they have in stack traces. */
  readonly cells: ReadonlyMap<string, Cell>;
  run(source: string, count: number): Promise<Outcome>;
  /** Gives up waiting for the running cell; what it started goes on. */
  interrupt(): void;
  /** Puts right what a cell could not put right itself because it was broken off by force. */
  mend(): void;
  /** Compiles without running, so that the next cell that uses the same packages is compiled faster. */
  warmUp(source: string): void;
  readonly handler: Pick<JupyterHandlerImpl, 'handleIsComplete' | 'handleInspect' | 'handleComplete'>;
}

/** Lets tslab's `display` and `newDisplay` write to `display`. */
export function setDisplay(display: Display): void {
  (require('tslab/dist/jupyter') as { lastWriteDisplayData: unknown }).lastWriteDisplayData = display;
}

/** Makes tslab's compiler and executor, once a process; takes about a second. */
export function createSession({ folder, unbreakable = (work) => work(), showResult = console.log }: SessionOptions): Session {
  const maps = emitSourceMaps();
  const ts = require(TYPESCRIPT) as typeof TypeScript;
  const { createConverter } = require('tslab/dist/converter') as typeof import('tslab/dist/converter');
  const { createExecutor } = require('tslab/dist/executor') as typeof import('tslab/dist/executor');
  const { JupyterHandlerImpl } = require('tslab/dist/jupyter') as typeof import('tslab/dist/jupyter');

  const cells = new Map<string, Cell>();
  let count = 0;
  let diagnostics: Diagnostic[] = [];
  let errors: unknown[] = [];
  let listeners: NodeJS.SignalsListener[] = [];

  const converter = withoutBreak(createConverter(), unbreakable);
  const recording: Converter = {
    ...converter,
    convert(previous: string, source: string): ConvertResult {
      const expanded = expandShorthand(ts, source);
      const result = converter.convert(previous, expanded.source);
      diagnostics = result.diagnostics.map((each) => inWrittenColumns(each, expanded));
      if (!result.output) return { ...result, diagnostics };
      const name = `cell:${cells.size + 1}`;
      const position = maps.last();
      cells.set(name, {
        count,
        source,
        originalPosition(line, column) {
          const found = position(line, column);
          return found && { line: found.line, column: expanded.originalColumn(found.line, found.column) };
        },
      });
      // The comment names the script in stack traces.
      return { ...result, output: `${result.output}\n//# sourceURL=${name}` };
    },
    addModule: (name, source, metadata) => diagnostics = converter.addModule(name, source, metadata),
  };
  const executor: Executor = createExecutor(folder, { node: recording, browser: recording, close: () => converter.close() }, {
    // tslab calls it with the value of the last expression.
    log: (value) => showResult(value),
    // tslab calls it with what a cell threw, or with the parts of a diagnostic.
    error: (...values) => errors.push(...values),
  });

  return {
    cells,
    handler: new JupyterHandlerImpl(executor, false),
    interrupt: () => executor.interrupt(),
    mend: () => listenToInterruptsAgain(listeners),
    warmUp: (source) => void converter.convert('', source),
    async run(source, executionCount) {
      count = executionCount;
      diagnostics = [];
      errors = [];
      listeners = interruptListeners();
      const execution = executor.execute(source);
      const isListening = interruptListeners().some((listener) => !listeners.includes(listener));
      if (isListening) listenToInterruptsAgain(listeners);
      const isOk = await execution;
      if (diagnostics.length > 0) return { status: 'uncompilable', diagnostics };
      if (isOk) return { status: 'ok' };
      const [value] = errors;
      return isInterruption(value) ? { status: 'interrupted' } : { status: 'thrown', value };
    },
  };
}

const interruptListeners = () => process.rawListeners('SIGINT') as NodeJS.SignalsListener[];

/**
 * While tslab runs a cell up to its first `await`, Node puts all listeners for SIGINT aside and watches for it with a handler of its own. Then
 * it restores the system's default, which ends the process, also when the cell has listened for SIGINT meanwhile. Listening anew
 * installs Node's usual handler. Those who listened before the cell are told first, as ever.
 */
function listenToInterruptsAgain(before: NodeJS.SignalsListener[]): void {
  const listeners = new Set([...before, ...interruptListeners()]);
  process.removeAllListeners('SIGINT');
  for (const listener of listeners) process.on('SIGINT', listener);
}

/** Where a finding lies in the cell as it was written; those in other files stay where they are. */
function inWrittenColumns(diagnostic: Diagnostic, { originalColumn }: Expanded): Diagnostic {
  if (diagnostic.fileName) return diagnostic;
  const move = <P extends { line: number; character: number }>(place: P): P =>
    ({ ...place, character: originalColumn(place.line, place.character) });
  return { ...diagnostic, start: move(diagnostic.start), end: move(diagnostic.end) };
}

/** The two errors by which tslab and Node say that a cell was interrupted: after its first `await`, or before. */
function isInterruption(value: unknown): boolean {
  return types.isNativeError(value)
    && (value.message === 'Interrupted asynchronously' || (value as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED');
}

function withoutBreak(converter: Converter, unbreakable: Unbreakable): Converter {
  const wrap = <A extends unknown[], R>(compile: (...args: A) => R) => (...args: A): R => unbreakable(() => compile(...args));
  return {
    convert: wrap(converter.convert),
    inspect: wrap(converter.inspect),
    complete: wrap(converter.complete),
    addModule: wrap(converter.addModule),
    close: converter.close,
  };
}

/**
 * tslab compiles in two steps, TypeScript to ES modules and these to CommonJS, and emits no source maps. Its converter gets a view of
 * TypeScript here whose two entry points do emit them.
 */
function emitSourceMaps(): { last(): Cell['originalPosition'] } {
  if (require.resolve('tslab/dist/converter') in require.cache) throw new Error('there is one session a process, made before tslab is loaded');
  const path = require.resolve(TYPESCRIPT);
  const ts = require(TYPESCRIPT) as typeof TypeScript;
  let last: Cell['originalPosition'] = () => undefined;

  const createWatchCompilerHost = (files: string[], options: TypeScript.CompilerOptions, ...rest: unknown[]) =>
    (ts.createWatchCompilerHost as (...args: unknown[]) => unknown)(files, { ...options, inlineSourceMap: true }, ...rest);
  const transpileModule = (source: string, options: TypeScript.TranspileOptions) => {
    const inlineMap = INLINE_MAP.exec(source);
    if (!inlineMap) throw new Error('tslab compiled a cell without a source map');
    const output = ts.transpileModule(source.slice(0, inlineMap.index),
      { ...options, compilerOptions: { ...options.compilerOptions, sourceMap: true } });
    const outputText = output.outputText.replace(/\/\/# sourceMappingURL=.*\s*$/, '');
    last = chain(outputText, output.sourceMapText as string, Buffer.from(inlineMap[1], 'base64').toString());
    return { ...output, outputText };
  };

  const override = (value: unknown) => ({ value, enumerable: true });
  (require.cache[path] as NodeModule).exports = Object.defineProperties({}, {
    ...Object.getOwnPropertyDescriptors(ts),
    createWatchCompilerHost: override(createWatchCompilerHost),
    transpileModule: override(transpileModule),
  });
  return { last: () => last };
}

/** Follows a position through the map of the second step and then through that of the first. */
function chain(output: string, secondMap: string, firstMap: string): Cell['originalPosition'] {
  const lines = output.trimEnd().split('\n').length;
  const parse = (map: string) => new SourceMap(JSON.parse(map));
  let maps: [SourceMap, SourceMap] | undefined;
  return (line, column) => {
    // What follows is the executor's wrapper.
    if (line >= lines) return undefined;
    // Most cells never fail: the maps are read when one does.
    const [second, first] = maps ??= [parse(secondMap), parse(firstMap)];
    const middle = second.findEntry(line, column);
    if (!('originalLine' in middle)) return undefined;
    const origin = first.findEntry(middle.originalLine, middle.originalColumn);
    if (!('originalLine' in origin) || origin.originalLine < PREFIX_LINES) return undefined;
    return { line: origin.originalLine - PREFIX_LINES, column: origin.originalColumn };
  };
}
