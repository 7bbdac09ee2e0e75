import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keepResult, readProgress, sameVersion, type NewResult } from '../../../lib/src/display/progress-file';
import { temporaryFolders } from '../../setup/temporary';

const newFolder = temporaryFolders();
const result = (more: Partial<NewResult> = {}): NewResult => ({ id: '1.1', version: 1, passed: false, earned: 1, tried: 2, ...more });

let folder: string;
let file: string;
beforeEach(() => {
  const exercises = newFolder();
  vi.stubEnv('COURSE_EXERCISES', exercises);
  folder = path.join(exercises, 'progress');
  file = path.join(folder, '01_mnist_mlp.json');
});
afterEach(() => void vi.unstubAllEnvs());

const keep = (more: Partial<NewResult> = {}) => keepResult('01_mnist_mlp', result(more));
const kept = async () => (await readProgress('01_mnist_mlp')).kept['1.1'];

describe('the progress of a lesson', () => {
  it('is empty before anything was tried', async () => {
    expect(await readProgress('01_mnist_mlp')).toEqual({ kept: {} });
  });

  it('keeps points, tries and times', async () => {
    expect(await keep()).toEqual({ before: undefined, trouble: undefined });
    await keep({ earned: 2, passed: true });
    const now = (await kept())!;
    expect(now).toMatchObject({ state: 'passed', earned: 2, tried: 2, tries: 2, version: 1 });
    expect(Date.parse(now.first)).toBeLessThanOrEqual(Date.parse(now.last));
    expect(now.passed).toBe(now.last);
  });

  it('keeps the best when a later try fails, and says what was before', async () => {
    await keep({ earned: 2, passed: true });
    const { before } = await keep({ earned: 0 });
    expect(before).toMatchObject({ state: 'passed', earned: 2 });
    expect(await kept()).toMatchObject({ state: 'passed', earned: 2, tries: 2 });
  });

  it('counts nothing of an older version of the exercise', async () => {
    await keep({ earned: 2, passed: true });
    expect(sameVersion(await kept(), 2)).toBeUndefined();
    await keep({ version: 2, earned: 1 });
    expect(await kept()).toMatchObject({ state: 'tried', version: 2, earned: 1, tries: 1 });
  });

  it('loses nothing when many notebooks write at once', async () => {
    const ids = Array.from({ length: 20 }, (_, i) => `1.${i + 1}`);
    await Promise.all(ids.map((id) => keep({ id })));
    const { kept: all } = await readProgress('01_mnist_mlp');
    expect(Object.keys(all).sort()).toEqual([...ids].sort());
    expect(readdirSync(folder)).toEqual(['01_mnist_mlp.json']);
  });

  it.each(['', '{"exercises": {', '[]', '{"exercises": {"1.1": {"state": "perfect"}}}', '\u0000\u0000'])(
    'sets the damaged file %j aside, says so, and begins anew', async (content) => {
      mkdirSync(folder, { recursive: true });
      writeFileSync(file, content);
      const { trouble } = await keep();
      const [aside] = readdirSync(folder).filter((name) => name.includes('broken'));
      expect(trouble).toContain(`was damaged: it is now ${aside}`);
      expect(readFileSync(path.join(folder, aside), 'utf8')).toBe(content);
      expect(await kept()).toMatchObject({ tries: 1 });
    });

  it('says why it could not be written, and throws nothing', async () => {
    writeFileSync(folder, 'a file where a folder should be');
    const { trouble } = await keep();
    expect(trouble).toMatch(/^This result could not be kept: .* is a file, or lies in one; expected a folder\./);
    expect(existsSync(file)).toBe(false);
  });

  // The superuser may write everywhere.
  it.skipIf(process.getuid?.() === 0)('says so when the folder may not be written', async () => {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o500);
    expect((await keep()).trouble).toMatch(/cannot be written \(EACCES\)/);
    chmodSync(folder, 0o700);
  });
});
