import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import { TestKernel } from '../support/kernel-client';

const FOLDER = path.resolve(__dirname, '../node-versions/node_modules');
const MAJORS = [20, 22, 24];
const binary = (major: number) => path.join(FOLDER, `node-${major}`, 'bin', 'node');
/** Versions and binaries. Elsewhere than on Linux x64 npm has none: the Node.js that runs the tests is all that can be tried. */
const nodes: [string, string][] = process.platform === 'linux' && process.arch === 'x64'
  ? MAJORS.map((major) => [`v${major}.`, binary(major)])
  : [[process.version, process.execPath]];

describe.each(nodes)('under Node.js %s', (version, node) => {
  it('there is a binary of that version', () => {
    expect(fs.existsSync(node), `expected Node.js ${version} at ${node}: run npm ci in test/node-versions`).toBe(true);
    expect(execFileSync(node, ['--version'], { encoding: 'utf8' })).toContain(version);
  });

  it('the kernel runs cells, trains with TensorFlow, shows errors, is interrupted and ends', async () => {
    const kernel = await TestKernel.start({ node });
    try {
      const trained = await kernel.execute(`import { tf } from '@course/lib';
        const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1] })] });
        model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
        const history = await model.fit(tf.tensor2d([[0], [1], [2]]), tf.tensor2d([[1], [3], [5]]), { epochs: 3, verbose: 0 });
        console.log(history.history.loss.length, tf.topk(tf.tensor([1, 3, 2]), 1).indices.dataSync()[0], process.versions.node);`);
      expect(trained.reply, JSON.stringify(trained.reply.traceback)).toMatchObject({ status: 'ok' });
      expect(trained.text('stdout')).toMatch(/^3 1 \d+/);
      expect(`v${trained.text('stdout').split(' ').at(-1)}`).toContain(version);

      const many = await kernel.execute("for (let i = 0; i < 20_000; i++) console.log(i);");
      expect(many.text('stdout').split('\n')).toHaveLength(20_001);
      const failed = await kernel.execute("\nthrow new TypeError('here');");
      expect(failed.reply.traceback.join('\n')).toMatch(/Cell \[\d+\], line 2/);

      for (const code of ["console.log('go'); for (;;);", "await null; console.log('go'); for (;;);"]) {
        const running = kernel.execute(code);
        await kernel.until((messages) => messages.some(({ content }) => content.text?.includes('go')));
        await kernel.interrupt();
        expect((await running).reply.ename).toBe('Interrupted');
      }
      expect((await kernel.execute('1 + 1')).text('stdout')).toBe('2\n');
    } finally {
      expect(await kernel.stop()).toBe(0);
    }
  });
});
