/**
 * A figure is data: what Plotly calls traces and a layout. It is drawn interactively by plotly.js in JupyterLab and
 * statically by `toSvg`, which knows exactly the traces and settings that are declared here.
 */

/** Text, lines and areas in the colours of Okabe and Ito, which people with any colour vision can tell apart. https://jfly.uni-koeln.de/color/ */
export const colors = {
  training: '#0072B2',
  validation: '#D55E00',
  highlight: '#009E73',
  neutral: '#7F7F7F',
} as const;

/** For parts of which none is special, in this order: the eight colours of Okabe and Ito, yellow and black last. */
export const palette = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#56B4E9', '#E69F00', '#F0E442', '#000000'] as const;

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
}

/** Points joined by lines, or shown as markers, or both. */
export interface ScatterTrace extends Placed {
  type: 'scatter';
  mode: 'lines' | 'markers' | 'lines+markers';
  x: number[];
  y: number[];
  line?: LineStyle;
  /** The size in pixels, of all markers or of each. */
  marker?: { color?: string; size?: number | number[] };
  /** What is said of each point where the mouse is, as `%{text}` of `hovertemplate`. */
  text?: string[];
  opacity?: number;
  /** false: a marker on the edge is drawn whole. */
  cliponaxis?: false;
}

/** One bar a category; the bars of several traces stand side by side. */
export interface BarTrace extends Placed {
  type: 'bar';
  x: (string | number)[];
  y: number[];
  marker?: { color?: string };
  /** Written above each bar. */
  text?: string[];
  textposition?: 'outside';
}

export type Trace = ScatterTrace | BarTrace;

export interface Axis {
  title?: { text: string };
  range?: [number, number];
  /** The part of the figure's width or height that the axis takes, from 0 to 1. */
  domain?: [number, number];
  anchor?: string;
  type?: 'linear' | 'category';
  rangemode?: 'normal' | 'tozero';
  tickformat?: string;
  dtick?: number;
}

export interface Annotation {
  text: string;
  x: number;
  y: number;
  xref?: 'x' | 'x2' | 'paper';
  yref?: 'y' | 'y2' | 'paper';
  showarrow: boolean;
  ax?: number;
  ay?: number;
  xanchor?: 'left' | 'center' | 'right';
  yanchor?: 'top' | 'middle' | 'bottom';
}

export interface Layout {
  title?: { text: string };
  height: number;
  showlegend?: boolean;
  legend?: { orientation: 'h'; x?: number; y?: number; yanchor?: 'bottom' };
  margin?: { l?: number; r?: number; t?: number; b?: number };
  xaxis?: Axis;
  yaxis?: Axis;
  xaxis2?: Axis;
  yaxis2?: Axis;
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
