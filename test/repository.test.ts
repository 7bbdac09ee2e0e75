import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.join(__dirname, '..');
const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' });
const trackedFiles = (): string[] => git('ls-files', '-z').split('\0').filter(Boolean);

describe('the repository', () => {
  it('type-checks strictly as a whole: library, kernel, set-up, tools and tests', () => {
    const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-b'], { cwd: root, encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });

  // A copy of the course without its history (a download as an archive) has no list of tracked files.
  const hasHistory = spawnSync('git', ['rev-parse', '--show-toplevel'], { cwd: root, encoding: 'utf8' }).stdout.trim() === path.resolve(root);

  it.runIf(hasHistory)('holds no data, models or builds: no file above 1 MB, none of their kinds', () => {
    const files = trackedFiles();
    expect(files.filter((file) => statSync(path.join(root, file), { throwIfNoEntry: false })?.size! > 1e6)).toEqual([]);
    expect(files.filter((file) => /\.(gz|zip|npz|bin|node|so|whl|h5|pb)$|ubyte$|(^|\/)(dist|node_modules|\.venv)\//.test(file))).toEqual([]);
  });

  it('installs from whatever registry the user has: the lock file names no address', () => {
    const lock = readFileSync(path.join(root, 'package-lock.json'), 'utf8');
    const resolved = [...lock.matchAll(/"resolved": "([^"]+)"/g)].map(([, target]) => target);
    expect(resolved.filter((target) => /^https?:/.test(target))).toEqual([]);
    expect(readFileSync(path.join(root, 'setup/requirements.lock'), 'utf8')).not.toMatch(/https?:\/\/|--index-url|--find-links/);
  });
});
