import { existsSync } from 'node:fs';
import path from 'node:path';
import { types } from 'node:util';
import { countText } from '../arrays';
import { lessonOf, readChecks } from '../exercises/checks-file';
import { judge, type JudgeOptions } from '../exercises/judge';
import type { Judgement } from '../exercises/judgement';
import type { PublicExercise } from '../exercises/public-exercise';
import { saveModel } from '../model-files/save';
import { judgementHtml, judgementText, noticeHtml, type Surroundings } from '../plots/judgement';
import { readSettings } from '../settings';
import { tf } from '../tensorflow';
import { learner } from './learner';
import { rememberLesson } from './lesson';
import { show } from './output';
import { keepResult, type KeptResult } from './progress-file';
import { publicPictures } from './public-pictures';

const ID = /^(\d+|B)\.\d+$/;

/**
 * Tries an answer to an exercise at once, and shows what is right, what is not yet, and a hint. It keeps the result for
 * `progress()`; a trained model is also saved, to be handed in. It is not the mark: that comes from other cases.
 *
 * It never throws, whatever it is given.
 *
 * @param id of the exercise, as its heading says: `'3.2'`
 * @param answer what the exercise asks for: a function, a number, a letter, a function that builds a model, a model
 *   (which stays yours, as tensors do)
 *
 * ```ts
 * await check('3.2', conv2d);
 * ```
 * Taught in 00_start_here.
 */
export async function check(id: string, answer?: unknown): Promise<void> {
  try {
    await checked(...inOrder(id, answer));
  } catch (error) {
    showNotice('Nothing was checked', messageOf(error));
  }
}

/** An id that came second is put first. */
function inOrder(id: unknown, answer: unknown): [id: unknown, answer: unknown, notes: string[]] {
  if (!isId(id) && isId(answer)) return [answer, id, [`The id comes first: check('${answer.trim()}', ...).`]];
  return [id, answer, []];
}

const isId = (id: unknown): id is string => typeof id === 'string' && ID.test(id.trim());

async function checked(given: unknown, answer: unknown, notes: readonly string[]): Promise<void> {
  const { exercise, lesson, next } = find(given);
  rememberLesson(lesson);
  const { judgement, note } = await judged(exercise, answer);
  const isKept = !readSettings().isHandIn && judgement.kind !== 'text';
  const around: Surroundings = {
    answer: exercise.answer, parameters: parameterNames(answer), next,
    notes: [...notes, ...note, ...(isKept ? await kept(lesson, exercise, judgement, answer) : [])],
  };
  show({ data: { 'text/html': judgementHtml(judgement, around), 'text/plain': judgementText(judgement, around) } });
}

interface Found {
  readonly lesson: string;
  readonly exercise: PublicExercise;
  /** The one that comes after it. */
  readonly next: PublicExercise | undefined;
}

/** @throws Error if there is no such exercise */
export function find(given: unknown): Found {
  if (!isId(given)) {
    const got = typeof given === 'string' ? `'${given.slice(0, 40)}'`
      : typeof given === 'number' ? `the number ${given}` : typeof given;
    throw new Error(`Got ${got} as the id of an exercise; expected a text such as '3.2', as its heading says.`);
  }
  const id = given.trim();
  const lesson = lessonOf(id);
  const { exercises } = readChecks(lesson);
  const place = exercises.findIndex((each) => each.id === id);
  if (place < 0) {
    throw new Error(`There is no exercise ${id}; ${lesson} has ${exercises[0]?.id} to ${exercises.at(-1)?.id}.`);
  }
  return { lesson, exercise: exercises[place], next: exercises[place + 1] };
}

/** Judges an answer; a trained model on the public pictures. */
async function judged(
  exercise: PublicExercise, answer: unknown,
): Promise<{ readonly judgement: Judgement; readonly note: readonly string[] }> {
  const options: JudgeOptions = { learner: learner() };
  if (exercise.kind !== 'trained' || !(isModel(answer) || types.isPromise(answer))) {
    return { judgement: await judge(exercise, answer, options), note: [] };
  }
  const { shape, scale } = exercise.pictures;
  const { pixels, labels, count, title, isDrawn } = await publicPictures(exercise.pictures);
  const x = tf.tidy(() => tf.tensor(pixels, [count, ...shape], 'float32').mul(scale));
  try {
    const judgement = await judge(exercise, answer, { ...options, pictures: { x, labels } });
    // Of cats and dogs all pictures are in learners' hands.
    const marked = exercise.pictures.dataset === 'cats-and-dogs' ? 'the same ones, mirrored left to right' : 'others';
    const drawn = isDrawn ? ' They are drawn stand-ins: on real pictures the accuracy is another.' : '';
    const note = `Measured on ${countText(count)} pictures of ${title}. It is marked on ${marked}.${drawn}`;
    return { judgement, note: judgement.trouble === undefined ? [note] : [] };
  } finally {
    x.dispose();
  }
}

/** A proxy may throw when it is asked what it is. */
const isModel = (answer: unknown): answer is tf.LayersModel =>
  !types.isProxy(answer) && answer instanceof tf.LayersModel;

/**
 * Keeps the result, and a trained model that is as good as the best so far.
 *
 * @returns what has to be said of it
 */
async function kept(
  lesson: string, { id, version, kind }: PublicExercise, judgement: Judgement, answer: unknown,
): Promise<string[]> {
  const { passed, earned, tried, trouble } = judgement;
  const { before, trouble: notKept } = await keepResult(lesson, { id, version, passed, earned, tried });
  const notes = before?.state === 'passed' && !passed ? ['You had passed this before, and that stays.'] : [];
  if (notKept !== undefined) notes.push(notKept);
  if (kind !== 'trained' || trouble !== undefined) return notes;
  // A promise is kept by now.
  return [...notes, await modelKept(id, await answer as tf.LayersModel, earned, before)];
}

async function modelKept(
  id: string, model: tf.LayersModel, earned: number, before: KeptResult | undefined,
): Promise<string> {
  const folder = modelFolder(id);
  if (before && earned < before.earned && existsSync(folder)) {
    return 'The better model of before is the one that is handed in.';
  }
  try {
    await saveModel(model, folder);
    return `The model is saved in ${path.relative(readSettings().exercisesFolder, folder)}, to be handed in.`;
  } catch (error) {
    return `The model could not be saved, and so not be handed in: ${messageOf(error)}`;
  }
}

/** Where a trained model waits to be handed in. */
export const modelFolder = (id: string): string => path.join(readSettings().exercisesFolder, 'hand-in', 'models', id);

const PLAIN_NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$]*/u;

/** The names of a function's parameters, as far as they are plain ones. */
function parameterNames(answer: unknown): (string | undefined)[] {
  if (typeof answer !== 'function') return [];
  const source = Function.prototype.toString.call(answer);
  const [, alone, list] = /^(?:async\s+)?(?:([\p{ID_Continue}$]+)\s*=>|[^(]*\(([^()]*)\))/u.exec(source) ?? [];
  return (alone ?? list ?? '').split(',').map((part) => PLAIN_NAME.exec(part.trim())?.[0]);
}

function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return 'an error that cannot be read';
  }
}

function showNotice(title: string, ...sentences: string[]): void {
  show({ data: { 'text/html': noticeHtml(title, sentences), 'text/plain': `${title}: ${sentences.join(' ')}` } });
}
