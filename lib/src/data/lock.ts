import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly token: string;
}

const beat = 3_000;
const silence = 30_000;

/**
 * Runs `work` while no other process (and no other call in this one) runs work under the same lock file.
 *
 * A lock does not outlive its process: another one takes it when the process is gone or, where that cannot be asked
 * (another machine or container with the same folder), when it has not been touched for 30 seconds. It saves work
 * twice; it is not what keeps files whole. Two takers of one dead lock may in theory both pass, and then each still
 * writes whole files under names of its own.
 *
 * `onWait` is called once a second with who holds the lock.
 */
export async function withLock<T>(
  file: string,
  work: () => Promise<T>,
  onWait: (holder: string) => void = () => {},
): Promise<T> {
  const self: Holder = { pid: process.pid, host: hostname(), token: randomUUID() };
  await mkdir(path.dirname(file), { recursive: true });
  for (let turn = 0; !(await take(file, self)); turn++) {
    const holder = await inspect(file);
    if (holder === 'gone') continue;
    if (holder.isDead) {
      await setAside(file, holder.content);
      continue;
    }
    if (turn % 10 === 0) onWait(holder.text);
    await sleep(100);
  }
  const heart = setInterval(() => {
    const now = new Date();
    // A missed beat is harmless; a lock that someone took away shows when it is released.
    utimes(file, now, now).catch(() => {});
  }, beat);
  heart.unref();
  try {
    return await work();
  } finally {
    clearInterval(heart);
    if ((await readIfThere(file)) === JSON.stringify(self)) await rm(file, { force: true });
  }
}

async function take(file: string, self: Holder): Promise<boolean> {
  try {
    const handle = await open(file, 'wx');
    try {
      await handle.writeFile(JSON.stringify(self));
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function inspect(file: string): Promise<'gone' | { content: string; isDead: boolean; text: string }> {
  try {
    const age = Date.now() - (await stat(file)).mtimeMs;
    const content = await readFile(file, 'utf8');
    const holder = parseHolder(content);
    const isDead = age > silence || (holder?.host === hostname() && !isRunning(holder.pid));
    return { content, isDead, text: holder ? `process ${holder.pid} on ${holder.host}` : 'another process' };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'gone';
    throw error;
  }
}

/** Undefined for a lock whose process stopped between making and filling it. */
function parseHolder(content: string): Holder | undefined {
  try {
    return JSON.parse(content) as Holder;
  } catch {
    return undefined;
  }
}

/**
 * Renaming before removing: if another process has set the dead lock aside and made its own meanwhile, that one goes
 * back.
 */
async function setAside(file: string, deadContent: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if ((await readIfThere(aside)) === deadContent) await rm(aside, { force: true });
  else await rename(aside, file);
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
