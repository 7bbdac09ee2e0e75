import { LiveFigure, lineFitFigure, pause, type Figure } from '@course/lib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const hook = Symbol.for('course.display');
const kernel = globalThis as unknown as Record<symbol, unknown>;

interface Output {
  data: Record<string, any>;
  displayId: string;
  update: boolean;
}

const figureOf = (m: number): Figure => lineFitFigure({ x: [0, 1], y: [0, 1] }, [{ m, b: 0, name: 'line' }]);
const slopeOf = ({ data }: Output): number => Number(/y = ([\d.]+) x/.exec(data['text/plain'])?.[1]);

describe('LiveFigure', () => {
  let outputs: Output[];
  beforeEach(() => {
    vi.useFakeTimers();
    outputs = [];
    kernel[hook] = (output: Output) => outputs.push(output);
  });
  afterEach(() => {
    vi.useRealTimers();
    delete kernel[hook];
  });

  it('draws in place, the first state at once', () => {
    const live = new LiveFigure();
    live.update(figureOf(1));
    expect(outputs).toHaveLength(1);
    vi.advanceTimersByTime(1000);
    live.update(figureOf(2));
    expect(outputs.map(({ update }) => update)).toEqual([false, true]);
    expect(new Set(outputs.map(({ displayId }) => displayId)).size).toBe(1);
  });

  it('leaves out what comes too fast, but for the last state', () => {
    const live = new LiveFigure();
    for (let m = 1; m <= 50; m++) {
      live.update(figureOf(m));
      vi.advanceTimersByTime(10);
    }
    vi.advanceTimersByTime(1000);
    // Half a second, ten redraws a second at most.
    expect(outputs.length).toBeGreaterThan(2);
    expect(outputs.length).toBeLessThanOrEqual(7);
    expect(slopeOf(outputs.at(-1)!)).toBe(50);
    const slopes = outputs.map(slopeOf);
    expect(slopes).toEqual([...slopes].sort((a, b) => a - b));
  });

  it('sends at most 300 kB a second, however large the figure is', () => {
    const live = new LiveFigure();
    const large = figureOf(1);
    large.layout.meta.alt = 'x'.repeat(50_000);
    for (let i = 0; i < 300; i++) {
      live.update(large);
      vi.advanceTimersByTime(10);
    }
    const sent = outputs.reduce((sum, output) => sum + JSON.stringify(output.data).length, 0);
    // Three seconds, and the first one that is sent at once.
    expect(sent).toBeLessThanOrEqual(3 * 300_000 + JSON.stringify(outputs[0].data).length * 1.1);
    expect(outputs.length).toBeGreaterThan(3);
  });
});

describe('pause', () => {
  it('lets other work happen', async () => {
    let happened = false;
    setTimeout(() => (happened = true), 1);
    await pause(20);
    expect(happened).toBe(true);
  });
});
