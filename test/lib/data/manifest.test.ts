import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { datasetStatuses } from '../../../lib/src/data/datasets';
import { allEntries, datasetEntry, readManifest, type IdxEntry } from '../../../lib/src/data/manifest';
import { temporaryFolder } from './support';

const folder = temporaryFolder();
const manifestFile = path.join(folder, 'manifest.json');
const courseManifest = readFileSync(path.resolve(__dirname, '../../../datasets/manifest.json'), 'utf8');

/** The course's manifest after a change. */
const changed = (change: (manifest: any) => void): string => {
  const manifest = JSON.parse(courseManifest);
  change(manifest);
  return JSON.stringify(manifest);
};

const read = (text: string): ReturnType<typeof readManifest> => {
  writeFileSync(manifestFile, text);
  return readManifest(manifestFile);
};

describe("the course's manifest", () => {
  it('describes three datasets, of two kinds', () => {
    expect(readManifest().map(({ name, kind }) => [name, kind])).toEqual([
      ['mnist', 'idx'],
      ['fashion-mnist', 'idx'],
      ['cats-vs-dogs', 'folder'],
    ]);
  });

  it.each(readManifest())('says of $name where it comes from, how it is licensed and how to cite it', (entry) => {
    expect(entry.homepage).toMatch(/^https?:/);
    expect(entry.licence).toEqual({
      name: expect.any(String),
      url: expect.stringMatching(/^https:/),
      holders: expect.any(String),
    });
    expect(entry.citation).toMatch(/\d{4}/);
    expect(entry.ownFolder).toBe(path.resolve(__dirname, '../../../datasets', entry.name));
  });

  it('has files as long as their counts and shapes make them', () => {
    for (const entry of readManifest().filter((each): each is IdxEntry => each.kind === 'idx')) {
      for (const { split, content, size } of entry.files) {
        const [height, width] = entry.imageShape;
        const count = entry.counts[split];
        expect(size).toBe(content === 'images' ? 16 + count * height * width : 8 + count);
      }
    }
  });

  it('names the classes of Fashion-MNIST in their order', () => {
    expect(datasetEntry('fashion-mnist').classNames).toEqual([
      'T-shirt/top',
      'Trouser',
      'Pullover',
      'Dress',
      'Coat',
      'Sandal',
      'Shirt',
      'Sneaker',
      'Bag',
      'Ankle boot',
    ]);
  });
});

describe('datasetEntry', () => {
  it('says which there are when a name is wrong', () => {
    expect(() => datasetEntry('mnits')).toThrow(
      /got the dataset name "mnits", expected one of: mnist, fashion-mnist, cats-vs-dogs\. To add one, .*manifest\.json/,
    );
  });
});

describe('a folder of pictures beside the manifest, without an entry', () => {
  const put = (...names: string[]): void => {
    for (const name of names) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), 'x');
    }
  };

  it('is a dataset with the classes that it has', () => {
    writeFileSync(manifestFile, courseManifest);
    put('my flowers/tulip/1.jpg', 'my flowers/daisy/1.jpg', '.hidden/a/1.jpg', 'mnist/x', 'notes.txt');
    expect(allEntries(manifestFile).map(({ name }) => name)).toEqual([
      'mnist',
      'fashion-mnist',
      'cats-vs-dogs',
      'my flowers',
    ]);
    expect(datasetEntry('my flowers', manifestFile)).toEqual({
      kind: 'folder',
      name: 'my flowers',
      title: 'my flowers',
      description: 'A folder of pictures',
      licence: { name: 'not stated' },
      classNames: ['daisy', 'tulip'],
      ownFolder: path.join(folder, 'my flowers'),
    });
  });

  it('is listed too if something is wrong with it, and opening it says what', async () => {
    writeFileSync(manifestFile, courseManifest);
    mkdirSync(path.join(folder, 'empty'));
    const statuses = await datasetStatuses({ COURSE_CACHE: path.join(folder, '.cache') }, manifestFile);
    expect(statuses.find(({ entry }) => entry.name === 'empty')).toMatchObject({
      source: undefined,
      problem: expect.stringMatching(/empty: got no class, expected one sub-folder for each class.*Repair or remove/),
    });
    expect(() => datasetEntry('my roses', manifestFile)).toThrow(
      /got the dataset name "my roses", expected one of: mnist, .*empty.*put a folder with a sub-folder of pictures/,
    );
  });
});

describe('readManifest', () => {
  it("reads an entry of a folder of one's own with no more than it needs", () => {
    const [entry] = read(
      JSON.stringify({
        'my-flowers': {
          kind: 'folder',
          title: 'My flowers',
          description: 'Taken in the garden',
          licence: { name: 'my own pictures' },
          classNames: ['daisy', 'tulip'],
        },
      }),
    );
    expect(entry).toEqual({
      kind: 'folder',
      name: 'my-flowers',
      ownFolder: path.join(folder, 'my-flowers'),
      title: 'My flowers',
      description: 'Taken in the garden',
      licence: { name: 'my own pictures' },
      classNames: ['daisy', 'tulip'],
    });
  });

  it("reads the example that the README gives for an entry of one's own", () => {
    const readme = readFileSync(path.resolve(__dirname, '../../../datasets/README.md'), 'utf8');
    const example = /```json\n([^]*?)```/.exec(readme)?.[1] ?? '';
    expect(read(`{ ${example} }`)).toMatchObject([{ name: 'my-flowers', kind: 'folder' }]);
  });

  it('reads IDX files that nobody offers and nobody draws', () => {
    const [entry] = read(
      changed(({ mnist }) => {
        delete mnist.mirrors;
        delete mnist.standIn;
      }),
    );
    expect(entry).toMatchObject({ name: 'mnist', mirrors: [] });
    expect((entry as IdxEntry).standIn).toBeUndefined();
  });

  const faults: [string, string, string | RegExp][] = [
    ['text that is not JSON', '{ "mnist": ', /got no JSON \(.+\), expected an object with an entry a dataset\./],
    ['a list', '[]', 'got [], expected an object { ... }.'],
    [
      'a name that is no folder',
      '{ "../mnist": {} }',
      'got the name "../mnist", expected lower-case letters, digits and hyphens',
    ],
    ['no kind', '{ "flowers": {} }', 'flowers.kind: got nothing, expected a value.'],
    [
      'another kind',
      changed(({ mnist }) => (mnist.kind = 'zip')),
      'mnist.kind: got "zip", expected one of "idx", "folder".',
    ],
    [
      'a misspelt key',
      changed(({ mnist }) => (mnist.mirors = [])),
      'mnist: got the key "mirors", expected only kind, title, ',
    ],
    ['no title', changed(({ mnist }) => delete mnist.title), 'mnist.title: got nothing'],
    ['an empty title', changed(({ mnist }) => (mnist.title = ' ')), 'mnist.title: got " ", expected a text.'],
    ['a number for a text', changed(({ mnist }) => (mnist.title = 5)), 'mnist.title: got 5, expected a text.'],
    ['no licence', changed(({ mnist }) => delete mnist.licence), 'mnist.licence: got nothing'],
    [
      'an address of a file',
      changed(({ mnist }) => (mnist.homepage = 'file:///etc/passwd')),
      'mnist.homepage: got "file:///etc/passwd", expected an address that starts with https:// or http://',
    ],
    [
      'a mirror without /',
      changed(({ mnist }) => (mnist.mirrors[1] = 'https://example.org/mnist')),
      'mnist.mirrors[1]: got "https://example.org/mnist", expected an address that ends in /',
    ],
    [
      'a class twice',
      changed(({ mnist }) => (mnist.classNames[3] = '2')),
      'mnist.classNames: got "2" twice, expected each once.',
    ],
    [
      'no classes',
      changed(({ mnist }) => (mnist.classNames = [])),
      'mnist.classNames: got [], expected a list that is not empty.',
    ],
    [
      'half a pixel',
      changed(({ mnist }) => (mnist.imageShape = [28, 0.5])),
      'mnist.imageShape[1]: got 0.5, expected a whole number of at least 1.',
    ],
    [
      'three sides',
      changed(({ mnist }) => (mnist.imageShape = [28, 28, 3])),
      'mnist.imageShape: got [28,28,3], expected two whole numbers.',
    ],
    [
      'a short checksum',
      changed(({ mnist }) => (mnist.files[2].sha256 = 'abc')),
      'mnist.files[2].sha256: got "abc", expected the 64 hexadecimal digits of a SHA-256.',
    ],
    [
      'a file that leads away',
      changed(({ mnist }) => (mnist.files[0].name = '../train')),
      'mnist.files[0].name: got "../train", expected a file name.',
    ],
    [
      'a file too few',
      changed(({ mnist }) => mnist.files.pop()),
      'mnist.files: got test images, train images, train labels, expected test images, test labels,',
    ],
    [
      'a stand-in of another file',
      changed(({ mnist }) => (mnist.standIn.sha256.x = '')),
      'mnist.standIn.sha256: got the key "x"',
    ],
    [
      'a class that is no folder',
      changed((all) => (all['cats-vs-dogs'].classNames = ['cats', '..'])),
      'cats-vs-dogs.classNames[1]: got "..", expected the name of a folder.',
    ],
    [
      'classes of a folder in another order than the labels have',
      changed((all) => (all['cats-vs-dogs'].classNames = ['dogs', 'cats'])),
      'cats-vs-dogs.classNames: got dogs, cats, expected the names sorted: cats, dogs.',
    ],
    [
      'an archive without counts',
      changed((all) => delete all['cats-vs-dogs'].counts),
      'cats-vs-dogs.counts: got nothing',
    ],
    [
      'counts without a class',
      changed((all) => delete all['cats-vs-dogs'].counts.train.dogs),
      'cats-vs-dogs.counts.train.dogs: got nothing',
    ],
    [
      'counts of another class',
      changed((all) => (all['cats-vs-dogs'].counts.train.cows = 1)),
      'cats-vs-dogs.counts.train: got the key "cows", expected only cats, dogs.',
    ],
    [
      'an archive without a word on its checksum',
      changed((all) => delete all['cats-vs-dogs'].archive.sha256),
      'cats-vs-dogs.archive.sha256: got nothing',
    ],
    [
      'an empty checksum',
      changed((all) => (all['cats-vs-dogs'].archive.sha256 = '')),
      'expected the 64 hexadecimal digits of a SHA-256, or { "unknown": "why" }.',
    ],
  ];
  it.each(faults)('refuses %s, and says where and what it expected', (_what, text, message) => {
    expect(() => read(text)).toThrow(message);
    expect(() => read(text)).toThrow(`${manifestFile}: `);
  });
});
