import { shapeText } from '../arrays';
import type { tf } from '../tensorflow';
import { networkOf, type LayerStep } from './network';

type Pair = readonly [vertical: number, horizontal: number];

/** Which pixels of the picture one place of a layer's feature maps sees. */
export interface ReceptiveField {
  /** The layer's name, and its kind, such as `Conv2D`. */
  readonly name: string;
  readonly type: string;
  /** The `[height, width]` that a place sees, in pixels of the picture. */
  readonly size: Pair;
  /** How many pixels further the next place looks; 0 for a layer that sees all places together. */
  readonly stride: Pair;
  /** The `[top, left]` pixel of the first place's field: below 0 where it begins in the padding. */
  readonly start: Pair;
  /** How many places there are, `[height, width]`. */
  readonly places: Pair;
}

/** The same along one side of the picture. */
interface Side {
  readonly size: number;
  readonly stride: number;
  readonly start: number;
  readonly places: number;
}

/**
 * Computes the receptive field of each layer: the part of the picture that one place of its feature maps sees.
 *
 * With each window of k places the field grows by (k - 1) × the distance between neighbouring places in pixels of the
 * picture; a stride multiplies that distance. Source: A. Araujo, W. Norris, J. Sim, "Computing Receptive Fields of
 * Convolutional Neural Networks", Distill, 2019, https://distill.pub/2019/computing-receptive-fields/.
 *
 * Where branches come together, a place sees what any of them sees. Flatten and global pooling see what all places
 * before them see together. Where a field reaches over the edge of the picture, that part is padding.
 *
 * @param model its input is a picture, `[height, width, channels]`
 * @returns one entry a layer, in the order of the computation, without the input
 * @throws Error if the input is no picture, or a layer is of a kind whose field is not known
 *
 * ```ts
 * receptiveFields(model).map(({ name, size }) => `${name}: ${size.join(' × ')}`)   // ['conv2d_1: 3 × 3', ...]
 * ```
 * Taught in 03_fashion_mnist_cnn and 04_cats_and_dogs.
 */
export function receptiveFields(model: tf.LayersModel): ReceptiveField[] {
  const { input, steps } = networkOf('receptiveFields', model);
  if (input.shape.length !== 3 || !isSized(input.shape)) {
    throw new Error(
      `receptiveFields: the model takes ${shapeText(input.shape.map((size) => size ?? 'any'))}; expected pictures of ` +
        'one size, [height, width, channels].',
    );
  }
  const [height, width] = input.shape;
  const first = (places: number): Side => ({ size: 1, stride: 1, start: 0, places });
  const sides = new Map<LayerStep, readonly [Side, Side]>([[input, [first(height), first(width)]]]);
  return steps.map((step) => {
    const before = step.from.map((one) => sides.get(one)!);
    const both = [0, 1].map((axis) => {
      const inputs = before.map((pair) => pair[axis]);
      return inputs.length > 1 ? joined(step, inputs) : through(step, inputs[0], axis);
    });
    const [down, across] = both;
    sides.set(step, [down, across]);
    const pair = (what: keyof Side): Pair => [down[what], across[what]];
    return {
      name: step.name, type: step.layer.getClassName(), size: pair('size'), stride: pair('stride'),
      start: pair('start'), places: pair('places'),
    };
  });
}

/** The part of the picture that a place sees; what lies outside of the picture is padding. */
export function fieldAt(
  { start, stride, size }: ReceptiveField, [row, column]: Pair,
): { top: number; left: number; height: number; width: number } {
  return {
    top: start[0] + row * stride[0], left: start[1] + column * stride[1], height: size[0], width: size[1],
  };
}

/** A window that slides: how long it is, how far it goes, and how much is put in front of the first place. */
interface Window {
  readonly length: number;
  readonly step: number;
  readonly padding: number;
}

const slid = ({ size, stride, start }: Side, { length, step, padding }: Window, places: number): Side =>
  ({ size: size + (length - 1) * stride, stride: stride * step, start: start - padding * stride, places });

/** All places of a side seen together. */
const together = ({ size, stride, start, places }: Side): Side =>
  ({ size: size + (places - 1) * stride, stride: 0, start, places: 1 });

function through(step: LayerStep, side: Side, axis: number): Side {
  const type = step.layer.getClassName();
  const config = step.layer.getConfig();
  const isMap = step.shape.length === 3;
  const places = isMap ? step.shape[axis]! : 1;
  if (type === 'ZeroPadding2D') {
    // One number, one for each axis, or one for each edge.
    const edges = config.padding as number | (number | [number, number])[];
    const edge = typeof edges === 'number' ? edges : edges[axis];
    return slid(side, { length: 1, step: 1, padding: typeof edge === 'number' ? edge : edge[0] }, places);
  }
  if (type === 'Cropping2D') {
    const [from] = (config.cropping as [number, number][])[axis];
    return slid(side, { length: 1, step: 1, padding: -from }, places);
  }
  // A list of numbers, after Flatten or global pooling.
  if (!isMap) return together(side);
  if (isSliding.test(type)) return slid(side, windowOf(step.layer, side.places, axis), places);
  // A layer that treats each place by itself leaves their number as it is.
  if (places === side.places) return side;
  throw new Error(
    `receptiveFields: the layer ${step.name} is a ${type}; the fields of convolutions, pooling, padding and cropping ` +
      'are known, and of layers that treat each place by itself.',
  );
}

const isSliding = /^((Separable|Depthwise)?Conv2D|(Max|Average)Pooling2D)$/;

function windowOf(layer: tf.layers.Layer, places: number, axis: number): Window {
  const settings = layer as unknown as {
    kernelSize?: number[]; poolSize?: number[]; strides: number[]; dilationRate?: number | number[]; padding: string;
  };
  const dilations = settings.dilationRate ?? 1;
  const dilation = typeof dilations === 'number' ? dilations : dilations[axis];
  const length = ((settings.kernelSize ?? settings.poolSize)![axis] - 1) * dilation + 1;
  const step = settings.strides[axis];
  // As TensorFlow pads: where the number is odd, one more behind than in front.
  const isPadded = settings.padding === 'same';
  const missing = isPadded ? Math.max(0, (Math.ceil(places / step) - 1) * step + length - places) : 0;
  return { length, step, padding: Math.floor(missing / 2) };
}

/** Branches that come together, place by place. */
function joined(step: LayerStep, sides: readonly Side[]): Side {
  const [{ stride, places }] = sides;
  if (sides.some((side) => side.stride !== stride || side.places !== places)) {
    throw new Error(
      `receptiveFields: the branches that come together at ${step.name} have different strides; expected the same ` +
        'grid of places in each.',
    );
  }
  const start = Math.min(...sides.map((side) => side.start));
  const end = Math.max(...sides.map((side) => side.start + side.size));
  return { size: end - start, stride, start, places };
}

const isSized = (shape: readonly (number | null)[]): shape is readonly number[] =>
  shape.every((size) => size !== null);
