import { describe, expect, it } from 'vitest';
import { Mask } from '../../../lib/src/data/drawn/mask';
import { ellipse, mirrored, placement, rectangle, smooth, stroke,
  type Outline } from '../../../lib/src/data/drawn/outline';

/** The area of outlines in a picture of 40 x 30, in pixels. */
function areaOf(outlines: readonly Outline[], mask = new Mask(40, 30)): number {
  mask.fill(outlines);
  let sum = 0;
  for (let y = mask.top; y < mask.bottom; y++) {
    for (let x = mask.left; x < mask.right; x++) sum += mask.cover[y * mask.width + x];
  }
  return sum;
}

describe('Mask', () => {
  it('covers each pixel by the part of it that lies in the outline', () => {
    const mask = new Mask(4, 3);
    mask.fill([rectangle(0.5, 0.25, 2.25, 2)]);
    expect([mask.left, mask.top, mask.right, mask.bottom]).toEqual([0, 0, 3, 3]);
    expect([...mask.cover.subarray(0, 3)]).toEqual([0.375, 0.75, 0.1875]);
    expect([...mask.cover.subarray(4, 7)]).toEqual([0.5, 1, 0.25]);
    expect([...mask.cover.subarray(8, 11)]).toEqual([0, 0, 0]);
  });

  it.each([
    ['a triangle', [[3, 2, 33.5, 8.25, 10.1, 27.9]], 0.5 * Math.abs(30.5 * 25.9 - 7.1 * 6.25)],
    ['the same triangle, the other way around', [[10.1, 27.9, 33.5, 8.25, 3, 2]],
      0.5 * Math.abs(30.5 * 25.9 - 7.1 * 6.25)],
    ['an ellipse', [ellipse(20, 15, 12, 9)], Math.PI * 12 * 9],
    ['two shapes apart', [rectangle(1, 1, 5, 5), rectangle(10, 10, 13, 12)], 22],
    ['one shape twice, once in each direction', [rectangle(2, 2, 7, 8), [2, 2, 2, 8, 7, 8, 7, 2]], 30],
    ['a line', stroke([5, 5, 25, 5], 3), 60],
    ['what lies within the picture of a shape that does not', [rectangle(-10, -10, 8, 6)], 48],
  ])('covers the area of %s', (_, outlines, expected) => {
    const area = areaOf(outlines);
    expect(area).toBeGreaterThan(expected * 0.985);
    expect(area).toBeLessThan(expected * 1.001);
  });

  it('covers nothing for shapes beside the picture, or without any area', () => {
    expect(areaOf([rectangle(50, 3, 60, 9), rectangle(3, -9, 6, -2), [4, 4, 9, 4, 20, 4], []])).toBe(0);
  });

  it('forgets a shape when it is filled with the next one', () => {
    const mask = new Mask(40, 30);
    expect(areaOf([rectangle(0, 0, 40, 30)], mask)).toBe(1_200);
    expect(areaOf([rectangle(3, 3, 5, 5)], mask)).toBe(4);
    expect(areaOf([[]], mask)).toBe(0);
  });

  it('puts outlines where its placement says', () => {
    const mask = new Mask(40, 30);
    mask.placement = placement(-2, 3, 0, 0, 30, 6);
    expect(areaOf([rectangle(0, 0, 2, 1)], mask)).toBe(12);
    expect([mask.left, mask.top]).toEqual([26, 6]);
  });
});

describe('placement', () => {
  it('turns by the angle, without changing sizes', () => {
    const [a, b, c, d, e, f] = placement(1, 1, 0, 0.1, 5, 7);
    expect([a, e]).toEqual([expect.closeTo(Math.cos(0.1), 3), expect.closeTo(Math.cos(0.1), 3)]);
    expect([d, -b]).toEqual([expect.closeTo(Math.sin(0.1), 3), expect.closeTo(Math.sin(0.1), 3)]);
    expect(a * e - b * d).toBeCloseTo(1, 12);
    expect([c, f]).toEqual([5, 7]);
  });
});

describe('smooth', () => {
  it('passes through all points, open or closed', () => {
    const points = [0, 0, 10, 5, 12, 20, -3, 9];
    const open = smooth(points, false, 5);
    expect(open).toHaveLength(2 * (3 * 5 + 1));
    const closed = smooth(points, true, 5);
    expect(closed).toHaveLength(2 * 4 * 5);
    for (const line of [open, closed]) {
      for (let i = 0; i < 4; i++) expect(line.slice(10 * i, 10 * i + 2)).toEqual(points.slice(2 * i, 2 * i + 2));
    }
  });
});

describe('mirrored', () => {
  it('gives a shape and its mirror image as one outline', () => {
    expect(mirrored([10, 0, 8, 5, 10, 9], 14)).toEqual([10, 0, 8, 5, 10, 9, 18, 9, 20, 5, 18, 0]);
  });
});
