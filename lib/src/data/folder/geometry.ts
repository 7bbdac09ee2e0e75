/**
 * How a picture comes to the size that the network takes, in the words of NVIDIA DIGITS:
 *
 * - `squash`: both sides to the size; shapes are distorted;
 * - `crop`: the shorter side to the size, and the ends of the longer one are cut off;
 * - `fill`: the longer side to the size, and the rest is filled with black;
 * - `half crop half fill`: halfway between the two.
 */
export type ResizeMode = 'squash' | 'crop' | 'fill' | 'half crop half fill';

export const resizeModes: readonly ResizeMode[] = ['squash', 'crop', 'fill', 'half crop half fill'];

/**
 * The whole picture is scaled to `width` x `height` and laid on the target with its upper left corner at `left`, `top`
 * (negative: cut off).
 */
export interface Placement {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
}

/**
 * Where a picture of a size goes in a target of another. Whole pixels, so that every decoder does the same.
 *
 * @param size width and height of the picture
 * @param target width and height of the result
 */
export function placementOf(
  size: readonly [number, number],
  target: readonly [number, number],
  mode: ResizeMode,
): Placement {
  const [horizontal, vertical] = [size[0] / target[0], size[1] / target[1]];
  const scale = {
    squash: undefined,
    crop: Math.min(horizontal, vertical),
    fill: Math.max(horizontal, vertical),
    'half crop half fill': (horizontal + vertical) / 2,
  }[mode];
  const scaled = (axis: 0 | 1): number =>
    scale === undefined ? target[axis] : Math.max(1, Math.round(size[axis] / scale));
  const [width, height] = [scaled(0), scaled(1)];
  return { width, height, left: Math.floor((target[0] - width) / 2), top: Math.floor((target[1] - height) / 2) };
}
