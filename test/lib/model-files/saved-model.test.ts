import { AdamW, adamW, loadModel, saveModel, tf, type History } from '@course/lib';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolders } from '../../setup/temporary';

const newFolder = temporaryFolders();
let tensors = 0;
beforeEach(() => void (tensors = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(tensors));

/** A class of a learner's own, with a list of its own beside that of the class it extends. */
class Dampened extends tf.MomentumOptimizer {
  static override get className(): string {
    return 'Dampened';
  }

  private seen: { originalName: string; variable: tf.Variable }[] = [];

  override applyGradients(gradients: Parameters<tf.MomentumOptimizer['applyGradients']>[0]): void {
    const named = gradients as unknown as { name: string; tensor: tf.Tensor }[];
    const smaller = tf.tidy(() => named.map(({ name, tensor: gradient }, i) => {
      this.seen[i] ??= { originalName: `${name}/seen`, variable: tf.variable(tf.zerosLike(gradient), false) };
      const { variable } = this.seen[i];
      variable.assign(variable.add(gradient.abs()));
      return { name, tensor: gradient.div(variable.add(1)) };
    }));
    super.applyGradients(smaller);
    tf.dispose(smaller.map(({ tensor }) => tensor));
  }

  override dispose(): void {
    super.dispose();
    for (const { variable } of this.seen) variable.dispose();
  }
}
tf.serialization.registerClass(Dampened);

const optimizers: Record<string, () => tf.Optimizer> = {
  SGD: () => tf.train.sgd(0.1),
  'SGD with momentum': () => tf.train.momentum(0.05, 0.9),
  'SGD with Nesterov momentum': () => tf.train.momentum(0.05, 0.9, true),
  Adagrad: () => tf.train.adagrad(0.05),
  Adadelta: () => tf.train.adadelta(0.5),
  Adam: () => tf.train.adam(0.01, 0.8, 0.95, 1e-6),
  Adamax: () => tf.train.adamax(0.01),
  RMSProp: () => tf.train.rmsprop(0.01, 0.8),
  'RMSProp with momentum, centered': () => tf.train.rmsprop(0.01, 0.8, 0.5, 1e-3, true),
  AdamW: () => adamW({ learningRate: 0.02, weightDecay: 0.1 }),
  'a class of one’s own': () => new Dampened(0.05, 0.8),
};

/** Not random: the same for each test. */
const values = (count: number, factor: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * factor));
const examples = () => ({
  x: tf.tensor(values(40 * 6, 1.3), [40, 6]),
  y: tf.tidy(() => tf.oneHot(tf.tensor1d(Array.from({ length: 40 }, (_, i) => (i * 7) % 3), 'int32'), 3).toFloat()),
});

function smallModel(optimizer?: tf.Optimizer | string): tf.Sequential {
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ inputShape: [6], units: 5, activation: 'relu' }),
      tf.layers.batchNormalization(),
      tf.layers.dense({ units: 3, activation: 'softmax' }),
    ],
  });
  if (optimizer) model.compile({ optimizer, loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}

async function step(model: tf.LayersModel, epochs = 1): Promise<void> {
  const { x, y } = examples();
  await model.fit(x, y, { epochs, batchSize: 8, shuffle: false, verbose: 0 });
  tf.dispose([x, y]);
}

const weights = (model: tf.LayersModel) => model.getWeights().map((weight) => [...weight.dataSync()]);

function predictions(model: tf.LayersModel): number[] {
  return tf.tidy(() => {
    const shape = model.inputs[0].shape.slice(1) as number[];
    const size = shape.reduce((product, side) => product * side, 1);
    return [...(model.predict(tf.tensor(values(4 * size, 0.7), [4, ...shape])) as tf.Tensor).dataSync()];
  });
}

/** TensorFlow.js leaves the rate and the momentum of these behind; they are counted out. */
function disposeOptimizer(optimizer: tf.Optimizer): void {
  const { c } = optimizer as unknown as { c?: tf.Tensor };
  if (!optimizer.getClassName().startsWith('SGD')) c?.dispose();
  optimizer.dispose();
}

function disposeLoaded(model: tf.LayersModel): void {
  const { c } = (model.optimizer ?? {}) as unknown as { c?: tf.Tensor };
  model.dispose();
  if (c && !c.isDisposed) c.dispose();
}

/** A compiled, trained model in a folder. */
async function saved(facts: Parameters<typeof saveModel>[2] = {}): Promise<string> {
  const folder = path.join(newFolder('models'), 'small');
  const model = smallModel('adam');
  await step(model);
  await saveModel(model, folder, facts);
  model.dispose();
  return folder;
}

describe('saveModel and loadModel', () => {
  for (const [name, make] of Object.entries(optimizers)) {
    it(`go on training with ${name} just as if nothing had been saved`, async () => {
      const optimizer = make();
      const model = smallModel(optimizer);
      await step(model, 2);
      const folder = path.join(newFolder('models'), 'small');
      await saveModel(model, folder);
      const { model: loaded } = await loadModel(folder);
      expect(weights(loaded)).toEqual(weights(model));
      expect(loaded.optimizer.getConfig()).toEqual(optimizer.getConfig());
      expect(loaded.optimizer.iterations).toBe(10);

      await step(model);
      await step(loaded);
      expect(weights(loaded)).toEqual(weights(model));
      model.dispose();
      disposeOptimizer(optimizer);
      disposeLoaded(loaded);
    });
  }

  it('keep the class of an optimizer', async () => {
    const optimizer = adamW({ weightDecay: 0.2 });
    const model = smallModel(optimizer);
    const folder = path.join(newFolder('models'), 'small');
    await saveModel(model, folder);
    const { model: loaded } = await loadModel(folder);
    expect(loaded.optimizer).toBeInstanceOf(AdamW);
    expect((loaded.optimizer as AdamW).weightDecay).toBe(0.2);
    model.dispose();
    optimizer.dispose();
    loaded.dispose();
  });

  it('keep history, class names and preprocessing', async () => {
    const history: History = {
      epoch: [0, 1],
      history: { loss: [0.5, NaN], val_loss: [Infinity, -Infinity] },
      seconds: [1.25, 1.5],
      within: { at: [0.5, 1, 1.5], measures: { loss: [0.7, 0.5, NaN] } },
    };
    const facts = {
      history,
      classNames: ['T-shirt', 'sac à dos', 'NaN'],
      preprocessing: { size: [28, 28], color: 'grey', normalise: { mean: [33.3], deviation: [78.6] } } as const,
    };
    const { model, ...others } = await loadModel(await saved(facts));
    expect(others).toEqual(facts);
    model.dispose();
  });

  it('say undefined for what was not given', async () => {
    const { model, ...others } = await loadModel(await saved());
    expect(others).toEqual({ history: undefined, classNames: undefined, preprocessing: undefined });
    expect([model.loss, model.metrics]).toEqual(['categoricalCrossentropy', ['accuracy']]);
    model.dispose();
  });

  it('keep a model that is not compiled, and what the learner has noted in it', async () => {
    const model = smallModel();
    model.setUserDefinedMetadata({ author: { name: 'me' } });
    const folder = path.join(newFolder('models'), 'small');
    await saveModel(model, folder, { classNames: ['a', 'b', 'c'] });
    expect(fs.readdirSync(folder).sort()).toEqual(['model.json', 'weights.bin']);
    const { model: loaded, classNames } = await loadModel(folder);
    expect(loaded.optimizer).toBeUndefined();
    expect(loaded.getUserDefinedMetadata()).toEqual({ author: { name: 'me' } });
    expect(classNames).toEqual(['a', 'b', 'c']);
    expect(predictions(loaded)).toEqual(predictions(model));
    model.dispose();
    loaded.dispose();
  });

  it('keep layers of every kind of the course, frozen ones frozen', async () => {
    const input = tf.input({ shape: [12, 12, 3] });
    const scaled = tf.layers.rescaling({ scale: 1 / 255, offset: -0.5 }).apply(input) as tf.SymbolicTensor;
    const same = { filters: 4, kernelSize: 3, padding: 'same' } as const;
    const frozen = tf.layers.conv2d({ ...same, activation: 'relu', trainable: false });
    const one = frozen.apply(scaled) as tf.SymbolicTensor;
    const two = tf.layers.separableConv2d(same).apply(one) as tf.SymbolicTensor;
    const sum = tf.layers.add().apply([one, two]) as tf.SymbolicTensor;
    const layers = [
      tf.layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, useBias: false }), tf.layers.batchNormalization(),
      tf.layers.reLU(), tf.layers.maxPooling2d({ poolSize: 3, strides: 2 }),
      tf.layers.averagePooling2d({ poolSize: 2 }),
      tf.layers.flatten(), tf.layers.dropout({ rate: 0.3 }), tf.layers.dense({ units: 4, activation: 'sigmoid' }),
    ];
    const output = layers.reduce((at, layer) => layer.apply(at) as tf.SymbolicTensor, sum);
    const model = tf.model({ inputs: input, outputs: output });
    model.compile({ optimizer: 'rmsprop', loss: 'binaryCrossentropy', metrics: ['accuracy', 'mse'] });
    const folder = path.join(newFolder('models'), 'all');
    await saveModel(model, folder);
    const { model: loaded } = await loadModel(folder);
    expect(predictions(loaded)).toEqual(predictions(model));
    expect(loaded.layers.map(({ name, trainable }) => [name, trainable]))
      .toEqual(model.layers.map(({ name, trainable }) => [name, trainable]));
    expect(loaded.metrics).toEqual(['accuracy', 'mse']);
    model.dispose();
    loaded.dispose();
  });

  it('keep a model with several outputs', async () => {
    const input = tf.input({ shape: [6] });
    const [a, b] = ['first', 'second'].map(
      (name) => tf.layers.dense({ units: 2, name }).apply(input) as tf.SymbolicTensor,
    );
    const model = tf.model({ inputs: input, outputs: [a, b] });
    const loss = { first: 'meanSquaredError', second: 'meanAbsoluteError' };
    model.compile({ optimizer: 'sgd', loss });
    const folder = path.join(newFolder('models'), 'two');
    await saveModel(model, folder);
    const { model: loaded } = await loadModel(folder);
    expect(loaded.loss).toEqual(loss);
    disposeLoaded(loaded);
    model.dispose();
  });

  it('write what plain TensorFlow.js reads, whatever the optimizer is', async () => {
    const optimizer = adamW();
    const model = smallModel(optimizer);
    await step(model);
    const folder = path.join(newFolder('models'), 'small');
    await saveModel(model, folder, { classNames: ['a', 'b', 'c'] });
    const plain = await tf.loadLayersModel(`file://${folder}/model.json`);
    expect(predictions(plain)).toEqual(predictions(model));
    model.dispose();
    plain.dispose();
    optimizer.dispose();
  });

  it('read what plain TensorFlow.js writes, with its optimizer', async () => {
    const model = smallModel('adam');
    await step(model);
    const folder = newFolder('models');
    await model.save(`file://${folder}/plain`, { includeOptimizer: true });
    // TensorFlow.js's own saving leaves the number of steps behind.
    tensors++;
    const { model: loaded, history } = await loadModel(path.join(folder, 'plain'));
    expect(history).toBeUndefined();
    expect(predictions(loaded)).toEqual(predictions(model));
    expect(loaded.optimizer.iterations).toBe(5);
    model.dispose();
    loaded.dispose();
  });
});

describe('saveModel', () => {
  it('replaces a saved model, and leaves nothing beside it', async () => {
    const folder = await saved({ classNames: ['old'] });
    fs.mkdirSync(path.join(folder, '.ipynb_checkpoints'));
    const model = smallModel();
    await saveModel(model, folder, { classNames: ['new'] });
    expect(fs.readdirSync(path.dirname(folder))).toEqual(['small']);
    expect(fs.readdirSync(folder).sort()).toEqual(['model.json', 'weights.bin']);
    const { model: loaded, classNames } = await loadModel(folder);
    expect(classNames).toEqual(['new']);
    model.dispose();
    loaded.dispose();
  });

  it('follows a link to the folder', async () => {
    const folder = await saved({ classNames: ['old'] });
    const link = path.join(newFolder('models'), 'latest');
    fs.symlinkSync(folder, link);
    const model = smallModel();
    await saveModel(model, link, { classNames: ['new'] });
    expect(fs.lstatSync(link).isSymbolicLink()).toBe(true);
    const { model: loaded, classNames } = await loadModel(folder);
    expect(classNames).toEqual(['new']);
    model.dispose();
    loaded.dispose();
  });

  it('saves into the same folder one after the other', async () => {
    const folder = path.join(newFolder('models'), 'on the way', 'small');
    const model = smallModel();
    await Promise.all(['a', 'b', 'c'].map((name) => saveModel(model, folder, { classNames: [name] })));
    const { model: loaded, classNames } = await loadModel(folder);
    expect(['a', 'b', 'c']).toContain(classNames![0]);
    expect(fs.readdirSync(path.dirname(folder))).toEqual(['small']);
    model.dispose();
    loaded.dispose();
  });

  it('refuses a folder with something else in it', async () => {
    const model = smallModel();
    const parent = newFolder('models');
    const write = (name: string, content: string): string => {
      fs.mkdirSync(path.dirname(path.join(parent, name)), { recursive: true });
      fs.writeFileSync(path.join(parent, name), content);
      return path.dirname(path.join(parent, name));
    };
    const photos = write('photos/cat.jpg', 'cat');
    await expect(saveModel(model, photos)).rejects.toThrow(
      'photos holds something else than a saved model: cat.jpg. Give another folder, or empty this one first.',
    );
    write('mixed/model.json', '{"modelTopology": {}}');
    await expect(saveModel(model, write('mixed/thesis.doc', ''))).rejects.toThrow('saved model: thesis.doc');
    const other = write('other/model.json', '{"name": "car"}');
    await expect(saveModel(model, other)).rejects.toThrow('other is not that of a saved model. Give another folder');
    const weightsOnly = write('weights/weights.bin', '1');
    await expect(saveModel(model, weightsOnly)).rejects.toThrow('holds no saved model, but weights.bin');
    await expect(saveModel(model, path.join(photos, 'cat.jpg'))).rejects.toThrow('is a file, or lies in one');
    await expect(saveModel(model, path.join(photos, 'cat.jpg', 'x'))).rejects.toThrow('is a file, or lies in one');
    expect(fs.readdirSync(photos)).toEqual(['cat.jpg']);
    expect(fs.readdirSync(parent).sort()).toEqual(['mixed', 'other', 'photos', 'weights']);
    model.dispose();
  });

  it('says which function no file can hold, and what to do', async () => {
    const model = smallModel();
    const folder = path.join(newFolder('models'), 'small');
    const myLoss = (y: tf.Tensor, predicted: tf.Tensor) => tf.losses.huberLoss(y, predicted);
    model.compile({ optimizer: 'adam', loss: myLoss });
    await expect(saveModel(model, folder)).rejects.toThrow('the loss is the function myLoss, which no file can hold');
    expect(fs.existsSync(folder)).toBe(false);
    const { optimizer } = model;
    model.compile({ optimizer, loss: 'meanSquaredError' });
    await saveModel(model, folder);
    model.dispose();
    optimizer.dispose();
  });

  it('says what it was given', async () => {
    const model = smallModel();
    await expect(saveModel({} as tf.LayersModel, 'x')).rejects.toThrow('saveModel: got object; expected a model');
    await expect(saveModel(model, '')).rejects.toThrow("saveModel: got no name; expected a folder, such as 'models/my");
    model.dispose();
  });
});

describe('loadModel', () => {
  it('says what is there instead', async () => {
    const folder = newFolder('models');
    fs.mkdirSync(path.join(folder, 'fashion-mlp'));
    fs.writeFileSync(path.join(folder, 'fashion-mlp', 'notes.txt'), '');
    fs.writeFileSync(path.join(folder, 'cats.keras'), '');
    await expect(loadModel(path.join(folder, 'fashion-cnn'))).rejects.toThrow(
      /^loadModel: there is no folder .*fashion-cnn\. In .* there is cats\.keras, fashion-mlp\.$/,
    );
    await expect(loadModel(path.join(folder, 'fashion-mlp'))).rejects.toThrow(
      /fashion-mlp has no model\.json, so it holds no saved model; there is notes\.txt in it\.$/,
    );
    await expect(loadModel(folder)).rejects.toThrow('loadModel reads models of TensorFlow.js only');
    await expect(loadModel(path.join(folder, 'cats.keras'))).rejects.toThrow(/is a file; .* One of Keras has to be/);
    await expect(loadModel('')).rejects.toThrow('loadModel: got no name; expected the folder');
  });

  it('says how many bytes of the weights there are and were expected', async () => {
    const folder = await saved();
    const file = path.join(folder, 'weights.bin');
    const { size } = fs.statSync(file);
    for (const length of [size - 1, 0, size + 4]) {
      fs.truncateSync(file, length);
      const says = `not whole: got ${length} bytes, expected ${size}. Copy the whole folder`;
      await expect(loadModel(folder)).rejects.toThrow(says);
    }
    fs.rmSync(file);
    await expect(loadModel(folder)).rejects.toThrow(/weights\.bin are missing\. Copy the whole folder, or save/);
  });

  it('says that the optimizer is missing or damaged', async () => {
    const folder = await saved();
    const file = path.join(folder, 'optimizer.safetensors');
    fs.truncateSync(file, fs.statSync(file).size - 3);
    await expect(loadModel(folder)).rejects.toThrow('its checksum does not match: it is cut off or damaged. Copy the');
    fs.rmSync(file);
    await expect(loadModel(folder)).rejects.toThrow('it is missing. Copy the whole folder, or save the model again.');
  });

  it('notices weights and optimizers that are damaged or of another model', async () => {
    const [folder, other] = [await saved(), await saved()];
    const file = path.join(folder, 'weights.bin');
    const bytes = fs.readFileSync(file);
    bytes[10] ^= 1;
    fs.writeFileSync(file, bytes);
    await expect(loadModel(folder)).rejects.toThrow(/weights\.bin are damaged, or those of another model\. Copy/);
    bytes[10] ^= 1;
    fs.writeFileSync(file, bytes);
    fs.copyFileSync(path.join(other, 'optimizer.safetensors'), path.join(folder, 'optimizer.safetensors'));
    await expect(loadModel(folder)).rejects.toThrow(/safetensors cannot be read: it is that of another model/);
  });

  const change = (folder: string, edit: (description: any) => void): void => {
    const file = path.join(folder, 'model.json');
    const description = JSON.parse(fs.readFileSync(file, 'utf8'));
    edit(description);
    fs.writeFileSync(file, JSON.stringify(description));
  };

  it('says what is wrong with model.json', async () => {
    const folder = await saved();
    const file = path.join(folder, 'model.json');
    const whole = fs.readFileSync(file, 'utf8');
    const edits: [(description: any) => void, RegExp][] = [
      [(all) => delete all.modelTopology, /is not that of a model of TensorFlow\.js: it has no modelTopology/],
      [(all) => (all.format = 'graph-model'), /graph model .*tf\.loadGraphModel\('file:\/\/.*model\.json'\)/],
      [(all) => delete all.weightsManifest, /names no weights/],
      [(all) => (all.weightsManifest[0].paths = ['../../secret']), /weights outside of its folder: \.\.\/\.\.\/secret/],
      [(all) => (all.userDefinedMetadata.imageClassificationCourse.version = 2), /version 2 .* Update the course/],
      [
        (all) => (all.modelTopology.config.layers[1].class_name = 'MyLayer'),
        /the layer MyLayer is not known here\. If it is a class of your own, run its cell first/,
      ],
      [
        (all) => {
          all.modelTopology.config.layers[0].config = { name: 'd', batch_shape: null };
          all.modelTopology.keras_version = '3.15.0';
        },
        /It is of Keras 3\.15\.0\. loadModel reads models of TensorFlow\.js only/,
      ],
    ];
    for (const [edit, says] of edits) {
      fs.writeFileSync(file, whole);
      change(folder, edit);
      await expect(loadModel(folder)).rejects.toThrow(says);
    }
    fs.writeFileSync(file, whole.slice(0, 500));
    await expect(loadModel(folder)).rejects.toThrow(/model\.json in .* is damaged: .*JSON.* Save the model again/);
  });

  it('loads several at once, and one that fails does not touch the others', async () => {
    const [good, bad] = [await saved(), await saved()];
    change(bad, (all) => (all.modelTopology.config.layers[1].class_name = 'MyLayer'));
    const alone = await loadModel(good);
    const results = await Promise.allSettled([loadModel(bad), loadModel(good), loadModel(bad), loadModel(good)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled']);
    for (const result of results) {
      if (result.status !== 'fulfilled') continue;
      expect(predictions(result.value.model)).toEqual(predictions(alone.model));
      result.value.model.dispose();
    }
    alone.model.dispose();
  });

  it('says that the class of the optimizer is not known', async () => {
    class Forgotten extends tf.SGDOptimizer {
      static override get className(): string {
        return 'Forgotten';
      }
    }
    const optimizer = new Forgotten(0.1);
    const model = smallModel(optimizer);
    const folder = path.join(newFolder('models'), 'small');
    await saveModel(model, folder);
    await expect(loadModel(folder)).rejects.toThrow(
      'the optimizer Forgotten is not known here. Run the cell with its class first',
    );
    model.dispose();
    optimizer.dispose();
  });
});
