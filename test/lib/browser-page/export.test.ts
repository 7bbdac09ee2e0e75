import { exportForBrowser, tf, tryModel } from '@course/lib';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { linkModules } from '../../../lib/src/browser-page/link';
import { temporaryFolders } from '../../setup/temporary';

const newFolder = temporaryFolders();
let tensors = 0;
beforeEach(() => void (tensors = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(tensors));

const GREY = { size: [28, 28], color: 'grey', normalise: { range: [0, 1] } } as const;

type Layers = Parameters<typeof tf.sequential>[0];
const digits = (units = 10): Layers => ({
  layers: [
    tf.layers.conv2d({ filters: 2, kernelSize: 5, inputShape: [28, 28, 1], activation: 'relu' }),
    tf.layers.flatten(),
    tf.layers.dense({ units, activation: units === 1 ? 'sigmoid' : 'softmax' }),
  ],
});

async function withModel<T>(layers: Layers, use: (model: tf.Sequential) => Promise<T>): Promise<T> {
  const model = tf.sequential(layers);
  try {
    return await use(model);
  } finally {
    model.dispose();
  }
}

const failure = (layers: Layers, rest: object, folder = newFolder()): Promise<string> =>
  withModel(layers, async (model) => {
    const { kind, ...saved } = rest as { kind?: 'draw' };
    const error = await exportForBrowser({ model, ...saved }, folder, { kind }).catch((reason: Error) => reason);
    expect(error).toBeInstanceOf(Error);
    return (error as Error).message;
  });

/** What the page holds as JSON. */
const factsIn = (file: string) =>
  JSON.parse(/id="facts">(.*?)<\/script>/s.exec(fs.readFileSync(file, 'utf8'))![1]) as Record<string, unknown>;

describe('exportForBrowser', () => {
  it('writes one file, below 5 MB for 600,000 parameters, that refers to nothing else', async () => {
    const folder = path.join(newFolder(), 'pages', 'digits');
    const layers = {
      layers: [
        tf.layers.flatten({ inputShape: [28, 28, 1] }),
        tf.layers.dense({ units: 755, activation: 'relu' }),
        tf.layers.dense({ units: 10, activation: 'softmax' }),
      ],
    };
    const file = await withModel(layers, (model) => {
      expect(model.countParams()).toBe(785 * 755 + 756 * 10);
      return exportForBrowser({ model, preprocessing: GREY }, folder, { title: 'Mine & <yours>' });
    });
    expect(file).toBe(path.join(folder, 'index.html'));
    expect(fs.readdirSync(folder)).toEqual(['index.html']);
    const html = fs.readFileSync(file, 'utf8');
    expect(html.length).toBeLessThan(5_000_000);
    expect(/<h1>(.*)<\/h1>/.exec(html)![1]).toBe('Mine &#38; &#60;yours&#62;');
    const tags = html.replace(/<script[^]*?<\/script>/g, '').match(/(?:src|href)="[^"]*"/g);
    expect(tags).toEqual(['href="data:,"']);
    // TensorFlow.js, the facts, the weights and the page's own script.
    expect(html.match(/^<script[ >]/gm)).toHaveLength(4);
    expect(html.match(/<\/script>/g)).toHaveLength(4);
    expect(html).not.toMatch(/sourceMappingURL=\S+\.map/);
  });

  it('holds what the page needs to know, also a class name that looks like HTML', async () => {
    const folder = newFolder();
    const classNames = ['</script><b>', 'a, b'];
    const file = await withModel(digits(2), (model) =>
      exportForBrowser({ model, classNames, preprocessing: { ...GREY, like: 'fashion-mnist' } }, folder));
    const facts = factsIn(file);
    expect(facts).toMatchObject({
      kind: 'draw', classNames, drawnLike: 'fashion-mnist', openedLike: 'fashion-mnist', inputShape: [28, 28, 1],
      preprocessing: { ...GREY, resize: 'squash' },
    });
    const [first, second] = facts.expected as number[];
    expect(first + second).toBeCloseTo(1, 5);
  });

  it('takes the size from a list of pixels, and reads one sigmoid as two classes', async () => {
    const layers = { layers: [tf.layers.dense({ units: 1, activation: 'sigmoid', inputShape: [784] })] };
    const file = await withModel(layers, (model) => exportForBrowser({ model, preprocessing: {} }, newFolder()));
    expect(factsIn(file)).toMatchObject({
      classNames: ['0', '1'], preprocessing: { size: [28, 28], color: 'grey' }, inputShape: [784], openedLike: 'mnist',
    });
  });

  it('offers no paper for colour pictures, nor makes them like a dataset', async () => {
    const layers = { layers: [
      tf.layers.flatten({ inputShape: [8, 6, 3] }), tf.layers.dense({ units: 2, activation: 'softmax' }),
    ] };
    const file = await withModel(layers, (model) => exportForBrowser({ model, preprocessing: {} }, newFolder()));
    const facts = factsIn(file);
    expect(facts).toMatchObject({ kind: 'photo', preprocessing: { size: [8, 6], color: 'rgb' } });
    expect(facts).not.toHaveProperty('openedLike');
  });

  it('replaces a page of its own, and leaves any other as it is', async () => {
    const folder = newFolder();
    await withModel(digits(), async (model) => {
      await exportForBrowser({ model, preprocessing: GREY }, folder, { title: 'first' });
      await exportForBrowser({ model, preprocessing: GREY }, folder, { title: 'second' });
    });
    expect(fs.readdirSync(folder)).toEqual(['index.html']);
    expect(fs.readFileSync(path.join(folder, 'index.html'), 'utf8')).toContain('<h1>second</h1>');
    const own = newFolder();
    fs.writeFileSync(path.join(own, 'index.html'), 'my homepage');
    expect(await failure(digits(), { preprocessing: GREY }, own)).toMatch(/a page that exportForBrowser has not made/);
    expect(fs.readFileSync(path.join(own, 'index.html'), 'utf8')).toBe('my homepage');
    const file = path.join(own, 'file');
    fs.writeFileSync(file, '');
    expect(await failure(digits(), { preprocessing: GREY }, file)).toMatch(/is a file, or lies in one/);
  });

  it('says what is missing or does not fit', async () => {
    expect(await failure(digits(), {})).toMatch(/model without preprocessing/);
    expect(await failure(digits(), { preprocessing: { ...GREY, size: [32, 32] } }))
      .toMatch(/makes pictures of shape \[32, 32\], but the model takes \[28, 28, 1\]/);
    expect(await failure(digits(), { preprocessing: GREY, classNames: ['a'] })).toMatch(/1 class names.*10 classes/);
    const colours = { layers: [
      tf.layers.flatten({ inputShape: [4, 4, 3] }), tf.layers.dense({ units: 2, activation: 'softmax' }),
    ] };
    expect(await failure(colours, { preprocessing: {}, kind: 'draw' })).toMatch(/strokes have no colours/);
    const logits = { layers: [
      tf.layers.flatten({ inputShape: [28, 28, 1] }), tf.layers.dense({ units: 2, biasInitializer: tf.initializers.constant({ value: 9 }), kernelInitializer: 'zeros' }),
    ] };
    expect(await failure(logits, { preprocessing: GREY })).toMatch(/got the number 9.*expected probabilities/);
    const lost = { layers: [
      tf.layers.flatten({ inputShape: [28, 28, 1] }),
      tf.layers.dense({ units: 2, biasInitializer: tf.initializers.constant({ value: NaN }) }),
    ] };
    expect(await failure(lost, { preprocessing: GREY })).toMatch(/answers NaN/);
    await expect(exportForBrowser({} as never, 'x')).rejects.toThrow('exportForBrowser: got no model; expected');
    await withModel(digits(), (model) =>
      expect(exportForBrowser({ model, preprocessing: GREY }, '')).rejects.toThrow('got no name; expected a folder'));
  });
});

describe('tryModel', () => {
  const display = Symbol.for('course.display');
  const shown: { data: Record<string, unknown> }[] = [];
  const before = process.cwd();
  beforeEach(() => {
    shown.length = 0;
    (globalThis as Record<symbol, unknown>)[display] = (output: (typeof shown)[0]) => void shown.push(output);
  });
  afterEach(() => {
    delete (globalThis as Record<symbol, unknown>)[display];
    process.chdir(before);
  });

  it('puts the page beside the notebook, and only its name into the output', async () => {
    process.chdir(newFolder());
    await withModel(digits(), (model) => tryModel({ model, preprocessing: GREY }, { title: 'My “digits” & more' }));
    const place = 'pages/my-digits-more/index.html';
    expect(fs.existsSync(place)).toBe(true);
    expect(shown).toHaveLength(1);
    const { data } = shown[0];
    expect(data['application/vnd.course.page+json']).toEqual({ path: place, title: 'My “digits” & more' });
    expect(data['text/html']).toContain(`<a href="${place}"`);
    expect(data['text/html']).toContain('My “digits” &#38; more');
    expect(data['text/plain']).toContain(`open ${place}, beside this notebook`);
    expect(JSON.stringify(data).length).toBeLessThan(1_000);
  });

  it('refuses folders that Jupyter does not show', async () => {
    process.chdir(newFolder());
    await withModel(digits(), async (model) => {
      for (const folder of ['../elsewhere', '/tmp', '.hidden/page']) {
        await expect(tryModel({ model, preprocessing: GREY }, { folder })).rejects.toThrow('beside the notebook or below');
      }
    });
    expect(shown).toEqual([]);
  });
});

describe('linkModules', () => {
  it('joins a module with all that it needs, each once', () => {
    const script = linkModules('browser-page/page/main');
    const names = [...script.matchAll(/^"(.+?)"\(exports, module, require\) \{$/gm)].map(([, name]) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('preprocessing/own-picture');
    expect(names).toContain('browser-page/in-page/resize');
    expect(names).not.toContain('preprocessing/resize');
  });

  it('refuses what a page has not', () => {
    expect(() => linkModules('disk')).toThrow(/disk needs node:crypto, which a page has not/);
  });
});
