import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

// These run the real commands in the project itself, which `npm test` has set up before.
const root = path.resolve(__dirname, '../..');
const course = path.join(root, 'setup', 'course.cjs');

const call = (node: string, ...args: string[]) => spawnSync(node, [course, ...args], { cwd: root, encoding: 'utf8' });

describe('course.cjs', () => {
  it.runIf(process.platform === 'linux' && process.arch === 'x64')('tells an old Node that it is too old', () => {
    const { status, stderr } = call(path.join(root, 'test', 'node-versions', 'node_modules', 'node-4', 'bin', 'node'), 'start');
    expect(stderr).toContain('The course needs Node.js 20 or newer, but this is Node.js 4.9.1');
    expect(status).toBe(1);
  });

  it('names the commands when it is given another', () => {
    const { status, stderr } = call(process.execPath, 'strat');
    expect(stderr).toContain('Unknown command "strat"; expected one of: setup, start, test, notebooks, datasets, assign, new-exercise, release, collect, grade, gradescope-zip, doctor, clean.');
    expect(status).toBe(1);
  });
});

describe('npm run setup', () => {
  it('has nothing to do the second time', () => {
    const { status, stdout, stderr } = call(process.execPath, 'setup');
    expect(stdout + stderr).toBe('Set-up is complete; there was nothing to do.\n');
    expect(status).toBe(0);
  });
});

describe('npm run doctor', () => {
  it('finds that the course can run', () => {
    const { status, stdout } = call(process.execPath, 'doctor');
    expect(stdout).toMatch(/ok +TensorFlow +2\.16\.2, .* loads in \d+ ms/);
    expect(stdout).toMatch(/ok +Kernel +TypeScript/);
    expect(stdout).toMatch(/(ok|note) +Data: mnist +\w/);
    expect(stdout).toContain('The course can run');
    expect(status).toBe(0);
  });
});

describe('npm start', () => {
  const started: ChildProcess[] = [];
  afterEach(() => {
    for (const child of started.splice(0)) child.kill('SIGINT');
  });

  function start(...args: string[]) {
    const child = spawn(process.execPath, [course, 'start', '--no-browser', ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    started.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    const ended = once(child, 'close').then(([code]) => code as number | null);
    const address = new Promise<URL>((resolve, reject) => {
      child.stdout.on('data', () => {
        const found = /http:\S+/.exec(output);
        if (found && output.includes('Stop with Ctrl+C')) resolve(new URL(found[0]));
      });
      void ended.then((code) => reject(new Error(`It ended with ${code}:\n${output}`)));
    });
    address.catch(() => {}); // A test that expects the end does not ask for the address.
    return { child, output: () => output, ended, address };
  }

  it('opens on the start page, takes the next port when one is taken, and stops on Ctrl+C with exit code 0', async () => {
    const other = http.createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    try {
      const lab = start('--port', String(port));
      const address = await lab.address;
      expect(address.pathname).toBe('/lab/tree/notebooks/00_start_here.ipynb');
      expect(address.port).not.toBe(String(port));
      expect(lab.output()).toContain(`Port ${port} is taken, so JupyterLab uses port ${address.port}.`);
      expect(lab.output()).toContain('Open this address in a browser.');

      const page = await fetch(address);
      expect(page.status).toBe(200);
      const kernels = await (await fetch(new URL(`/api/kernelspecs${address.search}`, address))).json();
      expect(kernels.default).toBe('tslab');
      expect(Object.keys(kernels.kernelspecs)).toEqual(['tslab']);
      const contents = await (await fetch(new URL(`/api/contents${address.search}`, address))).json();
      expect(contents.content.map(({ name }: { name: string }) => name)).toContain('notebooks');

      lab.child.kill('SIGINT');
      expect(await lab.ended).toBe(0);
      await expect(fetch(address)).rejects.toThrow();
      const log = /JupyterLab's log: (\S+)/.exec(lab.output())?.[1] ?? 'none named';
      expect(fs.readFileSync(path.resolve(root, log), 'utf8')).toContain('is running at');
    } finally {
      other.close();
    }
  });

  it("ends with JupyterLab's own words and exit code when it does not start", async () => {
    const lab = start('--ServerApp.root_dir=/no/such/folder');
    expect(await lab.ended).toBe(1);
    expect(lab.output()).toContain('JupyterLab ended at its start');
    expect(lab.output()).toContain('/no/such/folder');
  });

  it("shows JupyterLab's own answer to --version", async () => {
    const lab = start('--version');
    expect(await lab.ended).toBe(0);
    expect(lab.output()).toBe('4.6.6\n');
  });
});
