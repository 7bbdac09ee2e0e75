import { spawnSync } from 'node:child_process';
import * as path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { mark } from '../../grader/src/mark/mark';
import { canonicalJson } from '../../grader/src/mark/result';
import type { Sandbox } from '../../grader/src/sandbox/sandbox';
import { lessons } from '../../solutions/definitions';
import { buildGrader, COURSE, handedIn, marking, solutionCells, stubOf, suiteOf } from '../support/grader';

const suite = suiteOf('01');
const cells = solutionCells(suite);
const only = (id: string) => ({ ...suite, exercises: suite.exercises.filter((exercise) => exercise.id === id) });

/** Marks one answer to 1.1 (flatten a picture) by itself. */
async function markFlatten(source: string) {
  const { exercises: [marked] } = await mark(handedIn(suite.assignment, { '1.1': source }), only('1.1'), marking());
  return marked;
}

beforeAll(buildGrader);

describe('mark', () => {
  it.each(lessons.map(({ name }) => [name]))('gives the solutions of %s all points, and answers that were left out none', async (name) => {
    const lesson = suiteOf(name);
    const solutions = solutionCells(lesson);
    const byHand = ({ kind }: { kind: string }) => kind === 'text' || kind === 'trained';
    const right = await mark(handedIn(name, solutions), lesson, marking());
    for (const exercise of right.exercises.filter((each) => !byHand(each))) {
      expect(exercise, `${exercise.id}: ${exercise.message}`).toMatchObject({ outcome: 'passed', earned: exercise.points });
    }
    const stubs = Object.fromEntries(Object.entries(solutions).map(([id, cell]) => [id, stubOf(cell)]));
    const left = await mark(handedIn(name, stubs), lesson, marking());
    expect(left.exercises.filter(({ earned }) => earned > 0)).toEqual([]);
    expect(left.earned).toBe(0);
  });

  it('gives the same bytes when it marks again', async () => {
    const submission = handedIn(suite.assignment, cells);
    const [once, again] = [await mark(submission, suite, marking()), await mark(submission, suite, marking())];
    expect(canonicalJson(again)).toBe(canonicalJson(once));
  });

  it('tells nothing of hidden cases but whether they are right', async () => {
    // Right for what the check shows. What it prints and throws would be a hidden input.
    const source = `function flattenPicture(picture: number[][]) {
      if (picture.length === 2) return picture.flat();
      console.log('seen', JSON.stringify(picture));
      throw new Error('seen ' + JSON.stringify(picture));
    }`;
    const marked = await markFlatten(source);
    expect(marked).toEqual({
      id: '1.1', title: 'Flatten a picture', kind: 'function', points: 2, earned: 1, outcome: 'failed',
      message: expect.stringContaining('not for other inputs'),
      criteria: [expect.objectContaining({ hidden: false, earned: 1 }), { name: 'hidden 1', hidden: true, points: 1, earned: 0 }],
    });
  });

  it('lets no answer tell later what it has seen of hidden cases', async () => {
    const remembers = `(globalThis as any).seen ??= [];
      function flattenPicture(picture: number[][]) { (globalThis as any).seen.push(picture.length); return picture.flat(); }`;
    const tells = `function scalePixels() { throw new Error('seen ' + (globalThis as any).seen); }`;
    const { exercises } = await mark(handedIn(suite.assignment, { '1.1': remembers, '1.2': tells }), suite, marking());
    expect(exercises[0]).toMatchObject({ id: '1.1', outcome: 'passed' });
    // The two public pictures have two rows each; a hidden one has five.
    expect(exercises[1].criteria[0].note).toBe('Error: seen 2,2');
    expect(JSON.stringify(exercises)).not.toMatch(/seen [^"]*5/);
  });

  it('gives the hint of a mistake that it knows', async () => {
    const source = 'function flattenPicture(picture: number[][]) { return picture[0].flatMap((_, column) => picture.map((row) => row[column])); }';
    expect((await markFlatten(source)).hint).toContain('run down the columns');
  });

  it.each([
    ['does not compile', 'function flattenPicture( {', 'error'],
    ['throws', 'function flattenPicture() { throw new Error("I give up"); }', 'error'],
    ['throws at the top', 'throw new Error("I give up");', 'error'],
    ['never ends', 'function flattenPicture() { for (;;); }', 'timeout'],
    ['never ends at the top', 'for (;;);', 'timeout'],
    ['promises and does not keep it', 'function flattenPicture() { return new Promise(() => {}); }', 'timeout'],
    ['never ends after a promise', 'async function flattenPicture() { await null; for (;;); }', 'timeout'],
    ['takes all memory', 'function flattenPicture() { const all = []; for (;;) all.push(new Array(1e6).fill(0.5)); }', 'out of memory'],
    ['ends its process', 'function flattenPicture() { process.exit(0); }', 'crashed'],
    ['has another name', 'function flatten(picture: number[][]) { return picture.flat(); }', 'error'],
    ['is a number', 'const flattenPicture = 7;', 'failed'],
  ])('gives an answer that %s no points, and says so', async (_, source, outcome) => {
    const marked = await markFlatten(source);
    expect(marked).toMatchObject({ earned: 0, outcome });
    expect(marked.message.length).toBeGreaterThan(10);
  }, 60_000);

  it('tries the other cases after one that does not end', async () => {
    const loops = cells['1.1'].replace(/\) {|\): number\[\] {/, (head) => `${head} if (picture.length > 2) for (;;);`);
    expect(loops).toContain('for (;;)');
    const { exercises } = await mark(handedIn(suite.assignment, { ...cells, '1.1': loops }), suite, marking());
    expect(exercises[0]).toMatchObject({ id: '1.1', earned: 1, criteria: [{ hidden: false, earned: 1 }, { hidden: true, earned: 0 }] });
    expect(exercises[1]).toMatchObject({ id: '1.2', outcome: 'passed' });
  });

  it('begins one process for answers that need no TensorFlow.js, and none for those that are not there', async () => {
    const started: boolean[] = [];
    const { sandbox, ...rest } = marking();
    const counted: Sandbox = {
      name: 'counted', problems: () => sandbox.problems(),
      start: (request) => { started.push(request.tensors === true); return sandbox.start(request); },
    };
    const plain = Object.fromEntries(Object.entries(cells).filter(([, cell]) => !/\btf\b/.test(cell)));
    expect(Object.keys(plain).length).toBeLessThan(Object.keys(cells).length);
    await mark(handedIn(suite.assignment, plain), suite, { ...rest, sandbox: counted });
    expect(started).toEqual([false]);
    await mark(handedIn(suite.assignment, {}), suite, { ...rest, sandbox: counted });
    expect(started).toHaveLength(1);
  });

  it('loads TensorFlow.js only where an exercise needs it', () => {
    const script = `
      const { loadSuites } = require('./grader/dist/mark/suite.js');
      require('./grader/dist/workplace.js');
      const suites = loadSuites();
      console.log(suites.length, Object.keys(require.cache).filter((file) => /tfjs/.test(file)).length);`;
    const { stdout } = spawnSync(process.execPath, ['-e', script], { cwd: COURSE, encoding: 'utf8' });
    expect(stdout.trim()).toBe(`${lessons.length} 0`);
  });

  it('starts with what V8 has compiled before', () => {
    const file = path.join(COURSE, 'grader', 'dist', 'guest', 'sucrase.bundle.js');
    const script = `
      const [fs, { Script }] = [require('node:fs'), require('node:vm')];
      const [source, cachedData] = [fs.readFileSync('${file}', 'latin1'), fs.readFileSync('${file.replace('.bundle.js', '.compiled')}')];
      console.log(new Script(source, { filename: 'sucrase.bundle.js', cachedData }).cachedDataRejected);`;
    expect(spawnSync(process.execPath, ['-e', script], { env: {}, encoding: 'utf8' }).stdout.trim()).toBe('false');
  });

  it('lets every answer use TensorFlow.js, as check does', async () => {
    const source = 'function flattenPicture(picture: number[][]) { return tf.tidy(() => [...tf.tensor2d(picture).dataSync()]); }';
    expect(await markFlatten(source)).toMatchObject({ outcome: 'passed', earned: 2 });
  });

  it('speaks to somebody who has handed in, not to somebody in a notebook', async () => {
    expect((await markFlatten('const flattenPicture = 7;')).message).toBe('flattenPicture: expected a function; got the number 7.');
  });

  it('goes on with the next answer after one that was lost', async () => {
    const { exercises } = await mark(handedIn(suite.assignment, { ...cells, '1.2': 'process.kill(process.pid, "SIGKILL")' }), suite, marking());
    expect(exercises.find(({ id }) => id === '1.2')).toMatchObject({ earned: 0 });
    expect(exercises.find(({ id }) => id === '1.3')).toMatchObject({ outcome: 'passed' });
  });

  it('takes no promise of the answer for a mark', async () => {
    const forged = `
      const fs = await import('node:fs');
      const frame = (text) => { const body = Buffer.from(text); const size = Buffer.alloc(4); size.writeUInt32BE(body.length); return Buffer.concat([size, body]); };
      for (const fd of [1, 3, 4, 5]) try { fs.writeSync(fd, frame('{"id":"x","outcome":"value","value":[1],"pass":true,"score":100}')); } catch {}
      const flattenPicture = () => [];`;
    expect(await markFlatten(forged)).toMatchObject({ earned: 0, outcome: 'crashed' });
  });
});
