import { describe, expect, it } from 'vitest';
import { placementOf } from '../../../../lib/src/data/folder/geometry';

describe('placementOf', () => {
  it('squash: brings both sides to the size', () => {
    expect(placementOf([200, 100], [32, 32], 'squash')).toEqual({ width: 32, height: 32, left: 0, top: 0 });
  });

  it('crop: brings the shorter side to the size and cuts the ends of the longer one', () => {
    expect(placementOf([200, 100], [32, 32], 'crop')).toEqual({ width: 64, height: 32, left: -16, top: 0 });
    expect(placementOf([100, 200], [32, 32], 'crop')).toEqual({ width: 32, height: 64, left: 0, top: -16 });
  });

  it('fill: brings the longer side to the size and leaves room beside the shorter one', () => {
    expect(placementOf([200, 100], [32, 32], 'fill')).toEqual({ width: 32, height: 16, left: 0, top: 8 });
    expect(placementOf([100, 200], [32, 32], 'fill')).toEqual({ width: 16, height: 32, left: 8, top: 0 });
  });

  it('half crop half fill: cuts half as much as crop and leaves room for the rest', () => {
    const { width, height, left, top } = placementOf([200, 100], [32, 32], 'half crop half fill');
    expect(width).toBeGreaterThan(32);
    expect(height).toBeLessThan(32);
    expect(width / height).toBeCloseTo(2, 0);
    expect([left, top]).toEqual([Math.floor((32 - width) / 2), Math.floor((32 - height) / 2)]);
  });

  it.each(['squash', 'crop', 'fill', 'half crop half fill'] as const)(
    '%s: leaves a picture of the right shape whole',
    (mode) => {
      expect(placementOf([400, 200], [64, 32], mode)).toEqual({ width: 64, height: 32, left: 0, top: 0 });
    },
  );

  it.each(['crop', 'fill', 'half crop half fill'] as const)('%s: keeps a line of pixels visible', (mode) => {
    const { width, height } = placementOf([1, 10_000], [32, 32], mode);
    expect(Math.min(width, height)).toBeGreaterThanOrEqual(1);
  });
});
