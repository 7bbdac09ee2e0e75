import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { carryOut, parseArguments } from '../../setup/commands/release.mjs';
import { openProject } from '../../setup/project.mjs';
import { leaksOfCopy, LEFT_OUT } from '../../solutions/copies';
import { lessons } from '../../solutions/definitions';
import { textOf, withoutSolution, readSources } from '../../solutions/sources';
import { temporaryFolders } from '../setup/temporary';

const root = path.resolve(__dirname, '../..');
const newFolder = temporaryFolders();
vi.spyOn(console, 'log').mockImplementation(() => {});
const lesson = lessons.filter(({ name }) => name === '01_mnist_mlp');
const [{ cells = [], exercises }] = readSources(root, lesson);
const solutionOf = (id: string) => withoutSolution(textOf(cells.find((cell) => cell.id === id)!))!.solution;
const hasHistory = spawnSync('git', ['rev-parse', '--show-toplevel'], { cwd: root, encoding: 'utf8' }).stdout.trim() === root;

describe('the search for leaks in a copy of the course', () => {
  const leaksIn = (file: string, text: string) => leaksOfCopy(root, lesson, [{ path: file, text }]);

  it.each([
    ['a solution, indented in another way', 'docs/help.md', () => solutionOf('e1-4').replace(/\n/g, '\n        '), /^docs\/help\.md: it holds the solution of 1\.4\.$/],
    ['a solution in a notebook', 'notebooks/x.ipynb', () => JSON.stringify({ cells: [{ source: solutionOf('e1-4') }] }), /it holds the solution of 1\.4\.$/],
    ['a model answer', 'README.md', () => textOf(cells.find(({ id }) => id === 'e1-10')!), /^README\.md: it holds the model answer of 1\.10\.$/],
    ['a rubric', 'README.md', () => exercises.flatMap((each) => (each.kind === 'text' ? each.rubric.map(({ looksFor }) => looksFor) : [])).join('\n'), /it holds the rubric of 1\.10\.$/],
    ['a file of solutions/', 'solutions/x.ts', () => '', /^solutions\/x\.ts: learners do not get it\.$/],
    ['a test that holds answers', 'test/solutions/x.test.ts', () => '', /learners do not get it/],
    ['a file in exercises/ that is none of theirs', 'exercises/notes.txt', () => 'x', /^exercises\/notes\.txt: it is none of the files that learners get\.$/],
  ])('finds %s', async (_, file, text, leak) => {
    const leaks = await leaksIn(file, `first\n${text()}\nlast`);
    expect(leaks.length).toBeGreaterThan(0);
    for (const each of leaks) expect(each).toMatch(leak);
  });

  it('finds nothing in what is like a solution only in parts', async () => {
    expect(await leaksIn('docs/help.md', solutionOf('e1-4').split('\n').slice(0, 2).join('\n'))).toEqual([]);
  });
});

describe('npm run release', () => {
  it('refuses a target that is there, or none', () => {
    const folder = newFolder();
    fs.writeFileSync(path.join(folder, 'file'), '');
    expect(() => parseArguments([folder], '/')).toThrow('is there already');
    expect(() => parseArguments([], '/')).toThrow('Got 0 targets');
    expect(parseArguments(['new.zip'], folder)).toBe(path.join(folder, 'new.zip'));
  });

  it.runIf(hasHistory)('makes a copy without solutions that compiles as set-up compiles it, and says of assign that it is a learner\'s', async () => {
    const target = path.join(newFolder(), 'copy');
    await carryOut(openProject(root), target);
    for (const name of LEFT_OUT) expect(fs.existsSync(path.join(target, name))).toBe(false);
    for (const name of ['package.json', 'notebooks/01_mnist_mlp.ipynb', 'exercises/01_mnist_mlp.ipynb', 'exercises/checks/01_mnist_mlp.json', 'setup/course.cjs', 'test/repository.test.ts']) {
      expect(fs.existsSync(path.join(target, name))).toBe(true);
    }
    expect(fs.readdirSync(path.dirname(target))).toEqual(['copy']);
    fs.symlinkSync(path.join(root, 'node_modules'), path.join(target, 'node_modules'));
    const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    execFileSync(process.execPath, [tsc, '--build', '--force', 'lib', 'kernel'], { cwd: target });
    const { status, stderr } = spawnSync(process.execPath, ['setup/course.cjs', 'assign'], { cwd: target, encoding: 'utf8' });
    expect(stderr).toContain("This copy of the course has no folder solutions/: it is a learner's.");
    expect(status).toBe(1);
  });

  it.runIf(hasHistory)('makes the same as a zip file with one folder', async () => {
    const target = path.join(newFolder(), 'copy.zip');
    await carryOut(openProject(root), target);
    const list = execFileSync('python3', ['-m', 'zipfile', '-l', target], { encoding: 'utf8' });
    expect(list).toContain('image-classification-course/exercises/checks/01_mnist_mlp.json');
    expect(list).not.toMatch(/image-classification-course\/(solutions|test\/solutions)\//);
  });
});
