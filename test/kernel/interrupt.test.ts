import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestKernel, type Answer } from '../support/kernel-client';

let kernel: TestKernel;
beforeAll(async () => { kernel = await TestKernel.start(); });
afterAll(() => kernel.stop());

/** Interrupts a cell once it has printed `go`. */
async function interrupt(code: string, byMessage = true): Promise<Answer> {
  const running = kernel.execute(code);
  await kernel.until((messages) => messages.some(({ content }) => content.text?.includes('go')));
  if (byMessage) await kernel.interrupt();
  else kernel.process.kill('SIGINT');
  return running;
}

async function expectUsable(): Promise<void> {
  const answer = await kernel.execute("console.log('usable')");
  expect(answer.text('stdout')).toBe('usable\n');
}

const wait = 'await new Promise((resolve) => setTimeout(resolve, 60_000));';
const listen = `
  async function fit(ending: string) {
    await new Promise((resolve, reject) => {
      const batches = setInterval(() => {}, 10);
      process.once('SIGINT', () => {
        clearInterval(batches);
        if (ending === 'stop') setTimeout(() => reject(Object.assign(new Error('stopped after batch 7'), { name: 'TrainingInterrupted' })), 200);
      });
      // Not before Node's handlers are in place: a signal just before would end the process, and messages are for that.
      setTimeout(() => console.log('go'), 100);
    });
  }`;

describe('interrupt', () => {
  it.each([
    ['an endless loop', "console.log('go'); for (;;);", 2],
    ['an endless loop after an await', "await null; console.log('go'); for (;;);", 2],
    ["an endless loop that Node's own watch for signals does not see", "process.once('SIGINT', () => {}); console.log('go'); for (;;);", 1],
    ['a promise that is not settled', `console.log('go'); ${wait}`, 2],
  ])('ends %s and leaves the kernel usable', async (_, code, rounds) => {
    for (let round = 0; round < rounds; round += 1) {
      const { reply, of } = await interrupt(code);
      expect([reply.status, reply.ename]).toEqual(['error', 'Interrupted']);
      expect(of('error')).toHaveLength(1);
      await expectUsable();
    }
  });

  it.each([['message', true], ['signal', false]])('by %s lets training stop by itself and shows its own error', async (_, byMessage) => {
    await kernel.execute(listen);
    for (let round = 0; round < 2; round += 1) {
      // The first listens before the cell's first await and the second after it.
      const { reply } = await interrupt(round === 0 ? "await fit('stop')" : "await null; await fit('stop')", byMessage);
      expect([reply.ename, reply.evalue]).toEqual(['TrainingInterrupted', 'stopped after batch 7']);
      await expectUsable();
    }
  });

  it("stops the library's own fit after a batch, and the model can be trained on", async () => {
    const prepared = await kernel.execute(`
      import { fit, tf } from '@course/lib';
      const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [4] })] });
      model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
      const data = { x: tf.zeros([64, 4]), y: tf.zeros([64, 1]) };
      const say = { onBatchEnd: async (batch: number) => { if (batch === 0) console.log('go'); } };`);
    expect(prepared.reply.status).toBe('ok');
    const { reply } = await interrupt('await fit(model, data, { epochs: 1e6, batchSize: 8, callbacks: say });');
    expect([reply.ename, reply.evalue]).toEqual(['TrainingInterrupted', expect.stringMatching(/^Training was interrupted in epoch/)]);
    const again = await kernel.execute('const history = await fit(model, data, { epochs: 2, display: false });\nconsole.log(Object.keys(history));');
    expect(again.reply.status, JSON.stringify(again.reply.traceback)).toBe('ok');
  });

  it('lets modules load to their end', async () => {
    const fresh = await TestKernel.start();
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'modules-'));
    try {
      const loading = fresh.execute("console.log('go');\nimport { tf } from '@course/lib';");
      await fresh.until((messages) => messages.some(({ content }) => content.text === 'go\n'));
      await fresh.interrupt();
      await loading;
      const used = await fresh.execute("import { tf } from '@course/lib';\nconsole.log(tf.add(1, 2).dataSync()[0]);");
      expect(used.text('stdout'), JSON.stringify(used.reply.traceback)).toBe('3\n');

      // Longer than the kernel has patience.
      const file = path.join(folder, 'slow.js');
      fs.writeFileSync(file, "console.log('go'); for (const end = Date.now() + 5_000; Date.now() < end;); exports.isWhole = true;");
      const slow = fresh.execute(`require(${JSON.stringify(file)});\nfor (;;);`);
      await fresh.until((messages) => messages.some(({ content }) => content.text === 'go\n'));
      await fresh.interrupt();
      expect((await slow).reply.ename).toBe('Interrupted');
      const whole = await fresh.execute(`console.log(require(${JSON.stringify(file)}).isWhole);`);
      expect(whole.text('stdout')).toBe('true\n');
    } finally {
      await fresh.stop();
      fs.rmSync(folder, { recursive: true });
    }
  });

  it("lets the library's evaluate, and fit's pass over the validation data, come to their end", async () => {
    const prepared = await kernel.execute(`
      import { evaluate, fit, tf } from '@course/lib';
      const quick = { x: tf.zeros([8, 4]), y: tf.zeros([8, 1]) };
      const slow = { x: tf.zeros([8, 4]), y: tf.ones([8, 1]) };
      // Longer than the kernel has patience.
      const loss = (target: tf.Tensor, output: tf.Tensor) => {
        if (target.dataSync()[0] === 1) {
          console.log('go');
          for (const end = Date.now() + 5_000; Date.now() < end;);
        }
        return tf.losses.meanSquaredError(target, output);
      };
      const slowModel = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [4] })] });
      slowModel.compile({ optimizer: 'sgd', loss });
      const depth = () => (tf.engine() as any).state.scopeStack.length;
      console.log(depth());`);
    expect(prepared.reply.status, JSON.stringify(prepared.reply.traceback)).toBe('ok');

    const training = await interrupt('await fit(slowModel, quick, { epochs: 3, validationData: slow, display: false });');
    expect(training.reply.ename).toBe('TrainingInterrupted');
    const again = await kernel.execute('const again = await fit(slowModel, quick, { display: false }); console.log(depth());');
    expect(again.text('stdout'), JSON.stringify(again.reply.traceback)).toBe(prepared.text('stdout'));

    // Without an end, and with hardly a moment between one unbreakable call and the next.
    const measuring = await interrupt('for (;;) evaluate(slowModel, slow);');
    expect(measuring.reply.ename).toBe('Interrupted');
    const after = await kernel.execute('const measured = evaluate(slowModel, quick); console.log(depth());');
    expect(after.text('stdout'), JSON.stringify(after.reply.traceback)).toBe(prepared.text('stdout'));
  });

  it('that training has answered does not reach the next cell', async () => {
    await kernel.execute(listen);
    await interrupt("await fit('stop')");
    const { reply } = await kernel.execute('await new Promise((resolve) => setTimeout(resolve, 4_000));');
    expect(reply.status).toBe('ok');
  });

  it('gives up what listens and does not stop', async () => {
    await kernel.execute(listen);
    const { reply } = await interrupt("await fit('go on')");
    expect(reply.ename).toBe('Interrupted');
    await expectUsable();
  });

  it('aborts the cells that wait', async () => {
    const running = interrupt(`console.log('go'); ${wait}`);
    const waiting = kernel.execute("console.log('never')");
    expect((await running).reply.status).toBe('error');
    expect((await waiting).reply.status).toBe('aborted');
  });

  it('does nothing while no cell runs', async () => {
    await kernel.interrupt();
    kernel.process.kill('SIGINT');
    await expectUsable();
  });
});
