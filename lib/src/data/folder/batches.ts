import type { NdArray } from 'ndarray';
import { Random } from '../../random';
import { tf } from '../../tensorflow';
import type { ExampleBatches, Examples } from '../../training/examples';
import type { PictureOptions } from './options';

/** Where batches come from. */
export interface BatchSource extends PictureOptions {
  readonly labels: NdArray<Uint8Array>;
  readonly classes: number;
  /** The pixels of some pictures, one after the other. Each time the event loop gets a turn. */
  read(indices: readonly number[]): Promise<Uint8Array>;
}

export interface BatchOptions {
  /** Pictures in a batch. Default 32, as in Keras and tfjs. */
  readonly batchSize?: number;
  /** Decides the order of each epoch. Default 1. */
  readonly seed?: number;
  /**
   * Done with each batch, for example augmentation: takes `[batch, height, width, channels]` float32 0..1 and returns
   * what the network takes. Tensors that are made on the way are disposed. What varies pictures is for training alone:
   * validation and prediction take other batches.
   *
   * In training, `seed` is another whole number for each batch of each epoch, and the same one when the training is
   * repeated or goes on after an interruption: random numbers that begin from it are repeated too. `augment` does so.
   */
  readonly map?: (x: tf.Tensor, seed?: number) => tf.Tensor;
}

/**
 * Pictures that are read batch by batch: `x` is `[batch, height, width, channels]` float32, 0 (black) to 1, and `y` is
 * `[batch, classes]` float32, one-hot. The next batch is read while the present one is worked with.
 */
export class Batches implements ExampleBatches {
  readonly batchSize: number;
  private epochs = 0;

  constructor(
    private readonly source: BatchSource,
    private readonly options: BatchOptions,
  ) {
    this.batchSize = options.batchSize ?? 32;
    if (!Number.isInteger(this.batchSize) || this.batchSize < 1) {
      throw new RangeError(`batches: got batchSize = ${this.batchSize}, expected a whole number of at least 1.`);
    }
    const { seed = 1 } = options;
    if (!Number.isSafeInteger(seed)) {
      throw new RangeError(`batches: got seed = ${seed}, expected a whole number, such as 1.`);
    }
  }

  /** How many pictures there are. */
  get size(): number {
    return this.source.labels.shape[0];
  }

  /**
   * All pictures once, in an order of its own for each epoch. Whoever takes a batch disposes it.
   *
   * @param epoch counted from 0: the same one, the same order; without it each call is the next epoch
   */
  epoch(epoch = this.epochs): AsyncGenerator<Examples, void> {
    this.epochs = epoch + 1;
    // Seeds of neighbouring epochs are mixed by the generator.
    return this.inTheOrder([...new Random(this.seedOf(epoch)).permutation(this.size)], epoch);
  }

  /**
   * All pictures once, in the order of `files`. Whoever takes a batch disposes it.
   *
   * @param epoch of a training without shuffling, counted from 0; it decides about the seeds that `map` gets
   */
  inOrder(epoch?: number): AsyncGenerator<Examples, void> {
    return this.inTheOrder(Array.from({ length: this.size }, (_, i) => i), epoch);
  }

  private seedOf(epoch: number): number {
    return (this.options.seed ?? 1) + epoch;
  }

  private async *inTheOrder(order: readonly number[], epoch: number | undefined): AsyncGenerator<Examples, void> {
    const seeds = epoch === undefined ? undefined : new Random(~this.seedOf(epoch));
    const { batchSize, size, source } = this;
    const read = (start: number): { indices: number[]; pixels: Promise<Uint8Array> } => {
      const indices = order.slice(start, start + batchSize);
      const pixels = source.read(indices);
      // Told when its turn comes; until then it is nobody's error.
      pixels.catch(() => {});
      return { indices, pixels };
    };
    let ahead = read(0);
    for (let start = 0; start < size; start += batchSize) {
      const { indices, pixels } = ahead;
      const present = await pixels;
      if (start + batchSize < size) ahead = read(start + batchSize);
      yield this.tensors(indices, present, seeds?.below(2 ** 31));
    }
  }

  private tensors(indices: readonly number[], pixels: Uint8Array, seed: number | undefined): Examples {
    const {
      size: [height, width],
      color,
      labels,
      classes,
    } = this.source;
    const values = new Float32Array(pixels.length);
    for (let i = 0; i < pixels.length; i++) values[i] = pixels[i] / 255;
    const rows = new Float32Array(indices.length * classes);
    indices.forEach((index, i) => (rows[i * classes + labels.get(index)] = 1));
    const { map = (x) => x } = this.options;
    return tf.tidy(() => {
      const x = map(tf.tensor4d(values, [indices.length, height, width, color === 'grey' ? 1 : 3]), seed);
      if (!(x instanceof tf.Tensor)) {
        throw new TypeError(
          `batches: map has returned ${x === null ? 'null' : `a value of type ${typeof x}`}; expected the tensor ` +
            `that the network takes, as in map: (x) => x.sub(0.5).`,
        );
      }
      return { x, y: tf.tensor2d(rows, [indices.length, classes]) };
    });
  }
}
