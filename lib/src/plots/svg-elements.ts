/** The pieces that static pictures are made of. */
import type { MarkerSymbol } from './figure';

export const INK = '#222';
export const GRID = '#ddd';

/** How lines are broken, as attributes. */
export const dashes = { solid: '', dash: ' stroke-dasharray="8 5"', dot: ' stroke-dasharray="2 4"' } as const;

/** Coordinates to a tenth of a pixel: more would only make the notebook larger. */
export const n = (value: number): string => String(Math.round(value * 10) / 10);

export const line = (x1: number, y1: number, x2: number, y2: number, color: string): string =>
  `<line x1="${n(x1)}" y1="${n(y1)}" x2="${n(x2)}" y2="${n(y2)}" stroke="${color}"/>`;

/** A marker around a place, as large as Plotly draws it. */
export function marker(symbol: MarkerSymbol = 'circle', x: number, y: number, radius: number, attributes: string): string {
  if (symbol === 'circle') return `<circle cx="${n(x)}" cy="${n(y)}" r="${radius}" ${attributes}/>`;
  const half = symbol === 'diamond' ? radius * 1.3 * Math.SQRT1_2 : radius;
  const turned = symbol === 'diamond' ? ` transform="rotate(45 ${n(x)} ${n(y)})"` : '';
  return `<rect x="${n(x - half)}" y="${n(y - half)}" width="${n(2 * half)}" height="${n(2 * half)}"${turned} ${attributes}/>`;
}

export interface TextStyle {
  anchor?: 'start' | 'middle' | 'end';
  size?: number;
  color?: string;
  bold?: boolean;
}

export function text(content: string, x: number, y: number, style: TextStyle = {}): string {
  const { anchor = 'start', size = 13, color = INK, bold = false } = style;
  return `<text x="${n(x)}" y="${n(y)}" text-anchor="${anchor}" font-size="${size}" fill="${color}"` +
    `${bold ? ' font-weight="600"' : ''}>${escapeXml(content)}</text>`;
}

/** The element around everything: a white page, because the texts are dark, and words for a screen reader. */
export function picture(width: number | string, height: number | string, alt: string, content: string): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
    `role="img" font-family="system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif" font-size="13">` +
    `<title>${escapeXml(alt)}</title><rect width="100%" height="100%" fill="#fff"/>${content}</svg>`
  );
}

/** What no XML may hold, however it is written: control characters, and halves of characters. */
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;

/** Text that may stand in XML and HTML, in content and in attributes; what may not stand there is left out. */
export function escapeXml(content: string): string {
  return content.replace(FORBIDDEN, '').replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

type Rgb = readonly [red: number, green: number, blue: number];

export const rgbOf = (hex: string): Rgb =>
  [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb;

/** The colour at a place from 0 to 1 of a scale. */
export function colorAt(scale: readonly (readonly [at: number, color: string])[], at: number): Rgb {
  const place = Math.min(1, Math.max(0, at));
  const next = Math.max(1, scale.findIndex(([end]) => end >= place));
  const [[start, from], [end, to]] = [scale[next - 1], scale[next]];
  const part = end > start ? (place - start) / (end - start) : 1;
  const [a, b] = [rgbOf(from), rgbOf(to)];
  return [0, 1, 2].map((i) => Math.round(a[i] + (b[i] - a[i]) * part)) as unknown as Rgb;
}

export const hexOf = (rgb: Rgb): string => `#${rgb.map((value) => value.toString(16).padStart(2, '0')).join('')}`;

/** Black or white, whichever can be read on a colour. */
export function readableOn([red, green, blue]: Rgb): string {
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? INK : '#fff';
}
