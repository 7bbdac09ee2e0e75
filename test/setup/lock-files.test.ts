import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.resolve(__dirname, '../..');
const read = (...parts: string[]) => fs.readFileSync(path.join(root, ...parts), 'utf8');

interface LockFile {
  packages: Record<string, { integrity?: string; link?: boolean; resolved?: string; optionalDependencies?: Record<string, string> }>;
}

describe.each([['package-lock.json'], ['test/node-versions/package-lock.json']])('%s', (file) => {
  const { packages } = JSON.parse(read(file)) as LockFile;

  it('has a checksum and no address for every package', () => {
    for (const [name, entry] of Object.entries(packages)) {
      if (!name.includes('node_modules/') || entry.link) continue;
      expect(entry.integrity, name).toMatch(/^sha512-/);
      expect(entry, name).not.toHaveProperty('resolved');
    }
  });

  // npm 11 refuses to install otherwise, on every platform.
  it('names the optional packages of all platforms, not just of the one that it was written on', () => {
    const known = Object.keys(packages).map((name) => name.split('node_modules/').at(-1));
    for (const [name, entry] of Object.entries(packages)) {
      for (const optional of Object.keys(entry.optionalDependencies ?? {})) expect(known, `of ${name}`).toContain(optional);
    }
  });
});

const requirementsIn = (file: string) => read('setup', file).split(/\n(?! )/).filter(Boolean);

describe.each([['requirements', 50], ['requirements-instructor', 3]])('setup/%s.lock', (name, atLeast) => {
  const text = read('setup', `${name}.lock`);
  const requirements = requirementsIn(`${name}.lock`);

  it('pins every package by version and checksum, with no address', () => {
    expect(requirements.length).toBeGreaterThan(atLeast);
    for (const requirement of requirements) {
      expect(requirement).toMatch(/^[\w.-]+==[\w.]+( ; [^\\]+)? \\\n/);
      expect(requirement).toMatch(/--hash=sha256:[0-9a-f]{64}/);
    }
    expect(text).not.toMatch(/https?:|--index-url|--find-links/);
  });

  it(`has what setup/${name}.in asks for, in the same versions`, () => {
    const asked = read('setup', `${name}.in`).split('\n').filter((line) => /^\w/.test(line));
    expect(asked.length).toBeGreaterThan(0);
    for (const line of asked) expect(requirements.some((requirement) => requirement.startsWith(`${line} `)), line).toBe(true);
  });
});

describe('setup/requirements-instructor.lock', () => {
  const namesIn = (file: string) => requirementsIn(file).map((requirement) => requirement.split('==')[0]);

  it('names only what it adds: pip would install the others anew', () => {
    const learners = namesIn('requirements.lock');
    expect(namesIn('requirements-instructor.lock').filter((name) => learners.includes(name))).toEqual([]);
  });

  it('brings learners nothing: none of it is in requirements.lock', () => {
    expect(namesIn('requirements.lock')).not.toContain('nbgrader');
  });
});
