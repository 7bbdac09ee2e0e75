/** What a file of JSON holds; a number may also be NaN or infinite, see {@link toJson}. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [name: string]: Json | undefined;
}

/** Writes JSON. JSON knows no NaN and no infinity, as the loss of a training that went astray is: they are marked. */
export const toJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, (_, each) => (isNonFinite(each) ? { nonFinite: String(each) } : each), indent);

/** @throws SyntaxError if it is no JSON */
export const fromJson = (text: string): Json =>
  JSON.parse(text, (_, each) => (isMarked(each) ? Number(each.nonFinite) : each)) as Json;

const isNonFinite = (value: unknown): boolean => typeof value === 'number' && !Number.isFinite(value);

function isMarked(value: unknown): value is { nonFinite: string } {
  if (!isObject(value)) return false;
  const { nonFinite, ...others } = value;
  return typeof nonFinite === 'string' && Object.keys(others).length === 0;
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
