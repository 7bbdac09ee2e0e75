import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Frame, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packedValues } from '../../lib/src/arrays';
import { exportForBrowser } from '../../lib/src/browser-page/export';
import { readIdxDataset } from '../../lib/src/data/image-dataset';
import { readImageFolder } from '../../lib/src/data/folder/image-folder';
import { idxEntry } from '../../lib/src/data/manifest';
import { ownPicture } from '../../lib/src/data/own-picture';
import { toTensor } from '../../lib/src/data/tensors';
import { layerActivations } from '../../lib/src/inspection/activations';
import { classifyOne } from '../../lib/src/inspection/classify';
import { saveModel } from '../../lib/src/model-files/save';
import { normalise } from '../../lib/src/preprocessing/normalise';
import { tf } from '../../lib/src/tensorflow';
import { predict } from '../../lib/src/training/evaluate';
import { train } from '../../lib/src/training/train';
import { launchBrowser, noBrowser } from '../support/browser.mjs';
import { collectErrors, openNotebook, projectFolder, saveNotebook, startCourse, waitForIdle, type JupyterLab } from '../support/jupyterlab.mjs';

const folder = `${projectFolder}/test/output/browser/try-model`;
const screenshots = `${projectFolder}/test/output/screenshots`;
const classNames = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
const preprocessing = { size: [28, 28], color: 'grey', normalise: { range: [0, 1] } } as const;
const hasMnist = Boolean(process.env.COURSE_DATA);

/** Other tests may keep the machine busy. */
const poll = <T>(look: () => T) => expect.poll(look, { timeout: 30_000 });

type Point = readonly [x: number, y: number];
/** Strokes as people draw them, in parts of the paper. */
const ONE: Point[] = [[0.52, 0.15], [0.5, 0.5], [0.48, 0.85]];
const ZERO: Point[] = Array.from({ length: 25 }, (_, i): Point => {
  const angle = (i / 24) * 2 * Math.PI - Math.PI / 2;
  return [0.5 + 0.22 * Math.cos(angle), 0.5 + 0.34 * Math.sin(angle)];
});
const SEVEN: Point[] = [[0.25, 0.2], [0.75, 0.2], [0.6, 0.5], [0.45, 0.85]];

/** LeNet's layers, smaller, for 28 x 28. */
const makeLeNet = (): tf.Sequential => tf.sequential({
  layers: [
    tf.layers.conv2d({ inputShape: [28, 28, 1], filters: 8, kernelSize: 5, activation: 'relu' }),
    tf.layers.maxPooling2d({ poolSize: 2, strides: 2 }),
    tf.layers.conv2d({ filters: 40, kernelSize: 5, activation: 'relu' }),
    tf.layers.maxPooling2d({ poolSize: 2, strides: 2 }),
    tf.layers.flatten(),
    tf.layers.dense({ units: 100, activation: 'relu' }),
    tf.layers.dropout({ rate: 0.3 }),
    tf.layers.dense({ units: 10, activation: 'softmax' }),
  ],
});

async function trainedModel(): Promise<tf.Sequential> {
  const model = makeLeNet();
  model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  if (!hasMnist) return model;
  const { train: digits } = await readIdxDataset(idxEntry('mnist'), { trainCount: 20_000, testCount: 10 });
  const [x, y] = tf.tidy(() => [
    toTensor(normalise(digits.images)).reshape([-1, 28, 28, 1]), toTensor(digits.labels).toFloat(),
  ]);
  await train(model, { x, y }, { epochs: 3, batchSize: 64 });
  tf.dispose([x, y]);
  return model;
}

/** Draws a stroke with the mouse, as on the screen. */
async function draw(page: Page, where: Page | Frame, points: readonly Point[]): Promise<void> {
  const paper = where.locator('#paper');
  await paper.scrollIntoViewIfNeeded();
  const box = (await paper.boundingBox())!;
  const at = ([x, y]: Point) => [box.x + x * box.width, box.y + y * box.height] as const;
  await page.mouse.move(...at(points[0]));
  await page.mouse.down();
  for (const point of points.slice(1)) await page.mouse.move(...at(point), { steps: 2 });
  await page.mouse.up();
}

const answer = (where: Page | Frame) => where.locator('#answer').innerText();
/** The probabilities that the page shows, in full. */
const probabilities = (where: Page | Frame) => where.locator('#classes li').evaluateAll((all) =>
  Object.fromEntries(all.map((item) => [item.querySelector('.name')!.textContent,
    Number(item.querySelector<HTMLElement>('.bar')!.style.getPropertyValue('--probability'))])));
/** Waits until the page has answered what lies before it. */
const settled = (where: Page | Frame) => poll(() => where.locator('#page').getAttribute('aria-busy')).toBe('false');

async function expectSame(shown: Record<string, number>, names: readonly string[], expected: Float32Array): Promise<void> {
  expect(Object.keys(shown)).toHaveLength(Math.min(5, names.length));
  for (const [name, value] of Object.entries(shown)) {
    expect(Math.abs(value - expected[names.indexOf(name)]), name).toBeLessThan(1e-4);
  }
}

/** What the library answers to a file. */
async function answerOfNotebook(model: tf.LayersModel, file: string): Promise<Float32Array> {
  const { images } = await ownPicture(file, { like: 'mnist' });
  const x = tf.tidy(() => toTensor(normalise(images)).reshape([1, 28, 28, 1]));
  try {
    return packedValues(predict(model, x)) as Float32Array;
  } finally {
    x.dispose();
  }
}

describe.skipIf(noBrowser)('a model in a page of its own', () => {
  let browser: Browser;
  let page: Page;
  let model: tf.Sequential;
  let file: string;
  const requests: string[] = [];
  /** What each page has reported. */
  const errors: string[][] = [];

  const opened = async (address: string, viewport = { width: 1100, height: 900 }): Promise<Page> => {
    const made = await browser.newPage({ viewport });
    made.on('request', (request) => void (/^(data|blob):/.test(request.url()) || requests.push(request.url())));
    made.setDefaultTimeout(30_000);
    errors.push(collectErrors(made));
    await made.goto(address);
    await made.locator('#page').waitFor({ timeout: 60_000 });
    return made;
  };

  beforeAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    mkdirSync(screenshots, { recursive: true });
    model = await trainedModel();
    file = await exportForBrowser({ model, classNames, preprocessing }, `${folder}/digits`, { title: 'My digits' });
    browser = await launchBrowser();
    page = await opened(pathToFileURL(file).href);
  }, 300_000);

  afterAll(async () => {
    await browser?.close();
    model?.dispose();
  });

  it('loads, says where it computes, and that it answers as the notebook', async () => {
    expect(await page.locator('h1').innerText()).toBe('My digits');
    expect(await page.locator('#engine').innerText()).toMatch(/TensorFlow\.js 4\.\d+\.\d+ on the (graphics )?processor.*differs by at most [0-9.]+e-\d+ /);
    expect(await answer(page)).toBe('Draw something, or open a picture.');
  });

  it.runIf(hasMnist).each([['one', ONE], ['zero', ZERO], ['seven', SEVEN]] as const)(
    'reads a %s that is drawn with the mouse (needs COURSE_DATA with MNIST)', async (name, points) => {
      await page.locator('#clear').click();
      await poll(() => answer(page)).toBe('Draw something, or open a picture.');
      await draw(page, page, points);
      await poll(() => answer(page)).toMatch(new RegExp(`^The network says ${name}, with \\d+\\.\\d %\\.$`));
      await settled(page);
      await page.screenshot({ path: `${screenshots}/try-model-${name}.png`, fullPage: true });
    });

  it('gives a drawing the same probabilities as the notebook gives its file', async () => {
    await page.locator('#clear').click();
    await draw(page, page, SEVEN);
    await settled(page);
    const shown = await probabilities(page);
    const address = await page.locator('#paper').evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    const drawing = `${folder}/drawing.png`;
    writeFileSync(drawing, Buffer.from(address.split(',')[1], 'base64'));
    await expectSame(shown, classNames, await answerOfNotebook(model, drawing));
  });

  it('shows each layer with name, shape and pictures', async () => {
    const headings = await page.locator('.layer h3').allInnerTexts();
    expect(headings.map((text) => text.replace(/^\S+ · /, ''))).toEqual([
      'Conv2D · 24 × 24 × 8', 'MaxPooling2D · 12 × 12 × 8', 'Conv2D · 8 × 8 × 40', 'MaxPooling2D · 4 × 4 × 40',
      'Flatten · 640', 'Dense · 100', 'Dropout · 100', 'Dense · 10',
    ]);
    const canvases = (layer: number) => page.locator('.layer').nth(layer).locator('canvas').count();
    expect(await Promise.all([0, 2, 4, 5, 7].map(canvases))).toEqual([8, 32, 1, 1, 1]);
    await page.locator('.layer').nth(2).getByRole('button', { name: 'Show all 40 feature maps' }).click();
    expect(await canvases(2)).toBe(40);
    const address = await page.locator('#paper').evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    writeFileSync(`${folder}/drawing.png`, Buffer.from(address.split(',')[1], 'base64'));
    const { images } = await ownPicture(`${folder}/drawing.png`);
    const [{ values }] = layerActivations(model, normalise(images));
    const most = packedValues(values).reduce((a, b) => Math.max(a, b), 0);
    // The fourth feature map of the first layer, pixel by pixel: black is 0, white the largest number of the layer.
    const greys = await page.locator('.layer').first().locator('canvas').nth(3).evaluate((canvas) =>
      [...(canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, 24, 24).data].filter((_, i) => i % 4 === 0));
    greys.forEach((grey, i) =>
      expect(Math.abs(grey - (255 * values.get(Math.floor(i / 24), i % 24, 3)) / most), `pixel ${i}`).toBeLessThan(1));
    expect(greys.some((grey) => grey > 0)).toBe(true);
  });

  it('is drawn on by the keyboard alone, and says where the pen is', async () => {
    await page.locator('#clear').focus();
    await page.keyboard.press('Shift+Tab');
    await poll(() => page.evaluate(() => document.activeElement!.id)).toBe('paper');
    await page.keyboard.press('Escape');
    await poll(() => answer(page)).toBe('Draw something, or open a picture.');
    for (let i = 0; i < 10; i++) await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Space');
    expect(await page.locator('#pen-state').innerText()).toBe('Pen lowered, column 14, row 4.');
    for (let i = 0; i < 5; i++) await page.keyboard.press('Shift+ArrowDown');
    expect(await page.locator('#pen-state').innerText()).toBe('Pen lowered, column 14, row 24.');
    await page.keyboard.press('Space');
    expect(await page.locator('#pen-state').innerText()).toBe('Pen lifted, column 14, row 24.');
    await page.keyboard.press('ArrowLeft');
    await poll(() => answer(page)).toMatch(hasMnist ? /^The network says one, / : /^The network says /);
    const dark = await page.locator('#paper').evaluate((canvas) =>
      [...(canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, 280, 280).data]
        .filter((value, i) => i % 4 === 0 && value < 128).length);
    // A line of 200 pixels, 22 wide, with round ends.
    expect(Math.abs(dark - (200 * 22 + Math.PI * 11 ** 2))).toBeLessThan(60);
    await page.screenshot({ path: `${screenshots}/try-model-keyboard.png` });
  });

  it('leads Tab from the paper to everything that can be done, in the order in which it is read, and back', async () => {
    await page.locator('#clear').click();
    await draw(page, page, SEVEN);
    await settled(page);
    await page.locator('#paper').focus();
    const focused = (): Promise<string> => page.evaluate(() => {
      const { id, tagName, textContent } = document.activeElement!;
      return id || `${tagName.toLowerCase()}: ${textContent?.trim()}`;
    });
    const stops: string[] = [];
    for (let i = 0; i < 4; i++) {
      await page.keyboard.press('Tab');
      stops.push(await focused());
    }
    expect(stops).toEqual(['clear', 'file', 'style', 'summary: How the picture was prepared']);
    for (let i = 0; i < 4; i++) await page.keyboard.press('Shift+Tab');
    expect(await focused()).toBe('paper');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await poll(() => answer(page)).toBe('Draw something, or open a picture.');
  });

  it('has headings in order, and a name for everything that is no text', async () => {
    await draw(page, page, SEVEN);
    await settled(page);
    const levels = await page.locator('h1, h2, h3, h4').evaluateAll((all) => all.map(({ tagName }) => Number(tagName[1])));
    expect(levels[0]).toBe(1);
    expect(levels.filter((level, i) => level > (levels[i - 1] ?? 0) + 1)).toEqual([]);
    const nameless = await page.locator('canvas, img, input, select, button').evaluateAll((all) => all
      .filter((element) => (element as HTMLElement).checkVisibility() && !element.closest('[aria-hidden="true"]'))
      // The pictures of a layer are one picture with one name.
      .filter((element) => !(element.closest('[role="img"][aria-label]') || element.getAttribute('aria-label') || element.getAttribute('alt') ||
        element.textContent?.trim() || (element as HTMLInputElement).labels?.length))
      .map((element) => element.outerHTML.slice(0, 120)));
    expect(nameless).toEqual([]);
  });

  it('is drawn on by a finger', async () => {
    await page.locator('#clear').click();
    await poll(() => answer(page)).toBe('Draw something, or open a picture.');
    const box = (await page.locator('#paper').boundingBox())!;
    const session = await page.context().newCDPSession(page);
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', points: { x: number; y: number }[]) =>
      session.send('Input.dispatchTouchEvent', { type, touchPoints: points });
    for (let i = 0; i <= 10; i++) {
      const place = { x: box.x + box.width / 2, y: box.y + box.height * (0.2 + 0.06 * i) };
      await touch(i === 0 ? 'touchStart' : 'touchMove', [place]);
    }
    await touch('touchEnd', []);
    await poll(() => answer(page)).toMatch(hasMnist ? /^The network says one, / : /^The network says /);
  });

  it('reads a photo that is opened as the notebook reads it', async () => {
    const seven = `<svg width="400" height="300"><path d="M140 70 H260 L190 240" fill="none" stroke="#224" stroke-width="16"/></svg>`;
    const photo = `${folder}/seven.png`;
    await sharp({ create: { width: 400, height: 300, channels: 3, background: '#d8d2c4' } })
      .composite([{ input: Buffer.from(seven) }]).png().toFile(photo);
    await page.locator('#file').setInputFiles(photo);
    await page.locator('#photo').waitFor();
    await settled(page);
    await expectSame(await probabilities(page), classNames, await answerOfNotebook(model, photo));
    expect(await page.locator('#photo').getAttribute('alt')).toBe('The picture that was opened: seven.png');
    expect(await page.locator('#seen figcaption').innerText()).toBe('What the network sees: 28 × 28 pixels');
    await page.locator('#steps summary').click();
    expect(await page.locator('#steps figcaption').allInnerTexts()).toEqual(
      (await ownPicture(photo)).steps.map(({ name }) => name));
    await page.screenshot({ path: `${screenshots}/try-model-photo.png`, fullPage: true });
    // Only brought to its size, it is another picture.
    const before = await probabilities(page);
    await page.locator('#style').selectOption('');
    await settled(page);
    expect(await probabilities(page)).not.toEqual(before);
    await page.locator('#style').selectOption('mnist');
  });

  it('says what is wrong with a file that is no picture, or shows nothing', async () => {
    await page.locator('#file').setInputFiles({ name: 'notes.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('notes') });
    await poll(() => page.locator('#problem').innerText()).toMatch(/^“notes\.jpg” cannot be read as a picture\. Browsers read JPEG, PNG/);
    const empty = await sharp({ create: { width: 60, height: 60, channels: 3, background: '#eee' } }).png().toBuffer();
    await page.locator('#file').setInputFiles({ name: 'empty.png', mimeType: 'image/png', buffer: empty });
    await poll(() => page.locator('#problem').innerText()).toMatch(/^Found nothing: no pixel stands out from the ground/);
    expect(await page.locator('#classes li').count()).toBe(0);
    await page.locator('#clear').click();
    await poll(() => page.locator('#problem').innerText()).toBe('');
  });

  it('takes a picture that is dropped or pasted', async () => {
    const bytes = [...readFileSync(`${folder}/seven.png`)];
    for (const kind of ['drop', 'paste'] as const) {
      await page.locator('#clear').click();
      await poll(() => answer(page)).toBe('Draw something, or open a picture.');
      await page.evaluate(([type, data]) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([Uint8Array.from(data)], 'seven.png', { type: 'image/png' }));
        document.dispatchEvent(type === 'drop' ? new DragEvent('drop', { dataTransfer: transfer, cancelable: true })
          : new ClipboardEvent('paste', { clipboardData: transfer }));
      }, [kind, bytes] as const);
      await poll(() => answer(page)).toMatch(/^The network says /);
    }
  });

  it('fits a narrow screen and a dark one', async () => {
    const narrow = await opened(`${pathToFileURL(file).href}#dark`, { width: 360, height: 740 });
    await draw(narrow, narrow, SEVEN);
    await poll(() => answer(narrow)).toMatch(/^The network says /);
    expect(await narrow.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    expect(await narrow.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(22, 22, 22)');
    await settled(narrow);
    await narrow.screenshot({ path: `${screenshots}/try-model-narrow.png`, fullPage: true });
    await narrow.close();
  });

  it('computes the same without a graphics processor', async () => {
    const plain = await browser.newPage();
    await plain.addInitScript(() => {
      const { getContext } = HTMLCanvasElement.prototype;
      HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, kind: string, ...rest: unknown[]) {
        return /webgl/.test(kind) ? null : (getContext as (...all: unknown[]) => unknown).call(this, kind, ...rest);
      } as typeof getContext;
    });
    await plain.goto(pathToFileURL(file).href);
    await plain.locator('#page').waitFor({ timeout: 60_000 });
    expect(await plain.locator('#engine').innerText()).toContain('on the processor.');
    await plain.locator('#file').setInputFiles(`${folder}/seven.png`);
    await settled(plain);
    await expectSame(await probabilities(plain), classNames, await answerOfNotebook(model, `${folder}/seven.png`));
    await plain.close();
  });

  it('says so when its model cannot be loaded, or computes something else', async () => {
    const html = readFileSync(file, 'utf8');
    const damaged = {
      weights: [html.replace(/(id="weights">.{400})[^<]*/s, '$1'), /^The model could not be loaded: .+ Try a newer browser/],
      answers: [html.replace(/"expected":\[[^,]*/, '"expected":[7'), /^The model could not be loaded: its answers differ by [67]/],
    } as const;
    for (const [name, [content, message]] of Object.entries(damaged)) {
      expect(content).not.toBe(html);
      writeFileSync(`${folder}/${name}.html`, content);
      const broken = await browser.newPage();
      await broken.goto(pathToFileURL(`${folder}/${name}.html`).href);
      await poll(() => broken.locator('#state').innerText()).toMatch(message);
      expect(await broken.locator('#page').isVisible()).toBe(false);
      await broken.close();
    }
  });

  it('answers to files as classifyOne does, for a model of lesson 05', async () => {
    const saved = {
      model: tf.sequential({
        layers: [
          tf.layers.conv2d({ inputShape: [32, 32, 1], filters: 6, kernelSize: 5, activation: 'relu' }),
          tf.layers.maxPooling2d({ poolSize: 2 }),
          tf.layers.flatten(),
          tf.layers.dense({ units: 10, activation: 'softmax' }),
        ],
      }),
      classNames,
      preprocessing: { size: [32, 32], color: 'grey', resize: 'squash', like: 'mnist', normalise: { range: [0, 1] } },
    } as const;
    const digit = `${folder}/digit.png`;
    const greys = Buffer.from(Uint8Array.from({ length: 784 }, (_, i) => (i * i) % 256));
    await sharp(greys, { raw: { width: 28, height: 28, channels: 1 } }).png().toFile(digit);
    const made = await opened(pathToFileURL(await exportForBrowser(saved, `${folder}/digits-32`)).href);
    for (const one of [`${folder}/seven.png`, digit]) {
      await made.locator('#file').setInputFiles(one);
      await settled(made);
      const shown = await probabilities(made);
      const { top } = await classifyOne(saved, one);
      expect(top).toHaveLength(5);
      for (const { className, probability } of top) {
        expect(Math.abs(shown[className] - probability), `${one}: ${className}`).toBeLessThan(1e-4);
      }
    }
    saved.model.dispose();
    await made.close();
  });

  it('reads colour photos as loadImageFolder does', async () => {
    const photos = `${folder}/photos`;
    mkdirSync(`${photos}/some`, { recursive: true });
    const pixels = Buffer.from(Uint8Array.from({ length: 90 * 120 * 3 }, (_, i) =>
      128 + 100 * Math.sin(i / 37) + 27 * Math.cos(i / 5)));
    await sharp(pixels, { raw: { width: 120, height: 90, channels: 3 } }).png().toFile(`${photos}/some/a.png`);
    const options = { size: [32, 32], color: 'rgb', resize: 'crop' } as const;
    const statistics = { mean: [120, 110, 100], deviation: [60, 61, 62] };
    const read = await readImageFolder(photos, options);
    const colour = tf.sequential({
      layers: [
        tf.layers.conv2d({ inputShape: [32, 32, 3], filters: 4, kernelSize: 3, strides: 2, activation: 'tanh' }),
        tf.layers.batchNormalization(),
        tf.layers.flatten(),
        tf.layers.dense({ units: 3, activation: 'softmax' }),
      ],
    });
    const x = toTensor(normalise(read.train!.images, statistics));
    const expected = packedValues(predict(colour, x)) as Float32Array;
    const made = await exportForBrowser(
      { model: colour, classNames: ['a', 'b', 'c'], preprocessing: { ...options, normalise: statistics } },
      `${folder}/photos-page`);
    tf.dispose(x);
    colour.dispose();
    const colours = await opened(pathToFileURL(made).href);
    expect(await colours.locator('#paper').isVisible()).toBe(false);
    expect(await colours.locator('#style').isVisible()).toBe(false);
    expect(await answer(colours)).toBe('Open a picture.');
    await colours.locator('#file').setInputFiles(`${photos}/some/a.png`);
    await poll(() => colours.locator('#classes li').count()).toBe(3);
    await expectSame(await probabilities(colours), ['a', 'b', 'c'], expected);
    await colours.screenshot({ path: `${screenshots}/try-model-colour.png`, fullPage: true });
    await colours.close();
  });

  it('has asked nobody for anything but itself, and has reported no error', () => {
    expect(requests.filter((address) => !/^file:.*\/index\.html/.test(address))).toEqual([]);
    expect(errors.flat()).toEqual([]);
  });
});

describe.skipIf(noBrowser)('tryModel in JupyterLab', () => {
  let lab: JupyterLab;
  let browser: Browser;
  let page: Page;
  let errors: string[];
  const place = `${folder}/lab`;
  const notebook = `${place}/try.ipynb`;

  beforeAll(async () => {
    rmSync(place, { recursive: true, force: true });
    mkdirSync(place, { recursive: true });
    const model = makeLeNet();
    await saveModel(model, `${place}/model`, { classNames, preprocessing });
    model.dispose();
    const source = `import { loadModel, tryModel } from '@course/lib';
const saved = await loadModel('model');
await tryModel(saved, { title: 'My digits' });`;
    writeFileSync(notebook, JSON.stringify({
      cells: [{ cell_type: 'code', id: 'try', execution_count: null, metadata: {}, outputs: [], source }],
      metadata: { kernelspec: { display_name: 'TypeScript', language: 'typescript', name: 'tslab' } },
      nbformat: 4, nbformat_minor: 5,
    }));
    lab = await startCourse();
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1366, height: 1000 } });
    errors = collectErrors(page);
    await openNotebook(page, lab, path.relative(projectFolder, notebook));
    await page.locator('.jp-CodeCell .jp-InputPrompt').first().click();
    await page.keyboard.press('Control+Enter');
    await page.locator('.course-page iframe').waitFor({ timeout: 120_000 });
    await waitForIdle(page);
  }, 300_000);

  afterAll(async () => {
    await browser?.close();
    await lab?.stop();
  });

  const frame = async (): Promise<Frame> =>
    (await (await page.locator('.course-page iframe').elementHandle())!.contentFrame())!;

  it('shows the page below the cell, where one draws and is answered', async () => {
    const inner = await frame();
    await inner.locator('#page').waitFor({ timeout: 60_000 });
    expect(await inner.locator('h1').innerText()).toBe('My digits');
    await draw(page, inner, SEVEN);
    await poll(() => answer(inner)).toMatch(/^The network says /);
    expect(await inner.locator('.layer').count()).toBe(8);
    await settled(inner);
    await page.screenshot({ path: `${screenshots}/try-model-lab.png` });
  });

  it('keeps the keys from the notebook, and the page from the server', async () => {
    const inner = await frame();
    await inner.locator('#paper').focus();
    for (const key of ['d', 'd', 'a', 'Space', 'ArrowDown']) await page.keyboard.press(key);
    expect(await inner.locator('#pen-state').innerText()).toMatch(/^Pen lowered/);
    expect(await page.locator('.jp-Cell').count()).toBe(1);
    expect(await inner.evaluate(() => globalThis.origin)).toBe('null');
    expect(await inner.evaluate(() => fetch('/api/contents').then(() => 'answered', () => 'refused'))).toBe('refused');
    errors.splice(0, errors.length, ...errors.filter((error) => !/Content Security Policy/.test(error)));
  });

  it('keeps the notebook small, and says elsewhere how to open the page', async () => {
    const text = await saveNotebook(page, notebook);
    expect(text.length).toBeLessThan(5_000);
    const [output] = JSON.parse(text).cells[0].outputs as { data: Record<string, string | string[]> }[];
    expect([output.data['text/html']].flat().join('')).toContain('<a href="pages/my-digits/index.html"');
    expect([output.data['text/plain']].flat().join('')).toContain('open pages/my-digits/index.html, beside this notebook');
  });

  it('says so when the page is gone', async () => {
    rmSync(`${place}/pages`, { recursive: true });
    await openNotebook(page, lab, path.relative(projectFolder, notebook));
    await poll(() => page.locator('.course-page').innerText()).toMatch(/^My digits: pages\/my-digits\/index\.html cannot be shown \(the server answers 404\)\. Run the cell again/);
    errors.splice(0, errors.length, ...errors.filter((error) => !/404/.test(error)));
  });

  it('has reported no other error', () => {
    expect(errors).toEqual([]);
  });
});
