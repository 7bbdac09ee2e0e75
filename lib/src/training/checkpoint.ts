import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { removeUnfinished, syncFolder, unfinishedName, whyNotWritten } from '../disk';
import type { JsonObject } from '../json';
import { decodeSafetensors, encodeSafetensors, type NamedArrays } from './safetensors';

/**
 * The files of a training that can go on after its process has ended. They know nothing of models: facts and arrays in,
 * facts and arrays out.
 */
export interface CheckpointContent {
  readonly facts: JsonObject;
  readonly arrays: NamedArrays;
}

/** How far the training was: finished epochs, and finished batches of the next one. */
export interface CheckpointPosition {
  readonly epoch: number;
  readonly batch: number;
}

export interface Checkpoint {
  readonly file: string;
  readonly position: CheckpointPosition;
  /** Its arrays share one memory, that of the file. */
  readonly content: CheckpointContent;
}

export interface DamagedCheckpoint {
  readonly file: string;
  readonly reason: string;
}

const KIND = 'checkpoint';
/** The first number counts what was written: a training may have gone back to an earlier batch meanwhile. */
const NAME = /^(\d{6,})-epoch-(\d{4,})-batch-(\d{6,})\.safetensors$/;
const SAFE = 'Older checkpoints are still there.';

/** Files that this process has written or read, and so knows to be whole, each with its stamp. */
const knownWhole = new Map<string, string>();
/**
 * Writes one checkpoint so that it is there whole or not at all, whenever the process or the machine stops; then takes
 * away all but the newest `keep` whole ones, and what killed processes have left unfinished. One at a time in a folder.
 *
 * The disk works in the background. The arrays must stay as they are until it is done.
 *
 * @param folder is made if it is not there
 * @returns the file, for example `000017-epoch-0012-batch-000340.safetensors` in the folder
 * @throws Error if it cannot be written: then the older checkpoints are all still there
 */
export async function writeCheckpoint(
  folder: string, position: CheckpointPosition, content: CheckpointContent, { keep }: { readonly keep: number },
): Promise<string> {
  if (!Number.isInteger(keep) || keep < 1) {
    throw new RangeError(`checkpoint: keep is ${keep}; expected how many checkpoints stay, at least 1.`);
  }
  const parts = encodeSafetensors(KIND, { ...position, content: content.facts }, content.arrays);
  try {
    const made = mkdirSync(folder, { recursive: true });
    if (made !== undefined) syncFolder(path.dirname(made));
    removeUnfinished(folder, (name) => NAME.test(name));
    const last = checkpointNames(folder)[0];
    const number = last === undefined ? 1 : numberOf(last) + 1;
    const name = [
      String(number).padStart(6, '0'),
      `epoch-${String(position.epoch).padStart(4, '0')}`,
      `batch-${String(position.batch).padStart(6, '0')}.safetensors`,
    ].join('-');
    const file = path.join(folder, name);
    await writeWhole(file, parts);
    noteWhole(file);
    removeOld(folder, keep);
    return file;
  } catch (error) {
    const size = parts.reduce((sum, part) => sum + part.length, 0);
    throw new Error(`checkpoint: ${whyNotWritten(folder, size, SAFE, error)}`, { cause: error });
  }
}

/**
 * The newest checkpoint of a folder that is whole, and which newer ones are not. Each is read and its checksum compared
 * before anything of it is used.
 *
 * @returns `newest` is undefined if there is none, also if there is no such folder
 * @throws Error if the folder is a file or cannot be read
 */
export function newestCheckpoint(
  folder: string,
): { readonly newest: Checkpoint | undefined; readonly damaged: readonly DamagedCheckpoint[] } {
  let names: string[];
  try {
    names = checkpointNames(folder);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { newest: undefined, damaged: [] };
    const reason = code === 'ENOTDIR' ? 'it is a file; expected a folder' : message;
    throw new Error(`checkpoint: cannot read ${folder}: ${reason}. Give it another folder.`, { cause: error });
  }
  const damaged: DamagedCheckpoint[] = [];
  for (const name of names) {
    const file = path.join(folder, name);
    try {
      return { newest: readCheckpoint(file), damaged };
    } catch (error) {
      damaged.push({ file, reason: (error as Error).message });
    }
  }
  return { newest: undefined, damaged };
}

function readCheckpoint(file: string): Checkpoint {
  const { facts, arrays } = decodeSafetensors(KIND, readFileSync(file));
  const { epoch, batch, content } = facts;
  if (typeof epoch !== 'number' || typeof batch !== 'number' || typeof content !== 'object' || content === null) {
    throw new Error('its facts do not say what epoch and batch it is of');
  }
  noteWhole(file);
  return { file, position: { epoch, batch }, content: { facts: content as JsonObject, arrays } };
}

/** Newest first. */
const checkpointNames = (folder: string): string[] =>
  readdirSync(folder).filter((name) => NAME.test(name)).sort((a, b) => numberOf(b) - numberOf(a) || (a < b ? 1 : -1));

const numberOf = (name: string): number => Number(NAME.exec(name)?.[1]);

async function writeWhole(file: string, parts: readonly Uint8Array[]): Promise<void> {
  const unfinished = unfinishedName(file);
  try {
    const handle = await open(unfinished, 'wx');
    try {
      for (const part of parts) await handle.writeFile(part);
      await handle.sync();
    } finally {
      await handle.close();
    }
    renameSync(unfinished, file);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
  syncFolder(path.dirname(file));
}

/** Damaged ones do not count, and go once there is a newer whole one. */
function removeOld(folder: string, keep: number): void {
  let kept = 0;
  for (const name of checkpointNames(folder)) {
    const file = path.join(folder, name);
    if (kept < keep && isWhole(file)) kept++;
    else {
      rmSync(file, { force: true });
      knownWhole.delete(path.resolve(file));
    }
  }
}

const noteWhole = (file: string): unknown => knownWhole.set(path.resolve(file), stampOf(file));

/** Changes when someone else writes the file. */
function stampOf(file: string): string {
  const { size, mtimeMs } = statSync(file);
  return `${size} ${mtimeMs}`;
}

function isWhole(file: string): boolean {
  try {
    if (knownWhole.get(path.resolve(file)) === stampOf(file)) return true;
    readCheckpoint(file);
    return true;
  } catch {
    return false;
  }
}
