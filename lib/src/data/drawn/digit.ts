import { digitForms, type Form, type PathPoint } from './forms';
import type { Random } from '../../random';
import { catmullRom, side } from './outline';

/** Pixels of a side of the box that a digit fills in MNIST. */
const boxSide = 20;

/** How much hands differ. Tuned so that a dense network errs about as often as on MNIST; see datasets/README.md. */
const hand = {
  /** Standard deviation of each point, of a digit 100 high. */
  pointJitter: 6.6,
  /** Standard deviations of how far the digit leans, turns (radians) and bends. */
  slant: 0.28,
  turn: 0.13,
  bend: 0.13,
  /** Width of the digit, of its height. */
  narrowest: 0.5,
  widest: 0.86,
  /** Half the width of the line, in pixels. */
  thinnest: 0.8,
  thickest: 1.9,
  /** The largest part of a stroke that may be missing at either end. */
  cut: 0.15,
  /** The largest part of its ink that a pixel may lack. */
  grain: 0.22,
};

const samplesPerSpan = 6;

/** The pen's way: x, y of each sample, and whether the pen is down between it and the one before. */
interface Trace {
  readonly x: number[];
  readonly y: number[];
  readonly isDown: boolean[];
}

/**
 * Draws one digit: white ink (255) on black (0), scaled into a box of 20 x 20 pixels and moved so that the centre of
 * mass of its ink is the centre of the 28 x 28 picture, as MNIST's digits are. Writes into `picture` (784 bytes).
 *
 * Uses only operations whose results IEEE 754 fixes (no sine, no logarithm), so all machines draw the same picture from
 * one seed.
 */
export function drawDigit(digit: number, random: Random, picture: Uint8Array): void {
  const ways = digitForms[digit];
  const trace = follow(ways[random.below(ways.length)], random);
  deform(trace, random);
  const radius = random.between(hand.thinnest, hand.thickest);
  fitBox(trace, boxSide * random.between(0.92, 1) - 2 * radius);
  const ink = inkTrace(trace, radius, random);
  const [down, right] = offsetOfMass(ink);
  const full = random.between(0.85, 1.1);
  for (let i = 0; i < picture.length; i++) {
    const row = Math.floor(i / side) + down;
    const column = (i % side) + right;
    const isInside = row >= 0 && row < side && column >= 0 && column < side;
    const cover = isInside ? ink[row * side + column] : 0;
    picture[i] = cover === 0 ? 0 : Math.min(255, Math.round(255 * cover * full * (1 - hand.grain * random.fraction())));
  }
}

/** Samples a smooth curve through the points of each stroke, each point moved a little. */
function follow(form: Form, random: Random): Trace {
  const trace: Trace = { x: [], y: [], isDown: [] };
  for (const stroke of form) {
    const points = stroke.map(({ x, y, isCorner }) => ({
      x: x + hand.pointJitter * random.normal(),
      y: y + hand.pointJitter * random.normal(),
      isCorner,
    }));
    const spans = points.length - 1;
    // Hasty hands leave out the beginning or the end of a stroke.
    const from = hand.cut * random.fraction() * random.fraction() * spans;
    const to = spans - hand.cut * random.fraction() * random.fraction() * spans;
    let isDown = false;
    for (let sample = 0; sample <= spans * samplesPerSpan; sample++) {
      const at = sample / samplesPerSpan;
      if (at < from || at > to) continue;
      const span = Math.min(Math.floor(at), spans - 1);
      trace.x.push(onCurve(points, span, at - span, 'x'));
      trace.y.push(onCurve(points, span, at - span, 'y'));
      trace.isDown.push(isDown);
      isDown = true;
    }
  }
  return trace;
}

/** At a corner and at an end the neighbour beyond is mirrored away, so the curve does not bend around it. */
function onCurve(points: readonly PathPoint[], span: number, t: number, axis: 'x' | 'y'): number {
  const p1 = points[span][axis];
  const p2 = points[span + 1][axis];
  const p0 = span === 0 || points[span].isCorner ? p1 - (p2 - p1) * 0.5 : points[span - 1][axis];
  const p3 = span + 2 >= points.length || points[span + 1].isCorner ? p2 + (p2 - p1) * 0.5 : points[span + 2][axis];
  return catmullRom(p0, p1, p2, p3, t);
}

/** Width, slant, turn and a bend of the whole digit. */
function deform({ x, y }: Trace, random: Random): void {
  const width = random.between(hand.narrowest, hand.widest);
  const slant = hand.slant * random.normal();
  const bendX = hand.bend * random.normal();
  const bendY = hand.bend * random.normal();
  // The tangent of half the angle gives sine and cosine without either function.
  const half = (hand.turn / 2) * random.normal();
  const cosine = (1 - half * half) / (1 + half * half);
  const sine = (2 * half) / (1 + half * half);
  for (let i = 0; i < x.length; i++) {
    const u = (x[i] - 50) * width;
    const v = y[i] - 50;
    const bentX = u - slant * v + (bendX * (v * v - 900)) / 50;
    const bentY = v + (bendY * (u * u - 300)) / 50;
    x[i] = cosine * bentX - sine * bentY;
    y[i] = sine * bentX + cosine * bentY;
  }
}

/** Scales the trace so that its longer side is `length`, its shape kept, and puts it into the middle of the picture. */
function fitBox({ x, y }: Trace, length: number): void {
  const [left, right] = [Math.min(...x), Math.max(...x)];
  const [top, bottom] = [Math.min(...y), Math.max(...y)];
  const scale = length / Math.max(right - left, bottom - top);
  const middle = (side - 1) / 2;
  for (let i = 0; i < x.length; i++) {
    x[i] = middle + (x[i] - (left + right) / 2) * scale;
    y[i] = middle + (y[i] - (top + bottom) / 2) * scale;
  }
}

/** The ink in each pixel, 0 to 1. The pressure of the pen wanders. */
function inkTrace({ x, y, isDown }: Trace, radius: number, random: Random): Float64Array {
  const ink = new Float64Array(side * side);
  const soft = random.between(0.45, 0.8);
  let pressure = random.between(0.85, 1.15);
  for (let i = 1; i < x.length; i++) {
    if (!isDown[i]) continue;
    pressure = Math.min(1.25, Math.max(0.75, pressure + 0.06 * random.normal()));
    inkLine(ink, x[i - 1], y[i - 1], x[i], y[i], radius * pressure, soft);
  }
  return ink;
}

/** How many rows and columns the centre of mass lies below and right of the middle. */
function offsetOfMass(ink: Float64Array): [number, number] {
  let [mass, rows, columns] = [0, 0, 0];
  for (let i = 0; i < ink.length; i++) {
    mass += ink[i];
    rows += ink[i] * Math.floor(i / side);
    columns += ink[i] * (i % side);
  }
  const middle = (side - 1) / 2;
  return [Math.round(rows / mass - middle), Math.round(columns / mass - middle)];
}

/** Inks the pixels near a line: fully within the radius, fading over `soft` pixels on either side of its edge. */
function inkLine(
  ink: Float64Array,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  radius: number,
  soft: number,
): void {
  const reach = radius + soft;
  const [dx, dy] = [x1 - x0, y1 - y0];
  const squared = dx * dx + dy * dy;
  const firstRow = Math.max(0, Math.ceil(Math.min(y0, y1) - reach));
  const lastRow = Math.min(side - 1, Math.floor(Math.max(y0, y1) + reach));
  const firstColumn = Math.max(0, Math.ceil(Math.min(x0, x1) - reach));
  const lastColumn = Math.min(side - 1, Math.floor(Math.max(x0, x1) + reach));
  for (let row = firstRow; row <= lastRow; row++) {
    for (let column = firstColumn; column <= lastColumn; column++) {
      const along = squared === 0 ? 0 : ((column - x0) * dx + (row - y0) * dy) / squared;
      const nearest = Math.min(1, Math.max(0, along));
      const [awayX, awayY] = [column - x0 - nearest * dx, row - y0 - nearest * dy];
      const depth = (reach - Math.sqrt(awayX * awayX + awayY * awayY)) / (2 * soft);
      if (depth <= 0) continue;
      const cover = depth >= 1 ? 1 : depth * depth * (3 - 2 * depth);
      const pixel = row * side + column;
      if (cover > ink[pixel]) ink[pixel] = cover;
    }
  }
}
