import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runNotebooks, type NotebookRun } from '../support/run-notebooks';

const OUTPUT = path.resolve(__dirname, '../output/notebooks');

/** The accuracy on the validation data after the last epoch, as the lesson's progress line says it. */
function validationAccuracy(run: NotebookRun): number {
  const texts = run.outputs('01_mnist_mlp').map((output) => [output.data?.['text/plain'] ?? ''].flat().join(''));
  const line = texts.find((text) => text.startsWith('5 epochs in'));
  return Number(/validation accuracy ([\d.]+)/.exec(line ?? '')?.[1]);
}

const spoken = (run: NotebookRun, lesson = '01_mnist_mlp'): string => JSON.stringify(run.outputs(lesson));

/** What the cells of a lesson have shown as text, in order. */
const said = (run: NotebookRun, lesson: string): string => run.outputs(lesson)
  .map(({ text, data }) => [text ?? data?.['text/plain'] ?? ''].flat().join('')).join('');

/** The number behind some words of a lesson's outputs. */
function numberAfter(text: string, pattern: RegExp): number {
  const found = pattern.exec(text);
  if (!found) throw new Error(`no ${pattern} in: ${text.slice(-2000)}`);
  return Number(found[1].replaceAll(',', ''));
}

/** Runs a lesson in full up to the cell `last`, as a notebook of its own with its own models and checkpoints; `shorten` changes its code. */
async function runBeginning(lesson: string, last: string, shorten: (code: string) => string = (code) => code): Promise<string> {
  const folder = path.join(OUTPUT, 'beginnings', lesson);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  const notebook = JSON.parse(fs.readFileSync(path.resolve(__dirname, '../../notebooks', `${lesson}.ipynb`), 'utf8')) as
    { cells: { id: string; cell_type: string; source: string[] }[] };
  const end = notebook.cells.findIndex(({ id }) => id === last) + 1;
  if (end === 0) throw new Error(`${lesson} has no cell ${last}`);
  const cells = notebook.cells.slice(0, end)
    .map((cell) => (cell.cell_type === 'code' ? { ...cell, source: shorten(cell.source.join('')) } : cell));
  const file = path.join(folder, `${lesson}.ipynb`);
  fs.writeFileSync(file, JSON.stringify({ ...notebook, cells }));
  const run = await runNotebooks([file], path.join(folder, 'out'), { COURSE_QUICK: undefined });
  expect(run.exitCode, run.output).toBe(0);
  return said(run, lesson);
}

describe('lesson 01 in full', () => {
  it.runIf(process.env.COURSE_DATA)('reaches a validation accuracy of at least 0.975 on MNIST', async () => {
    const run = await runNotebooks(['01'], path.join(OUTPUT, 'full'), { COURSE_QUICK: undefined });
    expect(run.exitCode, run.output).toBe(0);
    expect(spoken(run)).toContain('MNIST: 60,000 training and 10,000 test images');
    expect(validationAccuracy(run)).toBeGreaterThanOrEqual(0.975);
    expect(validationAccuracy(run)).toBeLessThan(0.995);
  }, 900_000);

  it('runs on drawn digits where there is no data and no network, says so, and learns them', async () => {
    const cache = fs.mkdtempSync(path.join(os.tmpdir(), 'course-cache-'));
    try {
      const run = await runNotebooks(['01'], path.join(OUTPUT, 'drawn'), {
        COURSE_DATA: undefined, COURSE_CACHE: cache, COURSE_OFFLINE: '1', COURSE_QUICK: undefined,
      });
      expect(run.exitCode, run.output).toBe(0);
      expect(spoken(run)).toContain('Drawn digits (stand-in, not MNIST): 60,000 training and 10,000 test images');
      expect(spoken(run)).toContain('COURSE_OFFLINE is set');
      expect(validationAccuracy(run)).toBeGreaterThan(0.9);
      expect(validationAccuracy(run)).toBeLessThan(0.995);
    } finally {
      fs.rmSync(cache, { recursive: true });
    }
  }, 900_000);
});

describe('lesson 02 and the line fit in full', () => {
  const lesson = '02_fashion_mnist_mlp';
  let run: NotebookRun;
  beforeAll(async () => {
    run = await runNotebooks(['02', 'bonus'], path.join(OUTPUT, 'full-02'), { COURSE_QUICK: undefined });
    expect(run.exitCode, run.output).toBe(0);
  }, 900_000);

  it.runIf(process.env.COURSE_DATA)('reaches a test accuracy of at least 0.88 on Fashion-MNIST', () => {
    const accuracy = Number(/test accuracy ([\d.]+)/.exec(spoken(run, lesson))?.[1]);
    expect(accuracy).toBeGreaterThanOrEqual(0.88);
    expect(accuracy).toBeLessThan(0.92);
  });

  it('computes the numbers that it tells of, and has none of them in its code', () => {
    const counted = ['200,960', '32,896', '1,290', '235,146', '133,120', '49,152', '17,664', '199,936', '47,040,000', '47,475,082', '940,584'];
    const { cells } = JSON.parse(run.read(`${lesson}.ipynb`)) as { cells: { cell_type: string; source: string | string[] }[] };
    const code = cells.filter(({ cell_type }) => cell_type === 'code').map(({ source }) => [source].flat().join('')).join('\n').replaceAll('_', '');
    for (const number of counted) {
      expect(spoken(run, lesson)).toContain(number);
      expect(code).not.toContain(number.replaceAll(',', ''));
    }
  });

  it('predicts the memory of weights and optimizer to the byte, and the most that a step takes', () => {
    const pairs = [...spoken(run, lesson).matchAll(/(weights|optimizer|at most) +predicted +([\d,]+) +measured +([\d,]+) bytes/g)];
    expect(pairs.map(([, what]) => what)).toEqual(['weights', 'optimizer', 'at most']);
    const bytes = pairs.map(([, , ...numbers]) => numbers.map((number) => Number(number.replaceAll(',', ''))));
    for (const [predicted, measured] of bytes.slice(0, 2)) expect(measured).toBe(predicted);
    expect(bytes[2][1] / bytes[2][0]).toBeCloseTo(1, 3);
  });

  it('finds the line of least squares, by formula and by a network', () => {
    const text = spoken(run, 'bonus_line_fit');
    // Slope 422.5 / 82.5 and mean 37.5: computed with pencil and paper.
    expect(text).toContain(`best:            m ${(422.5 / 82.5).toFixed(4)}, b ${(37.5 - 4.5 * (422.5 / 82.5)).toFixed(4)}`);
    const [, byHand] = /after 300 steps: (m [\d.]+, b [\d.]+)/.exec(text)!;
    expect(text).toContain(`"${byHand}\\n"`);
  });
});

describe('lesson 03 in full, but for the length of its training', () => {
  it.runIf(process.env.COURSE_DATA)('learns in three of its forty epochs what it promises for them, and is the same when it is loaded again', async () => {
    const text = await runBeginning('03_fashion_mnist_cnn', 'evaluate-test', (code) => code.replace('epochs: 40', 'epochs: 3'));
    const [best, test] = [/best validation accuracy ([\d.]+)/, /test accuracy ([\d.]+)/].map((pattern) => numberAfter(text, pattern));
    expect(best).toBeGreaterThanOrEqual(0.86);
    expect(best).toBeLessThan(0.92);
    // Nothing was chosen by the test data: it differs from the validation by chance alone.
    expect(Math.abs(test - numberAfter(text, /at the end: training [\d.]+, validation ([\d.]+)/))).toBeLessThan(0.02);
    expect(text).toContain('3 epochs, classes: T-shirt/top, Trouser,');
    expect(text).toContain('largest difference: 0\n');
  }, 900_000);
});

describe('lesson 04 in full, up to its plain network', () => {
  it.runIf(process.env.COURSE_DATA)('reaches a validation accuracy of about 0.7 on photographs, and learns them by heart', async () => {
    const text = await runBeginning('04_cats_and_dogs', 'plain-train');
    expect(text).toContain('training images [ 2000, 32, 32, 3 ]  validation images [ 1000, 32, 32, 3 ]');
    const result = text.slice(text.indexOf('30 epochs in'));
    const [learned, validated] = [/accuracy ([\d.]+)/, /validation accuracy ([\d.]+)/].map((pattern) => numberAfter(result, pattern));
    expect(validated).toBeGreaterThanOrEqual(0.67);
    expect(validated).toBeLessThan(0.78);
    expect(learned).toBeGreaterThan(validated + 0.1);
  }, 900_000);
});

describe('lesson 05 in full', () => {
  const lesson = '05_digits_from_folders';
  let run: NotebookRun;
  let text: string;
  beforeAll(async () => {
    if (!process.env.COURSE_DATA) return;
    run = await runNotebooks(['05'], path.join(OUTPUT, 'full-05'), { COURSE_QUICK: undefined });
    expect(run.exitCode, run.output).toBe(0);
    text = said(run, lesson);
  }, 900_000);

  it.runIf(process.env.COURSE_DATA)('reads at least 99 of 100 new digits after five epochs', () => {
    expect(text).toContain('5 epochs in');
    const accuracy = numberAfter(text, /test accuracy ([\d.]+)/);
    expect(accuracy).toBeGreaterThanOrEqual(0.99);
    expect(accuracy).toBeLessThan(0.995);
    expect(numberAfter(text, /right within the first five: ([\d.]+)/)).toBeGreaterThan(0.999);
    // The same answers, counted in another way.
    expect(numberAfter(text, /([\d,]+) of 10000 are wrong/) / 10_000).toBeCloseTo(1 - accuracy, 3);
  });

  it.runIf(process.env.COURSE_DATA)('stays below 1 MB with all its outputs', () => {
    expect(run.read(`${lesson}.ipynb`).length).toBeLessThan(1e6);
  });
});
