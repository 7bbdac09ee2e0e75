import type { Figure } from '../plots/figure';
import { figureBundle } from './figures';
import { LiveOutput } from './output';

/** Milliseconds between two redraws. */
const REDRAW_INTERVAL = 100;
/**
 * Characters a millisecond that redraws may send: Jupyter lets one million bytes a second through, of all outputs
 * together.
 */
const RATE = 300;

/**
 * A figure below the cell that moves: each `update` takes the place of the one before. Updates that come faster than
 * they can be drawn are left out, but for the last one.
 *
 * ```ts
 * const moving = new LiveFigure();
 * for (const line of lines) {
 *   moving.update(lineFitFigure({ x, y }, [line]));
 *   await pause(50);
 * }
 * ```
 * Taught in bonus_line_fit.
 */
export class LiveFigure {
  private readonly output = new LiveOutput();
  private next = 0;
  private waiting: Figure | undefined;
  private timer: NodeJS.Timeout | undefined;

  /** Draws the figure, now or as soon as the one before has had its time. */
  update(figure: Figure): void {
    this.waiting = figure;
    const wait = this.next - performance.now();
    if (wait <= 0) this.draw();
    else this.timer ??= setTimeout(() => this.draw(), wait);
  }

  private draw(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (!this.waiting) return;
    const bundle = figureBundle(this.waiting);
    this.waiting = undefined;
    this.output.update(bundle);
    this.next = performance.now() + Math.max(REDRAW_INTERVAL, JSON.stringify(bundle).length / RATE);
  }
}

/** Waits, so that what has been shown can be seen before the loop goes on, and an interrupt can come through. */
export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
