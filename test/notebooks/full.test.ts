import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import { runNotebooks, type NotebookRun } from '../support/run-notebooks';

const OUTPUT = path.resolve(__dirname, '../output/notebooks');

/** The accuracy on the validation data after the last epoch, as the lesson's progress line says it. */
function validationAccuracy(run: NotebookRun): number {
  const texts = run.outputs('01_mnist_mlp').map((output) => [output.data?.['text/plain'] ?? ''].flat().join(''));
  const line = texts.find((text) => text.startsWith('5 epochs in'));
  return Number(/validation accuracy ([\d.]+)/.exec(line ?? '')?.[1]);
}

const spoken = (run: NotebookRun): string => JSON.stringify(run.outputs('01_mnist_mlp'));

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
