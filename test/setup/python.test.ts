import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Problem } from '../../setup/problems.mjs';
import { findPython, isSupported } from '../../setup/python.mjs';
import { pythonEnvironment } from '../../setup/steps/python.mjs';
import { temporaryFolders, writeProgram } from './temporary';

const newFolder = temporaryFolders();

/** A program that answers as Python of that version does. */
const fakePython = (folder: string, name: string, version: string) =>
  writeProgram(folder, name, `echo ${version}; echo "$0"`);

describe('findPython', () => {
  it('takes python3 where it is new enough', () => {
    const folder = newFolder();
    fakePython(folder, 'python3', '3.12.1');
    fakePython(folder, 'python3.13', '3.13.0');
    expect(findPython({ PATH: folder })).toMatchObject({ executable: path.join(folder, 'python3'), version: '3.12.1' });
  });

  it('looks for a newer one beside a python3 that is too old', () => {
    const folder = newFolder();
    fakePython(folder, 'python3', '3.9.2');
    fakePython(folder, 'python3.11', '3.11.4');
    expect(findPython({ PATH: folder }).version).toBe('3.11.4');
  });

  it('takes COURSE_PYTHON and no other', () => {
    const folder = newFolder();
    fakePython(folder, 'python3', '3.12.1');
    const mine = fakePython(newFolder(), 'my-python', '3.10.0');
    expect(findPython({ PATH: folder, COURSE_PYTHON: mine }).version).toBe('3.10.0');
    expect(() => findPython({ PATH: folder, COURSE_PYTHON: '/nowhere/python' })).toThrow(/COURSE_PYTHON is "\/nowhere\/python"/);
  });

  it('says what it found and how to install one, when none fits', () => {
    const folder = newFolder();
    fakePython(folder, 'python3', '3.9.2');
    writeProgram(folder, 'python3.14', 'exit 1');
    const error = catchProblem(() => findPython({ PATH: folder }));
    expect(error.message).toContain('needs Python 3.10 to 3.14');
    expect(error.message).toContain(`${path.join(folder, 'python3')} is Python 3.9.2`);
    expect(error.message).toContain(`${path.join(folder, 'python3.14')} does not run`);
    expect(error.advice).toContain('apt-get install python3');
  });

  it('follows links to the binary itself, as version managers have them', () => {
    const folder = newFolder();
    const real = fakePython(newFolder(), 'python3.12', '3.12.1');
    fs.symlinkSync(real, path.join(folder, 'python3'));
    expect(findPython({ PATH: folder }).realPath).toBe(fs.realpathSync(real));
  });
});

describe('isSupported', () => {
  it('knows the oldest and the newest', () => {
    expect(['2.7.18', '3.9.9', '3.10.0', '3.14.2', '3.15.0', '4.11.0'].map(isSupported)).toEqual([false, false, true, true, false, false]);
  });
});

describe('pythonEnvironment', () => {
  it('drops what would lead pip or Python to another place', () => {
    const env = pythonEnvironment({ PYTHONPATH: '/x', PYTHONHOME: '/y', PIP_TARGET: '/z', PIP_INDEX_URL: 'mirror', HOME: '/home/me' });
    expect(env).toMatchObject({ PIP_INDEX_URL: 'mirror', HOME: '/home/me' });
    for (const name of ['PYTHONPATH', 'PYTHONHOME', 'PIP_TARGET']) expect(env).not.toHaveProperty(name);
  });
});

function catchProblem(action: () => void): Problem {
  try {
    action();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('it did not throw');
}
