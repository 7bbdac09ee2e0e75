import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { carryOut, parseArguments, withDefinition } from '../../setup/commands/new-exercise.mjs';
import { openProject } from '../../setup/project.mjs';
import { readSources } from '../../solutions/sources';
import { structureFindings } from '../../solutions/structure';

const root = path.resolve(__dirname, '../..');
const folder = path.resolve(__dirname, '../output/new-exercise');
const said = vi.spyOn(console, 'log').mockImplementation(() => {});
afterEach(() => said.mockClear());

/** A course of one lesson with one exercise each time anew, inside the project so that its packages are found. */
function newCourse() {
  fs.rmSync(folder, { recursive: true, force: true });
  for (const part of ['solutions/definitions', 'notebooks']) fs.mkdirSync(path.join(folder, part), { recursive: true });
  for (const file of ['solutions/sources.ts', 'solutions/tsconfig.json']) fs.copyFileSync(path.join(root, file), path.join(folder, file));
  const write = (file: string, text: string) => fs.writeFileSync(path.join(folder, file), text);
  write('solutions/tsconfig.json', JSON.stringify({
    extends: path.join(root, 'tsconfig.base.json'), compilerOptions: { rootDir: '.', outDir: 'dist' }, include: ['*.ts', 'definitions/*.ts'],
  }));
  write('solutions/definitions/lesson-09.ts', "import type { Exercise } from '@course/lib/exercises';\n\nexport const exercises: Exercise[] = [\n];\n");
  write('solutions/definitions/index.ts', [
    "import type { Exercise } from '@course/lib/exercises';",
    "import { exercises } from './lesson-09';",
    'export interface Lesson { readonly name: string; readonly exercises: readonly Exercise[] }',
    "export const lessons: readonly Lesson[] = [{ name: '09_tiny', exercises }];",
  ].join('\n'));
  const cell = (id: string, source: string, cell_type = 'code') => ({
    cell_type, id, metadata: cell_type === 'code' ? { nbgrader: { grade: false, grade_id: id, locked: true, schema_version: 3, solution: false, task: false } } : {},
    source, ...(cell_type === 'code' ? { outputs: [], execution_count: null } : {}),
  });
  write('solutions/09_tiny.ipynb', JSON.stringify({
    cells: [cell('title', '# 09\n', 'markdown'), cell('end', '## Where you stand', 'markdown'), cell('progress', 'await progress();'), cell('hand-in', 'await handIn();')],
  }));
  write('notebooks/09_tiny.ipynb', JSON.stringify({ cells: [{ cell_type: 'markdown', id: 'a', source: '## Data', metadata: {} }] }));
  compile();
  return openProject(folder);
}

const tsc = [path.join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', path.join(folder, 'solutions')];
const compile = () => execFileSync(process.execPath, tsc, { cwd: folder, encoding: 'utf8' });

function sourcesNow() {
  const code = 'const { lessons } = require("./solutions/dist/definitions/index.js"); console.log(JSON.stringify(lessons))';
  return readSources(folder, JSON.parse(spawnSync(process.execPath, ['-e', code], { cwd: folder, encoding: 'utf8' }).stdout));
}

describe('npm run new-exercise', () => {
  it.each(['function', 'number', 'choice', 'model', 'trained', 'text'])('makes a skeleton of the kind %s that compiles, and of which the tests say what is to do', async (kind) => {
    await carryOut(newCourse(), { id: '9.1', title: "Count a network's parameters", kind });
    compile();
    const sources = sourcesNow();
    expect(sources[0].exercises[0]).toMatchObject({ id: '9.1', kind, title: "Count a network's parameters" });
    const cells = sources[0].cells!.map(({ id }) => id);
    expect(cells).toEqual(['title', 'e9-1-task', 'e9-1', ...(kind === 'text' ? [] : ['e9-1-check']), 'end', 'progress', 'hand-in']);
    // All that is wrong is what waits for the author.
    const findings = structureFindings(sources);
    const isToDo = /TODO|typical mistakes; expected at least 3|"\d+ (points|minutes)", which is what the exercises add up to/;
    expect(findings.filter((finding) => !isToDo.test(finding))).toEqual([]);
    expect(findings).toContain('solutions/definitions/lesson-09.ts, 9.1: goal still says "You can TODO.": write it.');
    expect(findings).toContain('solutions/09_tiny.ipynb, cell e9-1-task: it still says TODO: write it.');
    expect(said.mock.calls.flat().join('\n')).toContain('npm test -- test/solutions says what is left to do');
  });

  it('refuses an id that is taken, names the next one, and changes nothing', async () => {
    const project = newCourse();
    await carryOut(project, { id: '9.1', title: 'First', kind: 'text' });
    compile();
    const before = fs.readFileSync(path.join(folder, 'solutions/09_tiny.ipynb'), 'utf8');
    // What was compiled before is loaded once a process.
    for (const name of Object.keys(require.cache)) if (name.startsWith(folder)) delete require.cache[name];
    await expect(carryOut(project, { id: '9.1', title: 'Second', kind: 'text' })).rejects.toMatchObject({
      message: 'There is an exercise 9.1 already: "First".', advice: 'take the next free number: 9.2.',
    });
    expect(fs.readFileSync(path.join(folder, 'solutions/09_tiny.ipynb'), 'utf8')).toBe(before);
  });

  it('refuses a lesson that there is not', async () => {
    await expect(carryOut(newCourse(), { id: '7.1', title: 'x', kind: 'text' })).rejects.toThrow('There is no lesson for 7.1; there are: 09_tiny.');
  });

  it.each([
    [['3.15'], 'expected an id and a title in quotes'],
    [['03.15', 'x'], 'Got the id "03.15"; expected one such as 3.15 or B.9.'],
    [['3.15', 'x', '--kind', 'essay'], 'Got the kind "essay"; expected one of: function, number, choice, model, trained, text.'],
    [['3.15', 'x', '--kin', 'text'], "Unknown option '--kin'"],
  ])('refuses %j', (args, message) => {
    expect(() => parseArguments(args)).toThrow(message);
  });

  it('finds the list of definitions in all files of the course', () => {
    const files = fs.readdirSync(path.join(root, 'solutions/definitions')).filter((name) => /^(lesson-|bonus)/.test(name));
    for (const file of files) {
      const text = fs.readFileSync(path.join(root, 'solutions/definitions', file), 'utf8');
      const changed = withDefinition(text, { id: '9.9', title: 'New', kind: 'text' })!;
      expect(changed.replace(/ {2}\{\n {4}id: '9\.9'[\s\S]*?\n {2}\},\n(?=\];)/, '')).toBe(text);
    }
  });
});
