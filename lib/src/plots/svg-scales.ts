import type { Axis } from './figure';

/** Turns values into pixels along one axis. */
export interface Scale {
  (value: number | string): number;
  ticks: { at: number; label: string }[];
  isCategorical: boolean;
  /** Pixels from one category to the next, or of one unit; a logarithmic scale has none. */
  unit: number;
}

/**
 * @param values of all traces on the axis
 * @param pixels where the axis begins and ends
 * @param fromZero whether the axis holds zero, unless it says its range itself
 */
export function makeScale(axis: Axis, values: (number | string)[], pixels: [number, number], fromZero: boolean): Scale {
  if (axis.type === 'category' || values.some((value) => typeof value === 'string')) {
    return categoryScale(axis, values, axis.autorange === 'reversed' ? [pixels[1], pixels[0]] : pixels);
  }
  return axis.type === 'log' ? logScale(axis, values as number[], pixels)
    : linearScale(axis, values as number[], pixels, fromZero);
}

function categoryScale(axis: Axis, values: (number | string)[], [start, end]: [number, number]): Scale {
  const categories = [...new Set(values.map(String))];
  const band = (end - start) / Math.max(1, categories.length);
  // A number that is no category is a place among them, counted from 0, as annotations have it.
  const indexOf = (value: number | string): number => {
    const index = categories.indexOf(String(value));
    return index < 0 && typeof value === 'number' ? value : index;
  };
  const scale = (value: number | string): number => start + (indexOf(value) + 0.5) * band;
  const ticks = (axis.tickvals ?? categories).map((value) => ({ at: scale(value), label: String(value) }));
  return Object.assign(scale, { ticks, isCategorical: true, unit: Math.abs(band) });
}

function linearScale(axis: Axis, values: number[], [start, end]: [number, number], fromZero: boolean): Scale {
  const [first, last] = axis.range ?? paddedRange(values, fromZero || axis.rangemode === 'tozero');
  const [low, high] = [Math.min(first, last), Math.max(first, last)];
  const scale = (value: number | string): number => start + ((Number(value) - first) / (last - first)) * (end - start);
  const step = axis.dtick ?? niceStep((high - low) / Math.max(2, Math.abs(end - start) / 50));
  const ticks = axis.tickvals?.map(Number) ?? multiples(step, low, high);
  const label = (value: number, i: number): string => axis.ticktext?.[i] ?? formatTick(value, axis, step);
  return Object.assign(scale, {
    ticks: ticks.map((value, i) => ({ at: scale(value), label: label(value, i) })),
    isCategorical: false,
    unit: Math.abs((end - start) / (last - first)),
  });
}

export function multiples(step: number, low: number, high: number): number[] {
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, i) => (first + i) * step);
}

/** Powers of ten are labelled, unless the axis says what is. */
function logScale(axis: Axis, values: number[], [start, end]: [number, number]): Scale {
  const [low, high] = axis.range ?? paddedRange(values.filter((value) => value > 0).map(Math.log10), false);
  const scale = (value: number | string): number => start +
    ((Math.log10(Number(value)) - low) / (high - low)) * (end - start);
  const ticks = (axis.tickvals?.map(Number) ?? multiples(1, low, high).map((power) => 10 ** power))
    .map((value, i) => ({ at: scale(value), label: axis.ticktext?.[i] ?? numberText(value) }));
  return Object.assign(scale, { ticks, isCategorical: false, unit: NaN });
}

/** `0.001`, `2,000`, `1e-7`: as short as the number can be said. */
export function numberText(value: number): string {
  const size = Math.abs(value);
  const text = size !== 0 && (size < 0.999e-5 || size >= 1e7)
    ? value.toExponential(1).replace('.0e', 'e').replace('e+', 'e')
    : value.toLocaleString('en-US', { maximumSignificantDigits: 4 });
  return text.replace('-', '−').replace('e-', 'e−');
}

/** Of d3's formats, which Plotly takes, those for percentages. */
function formatTick(value: number, { tickformat }: Axis, step: number): string {
  const percent = tickformat?.endsWith('%') ?? false;
  const digits = Math.min(20, Math.max(0, -Math.floor(Math.log10(percent ? step * 100 : step) + 1e-9)));
  const shown = percent ? value * 100 : value;
  const label = (shown === 0 ? 0 : shown).toLocaleString('en-US',
    { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return (percent ? `${label}%` : label).replace('-', '−');
}

function paddedRange(values: number[], fromZero: boolean): [number, number] {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return [0, 1];
  const low = finite.reduce((a, b) => Math.min(a, b));
  const high = finite.reduce((a, b) => Math.max(a, b));
  const pad = (high - low || Math.abs(high) || 1) * 0.06;
  if (fromZero) return [Math.min(0, low < 0 ? low - pad : 0), Math.max(high + pad, 0)];
  return [low - pad, high + pad];
}

/** The smallest of 1, 2, 5 times a power of ten that is not below `rough`. */
export function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5].find((factor) => factor * power >= rough * (1 - 1e-9)) ?? 10) * power;
}
