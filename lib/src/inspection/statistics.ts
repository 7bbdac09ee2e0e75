import type { NdArray } from 'ndarray';
import { countText, packedValues, type Numbers } from '../arrays';
import { tf } from '../tensorflow';
import { checkInputs } from '../training/examples';
import { networkOf, valueOf, type LayerStep } from './network';

/**
 * What is said of many numbers. Mean, standard deviation, min and max are those of the finite ones; NaN without any.
 */
export interface Statistics {
  readonly count: number;
  readonly mean: number;
  /** The root of the mean squared distance from the mean. */
  readonly standardDeviation: number;
  readonly min: number;
  readonly max: number;
  /** The share of them that is 0, from 0 to 1. */
  readonly zeros: number;
  /** How many are NaN or infinite. */
  readonly notFinite: number;
}

/** The activations of one layer over many examples. */
export interface LayerStatistics extends Statistics {
  readonly name: string;
  /** The kind of layer, such as `Conv2D`. */
  readonly type: string;
  /** Without the batch. */
  readonly shape: readonly number[];
  /** Channels of a feature map, or units of a list: the last number of the shape. */
  readonly units: number;
  /** Those behind a ReLU that are 0 for every example, at every place; empty for a layer without ReLU. */
  readonly deadUnits: readonly number[];
}

/** Statistics that grow part by part, in double precision. */
class Tally {
  private count = 0;
  private finite = 0;
  private mean = 0;
  /** The sum of squared distances from the mean. */
  private squares = 0;
  private min = Infinity;
  private max = -Infinity;
  private zeros = 0;

  /**
   * Mean and squares of the part are joined with those of the parts before it: T. Chan, G. Golub, R. LeVeque,
   * "Updating formulae and a pairwise algorithm for computing sample variances", 1979, equation 2.1.
   */
  add(values: ArrayLike<number>): this {
    let [finite, sum] = [0, 0];
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (!Number.isFinite(value)) continue;
      finite++;
      sum += value;
      if (value === 0) this.zeros++;
      if (value < this.min) this.min = value;
      if (value > this.max) this.max = value;
    }
    this.count += values.length;
    if (finite === 0) return this;
    const mean = sum / finite;
    let squares = 0;
    for (let i = 0; i < values.length; i++) {
      if (Number.isFinite(values[i])) squares += (values[i] - mean) ** 2;
    }
    const together = this.finite + finite;
    const apart = mean - this.mean;
    this.squares += squares + (apart ** 2 * this.finite * finite) / together;
    this.mean += (apart * finite) / together;
    this.finite = together;
    return this;
  }

  result(): Statistics {
    const { count, finite, mean, squares, min, max, zeros } = this;
    const orNaN = (value: number): number => (finite > 0 ? value : NaN);
    return {
      count, mean: orNaN(mean), standardDeviation: Math.sqrt(squares / finite), min: orNaN(min), max: orNaN(max),
      zeros: zeros / count, notFinite: count - finite,
    };
  }
}

/**
 * Says of many numbers how large they are, how they vary, how many are 0 and how many no numbers at all.
 *
 * @param values an array of any shape, or a list; with at least one number
 *
 * ```ts
 * statisticsOf([0, 1, 2, NaN])   // { count: 4, mean: 1, standardDeviation: 0.816..., zeros: 0.25, notFinite: 1, ... }
 * ```
 * Taught in 05_digits_from_folders.
 */
export function statisticsOf(values: NdArray<Numbers> | ArrayLike<number>): Statistics {
  const list = 'shape' in values ? packedValues(values) : values;
  if (list.length === 0) throw new Error('statisticsOf: got no numbers; expected at least one.');
  return new Tally().add(list).result();
}

/** So many examples go through the network at once: enough for speed, few enough for the memory of large pictures. */
const AT_ONCE = 64;

/**
 * Measures the activations of each layer over many examples: whether they are of a reasonable size, which units are
 * dead, and where the first NaN comes from.
 *
 * A unit behind a ReLU is dead if it is 0 for every example: no gradient reaches its weights any more. A hundred
 * examples or more are needed to say so.
 *
 * @param x inputs as the model takes them, shape `[n, ...]`; the caller keeps them
 * @returns one entry a layer, in the order of the computation, without the input
 * @throws Error if x does not fit the model, or the model has several inputs or outputs
 *
 * ```ts
 * const dead = layerStatistics(model, xTest).filter(({ deadUnits }) => deadUnits.length > 0);
 * ```
 * Taught in 03_fashion_mnist_cnn.
 */
export function layerStatistics(model: tf.LayersModel, x: tf.Tensor): LayerStatistics[] {
  const { input, steps, output } = networkOf('layerStatistics', model);
  checkInputs('layerStatistics', model, 'x', x);
  const measured = steps.map((step) =>
    ({ step, tally: new Tally(), shape: [] as number[], isAlive: new Uint8Array(0) }));
  for (let start = 0; start < x.shape[0]; start += AT_ONCE) {
    const count = Math.min(AT_ONCE, x.shape[0] - start);
    tf.tidy(() => {
      const part = x.slice([start], [count]).cast('float32');
      const known = new Map<LayerStep, tf.Tensor>([[input, part]]);
      valueOf(output, known);
      for (const each of measured) {
        const value = known.get(each.step)!;
        const values = value.dataSync<'float32'>();
        each.tally.add(values);
        if (start === 0) {
          each.shape = value.shape.slice(1);
          each.isAlive = new Uint8Array(hasRelu(each.step.layer) ? each.shape.at(-1)! : 0);
        }
        const { isAlive } = each;
        const units = isAlive.length;
        for (let i = 0; units > 0 && i < values.length; i++) if (values[i] !== 0) isAlive[i % units] = 1;
      }
    });
  }
  return measured.map(({ step: { name, layer }, tally, shape, isAlive }) => ({
    name, type: layer.getClassName(), shape, units: shape.at(-1) ?? 1,
    deadUnits: Array.from(isAlive.keys()).filter((unit) => isAlive[unit] === 0), ...tally.result(),
  }));
}

/** Whether a layer puts out 0 for everything below: then a unit can die. */
function hasRelu(layer: tf.layers.Layer): boolean {
  const { activation } = layer as { activation?: { getClassName(): string } };
  return layer.getClassName() === 'ReLU' || ['relu', 'relu6'].includes(activation?.getClassName() ?? '');
}

/**
 * What is wrong with the activations of a layer, in words; empty where nothing is. `2 of 16 units dead (3, 7)`.
 */
export function warningsOf(
  statistics: Statistics & { readonly deadUnits?: readonly number[]; readonly units?: number },
): string[] {
  const { notFinite, count, zeros, deadUnits = [], units = 0 } = statistics;
  const listed = deadUnits.slice(0, 8).join(', ') + (deadUnits.length > 8 ? ', …' : '');
  return [
    ...(notFinite > 0 ? [`${countText(notFinite)} of ${countText(count)} numbers are NaN or infinite`] : []),
    ...(deadUnits.length > 0
      ? [`${countText(deadUnits.length)} of ${countText(units)} units dead (${listed})`]
      : []),
    ...(zeros === 1 ? ['all numbers are 0'] : []),
  ];
}
