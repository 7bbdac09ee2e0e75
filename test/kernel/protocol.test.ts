import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestKernel } from '../support/kernel-client';

let kernel: TestKernel;
beforeAll(async () => { kernel = await TestKernel.start(); });
afterAll(() => kernel.stop());

describe('the kernel', () => {
  it('says what it is, on both channels', async () => {
    for (const channel of ['shell', 'control'] as const) {
      const { reply } = await kernel.ask('kernel_info_request', {}, channel);
      expect(reply).toMatchObject({ msg_type: 'kernel_info_reply', status: 'ok', implementation: 'tslab', implementation_version: '1.0.22' });
      // Exactly what the notebooks say (tools/clean_notebooks.mjs): JupyterLab would change them otherwise.
      expect(reply.language_info).toEqual({ name: 'typescript', version: '5.0.4', mimetype: 'text/typescript', file_extension: '.ts' });
      expect(reply.help_links[0]).toEqual({ text: 'This course', url: '/files/README.md' });
    }
  });

  it('answers what frontends ask besides', async () => {
    expect((await kernel.ask('comm_info_request', {})).reply).toMatchObject({ msg_type: 'comm_info_reply', comms: {} });
    expect((await kernel.ask('history_request', {})).reply).toMatchObject({ msg_type: 'history_reply', history: [] });
    expect((await kernel.ask('is_complete_request', { code: 'if (true) {' })).reply).toMatchObject({ status: 'incomplete', indent: '  ' });
    expect((await kernel.ask('is_complete_request', { code: '1' })).reply).toMatchObject({ status: 'complete' });
  });

  it('counts cells, and echoes them', async () => {
    const first = await kernel.execute('1');
    const second = await kernel.execute('2');
    const silent = await kernel.execute('3', { silent: true, store_history: false });
    expect(second.reply.execution_count).toBe(first.reply.execution_count + 1);
    expect(second.of('execute_input')).toEqual([{ code: '2', execution_count: second.reply.execution_count }]);
    expect(silent.of('execute_input')).toEqual([]);
    expect(silent.reply.execution_count).toBe(second.reply.execution_count);
  });

  it('answers on the control channel while a cell computes without a pause', async () => {
    const running = kernel.execute("console.log('go'); const end = Date.now() + 1_500; while (Date.now() < end); console.log('end of the loop');");
    await kernel.until((messages) => messages.some(({ content }) => content.text?.includes('go')));
    const order: string[] = [];
    const control = kernel.replyTo('kernel_info_request', 'control').then(() => order.push('control'));
    await Promise.all([control, running.then(() => order.push('cell'))]);
    expect(order).toEqual(['control', 'cell']);
  });

  it('keeps native log lines out of the notebook', async () => {
    const answer = await kernel.execute("import { tf } from '@course/lib';\ntf.matMul(tf.ones([64, 64]), tf.ones([64, 64])).sum().dataSync()[0]");
    expect(answer.text('stdout')).toBe('262144\n');
    expect(answer.text('stderr')).toBe('');
    expect((await kernel.execute("process.env.TF_CPP_MIN_LOG_LEVEL ?? 'unset'")).text('stdout')).toBe('3\n');
  });
});

describe('completion', () => {
  const complete = async (code: string) => {
    const { reply } = await kernel.ask('complete_request', { code, cursor_pos: [...code].length });
    return { matches: reply.matches as string[], replaced: [...code].slice(reply.cursor_start, reply.cursor_end).join('') };
  };

  it("knows the course's library and TensorFlow.js", async () => {
    await kernel.execute("import * as lab from '@course/lib';\nimport { tf } from '@course/lib';");
    const library = await complete('lab.oneH');
    expect(library.matches[0]).toBe('oneHot');
    expect(library.replaced).toBe('oneH');
    expect((await complete('tf.layers.conv2')).matches).toEqual(expect.arrayContaining(['conv2d', 'conv2dTranspose']));
  });

  it('counts an emoji as one character, as Jupyter does', async () => {
    const { matches, replaced } = await complete("const face = '\u{1F600}\u{1F600}'; face.toUpp");
    expect(matches[0]).toBe('toUpperCase');
    expect(replaced).toBe('toUpp');
  });
});

describe('hover help', () => {
  const inspect = async (code: string, cursor: number) => (await kernel.ask('inspect_request', { code, cursor_pos: cursor, detail_level: 0 })).reply;

  it("shows a function's type and its comment, of the library and of TensorFlow.js", async () => {
    const own = await inspect("import { oneHot } from '@course/lib';\noneHot", 40);
    expect(own.found).toBe(true);
    expect(own.data['text/plain']).toMatch(/oneHot\(/);
    expect(own.data['text/plain'].split('\n\n').length, 'a comment below the type').toBeGreaterThan(1);
    const code = "import { tf } from '@course/lib';\ntf.matMul([[1]], [[2]]);";
    expect((await inspect(code, code.indexOf('matMul') + 2)).data['text/plain']).toMatch(/matMul[^]*Computes the dot product/);
  });

  it('finds nothing where there is nothing', async () => {
    expect((await inspect('   ', 1)).found).toBe(false);
  });
});

describe('the end of the kernel', () => {
  it('comes at once when Jupyter asks for it, on either channel, also with a timer open', async () => {
    for (const channel of ['shell', 'control'] as const) {
      const other = await TestKernel.start();
      await other.execute('setInterval(() => {}, 1_000);');
      const exit = once(other.process, 'exit');
      const { reply } = await other.replyTo('shutdown_request', channel);
      expect(reply).toMatchObject({ status: 'ok' });
      expect(await exit).toEqual([0, null]);
      other.close();
    }
  });

  it('comes when Jupyter itself has gone, even from an endless loop', async () => {
    // A process in between plays Jupyter.
    const { connectionFile, client } = await TestKernel.prepare();
    const script = `const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ${JSON.stringify([TestKernel.main, connectionFile])}, { stdio: 'ignore' });
      console.log(child.pid); setInterval(() => {}, 1_000);`;
    const jupyter = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(jupyter.stdout, 'data') as [Buffer];
    const pid = Number(line.toString());
    const other = await client(jupyter);
    void other.execute("console.log('go'); for (;;);");
    await other.until((messages) => messages.some(({ content }) => content.text?.includes('go')));
    jupyter.kill('SIGKILL');
    await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
    other.close();
  });

  it('is clear when it is started by hand', async () => {
    const child = spawn(process.execPath, [TestKernel.main], { stdio: ['ignore', 'ignore', 'pipe'] });
    let text = '';
    child.stderr.on('data', (data: Buffer) => { text += data.toString(); });
    expect(await once(child, 'close')).toEqual([2, null]);
    expect(text).toMatch(/^usage: node main\.js CONNECTION_FILE/);
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A process that has ended and was not collected by its parent is still listed.
  return process.platform !== 'linux' || !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
}
