import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Progress, formatBytes, formatTime } from '../../setup/progress.mjs';

describe('formatTime', () => {
  it('changes from seconds to minutes', () => {
    expect([0, 1234, 59_900, 59_990, 61_000, 754_000].map(formatTime)).toEqual(['0.0 s', '1.2 s', '59.9 s', '1 min 00 s', '1 min 01 s', '12 min 34 s']);
  });
});

describe('formatBytes', () => {
  it('changes from MB to GB', () => {
    expect([0, 213_900_000, 999_000_000, 1_250_000_000].map(formatBytes)).toEqual(['0 MB', '214 MB', '999 MB', '1.3 GB']);
  });
});

describe('Progress', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const output = (isTTY: boolean) => {
    const stream = Object.assign(new PassThrough(), { isTTY, columns: 60 }) as unknown as NodeJS.WriteStream & PassThrough;
    return { stream, text: () => String(stream.read() ?? '') };
  };

  it('prints a line at the start, every ten seconds and at the end, without a terminal', () => {
    const { stream, text } = output(false);
    const step = new Progress(stream).start('Engine', 'fetching');
    expect(text()).toBe('Engine: fetching\n');
    vi.advanceTimersByTime(9_000);
    expect(text()).toBe('');
    step.report('unpacking');
    vi.advanceTimersByTime(12_000);
    expect(text()).toBe('Engine: unpacking, 10.0 s so far\nEngine: unpacking, 20.0 s so far\n');
    step.end('done');
    expect(text()).toBe('Engine: done after 21.0 s\n');
    vi.advanceTimersByTime(60_000);
    expect(text()).toBe('');
  });

  it('keeps one line for each running step on a terminal, none longer than it is wide', () => {
    const { stream, text } = output(true);
    const progress = new Progress(stream);
    const one = progress.start('One', 'x'.repeat(100));
    const two = progress.start('Two', 'at work');
    vi.advanceTimersByTime(200);
    const lines = text().split('\n').filter(Boolean);
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line.length).toBeLessThan(60);
    vi.advanceTimersByTime(200);
    expect(text()).toMatch(/^\x1b\[2A\x1b\[J/); // Two lines up, and erase them.
    one.end('done');
    expect(text()).toContain('  done    One (0.4 s)\n');
    two.end('failed');
    vi.advanceTimersByTime(1000);
    expect(text()).toMatch(/failed  Two \(0\.4 s\)\n$/);
  });
});
