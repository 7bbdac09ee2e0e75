import {
  classifyMany, classifyOne, Interrupted, loadModel, normalise, ownPicture, saveModel, tf, toTensor,
  type ModelWithFacts,
} from '@course/lib';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { arrayOf } from '../../../lib/src/arrays';
import { readImageFolder } from '../../../lib/src/data/folder/image-folder';
import { classifyFiles } from '../../../lib/src/inspection/classify';
import { temporaryFolders } from '../../setup/temporary';
import { plainPng, quartersPng, type Colour } from '../data/folder/support';

const newFolder = temporaryFolders();

/** How much more the model trusts the brightest colour. */
const SURE = 5;

/** Says which of red, green and blue is brightest: the mean of each, five times, and a softmax over these. */
function colourModel(): tf.LayersModel {
  const model = tf.sequential({
    layers: [
      tf.layers.globalAveragePooling2d({ inputShape: [8, 8, 3], name: 'means' }),
      tf.layers.dense({ units: 3, activation: 'softmax', name: 'answer' }),
    ],
  });
  tf.tidy(() => model.layers[1].setWeights([tf.eye(3).mul(SURE), tf.zeros([3])]));
  return model;
}

const colours: Record<string, Colour> = { red: [255, 0, 0], green: [0, 255, 0], blue: [0, 0, 255] };
const classNames = Object.keys(colours);
/** The probability of the colour of a picture that has no other. */
const CERTAIN = Math.exp(SURE) / (Math.exp(SURE) + 2);

let tensorsBefore: number;
let saved: ModelWithFacts;
beforeEach(() => {
  tensorsBefore = tf.memory().numTensors;
  saved = { model: colourModel(), classNames, preprocessing: { normalise: { range: [0, 1] } } };
});
afterEach(() => {
  saved.model.dispose();
  expect(tf.memory().numTensors).toBe(tensorsBefore);
});

async function write(folder: string, files: Record<string, Buffer | string>): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
  return folder;
}

const png = (name: string): Promise<Buffer> => plainPng(colours[name], 20, 10);

describe('classifyOne', () => {
  it('names the most probable classes of a file, of its bytes, and of pixels in memory', async () => {
    const bytes = await png('green');
    const file = path.join(await write(newFolder(), { 'a.png': bytes }), 'a.png');
    const pixels = arrayOf(Uint8Array.from({ length: 200 * 3 }, (_, i) => colours.green[i % 3]), [10, 20, 3]);
    const tensor = toTensor(pixels);
    for (const source of [file, bytes, pixels, tensor]) {
      const { top, picture } = await classifyOne(saved, source);
      expect(top.map(({ className }) => className)).toEqual(['green', 'red', 'blue']);
      expect(top[0].probability).toBeCloseTo(CERTAIN, 6);
      expect(picture.shape).toEqual([8, 8, 3]);
    }
    tensor.dispose();
  });

  it('takes what loadModel brings back', async () => {
    const folder = path.join(newFolder(), 'colours');
    const { model, ...facts } = saved;
    await saveModel(model, folder, facts);
    const loaded = await loadModel(folder);
    const { top } = await classifyOne(loaded, await png('blue'));
    expect(top[0]).toEqual({ className: 'blue', probability: expect.closeTo(CERTAIN, 6) });
    loaded.model.dispose();
  });

  it('keeps the layers, computed of the same numbers', async () => {
    const { layers, original } = await classifyOne(saved, await png('blue'));
    expect(layers.map(({ name, type }) => [name, type])).toEqual([
      ['means', 'GlobalAveragePooling2D'], ['answer', 'Dense'],
    ]);
    expect(Array.from(layers[0].values.data)).toEqual([0, 0, 1]);
    expect(layers[1].weights[0].values.shape).toEqual([3, 3]);
    expect(original?.shape).toEqual([84, 168, 3]);
  });

  it('prepares a photo just as loadImageFolder does: turned as its camera noted, resized, normalised', async () => {
    const shades = Buffer.from(Uint8Array.from({ length: 60 * 40 * 3 }, (_, i) => (i * 7) % 256));
    const photo = await sharp(shades, { raw: { width: 60, height: 40, channels: 3 } }).withMetadata({ orientation: 6 })
      .jpeg({ quality: 95 }).toBuffer();
    const folder = await write(newFolder(), { 'red/photo.jpg': photo });
    for (const resize of ['squash', 'crop', 'fill'] as const) {
      const { train } = await readImageFolder(folder, { size: [8, 8], resize });
      const model = { ...saved, preprocessing: { resize } };
      const { picture } = await classifyOne(model, path.join(folder, 'red/photo.jpg'));
      expect(Array.from(picture.data)).toEqual(Array.from(train.images.data));
    }
  });

  it('takes numbers as they are if they are floats, as one row of the training data', async () => {
    const pixels = arrayOf(Uint8Array.from({ length: 192 }, (_, i) => colours.red[i % 3]), [1, 8, 8, 3]);
    const asRow = normalise(pixels);
    const { preprocessing, ...without } = saved;
    expect(preprocessing).toBeDefined();
    for (const source of [asRow, asRow.pick(0)]) {
      const { top, picture } = await classifyOne(without, source);
      expect(top[0]).toEqual({ className: 'red', probability: expect.closeTo(CERTAIN, 6) });
      expect(picture.shape).toEqual([8, 8, 3]);
    }
    const part = normalise(pixels.pick(0).pick(0));
    await expect(classifyOne(without, part)).rejects.toThrow(/shape \[8, 3\]; the model takes/);
  });

  it('normalises by the statistics that were kept, and not at all where none were', async () => {
    const statistics = { mean: [255, 0, 0], deviation: [2, 1, 1] };
    const means = async (preprocessing: ModelWithFacts['preprocessing']): Promise<number[]> =>
      Array.from((await classifyOne({ ...saved, preprocessing }, await png('red'))).layers[0].values.data);
    expect(await means({ normalise: statistics })).toEqual([0, 0, 0]);
    expect(await means({})).toEqual([255, 0, 0]);
  });

  it('makes a drawing like a digit of MNIST first where the model asks for it, but not a digit of MNIST', async () => {
    const model = tf.sequential({
      layers: [tf.layers.flatten({ inputShape: [28, 28] }), tf.layers.dense({ units: 2, activation: 'softmax' })],
    });
    const digits: ModelWithFacts = { model, preprocessing: { like: 'mnist', normalise: { range: [0, 1] } } };
    const stroke = '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="300"><rect width="200" height="300" ' +
      'fill="white"/><path d="M 40 60 L 40 140" stroke="black" stroke-width="12"/></svg>';
    const drawn = await sharp(Buffer.from(stroke)).png().toBuffer();
    const file = path.join(await write(newFolder(), { 'one.png': drawn }), 'one.png');
    const { picture, original } = await classifyOne(digits, file);
    expect(picture.shape).toEqual([28, 28]);
    expect(Array.from(picture.data)).toEqual(Array.from((await ownPicture(file)).images.data));
    expect(original?.shape).toEqual([168, 112, 3]);

    const own = Uint8Array.from({ length: 784 }, (_, i) => i % 256);
    const ofMnist = await sharp(own, { raw: { width: 28, height: 28, channels: 1 } }).png().toBuffer();
    expect(Array.from((await classifyOne(digits, ofMnist)).picture.data)).toEqual(Array.from(own));
    const empty = await plainPng([255, 255, 255], 50, 50);
    await expect(classifyOne(digits, empty)).rejects.toThrow(/nothing stands out/);
    model.dispose();
  });

  it('reads a single sigmoid, and names classes by their numbers where there are no names', async () => {
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [4], activation: 'sigmoid' })] });
    tf.tidy(() => model.layers[0].setWeights([tf.ones([4, 1]), tf.zeros([1])]));
    const { top } = await classifyOne({ model }, arrayOf(Float32Array.of(1, 0, 0, 0), [4]));
    const p = 1 / (1 + Math.exp(-1));
    expect(top).toEqual([
      { className: '1', probability: expect.closeTo(p, 6) }, { className: '0', probability: expect.closeTo(1 - p, 6) },
    ]);
    model.dispose();
  });

  it('has no prediction if the answer is NaN, and still says what the layers do', async () => {
    tf.tidy(() => saved.model.layers[1].setWeights([tf.fill([3, 3], NaN), tf.zeros([3])]));
    const { top, layers } = await classifyOne(saved, await png('red'));
    expect(top).toEqual([]);
    expect(layers.map(({ statistics }) => statistics.notFinite)).toEqual([0, 3]);
  });

  it('says what is missing: the file, a picture in it, the preprocessing, the names', async () => {
    const folder = await write(newFolder(), { 'seven.png': await png('red'), 'notes.png': 'a shopping list', 'cut.png':
      (await quartersPng()).subarray(0, 60) });
    const at = (name: string): string => path.join(folder, name);
    const cases: [model: ModelWithFacts, source: unknown, message: RegExp][] = [
      [saved, at('sevn.png'), /classifyOne: .*there is no such file.*seven\.png/s],
      [saved, folder, /got a folder; expected a picture/],
      [saved, at('notes.png'), /not a picture \(the content is text\); expected JPEG/],
      [saved, at('cut.png'), /cut\.png: .*truncated/],
      [saved, Uint8Array.of(1, 2), /classifyOne: 2 bytes: .*not a picture/],
      [saved, 7, /got number; expected the path of a picture/],
      [saved, arrayOf(Int32Array.of(-1, 0, 0, 0), [2, 2]), /got the pixel -1; expected whole numbers from 0 to 255/],
      [{ ...saved, preprocessing: undefined }, at('seven.png'), /a model without preprocessing.*\{ normalise/s],
      [{ ...saved, preprocessing: { size: [9, 9] } }, at('seven.png'),
        /makes pictures of shape \[9, 9, 3\], but the model takes \[8, 8, 3\]/],
      [{ ...saved, classNames: ['a'] }, at('seven.png'), /got 1 class names.*3 classes/],
      [saved.model as never, at('seven.png'), /got a model alone; expected what loadModel returns/],
    ];
    for (const [model, source, message] of cases) {
      await expect(classifyOne(model, source as string)).rejects.toThrow(message);
    }
  });

  it('reads the name of nothing: a PNG called .jpg is a picture', async () => {
    const folder = await write(newFolder(), { 'really a png.jpg': await png('blue') });
    expect((await classifyOne(saved, path.join(folder, 'really a png.jpg'))).top[0].className).toBe('blue');
  });
});

describe('classifyMany', () => {
  it('judges the pictures of a folder with one sub-folder for each class', async () => {
    const folder = await write(newFolder(), {
      'red/1.png': await png('red'), 'red/2.png': await png('blue'), 'green/3.png': await png('green'),
    });
    const many = await classifyMany(saved, folder);
    expect(many.files.map((file) => path.basename(file))).toEqual(['3.png', '1.png', '2.png']);
    expect(many.top.map(([{ className }]) => className)).toEqual(['green', 'red', 'blue']);
    expect(many.probabilities.shape).toEqual([3, 3]);
    expect(many.report?.accuracy).toBe(2 / 3);
    expect(many.report?.confusion).toEqual([[1, 0, 1], [0, 1, 0], [0, 0, 0]]);
    expect(many.hardest?.indices).toEqual([2]);
    expect(many.topPictures.map(({ className, indices }) => [className, indices]))
      .toEqual([['red', [1]], ['green', [0]], ['blue', [2]]]);
    expect(Array.from(many.topPictures[1].images.data.slice(0, 3))).toEqual(colours.green);
    expect(many.toString()).toMatch(/: 3 pictures classified\n\nClass/);
  });

  it('says where each picture is put of a folder without classes, and of a list of files', async () => {
    const folder = await write(newFolder(), {
      'b.png': await png('blue'), 'a.png': await png('red'), '.hidden': 'x', 'notes.txt': 'x',
    });
    const many = await classifyMany(saved, folder);
    expect(many.top.map(([{ className }]) => className)).toEqual(['red', 'blue']);
    expect([many.report, many.hardest]).toEqual([undefined, undefined]);
    expect(many.skipped).toEqual([
      { file: '.hidden', reason: 'hidden file' },
      { file: 'notes.txt', reason: 'not a picture', detail: 'the content is text' },
    ]);
    expect(many.toString()).toMatch(
      /2 pictures classified\nTaken for red: 1, blue: 1\nSkipped: 1 × hidden file, 1 × not a picture\.$/);
    const listed = await classifyMany(saved, [path.join(folder, 'b.png'), path.join(folder, 'gone.png')]);
    expect(listed.title).toBe('2 files');
    expect(listed.top.map(([{ className }]) => className)).toEqual(['blue']);
    expect(listed.skipped).toEqual([{ file: path.join(folder, 'gone.png'), reason: 'no such file' }]);
  });

  it('matches names of folders that differ in capitals and punctuation, and says which it does not know', async () => {
    const folder = await write(newFolder(), {
      'RED_light/1.png': await png('red'), 'violet/2.png': await png('blue'),
    });
    const many = await classifyMany({ ...saved, classNames: ['red/light', 'green', 'blue'] }, folder);
    expect(many.report?.accuracy).toBe(1);
    expect(many.files).toHaveLength(1);
    expect(many.skipped).toEqual([{ file: 'violet/2.png', reason: 'not a class of the model', detail: '"violet"' }]);
    await expect(classifyMany({ ...saved, classNames: ['cat', 'dog', 'cow'] }, folder))
      .rejects.toThrow(/sub-folders "RED_light", "violet", none of which is a class of the model; expected "cat"/);
  });

  it('refuses a whole dataset, a folder with nothing to classify, and one that there is not', async () => {
    const red = await png('red');
    const dataset = await write(newFolder(), { 'train/red/1.png': red, 'validation/red/2.png': red });
    await expect(classifyMany(saved, dataset)).rejects.toThrow(/the parts of a dataset; expected one of them/);
    const useless = await write(newFolder(), { 'a.txt': 'x', 'b.png': '' });
    await expect(classifyMany(saved, useless)).rejects.toThrow(
      /none of the 2 files of .* is a picture that can be classified \(1 × empty file, 1 × not a picture\)/);
    await expect(classifyMany(saved, path.join(useless, 'gone'))).rejects.toThrow(/there is no such folder/);
    await expect(classifyMany(saved, path.join(useless, 'a.txt'))).rejects.toThrow(/got a file, expected a folder/);
    await expect(classifyMany(saved, newFolder())).rejects.toThrow(/got no class.*nothing in it/);
    await expect(classifyMany(saved, [])).rejects.toThrow(/got no files/);
  });

  it.skipIf(process.platform === 'win32')('waits for no pipes, and follows no links out of the folder', async () => {
    const folder = await write(newFolder(), { 'a.png': await png('red') });
    const outside = await write(newFolder(), { 'secret.png': await png('blue') });
    execFileSync('mkfifo', [path.join(folder, 'pipe.png')]);
    symlinkSync(path.join(outside, 'secret.png'), path.join(folder, 'link.png'));
    symlinkSync(path.join(folder, 'nothing'), path.join(folder, 'void.png'));
    const many = await classifyMany(saved, folder);
    expect(many.files).toHaveLength(1);
    expect(many.skipped.map(({ file, reason }) => `${file}: ${reason}`).sort()).toEqual([
      'link.png: link that leads out of the folder', 'pipe.png: not a file', 'void.png: broken link',
    ]);
  });

  it('goes on over more pictures than are in memory at a time, in order, and tells how far it is', async () => {
    const [red, green] = [await png('red'), await png('green')];
    const files = Object.fromEntries(Array.from({ length: 600 }, (_, i) =>
      [`${String(i).padStart(3, '0')}.png`, i % 3 === 0 ? red : green]));
    const progress: string[] = [];
    const many = await classifyFiles(saved, await write(newFolder(), files), ({ done, total }) =>
      void progress.push(`${done} of ${total}`));
    expect(progress).toEqual(['256 of 600', '512 of 600', '600 of 600']);
    expect(many.top.every(([{ className }], i) => className === (i % 3 === 0 ? 'red' : 'green'))).toBe(true);
    // Of many, some are kept to be shown.
    expect(many.topPictures.map(({ images }) => images.shape)).toEqual([[6, 8, 8, 3], [6, 8, 8, 3]]);
  });

  it('ends after the present part when it is interrupted', async () => {
    const red = await png('red');
    const files = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`${i}.png`, red]));
    const running = classifyFiles(saved, await write(newFolder(), files), () => void process.emit('SIGINT'));
    await expect(running).rejects.toThrow(Interrupted);
    await expect(running).rejects.toThrow(/interrupted after 256 of 300 pictures/);
  });
});
