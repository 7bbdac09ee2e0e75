import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openTensorBoard } from '@course/lib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const hook = Symbol.for('course.display');
const kernel = globalThis as unknown as Record<symbol, unknown>;

describe('openTensorBoard', () => {
  let folder: string;
  let outputs: { data: Record<string, string> }[];
  const { PATH } = process.env;

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'course-tensorboard-'));
    outputs = [];
    kernel[hook] = (output: { data: Record<string, string> }) => outputs.push(output);
  });
  afterEach(() => {
    process.env.PATH = PATH;
    delete kernel[hook];
    rmSync(folder, { recursive: true, force: true });
  });

  /** Stands for TensorBoard: notes what it is called with. */
  function install(script: string): void {
    const file = path.join(folder, 'tensorboard');
    writeFileSync(file, `#!${process.execPath}\n${script}\n`);
    chmodSync(file, 0o755);
    process.env.PATH = folder;
  }

  it('says how to install it where it is not, and fails no notebook', async () => {
    process.env.PATH = folder;
    await openTensorBoard(path.join(folder, 'logs'));
    expect(outputs[0].data['text/plain']).toContain('run ".venv/bin/pip install tensorboard"');
    expect(outputs[0].data['text/html']).not.toContain('iframe');
  });

  it('starts it once a folder, on a free port of this machine alone, and shows it with a link', async () => {
    const calls = path.join(folder, 'calls');
    install(`require('fs').appendFileSync(${JSON.stringify(calls)}, process.argv.slice(2).join(' ') + '\\n');
      console.error('TensorBoard 2.0.0 at http://localhost:12345/ (Press CTRL+C to quit)'); setTimeout(() => {},
        5000);`);
    const logs = path.join(folder, 'logs');
    await openTensorBoard(logs);
    await openTensorBoard(logs);
    expect(readFileSync(calls, 'utf8')).toBe(`--logdir ${logs} --host localhost --port 0 --reload_interval 5\n`);
    expect(outputs).toHaveLength(2);
    const html = outputs[0].data['text/html'];
    expect(html).toContain('<a href="http://localhost:12345/"');
    expect(html).toContain('<iframe src="http://localhost:12345/" title="TensorBoard"');
  });

  it('refuses what is no folder', async () => {
    await expect(openTensorBoard(undefined as unknown as string)).rejects.toThrow(/got undefined; expected the folder/);
    const file = path.join(folder, 'file');
    writeFileSync(file, '');
    await expect(openTensorBoard(file)).rejects.toThrow(/got the file .*; expected the folder of a log/);
  });

  it('reports one that does not start, with what it printed, and may be tried again', async () => {
    install("console.error('no such module'); process.exit(3);");
    const logs = path.join(folder, 'logs');
    await expect(openTensorBoard(logs)).rejects.toThrow(/did not start: exit code 3\. It printed:\nno such module/);
    await expect(openTensorBoard(logs)).rejects.toThrow(/exit code 3/);
  });
});
