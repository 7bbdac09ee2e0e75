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
