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
    for (const { parameterFormula: formula, parameters } of result.layers) {
      if (formula) expect(formula.split(' = ')[1], formula).toBe(parameters!.toLocaleString('en-US'));
    }
    expect(result.layers.map(({ parameterFormula }) => parameterFormula)).toEqual(
      ['(3 × 3 × 1 + 1) × 16 = 160', '3 × 3 × 16 × 64 = 9,216', undefined, undefined, '(7744 + 1) × 10 = 77,450']);
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

  it('counts the multiply-adds and activations of a shared layer at each of its places, and only in this model', () => {
    const input = tf.input({ shape: [8] });
    const shared = tf.layers.dense({ units: 8, name: 'shared' });
    const once = shared.apply(input) as tf.SymbolicTensor;
    const twice = shared.apply(once) as tf.SymbolicTensor;
    const row = (outputs: tf.SymbolicTensor) => summary(tf.model({ inputs: input, outputs })).layers.find(({ name }) => name === 'shared')!;
    expect(row(twice)).toMatchObject({ uses: 2, parameters: 72, multiplyAdds: 2 * 64, activations: 16 });
    expect(row(once)).toMatchObject({ uses: 1, parameters: 72, multiplyAdds: 64, activations: 8 });
  });

  it('lists the layers of a model within a model below it, and counts them once', () => {
    const inner = tf.sequential({ layers: [tf.layers.dense({ units: 4, inputShape: [8] }), tf.layers.dense({ units: 2 })], name: 'inner' });
    const outer = tf.sequential({ layers: [inner, tf.layers.dense({ units: 3 })], name: 'outer' });
    const result = summary(outer);
    expect(result.layers.map(({ kind, depth }) => `${depth} ${kind}`)).toEqual(['0 Sequential', '1 Dense', '1 Dense', '0 Dense']);
    expect(result.parameters).toBe(outer.countParams());
    expect(result.multiplyAdds).toBe(8 * 4 + 4 * 2 + 2 * 3);
    expect(result.layers[0].multiplyAdds).toBeUndefined();
    expect(result.notCounted).toEqual([]);
  });

  it('counts a training step as forward, and backward for weights that are trained and inputs that they depend on', () => {
    const forward = [784 * 512, 512 * 512, 512 * 10];
    const training = (model: tf.LayersModel): (number | undefined)[] => summary(model).layers.map(({ trainingMultiplyAdds }) => trainingMultiplyAdds);
    // Nobody needs the gradient of the pictures.
    expect(training(mlp())).toEqual([2 * forward[0], 3 * forward[1], 3 * forward[2]]);
    const frozen = mlp();
    frozen.layers[0].trainable = false;
    expect(training(frozen)).toEqual([forward[0], 2 * forward[1], 3 * forward[2]]);
    frozen.layers[1].trainable = false;
    expect(training(frozen)).toEqual([forward[0], forward[1], 2 * forward[2]]);
    const middle = mlp();
    middle.layers[1].trainable = false;
    expect(training(middle)).toEqual([2 * forward[0], 2 * forward[1], 3 * forward[2]]);
  });

  it('counts for a batch what one example takes times its size', () => {
    const [one, batch] = [summary(cnn()), summary(cnn(), { batchSize: 128 })];
    expect(batch.multiplyAdds).toBe(128 * one.multiplyAdds);
    expect(batch.activationBytes).toBe(128 * one.activationBytes);
    expect(batch.parameters).toBe(one.parameters);
    expect(String(batch)).toContain('Mult-Adds for a batch of 128');
    expect(() => summary(cnn(), { batchSize: 0 })).toThrow('summary: batchSize is 0; expected a whole number of at least 1.');
  });

  it('lists a layer of an unknown kind as not counted, and does not guess', () => {
    class Doubled extends tf.layers.Layer {
      static className = 'Doubled';
      override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
        return tf.mul(Array.isArray(inputs) ? inputs[0] : inputs, 2);
      }
      override computeOutputShape(shape: (number | null)[]): (number | null)[] {
        return shape;
      }
    }
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 4, inputShape: [3] }), new Doubled({ name: 'doubled' })] });
    const result = summary(model);
    expect(result.layers[1].multiplyAdds).toBeUndefined();
    expect(result.notCounted).toEqual(['doubled']);
    expect(String(result)).toMatch(/doubled +Doubled .* not counted/);
    expect(String(result)).toContain('Not counted in Mult-Adds: doubled');
    expect(result.multiplyAdds).toBe(12);
  });

  it.each([['mlp', mlp], ['cnn', cnn]] as const)('prints the table of test/golden/summary-%s.txt, whose columns add up', (name, make) => {
    const text = String(summary(make()));
    expect(text).toBe(golden(`summary-${name}.txt`));
    const number = (digits: string | undefined): number => Number(digits?.replaceAll(',', ''));
    const rows = [...text.matchAll(/^\S+ +\w.*? \[.*?\] +([\d,]+) +([\d,]+) +([\d,]+)/gm)];
    const sum = (column: number): number => rows.reduce((total, row) => total + number(row[column]), 0);
    expect(rows).toHaveLength(make().layers.length);
    expect(sum(1)).toBe(number(/Parameters: ([\d,]+)/.exec(text)?.[1]));
    expect(sum(2)).toBe(number(/: ([\d,]+) forward/.exec(text)?.[1]));
    expect(sum(3)).toBe(number(/numbers, ([\d,]+) bytes/.exec(text)?.[1]));
  });

  it('shows the same numbers in a notebook, as an HTML table', () => {
    const result = summary(mlp());
    const bundle = (result as unknown as Record<symbol, () => Record<string, string>>)[Symbol.for('Jupyter.display')]();
    expect(bundle['text/plain']).toBe(String(result));
    const cells = [...bundle['text/html'].matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, text]) => text);
    expect(cells).toHaveLength(3 * 10);
    // Where a cell may not be broken there are no-break spaces.
    expect([cells[2], cells[6]]).toEqual(['[batch,\u00a0512]', '(784 + 1)\u00a0×\u00a0512 = 401,920']);
    expect(cells.slice(0, 10).map((cell) => cell.replaceAll('\u00a0', ' '))).toEqual(['hidden_1', 'Dense', '[batch, 512]', '401,920', '401,408', '2,048', '(784 + 1) × 512 = 401,920',
      '401,920', '[batch, 784]', '784 × 512 = 401,408']);
    expect(bundle['text/html']).toContain('Parameters: 669,706');
  });

  it('does not take a layer of somebody for the one whose name it bears', () => {
    class Conv2D extends tf.layers.Layer {
      static className = 'Conv2D';
      override build(): void {
        this.addWeight('scale', [3], 'float32', tf.initializers.ones());
      }
      override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
        return Array.isArray(inputs) ? inputs[0] : inputs;
      }
      override computeOutputShape(shape: (number | null)[]): (number | null)[] {
        return shape;
      }
    }
    const result = summary(tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [4, 4, 3] }), new Conv2D({ name: 'own' })] }));
    expect(result.notCounted).toEqual(['own']);
    expect(result.layers[1]).toMatchObject({ parameters: 3, parameterFormula: undefined });
  });

  it('finds the channels where the layer has them', () => {
    const channelsFirst = (layer: tf.layers.Layer) => summary(tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [3, 8, 10] }), layer] })).layers[1].multiplyAdds;
    const dataFormat = 'channelsFirst' as const;
    expect(channelsFirst(tf.layers.conv2d({ filters: 2, kernelSize: 3, dataFormat }))).toBe(6 * 8 * 3 * 3 * 3 * 2);
    expect(channelsFirst(tf.layers.conv2dTranspose({ filters: 2, kernelSize: 3, dataFormat }))).toBe(8 * 10 * 3 * 3 * 3 * 2);
  });

  it('counts the way back through time of a recurrent layer, also where nothing before it is trained', () => {
    const [row] = summary(tf.sequential({ layers: [tf.layers.lstm({ units: 64, inputShape: [50, 32] })] })).layers;
    const [fromInput, fromState] = [50 * 4 * 32 * 64, 50 * 4 * 64 * 64];
    expect(row.multiplyAdds).toBe(fromInput + fromState);
    expect(row.trainingMultiplyAdds).toBe(2 * fromInput + 3 * fromState);
  });

  it('says that a layer is frozen, and how large its window is', () => {
    const model = cnn();
    model.layers[0].trainable = false;
    expect(String(summary(model))).toMatch(/conv_1 +Conv2D 3 × 3, frozen/);
  });

  it('refuses what is no model, and options that are none', () => {
    expect(() => summary(undefined as never)).toThrow('summary: got undefined; expected a model');
    expect(() => summary('model' as never)).toThrow("summary: got 'model'; expected a model");
    expect(() => summary(mlp(), 128 as never)).toThrow('summary: got the options 128; expected an object, such as { batchSize: 128 }.');
  });

  it('says what is missing when the model has no shapes', () => {
    expect(() => summary(tf.sequential({ layers: [] }))).toThrow(/inputShape/);
  });
});
