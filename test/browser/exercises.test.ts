import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, noBrowser } from '../support/browser.mjs';
import {
  collectErrors, menu, openNotebook, projectFolder, saveNotebook, startCourse, waitForIdle, type JupyterLab,
} from '../support/jupyterlab.mjs';

const LESSON = '01_mnist_mlp';
const source = `${projectFolder}/exercises`;
const folder = `${projectFolder}/test/output/browser/exercises`;
const screenshots = `${projectFolder}/test/output/screenshots`;
const notebook = path.join(folder, `${LESSON}.ipynb`);

/** Answers as learners write them. */
const byColumns = `function flattenPicture(picture: number[][]): number[] {
  const result: number[] = [];
  for (let column = 0; column < picture[0].length; column++) {
    for (const row of picture) result.push(row[column]);
  }
  return result;
}`;
const byRows = `function flattenPicture(picture: number[][]): number[] {
  return picture.flat();
}`;
const transposed = `function oneHotRows(labels: number[], numClasses: number): number[][] {
  return Array.from({ length: numClasses }, (_, i) => labels.map((label) => Number(label === i)));
}`;
const pastTheEnd = `function oneHotRows(labels: number[], numClasses: number): number[][] {
  const rows: number[][] = [];
  for (const label of labels) {
    const row = new Array<number>(numClasses).fill(0);
    row[label - 1] = 1;
    rows.push(row.slice(0, numClasses));
  }
  return rows;
}`;
const endless = `function scalePixels(pixels: number[]): number[] {
  const result: number[] = [];
  while (result.length < pixels.length) {}
  return result;
}`;
const throwing = `function scalePixels(pixels: number[]): number[] {
  const result: number[] = [];
  result[0] = pixels[0] / (undefined as unknown as { max: number }).max;
  return result;
}`;

interface NotebookFile {
  cells: { id: string; cell_type: string; outputs?: { data?: Record<string, string | string[]> }[] }[];
}

describe.skipIf(noBrowser)('an exercise notebook in JupyterLab', () => {
  let lab: JupyterLab;
  let browser: Browser;
  let page: Page;
  let errors: string[];
  const places = new Map<string, number>();

  const cell = (id: string): Locator => page.locator(`.jp-Cell[data-windowed-list-index="${places.get(id)}"]`);
  const output = (id: string): Locator => cell(id).locator('.jp-OutputArea-output');
  const said = (id: string): Promise<string> => output(id).last().innerText();

  /** Replaces the code of a cell as a learner does. */
  async function write(id: string, code: string): Promise<void> {
    await cell(id).locator('.cm-content').click();
    await page.keyboard.press('Control+A');
    await page.keyboard.insertText(code);
  }

  /** Runs cells one after the other, and waits until each has ended. */
  async function run(...ids: string[]): Promise<void> {
    for (const id of ids) {
      const prompt = cell(id).locator('.jp-InputPrompt');
      await prompt.click();
      // A restarted kernel counts from 1 again: what stood there before must not be taken for the end.
      await prompt.evaluate((element) => void (element.textContent = ''));
      await page.keyboard.press('Control+Enter');
      await prompt.filter({ hasText: /^\[\d+\]/ }).waitFor({ timeout: 200_000 });
      await waitForIdle(page);
    }
  }

  async function shoot(id: string, name: string): Promise<void> {
    await cell(id).scrollIntoViewIfNeeded();
    await page.mouse.move(0, 0);
    await cell(id).screenshot({ path: `${screenshots}/exercises-${name}.png` });
  }

  beforeAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(`${folder}/checks`, { recursive: true });
    mkdirSync(screenshots, { recursive: true });
    copyFileSync(`${source}/${LESSON}.ipynb`, notebook);
    copyFileSync(`${source}/checks/${LESSON}.json`, `${folder}/checks/${LESSON}.json`);
    const { cells } = JSON.parse(readFileSync(notebook, 'utf8')) as NotebookFile;
    cells.forEach(({ id }, i) => places.set(id, i));
    lab = await startCourse([], {
      COURSE_EXERCISES: folder, COURSE_LEARNER: 'ada', COURSE_OFFLINE: '1', COURSE_DATA: '', COURSE_QUICK: '1',
    });
    browser = await launchBrowser();
    // So high that JupyterLab draws all cells.
    page = await browser.newPage({ viewport: { width: 1100, height: 9000 } });
    errors = collectErrors(page);
    await openNotebook(page, lab, path.relative(projectFolder, notebook));
    await run('setup-imports');
  }, 300_000);

  afterAll(async () => {
    await browser?.close();
    await lab?.stop();
  });

  it('says of an untouched answer that it is not there yet', async () => {
    await run('e1-1', 'e1-1-check');
    expect(await said('e1-1-check')).toMatch(/^✗ Not yet · 1\.1 Flatten a picture\s+0 of 1 point/);
    await shoot('e1-1-check', 'untouched');
  });

  it('shows a wrong answer beside the expected one, with a hint', async () => {
    await write('e1-1', byColumns);
    await run('e1-1', 'e1-1-check');
    expect(await output('e1-1-check').count()).toBe(1);
    expect(await said('e1-1-check')).toMatch(/Hint · Your numbers run down the columns\.[^]*Change the cell above, and run both again\.$/);
    const wrong = output('e1-1-check').locator('td[aria-label*="differs"]');
    expect(await wrong.first().getAttribute('aria-label')).toMatch(/^\d+, differs: expected \d+ at \[1\]$/);
    await shoot('e1-1-check', 'hint');
  });

  it('says at once when it is right, and where to go on', async () => {
    await write('e1-1', byRows);
    await run('e1-1', 'e1-1-check');
    expect(await said('e1-1-check')).toMatch(/^✓ Passed · 1\.1 Flatten a picture\s+1 of 1 point; 1 more point is decided by hidden cases[^]*Go on with 1\.2/);
    await shoot('e1-1-check', 'passed');
  });

  it('marks in tables what differs, and says first that a shape is another', async () => {
    await write('e1-3', pastTheEnd);
    await run('e1-3', 'e1-3-check');
    expect(await output('e1-3-check').locator('td[aria-label*="differs"]').count()).toBeGreaterThan(1);
    await shoot('e1-3-check', 'table');
    await write('e1-3', transposed);
    await run('e1-3', 'e1-3-check');
    expect(await said('e1-3-check')).toMatch(/Expected the shape \[\d, \d\], got/);
    await shoot('e1-3-check', 'shape');
  });

  it('ends an endless loop, and the kernel goes on', async () => {
    await write('e1-2', endless);
    await run('e1-2', 'e1-2-check');
    expect(await said('e1-2-check')).toContain('It did not end within 3 s.');
    await shoot('e1-2-check', 'endless');
  });

  it("names the line of the learner's function that throws", async () => {
    await write('e1-2', throwing);
    await run('e1-2', 'e1-2-check');
    expect(await said('e1-2-check')).toMatch(/It stopped with an error: TypeError: .* \(Cell \[\d+\], line 3\)/);
    await shoot('e1-2-check', 'error');
  });

  it('gives numbers of their own, and takes the right one', async () => {
    await write('e1-5', "const { side, first, second, classes } = question('1.5');\n" +
      'let parameterCount: number | undefined = (side * side + 1) * first + (first + 1) * second + (second + 1) * classes;');
    await run('e1-5', 'e1-5-check');
    expect(await said('e1-5')).toMatch(/Given in 1\.5[^]*side[^]*The numbers of ada\./);
    expect(await said('e1-5-check')).toContain('✓ Passed · 1.5');
    await shoot('e1-5', 'question');
  });

  it('keeps progress when the kernel is restarted', async () => {
    await menu(page, 'Kernel', 'Restart Kernel…');
    await page.locator('.jp-Dialog .jp-mod-accept').click();
    await page.locator('.jp-Dialog').waitFor({ state: 'detached' });
    await waitForIdle(page);
    await run('setup-imports', 'progress');
    expect(await said('progress')).toMatch(/^2 of \d+ exercises passed/);
    expect(await output('progress').locator('tr', { hasText: /^1\.1 / }).innerText()).toMatch(/✓ passed\s+1 of 1\s+\+ 1/);
    expect(await output('progress').locator('tr', { hasText: /^1\.2 / }).innerText()).toContain('✗ not yet');
    expect(await said('progress')).toMatch(/Next: 1\.2 /);
    await shoot('progress', 'progress');
  });

  it('can be read on a dark page', async () => {
    const choose = async (theme: string): Promise<void> => {
      await page.locator('.lm-MenuBar-itemLabel', { hasText: /^Settings$/ }).click();
      await page.locator('.lm-Menu-itemLabel', { hasText: /^Theme/ }).first().hover();
      await page.locator('.lm-Menu-itemLabel', { hasText: new RegExp(`^${theme}$`) }).click();
      await page.locator('#jupyterlab-splash').waitFor({ state: 'detached' });
    };
    await choose('JupyterLab Dark');
    try {
      for (const id of ['e1-1-check', 'e1-3-check', 'e1-5', 'progress']) await shoot(id, `dark-${id}`);
      const color = await output('progress').locator('td').first().evaluate((each) => getComputedStyle(each).color);
      expect(Math.min(...color.match(/\d+/g)!.slice(0, 3).map(Number))).toBeGreaterThan(150);
    } finally {
      // JupyterLab keeps the theme, for the next test as well.
      await choose('JupyterLab Light');
    }
  });

  it('saves what was shown, static and small', async () => {
    const text = await saveNotebook(page, notebook);
    expect(text.length).toBeLessThan(1_000_000);
    const { cells } = JSON.parse(text) as NotebookFile;
    const shown = cells.find(({ id }) => id === 'e1-1-check')!.outputs!;
    expect(shown).toHaveLength(1);
    expect(Object.keys(shown[0].data!).sort()).toEqual(['text/html', 'text/plain']);
    expect([shown[0].data!['text/html']].flat().join('')).not.toContain('<script');
    expect([shown[0].data!['text/plain']].flat().join('')).toMatch(/^✓ Passed/);
  });

  it('writes the file to hand in', async () => {
    await run('hand-in');
    expect(await said('hand-in')).toContain(`Ready to hand in`);
    const zip = readFileSync(`${folder}/hand-in/${LESSON}_ada.zip`);
    expect(zip.toString('latin1')).toContain('hand-in.json');
    await shoot('hand-in', 'hand-in');
  }, 300_000);

  it('has reported no error', () => {
    expect(errors).toEqual([]);
  });
});
