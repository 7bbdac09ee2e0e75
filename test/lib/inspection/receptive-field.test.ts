import { receptiveFields, tf } from '@course/lib';
import { afterAll, describe, expect, it } from 'vitest';
import { fieldAt } from '../../../lib/src/inspection/receptive-field';
import { branching, lesson03 } from './networks';

const before = tf.memory().numTensors;
afterAll(() => expect(tf.memory().numTensors).toBe(before));

/**
 * What a place really sees: the pixels that its number hangs on. Measured with one picture for each pixel, in which
 * only that pixel is not 0; all weights are 1, so that nothing cancels.
 */
function seenPixels(model: tf.LayersModel, row: number, column: number): [y: number, x: number][] {
  const [, height, width] = model.inputs[0].shape as number[];
  const seen = tf.tidy(() => {
    const pictures = tf.eye(height * width).reshape([height * width, height, width, 1]);
    return (model.predict(pictures) as tf.Tensor4D).slice([0, row, column, 0], [-1, 1, 1, 1]).dataSync();
  });
  const places = Array.from({ length: height * width }, (_, i): [number, number] => [Math.floor(i / width), i % width]);
  return places.filter((_, i) => seen[i] > 0);
}

/** Convolutions and average pooling of many forms, with weights of 1. */
function linear(layers: tf.layers.Layer[]): tf.Sequential {
  const model = tf.sequential({ layers });
  const ones = model.getWeights().map((weight) => tf.onesLike(weight));
  model.setWeights(ones);
  tf.dispose(ones);
  return model;
}

describe('receptiveFields', () => {
  it('are those of the network of lesson 03', () => {
    const model = lesson03();
    const fields = receptiveFields(model)
      .map(({ size, stride, start, places }) => [size[0], stride[0], start[0], places[0]]);
    // 3; 3 + 2 = 5; 5 + 2 = 7 and stride 2; then all 11 places together: 7 + 10 * 2 = 27 pixels.
    expect(fields).toEqual([
      [3, 1, 0, 26], [5, 1, 0, 24], [7, 2, 0, 11], [27, 0, 0, 1], [27, 0, 0, 1], [27, 0, 0, 1], [27, 0, 0, 1],
    ]);
    model.dispose();
  });

  it.each<[string, () => tf.layers.Layer[]]>([
    ['valid, with strides', () => [
      tf.layers.conv2d({ inputShape: [20, 17, 1], filters: 1, kernelSize: [3, 5], strides: [2, 1], useBias: false }),
      tf.layers.averagePooling2d({ poolSize: [2, 3], strides: [2, 2] }),
      tf.layers.conv2d({ filters: 1, kernelSize: 2, useBias: false, name: 'last' }),
    ]],
    ['same, of an even and an odd side', () => [
      tf.layers.conv2d(
        { inputShape: [20, 17, 1], filters: 1, kernelSize: 4, strides: 2, padding: 'same', useBias: false }),
      tf.layers.averagePooling2d({ poolSize: 2, strides: 2, padding: 'same' }),
      tf.layers.conv2d({ filters: 1, kernelSize: 3, padding: 'same', useBias: false, name: 'last' }),
    ]],
    ['with dilation and padding by itself', () => [
      tf.layers.zeroPadding2d({ inputShape: [20, 17, 1], padding: [[2, 0], [2, 2]] }),
      tf.layers.conv2d({ filters: 1, kernelSize: 3, dilationRate: 2, useBias: false, name: 'last' }),
    ]],
  ])('are the pixels that change a place: %s', (_name, layers) => {
    const model = linear(layers());
    const field = receptiveFields(model).find(({ name }) => name === 'last')!;
    const [, rows, columns] = model.outputs[0].shape as number[];
    expect(field.places).toEqual([rows, columns]);
    for (const [row, column] of [[0, 0], [2, 2], [rows - 1, columns - 1]]) {
      const seen = seenPixels(model, row, column);
      const { top, left, height, width } = fieldAt(field, [row, column]);
      const [ys, xs] = [seen.map(([y]) => y), seen.map(([, x]) => x)];
      expect([Math.min(...ys), Math.max(...ys)]).toEqual([Math.max(0, top), Math.min(19, top + height - 1)]);
      expect([Math.min(...xs), Math.max(...xs)]).toEqual([Math.max(0, left), Math.min(16, left + width - 1)]);
    }
    model.dispose();
  });

  it('are as large as the larger branch where branches come together', () => {
    const model = branching();
    const sizes = Object.fromEntries(receptiveFields(model).map(({ name, size, stride, start }) =>
      [name, [size[0], stride[0], start[0]]]));
    expect(sizes).toEqual({
      conv: [3, 1, -1], norm: [3, 1, -1], left: [3, 1, -1], right: [7, 1, -3], sum: [7, 1, -3],
      // 12 to 6 places with a window of 3: one zero, behind.
      depthwise: [9, 2, -3], pooled: [11, 2, -3], both: [11, 2, -3], inner: [15, 2, -3], drop: [15, 2, -3],
      mean: [21, 0, -3], answer: [21, 0, -3],
    });
    model.dispose();
  });

  it('says which layer or input has none', () => {
    const flat = tf.sequential({ layers: [tf.layers.dense({ inputShape: [784], units: 1 })] });
    expect(() => receptiveFields(flat)).toThrow(/the model takes \[784\]; expected pictures/);
    const larger = tf.sequential({ layers: [tf.layers.upSampling2d({ inputShape: [4, 4, 1], name: 'larger' })] });
    expect(() => receptiveFields(larger)).toThrow(/the layer larger is a UpSampling2D/);
    flat.dispose();
    larger.dispose();
  });
});
