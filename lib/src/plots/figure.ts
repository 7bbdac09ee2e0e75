/**
 * A figure is data: what Plotly calls traces and a layout. It is drawn interactively by plotly.js in JupyterLab and
 * statically by `toSvg`, which knows exactly the traces and settings that are declared here.
 */

/**
 * Text, lines and areas in the colours of Okabe and Ito, which people with any colour vision can tell apart. Each can
 * be seen on a white and on a dark page. https://jfly.uni-koeln.de/color/
 */
export const colors = {
  training: '#0072B2',
  validation: '#D55E00',
  highlight: '#009E73',
  neutral: '#7F7F7F',
} as const;

/**
 * For parts of which none is special, in this order: the colours of Okabe and Ito, yellow last, with a grey instead of
 * black, which a dark page would swallow.
 */
export const palette = [
  '#0072B2', '#D55E00', '#009E73', '#CC79A7', '#56B4E9', '#E69F00', '#F0E442', '#7F7F7F',
] as const;

/** Places from 0 to 1 with their colours; between them the colours blend. */
export type ColorScale = (readonly [at: number, color: string])[];

/** For numbers on both sides of zero: blue below, white at the middle, orange above. */
export const diverging: ColorScale = [
  [0, '#003B5C'], [0.25, '#0072B2'], [0.5, '#F7F7F7'], [0.75, '#D55E00'], [1, '#6E3000'],
];
/** For shares and amounts: the more, the darker. */
export const blues: ColorScale = [[0, '#F4F8FB'], [0.5, '#7FB8DA'], [1, '#0072B2']];
export const oranges: ColorScale = [[0, '#FDF5EF'], [0.5, '#F0AE7A'], [1, '#D55E00']];

export interface LineStyle {
  color?: string;
  width?: number;
  dash?: 'solid' | 'dash' | 'dot';
}

interface Placed {
  name?: string;
  /** `x2` and `y2` put a trace on the second pair of axes. */
  xaxis?: 'x' | 'x2';
  yaxis?: 'y' | 'y2';
  showlegend?: boolean;
  /** Traces with the same group share one entry in the legend. */
  legendgroup?: string;
  hovertemplate?: string;
  /** `skip`: the mouse finds nothing here. */
  hoverinfo?: 'skip';
  opacity?: number;
}

/** The shape of a marker, so that traces are told apart without their colours. */
export const markerSymbols = ['circle', 'square', 'diamond'] as const;
export type MarkerSymbol = typeof markerSymbols[number];

/** Points joined by lines, or shown as markers, or both. */
export interface ScatterTrace extends Placed {
  type: 'scatter';
  mode: 'lines' | 'markers' | 'lines+markers';
  /** NaN, in x or in y, is a gap. */
  x: number[];
  y: number[];
  line?: LineStyle;
  /** The size in pixels, of all markers or of each. */
  marker?: {
    color?: string; size?: number | number[]; line?: { color?: string; width: number }; opacity?: 1; symbol?: MarkerSymbol;
  };
  /** The line encloses an area of this colour. */
  fill?: 'toself';
  fillcolor?: string;
  /** What is said of each point where the mouse is, as `%{text}` of `hovertemplate`. */
  text?: string[];
  /** false: a marker on the edge is drawn whole. */
  cliponaxis?: false;
}

/**
 * Bars from zero, standing on the horizontal axis or, with `orientation: 'h'`, lying along it. `layout.barmode` says
 * how the bars of several traces share a place.
 */
export interface BarTrace extends Placed {
  type: 'bar';
  x: (string | number)[];
  y: (string | number)[];
  orientation?: 'h';
  /** How wide a bar is, in units of the axis; else the bars of one place take 0.8 of it. */
  width?: number;
  marker?: { color?: string };
  /** Written above or into each bar. */
  text?: string[];
  textposition?: 'outside' | 'inside';
  insidetextanchor?: 'middle';
  textangle?: 0;
}

/** A field of cells whose colours are numbers. `x` and `y` name the middles of the cells, which are of one size. */
export interface HeatmapTrace extends Placed {
  type: 'heatmap';
  x: (string | number)[];
  y: (string | number)[];
  /** One list a row, in the order of `y`; NaN is a hole. */
  z: number[][];
  zmin: number;
  zmax: number;
  colorscale: ColorScale;
  /** Colours blend from the middle of one cell to that of the next. */
  zsmooth?: 'best';
  /** Pixels between cells. */
  xgap?: number;
  ygap?: number;
  showscale?: boolean;
  colorbar?: ColorBar;
  text?: string[][];
  /** Writes `text` into the cells. */
  texttemplate?: '%{text}';
}

/** The legend of a heat map, to the right of the axes. */
export interface ColorBar {
  title: { text: string; side: 'right' };
  tickvals?: number[];
  ticktext?: string[];
  tickformat?: string;
  thickness: number;
}

export type Trace = ScatterTrace | BarTrace | HeatmapTrace;

export interface Axis {
  title?: { text: string };
  /**
   * From the left or bottom to the right or top: the larger number first turns the axis round. On a logarithmic axis
   * the powers of ten.
   */
  range?: [number, number];
  /** The part of the figure's width or height that the axis takes, from 0 to 1. */
  domain?: [number, number];
  anchor?: string;
  type?: 'linear' | 'log' | 'category';
  /** The first category at the top. */
  autorange?: 'reversed';
  rangemode?: 'normal' | 'tozero';
  tickformat?: string;
  dtick?: number;
  /** Places that have a label; names on an axis of categories. */
  tickvals?: (number | string)[];
  ticktext?: string[];
  /** Labels from the bottom to the top. */
  tickangle?: -90;
  showgrid?: boolean;
  zeroline?: boolean;
}

export interface Annotation {
  text: string;
  /** On a logarithmic axis the power of ten, on one of categories the place, from 0. */
  x: number;
  y: number;
  xref?: 'x' | 'x2';
  yref?: 'y' | 'y2';
  showarrow: boolean;
  ax?: number;
  ay?: number;
  xanchor?: 'left' | 'center' | 'right';
  yanchor?: 'top' | 'middle' | 'bottom';
}

export interface Layout {
  title?: { text: string; font: { size: number } };
  height: number;
  showlegend?: boolean;
  legend?: { orientation: 'h'; x?: number; y?: number; yanchor?: 'bottom'; traceorder?: 'normal' };
  margin?: { l?: number; r?: number; t?: number; b?: number };
  xaxis?: Axis;
  yaxis?: Axis;
  xaxis2?: Axis;
  yaxis2?: Axis;
  /** Side by side (`group`, if not given), on top of each other, or each in front of the other. */
  barmode?: 'group' | 'stack' | 'overlay';
  annotations?: Annotation[];
  meta: {
    /** What a screen reader says instead of the picture. */
    alt: string;
  };
}

export interface Figure {
  data: Trace[];
  layout: Layout;
}

/** Above the axes, from the left. */
export const legendAbove = { orientation: 'h', x: 0, y: 1.04, yanchor: 'bottom', traceorder: 'normal' } as const;

/** Enough digits for a screen; more would only make the notebook larger. */
export const rounded = (value: number, digits = 5): number => Number(value.toPrecision(digits));

/** More points than this cannot be told apart, and would fill the notebook. */
export const MOST_POINTS = 500;

/** At most 500 of them, evenly spread, with the first and the last. */
export function thinned<T>(points: readonly T[]): readonly T[] {
  if (points.length <= MOST_POINTS) return points;
  const step = (points.length - 1) / (MOST_POINTS - 1);
  return Array.from({ length: MOST_POINTS }, (_, i) => points[Math.round(i * step)]);
}

/** The same for a place on an axis that is `span` long: far from zero, its first digits are those of all places. */
export function roundedOn(span: number, value: number): number {
  const leading = Math.ceil(Math.log10(Math.abs(value) / span || 1));
  return rounded(value, Math.min(17, Math.max(0, leading) + 5));
}

/**
 * Names that tell classes apart on an axis: long ones are cut, with their number if they are the same then.
 *
 * @throws Error if two names are the same
 */
export function axisNames(caller: string, what: string, names: readonly string[], most = 20): string[] {
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) {
    throw new Error(`${caller}: got the ${what} name "${twice}" twice; expected a name of its own for each.`);
  }
  const cut = names.map((name) => (name.length > most ? `${name.slice(0, most - 1)}…` : name));
  return cut.map((name, i) => (cut.indexOf(name) === cut.lastIndexOf(name) ? name
    : `${name.slice(0, most - 6)}… ${i + 1}`));
}

/** Pixels that a letter takes at most, but for a few wide ones. */
export const LETTER = 7.5;
/** The same, about, at the ticks of an axis. */
const SMALL_LETTER = 6;
/** Pixels from one line of text to the next. */
const LINE = 14;

/** The part of an axis of names that shows them in `room` pixels for each: turned or left out where that is little. */
export function namesAlong(names: readonly string[], room: number): Pick<Axis, 'tickangle' | 'tickvals'> {
  const isTurned = longestOf(names) * SMALL_LETTER > room;
  return { ...(isTurned && { tickangle: -90 as const }), ...namesDown(names, room) };
}

/** The same where the names stand one below the other. */
export function namesDown(names: readonly string[], room: number): Pick<Axis, 'tickvals'> {
  const every = Math.ceil(LINE / room);
  return every > 1 && names.length > 1 ? { tickvals: names.filter((_, i) => i % every === 0) } : {};
}

export const longestOf = (names: readonly string[]): number =>
  names.reduce((length, name) => Math.max(length, name.length), 0);
