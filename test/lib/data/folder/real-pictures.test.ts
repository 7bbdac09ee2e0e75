import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { tf } from '@course/lib';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawAnimal } from '../../../../lib/src/data/drawn/animals';
import { decodeFiles, type DecodedPicture } from '../../../../lib/src/data/folder/decode';
import { BadPicture } from '../../../../lib/src/data/folder/decode-reference';
import { pictureOptions } from '../../../../lib/src/data/folder/options';
import { Random } from '../../../../lib/src/random';

const dataFolder = process.env.COURSE_DATA && path.join(process.env.COURSE_DATA, 'cats-vs-dogs', 'train');
const hasPhotos = dataFolder !== undefined && existsSync(dataFolder);
if (!hasPhotos) {
  console.error('COURSE_DATA names no folder with cats-vs-dogs: decoding is NOT compared on photographs.');
}

/** 40 photographs of each class. */
const photographs = (): Buffer[] =>
  ['cats', 'dogs'].flatMap((name) => {
    const folder = path.join(dataFolder!, name);
    const names = readdirSync(folder).sort().slice(0, 40);
    return names.map((file) => readFileSync(path.join(folder, file)));
  });

/** Drawn ones, in the two ways that cameras and editors store colour. */
async function drawings(): Promise<Buffer[]> {
  const random = new Random(1);
  return Promise.all(
    Array.from({ length: 20 }, (_, i) => {
      const { pixels, width, height } = drawAnimal(i % 2 === 1, random);
      const raw = { width, height, channels: 3 as const };
      const chromaSubsampling = i % 4 < 2 ? '4:2:0' : '4:4:4';
      return sharp(pixels, { raw }).jpeg({ quality: 88, chromaSubsampling, progressive: i % 5 === 0 }).toBuffer();
    }),
  );
}

/**
 * What Pillow, torchvision and tf.image call bilinear with antialiasing, written out: each new pixel is a mean of old
 * ones, whose weights fall to both sides from its middle to nothing a new pixel further on.
 */
function shrink(from: Float64Array, [height, width]: readonly [number, number], side: number): Float64Array {
  const weights = (length: number): { index: number; weight: number }[][] =>
    Array.from({ length: side }, (_, to) => {
      const scale = Math.max(1, length / side);
      const middle = ((to + 0.5) * length) / side;
      const near = Array.from({ length }, (__, index) => ({
        index,
        weight: Math.max(0, 1 - Math.abs(index + 0.5 - middle) / scale),
      })).filter(({ weight }) => weight > 0);
      const sum = near.reduce((total, { weight }) => total + weight, 0);
      return near.map(({ index, weight }) => ({ index, weight: weight / sum }));
    });
  const [rows, columns] = [weights(height), weights(width)];
  const channels = from.length / (height * width);
  const wide = new Float64Array(height * side * channels);
  const small = new Float64Array(side * side * channels);
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 0; y < height; y++) {
      columns.forEach((near, x) => {
        for (const { index, weight } of near)
          wide[(y * side + x) * channels + channel] += weight * from[(y * width + index) * channels + channel];
      });
    }
    rows.forEach((near, y) => {
      for (let x = 0; x < side; x++) {
        for (const { index, weight } of near)
          small[(y * side + x) * channels + channel] += weight * wide[(index * side + x) * channels + channel];
      }
    });
  }
  return small;
}

/** Every pixel decoded by libvips, and made smaller here. */
async function expectedPixels(jpeg: Buffer, side: number, color: 'rgb' | 'grey'): Promise<Float64Array> {
  const { data, info } = await sharp(jpeg).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  const rgb = Float64Array.from(data);
  const pixels =
    color === 'rgb'
      ? rgb
      : Float64Array.from(
          { length: info.width * info.height },
          (_, i) => 0.299 * rgb[3 * i] + 0.587 * rgb[3 * i + 1] + 0.114 * rgb[3 * i + 2],
        );
  return shrink(pixels, [info.height, info.width], side);
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe.each([
  ['drawn pictures', drawings, true],
  ['photographs', photographs, hasPhotos],
])('%s', (_, make, isThere) => {
  let jpegs: Buffer[] = [];
  let tensors = 0;
  beforeAll(async () => {
    tensors = tf.memory().numTensors;
    if (isThere) jpegs = await make();
  });
  afterAll(() => expect(tf.memory().numTensors).toBe(tensors));

  // Levels of 0 to 255. At 32 pixels JPEGs are decoded at a half to an eighth of their size, and some resized with a
  // narrower filter; at 160 in full.
  it.runIf(isThere).each([
    [32, 'rgb', 2.5],
    [32, 'grey', 2.5],
    [160, 'rgb', 1],
  ] as const)('are decoded at %i pixels (%s) as by the reference, but for %f levels', async (side, color, most) => {
    const files = jpegs.map((bytes, i) => ({ candidate: { file: `${i}.jpg` } as never, bytes }));
    const outcomes = await decodeFiles(files, pictureOptions({ size: [side, side], color }));
    expect(outcomes.filter((outcome) => outcome instanceof BadPicture)).toEqual([]);
    const differences: number[] = [];
    for (const [i, jpeg] of jpegs.entries()) {
      const expected = await expectedPixels(jpeg, side, color);
      const { pixels } = outcomes[i] as DecodedPicture;
      expect(pixels).toHaveLength(expected.length);
      differences.push(meanOf(Array.from(expected, (value, at) => Math.abs(value - pixels[at]))));
    }
    expect(meanOf(differences)).toBeLessThan(most);
    // No picture alone is off, as one would be that is moved, turned or of other colours.
    expect(Math.max(...differences)).toBeLessThan(2.5 * most);
  });
});
