import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { copyFile, link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { removeUnfinished, syncFolder, unfinishedName, whyNotWritten } from '../disk';
import { readChecks } from '../exercises/checks-file';
import { handInFindings, type FailedCell, type HandInFinding, type NotebookCell } from '../exercises/hand-in';
import type { PublicExercise } from '../exercises/public-exercise';
import { Interrupted, interruptible } from '../interrupt';
import { isObject } from '../json';
import { MODEL, WEIGHTS } from '../model-files/folder';
import { handInHtml, handInText, type HandInReport } from '../plots/hand-in';
import { escapeXml } from '../plots/svg-elements';
import { readSettings } from '../settings';
import { isLearnerId, learner as knownLearner } from './learner';
import { currentLesson } from './lesson';
import { inNotebook, LiveOutput, show, type Bundle } from './output';
import { bytesText, durationText } from './text';

const COURSE = path.resolve(__dirname, '../../..');
const PYTHON = path.join(COURSE, '.venv', 'bin', 'python');
const TOOL = path.join(COURSE, 'tools', 'hand_in.py');

/** The most seconds that a cell may take while the notebook is tried. */
const CELL_LIMIT = 120;
/** Seconds after which it is worth asking whether the notebook was saved. */
const SAVED_LONG_AGO = 60;
/** Nothing that could be handed in is larger, in bytes. */
const LARGEST_NOTEBOOK = 20e6;

/** Why there is nothing to hand in, and what to do. */
class Refusal extends Error {
  constructor(message: string, readonly next: string) {
    super(message);
  }
}

/**
 * Writes the file to hand in: the notebook as it was saved, with the models that its checks have kept, as
 * `exercises/hand-in/<lesson>_<learner>.zip`. First the notebook is compared with the one that was given out and run from top to bottom
 * in a fresh kernel, with little data; what would cost points is said, and does not keep it from being handed in. The file is whole or
 * not there; one of before goes into `exercises/hand-in/earlier/`. It never throws.
 *
 * @param id who hands in; without it whoever `setLearner` has named
 *
 * ```ts
 * await handIn();
 * ```
 * Taught in 00_start_here.
 */
export async function handIn(id?: string): Promise<void> {
  if (readSettings().isHandIn) {
    show({ data: { 'text/plain': 'The notebook is being tried: nothing is handed in now.' } });
    return;
  }
  const live = new LiveOutput();
  const report = await interruptible((_, signal) => handedIn(id, live, signal), 'Handing in was stopped.').catch(refused);
  const bundle = { data: { 'text/html': handInHtml(report), 'text/plain': handInText(report) } };
  if (inNotebook()) live.update(bundle);
  else show(bundle);
}

function refused(error: unknown): HandInReport {
  const nothing = { title: 'Nothing was handed in', warnings: [], notes: [] };
  const { message } = error as Error;
  if (error instanceof Refusal) return { ...nothing, title: `Nothing was handed in: ${message}`, next: error.next };
  if (error instanceof Interrupted) return { ...nothing, next: `${message} Run the cell again to hand in.` };
  return { ...nothing, next: `It failed with: ${message} If that stays so, send your notebook's file to your teacher as it is.` };
}

async function handedIn(id: string | undefined, live: LiveOutput, signal: AbortSignal): Promise<HandInReport> {
  const started = new Date();
  const learner = learnerOf(id);
  const lesson = currentLesson();
  const { exercises, cells: given } = readChecks(lesson);
  const place = await notebookOf(lesson);
  const notebook = await readNotebook(place);
  const folder = path.join(readSettings().exercisesFolder, 'hand-in');
  const staging = await stagingIn(folder, lesson);
  try {
    const content = Buffer.from(notebook.text);
    await writeFile(path.join(staging, `${lesson}.ipynb`), content);
    const trial = await tryNotebook(path.join(staging, `${lesson}.ipynb`), path.dirname(place), live, signal);
    const findings = [
      ...handInFindings(notebook.cells, given, exercises, trial.failed),
      ...trial.notes.map((text): HandInFinding => ({ kind: 'note', text })),
      ...savedNotes(place, started, notebook.savedAt),
    ];
    const models = await stageModels(exercises, folder, staging);
    const names = [`${lesson}.ipynb`, ...models.names];
    const facts = { learner, lesson, time: started.toISOString(), files: await hashesOf(staging, names) };
    await writeFile(path.join(staging, 'hand-in.json'), `${JSON.stringify(facts, undefined, 2)}\n`);
    const target = path.join(folder, `${lesson}_${learner}.zip`);
    const bytes = await pack(target, staging, ['hand-in.json', ...names], signal);
    const textsOf = (kind: HandInFinding['kind']): string[] => findings.filter((each) => each.kind === kind).map(({ text }) => text);
    const shown = path.relative(COURSE, target);
    return {
      file: target,
      title: `Ready to hand in: ${shown.startsWith('..') ? target : shown} (${bytesText(bytes)})`,
      warnings: [...textsOf('warning'), ...models.warnings, ...numberWarnings(exercises, learner)],
      notes: textsOf('note'),
      next: `Give this file to your teacher in the way of your course, as ${learner}. You may hand in again: the newest one counts.`,
    };
  } catch (error) {
    if (!isFullOrForbidden(error)) throw error;
    throw new Refusal('the file could not be written', `${capital(whyNotWritten(folder, 1e6, 'What was handed in before is untouched.', error))}`);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const isFullOrForbidden = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '');

function learnerOf(id: string | undefined): string {
  const learner = id ?? knownLearner();
  if (learner === undefined) {
    throw new Refusal('nobody has said who you are', "Run setLearner('your-id') once, with the id that your teacher knows you by, and then this cell again.");
  }
  if (isLearnerId(learner)) return learner;
  throw new Refusal(
    `'${String(learner).slice(0, 80)}' is no id of a learner`,
    "Expected at most 64 letters, digits, '.', '_' and '-', as in handIn('ada.l').",
  );
}

/** Personal numbers are those of whoever `setLearner` has named; marked are those of whoever hands in. */
function numberWarnings(exercises: readonly PublicExercise[], learner: string): string[] {
  const known = knownLearner();
  const personal = exercises.filter((each) => each.kind === 'number' && each.variants.length > 1).map(({ id }) => id);
  if (known === learner || personal.length === 0) return [];
  return [
    `${personal.join(', ')}: the numbers that you were given are those of ${known ?? 'nobody'}, but marked are those of ${learner}. ` +
      `Run setLearner('${learner}'), answer again, and hand in again.`,
  ];
}

/** The file of the notebook that runs; where Jupyter does not say which one it is, the lesson's own. */
async function notebookOf(lesson: string): Promise<string> {
  const { notebook, exercisesFolder } = readSettings();
  const places = [...(notebook === undefined ? [] : [path.resolve(notebook)]), path.join(exercisesFolder, `${lesson}.ipynb`)];
  const found = places.find((place) => existsSync(place));
  if (found !== undefined) return found;
  throw new Refusal(
    `there is no ${places.join(' and no ')}`,
    'Save the notebook (Ctrl+S). If it was renamed or moved since it was opened: Kernel → Restart Kernel and Run All Cells.',
  );
}

interface SavedNotebook {
  readonly text: string;
  readonly cells: readonly NotebookCell[];
  readonly savedAt: Date;
}

async function readNotebook(place: string): Promise<SavedNotebook> {
  const { size, mtime } = await stat(place);
  const name = path.basename(place);
  if (size > LARGEST_NOTEBOOK) {
    throw new Refusal(
      `${name} has ${bytesText(size)}, expected at most ${bytesText(LARGEST_NOTEBOOK)}`,
      'Edit → Clear Outputs of All Cells, save (Ctrl+S), and run this cell again.',
    );
  }
  const text = await readFile(place, 'utf8');
  try {
    const notebook: unknown = JSON.parse(text);
    if (isObject(notebook) && Array.isArray(notebook.cells) && notebook.cells.every(isCell)) {
      return { text, cells: notebook.cells, savedAt: mtime };
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new Refusal(`${name} is no whole notebook`, 'Save it (Ctrl+S) and run this cell again; if that does not help, copy your answers into a fresh copy of it.');
}

const isCell = (value: unknown): value is NotebookCell =>
  isObject(value) && typeof value.cell_type === 'string' &&
  (typeof value.source === 'string' || (Array.isArray(value.source) && value.source.every((line) => typeof line === 'string')));

/** What runs is in JupyterLab, what is handed in is the file: a word about the difference where there may be one. */
function savedNotes(place: string, now: Date, savedAt: Date): HandInFinding[] {
  const seconds = (now.getTime() - savedAt.getTime()) / 1000;
  const what = `Handed in is ${path.basename(place)} as it was saved ${durationText(Math.max(0, seconds))} ago.`;
  const text = seconds > SAVED_LONG_AGO ? `${what} If you have changed something since, save it (Ctrl+S) and run this cell again.` : what;
  return [{ kind: 'note', text }];
}

async function stagingIn(folder: string, lesson: string): Promise<string> {
  const staging = unfinishedName(path.join(folder, lesson));
  try {
    await mkdir(staging, { recursive: true });
    removeUnfinished(folder, (name) => name === lesson || name.endsWith('.zip'));
    return staging;
  } catch (error) {
    throw new Refusal('there is no place to write it', capital(whyNotWritten(folder, 1e6, 'Your notebook is untouched.', error)));
  }
}

interface Trial {
  readonly failed: readonly FailedCell[];
  /** Why it could not be tried, if it could not. */
  readonly notes: readonly string[];
}

/** Runs the notebook in a fresh kernel and shows where it is. */
async function tryNotebook(file: string, folder: string, live: LiveOutput, signal: AbortSignal): Promise<Trial> {
  live.update(progressBundle(0, 1));
  let failed: readonly FailedCell[] | undefined;
  const env = { ...process.env, COURSE_QUICK: '1', COURSE_HAND_IN: '1' };
  const trouble = await runTool(['run', file, '--folder', folder, '--limit', String(CELL_LIMIT)], { env, signal }, (said) => {
    if (typeof said.cell === 'number' && typeof said.of === 'number') live.update(progressBundle(said.cell, said.of));
    if (Array.isArray(said.failed)) failed = said.failed as FailedCell[];
  });
  if (failed) return { failed, notes: [] };
  const note = `It could not be tried in a fresh kernel (${trouble}). Kernel → Restart Kernel and Run All Cells shows whether it runs from top to bottom.`;
  return { failed: [], notes: [note] };
}

function progressBundle(cell: number, of: number): Bundle {
  const text = `Running your notebook in a fresh kernel, with little data: ${cell === 0 ? 'it starts' : `cell ${cell} of ${of}`} …`;
  const bar = `<progress value="${cell}" max="${of}" aria-label="Cells run" style="width: 12em"></progress>`;
  return { data: { 'text/html': `<div>${bar} ${escapeXml(text)}</div>`, 'text/plain': text } };
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
async function runTool(args: readonly string[], { env = process.env, signal, input }: ToolOptions, onSaid: (said: Record<string, unknown>) => void): Promise<string> {
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

/** Copies the models of trained exercises, as their checks have saved them. */
async function stageModels(exercises: readonly PublicExercise[], folder: string, staging: string): Promise<{ names: string[]; warnings: string[] }> {
  const names: string[] = [];
  const warnings: string[] = [];
  for (const { id } of exercises.filter(({ kind }) => kind === 'trained')) {
    const files = [MODEL, WEIGHTS].map((file) => path.join('models', id, file));
    if (!files.every((file) => existsSync(path.join(folder, file)))) {
      warnings.push(`${id}: there is no trained model yet, so it earns nothing. Run its cell and its check without COURSE_QUICK: the check keeps the model.`);
      continue;
    }
    await mkdir(path.join(staging, 'models', id), { recursive: true });
    for (const file of files) await copyFile(path.join(folder, file), path.join(staging, file));
    names.push(...files);
  }
  return { names, warnings };
}

async function hashesOf(folder: string, names: readonly string[]): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const name of names) hashes[name] = createHash('sha256').update(await readFile(path.join(folder, name))).digest('hex');
  return hashes;
}

/** Writes the zip file beside its place and puts it there; one that is there already goes to `earlier/`. @returns its size in bytes */
async function pack(target: string, staging: string, names: readonly string[], signal: AbortSignal): Promise<number> {
  const unfinished = unfinishedName(target);
  let said: Record<string, unknown> = {};
  const files = Object.fromEntries(names.map((name) => [name, path.join(staging, name)]));
  const trouble = await runTool(['pack', unfinished], { signal, input: JSON.stringify(files) }, (each) => { said = each; });
  try {
    if (typeof said.code === 'string') throw Object.assign(new Error(String(said.message)), { code: said.code });
    if (typeof said.written !== 'number') throw new Error(`the zip file could not be written: ${trouble}`);
    await keepEarlier(target);
    await rename(unfinished, target);
    syncFolder(path.dirname(target));
    return said.written;
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function keepEarlier(target: string): Promise<void> {
  if (!existsSync(target)) return;
  const { mtime } = await stat(target);
  const time = mtime.toISOString().replace(/[:.]/g, '-');
  const earlier = path.join(path.dirname(target), 'earlier', `${path.basename(target, '.zip')}_${time}.zip`);
  await mkdir(path.dirname(earlier), { recursive: true });
  // A second name for the same file, so that at no moment there is none; not every disk has such names.
  await link(target, earlier).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') await copyFile(target, earlier, constants.COPYFILE_FICLONE);
  });
}
