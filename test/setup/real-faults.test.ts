import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { canMount, onDisk } from '../support/faults';
import { temporaryFolders } from './temporary';

const project = path.resolve(__dirname, '../..');
const newFolder = temporaryFolders();

/** A bare copy of what set-up needs, as a clone has it: nothing that was made here, such as the models of a lesson. */
function copyCourse(to: string): void {
  const needed = ['package.json', 'package-lock.json', '.npmrc', 'tsconfig*.json', 'setup', 'lib', 'kernel', 'datasets', 'notebooks'];
  const listed = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...needed];
  for (const file of execFileSync('git', listed, { cwd: project, encoding: 'utf8' }).split('\0').filter(Boolean)) {
    if (fs.existsSync(path.join(project, file))) fs.cpSync(path.join(project, file), path.join(to, file));
  }
}

/** Nothing of this machine's caches, and registries where nobody listens. */
const withoutNetwork = (cache: string): NodeJS.ProcessEnv => ({
  npm_config_registry: 'http://127.0.0.1:9/',
  npm_config_cache: path.join(cache, 'npm'),
  npm_config_fetch_retries: '0',
  PIP_INDEX_URL: 'http://127.0.0.1:9/simple',
  PIP_RETRIES: '0',
  PIP_NO_CACHE_DIR: '1',
  COURSE_CACHE: cache,
});

function run(command: string, args: string[], env: NodeJS.ProcessEnv): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

const mounts = canMount('the test of set-up with a full disk is');

describe('set-up', () => {
  it('says that it needs a network, what it tried and what to do', async () => {
    const folder = newFolder();
    copyCourse(folder);
    const { code, output } = await run(process.execPath, [path.join(folder, 'setup/course.cjs'), 'setup'], withoutNetwork(newFolder('cache')));

    expect(code).toBe(1);
    expect(output).toContain('npm packages: a server could not be reached.');
    expect(output).toMatch(/ECONNREFUSED/);
    expect(output).toContain('check the network connection. Behind a proxy, set HTTPS_PROXY');
    expect(output).not.toMatch(/^\s+at .*\.mjs/m);
  }, 180_000);

  it.runIf(mounts)('says that the disk is too full, before it begins', async () => {
    const folder = newFolder();
    copyCourse(folder);
    const disk = newFolder('disk');
    const shell = 'cp -r "$1" "$disk/course" && exec "$2" "$disk/course/setup/course.cjs" setup';
    const [program, ...args] = onDisk(disk, '40m', shell, [folder, process.execPath]);
    const { code, output } = await run(program, args, withoutNetwork(path.join(disk, 'cache')));
    expect(code).toBe(1);
    expect(output).toMatch(/needs about .*[GM]B.*free|free .*[GM]B/s);
    expect(output).not.toContain('could not be reached');
  }, 180_000);
});
