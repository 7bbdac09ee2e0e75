import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { arrayOf } from '../../../lib/src/arrays';
import { judgedText, probabilityText, rankedHtml } from '../../../lib/src/plots/ranked';

const pngs = (html: string): PNG[] =>
  [...html.matchAll(/base64,([^"]+)/g)].map(([, code]) => PNG.sync.read(Buffer.from(code, 'base64')));

describe('rankedHtml', () => {
  it('says of each picture what it is and what it is taken for, wrong or right also without colour', () => {
    const images = arrayOf(Uint8Array.of(0, 255, 0, 0, 9, 9, 9, 9), [2, 2, 2]);
    const html = rankedHtml(images, [
      { label: 'Shirt', prediction: 'Coat <3', probability: 0.931, which: 'number 17' },
      { label: 'Bag', prediction: 'Bag', probability: 1, which: 'number 4' },
    ]);
    expect(html).toContain('aria-label="2 pictures"');
    expect(html).toContain('<figcaption>✗ Shirt → Coat &#60;3<br><strong>0.93</strong><br><small>number 17</small>');
    expect(html).toContain('alt="number 4: ✓ Bag → Bag (1)"');
    expect(pngs(html).map(({ width, height, data }) => [width, height, data[4]])).toEqual([[2, 2, 255], [2, 2, 9]]);
  });

  it('reduces large pictures, colour or grey with one channel', () => {
    const [colour] = pngs(rankedHtml(arrayOf(new Uint8Array(256 * 128 * 3), [1, 256, 128, 3]),
      [{ prediction: 'a', probability: 1, which: 'x' }]));
    expect([colour.width, colour.height]).toEqual([32, 64]);
    const [ofMany] = pngs(rankedHtml(arrayOf(new Uint8Array(64 * 64 * 3), [1, 64, 64, 3]),
      [{ prediction: 'a', probability: 1, which: 'x' }], 72));
    expect([ofMany.width, ofMany.height]).toEqual([32, 32]);
    const [grey] = pngs(rankedHtml(arrayOf(new Float32Array(16).fill(1), [1, 4, 4, 1]),
      [{ prediction: 'a', probability: 1, which: 'x' }]));
    expect([...grey.data.subarray(0, 3)]).toEqual([255, 255, 255]);
  });
});

describe('judgedText', () => {
  it('has no mark without a label, and says what has no prediction', () => {
    expect(judgedText({ prediction: 'cat', probability: 0.5, which: 'a.jpg' })).toBe('a.jpg: cat (0.50)');
    expect(judgedText({ label: 'dog', prediction: undefined, probability: NaN, which: 'b.jpg' }))
      .toBe('b.jpg: ✗ dog → no prediction (NaN)');
  });
});

describe('probabilityText', () => {
  it('has two digits, and more where these would say 0 or 1', () => {
    expect([0.931, 0.5, 0.9949].map(probabilityText)).toEqual(['0.93', '0.50', '0.99']);
    expect([0.998, 0.99987, 0.9999994].map(probabilityText)).toEqual(['0.998', '0.9999', '1']);
    expect([0, 1, 0.0021, 3e-9].map(probabilityText)).toEqual(['0', '1', '0.002', '3e-9']);
  });
});
