import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { withLock } from '../../../lib/src/data/lock';
import { temporaryFolder } from './support';

const folder = temporaryFolder();
const lockFile = (name: string): string => path.join(folder, 'cache', `${name}.lock`);

/** The number of a process that has ended. */
const deadProcess = (): number => spawnSync(process.execPath, ['-e', '']).pid;

describe('withLock', () => {
  it('lets one work at a time and hands on the result', async () => {
    const events: string[] = [];
    const waits: string[] = [];
    const work = (name: string) => async (): Promise<string> => {
      events.push(`${name} starts`);
      await sleep(150);
      events.push(`${name} ends`);
      return name;
    };
    const first = withLock(lockFile('two'), work('first'));
    await sleep(50);
    const second = withLock(lockFile('two'), work('second'), (holder) => waits.push(holder));
    expect(await Promise.all([first, second])).toEqual(['first', 'second']);
    expect(events).toEqual(['first starts', 'first ends', 'second starts', 'second ends']);
    expect(waits[0]).toBe(`process ${process.pid} on ${os.hostname()}`);
  });

  it('is free again after work that failed', async () => {
    const failing = withLock(lockFile('failing'), async () => {
      throw new Error('no more disk');
    });
    await expect(failing).rejects.toThrow('no more disk');
    expect(existsSync(lockFile('failing'))).toBe(false);
  });

  it('does not outlive its process', async () => {
    const holder = { pid: deadProcess(), host: os.hostname(), token: 'dead' };
    writeFileSync(lockFile('dead'), JSON.stringify(holder));
    const waits: string[] = [];
    expect(
      await withLock(
        lockFile('dead'),
        async () => 'done',
        (text) => waits.push(text),
      ),
    ).toBe('done');
    expect(waits).toEqual([]);
  });

  it('is taken from another machine, or from a process killed while it made it, once it is silent', async () => {
    for (const content of [JSON.stringify({ pid: 1, host: 'elsewhere.invalid', token: 'far' }), '']) {
      const file = lockFile('silent');
      writeFileSync(file, content);
      const long = new Date(Date.now() - 60_000);
      utimesSync(file, long, long);
      expect(await withLock(file, async () => 'done')).toBe('done');
    }
  });

  it('is waited for while another machine keeps it alive', async () => {
    const file = lockFile('alive');
    writeFileSync(file, JSON.stringify({ pid: deadProcess(), host: 'elsewhere.invalid', token: 'far' }));
    let isDone = false;
    const waiting = withLock(file, async () => (isDone = true));
    await sleep(400);
    expect(isDone).toBe(false);
    expect(readFileSync(file, 'utf8')).toContain('elsewhere.invalid');
    const long = new Date(Date.now() - 60_000);
    utimesSync(file, long, long);
    await waiting;
    expect(isDone).toBe(true);
  });

  it('leaves nothing behind', () => {
    expect(readdirSync(path.join(folder, 'cache'))).toEqual([]);
  });
});
