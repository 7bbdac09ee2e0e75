import { setRandomSeed, tf } from '@course/lib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CannotCompile } from '../../../lib/src/engine/cannot-compile';
import { CompiledTraining } from '../../../lib/src/engine/compiled-training';
import { Random } from '../../../lib/src/random';
import { adamW } from '../../../lib/src/training/adamw';
import { normal } from './layer-cases';

const { layers } = tf;

type Data = { x: tf.Tensor; y: tf.Tensor };
type Optimizer = () => tf.Optimizer;

const sessions = (): number => tf.node.getNumOfSavedModels();

let before = { tensors: 0, sessions: 0 };
beforeEach(() => {
  setRandomSeed(1);
  before = { tensors: tf.memory().numTensors, sessions: sessions() };
});
afterEach(() => expect({ tensors: tf.memory().numTensors, sessions: sessions() }).toEqual(before));

const EXAMPLES = 21;

function rowsOfData(): Data {
  const random = new Random(2);
  const labels = Int32Array.from({ length: EXAMPLES }, () => random.below(3));
  return { x: normal(random, [EXAMPLES, 4]), y: tf.tidy(() => tf.cast(tf.oneHot(labels, 3), 'float32')) };
}

const bodies = {
  dense: () => [layers.dense({ units: 6, activation: 'tanh', inputShape: [4] })],
  normalised: () => [layers.dense({ units: 6, inputShape: [4] }), layers.batchNormalization({ momentum: 0.7 }), layers.reLU()],
};

function makeModel(body: tf.layers.Layer[] = bodies.dense(), optimizer: Optimizer = () => tf.train.sgd(0.1), loss = 'categoricalCrossentropy') {
  const model = tf.sequential({ layers: [...body, layers.dense({ units: 3, activation: 'softmax' })] });
  model.compile({ optimizer: optimizer(), loss, metrics: ['accuracy'] });
  return model;
}

/** Two equal models, one for tfjs's own steps. */
function makeTwo(...args: Parameters<typeof makeModel>) {
  const [plain, compiled] = [makeModel(...args), makeModel(args[0] && bodiesAgain(args[0]), args[1], args[2])];
  compiled.setWeights(plain.getWeights());
  return { plain, compiled };
}

/** New layers like some others. */
const bodiesAgain = (body: tf.layers.Layer[]): tf.layers.Layer[] =>
  body.map((layer) => {
    const { className, config } = { className: layer.getClassName(), config: layer.getConfig() };
    const [Class] = tf.serialization.SerializationMap.getMap().classNameMap[className];
    return new Class({ ...config, name: undefined }) as unknown as tf.layers.Layer;
  });

function dispose(...models: tf.LayersModel[]): void {
  for (const model of models) {
    model.optimizer.dispose();
    // tfjs's Momentum forgets the scalar with its rate.
    if (model.optimizer.getClassName() === 'Momentum') (model.optimizer as unknown as { c: tf.Scalar }).c.dispose();
    model.dispose();
  }
}

const all = Int32Array.from({ length: EXAMPLES }, (_, i) => i);
const valuesOf = (tensors: tf.Tensor[]): number[][] => tensors.map((tensor) => [...tensor.dataSync()]);
const weightsOf = (model: tf.LayersModel): number[][] => valuesOf(model.getWeights());
const predictionsOf = (model: tf.LayersModel, x: tf.Tensor): number[][] =>
  tf.tidy(() => valuesOf([model.predict(x, { batchSize: EXAMPLES }) as tf.Tensor]));

function expectClose(is: number[][], should: number[][], tolerance = 1e-5): void {
  expect(is.map(({ length }) => length)).toEqual(should.map(({ length }) => length));
  const differences = is.flatMap((values, i) => values.map((value, j) => Math.abs(value - should[i][j])));
  expect(Math.max(...differences)).toBeLessThan(tolerance);
}

/** A step of tfjs's own. */
async function plainStep(model: tf.LayersModel, { x, y }: Data, indices: Int32Array): Promise<void> {
  const rows = tf.tensor1d(indices, 'int32');
  const [xs, ys] = [tf.gather(x, rows), tf.gather(y, rows)];
  await model.fit(xs, ys, { batchSize: indices.length, epochs: 1, verbose: 0 });
  tf.dispose([rows, xs, ys]);
}

describe('while a CompiledTraining runs', () => {
  it('getWeights, predict and evaluate see the weights after each step', async () => {
    const { plain, compiled } = makeTwo();
    const data = rowsOfData();
    const training = CompiledTraining.begin(compiled, data);
    for (let step = 0; step < 3; step++) {
      await plainStep(plain, data, all);
      training.learn(data, [all], 1);
      // Each of them is the first to read in one of the steps.
      const readers = [
        () => expectClose(weightsOf(compiled), weightsOf(plain)),
        () => expectClose(predictionsOf(compiled, data.x), predictionsOf(plain, data.x)),
        () =>
          tf.tidy(() => {
            const [is, should] = [compiled, plain].map((model) => valuesOf(model.evaluate(data.x, data.y) as tf.Scalar[]));
            expectClose(is, should);
            expectClose([training.measure(data, all)], [should.flat()]);
          }),
      ];
      for (let i = 0; i < readers.length; i++) readers[(step + i) % readers.length]();
    }
    training.end();
    expectClose(weightsOf(compiled), weightsOf(plain));
    dispose(plain, compiled);
    tf.dispose(data);
  });

  it('save saves the weights after the last step', async () => {
    const model = makeModel();
    const data = rowsOfData();
    const training = CompiledTraining.begin(model, data);
    training.learn(data, [all], 1);
    let saved: Float32Array | undefined;
    await model.save(
      tf.io.withSaveHandler(async ({ weightData }) => {
        saved = new Float32Array(tf.io.CompositeArrayBuffer.join(weightData));
        return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
      }),
    );
    training.end();
    expect([...saved!]).toEqual(weightsOf(model).flat());
    dispose(model);
    tf.dispose(data);
  });

  it.each(['after a step', 'after a step and a look', 'before the first step'])('setWeights %s goes into the next step', async (when) => {
    const { plain, compiled } = makeTwo(undefined, () => tf.train.momentum(0.1, 0.9));
    const data = rowsOfData();
    const training = CompiledTraining.begin(compiled, data);
    if (when !== 'before the first step') {
      await plainStep(plain, data, all);
      training.learn(data, [all], 1);
    }
    if (when === 'after a step and a look') compiled.getWeights();
    for (const model of [plain, compiled]) {
      tf.tidy(() => model.setWeights(model.getWeights().map((weight) => tf.mul(weight, 0.5))));
    }
    expectClose(weightsOf(compiled), weightsOf(plain));
    await plainStep(plain, data, all);
    training.learn(data, [all], 1);
    expectClose(weightsOf(compiled), weightsOf(plain));
    training.end();
    dispose(plain, compiled);
    tf.dispose(data);
  });

  it('what is written to one layer leaves the others as they are after the step', async () => {
    const { plain, compiled } = makeTwo();
    const data = rowsOfData();
    const training = CompiledTraining.begin(compiled, data);
    const write = (model: tf.LayersModel): void => tf.tidy(() => model.layers[1].setWeights([tf.ones([6, 3]), tf.zeros([3])]));
    await plainStep(plain, data, all);
    training.learn(data, [all], 1);
    for (const model of [plain, compiled]) write(model);
    expectClose(weightsOf(compiled), weightsOf(plain));
    expectClose([training.measure(data, all)], [tf.tidy(() => valuesOf(plain.evaluate(data.x, data.y) as tf.Scalar[]).flat())]);
    training.end();
    expectClose(weightsOf(compiled), weightsOf(plain));
    dispose(plain, compiled);
    tf.dispose(data);
  });

  it('a write that fails leaves the weight as it is after the step', async () => {
    const { plain, compiled } = makeTwo();
    const data = rowsOfData();
    const wrong = tf.ones([7]);
    const training = CompiledTraining.begin(compiled, data);
    for (let step = 0; step < 2; step++) {
      await plainStep(plain, data, all);
      training.learn(data, [all], 1);
      expect(() => compiled.weights[0].write(wrong)).toThrow(/[Ss]hape/);
    }
    training.end();
    expectClose(weightsOf(compiled), weightsOf(plain));
    dispose(plain, compiled);
    tf.dispose([data.x, data.y, wrong]);
  });

  const optimizers: Record<string, Optimizer> = {
    sgd: () => tf.train.sgd(0.1),
    momentum: () => tf.train.momentum(0.1, 0.9),
    rmsprop: () => tf.train.rmsprop(0.01),
    adam: () => tf.train.adam(0.01),
    adamW: () => adamW({ learningRate: 0.01 }),
  };
  it.each(Object.entries(optimizers))('the state of %s is current, and goes on by tfjs\'s own steps afterwards', async (_name, optimizer) => {
    const { plain, compiled } = makeTwo(undefined, optimizer);
    const data = rowsOfData();
    const training = CompiledTraining.begin(compiled, data);
    const expectSameState = async (): Promise<void> => {
      const [is, should] = [await compiled.optimizer.getWeights(), await plain.optimizer.getWeights()];
      expect(is.map(({ name }) => name.split('/').slice(1))).toEqual(should.map(({ name }) => name.split('/').slice(1)));
      expectClose(valuesOf(is.map(({ tensor }) => tensor)), valuesOf(should.map(({ tensor }) => tensor)));
      expect(compiled.optimizer.iterations).toBe(plain.optimizer.iterations);
      // The first one, with the number of steps, is made for each call.
      tf.dispose([is[0].tensor, should[0].tensor]);
    };
    for (let step = 0; step < 3; step++) {
      await plainStep(plain, data, all);
      training.learn(data, [all], 1);
      await expectSameState();
    }
    training.end();
    await expectSameState();
    for (const model of [plain, compiled]) await plainStep(model, data, all);
    await expectSameState();
    expectClose(weightsOf(compiled), weightsOf(plain));
    dispose(plain, compiled);
    tf.dispose(data);
  });

  it('the optimizer says how many steps it has taken', () => {
    const model = makeModel();
    const data = rowsOfData();
    const training = CompiledTraining.begin(model, data);
    training.learn(data, [all], 1);
    training.learn(data, [all], 1);
    const { iterations } = model.optimizer;
    training.end();
    const afterwards = model.optimizer.iterations;
    dispose(model);
    tf.dispose(data);
    expect([iterations, afterwards]).toEqual([2, 2]);
  });

  it('an error in a step leaves the model usable, and the next step goes on', async () => {
    const { plain, compiled } = makeTwo();
    const data = rowsOfData();
    const wide = tf.ones([EXAMPLES, 5]);
    const training = CompiledTraining.begin(compiled, data);
    training.learn(data, [all], 1);
    const tensors = tf.memory().numTensors;
    expect(() => training.learn(data, [Int32Array.of(0, EXAMPLES)], 1)).toThrow(/indices/);
    expect(() => training.learn({ x: wide, y: data.y }, [all], 1)).toThrow();
    expect(() => training.measure(data, Int32Array.of(-1))).toThrow(/indices/);
    expect(tf.memory().numTensors).toBe(tensors);
    await plainStep(plain, data, all);
    expectClose(predictionsOf(compiled, data.x), predictionsOf(plain, data.x));
    training.learn(data, [all], 1);
    await plainStep(plain, data, all);
    training.end();
    expectClose(weightsOf(compiled), weightsOf(plain));
    dispose(plain, compiled);
    tf.dispose([data.x, data.y, wide]);
  });
});

describe('a CompiledTraining that has ended', () => {
  it('has given back the model\'s own methods and its session', () => {
    const model = makeModel(undefined, () => tf.train.adam(0.01));
    const data = rowsOfData();
    const owners: object[] = [model, model.optimizer, ...model.layers, ...model.weights];
    // tfjs adds the number of steps, too.
    const own = (): string[][] => owners.map((owner) => Object.keys(owner).filter((key) => key !== 'iterations_').sort());
    const asBefore = own();
    const training = CompiledTraining.begin(model, data);
    expect(sessions()).toBe(before.sessions + 1);
    training.learn(data, [all], 1);
    training.end();
    expect(sessions()).toBe(before.sessions);
    expect(own()).toEqual(asBefore);
    expect(() => training.learn(data, [all], 1)).toThrow(/disposed/);
    dispose(model);
    tf.dispose(data);
  });

  it('has changed nothing if it has taken no step', async () => {
    const model = makeModel(bodies.normalised());
    const data = rowsOfData();
    const weights = weightsOf(model);
    CompiledTraining.begin(model, data).end();
    expect(weightsOf(model)).toEqual(weights);
    dispose(model);
    tf.dispose(data);
  });
});

describe('begin, for what has no compiled step,', () => {
  const picture = [6, 6, 2];
  const rows = (...body: tf.layers.Layer[]) => () => makeModel([layers.dense({ units: 6, inputShape: [4] }), ...body]);
  const pictures = (...body: tf.layers.Layer[]) => () =>
    makeModel([layers.conv2d({ filters: 2, kernelSize: 1, inputShape: picture }), ...body, layers.flatten()]);
  const compiled = (options: Partial<tf.ModelCompileArgs>) => () => {
    const model = makeModel();
    model.optimizer.dispose();
    model.compile({ optimizer: options.optimizer ?? tf.train.sgd(0.1), loss: 'categoricalCrossentropy', ...options });
    return model;
  };
  const functional = (inputs: number, outputs: number) => () => {
    const ins = Array.from({ length: inputs }, () => tf.input({ shape: [4] }));
    const x = inputs > 1 ? (layers.add().apply(ins) as tf.SymbolicTensor) : ins[0];
    const outs = Array.from({ length: outputs }, () => layers.dense({ units: 3 }).apply(x) as tf.SymbolicTensor);
    const model = tf.model({ inputs: ins, outputs: outs });
    model.compile({ optimizer: tf.train.sgd(0.1), loss: 'meanSquaredError' });
    return model;
  };
  // tfjs does not export the class that it wants regularizers to be of.
  class OwnRegularizer extends (tf.regularizers.l2().constructor as new () => tf.serialization.Serializable) {
    static className = 'OwnRegularizer';
    apply = (x: tf.Tensor): tf.Scalar => tf.sum(x);
    override getConfig = () => ({});
  }
  const first = 'channelsFirst' as const;

  const cases: Record<string, [make: () => tf.LayersModel, names: RegExp]> = {
    'a layer': [() => pictures(layers.upSampling2d({ name: 'larger' }))(), /the layer larger \(UpSampling2D\)/],
    'a layer within a model': [
      () => rows(tf.sequential({ layers: [layers.gaussianNoise({ stddev: 0.1, name: 'noise', inputShape: [6] })] }))(),
      /the layer noise \(GaussianNoise\)/,
    ],
    'an activation': [() => rows(layers.dense({ units: 2, activation: 'hardSigmoid', name: 'hard' }))(), /activation hardSigmoid of the layer hard/],
    'a loss': [compiled({ loss: 'hinge' }), /the loss hinge/],
    'a loss function': [compiled({ loss: (y, p) => tf.losses.meanSquaredError(y, p) }), /a loss function of your own/],
    'a metric': [compiled({ metrics: ['precision'] }), /the metric precision/],
    'a metric function': [compiled({ metrics: [function closeness(y: tf.Tensor, p: tf.Tensor) { return tf.mean(tf.sub(y, p)); }] as never }), /the metric closeness/],
    'a constraint': [
      () => rows(layers.dense({ units: 2, kernelConstraint: tf.constraints.nonNeg() }))(),
      /the constraint of the weight .*kernel/,
    ],
    'a regularizer of one\'s own': [
      () => rows(layers.dense({ units: 2, name: 'own', kernelRegularizer: new OwnRegularizer() as never }))(),
      /the regularizer OwnRegularizer of the layer own/,
    ],
    'a dilation rate': [() => pictures(layers.conv2d({ filters: 2, kernelSize: 2, dilationRate: 2, name: 'wide' }))(), /the dilationRate of the layer wide/],
    'a dilation rate of a depthwise convolution': [
      () => pictures(layers.depthwiseConv2d({ kernelSize: 2, dilationRate: [2, 2], name: 'wide' }))(),
      /the dilationRate of the layer wide/,
    ],
    'channels first, in a convolution': [
      () => pictures(layers.conv2d({ filters: 2, kernelSize: 2, dataFormat: first, name: 'first' }))(),
      /the dataFormat 'channelsFirst' of the layer first/,
    ],
    'channels first, in a pooling': [
      () => pictures(layers.maxPooling2d({ poolSize: 1, dataFormat: first, name: 'first' }))(),
      /the dataFormat 'channelsFirst' of the layer first/,
    ],
    'channels first, in a global average': [
      () => pictures(layers.globalAveragePooling2d({ dataFormat: first, name: 'first' }), layers.reshape({ targetShape: [1, 1, 6] }))(),
      /the dataFormat 'channelsFirst' of the layer first/,
    ],
    'channels first, in a global maximum': [
      () => pictures(layers.globalMaxPooling2d({ dataFormat: first, name: 'first' }), layers.reshape({ targetShape: [1, 1, 6] }))(),
      /the dataFormat 'channelsFirst' of the layer first/,
    ],
    'channels first, in a flatten': [
      () => makeModel([layers.flatten({ dataFormat: first, inputShape: picture, name: 'first' })]),
      /the dataFormat 'channelsFirst' of the layer first/,
    ],
    'channels first, in a padding': [
      () => pictures(layers.zeroPadding2d({ dataFormat: first, name: 'first' }))(),
      /the dataFormat 'channelsFirst' of the layer first/,
    ],
    'another axis, in a batch normalisation': [() => pictures(layers.batchNormalization({ axis: 1, name: 'across' }))(), /the axis 1 .*of the layer across/],
    'another axis, in a softmax': [() => pictures(layers.softmax({ axis: 1, name: 'across' }))(), /the axis 1 of the layer across/],
    'a noise shape': [() => rows(layers.dropout({ rate: 0.5, noiseShape: [1, 6], name: 'drop' }))(), /the noiseShape of the layer drop/],
    'another largest value': [() => rows(layers.reLU({ maxValue: 3, name: 'capped' }))(), /the maxValue 3 of the layer capped/],
    'a centered RMSProp': [compiled({ optimizer: tf.train.rmsprop(0.1, 0.9, 0, 1e-7, true) }), /the option centered of the optimizer RMSProp/],
    'an optimizer': [compiled({ optimizer: 'adagrad' }), /the optimizer Adagrad/],
    'two inputs': [functional(2, 1), /a model with 2 inputs and 1 outputs/],
    'two outputs': [functional(1, 2), /a model with 1 inputs and 2 outputs/],
  };

  it.each(Object.entries(cases))('%s: names it, and changes nothing', (_name, [make, names]) => {
    const model = make();
    const [shape, targets] = [model.inputs[0].shape.slice(1) as number[], model.outputs[0].shape.slice(1) as number[]];
    const data = { x: tf.ones([5, ...shape]), y: tf.ones([5, ...targets]) };
    const owners: object[] = [model.optimizer, ...model.weights];
    const state = () => ({
      keys: owners.map((owner) => Object.keys(owner)), weights: weightsOf(model),
      tensors: tf.memory().numTensors, sessions: sessions(),
    });
    const asBefore = state();
    let error: unknown;
    try {
      CompiledTraining.begin(model, data);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(CannotCompile);
    expect((error as CannotCompile).message).toMatch(/^There is no compiled step for /);
    expect((error as CannotCompile).what).toMatch(names);
    expect(state()).toEqual(asBefore);
    dispose(model);
    tf.dispose(data);
  });

  it.each([
    ['data of strings', () => tf.tensor([['a', 'b', 'c', 'd']]), () => tf.ones([1, 3]), /data of type string/],
    ['too few targets', () => tf.ones([1, 4]), () => tf.ones([1, 2]), /targets of shape \[2\] for outputs of shape \[3\]/],
  ])('%s: names it', (_name, x, y, names) => {
    const model = makeModel();
    const data = { x: x(), y: y() };
    expect(() => CompiledTraining.begin(model, data)).toThrow(names);
    dispose(model);
    tf.dispose(data);
  });

  it('frees the session if the weights cannot be handed over', () => {
    const model = makeModel();
    const data = rowsOfData();
    const { optimizer } = model;
    model.dispose();
    expect(() => CompiledTraining.begin(model, data)).toThrow(/disposed/);
    optimizer.dispose();
    tf.dispose(data);
  });
});

describe('a step of a CompiledTraining', () => {
  it.each(Object.entries(bodies))('learns from a last batch of one example, with %s', async (_name, body) => {
    const { plain, compiled } = makeTwo(body());
    const data = rowsOfData();
    const training = CompiledTraining.begin(compiled, data);
    for (const indices of [all.slice(0, 20), all.slice(20), all.slice(0, 20)]) {
      await plainStep(plain, data, indices);
      training.learn(data, [indices], 1);
    }
    training.end();
    expectClose(weightsOf(compiled), weightsOf(plain));
    expect(weightsOf(compiled).flat().every(Number.isFinite)).toBe(true);
    dispose(plain, compiled);
    tf.dispose(data);
  });

  it('is the same to the last bit among several at once: dropout, moving means, optimizer, measures', () => {
    const body = (): tf.layers.Layer[] => [...bodies.normalised(), layers.dropout({ rate: 0.5 })];
    const { plain: single, compiled: grouped } = makeTwo(body(), () => tf.train.adam(0.01));
    const data = rowsOfData();
    const batches = Array.from({ length: 12 }, (_, i) => Int32Array.from({ length: 8 }, (_, j) => (3 * i + 5 * j) % EXAMPLES));
    const [one, several] = [single, grouped].map((model) => CompiledTraining.begin(model, data));
    const measures = batches.flatMap((batch) => one.learn(data, [batch], 7));
    expect([batches.slice(0, 1), batches.slice(1, 6), batches.slice(6)].flatMap((group) => several.learn(data, group, 7))).toEqual(measures);
    one.end();
    several.end();
    expect(weightsOf(grouped)).toEqual(weightsOf(single));
    expect(grouped.optimizer.iterations).toBe(12);
    expect(new Set(measures.map(([loss]) => loss)).size).toBe(12);
    dispose(single, grouped);
    tf.dispose(data);
  });

  it.each(['int32', 'bool'] as const)('takes inputs and targets of the type %s as the same numbers', async (type) => {
    const { plain, compiled } = makeTwo();
    const { x, y } = rowsOfData();
    const data = tf.tidy(() => ({ x: tf.cast(type === 'bool' ? tf.greater(x, 0) : tf.round(tf.mul(x, 3)), type), y: tf.cast(y, type) }));
    const asFloat = tf.tidy(() => ({ x: tf.cast(data.x, 'float32'), y: tf.cast(data.y, 'float32') }));
    const training = CompiledTraining.begin(compiled, data);
    for (let step = 0; step < 3; step++) {
      await plainStep(plain, asFloat, all);
      training.learn(data, [all], 1);
    }
    training.end();
    expectClose(weightsOf(compiled), weightsOf(plain));
    dispose(plain, compiled);
    tf.dispose([x, y, data.x, data.y, asFloat.x, asFloat.y]);
  });

  it.each([
    ['[n]', 'int32', [EXAMPLES]], ['[n]', 'float32', [EXAMPLES]], ['[n, 1]', 'int32', [EXAMPLES, 1]], ['[n, 1]', 'float32', [EXAMPLES, 1]],
  ] as const)('takes class numbers as %s of %s', (_shape, type, shape) => {
    const model = makeModel(undefined, undefined, 'sparseCategoricalCrossentropy');
    const rows = makeModel();
    rows.setWeights(model.getWeights());
    const { x, y } = rowsOfData();
    const labels = tf.tidy(() => tf.cast(tf.reshape(tf.argMax(y, 1), [...shape]), type));
    const [a, b] = [CompiledTraining.begin(model, { x, y: labels }), CompiledTraining.begin(rows, { x, y })];
    for (let step = 0; step < 3; step++) expectClose(a.learn({ x, y: labels }, [all], 1), b.learn({ x, y }, [all], 1));
    a.end();
    b.end();
    expectClose(weightsOf(model), weightsOf(rows));
    dispose(model, rows);
    tf.dispose([x, y, labels]);
  });

  it('moves the means of a batch normalisation that is used twice by both batches, one after the other', async () => {
    const make = (): tf.LayersModel => {
      const input = tf.input({ shape: [4] });
      const shared = layers.batchNormalization({ momentum: 0.6 });
      const x = shared.apply(layers.dense({ units: 4, activation: 'tanh' }).apply(shared.apply(input))) as tf.SymbolicTensor;
      const model = tf.model({ inputs: input, outputs: layers.dense({ units: 3, activation: 'softmax' }).apply(x) as tf.SymbolicTensor });
      model.compile({ optimizer: tf.train.sgd(0.1), loss: 'categoricalCrossentropy' });
      return model;
    };
    const [plain, compiled] = [make(), make()];
    compiled.setWeights(plain.getWeights());
    const data = rowsOfData();
    const training = CompiledTraining.begin(compiled, data);
    for (let step = 0; step < 3; step++) {
      await plainStep(plain, data, all);
      training.learn(data, [all], 1);
    }
    training.end();
    const [is, should] = [weightsOf(compiled), weightsOf(plain)];
    // tfjs counts two uses, and the model gives one back.
    for (const model of [plain, compiled]) model.layers.find((layer) => layer.getClassName() === 'BatchNormalization')!.dispose();
    dispose(plain, compiled);
    tf.dispose(data);
    expectClose(is, should);
  });
});

describe('what is frozen', () => {
  /** A network to learn upon another one. */
  function makeTransfer(norm: () => tf.layers.Layer = () => layers.batchNormalization({ momentum: 0.5 })) {
    const base = tf.sequential({ layers: [layers.dense({ units: 6, inputShape: [4] }), norm(), layers.reLU()] });
    const model = tf.sequential({ layers: [layers.dense({ units: 4, inputShape: [4] }), layers.dense({ units: 4 })] });
    model.add(base);
    model.add(layers.dense({ units: 3, activation: 'softmax' }));
    return { base, model };
  }
  const compile = (model: tf.LayersModel, optimizer = tf.train.momentum(0.1, 0.9)): void =>
    model.compile({ optimizer, loss: 'categoricalCrossentropy' });
  /** The weights of some layers before and after three steps. */
  function learned(model: tf.LayersModel, of: readonly tf.layers.Layer[]): { before: number[][]; after: number[][] } {
    const data = rowsOfData();
    const read = (): number[][] => of.flatMap((layer) => valuesOf(layer.getWeights()));
    const before = read();
    const training = CompiledTraining.begin(model, data);
    for (let step = 0; step < 3; step++) training.learn(data, [all], 1);
    training.end();
    tf.dispose(data);
    return { before, after: read() };
  }

  it('stays bit for bit as it is: a layer, the rest learns', () => {
    const { model, base } = makeTransfer();
    model.layers[0].trainable = false;
    compile(model);
    const frozen = learned(model, [model.layers[0]]);
    expect(frozen.after).toEqual(frozen.before);
    const rest = learned(model, model.layers.slice(1));
    rest.after.forEach((values, i) => expect(values).not.toEqual(rest.before[i]));
    dispose(model);
    base.dispose();
  });

  it('stays bit for bit as it is: a batch normalisation with its means', () => {
    const { model, base } = makeTransfer();
    base.layers[1].trainable = false;
    compile(model);
    const { before, after } = learned(model, [base.layers[1]]);
    expect(before).toHaveLength(4);
    expect(after).toEqual(before);
    dispose(model);
    base.dispose();
  });

  function expectInnerFrozen(norm?: () => tf.layers.Layer): void {
    const { model, base } = makeTransfer(norm);
    base.trainable = false;
    compile(model);
    const { before, after } = learned(model, base.layers);
    const head = learned(model, model.layers.slice(-1));
    dispose(model);
    base.dispose();
    expect(after).toEqual(before);
    head.after.forEach((values, i) => expect(values).not.toEqual(head.before[i]));
  }
  it('stays bit for bit as it is: a model within the model and its batch normalisation', () => expectInnerFrozen());
  it('stays bit for bit as it is: a batch normalisation within the model that has neither scale nor offset', () =>
    expectInnerFrozen(() => layers.batchNormalization({ momentum: 0.5, scale: false, center: false })));

  /** What momentum keeps for each weight. */
  async function stateOf(model: tf.LayersModel): Promise<Map<string, number[]>> {
    const [steps, ...weights] = await model.optimizer.getWeights();
    steps.tensor.dispose();
    return new Map(weights.map(({ name, tensor }) => [name.replace(/\/momentum$/, ''), [...tensor.dataSync()]]));
  }
  function step(model: tf.LayersModel, data: Data): void {
    const training = CompiledTraining.begin(model, data);
    training.learn(data, [all], 1);
    training.end();
  }

  /** One step without momentum and with the rate 0 gives the gradients of what learns. */
  async function gradientsOf(model: tf.LayersModel, data: Data): Promise<Map<string, number[]>> {
    const { optimizer } = model;
    const weightless = tf.train.momentum(0, 0);
    compile(model, weightless);
    step(model, data);
    const gradients = await stateOf(model);
    weightless.dispose();
    (weightless as unknown as { c: tf.Scalar }).c.dispose();
    compile(model, optimizer as tf.MomentumOptimizer);
    return gradients;
  }

  it('and freed later begins with an empty state, while what has learned all along goes on with its own', async () => {
    const model = makeModel(undefined, () => tf.train.momentum(0.1, 0.9));
    const optimizer = model.optimizer as tf.MomentumOptimizer;
    const data = rowsOfData();
    const [body, head] = model.layers;
    body.trainable = false;
    compile(model, optimizer);
    step(model, data);
    step(model, data);
    const kept = await stateOf(model);
    expect([...kept.keys()]).toEqual(head.weights.map(({ name }) => name));

    body.trainable = true;
    compile(model, optimizer);
    const gradients = await gradientsOf(model, data);
    step(model, data);
    const after = await stateOf(model);
    expect([...after.keys()]).toEqual(model.weights.map(({ name }) => name));
    for (const [name, values] of after) {
      expectClose([values], [gradients.get(name)!.map((gradient, i) => gradient + 0.9 * (kept.get(name)?.[i] ?? 0))]);
    }
    // And tfjs's own steps can go on from there.
    await plainStep(model, data, all);
    dispose(model);
    tf.dispose(data);
  });

  it('does not hand its state to another of the same shape', async () => {
    const model = makeModel([layers.dense({ units: 4, inputShape: [4] }), layers.dense({ units: 4 })], () => tf.train.momentum(0.1, 0.9));
    const optimizer = model.optimizer as tf.MomentumOptimizer;
    const data = rowsOfData();
    const [first, second] = model.layers;
    first.trainable = false;
    compile(model, optimizer);
    step(model, data);
    [first.trainable, second.trainable] = [true, false];
    compile(model, optimizer);
    const gradients = await gradientsOf(model, data);
    step(model, data);
    const after = await stateOf(model);
    dispose(model);
    tf.dispose(data);
    for (const { name } of first.weights) expectClose([after.get(name) ?? []], [gradients.get(name)!]);
  });
});
