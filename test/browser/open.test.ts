import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, noBrowser } from '../support/browser.mjs';
import { startCourse, waitForIdle, type JupyterLab } from '../support/jupyterlab.mjs';

/** A browser that only notes what it is to open: the test opens that in a real one. */
describe.skipIf(noBrowser)('npm start with a screen', () => {
  let folder: string;
  let noted: string;
  let lab: JupyterLab;
  let browser: Browser;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'course-open-'));
    noted = path.join(folder, 'address');
    const notes = path.join(folder, 'browser');
    writeFileSync(notes, `#!/bin/sh\nprintf %s "$1" > '${noted}.new' && mv '${noted}.new' '${noted}'\n`);
    chmodSync(notes, 0o755);
    lab = await startCourse([], { DISPLAY: ':0', BROWSER: notes });
    browser = await launchBrowser();
  }, 300_000);

  afterAll(async () => {
    await browser?.close();
    await lab?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('opens the browser by itself, on the start page with the token', async () => {
    await expect.poll(() => existsSync(noted), { timeout: 60_000 }).toBe(true);
    expect(lab.output()).toContain('It opens in your browser; if not, open this address.');

    const opened = readFileSync(noted, 'utf8');
    const page = await browser.newPage();
    await page.goto(opened.startsWith('http') || opened.startsWith('file:') ? opened : pathToFileURL(opened).href);
    await page.locator('.jp-NotebookPanel').waitFor({ timeout: 60_000 });
    await waitForIdle(page);
    const { pathname, origin } = new URL(page.url());
    expect(origin).toBe(lab.address.origin);
    expect(pathname).toMatch(/00_start_here\.ipynb$/);
    expect(await page.locator('.jp-Dialog, .Toastify__toast').count()).toBe(0);
  }, 180_000);
});
