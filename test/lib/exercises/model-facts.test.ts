import { met, modelFacts, type ModelProperty } from '@course/lib/exercises';
import { tf } from '@course/lib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let tensorsBefore: number;
let cnn: tf.LayersModel;
beforeAll(() => {
  tensorsBefore = tf.memory().numTensors;
  cnn = tf.sequential({
    layers: [
      tf.layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu', inputShape: [28, 28, 1] }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.conv2d({ filters: 8, kernelSize: 3, padding: 'same' }),
      tf.layers.reLU(),
      tf.layers.flatten(),
      tf.layers.dense({ units: 10, activation: 'softmax' }),
    ],
  });
});
afterAll(() => {
  cnn.dispose();
  expect(tf.memory().numTensors).toBe(tensorsBefore);
});

/** Weights and biases, counted by hand: two convolutions, then 13 × 13 × 8 inputs of the last layer. */
const PARAMETERS = (3 * 3 * 1 + 1) * 4 + (3 * 3 * 4 + 1) * 8 + (13 * 13 * 8 + 1) * 10;
const PRODUCTS = 26 * 26 * 3 * 3 * 4 + 13 * 13 * 3 * 3 * 4 * 8 + 13 * 13 * 8 * 10;

describe('modelFacts', () => {
  it('counts what a model is made of', () => {
    const { inputShapes, outputShapes, parameters, trainableParameters, multiplyAdds, layers, compiled } =
      modelFacts(cnn);
    expect({ inputShapes, outputShapes, parameters, trainableParameters, multiplyAdds, compiled }).toEqual({
      inputShapes: [[null, 28, 28, 1]],
      outputShapes: [[null, 10]],
      parameters: PARAMETERS,
      trainableParameters: PARAMETERS,
      multiplyAdds: PRODUCTS,
      compiled: undefined,
    });
    expect(layers.map(({ className }) => className)).toEqual([
      'Conv2D',
      'MaxPooling2D',
      'Conv2D',
      'ReLU',
      'Flatten',
      'Dense',
    ]);
  });

  it('takes an activation that is a layer for that of the layer before it', () => {
    expect(modelFacts(cnn).layers[2].config.activation).toBe('relu');
  });

  it('says how a model is compiled, by names or by functions', () => {
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2] })] });
    model.compile({ loss: 'meanSquaredError', optimizer: 'sgd', metrics: ['accuracy'] });
    expect(modelFacts(model).compiled).toEqual({
      loss: 'meanSquaredError',
      optimizer: 'SGD',
      learningRate: 0.01,
      metrics: ['accuracy'],
    });
    model.optimizer.dispose();
    const optimizer = tf.train.adam(0.002);
    model.compile({ loss: tf.metrics.meanAbsoluteError, optimizer });
    expect(modelFacts(model).compiled).toEqual({
      loss: 'meanAbsoluteError',
      optimizer: 'Adam',
      learningRate: 0.002,
      metrics: [],
    });
    optimizer.dispose();
    model.dispose();
  });

  it('looks into a model within the model', () => {
    const inner = tf.sequential({ layers: [tf.layers.dense({ units: 3, inputShape: [2] })] });
    const input = tf.input({ shape: [2] });
    const outer = tf.model({
      inputs: input,
      outputs: tf.layers.dense({ units: 1 }).apply(inner.apply(input)) as tf.SymbolicTensor,
    });
    const { layers, parameters } = modelFacts(outer);
    expect(layers.filter(({ className }) => className === 'Dense')).toHaveLength(2);
    expect(parameters).toBe((2 + 1) * 3 + (3 + 1) * 1);
    outer.dispose();
  });

  it('says what is missing in a model without layers', () => {
    expect(() => modelFacts(tf.sequential())).toThrow('the model has no layers yet');
  });
});

describe('met', () => {
  it.each<[ModelProperty, boolean, string]>([
    [{ inputShape: [28, 28, 1] }, true, 'expected the input shape [28, 28, 1], found [null, 28, 28, 1]'],
    [{ inputShape: [null, 28, 28, 1] }, true, 'expected the input shape [null, 28, 28, 1]'],
    [{ inputShape: [784] }, false, 'expected the input shape [784], found [null, 28, 28, 1] (null is the batch)'],
    [{ outputShape: [null, 10] }, true, 'expected the output shape [null, 10], found [null, 10]'],
    [{ outputShape: [null, 3] }, false, 'expected the output shape [null, 3], found [null, 10]'],
    [{ parameters: { atMost: PARAMETERS } }, true, 'expected at most 13,866 parameters, found 13,866'],
    [{ parameters: { atMost: PARAMETERS - 1 } }, false, 'expected at most 13,865 parameters, found 13,866'],
    [{ parameters: { atLeast: 5, atMost: 5 } }, false, 'expected exactly 5 parameters'],
    [
      { trainableParameters: { atLeast: 10_000, atMost: 20_000 } },
      true,
      'expected 10,000 to 20,000 trainable parameters',
    ],
    [{ multiplyAdds: { atMost: PRODUCTS } }, true, 'multiply-adds for one example, found 86,528'],
    [{ multiplyAdds: { atMost: PRODUCTS - 1 } }, false, 'expected at most 86,527 multiply-adds'],
    [{ layers: { of: ['Conv2D'], atLeast: 2 } }, true, 'expected at least 2 layers Conv2D, found 2'],
    [
      { layers: { of: ['Conv2D'], having: { activation: 'relu' }, atLeast: 2 } },
      true,
      'layers Conv2D with activation relu, found 2',
    ],
    [
      { layers: { having: { activation: 'relu' }, atLeast: 2, atMost: 2 } },
      true,
      'exactly 2 layers with activation relu, found 2',
    ],
    [
      { layers: { of: ['ReLU', 'Activation'], having: { activation: 'relu' }, atLeast: 1 } },
      true,
      'ReLU or Activation',
    ],
    [
      { layers: { of: ['Conv2D'], having: { kernelSize: 3, padding: 'same' }, atLeast: 1 } },
      true,
      'kernelSize 3, padding same',
    ],
    [{ layers: { of: ['Conv2D'], having: { kernelSize: [5, 5] }, atLeast: 1 } }, false, 'kernelSize [5,5], found 0'],
    [{ layers: { of: ['Dropout'], atMost: 0 } }, true, 'expected at most 0 layers Dropout, found 0'],
    [
      { order: ['Conv2D', 'Conv2D', 'Flatten', 'Dense'] },
      true,
      'expected Conv2D, then Conv2D, then Flatten, then Dense',
    ],
    [{ order: ['Dense', 'Flatten'] }, false, 'found Conv2D, MaxPooling2D, Conv2D, ReLU, Flatten, Dense'],
    [
      { compiled: { loss: 'categoricalCrossentropy' } },
      false,
      'expected the loss categoricalCrossentropy, found a model that is not compiled',
    ],
  ])('finds %j %j', (property, isMet, sentence) => {
    const finding = met(property, modelFacts(cnn));
    expect(finding.isMet).toBe(isMet);
    expect(finding.sentence).toContain(sentence);
  });

  it.each<[ModelProperty & { compiled: object }, boolean]>([
    [{ compiled: { loss: 'categoricalCrossentropy' } }, true],
    [{ compiled: { loss: 'meanSquaredError' } }, false],
    [{ compiled: { optimizer: 'adam', learningRate: { atLeast: 0.0005, atMost: 0.002 } } }, true],
    [{ compiled: { optimizer: 'adam', learningRate: { atLeast: 0.01 } } }, false],
    [{ compiled: { optimizer: 'sgd' } }, false],
    [{ compiled: { metrics: ['accuracy'] } }, true],
    [{ compiled: { metrics: ['precision'] } }, false],
  ])('compares %j with how a model is compiled: %j', (property, isMet) => {
    const compiled = { loss: 'categorical_crossentropy', optimizer: 'Adam', learningRate: 0.001, metrics: ['acc'] };
    expect(met(property, { ...modelFacts(cnn), compiled }).isMet).toBe(isMet);
  });

  it('does not take a model for cheap whose layers it cannot count', () => {
    const facts = { ...modelFacts(cnn), notCounted: ['mystery'] };
    expect(met({ multiplyAdds: { atMost: 1e9 } }, facts)).toMatchObject({
      isMet: false,
      sentence: expect.stringContaining('mystery') as string,
    });
  });
});
