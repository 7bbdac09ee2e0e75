import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestKernel, type Answer } from '../support/kernel-client';

let kernel: TestKernel;
beforeAll(async () => {
  kernel = await TestKernel.start();
  const { reply } = await kernel.execute(`
    const requests = (globalThis as any)[Symbol.for('course.requests')];
    requests.handle('double', async ({ value }) => ({ data: { value: 2 * value }, buffers: [Uint8Array.of(1, 2, 3), new Uint8Array([0, 9, 8, 7]).subarray(1, 3)] }));
    requests.handle('late', async () => new Promise((resolve) => setTimeout(resolve, 300, { data: { late: true } })));
    requests.handle('fail', async () => { throw new RangeError('got part 7, expected train or test'); });
    requests.handle('fail at once', () => { throw 'a text'; });
    requests.handle('no JSON', async () => ({ data: { value: 1n } }));`);
  expect(reply.status, JSON.stringify(reply)).toBe('ok');
});
afterAll(() => kernel.stop());

/** Opens a comm as a front end does. */
async function open(target = 'course'): Promise<{ id: string; answer: Answer }> {
  const id = randomUUID();
  return { id, answer: await kernel.ask('comm_open', { comm_id: id, target_name: target, data: {} }) };
}

const ask = (id: string, data: object): Promise<Answer> => kernel.ask('comm_msg', { comm_id: id, data });
const comms = async (content: object = {}): Promise<object> => (await kernel.ask('comm_info_request', content)).reply.comms;

describe('a comm with the target "course"', () => {
  it('is opened, listed and closed', async () => {
    const { id, answer } = await open();
    expect(answer.messages.map(({ type, content }) => content.execution_state ?? type)).toEqual(['busy', 'idle']);
    expect(await comms()).toHaveProperty(id, { target_name: 'course' });
    expect(await comms({ target_name: 'course' })).toHaveProperty(id);
    expect(await comms({ target_name: 'jupyter.widget' })).toEqual({});
    await kernel.ask('comm_close', { comm_id: id, data: {} });
    expect(await comms()).not.toHaveProperty(id);
  });

  it('answers a request with JSON and bytes, between busy and idle', async () => {
    const { id } = await open();
    const { messages } = await ask(id, { request: 7, name: 'double', value: 21 });
    expect(messages.map(({ type, content }) => content.execution_state ?? type)).toEqual(['busy', 'comm_msg', 'idle']);
    expect(messages[1].content).toEqual({ comm_id: id, data: { request: 7, reply: { value: 42 } } });
    expect(messages[1].buffers.map((each) => [...each])).toEqual([[1, 2, 3], [9, 8]]);
  });

  it.each([
    ['fails', 'fail', 'got part 7, expected train or test'],
    ['throws a text at once', 'fail at once', 'a text'],
    ['gives what is no JSON', 'no JSON', expect.stringMatching(/BigInt/)],
    ['is not there', 'nothing', expect.stringMatching(/nothing in this kernel answers "nothing"/)],
  ])('says as text that a handler %s, and the kernel lives on', async (_, name, error) => {
    const { id } = await open();
    expect((await ask(id, { request: 1, name })).of('comm_msg')).toEqual([{ comm_id: id, data: { request: 1, error } }]);
    expect((await ask(id, { request: 2, name: 'double', value: 1 })).of('comm_msg')[0].data.reply).toEqual({ value: 2 });
    expect((await kernel.execute("console.log('usable')")).text('stdout')).toBe('usable\n');
    expect(kernel.process.exitCode).toBe(null);
  });

  it.each([[undefined], [null], ['text'], [[]]])('says that %j is no request', async (data) => {
    const { id } = await open();
    expect((await ask(id, data as never)).of('comm_msg')[0].data.error).toMatch(/nothing in this kernel answers/);
  });

  it('gives each of several answers its number, whichever is ready first', async () => {
    const { id } = await open();
    const order: number[] = [];
    await Promise.all([[1, 'late'], [2, 'double']].map(async ([request, name]) => {
      const [{ data }] = (await ask(id, { request, name, value: 1 })).of('comm_msg');
      order.push(data.request);
    }));
    expect(order).toEqual([2, 1]);
  });

  it('gets no answer when it was closed meanwhile', async () => {
    const { id } = await open();
    const late = ask(id, { request: 1, name: 'late' });
    await kernel.ask('comm_close', { comm_id: id, data: {} });
    expect((await late).of('comm_msg')).toEqual([]);
  });
});

describe('a comm that the kernel does not know', () => {
  it('is closed at once: with another target, or of an earlier kernel', async () => {
    const { id, answer } = await open('jupyter.widget');
    expect(answer.of('comm_close')).toEqual([{ comm_id: id, data: {} }]);
    expect((await ask('earlier', { request: 1, name: 'double' })).of('comm_close')).toEqual([{ comm_id: 'earlier', data: {} }]);
    expect((await kernel.ask('comm_close', { comm_id: 'earlier', data: {} })).of('comm_close')).toEqual([]);
  });
});

describe('while a cell runs', () => {
  it('a request is answered where the cell awaits, and the kernel goes on to say that it is busy', async () => {
    const { id } = await open();
    const running = kernel.execute(`console.log('go');
      for (let i = 0; i < 20; i++) { const end = Date.now() + 40; while (Date.now() < end); await new Promise((resolve) => setTimeout(resolve)); }
      console.log('end of the cell');`);
    await kernel.until((messages) => messages.some(({ content }) => content.text?.includes('go')));
    const order: string[] = [];
    const answered = ask(id, { request: 1, name: 'double', value: 4 }).then(({ of }) => order.push(`request ${of('comm_msg')[0].data.reply.value}`));
    const [cell] = await Promise.all([running.then((answer) => (order.push('cell'), answer)), answered]);
    expect(order).toEqual(['request 8', 'cell']);
    expect(cell.text('stdout')).toBe('go\nend of the cell\n');
    const states = cell.messages.map(({ content }) => content.execution_state).filter(Boolean);
    expect(states).toEqual(['busy', 'busy', 'idle']);
  });

  it('what waits for an endless loop does not hinder the interrupt, and is answered then', async () => {
    const { id } = await open();
    const running = kernel.execute("console.log('go'); for (;;);");
    await kernel.until((messages) => messages.some(({ content }) => content.text?.includes('go')));
    const answered = ask(id, { request: 1, name: 'double', value: 5 });
    await kernel.interrupt();
    expect((await running).reply.ename).toBe('Interrupted');
    expect((await answered).of('comm_msg')[0].data.reply).toEqual({ value: 10 });
  });
});

describe('requests.execution', () => {
  const code = "console.log(JSON.stringify((globalThis as any)[Symbol.for('course.requests')].execution()))";
  const execution = async (): Promise<{ run: string; cell?: string }> => JSON.parse((await kernel.execute(code)).text('stdout'));

  it('differs from run to run', async () => {
    const [first, second] = [await execution(), await execution()];
    expect(first.run).toMatch(/./);
    expect(second.run).not.toBe(first.run);
    expect(first.cell).toBeUndefined();
  });

  it('names the cell if the front end does', async () => {
    const answer = await kernel.ask('execute_request', { code, silent: false, store_history: true }, 'shell', { cellId: 'a-cell' });
    expect(JSON.parse(answer.text('stdout'))).toMatchObject({ cell: 'a-cell' });
  });
});
