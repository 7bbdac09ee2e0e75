import { createHash } from 'node:crypto';
import { stripVTControlCharacters } from 'node:util';
import { colors } from '../../../lib/dist/plots/figure';
import { escapeXml } from '../../../lib/dist/plots/svg-elements';

/** A part of a page that is markup already: it was written here, and what came from outside was made safe. */
export interface Html {
  readonly markup: string;
}

/** Characters that steer instead of being read: control, direction, halves of characters; line breaks and tabs are none, nor what joins emoji. */
const UNREAD = /(?![\n\t\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}]/gu;
/** Characters of a sentence, and of a text that has a place to scroll in. */
const LONGEST = 1000;
const LONGEST_BLOCK = 20_000;

/** A text from outside as it can be read: no colours of terminals, and signs for all that steers. */
export function readable(text: string, longest: number): string {
  const kept = stripVTControlCharacters(text.slice(0, longest)).replace(/\r\n?/g, '\n')
    .replace(UNREAD, (unread) => `‹U+${unread.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}›`);
  return text.length > longest ? `${kept}\n… ${(text.length - longest).toLocaleString('en')} more characters` : kept;
}

/** Markup in which all that is put in is text, but for what is markup already. */
export function html(parts: TemplateStringsArray, ...values: readonly (string | number | Html)[]): Html {
  return raw(parts.reduce((all, part, i) => `${all}${htmlOf(values[i - 1])}${part}`));
}

/** Markup that lib has made, such as a picture in SVG; never anything else. */
export const raw = (markup: string): Html => ({ markup });

const htmlOf = (value: string | number | Html): string => (typeof value === 'object' ? value.markup : escapeXml(readable(String(value), LONGEST)));

export const joined = (parts: readonly Html[]): Html => raw(parts.map(({ markup }) => markup).join('\n'));

export const nothing: Html = raw('');

/** A long text with its line breaks. It scrolls by itself, so the keyboard has to get there. */
export const textBlock = (name: string, text: string): Html =>
  html`<pre tabindex="0" role="region" aria-label="${name}">${raw(escapeXml(readable(text, LONGEST_BLOCK)))}</pre>`;

/** Prose of ours with `code` in it. */
export const prose = (text: string): Html =>
  raw(text.split('`').map((part, i) => (i % 2 === 1 ? html`<code>${part}</code>` : html`${part}`).markup).join(''));

/** The look of the course's check, on white and on dark pages. */
const STYLE = `
:root { color-scheme: light dark; --ink: #1c1c1c; --page: #fff; --soft: #f3f4f6; --rule: #8a8a8a;
  --right: ${colors.highlight}; --wrong: ${colors.validation}; --open: ${colors.neutral}; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececec; --page: #17181a; --soft: #25272a; --rule: #8f8f8f; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 16px; max-width: 76em; font: 16px/1.5 system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif;
  color: var(--ink); background: var(--page); overflow-wrap: anywhere; }
h1 { font-size: 1.5em; margin: 0 0 4px; } h2 { font-size: 1.2em; margin: 0 0 6px; } h3 { font-size: 1em; margin: 12px 0 4px; }
a { color: inherit; }
table { border-collapse: collapse; margin: 12px 0; } caption { text-align: left; font-weight: 600; padding: 4px 0; }
th, td { text-align: left; vertical-align: top; padding: 4px 14px 4px 0; border-bottom: 1px solid var(--rule); }
th { overflow-wrap: normal; } th[scope=row] { min-width: 9em; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
section { margin: 28px 0; padding: 2px 0 2px 14px; border-left: 4px solid var(--open); }
section.right { border-color: var(--right); } section.wrong { border-color: var(--wrong); }
.beside { display: grid; grid-template-columns: minmax(0, 1fr); gap: 8px 28px; }
@media (min-width: 60em) { .beside { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); } }
pre { margin: 4px 0; padding: 10px; max-height: 32em; overflow: auto; background: var(--soft); border-radius: 4px; direction: ltr;
  unicode-bidi: isolate; font: 14px/1.45 ui-monospace, 'DejaVu Sans Mono', Consolas, monospace; white-space: pre-wrap; tab-size: 2; }
pre:focus-visible, a:focus-visible, summary:focus-visible { outline: 3px solid #0072b2; outline-offset: 2px; }
code { font-family: ui-monospace, 'DejaVu Sans Mono', Consolas, monospace; background: var(--soft); padding: 0 3px; border-radius: 3px; }
ul { margin: 6px 0; padding: 0; list-style: none; } li { margin: 2px 0; } small { font-size: 0.88em; }
.hint { margin: 8px 0; padding: 6px 10px; border: 1px solid var(--rule); border-radius: 4px; }
.wide { overflow-x: auto; } svg { max-width: 100%; height: auto; }
`;

/**
 * A whole page that needs nothing else: no script runs and nothing is fetched, whatever stands in it. That is said to the browser, too:
 * only this one style is allowed.
 */
export function page(title: string, content: Html): string {
  const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>\n${html`<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
${content}
</body>
</html>
`.markup}`;
}

/** Points as they are read: 2, 1.5, 0.33. */
export const pointsOf = (points: number): string => String(Math.round(points * 100) / 100);
