import { convolve, layerActivations, layerStatistics, receptiveFields, tf, type LayerActivation } from '@course/lib';
import { PNG } from 'pngjs';
import { afterAll, describe, expect, it } from 'vitest';
import { arrayOf } from '../../../lib/src/arrays';
import { statisticsOf } from '../../../lib/src/inspection/statistics';
import { convolutionPicture } from '../../../lib/src/plots/convolution';
import { featureMapsHtml, layerHtml } from '../../../lib/src/plots/feature-maps';
import { filtersHtml } from '../../../lib/src/plots/filters';
import { visiblePicture } from '../../../lib/src/plots/layer-pictures';
import { layerStatisticsTable } from '../../../lib/src/plots/layer-statistics';
import { overlayHtml } from '../../../lib/src/plots/overlay';
import { receptiveFieldPicture } from '../../../lib/src/plots/receptive-field';
import { lesson03, numbers, picture } from '../inspection/networks';

const before = tf.memory().numTensors;
afterAll(() => expect(tf.memory().numTensors).toBe(before));

const pictures = (html: string): PNG[] =>
  [...html.matchAll(/base64,([^"]+)"/g)].map(([, png]) => PNG.sync.read(Buffer.from(png, 'base64')));
/** The grey pixels of a PNG. */
const greys = ({ data, width, height }: PNG): number[] => Array.from({ length: width * height }, (_, i) => data[i * 4]);
/** Left, top, width and height of what is marked in a picture. */
const marksOf = (svg: string): number[][] =>
  [...svg.matchAll(/<rect x="([^"]*)" y="([^"]*)" width="([^"]*)" height="([^"]*)" fill="none" stroke="#D55E00"/g)]
    .map(([, ...numbers]) => numbers.map(Number));
const words = (html: string): string => html.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
const nothingFromElsewhere = (markup: string): void =>
  expect(markup).not.toMatch(/<script|<style|(src|href)="(?!data:)|undefined/);

const activation = (values: Float32Array, shape: number[], type = 'Conv2D'): LayerActivation =>
  ({ name: 'layer', type, shape, values: arrayOf(values, shape), weights: [], statistics: statisticsOf(values) });

describe('featureMapsHtml', () => {
  it('shows the network of lesson 03 from the picture to the probabilities, in less than 300 kB', () => {
    const model = lesson03();
    const one = picture(28, 28, 1);
    const classNames = Array.from({ length: 10 }, (_, i) => `class ${i}`);
    const html = featureMapsHtml(one, layerActivations(model, one), { classNames });
    // The picture, 16 and two times 64 maps, two strips.
    expect(html.match(/<img /g)).toHaveLength(1 + 16 + 64 + 64 + 2);
    expect(html.length).toBeLessThan(300_000);
    expect(words(html)).toMatch(
      /first \(Conv2D\) · 26 × 26 × 16 mean \S+, standard deviation \S+, \S+ to \S+, \d+ % zeros/);
    expect(words(html)).toMatch(/class 9/);
    nothingFromElsewhere(html);
    model.dispose();
  });

  it('shows fewer channels of a large network, and says how many are left out', () => {
    const layers = Array.from({ length: 12 }, () => activation(numbers(64 * 64 * 128), [64, 64, 128]));
    const html = featureMapsHtml(picture(64, 64, 3), layers);
    expect(html.length).toBeLessThan(300_000);
    expect(words(html)).toMatch(/The other 1\d\d of 128 are left out/);
  });

  it('does not show the same numbers again', () => {
    const html = layerHtml(activation(numbers(64), [64], 'Flatten'));
    expect(html).not.toContain('<img');
    expect(words(html)).toContain('The same numbers as before, in another shape');
    expect(words(layerHtml(activation(numbers(64), [4, 4, 4], 'Dropout')))).toContain('works while the network learns');
  });
});

describe('layerHtml', () => {
  it('stretches each map, and says so', () => {
    const values = Float32Array.of(0, -1, 1, 0, 2, 0, 4, 1);
    const html = layerHtml(activation(values, [2, 2, 2]));
    expect(pictures(html).map(greys)).toEqual([[0, 64, 128, 255], [0, 128, 128, 255]]);
    expect(html).toContain('title="channel 1: −1 to 1"');
    expect(words(html)).toContain(
      '2 feature maps of 2 × 2, each stretched: its smallest number black, its largest white');
  });

  it('says in words which map is 0 everywhere and which has NaN', () => {
    const html = layerHtml(activation(Float32Array.of(0, NaN, 1, 0, 2, 1), [1, 2, 3]));
    expect(words(html)).toContain('⚠ 1 of 6 numbers are NaN or infinite');
    expect(words(html)).toMatch(/ 0 .*1 NaN/);
    expect(words(layerHtml(activation(Float32Array.of(0, 1, 0, 2), [1, 2, 2])))).toMatch(/ 0 all 0 .* 1 /);
    expect(words(layerHtml(activation(new Float32Array(30), [30], 'Dense')))).toContain('⚠ all numbers are 0');
    const broken = layerHtml(activation(new Float32Array(9).fill(NaN), [9], 'Dense'));
    expect(words(broken)).toContain('no finite number ⚠ 9 of 9 numbers are NaN or infinite');
    expect(broken).not.toMatch(/<img|<table|mean NaN/);
  });

  it('draws few numbers as bars with their names, and many as a strip of cells', () => {
    const bars = layerHtml(activation(Float32Array.of(0.25, 0.75), [2], 'Dense'), { classNames: ['cat', '<dog>'] });
    expect(words(bars)).toMatch(/cat .*0\.250 .*&#60;dog&#62; ◀ .*0\.750/);
    expect([...bars.matchAll(/<div style="width: (\d+)px/g)].map(([, width]) => width)).toEqual(['80', '240']);
    const strip = layerHtml(activation(Float32Array.from({ length: 100 }, (_, i) => i), [100], 'Dense'));
    const [cells] = pictures(strip);
    expect([cells.width, cells.height]).toEqual([64, 2]);
    expect(greys(cells)[99]).toBe(255);
    expect(words(layerHtml(activation(numbers(2000), [2000], 'Dense')))).toContain('The other 976 are left out');
  });
});

describe('filtersHtml', () => {
  it('shows filters of one channel in blue, white and orange on one scale', () => {
    const html = filtersHtml(arrayOf(Float32Array.of(-1, 0.5, 0, 0, 1, 0.5, 0, 0), [2, 2, 1, 2]), 'First');
    const [{ data, width }] = pictures(html);
    const weight = (row: number, column: number): number[] => {
      const at = ((row + 0.5) * (width / 2) * width + (column + 0.5) * (width / 2)) * 4;
      return [...data.subarray(at, at + 3)];
    };
    // −1, 0, 1, 0 of filter 0: the ends and the middle of the scale.
    expect([weight(0, 0), weight(0, 1), weight(1, 0), weight(1, 1)]).toEqual(
      [[0x00, 0x3b, 0x5c], [0xf7, 0xf7, 0xf7], [0x6e, 0x30, 0x00], [0xf7, 0xf7, 0xf7]]);
    expect(words(html)).toMatch(/First · 2 filters of 2 × 2 × 1 .*−1 +1: blue is below 0, white is 0, orange above/);
    expect(html).toContain('aria-label="First: 2 filters of 2 × 2 × 1, from −1 to 1"');
    nothingFromElsewhere(html);
  });

  it('shows red, green and blue side by side and in one, and stays small for many channels', () => {
    const html = filtersHtml(arrayOf(numbers(3 * 3 * 3 * 4), [3, 3, 3, 4]));
    expect(pictures(html).map(({ width }) => width)).toEqual([121, 3, 121, 3, 121, 3, 121, 3, 9]);
    const many = filtersHtml(arrayOf(numbers(3 * 3 * 100 * 128), [3, 3, 100, 128]));
    expect(words(many)).toContain('Left out: 64 more filters, 68 more channels of each filter');
    expect(many.length).toBeLessThan(200_000);
  });

  it('refuses what is no kernel of a convolution', () => {
    expect(() => filtersHtml(arrayOf(new Float32Array(6), [2, 3]))).toThrow(
      /shape \[2, 3\]; expected \[height, width, channels, filters\]/);
    expect(() => filtersHtml(arrayOf(new Float32Array(4).fill(NaN), [2, 2, 1, 1]))).toThrow(/no finite number/);
  });
});

describe('convolutionPicture', () => {
  const pixels = arrayOf(Uint8Array.from({ length: 36 }, (_, i) => i * 7), [6, 6]);
  const edge = arrayOf(Float32Array.of(-1, 0, 1, -1, 0, 1, -1, 0, 1), [3, 3]);

  it('says in numbers how one place of the feature map comes about', () => {
    const { svg, alt } = convolutionPicture(pixels, edge, [1, 2], { bias: 2 });
    // Rows 1 to 3, columns 2 to 4 of the picture: 14 to the right each row, three rows.
    expect(words(svg)).toMatch(/56 63 70 98 105 112 140 147 154/);
    expect(words(svg)).toContain('All products added up: −56 + 0 + 70 − 98 + 0 + 112 − 140 + 0 + 154 = 42.');
    expect(alt).toContain('first pixel in row 1, column 2 of the picture');
    expect(alt).toContain('Plus the bias 2: 44 is the number in row 1, column 2 of the feature map.');
    expect(convolve(pixels, edge, { bias: 2 }).get(1, 2)).toBe(44);
    nothingFromElsewhere(svg);
  });

  it('marks the window in the picture and the place in the feature map, in scale', () => {
    const { svg } = convolutionPicture(pixels, edge, [1, 2]);
    const marks = marksOf(svg);
    // 190 pixels for 6 and for 4 places.
    expect(marks[0][0]).toBeCloseTo(16 + (2 * 190) / 6, 0);
    expect(marks[0][2]).toBeCloseTo((3 * 190) / 6, 0);
    expect(marks[1][0]).toBeCloseTo(900 - 16 - 190 + (2 * 190) / 4, 0);
    expect(marks[1][3]).toBeCloseTo(190 / 4, 0);
    expect(marks[1][1] - marks[0][1]).toBeCloseTo(190 / 4 - 190 / 6, 0);
  });

  it('shows the channels of a colour picture one below the other', () => {
    const kernel = arrayOf(numbers(75), [5, 5, 3]);
    const { svg } = convolutionPicture(picture(8, 8, 3), kernel, [0, 0], { padding: 'same' });
    for (const name of ['red', 'green', 'blue']) expect(words(svg)).toContain(` ${name} `);
    expect(words(svg)).toContain('The products of each channel added up');
    expect(svg.match(/<rect [^>]*stroke-width="0.5"/g)).toHaveLength(3 * 75);
  });

  it('shows three of many channels, and windows too large for numbers by their colours', () => {
    const { svg, alt } = convolutionPicture(picture(9, 9, 16), arrayOf(numbers(9 * 16), [3, 3, 16]), [6, 6]);
    expect(words(svg)).toContain('channel 0 of 16');
    expect(words(svg)).toMatch(/black −\d\S*, white \S+ marked: \S+ /);
    expect(alt).toContain('… (16 in all)');
    const large = convolutionPicture(picture(20, 20), arrayOf(numbers(121), [11, 11]), [0, 0]).svg;
    expect(large.match(/<text /g)!.length).toBeLessThan(15);
  });
});

describe('receptiveFieldPicture', () => {
  it('marks what the place sees, for each layer that changes it', () => {
    const model = lesson03();
    const fields = receptiveFields(model);
    const { svg, alt } = receptiveFieldPicture(picture(28, 28, 1), fields, 'pooling', [5, 4]);
    expect(alt).toBe(
      'Receptive fields. first: 3 × 3 pixels, next place: 1 further. second: 5 × 5 pixels, next place: 1 further. ' +
      'pooling: 7 × 7 pixels, next place: 2 further. Place 5, 4 of pooling sees the rows 10 to 16 and the columns 8 ' +
      'to 14 of the picture.');
    const marks = marksOf(svg);
    expect(marks.map(([, , width]) => Math.round((width * 28) / 164))).toEqual([3, 5, 7]);
    // In the last of three pictures, 182 apart.
    expect(marks[2][0]).toBeCloseTo(16 + 2 * 182 + (8 * 164) / 28, 0);
    // The place in the middle of it in the first: the rows 12 to 14.
    expect(marks[0][1]).toBeCloseTo(16 + 22 + (12 * 164) / 28, 0);
    nothingFromElsewhere(svg);
    model.dispose();
  });

  it('says that a field reaches into the padding', () => {
    const conv = tf.layers.conv2d({ inputShape: [8, 8, 3], filters: 1, kernelSize: 5, padding: 'same', name: 'conv' });
    const model = tf.sequential({ layers: [conv] });
    const fields = receptiveFields(model);
    const drawn = (layer: string, row: number): string =>
      words(receptiveFieldPicture(picture(8, 8, 3), fields, layer, [row, 2]).svg);
    expect(drawn('conv', 0)).toContain('reaches into the padding');
    expect(drawn('conv', 2)).not.toContain('reaches');
    expect(() => drawn('dense', 0)).toThrow(/no layer "dense"; it has conv/);
    expect(() => drawn('conv', 8)).toThrow(/\[8, 2\]; expected .* 8 × 8 places of conv/);
    model.dispose();
  });
});

describe('overlayHtml', () => {
  const corner = arrayOf(Float32Array.from({ length: 64 }, (_, i) => (i % 8 > 5 && i < 16 ? 1 : 0)), [8, 8]);

  it.each<[string, number[]]>([
    ['grey', [8, 8, 1]], ['colour', [1, 8, 8, 3]],
  ])('lies over a %s picture', (_name, shape) => {
    const { html, alt } = overlayHtml(picture(...shape), corner, 'What speaks for <cat>');
    const [seen, over, alone] = pictures(html);
    expect([seen.width, over.width, alone.width]).toEqual([8, 224, 8]);
    const pixel = (x: number, y: number): number[] => [...over.data.subarray((y * 224 + x) * 4, (y * 224 + x) * 4 + 3)];
    // Grey where the map is 0; in colour where it is 1.
    const [red, green, blue] = pixel(20, 200);
    expect([green, blue]).toEqual([red, red]);
    const [hotRed, , hotBlue] = pixel(210, 10);
    expect(hotRed - hotBlue).toBeGreaterThan(100);
    expect(greys(alone)).toEqual([...corner.data].map((value) => value * 255));
    expect(alt).toBe(
      'What speaks for <cat>. Strongest at the top, right (row 0, column 6); at least half as strong on 6 % of the ' +
      'picture.');
    expect(html).toContain('alt="What speaks for &#60;cat&#62;. Strongest at the top, right');
    nothingFromElsewhere(html);
  });

  it('has a line around what is strong, white inside and black outside', () => {
    const [, over] = pictures(overlayHtml(arrayOf(new Uint8Array(64).fill(128), [8, 8]), corner, 'map').html);
    const row = Array.from({ length: 224 }, (_, x) => over.data[(10 * 224 + x) * 4]);
    const inside = row.indexOf(255);
    expect(row[inside - 1]).toBe(0);
    // Half way between the middles of the columns 5 and 6, of 28 pixels each.
    expect(Math.abs(inside - 6 * 28)).toBeLessThanOrEqual(1);
  });

  it('says that nothing speaks for a class, and refuses another size', () => {
    expect(overlayHtml(picture(4, 4), arrayOf(new Float32Array(16), [4, 4]), 'map').alt).toContain('0 everywhere');
    expect(() => overlayHtml(picture(4, 4), corner, 'map')).toThrow(
      /a map of shape \[8, 8\] for a picture of \[4, 4\]/);
  });

  it('stays small for a large picture', () => {
    const large = arrayOf(Float32Array.from({ length: 600 * 400 * 3 }, (_, i) => (i % 255) / 255), [600, 400, 3]);
    const map = arrayOf(new Float32Array(600 * 400).fill(1), [600, 400]);
    expect(overlayHtml(large, map, 'map').html.length).toBeLessThan(300_000);
  });
});

describe('visiblePicture', () => {
  it('keeps pixels from 0 to 1 and bytes, and brings others there', () => {
    const visible = (...values: number[]): number[] =>
      [...visiblePicture(arrayOf(Float32Array.from(values), [2, 2, 1])).data];
    expect(visible(0.25, 0.5, 0, 0.75)).toEqual([0.25, 0.5, 0, 0.75]);
    expect(visible(0, 255, 0, 0)).toEqual([0, 1, 0, 0]);
    expect(visible(0, 51, 0, 2)[1]).toBeCloseTo(0.2, 6);
    // No pixels, but what a layer puts out.
    expect(visible(0.5, 1.5, 0.5, 1)).toEqual([0, 1, 0, 0.5]);
    expect(visible(-1, 0, 1, 3)).toEqual([0, 0.25, 0.5, 1]);
    expect(visiblePicture(arrayOf(new Uint8Array(12), [1, 2, 2, 3])).shape).toEqual([2, 2, 3]);
    expect(() => visiblePicture(arrayOf(new Uint8Array(8), [2, 2, 2]))).toThrow(
      /shape \[2, 2, 2\]; expected one picture/);
  });
});

describe('layerStatisticsTable', () => {
  it('says what is wrong in words, with a mark', () => {
    const units = tf.layers.dense({ inputShape: [2], units: 3, activation: 'relu', name: 'units' });
    const model = tf.sequential({ layers: [units] });
    const weights = [tf.zeros([2, 3]), tf.tensor1d([1, -1, 1])];
    model.setWeights(weights);
    const x = tf.ones([4, 2]);
    const { html, text } = layerStatisticsTable(layerStatistics(model, x));
    expect(text).toMatch(/units +Dense +3 +0\.667 .* 33\.3 % +⚠ 1 of 3 units dead \(1\)/);
    expect(text).toContain('⚠ 1 of 1 layers to look at.');
    expect(html).toContain('⚠ 1 of 3 units dead (1)');
    tf.dispose([x, ...weights]);
    model.dispose();
  });
});
