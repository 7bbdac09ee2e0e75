import { summary, tf } from '@course/lib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Reference, type Nested } from './reference';

let tensors = 0;
beforeEach(() => void (tensors = tf.memory().numTensors));
afterEach(() => {
  tf.disposeVariables();
  expect(tf.memory().numTensors).toBe(tensors);
});

type Weights = any[];
type Case = [name: string, inputShape: number[], make: () => tf.layers.Layer, compute: (reference: Reference, x: any, weights: Weights) => Nested];

const random = { kernelInitializer: 'randomNormal', biasInitializer: 'randomNormal' } as const;
const recurrent = { ...random, recurrentInitializer: 'randomNormal', units: 4, returnSequences: true, unitForgetBias: false } as const;

const cases: Case[] = [
  ['Dense', [5], () => tf.layers.dense({ units: 3, ...random }), (r, x, [k, b]) => r.dense(x, k, b)],
  ['Dense on three axes', [2, 4, 5], () => tf.layers.dense({ units: 3, ...random }), (r, x, [k, b]) => r.dense(x, k, b)],
  ['Dense without bias', [5], () => tf.layers.dense({ units: 3, useBias: false }), (r, x, [k]) => r.dense(x, k)],
  ['Conv1D', [9, 2], () => tf.layers.conv1d({ filters: 4, kernelSize: 3, ...random }), (r, x, [k, b]) => r.conv1d(x, k, b)],
  ['Conv2D', [7, 8, 3], () => tf.layers.conv2d({ filters: 4, kernelSize: [3, 2], ...random }), (r, x, [k, bias]) => r.conv2d(x, k, { bias })],
  ['Conv2D with padding and strides', [7, 8, 3], () => tf.layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same', ...random }),
    (r, x, [k, bias]) => r.conv2d(x, k, { bias, strides: 2, padding: 'same' })],
  ['Conv2D with dilation', [9, 9, 2], () => tf.layers.conv2d({ filters: 2, kernelSize: 3, dilationRate: 2, ...random }),
    (r, x, [k, bias]) => r.conv2d(x, k, { bias, dilation: 2 })],
  ['Conv3D', [4, 5, 6, 2], () => tf.layers.conv3d({ filters: 3, kernelSize: 2, ...random }), (r, x, [k, b]) => r.conv3d(x, k, b)],
  ['Conv2DTranspose', [4, 5, 3], () => tf.layers.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2, ...random }), (r, x, [k, b]) => r.transposed(x, k, 2, b)],
  ['DepthwiseConv2D', [6, 7, 3], () => tf.layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, biasInitializer: 'randomNormal' }), (r, x, [k, b]) => r.depthwise(x, k, b)],
  ['SeparableConv2D', [6, 7, 3], () => tf.layers.separableConv2d({ filters: 5, kernelSize: 3, depthMultiplier: 2, biasInitializer: 'randomNormal' }),
    (r, x, [d, p, bias]) => r.conv2d(r.depthwise(x, d), p, { bias })],
  ['LSTM', [6, 3], () => tf.layers.lstm(recurrent), (r, x, [k, u, b]) => r.lstm(x, k, u, b)],
  ['GRU', [6, 3], () => tf.layers.gru(recurrent as never), (r, x, [k, u, b]) => r.gru(x, k, u, b)],
  ['SimpleRNN', [6, 3], () => tf.layers.simpleRNN(recurrent), (r, x, [k, u, b]) => r.simpleRnn(x, k, u, b)],
  ['TimeDistributed dense', [6, 3], () => tf.layers.timeDistributed({ layer: tf.layers.dense({ units: 4, ...random }) as never }), (r, x, [k, b]) => r.dense(x, k, b)],
  ['BatchNormalization', [3, 4, 2], () => tf.layers.batchNormalization({ epsilon: 1e-3, gammaInitializer: 'randomNormal', betaInitializer: 'randomNormal' }),
    (r, x, [gamma, beta, mean, variance]) => {
      const scale = gamma.map((g: number, i: number) => g / Math.sqrt(variance[i] + 1e-3));
      return r.scaled(x, scale, beta.map((b: number, i: number) => b - mean[i] * scale[i]));
    }],
  ['LayerNormalization', [4, 6], () => tf.layers.layerNormalization({ epsilon: 1e-3, gammaInitializer: 'randomNormal', betaInitializer: 'randomNormal' }),
    (r, x, [gamma, beta]) => (x as number[][]).map((row) => {
      const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
      const deviation = Math.sqrt(row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length + 1e-3);
      const scale = gamma.map((g: number) => g / deviation);
      return r.scaled(row, scale, beta.map((b: number, i: number) => b - mean * scale[i]));
    })],
  ['PReLU', [4, 3], () => tf.layers.prelu({ alphaInitializer: 'randomNormal' }), (r, x, [alpha]) => r.prelu(x, alpha)],
  ['Conv3DTranspose', [3, 4, 5, 2], () => tf.layers.conv3dTranspose({ filters: 3, kernelSize: 2, ...random }), (r, x, [k, b]) => r.transposed3d(x, k, b)],
  ['ConvLSTM2D', [3, 6, 5, 2], () => tf.layers.convLstm2d({ filters: 4, kernelSize: 3, ...random, recurrentInitializer: 'randomNormal', unitForgetBias: false } as never),
    (r, x, [k, u, b]) => r.convLstm2d(x, k, u, b)],
  ['Rescaling', [3, 4, 2], () => tf.layers.rescaling({ scale: 1 / 255, offset: -0.5 }), (r, x) => r.scaled(x, [1 / 255, 1 / 255], [-0.5, -0.5])],
];

describe('the multiply-adds of a layer', () => {
  it.each(cases)('are those of loops that compute the same: %s', (_name, inputShape, make, compute) => {
    const model = tf.sequential({ layers: [tf.layers.inputLayer({ inputShape }), make()] });
    const layer = model.layers.at(-1)!;
    const { x, actual, weights } = tf.tidy(() => {
      const input = tf.randomNormal([1, ...inputShape]);
      return {
        x: (input.arraySync() as Nested[])[0],
        actual: Array.from((model.predict(input) as tf.Tensor).dataSync()),
        weights: layer.getWeights().map((weight) => weight.arraySync()),
      };
    });
    const reference = new Reference();
    const expected = [compute(reference, x, weights)].flat(9) as number[];
    expect(actual).toHaveLength(expected.length);
    actual.forEach((value, i) => expect(value, `number ${i}`).toBeCloseTo(expected[i], 4));

    const row = summary(model).layers.at(-1)!;
    expect(row.multiplyAdds).toBe(reference.multiplyAdds);
    expect(evaluated(row.multiplyAddsFormula)).toBe(reference.multiplyAdds);
    expect(row.activations).toBe(expected.length);
    if (row.parameterFormula) expect(evaluated(row.parameterFormula)).toBe(layer.countParams());
    else expect(layer.countParams()).toBe(0);
  });

  it('of a bidirectional layer are those of both directions', () => {
    const once = tf.sequential({ layers: [tf.layers.lstm({ units: 4, inputShape: [6, 3] })] });
    const twice = tf.sequential({ layers: [tf.layers.bidirectional({ layer: tf.layers.lstm({ units: 4 }) as never, mergeMode: 'concat', inputShape: [6, 3] } as never)] });
    expect(summary(twice).multiplyAdds).toBe(2 * summary(once).multiplyAdds);
    expect(evaluated(summary(twice).layers[0].parameterFormula)).toBe(twice.countParams());
  });

  it('of a convolution over time are those of its convolutions', () => {
    const model = tf.sequential({ layers: [tf.layers.convLstm2d({ filters: 4, kernelSize: 3, inputShape: [5, 9, 8, 2] })] });
    const row = summary(model).layers[0];
    // Each of 5 steps: 7 x 6 places, 4 gates, a 3 x 3 kernel over 2 inputs and 4 states, 4 outputs.
    expect(row.multiplyAdds).toBe(5 * 7 * 6 * 4 * 9 * (2 + 4) * 4);
    expect(evaluated(row.parameterFormula)).toBe(model.countParams());
  });
});

/** The value of a formula as it is printed, and a check that what stands behind "=" is that value. */
function evaluated(formula: string | undefined): number {
  const [text, result] = (formula ?? 'NaN').replaceAll(',', '').split(' = ');
  const value = Function(`return ${text.replaceAll('×', '*')}`)() as number;
  if (result !== undefined) expect(value, formula).toBe(Number(result));
  return value;
}
