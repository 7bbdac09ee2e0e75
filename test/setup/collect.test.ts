import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { carryOut, parseArguments } from '../../setup/commands/collect.mjs';
import { readRoster, timeOf, toldByNames } from '../../setup/hand-ins.mjs';
import { openProject } from '../../setup/project.mjs';
import { temporaryFolders } from './temporary';

const newFolder = temporaryFolders();
const said = vi.spyOn(console, 'log').mockImplementation(() => {});
afterEach(() => said.mockClear());

const root = path.resolve(__dirname, '../..');
const LESSON = '01_mnist_mlp';
const notebook = (answer = 'mine'): string => JSON.stringify({
  nbformat: 4, cells: [{ cell_type: 'code', source: `// ${answer}`, metadata: { nbgrader: { grade_id: 'e1-2' } } }],
});

/** Writes files, and folders around them, and a zip file of them if asked. */
function writeFiles(folder: string, files: Record<string, string | Buffer>): string {
  for (const [name, content] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), content);
  }
  return folder;
}

const ZIP = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as archive:
    for name, content in json.load(sys.stdin).items():
        info = zipfile.ZipInfo(name)
        info.external_attr = (0o120777 if content.startswith('LINK:') else 0o100644) << 16
        archive.writestr(info, bytes(10**9) if content == 'BOMB' else bytes.fromhex(content[4:]) if content.startswith('HEX:') else content, zipfile.ZIP_DEFLATED)
`;
/** The bytes of a zip file. */
function zip(files: Record<string, string | Buffer>): Buffer {
  const file = path.join(newFolder(), 'x.zip');
  const contents = Object.fromEntries(Object.entries(files).map(([name, each]) => [name, typeof each === 'string' ? each : `HEX:${each.toString('hex')}`]));
  execFileSync('python3', ['-c', ZIP, file], { input: JSON.stringify(contents) });
  return fs.readFileSync(file);
}

const sha256 = (content: string): string => createHash('sha256').update(content).digest('hex');

/** What handIn() writes. */
function handIn(learner: string, { answer = 'mine', time = '2026-11-20T10:00:00.000Z', lesson = LESSON, models = {} as Record<string, string>, extra = {} } = {}): Buffer {
  const files = { [`${lesson}.ipynb`]: notebook(answer), ...models };
  const hashes = Object.fromEntries(Object.entries(files).map(([name, content]) => [name, sha256(content)]));
  return zip({ 'hand-in.json': JSON.stringify({ learner, lesson, time, files: hashes }), ...files, ...extra });
}

async function collect(download: string, to: string, roster?: string): Promise<{ exitCode: number; output: string }> {
  const exitCode = await carryOut(openProject(root), { download, to, ...(roster && { roster }) });
  const output = said.mock.calls.flat().join('\n');
  said.mockClear();
  return { exitCode, output };
}

const answerIn = (to: string, learner: string): string =>
  JSON.parse(fs.readFileSync(path.join(to, learner, LESSON, `${LESSON}.ipynb`), 'utf8')).cells[0].source;

const ROSTER = 'id,first_name,last_name,email,lms_user_id\nada,Ada,Lovelace,ada@example.org,501\nben,Ben,"de la Cruz, Jr.",,502\ncid,Çiğdem,Kaya,,503\n';
const rosterFile = (): string => path.join(writeFiles(newFolder(), { 'roster.csv': ROSTER }), 'roster.csv');

describe('npm run collect', () => {
  it('takes the files of handIn() as they are into the folders of nbgrader, with models and time', async () => {
    const models = { 'models/1.8/model.json': '{}', 'models/1.8/weights.bin': 'bytes' };
    const download = writeFiles(newFolder(), { [`${LESSON}_ada.zip`]: handIn('ada', { models }) });
    const to = path.join(newFolder(), 'submitted');
    const { exitCode, output } = await collect(download, to);
    expect(exitCode).toBe(0);
    expect(output).toMatch(/^ada {2}01_mnist_mlp {2}collected {2}2026-11-20 10:00:00 UTC$/m);
    const folder = path.join(to, 'ada', LESSON);
    expect(fs.readdirSync(folder).sort()).toEqual([`${LESSON}.ipynb`, 'hand-in.json', 'models', 'timestamp.txt']);
    expect(fs.readFileSync(path.join(folder, 'timestamp.txt'), 'utf8')).toBe('2026-11-20 10:00:00 UTC\n');
    expect(fs.readFileSync(path.join(folder, 'models/1.8/weights.bin'), 'utf8')).toBe('bytes');
    expect(fs.readdirSync(to)).toEqual(['ada']);
  });

  it.each<[string, Record<string, string | Buffer>]>([
    ['Moodle', { 'Ada Lovelace_501_assignsubmission_file/hand-in.zip': handIn('ada') }],
    ['Moodle, with a bare notebook', { 'Ada Lovelace_9001_assignsubmission_file_/meine lösung (1).ipynb': notebook() }],
    ['Moodle, without folders', { [`Ada Lovelace_9001_assignsubmission_file_${LESSON}_ada.zip`]: handIn('ada') }],
    ['Canvas', { [`lovelaceada_LATE_501_77_${LESSON}_ada-2.zip`]: handIn('ada') }],
    ['Canvas, with a bare notebook', { 'lovelaceada_9001_77_solution.ipynb': notebook() }],
    ['Blackboard', { [`Exercises 1_ada_attempt_2026-11-20-10-00-00_${LESSON}_ada.zip`]: handIn('ada'), 'Exercises 1_ada_attempt_2026-11-20-10-00-00.txt': 'Name: Ada' }],
    ["nbgrader's exchange", { [`ada+${LESSON}+2026-11-20 10:00:00.123456 UTC+a1b2/${LESSON}.ipynb`]: notebook() }],
    ["nbgrader's submitted", { [`ada/${LESSON}/${LESSON}.ipynb`]: notebook(), [`ada/${LESSON}/timestamp.txt`]: '2026-11-20 10:00:00 UTC' }],
    ['an unpacked hand-in', { 'some folder/hand-in.json': JSON.stringify({ learner: 'ada', lesson: LESSON, time: '', files: { [`${LESSON}.ipynb`]: sha256(notebook()) } }), [`some folder/${LESSON}.ipynb`]: notebook() }],
  ])('knows the names of %s, in a folder and in a zip file', async (_, files) => {
    const download = writeFiles(newFolder(), { ...files, '.DS_Store': 'x', '__MACOSX/._x': 'x' });
    const packed = path.join(writeFiles(newFolder(), { 'all.zip': zip({ ...files, '__MACOSX/._x': 'x' }) }), 'all.zip');
    for (const each of [download, packed]) {
      const to = path.join(newFolder(), 'submitted');
      const { exitCode, output } = await collect(each, to, rosterFile());
      expect(output).toMatch(/^ada +01_mnist_mlp +collected/m);
      expect(answerIn(to, 'ada')).toBe('// mine');
      expect(output).toContain('1 collected, 0 already there, 0 older than what is there, 2 missing, 0 doubtful, 0 not read.');
      expect(exitCode).toBe(0);
    }
  });

  it('takes the newest of several attempts, keeps what was there, and loses nothing the second time', async () => {
    const download = writeFiles(newFolder(), {
      'lovelaceada_501_1_x.zip': handIn('ada', { answer: 'first', time: '2026-11-20T10:00:00Z' }),
      'lovelaceada_501_2_x-1.zip': handIn('ada', { answer: 'second', time: '2026-11-20T12:00:00Z' }),
      'lovelaceada_501_3_x-2.zip': handIn('ada', { answer: 'third', time: '2026-11-20T11:00:00Z' }),
    });
    const to = path.join(newFolder(), 'submitted');
    expect((await collect(download, to)).output).toMatch(/collected +2026-11-20 12:00:00 UTC +2 older$/m);
    expect(answerIn(to, 'ada')).toBe('// second');
    expect((await collect(download, to)).output).toContain('already there');

    const later = writeFiles(newFolder(), { 'a.zip': handIn('ada', { answer: 'fourth', time: '2026-11-21T00:00:00Z' }) });
    await collect(later, to);
    expect(answerIn(to, 'ada')).toBe('// fourth');
    const earlier = `${to}-earlier/ada/${LESSON}/2026-11-20-12-00-00-UTC/${LESSON}.ipynb`;
    expect(fs.readFileSync(earlier, 'utf8')).toContain('second');
    expect((await collect(download, to)).output).toContain('there is a newer one');
    expect(answerIn(to, 'ada')).toBe('// fourth');
  });

  it('lists who is missing, in the order of lessons', async () => {
    const download = writeFiles(newFolder(), { 'a.zip': handIn('ada'), 'b.zip': handIn('ben') });
    const { output } = await collect(download, path.join(newFolder(), 'to'), rosterFile());
    expect(output.split('\n').slice(0, 3).map((line) => line.split(/ {2,}/).slice(0, 3))).toEqual([
      ['ada', LESSON, 'collected'], ['ben', LESSON, 'collected'], ['cid', LESSON, 'MISSING'],
    ]);
  });

  const nobody = (output: string): void => expect(output).toMatch(/^0 collected/m);
  it.each<[string, Record<string, string | Buffer>, RegExp]>([
    ['who uploads for another', { 'Ada Lovelace_501_assignsubmission_file/x.zip': handIn('ben') }, /it was handed in as ben, but uploaded by Ada Lovelace \(ada\)/],
    ['two people with one id', { 'x_1_assignsubmission_file/x.zip': handIn('ada'), 'y_2_assignsubmission_file/x.zip': handIn('ada') }, /"x" and "y" both hand in as ada/],
    ['an id that is not in the roster', { 'x.zip': handIn('eve') }, /eve is not in the roster/],
    ['an id that leads elsewhere', { 'x.zip': handIn('../../etc') }, /"\.\.\/\.\.\/etc" is no id of a learner/],
    ['a bare notebook of nobody', { 'x.ipynb': notebook() }, /nobody can tell whose it is/],
    ['a name that is not in the roster', { 'Eve_7_assignsubmission_file/x.ipynb': notebook() }, /the roster does not say who "Eve" is/],
    ['a notebook of no lesson', { [`ada+x+2026-11-20 10:00:00 UTC/y.ipynb`]: JSON.stringify({ nbformat: 4, cells: [] }) }, /it is of no lesson that has exercises/],
    ['a notebook that is none', { [`ada/${LESSON}/${LESSON}.ipynb`]: '{"cells": [' }, /its notebook is no whole notebook/],
    ['a hand-in of another course', { 'x.zip': handIn('ada', { lesson: 'other' }) }, /speaks of the lesson "other", and there is no such notebook/],
    ['a damaged zip file', { 'x.zip': 'PK no zip' }, /got no whole, harmless zip file/],
    ['a zip file that leads out of its folder', { 'x.zip': handIn('ada', { extra: { '../../evil': 'x' } }) }, /got no whole, harmless zip file/],
    ['a link in a zip file', { 'x.zip': handIn('ada', { extra: { 'models/1.8/model.json': 'LINK:/etc/passwd' } }) }, /which is a link or a device/],
    ['a zip bomb', { 'x.zip': handIn('ada', { extra: { 'models/1.8/weights.bin': 'BOMB' } }) }, /1,000,000,000 bytes, expected at most 50,000,000/],
  ])('does not collect %s, and says why', async (_, files, why) => {
    const to = path.join(newFolder(), 'to');
    const { exitCode, output } = await collect(writeFiles(newFolder(), files), to, rosterFile());
    expect(output).toMatch(why);
    nobody(output);
    expect(exitCode).toBe(1);
    expect(fs.existsSync(to)).toBe(false);
  });

  it('does not follow links of a folder', async () => {
    const download = newFolder();
    fs.symlinkSync('/etc', path.join(download, 'folder'));
    fs.symlinkSync('/etc/passwd', path.join(download, 'x.ipynb'));
    const { output } = await collect(download, path.join(newFolder(), 'to'));
    expect(output.match(/it is a link or a device, no file/g)).toHaveLength(2);
  });

  it('collects what was changed after it was handed in, and says so', async () => {
    const changed = zip({ 'hand-in.json': JSON.stringify({ learner: 'ada', lesson: LESSON, time: '2026-11-20T10:00:00Z', files: {} }), [`${LESSON}.ipynb`]: notebook() });
    const { exitCode, output } = await collect(writeFiles(newFolder(), { 'x.zip': changed }), path.join(newFolder(), 'to'));
    expect(output).toContain(`LOOK: ${LESSON}.ipynb is not as handIn() wrote it`);
    expect(exitCode).toBe(1);
  });

  it('takes of a hand-in what belongs to it and nothing else', async () => {
    const extra = { 'models/1.8/evil.sh': 'x', 'models/9.9.9/model.json': 'x', 'timestamp.txt': '2030-01-01 00:00:00 UTC' };
    const to = path.join(newFolder(), 'to');
    const { output } = await collect(writeFiles(newFolder(), { 'x.zip': handIn('ada', { extra }) }), to);
    expect(output).toContain('x.zip/models/1.8/evil.sh');
    expect(fs.readdirSync(path.join(to, 'ada', LESSON)).sort()).toEqual([`${LESSON}.ipynb`, 'hand-in.json', 'timestamp.txt']);
    expect(fs.readFileSync(path.join(to, 'ada', LESSON, 'timestamp.txt'), 'utf8')).toBe('2026-11-20 10:00:00 UTC\n');
  });
});

describe('the command line of collect', () => {
  it('needs a download that is there, and a place to put it', () => {
    expect(() => parseArguments(['x'], '/')).toThrow('Got 1 downloads and no --to; expected one of each.');
    expect(() => parseArguments(['/no/such', '--to', 'y'], '/')).toThrow('There is no /no/such.');
    expect(parseArguments(['tmp', '--to', 'y'], '/')).toEqual({ download: '/tmp', to: '/y' });
  });
});

describe('a roster', () => {
  it('is CSV with quotes, with the columns of nbgrader in any order', () => {
    expect(readRoster('\ufefflast_name,id\r\n"de la ""C"", Jr.",ben\r\n\r\n')).toEqual([{ id: 'ben', first_name: '', last_name: 'de la "C", Jr.', email: '', lms_user_id: '' }]);
  });

  it.each([
    ['name\nx', 'got the columns name; expected id'],
    ['id\n../x', 'got the id "../x"'],
    ['id\nada\nada', 'got the id ada twice'],
  ])('is refused: %j', (text, message) => {
    expect(() => readRoster(text)).toThrow(message);
  });
});

describe('the names in a download', () => {
  it('tell the attempt, the time and who it was', () => {
    const lessons = new Map([[LESSON, []]]);
    expect(toldByNames(['kayaçiğdem_12_34_a_b-3.zip'], lessons)).toEqual({ uploader: 'kayaçiğdem', lmsId: '12', attempt: 3 });
    expect(toldByNames(['Week 1_s_1234567_attempt_2026-01-02-03-04-05_x.zip'], lessons)).toMatchObject({ time: new Date('2026-01-02T03:04:05Z') });
    expect(toldByNames([`${LESSON}_ada.zip`], lessons)).toEqual({ learner: undefined, attempt: 0 });
  });

  it('hold times as nbgrader writes them', () => {
    expect(timeOf('2026-11-20 10:00:00.123456 UTC')).toEqual(new Date('2026-11-20T10:00:00.123Z'));
    expect(timeOf('yesterday')).toBeUndefined();
  });
});
