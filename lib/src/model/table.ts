/** A table of printed numbers and words, as text for a terminal and as HTML for a notebook. */
export interface Column {
  readonly title: string;
  readonly isNumber?: boolean;
}

/** Lines of a table with a rule below the header and above the end; numbers are aligned to the right. */
export function textTable(header: readonly Column[], rows: readonly string[][]): string[] {
  const widths = header.map(({ title }, column) => Math.max(title.length, ...rows.map((row) => row[column].length)));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, column) => (header[column].isNumber ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join('  ').trimEnd();
  const rule = '─'.repeat(widths.reduce((sum, width) => sum + width + 2, -2));
  return [line(header.map(({ title }) => title)), rule, ...rows.map(line), rule];
}

/** Shapes and products are read in one line: breaks come before or behind them. */
const unbroken = (text: string): string =>
  text.replace(/\[[^\]]*\]|\S+(?: × \S+)+/g, (part) => part.replaceAll(' ', '\u00a0'));

export function htmlTable(name: string, header: readonly Column[], rows: readonly string[][], totals: readonly string[]): string {
  const escape = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
  const cell = (tag: 'td' | 'th', text: string, { isNumber }: Column, scope = ''): string => {
    const indent = (text.length - text.trimStart().length) / 2;
    const padding = indent > 0 ? `; padding-left: ${indent * 1.5 + 0.5}em` : '';
    return `<${tag}${scope} style="text-align: ${isNumber ? 'right' : 'left'}${padding}">${escape(unbroken(text.trim()))}</${tag}>`;
  };
  const head = header.map((column) => cell('th', column.title, column, ' scope="col"')).join('');
  const body = rows.map((row) => `<tr>${row.map((text, i) => cell('td', text, header[i])).join('')}</tr>`).join('');
  return (
    `<table aria-label="${escape(name)}"><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>` +
    `<div>${totals.map(escape).join('<br>')}</div>`
  );
}
