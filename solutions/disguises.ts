import { gunzipSync, inflateSync } from 'node:zlib';

/** What a text may be read as, beside what it shows at first sight. */
export interface Reading {
  /** How it has to be read; empty for the text itself. */
  readonly how: string;
  readonly text: string;
}

/** How often something may be wrapped in something. */
const DEPTH = 3;

/** The text itself and all that it turns into when escapes, encodings and cuts are undone. */
export function readingsOf(text: string, how = '', depth = DEPTH): Reading[] {
  if (depth === 0) return [];
  const readings: Reading[] = [{ how, text }];
  const also = (next: string, read: string): void => {
    if (next !== text && next !== '') readings.push(...readingsOf(next, how ? `${how}, ${read}` : read, depth - 1));
  };
  also(text.normalize('NFKC').replace(INVISIBLE, ''), 'without invisible characters');
  also(unescaped(text), 'with its escapes undone');
  also(text.replace(/(['"`])\s*\+\s*\1/g, ''), 'with its strings put together');
  if (how === '') also([...text].reverse().join(''), 'backwards');
  for (const [pieces, encoding] of [
    [text.match(/[A-Za-z\d+/_-]{20,}={0,2}/g), 'base64'],
    [text.match(/(?:[\da-fA-F]{2}){12,}/g), 'hex'],
  ] as const) {
    for (const piece of new Set(pieces ?? [])) also(decoded(piece, encoding), `as ${encoding}`);
  }
  // Cut into lines, and perhaps into strings of a list.
  const whole = text.replace(/[\s'",\\]+|\\n/g, '');
  const longest = (whole.match(/[A-Za-z\d+/_-]{60,}={0,2}/g) ?? []).filter((piece) => !text.includes(piece));
  for (const piece of longest) also(decoded(piece, 'base64'), 'as base64 over several lines');
  return readings;
}

/** Characters that nobody sees, but for the mark that makes an emoji of the character before it. */
export const INVISIBLE =
  /(?![\uFE00-\uFE0F])[\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB]|(?<!\p{Emoji})[\uFE00-\uFE0F]/gu;

function unescaped(text: string): string {
  return text
    .replace(/\\u\{?([\da-fA-F]{4,6})\}?|\\x([\da-fA-F]{2})|&#x([\da-fA-F]+);|%([\da-fA-F]{2})/g, (all, ...codes) =>
      character(all, codes.find(Boolean), 16),
    )
    .replace(/&#(\d+);/g, (all, code) => character(all, code, 10))
    .replace(
      /&(lt|gt|amp|quot|apos);/g,
      (_, name: 'lt' | 'gt' | 'amp' | 'quot' | 'apos') => ({ lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" })[name],
    );
}

function character(all: string, code: string, base: number): string {
  const number = Number.parseInt(code, base);
  return number <= 0x10ffff ? String.fromCodePoint(number) : all;
}

/** What a piece says, if it is text, also compressed; nothing otherwise. */
function decoded(piece: string, encoding: 'base64' | 'hex'): string {
  const bytes = Buffer.from(piece, encoding);
  for (const unpack of [(it: Buffer) => it, gunzipSync, inflateSync]) {
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(unpack(bytes));
      if (!/[\0-\x08\x0e-\x1f\x7f-\x9f]/.test(text)) return text;
    } catch {
      // Not packed in this way, or no text.
    }
  }
  return '';
}
