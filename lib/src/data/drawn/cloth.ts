import type { Random } from '../../random';
import { Mask } from './mask';
import { placement, side, type Outline } from './outline';

/** How much garments and photographs of them differ. See datasets/README.md for how it was tuned. */
const photograph = {
  /** Standard deviations of how far a garment leans and turns (radians), and is off the middle (pixels). */
  lean: 0.025,
  turn: 0.02,
  shift: 0.55,
  /** Width and height, of what was drawn. */
  smallest: 0.9,
  largest: 1.06,
  /** The largest part of its brightness that a pixel may lack, and how deep folds are at most. */
  grain: 0.16,
  folds: 0.25,
};

export type Pattern = 'plain' | 'bars' | 'pinstripes' | 'checks' | 'print' | 'fade';

/** A grey picture of a garment on black. Shapes are in pixels, before the whole is moved a little. */
export class Cloth {
  private readonly mask = new Mask(side, side);
  private readonly light = new Float64Array(side * side);
  /** Brightness of the fabric at each pixel, about 1 in the mean. */
  private readonly fabric = new Float64Array(side * side);

  /** Begins a picture: black, with a fabric and a place of its own. */
  begin(random: Random, pattern: Pattern): void {
    const scale = random.between(photograph.smallest, photograph.largest);
    const width = scale * random.between(0.93, 1.07);
    const lean = photograph.lean * random.normal();
    const turn = photograph.turn * random.normal();
    const [a, b, x, d, e, y] = placement(
      width,
      scale,
      lean,
      turn,
      side / 2 + photograph.shift * random.normal(),
      side / 2 + photograph.shift * random.normal(),
    );
    // Shapes are drawn about the middle of the picture, not about its corner.
    const half = side / 2;
    this.mask.placement = [a, b, x - half * (a + b), d, e, y - half * (d + e)];
    this.light.fill(0);
    weave(this.fabric, random, pattern);
  }

  /** Covers areas with the fabric, `tone` times as bright. */
  sew(outlines: readonly Outline[], tone: number): void {
    const { mask, light, fabric } = this;
    mask.fill(outlines);
    for (let row = mask.top; row < mask.bottom; row++) {
      for (let i = row * side + mask.left; i < row * side + mask.right; i++) {
        light[i] += (fabric[i] * tone - light[i]) * mask.cover[i];
      }
    }
  }

  /** Covers areas with one brightness; `opacity` below 1 lets through what is there. */
  paint(outlines: readonly Outline[], brightness: number, opacity = 1): void {
    const { mask, light } = this;
    mask.fill(outlines);
    for (let row = mask.top; row < mask.bottom; row++) {
      for (let i = row * side + mask.left; i < row * side + mask.right; i++) {
        light[i] += (brightness - light[i]) * mask.cover[i] * opacity;
      }
    }
  }

  /** Makes what is there brighter (above 1) or darker (below 1): seams, folds, shadows. */
  shade(outlines: readonly Outline[], factor: number): void {
    const { mask, light } = this;
    mask.fill(outlines);
    for (let row = mask.top; row < mask.bottom; row++) {
      for (let i = row * side + mask.left; i < row * side + mask.right; i++) {
        light[i] *= 1 + (factor - 1) * mask.cover[i];
      }
    }
  }

  /** Writes the picture, a little blurred and grainy, as bytes: 0 black to 255 white. */
  develop(random: Random, picture: Uint8Array): void {
    const { light } = this;
    const blur = 0.12 * random.fraction();
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const i = row * side + column;
        let value = light[i];
        if (row > 0 && row < side - 1 && column > 0 && column < side - 1) {
          value += blur * (light[i - 1] + light[i + 1] + light[i - side] + light[i + side] - 4 * value);
        }
        const bright = 255 * value * (1 - photograph.grain * random.fraction());
        // Traces of light at the edge are black in Fashion-MNIST too.
        picture[i] = bright < 3 ? 0 : bright > 255 ? 255 : Math.round(bright);
      }
    }
  }
}

/** The fabric's brightness: its pattern, folds, and light that falls from one side. */
function weave(fabric: Float64Array, random: Random, pattern: Pattern): void {
  const slopeX = 0.012 * random.normal();
  const slopeY = (pattern === 'fade' ? 0.035 : 0.008) * random.normal();
  const period = pattern === 'pinstripes' ? random.between(2, 4.5) : random.between(2.5, 8);
  const phase = random.fraction();
  const width = random.between(0.25, 0.65);
  const contrast = random.between(0.25, 0.9) * (random.below(3) > 0 ? 1 : -1);
  const blot = random.between(-0.35, 0.35);
  const folds = photograph.folds * random.fraction();
  const smoothness = pattern === 'print' ? random.between(1.1, 3.2) : 3.5;
  const noise = smoothNoise(random, smoothness);
  for (let row = 0; row < side; row++) {
    const bar = isStripe(row / period + phase, width);
    const light = 1 + slopeY * (row - side / 2);
    for (let column = 0; column < side; column++) {
      const i = row * side + column;
      let tone = light + slopeX * (column - side / 2);
      if (pattern === 'print') tone *= 1 - contrast * (noise[i] > blot ? 1 : 0);
      else tone *= 1 + folds * noise[i];
      if (pattern === 'bars') tone *= 1 - contrast * bar;
      else if (pattern === 'pinstripes') tone *= 1 - contrast * isStripe(column / period + phase, width);
      else if (pattern === 'checks') tone *= 1 - contrast * 0.5 * (bar + isStripe(column / period + phase, width));
      fabric[i] = tone < 0.06 ? 0.06 : tone;
    }
  }
}

const isStripe = (at: number, width: number): number => (at - Math.floor(at) < width ? 1 : 0);

const noise = new Float64Array(side * side);
const grid = new Float64Array(side * side);

/** Random numbers of -1 to 1, `spacing` pixels apart, and straight lines between them. Filled anew by each call. */
function smoothNoise(random: Random, spacing: number): Float64Array {
  const points = Math.floor((side - 1) / spacing) + 2;
  for (let i = 0; i < points * points; i++) grid[i] = 2 * random.fraction() - 1;
  for (let row = 0; row < side; row++) {
    const upper = Math.floor(row / spacing);
    const down = row / spacing - upper;
    for (let column = 0; column < side; column++) {
      const left = Math.floor(column / spacing);
      const right = column / spacing - left;
      const i = upper * points + left;
      const above = grid[i] + (grid[i + 1] - grid[i]) * right;
      const below = grid[i + points] + (grid[i + points + 1] - grid[i + points]) * right;
      noise[row * side + column] = above + (below - above) * down;
    }
  }
  return noise;
}
