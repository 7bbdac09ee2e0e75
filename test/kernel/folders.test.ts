import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arrayOf } from '../../lib/src/arrays';
import { encodePng } from '../../lib/src/plots/png';
import { plain, TestKernel, type Answer } from '../support/kernel-client';

/** Folders of pictures as a notebook uses them: cell after cell in the real kernel. */

/** Of each class; in all several times as many as are decoded at once. */
const COUNT = 600;
const SIDE = 12;

let kernel: TestKernel;
let temporary: string;
beforeAll(async () => {
  temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'folders-'));
  // Bright and dark pictures, which a network tells apart at once.
  for (const [label, name] of ['bright', 'dark'].entries()) {
    fs.mkdirSync(path.join(temporary, 'shades', name), { recursive: true });
    for (let i = 0; i < COUNT; i += 1) {
      const pixels = Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, at) => (label ? 20 : 200) + ((i * 7 + at) % 40));
      fs.writeFileSync(path.join(temporary, 'shades', name, `${i}.png`), encodePng(arrayOf(pixels, [SIDE, SIDE, 3])));
    }
  }
  kernel = await TestKernel.start({ env: { COURSE_CACHE: path.join(temporary, 'cache'), COURSE_QUICK: '' } });
  await run(`const folder = ${JSON.stringify(path.join(temporary, 'shades'))};`);
});
afterAll(async () => {
  await kernel.stop();
  fs.rmSync(temporary, { recursive: true, force: true });
});

/** Runs a cell that must go well. */
async function run(code: string): Promise<Answer> {
  const answer = await kernel.execute(code);
  expect(answer.reply.status, JSON.stringify(answer.reply.traceback)).toBe('ok');
  return answer;
}

/** Interrupts a cell once it has printed `go`. */
async function interrupt(code: string): Promise<Answer> {
  const running = kernel.execute(code);
  await kernel.until((messages) => messages.some(({ content }) => content.text?.includes('go')));
  await kernel.interrupt();
  return running;
}

/** The plain text of everything that a cell has shown, changes in place included. */
const texts = ({ messages }: Answer): string[] =>
  messages.filter(({ type }) => /display_data$/.test(type)).map(({ content }) => content.data['text/plain'] as string);

const pixelFiles = (): string[] => {
  const folder = path.join(temporary, 'cache', 'pixels');
  return fs.existsSync(folder) ? fs.readdirSync(folder) : [];
};

describe('a folder of pictures in a notebook', () => {
  it('is opened, looked at, learned from by augmented batches, and measured', async () => {
    await run(`
      import { augment, evaluate, explore, fit, openImageFolder, predict, setRandomSeed, tf } from '@course/lib';
      setRandomSeed(1);
      const makeModel = () => {
        const model = tf.sequential({ layers: [
          tf.layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu', inputShape: [8, 8, 3] }),
          tf.layers.flatten(),
          tf.layers.dense({ units: 2, activation: 'softmax' }),
        ] });
        model.compile({ optimizer: tf.train.adam(0.01), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
        return model;
      };`);
    const opened = await run("const shades = await openImageFolder(folder, { size: [8, 8], validationSplit: 0.25 });");
    expect(texts(opened).at(-1)).toMatch(/^shades: 900 training and 300 validation pictures, 8 × 8 pixels/);
    const explored = await run('await explore(shades);');
    expect(texts(explored)).toEqual(['shades: 900 training and 300 validation images, 8 × 8 pixels, 2 classes']);

    await run(`
      const vary = augment({ flip: true, shift: 0.1, brightness: 0.05 });
      const batches = shades.train.batches({ batchSize: 20, map: vary });
      const validationData = shades.validation!.batches();
      const model = makeModel();`);
    const trained = await run(`
      const history = await fit(model, batches, { epochs: 4, validationData, progressInterval: 0 });`);
    const shown = texts(trained);
    const lines = shown.filter((text) => /^Epoch/.test(text));
    expect(lines[0]).toMatch(/^Epoch 1 of 4 · [\d,]+ images\/s · /);
    expect(lines.some((text) => /^Epoch [1-4] of 4 · [\d,]+ images\/s · .* left · loss/.test(text))).toBe(true);
    expect(shown.some((text) => /^4 epochs in .* · loss .* · validation loss/.test(text))).toBe(true);

    const measured = await run(`
      const { numTensors } = tf.memory();
      const { acc } = await evaluate(model, validationData);
      const rows = await predict(model, validationData);
      const files = shades.validation!.files;
      const right = files.filter((file, i) => (rows.get(i, 0) > 0.5) === file.includes('bright')).length;
      console.log(acc > 0.95, right / files.length > 0.95, rows.shape.join(), tf.memory().numTensors - numTensors);`);
    expect(measured.text('stdout')).toBe('true true 300,2 0\n');
  });

  it('is a tenth, and learned from for two epochs, with COURSE_QUICK', async () => {
    await run("process.env.COURSE_QUICK = '1';");
    const opened = await run("const few = await openImageFolder(folder, { size: [8, 8] });");
    expect(texts(opened).at(-1)).toMatch(/^shades: 120 training pictures/);
    const trained = await run('const quick = await fit(makeModel(), few.train.batches({ map: vary }), { epochs: 5 });');
    expect(texts(trained).some((text) => /^2 epochs \(a quick run: 5 were asked for\)/.test(text))).toBe(true);
    await run("process.env.COURSE_QUICK = '';");
  });

  it('can be learned from again after an interrupt', async () => {
    await run('const again = makeModel();\nconst say = { onBatchEnd: async () => console.log("go") };');
    const { reply } = await interrupt('await fit(again, batches, { epochs: 1e6, callbacks: say, validationData });');
    expect([reply.ename, reply.evalue]).toEqual([
      'TrainingInterrupted', expect.stringMatching(/^Training was interrupted in epoch \d+ of 1000000, after batch/),
    ]);
    const trained = await run('const after = await fit(again, batches, { epochs: 2, validationData });');
    expect(texts(trained).some((text) => /^2 epochs in/.test(text))).toBe(true);
  });

  it('shows an error of the learner in map with the line of the cell', async () => {
    const { reply } = await kernel.execute(`const wrong = shades.train.batches({
        map: (x) => { throw new Error('my own mistake'); },
      });
      await fit(makeModel(), wrong, { epochs: 2 });`);
    expect([reply.ename, reply.evalue]).toEqual(['Error', 'my own mistake']);
    expect(plain(reply.traceback)).toMatch(/Cell \[\d+\], line 2/);
  });

  it('is read whole again after an interrupt while it was decoded', async () => {
    const before = pixelFiles();
    // Each 256 pictures take a while, as photographs do.
    await run(`
      import { loadImageFolder } from '@course/lib';
      const onProgress = () => {
        console.log('go');
        for (const end = Date.now() + 500; Date.now() < end;);
      };`);
    for (const read of ['loadImageFolder', 'openImageFolder']) {
      const { reply } = await interrupt(`const none = await ${read}(folder, { size: [10, 10], onProgress });`);
      expect([reply.ename, reply.evalue]).toEqual([
        'Interrupted',
        expect.stringMatching(/^Reading .*shades was interrupted after (256|512|768|1,024) of 1,200 pictures/),
      ]);
      expect(pixelFiles()).toEqual(before);
    }
    const whole = await run(`
      const { train } = await loadImageFolder(folder, { size: [10, 10] });
      console.log(train.images.shape.join(), train.images.get(0, 0, 0, 0), train.images.get(1199, 0, 0, 0));`);
    expect(whole.text('stdout')).toMatch(/^1200,10,10,3 2\d\d \d\d\n$/);
  });
});
