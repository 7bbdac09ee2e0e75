import type { NdArray } from 'ndarray';
import { arrayOf, packedValues } from '../arrays';

/** What stands out from the ground of a picture. */
export interface Ink {
  /**
   * `[height, width]`, float32: how much each pixel differs from the ground, 0 (not at all) to 1 (as white from black).
   */
  readonly strength: NdArray<Float32Array>;
  /** From this strength on a pixel is ink. */
  readonly threshold: number;
  /** How much the ground varies around its mean strength of 0: a standard deviation. */
  readonly noise: number;
}

/** Points along the longer side that the light is measured at: it changes slowly. */
const LIGHT_POINTS = 100;
/** The outer part of each side that shows the ground, mostly. */
const FRAME = 0.12;
/** Grey values that the ground may differ by from the surface that describes it. */
const TOLERANCE = 8;
/** Weaker differences are shadows and stains. */
const LEAST_STRENGTH = 0.1;

/**
 * Tells what is drawn or laid on a plain ground from the ground, whatever the light: dark on light or light on dark,
 * also where the light is uneven. The brightness of the ground is fitted as a quadratic surface, which lamps and
 * windows come close to.
 *
 * @param grey `[height, width]`, uint8
 */
export function findInk(grey: NdArray<Uint8Array>): Ink {
  const [height, width] = grey.shape;
  const pixels = packedValues(grey);
  const { ground, noise } = fitGround(pixels, height, width);

  // Whatever differs more, in squares, is drawn: a few strong pixels count more than many weak ones.
  let [darker, lighter] = [0, 0];
  const difference = ground.map((light, i) => pixels[i] - light);
  for (const value of difference) {
    if (value < 0) darker += value * value;
    else lighter += value * value;
  }
  const isDark = darker > lighter;
  // A part of what is possible there: black ink in the shade reflects as small a part of the light as in the sun.
  const possible = ground.map((light) => Math.max(1, isDark ? light : 255 - light));
  const strength = difference.map((value, i) => Math.max(0, Math.min(1, (isDark ? -value : value) / possible[i])));
  const histogram = new Uint32Array(256);
  for (const value of strength) histogram[Math.round(value * 255)]++;
  const noiseStrength = noise / possible.reduce((a, b) => Math.max(a, b));
  const threshold = Math.max(otsuThreshold(histogram) / 255, 5 * noiseStrength, LEAST_STRENGTH);
  return { strength: arrayOf(strength, [height, width]), threshold, noise: noiseStrength };
}

/**
 * The brightness of the ground at each pixel, and how much it varies around that (a standard deviation), in grey
 * values.
 *
 * The frame of the picture tells it first, or its corners, where the frame is covered: whichever surface describes more
 * of the picture.
 */
function fitGround(pixels: Uint8Array, height: number, width: number): { ground: Float32Array; noise: number } {
  const step = Math.max(1, Math.floor(Math.max(height, width) / LIGHT_POINTS));
  // From -1 to 1 over the picture, so that all terms are of one size.
  const [u, v] = [(x: number): number => (2 * x) / width - 1, (y: number): number => (2 * y) / height - 1];
  const termsAt = (x: number, y: number): number[] => [1, u(x), v(y), u(x) ** 2, u(x) * v(y), v(y) ** 2];
  const points: GroundPoint[] = [];
  const frame: GroundPoint[] = [];
  const corners: GroundPoint[] = [];
  const isOuter = (part: number): boolean => Math.min(part, 1 - part) < FRAME;
  for (let y = step >> 1; y < height; y += step) {
    for (let x = step >> 1; x < width; x += step) {
      const point = { terms: termsAt(x, y), value: pixels[y * width + x] };
      const outer = Number(isOuter(x / width)) + Number(isOuter(y / height));
      points.push(point);
      if (outer > 0) frame.push(point);
      if (outer > 1) corners.push(point);
    }
  }
  const [first, second] = [frame, corners].map((start) => fitSurface(points, start));
  const { surface, noise } = first.described >= second.described ? first : second;
  const [one, ofU, ofV, ofUU, ofUV, ofVV] = surface;
  const ground = new Float32Array(pixels.length);
  for (let y = 0, i = 0; y < height; y++) {
    const down = v(y);
    for (let x = 0; x < width; x++, i++) {
      const right = u(x);
      const light = one + ofU * right + ofV * down + ofUU * right * right + ofUV * right * down + ofVV * down * down;
      ground[i] = Math.max(0, Math.min(255, light));
    }
  }
  return { ground, noise };
}

/** A pixel that may show the ground. */
interface GroundPoint {
  terms: number[];
  value: number;
}

interface Surface {
  /** The factors of the terms. */
  surface: number[];
  noise: number;
  /** How many of all points it describes. */
  described: number;
}

/**
 * The surface through the points of a start, then through all points that fit; what does not fit is left out, again and
 * again.
 */
function fitSurface(points: readonly GroundPoint[], start: readonly GroundPoint[]): Surface {
  const ROUNDS = 10;
  const distanceTo = (surface: readonly number[]) => ({ terms, value }: GroundPoint): number =>
    Math.abs(value - surface.reduce((sum, factor, i) => sum + factor * terms[i], 0));
  let chosen = start;
  let surface = leastSquares(chosen);
  let noise = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const distances = chosen.map(distanceTo(surface)).sort((a, b) => a - b);
    // The standard deviation, by the median: it stays of the ground as long as ink covers less than half.
    noise = 1.4826 * distances[distances.length >> 1];
    const distance = distanceTo(surface);
    const most = Math.max(3, 2.5 * noise);
    chosen = (round < ROUNDS / 2 ? start : points).filter((point) => distance(point) <= most);
    surface = leastSquares(chosen);
  }
  const distance = distanceTo(surface);
  return { surface, noise, described: points.filter((point) => distance(point) <= TOLERANCE).length };
}

/** The factors of the terms that come closest to the values, by Gaussian elimination of the normal equations. */
function leastSquares(points: readonly GroundPoint[]): number[] {
  const size = 6;
  const rows = Array.from({ length: size }, (_, i) => {
    const row = new Array<number>(size + 1).fill(0);
    // A trace of preference for small factors keeps the equations solvable whatever is left of the points.
    row[i] = 1e-6;
    return row;
  });
  for (const { terms, value } of points) {
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) rows[i][j] += terms[i] * terms[j];
      rows[i][size] += terms[i] * value;
    }
  }
  for (let i = 0; i < size; i++) {
    for (let other = 0; other < size; other++) {
      if (other === i) continue;
      const factor = rows[other][i] / rows[i][i];
      for (let j = i; j <= size; j++) rows[other][j] -= factor * rows[i][j];
    }
  }
  return rows.map((row, i) => row[size] / row[i]);
}

/**
 * The value that divides the pixels in two groups whose means lie furthest apart, weighted by their sizes.
 *
 * Source: N. Otsu, "A threshold selection method from gray-level histograms", 1979.
 *
 * @param histogram how many pixels have each value
 * @returns the largest value of the lower group, plus a half
 */
export function otsuThreshold(histogram: ArrayLike<number>): number {
  const counts = Array.from(histogram);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const sumOfAll = counts.reduce((sum, count, value) => sum + count * value, 0);
  let [below, sumBelow, best, threshold] = [0, 0, 0, 0];
  counts.forEach((count, value) => {
    below += count;
    sumBelow += count * value;
    if (below === 0 || below === total) return;
    const distance = sumBelow / below - (sumOfAll - sumBelow) / (total - below);
    const separation = below * (total - below) * distance * distance;
    if (separation > best) [best, threshold] = [separation, value + 0.5];
  });
  return threshold;
}

/** Spots smaller than this part of the largest are dust. */
const DUST = 0.03;
/** Ink ends within this part of the longer side; a shadow fades more slowly. */
const EDGE = 0.02;

/**
 * The pixels that belong to what is drawn: those from the threshold on, without dust and shadows, and their soft edges.
 *
 * @returns 1 for each such pixel, 0 for the others; all 0 where there is no ink
 */
export function inkMask({ strength, threshold }: Ink): Uint8Array {
  const [height, width] = strength.shape;
  const values = packedValues(strength);
  const reach = Math.max(2, Math.round(EDGE * Math.max(height, width)));
  const visited = new Uint8Array(values.length);
  const spots: number[][] = [];
  for (let start = 0; start < values.length; start++) {
    if (visited[start] || values[start] < threshold) continue;
    const spot = [start];
    visited[start] = 1;
    let [outline, sharp] = [0, 0];
    // The list grows while it is gone through.
    for (const at of spot) {
      let isOutline = false;
      forNeighbours(at, height, width, 1, (neighbour) => {
        if (values[neighbour] < threshold) isOutline = true;
        else if (!visited[neighbour]) {
          visited[neighbour] = 1;
          spot.push(neighbour);
        }
      });
      if (!isOutline) continue;
      let isSharp = false;
      forNeighbours(at, height, width, reach, (neighbour) => void (isSharp ||= values[neighbour] < threshold / 2));
      outline++;
      if (isSharp) sharp++;
    }
    if (sharp > 0.3 * outline) spots.push(spot);
  }
  const least = DUST * spots.reduce((most, { length }) => Math.max(most, length), 0);
  const mask = new Uint8Array(values.length);
  for (const at of spots.filter(({ length }) => length >= least).flat()) {
    mask[at] = 1;
    forNeighbours(at, height, width, 1, (neighbour) => void (mask[neighbour] = 1));
  }
  return mask;
}

/** The up to eight pixels that lie around one, at a distance. */
function forNeighbours(
  at: number, height: number, width: number, distance: number, visit: (neighbour: number) => void,
): void {
  const [x, y] = [at % width, Math.floor(at / width)];
  for (let row = y - distance; row <= y + distance; row += distance) {
    if (row < 0 || row >= height) continue;
    for (let column = x - distance; column <= x + distance; column += distance) {
      if (column >= 0 && column < width && (row !== y || column !== x)) visit(row * width + column);
    }
  }
}
