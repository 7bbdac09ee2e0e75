import { resizeModes, type ResizeMode } from './geometry';

/** What becomes of each picture. */
export interface PictureOptions {
  /** Height and width of the result, in pixels. */
  readonly size: readonly [number, number];
  /** `grey`: one number a pixel, the luma 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601); `rgb`: three. */
  readonly color: 'grey' | 'rgb';
  readonly resize: ResizeMode;
}

/** Bytes of one picture. */
export const pixelBytes = ({ size: [height, width], color }: PictureOptions): number =>
  height * width * (color === 'grey' ? 1 : 3);

/** Largest side of a result. */
const MAX_SIDE = 4096;

/**
 * Fills in what was not said: 32 x 32, colour, squashed.
 *
 * @throws RangeError for a size, colour or way to resize that there is not
 */
export function pictureOptions(options: Partial<PictureOptions>): PictureOptions {
  const { size = [32, 32], color = 'rgb', resize = 'squash' } = options;
  if (
    !Array.isArray(size) ||
    size.length !== 2 ||
    !size.every((side) => Number.isInteger(side) && side >= 1 && side <= MAX_SIDE)
  ) {
    throw new RangeError(
      `size: got ${JSON.stringify(size)}, expected [height, width] in pixels, each 1 to ${MAX_SIDE}, such as [32, 32].`,
    );
  }
  if (color !== 'grey' && color !== 'rgb') {
    throw new RangeError(`color: got ${JSON.stringify(color)}, expected 'grey' or 'rgb'.`);
  }
  if (!resizeModes.includes(resize)) {
    throw new RangeError(
      `resize: got ${JSON.stringify(resize)}, expected one of ${resizeModes.map((mode) => `'${mode}'`).join(', ')}.`,
    );
  }
  return { size: [size[0], size[1]], color, resize };
}
