const rotateLeft = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

/**
 * Random numbers that are the same on every machine: xoshiro128** with 32-bit integer arithmetic only, seeded by
 * splitmix32. Sources: D. Blackman, S. Vigna, "Scrambled linear pseudorandom number generators", 2021
 * (https://prng.di.unimi.it/); G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", 2014.
 */
export class Random {
  private a = 0;
  private b = 0;
  private c = 0;
  private d = 0;

  constructor(seed: number) {
    let state = seed | 0;
    const next = (): number => {
      state = (state + 0x9e3779b9) | 0;
      let mixed = state ^ (state >>> 16);
      mixed = Math.imul(mixed, 0x21f0aaad);
      mixed ^= mixed >>> 15;
      mixed = Math.imul(mixed, 0x735a2d97);
      return mixed ^ (mixed >>> 15);
    };
    [this.a, this.b, this.c, this.d] = [next(), next(), next(), next()];
  }

  /** A fraction in 0..1, 1 excluded. */
  fraction(): number {
    const result = Math.imul(rotateLeft(Math.imul(this.b, 5), 7), 9);
    const shifted = this.b << 9;
    this.c ^= this.a;
    this.d ^= this.b;
    this.b ^= this.c;
    this.a ^= this.d;
    this.c ^= shifted;
    this.d = rotateLeft(this.d, 11);
    return (result >>> 0) / 0x1_0000_0000;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.fraction();
  }

  /** A whole number in 0..count - 1. */
  below(count: number): number {
    return Math.floor(count * this.fraction());
  }

  /** The whole numbers from 0 to below `count`, each order as likely as any other (Fisher and Yates). */
  permutation(count: number): Int32Array {
    const order = Int32Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }

  /**
   * Mean 0, standard deviation 1, never beyond 3.5: the sum of four fractions, which is close to normal.
   * The exact formulas need logarithms and cosines, whose last digits differ between engines.
   */
  normal(): number {
    return (this.fraction() + this.fraction() + this.fraction() + this.fraction() - 2) * Math.sqrt(3);
  }
}
