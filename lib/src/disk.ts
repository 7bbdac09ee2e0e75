import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';

/** Who writes: this process, told apart from an earlier one that had the same number. */
const SELF = { host: encodeURIComponent(hostname()), pid: process.pid, token: randomUUID() };
const UNFINISHED = /^(.+)\.([^~]*)~(\d+)~([0-9a-f-]{36})~\d+\.tmp$/;
/** Milliseconds: longer than any writing takes. */
const ABANDONED_AFTER = 3_600_000;
let written = 0;

/** The name, in the same folder, of what will be renamed to `target` when it is whole. It says who writes it. */
export const unfinishedName = (target: string): string =>
  `${target}.${SELF.host}~${SELF.pid}~${SELF.token}~${++written}.tmp`;

/**
 * Takes away what writers that are gone have left unfinished in a folder.
 *
 * @param isTarget which names they would have become
 */
export function removeUnfinished(folder: string, isTarget: (name: string) => boolean): void {
  for (const name of readdirSync(folder)) {
    const [, target, host, pid, token] = UNFINISHED.exec(name) ?? [];
    if (target === undefined || !isTarget(target)) continue;
    const place = path.join(folder, name);
    const isGone = host === SELF.host && !isRunning(Number(pid), token);
    if (isGone || isAbandoned(place)) rmSync(place, { recursive: true, force: true });
  }
}

function isRunning(pid: number, token: string): boolean {
  if (pid === SELF.pid) return token === SELF.token;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function isAbandoned(place: string): boolean {
  const found = statSync(place, { throwIfNoEntry: false });
  return found !== undefined && Date.now() - found.mtimeMs > ABANDONED_AFTER;
}

/** Makes new names in a folder last, not only the bytes of its files. Windows has no such call for folders. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** A file that is there whole or as it was before, also after a power cut. Its folder has to be there. */
export function writeWhole(file: string, content: string | Uint8Array, mode = 0o666): void {
  const unfinished = unfinishedName(file);
  try {
    const handle = openSync(unfinished, 'w', mode);
    try {
      writeFileSync(handle, content);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(unfinished, file);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
  syncFolder(path.dirname(file));
}

/**
 * Why something could not be written, and what to do.
 *
 * @param bytes how many were to be written
 * @param safe what is still there, as a sentence
 */
export function whyNotWritten(folder: string, bytes: number, safe: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return (
        `no space is left in ${folder} for ${(bytes / 1e6).toFixed(1)} MB. ${safe} ` +
        'Free some space, or give another folder.'
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `${folder} cannot be written (${code}). ${safe} Change its permissions, or give another folder.`;
    case 'ENOTDIR':
    case 'EEXIST':
      return `${folder} is a file, or lies in one; expected a folder. Give another folder.`;
    default:
      return `cannot write to ${folder}: ${message}. ${safe} Give another folder if this one is no longer there.`;
  }
}
