import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { contentsDigest } from '../../../lib/src/data/dataset-files';
import { temporaryFolder } from './support';

describe('contentsDigest', () => {
  const contents = new Map([
    ['train/dogs/dog.1.jpg', Buffer.from('a dog')],
    ['train/cats/cat.10.jpg', Buffer.from('another cat')],
    ['train/cats/cat.1.jpg', Buffer.from('a cat')],
    ['train/Cats.jpg', Buffer.alloc(0)],
  ]);

  it('is the SHA-256 of the sorted list that sha256sum prints', () => {
    const folder = temporaryFolder();
    for (const [name, content] of contents) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), content);
    }
    const names = [...contents.keys()].sort();
    const list = execFileSync('sha256sum', names, { cwd: folder });
    expect(contentsDigest(contents)).toBe(createHash('sha256').update(list).digest('hex'));
  });

  it('does not depend on the order in which the files were added', () => {
    expect(contentsDigest(new Map([...contents].reverse()))).toBe(contentsDigest(contents));
  });

  it('changes with a byte, a name and a file', () => {
    const changed = [
      new Map([...contents, ['train/Cats.jpg', Buffer.from('x')]] as [string, Buffer][]),
      new Map([...contents].map(([name, content]) => [name.replace('dog.1', 'dog.2'), content])),
      new Map([...contents].slice(1)),
    ].map(contentsDigest);
    expect(new Set([contentsDigest(contents), ...changed]).size).toBe(4);
  });
});
