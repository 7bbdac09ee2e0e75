import type { NdArray } from 'ndarray';
import { arrayOf, packedValues, shapeText } from '../arrays';
import { grey } from './grey';
import { findInk, inkMask, type Ink } from './ink';
import { resize } from './resize';

/** The datasets whose pictures a picture of one's own can be made like. */
export type PictureStyle = 'mnist' | 'fashion-mnist';

/** One step on the way of a picture, to be shown. */
export interface PictureStep {
  readonly name: string;
  /** `[height, width]` grey or `[height, width, 3]` colour, uint8. */
  readonly picture: NdArray<Uint8Array>;
}

export interface OwnPicture {
  /** `[1, 28, 28]`, uint8: a list of one, as a model expects it. */
  readonly images: NdArray<Uint8Array>;
  /** From the picture as it was to the 28 x 28 pixels. */
  readonly steps: readonly PictureStep[];
}

/** Sides of a picture, and of the box that a digit fits into. */
const SIZE = 28;
const DIGIT_SIZE = 20;
/**
 * Width of strokes in MNIST, in its pixels: 95 of 100 digits have wider ones than the first, half wider ones than the
 * second.
 */
const STROKE = { thin: 1.7, usual: 2.4 };
/** Times the final size: what strokes are measured and widened in. */
const FINE = 6;

/**
 * Makes a picture of a digit or of a piece of clothing, on plain ground, look like those of a dataset: 28 x 28, light
 * on black.
 *
 * - `mnist`: strokes become white, thin ones are widened, what is drawn is fitted into 20 x 20 and its centre of mass
 *   put in the middle;
 * - `fashion-mnist`: shades are kept, the longer side fills 28, the box around it is put in the middle.
 *
 * Sources: http://yann.lecun.com/exdb/mnist (as described there); H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST",
 * 2017, section 2.
 *
 * @param original `[height, width]` grey, `[height, width, 3]` colour or `[height, width, 4]` with opacity; uint8, each
 *   side at least 10
 * @throws Error for another shape, or where nothing stands out from the ground
 * Taught in 03_fashion_mnist_cnn.
 */
export function likeDataset(original: NdArray<Uint8Array>, style: PictureStyle): OwnPicture {
  const opaque = withGround(original);
  const greys = opaque.dimension === 3 ? grey(opaque) : opaque;
  const ink = findInk(greys);
  const mask = inkMask(ink);
  const strength = packedValues(ink.strength);
  const isDigit = style === 'mnist';
  const values = isDigit ? saturated(ink, mask) : strength;
  const box = boundingBox(values.map((value, i) => (mask[i] ? value : 0)), greys.shape[1]);
  if (!box) {
    throw new Error(
      'found nothing: no pixel stands out from the ground. Expected one digit or piece of clothing on plain ' +
        'ground, dark on light or light on dark.',
    );
  }
  const even = pictureOf(strength, ink.strength.shape);
  const cut = crop(pictureOf(values, greys.shape), box);
  const strokes = isDigit ? widened(cut) : cut;
  const small = fitInto(strokes, isDigit ? DIGIT_SIZE : SIZE);
  const placed = place(small, isDigit ? centerOfMass(small) : [small.shape[1] / 2, small.shape[0] / 2]);
  return {
    images: arrayOf(placed.data, [1, SIZE, SIZE]),
    steps: [
      { name: 'original', picture: opaque },
      { name: 'grey', picture: greys },
      { name: 'even light', picture: even },
      { name: 'ink found', picture: pictureOf(Float32Array.from(mask), greys.shape) },
      { name: 'cropped', picture: cut },
      ...(strokes === cut ? [] : [{ name: 'strokes widened', picture: strokes }]),
      { name: 'fitted', picture: small },
      { name: 'centred', picture: placed },
    ],
  };
}

/** Lays a picture with opacity on white, or on black if what is seen is light. */
function withGround(picture: NdArray<Uint8Array>): NdArray<Uint8Array> {
  const { shape } = picture;
  const [height, width, channels = 1] = shape;
  if (shape.length < 2 || shape.length > 3 || ![1, 3, 4].includes(channels) || Math.min(height, width) < 10) {
    throw new Error(
      `got a picture of shape ${shapeText(shape)}; expected [height, width], or with 3 or 4 channels, each ` +
        `side at least 10 pixels.`,
    );
  }
  const values = packedValues(picture);
  if (channels === 1) return arrayOf(values, [height, width]);
  if (channels === 3) return arrayOf(values, [height, width, 3]);
  let [brightness, opacity] = [0, 0];
  for (let i = 0; i < values.length; i += 4) {
    brightness += (values[i] + values[i + 1] + values[i + 2]) * values[i + 3];
    opacity += values[i + 3];
  }
  const ground = brightness > 3 * 127.5 * opacity && opacity < 254 * height * width ? 0 : 255;
  const opaque = new Uint8Array(height * width * 3);
  for (let from = 0, to = 0; from < values.length; from += 4) {
    const part = values[from + 3] / 255;
    for (let channel = 0; channel < 3; channel++) {
      opaque[to++] = Math.round(values[from + channel] * part + ground * (1 - part));
    }
  }
  return arrayOf(opaque, [height, width, 3]);
}

/** Fractions as grey values. */
function pictureOf(values: Float32Array, [height, width]: readonly number[]): NdArray<Uint8Array> {
  return arrayOf(new Uint8Array(Uint8ClampedArray.from(values, (value) => value * 255).buffer), [height, width]);
}

/** Ink fully white, the ground fully black, with soft edges between them. */
function saturated({ strength, threshold, noise }: Ink, mask: Uint8Array): Float32Array {
  const values = packedValues(strength);
  const inked = values.filter((value, i) => mask[i] && value >= threshold).sort();
  const [ground, full] = [Math.min(3 * noise, threshold / 2), inked[Math.floor(inked.length * 0.4)]];
  return values.map((value, i) => (mask[i] ? Math.max(0, Math.min(1, (value - ground) / (full - ground))) : 0));
}

interface Box {
  left: number;
  top: number;
  /** Behind the last pixel. */
  right: number;
  bottom: number;
}

/** What is not black. */
function boundingBox(values: Float32Array | Uint8Array, width: number): Box | undefined {
  const box = { left: Infinity, top: Infinity, right: 0, bottom: 0 };
  values.forEach((value, i) => {
    if (value === 0) return;
    const [x, y] = [i % width, Math.floor(i / width)];
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x + 1);
    box.top = Math.min(box.top, y);
    box.bottom = Math.max(box.bottom, y + 1);
  });
  return box.right === 0 ? undefined : box;
}

function crop(picture: NdArray<Uint8Array>, { left, top, right, bottom }: Box): NdArray<Uint8Array> {
  const cut = picture.lo(top, left).hi(bottom - top, right - left);
  return arrayOf(Uint8Array.from(packedValues(cut)), [...cut.shape]);
}

/** So that the longer side has `size` pixels; proportions are kept, as far as whole pixels can. */
function fitInto(picture: NdArray<Uint8Array>, size: number): NdArray<Uint8Array> {
  const [height, width] = picture.shape;
  const scale = size / Math.max(height, width);
  const side = (length: number): number => Math.max(1, Math.round(length * scale));
  const [newHeight, newWidth] = [side(height), side(width)];
  const list = arrayOf(packedValues(picture), [1, height, width]);
  return arrayOf(resize(list, [newHeight, newWidth]).data, [newHeight, newWidth]);
}

/** Strokes that would become thinner than nearly all of MNIST's get the usual width; others stay as they are. */
function widened(picture: NdArray<Uint8Array>): NdArray<Uint8Array> {
  const inPixels = (width: number): number => (width * Math.max(...picture.shape)) / DIGIT_SIZE;
  const [height, width] = picture.shape;
  if (strokeWidth(picture) >= inPixels(STROKE.thin)) return picture;
  const margin = Math.ceil(inPixels(STROKE.usual));
  const padded = pasted(picture, [height + 2 * margin, width + 2 * margin], [margin, margin]);
  let fine = fitInto(padded, DIGIT_SIZE * FINE);
  const pixel = Math.max(...fine.shape) / Math.max(...padded.shape);
  const steps = Math.round((inPixels(STROKE.usual) * pixel - strokeWidth(fine)) / 2);
  // Four and eight neighbours in turn: what grows is nearly round.
  for (let step = 0; step < steps; step++) fine = grown(fine, step % 2 === 1);
  return crop(fine, boundingBox(fine.data, fine.shape[1])!);
}

/** Mean width of the strokes, in pixels: twice their area by the length of their outline. */
function strokeWidth(picture: NdArray<Uint8Array>): number {
  const [height, width] = picture.shape;
  const { data } = picture;
  const at = (x: number, y: number): number => (x < 0 || y < 0 || x >= width || y >= height ? 0 : data[y * width + x]);
  let [area, outline] = [0, 0];
  for (let y = -1; y < height; y++) {
    for (let x = -1; x < width; x++) {
      const value = at(x, y);
      area += value;
      outline += Math.hypot(at(x + 1, y) - value, at(x, y + 1) - value);
    }
  }
  return (2 * area) / outline;
}

/** Each pixel becomes the lightest of itself and its neighbours. */
function grown(picture: NdArray<Uint8Array>, diagonally: boolean): NdArray<Uint8Array> {
  const [height, width] = picture.shape;
  const { data } = picture;
  const result = new Uint8Array(data.length);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      let most = data[i];
      for (let dy = -1; dy <= 1; dy++) {
        for (let dx = -1; dx <= 1; dx++) {
          if ((dx && dy && !diagonally) || x + dx < 0 || x + dx >= width || y + dy < 0 || y + dy >= height) continue;
          most = Math.max(most, data[i + dy * width + dx]);
        }
      }
      result[i] = most;
    }
  }
  return arrayOf(result, [height, width]);
}

function centerOfMass(picture: NdArray<Uint8Array>): [x: number, y: number] {
  const [height, width] = picture.shape;
  let [mass, momentX, momentY] = [0, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = picture.get(y, x);
      mass += value;
      momentX += value * x;
      momentY += value * y;
    }
  }
  return [momentX / mass, momentY / mass];
}

/**
 * Lays a picture in a black square so that `center` comes to the middle, as near as whole pixels and the edges allow.
 */
function place(picture: NdArray<Uint8Array>, [centerX, centerY]: readonly [number, number]): NdArray<Uint8Array> {
  const [height, width] = picture.shape;
  const offset = (center: number, length: number): number =>
    Math.max(0, Math.min(SIZE - length, Math.round(SIZE / 2 - center)));
  return pasted(picture, [SIZE, SIZE], [offset(centerY, height), offset(centerX, width)]);
}

/** A picture on a larger black one. */
function pasted(
  picture: NdArray<Uint8Array>,
  [newHeight, newWidth]: readonly [number, number],
  [top, left]: readonly [number, number],
): NdArray<Uint8Array> {
  const [height, width] = picture.shape;
  const larger = arrayOf(new Uint8Array(newHeight * newWidth), [newHeight, newWidth]);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) larger.set(top + y, left + x, picture.get(y, x));
  return larger;
}
