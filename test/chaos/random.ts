/** Chance that can be repeated: equal seeds draw equal numbers. */
export class Random {
  #state: number;

  constructor(readonly seed: number) {
    // Neighbouring seeds must not begin alike.
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
  }

  /** Chance of its own for somebody, so that nobody's draws depend on who comes first. */
  branch(number: number): Random {
    return new Random(Math.imul(this.seed + 1, 0x01000193) + number);
  }

  /** At least 0, less than 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(of: readonly [T, ...T[]] | readonly T[]): T {
    return of[this.between(0, of.length - 1)] as T;
  }
}
