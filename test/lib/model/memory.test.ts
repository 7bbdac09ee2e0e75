import { memoryAccount, tf } from '@course/lib';
import { beforeEach, describe, expect, it } from 'vitest';

let tensors = 0;
beforeEach(() => void (tensors = tf.memory().numTensors));

const { layers } = tf;
const conv = (options: object = {}) => layers.conv2d({ filters: 8, kernelSize: 3, padding: 'same', ...options });
const first = { inputShape: [16, 16, 3] };

function residual(): tf.LayersModel {
  const input = tf.input({ shape: [16, 16, 3] });
  const start = conv({ activation: 'relu' }).apply(input) as tf.SymbolicTensor;
  const branch = layers.batchNormalization().apply(conv().apply(start)) as tf.SymbolicTensor;
  const sum = layers.add().apply([start, branch]) as tf.SymbolicTensor;
  const pooled = layers.globalAveragePooling2d({}).apply(layers.reLU().apply(sum)) as tf.SymbolicTensor;
  return tf.model({ inputs: input, outputs: layers.dense({ units: 10, activation: 'softmax' }).apply(pooled) as tf.SymbolicTensor });
}

const softmax = () => layers.dense({ units: 10, activation: 'softmax' });
const relu = 'relu' as const;

const models: [name: string, make: () => tf.LayersModel][] = [
  ['lesson 01', () => tf.sequential({ layers: [layers.dense({ units: 512, activation: relu, inputShape: [784] }), layers.dense({ units: 512, activation: relu }), softmax()] })],
  ['lesson 02', () => tf.sequential({ layers: [
    layers.dense({ units: 256, activation: relu, inputShape: [784] }), layers.dropout({ rate: 0.2 }),
    layers.dense({ units: 128, activation: relu }), layers.dropout({ rate: 0.2 }), softmax()] })],
  ['lesson 03', () => tf.sequential({ layers: [
    layers.rescaling({ scale: 1 / 255, inputShape: [28, 28, 1] }), layers.conv2d({ filters: 16, kernelSize: 3, activation: relu }),
    layers.conv2d({ filters: 64, kernelSize: 3, activation: relu }), layers.maxPooling2d({ poolSize: 3, strides: 2 }), layers.flatten(),
    layers.dense({ units: 64, activation: relu }), layers.dense({ units: 32, activation: relu }), softmax()] })],
  ['lesson 04', () => tf.sequential({ layers: [
    conv({ filters: 32, inputShape: [32, 32, 3] }), layers.activation({ activation: relu }), layers.maxPooling2d({ poolSize: 2 }),
    conv({ filters: 32 }), layers.activation({ activation: relu }), layers.maxPooling2d({ poolSize: 2 }),
    conv({ filters: 64 }), layers.activation({ activation: relu }), layers.maxPooling2d({ poolSize: 2 }),
    layers.flatten(), layers.dense({ units: 64, activation: relu }), layers.dropout({ rate: 0.5 }), layers.dense({ units: 2, activation: 'sigmoid' })] })],
  ['lesson 05', () => tf.sequential({ layers: [
    layers.conv2d({ filters: 20, kernelSize: 5, inputShape: [32, 32, 1] }), layers.maxPooling2d({ poolSize: 2, strides: 2 }),
    layers.conv2d({ filters: 50, kernelSize: 5 }), layers.maxPooling2d({ poolSize: 2, strides: 2 }), layers.flatten(),
    layers.dense({ units: 500, activation: relu }), softmax()] })],
  ['batch normalisation', () => tf.sequential({ layers: [conv(first), layers.batchNormalization(), layers.reLU(), conv(), layers.flatten(), softmax()] })],
  ['layer normalisation', () => tf.sequential({ layers: [conv({ inputShape: [8, 8, 3] }), layers.layerNormalization(), conv(), layers.flatten(), softmax()] })],
  ['depthwise and separable', () => tf.sequential({ layers: [
    conv(first), layers.depthwiseConv2d({ kernelSize: 3, padding: 'same', activation: relu }),
    layers.separableConv2d({ filters: 16, kernelSize: 3, padding: 'same', activation: relu }), layers.flatten(), softmax()] })],
  ['no bias, ELU and tanh', () => tf.sequential({ layers: [
    conv({ ...first, useBias: false, activation: relu }), conv({ activation: 'elu' }), conv({ activation: 'tanh' }), layers.flatten(), softmax()] })],
  ['branches that are added', residual],
];

describe('memoryAccount', () => {
  it.each(models)('predicts within 5 % what a training step keeps: %s', async (_name, make) => {
    const before = tf.memory().numBytes;
    const model = make();
    const measuredWeights = tf.memory().numBytes - before;
    const optimizer = tf.train.adam();
    model.compile({ optimizer, loss: 'meanSquaredError' });
    const account = memoryAccount(model, { batchSize: 128 });
    expect(account.weights.bytes).toBe(measuredWeights);

    const x = tf.zeros([128, ...(model.inputs[0].shape.slice(1) as number[])]);
    const y = tf.zeros([128, ...(model.outputs[0].shape.slice(1) as number[])]);
    const beforeStep = tf.memory().numBytes;
    const kept = await keptForBackward(model, () => model.trainOnBatch(x, y), x);
    // Adam's two running means of each weight came with the first step.
    expect(tf.memory().numBytes - beforeStep).toBe(account.optimizer.bytes);
    expect(kept.gradients).toBe(account.gradients.bytes);
    const predicted = account.activations.bytes + account.intermediates.bytes;
    expect(predicted / kept.activations).toBeGreaterThan(0.95);
    expect(predicted / kept.activations).toBeLessThan(1.05);
    expect(account.batch.bytes).toBe(4 * x.size);

    tf.dispose([x, y]);
    model.dispose();
    optimizer.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it.each([
    ['sgd', tf.train.sgd, 0], ['momentum', () => tf.train.momentum(0.1, 0.9), 1], ['adagrad', tf.train.adagrad, 1], ['adadelta', tf.train.adadelta, 2],
    ['rmsprop', tf.train.rmsprop, 2], ['centred rmsprop', () => tf.train.rmsprop(0.1, 0.9, 0, 1e-7, true), 3], ['adam', tf.train.adam, 2], ['adamax', tf.train.adamax, 2],
  ] as [string, (rate: number) => tf.Optimizer, number][])('knows what the optimizer keeps of each trained weight: %s', async (_name, make, perWeight) => {
    const model = tf.sequential({ layers: [layers.dense({ units: 20, inputShape: [30], trainable: false }), layers.dense({ units: 10 })] });
    const optimizer = make(0.01);
    model.compile({ optimizer, loss: 'meanSquaredError' });
    const [x, y] = [tf.ones([4, 30]), tf.ones([4, 10])];
    const before = tf.memory().numBytes;
    await model.trainOnBatch(x, y);
    const { optimizer: item, gradients } = memoryAccount(model, { batchSize: 4 });
    expect(item.bytes).toBe(perWeight * 4 * (20 + 1) * 10);
    expect(tf.memory().numBytes - before).toBe(item.bytes);
    expect(gradients.bytes).toBe(4 * 210);
    tf.dispose([x, y]);
    model.dispose();
    optimizer.dispose();
  });

  it.each([
    ['adagrad', tf.train.adagrad], ['adadelta', tf.train.adadelta], ['rmsprop', tf.train.rmsprop],
    ['centred rmsprop', () => tf.train.rmsprop(0.1, 0.9, 0, 1e-7, true)], ['adam', tf.train.adam], ['adamax', tf.train.adamax],
  ] as [string, (rate: number) => tf.Optimizer][])('predicts within 5 % the most that tf.profile sees where the optimizer decides: %s', async (_name, make) => {
    for (const units of [256, 512]) {
      const model = tf.sequential({ layers: [layers.dense({ units, activation: relu, inputShape: [784] }), layers.dense({ units: 128, activation: relu }), softmax()] });
      const optimizer = make(0.01);
      model.compile({ optimizer, loss: 'meanSquaredError' });
      const [x, y] = [tf.zeros([8, 784]), tf.zeros([8, 10])];
      await model.trainOnBatch(x, y);
      const account = memoryAccount(model, { batchSize: 8 });
      const before = tf.memory().numBytes;
      const { peakBytes } = await tf.profile(async () => {
        await model.trainOnBatch(x, y);
        return x;
      });
      const always = account.weights.bytes + account.optimizer.bytes + account.batch.bytes;
      const measured = peakBytes - before + always;
      expect(account.trainingBytes / measured).toBeGreaterThan(0.95);
      expect(account.trainingBytes / measured).toBeLessThan(1.05);
      tf.dispose([x, y]);
      model.dispose();
      optimizer.dispose();
    }
  });

  it.each(models.slice(0, 3))('predicts the most that tf.profile sees in a prediction: %s', async (_name, make) => {
    const model = make();
    const account = memoryAccount(model, { batchSize: 128, optimizer: tf.train.sgd(0.1) });
    const x = tf.zeros([128, ...(model.inputs[0].shape.slice(1) as number[])]);
    (model.predictOnBatch(x) as tf.Tensor).dispose();
    const before = tf.memory().numBytes;
    const { peakBytes } = await tf.profile(() => model.predictOnBatch(x) as tf.Tensor);
    // A dense layer gives its inputs and its kernel another shape, which counts as new arrays.
    const [first] = model.layers;
    const reshaped = first.getClassName() === 'Dense' ? account.batch.bytes + 4 * first.getWeights()[0].size : 0;
    // It works on a copy of the batch.
    expect(peakBytes - before - reshaped).toBe(account.largestLayerBytes + (reshaped ? 0 : account.batch.bytes));
    model.dispose();
    tf.disposeVariables();
  });

  it('lists layers of which it does not know what is kept, and takes dropout at its word', () => {
    const account = (...list: tf.layers.Layer[]) => memoryAccount(tf.sequential({ layers: list }), { optimizer: tf.train.sgd(0.1) });
    expect(account(layers.lstm({ units: 4, inputShape: [5, 3], name: 'steps' })).notCounted).toEqual(['steps']);
    expect(account(layers.dense({ units: 4, inputShape: [3], activation: 'swish', name: 'swish' })).notCounted).toEqual(['swish']);
    const kept = account(layers.dense({ units: 4, inputShape: [3] }), layers.dropout({ rate: 0 }));
    expect([kept.activations.bytes, kept.intermediates.bytes, kept.notCounted]).toEqual([16, 0, []]);
  });

  it('counts the array that an input layer hands on once', () => {
    const model = tf.sequential({ layers: [layers.inputLayer({ inputShape: [784] }), layers.dense({ units: 256 })] });
    expect(memoryAccount(model, { optimizer: tf.train.sgd(0.1) }).predictionBytes).toBe(4 * 785 * 256 + 4 * 784 + 4 * (784 + 2 * 256));
  });

  it('refuses a model whose sizes are not known, or another size of the batch', () => {
    const optimizer = tf.train.sgd(0.1);
    const open = tf.sequential({ layers: [layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [null, null, 3] })] });
    expect(() => memoryAccount(open, { optimizer })).toThrow('memoryAccount: the model takes [batch, any, any, 3], got batchSize 1; expected a model whose sizes are known');
    const fixed = tf.sequential({ layers: [layers.dense({ units: 2, batchInputShape: [7, 4] })] });
    expect(() => memoryAccount(fixed, { optimizer, batchSize: 3 })).toThrow('the model takes [7, 4], got batchSize 3');
    expect(memoryAccount(fixed, { optimizer, batchSize: 7 }).batch.bytes).toBe(4 * 7 * 4);
    expect(() => memoryAccount(fixed, { optimizer: 'adam' as never, batchSize: 7 })).toThrow('got the optimizer "adam"; expected an optimizer such as tf.train.adam()');
  });

  it('adds its parts up, as its table prints them', () => {
    const model = tf.sequential({ layers: [layers.dense({ units: 256, activation: relu, inputShape: [784] }), softmax()] });
    const optimizer = tf.train.adam();
    const account = memoryAccount(model, { batchSize: 128, optimizer });
    const text = String(account);
    const numbers = [...text.matchAll(/^[A-Z].*?\s{2,}([\d,]+) /gm)].map(([, digits]) => Number(digits.replaceAll(',', '')));
    const [kept, update, training, prediction, stored] = numbers.slice(6);
    expect(numbers.slice(0, 6).reduce((sum, value) => sum + value, 0)).toBe(kept);
    expect(kept).toBe(account.keptBytes);
    const weights = 785 * 256 + 257 * 10;
    expect(update).toBe(4 * 14 * weights);
    expect(training).toBe(4 * (weights + weights + 2 * weights + 14 * weights) + 4 * 128 * 784);
    expect(prediction).toBe(4 * weights + 4 * 128 * 784 + 4 * 128 * (784 + 3 * 256));
    expect(stored).toBe(128 * 784);
    model.dispose();
    optimizer.dispose();
  });

  it('says what is missing without an optimizer, and names those that it knows', () => {
    const model = tf.sequential({ layers: [layers.dense({ units: 2, inputShape: [3] })] });
    expect(() => memoryAccount(model)).toThrow('memoryAccount: the model has no optimizer. Compile it first');
    const odd = { getClassName: () => 'Lion' } as tf.Optimizer;
    expect(() => memoryAccount(model, { optimizer: odd })).toThrow('got the optimizer Lion; known are SGD, Momentum');
    model.dispose();
  });
});

/**
 * Listens to the engine during one training step: bytes of all different arrays that its operations save for the backward pass, without
 * weights and the batch, and bytes of the gradients of the weights.
 */
async function keptForBackward(model: tf.LayersModel, step: () => Promise<unknown>, x: tf.Tensor): Promise<{ activations: number; gradients: number }> {
  type Data = { dataId: object; size: number; dtype: string };
  type AddTapeNode = (kernel: string, inputs: Record<string, Data>, outputs: Data[], gradient: unknown, saved: Data[] | null, attributes: unknown) => unknown;
  const engine = tf.engine() as unknown as { addTapeNode: AddTapeNode };
  const original = engine.addTapeNode;
  /** Some operations give their input another shape in the same memory. */
  const sameMemory = new Map<object, object>();
  const memoryOf = (data: object): object => (sameMemory.has(data) ? memoryOf(sameMemory.get(data)!) : data);
  const saved = new Map<object, number>();
  engine.addTapeNode = function (kernel, inputs, outputs, gradient, saves, attributes) {
    const [input] = Object.values(inputs);
    if (['Reshape', 'Identity', 'Cast'].includes(kernel) && input.dataId !== outputs[0].dataId) sameMemory.set(outputs[0].dataId, input.dataId);
    for (const { dataId, size, dtype } of saves ?? []) saved.set(memoryOf(dataId), size * (dtype === 'bool' ? 1 : 4));
    return original.call(this, kernel, inputs, outputs, gradient, saves, attributes);
  };
  const weights = new Set(model.weights.map((weight) => weight.read().dataId as object));
  let gradients = 0;
  const { optimizer } = model;
  const apply = optimizer.applyGradients.bind(optimizer);
  optimizer.applyGradients = (all) => {
    gradients = (all as { tensor: tf.Tensor }[]).reduce((sum, { tensor }) => sum + 4 * tensor.size, 0);
    apply(all);
  };
  try {
    await step();
  } finally {
    engine.addTapeNode = original;
  }
  const activations = [...saved].reduce((sum, [data, bytes]) => (weights.has(data) || data === x.dataId ? sum : sum + bytes), 0);
  return { activations, gradients };
}
