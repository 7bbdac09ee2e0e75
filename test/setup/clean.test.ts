import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import clean from '../../setup/commands/clean.mjs';
import { openProject } from '../../setup/project.mjs';
import { temporaryFolders } from './temporary';

const newFolder = temporaryFolders();
const said = vi.spyOn(console, 'log').mockImplementation(() => {});
afterEach(() => void said.mockClear());

function newProject(env: NodeJS.ProcessEnv = {}) {
  const root = newFolder();
  for (const file of ['node_modules/a/b', '.venv/bin/python', '.setup/lock', 'tsconfig.tsbuildinfo', 'lib/dist/index.js', 'lib/src/index.ts', 'cache/engine/2.16.2/lib', 'cache/datasets/mnist/x', 'cache/pixels/x', 'cache/mine']) {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    fs.writeFileSync(path.join(root, file), 'x'.repeat(1_000_000));
  }
  return openProject(root, { ...process.env, COURSE_CACHE: path.join(root, 'cache'), ...env });
}

describe('clean', () => {
  it('removes what set-up made, says so, and leaves the rest', async () => {
    const project = newProject();
    expect(await clean(project, [])).toBe(0);
    expect(fs.readdirSync(project.root).sort()).toEqual(['cache', 'lib']);
    expect(fs.readdirSync(path.join(project.root, 'lib'))).toEqual(['src']);
    expect(said.mock.calls.flat()).toContain(`Removing ${path.join(project.root, 'node_modules')} (1 MB)`);
    expect(await clean(project, [])).toBe(0);
    expect(said).toHaveBeenLastCalledWith('There is nothing to remove.');
  });

  it('removes the engine and the datasets from the cache, and nothing else there, when it is asked to', async () => {
    const project = newProject();
    await clean(project, ['--cache']);
    expect(fs.readdirSync(project.cache)).toEqual(['mine']);
    expect(said.mock.calls.flat()).toContain(`Removing ${path.join(project.cache, 'engine')} (1 MB)`);
  });

  it('goes on without a lock, and says so, when there is no Python to take it', async () => {
    const project = newProject({ COURSE_PYTHON: '/no/such/python' });
    expect(await clean(project, [])).toBe(0);
    expect(said.mock.calls[0][0]).toMatch(/COURSE_PYTHON is "\/no\/such\/python".*\n.*is not waited for/);
    expect(fs.readdirSync(project.root).sort()).toEqual(['cache', 'lib']);
  });

  it('refuses options that it does not know, before it removes anything', async () => {
    const project = newProject();
    await expect(clean(project, ['--all'])).rejects.toThrow('Unknown option "--all"');
    expect(fs.existsSync(project.nodeModules)).toBe(true);
  });
});
