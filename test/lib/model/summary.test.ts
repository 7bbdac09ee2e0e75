import { readFileSync } from 'node:fs';
import path from 'node:path';
import { summary, tf } from '@course/lib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const golden = (name: string): string => readFileSync(path.join(__dirname, '../../golden', name), 'utf8').trimEnd();

const mlp = (): tf.Sequential =>
  tf.sequential({
    layers: [
      tf.layers.dense({ units: 512, activation: 'relu', inputShape: [784], name: 'hidden_1' }),
      tf.layers.dense({ units: 512, activation: 'relu', name: 'hidden_2' }),
      tf.layers.dense({ units: 10, activation: 'softmax', name: 'digits' }),
    ],
    name: 'mlp',
  });

const cnn = (): tf.Sequential =>
  tf.sequential({
    layers: [
      tf.layers.conv2d({ filters: 16, kernelSize: 3, activation: 'relu', inputShape: [28, 28, 1], name: 'conv_1' }),
      tf.layers.conv2d({ filters: 64, kernelSize: 3, activation: 'relu', useBias: false, name: 'conv_2' }),
      tf.layers.maxPooling2d({ poolSize: 3, strides: 2, name: 'pool' }),
      tf.layers.flatten({ name: 'flat' }),
      tf.layers.dense({ units: 10, activation: 'softmax', name: 'classes' }),
    ],
    name: 'cnn',
  });

describe('summary', () => {
  let tensors = 0;
  beforeEach(() => void (tensors = tf.memory().numTensors));
  afterEach(() => {
    tf.disposeVariables();
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('counts the 669,706 parameters of lesson 01 as (n + 1) × m', () => {
    const result = summary(mlp());
    expect(result.layers.map((layer) => layer.parameters)).toEqual([401_920, 262_656, 5_130]);
    expect(result.parameters).toBe((784 + 1) * 512 + (512 + 1) * 512 + (512 + 1) * 10);
    expect(result.parameterBytes).toBe(4 * 669_706);
  });

  it('agrees with countParams, and its formulas give what they stand for', () => {
    const model = cnn();
    const result = summary(model);
    expect(result.parameters).toBe(model.countParams());
    for (const { formula, parameters } of result.layers) {
      if (formula) expect(Function(`return ${formula.replaceAll('×', '*')}`)(), formula).toBe(parameters);
    }
    expect(result.layers.map(({ formula }) => formula)).toEqual(
      ['(3 × 3 × 1 + 1) × 16', '3 × 3 × 16 × 64', undefined, undefined, '(7744 + 1) × 10']);
  });

  it('tells trainable from frozen parameters', () => {
    const model = mlp();
    model.layers[0].trainable = false;
    const result = summary(model);
    expect(result.parameters - result.trainableParameters).toBe(401_920);
  });

  it('counts the weights of a layer that is used twice once', () => {
    const input = tf.input({ shape: [8] });
    const shared = tf.layers.dense({ units: 8 });
    const output = shared.apply(shared.apply(input)) as tf.SymbolicTensor;
    expect(summary(tf.model({ inputs: input, outputs: output })).parameters).toBe(9 * 8);
  });

  it.each([['mlp', mlp], ['cnn', cnn]] as const)('prints the table of test/golden/summary-%s.txt', (name, make) => {
    const text = String(summary(make()));
    expect(text).toBe(golden(`summary-${name}.txt`));
    const printed = [...text.matchAll(/^\S+ +\S+ +\[.*?\] +([\d,]+)/gm)].map(([, count]) => Number(count.replaceAll(',', '')));
    const total = Number(/Total parameters: ([\d,]+)/.exec(text)?.[1].replaceAll(',', ''));
    expect(printed.reduce((sum, count) => sum + count, 0)).toBe(total);
  });

  it('says what is missing when the model has no shapes', () => {
    expect(() => summary(tf.sequential({ layers: [] }))).toThrow(/inputShape/);
  });
});
