import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { handIn } from '@course/lib';
import { checksumOf, type NotebookCell } from '../../../lib/src/exercises/hand-in';
import { canMount, runOnSmallDisk } from '../../support/faults';
import { makeKernelspec } from '../../support/kernelspec';

const COURSE = path.resolve(__dirname, '../../..');
const PYTHON = path.join(COURSE, '.venv', 'bin', 'python');
const TOOL = path.join(COURSE, 'tools', 'hand_in.py');
/** Inside the project, so that a kernel in it finds the course's packages. */
const FOLDER = path.resolve(__dirname, '../../output/hand-in');
const LESSON = '01_tiny';
const NOTEBOOK = path.join(FOLDER, `${LESSON}.ipynb`);
const ZIP = path.join(FOLDER, 'hand-in', `${LESSON}_ada.zip`);

const kernelspec = makeKernelspec();
const said = vi.spyOn(console, 'log').mockImplementation(() => {});
afterAll(() => kernelspec.remove());

const cell = (id: string, source: string, role: Record<string, unknown> = {}): NotebookCell & { outputs: []; execution_count: null } => ({
  cell_type: 'code', id, source, outputs: [], execution_count: null,
  metadata: { nbgrader: { grade: false, grade_id: id, locked: false, schema_version: 3, solution: false, task: false, ...role } },
});

const GIVEN = [
  cell('e1-1', 'const stub = 1;', { solution: true }),
  cell('e1-1-check', 'typeof double', { grade: true, locked: true, points: 2 }),
  cell('e1-2', 'const stub = 2;', { solution: true }),
];
const ANSWERED = [
  { ...GIVEN[0], source: 'function double(x: number): number { return 2 * x; }\nconsole.log(double(2));' },
  GIVEN[1],
  GIVEN[2],
];

function writeNotebook(cells: readonly NotebookCell[]): void {
  const metadata = { kernelspec: { name: 'tslab', display_name: 'TypeScript', language: 'typescript' } };
  fs.writeFileSync(NOTEBOOK, JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 }));
}

const facts = { goal: 'You can.', points: 2, difficulty: 'easy', minutes: 1, section: 's', version: 1 };
const CHECKS = {
  lesson: LESSON,
  exercises: [
    { id: '1.1', title: 'Double', kind: 'function', answer: 'double', ...facts, criteria: [], mistakes: [], hidden: { criteria: 1, points: 2 } },
    { id: '1.2', title: 'Train', kind: 'trained', answer: 'net', ...facts, requirements: [], levels: [], hidden: { criteria: 0, points: 0 } },
  ],
  cells: GIVEN.map((each) => ({ id: each.id, checksum: checksumOf(each), locked: each.metadata!.nbgrader!.locked })),
};

beforeEach(() => {
  fs.rmSync(FOLDER, { recursive: true, force: true });
  fs.mkdirSync(path.join(FOLDER, 'checks'), { recursive: true });
  fs.writeFileSync(path.join(FOLDER, 'checks', `${LESSON}.json`), JSON.stringify(CHECKS));
  writeNotebook(ANSWERED);
  const env = { ...kernelspec.env, COURSE_EXERCISES: FOLDER, JPY_SESSION_NAME: NOTEBOOK, COURSE_LEARNER: '', JUPYTERHUB_USER: '', COURSE_HAND_IN: '' };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
});
afterEach(() => {
  vi.unstubAllEnvs();
  said.mockClear();
});

/** Hands in and returns what the learner reads. */
async function words(learner?: string): Promise<string> {
  said.mockClear();
  await handIn(learner);
  return said.mock.calls.flat().join('\n');
}

const contents = (): Record<string, string> => JSON.parse(execFileSync('python3', ['-c', `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    print(json.dumps({name: archive.read(name).decode() for name in archive.namelist()}))`, ZIP], { encoding: 'utf8' }));

describe('handIn', () => {
  it('runs the notebook in a fresh kernel with little data, and writes one file with notebook, model and checksums', async () => {
    const proof = 'const { COURSE_QUICK, COURSE_HAND_IN, JPY_SESSION_NAME } = process.env;\n' +
      `if (COURSE_QUICK !== '1' || COURSE_HAND_IN !== '1' || JPY_SESSION_NAME !== ${JSON.stringify(NOTEBOOK)} || process.cwd() !== ${JSON.stringify(FOLDER)}) throw new Error('another environment');`;
    writeNotebook([...ANSWERED, cell('own', proof), cell('broken', 'const x: number = "text";')]);
    const model = path.join(FOLDER, 'hand-in', 'models', '1.2');
    fs.mkdirSync(model, { recursive: true });
    for (const name of ['model.json', 'weights.bin', 'optimizer.safetensors']) fs.writeFileSync(path.join(model, name), name);
    const before = fs.readFileSync(NOTEBOOK, 'utf8');

    const text = await words('ada');
    expect(text).toMatch(/^Ready to hand in: test\/output\/hand-in\/hand-in\/01_tiny_ada\.zip \([\d.]+ k?B\)/);
    expect(text).not.toContain('cost points');
    expect(text).toContain('Not begun yet: 1.2.');
    expect(text).toContain('A cell outside the answers ("broken"): it does not run (TypeScriptError:');
    expect(text).not.toContain('"own"');
    expect(text).toMatch(/Handed in is 01_tiny\.ipynb as it was saved [\d.]+ s ago\./);

    const files = contents();
    expect(Object.keys(files).sort()).toEqual(['01_tiny.ipynb', 'hand-in.json', 'models/1.2/model.json', 'models/1.2/weights.bin']);
    expect(files['01_tiny.ipynb']).toBe(before);
    const { learner, lesson, time, files: hashes } = JSON.parse(files['hand-in.json']);
    expect({ learner, lesson }).toEqual({ learner: 'ada', lesson: LESSON });
    expect(Math.abs(Date.now() - Date.parse(time))).toBeLessThan(600_000);
    expect(hashes['01_tiny.ipynb']).toBe(createHash('sha256').update(before).digest('hex'));
    expect(Object.keys(hashes).sort()).toEqual(['01_tiny.ipynb', 'models/1.2/model.json', 'models/1.2/weights.bin']);
    expect(fs.readFileSync(NOTEBOOK, 'utf8')).toBe(before);
    expect(fs.readdirSync(path.join(FOLDER, 'hand-in')).sort()).toEqual(['01_tiny_ada.zip', 'models']);
  });

  it('hands in what does not compile as well, says what it costs, and keeps the file of before', async () => {
    fs.mkdirSync(path.dirname(ZIP));
    fs.writeFileSync(ZIP, 'the file of before');
    writeNotebook([{ ...ANSWERED[0], source: 'function double(x: number): string { return 2 * x; }' }, ...ANSWERED.slice(1)]);
    const text = await words('ada');
    expect(text).toMatch(/^Ready to hand in/);
    expect(text).toMatch(/they cost points:\n {2}- 1\.1: it does not run \(TypeScriptError: .*\), so it earns nothing as it is/);
    expect(text).toContain('1.2: there is no trained model yet, so it earns nothing.');
    expect(Object.keys(contents())).toContain('hand-in.json');
    const earlier = fs.readdirSync(path.join(FOLDER, 'hand-in', 'earlier'));
    expect(earlier).toHaveLength(1);
    expect(earlier[0]).toMatch(/^01_tiny_ada_\d{4}-\d\d-\d\dT[\d-]+Z\.zip$/);
    expect(fs.readFileSync(path.join(FOLDER, 'hand-in', 'earlier', earlier[0]), 'utf8')).toBe('the file of before');
  });

  it('says so where personal numbers were those of somebody else', async () => {
    const number = { id: '1.3', title: 'Count', kind: 'number', answer: 'n', ...facts, unit: 'x', decimals: 0, variants: [{ given: {}, verdicts: [] }, { given: {}, verdicts: [] }] };
    fs.writeFileSync(path.join(FOLDER, 'checks', `${LESSON}.json`), JSON.stringify({ ...CHECKS, exercises: [number] }));
    expect(await words('ada')).toContain('1.3: the numbers that you were given are those of nobody, but marked are those of ada. Run setLearner(');
    vi.stubEnv('COURSE_LEARNER', 'ada');
    const known = await words();
    expect(known).toMatch(/^Ready to hand in/);
    expect(known).not.toContain('the numbers that you were given');
  });

  it('stops at an interrupt, and leaves neither a file nor a kernel', async () => {
    writeNotebook([cell('e1-1', "require('fs').writeFileSync('pid', String(process.pid));\nwhile (true) {}")]);
    const handing = words('ada');
    const pidFile = path.join(FOLDER, 'pid');
    await vi.waitFor(() => expect(fs.existsSync(pidFile)).toBe(true), { timeout: 60_000 });
    process.emit('SIGINT', 'SIGINT');
    expect(await handing).toBe('Nothing was handed in\nHanding in was stopped. Run the cell again to hand in.');
    expect(fs.readdirSync(path.join(FOLDER, 'hand-in'))).toEqual([]);
    const pid = Number(fs.readFileSync(pidFile, 'utf8'));
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), { timeout: 30_000 });
  });

  it.each<[string, () => string | undefined, RegExp]>([
    ['nobody', () => undefined, /^Nothing was handed in: nobody has said who you are\nRun setLearner\('your-id'\) once/],
    ['an id that is none', () => 'ada lovelace', /^Nothing was handed in: 'ada lovelace' is no id of a learner\nExpected at most 64 letters/],
    ['a notebook that is not there', () => { fs.rmSync(NOTEBOOK); return 'ada'; }, /^Nothing was handed in: there is no .*01_tiny\.ipynb.*\nSave the notebook \(Ctrl\+S\)/],
    ['half a notebook', () => { fs.writeFileSync(NOTEBOOK, '{"cells": ['); return 'ada'; }, /01_tiny\.ipynb is no whole notebook\nSave it/],
    ['no notebook', () => { fs.writeFileSync(NOTEBOOK, '{"cells": [{"source": 1}]}'); return 'ada'; }, /is no whole notebook/],
    ['one that is too large', () => { fs.writeFileSync(NOTEBOOK, Buffer.alloc(21e6)); return 'ada'; }, /has 21\.0 MB, expected at most 20\.0 MB\nEdit → Clear Outputs/],
    ['no place for it', () => { fs.writeFileSync(path.join(FOLDER, 'hand-in'), ''); return 'ada'; }, /^Nothing was handed in: there is no place to write it\n.*is a file/],
    ['damaged checks', () => { fs.writeFileSync(path.join(FOLDER, 'checks', `${LESSON}.json`), '{'); return 'ada'; }, /^Nothing was handed in\nIt failed with: The checks of 01_tiny are damaged/],
    ['the notebook that is just tried', () => { vi.stubEnv('COURSE_HAND_IN', '1'); return 'ada'; }, /^The notebook is being tried: nothing is handed in now\.$/],
  ])('writes nothing for %s, says why, and what to do', async (_, prepare, expected) => {
    const learner = prepare();
    expect(await words(learner)).toMatch(expected);
    expect(fs.existsSync(ZIP)).toBe(false);
  });
});

describe('tools/hand_in.py', () => {
  const run = (...args: string[]) => {
    const { stdout, stderr } = spawnSync(PYTHON, [TOOL, ...args], { encoding: 'utf8', env: process.env });
    expect(stdout, stderr).not.toBe('');
    return stdout.trim().split('\n').map((line) => JSON.parse(line));
  };

  it('goes on after loops that never end, of both kinds, and after errors', () => {
    writeNotebook([
      cell('a', 'throw new Error("first\\nsecond");'), cell('b', 'while (true) {}'), cell('c', 'let afterwards = 1;'),
      cell('d', 'await new Promise((resolve) => setTimeout(resolve, 1e6));'), cell('e', 'if (afterwards !== 1) throw new Error("lost");'),
    ]);
    const lines = run('run', NOTEBOOK, '--folder', FOLDER, '--limit', '8');
    expect(lines.slice(0, -1)).toEqual(['a', 'b', 'c', 'd', 'e'].map((id, i) => ({ cell: i + 1, of: 5, id })));
    expect(lines.at(-1)).toEqual({ failed: [
      { id: 'a', name: 'Error', message: 'first\nsecond' },
      { id: 'b', name: 'Timeout', message: 'did not end within 8 s' },
      { id: 'd', name: 'Timeout', message: 'did not end within 8 s' },
    ] });
  });

  it('says which cell has ended the kernel', () => {
    writeNotebook([cell('a', 'process.exit(3);'), cell('b', '1')]);
    expect(run('run', NOTEBOOK, '--folder', FOLDER, '--limit', '20').at(-1)).toEqual({ failed: [{ id: 'a', name: 'DeadKernel', message: 'ended the kernel' }] });
  });

  it.runIf(canMount('tests of handing in to a full disk'))('leaves nothing behind on a full disk, and says that it was full', () => {
    const disk = path.join(FOLDER, 'disk');
    fs.mkdirSync(disk);
    const large = path.join(FOLDER, 'large');
    execFileSync('dd', ['if=/dev/urandom', `of=${large}`, 'bs=1000000', 'count=12'], { stdio: 'ignore' });
    const shell = `echo '{"large": "${large}"}' | "$@"; ls "$disk"`;
    const { stdout } = runOnSmallDisk(disk, shell, [PYTHON, TOOL, 'pack', path.join(disk, 'x.zip')]);
    expect(JSON.parse(stdout)).toMatchObject({ code: 'ENOSPC' });
  });
});
