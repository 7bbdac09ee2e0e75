import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openProject } from '../../setup/project.mjs';

describe('openProject', () => {
  it('resolves relative paths of the environment against the folder where npm was called', () => {
    const { env, cache } = openProject('/course', { INIT_CWD: '/somewhere/else', COURSE_DATA: '../data', COURSE_CACHE: 'cache', OTHER: './x' });
    expect(env).toMatchObject({ COURSE_DATA: '/somewhere/data', COURSE_CACHE: '/somewhere/else/cache', OTHER: './x' });
    expect(cache).toBe('/somewhere/else/cache');
  });

  it('resolves a program that is named with a slash, and leaves a name for the PATH', () => {
    const { env } = openProject('/course', { INIT_CWD: '/somewhere', COURSE_PYTHON: './bin/python', COURSE_CHROMIUM: 'chrome-beta' });
    expect(env).toMatchObject({ COURSE_PYTHON: '/somewhere/bin/python', COURSE_CHROMIUM: 'chrome-beta' });
  });

  it('leaves absolute paths and unset variables as they are', () => {
    const { env } = openProject('/course', { COURSE_DATA: '/data' });
    expect(env.COURSE_DATA).toBe('/data');
    expect('COURSE_CACHE' in env).toBe(false);
  });

  it('has absolute paths only', () => {
    const project = openProject('.');
    for (const [name, value] of Object.entries(project)) if (typeof value === 'string') expect(path.isAbsolute(value), name).toBe(true);
  });
});
