import { LETTER, longestOf, type Annotation, type Axis, type Figure, type Layout, type Trace } from './figure';
import { dashes, GRID, INK, line, marker, n, picture, text } from './svg-elements';
import { drawColorBars, drawTraces } from './svg-marks';
import { makeScale, type Scale } from './svg-scales';

export { escapeXml } from './svg-elements';

/**
 * The same figure as a static picture, for every place that runs no scripts: GitHub, exported pages, print.
 * It knows the traces and the settings that `Figure` declares and leaves out nothing of them.
 *
 * @param width in pixels; the height is the figure's own
 */
export function toSvg(figure: Figure, width = 900): string {
  const { data } = figure;
  const legend = placeLegend(figure, width);
  const layout = withRoom(figure.layout, legend);
  const panels = makePanels({ data, layout }, width);
  const parts = [
    `<defs>${panels.map(clipPath).join('')}</defs>`,
    ...panels.map((panel) => drawAxes(panel)),
    ...panels.map((panel) => drawTraces(data.filter((trace) => isOn(trace, panel.name)), panel, layout)),
    ...panels.map((panel) => drawColorBars(data.filter((trace) => isOn(trace, panel.name)), panel)),
    ...(layout.annotations ?? []).map((annotation) => drawAnnotation(annotation, panels)),
    drawLegend(legend, layout),
    layout.title ? text(layout.title.text, width / 2, 24, { anchor: 'middle', size: layout.title.font.size }) : '',
  ];
  return picture(width, layout.height, layout.meta.alt, parts.join(''));
}

/** One pair of axes: where it lies in the picture and how values become pixels. */
export interface Panel {
  name: 'x' | 'x2';
  left: number;
  right: number;
  top: number;
  bottom: number;
  xAxis: Axis;
  yAxis: Axis;
  x: Scale;
  y: Scale;
  /** The name of the area outside of which nothing is drawn. */
  clip: string;
}

const isOn = (trace: Trace, name: Panel['name']): boolean => (trace.xaxis ?? 'x') === name;

function makePanels({ layout, data }: Figure, width: number): Panel[] {
  const margin = { l: 60, r: 20, t: 40, b: 50, ...layout.margin };
  const pairs: [Panel['name'], Axis | undefined, Axis | undefined][] = [
    ['x', layout.xaxis ?? {}, layout.yaxis ?? {}],
    ['x2', layout.xaxis2, layout.yaxis2],
  ];
  return pairs.flatMap(([name, xAxis, yAxis]) => {
    if (!xAxis || !yAxis) return [];
    const traces = data.filter((trace) => isOn(trace, name));
    const [from, to] = xAxis.domain ?? [0, 1];
    const inner = width - margin.l - margin.r;
    const place = { left: margin.l + from * inner, right: margin.l + to * inner, top: margin.t,
      bottom: layout.height - margin.b };
    const hasBars = (orientation?: 'h'): boolean =>
      traces.some((trace) => trace.type === 'bar' && trace.orientation === orientation);
    const x = makeScale(xAxis, traces.flatMap<number | string>((trace) => trace.x), [place.left, place.right],
      hasBars('h'));
    const y = makeScale(yAxis, traces.flatMap<number | string>((trace) => trace.y), [place.bottom, place.top],
      hasBars());
    // Identifiers are valid for the whole page that the picture may be put into.
    const clip = `clip-${name}-${[place.left, place.right, place.top, place.bottom].map(n).join('-')}`;
    return [{ name, ...place, xAxis, yAxis, x, y, clip }];
  });
}

function drawAxes(panel: Panel): string {
  const { left, right, top, bottom, x, y, xAxis, yAxis } = panel;
  const hasGrid = (scale: Scale, axis: Axis): boolean => !scale.isCategorical && axis.showgrid !== false;
  const isTurned = xAxis.tickangle !== undefined;
  const longestX = longestOf(x.ticks.map(({ label }) => label)) * LETTER;
  // Numbers of many digits leave room for each other.
  const every = isTurned || x.isCategorical || x.ticks.length < 2 ? 1
    : Math.ceil((longestX + 4) / Math.abs(x.ticks[1].at - x.ticks[0].at));
  const vertical = x.ticks.map(({ at, label }, i) =>
    (hasGrid(x, xAxis) ? line(at, top, at, bottom, GRID) : '') +
      (isTurned ? `<g transform="rotate(-90 ${n(at)} ${n(bottom)})">` +
        `${text(label, at - 8, bottom + 4, { anchor: 'end', size: 12 })}</g>`
        : i % every === 0 ? text(label, at, bottom + 18, { anchor: 'middle', size: 12 }) : ''));
  const horizontal = y.ticks.map(({ at, label }) =>
    (hasGrid(y, yAxis) ? line(left, at, right, at, GRID) : '') +
      text(label, left - 8, at + 4, { anchor: 'end', size: 12 }));
  const below = bottom + (isTurned ? longestX + 28 : 40);
  const xTitle = xAxis.title ? text(xAxis.title.text, (left + right) / 2, below, { anchor: 'middle' }) : '';
  const middle = (top + bottom) / 2;
  // Left of the longest number or name; a letter takes about 7 pixels.
  const longest = y.ticks.reduce((most, { label }) => Math.max(most, label.length), 0);
  const at = left - Math.max(46, longest * 7 + 22);
  const yTitle = yAxis.title
    ? `<g transform="rotate(-90 ${n(at)} ${n(middle)})">${text(yAxis.title.text, at, middle, { anchor: 'middle' })}</g>`
    : '';
  return `<g class="x axis">${vertical.join('')}${xTitle}</g><g class="y axis">${horizontal.join('')}${yTitle}</g>` +
    line(left, bottom, right, bottom, INK);
}

/** What lies outside the axes is cut off, but for a margin that keeps markers on the edge whole. */
function clipPath({ left, right, top, bottom, clip }: Panel): string {
  const area = `x="${n(left - 5)}" y="${n(top)}" width="${n(right - left + 10)}" height="${n(bottom - top + 5)}"`;
  return `<clipPath id="${clip}"><rect ${area}/></clipPath>`;
}

function drawAnnotation(annotation: Annotation, panels: Panel[]): string {
  const panel = panels.find(({ name }) => name === (annotation.xref ?? 'x')) ?? panels[0];
  const placed = (value: number, { type }: Axis): number => (type === 'log' ? 10 ** value : value);
  const px = panel.x(placed(annotation.x, panel.xAxis));
  const py = panel.y(placed(annotation.y, panel.yAxis));
  const anchor = ({ left: 'start', center: 'middle', right: 'end' } as const)[annotation.xanchor ?? 'center'];
  if (!annotation.showarrow) {
    const down = { top: 12, middle: 4, bottom: -4 }[annotation.yanchor ?? 'middle'];
    const aside = { start: 3, middle: 0, end: -3 }[anchor];
    return text(annotation.text, px + aside, py + down, { anchor, size: 12 });
  }
  const [tx, ty] = [px + (annotation.ax ?? 0), py + (annotation.ay ?? -30)];
  return line(tx, ty, px, py, INK) + text(annotation.text, tx, ty + (ty < py ? -4 : 13), { anchor, size: 12 });
}

interface LegendEntry {
  trace: Trace;
  x: number;
  row: number;
}

/** From left to right above the axes, in as many lines as it needs. */
function placeLegend({ data, layout }: Figure, width: number): LegendEntry[] {
  if (!layout.showlegend) return [];
  const left = layout.margin?.l ?? 60;
  const shown = data.filter((trace) => trace.name && trace.showlegend !== false);
  let [x, row] = [left, 0];
  return shown.map((trace) => {
    // A letter takes about 7 pixels.
    const length = 54 + (trace.name ?? '').length * 7;
    if (x + length > width && x > left) [x, row] = [left, row + 1];
    const place = { trace, x, row };
    x += length;
    return place;
  });
}

const LEGEND_ROW = 20;

/** The layout with a higher margin, and picture, where the legend would run off the top. */
function withRoom(layout: Layout, legend: LegendEntry[]): Layout {
  const top = layout.margin?.t ?? 40;
  const more = Math.max(0, ((legend.at(-1)?.row ?? 0) + 1.5) * LEGEND_ROW - top);
  return { ...layout, height: layout.height + more, margin: { ...layout.margin, t: top + more } };
}

function drawLegend(legend: LegendEntry[], layout: Layout): string {
  const bottom = (layout.margin?.t ?? 40) - LEGEND_ROW;
  const last = legend.at(-1)?.row ?? 0;
  const entries = legend.map(({ trace, x, row }) => {
    const y = bottom - (last - row) * LEGEND_ROW;
    return drawSample(trace, x, y) + text(trace.name ?? '', x + 38, y + 4, {});
  });
  return `<g class="legend">${entries.join('')}</g>`;
}

/** What a trace looks like, 30 pixels wide. */
function drawSample(trace: Trace, x: number, y: number): string {
  if (trace.type === 'heatmap') return '';
  const opacity = trace.opacity === undefined ? '' : ` opacity="${trace.opacity}"`;
  const box = (color: string): string =>
    `<rect x="${n(x + 10)}" y="${y - 6}" width="12" height="12" fill="${color}"${opacity}/>`;
  if (trace.type === 'bar') return box(trace.marker?.color ?? INK);
  if (trace.fill) return box(trace.fillcolor ?? INK);
  const color = trace.line?.color ?? trace.marker?.color ?? INK;
  if (trace.mode === 'markers') {
    return marker(trace.marker?.symbol, x + 16, y, 5, `fill="${trace.marker?.color ?? color}"${opacity}`);
  }
  const dashed = dashes[trace.line?.dash ?? 'solid'];
  return `<line x1="${n(x)}" y1="${y}" x2="${n(x + 30)}" y2="${y}" stroke="${color}" stroke-width="3"${dashed}/>`;
}
