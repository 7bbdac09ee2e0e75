import { execFileSync, spawn } from 'node:child_process';
import * as path from 'node:path';
import { Readable } from 'node:stream';
import { beforeAll, describe, expect, it } from 'vitest';
import { chosenSandbox } from '../../grader/src/sandbox/back-ends';
import { frameOf, readFrames } from '../../grader/src/sandbox/frames';
import { probed } from '../../grader/src/sandbox/probed';
import { processOf } from '../../grader/src/sandbox/process';
import type { Sandbox } from '../../grader/src/sandbox/sandbox';
import { seccompFilter, seccompProfile } from '../../grader/src/sandbox/seccomp';
import { buildGrader } from '../support/grader';

const COURSE = path.resolve(__dirname, '../..');

/** No sandbox at all: what it does not stop has to be found. */
class Open implements Sandbox {
  readonly name = 'open';
  problems = (): Promise<string[]> => probed(this);
  start: Sandbox['start'] = ({ script, limits }) =>
    processOf(spawn(process.execPath, [path.join(COURSE, script)], { stdio: 'pipe', env: { SECRET: 'x', PATH: '/usr/bin' } }), limits.outputBytes);
}

beforeAll(buildGrader);

describe('the sandbox', () => {
  it('stops all that its examination tries', async () => {
    expect(await chosenSandbox().problems()).toEqual([]);
  });

  it('is examined for real: where nothing is stopped, each of it is found', async () => {
    const found = (await new Open().problems()).join('\n');
    for (const what of ['write to /tmp/probe', 'read /etc/passwd', 'package.json', 'see its environment', 'be another user', 'reach the network', '2 GB of memory', 'more time on the processor']) {
      expect(found).toContain(what);
    }
  }, 120_000);

  it('leaves nothing running when it is ended', async () => {
    // Other tests have sandboxes at the same time.
    const own = `--of-test-${process.pid}`;
    const box = chosenSandbox().start({
      script: 'grader/dist/guest/guest.bundle.js', args: [own], sees: ['grader/dist', 'lib', 'node_modules'],
      limits: { memoryBytes: 500e6, cpuSeconds: 20, outputBytes: 1000 },
    });
    const source = "for (;;) await new Promise((resolve) => setTimeout(resolve, 10));";
    box.input.write(frameOf(JSON.stringify({ ask: 'open', id: 'a', source, name: 'x', given: {}, tensors: false })));
    await new Promise((resolve) => setTimeout(resolve, 500));
    const running = (): string => execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    expect(running()).toContain(own);
    box.kill();
    await box.ended;
    await expect.poll(() => running().split('\n').filter((line) => line.includes(own))).toEqual([]);
  });
});

describe('seccompFilter', () => {
  it('has instructions of 8 bytes, and ends with leave to do the rest', () => {
    for (const architecture of ['x64', 'arm64']) {
      const filter = seccompFilter(architecture);
      expect(filter.length % 8).toBe(0);
      expect(filter.length / 8).toBeLessThan(4096); // As many as the kernel takes.
      expect(filter.readUInt16LE(filter.length - 8)).toBe(0x06);
      expect(filter.readUInt32LE(filter.length - 4)).toBe(0x7fff0000);
    }
  });

  it('is for Docker what it is for bubblewrap', () => {
    const { defaultAction, syscalls } = JSON.parse(seccompProfile()) as { defaultAction: string; syscalls: { names: string[]; errnoRet: number }[] };
    expect(defaultAction).toBe('SCMP_ACT_ALLOW');
    const refused = syscalls.filter(({ errnoRet }) => errnoRet === 1).flatMap(({ names }) => names);
    expect(refused).toEqual(expect.arrayContaining(['ptrace', 'socket', 'fork', 'unshare', 'bpf', 'clone', 'mmap']));
  });

  it('is not guessed for other processors', () => {
    expect(() => seccompFilter('riscv64')).toThrow('x64 and arm64, not for riscv64');
  });
});

describe('frames', () => {
  const read = async (parts: Buffer[], longest = 100): Promise<string[]> => {
    const all: string[] = [];
    for await (const text of readFrames(Readable.from(parts), longest)) all.push(text);
    return all;
  };

  it('come as they were sent, however the pipe cuts them', async () => {
    const whole = Buffer.concat([frameOf('one'), frameOf(''), frameOf('zwölf')]);
    expect(await read([whole])).toEqual(['one', '', 'zwölf']);
    expect(await read([...whole].map((byte) => Buffer.from([byte])))).toEqual(['one', '', 'zwölf']);
  });

  it('that are too long or cut off end the reading', async () => {
    await expect(read([frameOf('x'.repeat(101))])).rejects.toThrow('a message of 101 bytes; 100 are the most');
    await expect(read([frameOf('whole').subarray(0, 7)])).rejects.toThrow('in the middle of a message');
  });
});
