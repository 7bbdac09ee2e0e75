import { Random } from '../../random';
import { Mask } from './mask';
import type { Outline } from './outline';

/** Red, green and blue, 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

export const mix = (a: Colour, b: Colour, part: number): Colour => [
  a[0] + (b[0] - a[0]) * part,
  a[1] + (b[1] - a[1]) * part,
  a[2] + (b[2] - a[2]) * part,
];

const tileBits = 7;
const tileSide = 1 << tileBits;

/** Smooth noise, mean 0, most of it in -1..1, that repeats every 128 pixels: one for all pictures, entered anywhere. */
const smoothTile = makeSmoothTile(new Random(20_011));
const grainRandom = new Random(20_021);
/** Noise that differs from pixel to pixel, standard deviation 1. */
const grainTile = Float32Array.from({ length: tileSide * tileSide }, () => grainRandom.normal());

function makeSmoothTile(random: Random): Float32Array {
  const tile = new Float32Array(tileSide * tileSide);
  for (const [spacing, weight] of [[32, 0.6], [16, 0.35], [8, 0.2], [4, 0.12]]) {
    const points = tileSide / spacing;
    const grid = Float64Array.from({ length: points * points }, () => random.normal());
    for (let y = 0; y < tileSide; y++) {
      for (let x = 0; x < tileSide; x++) {
        const [row, column] = [Math.floor(y / spacing), Math.floor(x / spacing)];
        const ease = (t: number): number => t * t * (3 - 2 * t);
        const [down, right] = [ease(y / spacing - row), ease(x / spacing - column)];
        const [below, beside] = [((row + 1) % points) * points, (column + 1) % points];
        const upper = grid[row * points + column] * (1 - right) + grid[row * points + beside] * right;
        const lower = grid[below + column] * (1 - right) + grid[below + beside] * right;
        tile[y * tileSide + x] += weight * (upper + (lower - upper) * down);
      }
    }
  }
  return tile;
}

const inTile = (x: number, y: number): number => ((y & (tileSide - 1)) << tileBits) | (x & (tileSide - 1));
/** Smooth noise at a point, to the nearest pixel of the tile. */
export const smoothAt = (x: number, y: number): number => smoothTile[inTile(Math.floor(x), Math.floor(y))];
/** Grain at a point, to the nearest pixel of the tile. */
export const grainAt = (x: number, y: number): number => grainTile[inTile(Math.floor(x), Math.floor(y))];

/** What covers a shape: writes the colour at a pixel into `into`. */
export type Texture = (x: number, y: number, into: Float64Array) => void;

/** How a photograph is taken: light and camera say nothing of the animal. */
const camera = {
  darkest: 0.72,
  brightest: 1.15,
  /** The largest part by which a colour channel is off. */
  cast: 0.07,
  /** The largest difference of brightness between two sides of the picture, and how much darker its corners are. */
  slope: 0.35,
  vignette: 0.25,
  /** Standard deviation of the grain at most, of 255. */
  grain: 12,
};

/** A colour picture that shapes are painted on, back to front. */
export class Photo {
  readonly mask: Mask;
  private readonly pixels: Float32Array;
  private readonly colour = new Float64Array(3);

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.mask = new Mask(width, height);
    this.pixels = new Float32Array(width * height * 3);
  }

  /** Covers all of the picture. */
  cover(texture: Texture): void {
    const { pixels, width, height, colour } = this;
    let i = 0;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        texture(x, y, colour);
        pixels[i++] = colour[0];
        pixels[i++] = colour[1];
        pixels[i++] = colour[2];
      }
    }
  }

  paint(outlines: readonly Outline[], [red, green, blue]: Colour, opacity = 1): void {
    const { mask, pixels, width } = this;
    mask.fill(outlines);
    for (let y = mask.top; y < mask.bottom; y++) {
      for (let at = y * width + mask.left; at < y * width + mask.right; at++) {
        const part = mask.cover[at] * opacity;
        if (part === 0) continue;
        const i = 3 * at;
        pixels[i] += (red - pixels[i]) * part;
        pixels[i + 1] += (green - pixels[i + 1]) * part;
        pixels[i + 2] += (blue - pixels[i + 2]) * part;
      }
    }
  }

  /** Covers shapes with a texture, lit from above so that they look round: `roundness` 0 is flat. */
  wrap(outlines: readonly Outline[], texture: Texture, roundness: number, brightness = 1): void {
    const { mask, pixels, width, colour } = this;
    mask.fill(outlines);
    const [middleX, middleY] = [(mask.left + mask.right) / 2, (mask.top + mask.bottom) / 2];
    const [scaleX, scaleY] = [2 / (mask.right - mask.left + 1), 2 / (mask.bottom - mask.top + 1)];
    for (let y = mask.top; y < mask.bottom; y++) {
      const v = (y - middleY) * scaleY;
      for (let x = mask.left; x < mask.right; x++) {
        const part = mask.cover[y * width + x];
        if (part === 0) continue;
        const u = (x - middleX) * scaleX;
        const light = brightness * (1 + roundness * (0.35 - 0.4 * v - 0.5 * u * u - 0.25 * v * v));
        texture(x, y, colour);
        const i = 3 * (y * width + x);
        pixels[i] += (colour[0] * light - pixels[i]) * part;
        pixels[i + 1] += (colour[1] * light - pixels[i + 1]) * part;
        pixels[i + 2] += (colour[2] * light - pixels[i + 2]) * part;
      }
    }
  }

  /** Light, a blur, grain; gives the bytes, `[height, width, 3]`. */
  develop(random: Random): Uint8Array {
    const { pixels, width, height } = this;
    const exposure = random.between(camera.darkest, camera.brightest);
    const gain = (): number => exposure * (1 + camera.cast * (2 * random.fraction() - 1));
    const [red, green, blue] = [gain(), gain(), gain()];
    const slopeX = (camera.slope * (2 * random.fraction() - 1)) / width;
    const slopeY = (camera.slope * (2 * random.fraction() - 1)) / height;
    const vignette = camera.vignette * random.fraction();
    const grain = camera.grain * random.fraction() * random.fraction() + 1;
    const [grainX, grainY] = [random.below(tileSide), random.below(tileSide)];
    const blurs = [0, 0, 0, 0, 1, 1, 2][random.below(7)];
    for (let i = 0; i < blurs; i++) soften(pixels, width, height);
    const bytes = new Uint8Array(pixels.length);
    for (let y = 0; y < height; y++) {
      const v = y / height - 0.5;
      for (let x = 0; x < width; x++) {
        const u = x / width - 0.5;
        const light = 1 + slopeX * (x - width / 2) + slopeY * (y - height / 2) - vignette * 2 * (u * u + v * v);
        const i = 3 * (y * width + x);
        const noise = grain * grainTile[inTile(x + grainX, y + grainY)];
        bytes[i] = toByte(pixels[i] * red * light + noise);
        bytes[i + 1] = toByte(pixels[i + 1] * green * light + noise);
        bytes[i + 2] = toByte(pixels[i + 2] * blue * light + noise);
      }
    }
    return bytes;
  }
}

const toByte = (value: number): number => (value <= 0 ? 0 : value >= 255 ? 255 : (value + 0.5) | 0);

/** Mixes each pixel with its neighbours, 1 : 2 : 1, along rows and then along columns. */
function soften(pixels: Float32Array, width: number, height: number): void {
  for (const [step, count, line, lines] of [
    [3, width, 3 * width, height],
    [3 * width, height, 3, width],
  ]) {
    for (let at = 0; at < lines; at++) {
      for (let channel = 0; channel < 3; channel++) {
        let i = at * line + channel;
        let before = pixels[i];
        for (let k = 0; k < count; k++, i += step) {
          const here = pixels[i];
          const after = k + 1 < count ? pixels[i + step] : here;
          pixels[i] = (before + 2 * here + after) / 4;
          before = here;
        }
      }
    }
  }
}
