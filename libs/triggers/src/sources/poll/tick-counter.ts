import type { PollCounts, TickDraft } from '../../intake/poll-intake.js';
import { newId } from '../../model/ids.js';
import type { Id } from '../../model/ids.js';
import { nextSlot } from './poll-schedule.js';

/** Counts of idle polls are written this often, by the first renewal of the lease after a trigger's place in it. */
export const COUNTS_EVERY_MS = 900_000;

type Outcome = TickDraft['outcome'];

interface Run {
  readonly id: string;
  readonly outcome: Outcome;
  readonly reason: string | null;
  readonly firstAt: number;
  count: number;
  lastAt: number;
  durationMs: number;
  /** It grew since it was written. */
  unwritten: boolean;
}

/** Counts and rows that belong into the next write. */
export interface Unwritten {
  readonly counts: PollCounts;
  readonly ticks: readonly TickDraft[];
}

/** The same with one more skip, which counts only if it is committed. */
export function withSkip<T extends Unwritten>(unwritten: T, reason: string): T {
  const { counts, ticks } = unwritten;
  const now = { count: 1, firstAgoMs: 0, lastAgoMs: 0, durationMs: 0 } as const;
  const skip: TickDraft = { id: newId<Id<'tick'>>(), outcome: 'skipped', reason, ...now };
  return { ...unwritten, counts: { ...counts, skips: counts.skips + 1 }, ticks: [skip, ...ticks] };
}

/**
 * Counts polls in memory. Equal outcomes in a row are one run and one row, which is written again under its id while it
 * grows; idle polls write nothing.
 */
export class TickCounter {
  #polls = 0;
  #skips = 0;
  #duplicates = 0;
  #failures = 0;
  /** Runs that ended and are not written yet. */
  #ended: Run[] = [];
  #run: Run | null = null;
  /** Something was counted or fired before; the first run of all is no change. */
  #begun = false;
  #isMissed = false;

  /** @param dueAt when its counts are written first, if nothing else writes them; then every {@link COUNTS_EVERY_MS} */
  constructor(private dueAt: number) {}

  get hasUnwritten(): boolean {
    return this.#polls > 0;
  }

  /** What was counted since the last write. */
  get counts(): PollCounts {
    return { polls: this.#polls, skips: this.#skips, duplicates: this.#duplicates, failures: this.#failures };
  }

  /** Whether counts have to be written now, although nothing changed. */
  isDue(now: number): boolean {
    return this.#polls > 0 && now >= this.dueAt;
  }

  /** Its counts were due and could not be written because it was being polled: that poll writes them. */
  get isMissed(): boolean {
    return this.#isMissed;
  }

  /** See {@link isMissed}; until the next write. */
  miss(): void {
    this.#isMissed = true;
  }

  /** Counts one poll that began at `at`; says whether it differs from the one before, so that it has to be written. */
  count(outcome: Outcome, reason: string | null, at: number, durationMs: number): boolean {
    this.#polls += 1;
    if (outcome === 'skipped') this.#skips += 1;
    if (outcome === 'failed') this.#failures += 1;
    const run = this.#run;
    if (run !== null && run.outcome === outcome && run.reason === reason) {
      run.count += 1;
      run.lastAt = at;
      run.durationMs = durationMs;
      run.unwritten = true;
      return false;
    }
    if (run?.unwritten === true) this.#ended.push(run);
    this.#run = {
      id: newId<Id<'tick'>>(),
      outcome,
      reason,
      firstAt: at,
      count: 1,
      lastAt: at,
      durationMs,
      unwritten: true,
    };
    const changed = this.#begun;
    this.#begun = true;
    return changed;
  }

  /** Counts firings that were duplicates in a poll that wrote nothing. */
  addDuplicates(count: number): void {
    this.#duplicates += count;
  }

  /** The rows to write. */
  drafts(now: number): readonly TickDraft[] {
    const runs = this.#run?.unwritten === true ? [...this.#ended, this.#run] : this.#ended;
    return runs.map((run) => draftOf(run, now));
  }

  /** What to write with a fire, which itself counts only if it is committed. */
  withFire(at: number, durationMs: number, now: number): Unwritten {
    const agoMs = now - at;
    const fired = { id: newId<Id<'tick'>>(), outcome: 'fired', reason: null, count: 1, durationMs } as const;
    return {
      counts: { ...this.counts, polls: this.#polls + 1 },
      ticks: [...this.drafts(now), { ...fired, firstAgoMs: agoMs, lastAgoMs: agoMs }],
    };
  }

  /** Everything counted is written; the present run goes on growing under its id. */
  written(now: number): void {
    if (now >= this.dueAt) this.dueAt = nextSlot(this.dueAt, COUNTS_EVERY_MS, now);
    this.#isMissed = false;
    this.#polls = this.#skips = this.#duplicates = this.#failures = 0;
    this.#ended = [];
    if (this.#run !== null) this.#run.unwritten = false;
  }

  /** As {@link written}, together with a fire: whatever follows is a new run and a change. */
  fireWritten(now: number): void {
    this.written(now);
    this.#run = null;
    this.#begun = true;
  }
}

function draftOf({ id, outcome, reason, count, durationMs, firstAt, lastAt }: Run, now: number): TickDraft {
  return { id, outcome, reason, count, durationMs, firstAgoMs: now - firstAt, lastAgoMs: now - lastAt };
}
