import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeAndResize } from '../../../../lib/src/data/folder/picture-graph';
import type { PictureOptions } from '../../../../lib/src/data/folder/options';
import { tf } from '@course/lib';

/** A JPEG that gets lighter to the right and downwards. */
async function ramp(width: number, height: number): Promise<Buffer> {
  const pixels = Uint8Array.from({ length: width * height }, (_, i) =>
    Math.round(light(((i % width) + 0.5) / width, (Math.floor(i / width) + 0.5) / height)),
  );
  return sharp(pixels, { raw: { width, height, channels: 1 } })
    .jpeg({ quality: 100 })
    .toBuffer();
}

const light = (x: number, y: number): number => 20 + 120 * x + 80 * y;

const picture = async (width: number, height: number) =>
  ({ content: await ramp(width, height), kind: 'JPEG', width, height, size: [width, height] }) as const;

describe('decodeAndResize', () => {
  // Decoded at a quarter these have 40, 41 and 50 columns or rows, the last of which stand for 1, 2, 3 or 4 pixels.
  it.each([
    [157, 161],
    [162, 157],
    [163, 199],
    [200, 160],
    [125, 200],
    [255, 130],
  ])('puts every pixel of a JPEG of %i x %i in its place', async (width, height) => {
    const before = tf.memory().numTensors;
    const options: PictureOptions = { size: [32, 32], color: 'grey', resize: 'squash' };
    const [pixels] = decodeAndResize([await picture(width, height)], options);
    expect(pixels).toHaveLength(32 * 32);
    pixels.forEach((pixel, i) => {
      const expected = light(((i % 32) + 0.5) / 32, (Math.floor(i / 32) + 0.5) / 32);
      expect(Math.abs(pixel - expected), `pixel ${i}`).toBeLessThan(2);
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('keeps pictures apart whose pixels do not fill whole int32', async () => {
    const options: PictureOptions = { size: [3, 7], color: 'rgb', resize: 'squash' };
    const pictures = await Promise.all([picture(70, 30), picture(30, 70), picture(200, 100)]);
    const together = decodeAndResize(pictures, options);
    expect(together.map(({ length }) => length)).toEqual([63, 63, 63]);
    pictures.forEach((one, i) => expect(together[i]).toEqual(decodeAndResize([one], options)[0]));
  });
});
