import {
  confusionFigure, toSvg, weightsFigure,
} from '@course/lib';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { arrayOf } from '../../../lib/src/arrays';

const names = (count: number, letters = 0): string[] =>
  Array.from({ length: count }, (_, i) => `${i}`.padEnd(letters, 'x'));

const diagonal = (classes: number): number[][] =>
  Array.from({ length: classes }, (_, i) => Array.from({ length: classes }, (_, j) => (i === j ? 9 : (i + j) % 3)));

/** The pictures in a picture. */
const pictures = (svg: string): PNG[] =>
  [...svg.matchAll(/base64,([^"]+)"/g)].map(([, png]) => PNG.sync.read(Buffer.from(png, 'base64')));

const pixel = ({ data, width }: PNG, row: number, column: number): number[] =>
  [...data.subarray((row * width + column) * 4, (row * width + column) * 4 + 4)];

describe('a heat map of many cells', () => {
  it('leaves holes transparent, so that right and wrong of a confusion matrix are both seen', () => {
    const [right, wrong] = pictures(toSvg(confusionFigure(diagonal(40), names(40))));
    expect([pixel(right, 3, 3)[3], pixel(wrong, 3, 3)[3]]).toEqual([255, 0]);
    expect([pixel(right, 3, 4)[3], pixel(wrong, 3, 4)[3]]).toEqual([0, 255]);
  });

  it.each([4, 64])('shows weights that are no numbers in a colour of their own (%i rows)', (rows) => {
    const values = new Float32Array(rows * 64).fill(0.5);
    values[65] = NaN;
    const figure = weightsFigure(arrayOf(values, [rows, 64]));
    expect(figure.data).toHaveLength(2);
    const svg = toSvg(figure);
    if (rows > 14) expect(pixel(pictures(svg)[1], 1, 1)).toEqual([0xf0, 0xe4, 0x42, 255]);
    else expect(svg.match(/fill="#f0e442"/g)).toHaveLength(1);
    expect(figure.layout.meta.alt).toContain('mean 0.5000, standard deviation 0.0000, and 1 not finite');
    expect(figure.layout.meta.alt).not.toContain('NaN');
  });
});
