import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type * as Learner from '../../../lib/src/display/learner';
import { temporaryFolders } from '../../setup/temporary';

const newFolder = temporaryFolders();
let folder: string;
let file: string;
let setLearner: typeof Learner.setLearner;
let learner: typeof Learner.learner;
let log: ReturnType<typeof vi.spyOn>;

beforeEach(async () => {
  folder = newFolder();
  file = path.join(folder, 'progress', 'learner.json');
  vi.stubEnv('COURSE_EXERCISES', folder);
  vi.stubEnv('COURSE_LEARNER', '');
  vi.stubEnv('JUPYTERHUB_USER', '');
  // A process that has been told nothing.
  vi.resetModules();
  ({ setLearner, learner } = await import('../../../lib/src/display/learner.js'));
  log = vi.spyOn(console, 'log').mockImplementation(() => {});
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe('setLearner', () => {
  it('is kept for all notebooks, and said', () => {
    setLearner('ada.l');
    expect(learner()).toBe('ada.l');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ learner: 'ada.l' });
    expect(log).toHaveBeenCalledWith('You are ada.l.');
  });

  it('follows what another notebook has said since', () => {
    setLearner('ada');
    writeFileSync(file, '{"learner": "grace"}');
    expect(learner()).toBe('grace');
  });

  it.each(['', '../x', '.', '-a', 'a b', 'a/b', 'ä', 'a'.repeat(65), 7, undefined, null, {}])('refuses %j', (id) => {
    expect(() => setLearner(id as string)).toThrow(/^setLearner: got .*; expected the id that your teacher knows you by/);
    expect(existsSync(file)).toBe(false);
  });

  it('counts until the kernel ends where it cannot be kept, and says why', () => {
    writeFileSync(path.join(folder, 'progress'), '');
    setLearner('ada');
    expect(learner()).toBe('ada');
    expect(log.mock.calls[0][0]).toMatch(/^You are ada\.\nThat could not be kept: .*expected a folder/);
  });

  it('writes nothing while a notebook runs to be handed in', () => {
    vi.stubEnv('COURSE_HAND_IN', '1');
    setLearner('ada');
    expect(existsSync(file)).toBe(false);
  });
});

describe('learner', () => {
  it('is nobody at first', () => {
    expect(learner()).toBeUndefined();
  });

  it('is whom the environment names', () => {
    vi.stubEnv('JUPYTERHUB_USER', 'hub');
    expect(learner()).toBe('hub');
    vi.stubEnv('COURSE_LEARNER', 'course');
    expect(learner()).toBe('course');
    setLearner('ada');
    expect(learner()).toBe('ada');
  });

  it('takes a damaged file for none', () => {
    mkdirSync(path.dirname(file));
    for (const content of ['', '{', '{"learner": "../x"}', '[]']) {
      writeFileSync(file, content);
      expect(learner()).toBeUndefined();
    }
    rmSync(file);
  });
});
