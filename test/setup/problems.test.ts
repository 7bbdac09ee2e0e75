import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { NEEDED_IN_ALL } from '../../setup/disk.mjs';
import { CommandFailed, Interrupted, Problem, explain } from '../../setup/problems.mjs';
import { formatBytes } from '../../setup/progress.mjs';

const failed = (...lines: string[]) => new CommandFailed('npm ci', 'exit code 1', lines, '/project/.setup/logs/npm.log');

const explained = (...lines: string[]) => {
  const problem = explain('npm packages', failed(...lines));
  if (!(problem instanceof Problem)) throw problem;
  return problem;
};

describe('explain', () => {
  it.each([
    ['npm error code ENOSPC', 'the disk is full', 'free about'],
    ["OSError: [Errno 28] No space left on device", 'the disk is full', 'free about'],
    ["npm error Error: EACCES: permission denied, rmdir '/x'", 'may not be written', 'chown'],
    ['OSError: [Errno 30] Read-only file system', 'may not be written', 'folder of your own'],
    ['npm error code ENOTFOUND', 'a server could not be reached', 'HTTPS_PROXY'],
    ['npm error code EAI_AGAIN', 'a server could not be reached', 'network connection'],
    ["ProxyError('Cannot connect to proxy.')", 'a server could not be reached', 'HTTPS_PROXY'],
    ['ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.', 'not the file that the course was tested with', 'proxy or mirror'],
    ['npm error code EINTEGRITY', 'not the file that the course was tested with', 'proxy or mirror'],
    ['The virtual environment was not created successfully because ensurepip is not available.', 'module that makes environments', 'python3-venv'],
  ])('knows "%s"', (line, what, advice) => {
    const problem = explained('something before', line, 'something after');
    expect(problem.message).toContain(what);
    expect(problem.message).toContain(line.trim());
    expect(problem.message).not.toContain('something before');
    expect(problem.message).toContain('/project/.setup/logs/npm.log');
    expect(problem.advice).toContain(advice);
  });

  it('shows all of the last lines of a fault that it does not know', () => {
    const problem = explained('one', 'two', 'three');
    expect(problem.message).toContain('npm packages failed. "npm ci" ended with exit code 1.');
    expect(problem.message).toMatch(/one\n\s+two\n\s+three/);
  });

  it('says of a full disk how much is needed, as the README does', () => {
    const needed = formatBytes(NEEDED_IN_ALL);
    expect(explained('ENOSPC').advice).toContain(`free about ${needed}`);
    const readme = fs.readFileSync(path.resolve(__dirname, '../../README.md'), 'utf8');
    expect(readme).toContain(`about ${needed} of disk`);
    expect(readme).toContain(`About ${needed} are needed`);
  });

  it('leaves problems and interruptions as they are', () => {
    const problem = new Problem('what', 'advice');
    expect(explain('x', problem)).toBe(problem);
    const interrupted = new Interrupted();
    expect(explain('x', interrupted)).toBe(interrupted);
  });

  it("knows the errors of Node's own functions too", () => {
    const error = explain('Build', Object.assign(new Error("EROFS: read-only file system, open '/x'"), { code: 'EROFS' }));
    expect(error).toMatchObject({ message: expect.stringContaining("EROFS: read-only file system, open '/x'"), advice: expect.stringContaining('folder') });
  });
});
