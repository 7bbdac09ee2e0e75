import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tf } from '@course/lib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readImageFolder, type ImageFolder } from '../../../../lib/src/data/folder/image-folder';
import { temporaryFolder } from '../support';
import { badCases, goodCases, quarters, QUARTERS, SIDE, type Case } from './corpus';

describe('a folder of pictures as it is found in the wild', async () => {
  const outside = path.join(temporaryFolder(), 'outside.jpg');
  const good = await goodCases();
  const bad = await badCases(outside);
  const possible = bad.filter(({ unless }) => !unless);
  const folder = path.join(temporaryFolder(), 'wild');
  let result: ImageFolder;
  let tensors = 0;

  beforeAll(async () => {
    vi.stubEnv('COURSE_CACHE', temporaryFolder());
    tensors = tf.memory().numTensors;
    writeFileSync(outside, 'beyond the folder');
    for (const [name, cases] of [
      ['good', good],
      ['bad', possible],
    ] as const) {
      mkdirSync(path.join(folder, name), { recursive: true });
      cases.forEach(({ name: file, make }) => make(path.join(folder, name, file)));
    }
    good[0].make(path.join(folder, 'bad', 'the only good one.jpg'));
    result = await readImageFolder(folder, { size: [SIDE, SIDE] });
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('holds at least 40 kinds of bad files', () => {
    expect(bad.length).toBeGreaterThanOrEqual(40);
  });

  it('gives all good pictures and no other', () => {
    const names = result.train.files.map((file) => path.relative(result.folder, file));
    expect(names.sort()).toEqual([...good.map(({ name }) => `good/${name}`), 'bad/the only good one.jpg'].sort());
  });

  it('lists each bad file once', () => {
    expect(result.skipped).toHaveLength(possible.length);
    expect(new Set(result.skipped.map(({ file }) => file)).size).toBe(possible.length);
  });

  it.each(good)('decodes $name', ({ name, colours = QUARTERS, tolerance = 0 }: Case) => {
    const index = result.train.files.indexOf(path.join(result.folder, 'good', name));
    const got = result.train.images.pick(index);
    const wanted = quarters(colours);
    let off = 0;
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        for (let channel = 0; channel < 3; channel++) {
          off = Math.max(off, Math.abs(got.get(y, x, channel) - wanted[(y * SIDE + x) * 3 + channel]));
        }
      }
    }
    expect(off).toBeLessThanOrEqual(tolerance);
    expect([result.train.originalSizes.get(index, 0), result.train.originalSizes.get(index, 1)]).toEqual([SIDE, SIDE]);
  });

  it.each(bad)('skips $name: $reason', ({ name, reason = '', detail, unless }: Case) => {
    if (unless) {
      console.warn(`${name} was not tried: ${unless}.`);
      return;
    }
    const shown = name === 'name in Latin-1' ? 'caf\ufffd.jpg' : name;
    const skipped = result.skipped.find(({ file }) => file === `bad/${shown}`);
    expect(skipped?.reason).toMatch(new RegExp(`^(${reason})$`));
    if (detail) expect(skipped?.detail).toMatch(detail);
  });

  it('counts what was skipped, by reason, in the summary', () => {
    const mislabelled = possible.filter(({ reason }) => reason === 'mislabelled').length;
    expect(String(result)).toContain(`${mislabelled} × mislabelled`);
  });

  it('is the same when it is read again', async () => {
    const again = await readImageFolder(folder, { size: [SIDE, SIDE] });
    expect(again.skipped).toEqual(expect.arrayContaining([...result.skipped]));
    expect(again.skipped).toHaveLength(result.skipped.length);
    expect(again.train.files).toEqual(result.train.files);
    expect(Buffer.compare(again.train.images.data, result.train.images.data)).toBe(0);
  });
});
