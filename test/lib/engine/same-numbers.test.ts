import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setRandomSeed, tf } from '@course/lib';
import { adamW } from '../../../lib/src/training/adamw';
import { Random } from '../../../lib/src/random';
import { train, type TrainOptions } from '../../../lib/src/training/train';

const { layers } = tf;

/** From the input to the output of a network. */
type Build = (input: tf.SymbolicTensor) => tf.SymbolicTensor;

const EXAMPLES = 40;
const BATCH = 16; // The last batch of each epoch has 8.
const EPOCHS = 17; // 51 steps.

interface Case {
  inputShape?: number[];
  body: Build;
  classes?: number;
  /** Activation of the last layer. */
  last?: 'softmax' | 'sigmoid' | 'linear';
  loss?: string;
  optimizer?: () => tf.Optimizer;
}

const apply = (layer: tf.layers.Layer, x: tf.SymbolicTensor): tf.SymbolicTensor => layer.apply(x) as tf.SymbolicTensor;
const chain =
  (...parts: (() => tf.layers.Layer)[]): Build =>
  (x) =>
    parts.reduce((value, make) => apply(make(), value), x);

function makeModel({ inputShape = [6], body, classes = 3, last = 'softmax', loss = 'categoricalCrossentropy', optimizer }: Case) {
  const input = tf.input({ shape: inputShape });
  let output = body(input);
  if (output.shape.length > 2) output = apply(layers.flatten(), output);
  output = apply(layers.dense({ units: classes, activation: last }), output);
  const model = tf.model({ inputs: input, outputs: output });
  model.compile({ optimizer: optimizer?.() ?? tf.train.sgd(0.05), loss, metrics: ['accuracy'] });
  return model;
}

function makeData({ inputShape = [6], classes = 3, loss }: Case): { x: tf.Tensor; y: tf.Tensor } {
  const random = new Random(7);
  const normal = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.normal());
  const x = tf.tensor(normal(EXAMPLES * inputShape.reduce((product, size) => product * size, 1)), [EXAMPLES, ...inputShape]);
  const labels = Array.from({ length: EXAMPLES }, () => random.below(Math.max(2, classes)));
  if (loss === 'meanSquaredError') return { x, y: tf.tensor2d(normal(EXAMPLES * classes), [EXAMPLES, classes]) };
  if (loss === 'sparseCategoricalCrossentropy') return { x, y: tf.tensor1d(labels) };
  if (classes === 1) return { x, y: tf.tensor2d(labels, [EXAMPLES, 1]) };
  return { x, y: tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), classes), 'float32')) };
}

/**
 * Trains two equal models, one by `model.fit` and one by compiled steps.
 *
 * @returns the greatest difference of a weight, as a part of the greatest weight of its kind, and of a measure
 */
async function difference(given: Case, options: TrainOptions = {}): Promise<{ weights: number; measures: number; moved: number }> {
  const [plain, compiled] = [makeModel(given), makeModel(given)];
  compiled.setWeights(plain.getWeights());
  const before = plain.getWeights().map((weight) => weight.dataSync().slice());
  const data = makeData(given);
  const common = { epochs: EPOCHS, batchSize: BATCH, shuffle: false, validationSplit: 0 } as const;
  const { classWeight } = options;
  const expected = await plain.fit(data.x, data.y, { ...common, verbose: 0, ...(classWeight && { classWeight: { ...classWeight } }) });
  const notices: string[] = [];
  const history = await train(compiled, data, { ...common, ...options, onNotice: (notice) => notices.push(notice) });
  expect(notices).toEqual([]);

  const expectedWeights = plain.getWeights();
  let moved = 0;
  const weights = compiled.getWeights().map((weight, i) => {
    const [is, should] = [weight, expectedWeights[i]].map((each) => each.dataSync<'float32'>());
    const scale = should.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0.01);
    moved = Math.max(moved, ...before[i].map((value, j) => Math.abs(value - should[j])));
    return Math.max(...[...is].map((value, j) => Math.abs(value - should[j]))) / scale;
  });
  const measures = Object.entries(expected.history).map(([name, values]) => {
    const own = history.history[name];
    return Math.max(...(values as number[]).map((value, i) => Math.abs(value - own[i])));
  });
  tf.dispose([data.x, data.y]);
  for (const model of [plain, compiled]) {
    model.optimizer.dispose();
    // tfjs's Momentum forgets the scalar with its rate.
    if (model.optimizer.getClassName() === 'Momentum') (model.optimizer as unknown as { c: tf.Scalar }).c.dispose();
    model.dispose();
    // tfjs counts a layer that is used twice as two.
    for (const layer of model.layers as unknown as { _refCount: number; dispose(): void }[]) if (layer._refCount > 0) layer.dispose();
  }
  return { weights: Math.max(...weights), measures: Math.max(...measures), moved };
}

/** Rounding of 51 steps of float32, in parts of the largest weight. */
const TOLERANCE = 2e-4;

async function expectTheSame(given: Case, options?: TrainOptions): Promise<void> {
  const { weights, measures, moved } = await difference(given, options);
  expect(moved, 'how far weights have moved').toBeGreaterThan(1e-3);
  expect(weights).toBeLessThan(TOLERANCE);
  expect(measures).toBeLessThan(TOLERANCE);
}

const dense = (units = 5, activation: 'relu' | 'tanh' = 'tanh') => () => layers.dense({ units, activation });
const picture = [8, 9, 2];

let tensors = 0;
beforeAll(() => {
  setRandomSeed(1);
  tensors = tf.memory().numTensors;
});
afterAll(() => expect(tf.memory().numTensors).toBe(tensors));

describe('a compiled step gives the weights of model.fit after 51 steps, for the layer', () => {
  const cases: Record<string, Case> = {
    dense: { body: chain(dense(7, 'relu'), dense()) },
    'dense with many units': { body: chain(dense(6), dense(320, 'relu')) },
    'dense without bias': { body: chain(() => layers.dense({ units: 5, useBias: false, activation: 'tanh' })) },
    'dense on several rows': { inputShape: [4, 6], body: chain(dense()) },
    'conv2d, valid': { inputShape: picture, body: chain(() => layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu' })) },
    'conv2d, same, strides 2': {
      inputShape: picture,
      body: chain(() => layers.conv2d({ filters: 4, kernelSize: [3, 2], strides: 2, padding: 'same', activation: 'tanh', useBias: false })),
    },
    'two of conv2d': {
      inputShape: picture,
      body: chain(
        () => layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu' }),
        () => layers.conv2d({ filters: 3, kernelSize: 2, activation: 'relu' }),
      ),
    },
    depthwiseConv2d: {
      inputShape: picture,
      body: chain(() => layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'same', activation: 'tanh' })),
    },
    separableConv2d: {
      inputShape: picture,
      body: chain(
        () => layers.separableConv2d({ filters: 4, kernelSize: 3, activation: 'relu' }),
        () => layers.separableConv2d({ filters: 3, kernelSize: 3, strides: 2, padding: 'same' }),
      ),
    },
    maxPooling2d: {
      inputShape: picture,
      body: chain(
        () => layers.conv2d({ filters: 4, kernelSize: 3 }),
        () => layers.maxPooling2d({ poolSize: 3, strides: 2 }),
      ),
    },
    'maxPooling2d, same': {
      inputShape: picture,
      body: chain(
        () => layers.conv2d({ filters: 4, kernelSize: 2 }),
        () => layers.maxPooling2d({ poolSize: 2, padding: 'same' }),
      ),
    },
    averagePooling2d: {
      inputShape: picture,
      body: chain(
        () => layers.conv2d({ filters: 4, kernelSize: 2 }),
        () => layers.averagePooling2d({ poolSize: 2, padding: 'same' }),
      ),
    },
    globalAveragePooling2d: {
      inputShape: picture,
      body: chain(() => layers.conv2d({ filters: 4, kernelSize: 2 }), () => layers.globalAveragePooling2d({})),
    },
    globalMaxPooling2d: {
      inputShape: picture,
      body: chain(() => layers.conv2d({ filters: 4, kernelSize: 2 }), () => layers.globalMaxPooling2d({})),
    },
    'batchNormalization of rows': { body: chain(dense(), () => layers.batchNormalization({ momentum: 0.8 }), dense()) },
    'batchNormalization of pictures': {
      inputShape: picture,
      body: chain(
        () => layers.conv2d({ filters: 4, kernelSize: 3, useBias: false }),
        () => layers.batchNormalization(),
        () => layers.reLU(),
      ),
    },
    'dropout that drops nothing': { body: chain(dense(), () => layers.dropout({ rate: 0 }), dense()) },
    'flatten and reshape': {
      inputShape: picture,
      body: chain(() => layers.flatten(), dense(12), () => layers.reshape({ targetShape: [3, 2, 2] }), () => layers.conv2d({ filters: 2, kernelSize: 2 })),
    },
    zeroPadding2d: {
      inputShape: picture,
      body: chain(
        () => layers.conv2d({ filters: 2, kernelSize: 2 }),
        () => layers.zeroPadding2d({ padding: [[1, 2], [0, 1]] }),
        () => layers.conv2d({ filters: 3, kernelSize: 3 }),
      ),
    },
    rescaling: { body: chain(() => layers.rescaling({ scale: 0.5, offset: -0.2 }), dense(), () => layers.rescaling({ scale: 2 })) },
    'activation and softmax': { body: chain(dense(), () => layers.activation({ activation: 'relu' }), dense(), () => layers.softmax()) },
    leakyReLU: { body: chain(() => layers.dense({ units: 5 }), () => layers.leakyReLU({ alpha: 0.2 })) },
    'reLU up to 6, and elu': {
      body: chain(() => layers.dense({ units: 5 }), () => layers.reLU({ maxValue: 6 }), () => layers.dense({ units: 4 }), () => layers.elu()),
    },
    'add and concatenate': {
      body: (x) => {
        const a = apply(layers.dense({ units: 5, activation: 'tanh' }), x);
        const b = apply(layers.dense({ units: 5, activation: 'relu' }), x);
        const sum = layers.add().apply([a, b]) as tf.SymbolicTensor;
        return layers.concatenate().apply([sum, a, x]) as tf.SymbolicTensor;
      },
    },
    'a shared one': {
      body: (x) => {
        const shared = layers.dense({ units: 6, activation: 'tanh' });
        return apply(shared, apply(shared, x));
      },
    },
    'a model within the model': {
      body: (x) => {
        const inner = tf.sequential({ layers: [layers.dense({ units: 4, activation: 'tanh', inputShape: [6] }), layers.dense({ units: 5 })] });
        return apply(layers.dense({ units: 4, activation: 'relu' }), inner.apply(x) as tf.SymbolicTensor);
      },
    },
  };
  it.each(Object.entries(cases))('%s', (_name, given) => expectTheSame(given));
});

describe('a compiled step gives the weights of model.fit after 51 steps, for the activation', () => {
  const names = ['linear', 'relu', 'relu6', 'elu', 'selu', 'sigmoid', 'tanh', 'softplus', 'softsign', 'softmax', 'swish'] as const;
  it.each(names)('%s', (activation) => expectTheSame({ body: chain(() => layers.dense({ units: 5, activation }), dense()) }));
});

describe('a compiled step gives the weights of model.fit after 51 steps, for the loss', () => {
  const cases: Record<string, Partial<Case>> = {
    categoricalCrossentropy: {},
    'categoricalCrossentropy of sigmoids': { last: 'sigmoid' },
    sparseCategoricalCrossentropy: { loss: 'sparseCategoricalCrossentropy' },
    'binaryCrossentropy, one output': { loss: 'binaryCrossentropy', classes: 1, last: 'sigmoid' },
    'binaryCrossentropy, two outputs': { loss: 'binaryCrossentropy', classes: 2, last: 'sigmoid' },
    meanSquaredError: { loss: 'meanSquaredError', last: 'linear' },
  };
  it.each(Object.entries(cases))('%s', (_name, given) => expectTheSame({ body: chain(dense()), ...given }));

  it('that weighs classes', () =>
    expectTheSame({ body: chain(dense()) }, { classWeight: { 0: 0.5, 1: 2, 2: 1 } }));
  it('that weighs classes given by their numbers', () =>
    expectTheSame(
      { body: chain(dense()), loss: 'sparseCategoricalCrossentropy' },
      { classWeight: { 0: 0.5, 1: 2, 2: 1 } },
    ));
  it('with what weights cost', () =>
    expectTheSame({
      inputShape: picture,
      body: chain(
        () => layers.conv2d({ filters: 3, kernelSize: 2, kernelRegularizer: tf.regularizers.l2({ l2: 0.02 }), biasRegularizer: tf.regularizers.l1({ l1: 0.01 }) }),
        () => layers.flatten(),
        () => layers.dense({ units: 4, kernelRegularizer: tf.regularizers.l1l2({ l1: 0.01, l2: 0.03 }) }),
      ),
    }));
});

describe('a compiled step gives the weights of model.fit after 51 steps, for the optimizer', () => {
  const optimizers: Record<string, () => tf.Optimizer> = {
    sgd: () => tf.train.sgd(0.1),
    momentum: () => tf.train.momentum(0.02, 0.9),
    'nesterov momentum': () => tf.train.momentum(0.02, 0.9, true),
    rmsprop: () => tf.train.rmsprop(0.002),
    'rmsprop with momentum': () => tf.train.rmsprop(0.001, 0.8, 0.5),
    adam: () => tf.train.adam(0.005),
    'adam with a large epsilon': () => tf.train.adam(0.01, 0.8, 0.95, 0.01),
    adamW: () => adamW({ learningRate: 0.005, weightDecay: 0.1 }),
  };
  it.each(Object.entries(optimizers))('%s', (_name, optimizer) => expectTheSame({ body: chain(dense(8)), optimizer }));
});

describe('random small networks', () => {
  const convolutions = [
    (r: Random) => layers.conv2d({ filters: 2 + r.below(4), kernelSize: 1 + r.below(3), padding: 'same', activation: 'relu', strides: 1 + r.below(2) }),
    (r: Random) => layers.depthwiseConv2d({ kernelSize: 1 + r.below(3), padding: 'same', depthMultiplier: 1 + r.below(2) }),
    (r: Random) => layers.separableConv2d({ filters: 2 + r.below(3), kernelSize: 2, padding: 'same', activation: 'tanh' }),
    () => layers.maxPooling2d({ poolSize: 2, strides: 1 }),
    () => layers.averagePooling2d({ poolSize: 2, strides: 1 }),
    () => layers.batchNormalization(),
    () => layers.leakyReLU({ alpha: 0.1 }),
  ];
  const rows = [
    (r: Random) => layers.dense({ units: 3 + r.below(6), activation: (['relu', 'tanh', 'sigmoid', 'elu'] as const)[r.below(4)] }),
    () => layers.batchNormalization(),
    () => layers.activation({ activation: 'softplus' }),
  ];
  const optimizers = [() => tf.train.sgd(0.02), () => tf.train.momentum(0.01, 0.8), () => tf.train.rmsprop(0.0005), () => tf.train.adam(0.001)];
  const losses: Partial<Case>[] = [
    {}, { loss: 'sparseCategoricalCrossentropy' }, { loss: 'binaryCrossentropy', last: 'sigmoid', classes: 2 }, { loss: 'meanSquaredError', last: 'linear' },
  ];
  it.each(Array.from({ length: 24 }, (_, i) => i + 1))('number %i', (seed) => {
    const random = new Random(seed);
    const pick = <T>(list: readonly T[]): T => list[random.below(list.length)];
    const makers = [
      ...Array.from({ length: 1 + random.below(4) }, () => [pick(convolutions), random.below(1000)] as const),
      [pick([() => layers.flatten(), () => layers.globalAveragePooling2d({})]), 0] as const,
      ...Array.from({ length: random.below(3) }, () => [pick(rows), random.below(1000)] as const),
    ];
    const body = chain(...makers.map(([make, own]) => () => make(new Random(own))));
    // Batch normalisation takes the gradient of a bias before it to 0 but for rounding, which Adam and RMSProp would
    // take for a direction: they divide by its size.
    const isNormalised = makers.some(([make, own]) => make(new Random(own)).getClassName() === 'BatchNormalization');
    const [optimizer, loss] = [pick(isNormalised ? optimizers.slice(0, 2) : optimizers), pick(losses)];
    return expectTheSame({ inputShape: [7, 6, 2], body, optimizer, ...loss });
  });
});
