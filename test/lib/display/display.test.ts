import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  fit, memoryAccount, showClassCounts, showConfusion, showHistogram, showHistory, showLearningRates, showMemory, showModel,
  showWeights, showImage, showImages, showImageSizes, showMeanImages, showOwnPicture, tf, TrainingInterrupted,
} from '@course/lib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { arrayOf } from '../../../lib/src/arrays';
import { bytesText, durationText } from '../../../lib/src/display/text';
import { temporaryFolders } from '../../setup/temporary';

const newFolder = temporaryFolders();

interface Output {
  data: Record<string, any>;
  displayId?: string;
  update?: boolean;
}

const hook = Symbol.for('course.display');
const kernel = globalThis as unknown as Record<symbol, unknown>;

describe('in a notebook', () => {
  let outputs: Output[];
  beforeEach(() => {
    outputs = [];
    kernel[hook] = (output: Output) => outputs.push(output);
  });
  afterEach(() => void delete kernel[hook]);

  it('an image grid is HTML with a line of text beside it', () => {
    const images = arrayOf(new Uint8Array(50 * 4), [50, 2, 2]);
    showImages(images, { labels: arrayOf(Uint8Array.from({ length: 50 }, (_, i) => i % 3), [50]), classNames: ['a', 'b', 'c'], count: 4 });
    expect(outputs[0].data['text/plain']).toBe('4 images: a, b, c, a');
    expect(outputs[0].data['text/html'].match(/<img/g)).toHaveLength(4);
  });

  it('shows tensors as well as arrays, and leaves them alive', () => {
    const picture = tf.zeros([4, 4, 3]);
    showImage(picture, 7);
    expect(outputs[0].data['text/plain']).toBe('1 image: 7');
    expect(picture.isDisposed).toBe(false);
    picture.dispose();
  });

  it('says which function shows what was given', () => {
    const images = arrayOf(new Uint8Array(8), [2, 2, 2]);
    expect(() => showImages(images.pick(0))).toThrow(/shape \[2, 2\]; expected \[n, height, width\].*showImage\(image\)/s);
    expect(() => showImage(arrayOf(new Uint8Array(24), [3, 4, 2]))).toThrow(/showImage: got an array of shape \[3, 4, 2\].*showImages\(images\)/s);
    expect(() => showImage(arrayOf(new Uint8Array(4), [4]))).toThrow(/shape \[4\].*showImages\(images\)/s);
  });

  it('a figure comes as Plotly without an upload button, as SVG and as text', () => {
    showClassCounts(arrayOf(Uint8Array.of(0, 1, 1), [3]), ['cat', 'dog']);
    const { data } = outputs[0];
    expect(data['application/vnd.plotly.v1+json'].config).toEqual({ responsive: true, displaylogo: false, showSendToCloud: false });
    expect(data['image/svg+xml']).toMatch(/^<svg /);
    expect(data['text/plain']).toBe('Images in each class. cat: 1, dog: 2.');
  });

  it('shows the counts of several parts, and the sizes of images', () => {
    const [two, three] = [arrayOf(Uint8Array.of(0, 1), [2]), arrayOf(Uint8Array.of(1, 1, 1), [3])];
    showClassCounts({ training: three, validation: two }, ['cat', 'dog']);
    expect(outputs[0].data['text/plain']).toBe('Images in each class. training: cat: 0, dog: 3; validation: cat: 1, dog: 1.');
    showImageSizes(arrayOf(Int32Array.of(40, 30), [1, 2]), [32, 32]);
    expect(outputs[1].data['text/plain']).toBe('Sizes of 1 image: width 40, height 30 pixels. They will be brought to 32 × 32.');
    expect(outputs[1].data['image/svg+xml']).toMatch(/^<svg /);
  });

  it('shows weights and histograms of tensors, arrays and lists, and leaves tensors alive', () => {
    const kernel = tf.tensor2d([[1, -2], [3, 4]]);
    showWeights(kernel, { title: 'First' });
    expect(outputs[0].data['text/plain']).toMatch(/^First: heat map of 2 × 2 weights from −2 to 4/);
    showHistogram(kernel);
    showHistogram({ tensor: kernel, array: arrayOf(Float32Array.of(1, 2), [2, 1]), list: [5] });
    expect(kernel.isDisposed).toBe(false);
    kernel.dispose();
    expect(outputs[1].data['text/plain']).toMatch(/^Histogram of value\. 4 values from −2 to 4, mean 1\.5\.$/);
    expect(outputs[2].data['text/plain']).toMatch(/tensor: 4 values.*; array: 2 values.*; list: 1 value, 5/);
  });

  it('shows what is confused, what learning rates do, what memory holds, and what a model is made of', () => {
    showConfusion([[3, 1], [0, 4]], ['cat', 'dog']);
    showLearningRates({ rates: [0.1, 0.01], losses: [1, 0.5] });
    const { model, data } = task();
    showMemory(memoryAccount(model));
    showModel(model);
    clear(model, data);
    expect(outputs.map((output) => output.data['text/plain'].split(/[ .,]/)[0])).toEqual(['Confusion', 'Loss', 'Memory', 'Model']);
    for (const { data: forms } of outputs) expect(forms['image/svg+xml']).toMatch(/^<svg /);
  });

  it('shows the mean image of each class with its name', () => {
    showMeanImages(arrayOf(Uint8Array.of(0, 255, 100, 100), [2, 1, 2]), arrayOf(Uint8Array.of(0, 1), [2]), ['cat', 'dog']);
    expect(outputs[0].data['text/plain']).toBe('2 images: cat, dog');
  });

  it('shows each step of a picture of one\'s own with name and size, large ones reduced', () => {
    const steps = [
      { name: 'original', picture: arrayOf(new Uint8Array(600 * 400 * 3), [400, 600, 3]) },
      { name: 'centred', picture: arrayOf(new Uint8Array(784), [28, 28]) },
    ];
    showOwnPicture({ images: arrayOf(new Uint8Array(784), [1, 28, 28]), steps });
    expect(outputs[0].data['text/plain']).toBe('original (600 × 400) → centred (28 × 28)');
    const html: string = outputs[0].data['text/html'];
    expect(html).toContain('<figcaption>1. original<br><small>600 × 400</small></figcaption>');
    expect(html).toMatch(/alt="1\. original" width="168" height="112"/);
    const [large, small] = [...html.matchAll(/base64,([^"]+)/g)].map(([, code]) => Buffer.from(code, 'base64'));
    expect([large.readUInt32BE(16), large.readUInt32BE(20)]).toEqual([336, 224]);
    expect([small.readUInt32BE(16), small.readUInt32BE(20)]).toEqual([28, 28]);
  });

  it('fit shows one progress line and one graph, both changed in place, and costs few redraws', async () => {
    const { model, data } = task();
    const history = await fit(model, data, { epochs: 3, batchSize: 2, validationSplit: 0.5, progressInterval: 0 });
    const displays = new Set(outputs.map(({ displayId }) => displayId));
    expect(displays.size).toBe(2);
    for (const id of displays) {
      const updates = outputs.filter(({ displayId }) => displayId === id).map(({ update }) => update);
      expect(updates[0]).toBe(false);
      expect(updates.slice(1).every((update) => update === true)).toBe(true);
    }
    const graphs = outputs.filter(({ data }) => 'image/svg+xml' in data);
    expect(graphs.length).toBeLessThanOrEqual(3 + 2);
    // The area of over-fitting is there or not, as the training goes.
    const curves = graphs.at(-1)?.data['application/vnd.plotly.v1+json'].data.filter(({ name }: { name: string }) => /^(training|validation)$/.test(name));
    expect(curves).toHaveLength(4);
    expect(outputs.at(-1)?.data['text/plain']).toMatch(/^3 epochs in [\d.]+ s · loss [\d.]+ · accuracy [\d.]+ · validation loss/);
    showHistory(history);
    expect(JSON.stringify(outputs.at(-1)).length).toBeLessThan(200_000);
    clear(model, data);
  });

  it('fit does not flood the notebook when epochs are short', async () => {
    const { model, data } = task();
    await fit(model, data, { epochs: 300, batchSize: 40 });
    const seconds = Number(/ in ([\d.]+) s/.exec(outputs.at(-1)?.data['text/plain'])?.[1]);
    // The line at most five times a second, the graph once, and both at the end.
    expect(outputs.length).toBeLessThanOrEqual(Math.ceil(seconds * 6) + 4);
    expect(outputs.at(-2)?.data['application/vnd.plotly.v1+json'].data[0].x.length).toBeGreaterThan(100);
    clear(model, data);
  });

  it('fit shows progress in words and as a bar', async () => {
    const { model, data } = task();
    await fit(model, data, { epochs: 2, batchSize: 2, progressInterval: 0 });
    const [line] = outputs;
    expect(line.data['text/plain']).toMatch(/^Epoch 1 of 2 · [\d,]+ images\/s · loss/);
    expect(line.data['text/html']).toMatch(/<progress value="0\.\d+" max="2" aria-label="training"/);
    clear(model, data);
  });

  it('an interrupted fit says so in the line, and the graph stays', async () => {
    const { model, data } = task();
    setTimeout(() => process.kill(process.pid, 'SIGINT'), 200);
    await expect(fit(model, data, { epochs: 100_000 })).rejects.toBeInstanceOf(TrainingInterrupted);
    expect(outputs.at(-1)?.data['text/plain']).toMatch(/^\d+ of 100000 epochs in [\d.]+ s, interrupted · loss/);
    clear(model, data);
  });

  it('fit shows notices above the progress, also one that comes on the way or when there is nothing to train', async () => {
    const { model, data } = task();
    const checkpoint = { folder: path.join(newFolder(), '<new>') };
    const told: string[] = [];
    const spoil = { onBatchEnd: (batch: number) => {
      if (batch !== 0) return;
      rmSync(checkpoint.folder, { recursive: true });
      writeFileSync(checkpoint.folder, '');
    } };
    const onNotice = (notice: string): void => void told.push(notice);
    await fit(model, data, { batchSize: 2, checkpoint, callbacks: spoil, onNotice });
    const [first] = outputs;
    const last = outputs.at(-1)!;
    expect(last.displayId).toBe(first.displayId);
    const [notice, line, ...more] = last.data['text/plain'].split('\n');
    expect(notice).toMatch(/^A checkpoint could not be written/);
    expect(line).toMatch(/^1 epoch in/);
    expect([more, told]).toEqual([[], [notice]]);
    expect(last.data['text/html']).toMatch(/^<div>A checkpoint.*&#60;new&#62;.*<\/div><div>1 epoch in/);

    rmSync(checkpoint.folder);
    await fit(model, data, { checkpoint });
    outputs.length = 0;
    await fit(model, data, { checkpoint });
    expect(outputs.map(({ data, update }) => [data['text/plain'], update])).toEqual([
      [expect.stringMatching(/^This training was begun before: .* Its epoch was done already/), false],
    ]);
    clear(model, data);
  });

  it('display: false shows nothing', async () => {
    const { model, data } = task();
    await fit(model, data, { display: false });
    expect(outputs).toEqual([]);
    clear(model, data);
  });

  it('display: false warns of what the learner should know, unless someone else is told', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { model, data } = task();
    const checkpoint = { folder: newFolder() };
    const told: string[] = [];
    await fit(model, data, { display: false, checkpoint });
    await fit(model, data, { display: false, checkpoint, onNotice: (notice) => told.push(notice) });
    expect([warn.mock.calls.length, told.length]).toEqual([0, 1]);
    await fit(model, data, { display: false, checkpoint });
    expect(warn.mock.calls).toEqual([[told[0]]]);
    warn.mockRestore();
    expect(outputs).toEqual([]);
    clear(model, data);
  });
});

describe('outside a notebook', () => {
  it('prints the text of an output, and one line an epoch', async () => {
    const printed: string[] = [];
    const log = vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
    showImage(arrayOf(new Uint8Array(4), [2, 2]), 'cat');
    const { model, data } = task();
    await fit(model, data, { epochs: 2 });
    const checkpoint = { folder: newFolder() };
    for (let i = 0; i < 2; i++) await fit(model, data, { checkpoint });
    log.mockRestore();
    expect(printed[0]).toBe('1 image: cat');
    expect(printed.slice(1).map((line) => line.slice(0, 13))).toEqual([
      'Epoch 1 of 2 ', 'Epoch 2 of 2 ', expect.stringMatching(/^2 epochs in/),
      'Epoch 1 of 1 ', expect.stringMatching(/^1 epoch in/), 'This training',
    ]);
    clear(model, data);
  });
});

describe('durationText', () => {
  it.each([[0.04, '0.0 s'], [9.94, '9.9 s'], [9.96, '10 s'], [59.4, '59 s'], [59.6, '1 min 00 s'], [125, '2 min 05 s'], [7800, '2 h 10 min']])(
    'writes %d seconds as %s', (seconds, text) => expect(durationText(seconds)).toBe(text));
});

describe('bytesText', () => {
  it.each([[0, '0 B'], [999, '999 B'], [1000, '1.0 kB'], [47_040_000, '47.0 MB'], [2_500_000_000, '2.5 GB']])(
    'writes %d as %s', (bytes, text) => expect(bytesText(bytes)).toBe(text));
});

function task(): { model: tf.Sequential; data: { x: tf.Tensor; y: tf.Tensor } } {
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, activation: 'softmax', inputShape: [3] })] });
  model.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  return { model, data: { x: tf.randomNormal([40, 3], 0, 1, 'float32', 1), y: tf.oneHot(tf.range(0, 40, 1, 'int32').mod(2).toInt(), 2).toFloat() } };
}

function clear(model: tf.LayersModel, data: { x: tf.Tensor; y: tf.Tensor }): void {
  model.dispose();
  tf.dispose([data.x, data.y]);
}
