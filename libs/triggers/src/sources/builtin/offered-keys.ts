import { hash, randomBytes } from 'node:crypto';

/** So many keys are remembered, and at most twice as many. */
const GENERATION = 250_000;

/**
 * The keys of what a built-in trigger has offered, as far as this process knows that they are stored. It saves offering the
 * same things at every poll; what is forgotten, or was never known here, is offered again, and the dedup table says that it is old.
 *
 * Whether a poll was committed it finds out at the next one: the token of the offer stands in the cursor then.
 */
export class OfferedKeys {
  #young = new Set<string>();
  #old = new Set<string>();
  #open: { readonly token: string; readonly keys: readonly string[] } | null = null;

  /** Whether a key is known to be stored. */
  has(key: string): boolean {
    const short = shorten(key);
    if (this.#young.has(short)) return true;
    if (!this.#old.has(short)) return false;
    this.#remember(short);
    return true;
  }

  /** Keys that a poll returns now, and the token that has to stand in its cursor. */
  offer(keys: readonly string[]): string {
    const token = randomBytes(9).toString('base64url');
    this.#open = { token, keys: keys.map(shorten) };
    return token;
  }

  /** Told what stands in the cursor now: if it is the last offer, that is stored. */
  settle(token: string | undefined): void {
    if (this.#open === null || token !== this.#open.token) return;
    for (const key of this.#open.keys) this.#remember(key);
    this.#open = null;
  }

  #remember(short: string): void {
    this.#young.add(short);
    if (this.#young.size < GENERATION) return;
    this.#old = this.#young;
    this.#young = new Set();
  }
}

function shorten(key: string): string {
  return hash('sha256', key, 'buffer').toString('latin1', 0, 16);
}
