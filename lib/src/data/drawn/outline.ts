import type { Random } from '../../random';

/** Pixels of a side of MNIST's and Fashion-MNIST's pictures, in which outlines of digits and garments lie. */
export const side = 28;

/** A line as x, y, x, y, ... with x to the right and y down; as an area, its end is joined to its beginning. */
export type Outline = readonly number[];

/**
 * Points of a circle of radius 1. Their angles come from the tangents of half of them: IEEE 754 fixes the results of
 * division, not those of Math.cos.
 */
const unitCircle: Outline = (() => {
  const pointsAQuarter = 6;
  const points: number[] = [];
  for (let i = 0; i < 4 * pointsAQuarter; i++) {
    const half = (i % pointsAQuarter) / pointsAQuarter;
    const [cosine, sine] = [(1 - half * half) / (1 + half * half), (2 * half) / (1 + half * half)];
    const quarter = Math.floor(i / pointsAQuarter);
    if (quarter === 0) points.push(cosine, sine);
    else if (quarter === 1) points.push(-sine, cosine);
    else if (quarter === 2) points.push(-cosine, -sine);
    else points.push(sine, -cosine);
  }
  return points;
})();

export const ellipse = (x: number, y: number, radiusX: number, radiusY = radiusX): Outline =>
  unitCircle.map((value, i) => (i % 2 === 0 ? x + radiusX * value : y + radiusY * value));

export const rectangle = (left: number, top: number, right: number, bottom: number): Outline => [
  ...[left, top, right, top],
  ...[right, bottom, left, bottom],
];

/** A shape on the left and its mirror image about x = `middle`, as one outline; `half` goes from top to bottom. */
export function mirrored(half: Outline, middle: number): Outline {
  const points = [...half];
  for (let i = half.length - 2; i >= 0; i -= 2) points.push(2 * middle - half[i], half[i + 1]);
  return points;
}

/** A smooth line through points: a uniform Catmull-Rom spline; `isClosed` bends the end into the beginning. */
export function smooth(points: Outline, isClosed: boolean, samplesPerSpan = 4): Outline {
  const count = points.length / 2;
  const at = (i: number, axis: number): number =>
    points[2 * (isClosed ? (i + count) % count : Math.min(count - 1, Math.max(0, i))) + axis];
  const spans = isClosed ? count : count - 1;
  const line: number[] = [];
  for (let span = 0; span < spans; span++) {
    for (let sample = 0; sample < samplesPerSpan; sample++) {
      for (let axis = 0; axis < 2; axis++) {
        const [p0, p1] = [at(span - 1, axis), at(span, axis)];
        const [p2, p3] = [at(span + 1, axis), at(span + 2, axis)];
        line.push(catmullRom(p0, p1, p2, p3, sample / samplesPerSpan));
      }
    }
  }
  if (!isClosed) line.push(at(count - 1, 0), at(count - 1, 1));
  return line;
}

/**
 * A uniform Catmull-Rom spline: the curve between `p1` (t = 0) and `p2` (t = 1), with the neighbours `p0` and `p3`.
 * Source: E. Catmull, R. Rom, "A class of local interpolating splines", 1974.
 */
export const catmullRom = (p0: number, p1: number, p2: number, p3: number, t: number): number =>
  p1 + 0.5 * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)));

/** A line with a width, as one area for each of its pieces; the width may change from its beginning to its end. */
export function stroke(line: Outline, width: number, widthAtEnd = width): Outline[] {
  const pieces: Outline[] = [];
  const count = line.length / 2;
  for (let i = 0; i + 1 < count; i++) {
    const [x0, y0, x1, y1] = [line[2 * i], line[2 * i + 1], line[2 * i + 2], line[2 * i + 3]];
    const length = Math.sqrt((x1 - x0) * (x1 - x0) + (y1 - y0) * (y1 - y0));
    if (length === 0) continue;
    const [normalX, normalY] = [(y0 - y1) / length / 2, (x1 - x0) / length / 2];
    const begin = width + ((widthAtEnd - width) * i) / (count - 1);
    const end = width + ((widthAtEnd - width) * (i + 1)) / (count - 1);
    pieces.push([
      ...[x0 + normalX * begin, y0 + normalY * begin, x1 + normalX * end, y1 + normalY * end],
      ...[x1 - normalX * end, y1 - normalY * end, x0 - normalX * begin, y0 - normalY * begin],
    ]);
  }
  return pieces;
}

/** How a drawing is put into the picture: `x' = a x + b y + c`, `y' = d x + e y + f`. */
export type Placement = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** Scales (`scaleX` below 0 mirrors), leans and turns about the origin, then moves it to `x`, `y`. */
export function placement(scaleX: number, scaleY: number, lean: number, turn: number, x: number, y: number): Placement {
  // The tangent of half the angle gives sine and cosine without either function.
  const half = turn / 2;
  const cosine = (1 - half * half) / (1 + half * half);
  const sine = (2 * half) / (1 + half * half);
  return [
    ...([cosine * scaleX, cosine * lean * scaleY - sine * scaleY, x] as const),
    ...([sine * scaleX, sine * lean * scaleY + cosine * scaleY, y] as const),
  ];
}

/** Each point moved a little, with this standard deviation. */
export const jitter = (line: Outline, deviation: number, random: Random): Outline =>
  line.map((value) => value + deviation * random.normal());
