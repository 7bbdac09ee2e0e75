import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { countText } from '../arrays';
import { fromJson, isObject, type JsonObject } from '../json';
import { tf } from '../tensorflow';
import type { History } from '../training/history';
import { makeOptimizer, restoreOptimizerState, type OptimizerState } from '../training/optimizer-state';
import { decodeSafetensors } from '../training/safetensors';
import { hashOf, KEY, VERSION, type ModelArtifacts, type Preprocessing, type StoredFacts } from './facts';
import { listText, MODEL, OPTIMIZER, recoverFolder } from './folder';

/** A model with what was saved with it; undefined what was not. */
export interface SavedModel {
  readonly model: tf.LayersModel;
  readonly history: History | undefined;
  readonly classNames: readonly string[] | undefined;
  readonly preprocessing: Preprocessing | undefined;
}

/**
 * Brings back what `saveModel` has kept. A model that was compiled is compiled, and its optimizer goes on where it was.
 * Folders that TensorFlow.js itself has saved (`model.save('file://...')`) are read as well.
 *
 * @returns the model, which the caller disposes (`model.dispose()`, with its optimizer), and what was saved with it
 * @throws Error if there is no such folder, or what it holds is no model, not whole, or of a kind that cannot be read
 *
 * ```ts
 * const { model, history, classNames } = await loadModel('models/fashion-cnn');
 * ```
 * Taught in 03_fashion_mnist_cnn.
 */
export async function loadModel(folder: string): Promise<SavedModel> {
  if (typeof folder !== 'string' || folder === '') {
    const got = folder === '' ? 'no name' : typeof folder;
    throw new Error(`loadModel: got ${got}; expected the folder of a saved model, such as 'models/my-first'.`);
  }
  await recoverFolder(folder).catch((error: Error) => fail(`cannot read ${folder}: ${error.message}.`, error));
  const description = readDescription(folder);
  const { facts, others } = ownFacts(folder, description);
  const weights = readWeights(folder, description.weightsManifest, facts);
  const optimizer = facts?.compiled ? readOptimizer(folder, facts) : undefined;
  const model = await buildModel(folder, { ...description, userDefinedMetadata: others }, weights);
  try {
    if (facts?.compiled && optimizer) {
      model.compile({ ...facts.compiled, optimizer: restored(folder, optimizer) });
    }
    // Nobody else knows the optimizer: so model.dispose() disposes it too.
    (model as unknown as { isOptimizerOwned: boolean }).isOptimizerOwned = true;
  } catch (error) {
    model.dispose();
    throw error;
  }
  return {
    model, history: facts?.history, classNames: facts?.classNames, preprocessing: facts?.preprocessing,
  };
}

function fail(message: string, cause?: unknown): never {
  throw new Error(`loadModel: ${message}`, { cause });
}

/** What is in `model.json`. */
function readDescription(folder: string): JsonObject {
  let text: string;
  try {
    text = readFileSync(path.join(folder, MODEL), 'utf8');
  } catch (error) {
    fail(whyNoDescription(folder), error);
  }
  let description: unknown;
  try {
    description = fromJson(text);
  } catch (error) {
    fail(`the ${MODEL} in ${folder} is damaged: ${(error as Error).message}. Save the model again.`, error);
  }
  if (isObject(description)) {
    if (description.format === 'graph-model') {
      fail(
        `${folder} holds a graph model of TensorFlow.js, which has no layers and cannot be trained. ` +
          `tf.loadGraphModel('file://${path.resolve(folder)}/${MODEL}') reads it.`,
      );
    }
    if (isObject(description.modelTopology)) return description as JsonObject;
  }
  fail(`the ${MODEL} in ${folder} is not that of a model of TensorFlow.js: it has no modelTopology.`);
}

const CONVERT =
  'loadModel reads models of TensorFlow.js only. One of Keras has to be built anew with tf.layers and be given its ' +
  'weights with setWeights.';

function whyNoDescription(folder: string): string {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (!found) {
    let parent = path.dirname(path.resolve(folder));
    while (!statSync(parent, { throwIfNoEntry: false })) parent = path.dirname(parent);
    const names = readdirSync(parent).filter((name) => !name.startsWith('.'));
    return `there is no folder ${folder}. In ${parent} there is ${names.length > 0 ? listText(names) : 'nothing'}.`;
  }
  if (!found.isDirectory()) {
    const isKeras = /\.(keras|h5|hdf5)$/.test(folder);
    return `${folder} is a file; expected the folder of a saved model. ${isKeras ? CONVERT : ''}`.trim();
  }
  const names = readdirSync(folder);
  const what = `${folder} has no ${MODEL}, so it holds no saved model; there is ` +
    `${names.length > 0 ? listText(names) : 'nothing'} in it.`;
  return names.some((name) => /\.(keras|h5|hdf5|pb)$/.test(name)) ? `${what} ${CONVERT}` : what;
}

/** What we have saved, and what others have. */
function ownFacts(
  folder: string, { userDefinedMetadata }: JsonObject,
): { facts: StoredFacts | undefined; others: Record<string, object> | undefined } {
  if (!isObject(userDefinedMetadata)) return { facts: undefined, others: undefined };
  const { [KEY]: facts, ...others } = userDefinedMetadata;
  if (facts !== undefined && (!isObject(facts) || facts.version !== VERSION)) {
    const version = isObject(facts) ? String(facts.version) : 'none';
    fail(
      `the model in ${folder} was saved in version ${version} of the format; this course reads ${VERSION}. ` +
        'Update the course.',
    );
  }
  const hasOthers = Object.keys(others).length > 0;
  return {
    facts: facts as StoredFacts | undefined,
    others: hasOthers ? (others as Record<string, object>) : undefined,
  };
}

const AGAIN = 'Copy the whole folder, or save the model again.';

/** Whether it is the file that was saved with `model.json`; of what others have saved, nothing is known. */
const isAsSaved = (name: string, bytes: Uint8Array, facts: StoredFacts | undefined): boolean =>
  facts?.files[name] === undefined || facts.files[name] === hashOf([bytes]);

function readOptimizer(folder: string, stored: StoredFacts): OptimizerState {
  const file = path.join(folder, OPTIMIZER);
  try {
    const bytes = readFileSync(file);
    const { facts, arrays } = decodeSafetensors('optimizer', bytes);
    if (!isAsSaved(OPTIMIZER, bytes, stored)) throw new Error('it is that of another model');
    return { ...(facts as unknown as OptimizerState), arrays };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    fail(`the optimizer in ${file} cannot be read: ${code === 'ENOENT' ? 'it is missing' : message}. ${AGAIN}`, error);
  }
}

function restored(folder: string, state: OptimizerState): tf.Optimizer {
  try {
    const optimizer = makeOptimizer(state.className, state.config);
    try {
      restoreOptimizerState(optimizer, state);
    } catch (error) {
      optimizer.dispose();
      throw error;
    }
    return optimizer;
  } catch (error) {
    fail(`${folder}: ${(error as Error).message}`, error);
  }
}

async function buildModel(
  folder: string, { modelTopology, trainingConfig, format, userDefinedMetadata }: Record<string, unknown>,
  weights: Weights,
): Promise<tf.LayersModel> {
  // Nothing else makes variables meanwhile: all that is awaited here is there already.
  const before = new Set(Object.keys(tf.engine().registeredVariables));
  try {
    const artifacts = { modelTopology, trainingConfig, ...weights, format, userDefinedMetadata };
    return await tf.loadLayersModel({ load: async () => artifacts as ModelArtifacts });
  } catch (error) {
    for (const [name, variable] of Object.entries(tf.engine().registeredVariables)) {
      if (!before.has(name)) variable.dispose();
    }
    fail(`the model in ${folder} cannot be made: ${whyNotMade(error as Error, modelTopology as JsonObject)}`, error);
  }
}

function whyNotMade({ message }: Error, { keras_version: keras }: JsonObject): string {
  const [, kind, name] = /^Unknown (\w+): (\S+?)\. /.exec(message) ?? [];
  if (name !== undefined) {
    return (
      `the ${kind} ${name} is not known here. If it is a class of your own, run its cell first, with ` +
      `tf.serialization.registerClass(${name}).`
    );
  }
  const isOfOtherKeras = typeof keras === 'string' && !/^(tfjs|[12]\.)/.test(keras);
  return isOfOtherKeras ? `${message} It is of Keras ${keras}. ${CONVERT}` : message;
}

type WeightSpec = NonNullable<ModelArtifacts['weightSpecs']>[number];

interface WeightGroup {
  readonly paths: readonly string[];
  readonly weights: readonly WeightSpec[];
}

interface Weights {
  readonly weightSpecs: WeightSpec[];
  readonly weightData: ArrayBuffer;
}

function readWeights(folder: string, manifest: unknown, facts: StoredFacts | undefined): Weights {
  if (!Array.isArray(manifest)) fail(`the ${MODEL} in ${folder} names no weights: it has no weightsManifest.`);
  const groups = manifest as WeightGroup[];
  const specs = groups.flatMap(({ weights }) => weights);
  const files = groups.flatMap(({ paths }) => paths).map((name) => {
    const file = path.join(folder, name);
    if (path.relative(folder, file).startsWith('..') || path.isAbsolute(name)) {
      fail(`the ${MODEL} in ${folder} names weights outside of its folder: ${name}.`);
    }
    try {
      return { name, bytes: readFileSync(file) };
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      fail(
        `the weights ${file} ${isMissing ? 'are missing' : `cannot be read: ${(error as Error).message}`}. ` +
          AGAIN, error,
      );
    }
  });
  const data = Buffer.concat(files.map(({ bytes }) => bytes));
  const expected = specs.reduce((sum, spec) => sum + bytesOf(spec), 0);
  if (data.length !== expected && !Number.isNaN(expected)) {
    fail(
      `the weights of ${folder} are not whole: got ${countText(data.length)} bytes, expected ${countText(expected)}. ` +
        AGAIN,
    );
  }
  const other = files.find(({ name, bytes }) => !isAsSaved(name, bytes, facts));
  if (other) fail(`the weights ${path.join(folder, other.name)} are damaged, or those of another model. ${AGAIN}`);
  const weightData = data.buffer.slice(data.byteOffset, data.byteOffset + data.length) as ArrayBuffer;
  return { weightSpecs: specs, weightData };
}

/** NaN for texts, whose length is said nowhere. */
function bytesOf({ shape, dtype, quantization }: WeightSpec): number {
  const bytesEach: Record<string, number> = {
    float32: 4, int32: 4, bool: 1, complex64: 8, float16: 2, uint16: 2, uint8: 1, string: NaN,
  };
  return shape.reduce((product, size) => product * size, 1) * bytesEach[quantization?.dtype ?? dtype];
}
