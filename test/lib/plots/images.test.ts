import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { arrayOf } from '../../../lib/src/arrays';
import { imageGridHtml } from '../../../lib/src/plots/images';
import { encodePng } from '../../../lib/src/plots/png';

const grey = arrayOf(Uint8Array.of(0, 50, 100, 150, 200, 255), [2, 3]);

/** The pixels of a PNG as red, green, blue, opacity. */
const decode = (png: Buffer): PNG => PNG.sync.read(png);

describe('encodePng', () => {
  it('keeps each grey pixel', () => {
    const { width, height, data } = decode(encodePng(grey));
    expect([width, height]).toEqual([3, 2]);
    expect(Array.from({ length: 6 }, (_, i) => data[i * 4])).toEqual([0, 50, 100, 150, 200, 255]);
  });

  it('keeps colours, and takes fractions from 0 to 1 as pixels', () => {
    const colour = arrayOf(Float32Array.of(1, 0, 0, 0, 0.5, 7), [1, 2, 3]);
    expect([...decode(encodePng(colour)).data]).toEqual([255, 0, 0, 255, 0, 128, 255, 255]);
  });

  it('takes a view that does not begin at the first pixel', () => {
    const list = arrayOf(Uint8Array.from({ length: 8 }, (_, i) => i), [2, 2, 2]);
    expect(decode(encodePng(list.pick(1))).data[0]).toBe(4);
  });

  it('refuses other shapes and says how to take one image of many', () => {
    expect(() => encodePng(arrayOf(new Uint8Array(6), [6]))).toThrow(/shape \[6\]; expected \[height, width\]/);
    expect(() => encodePng(arrayOf(new Uint8Array(80), [10, 4, 2]))).toThrow(/images\.pick\(index\)/);
  });
});

describe('imageGridHtml', () => {
  const two = arrayOf(Uint8Array.from({ length: 8 }, (_, i) => i * 30), [2, 2, 2]);

  it('keeps the shape of images that are not square', () => {
    const html = imageGridHtml(arrayOf(new Uint8Array(2 * 20 * 40), [2, 20, 40]), { size: 60 });
    expect(html.match(/width="60" height="30"/g)).toHaveLength(2);
  });

  it('shows each image with its caption, also to a screen reader, and needs no script', () => {
    const html = imageGridHtml(two, { captions: ['cat', '<dog>'] });
    expect(html.match(/<img src="data:image\/png;base64,/g)).toHaveLength(2);
    expect(html).toContain('alt="image 0: cat"');
    expect(html).toContain('<figcaption>&#60;dog&#62;</figcaption>');
    expect(html).not.toContain('<script');
  });

  it('stretches weights so that the smallest is black and the largest white', () => {
    const weights = arrayOf(Float32Array.of(-0.2, -0.1, 0, 0.2, 5, 5, 5, 5), [2, 2, 2]);
    const html = imageGridHtml(weights, { stretch: true });
    const pictures = [...html.matchAll(/base64,([^"]+)/g)].map(([, code]) => decode(Buffer.from(code, 'base64')).data);
    expect([0, 4, 8, 12].map((i) => pictures[0][i])).toEqual([0, 64, 128, 255]);
    expect(pictures[1][0]).toBe(0);
  });

  it('refuses a wrong number of captions', () => {
    expect(() => imageGridHtml(two, { captions: ['cat'] })).toThrow(/1 captions for 2 images/);
  });
});
