import { createHash } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { copyFile, link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { removeUnfinished, syncFolder, unfinishedName, whyNotWritten } from '../disk';
import { readChecks } from '../exercises/checks-file';
import { handInFindings, type HandInFinding, type NotebookCell } from '../exercises/hand-in';
import type { PublicExercise } from '../exercises/public-exercise';
import { Interrupted, interruptible } from '../interrupt';
import { isObject } from '../json';
import { MODEL, WEIGHTS } from '../model-files/folder';
import { handInHtml, handInText, type HandInReport } from '../plots/hand-in';
import { escapeXml } from '../plots/svg-elements';
import { readSettings } from '../settings';
import { runFresh, writeZip, type Trial } from './hand-in-tool';
import { isLearnerId, learner as knownLearner } from './learner';
import { currentLesson } from './lesson';
import { inNotebook, LiveOutput, show, type Bundle } from './output';
import { bytesText, durationText } from './text';

const COURSE = path.resolve(__dirname, '../../..');

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
 * `exercises/hand-in/<lesson>_<learner>.zip`. First the notebook is compared with the one that was given out and run
 * from top to bottom in a fresh kernel, with little data; what would cost points is said, and does not keep it from
 * being handed in. The file is whole or not there; one of before goes into `exercises/hand-in/earlier/`. It never throws.
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
  const report = await interruptible((_, signal) => handedIn(id, live, signal), 'Handing in was stopped.')
    .catch(refused);
  const bundle = { data: { 'text/html': handInHtml(report), 'text/plain': handInText(report) } };
  if (inNotebook()) live.update(bundle);
  else show(bundle);
}

function refused(error: unknown): HandInReport {
  const nothing = { title: 'Nothing was handed in', warnings: [], notes: [] };
  const { message } = error as Error;
  if (error instanceof Refusal) return { ...nothing, title: `Nothing was handed in: ${message}`, next: error.next };
  if (error instanceof Interrupted) return { ...nothing, next: `${message} Run the cell again to hand in.` };
  const next = `It failed with: ${message} If that stays so, send your notebook's file to your teacher as it is.`;
  return { ...nothing, next };
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
      ...(trial.trouble === undefined ? [] : [untriedNote(trial.trouble)]),
      ...savedNotes(place, started, notebook.savedAt),
    ];
    const models = await stageModels(exercises, folder, staging);
    const names = [`${lesson}.ipynb`, ...models.names];
    const facts = { learner, lesson, time: started.toISOString(), files: await hashesOf(staging, names) };
    await writeFile(path.join(staging, 'hand-in.json'), `${JSON.stringify(facts, undefined, 2)}\n`);
    const target = path.join(folder, `${lesson}_${learner}.zip`);
    const bytes = await pack(target, staging, ['hand-in.json', ...names], signal);
    const textsOf = (kind: HandInFinding['kind']): string[] =>
      findings.filter((each) => each.kind === kind).map(({ text }) => text);
    const shown = path.relative(COURSE, target);
    return {
      file: target,
      title: `Ready to hand in: ${shown.startsWith('..') ? target : shown} (${bytesText(bytes)})`,
      warnings: [...textsOf('warning'), ...models.warnings, ...numberWarnings(exercises, learner)],
      notes: textsOf('note'),
      next: `Give this file to your teacher in the way of your course, as ${learner}. ` +
        'You may hand in again: the newest one counts.',
    };
  } catch (error) {
    if (!isNotWritable(error)) throw error;
    const why = whyNotWritten(folder, 1e6, 'What was handed in before is untouched.', error);
    throw new Refusal('the file could not be written', capital(why));
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const NOT_WRITABLE = ['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'];

const isNotWritable = (error: unknown): boolean => NOT_WRITABLE.includes((error as NodeJS.ErrnoException).code ?? '');

function learnerOf(id: string | undefined): string {
  const learner = id ?? knownLearner();
  if (learner === undefined) {
    throw new Refusal(
      'nobody has said who you are',
      "Run setLearner('your-id') once, with the id that your teacher knows you by, and then this cell again.",
    );
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
    `${personal.join(', ')}: the numbers that you were given are those of ${known ?? 'nobody'}, but marked are those ` +
      `of ${learner}. Run setLearner('${learner}'), answer again, and hand in again.`,
  ];
}

/** The file of the notebook that runs; where Jupyter does not say which one it is, the lesson's own. */
async function notebookOf(lesson: string): Promise<string> {
  const { notebook, exercisesFolder } = readSettings();
  const own = path.join(exercisesFolder, `${lesson}.ipynb`);
  const places = notebook === undefined ? [own] : [path.resolve(notebook), own];
  const found = places.find((place) => existsSync(place));
  if (found !== undefined) return found;
  throw new Refusal(
    `there is no ${places.join(' and no ')}`,
    'Save the notebook (Ctrl+S). If it was renamed or moved since it was opened: Kernel → Restart Kernel and Run All ' +
      'Cells.',
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
  throw new Refusal(
    `${name} is no whole notebook`,
    'Save it (Ctrl+S) and run this cell again; if that does not help, copy your answers into a fresh copy of it.',
  );
}

function isCell(value: unknown): value is NotebookCell {
  if (!isObject(value) || typeof value.cell_type !== 'string') return false;
  const { source } = value;
  return typeof source === 'string' || (Array.isArray(source) && source.every((line) => typeof line === 'string'));
}

/** What runs is in JupyterLab, what is handed in is the file: a word about the difference where there may be one. */
function savedNotes(place: string, now: Date, savedAt: Date): HandInFinding[] {
  const seconds = (now.getTime() - savedAt.getTime()) / 1000;
  const what = `Handed in is ${path.basename(place)} as it was saved ${durationText(Math.max(0, seconds))} ago.`;
  const advice = ' If you have changed something since, save it (Ctrl+S) and run this cell again.';
  return [{ kind: 'note', text: seconds > SAVED_LONG_AGO ? what + advice : what }];
}

async function stagingIn(folder: string, lesson: string): Promise<string> {
  const staging = unfinishedName(path.join(folder, lesson));
  try {
    await mkdir(staging, { recursive: true });
    removeUnfinished(folder, (name) => name === lesson || name.endsWith('.zip'));
    return staging;
  } catch (error) {
    const why = whyNotWritten(folder, 1e6, 'Your notebook is untouched.', error);
    throw new Refusal('there is no place to write it', capital(why));
  }
}

/** Runs the notebook in a fresh kernel and shows where it is. */
async function tryNotebook(file: string, folder: string, live: LiveOutput, signal: AbortSignal): Promise<Trial> {
  live.update(progressBundle(0, 1));
  return runFresh(file, folder, signal, (cell, of) => live.update(progressBundle(cell, of)));
}

function untriedNote(trouble: string): HandInFinding {
  const text = `It could not be tried in a fresh kernel (${trouble}). Kernel → Restart Kernel and Run All Cells shows ` +
    'whether it runs from top to bottom.';
  return { kind: 'note', text };
}

function progressBundle(cell: number, of: number): Bundle {
  const place = cell === 0 ? 'it starts' : `cell ${cell} of ${of}`;
  const text = `Running your notebook in a fresh kernel, with little data: ${place} …`;
  const bar = `<progress value="${cell}" max="${of}" aria-label="Cells run" style="width: 12em"></progress>`;
  return { data: { 'text/html': `<div>${bar} ${escapeXml(text)}</div>`, 'text/plain': text } };
}

/** Copies the models of trained exercises, as their checks have saved them. */
async function stageModels(
  exercises: readonly PublicExercise[], folder: string, staging: string,
): Promise<{ names: string[]; warnings: string[] }> {
  const names: string[] = [];
  const warnings: string[] = [];
  for (const { id } of exercises.filter(({ kind }) => kind === 'trained')) {
    const files = [MODEL, WEIGHTS].map((file) => path.join('models', id, file));
    if (!files.every((file) => existsSync(path.join(folder, file)))) {
      warnings.push(
        `${id}: there is no trained model yet, so it earns nothing. Run its cell and its check without COURSE_QUICK: ` +
          'the check keeps the model.',
      );
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
  for (const name of names) {
    hashes[name] = createHash('sha256').update(await readFile(path.join(folder, name))).digest('hex');
  }
  return hashes;
}

/**
 * Writes the zip file beside its place and puts it there; one that is there already goes to `earlier/`.
 *
 * @returns its size in bytes
 */
async function pack(target: string, staging: string, names: readonly string[], signal: AbortSignal): Promise<number> {
  const unfinished = unfinishedName(target);
  try {
    const files = Object.fromEntries(names.map((name) => [name, path.join(staging, name)]));
    const bytes = await writeZip(unfinished, files, signal);
    await keepEarlier(target);
    await rename(unfinished, target);
    syncFolder(path.dirname(target));
    return bytes;
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
