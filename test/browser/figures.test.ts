import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { PNG } from 'pngjs';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { figureBundle } from '../../lib/src/display/figures';
import { toSvg } from '../../lib/src/plots/svg';
import { launchBrowser, noBrowser } from '../support/browser.mjs';
import { exampleFigures } from '../support/figures';
import { collectErrors, openNotebook, projectFolder, startCourse, type JupyterLab } from '../support/jupyterlab.mjs';

const figures = exampleFigures();
const names = Object.keys(figures);
const screenshots = `${projectFolder}/test/output/screenshots`;
const notebook = 'test/output/browser/figures.ipynb';

/** What can be seen of a figure; places and sizes are parts of the width and height of the axes, from the top left. */
interface Seen {
  texts: string[];
  /** x, y, width, height of each bar. */
  bars: number[][];
  /** x and y of the middle of each marker. */
  markers: number[][];
  /** The number of drawn curves. */
  curves: number;
  /** Labels of the ticks with their places along the axis. */
  ticks: Record<'x' | 'y', Record<string, number>>;
}

/** Runs in the page: the functions that it needs are inside. */
function look(figure: Element, kind: 'plotly' | 'svg'): Seen {
  const all = (selector: string): Element[] => [...figure.querySelectorAll(selector)];
  const box = (element: Element): DOMRect => element.getBoundingClientRect();
  // The axes: Plotly has a rectangle for the mouse over each pair, the static picture a clip path.
  const svg = figure.querySelector('svg')!;
  const scale = box(svg).width / svg.viewBox.baseVal.width;
  const panels = kind === 'plotly'
    ? all('.nsewdrag').map((area) => ({ name: area.getAttribute('data-subplot') === 'x2y2' ? 'x2' : 'x',
      area: box(area) }))
    : all('clipPath').map((clip) => {
      const [x, y, width, height] = ['x', 'y', 'width', 'height']
        .map((name) => Number(clip.firstElementChild!.getAttribute(name)));
      const { left, top } = box(svg);
      const area = new DOMRect(left + (x + 5) * scale, top + y * scale, (width - 10) * scale, (height - 5) * scale);
      return { name: clip.id.split('-')[1], area };
    });
  const panelOf = (element: Element): DOMRect => {
    const isSecond = kind === 'plotly'
      ? element.closest('.x2y2') !== null
      : element.parentElement!.getAttribute('clip-path')?.startsWith('url(#clip-x2') ?? false;
    return panels.find(({ name }) => (name === 'x2') === isSecond)!.area;
  };
  const placed = (element: Element, x: number, y: number): number[] => {
    const area = panelOf(element);
    return [(x - area.left) / area.width, (y - area.top) / area.height];
  };
  const middle = (element: Element): number[] => {
    const { left, top, width, height } = box(element);
    return placed(element, left + width / 2, top + height / 2);
  };
  const bar = (element: Element): number[] => {
    const { left, top, width, height } = box(element);
    const area = panelOf(element);
    return [...placed(element, left, top), width / area.width, height / area.height];
  };
  const first = panels.find(({ name }) => name === 'x')!.area;
  const ticks = (axis: 'x' | 'y'): Record<string, number> => Object.fromEntries(
    all(kind === 'plotly' ? `.${axis}tick text` : `g.${axis}.axis > text`)
      // Only those of the first pair of axes; the title of an axis stands behind the ticks, and farther away.
      .filter((label) => {
        const { left, width, top, height } = box(label);
        const [x, y] = [left + width / 2, top + height / 2];
        return axis === 'x' ? x >= first.left - 2 && x <= first.right + 2 && y < first.bottom + 28 : x < first.left;
      })
      .map((label) => {
        const { left, width, top, height } = box(label);
        const at = axis === 'x' ? (left + width / 2 - first.left) / first.width
          : (top + height / 2 - first.top) / first.height;
        const text = label.textContent!.replace('−', '-').replace(/,/g, '');
        return [/^-?[\d.]+%?$/.test(text) ? String(Number.parseFloat(text)) : text, at];
      }));
  const selectors = kind === 'plotly'
    ? { text: '.legendtext, .xtitle, .ytitle, .x2title, .y2title, .gtitle, .annotation-text, .cbtitle text, ' +
        '.bartext, .heatmap-label text',
      bar: '.barlayer .point path', marker: '.scatterlayer .points path', curve: '.scatterlayer .js-line' }
    : { text: '.legend text, g[transform] > text, svg > text, .bars text, .heatmap text', bar: '.bars rect',
      marker: '.scatter circle, .scatter rect', curve: '.scatter polyline' };
  return {
    texts: all(selectors.text).map((element) => element.textContent!.trim()).filter(Boolean),
    bars: all(selectors.bar).map(bar),
    markers: all(selectors.marker).map(middle),
    curves: all(selectors.curve).filter((curve) => curve.getAttribute('d') !== '').length,
    ticks: { x: ticks('x'), y: ticks('y') },
  };
}

/** Colours at a grid of places of the axes, as they are on the screen. */
async function colorsOf(page: Page, figure: Locator, kind: 'plotly' | 'svg'): Promise<number[][]> {
  const area = await figure.evaluate((element, isPlotly) => {
    const image = element.querySelector(isPlotly ? '.heatmaplayer image' : '.heatmap image')!.getBoundingClientRect();
    return { x: image.x, y: image.y, width: image.width, height: image.height };
  }, kind === 'plotly');
  const png = PNG.sync.read(await page.screenshot({ clip: area }));
  const places = Array.from({ length: 15 }, (_, i) => (i + 0.5) / 15);
  return places.flatMap((y) => places.map((x) => {
    const at = (Math.floor(y * png.height) * png.width + Math.floor(x * png.width)) * 4;
    return [...png.data.subarray(at, at + 3)];
  }));
}

const sorted = (places: number[][]): number[][] => [...places].sort((a, b) => a[0] - b[0] || a[1] - b[1]);

/** The same marks at the same places, but for a part of the axes that cannot be seen. */
function expectClose(actual: number[][], expected: number[][], what: string): void {
  expect(actual.length, `number of ${what}`).toBe(expected.length);
  const [a, b] = [sorted(actual), sorted(expected)];
  const far = a.filter((place, i) => !b.some((other, j) => Math.abs(i - j) < 30
    && place.every((value, k) => Math.abs(value - other[k]) < 0.012)));
  expect(far, `${what} that are elsewhere`).toEqual([]);
}

describe.skipIf(noBrowser)('the same figure', () => {
  let lab: JupyterLab;
  let browser: Browser;
  let inLab: Page;
  let exported: Page;
  let alone: Page;
  let errors: string[];
  const requests: string[] = [];

  beforeAll(async () => {
    mkdirSync(screenshots, { recursive: true });
    mkdirSync(path.join(projectFolder, path.dirname(notebook)), { recursive: true });
    const { metadata, nbformat, nbformat_minor } =
      JSON.parse(readFileSync(`${projectFolder}/notebooks/01_mnist_mlp.ipynb`, 'utf8'));
    const cells = names.map((name) => ({
      cell_type: 'code', id: name.toLowerCase(), metadata: {}, execution_count: 1, source: `// ${name}`,
      outputs: [{ output_type: 'display_data', metadata: {}, ...figureBundle(figures[name]) }],
    }));
    // A picture that is no figure, in a notebook that is not trusted, as one that somebody else has run.
    cells.push({
      cell_type: 'code', id: 'picture', metadata: {}, execution_count: 1, source: '// picture',
      outputs: [{ output_type: 'display_data', metadata: {}, data: { 'image/svg+xml': toSvg(figures[names[0]]), 'text/plain': 'A "picture" & its words' } }],
    });
    const file = path.join(projectFolder, notebook);
    writeFileSync(file, JSON.stringify({ cells, metadata, nbformat, nbformat_minor }));

    lab = await startCourse();
    browser = await launchBrowser();
    const viewport = { width: 1366, height: 900 };
    inLab = await browser.newPage({ viewport });
    errors = collectErrors(inLab);
    await openNotebook(inLab, lab, notebook);

    // What `npm run notebooks` makes of it.
    const script = 'import sys, nbformat; sys.path.insert(0, "tools"); import run_notebooks; ' +
      'print(run_notebooks.to_html(nbformat.read(sys.argv[1], as_version=4), "figures"))';
    const { stdout, stderr } = spawnSync('.venv/bin/python', ['-c', script, file],
      { cwd: projectFolder, encoding: 'utf8', maxBuffer: 1e8 });
    expect(stdout, stderr).toContain('</html>');
    const html = file.replace('.ipynb', '.html');
    writeFileSync(html, stdout);
    const offline = await browser.newContext({ viewport, offline: true });
    exported = await offline.newPage();
    exported.on('request', (request) => void (/^https?:/.test(request.url()) && requests.push(request.url())));
    await exported.goto(pathToFileURL(html).href);
    alone = await offline.newPage();
  }, 300_000);

  afterAll(async () => {
    await browser?.close();
    await lab?.stop();
  });

  const figureInLab = async (i: number): Promise<Locator> => {
    const figure = inLab.locator('.jp-CodeCell').nth(i).locator('.course-figure');
    await inLab.locator('.jp-CodeCell').nth(i).scrollIntoViewIfNeeded();
    await figure.locator('.nsewdrag').first().waitFor({ state: 'attached', timeout: 60_000 });
    await figure.scrollIntoViewIfNeeded();
    return figure;
  };
  const figureInPage = (i: number): Locator => exported.locator('.jp-RenderedSVG img').nth(i);
  const figureAlone = async (name: string): Promise<Locator> => {
    const svg = figureBundle(figures[name]).data['image/svg+xml'];
    await alone.setContent(`<body style="margin: 0">${String(svg)}</body>`);
    return alone.locator('body');
  };

  const all = names.map((name, i) => [name, i] as const);
  it.each(all)('of %s shows the same in JupyterLab, in an exported page offline, and alone', async (name, i) => {
    const figure = await figureInLab(i);
    const plotly = await figure.evaluate(look, 'plotly' as const);
    await figure.screenshot({ path: `${screenshots}/figure-${name}.png` });
    const picture = await (await figureAlone(name)).evaluate(look, 'svg' as const);

    // An exported page holds the static picture itself, and the browser could draw it.
    const image = await figureInPage(i).evaluate((img: HTMLImageElement) =>
      ({ src: img.src, width: img.naturalWidth, shown: img.clientWidth }));
    expect(Buffer.from(image.src.split('base64,')[1], 'base64').toString())
      .toBe(figureBundle(figures[name]).data['image/svg+xml']);
    expect(image.width).toBe(900);
    expect(image.shown).toBeGreaterThan(600);

    expectClose(plotly.bars, picture.bars, 'bars');
    expectClose(plotly.markers, picture.markers, 'markers');
    expect(picture.texts.length).toBeGreaterThan(0);
    for (const text of picture.texts) expect(plotly.texts, 'texts in JupyterLab').toContain(text);

    for (const axis of ['x', 'y'] as const) {
      const common = Object.keys(plotly.ticks[axis]).filter((label) => label in picture.ticks[axis]);
      expect(common.length, `labels of ${axis} in common: ${JSON.stringify([plotly.ticks[axis], picture.ticks[axis]])}`)
        .toBeGreaterThanOrEqual(2);
      for (const label of common) expect(plotly.ticks[axis][label], `place of ${label}`)
        .toBeCloseTo(picture.ticks[axis][label], 1.5);
    }
  }, 60_000);

  it('of a line has as many curves in each form', async () => {
    for (const name of ['history', 'learningRates', 'lossSurface']) {
      const inPlotly = await (await figureInLab(names.indexOf(name))).evaluate(look, 'plotly' as const);
      const picture = await (await figureAlone(name)).evaluate(look, 'svg' as const);
      // The outline of the shaded area is an empty line for Plotly.
      expect(inPlotly.curves - Number(name === 'history'), name).toBe(picture.curves);
    }
  }, 60_000);

  it.each(['weights', 'lossSurface'])('of %s has the same colours at the same places', async (name) => {
    const figure = await figureInLab(names.indexOf(name));
    const inPlotly = await colorsOf(inLab, figure, 'plotly');
    const picture = await colorsOf(alone, await figureAlone(name), 'svg');
    const distance = (i: number): number => Math.max(...inPlotly[i].map((value, k) => Math.abs(value - picture[i][k])));
    const same = inPlotly.filter((_, i) => distance(i) < 12).length;
    // At the edges of cells, of bands and of curves a pixel may lie on the other side.
    expect(same / inPlotly.length).toBeGreaterThan(0.9);
  }, 60_000);

  it('has said its words to screen readers, in each form', async () => {
    for (const [i, name] of names.entries()) {
      const { alt } = figures[name].layout.meta;
      expect(await (await figureInLab(i)).getAttribute('aria-label')).toBe(alt);
      expect(await figureInPage(i).getAttribute('alt')).toBe(alt);
    }
  }, 60_000);

  it('can be read on a dark page: all texts of JupyterLab follow the theme', async () => {
    await inLab.evaluate(() => void document.body.style.setProperty('--jp-ui-font-color1',
      'rgba(255, 255, 255, 0.87)'));
    await inLab.evaluate(() => void document.body.setAttribute('data-jp-theme-name', 'a dark one'));
    const label = (await figureInLab(0)).locator('.xtick text').first();
    await expect.poll(() => label.evaluate((element) => getComputedStyle(element).fill)).toBe('rgb(255, 255, 255)');
    for (const i of names.keys()) {
      const figure = await figureInLab(i);
      const dark = await figure
        .locator('.xtick text, .ytick text, .legendtext, .xtitle, .ytitle, .gtitle, .annotation-text, .cbtitle text')
        .evaluateAll((texts) => texts.filter((text) => getComputedStyle(text).fill !== 'rgb(255, 255, 255)')
          .map((text) => text.textContent));
      expect(dark, names[i]).toEqual([]);
    }
  }, 60_000);

  it('is shown as a picture too, with its words, where the notebook is not trusted', async () => {
    const cell = inLab.locator('.jp-CodeCell').nth(names.length);
    await cell.scrollIntoViewIfNeeded();
    const image = cell.locator('.jp-RenderedSVG img');
    await image.waitFor();
    expect(await image.getAttribute('alt')).toBe('A "picture" & its words');
    const [wide, high] = await image.evaluate((element: HTMLImageElement) => [element.naturalWidth, element.naturalHeight]);
    expect([wide, high]).toEqual([900, figures[names[0]].layout.height]);
    expect(await cell.locator('.jp-OutputArea-output').innerText()).toBe('');
  });

  it('has asked nobody for anything, and has reported no error', () => {
    expect(requests).toEqual([]);
    expect(errors).toEqual([]);
  });
});
