import { quantiseWeights, restoreWeights, tf } from '@course/lib';
import { afterAll, describe, expect, it } from 'vitest';

const tensorsBefore = tf.memory().numTensors;
afterAll(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

/** Two inputs, two outputs, with the given weights. */
function dense(kernel: number[][], bias = [0.3, -7]): tf.Sequential {
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [2] })] });
  tf.tidy(() => model.setWeights([tf.tensor2d(kernel), tf.tensor1d(bias)]));
  return model;
}

const weightsOf = (model: tf.LayersModel): number[][] => model.getWeights().map((weight) => [...weight.dataSync()]);

describe('quantiseWeights', () => {
  it('divides each channel into 127 steps on either side of zero, by its own largest weight', () => {
    // Channels are columns: the largest are 1.27 and 2.54, so the steps are 0.01 and 0.02.
    const model = dense([[1.27, -2.54], [-0.014, 0.5]]);
    const { weights: [kernel, bias] } = quantiseWeights(model);
    expect([...kernel.values.data]).toEqual([127, -127, -1, 25]);
    expect(kernel.values.data).toBeInstanceOf(Int8Array);
    expect(kernel.values.shape).toEqual([2, 2]);
    expect([...kernel.scales!].map((scale) => scale.toFixed(6))).toEqual(['0.010000', '0.020000']);
    expect(bias.scales).toBeUndefined();
    expect([...bias.values.data]).toEqual([...Float32Array.of(0.3, -7)]);
    model.dispose();
  });

  it('counts bytes of values and scales', () => {
    const model = dense([[1, 2], [3, 4]]);
    // 4 int8, 2 scales and 2 biases of 4 bytes; before, 6 numbers of 4 bytes.
    expect(quantiseWeights(model)).toMatchObject({ bytes: 4 + 2 * 4 + 2 * 4, float32Bytes: 24 });
    model.dispose();
  });

  it('has a scale for each filter of a convolution, and keeps a filter of zeros', () => {
    const model = tf.sequential({ layers: [tf.layers.conv2d({ filters: 3, kernelSize: 2, inputShape: [4, 4, 2], useBias: false })] });
    const numbers = Float32Array.from({ length: 24 }, (_, i) => (i % 3 === 1 ? 0 : i - 10));
    tf.tidy(() => model.setWeights([tf.tensor(numbers, [2, 2, 2, 3])]));
    const quantised = quantiseWeights(model);
    // Filter 0: -10 to 11, filter 2: -8 to 13.
    expect([...quantised.weights[0].scales!].map((scale) => scale.toFixed(5)))
      .toEqual([11 / 127, 1, 13 / 127].map((scale) => scale.toFixed(5)));
    restoreWeights(model, quantised);
    weightsOf(model)[0].forEach((value, i) => expect(Math.abs(value - numbers[i])).toBeLessThanOrEqual(13 / 127 / 2 + 1e-6));
    expect(weightsOf(model)[0].filter((_, i) => i % 3 === 1)).toEqual(new Array(8).fill(0));
    model.dispose();
  });

  it('leaves the model as it is', () => {
    const model = dense([[0.1, 0.2], [0.3, 0.4]]);
    const before = weightsOf(model);
    quantiseWeights(model);
    expect(weightsOf(model)).toEqual(before);
    model.dispose();
  });

  it('refuses weights that are no numbers', () => {
    const model = dense([[NaN, 1], [2, 3]]);
    expect(() => quantiseWeights(model)).toThrow(/kernel of shape \[2, 2\] has numbers that are not finite/);
    model.dispose();
  });
});

describe('restoreWeights', () => {
  it('gives a model the rounded weights, of another one too', () => {
    const [model, other] = [dense([[1.27, -2.54], [-0.014, 0.5]]), dense([[0, 0], [0, 0]], [0, 0])];
    restoreWeights(other, quantiseWeights(model));
    const [kernel, bias] = weightsOf(other);
    expect(kernel.map((value) => value.toFixed(5))).toEqual(['1.27000', '-2.54000', '-0.01000', '0.50000']);
    expect(bias).toEqual([...Float32Array.of(0.3, -7)]);
    model.dispose();
    other.dispose();
  });

  it('refuses the weights of a model of other layers', () => {
    const model = dense([[1, 2], [3, 4]]);
    const other = tf.sequential({ layers: [tf.layers.dense({ units: 3, inputShape: [2] })] });
    expect(() => restoreWeights(other, quantiseWeights(model))).toThrow(/shapes \[2, 2\], \[2\], but the model has \[2, 3\], \[3\]/);
    model.dispose();
    other.dispose();
  });
});
