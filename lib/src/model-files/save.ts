import { whyNotWritten } from '../disk';
import { toJson } from '../json';
import { tf } from '../tensorflow';
import { optimizerState } from '../training/optimizer-state';
import { encodeSafetensors } from '../training/safetensors';
import { hashOf, KEY, VERSION, type ModelArtifacts, type ModelFacts, type Names, type StoredFacts } from './facts';
import { MODEL, NoSavedModel, OPTIMIZER, replaceModelFolder, WEIGHTS } from './folder';

/**
 * Keeps a model in a folder: its layers and weights, what it was compiled with, the state of its optimizer, and what
 * belongs to it. `loadModel` brings all of it back, also in another process; training then goes on as if nothing had
 * happened.
 *
 * `model.json` and `weights.bin` have the form of TensorFlow.js: `tf.loadLayersModel` reads them too, in a browser for
 * instance. `optimizer.safetensors` is for `loadModel` only. The folder is there whole or not at all; a model that was
 * saved in it before is replaced when the new one is on the disk, and is still there if anything goes wrong.
 *
 * @param folder such as `models/fashion-cnn`; made if it is not there
 * @throws Error if the folder holds something else than a saved model or cannot be written, or if the loss or a metric
 *   is a function of one's own, which no file can hold
 *
 * ```ts
 * const history = await fit(model, { x, y }, { epochs: 40 });
 * await saveModel(model, 'models/fashion-cnn', { history, classNames: fashion.classNames });
 * ```
 * Taught in 03_fashion_mnist_cnn.
 */
export async function saveModel(
  model: tf.LayersModel, folder: string, { history, classNames, preprocessing }: ModelFacts = {},
): Promise<void> {
  if (!(model instanceof tf.LayersModel)) {
    throw new Error(`saveModel: got ${typeof model}; expected a model, such as tf.sequential makes.`);
  }
  if (typeof folder !== 'string' || folder === '') {
    const got = folder === '' ? 'no name' : typeof folder;
    throw new Error(`saveModel: got ${got}; expected a folder, such as 'models/my-first'.`);
  }
  const compiled = compiledWith(model);
  const files = new Map<string, Uint8Array[]>();
  if (compiled) {
    const { arrays, className, config, iterations } = optimizerState(model.optimizer);
    files.set(OPTIMIZER, encodeSafetensors('optimizer', { className, config, iterations }, arrays));
  }
  const { weightData, weightSpecs, ...artifacts } = await artifactsOf(model);
  files.set(WEIGHTS, [weightData].flat().map((buffer) => new Uint8Array(buffer as ArrayBuffer)));
  const hashes = Object.fromEntries([...files].map(([name, parts]) => [name, hashOf(parts)]));
  const facts: StoredFacts = { version: VERSION, files: hashes, compiled, history, classNames, preprocessing };
  files.set(MODEL, [Buffer.from(toJson({
    ...artifacts,
    weightsManifest: [{ paths: [WEIGHTS], weights: weightSpecs }],
    userDefinedMetadata: { ...artifacts.userDefinedMetadata, [KEY]: facts },
  }))]);
  try {
    await replaceModelFolder(folder, files);
  } catch (error) {
    if (error instanceof NoSavedModel) {
      throw new Error(`saveModel: ${error.message}. Give another folder, or empty this one first.`, { cause: error });
    }
    const bytes = [...files.values()].flat().reduce((sum, part) => sum + part.length, 0);
    const reason = whyNotWritten(folder, bytes, 'What was saved before is still there.', error);
    throw new Error(`saveModel: ${reason}`, { cause: error });
  }
}

/** As TensorFlow.js writes them, but in memory. */
export async function artifactsOf(model: tf.LayersModel): Promise<ModelArtifacts> {
  let artifacts: ModelArtifacts = {};
  await model.save(tf.io.withSaveHandler(async (all) => {
    artifacts = all;
    return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(all) };
  }));
  return artifacts;
}

function compiledWith(model: tf.LayersModel): StoredFacts['compiled'] {
  if (!model.optimizer) return undefined;
  return { loss: namesOf('loss', model.loss), metrics: namesOf('metric', model.metrics) };
}

function namesOf(what: 'loss' | 'metric', given: unknown): Names {
  const each = typeof given === 'object' && given !== null ? Object.values(given).flat() : [given];
  const other = each.find((name) => typeof name !== 'string');
  if (other !== undefined) {
    const name = typeof other === 'function' ? `the function ${other.name}` : String(other);
    throw new Error(
      `saveModel: the ${what} is ${name}, which no file can hold; expected a name, such as ` +
        `'${what === 'loss' ? 'meanSquaredError' : 'accuracy'}'. Compile the model with one and the same optimizer, ` +
        'model.compile({ optimizer: model.optimizer, loss: ..., metrics: ... }), and save it then.',
    );
  }
  return given as Names;
}
