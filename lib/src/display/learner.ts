import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { whyNotWritten, writeWhole } from '../disk';
import { fromJson, isObject } from '../json';
import { escapeXml } from '../plots/svg';
import { readSettings } from '../settings';
import { show } from './output';
import { progressFolder } from './progress-file';

/** It becomes part of names of files. */
const FORM = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** What this process was told last, for a disk that takes nothing. */
let told: string | undefined;

/**
 * Says who does the exercises. It is kept for all notebooks, and goes into what `handIn` writes; exercises with numbers
 * of your own draw them from it.
 *
 * @param id as your teacher knows you: letters, digits, `.`, `_` and `-`, at most 64 of them
 * @throws Error for another id
 *
 * ```ts
 * setLearner('ada.l');
 * ```
 * Taught in 00_start_here.
 */
export function setLearner(id: string): void {
  if (!isLearnerId(id)) {
    const got = typeof id === 'string' ? `'${id}'` : typeof id;
    throw new Error(
      `setLearner: got ${got}; expected the id that your teacher knows you by: at most 64 letters, digits, '.', '_' ` +
        "and '-', the first one a letter or a digit. For example: setLearner('ada.l')",
    );
  }
  told = id;
  const trouble = readSettings().isHandIn ? undefined : keep(id);
  const text = [`You are ${id}.`, ...(trouble === undefined ? [] : [trouble])];
  const html = text.map((line) => `<div>${escapeXml(line)}</div>`).join('');
  show({ data: { 'text/html': html, 'text/plain': text.join('\n') } });
}

/**
 * Who does the exercises: what `setLearner` was told last, in any notebook, else what COURSE_LEARNER or a JupyterHub
 * says; undefined if nobody has said it.
 */
export const learner = (): string | undefined => kept() ?? told ?? readSettings().learner;

/** Whether an id can be handed in: it becomes part of names of files. */
export const isLearnerId = (id: unknown): id is string => typeof id === 'string' && FORM.test(id);

const fileOf = (): string => path.join(progressFolder(), 'learner.json');

/** @returns why it could not be kept, if it could not */
function keep(id: string): string | undefined {
  const file = fileOf();
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeWhole(file, `${JSON.stringify({ learner: id })}\n`);
    return undefined;
  } catch (error) {
    const reason = whyNotWritten(path.dirname(file), 100, 'It counts until the kernel ends.', error);
    return `That could not be kept: ${reason}`;
  }
}

/** Nobody, where the file is missing or damaged: setLearner writes a new one. */
function kept(): string | undefined {
  try {
    const file = fromJson(readFileSync(fileOf(), 'utf8'));
    return isObject(file) && isLearnerId(file.learner) ? file.learner : undefined;
  } catch {
    return undefined;
  }
}
