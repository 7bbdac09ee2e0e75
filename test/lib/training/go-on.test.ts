import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { temporaryFolders } from '../../setup/temporary';
import { canMount, onDisk } from '../../support/faults';

/** Trainings in processes of their own, which are killed, interrupted, or out of disk. */

const newFolder = temporaryFolders();
const script = path.join(__dirname, 'go-on.cjs');
const BATCHES = 16; // In an epoch.

/** A process that has loaded everything and waits for the word. */
class Trainer {
  private readonly child: ChildProcess;
  readonly lines: string[] = [];
  readonly ready: Promise<void>;
  readonly closed: Promise<unknown>;
  private watchers: (() => void)[] = [];

  /** @param temporary where a process that is killed may leave what it has not finished */
  constructor(command: readonly string[], temporary: string) {
    const [program, ...args] = command;
    const env = { ...process.env, TMPDIR: temporary };
    this.child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'], env });
    this.closed = once(this.child, 'close');
    createInterface(this.child.stdout!).on('line', (line) => {
      this.lines.push(line);
      this.watchers.forEach((watch) => watch());
    });
    this.child.stdin!.on('error', () => {});
    this.ready = this.until(() => this.lines.includes('ready'));
  }

  get batches(): number {
    return this.lines.filter((line) => line === 'batch').length;
  }

  get notices(): string[] {
    return this.lines.filter((line) => line.startsWith('notice ')).map((line) => line.slice('notice '.length));
  }

  until(condition: () => boolean): Promise<void> {
    const met = new Promise<void>((resolve) => this.watchers.push(() => condition() && resolve()));
    return Promise.race([met, this.closed.then(() => {})]);
  }

  async begin(): Promise<void> {
    await this.ready;
    this.child.stdin!.write('go\n');
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    this.child.kill(signal);
    await this.closed;
  }

  /** Trains to the end. @returns all weights */
  async finish(): Promise<string> {
    await this.begin();
    await this.closed;
    const done = this.lines.find((line) => line.startsWith('done '));
    if (done === undefined) throw new Error(`it has not come to its end: ${this.lines.slice(-3).join('; ')}`);
    return done;
  }
}

describe('a training in a process', () => {
  const all: Trainer[] = [];
  afterEach(() => Promise.all(all.splice(0).map((trainer) => trainer.end('SIGKILL'))));
  const start = (folder: string, epochs: number): Trainer => {
    const trainer = new Trainer([process.execPath, script, folder, String(epochs)], newFolder());
    all.push(trainer);
    return trainer;
  };

  it('that is killed again and again ends with the weights of one that was not, bit for bit', async () => {
    const KILLS = 50;
    // As many batches as the kills let through at most, and some.
    const [MOST, EPOCHS] = [24, 80];
    expect(EPOCHS * BATCHES).toBeGreaterThan(KILLS * MOST);
    const uninterrupted = start(newFolder(), EPOCHS).finish();
    const folder = newFolder();
    // Loading takes longer than training: the next ones load meanwhile.
    const waiting = [start(folder, EPOCHS), start(folder, EPOCHS)];
    const places = new Set<string>();
    for (let kill = 0; kill < KILLS; kill++) {
      const trainer = waiting.shift()!;
      waiting.push(start(folder, EPOCHS));
      await trainer.begin();
      // Some die before their first batch, some within a batch or a checkpoint.
      const batches = Math.floor(Math.random() * (MOST + 1));
      if (batches > 0) await trainer.until(() => trainer.batches >= batches);
      await sleep(Math.random() * (batches > 0 ? 4 : 100));
      await trainer.end('SIGKILL');
      expect(trainer.lines.some((line) => line.startsWith('done') || line.startsWith('error'))).toBe(false);
      for (const notice of trainer.notices) {
        expect(notice).not.toContain('damaged');
        places.add(/It goes on (in .*)\./.exec(notice)![1]);
      }
    }
    // Else it was killed too soon each time, and has gone on from nothing.
    expect(places.size).toBeGreaterThan(10);
    const last = waiting[0];
    expect(await last.finish()).toBe(await uninterrupted);
    expect(last.notices).toEqual([expect.stringContaining('It goes on in epoch')]);
    expect(await waiting[1].finish()).toBe(await uninterrupted);
    expect(waiting[1].notices).toEqual([expect.stringContaining(`All ${EPOCHS} epochs were done already`)]);
  }, 240_000);

  it('that is interrupted goes on in another one, from where it was', async () => {
    const folder = newFolder();
    const first = start(folder, 300);
    await first.begin();
    await first.until(() => first.batches >= 20);
    await first.end('SIGINT');
    const message = first.lines.at(-1)!;
    const place = /^error Training was interrupted in epoch (\d+) of 300, after batch (\d+) of 16/;
    const [, epoch, batch] = place.exec(message)!;
    const done = (Number(epoch) - 1) * BATCHES + Number(batch);
    expect(done).toBe(first.batches);
    const second = start(folder, Number(epoch) + 2);
    const weights = await second.finish();
    expect(second.batches).toBe((Number(epoch) + 2) * BATCHES - done);
    expect(weights).toBe(await start(newFolder(), Number(epoch) + 2).finish());
  });

  it.runIf(canMount('the training on a full disk is'))('whose disk is full goes on, says so, and keeps checkpoints again when it can', async () => {
    const [folder, elsewhere] = [newFolder(), newFolder()];
    const command = [process.execPath, script, path.join(folder, 'checkpoints'), '2', folder];
    const trainer = new Trainer(onDisk(folder, '1m', 'exec "$@"', command), newFolder());
    all.push(trainer);
    const expected = start(elsewhere, 2).finish();
    expect(await trainer.finish()).toBe(await expected);
    expect(trainer.notices).toEqual([
      expect.stringMatching(/^A checkpoint could not be written; .*no space is left in .*Older checkpoints are still/),
      'Checkpoints can be written again.',
    ]);
    const files = trainer.lines.find((line) => line.startsWith('files '))!;
    expect(files).toMatch(/epoch-0002-batch-000000\.safetensors/);
    expect(files).not.toContain('.tmp');
  });
});
