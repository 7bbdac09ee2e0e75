// @ts-check

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { Interrupted, Problem } from './problems.mjs';

/**
 * Locks are flock(2) locks on an open file. The kernel frees them when the last process that has the file open ends, however
 * it ends, so there are no stale locks. Node has no flock, so a Python child takes the lock: it inherits the open file, and
 * the lock belongs to the open file, not to the child.
 *
 * @typedef {{ release(): void }} Lock
 */

/** @type {Set<number>} */
const held = new Set();

/** The descriptors of the locks held now, for children to inherit. */
export const heldLocks = () => [...held];

const BUSY = 75;
const TAKE_LOCK = `
import fcntl, sys
try:
    fcntl.flock(3, fcntl.LOCK_EX | (fcntl.LOCK_NB if sys.argv[1] == 'try' else 0))
except BlockingIOError:
    sys.exit(${BUSY})
`;

/**
 * Takes a lock, waiting until it is free.
 *
 * @param {string} file the lock's file; it holds who has the lock
 * @param {object} options
 * @param {string} options.python
 * @param {(holder: string) => void} options.onWait called if the lock is not free, with who holds it
 * @param {AbortSignal} [options.signal] ends the wait
 * @returns {Promise<Lock>}
 */
export async function takeLock(file, { python, onWait, signal }) {
  for (;;) {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    const descriptor = fs.openSync(file, 'a+');
    try {
      if (!(await flock(python, descriptor, 'try', signal))) {
        onWait(describeHolder(file));
        await flock(python, descriptor, 'wait', signal);
      }
      // `clean` may have removed the file meanwhile: then this is a lock on a file that nobody else will find.
      if (fs.statSync(file, { throwIfNoEntry: false })?.ino === fs.fstatSync(descriptor).ino) return hold(descriptor);
    } catch (error) {
      fs.closeSync(descriptor);
      throw error;
    }
    fs.closeSync(descriptor);
  }
}

/**
 * @param {number} descriptor
 * @returns {Lock}
 */
function hold(descriptor) {
  const holder = { process: process.pid, command: process.argv.slice(2).join(' '), since: new Date().toISOString() };
  fs.ftruncateSync(descriptor);
  fs.writeSync(descriptor, JSON.stringify(holder));
  held.add(descriptor);
  return {
    release() {
      if (held.delete(descriptor)) fs.closeSync(descriptor);
    },
  };
}

/**
 * @param {string} python
 * @param {number} descriptor
 * @param {'try' | 'wait'} mode
 * @param {AbortSignal} [signal]
 * @returns {Promise<boolean>} false if the lock is busy
 */
function flock(python, descriptor, mode, signal) {
  return new Promise((resolve, reject) => {
    const child = spawn(python, ['-I', '-S', '-c', TAKE_LOCK, mode], { stdio: ['ignore', 'ignore', 'pipe', descriptor] });
    let complaint = '';
    child.stderr?.on('data', (chunk) => { complaint += chunk; });
    const stop = () => child.kill('SIGKILL');
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) stop();
    child.once('error', reject);
    child.once('close', (code) => {
      signal?.removeEventListener('abort', stop);
      if (code === 0) resolve(true);
      else if (signal?.aborted) reject(new Interrupted());
      else if (code === BUSY) resolve(false);
      else {
        reject(new Problem(
          `The set-up lock could not be taken with flock: ${complaint.trim().split('\n').at(-1)}`,
          'put the course (and COURSE_CACHE, if you set it) on a local disk: some network file systems have no locks.'
        ));
      }
    });
  });
}

/** @param {string} file */
function describeHolder(file) {
  try {
    const { process: pid, command, since } = JSON.parse(fs.readFileSync(file, 'utf8'));
    return isAlive(pid)
      ? `process ${pid} ("${command}", since ${new Date(since).toLocaleTimeString()})`
      : `what process ${pid} ("${command}"), which has ended, had started`;
  } catch {
    return 'another process'; // It has the lock and has not yet written who it is.
  }
}

/** @param {number} pid */
export function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM'; // It is there, and another user's.
  }
}
