import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { LARGEST_UPLOAD, type Uploads } from './uploads';

/** Milliseconds between looks; a file that has not changed since the last one is whole. */
const PAUSE = 2000;

/**
 * Takes each file of a folder as if it had been uploaded, and again when it has changed. Files stay where they are; links and hidden files are
 * left alone.
 *
 * @returns what ends it
 */
export function watchFolder(folder: string, uploads: Pick<Uploads, 'accept'>, pause = PAUSE): () => void {
  const seen = new Map<string, { readonly state: string; readonly taken: boolean }>();
  let timer: NodeJS.Timeout;
  const look = async (): Promise<void> => {
    for (const entry of await fs.readdir(folder, { withFileTypes: true })) {
      if (!entry.isFile() || !/^[^.].*\.(ipynb|zip)$/i.test(entry.name)) continue;
      const { mtimeMs, size } = await fs.lstat(path.join(folder, entry.name));
      const state = `${mtimeMs} ${size}`;
      const before = seen.get(entry.name);
      if (before?.taken && before.state === state) continue;
      const isWhole = before?.state === state;
      if (isWhole && size > LARGEST_UPLOAD) console.error(`${entry.name} has more than ${LARGEST_UPLOAD / 1e6} MB: it is not marked.`);
      else if (isWhole) {
        const handle = await fs.open(path.join(folder, entry.name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
        await uploads.accept(entry.name, handle.createReadStream());
      }
      seen.set(entry.name, { state, taken: isWhole });
    }
  };
  const again = (): void => {
    timer = setTimeout(() => void look().catch((error: Error) => console.error(`${folder}: ${error.message}`)).finally(() => stopped || again()), pause);
  };
  let stopped = false;
  again();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
