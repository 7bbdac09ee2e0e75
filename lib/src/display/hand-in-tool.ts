import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { FailedCell } from '../exercises/hand-in';
import { isObject } from '../json';

const COURSE = path.resolve(__dirname, '../../..');
const PYTHON = path.join(COURSE, '.venv', 'bin', 'python');
/** Says at its top what it takes and what it says. */
const TOOL = path.join(COURSE, 'tools', 'hand_in.py');

/** The most seconds that a cell may take. */
const CELL_LIMIT = 120;

export interface Trial {
  readonly failed: readonly FailedCell[];
  /** Why the notebook could not be run, if it could not. */
  readonly trouble?: string;
}

/**
 * Runs a notebook to its end in a kernel of its own, with little data.
 *
 * @param folder where the kernel works, as if the notebook lay there
 * @throws Interrupted
 */
export async function runFresh(
  file: string, folder: string, signal: AbortSignal, onCell: (cell: number, of: number) => void,
): Promise<Trial> {
  let failed: readonly FailedCell[] | undefined;
  const env = { ...process.env, COURSE_QUICK: '1', COURSE_HAND_IN: '1' };
  const args = ['run', file, '--folder', folder, '--limit', String(CELL_LIMIT)];
  const trouble = await runTool(args, { env, signal }, (said) => {
    if (typeof said.cell === 'number' && typeof said.of === 'number') onCell(said.cell, said.of);
    if (Array.isArray(said.failed)) failed = said.failed as FailedCell[];
  });
  return failed ? { failed } : { failed: [], trouble: trouble || 'it said nothing' };
}

/**
 * Writes a zip file.
 *
 * @param files paths by their names in it
 * @returns its size in bytes
 * @throws Error with the system's code (`ENOSPC`), or Interrupted; then there is no file
 */
export async function writeZip(
  target: string, files: Readonly<Record<string, string>>, signal: AbortSignal,
): Promise<number> {
  let said: Record<string, unknown> = {};
  const input = JSON.stringify(files);
  const trouble = await runTool(['pack', target], { signal, input }, (each) => void (said = each));
  if (typeof said.code === 'string') throw Object.assign(new Error(String(said.message)), { code: said.code });
  if (typeof said.written !== 'number') throw new Error(`the zip file could not be written: ${trouble}`);
  return said.written;
}

interface ToolOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly input?: string;
}

/**
 * Runs tools/hand_in.py; `onSaid` gets each line of JSON.
 *
 * @returns why it did not end well; empty if it did
 * @throws Interrupted
 */
async function runTool(
  args: readonly string[], { env = process.env, signal, input }: ToolOptions,
  onSaid: (said: Record<string, unknown>) => void,
): Promise<string> {
  if (!existsSync(PYTHON)) return `there is no ${PYTHON}: npm run setup makes it`;
  // In a group of its own: an interrupt is for this kernel, which then ends the other one.
  const child = spawn(PYTHON, [TOOL, ...args], { env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  const stop = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop);
  process.once('exit', stop);
  try {
    child.stdin.on('error', () => {}); // It ended before it read all: its exit code says so.
    child.stdin.end(input);
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => { errors = (errors + text).slice(-2000); });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said = parsed(line);
      if (said) onSaid(said);
    });
    const [code, killed] = await new Promise<[number | null, string | null]>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (...end) => resolve(end));
    });
    if (signal.aborted) throw signal.reason;
    if (code === 0) return '';
    return errors.trim().split('\n').at(-1) || `it ended with ${killed ?? `exit code ${code}`}`;
  } finally {
    signal.removeEventListener('abort', stop);
    process.off('exit', stop);
  }
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const said: unknown = JSON.parse(line);
    return isObject(said) ? said : undefined;
  } catch {
    return undefined; // Something that a library has printed.
  }
}
