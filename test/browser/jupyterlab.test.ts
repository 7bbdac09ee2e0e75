import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, noBrowser } from '../support/browser.mjs';
import { collectErrors, menu, openNotebook, projectFolder, saveNotebook, startCourse, waitForIdle, type JupyterLab } from '../support/jupyterlab.mjs';

const screenshots = `${projectFolder}/test/output/screenshots`;

/** JupyterLab saves what it runs, so the lesson runs as a copy. */
const lesson = 'test/output/browser/01_mnist_mlp.ipynb';

function writeNotebook(file: string, ...cells: string[]): void {
  const { metadata, nbformat, nbformat_minor } = JSON.parse(readFileSync(`${projectFolder}/notebooks/01_mnist_mlp.ipynb`, 'utf8'));
  const codeCell = (source: string, i: number) => ({ cell_type: 'code', id: `cell-${i}`, metadata: {}, execution_count: null, outputs: [], source });
  writeFileSync(`${projectFolder}/${file}`, JSON.stringify({ cells: cells.map(codeCell), metadata, nbformat, nbformat_minor }));
}

describe.skipIf(noBrowser)('the course in JupyterLab', () => {
  let lab: JupyterLab;
  let browser: Browser;
  let page: Page;
  let errors: string[];

  beforeAll(async () => {
    mkdirSync(screenshots, { recursive: true });
    mkdirSync(`${projectFolder}/test/output/browser`, { recursive: true });
    copyFileSync(`${projectFolder}/notebooks/01_mnist_mlp.ipynb`, `${projectFolder}/${lesson}`);
    // In full: a quick run is over before a browser has loaded what draws the graph.
    lab = await startCourse([], { COURSE_QUICK: '' });
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1366, height: 900 } });
    errors = collectErrors(page);
  }, 300_000);

  afterAll(async () => {
    await browser?.close();
    await lab?.stop();
  });

  it('opens on the start page with the TypeScript kernel, the course as its root, and no pop-up', async () => {
    // Without the tabs that an earlier visit may have left open.
    await page.goto(`${lab.address.href}&reset`);
    await page.locator('.jp-NotebookPanel').waitFor();
    await waitForIdle(page);
    expect(await page.locator('.lm-TabBar-tab.jp-mod-current .lm-TabBar-tabLabel', { hasText: 'ipynb' }).textContent()).toBe('00_start_here.ipynb');
    const files = await page.locator('.jp-DirListing-itemText').allTextContents();
    expect(files).toEqual(expect.arrayContaining(['notebooks', 'README.md']));
    expect(await page.locator('.jp-Dialog, .Toastify__toast').count()).toBe(0);
    expect(await page.locator('.lm-TabBar-tab.jp-mod-dirty').count(), 'opening changes nothing').toBe(0);
    await page.screenshot({ path: `${screenshots}/start.png` });
  });

  it('runs all cells of lesson 01, while the live graph moves', async () => {
    await openNotebook(page, lab, lesson);
    await menu(page, 'Run', 'Run All Cells');

    const graph = page.locator('.course-figure .scatterlayer .js-line').first();
    await graph.waitFor({ state: 'attached', timeout: 120_000 });
    const shapes = new Set<string | null>();
    for (const deadline = Date.now() + 120_000; shapes.size < 3 && Date.now() < deadline; await page.waitForTimeout(200)) {
      shapes.add(await graph.getAttribute('d'));
    }
    expect(shapes.size, 'different states of the graph').toBeGreaterThanOrEqual(3);

    await waitForIdle(page, 300_000);
    expect(await page.locator('.jp-OutputArea-output[data-mime-type*="error"], .jp-RenderedText[data-mime-type="application/vnd.jupyter.error"]').count()).toBe(0);
    expect(await page.locator('.jp-NotebookPanel').innerText()).toMatch(/5 epochs in [\d.]+ s · loss/);
  }, 600_000);

  it('its final figure answers to the mouse, and offers no upload', async () => {
    const figure = page.locator('.course-figure').last();
    await figure.scrollIntoViewIfNeeded();
    await figure.locator('.scatterlayer .js-line').first().waitFor({ state: 'attached' });
    const box = (await figure.locator('.nsewdrag').first().boundingBox())!;
    for (let x = 0.3; x < 0.8; x += 0.02) {
      await page.mouse.move(box.x + box.width * x, box.y + box.height / 2);
      if (await figure.locator('.hoverlayer .hovertext').count()) break;
    }
    expect(await figure.locator('.hoverlayer .hovertext').first().textContent()).toMatch(/(training|validation) loss \d/);
    const buttons = await figure.locator('.modebar-btn').evaluateAll((all) => all.map((button) => button.getAttribute('data-title') ?? ''));
    expect(buttons.length).toBeGreaterThan(3);
    expect(buttons.join()).not.toMatch(/share|cloud|edit in/i);
    expect(await figure.getAttribute('aria-label')).toMatch(/^Curves of loss and accuracy over 5 epochs/);
    await page.screenshot({ path: `${screenshots}/lesson-01-history.png` });
  });

  it('saves a notebook below 1 MB, each figure with a static picture beside it', async () => {
    const text = await saveNotebook(page, `${projectFolder}/${lesson}`);
    expect(text.length).toBeLessThan(1_000_000);
    const outputs = (JSON.parse(text).cells as { outputs?: { data?: Record<string, unknown> }[] }[]).flatMap((cell) => cell.outputs ?? []);
    const figures = outputs.filter(({ data }) => data && 'application/vnd.plotly.v1+json' in data);
    expect(figures.length).toBeGreaterThanOrEqual(3);
    for (const { data } of figures) expect(Object.keys(data!)).toEqual(expect.arrayContaining(['image/svg+xml', 'text/plain']));
  });

  it('stops training by the button ■, and goes on from there', async () => {
    writeNotebook('test/output/browser/stop.ipynb', `
      import { fit, tf } from '@course/lib';
      const model = tf.sequential({ layers: [tf.layers.dense({ units: 512, activation: 'relu', inputShape: [784] }), tf.layers.dense({ units: 10 })] });
      model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
      const [x, y] = [tf.randomNormal([20_000, 784]), tf.randomNormal([20_000, 10])];`,
    'const history = await fit(model, { x, y }, { epochs: 200 });',
    'const more = await fit(model, { x, y }, { epochs: 1 });');
    await openNotebook(page, lab, 'test/output/browser/stop.ipynb');
    await menu(page, 'Run', 'Run All Cells');

    const training = page.locator('.jp-CodeCell', { hasText: 'epochs: 200' }).locator('.jp-OutputArea');
    await expect.poll(() => training.innerText(), { timeout: 60_000 }).toMatch(/Epoch \d+ of 200 · .* left/);
    await page.getByRole('button', { name: 'Interrupt the kernel' }).click();
    await waitForIdle(page);
    expect(await training.innerText()).toMatch(/TrainingInterrupted: Training was interrupted in epoch \d+ of 200/);

    // JupyterLab runs nothing after a cell that failed.
    const goingOn = page.locator('.jp-CodeCell', { hasText: 'epochs: 1 ' });
    await goingOn.locator('.jp-InputArea-editor').click();
    await page.keyboard.press('Control+Enter');
    await expect.poll(() => goingOn.locator('.jp-OutputArea').innerText(), { timeout: 60_000 }).toMatch(/^1 epoch in [\d.]+ s · loss/m);
  }, 300_000);

  it('has reported no error in the console of the browser', () => {
    expect(errors).toEqual([]);
  });
});
