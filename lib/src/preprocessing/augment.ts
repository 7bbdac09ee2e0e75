import type { NdArray } from 'ndarray';
import { arrayOf, packedValues, shapeText, type Numbers } from '../arrays';
import type { Random } from '../random';
import { tf } from '../tensorflow';
import { nativeOp } from '../tensorflow/native-ops';
import { computeValues } from '../tensorflow/values';
import { seededRandom } from './examples';

/** How far each picture may be changed; what is left out stays as it is. */
export interface AugmentOptions {
  /**
   * Mirrors every second picture left to right. Never for digits and letters: a mirrored 2 is no 2, and a mirrored 3
   * looks like an E.
   */
  flip?: boolean;
  /** Moves by up to this part of width and height, such as 0.1. */
  shift?: number;
  /** Turns around the middle by up to so many degrees, either way. Digits bear about 15: upside down, a 6 is a 9. */
  rotate?: number;
  /** Enlarges or shrinks by up to this part: 0.1 means to 90..110 %. */
  zoom?: number;
  /** Adds up to this part of the batch's range of values to all pixels, or takes it away. */
  brightness?: number;
  /**
   * Moves pixels from their picture's mean or towards it by up to this part: 0.1 means to 90..110 % of the distance.
   */
  contrast?: number;
  /**
   * What appears where a moved picture leaves a gap: its edge goes on (`nearest`, for pictures on a plain ground), or
   * it is mirrored there (`reflect`, for photos). Default `nearest`.
   */
  fill?: 'nearest' | 'reflect';
  /** A whole number; the same seed gives the same changes. Default 1. */
  seed?: number;
}

/**
 * What {@link augment} makes: takes a batch, gives a changed one of the same shape and type. With a seed the changes are
 * those of this seed; without one they go on from those of the call before.
 */
export interface Augmentation {
  <T extends tf.Tensor>(batch: T, seed?: number): T;
  <D extends Uint8Array | Float32Array>(batch: NdArray<D>, seed?: number): NdArray<D>;
}

/**
 * Makes a function that changes each picture of a batch a little, at random and anew at each call: a network that never
 * sees the same picture twice learns what matters in it. Only for training: validation and test pictures stay as they
 * are.
 *
 * The function takes `[n, height, width]` or `[n, height, width, channels]`, a float32 tensor or an array (uint8 or
 * float32), and gives the same of new memory; the caller disposes a tensor. Values stay between the smallest and the
 * largest one of the batch.
 *
 * Call it once and keep the function: each call starts again at its seed, so `map: (x) => augment({ flip: true })(x)` would
 * change every batch in the same way, and `map: augment({ flip: true })` changes each in its own.
 *
 * Each change is drawn evenly between its two limits, for each picture by itself. Flip, rotate, zoom and shift, in this
 * order, are one operation of TensorFlow, with bilinear interpolation.
 *
 * @throws RangeError for an option out of range; TypeError or Error for another type or shape of batch
 *
 * ```ts
 * const vary = augment({ flip: true, shift: 0.1, rotate: 15, seed: 1 });
 * showImages(vary(take(train.images, [7, 7, 7, 7, 7])));   // five variants of picture 7
 * ```
 * Taught in 04_cats_and_dogs.
 */
export function augment(options: AugmentOptions): Augmentation {
  checkOptions(options);
  const { seed: own = 1 } = options;
  const running = seededRandom('augment', own);
  const augmentation = (
    batch: tf.Tensor | NdArray<Uint8Array | Float32Array>, seed?: number,
  ): tf.Tensor | NdArray<Numbers> => {
    const random = seed === undefined ? running : seededRandom('augment', own + seed);
    return batch instanceof tf.Tensor ? tf.tidy(() => vary(batch, options, random)) : varyArray(batch, options, random);
  };
  return augmentation as Augmentation;
}

const limits = { shift: 1, rotate: 180, zoom: 0.9, brightness: 1, contrast: 1 } as const;

function checkOptions(options: AugmentOptions): void {
  for (const [name, most] of Object.entries(limits) as [keyof typeof limits, number][]) {
    const value = options[name] ?? 0;
    if (!(value >= 0 && value <= most)) {
      throw new RangeError(
        `augment: got ${name}: ${value}, expected 0 to ` +
          `${most}${name === 'rotate' ? ' degrees' : ', where 0.1 means up to 10 %'}.`,
      );
    }
  }
}

function varyArray(
  batch: NdArray<Uint8Array | Float32Array>, options: AugmentOptions, random: Random,
): NdArray<Numbers> {
  const values = packedValues(batch);
  const varied = computeValues(() => vary(tf.tensor(Float32Array.from(values), batch.shape), options, random));
  // The values are within 0..255 already; the clamped type is the one that rounds.
  const isBytes = values instanceof Uint8Array;
  return arrayOf(isBytes ? new Uint8Array(Uint8ClampedArray.from(varied).buffer) : varied, [...batch.shape]);
}

/** Changes `[n, height, width]` or `[n, height, width, channels]`; tensors in between are the caller's to tidy. */
function vary(batch: tf.Tensor, options: AugmentOptions, random: Random): tf.Tensor {
  if ((batch.rank !== 3 && batch.rank !== 4) || batch.size === 0) {
    throw new Error(
      `augment: got a batch of shape ${shapeText(batch.shape)}; expected [n, height, width] or [n, height, ` +
        `width, channels]. ` +
        `Augment before you flatten.`,
    );
  }
  if (batch.dtype !== 'float32') {
    throw new TypeError(
      `augment: got a tensor of type ${batch.dtype}; expected float32. Normalise before you augment.`,
    );
  }
  const [count, height, width, channels = 1] = batch.shape;
  let images = batch.reshape<tf.Tensor4D>([count, height, width, channels]);
  const { flip = false, shift = 0, rotate = 0, zoom = 0, brightness = 0, contrast = 0, fill = 'nearest' } = options;
  if (flip || shift || rotate || zoom) {
    const moves = Array.from({ length: count }, () => ({
      flip: flip && random.fraction() < 0.5,
      rotate: random.between(-rotate, rotate),
      zoom: random.between(1 - zoom, 1 + zoom),
      shift: [random.between(-shift, shift) * width, random.between(-shift, shift) * height] as const,
    }));
    images = moveImages(images, moves, fill);
  }
  if (brightness || contrast) images = relight(images, brightness, contrast, random);
  return images.reshape(batch.shape);
}

/** What happens to one picture: mirrored, then turned, then enlarged around its middle, then moved. */
export interface Move {
  flip: boolean;
  /** Degrees, counter-clockwise. */
  rotate: number;
  /** Enlargement: 1 keeps the size. */
  zoom: number;
  /** Pixels to the right, pixels down. */
  shift: readonly [right: number, down: number];
}

/** Moves each picture of `[n, height, width, channels]` as its entry of `moves` says. */
export function moveImages(images: tf.Tensor4D, moves: readonly Move[], fill: 'nearest' | 'reflect'): tf.Tensor4D {
  const [count, height, width] = images.shape;
  return tf.tidy(() => {
    const numbers = Float32Array.from(moves.flatMap((move) => inverseTransform(move, height, width)));
    return nativeOp(
      'ImageProjectiveTransformV3',
      { dtype: { type: 'float32' }, interpolation: 'BILINEAR', fill_mode: fill.toUpperCase() },
      [images, tf.tensor2d(numbers, [count, 8]), tf.tensor1d([height, width], 'int32'), tf.scalar(0)],
    ) as tf.Tensor4D;
  });
}

/**
 * Where each pixel of the changed picture comes from, as TensorFlow wants it: eight numbers of a projective matrix that
 * takes a place (x, y) in the new picture to its place in the old one, so the steps are undone from last to first.
 * Pixels have their middles at whole numbers.
 */
function inverseTransform({ flip, rotate, zoom, shift: [right, down] }: Move, height: number, width: number): number[] {
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  const angle = (rotate / 180) * Math.PI;
  const [cos, sin] = [Math.cos(angle) / zoom, Math.sin(angle) / zoom];
  const mirror = flip ? -1 : 1;
  // Rows of the matrix that undoes zoom, rotation (y points down) and flip, in this order.
  const [xx, xy, yx, yy] = [mirror * cos, -mirror * sin, sin, cos];
  const [fromX, fromY] = [middleX + right, middleY + down];
  return [xx, xy, middleX - xx * fromX - xy * fromY, yx, yy, middleY - yx * fromX - yy * fromY, 0, 0];
}

/** Other light for each picture; values stay within those of the batch. */
function relight(images: tf.Tensor4D, brightness: number, contrast: number, random: Random): tf.Tensor4D {
  const [count] = images.shape;
  const perImage = (low: number, high: number): tf.Tensor4D =>
    tf.tensor4d(Float32Array.from({ length: count }, () => random.between(low, high)), [count, 1, 1, 1]);
  const [low, high] = [images.min(), images.max()];
  const distance = perImage(1 - contrast, 1 + contrast);
  // mean + (pixel - mean) * distance + light, with all that is one number a picture taken together.
  const light = perImage(-brightness, brightness).mul(high.sub(low));
  const offset = images.mean([1, 2, 3], true).mul(tf.scalar(1).sub(distance)).add(light);
  const lit = images.mul(distance).add<tf.Tensor4D>(offset);
  return lit.minimum(high).maximum(low);
}
