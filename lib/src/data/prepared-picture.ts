import type { NdArray } from 'ndarray';
import { arrayOf, packedValues, shapeText } from '../arrays';
import { grey } from '../preprocessing/grey';
import { likeDataset, type PictureStyle } from '../preprocessing/own-picture';
import { decodeFiles, type DecodedPicture } from './folder/decode';
import { BadPicture } from './folder/decode-reference';
import { placementOf } from './folder/geometry';
import type { PictureOptions } from './folder/options';
import { decodeAndResize } from './folder/picture-graph';
import { decodePicture } from './own-picture';

/** What becomes of a picture before its pixels are normalised. */
export interface PreparationOptions extends PictureOptions {
  /**
   * Pictures of another size than those of the dataset are made like them first, as `ownPicture` does. Those of its
   * size are taken for its own.
   */
  readonly like?: PictureStyle | undefined;
}

/** Sides of the pictures of the datasets that pictures are made like. */
const DATASET_SIDE = 28;

/** Only the content counts, not what a name says of it. */
const NAMELESS = { file: '', path: '', className: '' };

/**
 * Decodes pictures and brings them to the form that a model has learned from, just as `loadImageFolder` does.
 *
 * @param contents of files: JPEG, PNG, WebP, GIF, TIFF or BMP
 * @returns for each its pixels, `[height, width]` or `[height, width, 3]`, and its size before; or why it has none
 */
export async function preparePictures(
  contents: readonly Buffer[], options: PreparationOptions,
): Promise<(DecodedPicture | BadPicture)[]> {
  const { like } = options;
  const outcomes = await decodeFiles(contents.map((bytes) => ({ candidate: NAMELESS, bytes })), options);
  if (like === undefined) return outcomes;
  for (const [i, outcome] of outcomes.entries()) {
    if (outcome instanceof BadPicture || isOfDataset(outcome.size)) continue;
    outcomes[i] = await likeThose(contents[i], outcome.size, options);
  }
  return outcomes;
}

async function likeThose(
  content: Buffer, size: DecodedPicture['size'], options: PreparationOptions,
): Promise<DecodedPicture | BadPicture> {
  let picture: NdArray<Uint8Array>;
  try {
    picture = await decodePicture(content);
  } catch (error) {
    return error instanceof BadPicture ? error : new BadPicture('damaged', (error as Error).message);
  }
  try {
    return { pixels: preparePixels(picture, options), size };
  } catch (error) {
    return new BadPicture('nothing stands out', (error as Error).message);
  }
}

const isOfDataset = ([width, height]: readonly number[]): boolean => width === DATASET_SIDE && height === DATASET_SIDE;

/**
 * The same for a picture in memory.
 *
 * @param picture `[height, width]` grey, `[height, width, 3]` colour, or with `like` also `[height, width, 4]`; uint8
 * @returns `[height, width]` or `[height, width, 3]`
 * @throws Error if it shall be made like a dataset's, and nothing stands out from its ground
 */
export function preparePixels(picture: NdArray<Uint8Array>, options: PreparationOptions): Uint8Array {
  const { like, size: [toHeight, toWidth], color } = options;
  const [height, width] = picture.shape;
  if (like !== undefined && !isOfDataset([width, height])) {
    return preparePixels(likeDataset(picture, like).images.pick(0), options);
  }
  const pixels = color === 'grey' ? asGrey(picture) : asColour(picture);
  if (height === toHeight && width === toWidth) return pixels;
  const content = Buffer.from(pixels.buffer, pixels.byteOffset, pixels.length);
  return decodeAndResize([{ kind: 'RAW', content, width, height, size: [width, height] }], options)[0];
}

const asGrey = (picture: NdArray<Uint8Array>): Uint8Array =>
  packedValues(picture.shape[2] === 3 ? grey(picture) : picture);

function asColour(picture: NdArray<Uint8Array>): Uint8Array {
  const values = packedValues(picture);
  if (picture.shape[2] === 3) return values;
  const colours = new Uint8Array(values.length * 3);
  values.forEach((value, i) => colours.fill(value, i * 3, i * 3 + 3));
  return colours;
}

/** The longer side of a picture that is only looked at. */
const LOOKED_AT = 168;

/**
 * A picture as it was, upright and in its own proportions, reduced or enlarged to 168 pixels on the longer side.
 *
 * @param size width and height of the picture
 * @returns `[height, width, 3]`; undefined if it cannot be decoded
 */
export async function lookAt(
  content: Buffer, size: readonly [number, number],
): Promise<NdArray<Uint8Array> | undefined> {
  const square: PictureOptions = { size: [LOOKED_AT, LOOKED_AT], color: 'rgb', resize: 'fill' };
  const [outcome] = await decodeFiles([{ candidate: NAMELESS, bytes: content }], square);
  if (outcome instanceof BadPicture) return undefined;
  const { left, top, width, height } = placementOf(size, [LOOKED_AT, LOOKED_AT], 'fill');
  const part = arrayOf(outcome.pixels, [LOOKED_AT, LOOKED_AT, 3]).lo(top, left).hi(height, width);
  return arrayOf(Uint8Array.from(packedValues(part)), [height, width, 3]);
}

/**
 * A picture in memory as `[height, width]` or `[height, width, 3]`, whether it came with a leading 1, with one channel
 * or without.
 *
 * @throws Error for another shape
 */
export function asOnePicture<D extends Uint8Array | Float32Array>(caller: string, picture: NdArray<D>): NdArray<D> {
  const { shape } = picture;
  const isMany = shape.length === 4 || (shape.length === 3 && shape[0] === 1 && shape[2] !== 1 && shape[2] !== 3);
  const one = isMany && shape[0] === 1 ? shape.slice(1) : shape;
  const channels = one.length === 3 ? one[2] : 1;
  if (one.length < 2 || one.length > 3 || (channels !== 1 && channels !== 3)) {
    throw new Error(
      `${caller}: got a picture of shape ${shapeText(shape)}; expected one picture, [height, width] or ` +
        '[height, width, 3]. images.pick(0) is the first of many.',
    );
  }
  return arrayOf(packedValues(picture), channels === 3 ? one : one.slice(0, 2));
}
