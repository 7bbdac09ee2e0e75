// @ts-check
import { spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** @import { ChildProcess } from 'node:child_process' */
/** @import { Page } from 'playwright-core' */

export const projectFolder = fileURLToPath(new URL('../..', import.meta.url));

/** What is open and how it looks is the test's own: a learner who runs the tests finds JupyterLab as it was left. */
const OF_TESTS = ['workspaces_dir', 'user_settings_dir'].map((name) => `--LabApp.${name}=${projectFolder}test/output/jupyterlab/${name}`);

/**
 * @typedef {object} JupyterLab
 * @property {URL} address the address that was printed, with the token
 * @property {() => string} output everything that the command has printed so far
 * @property {() => Promise<number | null>} stop ends it as Ctrl+C does; the exit code
 */

/**
 * Runs what a learner runs, `npm start`, and waits for the address that it prints. It opens no browser unless `env` names one (BROWSER).
 *
 * @param {string[]} [args]
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<JupyterLab>}
 */
export async function startCourse(args = [], env = {}) {
  const child = spawn(process.execPath, ['setup/course.cjs', 'start', ...(env.BROWSER ? [] : ['--no-browser']), ...OF_TESTS, ...args], {
    cwd: projectFolder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const address = await waitForAddress(child, () => output);
  return {
    address,
    output: () => output,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', resolve);
        child.kill('SIGINT');
      }),
  };
}

/**
 * @param {ChildProcess} child
 * @param {() => string} output
 * @returns {Promise<URL>}
 */
function waitForAddress(child, output) {
  return new Promise((resolve, reject) => {
    const timer = setInterval(() => {
      const address = /https?:\/\/\S+token=\S+/.exec(output())?.[0];
      if (!address) return;
      clearInterval(timer);
      resolve(new URL(address));
    }, 100);
    const fail = (/** @type {string} */ why) => {
      clearInterval(timer);
      reject(new Error(`JupyterLab did not start: ${why}. It printed:\n${output()}`));
    };
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code) => fail(`exit code ${code}`));
  });
}

/**
 * What a page reports as wrong: errors of the console and exceptions that nobody caught.
 *
 * @param {Page} page
 */
export function collectErrors(page) {
  /** @type {string[]} */
  const errors = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  return errors;
}

/**
 * Opens a notebook in a fresh JupyterLab workspace, so that no earlier tabs come back, and waits for its kernel.
 *
 * @param {Page} page
 * @param {JupyterLab} lab
 * @param {string} path from the course's folder
 */
export async function openNotebook(page, lab, path) {
  const address = new URL(`/lab/tree/${path}`, lab.address);
  address.search = `?reset&token=${lab.address.searchParams.get('token')}`;
  await page.goto(address.href);
  await page.locator('.jp-NotebookPanel').waitFor();
  await waitForIdle(page);
}

/**
 * Waits until the TypeScript kernel of the open notebook is there and has nothing to do.
 *
 * @param {Page} page
 * @param {number} [timeout] in milliseconds
 */
export async function waitForIdle(page, timeout = 60_000) {
  const toolbar = page.locator('.jp-NotebookPanel-toolbar').filter({ hasText: 'TypeScript' });
  const idle = toolbar.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').filter({ visible: true });
  const dialog = page.locator('.jp-Dialog');
  await idle.or(dialog).first().waitFor({ timeout });
  if (await dialog.count()) throw new Error(`JupyterLab asks: ${await dialog.first().innerText()}`);
}

/**
 * Chooses an entry of JupyterLab's menu, for example `menu(page, 'Run', 'Run All Cells')`.
 *
 * @param {Page} page
 * @param {string} title
 * @param {string} entry
 */
export async function menu(page, title, entry) {
  await page.locator('.lm-MenuBar-itemLabel', { hasText: new RegExp(`^${title}$`) }).click();
  await page.locator('.lm-Menu-itemLabel', { hasText: new RegExp(`^${entry}`) }).first().click();
}

/**
 * Saves the notebook that is open, and reads its file when it is whole: JupyterLab writes it bit by bit.
 *
 * @param {Page} page
 * @param {string} file
 * @returns {Promise<string>}
 */
export async function saveNotebook(page, file) {
  const { mtimeMs } = statSync(file);
  await menu(page, 'File', 'Save Notebook');
  for (const began = performance.now(); performance.now() - began < 30_000; ) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const text = readFileSync(file, 'utf8');
    if (statSync(file).mtimeMs > mtimeMs && text.trimEnd().endsWith('}')) return text;
  }
  throw new Error(`${file} was not saved within 30 s.`);
}
