import type { JsonObject } from '../json';
import { layersWithin } from '../engine/network';
import { tf } from '../tensorflow';
import { newestCheckpoint, writeCheckpoint, type CheckpointPosition } from './checkpoint';
import { optimizerState, restoreOptimizerState, type OptimizerState } from './optimizer-state';
import type { RecorderState } from './recorder';
import type { NamedArray } from './safetensors';

export interface CheckpointOptions {
  /** Holds the checkpoints of one training, and nothing else. It is made if it is not there. */
  folder: string;
  /** Epochs from one checkpoint to the next; 0.25 writes four in an epoch. Default 1. */
  every?: number;
  /** How many stay. Default 3. */
  keep?: number;
}

/** What a training goes on from. */
export interface Resumed {
  readonly file: string;
  readonly position: CheckpointPosition;
  readonly state: RecorderState;
  readonly seed: number;
  /** As the optimizer had it. Undefined if it has none. */
  readonly learningRate: number | undefined;
  /** The training has learned from other examples before, or from the same ones in another order. */
  readonly isOtherData: boolean;
}

/** What a checkpoint says besides the weights. */
interface Facts {
  readonly training: JsonObject;
  readonly data: string;
  readonly state: RecorderState;
  readonly seed: number;
  readonly optimizer: Pick<OptimizerState, 'className' | 'config' | 'iterations'>;
}

/** Keeps one training in files, and brings it back: weights, optimizer, history, and the place in the epoch. */
export class Checkpoints {
  private readonly every: number;

  /**
   * @param settings of the training that must stay the same when it goes on
   * @param data by what it can be told from other data
   */
  constructor(
    private readonly model: tf.LayersModel,
    private readonly options: CheckpointOptions,
    private readonly settings: JsonObject,
    private readonly data: string,
  ) {
    this.every = options.every ?? 1;
    if (!(this.every > 0)) {
      throw new RangeError(`fit: checkpoint.every is ${this.every}; expected a number of epochs above 0, such as 1.`);
    }
  }

  /** @param done batches of the training so far */
  isDue(done: number, batchesPerEpoch: number): boolean {
    // The end of an epoch is a multiple of a part of it, also where that part is no whole number of batches.
    const multiples = (batches: number): number => Math.floor(batches / (this.every * batchesPerEpoch) + ROUNDING);
    return multiples(done) > multiples(done - 1);
  }

  /**
   * Keeps everything as it is now; the disk works in the background.
   *
   * @throws Error if it cannot be written; older checkpoints are still there
   */
  async save(position: CheckpointPosition, state: RecorderState, seed: number): Promise<void> {
    const { className, config, iterations, arrays } = optimizerState(this.model.optimizer);
    const { data } = this;
    const facts: Facts = { training: this.training(), data, state, seed, optimizer: { className, config, iterations } };
    const content = {
      facts: facts as unknown as JsonObject,
      arrays: Object.fromEntries([
        ...this.weights().map((weight, i) => [`${WEIGHT}${i}`, arrayOf(weight)] as const),
        ...Object.entries(arrays).map(([name, array]) => [`${OPTIMIZER}${name}`, array] as const),
      ]),
    };
    await writeCheckpoint(this.options.folder, position, content, { keep: this.options.keep ?? 3 });
  }

  /**
   * Brings model and optimizer to where the newest whole checkpoint left them.
   *
   * @param seed that the training must have had; undefined if any will do
   * @param tell is told which checkpoints were damaged
   * @returns undefined if there is none
   * @throws Error if it is of another training; nothing has changed then
   */
  restore(seed: number | undefined, tell: (notice: string) => void): Resumed | undefined {
    const { newest, damaged } = newestCheckpoint(this.options.folder);
    for (const { file, reason } of damaged) tell(`The checkpoint ${file} is damaged and was left out: ${reason}.`);
    if (!newest) return undefined;
    const { file, position, content: { facts: content, arrays } } = newest;
    const facts = content as unknown as Facts;
    const difference = this.difference(facts, seed);
    if (difference) {
      // Nothing was learned yet that could be lost.
      if (position.epoch === 0 && position.batch === 0) return undefined;
      throw new Error(
        `fit: the checkpoints in ${this.options.folder} are of another training: ${difference}. Name another folder ` +
          'for this one, or delete that one.',
      );
    }
    this.weights().forEach((weight, i) => {
      const { values, shape } = arrays[`${WEIGHT}${i}`];
      tf.tidy(() => void weight.write(tf.tensor(values, [...shape])));
    });
    const ofOptimizer = Object.entries(arrays).filter(([name]) => name.startsWith(OPTIMIZER));
    restoreOptimizerState(this.model.optimizer, {
      ...facts.optimizer,
      arrays: Object.fromEntries(ofOptimizer.map(([name, array]) => [name.slice(OPTIMIZER.length), array])),
    });
    const { learningRate } = facts.optimizer.config as { learningRate?: number };
    const { state, seed: itsSeed, data } = facts;
    return { file, position, state, seed: itsSeed, learningRate, isOtherData: data !== this.data };
  }

  private weights(): tf.LayerVariable[] {
    return this.model.weights;
  }

  /** What has to be the same for a training to go on. */
  private training(): JsonObject {
    const { model, settings } = this;
    const layers = layersWithin(model).map((layer, i) => [`layer ${i + 1}`, described(layer)] as const);
    return {
      ...Object.fromEntries(layers),
      loss: typeof model.loss === 'string' ? model.loss : 'of its own',
      measures: model.metricsNames,
      ...settings,
    };
  }

  /** The first thing that is another one than before, in half a sentence. */
  private difference({ training, optimizer, seed }: Facts, seedNow = seed): string | undefined {
    const { model: { optimizer: present } } = this;
    const before: JsonObject = { ...training, optimizer: settingsOf(optimizer.className, optimizer.config), seed };
    const settings = settingsOf(present.getClassName(), present.getConfig() as JsonObject);
    const now: JsonObject = { ...this.training(), optimizer: settings, seed: seedNow };
    for (const name of new Set([...Object.keys(before), ...Object.keys(now)])) {
      const [was, is] = [before[name], now[name]].map((each) => JSON.stringify(each) ?? 'nothing');
      if (was !== is) return `${name} was ${was} there and is ${is} here`;
    }
    return undefined;
  }
}

/** Above the rounding of a quotient, far below the part of a batch. */
const ROUNDING = 1e-9;

/** What a layer does. Its name is another one after a restart, and its initial weights are no longer there. */
function described(layer: tf.layers.Layer): string {
  const isPassing = (key: string): boolean => key === 'name' || key.endsWith('Initializer');
  const settings = JSON.stringify(layer.getConfig(), (key, value: unknown) => (isPassing(key) ? undefined : value));
  const weights = layer.weights.map(({ shape, trainable }) => `${shape}${trainable ? '' : ' frozen'}`);
  return `${layer.getClassName()} ${settings}, weights [${weights.join('], [')}]`;
}

/** The learning rate may change from epoch to epoch. */
const settingsOf = (className: string, { learningRate: _, ...config }: JsonObject): string =>
  `${className} ${JSON.stringify(config)}`;

const WEIGHT = 'weight/';
const OPTIMIZER = 'optimizer/';

function arrayOf(weight: tf.LayerVariable): NamedArray {
  const value = weight.read();
  return { shape: value.shape as number[], values: value.dataSync<'float32'>() };
}
