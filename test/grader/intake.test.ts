import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readSubmissions, readUpload, type IntakeOptions } from '../../grader/src/intake';
import { Bubblewrap } from '../../grader/src/sandbox/bubblewrap';
import { isUngradable, type Submission, type Ungradable } from '../../grader/src/submission';
import { lessons } from '../../solutions/definitions';
import { zipOf, type ZipMember } from '../lib/data/zip';
import { temporaryFolders } from '../setup/temporary';
import { buildGrader } from '../support/grader';

const newFolder = temporaryFolders();
const exercises = path.resolve(__dirname, '../../exercises');
const LESSON = '01_mnist_mlp';
const OTHER = '03_fashion_mnist_cnn';
const suites = lessons.filter((lesson) => lesson.exercises.length > 0)
  .map((lesson) => ({ assignment: lesson.name, exercises: lesson.exercises }));
let options: IntakeOptions;
beforeAll(() => {
  buildGrader();
  options = { suites, sandbox: new Bubblewrap() };
});

interface Cell {
  cell_type: string;
  source: unknown;
  metadata: { nbgrader?: Record<string, unknown> };
  outputs?: unknown;
  attachments?: unknown;
}
interface Notebook { cells: Cell[]; nbformat: unknown; metadata: Record<string, unknown> }

const given = (lesson = LESSON): Notebook =>
  JSON.parse(fs.readFileSync(path.join(exercises, `${lesson}.ipynb`), 'utf8')) as Notebook;
const cellOf = (notebook: Notebook, id: string): Cell =>
  notebook.cells.find(({ metadata }) => metadata.nbgrader?.grade_id === id)!;
const bytesOf = (notebook: unknown): Buffer => Buffer.from(JSON.stringify(notebook));

/** A notebook as it was given out, with a change. */
function changed(change: (notebook: Notebook) => void, lesson = LESSON): Buffer {
  const notebook = given(lesson);
  change(notebook);
  return bytesOf(notebook);
}

const answered = (source: string): Buffer => changed((notebook) => {
  cellOf(notebook, 'e1-1').source = source;
});

function folderOf(files: Record<string, Buffer | string>): string {
  const folder = newFolder();
  for (const [name, content] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), content);
  }
  return folder;
}

const zipped = (files: Record<string, Buffer | string>, more: readonly ZipMember[] = []): Buffer =>
  zipOf([...Object.entries(files).map(([name, content]) => ({ name, content: Buffer.from(content) })), ...more]);

const hashOf = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex');

/** What handIn() packs. */
function handInFiles(
  learner: string, notebook = answered('mine'), more: Record<string, string> = {}, facts: Record<string, unknown> = {},
): Record<string, Buffer | string> {
  const files = { [`${LESSON}.ipynb`]: notebook, ...more };
  const hashes = Object.fromEntries(Object.entries(files).map(([name, content]) => [name, hashOf(content)]));
  const said = { learner, lesson: LESSON, time: '2026-11-20T10:00:00.000Z', files: hashes, ...facts };
  return { 'hand-in.json': JSON.stringify(said), ...files };
}
const handIn = (...args: Parameters<typeof handInFiles>): Buffer => zipped(handInFiles(...args));

async function read(target: string, more: Partial<IntakeOptions> = {}): Promise<(Submission | Ungradable)[]> {
  const all: (Submission | Ungradable)[] = [];
  for await (const each of readSubmissions(target, { ...options, ...more })) all.push(each);
  return all;
}

async function uploaded(name: string, bytes: Buffer): Promise<Submission | Ungradable> {
  const all: (Submission | Ungradable)[] = [];
  for await (const each of readUpload(name, bytes, options)) all.push(each);
  expect(all).toHaveLength(1);
  return all[0];
}

const submission = (each: Submission | Ungradable): Submission => {
  if (isUngradable(each)) throw new Error(each.reason);
  return each;
};
const notebookRead = async (bytes: Buffer): Promise<Submission> => submission(await uploaded('ada.ipynb', bytes));
const reason = async (bytes: Buffer, name = 'ada.ipynb'): Promise<string> => {
  const each = await uploaded(name, bytes);
  return isUngradable(each) ? each.reason : `it was read: ${each.learner}`;
};
const findingsOf = ({ findings }: Submission): string[] =>
  findings.filter(({ kind }) => kind !== 'no hand-in')
    .map(({ kind, where }) => (where === undefined ? kind : `${kind} ${where}`));
const summaryOf = (all: readonly (Submission | Ungradable)[]): string[] =>
  all.map((each) => {
    const { learner } = each;
    return isUngradable(each) ? `${learner.slice(0, 8)}: refused` : `${learner}: ${each.answers['1.1']}`;
  }).sort();

describe('the forms of what was handed in', () => {
  it("reads nbgrader's submitted/, with the time and the trained models that lie in it", async () => {
    const models = { 'models/1.8/model.json': '{}', 'models/1.8/weights.bin': 'bytes' };
    const files = Object.entries(handInFiles('ada', answered('of ada'), models));
    const folder = folderOf({
      ...Object.fromEntries(files.map(([name, content]) => [`ada/${LESSON}/${name}`, content])),
      [`ada/${LESSON}/timestamp.txt`]: '2026-11-21 20:15:03 UTC\n',
      [`ben/${LESSON}/${LESSON}.ipynb`]: answered('of ben'),
      [`ben/${OTHER}/${OTHER}.ipynb`]: bytesOf(given(OTHER)),
    });
    const all = (await read(folder)).map(submission);
    expect(all.map(({ learner, assignment }) => `${learner} ${assignment}`)).toEqual([
      `ada ${LESSON}`, `ben ${LESSON}`, `ben ${OTHER}`,
    ]);
    const [ada] = all;
    expect(ada.receivedAt).toBe('2026-11-21T20:15:03.000Z');
    expect(ada.answers['1.1']).toBe('of ada');
    expect(Buffer.from(ada.models['1.8'].files['weights.bin']).toString()).toBe('bytes');
    expect(ada.findings).toEqual([]);
    expect((await read(folder, { assignment: OTHER })).map(({ learner }) => learner)).toEqual(['ben']);
    expect(summaryOf(await read(path.join(folder, 'ben', LESSON)))).toEqual(['ben: of ben']);
  });

  it('reads a folder of notebooks, whose names say whose they are and whose cells say of what', async () => {
    const folder = folderOf({
      'ada.ipynb': answered('of ada'), [`${LESSON}_ben.ipynb`]: answered('of ben'),
      [`cid/${LESSON}.ipynb`]: answered('of cid'),
      'notes.txt': 'x', '.ipynb_checkpoints/ada-checkpoint.ipynb': answered('old'),
    });
    expect(summaryOf(await read(folder))).toEqual(['ada: of ada', 'ben: of ben', 'cid: of cid']);
  });

  it("reads handIn()'s zip files, one or a folder of them or a zip file of all", async () => {
    const files = {
      [`${LESSON}_ada.zip`]: handIn('ada', answered('of ada')), 'renamed.zip': handIn('ben', answered('of ben')),
      'cid.zip': zipped({ 'solution.ipynb': answered('of cid') }),
    };
    const folder = folderOf(files);
    const all = ['ada: of ada', 'ben: of ben', 'cid: of cid'];
    expect(summaryOf(await read(folder))).toEqual(all);
    expect(summaryOf(await read(path.join(folder, 'renamed.zip')))).toEqual(['ben: of ben']);
    expect(summaryOf(await read(path.join(folderOf({ 'class.zip': zipped(files) }), 'class.zip')))).toEqual(all);
    const tree = zipped({ [`submitted/dan/${LESSON}/${LESSON}.ipynb`]: answered('of dan') });
    expect(summaryOf(await read(path.join(folderOf({ 'class.zip': tree }), 'class.zip')))).toEqual(['dan: of dan']);
  });

  it('says so if there is nothing, or no such place', async () => {
    await expect(read(folderOf({ 'notes.txt': 'x' }))).rejects.toThrow("expected nbgrader's submitted/, a folder of");
    await expect(read(path.join(newFolder(), 'none'))).rejects.toThrow('ENOENT');
    expect(await reason(Buffer.from('x'), 'notes.txt')).toContain('it is neither a notebook nor a zip file');
  });

  it('gives the same answers the same hash, whoever handed them in, and others another one', async () => {
    const ada = await notebookRead(answered('x'));
    const ben = submission(await uploaded('ben.zip', handIn('ben', answered('x'))));
    expect(ben.sha256).toBe(ada.sha256);
    expect((await notebookRead(answered('y'))).sha256).not.toBe(ada.sha256);
    const outputs = await notebookRead(changed((notebook) => {
      Object.assign(cellOf(notebook, 'e1-1'), { source: 'x', outputs: [{ data: { 'text/plain': 'shown' } }] });
    }));
    expect(outputs.sha256).toBe(ada.sha256);
  });
});

describe('whose it is', () => {
  it.each([
    '..', '../ada', 'ada lovelace', '-rf', '.ada', 'a'.repeat(65), 'ada\u202e', 'a\ud800', 'ädä', 'a\nb', '=cmd', '',
  ])('refuses the id %j', async (id) => {
    const text = await reason(handIn(id), 'x.zip');
    expect(text).toMatch(/is no id of a learner: expected at most 64 letters/);
    expect(text).toMatch(/^[\x20-\x7e\u00a0-\u00ff]+$/); // Nothing in it turns or ends lines.
  });

  it('believes the folder, not what the hand-in says, and says so', async () => {
    const files = Object.entries(handInFiles('victim')).map(([name, content]) => [`eve/${LESSON}/${name}`, content]);
    const [eve] = (await read(folderOf(Object.fromEntries(files) as Record<string, Buffer>))).map(submission);
    expect(eve.learner).toBe('eve');
    expect(findingsOf(eve)).toEqual(['other learner']);
  });

  it('believes whoever gives it more than all names', async () => {
    const folder = folderOf({ 'x_501_assignsubmission_file/y.zip': handIn('victim'), 'victim.ipynb': answered('x') });
    const all = await read(folder, { learner: 'eve' });
    expect(all.map(({ learner }) => learner.slice(0, 8)).sort()).toEqual(['eve', 'unknown-']);
    expect(all.filter(isUngradable)[0].reason).toContain('more than once in the name of eve');
  });

  it('takes neither of two zip files that say the same name, nor one that says the name of a named one', async () => {
    const folder = folderOf({
      'a.zip': handIn('ben', answered('one')), 'b.zip': handIn('ben', answered('two')),
      'c.zip': handIn('ada', answered('of eve')), [`${LESSON}_ada.zip`]: handIn('ada', answered('of ada')),
    });
    const refused = 'unknown-: refused';
    expect(summaryOf(await read(folder))).toEqual(['ada: of ada', refused, refused, refused]);
  });

  it("does not let a learner's zip file speak for others by the folders in it", async () => {
    const folder = folderOf({
      'eve.zip': zipped({ [`victim/${LESSON}/${LESSON}.ipynb`]: answered('evil') }),
      'fay.zip': zipped({ [`fay/${LESSON}.ipynb`]: answered('x'), [`victim/${LESSON}.ipynb`]: answered('evil') }),
      'gus.zip': zipped({ 'victim.ipynb': answered('of gus') }),
    });
    const all = await read(folder);
    expect(all.map(({ learner }) => learner)).not.toContain('victim');
    expect(summaryOf(all)).toContain('gus: of gus');
  });

  it('leaves names that an LMS makes to npm run collect', async () => {
    const folder = folderOf({
      'Ada Lovelace_501_assignsubmission_file/x.ipynb': answered('x'), 'lovelaceada_501_77_x.zip': handIn('ada'),
    });
    const all = await read(folder);
    expect(all.filter(isUngradable).map(({ reason: text }) => /npm run collect/.test(text))).toEqual([true, true]);
  });
});

describe('a notebook', () => {
  const cells = (...all: unknown[]): Buffer => bytesOf({ nbformat: 4, cells: all });
  const brackets = '['.repeat(1e6) + ']'.repeat(1e6);
  it.each<[string, Buffer | (() => Buffer), RegExp]>([
    ['nothing', Buffer.alloc(0), /is no whole JSON/],
    ['no JSON', Buffer.from('hello'), /is no whole JSON/],
    ['half of one', () => answered('x').subarray(0, 2000), /is no whole JSON/],
    ['a list', Buffer.from('[]'), /holds no object/],
    ['null bytes', () => Buffer.concat([answered('x'), Buffer.from([0])]), /null bytes/],
    ['UTF-16', () => Buffer.from(answered('x').toString(), 'utf16le'), /null bytes/],
    ['no UTF-8', () => Buffer.from(answered('?').map((byte) => (byte === 63 ? 0xff : byte))), /not written in UTF-8/],
    ['nbformat 3', () => bytesOf({ nbformat: 3, worksheets: [] }), /version 3 of the notebook format; expected 4/],
    ['no nbformat', () => bytesOf({ cells: [] }), /does not say which notebook format/],
    ['no cells', () => bytesOf({ nbformat: 4, cells: {} }), /has no list of cells/],
    ['a cell that is none', cells({ cell_type: 'code', source: '' }, 7), /its cell 2 is no object/],
    ['a source that is none', cells({ cell_type: 'code', source: { length: 1 } }), /its cell 1 has no text/],
    ['metadata that are none', cells({ cell_type: 'code', source: [], metadata: [] }), /metadata that are no object/],
    ['too many cells', cells(...Array.from({ length: 2001 }, () => ({ cell_type: 'code', source: '' }))), /2001 cells/],
    ['a name twice', Buffer.from('{"nbformat":4,"cells":[],"c\\u0065lls":[]}'), /the name "cells" twice/],
    ['brackets a million deep', Buffer.from(`{"cells":${brackets}}`), /more than 100 objects and lists/],
    ['depth in an output', Buffer.from(`{"cells":[{"outputs":${brackets}}]}`), /more than 100 objects and lists/],
    ['a million values', Buffer.from('{"x":[' + '{},'.repeat(1e6) + '{}]}'), /more than 200,000 values/],
    ['20 MB and a byte', Buffer.alloc(20_000_001, 0x20), /20 MB are the most/],
    ['no answer of any lesson', cells({ cell_type: 'code', source: 'x' }), /none of its cells is that of an answer/],
  ])('with %s is refused with a sentence', async (_, bytes, expected) => {
    expect(await reason(typeof bytes === 'function' ? bytes() : bytes)).toMatch(expected);
  });

  it('is read with a byte order mark, and however large its outputs and attachments are', async () => {
    const large = changed((notebook) => {
      const cell = cellOf(notebook, 'e1-1');
      cell.source = ['function f() {\n', '  return "]}\\\\";\n', '}'];
      cell.outputs = [{ data: { 'text/html': '"}]'.repeat(1e6), list: Array.from({ length: 400_000 }, () => ({})) } }];
      notebook.cells[0].attachments = { 'a.png': { 'image/png': 'x'.repeat(5e6) } };
      notebook.metadata.widgets = { state: Array.from({ length: 300_000 }, () => []) };
    });
    const ada = await notebookRead(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), large]));
    expect(ada.answers['1.1']).toBe('function f() {\n  return "]}\\\\";\n}');
    expect(Object.keys(ada.answers)).toHaveLength(9);
  });

  it('counts for its answers alone: points, checks and types are the course\'s own', async () => {
    const ada = await notebookRead(changed((notebook) => {
      cellOf(notebook, 'e1-1-check').metadata.nbgrader!.points = 1000;
      cellOf(notebook, 'e1-2-check').source = 'console.log("all points")';
      notebook.cells = notebook.cells.filter((cell) => cell !== cellOf(notebook, 'e1-3-check'));
      const nbgrader = { grade_id: 'e9-9', points: 50, grade: true };
      notebook.cells.push({ cell_type: 'code', source: 'x', metadata: { nbgrader } });
    }));
    expect(Object.keys(ada.answers)).toHaveLength(9);
    expect(findingsOf(ada)).toEqual([
      'changed cell 1.1', 'changed cell e1-2-check', 'missing cell e1-3-check', 'unknown cell',
    ]);
    const { sentence } = ada.findings.find(({ where }) => where === '1.1')!;
    expect(sentence).toBe("The notebook says 1000 points for 1.1: the course's own count, 2.");
  });

  it('loses an answer whose cell is missing, of another type or too long, and nothing else', async () => {
    const ada = await notebookRead(changed((notebook) => {
      notebook.cells = notebook.cells.filter((cell) => cell !== cellOf(notebook, 'e1-1'));
      cellOf(notebook, 'e1-2').cell_type = 'markdown';
      cellOf(notebook, 'e1-3').source = 'x'.repeat(100_001);
    }));
    expect(Object.keys(ada.answers)).toEqual(['1.4', '1.5', '1.6', '1.7', '1.8', '1.9']);
    expect(Object.keys(ada.texts)).toEqual(['1.10']);
    expect(findingsOf(ada)).toEqual(['missing cell 1.1', 'changed cell 1.2', 'changed cell 1.3']);
  });

  it('has the first of several cells with one id marked', async () => {
    const ada = await notebookRead(changed((notebook) => {
      const cell = cellOf(notebook, 'e1-1');
      notebook.cells.splice(notebook.cells.indexOf(cell) + 1, 0, { ...cell, source: 'second' });
      cell.source = 'first';
    }));
    expect(ada.answers['1.1']).toBe('first');
    expect(findingsOf(ada)).toEqual(['double cell 1.1']);
  });

  it('may have its cells in any order', async () => {
    const ada = await notebookRead(changed((notebook) => {
      notebook.cells.unshift(notebook.cells.splice(notebook.cells.indexOf(cellOf(notebook, 'e1-4')), 1)[0]);
    }));
    expect(Object.keys(ada.answers)).toHaveLength(9);
    expect(findingsOf(ada)).toEqual(['moved cell e1-1-task']);
  });

  it('may hold what no text holds in an answer: signs stand for it', async () => {
    const text = answered('HERE').toString().replace('"HERE"', '"a\\u0000b\\ud800c😀"');
    const ada = await notebookRead(Buffer.from(text));
    expect(ada.answers['1.1']).toBe('a\ufffdb\ufffdc😀');
    expect(findingsOf(ada)).toEqual(['changed cell 1.1']);
  });

  it('cannot change objects of the grader by its names', async () => {
    const names = '"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},';
    await notebookRead(Buffer.from(answered('x').toString().replace('"nbformat":4', `${names}"nbformat":4`)));
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('files', () => {
  it('are never reached by links, wherever these stand', async () => {
    const outside = folderOf({
      'secret.ipynb': answered('secret'), [`x/${LESSON}/${LESSON}.ipynb`]: answered('secret'),
      'x/1.8/model.json': '{}', 'x/1.8/weights.bin': 'secret',
    });
    const folder = folderOf({ [`ben/${LESSON}/other.txt`]: 'x', 'ok.ipynb': answered('fine') });
    fs.symlinkSync(path.join(outside, 'secret.ipynb'), path.join(folder, 'ada.ipynb'));
    fs.symlinkSync(path.join(outside, 'x'), path.join(folder, 'cid'));
    fs.symlinkSync(path.join(outside, 'secret.ipynb'), path.join(folder, 'ben', LESSON, `${LESSON}.ipynb`));
    fs.mkdirSync(path.join(folder, 'dan', LESSON), { recursive: true });
    fs.writeFileSync(path.join(folder, 'dan', LESSON, `${LESSON}.ipynb`), answered('of dan'));
    fs.symlinkSync(path.join(outside, 'x'), path.join(folder, 'dan', LESSON, 'models'));
    execFileSync('mkfifo', [path.join(folder, 'pipe.ipynb')]);
    const all = await read(folder);
    expect(JSON.stringify(all)).not.toContain('"secret"');
    expect(summaryOf(all).filter((each) => !each.includes('refused'))).toEqual(['dan: of dan', 'ok: fine']);
    expect(all.filter(isUngradable)).toHaveLength(4);
    const dan = submission(all.find(({ learner }) => learner === 'dan')!);
    expect(dan.models).toEqual({});
    expect(findingsOf(dan)).toEqual(['unread model 1.8']);
  });

  it('are found where they are not as handIn() wrote them, or a model is not whole', async () => {
    const files = handInFiles('ada', answered('x'), { 'models/1.8/model.json': '{}' });
    files[`${LESSON}.ipynb`] = answered('edited later');
    const ada = submission(await uploaded(`${LESSON}_ada.zip`, zipped(files)));
    expect(ada.answers['1.1']).toBe('edited later');
    expect(ada.models).toEqual({});
    expect(findingsOf(ada)).toEqual([`bad file ${LESSON}.ipynb`, 'unread model 1.8']);
  });

  it('are unpacked whole, also when they are larger than a pipe takes at once', async () => {
    const weights = Array.from({ length: 300_000 }, (_, i) => String((i * 7919) % 99_991)).join('-');
    const models = { 'models/1.8/model.json': '{}', 'models/1.8/weights.bin': weights };
    const ada = submission(await uploaded('x.zip', handIn('ada', answered('x'), models)));
    expect(ada.findings).toEqual([]);
    expect(Buffer.from(ada.models['1.8'].files['weights.bin']).toString()).toBe(weights);
  });

  it('are unpacked within limits', async () => {
    const bomb = Buffer.alloc(40e6);
    const file = (name: string, more: Partial<ZipMember> = {}): Buffer =>
      zipped(handInFiles('ada'), [{ name, content: Buffer.from('x'), ...more }]);
    const nested = zipped({ 'a.zip': zipped({ 'b.zip': zipped({ 'c.zip': handIn('ada') }) }) });
    const cases: [Buffer, RegExp][] = [
      [Buffer.from('PK no zip'), /no whole, harmless zip file/],
      [handIn('ada').subarray(0, 300), /no whole, harmless zip file/],
      [zipped({ 'x.txt': 'x' }), /neither a notebook nor a hand-in/],
      [zipped({ ...handInFiles('ada'), 'models/1.8/weights.bin': bomb }), /more than 200 times as many bytes/],
      [file('../../evil.ipynb'), /invalid relative path/],
      [file('/etc/evil.ipynb'), /absolute path/],
      [file('hand-in.JSON'), /twice/],
      [file('link.ipynb', { attributes: 0xa1ff0000 }), /link or a device/],
      [file('big.ipynb', { size: 3e9 }), /expected at most 100,000,000/],
      [zipOf([{ name: 'x.ipynb' }], { count: 60_000 }), /60,000 members/],
      [nested, /a zip file in a zip file in a zip file/],
    ];
    for (const [bytes, expected] of cases) expect(await reason(bytes, 'x.zip')).toMatch(expected);
  });

  it('do not pile up in memory, however many there are', async () => {
    const folder = newFolder();
    // Two MB each: together far more than may be held.
    const notebook = changed(({ cells }) => void (cells[0].outputs = 'x'.repeat(2e6)));
    fs.writeFileSync(path.join(folder, 'l0.ipynb'), notebook);
    for (let i = 1; i < 1000; i++) fs.linkSync(path.join(folder, 'l0.ipynb'), path.join(folder, `l${i}.ipynb`));
    let count = 0;
    let most = 0;
    for await (const each of readSubmissions(folder, options)) {
      submission(each);
      if (count++ % 50 === 0) most = Math.max(most, process.memoryUsage().rss);
    }
    expect(count).toBe(1000);
    expect(most).toBeLessThan(1e9);
  });
});
