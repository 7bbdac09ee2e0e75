import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashOf, hashOfTree, readStamp, removeStamp, stampMatches, writeStamp, writeWhole } from '../../setup/stamp.mjs';
import { temporaryFolders } from './temporary';

const newFolder = temporaryFolders();

describe('a stamp', () => {
  it('matches the inputs that it was written with, and no others', () => {
    const file = path.join(newFolder(), 'deep', 'stamp.json');
    expect(stampMatches(file, { lock: 'a' })).toBe(false);
    writeStamp(file, { lock: 'a' });
    expect(stampMatches(file, { lock: 'a' })).toBe(true);
    expect(stampMatches(file, { lock: 'b' })).toBe(false);
    expect(readStamp(file)).toEqual({ lock: 'a' });
    removeStamp(file);
    expect(stampMatches(file, { lock: 'a' })).toBe(false);
  });

  it('counts as missing when it is not whole', () => {
    const file = path.join(newFolder(), 'stamp.json');
    fs.writeFileSync(file, '{"lock": "a');
    expect(readStamp(file)).toBeUndefined();
  });
});

describe('writeWhole', () => {
  it('replaces a file and leaves nothing beside it', () => {
    const folder = newFolder();
    writeWhole(path.join(folder, 'file'), 'one');
    writeWhole(path.join(folder, 'file'), 'two');
    expect(fs.readdirSync(folder)).toEqual(['file']);
    expect(fs.readFileSync(path.join(folder, 'file'), 'utf8')).toBe('two');
  });
});

describe('hashOf', () => {
  it('keeps apart what only its parts tell apart', () => {
    expect(hashOf('ab', 'c')).not.toBe(hashOf('a', 'bc'));
  });
});

describe('hashOfTree', () => {
  it('changes with the content, the name and the number of the files', () => {
    const folder = newFolder();
    const write = (name: string, text: string) => fs.writeFileSync(path.join(folder, name), text);
    fs.mkdirSync(path.join(folder, 'inner'));
    write('inner/a.ts', '1');
    const hashes = [hashOfTree([folder])];
    write('inner/a.ts', '2');
    hashes.push(hashOfTree([folder]));
    fs.renameSync(path.join(folder, 'inner/a.ts'), path.join(folder, 'inner/b.ts'));
    hashes.push(hashOfTree([folder]));
    write('c.ts', '');
    hashes.push(hashOfTree([folder]));
    expect(new Set(hashes).size).toBe(4);
  });

  it('is the same for the same files in another place', () => {
    const [one, other] = [newFolder(), newFolder()];
    for (const folder of [one, other]) fs.writeFileSync(path.join(folder, 'a.ts'), '1');
    expect(hashOfTree([path.join(one, 'a.ts')])).toBe(hashOfTree([path.join(other, 'a.ts')]));
  });
});
