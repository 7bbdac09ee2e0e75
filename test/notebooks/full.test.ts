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
