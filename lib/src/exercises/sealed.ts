import { createCipheriv, createDecipheriv, createHmac, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import type { Sealed } from './public-exercise';

/** What is said of one answer. */
export interface Verdict {
  readonly earns: number;
  /** Of a wrong answer. */
  readonly hint?: string;
}

const CIPHER = 'aes-256-gcm';
/** Bytes of the initialisation vector and of the tag. */
const [VECTOR, TAG] = [12, 16];
/** About 50 ms a try, so that trying all numbers takes longer than thinking. */
const COST = { N: 2 ** 14, r: 8, p: 1 };
const BLOCK = 128;

const keyOf = (salt: string, answer: string): Promise<Buffer> =>
  promisify<string, string, number, object, Buffer>(scrypt)(answer, `course exercise ${salt}`, 32, COST);

/**
 * Locks each verdict with the answer that it is for: whoever gives that answer can open that verdict and no other. The
 * same input gives the same output; neither order nor length says which one is the right answer's.
 *
 * @param salt different for each exercise and variant
 */
export async function seal(salt: string, verdicts: ReadonlyMap<string, Verdict>): Promise<Sealed> {
  const texts = [...verdicts.values()].map((verdict) => Buffer.from(JSON.stringify(verdict)));
  const length = Math.ceil(Math.max(0, ...texts.map((text) => text.length)) / BLOCK) * BLOCK;
  const sealed = [...verdicts.keys()].map(async (answer, i) => {
    const key = await keyOf(salt, answer);
    const padded = Buffer.concat([texts[i], Buffer.alloc(length - texts[i].length, ' ')]);
    // Made of key and text: the same every time, and another one for each other text.
    const vector = createHmac('sha256', key).update(padded).digest().subarray(0, VECTOR);
    const cipher = createCipheriv(CIPHER, key, vector);
    const body = Buffer.concat([cipher.update(padded), cipher.final()]);
    return Buffer.concat([vector, cipher.getAuthTag(), body]).toString('base64');
  });
  return { salt, locked: (await Promise.all(sealed)).sort() };
}

/** Opens the verdict on an answer; undefined if there is none. */
export async function unseal({ salt, locked }: Sealed, answer: string): Promise<Verdict | undefined> {
  const key = await keyOf(salt, answer);
  for (const text of locked) {
    const bytes = Buffer.from(text, 'base64');
    try {
      const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, VECTOR), { authTagLength: TAG });
      decipher.setAuthTag(bytes.subarray(VECTOR, VECTOR + TAG));
      const opened = decipher.update(bytes.subarray(VECTOR + TAG));
      return JSON.parse(Buffer.concat([opened, decipher.final()]).toString()) as Verdict;
    } catch {
      // Not this one: the tag does not fit the key.
    }
  }
  return undefined;
}

/** A number as it is compared: rounded to so many digits after the point. */
export function canonicalNumber(value: number, decimals: number): string {
  // Sums in another order end a little above or below a half: both count as the half.
  const text = (value * (1 + 1e-12)).toFixed(decimals);
  return Number(text) === 0 ? (0).toFixed(decimals) : text;
}

/** A choice as it is compared: `'C, a'` is `'ac'`. */
export const canonicalChoice = (value: string): string =>
  [...new Set(value.toLowerCase().replace(/[\s,;.+]/g, ''))].sort().join('');
