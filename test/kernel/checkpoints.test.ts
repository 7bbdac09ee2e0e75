import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { TestKernel } from '../support/kernel-client';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'checkpoints-'));
let kernel: TestKernel | undefined;
afterEach(async () => {
  await kernel?.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** The cells of a notebook, which are run again after a restart as they are. */
const cells = [
  `import { fit, tf } from '@course/lib';
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, activation: 'softmax', inputShape: [3] })] });
  model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  const data = { x: tf.randomNormal([60, 3], 0, 1, 'float32', 1), y: tf.oneHot(tf.range(0, 60, 1, 'int32').mod(tf.scalar(2, 'int32')), 2).toFloat() };`,
  `const history = await fit(model, data, {
    epochs: 40,
    batchSize: 10,
    checkpoint: { folder: ${JSON.stringify(path.join(folder, 'mnist'))} },
    callbacks: { onEpochEnd: (epoch, logs) => new Promise((resolve) => setTimeout(resolve, 20)) },
  });
  console.log('epochs', history.epoch.length, history.history.acc.length);`,
];

describe('a training with checkpoints', () => {
  it('goes on by the same line after the kernel was killed and started again', async () => {
    kernel = await TestKernel.start();
    expect((await kernel.execute(cells[0])).reply.status).toBe('ok');
    void kernel.execute(cells[1]);
    await kernel.until((messages) => messages.some(({ content }) => /Epoch [4-9] of 40/.test(content.data?.['text/plain'] ?? '')));
    kernel.process.kill('SIGKILL');
    await kernel.stop();

    kernel = await TestKernel.start();
    await kernel.execute(cells[0]);
    const again = await kernel.execute(cells[1]);
    expect(again.reply.status).toBe('ok');
    expect(again.text('stdout')).toBe('epochs 40 40\n');
    const lines = [...again.of('display_data'), ...again.of('update_display_data')].map(({ data }) => data['text/plain'] as string);
    expect(lines[0]).toMatch(/^This training was begun before: .*It goes on in epoch ([3-9]|[1-3]\d) of 40/);
    expect(lines.some((line) => /It goes on in epoch \d+ of 40.*\n40 epochs in /.test(line))).toBe(true);
    const done = await kernel.execute(cells[1].replace('const history', 'const again').replaceAll(' history.', ' again.'));
    expect(done.text('stdout')).toBe('epochs 40 40\n');
    expect(done.of('display_data')[0].data['text/plain']).toMatch(/All 40 epochs were done already/);
  });
});
