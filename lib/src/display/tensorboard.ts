import { spawn, type ChildProcess } from 'node:child_process';
import { statSync } from 'node:fs';
import path from 'node:path';
import { escapeXml } from '../plots/svg-elements';
import { show } from './output';

/** TensorBoard takes seconds to start, more of them on a busy machine. */
const START_TIMEOUT = 60_000;

const ADVICE = 'TensorBoard is optional and not installed. To see the log in it, ' +
  `run ".venv/bin/pip install tensorboard" in the course's folder, then this cell again.`;

/** One TensorBoard a folder. */
const running = new Map<string, Promise<string | undefined>>();

/**
 * Starts TensorBoard on a folder of logs and shows it below the cell, with a link that opens it in a tab of its own. It
 * reads what a training writes while that runs, and ends with the kernel. Where it is not installed, the output says
 * how to install it.
 *
 * @param folder holds what `trainingLog` has written, in itself or in folders within
 * @throws Error if `folder` is no folder, or TensorBoard is there and does not start
 *
 * ```ts
 * await openTensorBoard('logs');
 * ```
 * Taught in 02_fashion_mnist_mlp.
 */
export async function openTensorBoard(folder: string): Promise<void> {
  const isFile = typeof folder === 'string' && statSync(folder, { throwIfNoEntry: false })?.isDirectory() === false;
  if (typeof folder !== 'string' || isFile) {
    throw new Error(
      `openTensorBoard: got ${isFile ? `the file ${folder}` : String(folder)}; expected the folder of a log, such as ` +
        `'logs', as trainingLog has written it.`,
    );
  }
  const logs = path.resolve(folder);
  const started = running.get(logs) ?? start(logs);
  running.set(logs, started);
  // What did not start, or ends later, may be tried again.
  const address = await started.catch((error: unknown) => {
    running.delete(logs);
    throw error;
  });
  if (address === undefined) {
    running.delete(logs);
    const text = `${ADVICE} The log is in ${logs}.`;
    show({ data: { 'text/html': `<div>${escapeXml(text)}</div>`, 'text/plain': text } });
    return;
  }
  const link = `<a href="${escapeXml(address)}" target="_blank" rel="noopener">${escapeXml(address)}</a>`;
  show({
    data: {
      'text/html': `<div>TensorBoard of ${escapeXml(folder)}: ${link}</div>` +
        `<iframe src="${escapeXml(address)}" title="TensorBoard" ` +
        'style="width: 100%; height: 640px; border: 1px solid #7F7F7F"></iframe>',
      'text/plain': `TensorBoard of ${folder}: ${address}`,
    },
  });
}

/** The address; undefined where there is no TensorBoard. */
function start(logs: string): Promise<string | undefined> {
  // The name by which JupyterLab is opened: under another one browsers take it for a stranger, who may store nothing
  // and then shows nothing. Port 0: the system chooses a free one.
  const options = ['--logdir', logs, '--host', 'localhost', '--port', '0', '--reload_interval', '5'];
  const child = spawn('tensorboard', options, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // In a group of its own: the interrupt of a training is not for it.
    detached: true,
  });
  const end = (): void => void child.kill();
  process.on('exit', end);
  child.once('exit', () => {
    process.off('exit', end);
    running.delete(logs);
  });
  return addressOf(child);
}

function addressOf(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let printed = '';
    const timer = setTimeout(() => {
      child.kill();
      fail(`it said no address within ${START_TIMEOUT / 1000} seconds`);
    }, START_TIMEOUT);
    const fail = (why: string): void => {
      clearTimeout(timer);
      const output = printed ? ` It printed:\n${printed.trim()}` : '';
      reject(new Error(`openTensorBoard: TensorBoard did not start: ${why}.${output}`));
    };
    const read = (chunk: Buffer): void => {
      printed = (printed + String(chunk)).slice(-10_000);
      const address = /TensorBoard \S+ at (http:\S+)/.exec(printed)?.[1];
      if (!address) return;
      clearTimeout(timer);
      resolve(address);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') return fail(error.message);
      clearTimeout(timer);
      resolve(undefined);
    });
    child.once('exit', (code) => fail(`exit code ${code}`));
  });
}
