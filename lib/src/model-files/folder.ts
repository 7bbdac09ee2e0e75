import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, realpath, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { removeUnfinished, syncFolder, unfinishedName } from '../disk';
import { fromJson, isObject } from '../json';

/** Files of a saved model. */
export const MODEL = 'model.json';
export const WEIGHTS = 'weights.bin';
export const OPTIMIZER = 'optimizer.safetensors';

/** What the system or JupyterLab puts into folders. */
const HARMLESS = new Set(['.DS_Store', 'Thumbs.db', '.ipynb_checkpoints']);
const SET_ASIDE = '.old';

/**
 * Makes the folder of a saved model, or replaces it. It is written under another name beside, down to the disk; then
 * the old one is set aside and the new one takes its place, and then the old one goes. Whenever the process stops,
 * one whole model is there: in its place or, between two renames, set aside, where {@link recoverFolder} finds it.
 *
 * @throws Error if there is something else than a saved model, or it cannot be written: then all is as it was
 */
export async function replaceModelFolder(
  folder: string, files: ReadonlyMap<string, readonly Uint8Array[]>,
): Promise<void> {
  const place = await placeOf(folder);
  const parent = path.dirname(place);
  await mkdir(parent, { recursive: true });
  await putBack(place);
  await checkReplaceable(place);
  removeUnfinished(parent, (name) => name === path.basename(place));
  const unfinished = unfinishedName(place);
  try {
    await mkdir(unfinished);
    for (const [name, parts] of files) await writeFile(path.join(unfinished, name), parts);
    syncFolder(unfinished);
    await swap(place, unfinished);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
  syncFolder(parent);
  for (const old of await setAside(place)) await rm(old, { recursive: true, force: true });
}

/** Puts a model back that was set aside by a process that was killed before the new one was in its place. */
export const recoverFolder = async (folder: string): Promise<void> => putBack(await placeOf(folder));

/** Where a link leads: renaming the link would leave what it leads to as it is. */
async function placeOf(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return path.resolve(folder);
    throw error;
  }
}

/** Another process may save into the same place at the same time: then this one replaces what that one has put. */
async function swap(place: string, unfinished: string): Promise<void> {
  for (;;) {
    const aside = `${place}.${randomUUID()}${SET_ASIDE}`;
    await rename(place, aside).catch((error) => {
      if (codeOf(error) !== 'ENOENT') throw error;
    });
    try {
      return await rename(unfinished, place);
    } catch (error) {
      if (isTaken(error)) continue;
      await putBack(place);
      throw error;
    }
  }
}

async function putBack(place: string): Promise<void> {
  const [aside] = await setAside(place);
  if (aside === undefined || existsSync(place)) return;
  await rename(aside, place).catch((error) => {
    // Somebody else was faster.
    if (!isTaken(error) && codeOf(error) !== 'ENOENT') throw error;
  });
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;
const isTaken = (error: unknown): boolean => ['ENOTEMPTY', 'EEXIST'].includes(codeOf(error) ?? '');

async function setAside(place: string): Promise<string[]> {
  const parent = path.dirname(place);
  const pattern = /^\.[0-9a-f-]{36}\.old$/;
  const names = existsSync(parent) ? await readdir(parent) : [];
  const base = path.basename(place);
  return names
    .filter((name) => name.startsWith(base) && pattern.test(name.slice(base.length)))
    .map((name) => path.join(parent, name));
}

async function checkReplaceable(place: string): Promise<void> {
  if (!existsSync(place)) return;
  const names = (await readdir(place)).filter((name) => !HARMLESS.has(name));
  if (names.length === 0) return;
  const others = names.filter((name) => ![MODEL, WEIGHTS, OPTIMIZER].includes(name));
  if (others.length > 0) {
    throw new NoSavedModel(`${place} holds something else than a saved model: ${listText(others)}`);
  }
  if (!names.includes(MODEL)) throw new NoSavedModel(`${place} holds no saved model, but ${listText(names)}`);
  try {
    const model = fromJson(await readFile(path.join(place, MODEL), 'utf8'));
    if (isObject(model) && isObject(model.modelTopology)) return;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new NoSavedModel(`the ${MODEL} in ${place} is not that of a saved model`);
}

/** What is in the place where a model shall be saved must not be lost. */
export class NoSavedModel extends Error {}

/** Some names of many. */
export function listText(names: readonly string[]): string {
  const shown = [...names].sort().slice(0, 8).join(', ');
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}

async function writeFile(file: string, parts: readonly Uint8Array[]): Promise<void> {
  const handle = await open(file, 'wx');
  try {
    for (const part of parts) await handle.writeFile(part);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
