import type { FileLook } from './file-look.js';

interface Watched {
  readonly version: string;
  readonly since: number;
  round: number;
}

/** So many files are watched at a time; others have their turn when these have fired. */
const MOST_WATCHED = 20_000;
/** Nothing has touched such a file for longer than the clocks of two machines differ. */
const OLD_MS = 60_000;

/**
 * Says when a file is written to the end: when two looks, so long apart, saw the same size and times. The distance between two looks
 * is measured here; the times of the file come from the system that keeps it, whose clock may be another one. A file
 * that is older than a minute by both clocks needs no second look.
 */
export class SettlingFiles {
  readonly #watched = new Map<string, Watched>();
  #round = 0;

  constructor(private readonly settleMs: number) {}

  /** How many files are waited for. */
  get size(): number {
    return this.#watched.size;
  }

  /** Whether the file has settled. @param now ms since 1970 (UTC) */
  hasSettled(name: string, { size, mtimeMs, ctimeMs }: FileLook, now: number): boolean {
    // The distance, not the age: a time in the future was left by a clock that was set back, and must not wait for it.
    const untouchedMs = Math.min(Math.abs(now - mtimeMs), Math.abs(now - ctimeMs));
    if (this.settleMs === 0 || untouchedMs >= Math.max(OLD_MS, this.settleMs)) return true;
    const version = `${size}:${mtimeMs}:${ctimeMs}`;
    const before = this.#watched.get(name);
    if (before === undefined || before.version !== version || now < before.since) {
      this.#watch(name, version, now);
      return false;
    }
    before.round = this.#round;
    return now - before.since >= this.settleMs;
  }

  /** Every file was looked at: those that were not asked for since the last call have fired, or are gone. */
  endRound(): void {
    for (const [name, { round }] of this.#watched) if (round < this.#round) this.#watched.delete(name);
    this.#round += 1;
  }

  #watch(name: string, version: string, since: number): void {
    if (this.#watched.size < MOST_WATCHED || this.#watched.has(name))
      this.#watched.set(name, { version, since, round: this.#round });
  }
}
