import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { listFolder } from '../../../../lib/src/data/folder/list';
import { temporaryFolder } from '../support';

/** Listing opens no file, so these need no content. */
function folderOf(...files: readonly string[]): string {
  const folder = path.join(temporaryFolder(), 'pets');
  for (const file of files) {
    mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(folder, file), '');
  }
  return folder;
}

const filesOf = (candidates: readonly { file: string }[] | undefined): string[] | undefined =>
  candidates?.map(({ file }) => file);

describe('listFolder knows training and validation folders', () => {
  it.each([
    ['train', 'validation'],
    ['train', 'valid'],
    ['Train', 'Test'],
    ['training', 'testing'],
    ['TRAINING', 'Val'],
  ])('called %s and %s', (train, validation) => {
    const training = [`${train}/cat/a.jpg`, `${train}/dog/b.jpg`];
    const others = [`${validation}/cat/c.jpg`, `${validation}/dog/d.jpg`];
    const listing = listFolder(folderOf(...training, ...others));
    expect(listing.classNames).toEqual(['cat', 'dog']);
    expect(filesOf(listing.train)).toEqual(training);
    expect(filesOf(listing.validation)).toEqual(others);
    expect(listing.skipped).toEqual([]);
  });

  it('but takes classes called valid and invalid for what they are', () => {
    expect(listFolder(folderOf('valid/a.jpg', 'invalid/b.jpg')).classNames).toEqual(['invalid', 'valid']);
  });
});

describe('listFolder takes each picture once', () => {
  it('and lists links to others of the folder', () => {
    const folder = folderOf('train/cat/a.jpg', 'train/dog/b.jpg', 'val/cat/c.jpg', 'val/dog/d.jpg');
    symlinkSync('../dog/b.jpg', path.join(folder, 'train/cat/link.jpg'));
    symlinkSync('../../train/dog/b.jpg', path.join(folder, 'val/dog/link.jpg'));
    const { train, validation, skipped } = listFolder(folder);
    expect([...filesOf(train)!, ...filesOf(validation)!]).toEqual(
      ['train/cat/a.jpg', 'train/dog/b.jpg', 'val/cat/c.jpg', 'val/dog/d.jpg']);
    expect(skipped).toEqual([
      { file: 'train/cat/link.jpg', reason: 'link to a picture that is listed', detail: 'train/dog/b.jpg' },
      { file: 'val/dog/link.jpg', reason: 'link to a picture that is listed', detail: 'train/dog/b.jpg' },
    ]);
  });

  it('and follows links to pictures that lie beside the classes', () => {
    const folder = folderOf('train/cat/a.jpg', 'all/b.jpg');
    symlinkSync('../../all/b.jpg', path.join(folder, 'train/cat/b.jpg'));
    symlinkSync('../../all/b.jpg', path.join(folder, 'train/cat/c.jpg'));
    const { train, skipped } = listFolder(folder);
    expect(filesOf(train)).toEqual(['train/cat/a.jpg', 'train/cat/b.jpg']);
    expect(skipped).toContainEqual({
      file: 'train/cat/c.jpg', reason: 'link to a picture that is listed', detail: 'train/cat/b.jpg',
    });
  });
});

describe('listFolder refuses', () => {
  it('validation folders without training pictures', () => {
    expect(() => listFolder(folderOf('validation/cat/a.jpg', 'test/cat/b.jpg'))).toThrow(
      /got no training pictures, expected train\/ with one sub-folder for each class beside "test", "validation"/,
    );
  });

  it('a link in place of the training folder, and says that it is one', () => {
    const folder = folderOf('validation/cat/a.jpg');
    const elsewhere = folderOf('cat/a.jpg');
    symlinkSync(elsewhere, path.join(folder, 'train'));
    expect(() => listFolder(folder)).toThrow(
      /1 folder \("validation"\) and 1 link \("train"\)\. Links to folders are not followed/,
    );
    const alone = path.join(temporaryFolder(), 'alone');
    mkdirSync(alone);
    symlinkSync(elsewhere, path.join(alone, 'train'));
    expect(() => listFolder(alone)).toThrow(/got no class.*1 link \("train"\)\. Links to folders are not followed/);
  });

  it('two folders with training pictures', () => {
    expect(() => listFolder(folderOf('train/cat/a.jpg', 'training/cat/b.jpg'))).toThrow(
      /got 2 folders with training pictures \("train", "training"\)/,
    );
  });

  it('a folder too far above the classes', () => {
    expect(() => listFolder(folderOf('pets/cat/a.jpg', 'pets/dog/b.jpg'))).toThrow(
      /got a folder that holds only folders \(pets\/ holds "cat", "dog"\)/,
    );
    expect(() => listFolder(folderOf('a/cat/a.jpg', 'a/dog/b.jpg', 'b/cat/c.jpg'))).toThrow(
      /got folders that hold only folders \(a\/ holds "cat", "dog"\)/,
    );
  });

  it('no name at all', () => {
    expect(() => listFolder('')).toThrow("folder: got '', expected the path of a folder");
  });
});

describe('listFolder', () => {
  it('takes folders within classes where the layout says what the classes are', () => {
    expect(listFolder(folderOf('train/cat/red/a.jpg', 'train/cat/black/b.jpg')).classNames).toEqual(['cat']);
    expect(listFolder(folderOf('cat/images/a.jpg', 'dog/images/b.jpg')).classNames).toEqual(['cat', 'dog']);
  });

  it('lists links beside the classes', () => {
    const folder = folderOf('cat/a.jpg', 'notes.txt');
    symlinkSync('notes.txt', path.join(folder, 'more.txt'));
    symlinkSync('cat', path.join(folder, 'kitten'));
    expect(listFolder(folder).skipped).toEqual([
      { file: 'kitten', reason: 'link to a folder' },
      { file: 'more.txt', reason: 'not in a class' },
      { file: 'notes.txt', reason: 'not in a class' },
    ]);
  });
});
