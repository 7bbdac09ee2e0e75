import { readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveModel } from '../../lib/src/model-files/save';
import { tf } from '../../lib/src/tensorflow';
import { adamW } from '../../lib/src/training/adamw';
import { launchBrowser, noBrowser } from '../support/browser.mjs';

const folder = path.resolve(__dirname, '../output/browser/saved-model');
const tfjs = path.dirname(createRequire(__filename).resolve('@tensorflow/tfjs/package.json'));
const readme = readFileSync(path.resolve(__dirname, '../../lib/src/model-files/README.md'), 'utf8');
/** The page that the README shows. */
const [, documented] = /```html\n(.*?)```/s.exec(readme) ?? [];
const pages: Record<string, string> = {
  '/': '<!doctype html><meta charset="utf-8"><script src="tf.min.js"></script>',
  '/documented': documented,
};
const files: Record<string, string> = {
  '/tf.min.js': path.join(tfjs, 'dist/tf.min.js'),
  '/model.json': path.join(folder, 'model.json'),
  '/weights.bin': path.join(folder, 'weights.bin'),
};

/** A network with the kinds of layers of the course, trained for a step. */
async function savedModel(): Promise<{ pixels: number[]; expected: number[] }> {
  const model = tf.sequential({
    layers: [
      tf.layers.rescaling({ inputShape: [28, 28, 1], scale: 1 / 255 }),
      tf.layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu' }),
      tf.layers.batchNormalization(),
      tf.layers.maxPooling2d({ poolSize: 3, strides: 2 }),
      tf.layers.flatten(),
      tf.layers.dropout({ rate: 0.5 }),
      tf.layers.dense({ units: 3, activation: 'softmax' }),
    ],
  });
  const optimizer = adamW();
  model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  const pixels = Array.from({ length: 5 * 784 }, (_, i) => (i * 89) % 256);
  const [x, y] = [tf.tensor(pixels, [5, 28, 28, 1]), tf.tensor([0, 1, 2, 0, 1])];
  const history = await model.fit(x, y, { epochs: 2, verbose: 0 });
  const loss = history.history.loss as number[];
  await saveModel(model, folder, {
    history: { epoch: [0, 1], history: { loss }, seconds: [0, NaN], within: { at: [], measures: {} } },
    classNames: ['a', 'b', 'c'],
    preprocessing: { size: [28, 28], color: 'grey' },
  });
  const answer = model.predict(x) as tf.Tensor;
  const expected = [...answer.dataSync()];
  tf.dispose([x, y, answer]);
  model.dispose();
  optimizer.dispose();
  return { pixels, expected };
}

describe.skipIf(noBrowser)('a saved model in a page with plain TensorFlow.js', () => {
  let server: Server;
  let browser: Browser;
  let saved: { pixels: number[]; expected: number[] };

  beforeAll(async () => {
    saved = await savedModel();
    server = createServer((request, response) => {
      const [page, file] = [pages[request.url ?? ''], files[request.url ?? '']];
      if (page) response.setHeader('content-type', 'text/html').end(page);
      else if (file) response.end(readFileSync(file));
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const address = (name: string): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}${name}`;

  it('predicts the same, and has the class names', async () => {
    const page = await browser.newPage();
    const warnings: string[] = [];
    page.on('console', (message) => void (message.type() !== 'log' && warnings.push(message.text())));
    page.on('pageerror', (error) => warnings.push(String(error)));
    await page.route('**/favicon.ico', (route) => route.fulfill({ status: 204 }));
    await page.goto(address('/'));
    const found = await page.evaluate(async (pixels) => {
      const { tf: plain } = globalThis as unknown as { tf: typeof tf };
      await plain.setBackend('cpu');
      const model = await plain.loadLayersModel('model.json');
      const answer = model.predict(plain.tensor(pixels, [5, 28, 28, 1])) as tf.Tensor;
      const metadata = model.getUserDefinedMetadata() as { imageClassificationCourse: { classNames: string[] } };
      return { values: [...answer.dataSync()], classNames: metadata.imageClassificationCourse.classNames };
    }, saved.pixels);

    expect(found.classNames).toEqual(['a', 'b', 'c']);
    expect(found.values).toHaveLength(15);
    found.values.forEach((value, i) => expect(Math.abs(value - saved.expected[i])).toBeLessThan(1e-5));
    expect(warnings).toEqual([]);
  });

  it('works in the page that the README shows', async () => {
    const page = await browser.newPage();
    await page.goto(address('/documented'));
    await expect.poll(() => page.evaluate(() => document.body.textContent)).toMatch(/^[abc]$/);
  });
});
