import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { temporaryFolders } from './temporary';

const newFolder = temporaryFolders();
const script = path.join(__dirname, 'fake-setup.mjs');
const STEPS = ['one', 'two', 'three', 'four'];

interface Running {
  child: ChildProcess;
  output: () => string;
  ended: Promise<number | null>;
}

function startSetup(folder: string, milliseconds = 60): Running {
  // A process group of its own, so that a test can kill all of it.
  const child = spawn(process.execPath, [script, folder, String(milliseconds)], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, output: () => output, ended };
}

const journal = (folder: string) => fs.readFileSync(path.join(folder, 'journal'), 'utf8').trim().split('\n');

function expectWhole(folder: string): void {
  for (const step of STEPS) {
    for (let i = 0; i < 5; i++) expect(fs.readFileSync(path.join(folder, step, String(i)), 'utf8')).toBe('whole');
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

/** No program may run while another one of the same step does: each "begin" is followed by its own "end". */
function expectNoOverlap(lines: string[]): void {
  const running = new Set<string>();
  for (const line of lines) {
    const [what, step] = line.split(' ');
    if (what === 'begin') {
      expect(running, lines.join(', ')).not.toContain(step);
      running.add(step);
    } else {
      running.delete(step);
    }
  }
}

describe('a set-up', () => {
  it('does each step once, and nothing the second time', async () => {
    const folder = newFolder();
    const first = startSetup(folder);
    expect(await first.ended, first.output()).toBe(0);
    expectWhole(folder);
    const second = startSetup(folder);
    expect(await second.ended).toBe(0);
    expect(second.output()).toBe('ran: \n');
    expect(journal(folder)).toHaveLength(2 * STEPS.length);
  });

  it('is right after it was killed at any moment and run again', async () => {
    for (let round = 0; round < 8; round++) {
      const folder = newFolder();
      const killed = startSetup(folder);
      await until(() => fs.existsSync(path.join(folder, 'journal')));
      await sleep(Math.random() * 350); // All of its steps take about that long.
      if (killed.child.exitCode === null) process.kill(-(killed.child.pid as number), 'SIGKILL');
      await killed.ended;
      const again = startSetup(folder);
      expect(await again.ended, again.output()).toBe(0);
      expectWhole(folder);
    }
  });

  it('waits for the programs that a killed set-up has left at work', async () => {
    const folder = newFolder();
    const killed = startSetup(folder, 1500);
    await until(() => fs.existsSync(path.join(folder, 'journal')) && journal(folder).length === 2);
    killed.child.kill('SIGKILL'); // This process alone: what it had started goes on.
    const again = startSetup(folder, 60);
    expect(await again.ended, again.output()).toBe(0);
    expect(again.output()).toContain('which has ended');
    const lines = journal(folder);
    expectNoOverlap(lines);
    expect(lines.filter((line) => line === 'begin one')).toHaveLength(2);
    expectWhole(folder);
  });

  it('does nothing twice when two run at once', async () => {
    const folder = newFolder();
    const both = [startSetup(folder, 200), startSetup(folder, 200)];
    for (const one of both) expect(await one.ended, one.output()).toBe(0);
    expect(journal(folder)).toHaveLength(2 * STEPS.length);
    const waited = both.find((one) => one.output().includes('Another set-up of this course is at work'));
    expect(waited?.output()).toContain('ran: \n');
    expectWhole(folder);
  });

  it('stops its programs on Ctrl+C, and goes on from there the next time', async () => {
    const folder = newFolder();
    const stopped = startSetup(folder, 400);
    await until(() => fs.existsSync(path.join(folder, 'journal')) && journal(folder).includes('begin three'));
    stopped.child.kill('SIGINT');
    expect(await stopped.ended).toBe(1);
    expect(stopped.output()).toContain('interrupted');
    expect(journal(folder)).not.toContain('end three');
    const again = startSetup(folder);
    expect(await again.ended).toBe(0);
    expect(again.output()).not.toMatch(/ran: .*(one|two)/);
    expectWhole(folder);
  });
});
