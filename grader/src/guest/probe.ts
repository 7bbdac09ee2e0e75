/**
 * Tries in the sandbox what no answer may do, and says what it could do after all. `spin` and `swallow` do not come back where the limits
 * hold.
 */

import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as net from 'node:net';
import type { Plain } from '@course/lib/exercises';
import { serve } from './serve';

export interface Probed {
  /** Each a phrase: `write to /tmp/x`. */
  readonly could: readonly string[];
}

function could(what: string, attempt: () => unknown): string[] {
  try {
    return attempt() ? [what] : [];
  } catch {
    return [];
  }
}

const connects = (port: number): Promise<boolean> => new Promise((resolve) => {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('connect', () => { socket.destroy(); resolve(true); });
  socket.on('error', () => resolve(false));
});

/** What Docker puts into every environment. */
const GIVEN = ['PWD', 'PATH', 'HOSTNAME', 'HOME'];

async function probe({ port, file, ownProcess }: { port: number; file: string; ownProcess: boolean }): Promise<Probed> {
  const ofItself = ownProcess && process.pid === 1 ? [] : ['/proc/1/environ', '/proc/self/mem'];
  return {
    could: [
      ...['/probe', '/tmp/probe', '/dev/shm/probe', '/course/probe', '/var/tmp/probe'].flatMap((name) =>
        could(`write to ${name}`, () => { fs.writeFileSync(name, 'x'); return true; })),
      ...['/etc/passwd', ...ofItself, file].flatMap((name) =>
        could(`read ${name}`, () => { fs.closeSync(fs.openSync(name, 'r')); return true; })),
      ...could('start another program', () => spawnSync('/node', ['--version']).status === 0),
      ...could('see its environment', () => Object.keys(process.env).some((name) => !GIVEN.includes(name))),
      ...could('be another user', () => process.getuid?.() !== 65534),
      ...(await connects(port) ? ['reach the network'] : []),
    ],
  };
}

function swallow(): Probed {
  const all: ArrayBuffer[] = [];
  for (let megabytes = 0; megabytes < 2000; megabytes += 50) {
    try {
      const buffer = new ArrayBuffer(50e6);
      new Uint8Array(buffer).fill(1);
      all.push(buffer);
    } catch {
      return { could: [] };
    }
  }
  return { could: ['take 2 GB of memory'] };
}

void serve(async (text) => {
  const question = JSON.parse(text) as { ask: 'probe' | 'spin' | 'swallow'; port: number; file: string; ownProcess: boolean };
  if (question.ask === 'spin') for (;;);
  return (question.ask === 'swallow' ? swallow() : await probe(question)) as unknown as Plain;
});
