/** Why something is not read: a sentence without its beginning, "it ...". */
export class Unread extends Error {
  override name = 'Unread';
}

export interface JsonLimits {
  readonly bytes: number;
  /** Objects and arrays within each other. */
  readonly depth: number;
  /** Values in what is kept. */
  readonly values: number;
  /**
   * Whether the value at a place is left out: it becomes null, and nothing of it but its brackets is looked at.
   *
   * @param place names of the members that lead there; undefined for the items of an array
   */
  readonly leaveOut?: (place: readonly (string | undefined)[]) => boolean;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [0x7b, 0x7d, 0x5b, 0x5d];
const COMMA = 0x2c;
/** Bytes that the name of a member may have. */
const LONGEST_NAME = 1000;

interface Level {
  readonly isObject: boolean;
  /** Names so far; only of objects, made with the first. */
  names?: Set<string>;
  /** The member that its value belongs to. */
  name?: string;
  /** Whether the next text is a name. */
  atName: boolean;
}

/**
 * Reads JSON that nobody trusts: in UTF-8, within limits that hold before anything is built of it, and with each name
 * once in an object. A byte order mark at its beginning is passed over.
 *
 * @throws Unread that says what is wrong
 */
export function readJson(bytes: Uint8Array, limits: JsonLimits): unknown {
  if (bytes.length > limits.bytes) {
    throw new Unread(`has ${megabytes(bytes.length)}; ${megabytes(limits.bytes)} are the most`);
  }
  if (bytes.includes(0)) throw new Unread('holds null bytes (is it damaged, or saved as UTF-16?)');
  const kept = scanned(bytes, limits);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(kept);
  } catch {
    throw new Unread('is not written in UTF-8');
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Unread('is no whole JSON (was it cut off?)');
  }
}

const megabytes = (bytes: number): string => `${Number((bytes / 1e6).toFixed(1))} MB`;

/** The bytes without what is left out. How large and how deep it is is known then, but not whether it is JSON. */
function scanned(bytes: Uint8Array, { depth, values, leaveOut = () => false }: JsonLimits): Uint8Array {
  const levels: Level[] = [];
  const parts: Uint8Array[] = [];
  let keptFrom = 0;
  /** How deep it was where what is left out began, and where that was. */
  let out: { readonly level: number; readonly from: number } | undefined;
  let count = 0;

  const isLeftOut = (): boolean => {
    const level = levels.at(-1);
    return level?.isObject === true && !level.atName && leaveOut(levels.map(({ name }) => name));
  };
  const leave = (from: number, to: number): void => {
    parts.push(bytes.subarray(keptFrom, from), NULL);
    keptFrom = to;
  };

  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) {
      const end = endOfText(bytes, i);
      const level = levels.at(-1);
      if (out === undefined && level?.atName) nameIn(level, bytes.subarray(i, end + 1));
      else if (out === undefined && isLeftOut()) leave(i, end + 1);
      i = end;
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      if (levels.length === depth) throw new Unread(`has more than ${depth} objects and lists within each other`);
      if (out === undefined) {
        count++;
        if (isLeftOut()) out = { level: levels.length, from: i };
      }
      levels.push({ isObject: byte === OPEN_OBJECT, atName: byte === OPEN_OBJECT });
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      if (levels.pop()?.isObject !== (byte === CLOSE_OBJECT)) {
        throw new Unread('is no whole JSON (its brackets do not match)');
      }
      if (out?.level === levels.length) {
        leave(out.from, i + 1);
        out = undefined;
      }
    } else if (byte === COMMA) {
      if (out === undefined) count++;
      const level = levels.at(-1);
      if (level) level.atName = level.isObject;
    }
    if (count > values) throw new Unread(`holds more than ${values.toLocaleString('en')} values besides its outputs`);
  }
  parts.push(bytes.subarray(keptFrom));
  return Buffer.concat(parts);
}

const NULL = Buffer.from('null');

function endOfText(bytes: Uint8Array, start: number): number {
  for (let i = start + 1; i < bytes.length; i++) {
    if (bytes[i] === BACKSLASH) i++;
    else if (bytes[i] === QUOTE) return i;
  }
  throw new Unread('is no whole JSON (a text in it does not end)');
}

function nameIn(level: Level, text: Uint8Array): void {
  if (text.length > LONGEST_NAME) {
    throw new Unread(`has a name of ${text.length} bytes for a value; ${LONGEST_NAME} are the most`);
  }
  let name: string;
  try {
    name = JSON.parse(Buffer.from(text).toString('utf8')) as string;
  } catch {
    throw new Unread('is no whole JSON (the name of a value is damaged)');
  }
  level.names ??= new Set();
  if (level.names.has(name)) {
    throw new Unread(`has the name ${shown(name)} twice in one object, as Jupyter never writes it`);
  }
  level.names.add(name);
  level.name = name;
  level.atName = false;
}

/** A text that somebody else has chosen, for a message: short, in quotes, and with nothing in it that acts. */
export const shown = (text: string): string =>
  JSON.stringify(text.slice(0, 80))
    .replace(/[\p{C}\u2028\u2029]/gu, (sign) => `\\u{${sign.codePointAt(0)!.toString(16)}}`);
