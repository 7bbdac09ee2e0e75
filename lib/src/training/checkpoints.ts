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
}

/** What a checkpoint says besides the weights. */
interface Facts {
  readonly training: JsonObject;
  readonly state: RecorderState;
  readonly seed: number;
  readonly optimizer: Pick<OptimizerState, 'className' | 'config' | 'iterations'>;
}

/** Keeps one training in files, and brings it back: weights, optimizer, history, and the place in the epoch. */
export class Checkpoints {
  private readonly every: number;

  /** @param settings of the training that must stay the same when it goes on */
  constructor(
    private readonly model: tf.LayersModel,
    private readonly options: CheckpointOptions,
    private readonly settings: JsonObject,
  ) {
    this.every = options.every ?? 1;
    if (!(this.every > 0)) throw new RangeError(`fit: checkpoint.every is ${this.every}; expected a number of epochs above 0, such as 1.`);
  }

  /** @param done batches of the training so far */
  isDue(done: number, batchesPerEpoch: number): boolean {
    return done % Math.max(1, Math.round(this.every * batchesPerEpoch)) === 0;
  }

  /** @throws Error if it cannot be written; older checkpoints are still there */
  save(position: CheckpointPosition, state: RecorderState, seed: number): void {
    const { className, config, iterations, arrays } = optimizerState(this.model.optimizer);
    const facts: Facts = { training: this.training(), state, seed, optimizer: { className, config, iterations } };
    const content = {
      facts: facts as unknown as JsonObject,
      arrays: Object.fromEntries([
        ...this.weights().map((weight, i) => [`${WEIGHT}${i}`, arrayOf(weight)] as const),
        ...Object.entries(arrays).map(([name, array]) => [`${OPTIMIZER}${name}`, array] as const),
      ]),
    };
    writeCheckpoint(this.options.folder, position, content, { keep: this.options.keep ?? 3 });
  }

  /**
   * Brings model and optimizer to where the newest whole checkpoint left them.
   *
   * @param tell is told which checkpoints were damaged
   * @returns undefined if there is none
   * @throws Error if it is of another training
   */
  restore(tell: (notice: string) => void): Resumed | undefined {
    const { newest, damaged } = newestCheckpoint(this.options.folder);
    for (const { file, reason } of damaged) tell(`The checkpoint ${file} is damaged and was left out: ${reason}.`);
    if (!newest) return undefined;
    const { file, position, content: { facts, arrays } } = newest;
    const { training, state, seed, optimizer } = facts as unknown as Facts;
    this.check(training, optimizer);
    this.weights().forEach((weight, i) => {
      const { values, shape } = arrays[`${WEIGHT}${i}`];
      tf.tidy(() => void weight.write(tf.tensor(values, [...shape])));
    });
    const ofOptimizer = Object.entries(arrays).filter(([name]) => name.startsWith(OPTIMIZER));
    restoreOptimizerState(this.model.optimizer, {
      ...optimizer,
      arrays: Object.fromEntries(ofOptimizer.map(([name, array]) => [name.slice(OPTIMIZER.length), array])),
    });
    return { file, position, state, seed };
  }

  private weights(): tf.LayerVariable[] {
    return this.model.weights;
  }

  /** What has to be the same for a training to go on. Names of layers are others after a restart. */
  private training(): JsonObject {
    const { model, settings } = this;
    return {
      layers: layersWithin(model).map((layer) => `${layer.getClassName()} ${JSON.stringify(layer.outputShape)}`),
      loss: typeof model.loss === 'string' ? model.loss : 'of its own',
      ...settings,
    };
  }

  private check(training: JsonObject, optimizer: Facts['optimizer']): void {
    const present = { ...this.training(), optimizer: this.model.optimizer.getClassName() };
    const before: JsonObject = { ...training, optimizer: optimizer.className };
    for (const [name, value] of Object.entries(present)) {
      const [was, is] = [before[name], value].map((each) => JSON.stringify(each) ?? 'nothing');
      if (was === is) continue;
      throw new Error(
        `fit: the checkpoints in ${this.options.folder} are of another training: ${name} was ${was} there and is ${is} ` +
          'here. Name another folder for this one, or delete that one.',
      );
    }
  }
}

const WEIGHT = 'weight/';
const OPTIMIZER = 'optimizer/';

function arrayOf(weight: tf.LayerVariable): NamedArray {
  const value = weight.read();
  return { shape: value.shape as number[], values: value.dataSync<'float32'>() };
}
