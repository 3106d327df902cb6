import type { PollCounts, TickDraft } from '../../intake/poll-intake.js';
import { newId } from '../../model/ids.js';
import type { Id } from '../../model/ids.js';

/** Counts stay in memory no longer than this, as long as polls go on. */
export const MAX_UNWRITTEN_MS = 60_000;

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
  /** When the oldest count that is not written was made. */
  #since = 0;

  get hasUnwritten(): boolean {
    return this.#polls > 0;
  }

  /** What was counted since the last write. */
  get counts(): PollCounts {
    return { polls: this.#polls, skips: this.#skips, duplicates: this.#duplicates, failures: this.#failures };
  }

  /** Whether counts wait for longer than they may. */
  isOverdue(now: number): boolean {
    return this.#polls > 0 && now - this.#since >= MAX_UNWRITTEN_MS;
  }

  /** Counts one poll that began at `at`; says whether it differs from the one before, so that it has to be written. */
  count(outcome: Outcome, reason: string | null, at: number, durationMs: number): boolean {
    if (this.#polls === 0) this.#since = at;
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
  written(): void {
    this.#polls = this.#skips = this.#duplicates = this.#failures = 0;
    this.#ended = [];
    if (this.#run !== null) this.#run.unwritten = false;
  }

  /** As {@link written}, together with a fire: whatever follows is a new run and a change. */
  fireWritten(): void {
    this.written();
    this.#run = null;
    this.#begun = true;
  }
}

function draftOf({ id, outcome, reason, count, durationMs, firstAt, lastAt }: Run, now: number): TickDraft {
  return { id, outcome, reason, count, durationMs, firstAgoMs: now - firstAt, lastAgoMs: now - lastAt };
}
