import type { Outline, Placement } from './outline';

/**
 * Which part of each pixel an area covers: exactly for straight outlines, so edges are smooth. Made once for a size and
 * filled again for each shape.
 *
 * Each edge leaves in its pixels how much it changes the cover of all pixels to the right of it; adding up a row gives
 * the cover. Only + - * / and rounding, whose results IEEE 754 fixes.
 */
export class Mask {
  /** `[height * width]`, 0 to 1; true within `left`, `top`, `right`, `bottom` (both ends excluded) only. */
  readonly cover: Float32Array;
  left = 0;
  top = 0;
  right = 0;
  bottom = 0;
  /** Where the outlines that follow lie in the picture. */
  placement: Placement = [1, 0, 0, 0, 1, 0];
  private readonly changes: Float64Array;
  /** The outline at hand, placed; its first point again at its end. Kept, because many are added. */
  private points = new Float64Array(256);
  private readonly stride: number;

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.cover = new Float32Array(width * height);
    this.stride = width + 2;
    this.changes = new Float64Array(this.stride * height);
  }

  /** Covers the union of some areas. */
  fill(outlines: readonly Outline[]): void {
    this.left = this.width;
    this.top = this.height;
    this.right = 0;
    this.bottom = 0;
    for (const outline of outlines) this.add(outline);
    if (this.left >= this.right || this.top >= this.bottom) {
      this.right = this.left;
      this.bottom = this.top;
    }
    for (let row = this.top; row < this.bottom; row++) {
      let sum = 0;
      const from = row * this.stride;
      const to = row * this.width;
      for (let column = this.left; column < this.right; column++) {
        sum += this.changes[from + column];
        this.changes[from + column] = 0;
        this.cover[to + column] = sum < 1e-4 ? 0 : sum > 1 ? 1 : sum;
      }
      this.changes.fill(0, from + this.right, from + this.stride);
    }
  }

  private add(outline: Outline): void {
    const [a, b, c, d, e, f] = this.placement;
    const count = outline.length / 2;
    if (this.points.length < outline.length + 2) this.points = new Float64Array(2 * outline.length);
    const { points } = this;
    let left = Infinity;
    let right = -Infinity;
    let top = Infinity;
    let bottom = -Infinity;
    for (let i = 0; i < count; i++) {
      const x = a * outline[2 * i] + b * outline[2 * i + 1] + c;
      const y = d * outline[2 * i] + e * outline[2 * i + 1] + f;
      points[2 * i] = x;
      points[2 * i + 1] = y;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      if (y > bottom) bottom = y;
    }
    if (right <= 0 || left >= this.width || bottom <= 0 || top >= this.height) return;
    points[2 * count] = points[0];
    points[2 * count + 1] = points[1];
    let area = 0;
    for (let i = 0; i < 2 * count; i += 2) area += points[i] * points[i + 3] - points[i + 2] * points[i + 1];
    // All areas turn the same way, so that two of them never cancel out.
    const sign = area < 0 ? -1 : 1;
    for (let i = 0; i < 2 * count; i += 2) {
      const y0 = points[i + 1];
      const y1 = points[i + 3];
      if (y0 < y1) this.edge(points[i], y0, points[i + 2], y1, -sign);
      else if (y0 > y1) this.edge(points[i + 2], y1, points[i], y0, sign);
    }
    this.left = Math.min(this.left, Math.max(0, Math.floor(left)));
    this.top = Math.min(this.top, Math.max(0, Math.floor(top)));
    this.right = Math.max(this.right, Math.min(this.width, Math.floor(right) + 1));
    this.bottom = Math.max(this.bottom, Math.min(this.height, Math.floor(bottom) + 1));
  }

  /** An edge that goes down: `sign` 1 if the area lies to the right of it. */
  private edge(x0: number, y0: number, x1: number, y1: number, sign: number): void {
    const { changes, stride, width, height } = this;
    const slope = (x1 - x0) / (y1 - y0);
    const end = Math.min(height, y1);
    for (let row = Math.max(0, Math.floor(y0)); row < end; row++) {
      const upper = row > y0 ? row : y0;
      const lower = row + 1 < y1 ? row + 1 : y1;
      const change = sign * (lower - upper);
      const atUpper = Math.min(width, Math.max(0, x0 + (upper - y0) * slope));
      const atLower = Math.min(width, Math.max(0, x0 + (lower - y0) * slope));
      const from = atUpper < atLower ? atUpper : atLower;
      const to = atUpper < atLower ? atLower : atUpper;
      const first = Math.floor(from);
      const last = Math.floor(to);
      const start = row * stride;
      if (first === last) {
        const right = change * ((from + to) / 2 - first);
        changes[start + first] += change - right;
        changes[start + first + 1] += right;
        continue;
      }
      // The edge crosses pixels: each is covered by a trapezium. `before` is the cover that has been handed out.
      const perPixel = change / (to - from);
      let before = 0;
      for (let column = first; column <= last; column++) {
        const enter = column > from ? column : from;
        const leave = column + 1 < to ? column + 1 : to;
        const part = perPixel * (leave - enter);
        const inside = part * (column + 1 - (enter + leave) / 2);
        // What passed earlier pixels covers this one wholly; it has been added there already.
        changes[start + column] += inside + before;
        before = part - inside;
      }
      changes[start + last + 1] += before;
    }
  }
}
