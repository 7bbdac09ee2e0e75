import type { NdArray } from 'ndarray';
import { arrayOf, packedValues } from '../../arrays';
import type { PictureOptions } from '../../data/folder/options';
import { normalise, type NormaliseOptions } from '../../preprocessing/normalise';
import { likeDataset, type PictureStep, type PictureStyle } from '../../preprocessing/own-picture';
import { fit } from './fit';

/** How a picture becomes an input of the model, with nothing left to be guessed. */
export interface PagePreprocessing extends PictureOptions {
  readonly normalise?: NormaliseOptions | undefined;
}

export interface PreparedPicture {
  /** `[height, width]` or `[height, width, 3]`, 0..255: what the network sees. */
  readonly pixels: NdArray<Uint8Array>;
  /** From the picture as it was to the pixels. */
  readonly steps: readonly PictureStep[];
}

/** As `ownPicture`: of larger pictures no more pixels are looked at, and of the shorter side not less. */
const LOOKED_AT = 640;
const LEAST_SIDE = 10;
/** Sides of the pictures of both datasets: what has them is taken for one of these, as `classifyOne` does. */
const DATASET_SIDE = 28;

/**
 * Does with a picture what was done with those that the model has learned from.
 *
 * @param picture `[height, width]` grey or `[height, width, 4]` with opacity, uint8
 * @param style the dataset that it is made like first (a photo or a drawing of a digit, say), unless it has the size of
 *   that; undefined for a picture that only has to be brought to its size, as those of a folder
 * @throws Error if a picture that shall look like those of a dataset has nothing on its ground
 */
export function preparePicture(
  picture: NdArray<Uint8Array>, options: PagePreprocessing, style: PictureStyle | undefined,
): PreparedPicture {
  const isOfDataset = picture.shape[0] === DATASET_SIDE && picture.shape[1] === DATASET_SIDE;
  if (style === undefined || isOfDataset) {
    const opaque = inColor(onWhite(picture), options.color);
    const pixels = fit(opaque, options);
    return { pixels, steps: [{ name: 'original', picture: opaque }, { name: 'brought to its size', picture: pixels }] };
  }
  const { images, steps } = likeDataset(reduced(picture), style);
  const small = arrayOf(packedValues(images), images.shape.slice(1));
  const pixels = fit(inColor(small, options.color), options);
  const isResized = pixels.shape.some((side, axis) => side !== small.shape[axis]);
  return { pixels, steps: isResized ? [...steps, { name: 'brought to its size', picture: pixels }] : steps };
}

/** The numbers that the model takes, row by row. */
export function inputOf(pixels: NdArray<Uint8Array>, options: PagePreprocessing): Float32Array {
  const list = arrayOf(packedValues(pixels), [1, ...pixels.shape]);
  return options.normalise ? packedValues(normalise(list, options.normalise)) : Float32Array.from(list.data);
}

/** A picture that looks like nothing and has every grey: what a model makes of it is the same wherever it computes. */
export function testPicture({ size: [height, width], color }: PictureOptions): NdArray<Uint8Array> {
  const shape = color === 'grey' ? [height, width] : [height, width, 3];
  const count = shape.reduce((product, length) => product * length, 1);
  return arrayOf(Uint8Array.from({ length: count }, (_, i) => (i * 89) % 256), shape);
}

/** `[height, width]`, or `[height, width, 3]`: what is transparent lies on white. */
function onWhite(picture: NdArray<Uint8Array>): NdArray<Uint8Array> {
  const [height, width, channels] = picture.shape;
  if (channels !== 4) return picture;
  const values = packedValues(picture);
  const opaque = new Uint8Array(height * width * 3);
  for (let from = 0, to = 0; from < values.length; from += 4) {
    const opacity = values[from + 3];
    for (let i = 0; i < 3; i++) {
      opaque[to++] = Math.floor((values[from + i] * opacity + 255 * (255 - opacity)) / 255);
    }
  }
  return arrayOf(opaque, [height, width, 3]);
}

/** Grey by 0.299 R + 0.587 G + 0.114 B in 16-bit fractions, as the pictures of a folder. */
function inColor(picture: NdArray<Uint8Array>, color: PictureOptions['color']): NdArray<Uint8Array> {
  const [height, width, channels = 1] = picture.shape;
  const isGrey = channels === 1;
  if (isGrey === (color === 'grey')) return picture;
  const values = packedValues(picture);
  const result = new Uint8Array(height * width * (isGrey ? 3 : 1));
  // Photos have millions of pixels: a loop is much faster than a function for each.
  for (let i = 0, j = 0; i < height * width; i++, j += 3) {
    if (isGrey) result.fill(values[i], j, j + 3);
    else result[i] = (19_595 * values[j] + 38_470 * values[j + 1] + 7_471 * values[j + 2] + 32_768) >> 16;
  }
  return arrayOf(result, [height, width, ...(isGrey ? [3] : [])]);
}

function reduced(picture: NdArray<Uint8Array>): NdArray<Uint8Array> {
  const [height, width] = picture.shape;
  const [longer, shorter] = [Math.max(height, width), Math.min(height, width)];
  const side = Math.max(LOOKED_AT, Math.ceil((LEAST_SIDE * longer) / shorter));
  if (longer <= side) return picture;
  const scaled = (length: number): number => Math.max(1, Math.round((length * side) / longer));
  return fit(picture, { size: [scaled(height), scaled(width)], resize: 'squash' });
}
