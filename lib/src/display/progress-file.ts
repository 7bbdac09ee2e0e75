import { readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { writeWhole } from '../data/files';
import { withLock } from '../data/lock';
import { whyNotWritten } from '../disk';
import { fromJson, isObject } from '../json';
import { readSettings } from '../settings';

/** What is kept of an exercise that was tried: the best result so far. */
export interface KeptResult {
  readonly state: 'tried' | 'passed';
  /** Of the exercise: what an older one had asked for does not count. */
  readonly version: number;
  /** Points of the criteria that `check` tries, and how many of them were earned. */
  readonly earned: number;
  readonly tried: number;
  /** How often it was tried. */
  readonly tries: number;
  /** When it was tried first and last, and when it was passed first, as ISO 8601 writes it. */
  readonly first: string;
  readonly last: string;
  readonly passed?: string;
}

/** By the exercises' ids. */
export type KeptResults = Readonly<Record<string, KeptResult>>;

/** What a check has found. */
export interface NewResult {
  readonly id: string;
  readonly version: number;
  readonly passed: boolean;
  readonly earned: number;
  readonly tried: number;
}

/** Where the state of exercises is kept; ignored by git. */
export const progressFolder = (): string => path.join(readSettings().exercisesFolder, 'progress');

const fileOf = (lesson: string): string => path.join(progressFolder(), `${lesson}.json`);

/**
 * What is known of a lesson's exercises.
 *
 * @returns the results, and in words what was wrong with the file, if something was: a broken one is set aside
 * @throws Error if there is a file that cannot be read
 */
export async function readProgress(lesson: string): Promise<{ kept: KeptResults; trouble?: string }> {
  const file = fileOf(lesson);
  let content: string;
  try {
    content = await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return { kept: {} };
    throw new Error(`your progress in ${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  const kept = parsed(content);
  if (kept) return { kept };
  const aside = `${file}.broken-${new Date().toISOString().replaceAll(':', '')}`;
  await rename(file, aside).catch((error) => {
    // Another notebook was faster.
    if (!isMissing(error)) throw error;
  });
  const trouble = `${file} was damaged: it is now ${path.basename(aside)}, and your progress begins anew.`;
  return { kept: {}, trouble };
}

/**
 * Keeps the result of a check beside the better ones of before. Several notebooks may do so at once.
 *
 * @returns what was kept before, and in words what could not be kept
 */
export async function keepResult(
  lesson: string, result: NewResult,
): Promise<{ before: KeptResult | undefined; trouble?: string }> {
  const file = fileOf(lesson);
  let before: KeptResult | undefined;
  try {
    return await withLock(`${file}.lock`, async () => {
      const { kept, trouble } = await readProgress(lesson);
      before = sameVersion(kept[result.id], result.version);
      const exercises = { ...kept, [result.id]: better(before, result, new Date().toISOString()) };
      await writeWhole(file, Buffer.from(`${JSON.stringify({ lesson, exercises }, undefined, 2)}\n`));
      return { before, trouble };
    });
  } catch (error) {
    const reason = whyNotWritten(path.dirname(file), 1e4, 'The result above is right all the same.', error);
    return { before, trouble: `This result could not be kept: ${reason}` };
  }
}

/** A result of an older version of an exercise is none. */
export const sameVersion = (kept: KeptResult | undefined, version: number): KeptResult | undefined =>
  (kept?.version === version ? kept : undefined);

function better(before: KeptResult | undefined, result: NewResult, now: string): KeptResult {
  const { passed, version, tried } = result;
  return {
    state: passed || before?.state === 'passed' ? 'passed' : 'tried',
    version,
    earned: Math.max(result.earned, before?.earned ?? 0),
    tried: Math.max(tried, before?.tried ?? 0),
    tries: (before?.tries ?? 0) + 1,
    first: before?.first ?? now,
    last: now,
    ...((before?.passed ?? (passed ? now : undefined)) && { passed: before?.passed ?? now }),
  };
}

/** Undefined if it is not what {@link keepResult} writes. */
function parsed(content: string): KeptResults | undefined {
  try {
    const file = fromJson(content);
    if (!isObject(file) || !isObject(file.exercises)) return undefined;
    const exercises: Record<string, unknown> = file.exercises;
    return Object.values(exercises).every(isKept) ? exercises as KeptResults : undefined;
  } catch {
    return undefined;
  }
}

function isKept(value: unknown): value is KeptResult {
  if (!isObject(value)) return false;
  const numbers = [value.version, value.earned, value.tried, value.tries];
  return ['tried', 'passed'].includes(value.state as string) && numbers.every(Number.isFinite)
    && typeof value.first === 'string' && typeof value.last === 'string';
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';
