import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { lessons } from '../../solutions/definitions';
import { runNotebooks } from '../support/run-notebooks';

const root = path.resolve(__dirname, '../..');
// A run that keeps no state and saves no models, with drawn data or a little of the real.
const env = { COURSE_QUICK: '1', COURSE_OFFLINE: '1', COURSE_HAND_IN: '1', COURSE_LEARNER: 'ada' };

/** What each check says, by lesson and the exercise's id, when all notebooks of a folder are run. */
async function saidIn(folder: string): Promise<Map<string, Map<string, string>>> {
  const files = lessons.map(({ name }) => path.join(root, folder, `${name}.ipynb`));
  const { exitCode, output, read } = await runNotebooks(files, path.join(root, 'test', 'output', 'run', folder), env);
  expect(exitCode, output).toBe(0);
  return new Map(lessons.map(({ name }) => {
    const { cells } = JSON.parse(read(`${folder}/${name}.ipynb`)) as { cells: { id: string; outputs?: any[] }[] };
    const checks = cells.filter(({ id }) => id.endsWith('-check'));
    return [name, new Map(checks.map(({ id, outputs = [] }) => [
      id.slice(1, -'-check'.length).replace('-', '.'),
      outputs.map(({ data, text, evalue }) => [data?.['text/plain'] ?? text ?? evalue].flat().join('')).join('\n'),
    ]))];
  }));
}

describe('the sources of the exercises, run by the kernel with little data', () => {
  let said: Awaited<ReturnType<typeof saidIn>>;
  beforeAll(async () => { said = await saidIn('solutions'); }, 900_000);

  it.each(lessons)('$name passes all its checks, but for accuracies that little data cannot reach', ({ name, exercises }) => {
    for (const { id, kind } of exercises.filter((exercise) => exercise.kind !== 'text')) {
      const verdict = said.get(name)!.get(id) ?? 'nothing';
      if (kind !== 'trained') expect(verdict).toMatch(/^✓ Passed/);
      else expect(verdict.split('\n').filter((line) => /^\s*✗/.test(line) && !/^\s*✗ (accuracy|Not yet)/.test(line)), verdict).toEqual([]);
    }
  });
});

describe('the exercises as learners get them, run from top to bottom', () => {
  let said: Awaited<ReturnType<typeof saidIn>>;
  beforeAll(async () => { said = await saidIn('exercises'); }, 900_000);

  it.each(lessons)('$name runs to its end, and nothing of it is right yet', ({ name, exercises }) => {
    for (const { id } of exercises.filter(({ kind }) => kind !== 'text')) expect(said.get(name)!.get(id)).toMatch(/^✗ Not yet/);
  });
});
