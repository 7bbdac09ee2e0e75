import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestKernel, type Answer } from '../support/kernel-client';

let kernel: TestKernel;
beforeAll(async () => { kernel = await TestKernel.start(); });
afterAll(() => kernel.stop());

/** What a cell shows, in order: texts of streams, and the plain text of displays in brackets. */
function shown(answer: Answer): string {
  return answer.messages.map(({ type, content }) => {
    if (type === 'stream') return content.text;
    return /display_data$/.test(type) ? `[${content.data['text/plain']}]` : '';
  }).join('');
}

const lines = (count: number, start = 0): string => Array.from({ length: count }, (_, index) => `line ${start + index}\n`).join('');

describe('output of a cell', () => {
  it('arrives whole when 20,000 lines are printed at once, in few messages', async () => {
    const answer = await kernel.execute("for (let i = 0; i < 20_000; i++) console.log('line ' + i);");
    expect(answer.reply.status).toBe('ok');
    expect(answer.text('stdout')).toBe(lines(20_000));
    expect(answer.of('stream').length).toBeLessThan(200);
  });

  it('arrives whole when 3,000 things are displayed at once', async () => {
    const answer = await kernel.execute("import { display } from 'tslab';\nfor (let i = 0; i < 3_000; i++) display.text(String(i));");
    expect(answer.of('display_data').map(({ data }) => data['text/plain'])).toEqual(Array.from({ length: 3_000 }, (_, index) => String(index)));
  });

  it('keeps the order of standard output, standard error and displays', async () => {
    const answer = await kernel.execute("for (let i = 0; i < 400; i++) { console.log('a' + i); console.error('b' + i); display.text('c' + i); }");
    expect(shown(answer)).toBe(Array.from({ length: 400 }, (_, i) => `a${i}\nb${i}\n[c${i}]`).join(''));
  });

  it('comes before the reply, the busy status first and the idle status last', async () => {
    const answer = await kernel.execute("console.log('x')");
    expect(answer.messages.map(({ type, content }) => content.execution_state ?? type)).toEqual(['busy', 'execute_input', 'stream', 'idle']);
  });

  it('is sent while a cell computes without a pause', async () => {
    const running = kernel.execute("console.log('early'); const end = Date.now() + 1_500; while (Date.now() < end); console.log('late');");
    await kernel.until((messages) => messages.some(({ content }) => content.text === 'early\n'));
    expect((await running).text('stdout')).toBe('early\nlate\n');
  });

  it('is split into messages that Jupyter lets through, also between the halves of an emoji', async () => {
    const answer = await kernel.execute("void process.stdout.write('x' + '\\u{1F600}'.repeat(150_000));");
    const texts = answer.of('stream').map(({ text }) => text as string);
    expect(texts.length).toBeGreaterThan(1);
    expect(Math.max(...texts.map((text) => text.length))).toBeLessThanOrEqual(200_000);
    expect(texts.filter((text) => /[\uD800-\uDBFF]$/.test(text))).toHaveLength(0);
    expect(texts.join('') === 'x' + '\u{1F600}'.repeat(150_000)).toBe(true);
  });

  it('ends with a word about it when a loop prints without end', async () => {
    const answer = await kernel.execute("const kilobyte = 'x'.repeat(1_000); for (let i = 0; i < 20_000; i++) console.log(kilobyte);");
    expect(answer.reply.status).toBe('ok');
    const text = answer.text('stdout');
    expect(text.length).toBeLessThan(5_100_000);
    expect(text).toMatch(/The rest is not shown: this cell has printed more than 5 million characters/);
    expect((await kernel.execute("console.log('next')")).text('stdout')).toBe('next\n');
  });

  it('of work that goes on after the cell belongs to the cell until the next one runs', async () => {
    await kernel.execute("setTimeout(() => console.log('background'), 100);");
    const answer = await kernel.execute('await new Promise((resolve) => setTimeout(resolve, 300));');
    expect(answer.text('stdout')).toBe('background\n');
  });

  it('shows an error that nobody awaits as text, and the kernel lives on', async () => {
    const answer = await kernel.execute([
      "void (async () => { throw new RangeError('lost') })();",
      "setTimeout(() => { throw new Error('thrown by a timer') });",
      'await new Promise((resolve) => setTimeout(resolve, 200));',
    ].join('\n'));
    expect(answer.reply.status).toBe('ok');
    expect(answer.text('stderr')).toMatch(/Rejected in the background: .*RangeError.*: lost/);
    expect(answer.text('stderr')).toMatch(/Uncaught in the background: .*Error.*: thrown by a timer/);
    expect((await kernel.execute('1 + 1')).text('stdout')).toBe('2\n');
  });
});

describe("the value of a cell's last expression", () => {
  const method = "[Symbol.for('Jupyter.display')]";

  it('shows itself where it can, and is printed where it cannot', async () => {
    const answer = await kernel.execute(`({ ${method}: () => ({ 'text/plain': 'a table', 'text/html': '<table></table>' }) })`);
    expect(answer.of('display_data')).toEqual([{ data: { 'text/plain': 'a table', 'text/html': '<table></table>' }, metadata: {}, transient: {} }]);
    expect(answer.text('stdout')).toBe('');
    expect((await kernel.execute('null')).of('display_data')).toEqual([]);
    expect((await kernel.execute("({ plain: true })")).text('stdout')).toBe('{ plain: true }\n');
  });

  it('is printed, with the reason, if its own way fails', async () => {
    const answer = await kernel.execute(`({ name: 'x', ${method}() { throw new Error('no table today'); } })`);
    expect(answer.text('stderr')).toContain('no table today');
    expect(answer.text('stdout')).toContain("name: 'x'");
    expect(answer.reply.status).toBe('ok');
  });
});

describe('the course.display hook', () => {
  const hook = "const show = (globalThis as any)[Symbol.for('course.display')];\n";

  it('sends one output in several forms, in order with the streams', async () => {
    const answer = await kernel.execute(`${hook}console.log('before'); show({ data: { 'text/plain': 'figure', 'image/svg+xml': '<svg/>', 'application/json': { a: 1 } },
      metadata: { isolated: true } }); console.log('after');`);
    expect(shown(answer)).toBe('before\n[figure]after\n');
    expect(answer.of('display_data')).toEqual([
      { data: { 'text/plain': 'figure', 'image/svg+xml': '<svg/>', 'application/json': { a: 1 } }, metadata: { isolated: true }, transient: {} },
    ]);
  });

  it('encodes bytes, and updates an output in place', async () => {
    const answer = await kernel.execute(`${hook}show({ data: { 'image/png': new Uint8Array([1, 2, 3]) }, displayId: 'a' });
      await null; show({ data: { 'text/plain': '2' }, displayId: 'a', update: true });`);
    expect(answer.of('display_data')).toEqual([{ data: { 'image/png': 'AQID' }, metadata: {}, transient: { display_id: 'a' } }]);
    expect(answer.of('update_display_data')).toEqual([{ data: { 'text/plain': '2' }, metadata: {}, transient: { display_id: 'a' } }]);
  });

  it('leaves out only states that nobody would have seen, and never the last, when one output is updated 5,000 times', async () => {
    const answer = await kernel.execute(`import { newDisplay } from 'tslab';
      const place = newDisplay(); for (let i = 0; i <= 5_000; i++) place.text(String(i));`);
    const states = answer.of('update_display_data').map(({ data }) => Number(data['text/plain']));
    expect(states.at(-1)).toBe(5_000);
    expect(states).toEqual([...states].sort((a, b) => a - b));
  });

  it('refuses an update that does not say of what', async () => {
    const answer = await kernel.execute(`${hook}show({ data: {}, update: true });`);
    expect(answer.reply.evalue).toMatch(/got update without displayId/);
  });
});
