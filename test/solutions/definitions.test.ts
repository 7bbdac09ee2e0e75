import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { tf } from '@course/lib';
import { behaviourFindings } from '../../solutions/behaviour';
import { lessons } from '../../solutions/definitions';
import { readSources } from '../../solutions/sources';
import { structureFindings } from '../../solutions/structure';
import { readVersions, versionFindings } from '../../solutions/versions';

const root = path.resolve(__dirname, '../..');
const sources = readSources(root, lessons);

describe('the exercises of the course', () => {
  it('are at least 48, in every lesson that there is', () => {
    expect(sources.flatMap(({ exercises }) => exercises).length).toBeGreaterThanOrEqual(48);
    const notebooks = fs.readdirSync(path.join(root, 'notebooks')).filter((name) => name.endsWith('.ipynb'));
    expect(lessons.map(({ name }) => `${name}.ipynb`).sort()).toEqual(notebooks.sort());
  });

  it.each(sources.map((source) => [source.name, source]))('stand in the notebook of %s as their definitions say', (_, source) => {
    expect(structureFindings([source])).toEqual([]);
  });

  it('have an id each', () => {
    expect(structureFindings(sources).filter((finding) => finding.includes('the id is there twice'))).toEqual([]);
  });

  it('are counted in the pages for readers as they are', () => {
    const read = (file: string) => fs.readFileSync(path.join(root, file), 'utf8');
    expect(read('README.md')).toContain(`${lessons.flatMap(({ exercises }) => exercises).length} in all`);
    const page = read('exercises/README.md');
    for (const { name, exercises } of lessons) {
      const sum = (key: 'points' | 'minutes') => exercises.reduce((total, exercise) => total + exercise[key], 0);
      expect(page).toContain(`](${name}.ipynb) | ${exercises.length} | ${sum('points')} | ${sum('minutes')} |`);
    }
  });

  it('have a new version where marks could change', async () => {
    expect(await versionFindings(lessons, readVersions(root))).toEqual([]);
  });
});

describe.each(sources.map((source) => [source.name, source]))('%s: the solution earns all, the stub nothing, each mistake what it should', (_, source) => {
  it.each(source.exercises.map((exercise) => [`${exercise.id} ${exercise.title}`, exercise]))('%s', async (__, exercise) => {
    const { numTensors } = tf.memory();
    expect(await behaviourFindings(source, exercise)).toEqual([]);
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});
