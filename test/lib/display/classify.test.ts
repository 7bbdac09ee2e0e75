import {
  classifyMany, classifyOne, showClassification, showClassifications, tf, type ModelWithFacts,
} from '@course/lib';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolders } from '../../setup/temporary';
import { plainPng } from '../data/folder/support';

const newFolder = temporaryFolders();
const hook = Symbol.for('course.display');
const kernel = globalThis as unknown as Record<symbol, unknown>;

let outputs: { data: Record<string, string> }[];
let saved: ModelWithFacts;
let tensorsBefore: number;
beforeEach(() => {
  outputs = [];
  tensorsBefore = tf.memory().numTensors;
  kernel[hook] = (output: { data: Record<string, string> }) => outputs.push(output);
  // Light or dark: a sigmoid of the mean of all pixels.
  const model = tf.sequential({
    layers: [
      tf.layers.flatten({ inputShape: [4, 4, 1] }),
      tf.layers.dense({ units: 1, activation: 'sigmoid' }),
    ],
  });
  tf.tidy(() => model.layers[1].setWeights([tf.fill([16, 1], 0.5), tf.tensor1d([-4])]));
  saved = { model, classNames: ['dark', 'light'], preprocessing: { normalise: { range: [0, 1] } } };
});
afterEach(() => {
  delete kernel[hook];
  saved.model.dispose();
  expect(tf.memory().numTensors).toBe(tensorsBefore);
});

async function pictures(files: Record<string, number>): Promise<string> {
  const folder = newFolder();
  for (const [name, grey] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), await plainPng([grey, grey, grey], 6, 6));
  }
  return folder;
}

describe('showClassification', () => {
  it('shows picture, classes and layers as one output', async () => {
    const folder = await pictures({ 'a.png': 255 });
    showClassification(await classifyOne(saved, path.join(folder, 'a.png')));
    expect(outputs).toHaveLength(1);
    expect(outputs[0].data['text/plain']).toBe('light (0.98), dark (0.02)');
    expect(outputs[0].data['text/html']).toContain('aria-label="Most probable classes"');
  });
});

describe('showClassifications', () => {
  it('shows summary, confusion, the worst mistakes and the best of each class', async () => {
    const folder = await pictures({ 'dark/1.png': 0, 'dark/2.png': 250, 'light/3.png': 255, 'other/4.png': 9 });
    showClassifications(await classifyMany(saved, folder));
    const [summary, confusion, shown] = outputs.map(({ data }) => data);
    expect(outputs).toHaveLength(3);
    expect(summary['text/plain']).toContain('3 pictures classified');
    expect(summary['text/html']).toContain('1 file was skipped');
    expect(confusion['text/plain']).toContain('2 of 3 right');
    expect(shown['text/plain']).toBe(
      'Wrong, with the greatest losses: 2.png\nTaken for dark, the most probable first: 1.png\n' +
        'Taken for light, the most probable first: 3.png, 2.png');
    expect(shown['text/html']).toContain('alt="2.png: ✗ dark → light (0.98)"');
  });

  it('shows for a folder without classes what each picture is taken for', async () => {
    const folder = await pictures({ '1.png': 0, '2.png': 255 });
    showClassifications(await classifyMany(saved, folder));
    expect(outputs).toHaveLength(2);
    expect(outputs[0].data['text/html']).toContain('Taken for dark: 1, light: 1');
    expect(outputs[1].data['text/html']).toContain('alt="2.png: light (0.98)"');
  });
});
