import { tf } from '@course/lib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { activations } from '../../../lib/src/engine/activations';
import { CompiledTraining } from '../../../lib/src/engine/compiled-training';
import { layers as table } from '../../../lib/src/engine/layers';
import { losses } from '../../../lib/src/engine/losses';
import { Random } from '../../../lib/src/random';
import { apply, chain, layerCases, makeCase, normal, ofPictures, ofRows, setRandomWeights } from './layer-cases';
import { checkGradients } from './finite-differences';

/**
 * Gradients against finite differences: what a compiled step takes off a weight, against what the loss does when that
 * weight is moved a little. Nothing here knows how a gradient is computed.
 */

const { layers } = tf;

let tensors = 0;
beforeAll(() => void (tensors = tf.memory().numTensors));
afterAll(() => expect(tf.memory().numTensors).toBe(tensors));

describe('the gradient of the layer', () => {
  // The table itself is the list: a layer without a case fails.
  it.each(Object.keys(table))('%s', (name) => {
    const cases = Object.entries(layerCases[name] ?? {});
    expect(cases.length, `cases for ${name} in layer-cases.ts`).toBeGreaterThan(0);
    for (const [label, given] of cases) {
      const { model, data } = makeCase(given);
      expect(model.layers.map((layer) => layer.getClassName()), label).toContain(name);
      checkGradients(`${name} ${label}`, model, data, 'meanSquaredError', { isRandom: given.isRandom });
    }
  });

  it('has a case for no layer that is not in the table', () => {
    expect(Object.keys(layerCases).filter((name) => !(name in table))).toEqual([]);
  });

  it('BatchNormalization without scale or offset, which tfjs itself cannot train', () => {
    for (const settings of [{ scale: false }, { center: false }, { scale: false, center: false }]) {
      const { model, data } = makeCase(ofPictures(() => layers.batchNormalization(settings)));
      // What batch normalisation takes off again has no gradient.
      model.layers[1].weights[1].trainable = false;
      checkGradients(JSON.stringify(settings), model, data, 'meanSquaredError');
    }
  });

  it('that is used twice is the sum of both', () => {
    const shared = layers.dense({ units: 4, activation: 'tanh' });
    const { model, data } = makeCase({ inputShape: [4], body: (x) => apply(shared, apply(shared, x)) });
    checkGradients('shared', model, data, 'meanSquaredError');
    // tfjs counts two uses, and the model gives one back.
    shared.dispose();
  });

  it('within a model within the model is found', () => {
    const inner = (): tf.layers.Layer => tf.sequential({ layers: [layers.dense({ units: 4, activation: 'tanh', inputShape: [5] }), layers.softmax()] });
    const { model, data } = makeCase(ofRows(inner));
    checkGradients('inner', model, data, 'meanSquaredError');
  });
});

describe('the gradient of the activation', () => {
  it.each(Object.keys(activations))('%s', (name) => {
    const activation = name as 'relu';
    const { model, data } = makeCase(ofRows(() => layers.rescaling({ scale: 4 }), () => layers.activation({ activation })));
    checkGradients(name, model, data, 'meanSquaredError');
  });

  it('of a convolution that TensorFlow fuses with its bias and its ReLU', () => {
    const relu = (): tf.layers.Layer => layers.conv2d({ filters: 3, kernelSize: 2, activation: 'relu' });
    const { model, data } = makeCase({ inputShape: [4, 4, 2], body: chain(relu, relu) });
    checkGradients('fused', model, data, 'meanSquaredError');
  });
});

/** Networks and targets for a loss. The last activation keeps predictions where the loss has a slope. */
interface LossCase {
  readonly last: 'softmax' | 'sigmoid' | 'linear';
  readonly outputs: number;
  /** Several rows of outputs for each example. */
  readonly rows?: number;
  readonly targets: 'oneHot' | 'numbers' | 'yes or no' | 'real';
}

const lossCases: Readonly<Record<string, LossCase[]>> = {
  categoricalCrossentropy: [
    { last: 'softmax', outputs: 3, targets: 'oneHot' },
    { last: 'sigmoid', outputs: 3, targets: 'oneHot' },
    { last: 'softmax', outputs: 3, rows: 4, targets: 'oneHot' },
  ],
  sparseCategoricalCrossentropy: [
    { last: 'softmax', outputs: 4, targets: 'numbers' },
    { last: 'sigmoid', outputs: 3, targets: 'numbers' },
  ],
  binaryCrossentropy: [
    { last: 'sigmoid', outputs: 1, targets: 'yes or no' },
    { last: 'sigmoid', outputs: 3, targets: 'yes or no' },
  ],
  meanSquaredError: [
    { last: 'linear', outputs: 3, targets: 'real' },
    { last: 'linear', outputs: 2, rows: 3, targets: 'real' },
  ],
};

function makeLossCase({ last, outputs, rows, targets }: LossCase) {
  const examples = 7;
  const random = new Random(5);
  const input = tf.input({ shape: rows ? [rows, 4] : [4] });
  const output = chain(
    () => layers.dense({ units: 5, activation: 'tanh' }),
    () => layers.dense({ units: outputs, activation: last }),
  )(input);
  const model = tf.model({ inputs: input, outputs: output });
  setRandomWeights(model, random);
  const shape = rows ? [examples, rows] : [examples];
  const y = tf.tidy(() => {
    if (targets === 'real') return normal(random, [...shape, outputs]);
    if (targets === 'yes or no') return tf.cast(tf.greater(normal(random, [...shape, outputs]), 0), 'float32');
    const size = examples * (rows ?? 1);
    const labels = tf.tensor(Int32Array.from({ length: size }, () => random.below(outputs)), shape, 'int32');
    return targets === 'numbers' ? labels : tf.cast(tf.oneHot(labels, outputs), 'float32');
  });
  return { model, data: { x: normal(random, [...shape, 4]), y } };
}

describe('the gradient of the loss', () => {
  it.each(Object.keys(losses))('%s', (name) => {
    const cases = lossCases[name] ?? [];
    expect(cases.length, `cases for ${name}`).toBeGreaterThan(0);
    for (const given of cases) {
      const { model, data } = makeLossCase(given);
      checkGradients(`${name} ${JSON.stringify(given)}`, model, data, name);
    }
  });

  it('that weighs classes', () => {
    for (const [name, given] of [
      ['categoricalCrossentropy', lossCases.categoricalCrossentropy[0]],
      ['sparseCategoricalCrossentropy', { last: 'softmax', outputs: 3, targets: 'numbers' }],
    ] as const) {
      const { model, data } = makeLossCase(given);
      checkGradients(name, model, data, name, { classWeights: [0.2, 3, 1] });
    }
  });

  it('with what weights cost by themselves', () => {
    const { l1, l2, l1l2 } = tf.regularizers;
    const { model, data } = makeCase(
      ofRows(
        () => layers.dense({ units: 4, kernelRegularizer: l1l2({ l1: 0.1, l2: 0.2 }), biasRegularizer: l2({ l2: 0.3 }) }),
        () => layers.batchNormalization({ gammaRegularizer: l1({ l1: 0.3 }), betaRegularizer: l2({ l2: 0.4 }), epsilon: 0.1 }),
      ),
    );
    // Batch normalisation takes the mean off again: this bias has only what it costs itself.
    checkGradients('penalties', model, data, 'meanSquaredError');
  });
});

describe('a check of a gradient', () => {
  it('fails for a gradient that is 2 % too large', () => {
    const { model, data } = makeCase(ofRows());
    const { learn } = CompiledTraining.prototype;
    CompiledTraining.prototype.learn = function (this: CompiledTraining, ...args) {
      const { optimizer } = model as unknown as { optimizer: tf.SGDOptimizer };
      optimizer.setLearningRate((optimizer as unknown as { learningRate: number }).learningRate * 1.02);
      return learn.apply(this, args);
    };
    try {
      expect(() => checkGradients('', model, data, 'meanSquaredError')).toThrow(/gradient of/);
    } finally {
      CompiledTraining.prototype.learn = learn;
    }
  });
});
