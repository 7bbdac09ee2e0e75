import { describe, expect, it } from 'vitest';
import { canonicalChoice, canonicalNumber, seal, unseal } from '../../../lib/src/exercises/sealed';

const verdicts = new Map([
  ['42', { earns: 2 }],
  ['41', { earns: 0, hint: 'Count once more: the first one as well.' }],
  ['7', { earns: 1, hint: 'x'.repeat(300) }],
]);

describe('seal and unseal', () => {
  it('open each verdict to who gives its answer, and nothing to who gives another', async () => {
    const sealed = await seal('9.5', verdicts);
    for (const [answer, verdict] of verdicts) expect(await unseal(sealed, answer)).toEqual(verdict);
    expect(await unseal(sealed, '43')).toBeUndefined();
    expect(await unseal(sealed, '')).toBeUndefined();
  });

  it('say the same thing in the same way each time, and in another for another exercise', async () => {
    expect(await seal('9.5', verdicts)).toEqual(await seal('9.5', verdicts));
    const [one, other] = await Promise.all([seal('9.5', verdicts), seal('9.6', verdicts)]);
    expect(one.locked.filter((text) => other.locked.includes(text))).toEqual([]);
  });

  it('show neither words nor lengths nor which one is right', async () => {
    const { locked } = await seal('9.5', verdicts);
    const bytes = locked.map((text) => Buffer.from(text, 'base64'));
    expect(new Set(bytes.map((each) => each.length)).size).toBe(1);
    expect(bytes.some((each) => each.includes('hint') || each.includes('earns'))).toBe(false);
    const backwards = await seal('9.5', new Map([...verdicts].reverse()));
    expect(backwards.locked).toEqual(locked);
  });

  it('take a damaged verdict for none', async () => {
    const { salt, locked } = await seal('9.5', new Map([['42', { earns: 2 }]]));
    const bytes = Buffer.from(locked[0], 'base64');
    bytes[bytes.length - 1] ^= 1;
    expect(await unseal({ salt, locked: [bytes.toString('base64')] }, '42')).toBeUndefined();
    expect(await unseal({ salt, locked: ['', 'AAAA'] }, '42')).toBeUndefined();
  });
});

describe('canonicalNumber', () => {
  it.each<[number, number, string]>([
    [42, 0, '42'],
    [42.4, 0, '42'],
    [41.6, 0, '42'],
    [0.5, 0, '1'],
    [-0.2, 0, '0'],
    [-0.004, 2, '0.00'],
    [2 / 3, 2, '0.67'],
    // A sum that ends a little below the half: 1.005 is 1.00499999999999989 in binary.
    [1.005, 2, '1.01'], [-3, 1, '-3.0'], [1e9, 0, '1000000000'],
  ])('writes %d with %d digits as %s', (value, decimals, text) => expect(canonicalNumber(value, decimals)).toBe(text));
});

describe('canonicalChoice', () => {
  it.each([['a', 'a'], ['C, a', 'ac'], [' B ', 'b'], ['aab', 'ab'], ['', '']])('writes %j as %j', (value, text) => {
    expect(canonicalChoice(value)).toBe(text);
  });
});
