import { escapeXml } from './svg-elements';

/** What is said after handing in, or of why that could not be. */
export interface HandInReport {
  /** The file that is to be submitted, as the learner finds it; absent if there is none. */
  readonly file?: string;
  /** The first line. */
  readonly title: string;
  /** What costs points. */
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
  /** What to do now. */
  readonly next: string;
}

/** A report in words: for a terminal and for screen readers. */
export function handInText({ title, warnings, notes, next }: HandInReport): string {
  const list = (texts: readonly string[], heading: string): string[] =>
    (texts.length === 0 ? [] : [heading, ...texts.map((text) => `  - ${text}`)]);
  return [title, ...list(warnings, WARNINGS), ...list(notes, NOTES), next].join('\n');
}

const WARNINGS = 'Look at these first, they cost points:';
const NOTES = 'Good to know:';

/** A report as HTML without scripts, in the colours of the page that it stands in. */
export function handInHtml({ file, title, warnings, notes, next }: HandInReport): string {
  const list = (texts: readonly string[], heading: string, sign: string): string =>
    texts.length === 0 ? '' : `<p style="margin: 0.6em 0 0.2em">${sign} ${escapeXml(heading)}</p>` +
      `<ul style="margin: 0">${texts.map((text) => `<li>${escapeXml(text)}</li>`).join('')}</ul>`;
  const edge = file === undefined ? '#D55E00' : '#009E73';
  return (
    `<div role="status" style="border-left: 4px solid ${edge}; padding: 0.3em 0.9em; max-width: 60em">` +
    `<p style="margin: 0"><strong>${file === undefined ? '✗' : '✓'} ${escapeXml(title)}</strong></p>` +
    `${list(warnings, WARNINGS, '⚠')}${list(notes, NOTES, 'ℹ')}` +
    `<p style="margin: 0.6em 0 0">${escapeXml(next)}</p></div>`
  );
}
