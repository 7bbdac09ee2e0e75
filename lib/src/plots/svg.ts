import type { Annotation, Axis, BarTrace, Figure, Layout, ScatterTrace, Trace } from './figure';

/**
 * The same figure as a static picture, for every place that runs no scripts: GitHub, exported pages, print.
 * It knows the traces and the settings that `Figure` declares and leaves out nothing of them.
 *
 * @param width in pixels; the height is the figure's own
 */
export function toSvg(figure: Figure, width = 900): string {
  const { layout, data } = figure;
  const panels = makePanels(figure, width);
  const parts = [
    `<defs>${panels.map(clipPath).join('')}</defs>`,
    ...panels.map((panel) => drawAxes(panel)),
    ...data.map((trace) => drawTrace(trace, panelOf(panels, trace.xaxis), data)),
    ...(layout.annotations ?? []).map((annotation) => drawAnnotation(annotation, panels, layout, width)),
    drawLegend(data, layout),
    layout.title ? text(layout.title.text, width / 2, 22, { anchor: 'middle', size: 16 }) : '',
  ];
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${layout.height}" width="${width}" height="${layout.height}" ` +
    `role="img" font-family="system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif" font-size="13">` +
    `<title>${escapeXml(layout.meta.alt)}</title><rect width="100%" height="100%" fill="#fff"/>${parts.join('')}</svg>`
  );
}

/** One pair of axes: where it lies in the picture and how values become pixels. */
interface Panel {
  name: 'x' | 'x2';
  left: number;
  right: number;
  top: number;
  bottom: number;
  xAxis: Axis;
  yAxis: Axis;
  x: Scale;
  y: Scale;
}

interface Scale {
  (value: number | string): number;
  ticks: { at: number; label: string }[];
  isCategorical: boolean;
}

const INK = '#222';
const GRID = '#ddd';

function makePanels({ layout, data }: Figure, width: number): Panel[] {
  const margin = { l: 60, r: 20, t: 40, b: 50, ...layout.margin };
  const pairs: [Panel['name'], Axis | undefined, Axis | undefined][] = [
    ['x', layout.xaxis ?? {}, layout.yaxis ?? {}],
    ['x2', layout.xaxis2, layout.yaxis2],
  ];
  return pairs.flatMap(([name, xAxis, yAxis]) => {
    if (!xAxis || !yAxis) return [];
    const traces = data.filter((trace) => (trace.xaxis ?? 'x') === name);
    const [from, to] = xAxis.domain ?? [0, 1];
    const inner = width - margin.l - margin.r;
    const place = { left: margin.l + from * inner, right: margin.l + to * inner, top: margin.t, bottom: layout.height - margin.b };
    const hasBars = traces.some((trace) => trace.type === 'bar');
    const x = makeScale(xAxis, traces.flatMap<number | string>((trace) => trace.x), [place.left, place.right], false);
    const y = makeScale(yAxis, traces.flatMap((trace) => trace.y), [place.bottom, place.top], hasBars);
    return [{ name, ...place, xAxis, yAxis, x, y }];
  });
}

const panelOf = (panels: Panel[], name: string | undefined): Panel => panels.find((panel) => panel.name === (name ?? 'x')) ?? panels[0];

function makeScale(axis: Axis, values: (number | string)[], pixels: [number, number], fromZero: boolean): Scale {
  const categorical = axis.type === 'category' || values.some((value) => typeof value === 'string');
  return categorical ? categoryScale(values, pixels) : linearScale(axis, values as number[], pixels, fromZero);
}

function categoryScale(values: (number | string)[], [start, end]: [number, number]): Scale {
  const categories = [...new Set(values.map(String))];
  const band = (end - start) / Math.max(1, categories.length);
  const scale = (value: number | string): number => start + (categories.indexOf(String(value)) + 0.5) * band;
  return Object.assign(scale, { ticks: categories.map((label) => ({ at: scale(label), label })), isCategorical: true });
}

function linearScale(axis: Axis, values: number[], [start, end]: [number, number], fromZero: boolean): Scale {
  const [low, high] = axis.range ?? paddedRange(values, fromZero || axis.rangemode === 'tozero');
  const scale = (value: number | string): number => start + ((Number(value) - low) / (high - low)) * (end - start);
  const step = axis.dtick ?? niceStep((high - low) / Math.max(2, Math.abs(end - start) / 60));
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  const ticks = Array.from({ length: count }, (_, i) => (first + i) * step);
  return Object.assign(scale, {
    ticks: ticks.map((value) => ({ at: scale(value), label: formatTick(value, digits) })),
    isCategorical: false,
  });
}

const formatTick = (value: number, digits: number): string =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

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
function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5].find((factor) => factor * power >= rough - 1e-12) ?? 10) * power;
}

function drawAxes(panel: Panel): string {
  const { left, right, top, bottom, x, y, xAxis, yAxis } = panel;
  const vertical = x.ticks.map(({ at, label }) =>
    (x.isCategorical ? '' : line(at, top, at, bottom, GRID)) + text(label, at, bottom + 18, { anchor: 'middle', size: 12 }));
  const horizontal = y.ticks.map(({ at, label }) =>
    line(left, at, right, at, GRID) + text(label, left - 8, at + 4, { anchor: 'end', size: 12 }));
  const xTitle = xAxis.title ? text(xAxis.title.text, (left + right) / 2, bottom + 40, { anchor: 'middle' }) : '';
  const middle = (top + bottom) / 2;
  const yTitle = yAxis.title
    ? `<g transform="rotate(-90 ${n(left - 46)} ${n(middle)})">${text(yAxis.title.text, left - 46, middle, { anchor: 'middle' })}</g>`
    : '';
  return vertical.join('') + horizontal.join('') + line(left, bottom, right, bottom, INK) + xTitle + yTitle;
}

/** Identifiers are valid for the whole page that the picture may be put into. */
const clipName = ({ name, left, right, top, bottom }: Panel): string => `clip-${name}-${[left, right, top, bottom].map(n).join('-')}`;

/** What lies outside the axes is cut off, but for a margin that keeps markers on the edge whole. */
function clipPath(panel: Panel): string {
  const { left, right, top, bottom } = panel;
  const area = `x="${n(left - 5)}" y="${n(top)}" width="${n(right - left + 10)}" height="${n(bottom - top + 5)}"`;
  return `<clipPath id="${clipName(panel)}"><rect ${area}/></clipPath>`;
}

function drawTrace(trace: Trace, panel: Panel, all: Trace[]): string {
  if (trace.type !== 'bar') return drawScatter(trace, panel);
  const neighbours = all.filter((other) => other.type === 'bar' && (other.xaxis ?? 'x') === panel.name);
  return drawBars(trace, panel, neighbours.indexOf(trace), neighbours.length);
}

function drawScatter(trace: ScatterTrace, panel: Panel): string {
  const { x, y } = panel;
  const { size = 6 } = trace.marker ?? {};
  const points = trace.x
    .map((value, i) => [x(value), y(trace.y[i]), (typeof size === 'number' ? size : size[i]) / 2] as const)
    .filter(([px, py]) => Number.isFinite(px) && Number.isFinite(py));
  const { color = INK, width = 2, dash = 'solid' } = trace.line ?? {};
  const dashes = { solid: '', dash: ' stroke-dasharray="8 5"', dot: ' stroke-dasharray="2 4"' }[dash];
  const opacity = trace.opacity === undefined ? '' : ` opacity="${trace.opacity}"`;
  const path = trace.mode.includes('lines')
    ? `<polyline points="${points.map(([px, py]) => `${n(px)},${n(py)}`).join(' ')}" fill="none" stroke="${color}" stroke-width="${width}"${dashes}/>`
    : '';
  const fill = trace.marker?.color ?? color;
  const markers = trace.mode.includes('markers')
    ? points.map(([px, py, radius]) => `<circle cx="${n(px)}" cy="${n(py)}" r="${radius}" fill="${fill}"/>`).join('')
    : '';
  return `<g${opacity} clip-path="url(#${clipName(panel)})">${path}${markers}</g>`;
}

/** The bars of a trace, which is one of several (`index` of `count`) that share the place of each category. */
function drawBars(trace: BarTrace, { x, y, left, right }: Panel, index: number, count: number): string {
  const width = (((right - left) / Math.max(1, trace.x.length)) * 0.8) / count;
  const zero = y(0);
  return trace.x.map((value, i) => {
    const at = x(value) + (index - (count - 1) / 2) * width;
    const end = y(trace.y[i]);
    const bar = `<rect x="${n(at - width / 2)}" y="${n(Math.min(zero, end))}" width="${n(width)}" height="${n(Math.abs(zero - end))}" fill="${trace.marker?.color ?? INK}"/>`;
    return bar + (trace.text ? text(trace.text[i], at, end - 5, { anchor: 'middle', size: 12 }) : '');
  }).join('');
}

function drawAnnotation(annotation: Annotation, panels: Panel[], layout: Layout, width: number): string {
  const panel = panelOf(panels, annotation.xref);
  const px = annotation.xref === 'paper' ? annotation.x * width : panel.x(annotation.x);
  const py = annotation.yref === 'paper' ? (1 - annotation.y) * layout.height : panel.y(annotation.y);
  const anchor = ({ left: 'start', center: 'middle', right: 'end' } as const)[annotation.xanchor ?? 'center'];
  if (!annotation.showarrow) {
    const down = { top: 12, middle: 4, bottom: -4 }[annotation.yanchor ?? 'middle'];
    return text(annotation.text, px, py + down, { anchor, size: 12 });
  }
  const [tx, ty] = [px + (annotation.ax ?? 0), py + (annotation.ay ?? -30)];
  return line(tx, ty, px, py, INK) + text(annotation.text, tx, ty + (ty < py ? -4 : 13), { anchor, size: 12 });
}

function drawLegend(data: Trace[], layout: Layout): string {
  if (!layout.showlegend) return '';
  const left = layout.margin?.l ?? 60;
  const y = (layout.margin?.t ?? 40) - 20;
  let x = left;
  return data.filter((trace) => trace.name && trace.showlegend !== false).map((trace) => {
    const color = trace.type === 'bar' ? trace.marker?.color : trace.line?.color ?? trace.marker?.color;
    const dashed = trace.type === 'scatter' && trace.line?.dash && trace.line.dash !== 'solid' ? ' stroke-dasharray="8 5"' : '';
    const entry = `<line x1="${n(x)}" y1="${y}" x2="${n(x + 30)}" y2="${y}" stroke="${color ?? INK}" stroke-width="3"${dashed}/>` + text(trace.name ?? '', x + 38, y + 4, {});
    x += 60 + (trace.name ?? '').length * 8;
    return entry;
  }).join('');
}

/** Coordinates to a tenth of a pixel: more would only make the notebook larger. */
const n = (value: number): string => String(Math.round(value * 10) / 10);

const line = (x1: number, y1: number, x2: number, y2: number, color: string): string =>
  `<line x1="${n(x1)}" y1="${n(y1)}" x2="${n(x2)}" y2="${n(y2)}" stroke="${color}"/>`;

function text(content: string, x: number, y: number, { anchor = 'start', size = 13 }: { anchor?: 'start' | 'middle' | 'end'; size?: number }): string {
  return `<text x="${n(x)}" y="${n(y)}" text-anchor="${anchor}" font-size="${size}" fill="${INK}">${escapeXml(content)}</text>`;
}

/** Text that may stand in XML and HTML, in content and in attributes. */
export function escapeXml(content: string): string {
  return content.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
