import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, noBrowser } from '../support/browser.mjs';
import { collectErrors, menu, openNotebook, projectFolder, saveNotebook, startCourse, waitForIdle, type JupyterLab } from '../support/jupyterlab.mjs';

const folder = `${projectFolder}/test/output/browser/explorer`;
const screenshots = `${projectFolder}/test/output/screenshots`;
const relative = (file: string): string => path.relative(projectFolder, path.join(folder, file));

/** Other tests may keep the machine busy. */
const poll = <T>(look: () => T) => expect.poll(look, { timeout: 30_000 });

/** Pictures of several formats and sizes, in a folder for each class. */
async function makePictures(): Promise<void> {
  const colors = { red: '#b03030', blue: '#3050b0' };
  for (const [name, background] of Object.entries(colors)) {
    mkdirSync(`${folder}/pictures/${name}`, { recursive: true });
    for (let i = 0; i < 40; i++) {
      const [width, height] = [300 + 5 * i, 200];
      const ring = `<circle cx="${width / 2}" cy="100" r="${20 + 2 * i}" fill="none" stroke="#fff" stroke-width="14"/>`;
      const input = Buffer.from(`<svg width="${width}" height="${height}">${ring}</svg>`);
      const picture = sharp({ create: { width, height, channels: 3, background } }).composite([{ input }]);
      await picture.toFile(`${folder}/pictures/${name}/${name} ${String(i).padStart(2, '0')}.${i === 3 ? 'tif' : 'jpg'}`);
    }
  }
}

const cells = [
  `import { explore, loadMnist } from '@course/lib';
const mnist = await loadMnist();
explore(mnist);`,
  `import { loadImageFolder } from '@course/lib';
const pictures = await loadImageFolder('pictures', { size: [32, 32], resize: 'squash' });
explore(pictures, { title: 'Rings' });`,
  'await new Promise((resolve) => setTimeout(resolve, 20_000));',
];

const contents = {
  cells: cells.map((source, i) => ({ cell_type: 'code', id: `cell-${i}`, execution_count: null, metadata: {}, outputs: [], source })),
  metadata: { kernelspec: { display_name: 'TypeScript', language: 'typescript', name: 'tslab' } },
  nbformat: 4,
  nbformat_minor: 5,
};

describe.skipIf(noBrowser)('the dataset explorer in JupyterLab', () => {
  let lab: JupyterLab;
  let browser: Browser;
  let page: Page;
  let errors: string[];
  let digits: Locator;
  let rings: Locator;

  const pictures = (explorer: Locator) => explorer.locator('.course-explorer-grid button');
  const status = (explorer: Locator) => explorer.locator('.course-explorer-status').innerText();
  const dialog = () => page.locator('.course-explorer-dialog[open]');
  const caption = () => dialog().locator('.course-explorer-caption').innerText();
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
  const type = async (input: Locator, text: string) => {
    await input.click({ clickCount: 3 });
    await page.keyboard.type(text);
    await page.keyboard.press('Enter');
  };
  /** JupyterLab may have other notebooks open in other tabs. */
  const notebook = () => page.locator('.jp-NotebookPanel:not(.lm-mod-hidden)');
  const runCell = async (index: number) => {
    await notebook().locator('.jp-CodeCell .jp-InputPrompt').nth(index).click();
    await page.keyboard.press('Control+Enter');
  };

  beforeAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    mkdirSync(screenshots, { recursive: true });
    await makePictures();
    writeFileSync(`${folder}/explorer.ipynb`, JSON.stringify(contents));
    lab = await startCourse([], { COURSE_OFFLINE: '1', COURSE_DATA: '', COURSE_QUICK: '' });
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1366, height: 900 } });
    errors = collectErrors(page);
    await openNotebook(page, lab, relative('explorer.ipynb'));
    await runCell(0);
    digits = notebook().locator('.course-explorer').first();
    rings = notebook().locator('.course-explorer').nth(1);
    await pictures(digits).first().waitFor({ timeout: 120_000 });
    await waitForIdle(page);
    await runCell(1);
    await pictures(rings).first().waitFor();
    await waitForIdle(page);
  }, 300_000);

  afterAll(async () => {
    await browser?.close();
    await lab?.stop();
  });

  it('shows the first page of 60,000 drawn digits, and says that they are drawn', async () => {
    await digits.scrollIntoViewIfNeeded();
    expect(await pictures(digits).count()).toBe(60);
    expect(await digits.locator('.course-explorer-heading').innerText()).toMatch(/drawn, not real[^]*60,000 training and 10,000 test images, 28 × 28 pixels, 10 classes/);
    expect(await status(digits)).toBe('Training images, 1 to 60 of 60,000');
    const widths = await pictures(digits).locator('img').evaluateAll((all) => all.map((image) => (image as HTMLImageElement).naturalWidth));
    expect(new Set(widths)).toEqual(new Set([28]));
    await page.screenshot({ path: `${screenshots}/explorer.png` });
  });

  it('turns pages by its buttons and by number', async () => {
    const label = () => pictures(digits).first().getAttribute('aria-label');
    await digits.getByRole('button', { name: 'Next page' }).click();
    await poll(label).toMatch(/^image 60: /);
    await digits.getByRole('button', { name: 'Last page' }).click();
    await poll(label).toMatch(/^image 59940: /);
    expect(await digits.getByRole('button', { name: 'Next page' }).isDisabled()).toBe(true);
    await type(digits.getByRole('spinbutton', { name: 'Page' }), '500');
    await poll(label).toMatch(/^image 29940: /);
  });

  it('keeps the old page until the new one can be drawn', async () => {
    const blanks = await digits.evaluate(async (explorer) => {
      const grid = explorer.querySelector('.course-explorer-grid')!;
      let blank = 0;
      let isWatching = true;
      const watch = (): void => {
        const images = [...grid.querySelectorAll('img')];
        if (images.length === 0 || images.some((image) => !image.complete || image.naturalWidth === 0)) blank += 1;
        if (isWatching) requestAnimationFrame(watch);
      };
      watch();
      for (let i = 0; i < 8; i++) {
        explorer.querySelector<HTMLButtonElement>('[aria-label="Next page"]')!.click();
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
      isWatching = false;
      return blank;
    });
    expect(blanks).toBe(0);
  });

  it('shows one class of one part', async () => {
    await digits.getByRole('button', { name: /^test/ }).click();
    await poll(() => status(digits)).toBe('Test images, 1 to 60 of 10,000');
    await digits.getByRole('combobox', { name: 'Class' }).selectOption('7');
    await poll(() => status(digits)).toMatch(/^Test images of class 7, 1 to 60 of [\d,]{3,5}$/);
    const labels = await pictures(digits).evaluateAll((all) => all.map((each) => each.getAttribute('aria-label')));
    expect(labels).toHaveLength(60);
    for (const label of labels) expect(label).toMatch(/^image \d+: 7$/);
    await page.screenshot({ path: `${screenshots}/explorer-class.png` });
  });

  it('goes to an index, in all classes again', async () => {
    const index = digits.getByRole('spinbutton', { name: 'Go to index' });
    await type(index, '1234');
    await poll(focused).toMatch(/^image 1234: /);
    expect(await status(digits)).toBe('Test images, 1,201 to 1,260 of 10,000');
    await type(index, '10000');
    await poll(() => status(digits)).toBe('There is no image 10000: they are numbered from 0 to 9,999.');
  });

  it('is used by the keyboard alone, and the notebook hears nothing of it', async () => {
    await pictures(digits).nth(34).focus();
    await page.keyboard.press('ArrowRight');
    await poll(focused).toMatch(/^image 1235: /);
    await page.keyboard.press('ArrowDown');
    const below = Number(/\d+/.exec((await focused())!)![0]);
    expect([10, 12, 15]).toContain(below - 1235);
    await page.keyboard.press('End');
    await poll(focused).toMatch(/^image 1259: /);
    await page.keyboard.press('ArrowRight');
    await poll(focused).toMatch(/^image 1260: /);
    await page.keyboard.press('PageDown');
    await poll(focused).toMatch(/^image 1320: /);
    for (const key of ['d', 'd', 'a', 'b']) await page.keyboard.press(key);
    expect(await notebook().locator('.jp-Cell').count()).toBe(cells.length);

    await page.keyboard.press('Enter');
    await poll(caption).toMatch(/28 × 28 pixels/);
    await page.keyboard.press('ArrowLeft');
    await poll(caption).toMatch(/image 1,319/);
    await page.screenshot({ path: `${screenshots}/explorer-digit.png` });
    await page.keyboard.press('Escape');
    expect(await dialog().count()).toBe(0);
    await poll(focused).toMatch(/^image 1319: /);
    expect(await notebook().locator('.jp-Cell').count()).toBe(cells.length);
  });

  it('shows the original of a picture from a folder, with its name, its size and its class', async () => {
    await rings.scrollIntoViewIfNeeded();
    await pictures(rings).nth(5).click();
    await poll(caption).toMatch(/blue\s+blue\/blue 05\.jpg\s+325 × 200 pixels, here 32 × 32\s+image 5/);
    const size = () => dialog().locator('.course-explorer-pictures > img').evaluate((image) => [(image as HTMLImageElement).naturalWidth, (image as HTMLImageElement).naturalHeight]);
    expect(await size()).toEqual([325, 200]);
    await page.screenshot({ path: `${screenshots}/explorer-original.png` });
    // A TIFF: no browser shows it.
    for (const index of [4, 3]) {
      await dialog().getByRole('button', { name: 'Previous picture' }).click();
      await poll(caption).toMatch(new RegExp(`image ${index}$`));
    }
    expect(await caption()).toMatch(/blue 03\.tif\s+315 × 200 pixels/);
    expect(await size()).toEqual([315, 200]);
    await page.mouse.click(20, 20);
    await poll(() => dialog().count()).toBe(0);
  });

  it('says what is wrong with a file that has gone, beside what the network sees', async () => {
    rmSync(`${folder}/pictures/blue/blue 07.jpg`);
    await pictures(rings).nth(7).click();
    await poll(caption).toMatch(/blue 07\.jpg[^]*ENOENT/);
    expect(await dialog().locator('img').count()).toBe(1);
    await page.keyboard.press('Escape');
  });

  it('leads from page to page in the picture, too', async () => {
    await pictures(rings).last().click();
    await poll(caption).toMatch(/image 59/);
    await page.keyboard.press('ArrowRight');
    await poll(caption).toMatch(/image 60/);
    await page.keyboard.press('Escape');
    await poll(focused).toMatch(/^image 60: red/);
    expect(await pictures(rings).count()).toBe(20);
  });

  it('answers while a cell runs', async () => {
    await runCell(2);
    await notebook().locator('.jp-Notebook-ExecutionIndicator[data-status="busy"]').waitFor();
    await rings.getByRole('button', { name: 'First page' }).click();
    await poll(() => status(rings)).toBe('Training images, 1 to 60 of 80');
    await pictures(rings).nth(1).click();
    await poll(caption).toMatch(/image 1$/);
    await page.keyboard.press('Escape');
    expect(await notebook().locator('.jp-CodeCell').nth(2).locator('.jp-InputPrompt').innerText()).toBe('[*]:');
    expect(await notebook().locator('.jp-Notebook-ExecutionIndicator[data-status="busy"]').count()).toBe(1);
    await menu(page, 'Kernel', 'Interrupt Kernel');
    await waitForIdle(page);
  });

  it('follows the dark theme', async () => {
    const background = () => digits.getByRole('combobox', { name: 'Class' }).evaluate((each) => getComputedStyle(each).backgroundColor);
    const light = await background();
    await page.locator('.lm-MenuBar-itemLabel', { hasText: /^Settings$/ }).click();
    await page.locator('.lm-Menu-itemLabel', { hasText: /^Theme/ }).first().hover();
    await page.locator('.lm-Menu-itemLabel', { hasText: /^JupyterLab Dark$/ }).click();
    await poll(background).not.toBe(light);
    await page.locator('#jupyterlab-splash').waitFor({ state: 'detached' });
    await digits.scrollIntoViewIfNeeded();
    await page.screenshot({ path: `${screenshots}/explorer-dark.png` });
    await pictures(rings).nth(50).click();
    await poll(caption).toMatch(/image 50$/);
    await page.screenshot({ path: `${screenshots}/explorer-dark-original.png` });
    await page.keyboard.press('Escape');
    await page.locator('.lm-MenuBar-itemLabel', { hasText: /^Settings$/ }).click();
    await page.locator('.lm-Menu-itemLabel', { hasText: /^Theme/ }).first().hover();
    await page.locator('.lm-Menu-itemLabel', { hasText: /^JupyterLab Light$/ }).click();
  });

  it('is one explorer again when its cell runs again', async () => {
    await runCell(1);
    await poll(() => notebook().locator('.course-explorer').count()).toBe(2);
    await poll(() => status(rings)).toBe('Training images, 1 to 60 of 79');
  });

  it('saves a notebook below 1 MB, with a static grid', async () => {
    const text = await saveNotebook(page, `${folder}/explorer.ipynb`);
    expect(text.length).toBeLessThan(1_000_000);
    const outputs = (JSON.parse(text).cells as { outputs: { data?: Record<string, string | string[]> }[] }[]).flatMap((cell) => cell.outputs);
    const shown = outputs.filter(({ data }) => data && 'application/vnd.course.explorer+json' in data);
    expect(shown).toHaveLength(2);
    for (const { data } of shown) {
      const html = [data!['text/html']].flat().join('');
      expect(html.match(/<img /g)).toHaveLength(60);
      expect(html).not.toMatch(/<script|course-explorer/);
      expect(data).toHaveProperty('text/plain');
    }
  });

  it('comes back when the page is loaded again, from the same kernel', async () => {
    await openNotebook(page, lab, relative('explorer.ipynb'));
    await pictures(digits).first().waitFor();
    await digits.getByRole('button', { name: 'Next page' }).click();
    await poll(() => status(digits)).toBe('Training images, 61 to 120 of 60,000');
  });

  it('becomes the static grid when the kernel restarts, until the cell runs again', async () => {
    await menu(page, 'Kernel', 'Restart Kernel…');
    await page.locator('.jp-Dialog .jp-mod-accept').click();
    const hint = digits.locator('.course-explorer-hint');
    await hint.waitFor();
    expect(await hint.innerText()).toBe('Run the cell again to browse.');
    expect(await digits.locator('img').count()).toBe(60);
    await waitForIdle(page);
    expect(await pictures(digits).count()).toBe(0);
    await runCell(0);
    await pictures(digits).first().waitFor();
    await waitForIdle(page);
    expect(await hint.count()).toBe(0);
  });

  it('is the static grid in a notebook that is opened with another kernel', async () => {
    copyFileSync(`${folder}/explorer.ipynb`, `${folder}/copy.ipynb`);
    await openNotebook(page, lab, relative('copy.ipynb'));
    const hint = notebook().locator('.course-explorer-hint').first();
    await hint.waitFor();
    expect(await notebook().locator('.course-explorer').first().locator('img').count()).toBe(60);
    expect(await notebook().locator('.course-explorer').first().innerText()).toMatch(/60,000 training and 10,000 test images/);
    await page.screenshot({ path: `${screenshots}/explorer-static.png` });
  });

  it('has reported no error in the console of the browser', () => {
    expect(errors).toEqual([]);
  });
});
