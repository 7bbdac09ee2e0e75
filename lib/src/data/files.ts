import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

const temporary = '.tmp';

/** Writes a file so that it is there whole or not at all, whenever the process or the machine stops. */
export async function writeWhole(file: string, content: Uint8Array): Promise<void> {
  const unfinished = `${file}.${randomUUID()}${temporary}`;
  try {
    const handle = await open(unfinished, 'wx');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

/**
 * Makes a folder that is there whole or not at all: `fill` fills a temporary one beside it, which then takes its place.
 * Only for whoever holds the folder's lock: what killed processes left unfinished is taken away.
 *
 * It is whole for a process that stops at any moment. After a machine that stops, the disk may lack bytes that were
 * written last: whoever reads the folder verifies it.
 */
export async function replaceFolder<T>(folder: string, fill: (unfinished: string) => Promise<T>): Promise<T> {
  await removeUnfinished(folder);
  const unfinished = `${folder}.${randomUUID()}${temporary}`;
  try {
    await mkdir(unfinished, { recursive: true });
    const result = await fill(unfinished);
    await rm(folder, { recursive: true, force: true });
    await rename(unfinished, folder);
    return result;
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
}

/** Writes files into a folder by their names relative to it, such as `train/cats/cat.0.jpg`. */
export async function writeFiles(folder: string, contents: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const folders = new Set([...contents.keys()].map((name) => path.dirname(name)));
  for (const name of folders) await mkdir(path.join(folder, name), { recursive: true });
  for (const [name, content] of contents) await writeFile(path.join(folder, name), content, { flag: 'wx' });
}

/** Takes away what killed processes left unfinished beside a folder; only for whoever holds the folder's lock. */
export async function removeUnfinished(folder: string): Promise<void> {
  const beside = path.dirname(folder);
  for (const name of await readdir(beside)) {
    if (name.startsWith(`${path.basename(folder)}.`) && name.endsWith(temporary)) {
      await rm(path.join(beside, name), { recursive: true, force: true });
    }
  }
}
