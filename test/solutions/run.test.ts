import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { lessons } from '../../solutions/definitions';
import { runNotebooks, type NotebookRun } from '../support/run-notebooks';

const root = path.resolve(__dirname, '../..');
// A run that keeps no state and saves no models, with drawn data or a little of the real.
const env = { COURSE_QUICK: '1', COURSE_OFFLINE: '1', COURSE_HAND_IN: '1', COURSE_LEARNER: 'ada' };

const run = (folder: string): Promise<NotebookRun> =>
  runNotebooks(lessons.map(({ name }) => path.join(root, folder, `${name}.ipynb`)), path.join(root, 'test', 'output', 'run', folder), env);

/** What each check says, by the exercise's id, in the notebook as it was written after the run. */
function verdicts(folder: string, lesson: string): Map<string, string> {
  const file = path.join(root, 'test', 'output', 'run', folder, `${lesson}.ipynb`);
  const { cells } = JSON.parse(fs.readFileSync(file, 'utf8')) as { cells: { id: string; outputs?: any[] }[] };
  return new Map(cells.filter(({ id }) => id.endsWith('-check')).map(({ id, outputs = [] }) => [
    id.slice(1, -'-check'.length).replace('-', '.'), outputs.map(({ data, text, evalue }) => [data?.['text/plain'] ?? text ?? evalue].flat().join('')).join('\n'),
  ]));
}

describe('the sources of the exercises, run by the kernel with little data', () => {
  beforeAll(async () => {
    const { exitCode, output } = await run('solutions');
    expect(exitCode, output).toBe(0);
  }, 900_000);

  it.each(lessons)('$name passes all its checks, but for accuracies that little data cannot reach', ({ name, exercises }) => {
    const said = verdicts('solutions', name);
    for (const { id, kind, title } of exercises.filter((exercise) => exercise.kind !== 'text')) {
      const missed = (said.get(id) ?? 'no output').split('\n').filter((line) => /^\s*✗/.test(line));
      if (kind === 'trained') expect(missed.filter((line) => !/^\s*✗ (accuracy|Not yet)/.test(line)), said.get(id)).toEqual([]);
      else expect(said.get(id)).toMatch(new RegExp(`^✓ Passed · ${id.replace('.', '\\.')} ${title.replace(/[^\w\s]/g, '.')}`));
    }
  });
});

describe('the exercises as learners get them, run from top to bottom', () => {
  beforeAll(async () => {
    const { exitCode, output } = await run('exercises');
    expect(exitCode, output).toBe(0);
  }, 900_000);

  it.each(lessons)('$name runs to its end, and nothing of it is right yet', ({ name, exercises }) => {
    const said = verdicts('exercises', name);
    for (const { id } of exercises.filter(({ kind }) => kind !== 'text')) expect(said.get(id)).toMatch(/^✗ Not yet/);
  });
});
