import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { lessons } from '../../solutions/definitions';
import { runNotebooks } from '../support/run-notebooks';

const root = path.resolve(__dirname, '../..');
// A run that keeps no state and saves no models, with drawn data or a little of the real.
const env = { COURSE_QUICK: '1', COURSE_OFFLINE: '1', COURSE_HAND_IN: '1', COURSE_LEARNER: 'ada' };

/** What each check says, by lesson and the exercise's id, when the notebooks of a folder are run. */
async function saidIn(
  folder: string, names = lessons.map(({ name }) => name), variables: NodeJS.ProcessEnv = env,
): Promise<Map<string, Map<string, string>>> {
  const files = names.map((name) => path.join(root, folder, `${name}.ipynb`));
  const out = path.join(root, 'test', 'output', 'run', variables.COURSE_QUICK ? folder : `${folder}-full`);
  const { exitCode, output, read } = await runNotebooks(files, out, variables);
  expect(exitCode, output).toBe(0);
  return new Map(names.map((name) => {
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

// Those of 03 and 04 train for six minutes and for two and a half: COURSE_FULL=1 npm test -- test/solutions/run.test.ts
const trained = ['1.8', '2.10', '5.8', ...(process.env.COURSE_FULL ? ['3.17', '4.10'] : [])];

describe.runIf(process.env.COURSE_DATA)('the networks that the sources train, in full', () => {
  const names = lessons.filter(({ exercises }) => exercises.some(({ id }) => trained.includes(id))).map(({ name }) => name);
  let said: Awaited<ReturnType<typeof saidIn>>;
  beforeAll(async () => { said = await saidIn('solutions', names, { ...env, COURSE_QUICK: undefined }); }, 1_800_000);

  it.each(trained)('%s reaches all its accuracies on real pictures', (id) => {
    const verdict = [...said.values()].map((checks) => checks.get(id)).find((text) => text !== undefined);
    expect(verdict).toMatch(/^✓ Passed/);
  });
});

describe('the exercises as learners get them, run from top to bottom', () => {
  let said: Awaited<ReturnType<typeof saidIn>>;
  beforeAll(async () => { said = await saidIn('exercises'); }, 900_000);

  it.each(lessons)('$name runs to its end, and nothing of it is right yet', ({ name, exercises }) => {
    for (const { id } of exercises.filter(({ kind }) => kind !== 'text')) expect(said.get(name)!.get(id)).toMatch(/^✗ Not yet/);
  });
});
