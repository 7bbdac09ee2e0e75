import { rounded, type BarTrace, type HeatmapTrace, type Layout, type ScatterTrace, type Trace } from './figure';
import { encodePixels } from './png';
import type { Panel } from './svg';
import { colorAt, dashes, hexOf, INK, marker, n, readableOn, rgbOf, text } from './svg-elements';
import { multiples, niceStep, numberText } from './svg-scales';

/** The traces of one pair of axes. Later ones lie on earlier ones. */
export function drawTraces(traces: Trace[], panel: Panel, layout: Layout): string {
  const bars = traces.filter((trace): trace is BarTrace => trace.type === 'bar');
  const drawnBars = drawBars(bars, panel, layout.barmode ?? 'group');
  return traces.map((trace) => {
    if (trace.type === 'bar') return `<g class="bars">${drawnBars[bars.indexOf(trace)]}</g>`;
    return trace.type === 'heatmap' ? drawHeatmap(trace, panel) : drawScatter(trace, panel);
  }).join('');
}

const opacityOf = ({ opacity }: Trace): string => (opacity === undefined ? '' : ` opacity="${opacity}"`);

function drawScatter(trace: ScatterTrace, { x, y, clip }: Panel): string {
  const { size = 6, line: border } = trace.marker ?? {};
  const points = trace.x.map((value, i) =>
    ({ px: x(value), py: y(trace.y[i]), radius: (typeof size === 'number' ? size : size[i]) / 2 }));
  const isPoint = ({ px, py }: { px: number; py: number }): boolean => Number.isFinite(px) && Number.isFinite(py);
  const { color = INK, width = 2, dash = 'solid' } = trace.line ?? {};
  const stroke = width > 0 ? ` stroke="${color}" stroke-width="${width}"${dashes[dash]}` : '';
  const lines = trace.mode.includes('lines') ? runs(points, isPoint) : [];
  const path = lines.map((run) => {
    const corners = run.map(({ px, py }) => `${n(px)},${n(py)}`).join(' ');
    return trace.fill
      ? `<polygon points="${corners}" fill="${trace.fillcolor ?? color}"${stroke}/>`
      : `<polyline points="${corners}" fill="none"${stroke}/>`;
  });
  const edge = border && border.width > 0 ? ` stroke="${border.color ?? INK}" stroke-width="${border.width}"` : '';
  const markers = trace.mode.includes('markers')
    ? points.filter(isPoint).map(({ px, py, radius }) =>
      marker(trace.marker?.symbol, px, py, radius, `fill="${trace.marker?.color ?? color}"${edge}`))
    : [];
  return `<g class="scatter"${opacityOf(trace)} clip-path="url(#${clip})">${path.join('')}${markers.join('')}</g>`;
}

/** The stretches of a list between its gaps. */
function runs<T>(items: T[], isThere: (item: T) => boolean): T[][] {
  const stretches: T[][] = [[]];
  for (const item of items) {
    if (isThere(item)) stretches.at(-1)!.push(item);
    else if (stretches.at(-1)!.length > 0) stretches.push([]);
  }
  return stretches.filter((stretch) => stretch.length > 0);
}

/** The bars of each trace. */
function drawBars(traces: BarTrace[], panel: Panel, barmode: 'group' | 'stack' | 'overlay'): string[] {
  // What is already on a place, for stacks.
  const height = new Map<string, number>();
  return traces.map((trace, index) => {
    const lies = trace.orientation === 'h';
    const [along, across] = lies ? [panel.x, panel.y] : [panel.y, panel.x];
    const [values, places] = lies ? [trace.x, trace.y] : [trace.y, trace.x];
    const shared = barmode === 'group' ? traces.length : 1;
    const width = ((trace.width ?? 0.8) * across.unit) / shared;
    const shift = barmode === 'group' ? (index - (traces.length - 1) / 2) * width : 0;
    const color = trace.marker?.color ?? INK;
    return places.map((place, i) => {
      const value = Number(values[i]);
      const start = barmode === 'stack' ? height.get(String(place)) ?? 0 : 0;
      height.set(String(place), start + value);
      const [from, to] = [along(start), along(start + value)];
      const at = across(place) + shift;
      const [low, length] = [Math.min(from, to), Math.abs(to - from)];
      const box = lies
        ? `x="${n(low)}" y="${n(at - width / 2)}" width="${n(length)}" height="${n(width)}"`
        : `x="${n(at - width / 2)}" y="${n(low)}" width="${n(width)}" height="${n(length)}"`;
      const label = trace.text?.[i] ?? '';
      const isInside = trace.textposition === 'inside';
      const style = { anchor: 'middle', size: 12, color: isInside ? readableOn(rgbOf(color)) : INK } as const;
      const [tx, ty] = isInside
        ? lies ? [(from + to) / 2, at + 4] : [at, (from + to) / 2 + 4]
        : lies ? [to + 8, at + 4] : [at, to - 5];
      return `<rect ${box} fill="${color}"${opacityOf(trace)}/>` +
        (label ? text(label, tx, ty, lies && !isInside ? { ...style, anchor: 'start' } : style) : '');
    }).join('');
  });
}

/** So many cells are drawn each by itself; more become the pixels of a picture. */
const MOST_RECTANGLES = 900;
/** Pixels across a picture of colours that blend. */
const SMOOTH_WIDTH = 400;

function drawHeatmap(trace: HeatmapTrace, panel: Panel): string {
  const cells = trace.z.length * (trace.z[0]?.length ?? 0);
  const drawn = trace.zsmooth || cells > MOST_RECTANGLES ? drawAsPicture(trace, panel) : drawAsRectangles(trace, panel);
  return `<g class="heatmap"${opacityOf(trace)} clip-path="url(#${panel.clip})">${drawn}</g>`;
}

const colorOf = ({ colorscale, zmin, zmax }: HeatmapTrace, z: number): readonly [number, number, number] =>
  colorAt(colorscale, (z - zmin) / (zmax - zmin || 1));

/** Distance from one cell to the next, in pixels; a single cell takes the whole axis. */
function step(scale: Panel['x'], places: (string | number)[], whole: number): number {
  return places.length > 1 ? Math.abs(scale(places[1]) - scale(places[0])) : whole;
}

function drawAsRectangles(trace: HeatmapTrace, { x, y, left, right, top, bottom }: Panel): string {
  const [width, height] = [step(x, trace.x, right - left), step(y, trace.y, bottom - top)];
  const [gapX, gapY] = [trace.xgap ?? 0, trace.ygap ?? 0];
  return trace.z.flatMap((row, i) => row.map((z, j) => {
    if (!Number.isFinite(z)) return '';
    const [px, py] = [x(trace.x[j]), y(trace.y[i])];
    const color = colorOf(trace, z);
    const label = trace.texttemplate ? trace.text?.[i][j] ?? '' : '';
    const place = `x="${n(px - (width - gapX) / 2)}" y="${n(py - (height - gapY) / 2)}"`;
    return `<rect ${place} width="${n(width - gapX)}" height="${n(height - gapY)}" fill="${hexOf(color)}"/>` +
      (label ? text(label, px, py + 4, { anchor: 'middle', size: 12, color: readableOn(color) }) : '');
  })).join('');
}

function drawAsPicture(trace: HeatmapTrace, { x, y, left, right, top, bottom }: Panel): string {
  const [width, height] = [step(x, trace.x, right - left), step(y, trace.y, bottom - top)];
  const [xs, ys] = [trace.x.map(x), trace.y.map(y)];
  // A picture begins at the top left.
  const isFlipped = { x: xs[0] > xs[xs.length - 1], y: ys[0] > ys[ys.length - 1] };
  const rows = isFlipped.y ? [...trace.z].reverse() : trace.z;
  const z = isFlipped.x ? rows.map((row) => [...row].reverse()) : rows;
  // Blended colours reach from the middle of the first cell to that of the last one, as Plotly draws them, and half a
  // cell more.
  const size = trace.zsmooth
    ? { rows: Math.round((SMOOTH_WIDTH * (bottom - top)) / (right - left)), columns: SMOOTH_WIDTH }
    : { rows: z.length, columns: z[0].length };
  const pixels = new Uint8Array(size.rows * size.columns * 4);
  for (let row = 0; row < size.rows; row++) {
    for (let column = 0; column < size.columns; column++) {
      const value = trace.zsmooth
        ? blended(z, ((row + 0.5) / size.rows) * z.length - 0.5, ((column + 0.5) / size.columns) * z[0].length - 0.5)
        : z[row][column];
      // A hole stays transparent: another trace may lie below.
      if (Number.isFinite(value)) pixels.set([...colorOf(trace, value), 255], (row * size.columns + column) * 4);
    }
  }
  const png = encodePixels(pixels, size.columns, size.rows).toString('base64');
  const from = { x: Math.min(...xs) - width / 2, y: Math.min(...ys) - height / 2 };
  const box = `x="${n(from.x)}" y="${n(from.y)}" width="${n(width * z[0].length)}" height="${n(height * z.length)}"`;
  const style = trace.zsmooth ? '' : ' style="image-rendering: pixelated"';
  return `<image ${box} preserveAspectRatio="none"${style} href="data:image/png;base64,${png}"/>`;
}

/** The value between four cells, each weighted by how near it is; beyond the edge that of the edge. */
function blended(z: number[][], row: number, column: number): number {
  const [r, c] = [Math.min(z.length - 1, Math.max(0, row)), Math.min(z[0].length - 1, Math.max(0, column))];
  const [r0, c0] = [Math.floor(r), Math.floor(c)];
  const [r1, c1] = [Math.min(z.length - 1, r0 + 1), Math.min(z[0].length - 1, c0 + 1)];
  const across = (line: number[]): number => line[c0] + (line[c1] - line[c0]) * (c - c0);
  const [above, below] = [across(z[r0]), across(z[r1])];
  return above + (below - above) * (r - r0);
}

/** To the right of the axes, from the lowest colour at the bottom to the highest at the top. */
export function drawColorBars(traces: Trace[], { right, top, bottom }: Panel): string {
  const trace = traces.find((one): one is HeatmapTrace => one.type === 'heatmap' && one.showscale !== false);
  if (!trace) return '';
  const { colorscale, zmin, zmax, colorbar } = trace;
  const [left, width] = [right + 18, colorbar?.thickness ?? 16];
  const id = `bar-${n(left)}-${n(top)}-${hash(JSON.stringify(colorscale))}`;
  const stops = colorscale.map(([at, color]) => `<stop offset="${at}" stop-color="${color}"/>`).join('');
  const gradient = `<defs><linearGradient id="${id}" x1="0" y1="1" x2="0" y2="0">${stops}</linearGradient></defs>`;
  const bar = `<rect x="${n(left)}" y="${n(top)}" width="${width}" height="${n(bottom - top)}" fill="url(#${id})"/>`;
  const values = colorbar?.tickvals ?? multiples(niceStep((zmax - zmin) / 6), zmin, zmax);
  const isPercent = colorbar?.tickformat?.endsWith('%');
  const labels = colorbar?.ticktext ??
    values.map((value) => (isPercent ? `${numberText(rounded(value * 100))}%` : numberText(value)));
  const ticks = values.map((value, i) =>
    text(labels[i], left + width + 6, bottom - ((value - zmin) / (zmax - zmin || 1)) * (bottom - top) + 4,
      { size: 12 }));
  const longest = labels.reduce((most, label) => Math.max(most, label.length), 0);
  const [titleX, titleY] = [left + width + 14 + longest * 7, (top + bottom) / 2];
  const title = colorbar
    ? `<g transform="rotate(90 ${n(titleX)} ${n(titleY)})">` +
      `${text(colorbar.title.text, titleX, titleY, { anchor: 'middle', size: 12 })}</g>`
    : '';
  return `<g class="color-bar">${gradient}${bar}${ticks.join('')}${title}</g>`;
}

/** A short name for a text, so that equal colour bars on a page may share one. */
function hash(content: string): string {
  let value = 0;
  for (const character of content) value = (value * 31 + character.charCodeAt(0)) % 0xffffff;
  return value.toString(16);
}
